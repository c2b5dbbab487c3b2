//! The engine of proofs: boolean circuits over components that can fail.
//!
//! It knows nothing of clusters. A [`Circuit`] holds functions over [`Var`]s; **a variable is true when that component
//! has failed, and a top is true when what it stands for is broken**. All promises of a design can live in one circuit
//! and share their parts.
//!
//! Everything is a pure function of its arguments: no clock, no environment, no printing, no randomness.

mod circuit;
mod eval;
mod flat;
mod index;
mod simplify;

pub use circuit::{Circuit, Gate, Node, Var};
pub use eval::Evaluator;
pub use flat::{Flat, Operation};
