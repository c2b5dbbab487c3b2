//! ETCD-002, 003, 004 and 020: what the data lie on.

use std::collections::BTreeMap;

use plimsoll_diagnostics::Severity;
use plimsoll_model::Name;
use plimsoll_model::design::{DiskKind, Raid};
use plimsoll_model::units::Millis;
use plimsoll_views::etcd::{EtcdCluster, EtcdMember};
use plimsoll_views::{Scope, World};

use super::quorum;
use crate::{Evidence, Finding, Manual, Reads, Rule, Verdicts};

pub(super) const ETCD_002: Rule = Rule {
    id: "ETCD-002",
    severity: Severity::Error,
    summary: "no disk or store holds the data of more members than etcd can lose",
    reads: Reads::Design,
    silent_behind: &["PHY-003"],
    manual: Manual {
        checks: "Members whose data lie on one disk group or one shared store. An error when more than n − quorum(n) do \
                 and the API must survive the loss of any one disk or host; else a warning, as when two do and the quorum \
                 survives. Where the host itself takes the quorum, and its loss must be survived, PHY-003 speaks.",
        breaks: "The loss of that disk or store takes the quorum, although the members are on different machines.",
        remedy: "A disk of its own for each member, in the host that it runs on.",
        before: "disks: { etcd: san 16GiB }      # one LUN for all three",
        after: "disks: { etcd: fast 16GiB }     # a local NVMe on each host",
        source: "etcd FAQ; etcd hardware recommendations",
        evidence: Evidence::Seen,
    },
    check: common_store,
};

pub(super) const ETCD_003: Rule = Rule {
    id: "ETCD-003",
    severity: Severity::Error,
    summary: "etcd does not lie on storage that the cluster itself provides",
    reads: Reads::Design,
    silent_behind: &[],
    manual: Manual {
        checks: "The disk of a member lies on Ceph, NFS or another store served by this cluster.",
        breaks: "The storage needs the cluster to start, and the cluster needs the storage: after losing all power \
                 neither comes back. Each write waits for the network twice.",
        remedy: "A local disk.",
        before: "disks: { etcd: ceph-ssd 16GiB }",
        after: "disks: { etcd: fast 16GiB }",
        source: "own reasoning: a circle of dependencies",
        evidence: Evidence::Expertise,
    },
    check: own_storage,
};

pub(super) const ETCD_004: Rule = Rule {
    id: "ETCD-004",
    severity: Severity::Warning,
    summary: "etcd lies on fast local flash",
    reads: Reads::Design,
    silent_behind: &["ETCD-003"],
    manual: Manual {
        checks: "The disk of a member rotates, is served over a network, or has a measured fsync of 10 ms or more at the \
                 99th percentile (threshold `fsync_p99_ms`).",
        breaks: "Heartbeats are late, leaders are elected anew, controllers restart.",
        remedy: "NVMe or SSD with power-loss protection, not shared with OSDs or images.",
        before: "disks: { boot: 2x2TB hdd mirror }",
        after: "disks: { fast: 2x400GB nvme mirror }",
        source: "etcd FAQ, \"What does the etcd warning 'failed to send out heartbeat on time' mean?\"; etcd hardware \
                 recommendations; rancher/rke issue 2295",
        evidence: Evidence::Seen,
    },
    check: slow_disk,
};

pub(super) const ETCD_020: Rule = Rule {
    id: "ETCD-020",
    severity: Severity::Advice,
    summary: "most members have fast disks",
    reads: Reads::Design,
    silent_behind: &["ETCD-004"],
    manual: Manual {
        checks: "As many members on parity RAID or on disks that OSDs write to as a majority needs, n − quorum(n) or more.",
        breaks: "A write is done when a majority has it on disk: with that many slow disks every write waits for one, or \
                 there is no slack when a fast member is down.",
        remedy: "A disk apart for each member; RAID 1 at most, since the members are the redundancy.",
        before: "disks: { bulk: 6x4TB ssd raid5 }    # etcd on bulk",
        after: "disks: { fast: 2x400GB nvme mirror }",
        source: "etcd hardware recommendations",
        evidence: Evidence::Expertise,
    },
    check: slow_majority,
};

/// The one host of these members, when the promises include its loss: then it, and not the disk, is the cause.
fn lost_host(world: &World<'_>, members: &[&EtcdMember]) -> Option<String> {
    let machines = &world.design?.design.machine;
    let host = |member: &&EtcdMember| machines.get(&Name::from(member.name.as_str())).map(|machine| &machine.host);
    let first = members.first().and_then(host)?;
    let one = members.iter().all(|member| host(member) == Some(first));
    (one && world.goals.one("host", Scope::Promise("api"))).then(|| format!("host/{first}"))
}

