//! NET-011, 012 and 015: what a port lets through.

use std::collections::{BTreeMap, BTreeSet};

use plimsoll_diagnostics::Severity;
use plimsoll_model::Name;
use plimsoll_model::design::{Design, Host, Purpose};
use plimsoll_model::units::BitRate;
use plimsoll_views::World;
use plimsoll_views::domains::ports_below;

use crate::words::list;
use crate::{Evidence, Finding, Manual, Reads, Rule, Verdicts};

pub(super) const NET_011: Rule = Rule {
    id: "NET-011",
    severity: Severity::Warning,
    summary: "storage shares no slow link with pods",
    reads: Reads::Design,
    silent_behind: &["PVE-004"],
    manual: Manual {
        checks: "On a host with OSDs, a network of Ceph and the network of the nodes stand on the same \
                 ports, and with one port down these have less than 25 Gbit/s. The number is ours: Proxmox \
                 advises at least 10 Gbit/s for Ceph alone.",
        breaks: "Recovery fills the link, and everything else waits.",
        remedy: "Ports of its own for storage, or faster ones.",
        before: "bond0: { speed: 10G, networks: [mgmt, storage, kube] }",
        after: "bond1: { speed: 10G, networks: [storage] }",
        source: "Proxmox VE pveceph, network",
        evidence: Evidence::SeenPrinciple,
    },
    check: shared,
};

pub(super) const NET_012: Rule = Rule {
    id: "NET-012",
    severity: Severity::Error,
    summary: "switch ports let through the VLANs that hosts use",
    reads: Reads::Design,
    silent_behind: &[],
    manual: Manual {
        checks: "A host uses a VLAN with a tag (a VLAN interface, a tag of a guest on a VLAN-aware bridge) \
                 that the switch port behind it does not let through with a tag; or it sends a network \
                 without a tag and the port has another untagged VLAN.",
        breaks: "The network does not work on that host, or on one port of its bond: half of all flows.",
        remedy: "Derive the list of VLANs of a port from the networks of the host.",
        before: "tagged: [12, 2000]   # the host uses 2001 too",
        after: "tagged: [12, 2000, 2001]",
        source: "general practice",
        evidence: Evidence::Expertise,
    },
    check: allowed,
};

pub(super) const NET_015: Rule = Rule {
    id: "NET-015",
    severity: Severity::Error,
    summary: "both ends of a trunk agree on the untagged VLAN",
    reads: Reads::Design,
    silent_behind: &[],
    manual: Manual {
        checks: "The two ends of a cable between switches have different untagged VLANs: an error. A network \
                 of the cluster is VLAN 1: advice.",
        breaks: "Frames change from one VLAN into another. VLAN 1 is the default of every port, and whatever \
                 is plugged in is in it.",
        remedy: "The same untagged VLAN at both ends, none of them used; no VLAN 1 for the cluster.",
        before: "leaf-1: native vlan 1, spine-1: native vlan 99",
        after: "native vlan 99 at both ends",
        source: "general practice",
        evidence: Evidence::Expertise,
    },
    check: native,
};

fn shared(world: &World<'_>, verdicts: &mut Verdicts) {
    let Some(source) = world.design else { return };
    let design = source.design;
    let Some(ceph) = &design.ceph else { return };
    let enough = BitRate::gbit(25);
    let has = |network: &Name, purposes: &[Purpose]| {
        design.network.get(network).is_some_and(|it| it.purposes.iter().any(|purpose| purposes.contains(purpose)))
    };
    let mut broken: BTreeMap<BitRate, Vec<&Name>> = BTreeMap::new();
    let hosts: BTreeSet<&Name> = ceph.osd.values().map(|osd| &osd.host).collect();
    for (name, host) in hosts.into_iter().filter_map(|name| design.host.get_key_value(name)) {
        let ports = |purposes: &[Purpose]| -> BTreeSet<&Name> {
            let machines = design.machine.values().filter(|machine| machine.host == *name);
            let nics = machines.flat_map(|machine| &machine.nic).filter(|(network, _)| has(network, purposes));
            nics.flat_map(|(_, nic)| ports_below(host, &nic.bridge)).collect()
        };
        let storage = ports(&[Purpose::CephPublic, Purpose::CephCluster]);
        let nodes = ports(&[Purpose::Nodes]);
        if storage.is_disjoint(&nodes) {
            verdicts.holds();
            continue;
        }
        if storage.iter().any(|nic| source.assumed(&format!("host/{name}/nic/{nic}"))) {
            verdicts.cannot_judge(&source.place(format!("host/{name}/nic")), "its ports and their speed: `nics`");
            continue;
        }
        let speeds = || storage.iter().map(|nic| host.nic[*nic].speed.0);
        let lost = if storage.len() > 1 { speeds().max().unwrap_or(0) } else { 0 };
        let left = BitRate(speeds().sum::<u64>().saturating_sub(lost));
        if left < enough {
            broken.entry(left).or_default().push(name);
        } else {
            verdicts.holds();
        }
    }
    for (left, hosts) in broken {
        let names: Vec<&str> = hosts.iter().map(|name| name.as_str()).collect();
        let place = source.place(format!("host/{}/nic", names[0]));
        verdicts.broken(
            Finding::new(Severity::Warning, &place, format!("Ceph and pods share {left} on {}", list(&names)))
                .at_place(&place, "with one port down")
                .breaks("recovery fills the link, and everything else waits")
                .help("give storage ports of its own, or use faster ones"),
        );
    }
}

