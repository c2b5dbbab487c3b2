//! What the terminal can show.

use std::io::{IsTerminal, Write};

use clap::ValueEnum;
use plimsoll_diagnostics::{Diagnostic, Sources, render};

use crate::failure::Failure;

/// When to use colours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ColorChoice {
    /// On a terminal, unless NO_COLOR is set.
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// Standard output and standard error.
#[derive(Debug)]
pub(crate) struct Terminal {
    stdout: render::Style,
    stderr: render::Style,
    /// Whether somebody looks at standard error while it is written.
    status: bool,
}

/// Texts for both, before they are written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Said {
    /// Data, for standard output.
    pub(crate) out: String,
    /// What stands beside the data, for standard error.
    pub(crate) err: String,
}

impl Terminal {
    pub(crate) fn new(choice: ColorChoice) -> Self {
        let no_color = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        let color = |is_terminal: bool| match choice {
            ColorChoice::Auto => is_terminal && !no_color,
            ColorChoice::Always => true,
            ColorChoice::Never => false,
        };
        let columns = std::env::var("COLUMNS").ok().and_then(|columns| columns.parse().ok());
        let width = columns.unwrap_or(120_usize).clamp(60, 200);
        Terminal {
            stdout: render::Style { color: color(std::io::stdout().is_terminal()), width },
            stderr: render::Style { color: color(std::io::stderr().is_terminal()), width },
            status: std::io::stderr().is_terminal(),
        }
    }

    /// Writes data. A reader that went away (`plimsoll show | head`) ends the program quietly.
    #[expect(clippy::unused_self, reason = "whoever prints was given the terminal")]
    pub(crate) fn out(&self, text: &str) -> Result<(), Failure> {
        let mut stdout = std::io::stdout().lock();
        match stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()) {
            Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => {
                Err(Failure::new(format!("failed to write to standard output: {error}")))
            }
            _ => Ok(()),
        }
    }

    /// Findings as data.
    pub(crate) fn findings(&self, list: &[Diagnostic], sources: &Sources) -> Result<(), Failure> {
        self.out(&self.findings_text(list, sources))
    }

    /// Findings as text for standard output.
    pub(crate) fn findings_text(&self, list: &[Diagnostic], sources: &Sources) -> String {
        list.iter().map(|finding| render::text(finding, sources, self.stdout) + "\n").collect()
    }

    /// Problems with the input, beside the data.
    pub(crate) fn problems(&self, list: &[Diagnostic], sources: &Sources) {
        for problem in list {
            self.err(&render::text(problem, sources, self.stderr));
        }
    }

    /// Problems with the input as text for standard error.
    pub(crate) fn problems_text(&self, list: &[Diagnostic], sources: &Sources) -> String {
        list.iter().map(|problem| render::text(problem, sources, self.stderr) + "\n").collect()
    }

    /// Writes texts that were made before.
    pub(crate) fn say(&self, said: &Said) -> Result<(), Failure> {
        // Nobody is left to be told when it fails.
        let _ = std::io::stderr().lock().write_all(said.err.as_bytes());
        self.out(&said.out)
    }

    /// What decides how a text looks here: the same design is shown otherwise in another window.
    pub(crate) fn looks(&self) -> String {
        let one =
            |style: render::Style| format!("{} columns{}", style.width, if style.color { ", colours" } else { "" });
        format!("{}; {}", one(self.stdout), one(self.stderr))
    }

    /// What the program is doing, for people.
    pub(crate) fn progress(&self, text: &str) {
        self.err(text);
    }

    /// Writes a line for people. Nobody is left to be told when that fails: `plimsoll check 2>&1 | head` closes the pipe,
    /// and `eprintln!` would end the program with a panic.
    #[expect(clippy::unused_self, reason = "whoever prints was given the terminal")]
    pub(crate) fn err(&self, line: &str) {
        let _ = writeln!(std::io::stderr().lock(), "{line}");
    }

    /// What a long run is at, in one line that the next takes the place of; an empty one clears it. Only people see it.
    pub(crate) fn status(&self, text: &str) {
        if !self.status {
            return;
        }
        let room = self.stderr.width.saturating_sub(1);
        let text: String = text.chars().take(room).collect();
        let mut stderr = std::io::stderr().lock();
        let _ = write!(stderr, "\r\x1b[K{text}").and_then(|()| stderr.flush());
    }

    /// The reason why it could not do it.
    pub(crate) fn error(&self, text: &str) {
        if self.stderr.color {
            self.err(&format!("\x1b[1;31merror\x1b[0m: {text}"));
        } else {
            self.err(&format!("error: {text}"));
        }
    }

    /// Columns of standard output.
    pub(crate) fn width(&self) -> usize {
        self.stdout.width
    }

    /// Emphasis on standard output.
    pub(crate) fn bold(&self, text: &str) -> String {
        if self.stdout.color { format!("\x1b[1m{text}\x1b[0m") } else { text.to_owned() }
    }
}
