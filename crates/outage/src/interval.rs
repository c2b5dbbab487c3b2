//! Intervals of time, which may end only with a repair.

use std::fmt;

use plimsoll_model::units::Millis;
use serde::{Serialize, Serializer};

/// When an outage ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum End {
    /// By itself, after this time.
    After(Millis),
    /// When somebody repairs what failed: later than any time.
    Repair,
}

impl End {
    /// The time, if it ends by itself.
    pub const fn time(self) -> Option<Millis> {
        match self {
            End::After(time) => Some(time),
            End::Repair => None,
        }
    }

    /// One after the other.
    #[must_use]
    pub fn then(self, next: End) -> End {
        match (self, next) {
            (End::After(one), End::After(other)) => End::After(one + other),
            _ => End::Repair,
        }
    }
}

impl fmt::Display for End {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            End::After(time) => time.fmt(f),
            End::Repair => f.write_str("repair"),
        }
    }
}
impl Serialize for End {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// The least and the most that something lasts; never in the wrong order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Interval {
    min: End,
    max: End,
}

impl Interval {
    /// Nothing is noticed.
    pub const ZERO: Interval = Interval { min: End::After(Millis(0)), max: End::After(Millis(0)) };
    /// It does not end by itself.
    pub const UNTIL_REPAIR: Interval = Interval { min: End::Repair, max: End::Repair };

    /// Between two ends, in whatever order they are given.
    pub fn new(one: End, other: End) -> Self {
        Interval { min: one.min(other), max: one.max(other) }
    }

    /// Between two times, in milliseconds.
    pub fn millis(one: u64, other: u64) -> Self {
        Interval::new(End::After(Millis(one)), End::After(Millis(other)))
    }

    /// From nothing to a time.
    pub fn up_to(most: Millis) -> Self {
        Interval::new(End::After(Millis(0)), End::After(most))
    }

    /// The least that it lasts.
    pub const fn min(self) -> End {
        self.min
    }

    /// The most that it lasts.
    pub const fn max(self) -> End {
        self.max
    }

    /// Whether nothing is ever noticed.
    pub fn is_zero(self) -> bool {
        self == Interval::ZERO
    }

    /// Whether a time lies in it.
    pub fn contains(self, time: Millis) -> bool {
        self.min <= End::After(time) && End::After(time) <= self.max
    }

    /// Whether all of `other` lies in it.
    pub fn covers(self, other: Interval) -> bool {
        self.min <= other.min && other.max <= self.max
    }

    /// One after the other: both are waited for in sequence.
    #[must_use]
    pub fn then(self, next: Interval) -> Self {
        Interval { min: self.min.then(next.min), max: self.max.then(next.max) }
    }

    /// One or the other, and it is not known which.
    #[must_use]
    pub fn or(self, other: Interval) -> Self {
        Interval { min: self.min.min(other.min), max: self.max.max(other.max) }
    }

    /// Whichever is over first ends it.
    #[must_use]
    pub fn race(self, other: Interval) -> Self {
        Interval { min: self.min.min(other.min), max: self.max.min(other.max) }
    }

    /// Both run at the same time, and both must be over.
    #[must_use]
    pub fn both(self, other: Interval) -> Self {
        Interval { min: self.min.max(other.min), max: self.max.max(other.max) }
    }
}

impl fmt::Display for Interval {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.min, self.max) {
            (End::Repair, _) => f.write_str("until repair"),
            _ if self.is_zero() => f.write_str("none"),
            (End::After(min), End::Repair) => write!(f, "{min}, or until repair"),
            (End::After(min), End::After(max)) if min == max => write!(f, "{min}"),
            (End::After(min), End::After(max)) => {
                write!(f, "{} to {} s", seconds(min, false), seconds(max, true))
            }
        }
    }
}

/// Tenths of a second, rounded away from the middle of an interval, so that what is shown still is a bound.
fn seconds(time: Millis, up: bool) -> String {
    let tenths = if up { time.0.div_ceil(100) } else { time.0 / 100 };
    if tenths.is_multiple_of(10) { format!("{}", tenths / 10) } else { format!("{}.{}", tenths / 10, tenths % 10) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_composed_stays_in_order() {
        let one = Interval::millis(300, 100);
        let other = Interval::new(End::Repair, End::After(Millis(200)));
        assert_eq!((one.min(), one.max()), (End::After(Millis(100)), End::After(Millis(300))));
        assert_eq!(one.then(other), Interval::new(End::After(Millis(300)), End::Repair));
        assert_eq!(one.or(other), Interval::new(End::After(Millis(100)), End::Repair));
        assert_eq!(one.race(other), Interval::millis(100, 300));
        assert_eq!(one.both(other), Interval::new(End::After(Millis(200)), End::Repair));
        assert_eq!(one.race(Interval::UNTIL_REPAIR), Interval::new(End::After(Millis(100)), End::After(Millis(300))));
    }

    #[test]
    fn what_is_shown_is_still_a_bound() {
        for (interval, shown) in [
            (Interval::ZERO, "none"),
            (Interval::UNTIL_REPAIR, "until repair"),
            (Interval::millis(2414, 3504), "2.4 to 3.6 s"),
            (Interval::millis(0, 60_000), "0 to 60 s"),
            (Interval::up_to(Millis(150)), "0 to 0.2 s"),
            (Interval::new(End::After(Millis(0)), End::Repair), "0s, or until repair"),
        ] {
            assert_eq!(interval.to_string(), shown);
        }
    }
}
