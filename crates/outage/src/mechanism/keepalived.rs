//! The check that decides whether a member may hold the address.

use plimsoll_model::design::VrrpCheck;
use plimsoll_model::units::Millis;

use super::{WAKE, between, less, ms};
use crate::assumption::Assumption as A;
use crate::how::Mechanism;
use crate::interval::Interval;

const SOURCE: &str = "keepalived.conf(5) of 2.3.3 (vrrp_script: interval, timeout, fall, rise) and vrrp_track.c; tried with \
                      keepalived 2.3.3";

/// kube-apiserver's `--etcd-readycheck-timeout`: what `/readyz` may take to say no.
pub const READY: Millis = Millis(2_000);

/// How a check finds what is broken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fails {
    /// At once: the connection is refused.
    AtOnce,
    /// By its own time limit: no answer comes.
    BySilence,
    /// After up to 2 s: an API server that waits for its datastore says that it is not ready.
    Slowly,
}

/// From the fault until the check has failed as often as it must. Runs start every interval; one that is under way at the
/// time of the fault may fail already, and has started up to [`WAKE`] before it (a lab measured 14 ms).
pub fn fall_time(check: &VrrpCheck, fails: Fails) -> Interval {
    let between_runs = check.interval * u64::from(check.fall.saturating_sub(1));
    between(less(between_runs, WAKE), check.interval * u64::from(check.fall) + run_time(check, fails))
}

fn run_time(check: &VrrpCheck, fails: Fails) -> Millis {
    match fails {
        Fails::AtOnce => WAKE,
        Fails::BySilence => check.max_time.min(check.timeout) + WAKE,
        Fails::Slowly => check.max_time.min(check.timeout).min(READY) + WAKE,
    }
}

/// The check fails as often as it must.
pub fn falls(check: &VrrpCheck, fails: Fails) -> Mechanism {
    let interval = fall_time(check, fails);
    Mechanism {
        name: "keepalived: the check fails",
        new: interval,
        existing: interval,
        formula: format!(
            "{} failures in a row, one run each {}: {} more runs after the first, which is under way or starts within one \
             interval and takes at most {}",
            check.fall,
            ms(check.interval),
            check.fall.saturating_sub(1),
            ms(run_time(check, fails))
        ),
        source: SOURCE,
        assumes: &[A::CheckTellsTheTruth, A::Wakes],
    }
}

/// The most that passes until the check has passed again as often as it must.
pub fn rise_time(check: &VrrpCheck) -> Millis {
    check.interval * u64::from(check.rise) + WAKE
}

#[cfg(test)]
mod tests {
    use plimsoll_model::design::VrrpCheckKind;

    use super::*;

    #[test]
    fn the_first_failure_comes_within_one_interval() {
        let check = VrrpCheck {
            kind: VrrpCheckKind::Path,
            script: String::new(),
            url: String::new(),
            max_time: Millis(2_000),
            interval: Millis(3_000),
            timeout: Millis(3_000),
            fall: 2,
            rise: 2,
            weight: None,
        };
        // Best: a run that began 50 ms before the fault fails, the next starts 3 s after its start. Worst: 3 s until the first, 3 s to the second, 50 ms.
        assert_eq!(fall_time(&check, Fails::AtOnce), Interval::millis(2_950, 6_050));
        // Silence costs the whole request: 2 s of curl's limit on top.
        assert_eq!(fall_time(&check, Fails::BySilence), Interval::millis(2_950, 8_050));
        assert_eq!(rise_time(&check), Millis(6_050));
    }
}
