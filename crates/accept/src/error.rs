//! Why a question could not be put to a program at all.

use std::io;
use std::path::PathBuf;

/// Not a verdict: the program never got to see the file.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Something that `cargo xtask test` prepares is missing.
    #[error(transparent)]
    Cache(#[from] plimsoll_rootfs::Error),
    /// Namespaces, overlays and chroots are made by root only.
    #[error("needs root: run `cargo xtask test` as root")]
    NotRoot,
    /// A file's path has no place below `/`.
    #[error("`{0}` is not an absolute path without `..`")]
    Path(PathBuf),
    /// The isolation could not be set up.
    #[error("cannot isolate `{program}`: {output}")]
    Isolation {
        /// Which program was to run.
        program: String,
        /// What the set-up said.
        output: String,
    },
    /// A temporary file could not be written, or a program not be started.
    #[error("cannot {action}: {source}")]
    Io {
        /// What was tried.
        action: String,
        /// What the system said.
        source: io::Error,
    },
    /// The virtual machine did not get as far as telling its state.
    #[error("the virtual machine told nothing within {seconds} s; the end of its console:\n{console}")]
    Guest {
        /// How long it had.
        seconds: u64,
        /// Its last lines.
        console: String,
    },
}

impl Error {
    pub(crate) fn io(action: impl Into<String>) -> impl FnOnce(io::Error) -> Self {
        let action = action.into();
        move |source| Self::Io { action, source }
    }
}
