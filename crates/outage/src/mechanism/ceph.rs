//! Ceph: OSDs that die, and monitors that elect.

use plimsoll_model::units::Millis;

use super::{between, ms};
use crate::assumption::Assumption as A;
use crate::how::Mechanism;
use crate::interval::Interval;

const OSD: &str = "https://docs.ceph.com/en/squid/rados/configuration/mon-osd-interaction and src/osd/OSD.h \
                   (HeartbeatInfo::is_unhealthy: the oldest unanswered ping)";
const MON: &str = "Ceph src/common/options (mon_lease 5, mon_lease_ack_timeout_factor 2, mon_election_timeout 5, \
                   mon_client_hunt_interval 3) and src/mon/Paxos.cc";
/// A peer is pinged at random intervals below this.
const HEARTBEAT: Millis = Millis(6_000);
/// How often an OSD looks whether a peer is unhealthy.
const LOOK: Millis = Millis(1_000);
/// How often it reports to the monitors.
const REPORT: Millis = Millis(5_000);
/// How long the monitors collect changes before they agree on a map.
const PROPOSE: Millis = Millis(1_000);
/// What peering may take.
const PEER: Millis = Millis(3_000);

/// OSDs fall silent: their host or its network is gone.
pub fn osds_silent(grace: Millis) -> Mechanism {
    let interval = between(grace, grace + HEARTBEAT + LOOK + REPORT + PROPOSE + PEER);
    Mechanism {
        name: "Ceph: silent OSDs are marked down",
        new: interval,
        existing: interval,
        formula: format!(
            "grace {} from the first ping without an answer, sent within {} of the death, + look {} + report {} + map {} + \
             peering {}",
            ms(grace),
            ms(HEARTBEAT),
            ms(LOOK),
            ms(REPORT),
            ms(PROPOSE),
            ms(PEER)
        ),
        source: OSD,
        assumes: &[A::TwoReporters, A::PeeringIsQuick, A::MonitorsElectOnce],
    }
}

/// An OSD died on a host that lives: its port refuses connections, and peers report it at once.
pub fn osd_refused() -> Mechanism {
    let interval = Interval::up_to(LOOK + PROPOSE + PEER);
    Mechanism {
        name: "Ceph: a dead OSD is marked down at once",
        new: interval,
        existing: interval,
        formula: format!("reported when its port refuses, {} + map {} + peering {}", ms(LOOK), ms(PROPOSE), ms(PEER)),
        source: "Ceph src/common/options (osd_fast_fail_on_connection_refused, osd_fast_shutdown_notify_mon)",
        assumes: &[A::PeeringIsQuick],
    }
}

/// A monitor is gone: the others miss its lease and elect. Those who know the map go on without them.
pub fn monitors_elect() -> Mechanism {
    const LEASE_ACK: Millis = Millis(10_000);
    const ELECTION: Millis = Millis(5_000);
    const HUNT: Millis = Millis(3_000);
    Mechanism {
        name: "Ceph: monitors elect",
        new: Interval::up_to(LEASE_ACK + ELECTION + HUNT),
        existing: Interval::ZERO,
        formula: format!(
            "lease 5000 ms × 2 until it is missed + election {} + {} until a client tries another monitor",
            ms(ELECTION),
            ms(HUNT)
        ),
        source: MON,
        assumes: &[A::MonitorsElectOnce, A::ClocksAgree],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn grace_counts_from_the_first_ping_without_an_answer() {
        // Least 20 s; most 20 + 6 + 1 + 5 + 1 + 3 = 36 s.
        assert_eq!(osds_silent(Millis(20_000)).new, Interval::millis(20_000, 36_000));
        // 1 + 1 + 3 = 5 s.
        assert_eq!(osd_refused().new, Interval::millis(0, 5_000));
        // 10 + 5 + 3 = 18 s for those who come new, nothing for those who are there.
        assert_eq!((monitors_elect().new, monitors_elect().existing), (Interval::millis(0, 18_000), Interval::ZERO));
    }
}
