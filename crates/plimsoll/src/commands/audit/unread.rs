//! What rules read and could not be read: no verdict covers it, and silence would pass for praise.

use std::fmt::Write as _;

use plimsoll_diagnostics::{Diagnostic, Severity, Span};
use plimsoll_views::files::{self, Files};

use super::gather::{Gathered, Skip};
use crate::commands::plural;
use crate::failure::Failure;

/// The files that are not, or not wholly, judged although they are of a kind that rules read.
pub(super) struct Unread {
    /// Their paths, sorted.
    pub(super) paths: Vec<String>,
    /// Errors in files that were read: their programs refuse them.
    refused: usize,
    /// Why nothing at all was judged.
    nothing: Option<Failure>,
}

impl Unread {
    /// Finds them. Of those that were not even opened it adds a problem to what was gathered.
    pub(super) fn of(files: &Files, gathered: &mut Gathered) -> Self {
        let not_text: Vec<_> = gathered.problems.iter().filter_map(Diagnostic::span).map(|span| span.source).collect();
        let broken = |file: &&files::File| file.content.is_judged() && (!file.whole || not_text.contains(&file.source));
        // A file inside another is named by the outer one.
        let mut paths: Vec<String> =
            files.list.iter().filter(broken).map(|file| gathered.sources.get(file.source).name.clone()).collect();
        for (path, why) in &gathered.skipped {
            let unread = matches!(why, Skip::Binary | Skip::Large | Skip::Unreadable);
            if unread && files::is_judged_by_name(path) {
                // An empty text of its name, so that the problem has a place.
                let id = gathered.sources.add(path.as_str(), "");
                gathered.problems.push(
                    Diagnostic::error(format!("`{path}` was not read: {}", why.words(1)))
                        .code("unreadable")
                        .at(Span::new(id, 0, 0), "")
                        .help("give the file as text that you may read, of at most 4 MiB"),
                );
                paths.push(path.clone());
            }
        }
        paths.sort();
        paths.dedup();
        let judged = files.list.iter().any(|file| file.content.is_judged());
        let refused = |problem: &&Diagnostic| problem.severity == Severity::Error && !files::leaves_unread(problem);
        let refused = files.problems.iter().filter(refused).count();
        Unread { refused, nothing: (!judged && paths.is_empty()).then(|| nothing(files)), paths }
    }

    /// A summary of what was found, with what it does not cover.
    pub(super) fn beside(&self, summary: &str) -> String {
        if self.nothing.is_some() {
            return "nothing was judged".to_owned();
        }
        let mut all = match summary.strip_prefix("no findings").filter(|_| !self.paths.is_empty()) {
            Some(rest) => format!("no findings in what was read{rest}"),
            None => summary.to_owned(),
        };
        if self.refused > 0 {
            let _ = write!(all, "; {} in the files themselves", plural(self.refused, "error"));
        }
        if !self.paths.is_empty() {
            let _ = write!(all, "; {} not wholly read", plural(self.paths.len(), "file"));
        }
        all
    }

    /// Whether a program would refuse one of the files.
    pub(super) fn is_refused(&self) -> bool {
        self.refused > 0
    }

    /// Why the program must not end as if it had judged everything.
    pub(super) fn failure(self) -> Option<Failure> {
        if self.nothing.is_some() {
            return self.nothing;
        }
        let first = self.paths.first()?;
        let others = self.paths.len() - 1;
        let failure = match others {
            0 => Failure::new(format!("`{first}` was not wholly read, so not all of it is judged")),
            _ => Failure::new(format!("`{first}` and {} were not wholly read, so not all is judged", more(others))),
        };
        Some(failure.with_hint("mend what is reported about them, or give only the files that a program reads"))
    }
}

fn more(count: usize) -> String {
    if count == 1 { "1 other file".to_owned() } else { format!("{count} other files") }
}

/// What to say when no rule reads any of the files.
fn nothing(files: &Files) -> Failure {
    let failure = match files.list.len() {
        0 => Failure::new("there is no file to judge"),
        1 => Failure::new(format!("`{}` is of no kind that is judged", files.list[0].path)),
        count => Failure::new(format!("none of the {count} files is of a kind that is judged")),
    };
    let cluster = files.list.iter().find(|file| file.content.kind() == files::CLUSTER_FILE);
    failure.with_hint(match cluster {
        Some(file) => format!("`{0}` is a cluster file of Plimsoll: `plimsoll check {0}` judges it", file.path),
        None => "give copies of /etc of your machines, rendered files of a role, or manifests; `--files` lists what \
                 each file was taken for"
            .to_owned(),
    })
}
