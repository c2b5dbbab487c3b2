//! STO-015, 016, 017, 022 and 032: what Rook is told.

use plimsoll_diagnostics::Severity;
use plimsoll_model::design::{Protocol, Purpose};
use plimsoll_views::{Fact, World};

use crate::{Evidence, Finding, Manual, Reads, Rule, Verdicts};

pub(super) const STO_015: Rule = Rule {
    id: "STO-015",
    severity: Severity::Error,
    summary: "networks of Ceph are set with a provider that takes them",
    reads: Reads::Both,
    silent_behind: &[],
    manual: Manual {
        checks: "Files: addressRanges are set and the provider is neither `host` nor `multus`. A design: Ceph's daemons are \
                 in the pod network although it has networks for them, an error when replication has one apart from that of \
                 the nodes, else a warning.",
        breaks: "Rook's operator refuses such a cluster (\"network ranges can only be specified for …\"): nothing is set up, \
                 and no later change is carried out. Without ranges, replication and recovery share the pod network with \
                 everything else.",
        remedy: "`provider: host`.",
        before: "network:\n  addressRanges: { cluster: [10.30.20.0/24] }",
        after: "network:\n  provider: host\n  addressRanges: { cluster: [10.30.20.0/24] }",
        source: "Rook, pkg/apis/ceph.rook.io/v1/network.go (ValidateNetworkSpec); network providers, \"Ceph Networking\"",
        evidence: Evidence::Seen,
    },
    check: networks,
};

pub(super) const STO_016: Rule = Rule {
    id: "STO-016",
    severity: Severity::Error,
    summary: "nodes with disks stand in Ceph's network, and its ports are open",
    reads: Reads::Design,
    silent_behind: &[],
    manual: Manual {
        checks: "With host networking: a node with disks has no address in the replication network; or the packet filter \
                 of nodes does not let in TCP 3300 and 6789 (monitors) and 6800 to 7568 (the other daemons). From where \
                 they are let in is not judged.",
        breaks: "Disks cannot reach each other, or volumes hang when they are mounted.",
        remedy: "An interface in the network; the ports.",
        before: "worker-4: { networks: [kube] }",
        after: "worker-4: { networks: [kube, storage] }",
        source: "Rook, network providers; Ceph, network configuration reference (ports)",
        evidence: Evidence::SeenPrinciple,
    },
    check: reachable,
};

pub(super) const STO_017: Rule = Rule {
    id: "STO-017",
    severity: Severity::Advice,
    summary: "the disks that Ceph takes are named",
    reads: Reads::Files,
    silent_behind: &[],
    manual: Manual {
        checks: "useAllNodes and useAllDevices are both true.",
        breaks: "Every empty disk of every node becomes Ceph's, also one that is plugged in later for something else. Disks \
                 with partitions or a file system are left alone.",
        remedy: "Nodes with their disks by stable paths, or a deviceFilter.",
        before: "spec: { storage: { useAllNodes: true, useAllDevices: true } }",
        after: "spec:\n  storage:\n    useAllNodes: false\n    nodes:\n      - { name: worker-1, devices: [{ name: /dev/disk/by-id/nvme-A1 }] }",
        source: "Rook, prerequisites, and deploy/examples/cluster.yaml",
        evidence: Evidence::Seen,
    },
    check: everything,
};

pub(super) const STO_022: Rule = Rule {
    id: "STO-022",
    severity: Severity::Warning,
    summary: "Ceph's daemons are neither drained together nor evicted first",
    reads: Reads::Both,
    silent_behind: &[],
    manual: Manual {
        checks: "managePodBudgets is false or left out, which means false; or monitors or disks have no priority class, or \
                 one below system-cluster-critical.",
        breaks: "Two hosts can be drained at a time, and with them two copies; or Ceph's daemons are evicted before the pods \
                 that use them.",
        remedy: "As in Rook's example.",
        before: "disruptionManagement: {}",
        after: "disruptionManagement: { managePodBudgets: true }\npriorityClassNames: { mon: system-node-critical, osd: system-node-critical }",
        source: "Rook, deploy/examples/cluster.yaml and types.go",
        evidence: Evidence::Seen,
    },
    check: disruption,
};

