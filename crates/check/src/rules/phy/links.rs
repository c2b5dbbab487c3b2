//! PHY-005, 008, 009, 013, 017 and 022: ports, cards, switch pairs, management controllers.

use std::collections::{BTreeMap, BTreeSet};

use plimsoll_diagnostics::Severity;
use plimsoll_model::Name;
use plimsoll_model::design::{MlagKind, Purpose, SwitchRole};
use plimsoll_views::World;
use plimsoll_views::domains::ports_below;

use super::{hosts, vital_machines};
use crate::words::{list, verb};
use crate::{Evidence, Finding, Manual, Reads, Rule, Verdicts};

pub(super) const PHY_005: Rule = Rule {
    id: "PHY-005",
    severity: Severity::Warning,
    summary: "networks of quorums, storage and the VIP have two ports of their host",
    reads: Reads::Design,
    silent_behind: &["PHY-003"],
    manual: Manual {
        checks: "A network of a control-plane machine, a member of etcd, a Ceph monitor, a balancer or a DNS server, or \
                 a network of Ceph below a machine with OSDs, that stands on a single port of its host. Not judged where \
                 nobody described the ports of the host. Where the switch behind takes a whole quorum and that loss must be \
                 survived, PHY-003 speaks instead.",
        breaks: "A cable, an optic or a switch port isolates the member.",
        remedy: "A bond over two ports on two switches; single ports on different switches survive the loss of a switch.",
        before: "nics: { eno1: { ports: [leaf-1], networks: [kube] } }",
        after: "nics: { bond0: { ports: [leaf-1, leaf-2], mode: lacp, networks: [kube] } }",
        source: "Proxmox VE pve-network, bonds; the cluster article behind this project",
        evidence: Evidence::SeenPrinciple,
    },
    check: single_port,
};

pub(super) const PHY_008: Rule = Rule {
    id: "PHY-008",
    severity: Severity::Warning,
    summary: "the ports of a bond end on several switches",
    reads: Reads::Design,
    silent_behind: &["PHY-003"],
    manual: Manual {
        checks: "All ports of a bond end on one switch; each chassis of a stack counts as one. Where that switch takes a \
                 whole quorum and that loss must be survived, PHY-003 speaks instead.",
        breaks: "The switch fails or is upgraded, and the host is isolated although its bond has two ports.",
        remedy: "One port on each switch of a pair.",
        before: "bond0: { ports: [leaf-1, leaf-1], mode: lacp }",
        after: "bond0: { ports: [leaf-1, leaf-2], mode: lacp }",
        source: "the cluster article behind this project",
        evidence: Evidence::Seen,
    },
    check: one_switch,
};

pub(super) const PHY_009: Rule = Rule {
    id: "PHY-009",
    severity: Severity::Advice,
    summary: "the ports of a bond sit on several cards",
    reads: Reads::Design,
    silent_behind: &[],
    manual: Manual {
        checks: "All ports of a bond are stated to sit on one card. Not judged where cards are not stated.",
        breaks: "The card or its driver fails, and the host is isolated.",
        remedy: "Ports of two cards, at least on hosts with members of a quorum.",
        before: "bond0: { ports: [leaf-1, leaf-2], card: c1 }",
        after: "bond0 over one port of each of two cards",
        source: "general practice",
        evidence: Evidence::Expertise,
    },
    check: one_card,
};

pub(super) const PHY_013: Rule = Rule {
    id: "PHY-013",
    severity: Severity::Warning,
    summary: "a pair of switches has two peer links and sees itself outside them",
    reads: Reads::Design,
    silent_behind: &[],
    manual: Manual {
        checks: "A pair with a peer link (MLAG, vPC): fewer than two peer links is a warning, no keepalive path beside \
                 them is advice. Not for EVPN multihoming and stacks. Not judged where it is not stated.",
        breaks: "The peer link fails, both switches believe the other is gone, and links of hosts flap or go down.",
        remedy: "Two peer links and a keepalive over the management network.",
        before: "mlag: { group: fabric, peer_links: 1, keepalive: false }",
        after: "mlag: { group: fabric, peer_links: 2, keepalive: true }",
        source: "general practice",
        evidence: Evidence::Expertise,
    },
    check: peer_link,
};

