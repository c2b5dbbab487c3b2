//! Foreign configuration formats: one module per format with its types, a writer and a forgiving reader.
//!
//! The contract of every module:
//!
//! - `read(source, text) -> Read<T>` never fails and never panics, whatever the text: it returns what it could read,
//!   and the problems with their places. It follows no include and reads no file; it says what is included.
//! - Statements that the types don't know are kept, as written, and written back.
//! - A reader fills in no default. What a daemon does where nothing is stated is answered by documented functions and
//!   constants, by version where it changed.
//! - `Display` writes the value in the daemon's own syntax, and `read(write(value)).value == value`.

pub mod corefile;
mod input;
pub mod named;
mod stated;
pub mod zone;

use plimsoll_diagnostics::Diagnostics;

pub use stated::Stated;

/// What a reader made of a text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Read<T> {
    /// What the text says, as far as it could be understood.
    pub value: T,
    /// What could not be understood, was left open by a template, or lies in another file.
    pub problems: Diagnostics,
}
