//! What can go wrong while a lab is built, run or destroyed.

use std::io;
use std::path::{Path, PathBuf};

/// An error of a lab. Its text names the part that failed and what the program that failed said.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LabError {
    /// This machine cannot run a lab; each entry says what is missing and how to get it.
    #[error("this machine cannot run a lab: {}", .0.join("; "))]
    Unavailable(Vec<String>),
    /// The plan of the lab contradicts itself, or names something it does not have.
    #[error("{0}")]
    Plan(String),
    /// A program of the system failed.
    #[error("{what}: {status}: {stderr}")]
    Command {
        /// What it was asked to do.
        what: String,
        /// Its exit status, in words.
        status: String,
        /// What it wrote to standard error, trimmed.
        stderr: String,
    },
    /// A file or a process could not be reached.
    #[error("{what}: {source}")]
    Io {
        /// What was being done, with the path.
        what: String,
        /// The system's answer.
        source: io::Error,
    },
    /// Something did not come true in time.
    #[error("{what} did not happen within {seconds} s{detail}")]
    Timeout {
        /// What was awaited.
        what: String,
        /// How long it was awaited, in seconds.
        seconds: u64,
        /// What was seen instead, with a leading `: `, or nothing.
        detail: String,
    },
}

impl LabError {
    /// For `map_err` on an operation on a path.
    pub(crate) fn io<'a>(what: &'a str, path: &'a Path) -> impl FnOnce(io::Error) -> Self + 'a {
        move |source| Self::Io { what: format!("{what} `{}`", path.display()), source }
    }

    /// For `map_err` on a system call that names no path.
    pub(crate) fn sys<E: Into<io::Error>>(what: impl Into<String>) -> impl FnOnce(E) -> Self {
        let what = what.into();
        move |source| Self::Io { what, source: source.into() }
    }
}

/// A path as the text of a command's argument; paths of a lab are always UTF-8, since it made them.
pub(crate) fn text(path: &Path) -> Result<String, LabError> {
    path.to_str().map(str::to_owned).ok_or_else(|| LabError::Plan(format!("`{}` is not UTF-8", path.display())))
}

/// Finds a program on the search path, or in the directories of administrators that a plain user's path leaves out.
pub(crate) fn find_program(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path)
        .chain(["/usr/sbin", "/sbin", "/usr/bin", "/bin"].map(PathBuf::from))
        .map(|directory| directory.join(name))
        .find(|candidate| candidate.is_file())
}
