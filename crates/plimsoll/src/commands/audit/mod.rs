//! `plimsoll audit`: judge files that somebody already has.

mod gather;
mod recognised;
mod unread;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::PathBuf;

use clap::Args;
use plimsoll_check::{Report, judge, rules};
use plimsoll_diagnostics::{Diagnostic, Severity, SourceId, Sources};
use plimsoll_views::{World, files};
use serde_json::json;

use self::gather::Gathered;
use self::recognised::recognised;
use self::unread::Unread;
use super::{Format, Judging, alike, plural};
use crate::failure::Failure;
use crate::input;
use crate::terminal::Terminal;
use crate::timings::Timings;

/// Judge configuration files that you already have; no cluster file needed
///
/// Takes files and folders in any mixture: copies of your masters' `/etc` (one folder per machine), rendered files of
/// an Ansible role, directories of manifests. Says what it recognised and what it did not.
#[derive(Debug, Args)]
pub(crate) struct Audit {
    /// Files and folders
    #[arg(required = true)]
    paths: Vec<PathBuf>,
    /// List every file with what it was recognised as
    #[arg(long)]
    files: bool,
    /// Show how long each phase took
    #[arg(long)]
    timings: bool,
    #[command(flatten)]
    judging: Judging,
}

impl Audit {
    pub(super) fn run(self, terminal: &Terminal) -> Result<bool, Failure> {
        let mut timings = Timings::start();
        let mut gathered = Gathered::default();
        for path in &self.paths {
            if let Err(failure) = gathered.take(path) {
                return self.failed(failure, terminal);
            }
        }
        timings.lap("load");
        let files = files::recognise(&gathered.sources);
        timings.lap("recognise");
        let world = World::of_files(&files, input::today(self.judging.today));
        timings.lap("view");
        let mut report = judge(&world, &rules::all());
        timings.lap("check");
        if self.judging.format == Format::Text && !self.judging.verbose {
            let owners: BTreeMap<SourceId, &str> =
                files.list.iter().map(|file| (file.source, file.owner.as_str())).collect();
            report.findings =
                alike::together(&report.findings, &gathered.sources, |id| owners.get(&id).map(|it| (*it).to_owned()));
        }

        let unread = Unread::of(&files, &mut gathered);
        let mut problems: Vec<Diagnostic> = gathered.problems.clone();
        problems.extend(files.problems.iter().filter(|problem| !was_read(problem, &files, &gathered.sources)).cloned());
        if self.judging.format == Format::Text && !self.judging.verbose {
            problems = once_a_file(problems);
        }
        let (notes, problems): (Vec<_>, Vec<_>) =
            problems.into_iter().partition(|problem| problem.severity == Severity::Note && !self.judging.verbose);
        let known: Vec<_> = files
            .list
            .iter()
            .map(|file| json!({ "path": file.path, "owner": file.owner, "kind": file.content.kind() }))
            .collect();
        let skipped: Vec<_> =
            gathered.skipped.iter().map(|(path, why)| json!({ "path": path, "why": why.words(1) })).collect();
        let extra = json!({
            "files": known, "skipped": skipped, "not_wholly_read": unread.paths,
            "summary": unread.beside(&report.summary()),
        });
        self.judging.show(&report, &problems, &gathered.sources, extra, terminal)?;
        if self.judging.format == Format::Text {
            let mut out = recognised(&files, &gathered, self.files, self.files || self.judging.verbose);
            if !notes.is_empty() {
                let _ = writeln!(out, "{} on what is kept but not judged (--verbose)", plural(notes.len(), "note"));
            }
            let _ = writeln!(out, "{}", unread.beside(&self.judging.summary(&report)));
            terminal.out(&out)?;
        }
        if self.timings {
            terminal.progress(&timings.table("load"));
        }
        let good = !report.has_errors() && !unread.is_refused();
        unread.failure().map_or(Ok(good), Err)
    }

    /// A path that cannot be read. Programs read standard output, so it is said there too.
    fn failed(&self, failure: Failure, terminal: &Terminal) -> Result<bool, Failure> {
        if self.judging.format != Format::Text {
            let extra = json!({ "summary": failure.to_string() });
            self.judging.show(&Report::default(), &[failure.diagnostic()], &Sources::new(), extra, terminal)?;
        }
        Err(failure)
    }
}

/// Whether a problem is only that a file includes another one which is there too.
fn was_read(problem: &Diagnostic, files: &files::Files, sources: &Sources) -> bool {
    if problem.code != "include" {
        return false;
    }
    let Some(span) = problem.span() else { return false };
    let source = sources.get(span.source);
    let pattern = source.text.get(span.start as usize..span.end as usize).unwrap_or_default();
    let pattern = pattern.trim_matches(['"', '\'', ';', ' ']).trim_start_matches('/');
    let Some(outer) = files.list.iter().find(|file| file.source == span.source) else { return false };
    let folder = pattern.split('*').next().unwrap_or_default();
    !folder.is_empty()
        && files.of(&outer.owner).any(|file| {
            let at = file.path.find(folder).filter(|at| *at == 0 || file.path[..*at].ends_with('/'));
            at.is_some_and(|at| pattern.contains('*') || at + folder.len() == file.path.len())
        })
}

/// What a template left open is told once a file, with the number of places: each of them says the same.
fn once_a_file(problems: Vec<Diagnostic>) -> Vec<Diagnostic> {
    let mut told: BTreeMap<SourceId, usize> = BTreeMap::new();
    let mut out: Vec<Diagnostic> = Vec::new();
    let mut counts: BTreeMap<usize, usize> = BTreeMap::new();
    for problem in problems {
        let source = problem.span().map(|span| span.source).filter(|_| problem.code == "placeholder");
        if let Some(first) = source.and_then(|source| told.get(&source)) {
            *counts.entry(*first).or_default() += 1;
            continue;
        }
        if let Some(source) = source {
            told.insert(source, out.len());
        }
        out.push(problem);
    }
    for (first, more) in counts {
        if let Some(problem) = out.get_mut(first) {
            problem.notes.push(format!("and {} in this file (--verbose)", plural(more, "more place")));
        }
    }
    out
}
