//! NET-001, 003, 004 and 006: sizes of packets.

use std::collections::{BTreeMap, BTreeSet};

use plimsoll_diagnostics::Severity;
use plimsoll_model::design::{CalicoDataplane, Design, Encapsulation, Host, Network};
use plimsoll_model::{Name, Origin};
use plimsoll_views::domains::ports_below;
use plimsoll_views::{DesignSource, World};

use super::node_nics;
use crate::words::{list, verb};
use crate::{Evidence, Finding, Manual, Reads, Rule, Verdicts};

pub(super) const NET_001: Rule = Rule {
    id: "NET-001",
    severity: Severity::Error,
    summary: "packets of pods fit into the packets of nodes",
    reads: Reads::Design,
    silent_behind: &[],
    manual: Manual {
        checks: "The MTU of pods is larger than the smallest MTU of a node's interface less the overhead of \
                 what is enabled: IPIP 20 bytes, VXLAN 50 (70 with IPv6), WireGuard 60 (80 with IPv6); the \
                 largest counts. An error; advice when encapsulation is between subnets only and all nodes \
                 are in one, where nothing is encapsulated yet.",
        breaks: "Large packets vanish and small ones pass: TLS handshakes hang, images are never pulled.",
        remedy: "The bound as MTU of pods.",
        before: "calico: { encapsulation: vxlan, mtu: 1500 }   # nodes have 1500",
        after: "calico: { encapsulation: vxlan, mtu: 1450 }",
        source: "Calico documentation, MTU",
        evidence: Evidence::Seen,
    },
    check: overlay,
};

pub(super) const NET_003: Rule = Rule {
    id: "NET-003",
    severity: Severity::Error,
    summary: "every hop carries the packets of its network",
    reads: Reads::Both,
    silent_behind: &[],
    manual: Manual {
        checks: "A bridge, VLAN interface, bond, port of a host or port of a switch on the way of a network \
                 takes smaller packets than the network's MTU: an error; ports between switches and up count \
                 for the VLANs they let through. The interface of a machine alone does: a warning. Larger is \
                 fine. Not judged for the routers of others behind a network of more than 1500 bytes. On files of \
                 hosts: a VLAN interface or a bridge states a larger MTU than what it stands on.",
        breaks: "Large packets vanish at that hop. At the endpoint TCP still works since it negotiates; \
                 other protocols may not. Test with `ping -M do -s 8972`.",
        remedy: "One MTU from end to end, or 1500 everywhere.",
        before: "networks: { storage: { mtu: 9000 } }\nhosts: { pve-1..6: { nics: { bond0: { mtu: 1500, networks: [storage] } } } }",
        after: "networks: { storage: { mtu: 9000 } }\nhosts: { pve-1..6: { nics: { bond0: { mtu: 9000, networks: [storage] } } } }",
        source: "Calico documentation, MTU; calico issue 8953",
        evidence: Evidence::SeenPrinciple,
    },
    check: hops,
};

pub(super) const NET_004: Rule = Rule {
    id: "NET-004",
    severity: Severity::Advice,
    summary: "nodes have one MTU",
    reads: Reads::Design,
    silent_behind: &[],
    manual: Manual {
        checks: "The interfaces by which nodes reach each other differ in MTU.",
        breaks: "The smallest decides for all pods, and a node added later can lower it.",
        remedy: "One MTU.",
        before: "worker-4: mtu 9000, the others 1500",
        after: "1500 on all, or 9000 on all",
        source: "Calico documentation, MTU",
        evidence: Evidence::SeenPrinciple,
    },
    check: equal,
};

pub(super) const NET_006: Rule = Rule {
    id: "NET-006",
    severity: Severity::Warning,
    summary: "with eBPF and without an overlay pods leave room for VXLAN",
    reads: Reads::Design,
    silent_behind: &["NET-001"],
    manual: Manual {
        checks: "Calico's eBPF data plane, pods without encapsulation, and an MTU of pods above the nodes' \
                 MTU less 50.",
        breaks: "Traffic to node ports is passed on in VXLAN: full packets are dropped.",
        remedy: "Leave 50 bytes.",
        before: "calico: { dataplane: bpf, encapsulation: none, mtu: 1500 }",
        after: "calico: { dataplane: bpf, encapsulation: none, mtu: 1450 }",
        source: "Calico documentation, MTU; calico issue 12432",
        evidence: Evidence::Seen,
    },
    check: bpf,
};

