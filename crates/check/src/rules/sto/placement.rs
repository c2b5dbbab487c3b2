//! STO-003, 004 and 033: whether copies can lie apart.

use std::collections::{BTreeMap, BTreeSet};

use plimsoll_diagnostics::Severity;
use plimsoll_views::World;
use plimsoll_views::storage::{CephCluster, Pool, Redundancy};

use super::{STORAGE, bucket_word, pools};
use crate::{Evidence, Finding, Manual, Reads, Rule, Verdicts};

pub(super) const STO_003: Rule = Rule {
    id: "STO-003",
    severity: Severity::Error,
    summary: "a pool has as many failure domains with disks of its class as it has copies or chunks",
    reads: Reads::Both,
    silent_behind: &[],
    manual: Manual {
        checks: "Domains (buckets of the pool's failureDomain) that hold a disk of the pool's class, times \
                 replicasPerFailureDomain, are fewer than its copies; or fewer than its data and coding chunks.",
        breaks: "Placement groups stay undersized for ever: a copy is missing from the start, or nothing can be written. \
                 Ceph takes the pool without a word.",
        remedy: "More domains with disks of that class, fewer copies, or a smaller domain.",
        before: "failureDomain: rack      # two racks\nreplicated: { size: 3 }",
        after: "failureDomain: host      # four hosts\nreplicated: { size: 3 }",
        source: "Rook, CephBlockPool CRD, `failureDomain` and `replicated.size`",
        evidence: Evidence::Seen,
    },
    check: enough_domains,
};

pub(super) const STO_004: Rule = Rule {
    id: "STO-004",
    severity: Severity::Error,
    summary: "copies lie on different hosts, not just on different disks",
    reads: Reads::Both,
    silent_behind: &[],
    manual: Manual {
        checks: "A pool with failureDomain `osd`: an error when there are two hosts with disks and the loss of one is among \
                 the goals of storage, a warning when it is not, advice when there is one host, which leaves no choice.",
        breaks: "All copies of some data lie on one host: its loss stops them, or destroys them.",
        remedy: "`failureDomain: host`, or the bucket of the physical host when nodes are virtual machines.",
        before: "failureDomain: osd",
        after: "failureDomain: host",
        source: "Rook, CephBlockPool CRD, `failureDomain`",
        evidence: Evidence::Seen,
    },
    check: domain_osd,
};

pub(super) const STO_033: Rule = Rule {
    id: "STO-033",
    severity: Severity::Error,
    summary: "a pool spread over nodes has no two nodes with disks on one physical host",
    reads: Reads::Design,
    silent_behind: &["STO-005"],
    manual: Manual {
        checks: "A pool with failureDomain `host` and more than one copy, where two nodes with disks are guests of one \
                 physical host. CRUSH knows a node by its name and not what is below it.",
        breaks: "One server takes two copies of some data, though every label looks right: I/O stops, and with two copies \
                 data are lost.",
        remedy: "Label nodes by their physical host (`topology.rook.io/chassis`) before the first disk is deployed and \
                 spread over that; or one guest with disks on each host.",
        before: "failureDomain: host        # worker-1 and worker-2 are guests of pve-1",
        after: "failureDomain: chassis     # topology.rook.io/chassis: pve-1 on both",
        source: "Rook, CephCluster CRD, \"OSD Topology\"",
        evidence: Evidence::SeenPrinciple,
    },
    check: shared_server,
};

fn enough_domains(world: &World<'_>, verdicts: &mut Verdicts) {
    for (cluster, pool) in pools(world) {
        let (Some(redundancy), Some(kind)) = (pool.redundancy.copied(), pool.domain.get()) else {
            verdicts.cannot_judge(&pool.place, "its copies and its failure domain");
            continue;
        };
        let Some((domains, exact)) = domain_count(cluster, pool) else {
            verdicts.cannot_judge(&pool.place, "all disks with their failure domains");
            continue;
        };
        let each = match redundancy {
            Redundancy::Copies(_) => pool.per_domain.copied().unwrap_or(1).max(1) as usize,
            Redundancy::Chunks(..) => 1,
        };
        let wanted = redundancy.pieces() as usize;
        if domains * each >= wanted {
            if exact {
                verdicts.holds();
            } else {
                verdicts.cannot_judge(&pool.place, "the class of every disk");
            }
            continue;
        }
        let class =
            pool.class.get().and_then(Option::as_ref).map_or(String::new(), |class| format!(" of class {class}"));
        let pieces = match redundancy {
            Redundancy::Copies(size) => format!("{size} copies"),
            Redundancy::Chunks(data, coding) => format!("{data} + {coding} chunks"),
        };
        let has = if domains == 0 {
            format!("no {} has disks{class}", bucket_word(kind, 1))
        } else {
            let verb = if domains == 1 { "has" } else { "have" };
            format!("{domains} {} {verb} disks{class}", bucket_word(kind, domains))
        };
        verdicts.broken(
            Finding::new(
                Severity::Error,
                &pool.place,
                format!("pool {} wants {pieces} on different {}, and {has}", pool.name, bucket_word(kind, 2)),
            )
            .at(&pool.redundancy, pieces)
            .context(&pool.domain, "")
            .breaks("placement groups stay undersized for ever, and Ceph takes the pool without a word")
            .help("add disks, lower the number, or choose a smaller failure domain")
            .cause(pool.place.component()),
        );
    }
}

