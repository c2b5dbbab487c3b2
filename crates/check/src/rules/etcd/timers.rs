//! ETCD-006: heartbeat and election.

use plimsoll_diagnostics::Severity;
use plimsoll_model::units::Millis;
use plimsoll_views::World;
use plimsoll_views::etcd::{EtcdCluster, EtcdMember};

use crate::{Evidence, Finding, Manual, Reads, Rule, Verdicts};

pub(super) const ETCD_006: Rule = Rule {
    id: "ETCD-006",
    severity: Severity::Error,
    summary: "the election timeout fits the heartbeat and the round trip",
    reads: Reads::Both,
    silent_behind: &[],
    manual: Manual {
        checks: "An error when election < 5 × heartbeat, election > 50 s, or either is 0 (etcd does not start), or when a \
                 round trip is declared and election < 10 × it. A warning when members differ, or heartbeat < half the \
                 declared round trip. Advice when heartbeat exceeds both 100 ms and 1.5 × the declared round trip. The \
                 defaults, 100 ms and 1000 ms, are fine up to 100 ms of round trip.",
        breaks: "etcd does not start, or elects leaders all the time, or notices a dead leader late.",
        remedy: "100 ms and 1000 ms in one site; 250 ms and 2500 ms on slow disks.",
        before: "etcd: { heartbeat: 500ms, election: 1000ms }",
        after: "etcd: { heartbeat: 100ms, election: 1000ms }",
        source: "etcd server/embed/config.go (Validate); etcd tuning guide, time parameters",
        evidence: Evidence::Tested("etcd 3.5.16: refuses to start just beyond each of its bounds, and starts on them"),
    },
    check,
};

/// Largest election timeout that etcd takes (embed/config.go, maxElectionMs).
const MAX_ELECTION: Millis = Millis::secs(50);

fn check(world: &World<'_>, verdicts: &mut Verdicts) {
    for cluster in &world.etcd {
        let unequal = differing(cluster);
        if let Some(finding) = unequal {
            verdicts.broken(finding);
        }
        for member in &cluster.members {
            let (Some(heartbeat), Some(election)) = (member.heartbeat.copied(), member.election.copied()) else {
                verdicts.cannot_judge(&member.place, "its heartbeat and election timeout");
                continue;
            };
            verdicts.verdict(judge(member, heartbeat, election, cluster.rtt_max.copied()));
        }
    }
}

fn judge(member: &EtcdMember, heartbeat: Millis, election: Millis, rtt: Option<Millis>) -> Option<Finding> {
    // The mark goes to what somebody wrote: a default has no place of its own.
    let finding = |severity, message: String, label: String, breaks: &str| {
        let by_heartbeat = member.election.is_default() && !member.heartbeat.is_default();
        let (marked, other, text) = if by_heartbeat {
            (&member.heartbeat, &member.election, format!("election {election} by default"))
        } else {
            (&member.election, &member.heartbeat, format!("heartbeat {heartbeat}"))
        };
        let finding = Finding::new(severity, marked.place(), message).at(marked, label);
        let finding = if other.is_default() { finding } else { finding.context(other, text) };
        finding
            .breaks(breaks)
            .help("use 100ms and 1000ms in one site; 250ms and 2500ms on slow disks")
            // The timers of a design are one fact for all members.
            .cause(member.election.place().component())
    };
    let of_heartbeat = |severity, message: String, breaks: &str| {
        Finding::new(severity, member.heartbeat.place(), message)
            .at(&member.heartbeat, format!("{heartbeat}"))
            .breaks(breaks)
            .help("use about the round trip, and 10 times as much for the election timeout")
            .cause(member.election.place().component())
    };
    let no_start = "etcd does not start";
    if heartbeat == Millis(0) || election == Millis(0) {
        return Some(finding(Severity::Error, "an etcd timer is 0".into(), format!("election {election}"), no_start));
    }
    if election < heartbeat * 5 {
        let label = format!("{election} is less than 5 × {heartbeat}");
        let message = format!("the election timeout of {} is too close to its heartbeat", member.name);
        return Some(finding(Severity::Error, message, label, no_start));
    }
    if election > MAX_ELECTION {
        let label = format!("{election} is more than {MAX_ELECTION}");
        let message = format!("the election timeout of {} is too long", member.name);
        return Some(finding(Severity::Error, message, label, no_start));
    }
    let rtt = rtt?;
    if election < rtt * 10 {
        return Some(finding(
            Severity::Error,
            format!("the election timeout of {} is short for a round trip of {rtt}", member.name),
            format!("{election} is less than 10 × {rtt}"),
            "leaders are elected all the time",
        ));
    }
    if heartbeat.0 * 2 < rtt.0 {
        return Some(of_heartbeat(
            Severity::Warning,
            format!("the heartbeat of {} is short for a round trip of {rtt}", member.name),
            "heartbeats pile up on the way",
        ));
    }
    if heartbeat > Millis(100) && heartbeat.0 * 2 > rtt.0 * 3 {
        return Some(of_heartbeat(
            Severity::Advice,
            format!("the heartbeat of {} is long for a round trip of {rtt}", member.name),
            "a dead leader is noticed later than it could be",
        ));
    }
    None
}

fn differing(cluster: &EtcdCluster) -> Option<Finding> {
    let timers = |member: &EtcdMember| member.heartbeat.copied().zip(member.election.copied());
    let mut known = cluster.members.iter().filter(|member| timers(member).is_some());
    let first = known.next()?;
    let other = known.find(|member| timers(member) != timers(first))?;
    let label = |member: &EtcdMember| {
        timers(member).map_or_else(String::new, |(heartbeat, election)| format!("{heartbeat} and {election}"))
    };
    Some(
        Finding::new(
            Severity::Warning,
            other.election.place(),
            if first.name == other.name {
                format!("two members of etcd called {} have different timers", first.name)
            } else {
                format!("etcd of {} and {} have different timers", first.name, other.name)
            },
        )
        .at(&other.election, label(other))
        .context(&first.election, label(first))
        .breaks("the member with the shorter timeout starts elections that nobody needs")
        .help("use the same timers on every member"),
    )
}
