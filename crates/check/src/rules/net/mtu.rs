//! NET-001, 003, 004 and 006: sizes of packets.

use std::collections::{BTreeMap, BTreeSet};

use plimsoll_diagnostics::Severity;
use plimsoll_model::Name;
use plimsoll_model::design::{CalicoDataplane, Design, Encapsulation, Host};
use plimsoll_views::World;
use plimsoll_views::domains::ports_below;

use super::node_nics;
use crate::words::list;
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
                 largest counts.",
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
    reads: Reads::Design,
    silent_behind: &[],
    manual: Manual {
        checks: "A bridge, VLAN interface, bond, port of a host or port of a switch on the way of a network \
                 takes smaller packets than the network's MTU: an error. The interface of a machine does: a \
                 warning. Larger is fine.",
        breaks: "Large packets vanish at that hop. At the endpoint TCP still works since it negotiates; \
                 other protocols may not. Test with `ping -M do -s 8972`.",
        remedy: "One MTU from end to end, or 1500 everywhere.",
        before: "storage: { mtu: 9000 }\nbond0: { mtu: 1500 }",
        after: "storage: { mtu: 9000 }\nbond0: { mtu: 9000 }",
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
        before: "calico: { dataplane: ebpf, encapsulation: none, mtu: 1500 }",
        after: "calico: { dataplane: ebpf, encapsulation: none, mtu: 1450 }",
        source: "Calico documentation, MTU; calico issue 12432",
        evidence: Evidence::Seen,
    },
    check: bpf,
};

/// Bytes that the enabled encapsulations add, with what adds most of them.
fn overhead(design: &Design) -> (u32, &'static str) {
    let v6 = design.kubernetes.pods.iter().any(|net| net.addr().is_ipv6());
    let calico = &design.calico;
    let packets = match calico.encapsulation {
        Encapsulation::None => (0, "no encapsulation"),
        Encapsulation::IPIP | Encapsulation::IPIPCrossSubnet => (20, "IPIP"),
        Encapsulation::VXLAN | Encapsulation::VXLANCrossSubnet => (if v6 { 70 } else { 50 }, "VXLAN"),
    };
    let encryption = if !calico.wireguard {
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
    let (bytes, what) = overhead(design);
    let bound = nic.mtu.saturating_sub(bytes);
    let place = source.place("calico/mtu");
    verdicts.verdict((design.calico.mtu > bound).then(|| {
        Finding::new(
            Severity::Error,
            &place,
            format!("packets of pods have {} bytes and {bound} fit", design.calico.mtu),
        )
        .at_place(&place, format!("{} of {node} less {bytes} for {what}", nic.mtu))
        .context_place(&source.place(format!("machine/{node}/nic/{network}/mtu")), "the smallest of the nodes")
        .breaks("large packets vanish and small ones pass: TLS hangs, images are never pulled")
        .help(format!("set the MTU of pods to {bound}"))
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

/// The network whose packets are dropped, what drops them, and the largest that pass.
type Hop<'d> = (&'d Name, String, u32);

fn hops(world: &World<'_>, verdicts: &mut Verdicts) {
    let Some(source) = world.design else { return };
    let design = source.design;
    // Small hops with those whose packets they drop: what, where and how large, by network.
    let mut broken: BTreeMap<Hop<'_>, Vec<(String, String)>> = BTreeMap::new();
    let mut small = |network: &'_ Name, what: String, mtu: u32, owner: &str, path: String| {
        if let Some((name, it)) = design.network.get_key_value(network) {
            if mtu < it.mtu {
                broken.entry((name, what, mtu)).or_default().push((owner.to_owned(), path));
            } else {
                verdicts.holds();
            }
        }
    };
    let mut ways: BTreeSet<(&Name, &Name, &Name)> = BTreeSet::new();
    for machine in design.machine.values() {
        ways.extend(machine.nic.iter().map(|(network, nic)| (&machine.host, network, &nic.bridge)));
    }
    for (name, host) in &design.host {
        ways.extend(host.address.iter().map(|(network, address)| (name, network, &address.interface)));
    }
    let mut ports: BTreeSet<(&Name, &Name, &Name)> = BTreeSet::new();
    for (name, network, interface) in ways {
        let Some(host) = design.host.get(name) else { continue };
        for (kind, hop, mtu) in chain(host, interface) {
            small(network, format!("{kind} {hop}"), mtu, name.as_str(), format!("host/{name}/{kind}/{hop}/mtu"));
        }
        ports.extend(
            ports_below(host, interface).into_iter().map(|nic| (network, &host.nic[nic].switch, &host.nic[nic].port)),
        );
    }
    for (network, switch, port) in ports {
        let mtu = design.switch.get(switch).and_then(|it| it.port.get(port)).map(|port| port.mtu);
        if let Some(mtu) = mtu {
            small(
                network,
                format!("ports of {switch}"),
                mtu,
                switch.as_str(),
                format!("switch/{switch}/port/{port}/mtu"),
            );
        }
    }
    for ((network, what, mtu), owners) in broken {
        let wanted = design.network.get(network).map_or(0, |network| network.mtu);
        let mut names: Vec<&str> = owners.iter().map(|(owner, _)| owner.as_str()).collect();
        names.dedup();
        let takes = if what.starts_with("ports") { "take" } else { "takes" };
        let of = if what.starts_with("ports") { String::new() } else { format!(" of {}", list(&names)) };
        let place = source.place(owners[0].1.as_str());
        verdicts.broken(
            Finding::new(
                Severity::Error,
                &place,
                format!("{what}{of} {takes} packets of {mtu} bytes on the way of {network}, which has {wanted}"),
            )
            .at_place(&place, format!("{mtu}"))
            .context_place(&source.place(format!("network/{network}/mtu")), format!("{wanted}"))
            .breaks("large packets vanish there, and small ones pass")
            .help("use one MTU from end to end"),
        );
    }
    for (name, machine) in &design.machine {
        for (network, nic) in &machine.nic {
            let Some(wanted) = design.network.get(network).map(|network| network.mtu) else { continue };
            let place = source.place(format!("machine/{name}/nic/{network}/mtu"));
            verdicts.verdict((nic.mtu < wanted).then(|| {
                Finding::new(
                    Severity::Warning,
                    &place,
                    format!("{name} takes packets of {} bytes in {network}, which has {wanted}", nic.mtu),
                )
                .at_place(&place, "")
                .breaks("TCP negotiates and works; other protocols may lose large packets")
                .help("use the MTU of the network")
            }));
        }
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
        .help(format!("set the MTU of pods to {bound}"))
    }));
}