/// Bytes that the enabled encapsulations add, with what adds most of them; `v6` when tunnels run over IPv6 too.
fn overhead(encapsulation: Encapsulation, wireguard: bool, v6: bool) -> (u32, &'static str) {
    let packets = match encapsulation {
        Encapsulation::None => (0, "no encapsulation"),
        Encapsulation::IPIP | Encapsulation::IPIPCrossSubnet => (20, "IPIP"),
        Encapsulation::VXLAN | Encapsulation::VXLANCrossSubnet => (if v6 { 70 } else { 50 }, "VXLAN"),
    };
    let encryption = if !wireguard {
        (0, "")
    } else if v6 {
        (80, "WireGuard")
    } else {
        (60, "WireGuard")
    };
    if encryption.0 > packets.0 { encryption } else { packets }
}

fn overlay(world: &World<'_>, verdicts: &mut Verdicts) {
    let Some(source) = world.design else { return };
    let design = source.design;
    let Some((node, _, network, nic)) = node_nics(design).min_by_key(|(.., nic)| nic.mtu) else { return };
    let v6 = design.kubernetes.pods.iter().any(|net| net.addr().is_ipv6());
    let (bytes, what) = overhead(design.calico.encapsulation, design.calico.wireguard, v6);
    let bound = nic.mtu.saturating_sub(bytes);
    let place = source.place("calico/mtu");
    let networks: BTreeSet<&Name> = node_nics(design).map(|(_, _, network, _)| network).collect();
    let between =
        matches!(design.calico.encapsulation, Encapsulation::IPIPCrossSubnet | Encapsulation::VXLANCrossSubnet);
    // WireGuard between nodes of one network is not spared.
    let later = between && networks.len() == 1 && !design.calico.wireguard && design.calico.mtu <= nic.mtu;
    verdicts.verdict((design.calico.mtu > bound).then(|| {
        Finding::new(
            if later { Severity::Advice } else { Severity::Error },
            &place,
            format!("packets of pods have {} bytes and {bound} fit", design.calico.mtu),
        )
        .at_place(&place, format!("{} of {node} less {bytes} for {what}", nic.mtu))
        .context_place(&source.place(format!("machine/{node}/nic/{network}/mtu")), "the smallest of the nodes")
        .breaks(if later {
            "nothing while all nodes are in one network; with a node in another, large packets vanish"
        } else {
            "large packets vanish and small ones pass: TLS hangs, images are never pulled"
        })
        .help(format!("`calico: {{ mtu: {bound} }}`, or leave it out"))
    }));
}

/// What an interface of a host stands on, itself first, with the MTU of each.
fn chain(host: &Host, from: &Name) -> Vec<(&'static str, Name, u32)> {
    let mut hops = Vec::new();
    let mut open = vec![from.clone()];
    let mut seen = BTreeSet::new();
    while let Some(name) = open.pop() {
        if !seen.insert(name.clone()) {
            continue;
        }
        if let Some(it) = host.bridge.get(&name) {
            hops.push(("bridge", name, it.mtu));
            open.extend(it.ports.iter().cloned());
        } else if let Some(it) = host.vlan.get(&name) {
            hops.push(("vlan", name, it.mtu));
            open.push(it.parent.clone());
        } else if let Some(it) = host.bond.get(&name) {
            hops.push(("bond", name, it.mtu));
            open.extend(it.members.iter().cloned());
        } else if let Some(it) = host.nic.get(&name) {
            hops.push(("nic", name, it.mtu));
        }
    }
    hops
}

