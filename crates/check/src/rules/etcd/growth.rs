//! ETCD-007, 008 and 009: how the database grows and shrinks.

use plimsoll_diagnostics::Severity;
use plimsoll_model::units::{Bytes, Millis};
use plimsoll_views::World;

use crate::{Evidence, Finding, Manual, Reads, Rule, Verdicts};

pub(super) const ETCD_007: Rule = Rule {
    id: "ETCD-007",
    severity: Severity::Warning,
    summary: "the quota of the database is at most 8 GiB and half the memory",
    reads: Reads::Both,
    silent_behind: &[],
    manual: Manual {
        checks: "A warning when quota-backend-bytes exceeds 8 GiB or half of the member's memory; advice when nobody set \
                 it (2 GiB) and more than 250 nodes are planned.",
        breaks: "Beyond the quota the API takes no writes (NOSPACE); beyond 8 GiB etcd warns, and a member with too little \
                 memory is killed while it loads the database.",
        remedy: "4 to 8 GiB with an alert at 80 %.",
        before: "quota-backend-bytes: 17179869184",
        after: "quota-backend-bytes: 8589934592",
        source: "etcd FAQ and maintenance guide, space quota",
        evidence: Evidence::SeenPrinciple,
    },
    check: quota,
};

pub(super) const ETCD_008: Rule = Rule {
    id: "ETCD-008",
    severity: Severity::Advice,
    summary: "somebody defragments the database, one member after the other",
    reads: Reads::Design,
    silent_behind: &[],
    manual: Manual {
        checks: "Nobody plans a defragmentation of etcd.",
        breaks: "The file never shrinks: after a burst of objects it stays near its quota.",
        remedy: "When more than a third to a half of the file is free: one member at a time, the leader last, waiting for \
                 health in between, with `--command-timeout=60s`.",
        before: "# no plan",
        after: "defragmentation: monthly, when more than a third is free",
        source: "etcd maintenance guide, defragmentation; etcdctl defrag_command.go",
        evidence: Evidence::SeenPrinciple,
    },
    check: defragmentation,
};

pub(super) const ETCD_009: Rule = Rule {
    id: "ETCD-009",
    severity: Severity::Warning,
    summary: "exactly one of API server and etcd compacts the history",
    reads: Reads::Design,
    silent_behind: &[],
    manual: Manual {
        checks: "A warning when neither the API server (etcd-compaction-interval) nor etcd (auto-compaction-retention) \
                 compacts; advice when both do.",
        breaks: "The history grows until the quota stops all writes; when both compact, watches of slow clients may \
                 break earlier than either setting says.",
        remedy: "Leave it to the API server, which compacts every 5 minutes.",
        before: "etcd-compaction-interval: 0",
        after: "etcd-compaction-interval: 5m",
        source: "kube-apiserver reference, etcd-compaction-interval; etcd maintenance guide, history compaction",
        evidence: Evidence::Expertise,
    },
    check: compaction,
};

fn quota(world: &World<'_>, verdicts: &mut Verdicts) {
    const SUGGESTED_MAXIMUM: Bytes = Bytes::gib(8);
    for member in world.etcd.iter().flat_map(|cluster| &cluster.members) {
        let Some(quota) = member.quota.copied() else {
            verdicts.cannot_judge(&member.place, "its quota");
            continue;
        };
        let memory = member.memory.copied();
        let finding = |severity, label: String, breaks: &str| {
            Finding::new(severity, member.quota.place(), format!("the quota of etcd on {} is {quota}", member.name))
                .at(&member.quota, label)
                .breaks(breaks)
                .help("use 4 to 8GiB, and an alert at 80 %")
        };
        let large = world.design.is_some_and(|source| source.design.kubernetes.nodes_max > 250);
        verdicts.verdict(if quota > SUGGESTED_MAXIMUM {
            Some(finding(
                Severity::Warning,
                "etcd suggests 8GiB at most".into(),
                "snapshots, restarts and defragmentation take minutes, in which the member is away",
            ))
        } else if let Some(memory) = memory.filter(|memory| quota.0 * 2 > memory.0) {
            Some(
                finding(
                    Severity::Warning,
                    format!("more than half of {memory}"),
                    "the member is killed for lack of memory before it reaches its quota",
                )
                .context(&member.memory, ""),
            )
        } else if large && member.quota.is_default() {
            Some(finding(
                Severity::Advice,
                "the default".into(),
                "a large cluster reaches it, and the API takes no writes",
            ))
        } else {
            None
        });
    }
}

fn defragmentation(world: &World<'_>, verdicts: &mut Verdicts) {
    for cluster in &world.etcd {
        match cluster.defragmentation.get() {
            Some(Some(_)) => verdicts.holds(),
            Some(None) => verdicts.broken(
                Finding::new(Severity::Advice, cluster.defragmentation.place(), "nobody defragments etcd")
                    .at(&cluster.defragmentation, "")
                    .breaks("its file never shrinks, and after a burst of objects it stays near its quota")
                    .help("plan it: one member at a time, the leader last, when more than a third is free"),
            ),
            None => verdicts.cannot_judge(&cluster.place, "who defragments it"),
        }
    }
}

fn compaction(world: &World<'_>, verdicts: &mut Verdicts) {
    for cluster in &world.etcd {
        let own: Option<Vec<Millis>> = cluster.members.iter().map(|member| member.auto_compaction.copied()).collect();
        let (Some(by_api), Some(own)) = (cluster.apiserver_compaction.copied(), own) else {
            verdicts.cannot_judge(&cluster.place, "who compacts its history");
            continue;
        };
        let by_etcd = own.iter().any(|retention| *retention > Millis(0));
        verdicts.verdict(match (by_api > Millis(0), by_etcd) {
            (false, false) => Some(
                Finding::new(
                    Severity::Warning,
                    cluster.apiserver_compaction.place(),
                    "nobody compacts the history of etcd",
                )
                .at(&cluster.apiserver_compaction, "off")
                .breaks("it grows until its quota stops all writes")
                .help("leave etcd-compaction-interval at 5m"),
            ),
            (true, true) => Some(
                Finding::new(Severity::Advice, &cluster.place, "API server and etcd both compact the history")
                    .at(&cluster.members[0].auto_compaction, "")
                    .context(&cluster.apiserver_compaction, "")
                    .breaks("watches of slow clients break earlier than either setting says")
                    .help("leave auto-compaction-retention out"),
            ),
            _ => None,
        });
    }
}