pub(super) const PHY_017: Rule = Rule {
    id: "PHY-017",
    severity: Severity::Warning,
    summary: "management controllers hang on a switch of their own",
    reads: Reads::Design,
    silent_behind: &[],
    manual: Manual {
        checks: "The management controller of a host is cabled to a switch that carries production.",
        breaks: "That switch fails, and just then nobody reaches a console or can power a host off.",
        remedy: "A separate out-of-band switch.",
        before: "pve-1..6: { bmc: leaf-1 }",
        after: "oob-1: { rack: r1, power: [b], ports: 48x1G, role: oob }\npve-1..6: { bmc: oob-1 }",
        source: "Mirantis reference architecture, physical networks",
        evidence: Evidence::SeenPrinciple,
    },
    check: controllers,
};

pub(super) const PHY_022: Rule = Rule {
    id: "PHY-022",
    severity: Severity::Warning,
    summary: "ports towards hosts are edge ports where spanning tree runs",
    reads: Reads::Design,
    silent_behind: &[],
    manual: Manual {
        checks: "A switch runs spanning tree, and a port with a host behind it is no edge port.",
        breaks: "After link-up the port is blocked for up to 30 s: a returning bond port, a booting node, corosync and \
                 VRRP see an outage, and VRRP may have two masters.",
        remedy: "Edge ports (portfast) with BPDU guard towards hosts.",
        before: "leaf-1..2: { stp: true, edge_ports: false }",
        after: "leaf-1..2: { stp: true, edge_ports: true }",
        source: "general practice",
        evidence: Evidence::Expertise,
    },
    check: edge_ports,
};

fn single_port(world: &World<'_>, verdicts: &mut Verdicts) {
    let Some(source) = world.design else { return };
    let design = source.design;
    let mut by_switch: BTreeMap<&Name, BTreeSet<(&Name, &Name)>> = BTreeMap::new();
    let vital = vital_machines(design);
    let storage = [Purpose::CephPublic, Purpose::CephCluster];
    let osds: BTreeSet<&Name> = design.ceph.iter().flat_map(|ceph| ceph.osd.values()).map(|osd| &osd.machine).collect();
    for (name, machine) in design.machine.iter().filter(|(name, _)| vital.contains(name) || osds.contains(name)) {
        let Some(host) = design.host.get(&machine.host) else { continue };
        let ceph = |network: &Name| {
            design.network.get(network).is_some_and(|it| it.purposes.iter().any(|purpose| storage.contains(purpose)))
        };
        for (network, nic) in machine.nic.iter().filter(|(network, _)| vital.contains(name) || ceph(network)) {
            match ports_below(host, &nic.bridge).into_iter().collect::<Vec<_>>()[..] {
                [only] if source.assumed(&format!("host/{}/nic/{only}", machine.host)) => {
                    let place = source.place(format!("host/{}/nic", machine.host));
                    verdicts.cannot_judge(&place, "its ports and the switches behind them: `nics`");
                }
                [only] => {
                    by_switch.entry(&host.nic[only].switch).or_default().insert((&machine.host, network));
                }
                [] => {
                    verdicts.cannot_judge(&source.place(format!("machine/{name}/nic/{network}")), "the port below it");
                }
                _ => verdicts.holds(),
            }
        }
    }
    for (switch, seats) in by_switch {
        let hosts: BTreeSet<&str> = seats.iter().map(|(host, _)| host.as_str()).collect();
        let networks: BTreeSet<&str> = seats.iter().map(|(_, network)| network.as_str()).collect();
        let (hosts, networks): (Vec<&str>, Vec<&str>) = (hosts.into_iter().collect(), networks.into_iter().collect());
        let place = source.place(format!("host/{}/nic", hosts[0]));
        // A switch that nobody described stands for whatever is at the other end.
        let assumed = source.assumed(&format!("switch/{switch}"));
        let on = if assumed { String::new() } else { format!(", on {switch}") };
        let bond = format!("`bond0: {{ ports: [leaf-1, leaf-2], mode: lacp, networks: [{}] }}`", networks.join(", "));
        verdicts.broken(
            Finding::new(
                Severity::Warning,
                &place,
                format!("network {} of {} stands on a single port{on}", list(&networks), list(&hosts)),
            )
            .at_place(&place, "one port")
            .breaks("a cable, an optic or the switch isolates a member of a quorum, a balancer or disks of Ceph")
            .help(if assumed {
                format!("describe two switches under `switches`, and bond two ports on them: {bond}")
            } else {
                format!("bond two ports on two switches: {bond}")
            })
            .cause(format!("switch/{switch}")),
        );
    }
}

