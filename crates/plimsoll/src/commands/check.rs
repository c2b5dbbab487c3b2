//! `plimsoll check`: judge a cluster file and write nothing.

use std::path::PathBuf;

use clap::Args;
use plimsoll_check::{judge, rules};
use plimsoll_views::World;
use serde_json::json;

use super::{Format, Judging};
use crate::failure::Failure;
use crate::input::{self, Loaded};
use crate::terminal::Terminal;
use crate::timings::Timings;

/// Judge a cluster file by every rule, and write nothing
#[derive(Debug, Args)]
pub(crate) struct Check {
    /// The cluster file
    #[arg(default_value = "cluster.yaml")]
    file: PathBuf,
    #[command(flatten)]
    judging: Judging,
}

impl Check {
    pub(super) fn run(self, terminal: &Terminal) -> Result<bool, Failure> {
        let Loaded::Cluster(cluster) = input::load(&self.file, terminal, &mut Timings::start())? else {
            return Ok(false);
        };
        let world = World::of_design(&cluster.design, &cluster.origins, input::today(self.judging.today));
        let report = judge(&world, &rules::all());
        let notes = cluster.notes.into_vec();
        self.judging.show(&report, &notes, &cluster.sources, json!({}), terminal)?;
        if self.judging.format == Format::Text {
            terminal.out(&format!("{}: {}\n", cluster.design.cluster, self.judging.summary(&report)))?;
        }
        Ok(!report.has_errors())
    }
}
