//! etcd: the election of a leader.

use plimsoll_model::design::Etcd;
use plimsoll_model::units::Millis;

use super::{between, less, ms};
use crate::assumption::Assumption as A;
use crate::how::Mechanism;

const SOURCE: &str = "go.etcd.io/raft v3 raft.go (resetRandomizedElectionTimeout, tickElection, inLease, campaign) and \
                      https://etcd.io/docs/v3.6/tuning/";
/// What a round trip between members, or an fsync, takes where nobody measured it.
const QUICK: Millis = Millis(10);

/// The leader is gone: a follower stands after a random 1 to 2 times the election timeout, counted in whole heartbeats.
///
/// A follower that hears of another candidate while its own lease of the leader runs refuses it; that costs nothing more
/// than its own wait, which is under twice the timeout as well.
pub fn election(etcd: &Etcd, fsync: Option<Millis>) -> Mechanism {
    let heartbeat = etcd.heartbeat;
    // The draw is `timeout + random(timeout)` in ticks, so 2n - 1 at most; the first tick is up to one heartbeat early, and
    // the last sign of life up to one old.
    let ticks = etcd.election.0.checked_div(heartbeat.0).unwrap_or(0);
    let (round_trip, sync) = (etcd.rtt_max.unwrap_or(QUICK), fsync.unwrap_or(QUICK));
    let votes = round_trip * 3 + sync * 2;
    let least = less(heartbeat * ticks, heartbeat * 2);
    let most = heartbeat * (2 * ticks).saturating_sub(1) + votes;
    let interval = between(least, most);
    Mechanism {
        name: "etcd: election of a leader",
        new: interval,
        existing: interval,
        formula: format!(
            "{ticks} to {} ticks of {}, the first and the last heartbeat up to one tick off, + 3 round trips of {} and 2 \
             fsyncs of {} for the votes",
            (2 * ticks).saturating_sub(1),
            ms(heartbeat),
            ms(round_trip),
            ms(sync)
        ),
        source: SOURCE,
        assumes: &[A::ElectionNotSplit, A::DiskAndNetworkAreQuick, A::ClocksAgree],
    }
}
