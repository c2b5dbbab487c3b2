//! `plimsoll audit`: judge files that somebody already has.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use clap::Args;
use plimsoll_check::{judge, rules};
use plimsoll_diagnostics::{Diagnostic, Severity, SourceId, Sources};
use plimsoll_views::{World, files};
use serde_json::json;

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

/// A configuration file larger than this is none: logs, images and databases lie about in copied folders.
const LARGEST_FILE: u64 = 4 << 20;
/// All of them together.
const LARGEST_SUM: u64 = 256 << 20;
/// A folder with more files is a whole system, not its configuration.
const MOST_FILES: usize = 50_000;

impl Audit {
    pub(super) fn run(self, terminal: &Terminal) -> Result<bool, Failure> {
        let mut timings = Timings::start();
        let mut gathered = Gathered::default();
        for path in &self.paths {
            gathered.take(path)?;
        }
        timings.lap("write/read"); // the disk, not us
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
        let extra = json!({ "files": known, "skipped": skipped });
        self.judging.show(&report, &problems, &gathered.sources, extra, terminal)?;
        if self.judging.format == Format::Text {
            let mut out = recognised(&files, &gathered, self.files);
            if !notes.is_empty() {
                let _ = writeln!(out, "{} on what is kept but not judged (--verbose)", plural(notes.len(), "note"));
            }
            let _ = writeln!(out, "{}", self.judging.summary(&report));
            terminal.out(&out)?;
        }
        if self.timings {
            terminal.progress(&timings.table());
        }
        Ok(!report.has_errors())
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

/// What was recognised, one line a kind; then what was not.
fn recognised(files: &files::Files, gathered: &Gathered, each: bool) -> String {
    let mut out = String::new();
    if each {
        for file in &files.list {
            let _ = writeln!(out, "{:<28} {}", file.content.kind(), file.path);
        }
        out.push('\n');
    }
    let mut kinds: BTreeMap<&str, (usize, BTreeSet<&str>)> = BTreeMap::new();
    let mut unknown = Vec::new();
    for file in &files.list {
        if file.content.is_recognised() {
            let (count, owners) = kinds.entry(file.content.kind()).or_default();
            *count += 1;
            if !file.owner.is_empty() {
                owners.insert(&file.owner);
            }
        } else {
            unknown.push(file.path.as_str());
        }
    }
    let _ = writeln!(out, "Recognised {} of {} files:", files.list.len() - unknown.len(), files.list.len());
    for (kind, (count, owners)) in kinds {
        let of = owners.into_iter().take(6).collect::<Vec<_>>().join(", ");
        let of = if of.is_empty() { of } else { format!(" ({of})") };
        let _ = writeln!(out, "  {count:>4} {kind}{of}");
    }
    if !unknown.is_empty() {
        let shown = unknown.iter().take(8).copied().collect::<Vec<_>>().join(", ");
        let more = if unknown.len() > 8 { format!(" and {} more (--files)", unknown.len() - 8) } else { String::new() };
        let _ = writeln!(out, "Not recognised: {shown}{more}");
    }
    for why in [Skip::Binary, Skip::Large, Skip::Link, Skip::Special, Skip::Unreadable] {
        let of: Vec<&str> =
            gathered.skipped.iter().filter(|(_, reason)| *reason == why).map(|(path, _)| path.as_str()).collect();
        if of.is_empty() {
            continue;
        }
        let shown = of[..of.len().min(if each { of.len() } else { 4 })].join(", ");
        let more = if each || of.len() <= 4 { String::new() } else { format!(" and {} more (--files)", of.len() - 4) };
        let _ = writeln!(out, "Not read: {}, {}: {shown}{more}", plural(of.len(), "file"), why.words(of.len()));
    }
    out
}

/// Why something was not read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Skip {
    Binary,
    Large,
    Link,
    Special,
    Unreadable,
}

impl Skip {
    fn words(self, count: usize) -> &'static str {
        match (self, count) {
            (Skip::Binary, _) => "binary",
            (Skip::Large, _) => "too large for a configuration",
            (Skip::Link, 1) => "a link, which is not followed",
            (Skip::Link, _) => "links, which are not followed",
            (Skip::Special, 1) => "no plain file",
            (Skip::Special, _) => "no plain files",
            (Skip::Unreadable, _) => "not readable for you",
        }
    }
}

