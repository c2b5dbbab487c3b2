//! `plimsoll build`: from one file to every configuration.

use std::panic::resume_unwind;
use std::path::{Path, PathBuf};

use clap::Args;
use plimsoll_check::{judge, rules};
use plimsoll_diagnostics::{Diagnostic, render};
use plimsoll_model::design::Date;
use plimsoll_outage::Predictions;
use plimsoll_prove::{Model, survive};
use plimsoll_render::sha256_hex;
use plimsoll_report::{Input, Proof};
use plimsoll_views::World;
use serde_json::json;

use super::outages::{all_failovers, by_component};
use super::promises::Promises;
use super::{Format, Judging, threads};
use crate::beside::beside;
use crate::commands::build::summary::{Outcome, Summary};
use crate::failure::Failure;
use crate::input::{self, Cluster, Loaded, Opened};
use crate::output::{Output, Written};
use crate::record::{self, MadeFrom, Record};
use crate::terminal::Terminal;
use crate::timings::{Timings, timed};

#[path = "build_decided.rs"]
mod decided;
#[path = "build_proof.rs"]
mod proof;
#[path = "build_summary.rs"]
mod summary;

/// Check a cluster file and write every configuration of the cluster
///
/// Beside the configurations it writes `report.html`, a page to look at. Nothing is written when the design has errors,
/// unless `--force`. When nothing has changed since the last time, what was
/// said then is said again, and nothing else is done. No host is touched.
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
    /// Build although nothing has changed since the last time
    #[arg(long)]
    fresh: bool,
    /// Leave `report.html` out
    #[arg(long)]
    no_report: bool,
    /// Prove nothing, not even what `survive:` asks for, and leave `report.html` out
    #[arg(long)]
    no_proof: bool,
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
        let Some(opened) = input::open(&self.file, terminal, &mut timings)? else { return Ok(false) };
        let today = input::today(self.judging.today);
        let directory = self.output.clone().unwrap_or_else(|| PathBuf::from("out").join(opened.cluster()));
        let mut from = self.made_from(&opened, &directory, today, terminal);
        if let Some(from) = from.as_ref().filter(|_| !self.fresh && !self.dry_run)
            && let Some(said) = Record::unchanged(&directory, from)
        {
            timings.lap("compare");
            terminal.say(&said)?;
            self.show(&timings, terminal);
            return Ok(true);
        }
        let Loaded::Cluster(cluster) = opened.resolve(terminal, &mut timings)? else { return Ok(false) };
        let unbuilt = unbuilt(&cluster);
        // Most designs are written, and rendering needs nothing of what is judged. What has errors is rendered in vain.
        let render = unbuilt.is_empty().then_some(|| timed(|| plimsoll_render::render(&cluster.design)));
        let (rendered, (report, model, survived, promises)) = beside(render, || {
            let world = World::of_design(&cluster.design, &cluster.origins, today);
            let report = judge(&world, &rules::all());
            timings.lap("check");
            let model = (!self.no_proof).then(|| Model::of(&cluster.design, &cluster.origins));
            let survived = model.as_ref().map(|model| survive(model, &cluster.design));
            let promises = match (&model, &survived) {
                (Some(model), Some((answers, meaningless))) => Promises::of(&cluster, model, answers, meaningless),
                _ => Promises::default(),
            };
            timings.lap("prove");
            (report, model, survived, promises)
        });
        let wrong = report.has_errors() || !promises.broken.is_empty();
        let broken: Vec<_> = promises.broken.iter().map(|one| render::json(one, &cluster.sources)).collect();
        let asked = json!({ "held": promises.held, "broken": broken });
        let show = |notes: &[Diagnostic], extra: serde_json::Value| {
            self.judging.show(&report, notes, &cluster.sources, extra, terminal)
        };
        let notes: Vec<Diagnostic> = cluster.notes.iter().cloned().collect();
        if wrong && !self.force {
            show(&notes, json!({ "written": false, "survive": asked }))?;
            if self.judging.format == Format::Text {
                terminal.findings(&promises.broken, &cluster.sources)?;
                terminal.out(&format!(
                    "{}: {}\nNothing was written: mend the errors, accept them in the file with a reason, or pass \
                     `--force`.\n",
                    cluster.design.cluster,
                    self.judging.summary(&report)
                ))?;
            }
            return Ok(false);
        }
        let Some(rendered) = rendered else {
            // Notes are shown before findings, and both reach JSON.
            let notes: Vec<_> = notes.into_iter().chain(unbuilt).collect();
            show(&notes, json!({ "written": false }))?;
            if self.judging.format == Format::Text {
                terminal.out(&format!(
                    "{}: {}\nNothing was written: a part of the design cannot be rendered yet, and files without it would \
                     describe another cluster.\n",
                    cluster.design.cluster,
                    self.judging.summary(&report)
                ))?;
            }
            return Ok(false);
        };
        let changes = cluster.old_lock.changes(&cluster.lock);
        if self.locked && !changes.is_empty() {
            return Err(Failure::new(format!(
                "`{}` is out of date and `--locked` was given:\n{}",
                cluster.lock_path.display(),
                changes.iter().map(|change| format!("  {change}")).collect::<Vec<_>>().join("\n")
            ))
            .with_hint("run `plimsoll build` without `--locked` and commit the lock file"));
        }
        let (mut tree, took) = rendered.unwrap_or_else(|panic| resume_unwind(panic));
        timings.beside("render", took);
        // Files wait for the disk while more is proved; the page is not among them yet.
        let stage = || timed(|| Output::new(&directory, &cluster.design, &tree).stage(self.overwrite));
        let (staged, (rows, page)) = beside((!self.dry_run).then_some(stage), || {
            let (Some(model), Some(survived)) = (&model, survived) else { return (Vec::new(), None) };
            let predict = || timed(|| plimsoll_prove::predictions(model, &cluster.design));
            let (proof, (predictions, took)) = Proof::after(survived, model, &cluster.design, threads(), predict);
            timings.lap("prove more");
            timings.beside("predict", took);
            let rows = proof::rows(&cluster.design, model, &proof, &predictions);
            timings.lap("sum up");
            let page = (!self.no_report).then(|| page(&cluster, &report, model, &proof, &predictions));
            timings.lap("report");
            (rows, page)
        });
        let staged = match staged.map(|staged| staged.unwrap_or_else(|panic| resume_unwind(panic))) {
            Some((staged, took)) => {
                timings.beside("stage", took);
                Some(staged?)
            }
            None => None,
        };
        if let Some(page) = page {
            tree.add("report.html", page);
        }

        let output = Output::new(&directory, &cluster.design, &tree);
        timings.lap("sum up");
        let mut written = output.plan(self.overwrite)?;
        timings.lap("write");
        let said = |outcome: Outcome, written: &Written, lock_changes: usize| {
            let extra = json!({
                "written": outcome != Outcome::DryRun, "skipped": outcome == Outcome::Skipped, "directory": directory,
                "forced": self.force && wrong, "survive": asked, "promises": proof::json(&rows), "new": written.new, "changed": written.changed,
                "removed": written.removed, "unchanged": written.unchanged,
            });
            let mut said = self.judging.said(&report, &notes, &cluster.sources, extra, terminal);
            if self.judging.format == Format::Text {
                said.out += &terminal.findings_text(&promises.broken, &cluster.sources);
                let summary = Summary {
                    cluster: &cluster,
                    report: &report,
                    promises: &promises,
                    proved: (!self.no_proof).then_some(&rows),
                    verdict: self.judging.summary(&report),
                    tree: &tree,
                    directory: &directory,
                    written,
                    outcome,
                    lock_changes,
                };
                said.out += &summary.text(terminal);
            }
            said
        };
        if let Some(staged) = staged {
            // The lock first: an address must never stand in a file and be free in the lock.
            if !changes.is_empty() {
                input::write_lock(&cluster)?;
                timings.lap("write");
                if let Some(from) = &mut from {
                    from.insert("lock".to_owned(), sha256_hex(cluster.lock.to_text().as_bytes()));
                }
            }
            // A run with errors is never skipped: whoever forced it must be told each time.
            let record = from.filter(|_| !wrong).map(|from| {
                let all = Written { unchanged: output.manifest.file.len(), ..Written::default() };
                Record::new(from, &output.manifest, said(Outcome::Skipped, &all, 0))
            });
            timings.lap("sum up");
            written = output.write(self.overwrite, staged, record.as_ref())?;
            timings.lap("write");
        }
        let outcome = if self.dry_run { Outcome::DryRun } else { Outcome::Written };
        let said = said(outcome, &written, changes.len());
        timings.lap("sum up");
        terminal.say(&said)?;
        self.show(&timings, terminal);
        Ok(!wrong)
    }

    /// Everything that decides what a run does and says; `None` when it cannot be known, so that nothing is skipped.
    fn made_from(
        &self,
        opened: &Opened,
        directory: &Path,
        today: Option<Date>,
        terminal: &Terminal,
    ) -> Option<MadeFrom> {
        let text = |text: &Path| text.display().to_string();
        let from = [
            ("program", record::program()?),
            ("file", format!("{} {}", opened.file_hash, text(&self.file))),
            ("lock", opened.lock_hash.clone()),
            ("directory", text(directory)),
            // Versions go out of support and acceptances end on a day: a new one is a reason to look again.
            ("day", today?.to_string()),
            ("without", format!("proof {}, report {}", self.no_proof, self.no_report)),
            ("shown", format!("{:?}, {}; {}", self.judging.format, self.judging.verbose, terminal.looks())),
        ];
        Some(from.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
    }

    fn show(&self, timings: &Timings, terminal: &Terminal) {
        if self.timings {
            terminal.progress(&timings.table("write"));
        }
    }
}

/// The page, in which the cluster file has its own name and not the way to it: the same design gives the same bytes.
fn page(
    cluster: &Cluster,
    report: &plimsoll_check::Report,
    model: &Model,
    proof: &Proof,
    predictions: &Predictions,
) -> plimsoll_render::File {
    let own_name = |path: &str| -> String {
        Path::new(path).file_name().map_or_else(|| path.to_owned(), |name| name.to_string_lossy().into_owned())
    };
    let sources = cluster.sources.renamed(own_name);
    let outages = Some(&by_component(model, predictions));
    let failovers = &all_failovers(model, predictions);
    let (design, origins) = (&cluster.design, &cluster.origins);
    let input = Input { design, origins, sources: &sources, report, model, proof, outages, failovers };
    plimsoll_render::File::new("the design and its proof to look at", plimsoll_report::html(&input))
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
