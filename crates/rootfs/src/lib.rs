//! What the tests need from outside, made once and kept in a cache: a root file system of Debian with the real daemons
//! in it, a kernel with a small initramfs for a virtual machine, the schemas of Kubernetes, and kubeadm.
//!
//! ```no_run
//! use plimsoll_rootfs::{Cache, host_root};
//!
//! let cache = Cache::locate()?;
//! let root = host_root::find(&cache)?; // in a test: never builds, says what to run instead
//! let lower_layer = root.path(); // shared by all who use it, so never write to it
//! # Ok::<(), plimsoll_rootfs::Error>(())
//! ```
//!
//! Test support only: it starts programs and reads the environment, and nothing that is shipped depends on it.

pub mod cache;
pub mod contained;
mod debian;
mod error;
pub mod guest;
pub mod host_root;
pub mod kubeadm;
pub mod mirror;
pub mod schemas;

pub use cache::{Cache, Progress};
pub use error::Error;

/// Suite of Debian that everything is made from.
pub const SUITE: &str = "trixie";
