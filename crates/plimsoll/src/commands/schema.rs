//! `plimsoll schema`: the JSON Schema of the cluster file.

use clap::Args;

use super::pretty;
use crate::failure::Failure;
use crate::terminal::Terminal;

/// Print the JSON Schema of the cluster file, for completion and documentation in an editor
///
/// With a YAML language server, begin the file with `# yaml-language-server: $schema=cluster.schema.json`.
#[derive(Debug, Args)]
pub(crate) struct Schema {}

impl Schema {
    pub(super) fn run(self, terminal: &Terminal) -> Result<bool, Failure> {
        terminal.out(&pretty(&plimsoll_spec::schema()))?;
        Ok(true)
    }
}
