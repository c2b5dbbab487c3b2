//! NET-007 to 010 and 014: how packets of pods travel.

use std::collections::BTreeSet;

use plimsoll_diagnostics::Severity;
use plimsoll_model::Name;
use plimsoll_model::design::{Encapsulation, Purpose};
use plimsoll_views::World;

use super::node_nics;
use crate::words::list;
use crate::{Evidence, Finding, Manual, Reads, Rule, Verdicts};

pub(super) const NET_007: Rule = Rule {
    id: "NET-007",
    severity: Severity::Error,
    summary: "IPIP is for IPv4",
    reads: Reads::Both,
    silent_behind: &[],
    manual: Manual {
        checks: "A pool of pods has an IPv6 prefix and IPIP.",
        breaks: "Calico refuses the pool.",
        remedy: "VXLAN or no encapsulation for IPv6.",
        before: "cidr: fd00:244::/56\nipipMode: Always",
        after: "cidr: fd00:244::/56\nvxlanMode: Always",
        source: "Calico documentation, overlay networking",
        evidence: Evidence::Seen,
    },
    check: ipip6,
};

pub(super) const NET_008: Rule = Rule {
    id: "NET-008",
    severity: Severity::Error,
    summary: "a pool has one encapsulation",
    reads: Reads::Files,
    silent_behind: &[],
    manual: Manual {
        checks: "Both `ipipMode` and `vxlanMode` of a pool are on.",
        breaks: "Calico refuses the pool.",
        remedy: "One of them.",
        before: "ipipMode: Always\nvxlanMode: CrossSubnet",
        after: "vxlanMode: CrossSubnet",
        source: "Calico reference, IP pool",
        evidence: Evidence::Seen,
    },
    check: two,
};

pub(super) const NET_009: Rule = Rule {
    id: "NET-009",
    severity: Severity::Advice,
    summary: "no encapsulation where nodes share a network",
    reads: Reads::Design,
    silent_behind: &[],
    manual: Manual {
        checks: "IPIP or VXLAN within a network, and all nodes are in one. Not where packets with \
                 addresses that are not the node's are dropped (`ipfilter` of machines), which an overlay hides.",
        breaks: "Overhead in every packet, and lower throughput, for nothing.",
        remedy: "Encapsulation between subnets only, or none.",
        before: "calico: { encapsulation: vxlan }",
        after: "calico: { encapsulation: vxlan-cross-subnet }",
        source: "Calico documentation, overlay networking; calico issue 9341",
        evidence: Evidence::Seen,
    },
    check: needless,
};

pub(super) const NET_010: Rule = Rule {
    id: "NET-010",
    severity: Severity::Error,
    summary: "somebody routes pods between networks",
    reads: Reads::Design,
    silent_behind: &[],
    manual: Manual {
        checks: "No encapsulation, nodes are in several networks, and Calico peers with no router. A full \
                 mesh of the nodes does not teach the routers; static routes do not help, since blocks of \
                 addresses move.",
        breaks: "Packets between pods of different networks are dropped by the routers.",
        remedy: "Encapsulation between subnets, or BGP sessions with the routers.",
        before: "calico: { encapsulation: none, mesh: full }   # racks with a network each",
        after: "calico: { encapsulation: vxlan-cross-subnet }",
        source: "Calico documentation, overlay networking and BGP",
        evidence: Evidence::SeenPrinciple,
    },
    check: routed,
};

pub(super) const NET_014: Rule = Rule {
    id: "NET-014",
    severity: Severity::Warning,
    summary: "Calico is told which address of a node to use",
    reads: Reads::Design,
    silent_behind: &[],
    manual: Manual {
        checks: "Calico takes the first interface it finds, and a node has several.",
        breaks: "BGP and tunnels bind to the storage or management network of some nodes.",
        remedy: "Prefixes of the network of the nodes (`nodeAddressAutodetectionV4.cidrs`), or the address \
                 of the node.",
        before: "nodeAddressAutodetectionV4: { firstFound: true }",
        after: "nodeAddressAutodetectionV4: { cidrs: [10.30.12.0/24] }",
        source: "Calico documentation, IP autodetection",
        evidence: Evidence::Seen,
    },
    check: first_found,
};

