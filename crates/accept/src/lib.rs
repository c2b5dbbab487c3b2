//! Does the real program accept this file?
//!
//! Each file that is rendered has a reader: HAProxy, keepalived, BIND, FRR, systemd and so on. This crate asks that very
//! program, as packaged in Debian, in a root file system of its own: the files lie at their real paths, there is no
//! network, and nothing of the machine can be touched. Several of the programs exit 0 after a warning, and a warning in
//! a rendered file is a defect, so **a file is accepted only if its reader has nothing to say about it**.
//!
//! ```no_run
//! use plimsoll_accept::{Files, Program, Sandbox};
//!
//! let sandbox = Sandbox::open()?;
//! let files = Files::from([("/etc/haproxy/haproxy.cfg", "defaults\n  mode tpc\n")]);
//! let verdict = Program::Haproxy.accepts(&sandbox, &files)?;
//! assert!(!verdict.accepted, "{verdict}");
//! # Ok::<(), plimsoll_accept::Error>(())
//! ```
//!
//! Test support only: it needs root and the cache that `cargo xtask test` fills, and no shipped crate depends on it.

mod error;
mod files;
mod host;
mod judge;
pub mod kernel;
pub mod keys;
pub mod kubeadm;
pub mod objects;
mod program;
mod sandbox;
mod scripts;

pub use error::Error;
pub use files::{File, Files};
pub use host::{Host, HostVerdict, accept_host, accept_hosts};
pub use judge::Verdict;
pub use program::Program;
pub use sandbox::{Run, Sandbox};
