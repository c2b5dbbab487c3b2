//! What can go wrong while finding or making a cached thing.

use std::io;
use std::path::{Path, PathBuf};

/// Why a cached thing is not there or could not be made.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Neither `PLIMSOLL_CACHE` nor `XDG_CACHE_HOME` nor `HOME` says where the cache is.
    #[error("no place for the cache: set `PLIMSOLL_CACHE` to a directory")]
    NoCache,
    /// The entry was never made, or its recipe changed since.
    #[error("{what} is not in the cache ({path}): run `cargo xtask test` as root, it makes it once")]
    Missing {
        /// The thing in words.
        what: &'static str,
        /// Where it would be.
        path: PathBuf,
    },
    /// A file or directory could not be read or written.
    #[error("cannot {action} `{path}`: {source}")]
    Io {
        /// What was tried.
        action: &'static str,
        /// On which file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A program could not be started.
    #[error("cannot start `{program}`: {source} (`cargo xtask test` as root installs what is missing)")]
    Start {
        /// Its name.
        program: String,
        /// What the system said.
        source: io::Error,
    },
    /// A program failed while making the entry.
    #[error("`{program}` failed; the whole log is `{log}`, its end:\n{tail}")]
    Failed {
        /// Its name.
        program: String,
        /// Everything it said.
        log: PathBuf,
        /// The last lines of that.
        tail: String,
    },
}

impl Error {
    /// For `map_err` after a call that touched `path`.
    pub(crate) fn io(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_path_buf();
        move |source| Self::Io { action, path, source }
    }
}
