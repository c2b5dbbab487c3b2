//! Names: who looks one up and gets no answer asks the next server.

use plimsoll_model::units::Millis;

use super::ms;
use crate::assumption::Assumption as A;
use crate::how::Mechanism;
use crate::interval::Interval;

/// RES_TIMEOUT of the C library.
const TIMEOUT: Millis = Millis(5_000);

/// One of several servers does not answer: a lookup that begins with it waits and asks the next.
pub fn next_server() -> Mechanism {
    let interval = Interval::up_to(TIMEOUT);
    Mechanism {
        name: "DNS: the next server is asked",
        new: interval,
        existing: interval,
        formula: format!("one timeout of {}; recursive servers and caches wait less", ms(TIMEOUT)),
        source: "resolv.conf(5), glibc 2.41 (timeout 5, attempts 2)",
        assumes: &[A::ResolverAsksNext],
    }
}
