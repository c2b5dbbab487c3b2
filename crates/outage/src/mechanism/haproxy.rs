//! HAProxy: servers that fail their checks, and what becomes of connections meanwhile.

use plimsoll_model::design::Haproxy;
use plimsoll_model::units::Millis;

use super::{WAKE, between, ms};
use crate::assumption::Assumption as A;
use crate::how::Mechanism;
use crate::interval::Interval;

pub use super::keepalived::{Fails, READY};

const SOURCE: &str = "HAProxy 3.0 configuration.txt 4.2 (timeout check, retries) and 5.2 (inter, fastinter, downinter, fall, \
                      rise), src/check.c (the next check starts one interval after the end of the last); tried with 3.0";

/// How long one failing check takes. Of a host that is gone, which takes no connection: the lesser of `timeout connect` and
/// `inter` (without `timeout check`: `inter`).
fn check_time(haproxy: &Haproxy, fails: Fails) -> Millis {
    let inter = haproxy.check.interval;
    match fails {
        Fails::AtOnce => WAKE,
        Fails::BySilence => {
            let connect = haproxy.timeout.connect.min(inter);
            haproxy.timeout.check.map_or(inter, |_| connect) + WAKE
        }
        Fails::Slowly => haproxy.timeout.check.unwrap_or(inter).min(READY) + WAKE,
    }
}

/// Between the checks of a server that has begun to fail or to pass.
fn changing(haproxy: &Haproxy) -> Millis {
    haproxy.check.fast_interval.unwrap_or(haproxy.check.interval)
}

/// From the fault until the server is out.
pub fn eject_time(haproxy: &Haproxy, fails: Fails) -> Interval {
    let (fall, again) = (u64::from(haproxy.check.fall), changing(haproxy));
    let between_checks = again * fall.saturating_sub(1);
    // A silent host can be found unreachable at once by a neighbour table that gave up on it: the least counts no waits.
    between(between_checks, haproxy.check.interval + between_checks + check_time(haproxy, fails) * fall)
}

/// A server that fails is taken out. New connections go to the others at once where they are refused; those that were
/// open are closed when it goes down, if that is configured.
pub fn ejects(haproxy: &Haproxy, fails: Fails, existing: Interval) -> Mechanism {
    Mechanism {
        name: "HAProxy: a server is taken out",
        new: eject_time(haproxy, fails),
        existing,
        formula: format!(
            "{} checks in a row, the first within {}, the others {} after the last, each at most {} long",
            haproxy.check.fall,
            ms(haproxy.check.interval),
            ms(changing(haproxy)),
            ms(check_time(haproxy, fails))
        ),
        source: SOURCE,
        assumes: &[A::CheckTellsTheTruth, A::Wakes],
    }
}

/// The most that passes until a server that is down and well again gets connections.
pub fn return_time(haproxy: &Haproxy) -> Millis {
    let down = haproxy.check.down_interval.unwrap_or(haproxy.check.interval);
    let rise = u64::from(haproxy.check.rise);
    down + changing(haproxy) * rise.saturating_sub(1) + WAKE * rise
}

/// Every server fails its checks for a while and HAProxy takes all of them out: they return by their own checks.
pub fn returns(haproxy: &Haproxy) -> Mechanism {
    let interval = Interval::up_to(return_time(haproxy));
    Mechanism {
        name: "HAProxy: servers return",
        new: interval,
        existing: interval,
        formula: format!(
            "at most {} until the next check of a server that is down, and {} more of {} each",
            ms(haproxy.check.down_interval.unwrap_or(haproxy.check.interval)),
            haproxy.check.rise.saturating_sub(1),
            ms(changing(haproxy))
        ),
        source: SOURCE,
        assumes: &[A::CheckTellsTheTruth, A::Wakes],
    }
}

#[cfg(test)]
mod tests {
    use plimsoll_model::Map;
    use plimsoll_model::design::{HaproxyCheck, HaproxyTimeouts};

    use super::*;

    fn haproxy(inter: u64, fast: Option<u64>, down: u64, fall: u32, connect: u64, check: u64) -> Haproxy {
        Haproxy {
            bind: Vec::new(),
            nonlocal_bind: false,
            local_only: false,
            maxconn: None,
            server_maxconn: None,
            balance: "leastconn".to_owned(),
            slowstart: None,
            shutdown_sessions: true,
            timeout: HaproxyTimeouts {
                connect: Millis(connect),
                client: Millis(60_000),
                server: Millis(60_000),
                tunnel: None,
                client_fin: None,
                check: Some(Millis(check)),
                queue: Millis(20_000),
            },
            check: HaproxyCheck {
                http: true,
                uri: "/readyz".to_owned(),
                tls: true,
                ca_file: None,
                interval: Millis(inter),
                down_interval: Some(Millis(down)),
                fast_interval: fast.map(Millis),
                fall,
                rise: 2,
            },
            server: Map::new(),
        }
    }

    #[test]
    fn a_server_is_out_after_so_many_checks() {
        let safe = haproxy(3_000, None, 5_000, 3, 5_000, 3_000);
        // Refused: 2 × 3000 to 3000 + 2 × 3000 + 3 × 50. HAProxy 3.0 was seen to need 8110 and 7950 ms.
        assert_eq!(eject_time(&safe, Fails::AtOnce), Interval::millis(6_000, 9_150));
        // Silent: each check costs min(5000, 3000) + 50. Seen: 16760 and 16630 ms.
        assert_eq!(eject_time(&safe, Fails::BySilence), Interval::millis(6_000, 18_150));
        // Without its datastore: /readyz says no after 2000.
        assert_eq!(eject_time(&safe, Fails::Slowly), Interval::millis(6_000, 15_150));
        // 5000 + 3000 + 2 × 50. Seen from the start of a server: 6760, 6460, 7910 and 7900 ms.
        assert_eq!(return_time(&safe), Millis(8_100));

        let fast = haproxy(500, Some(100), 1_000, 2, 300, 500);
        // Refused: 100 to 500 + 100 + 2 × 50. Seen: 430 and 260 ms.
        assert_eq!(eject_time(&fast, Fails::AtOnce), Interval::millis(100, 700));
        // Silent: 500 + 100 + 2 × (300 + 50). Seen: 860 and 800 ms.
        assert_eq!(eject_time(&fast, Fails::BySilence), Interval::millis(100, 1_300));
        // 1000 + 100 + 2 × 50. Seen: 1010, 830 and 790 ms.
        assert_eq!(return_time(&fast), Millis(1_200));
    }
}