fn common_store(world: &World<'_>, verdicts: &mut Verdicts) {
    for cluster in &world.etcd {
        let mut by_store: BTreeMap<&str, Vec<&EtcdMember>> = BTreeMap::new();
        for member in &cluster.members {
            match member.disk.store.get() {
                Some(store) => by_store.entry(store).or_default().push(member),
                None => verdicts.cannot_judge(&member.place, "the disk its data lie on"),
            }
        }
        for (store, members) in by_store {
            let shared = members.len() > 1;
            verdicts.verdict(shared.then(|| {
                let voters = cluster.voters.copied().unwrap_or(cluster.members.len());
                let lost = members.len() > voters.saturating_sub(quorum(voters));
                let names: Vec<&str> = members.iter().map(|member| member.name.as_str()).collect();
                let goal = ["disk", "host"].iter().any(|kind| world.goals.one(kind, Scope::Promise("api")));
                let severity = if lost && goal { Severity::Error } else { Severity::Warning };
                Finding::new(
                    severity,
                    members[1].disk.store.place(),
                    format!("{} keep their data on {store}", names.join(", ")),
                )
                .at(&members[1].disk.store, format!("on {store}"))
                .context(&members[0].disk.store, "the same")
                .breaks(if lost {
                    format!("when {store} is lost, etcd has no quorum and the API takes no writes")
                } else {
                    format!("when {store} is lost, {} members go at once", members.len())
                })
                .help("give each member a disk of its own, in its own host")
                .cause(lost_host(world, &members).unwrap_or_else(|| format!("etcd/{store}")))
            }));
        }
    }
}

fn own_storage(world: &World<'_>, verdicts: &mut Verdicts) {
    for member in members(world) {
        match member.disk.own_storage.copied() {
            Some(true) => verdicts.broken(
                Finding::new(
                    Severity::Error,
                    member.disk.own_storage.place(),
                    format!("etcd of {} lies on storage that the cluster itself provides", member.name),
                )
                .at(&member.disk.own_storage, "")
                .breaks("after losing all power each waits for the other, and neither comes back")
                .help("use a disk of its host")
                .cause(format!("{}/disk", member.name)),
            ),
            Some(false) => verdicts.holds(),
            None => verdicts.cannot_judge(&member.place, "the disk its data lie on"),
        }
    }
}

fn slow_disk(world: &World<'_>, verdicts: &mut Verdicts) {
    let limit = world.thresholds.fsync_p99_ms;
    for member in members(world) {
        let disk = &member.disk;
        let (Some(kind), Some(shared)) = (disk.kind.copied(), disk.shared.get()) else {
            verdicts.cannot_judge(&member.place, "the disk its data lie on");
            continue;
        };
        let finding = |place, label: String| {
            Finding::new(Severity::Warning, place, format!("etcd of {} lies on a slow disk", member.name))
                .at_place(place, label)
                .breaks("heartbeats are late, leaders are elected anew, controllers restart")
                .help("use NVMe or SSD with power-loss protection in its host")
                .cause(format!("{}/disk", member.name))
        };
        let measured = disk.fsync_p99.copied().filter(|p99| p99.0 as f64 >= limit);
        verdicts.verdict(if let Some(p99) = measured {
            Some(finding(disk.fsync_p99.place(), format!("an fsync takes {p99} at the 99th percentile")))
        } else if kind == DiskKind::Hdd && disk.fsync_p99.copied().is_none() {
            Some(finding(disk.kind.place(), "rotating".to_owned()))
        } else {
            shared
                .as_ref()
                .filter(|_| disk.fsync_p99.copied().is_none())
                .map(|shared| finding(disk.shared.place(), format!("served over a network by {shared}")))
        });
    }
}

fn slow_majority(world: &World<'_>, verdicts: &mut Verdicts) {
    for cluster in &world.etcd {
        let voters = cluster.voters.copied().unwrap_or(cluster.members.len());
        if voters < 3 {
            continue;
        }
        let known = cluster.members.iter().all(|member| member.disk.raid.get().is_some());
        if !known {
            verdicts.cannot_judge(&cluster.place, "the disks of all members");
            continue;
        }
        let slow: Vec<(&EtcdMember, String)> =
            cluster.members.iter().filter_map(|m| slowed(m).map(|why| (m, why))).collect();
        verdicts.verdict((slow.len() >= voters - quorum(voters)).then(|| few_fast(cluster, &slow, voters)));
    }
}

/// Why writes to a member's disk wait, if they do.
fn slowed(member: &EtcdMember) -> Option<String> {
    let measured_fast = member.disk.fsync_p99.copied().is_some_and(|p99| p99 < Millis(10));
    if measured_fast {
        return None;
    }
    match member.disk.raid.copied()? {
        Raid::Raid5 | Raid::Raid6 => return Some("on parity RAID".to_owned()),
        _ => {}
    }
    let passed = member.disk.shared_with.get()?.iter().find(|user| user.ends_with("/passthrough"))?;
    Some(format!("on disks that are passed through at {passed}"))
}

fn few_fast(cluster: &EtcdCluster, slow: &[(&EtcdMember, String)], voters: usize) -> Finding {
    let names: Vec<&str> = slow.iter().map(|(member, _)| member.name.as_str()).collect();
    let (first, why) = &slow[0];
    Finding::new(
        Severity::Advice,
        &cluster.place,
        format!("{} of {voters} etcd members have slow disks: {}", slow.len(), names.join(", ")),
    )
    .at(&first.disk.raid, why.as_str())
    .breaks("every write waits for a slow disk, at the latest when a fast member is down")
    .help("give each member a disk apart; RAID 1 at most")
    .cause(format!("{}/disk", first.name))
}

fn members<'a>(world: &'a World<'_>) -> impl Iterator<Item = &'a EtcdMember> {
    world.etcd.iter().flat_map(|cluster| &cluster.members)
}
