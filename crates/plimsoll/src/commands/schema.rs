//! `plimsoll schema`: the JSON Schema of the cluster file.

use clap::Args;

use super::pretty;
use crate::failure::Failure;
use crate::terminal::Terminal;

/// Print the JSON Schema of the cluster file, for completion and documentation in an editor
///
/// With a YAML language server, begin the file with `# yaml-language-server: $schema=cluster.schema.json`.
#[derive(Debug, Args)]
pub(crate) struct Schema {
    /// Print the reference of all keys for people, in Markdown
    #[arg(long)]
    markdown: bool,
}

impl Schema {
    pub(super) fn run(self, terminal: &Terminal) -> Result<bool, Failure> {
        let text = if self.markdown { plimsoll_spec::reference_markdown() } else { pretty(&plimsoll_spec::schema()) };
        terminal.out(&text)?;
        Ok(true)
    }
}
