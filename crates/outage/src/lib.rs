//! How long does each failure hurt? Predicted seconds of every single failure, for every promise of a cluster.
//!
//! Pure, as everything between a Design and its files: no clock, no network, no printing. A prediction is an [`Interval`]
//! that is a bound under named [`Assumption`]s, for new connections and for those that existed, with the [`Mechanism`]s
//! that make it up, each with its formula and its source. What cannot be known beforehand (who holds an address, who leads)
//! is no assumption: it is a [`Case`], and the interval spans all cases.

mod assumption;
pub mod drill;
mod failure;
mod ground;
mod how;
mod interval;
mod lost;
pub mod mechanism;
mod network;
pub mod observer;
mod predict;
mod promise;
mod standing;

pub use assumption::Assumption;
pub use failure::{Failure, Way};
pub use how::{Case, How, Mechanism, Who};
pub use interval::{End, Interval};
pub use predict::{Prediction, Predictions, predict};
pub use promise::{Endpoint, Partly, promises};