/// VLANs that a host sends over each of its ports with a tag, and those it sends without.
fn used<'d>(design: &'d Design, name: &Name, host: &'d Host) -> BTreeMap<&'d Name, BTreeSet<(u16, bool)>> {
    let mut used: BTreeMap<&Name, BTreeSet<(u16, bool)>> = BTreeMap::new();
    let mut add = |interface: &Name, vlan: u16, tagged: bool| {
        for nic in ports_below(host, interface) {
            used.entry(nic).or_default().insert((vlan, tagged));
        }
    };
    let through_vlan = |interface: &Name| -> bool {
        let mut open = vec![interface.clone()];
        let mut seen = BTreeSet::new();
        while let Some(at) = open.pop() {
            if !seen.insert(at.clone()) {
                continue;
            }
            if host.vlan.contains_key(&at) {
                return true;
            }
            if let Some(bridge) = host.bridge.get(&at) {
                open.extend(bridge.ports.iter().cloned());
            }
        }
        false
    };
    for vlan in host.vlan.values() {
        add(&vlan.parent, vlan.id, true);
    }
    for machine in design.machine.values().filter(|machine| machine.host == *name) {
        for (network, nic) in &machine.nic {
            let vlan = design.network.get(network).map(|network| network.vlan);
            match (nic.tag, vlan) {
                (Some(tag), _) => add(&nic.bridge, tag, true),
                (None, Some(vlan)) if !through_vlan(&nic.bridge) => add(&nic.bridge, vlan, false),
                _ => {}
            }
        }
    }
    for (network, address) in &host.address {
        if let Some(vlan) = design.network.get(network).map(|network| network.vlan)
            && !through_vlan(&address.interface)
        {
            add(&address.interface, vlan, false);
        }
    }
    used
}

/// A host and the switch port behind it.
type Seat<'d> = (&'d Name, &'d Name);

fn allowed(world: &World<'_>, verdicts: &mut Verdicts) {
    let Some(source) = world.design else { return };
    let design = source.design;
    let mut broken: BTreeMap<(&Name, u16, bool), Vec<Seat<'_>>> = BTreeMap::new();
    for (name, host) in &design.host {
        for (nic, vlans) in used(design, name, host) {
            let nic = &host.nic[nic];
            let Some((switch, port)) = design
                .switch
                .get_key_value(&nic.switch)
                .and_then(|(switch, it)| Some((switch, it.port.get_key_value(&nic.port)?)))
            else {
                verdicts.cannot_judge(&source.place(format!("host/{name}/nic")), "the switch port behind it");
                continue;
            };
            for (vlan, tagged) in vlans {
                let passes = if tagged { port.1.tagged.contains(&vlan) } else { port.1.untagged == Some(vlan) };
                if passes {
                    verdicts.holds();
                } else {
                    broken.entry((switch, vlan, tagged)).or_default().push((name, port.0));
                }
            }
        }
    }
    for ((switch, vlan, tagged), ports) in broken {
        let mut names: Vec<&str> = ports.iter().map(|(host, _)| host.as_str()).collect();
        names.dedup();
        let place = source.place(format!("switch/{switch}/port/{}", ports[0].1));
        let how = if tagged { "with a tag" } else { "without a tag" };
        verdicts.broken(
            Finding::new(
                Severity::Error,
                &place,
                format!(
                    "VLAN {vlan} of {} does not pass {} of {switch}",
                    list(&names),
                    if ports.len() == 1 { "a port" } else { "ports" }
                ),
            )
            .at_place(&place, format!("the host sends it {how}"))
            .breaks("the network does not work there; behind a bond a part of all flows is lost")
            .help(format!("add {vlan} to the VLANs of the port{}", if tagged { "" } else { ", untagged" })),
        );
    }
}

fn native(world: &World<'_>, verdicts: &mut Verdicts) {
    let Some(source) = world.design else { return };
    let design = source.design;
    for (name, cable) in &design.cable {
        let end = |end: &plimsoll_model::design::CableEnd| {
            let switch = Name::from(end.device.strip_prefix("switch/")?);
            let port = design.switch.get(&switch)?.port.get(&end.port)?;
            Some((switch, port.untagged))
        };
        let (Some((a, of_a)), Some((b, of_b))) = (end(&cable.a), end(&cable.b)) else { continue };
        let place = source.place(format!("switch/{a}/port/{}/untagged", cable.a.port));
        let word = |vlan: Option<u16>| vlan.map_or_else(|| "none".to_owned(), |vlan| vlan.to_string());
        verdicts.verdict((of_a != of_b).then(|| {
            Finding::new(Severity::Error, &place, format!("{a} and {b} differ in the untagged VLAN of cable {name}"))
                .at_place(&place, word(of_a))
                .context_place(&source.place(format!("switch/{b}/port/{}/untagged", cable.b.port)), word(of_b))
                .breaks("frames change from one VLAN into the other")
                .help("use one untagged VLAN at both ends, or none")
        }));
    }
    for (name, network) in &design.network {
        let place = source.place(format!("network/{name}/vlan"));
        verdicts.verdict((network.vlan == 1).then(|| {
            Finding::new(Severity::Advice, &place, format!("network {name} is VLAN 1"))
                .at_place(&place, "the default of every port")
                .breaks("whatever is plugged in anywhere is in this network")
                .help("take another VLAN")
        }));
    }
}