fn one_switch(world: &World<'_>, verdicts: &mut Verdicts) {
    let Some(source) = world.design else { return };
    let mut by_switch: BTreeMap<(&Name, &Name), Vec<&str>> = BTreeMap::new();
    for (name, host) in hosts(source.design) {
        for (bond, it) in &host.bond {
            let switches: BTreeSet<&Name> =
                it.members.iter().filter_map(|nic| host.nic.get(nic)).map(|nic| &nic.switch).collect();
            match switches.into_iter().collect::<Vec<_>>()[..] {
                [only] if it.members.len() >= 2 => by_switch.entry((only, bond)).or_default().push(name.as_str()),
                _ => verdicts.holds(),
            }
        }
    }
    for ((switch, bond), names) in by_switch {
        let place = source.place(format!("host/{}/bond/{bond}", names[0]));
        verdicts.broken(
            Finding::new(Severity::Warning, &place, format!("all ports of {bond} on {} end on {switch}", list(&names)))
                .at_place(&place, "one switch")
                .breaks(format!(
                    "{switch} fails or is upgraded, and {} isolated",
                    verb(names.len(), "the host is", "they are")
                ))
                .help("put one port on each switch of a pair")
                .cause(format!("switch/{switch}")),
        );
    }
}

fn one_card(world: &World<'_>, verdicts: &mut Verdicts) {
    let Some(source) = world.design else { return };
    let mut broken: BTreeMap<&Name, Vec<&str>> = BTreeMap::new();
    for (name, host) in hosts(source.design) {
        for (bond, it) in &host.bond {
            let cards: Option<BTreeSet<&Name>> =
                it.members.iter().map(|nic| host.nic.get(nic).and_then(|nic| nic.card.as_ref())).collect();
            let place = source.place(format!("host/{name}/bond/{bond}"));
            match cards {
                _ if it.members.len() < 2 => {}
                None => verdicts.cannot_judge(&place, "the cards of its ports"),
                Some(cards) if cards.len() == 1 => broken.entry(bond).or_default().push(name.as_str()),
                Some(_) => verdicts.holds(),
            }
        }
    }
    for (bond, names) in broken {
        let place = source.place(format!("host/{}/bond/{bond}", names[0]));
        verdicts.broken(
            Finding::new(Severity::Advice, &place, format!("all ports of {bond} on {} sit on one card", list(&names)))
                .at_place(&place, "")
                .breaks("the card or its driver fails, and the host is isolated")
                .help("bond ports of two cards"),
        );
    }
}