pub(super) const STO_032: Rule = Rule {
    id: "STO-032",
    severity: Severity::Warning,
    summary: "fill ratios leave room to escape",
    reads: Reads::Both,
    silent_behind: &[],
    manual: Manual {
        checks: "nearFull above 0.85, backfillFull above 0.90 or full above 0.95, or the three are not in that order.",
        breaks: "Ceph says too late that it fills up; with full disks nothing can be deleted either until room is made by \
                 hand.",
        remedy: "Leave them, and add disks instead.",
        before: "spec: { storage: { nearFullRatio: 0.93, fullRatio: 0.98 } }",
        after: "spec: { storage: {} }",
        source: "Rook, CephCluster CRD, storage settings",
        evidence: Evidence::Seen,
    },
    check: ratios,
};

fn networks(world: &World<'_>, verdicts: &mut Verdicts) {
    for cluster in &world.storage.ceph {
        let (Some(own), Some(ranges)) = (cluster.own_networks.copied(), cluster.ranges.get()) else {
            verdicts.cannot_judge(&cluster.place, "its network provider");
            continue;
        };
        if own || ranges.is_empty() {
            verdicts.holds();
            continue;
        }
        let list = ranges.join(", ");
        // What is rendered of a design has no ranges then, so that the operator takes it.
        verdicts.broken(match world.design {
            None => {
                Finding::new(Severity::Error, cluster.own_networks.place(), format!("Rook refuses to give Ceph {list}"))
                    .at(&cluster.own_networks, "daemons are in the pod network")
                    .context(&cluster.ranges, "only for `host` and `multus`")
                    .breaks("the operator sets nothing up and carries out no change")
                    .help("use the networks of the nodes: `provider: host`")
            }
            Some(source) => {
                let apart = source.design.network.values().any(|network| {
                    network.purposes.contains(&Purpose::CephCluster) && !network.purposes.contains(&Purpose::Nodes)
                });
                let last = ranges.last().map_or("", String::as_str);
                Finding::new(
                    if apart { Severity::Error } else { Severity::Warning },
                    cluster.own_networks.place(),
                    format!("Ceph is given {last} and does not use it"),
                )
                .at(&cluster.own_networks, "daemons are in the pod network")
                .context(&cluster.ranges, "passed over")
                .breaks("replication and recovery share the pod network with everything else")
                .help("use the networks of the nodes: `provider: host`")
            }
        });
    }
}

fn reachable(world: &World<'_>, verdicts: &mut Verdicts) {
    let Some(source) = world.design else { return };
    for cluster in &world.storage.ceph {
        if !cluster.own_networks.is(&true) {
            continue;
        }
        let mut seen = std::collections::BTreeSet::new();
        for osd in cluster.osds.iter().filter(|osd| seen.insert(osd.node.as_str())) {
            match osd.in_cluster_network.copied() {
                Some(inside) => verdicts.verdict((!inside).then(|| {
                    let network = cluster.ranges.get().and_then(|ranges| ranges.last()).map_or("", String::as_str);
                    Finding::new(
                        Severity::Error,
                        osd.in_cluster_network.place(),
                        format!("{} has disks of Ceph and no address in {network}", osd.node),
                    )
                    .at(&osd.in_cluster_network, "")
                    .breaks("its disks never reach the others")
                    .help("give it an interface in the network of Ceph")
                })),
                None => verdicts.cannot_judge(&osd.place, "the interfaces of its node"),
            }
        }
        let roles: std::collections::BTreeSet<&str> = cluster
            .osds
            .iter()
            .filter_map(|osd| source.design.machine(&osd.node).map(|machine| machine.role.as_str()))
            .collect();
        for role in roles {
            let closed: Vec<String> = [(3300, 3300), (6789, 6789), (6800, 7568)]
                .into_iter()
                .filter(|(first, last)| {
                    [*first, *last].iter().any(|port| !super::super::lets_in(source.design, role, Protocol::Tcp, *port))
                })
                .map(|(first, last)| if first == last { first.to_string() } else { format!("{first} to {last}") })
                .collect();
            verdicts.verdict((!closed.is_empty()).then(|| {
                let place = source.place(format!("firewall/{role}"));
                Finding::new(Severity::Error, &place, format!("the packet filter of {role}s closes ports of Ceph"))
                    .at_place(&place, format!("TCP {}", closed.join(", ")))
                    .breaks("disks and monitors do not reach each other")
                    .help("let them in")
            }));
        }
    }
}

