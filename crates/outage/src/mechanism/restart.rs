//! Processes that their supervisor starts again.

use plimsoll_model::units::Millis;

use super::{WAKE, between, ms};
use crate::assumption::Assumption as A;
use crate::how::Mechanism;
use crate::interval::Interval;

const SYSTEMD: &str =
    "systemd.service(5) of 257 (RestartSec) and sd_event_add_time(3) (timers are up to 250 ms late by default)";
/// What Plimsoll writes for HAProxy and keepalived.
pub const RESTART_SEC: Millis = Millis(1_000);
/// systemd's own value, for units that say nothing.
pub const DEFAULT_RESTART_SEC: Millis = Millis(100);
/// How late systemd's timers may be.
const LATE: Millis = Millis(250);
/// What a daemon may take from its start until it serves.
pub const START: Millis = Millis(500);

/// From the death of a daemon until it serves again.
pub fn systemd_time(delay: Millis) -> Interval {
    between(delay, delay + LATE + START)
}

/// systemd starts a daemon again. Its connections were reset when it died.
pub fn systemd(delay: Millis) -> Mechanism {
    let interval = systemd_time(delay);
    Mechanism {
        name: "systemd: a daemon is started again",
        new: interval,
        existing: interval,
        formula: format!("RestartSec {} + at most {} late + at most {} to start", ms(delay), ms(LATE), ms(START)),
        source: SYSTEMD,
        assumes: &[A::StartsQuickly, A::ReconnectsAtOnce, A::Wakes],
    }
}

/// The kubelet starts a container again: the first time at once, when it has noticed.
pub fn kubelet() -> Mechanism {
    const RELIST: Millis = Millis(1_000);
    const POD: Millis = Millis(60_000);
    let interval = between(Millis(0), RELIST + POD + WAKE);
    Mechanism {
        name: "kubelet: a container is started again",
        new: interval,
        existing: interval,
        formula: format!(
            "noticed within {}, without back-off the first time, + at most {} to start",
            ms(RELIST),
            ms(POD)
        ),
        source: "https://kubernetes.io/docs/concepts/workloads/pods/pod-lifecycle/ (1.36) and pkg/kubelet (relist each 1 s)",
        assumes: &[A::PodStartsQuickly],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_restart_waits_its_delay() {
        // 1000 ms, at most 250 ms late, at most 500 ms to start.
        assert_eq!(systemd_time(RESTART_SEC), Interval::millis(1_000, 1_750));
        assert_eq!(systemd(DEFAULT_RESTART_SEC).new, Interval::millis(100, 850));
        // 1 s + 60 s + 50 ms.
        assert_eq!(kubelet().new, Interval::millis(0, 61_050));
    }
}
