//! The Design: every fact of a cluster, explicit.
//!
//! [`Design`] is so specific that nothing meaningful is left to decide after it was made: rules judge it, proofs
//! evaluate it, rendering copies from it. [`Origins`] says beside it where each fact came from.
//!
//! Collections are named in the singular, so that the path of a component in the JSON form *is* its identity:
//! `host/pve-1/psu/a` names the power supply, finds its origin, and is what `plimsoll show` takes.

pub mod design;
mod name;
mod origin;
mod path;
pub mod range;
pub mod series;
pub mod units;

pub use design::Design;
pub use name::{Map, Name};
pub use origin::{Origin, Origins};
pub use path::{edit, edit_all, glob, means, select};