fn peer_link(world: &World<'_>, verdicts: &mut Verdicts) {
    let Some(source) = world.design else { return };
    for (name, mlag) in source.design.mlag.iter().filter(|(_, mlag)| mlag.kind == MlagKind::Mlag) {
        let links = source.place(format!("mlag/{name}/peer_links"));
        match mlag.peer_links {
            None => verdicts.cannot_judge(&links, "how many peer links it has"),
            Some(count) => verdicts.verdict((count < 2).then(|| {
                Finding::new(
                    Severity::Warning,
                    &links,
                    format!("switch pair {name} has {count} peer link{}", if count == 1 { "" } else { "s" }),
                )
                .at_place(&links, "")
                .breaks("it fails, both switches believe the other is gone, and links of hosts go down")
                .help("make it two links: `peer_links: 2`")
            })),
        }
        let keepalive = source.place(format!("mlag/{name}/keepalive"));
        match mlag.keepalive {
            None => verdicts.cannot_judge(&keepalive, "whether the switches see each other outside the peer link"),
            Some(true) => verdicts.holds(),
            Some(false) => verdicts.broken(
                Finding::new(
                    Severity::Advice,
                    &keepalive,
                    format!("switch pair {name} sees itself only over its peer link"),
                )
                .at_place(&keepalive, "")
                .breaks("the peer link fails, and neither switch knows that the other lives")
                .help("add a keepalive over the management network: `keepalive: true`"),
            ),
        }
    }
}

fn controllers(world: &World<'_>, verdicts: &mut Verdicts) {
    let Some(source) = world.design else { return };
    let mut by_switch: BTreeMap<&Name, Vec<&str>> = BTreeMap::new();
    for (name, host) in hosts(source.design) {
        let Some(bmc) = &host.bmc else { continue };
        match source.design.switch.get(&bmc.switch).map(|switch| switch.role) {
            Some(SwitchRole::OutOfBand) => verdicts.holds(),
            Some(_) => by_switch.entry(&bmc.switch).or_default().push(name.as_str()),
            None => verdicts.cannot_judge(&source.place(format!("host/{name}/bmc")), "the switch it hangs on"),
        }
    }
    for (switch, names) in by_switch {
        let place = source.place(format!("host/{}/bmc", names[0]));
        let (thing, reach) = (verb(names.len(), "controller", "controllers"), verb(names.len(), "is", "are"));
        verdicts.broken(
            Finding::new(
                Severity::Warning,
                &place,
                format!(
                    "the management {thing} of {} {reach} cabled to {switch}, which carries production",
                    list(&names)
                ),
            )
            .at_place(&place, "")
            .breaks(format!("{switch} fails, and just then nobody reaches a console"))
            .help("cable them to a switch of their own, with `role: oob`"),
        );
    }
}

fn edge_ports(world: &World<'_>, verdicts: &mut Verdicts) {
    let Some(source) = world.design else { return };
    for (name, switch) in &source.design.switch {
        let mut blocked: BTreeSet<&str> = BTreeSet::new();
        for cable in source.design.cable.values() {
            let (own, other) = (format!("switch/{name}"), "host/");
            let ends = [(&cable.a, &cable.b), (&cable.b, &cable.a)];
            for (here, there) in
                ends.into_iter().filter(|(here, there)| here.device == own && there.device.starts_with(other))
            {
                if switch.port.get(&here.port).is_some_and(|port| !port.edge) {
                    blocked.insert(there.device.trim_start_matches(other));
                }
            }
        }
        let place = source.place(format!("switch/{name}"));
        let hosts: Vec<&str> = blocked.into_iter().collect();
        match (hosts.is_empty(), switch.spanning_tree) {
            (true, _) | (_, Some(false)) => verdicts.holds(),
            (false, None) => verdicts.cannot_judge(&place, "whether it runs spanning tree"),
            (false, Some(true)) => verdicts.broken(
                Finding::new(
                    Severity::Warning,
                    &place,
                    format!("spanning tree on {name} blocks ports of {} after link-up", list(&hosts)),
                )
                .at_place(&place, "these are no edge ports")
                .breaks(
                    "for up to 30 s after link-up corosync and VRRP see an outage, and the VIP may have two holders",
                )
                .help("make ports towards hosts edge ports with BPDU guard: `edge_ports: true`"),
            ),
        }
    }
}