fn everything(world: &World<'_>, verdicts: &mut Verdicts) {
    if !world.is_files() {
        return;
    }
    for cluster in &world.storage.ceph {
        match cluster.takes_everything.copied() {
            Some(all) => verdicts.verdict(all.then(|| {
                Finding::new(
                    Severity::Advice,
                    cluster.takes_everything.place(),
                    "Ceph takes every empty disk of every node",
                )
                .at(&cluster.takes_everything, "")
                .breaks("a disk that is plugged in for something else becomes Ceph's")
                .help("list nodes with their disks, or set a `deviceFilter`")
            })),
            None => verdicts.cannot_judge(&cluster.place, "which disks it takes"),
        }
    }
}

fn disruption(world: &World<'_>, verdicts: &mut Verdicts) {
    for cluster in &world.storage.ceph {
        match cluster.pod_budgets.copied() {
            Some(kept) => verdicts.verdict((!kept).then(|| {
                let label = if cluster.pod_budgets.is_default() {
                    "managePodBudgets is left out, which means false"
                } else {
                    ""
                };
                Finding::new(
                    Severity::Warning,
                    cluster.pod_budgets.place(),
                    "no disruption budget protects Ceph's disks",
                )
                .at(&cluster.pod_budgets, label)
                .breaks("two hosts can be drained at a time, and with them two copies")
                .help("set `managePodBudgets: true`")
                .cause(format!("{}/budgets", cluster.place.component()))
            })),
            None => verdicts.cannot_judge(&cluster.place, "managePodBudgets"),
        }
        let critical = |class: &Fact<Option<String>>| {
            class
                .get()
                .map(|class| matches!(class.as_deref(), Some("system-node-critical" | "system-cluster-critical")))
        };
        match (critical(&cluster.mon_priority), critical(&cluster.osd_priority)) {
            (Some(mon), Some(osd)) => {
                let (who, class) = match (mon, osd) {
                    (true, true) => {
                        verdicts.holds();
                        continue;
                    }
                    (false, false) => ("monitors and disks", &cluster.mon_priority),
                    (false, true) => ("monitors", &cluster.mon_priority),
                    (true, false) => ("disks", &cluster.osd_priority),
                };
                let label = match class.get().and_then(Option::as_ref) {
                    Some(name) => format!("{name} is below system-cluster-critical"),
                    None => "no priority class".to_owned(),
                };
                verdicts.broken(
                    Finding::new(Severity::Warning, class.place(), format!("the {who} of Ceph may be evicted first"))
                        .at(class, label)
                        .breaks("a node short of memory ends them before the pods that use them")
                        .help("give them `system-node-critical`")
                        .cause(format!("{}/priority", cluster.place.component())),
                );
            }
            _ => verdicts.cannot_judge(&cluster.place, "the priority classes of its daemons"),
        }
    }
}

fn ratios(world: &World<'_>, verdicts: &mut Verdicts) {
    for cluster in &world.storage.ceph {
        let all = [
            ("nearFull", &cluster.near_full, 0.85),
            ("backfillFull", &cluster.backfill_full, 0.90),
            ("full", &cluster.full, 0.95),
        ];
        let values: Vec<f64> = all.iter().filter_map(|(_, ratio, _)| ratio.copied()).collect();
        let [near, backfill, full] = values[..] else {
            verdicts.cannot_judge(&cluster.place, "its fill ratios");
            continue;
        };
        let raised = all.iter().find(|(_, ratio, own)| ratio.copied().is_some_and(|value| value > own + 1e-9));
        verdicts.verdict(if let Some((name, ratio, own)) = raised {
            Some(
                Finding::new(Severity::Warning, ratio.place(), format!("{name} is raised above {own}"))
                    .at(ratio, "")
                    .breaks("Ceph says too late that it fills up, and full disks take no deletion either")
                    .help("leave it, and add disks instead"),
            )
        } else if !(near < backfill && backfill < full) {
            Some(
                Finding::new(Severity::Warning, cluster.near_full.place(), "the fill ratios are not in order")
                    .at(&cluster.near_full, format!("{near}, {backfill}, {full}"))
                    .breaks("Ceph reports OSD_OUT_OF_ORDER_FULL and may stop writes before it warns")
                    .help("keep nearFull below backfillFull below full"),
            )
        } else {
            None
        });
    }
}
