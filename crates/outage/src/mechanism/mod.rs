//! The mechanisms of failover: each with its formula, its source, and what must be true for it to be a bound.
//!
//! All are functions of timers alone, so that they can be worked by hand, and reused for what runs elsewhere than in the
//! Design (a lab with stand-ins).

pub mod bond;
pub mod ceph;
pub mod client;
pub mod etcd;
pub mod haproxy;
pub mod keepalived;
pub mod node;
pub mod resolver;
pub mod restart;
pub mod routing;
pub mod vrrp;

use plimsoll_model::units::Millis;

use crate::interval::Interval;

/// How long a program may take to run once its timer is over, or its socket has something: [`WAKES`].
///
/// [`WAKES`]: crate::Assumption::Wakes
pub const WAKE: Millis = Millis(50);

/// From one time to another, both in milliseconds.
pub(crate) fn between(min: Millis, max: Millis) -> Interval {
    Interval::millis(min.0, max.0)
}

/// A time less another, at least nothing.
pub(crate) fn less(time: Millis, other: Millis) -> Millis {
    Millis(time.0.saturating_sub(other.0))
}

/// A time as it is written in formulas: always in milliseconds.
pub(crate) fn ms(time: Millis) -> String {
    format!("{} ms", time.0)
}