/// The texts that were found.
#[derive(Default)]
struct Gathered {
    sources: Sources,
    problems: Vec<Diagnostic>,
    skipped: Vec<(String, Skip)>,
    seen: BTreeSet<PathBuf>,
    files: usize,
    bytes: u64,
}

impl Gathered {
    /// A file, or a folder with all below it. Links inside folders are not followed: they lead out of the copy.
    fn take(&mut self, root: &Path) -> Result<(), Failure> {
        let metadata = std::fs::metadata(root).map_err(|error| Failure::io("read", root, error))?;
        if !metadata.is_file() && !metadata.is_dir() {
            return Err(Failure::new(format!("`{}` is neither a file nor a folder", root.display())));
        }
        if metadata.is_file() {
            return self.file(root, metadata.len(), true);
        }
        let mut folders = vec![root.to_path_buf()];
        while let Some(folder) = folders.pop() {
            let entries = match std::fs::read_dir(&folder) {
                Ok(entries) => entries,
                // What was asked for must be there; what lies below may be somebody else's.
                Err(error) if folder == root => return Err(Failure::io("list", &folder, error)),
                Err(_) => {
                    self.skip(&folder, Skip::Unreadable);
                    continue;
                }
            };
            let mut entries: Vec<_> =
                entries.collect::<Result<_, _>>().map_err(|error| Failure::io("list", &folder, error))?;
            entries.sort_by_key(std::fs::DirEntry::file_name);
            let mut below = Vec::new();
            for entry in entries {
                let path = entry.path();
                // Of the entry itself: `metadata()` of an entry does not follow links.
                let Ok(metadata) = entry.metadata() else {
                    self.skip(&path, Skip::Unreadable);
                    continue;
                };
                if metadata.is_dir() {
                    if entry.file_name() != ".git" {
                        below.push(path);
                    }
                } else if metadata.is_file() {
                    self.file(&path, metadata.len(), false)?;
                } else {
                    self.skip(&path, if metadata.is_symlink() { Skip::Link } else { Skip::Special });
                }
            }
            folders.extend(below.into_iter().rev());
        }
        Ok(())
    }

    fn skip(&mut self, path: &Path, why: Skip) {
        self.skipped.push((path.display().to_string(), why));
    }

    /// Reads a file; `given` when it was named by the caller, who then must be able to read it.
    fn file(&mut self, path: &Path, size: u64, given: bool) -> Result<(), Failure> {
        if !self.seen.insert(path.to_path_buf()) {
            return Ok(());
        }
        self.files += 1;
        if self.files > MOST_FILES {
            return Err(Failure::new(format!("more than {MOST_FILES} files below the given paths"))
                .with_hint("name the folders with configuration, such as a copy of /etc"));
        }
        if size > LARGEST_FILE || self.bytes + size > LARGEST_SUM {
            self.skip(path, Skip::Large);
            return Ok(());
        }
        let bytes = match std::fs::read(path) {
            Ok(bytes) => bytes,
            Err(error) if given => return Err(Failure::io("read", path, error)),
            Err(_) => {
                self.skip(path, Skip::Unreadable);
                return Ok(());
            }
        };
        if bytes.contains(&0) {
            self.skip(path, Skip::Binary);
            return Ok(());
        }
        self.bytes += bytes.len() as u64;
        let (_, problem) = self.sources.add_bytes(path.display().to_string(), &bytes);
        self.problems.extend(problem);
        Ok(())
    }
}
