//! STO-001: how many monitors vote, and where.

use plimsoll_diagnostics::Severity;
use plimsoll_views::World;
use plimsoll_views::storage::CephCluster;

use super::STORAGE;
use crate::{Evidence, Finding, Manual, Reads, Rule, Verdicts};

pub(super) const STO_001: Rule = Rule {
    id: "STO-001",
    severity: Severity::Error,
    summary: "Ceph has three monitors, or five on five hosts",
    reads: Reads::Both,
    silent_behind: &[],
    manual: Manual {
        checks: "Fewer than three monitors: an error when the loss of a host is among the goals of storage, else a \
                 warning. A warning for an even number, for five on fewer than five physical hosts, and for \
                 allowMultiplePerNode with more than one monitor. Which host or rack takes a majority is judged by \
                 PHY-003.",
        breaks: "Without a majority of monitors no client reads or writes. An even number loses it as early as the next \
                 smaller odd one.",
        remedy: "Three monitors on three physical hosts.",
        before: "mon: { count: 2, allowMultiplePerNode: true }",
        after: "mon: { count: 3, allowMultiplePerNode: false }",
        source: "Rook, CephCluster CRD, \"Mon Settings\" (counts from 1 to 9, odd ones recommended)",
        evidence: Evidence::SeenPrinciple,
    },
    check: count,
};

fn count(world: &World<'_>, verdicts: &mut Verdicts) {
    for cluster in &world.storage.ceph {
        match cluster.mon_count.copied() {
            Some(count) => verdicts.verdict(judged(world, cluster, count)),
            None => verdicts.cannot_judge(&cluster.place, "how many monitors there are"),
        }
    }
}

fn judged(world: &World<'_>, cluster: &CephCluster, count: usize) -> Option<Finding> {
    let finding = |severity, message: String| {
        Finding::new(severity, cluster.mon_count.place(), message).at(&cluster.mon_count, "")
    };
    let monitors = if count == 1 { "1 monitor".to_owned() } else { format!("{count} monitors") };
    if count < 3 {
        let declared = world.goals.one("host", STORAGE) || world.goals.one("machine", STORAGE);
        let severity = if declared { Severity::Error } else { Severity::Warning };
        return Some(
            finding(severity, format!("Ceph with {monitors} survives the loss of none"))
                .breaks("when one is lost, every volume of the cluster hangs")
                .help("run three, each on a physical host of its own"),
        );
    }
    if count.is_multiple_of(2) {
        return Some(
            finding(Severity::Warning, format!("of {monitors} no more may be lost than of {}", count - 1))
                .breaks("one more monitor can fail, and nothing is gained by it")
                .help(format!("run {} or {}", count - 1, count + 1)),
        );
    }
    if cluster.mon_multiple.is(&true) {
        return Some(
            Finding::new(Severity::Warning, cluster.mon_multiple.place(), "two monitors may run on one node")
                .at(&cluster.mon_multiple, "")
                .breaks("one node can take two votes, and with them the majority")
                .help("set `allowMultiplePerNode: false`; only a test cluster on one node needs it"),
        );
    }
    let hosts = cluster.hosts.copied().filter(|hosts| count >= 5 && *hosts < count)?;
    Some(
        finding(Severity::Warning, format!("{monitors} stand on {hosts} physical hosts"))
            .breaks("one host takes two votes: there is less to lose than with five hosts")
            .help("run three, or add hosts"),
    )
}
