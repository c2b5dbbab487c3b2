//! What of a lab is the real thing, and what stands in for it.

use serde::Serialize;

/// One part of a lab.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Fidelity {
    /// The part of the cluster it plays.
    pub part: String,
    /// Whether it is the program or the mechanism that a real cluster would run.
    pub real: bool,
    /// What it is here.
    pub here: String,
}

impl Fidelity {
    pub(crate) fn real(part: impl Into<String>, here: impl Into<String>) -> Self {
        Self { part: part.into(), real: true, here: here.into() }
    }

    pub(crate) fn stand_in(part: impl Into<String>, here: impl Into<String>) -> Self {
        Self { part: part.into(), real: false, here: here.into() }
    }
}