fn ipip6(world: &World<'_>, verdicts: &mut Verdicts) {
    for pool in world.addresses.iter().flat_map(|all| &all.pod_pools) {
        let (Some(net), Some(ipip)) = (pool.cidr.get(), pool.ipip.copied()) else {
            verdicts.cannot_judge(&pool.place, "its prefix and its encapsulation");
            continue;
        };
        verdicts.verdict((ipip && net.addr().is_ipv6()).then(|| {
            Finding::new(Severity::Error, pool.ipip.place(), format!("pool {} has IPv6 addresses and IPIP", pool.name))
                .at(&pool.cidr, net.to_string())
                .context(&pool.ipip, "IPIP carries IPv4 only")
                .breaks("Calico refuses the pool, and pods get no IPv6 address")
                .help("use VXLAN, or no encapsulation")
        }));
    }
}

fn two(world: &World<'_>, verdicts: &mut Verdicts) {
    for pool in world.addresses.iter().flat_map(|all| &all.pod_pools) {
        let (Some(ipip), Some(vxlan)) = (pool.ipip.copied(), pool.vxlan.copied()) else {
            verdicts.cannot_judge(&pool.place, "its encapsulation");
            continue;
        };
        verdicts.verdict((ipip && vxlan).then(|| {
            Finding::new(Severity::Error, &pool.place, format!("pool {} has both IPIP and VXLAN", pool.name))
                .at(&pool.ipip, "")
                .context(&pool.vxlan, "and")
                .breaks("Calico refuses the pool, and pods get no address")
                .help("leave one of `ipipMode` and `vxlanMode` at Never")
        }));
    }
}

fn node_networks(world: &World<'_>) -> BTreeSet<Name> {
    world
        .design
        .into_iter()
        .flat_map(|source| node_nics(source.design))
        .map(|(_, _, network, _)| network.clone())
        .collect()
}

fn needless(world: &World<'_>, verdicts: &mut Verdicts) {
    let Some(source) = world.design else { return };
    let design = source.design;
    let networks = node_networks(world);
    let always = matches!(design.calico.encapsulation, Encapsulation::IPIP | Encapsulation::VXLAN);
    let guarded = node_nics(design).any(|(_, _, network, nic)| {
        nic.ipfilter || design.network.get(network).is_some_and(|it| it.anti_spoofing == Some(true))
    });
    let place = source.place("calico/encapsulation");
    verdicts.verdict((always && !guarded && networks.len() == 1).then(|| {
        let name = design.calico.encapsulation.as_str();
        Finding::new(Severity::Advice, &place, format!("{name} is used although all nodes are in one network"))
            .at_place(&place, "")
            .breaks("every packet carries an overhead that nothing needs")
            .help(format!("use {name} between subnets only, or `calico: {{ encapsulation: none }}`"))
            .help("or say that the hypervisor drops addresses it did not expect: `ipfilter: true` of the machines")
    }));
}

fn routed(world: &World<'_>, verdicts: &mut Verdicts) {
    let Some(source) = world.design else { return };
    let design = source.design;
    let networks = node_networks(world);
    let names: Vec<&str> = networks.iter().map(Name::as_str).collect();
    let plain = design.calico.encapsulation == Encapsulation::None;
    let place = source.place("calico/encapsulation");
    verdicts.verdict((plain && networks.len() > 1 && design.calico.peer.is_empty()).then(|| {
        Finding::new(Severity::Error, &place, format!("nobody routes packets of pods between {}", list(&names)))
            .at_place(&place, "no encapsulation")
            .context_place(&source.place("calico/peer"), "and no session with a router")
            .breaks("pods reach each other within a network only")
            .help("encapsulate between subnets, or peer with the routers")
    }));
}

fn first_found(world: &World<'_>, verdicts: &mut Verdicts) {
    let Some(source) = world.design else { return };
    let design = source.design;
    let several = design.nodes().find(|(_, machine)| machine.nic.len() > 1);
    let place = source.place("calico/autodetection");
    verdicts.verdict(several.filter(|_| design.calico.autodetection.is_empty()).map(|(name, machine)| {
        let nets = machine.nic.keys().map(Name::as_str).collect::<Vec<_>>();
        let wanted =
            design.network_for(Purpose::Nodes).map(|(_, network)| network.ipv4.to_string()).unwrap_or_default();
        Finding::new(Severity::Warning, &place, "Calico takes the first address of a node that it finds")
            .at_place(&place, format!("{name} is in {}", list(&nets)))
            .breaks("sessions and tunnels of some nodes bind to another network")
            .help(format!("let it look in {wanted} only"))
    }));
}