/// How many domains hold disks of the pool's class, and whether that is exact: with a class unknown it is a bound from
/// above.
fn domain_count(cluster: &CephCluster, pool: &Pool) -> Option<(usize, bool)> {
    if !cluster.osds_whole {
        return None;
    }
    if let Some(domains) = cluster.domains(pool) {
        return Some((domains.len(), true));
    }
    let kind = pool.domain.get()?;
    let all: Option<BTreeSet<&str>> = cluster.osds.iter().map(|osd| osd.bucket(kind)).collect();
    Some((all?.len(), false))
}

/// Physical hosts with disks, or nodes where those are unknown.
fn servers(cluster: &CephCluster) -> usize {
    let hosts: Option<BTreeSet<&str>> = cluster.osds.iter().map(|osd| osd.bucket("chassis")).collect();
    hosts.map_or(cluster.osd_nodes().len(), |hosts| hosts.len())
}

fn domain_osd(world: &World<'_>, verdicts: &mut Verdicts) {
    for (cluster, pool) in pools(world) {
        let Some(kind) = pool.domain.get() else {
            verdicts.cannot_judge(&pool.place, "its failure domain");
            continue;
        };
        if kind != "osd" || pool.redundancy.get().is_some_and(|it| it.pieces() < 2) {
            verdicts.holds();
            continue;
        }
        let servers = servers(cluster);
        if servers == 0 {
            verdicts.cannot_judge(&pool.place, "which nodes have disks");
            continue;
        }
        let severity = match servers {
            1 if cluster.osds_whole => Severity::Advice,
            _ if world.goals.one("host", STORAGE) => Severity::Error,
            _ => Severity::Warning,
        };
        verdicts.broken(
            Finding::new(severity, &pool.place, format!("all copies of pool {} may lie on one host", pool.name))
                .at(&pool.domain, "different disks, perhaps of one host")
                .breaks("the loss of that host stops or destroys them")
                .help(if servers == 1 {
                    "nothing else is possible with one host; add two more"
                } else {
                    "spread copies over hosts"
                }),
        );
    }
}

fn shared_server(world: &World<'_>, verdicts: &mut Verdicts) {
    for (cluster, pool) in pools(world) {
        if !pool.domain.is(&"host".to_owned()) || pool.redundancy.get().is_none_or(|it| it.pieces() < 2) {
            verdicts.holds();
            continue;
        }
        let Some(domains) = cluster.domains(pool) else {
            verdicts.cannot_judge(&pool.place, "the class of every disk");
            continue;
        };
        let mut guests: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        let mut known = true;
        for (node, osds) in &domains {
            match osds.first().and_then(|osd| osd.host.get()) {
                Some(host) => guests.entry(host).or_default().push(node),
                None => known = false,
            }
        }
        let shared = guests.iter().find(|(_, nodes)| nodes.len() > 1);
        match shared {
            Some((host, nodes)) => {
                let second = domains[nodes[1]][0];
                verdicts.broken(
                    Finding::new(
                        Severity::Error,
                        &pool.place,
                        format!(
                            "copies of pool {} are spread over nodes, and {} are on {host}",
                            pool.name,
                            nodes.join(" and ")
                        ),
                    )
                    .at(&second.host, format!("on {host} too"))
                    .context(&pool.domain, "nodes")
                    .breaks(format!("{host} takes two copies of some data with it, though every label looks right"))
                    .help("spread over physical hosts, or keep to one node with disks on each")
                    .cause(pool.place.component()),
                );
            }
            None if known => verdicts.holds(),
            None => verdicts.cannot_judge(&pool.place, "the physical host below each node"),
        }
    }
}
