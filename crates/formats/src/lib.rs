//! Foreign configuration formats: one module each, with its types, a writer and a reader for what others wrote.
//!
//! The contract that all modules share:
//!
//! - `read(source, sources) -> Read<Conf>` never fails and never panics, whatever the bytes. What it understood is in
//!   [`Read::value`], what it has to say in [`Read::problems`].
//! - `Display` of a `Conf` writes the file. For every value that the writer can express,
//!   `read(write(value)).value == value`; positions are not part of equality.
//! - Readers say what stands in the file and nothing else: a product's defaults are resolved by a function beside the
//!   types, which names its source, so that absent stays different from stated.
//! - A value that cannot be known ([`Setting::Unknown`]) keeps its text: a template that nobody filled in, a variable,
//!   a word where a number belongs. It is reported once.
//! - Statements that a module does not model are kept as [`Kept`] text, written back, and reported as notes.
//! - Readers have no file system: an include is reported with its pattern, and whoever has the files follows it.
//!
//! Codes of problems: `unknown-statement`, `placeholder`, `include`, `bad-value`, `syntax`, `too-large`, `too-deep`,
//! `not-utf8`.

use plimsoll_diagnostics::{Diagnostics, Spanned};

pub mod chrony;
pub mod corefile;
pub mod corosync;
pub mod env;
pub mod etcd;
pub mod externaldns;
pub mod flags;
pub mod frr;
pub mod haproxy;
pub mod hosts;
mod input;
pub mod interfaces;
pub mod keepalived;
pub mod kubeadm;
pub mod kubelet_flags;
pub mod kubernetes;
pub mod modules_load;
pub mod named;
pub mod netplan;
pub mod nftables;
mod placeholder;
pub mod pve;
mod report;
pub mod resolv;
mod seconds;
mod setting;
pub mod sysctl;
pub mod systemd;
mod text;
mod words;
pub mod zone;

pub use placeholder::fills_statement;
pub use setting::Setting;

/// What a reader made of a text, and what it has to say about it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Read<T> {
    /// What was understood.
    pub value: T,
    /// What was not: unknown statements, values that make no sense, templates that nobody filled in.
    pub problems: Diagnostics,
}

impl<T> Read<T> {
    /// The same problems beside another value.
    pub fn map<U>(self, f: impl FnOnce(T) -> U) -> Read<U> {
        Read { value: f(self.value), problems: self.problems }
    }
}

/// A statement that a module does not model: its text as it stands in the file, block included, without the
/// indentation before it and without the line end after it. Writers put it back unchanged.
pub type Kept = Spanned<String>;
