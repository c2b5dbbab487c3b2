//! `plimsoll check`: judge a cluster file and write nothing.

use std::path::PathBuf;

use clap::Args;
use plimsoll_check::{Report, judge, rules};
use plimsoll_views::World;
use serde_json::json;

use super::{Format, Judging};
use crate::failure::Failure;
use crate::input::{self, Refused, Why};
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
        let cluster = match input::try_load(&self.file, &mut Timings::start()) {
            Ok(cluster) => cluster,
            Err(refused) if self.judging.format == Format::Text => return refused.show(terminal).map(|()| false),
            Err(refused) => return self.refused(*refused, terminal),
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

    /// For programs, who read standard output: what is wrong with a file that was not judged.
    fn refused(&self, refused: Refused, terminal: &Terminal) -> Result<bool, Failure> {
        let Refused { sources, mut problems, why } = refused;
        let (summary, failure) = match why {
            Why::Unreadable(failure) => {
                problems.push(failure.diagnostic());
                (failure.to_string(), Some(failure))
            }
            Why::Errors(errors) => (errors, None),
        };
        self.judging.show(&Report::default(), &problems, &sources, json!({ "summary": summary }), terminal)?;
        failure.map_or(Ok(false), Err)
    }
}
