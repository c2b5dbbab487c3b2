//! From what a program did to a verdict on the files.

use std::fmt;

use crate::sandbox::Run;

/// What a program made of the files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// The program with its checking option, for messages.
    pub program: String,
    /// It ended well and had nothing to say.
    pub accepted: bool,
    /// Exit code, where it had one.
    pub code: Option<i32>,
    /// What it said, without the lines that say nothing about the files.
    pub output: String,
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let word = if self.accepted { "accepts" } else { "rejects" };
        write!(f, "{} {word}", self.program)?;
        match self.code {
            Some(124) => write!(f, " (its time was up)")?,
            Some(code) => write!(f, " (exit code {code})")?,
            None => write!(f, " (ended by a signal)")?,
        }
        for line in self.output.lines() {
            write!(f, "\n    {line}")?;
        }
        Ok(())
    }
}

impl Verdict {
    /// Accepted only with exit code 0 and silence. `harmless` picks lines that every good file causes too.
    pub(crate) fn of(program: &str, run: &Run, stdout_counts: bool, harmless: fn(&str) -> bool) -> Self {
        let stdout = if stdout_counts || run.code != Some(0) { run.stdout.as_str() } else { "" };
        let said: Vec<&str> = stdout
            .lines()
            .chain(run.stderr.lines())
            .map(str::trim_end)
            .filter(|line| !line.is_empty() && !harmless(line))
            .collect();
        Self {
            program: program.to_owned(),
            accepted: run.code == Some(0) && said.is_empty(),
            code: run.code,
            output: said.join("\n"),
        }
    }

    /// The files hold nothing that the program reads, so it was not even asked. Not accepted: a test that lost its file
    /// must not pass.
    pub(crate) fn nothing_to_read(program: &str) -> Self {
        Self {
            program: program.to_owned(),
            accepted: false,
            code: None,
            output: "none of the files is one that it reads".to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(code: i32, stdout: &str, stderr: &str) -> Run {
        Run { code: Some(code), stdout: stdout.to_owned(), stderr: stderr.to_owned() }
    }

    #[test]
    fn a_warning_is_a_rejection_even_with_exit_code_0() {
        let quiet =
            Verdict::of("reader", &run(0, "the file, printed", "version 1\n"), false, |line| line == "version 1");
        assert_eq!(quiet.to_string(), "reader accepts (exit code 0)");
        let warned =
            Verdict::of("reader", &run(0, "", "version 1\nunknown key, ignored\n"), false, |line| line == "version 1");
        assert_eq!(warned.to_string(), "reader rejects (exit code 0)\n    unknown key, ignored");
    }

    #[test]
    fn a_failure_without_a_word_is_a_rejection() {
        assert!(!Verdict::of("reader", &run(1, "", ""), true, |_| true).accepted);
    }
}
