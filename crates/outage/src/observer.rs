//! What a client that tries again and again sees of an outage.

use plimsoll_model::units::Millis;

use crate::interval::{End, Interval};

/// A client that opens a connection at a fixed rate, and measures the longest time between two that succeeded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Observer {
    /// Time between two attempts.
    pub every: Millis,
    /// The longest time between two successes while nothing fails: a busy machine delays attempts.
    pub idle: Millis,
}

impl Observer {
    /// The interval that it sees of an outage: up to one attempt earlier, up to one later, and an attempt that was under way
    /// at the fault is lost with it.
    pub fn sees(self, outage: Interval) -> Interval {
        let late = self.every.max(self.idle);
        Interval::new(outage.min(), outage.max().then(End::After(late + late)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attempts_lie_around_an_outage() {
        let client = Observer { every: Millis(10), idle: Millis(32) };
        // 32 ms before it and 32 ms after it.
        assert_eq!(client.sees(Interval::millis(600, 950)), Interval::millis(600, 1_014));
        assert_eq!(client.sees(Interval::UNTIL_REPAIR), Interval::UNTIL_REPAIR);
    }
}
