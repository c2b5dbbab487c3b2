//! What is wrong with a file, and where.

use std::fmt;

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// The file cannot be analysed.
    Error,
    /// It can, and something is odd.
    Warning,
}

/// Something wrong with a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// How bad it is.
    pub severity: Severity,
    /// Where, in bytes from the beginning.
    pub at: usize,
    /// The line, from 1.
    pub line: u32,
    /// The column in characters, from 1.
    pub column: u32,
    /// What.
    pub message: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let severity = match self.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
        };
        write!(f, "{}:{}: {severity}: {}", self.line, self.column, self.message)
    }
}

/// How many problems are kept of one file.
const MOST: usize = 100;

/// Collects problems of one text.
#[derive(Debug)]
pub(super) struct Problems<'a> {
    text: &'a str,
    /// Where lines begin.
    lines: Vec<usize>,
    found: Vec<Problem>,
    errors: usize,
}

impl<'a> Problems<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        let lines = std::iter::once(0).chain(text.match_indices('\n').map(|(at, _)| at + 1)).collect();
        Problems { text, lines, found: vec![], errors: 0 }
    }

    pub(super) fn error(&mut self, at: usize, message: impl Into<String>) {
        self.errors += 1;
        self.add(Severity::Error, at, message.into());
    }

    pub(super) fn warning(&mut self, at: usize, message: impl Into<String>) {
        self.add(Severity::Warning, at, message.into());
    }

    fn add(&mut self, severity: Severity, at: usize, message: String) {
        if self.found.len() < MOST || (severity == Severity::Error && self.errors == 1) {
            let problem = self.place(severity, at, message);
            self.found.push(problem);
        }
    }

    pub(super) fn place(&self, severity: Severity, at: usize, message: String) -> Problem {
        let line = self.lines.partition_point(|&begin| begin <= at).max(1);
        let before = self.text.get(self.lines[line - 1]..at).unwrap_or_default();
        Problem { severity, at, line: line as u32, column: before.chars().count() as u32 + 1, message }
    }

    /// Ends reading if there was an error.
    pub(super) fn stop(&mut self) -> Result<(), Vec<Problem>> {
        self.stop_beyond(0)
    }

    /// Ends reading if there were more errors than those that hide nothing.
    pub(super) fn stop_beyond(&mut self, harmless: usize) -> Result<(), Vec<Problem>> {
        if self.errors <= harmless { Ok(()) } else { Err(self.sorted()) }
    }

    /// Like [`Problems::stop`], where the problems stay to be taken later.
    pub(super) fn stop_quietly(&self) -> Option<()> {
        (self.errors == 0).then_some(())
    }

    pub(super) fn sorted(&mut self) -> Vec<Problem> {
        let mut found = std::mem::take(&mut self.found);
        found.sort_by_key(|problem| (problem.at, problem.severity));
        found
    }
}

/// A name in a message: shortened, and without what would disturb a terminal.
pub(super) fn shown(name: &str) -> String {
    const LONGEST: usize = 60;
    let mut shown: String = name.chars().take(LONGEST).map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect();
    if name.chars().nth(LONGEST).is_some() {
        shown.push('…');
    }
    shown
}
