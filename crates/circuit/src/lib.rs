//! The engine of proofs: boolean circuits over components that can fail.
//!
//! It knows nothing of clusters. A [`Circuit`] holds functions over [`Var`]s; **a variable is true when that component
//! has failed, and a top is true when what it stands for is broken**. All promises of a design can live in one circuit
//! and share their parts.
//!
//! - [`Evaluator`] and [`Flat`]: what is broken, given what has failed.
//! - [`Compiled`]: the exact probability of a top, and the [`Importance`] of its components.
//! - [`CutSets`]: what breaks it, counted without listing, and listed in order; [`cut_orbits`] lists one of each class.
//! - [`Lanes`]: many scenarios at once.
//! - [`openpsa`]: fault trees of other tools in, and ours out.
//!
//! Everything is a pure function of its arguments: no clock, no environment, no printing, no randomness.

mod bdd;
mod circuit;
mod cofactor;
mod compile;
mod condition;
mod cutsets;
mod eliminate;
mod eval;
mod flat;
mod importance;
mod index;
mod joined;
mod lanes;
mod limits;
mod modules;
pub mod openpsa;
mod orbits;
mod prepare;
mod simplify;
mod symmetry;
mod tape;

pub use circuit::{Circuit, Gate, Node, Var};
pub use compile::{Bounds, Compiled};
pub use cutsets::{CutSet, CutSets, Ranked};
pub use eval::Evaluator;
pub use flat::{Flat, Operation};
pub use importance::{Importance, Linear};
pub use lanes::{LANES, Lanes, Word};
pub use limits::{CircuitError, Limits};
pub use orbits::{Among, CutOrbit, CutOrbits, Exchange, Known, Standing, cut_orbits};
pub use symmetry::{Swap, swaps};
