//! One file per command.

mod alike;
mod audit;
mod build;
mod check;
mod completions;
mod explain;
mod improve;
mod init;
mod lock;
mod may_stop;
mod outages;
mod promises;
mod prove;
mod report;
mod schema;
mod secrets;
mod show;

use std::fmt::Write as _;
use std::num::NonZeroUsize;
use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};
use plimsoll_check::Report;
use plimsoll_diagnostics::{Diagnostic, Severity, Sources, render};
use plimsoll_model::design::Date;
use serde_json::json;

use crate::failure::Failure;
use crate::terminal::{Said, Terminal};

/// What to do.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Init(init::Init),
    Check(check::Check),
    Build(build::Build),
    Audit(audit::Audit),
    Prove(prove::Prove),
    Improve(improve::Improve),
    MayStop(may_stop::MayStop),
    Report(report::Report),
    Show(show::Show),
    Explain(explain::Explain),
    Lock(lock::LockCommand),
    Secrets(secrets::Secrets),
    Schema(schema::Schema),
    Completions(completions::Completions),
}

impl Command {
    /// Runs it. `Ok(false)` when there are findings of severity error.
    pub(crate) fn run(self, terminal: &Terminal) -> Result<bool, Failure> {
        match self {
            Command::Init(init) => init.run(terminal),
            Command::Check(check) => check.run(terminal),
            Command::Build(build) => build.run(terminal),
            Command::Audit(audit) => audit.run(terminal),
            Command::Prove(prove) => prove.run(terminal),
            Command::Improve(improve) => improve.run(terminal),
            Command::MayStop(may_stop) => may_stop.run(terminal),
            Command::Report(report) => report.run(terminal),
            Command::Show(show) => show.run(terminal),
            Command::Explain(explain) => explain.run(terminal),
            Command::Lock(lock) => lock.run(terminal),
            Command::Secrets(secrets) => secrets.run(terminal),
            Command::Schema(schema) => schema.run(terminal),
            Command::Completions(completions) => completions.run(terminal),
        }
    }
}

/// How findings are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// For people.
    Text,
    /// For programs.
    Json,
    /// For code-scanning services (SARIF 2.1.0).
    Sarif,
}

/// How anything but findings is shown.
#[derive(Clone, Copy, Debug, Args)]
pub(crate) struct Shown {
    /// How to show it: `text` or `json`
    #[arg(long, value_enum, default_value_t = Plain::Text, hide_possible_values = true)]
    format: Plain,
    /// The same as `--format json`
    #[arg(long, conflicts_with = "format", hide = true)]
    json: bool,
}

impl Shown {
    /// Whether a program reads it.
    pub(crate) fn as_json(self) -> bool {
        self.json || self.format == Plain::Json
    }
}

/// The formats of what is no finding.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Plain {
    /// For people.
    Text,
    /// For programs.
    Json,
}

/// Options of all commands that judge.
#[derive(Debug, Args)]
pub(crate) struct Judging {
    /// How to show findings: `text`, `json`, or `sarif` (2.1.0, for code-scanning services)
    #[arg(long, value_enum, default_value_t = Format::Text, hide_possible_values = true)]
    pub(crate) format: Format,
    /// The day to judge by, for versions and acceptances that end (default: today, UTC)
    #[arg(long, value_name = "YYYY-MM-DD")]
    pub(crate) today: Option<Date>,
    /// Also list what is accepted, what could not be judged and why
    #[arg(long)]
    pub(crate) verbose: bool,
}

impl Judging {
    /// The last line about findings, which says how to see what it only counts.
    pub(crate) fn summary(&self, report: &Report) -> String {
        let hidden = !self.verbose && (!report.accepted.is_empty() || !report.unjudged.is_empty());
        report.summary() + if hidden { " (--verbose lists them)" } else { "" }
    }

    /// Shows a report in the wanted format, with `extra` members in JSON.
    pub(crate) fn show(
        &self,
        report: &Report,
        notes: &[Diagnostic],
        sources: &Sources,
        extra: serde_json::Value,
        terminal: &Terminal,
    ) -> Result<(), Failure> {
        terminal.say(&self.said(report, notes, sources, extra, terminal))
    }

    /// What [`Judging::show`] writes.
    pub(crate) fn said(
        &self,
        report: &Report,
        notes: &[Diagnostic],
        sources: &Sources,
        extra: serde_json::Value,
        terminal: &Terminal,
    ) -> Said {
        let findings: Vec<Diagnostic> = report.findings.iter().cloned().collect();
        match self.format {
            Format::Text => {
                let mut out = terminal.findings_text(&findings, sources);
                if self.verbose {
                    out += &details(report);
                }
                Said { out, err: terminal.problems_text(notes, sources) }
            }
            Format::Json => {
                let all = |list: &[Diagnostic]| list.iter().map(|one| render::json(one, sources)).collect::<Vec<_>>();
                let accepted: Vec<_> = report
                    .accepted
                    .iter()
                    .map(|one| json!({ "finding": render::json(&one.finding, sources), "reason": one.reason }))
                    .collect();
                let unjudged: Vec<_> = report
                    .unjudged
                    .iter()
                    .map(|one| json!({ "rule": one.rule, "component": one.component, "needs": one.needs }))
                    .collect();
                let mut value = json!({
                    "findings": all(&findings), "notes": all(notes), "accepted": accepted, "not_judged": unjudged,
                    "held": report.held, "summary": report.summary(),
                });
                if let (Some(value), Some(extra)) = (value.as_object_mut(), extra.as_object()) {
                    value.extend(extra.clone());
                }
                Said { out: pretty(&value), err: String::new() }
            }
            Format::Sarif => {
                let rules: Vec<_> = plimsoll_check::rules::all().into_iter().map(plimsoll_check::Rule::sarif).collect();
                // What is wrong with the input is a result too: whoever sees none takes the files for good.
                let told = notes.iter().filter(|note| note.severity < Severity::Note).cloned();
                let results: Vec<Diagnostic> = findings.into_iter().chain(told).collect();
                let log = render::sarif(&results, &rules, sources, env!("CARGO_PKG_VERSION"));
                Said { out: pretty(&log), err: String::new() }
            }
        }
    }
}

/// The lists behind the summary.
fn details(report: &Report) -> String {
    let mut out = String::new();
    for accepted in &report.accepted {
        let component = accepted.finding.component.as_deref().unwrap_or("the design");
        let _ = writeln!(
            out,
            "accepted[{}]: {} ({component}): {}",
            accepted.finding.code, accepted.finding.message, accepted.reason
        );
    }
    for unjudged in &report.unjudged {
        let _ = writeln!(out, "not judged[{}]: {} would need {}", unjudged.rule, unjudged.component, unjudged.needs);
    }
    out
}

/// How many threads work at a time: as many as the machine runs.
pub(crate) fn threads() -> NonZeroUsize {
    std::thread::available_parallelism().unwrap_or(NonZeroUsize::MIN)
}

/// `1 file`, `2 files`.
pub(crate) fn plural(count: usize, what: &str) -> String {
    format!("{count} {what}{}", if count == 1 { "" } else { "s" })
}

pub(crate) fn pretty(value: &serde_json::Value) -> String {
    serde_json::to_string_pretty(value).unwrap_or_default() + "\n"
}

/// The cluster file, for commands whose positional arguments mean something else.
#[derive(Debug, Args)]
pub(crate) struct ClusterFile {
    /// The cluster file
    #[arg(short, long, default_value = "cluster.yaml", value_name = "FILE")]
    pub(crate) file: PathBuf,
}
