//! `plimsoll build`: from one file to every configuration.

use std::path::PathBuf;

use clap::Args;
use plimsoll_check::{Report, judge, rules};
use plimsoll_diagnostics::{Diagnostic, render};
use plimsoll_views::World;
use serde_json::json;

use super::promises::Promises;
use super::{Format, Judging};
use crate::commands::build::summary::Summary;
use crate::failure::Failure;
use crate::input::{self, Cluster, Loaded};
use crate::output::Output;
use crate::terminal::Terminal;
use crate::timings::Timings;

#[path = "build_summary.rs"]
mod summary;

/// Check a cluster file and write every configuration of the cluster
///
/// Nothing is written when the design has errors, unless `--force`. No host is touched.
#[derive(Debug, Args)]
pub(crate) struct Build {
    /// The cluster file
    #[arg(default_value = "cluster.yaml")]
    file: PathBuf,
    /// Directory to write to [default: out/CLUSTER]
    #[arg(short, long, value_name = "DIR")]
    output: Option<PathBuf>,
    /// Write although the design has errors
    #[arg(long)]
    force: bool,
    /// Replace files in the output directory that were changed by hand or are not ours
    #[arg(long)]
    overwrite: bool,
    /// Fail when the lock file would change, as CI should
    #[arg(long)]
    locked: bool,
    /// Say what would be written, and write nothing
    #[arg(long)]
    dry_run: bool,
    /// Show how long each phase took
    #[arg(long)]
    timings: bool,
    #[command(flatten)]
    judging: Judging,
}

impl Build {
    pub(super) fn run(self, terminal: &Terminal) -> Result<bool, Failure> {
        let mut timings = Timings::start();
        let Loaded::Cluster(cluster) = input::load(&self.file, terminal, &mut timings)? else {
            return Ok(false);
        };
        let world = World::of_design(&cluster.design, &cluster.origins, input::today(self.judging.today));
        let report = judge(&world, &rules::all());
        timings.lap("check");
        let promises = Promises::of(&cluster);
        timings.lap("prove");
        let wrong = report.has_errors() || !promises.broken.is_empty();
        let proof = json!({ "held": promises.held, "broken": promises.broken.iter().map(|one| render::json(one, &cluster.sources)).collect::<Vec<_>>() });
        if wrong && !self.force {
            self.findings(&cluster, &report, json!({ "written": false, "survive": proof }), terminal)?;
            self.broken(&cluster, &promises, terminal)?;
            if self.judging.format == Format::Text {
                terminal.out(&format!(
                    "{}: {}\nNothing was written: mend the errors, accept them in the file with a reason, or pass \
                     `--force`.\n",
                    cluster.design.cluster,
                    self.judging.summary(&report)
                ))?;
            }
            return Ok(false);
        }
        let unbuilt = unbuilt(&cluster);
        if !unbuilt.is_empty() {
            // Notes are shown before findings, and both reach JSON.
            let notes: Vec<_> = cluster.notes.iter().cloned().chain(unbuilt).collect();
            self.judging.show(&report, &notes, &cluster.sources, json!({ "written": false }), terminal)?;
            if self.judging.format == Format::Text {
                terminal.out(&format!(
                    "{}: {}\nNothing was written: a part of the design cannot be rendered yet, and files without it would \
                     describe another cluster.\n",
                    cluster.design.cluster,
                    self.judging.summary(&report)
                ))?;
            }
            return Ok(false);
        }
        let changes = cluster.old_lock.changes(&cluster.lock);
        if self.locked && !changes.is_empty() {
            return Err(Failure::new(format!(
                "`{}` is out of date and `--locked` was given:\n{}",
                cluster.lock_path.display(),
                changes.iter().map(|change| format!("  {change}")).collect::<Vec<_>>().join("\n")
            ))
            .with_hint("run `plimsoll build` without `--locked` and commit the lock file"));
        }
        let tree = plimsoll_render::render(&cluster.design);
        timings.lap("render");

        let directory =
            self.output.clone().unwrap_or_else(|| PathBuf::from("out").join(cluster.design.cluster.as_str()));
        let output = Output::new(&directory, &cluster.design, &tree);
        let mut written = output.plan(self.overwrite)?;
        if !self.dry_run {
            // The lock first: an address must never stand in a file and be free in the lock.
            if !changes.is_empty() {
                input::write_lock(&cluster)?;
            }
            written = output.write(self.overwrite)?;
        }
        timings.lap("write");

        let extra = json!({
            "written": !self.dry_run, "directory": directory, "forced": self.force && wrong, "survive": proof,
            "new": written.new, "changed": written.changed, "removed": written.removed,
            "unchanged": written.unchanged,
        });
        self.findings(&cluster, &report, extra, terminal)?;
        self.broken(&cluster, &promises, terminal)?;
        if self.judging.format == Format::Text {
            let summary = Summary {
                cluster: &cluster,
                report: &report,
                promises: &promises,
                verdict: self.judging.summary(&report),
                tree: &tree,
                directory: &directory,
                written: &written,
                dry_run: self.dry_run,
                lock_changes: changes.len(),
            };
            terminal.out(&summary.text(terminal))?;
        }
        if self.timings {
            terminal.progress(&timings.table());
        }
        Ok(!wrong)
    }

    /// Requirements that do not hold, for people; programs have them in the report.
    fn broken(&self, cluster: &Cluster, promises: &Promises, terminal: &Terminal) -> Result<(), Failure> {
        if self.judging.format == Format::Text { terminal.findings(&promises.broken, &cluster.sources) } else { Ok(()) }
    }

    fn findings(
        &self,
        cluster: &Cluster,
        report: &Report,
        extra: serde_json::Value,
        terminal: &Terminal,
    ) -> Result<(), Failure> {
        let notes: Vec<_> = cluster.notes.iter().cloned().collect();
        self.judging.show(report, &notes, &cluster.sources, extra, terminal)
    }
}

/// What the design holds and cannot be rendered yet, once for each place of the file.
fn unbuilt(cluster: &Cluster) -> Vec<Diagnostic> {
    let mut said = Vec::new();
    let mut problems = Vec::new();
    for part in plimsoll_render::unbuilt(&cluster.design) {
        let span = cluster.origins.span(&part.path);
        if said.contains(&(part.what, span)) {
            continue;
        }
        said.push((part.what, span));
        let message = format!("{} is understood but not rendered yet", part.what);
        problems.push(Diagnostic::error(message).code("not-yet").at(span, ""));
    }
    problems
}