/// A hop: its kind and name, and the largest packets that pass.
type Hop = (&'static str, Name, u32);

/// Networks of which a host takes part with the interface by which it does, its own and those of its machines.
fn ways(design: &Design) -> BTreeSet<(&Name, &Name, &Name)> {
    let of_machines = design
        .machine
        .values()
        .flat_map(|machine| machine.nic.iter().map(|(network, nic)| (&machine.host, network, &nic.bridge)));
    let own = design.host.iter().flat_map(|(name, host)| {
        host.address.iter().map(move |(network, address)| (name, network, &address.interface))
    });
    of_machines.chain(own).collect()
}

/// Hops of a host that drop packets of a network.
fn small(design: &Design, host: &Name, network: &Name, interface: &Name) -> Vec<Hop> {
    let wanted = design.network.get(network).map_or(0, |network| network.mtu);
    let hops = design.host.get(host).map(|host| chain(host, interface)).unwrap_or_default();
    hops.into_iter().filter(|(.., mtu)| *mtu < wanted).collect()
}

fn hops(world: &World<'_>, verdicts: &mut Verdicts) {
    let Some(source) = world.design else {
        super::stacked::judge(world, verdicts);
        return;
    };
    let design = source.design;
    let mut on_hosts: BTreeMap<(&Name, Vec<Hop>), Vec<&Name>> = BTreeMap::new();
    let mut ports: BTreeSet<(&Name, &Name, &Name)> = BTreeSet::new();
    for (name, network, interface) in ways(design) {
        let found = small(design, name, network, interface);
        if found.is_empty() {
            verdicts.holds();
        } else {
            on_hosts.entry((network, found)).or_default().push(name);
        }
        if let Some(host) = design.host.get(name) {
            let below = ports_below(host, interface).into_iter();
            ports.extend(below.map(|nic| (network, &host.nic[nic].switch, &host.nic[nic].port)));
        }
    }
    for ((network, hops), names) in on_hosts {
        let path = |(kind, hop, _): &Hop| format!("host/{}/{kind}/{hop}/mtu", names[0]);
        // What a person wrote is to blame; the others follow it.
        let written = |hop: &&Hop| matches!(source.origins.exact(&path(hop)), Some(Origin::Written(_)));
        let blamed = hops.iter().find(written).unwrap_or(&hops[0]);
        let words: Vec<String> = hops.iter().map(|(kind, hop, _)| format!("{kind} {hop}")).collect();
        let least = hops.iter().map(|(.., mtu)| *mtu).min().unwrap_or_default();
        let take = verb(hops.len(), "takes", "take");
        let what = format!("{} of {} {take}", list(&words), list(&names));
        verdicts.broken(too_small(source, network, &what, least, &path(blamed)));
    }
    transit(source, ports, verdicts);
    for (name, network) in design.network.iter().filter(|(_, network)| network.mtu > ETHERNET) {
        let routers = network.gateway.iter().flat_map(|gateway| &gateway.by).map(Name::as_str).collect::<Vec<_>>();
        if !routers.is_empty() {
            let needs = format!("whether {} take packets of {} bytes", list(&routers), network.mtu);
            verdicts.cannot_judge(&source.place(format!("network/{name}/gateway")), needs);
        }
    }
    endpoints(world, verdicts);
}

/// Bytes that every interface takes unless told otherwise (IEEE 802.3).
const ETHERNET: u32 = 1500;

fn too_small(source: DesignSource<'_>, network: &Name, what: &str, mtu: u32, path: &str) -> Finding {
    let wanted = source.design.network.get(network).map_or(0, |network| network.mtu);
    let place = source.place(path);
    Finding::new(
        Severity::Error,
        &place,
        format!("{what} packets of {mtu} bytes on the way of {network}, which has {wanted}"),
    )
    .at_place(&place, format!("{mtu}"))
    .context_place(&source.place(format!("network/{network}/mtu")), format!("{wanted}"))
    .breaks("large packets vanish there, and small ones pass")
    .help(format!("`mtu: {wanted}` from end to end, or a smaller one for {network}"))
}

/// Ports of switches: those with hosts of a network behind them, and those between switches and up that carry its VLAN.
fn transit<'d>(source: DesignSource<'d>, mut ports: BTreeSet<(&'d Name, &'d Name, &'d Name)>, verdicts: &mut Verdicts) {
    let design = source.design;
    for end in design.cable.values().flat_map(|cable| [&cable.a, &cable.b]) {
        let Some((_, switch)) = end.device.split_once('/').filter(|(kind, _)| *kind == "switch") else { continue };
        let Some((switch, it)) = design.switch.get_key_value(&Name::from(switch)) else { continue };
        let Some(port) = it.port.get(&end.port) else { continue };
        let carried = |network: &Network| port.tagged.contains(&network.vlan) || port.untagged == Some(network.vlan);
        ports.extend(
            design.network.iter().filter(|(_, network)| carried(network)).map(|(name, _)| (name, switch, &end.port)),
        );
    }
    let mut broken: BTreeMap<(&Name, &Name, u32), &Name> = BTreeMap::new();
    for (network, switch, port) in ports {
        let Some(mtu) = design.switch.get(switch).and_then(|it| it.port.get(port)).map(|port| port.mtu) else {
            continue;
        };
        if design.network.get(network).is_some_and(|network| mtu < network.mtu) {
            broken.entry((network, switch, mtu)).or_insert(port);
        } else {
            verdicts.holds();
        }
    }
    for ((network, switch, mtu), port) in broken {
        let path = format!("switch/{switch}/port/{port}/mtu");
        verdicts.broken(too_small(source, network, &format!("ports of {switch} take"), mtu, &path));
    }
}

/// Machines that take less than their network, where nothing below them is to blame already.
fn endpoints(world: &World<'_>, verdicts: &mut Verdicts) {
    let Some(source) = world.design else { return };
    let design = source.design;
    let mut broken: BTreeMap<(&Name, u32, u32), Vec<&Name>> = BTreeMap::new();
    for (name, machine) in &design.machine {
        for (network, nic) in &machine.nic {
            let Some(wanted) = design.network.get(network).map(|network| network.mtu) else { continue };
            let follows = || small(design, &machine.host, network, &nic.bridge).iter().any(|(.., mtu)| *mtu <= nic.mtu);
            if nic.mtu < wanted && !follows() {
                broken.entry((network, nic.mtu, wanted)).or_default().push(name);
            } else {
                verdicts.holds();
            }
        }
    }
    for ((network, mtu, wanted), names) in broken {
        let place = source.place(format!("machine/{}/nic/{network}/mtu", names[0]));
        let take = verb(names.len(), "takes", "take");
        verdicts.broken(
            Finding::new(
                Severity::Warning,
                &place,
                format!("{} {take} packets of {mtu} bytes in {network}, which has {wanted}", list(&names)),
            )
            .at_place(&place, "")
            .breaks("TCP negotiates and works; other protocols may lose large packets")
            .help("use the MTU of the network"),
        );
    }
}

fn equal(world: &World<'_>, verdicts: &mut Verdicts) {
    let Some(source) = world.design else { return };
    let mut by_mtu: BTreeMap<u32, Vec<(&Name, &Name)>> = BTreeMap::new();
    for (name, _, network, nic) in node_nics(source.design) {
        by_mtu.entry(nic.mtu).or_default().push((name, network));
    }
    let (Some((low, small)), Some((high, _))) = (by_mtu.first_key_value(), by_mtu.last_key_value()) else { return };
    let (name, network) = small[0];
    let place = source.place(format!("machine/{name}/nic/{network}/mtu"));
    verdicts.verdict((low != high).then(|| {
        let names: Vec<&str> = small.iter().map(|(name, _)| name.as_str()).collect();
        Finding::new(
            Severity::Advice,
            &place,
            format!("nodes differ in MTU: {low} on {}, up to {high} on others", list(&names)),
        )
        .at_place(&place, "")
        .breaks("the smallest decides for all pods")
        .help("use one MTU on all nodes")
    }));
}

fn bpf(world: &World<'_>, verdicts: &mut Verdicts) {
    const TUNNEL: u32 = 50;
    let Some(source) = world.design else { return };
    let design = source.design;
    let calico = &design.calico;
    let plain = !matches!(calico.encapsulation, Encapsulation::IPIP | Encapsulation::VXLAN);
    let Some((node, _, _, nic)) = node_nics(design).min_by_key(|(.., nic)| nic.mtu) else { return };
    if calico.dataplane != CalicoDataplane::BPF || !plain {
        return;
    }
    let bound = nic.mtu.saturating_sub(TUNNEL);
    let place = source.place("calico/mtu");
    verdicts.verdict((calico.mtu > bound).then(|| {
        Finding::new(
            Severity::Warning,
            &place,
            format!("packets of pods have {} bytes and eBPF needs {TUNNEL} for itself", calico.mtu),
        )
        .at_place(&place, format!("{node} has {}", nic.mtu))
        .breaks("full packets of clients of node ports are dropped on their way to the node of the pod")
        .help(format!("`calico: {{ mtu: {bound} }}`"))
    }));
}

#[cfg(test)]
mod tests {
    use plimsoll_model::design::Encapsulation;

    use super::overhead;

    #[test]
    fn overheads_are_the_headers_around_a_packet() {
        // RFC 791, 8200, 768, 7348 and the WireGuard paper, section 5.4.6: type and reserved, receiver, counter, tag.
        let (ethernet, v4, v6, udp, vxlan, wireguard) = (14, 20, 40, 8, 8, 4 + 4 + 8 + 16);
        for (outer, over6) in [(v4, false), (v6, true)] {
            let tunnel = ethernet + outer + udp + vxlan;
            let secret = outer + udp + wireguard;
            for mode in [Encapsulation::VXLAN, Encapsulation::VXLANCrossSubnet] {
                assert_eq!(overhead(mode, false, over6), (tunnel, "VXLAN"));
                assert_eq!(overhead(mode, true, over6), (secret, "WireGuard"), "the larger counts");
            }
            // IPIP is for IPv4 only; the other family of such a cluster has another tunnel or none.
            for mode in [Encapsulation::IPIP, Encapsulation::IPIPCrossSubnet] {
                assert_eq!(overhead(mode, false, over6), (v4, "IPIP"));
            }
            assert_eq!(overhead(Encapsulation::None, true, over6), (secret, "WireGuard"));
            assert_eq!(overhead(Encapsulation::None, false, over6).0, 0);
        }
    }
}
