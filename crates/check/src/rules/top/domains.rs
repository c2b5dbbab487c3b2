//! TOP-004 to 007: layer-2 domains.

use std::collections::{BTreeMap, BTreeSet};

use plimsoll_diagnostics::Severity;
use plimsoll_model::Name;
use plimsoll_model::design::{AddressRange, Announce, Design, ExternalKind};
use plimsoll_views::World;

use crate::words::{list, verb};
use crate::{Evidence, Finding, Manual, Reads, Rule, Verdicts};

pub(super) const TOP_004: Rule = Rule {
    id: "TOP-004",
    severity: Severity::Error,
    summary: "all holders of the VIP are in its network",
    reads: Reads::Design,
    silent_behind: &[],
    manual: Manual {
        checks: "A member of the VRRP group of the API has no interface in the network of the VIP. Whether \
                 the VIP lies in that network is judged by ADDR-013.",
        breaks: "The VIP cannot move to that member: VRRP and ARP do not leave a layer-2 domain.",
        remedy: "Stretch the network to all members, or announce the VIP by BGP.",
        before: "cp-3: { networks: [kube-r2] }   # the VIP is in kube",
        after: "cp-3: { networks: [kube] }",
        source: "kubeadm ha-considerations.md; Mirantis reference architecture, physical networks",
        evidence: Evidence::SeenPrinciple,
    },
    check: vip,
};

pub(super) const TOP_005: Rule = Rule {
    id: "TOP-005",
    severity: Severity::Error,
    summary: "addresses announced by ARP are announced in one network",
    reads: Reads::Design,
    silent_behind: &[],
    manual: Manual {
        checks: "A pool of services is announced at layer 2 by nodes of which some are in the network of its \
                 addresses and some are not. If none is, ADDR-017 speaks.",
        breaks: "The speaker that answers for an address may be a node outside that network, and the address \
                 is a black hole.",
        remedy: "Select the nodes of that network, or use BGP.",
        before: "announce: l2, from: worker-1..6   # workers 4 to 6 in another network",
        after: "from: worker-1..3",
        source: "MetalLB configuration, advanced L2Advertisement",
        evidence: Evidence::Seen,
    },
    check: pool,
};

pub(super) const TOP_006: Rule = Rule {
    id: "TOP-006",
    severity: Severity::Error,
    summary: "no loop in a VLAN without loop protection",
    reads: Reads::Design,
    silent_behind: &[],
    manual: Manual {
        checks: "The switches that let a VLAN through, with aggregates and switch pairs seen as one, form a \
                 circle, and spanning tree is off on all of the circle: an error. A VLAN reaches over several \
                 racks without a circle and without spanning tree: advice. Not judged where spanning tree is \
                 not stated and there is a circle.",
        breaks: "The first broadcast goes round for ever: everything in that VLAN stops at once.",
        remedy: "Spanning tree, an aggregate for parallel links, or routing between racks.",
        before: "leaf-1..2: { stp: false }   # two links between them, no aggregate",
        after: "mlag: { group: fabric, peer_links: 2 }",
        source: "general practice; the cluster article behind this project",
        evidence: Evidence::SeenPrinciple,
    },
    check: circle_check,
};

pub(super) const TOP_007: Rule = Rule {
    id: "TOP-007",
    severity: Severity::Advice,
    summary: "service addresses of several racks are announced by BGP",
    reads: Reads::Design,
    silent_behind: &[],
    manual: Manual {
        checks: "There are several racks, a pool is announced at layer 2, and a router of the site speaks \
                 BGP.",
        breaks: "All traffic of an address enters by one node, and its VLAN must reach over all racks.",
        remedy: "`announce: bgp`.",
        before: "ingress: { announce: l2 }",
        after: "ingress: { announce: bgp, peers: gw-1..2 }",
        source: "MetalLB concepts, layer2; Mirantis reference architecture",
        evidence: Evidence::Seen,
    },
    check: racks,
};

fn vip(world: &World<'_>, verdicts: &mut Verdicts) {
    let Some(source) = world.design else { return };
    let design = source.design;
    let Some(vrrp) = &design.api.vrrp else { return };
    let outside: Vec<&str> = vrrp
        .member
        .keys()
        .filter(|member| {
            design.machine.get(*member).is_some_and(|machine| !machine.nic.contains_key(&design.api.network))
        })
        .map(Name::as_str)
        .collect();
    let place = source.place("api/network");
    verdicts.verdict((!outside.is_empty()).then(|| {
        let (is, them) = (verb(outside.len(), "is", "are"), verb(outside.len(), "it", "them"));
        Finding::new(
            Severity::Error,
            &place,
            format!("{} {is} not in {}, the network of the VIP", list(&outside), design.api.network),
        )
        .at_place(
            &source.place(format!("machine/{}/nic", outside[0])),
            format!("no interface in {}", design.api.network),
        )
        .breaks(format!("the VIP cannot move to {them}"))
        .help("put every holder of the VIP into its network, or announce the VIP by BGP")
    }));
}

fn pool(world: &World<'_>, verdicts: &mut Verdicts) {
    let Some(source) = world.design else { return };
    let design = source.design;
    let Some(metallb) = &design.metallb else { return };
    for (name, pool) in metallb.pool.iter().filter(|(_, pool)| pool.announce.contains(&Announce::L2)) {
        for range in &pool.ranges {
            let network = design.network.iter().find(|(_, network)| {
                AddressRange::from(network.ipv4).covers(range)
                    || network.ipv6.is_some_and(|net| AddressRange::from(ipnet::IpNet::V6(net)).covers(range))
            });
            let Some((network, _)) = network else { continue };
            let (inside, outside): (Vec<&Name>, Vec<&Name>) = metallb
                .nodes
                .iter()
                .partition(|node| design.machine.get(*node).is_some_and(|machine| machine.nic.contains_key(network)));
            let place = source.place(format!("metallb/pool/{name}"));
            verdicts.verdict((!inside.is_empty() && !outside.is_empty()).then(|| {
                let names: Vec<&str> = outside.iter().map(|name| name.as_str()).collect();
                let is = verb(names.len(), "is", "are");
                Finding::new(
                    Severity::Error,
                    &place,
                    format!("{} {is} to announce pool {name} and {is} not in {network}", list(&names)),
                )
                .at_place(&place, format!("addresses of {network}, by ARP"))
                .breaks("an address that such a node answers for is a black hole")
                .help(format!("let only nodes in {network} announce it, or use BGP"))
            }));
        }
    }
}

/// Switches that act as one, by the name of the pair or of the switch.
fn unit(design: &Design, switch: &Name) -> String {
    let pair = design.mlag.iter().find(|(_, mlag)| mlag.members.contains(switch));
    pair.map_or_else(|| switch.to_string(), |(name, _)| format!("pair {name}"))
}

/// Links between units that let a VLAN through, aggregates as one.
fn links(design: &Design, vlan: u16) -> Vec<(String, String)> {
    let mut seen: BTreeSet<(String, String, String)> = BTreeSet::new();
    for (name, cable) in &design.cable {
        let switch = |device: &str| device.strip_prefix("switch/").map(Name::from);
        let (Some(a), Some(b)) = (switch(&cable.a.device), switch(&cable.b.device)) else { continue };
        let port = |switch: &Name, port: &Name| design.switch.get(switch).and_then(|it| it.port.get(port));
        let (here, there) = (port(&a, &cable.a.port), port(&b, &cable.b.port));
        // A port that nobody described lets through what its switch carries.
        let carries = |switch: &Name| {
            let ports = design.switch.get(switch).into_iter().flat_map(|it| it.port.values());
            ports.into_iter().any(|port| port.tagged.contains(&vlan) || port.untagged == Some(vlan))
        };
        let lets = |switch: &Name, port: Option<&plimsoll_model::design::SwitchPort>| match port {
            Some(port) => port.tagged.contains(&vlan) || port.untagged == Some(vlan),
            None => carries(switch),
        };
        if !lets(&a, here) || !lets(&b, there) {
            continue;
        }
        let (first, second) = (unit(design, &a), unit(design, &b));
        if first == second {
            continue;
        }
        let aggregate = here.and_then(|port| port.lag.as_ref()).or(there.and_then(|port| port.lag.as_ref()));
        let key = aggregate.map_or_else(|| format!("cable {name}"), |lag| format!("aggregate {lag}"));
        let (first, second) = if first <= second { (first, second) } else { (second, first) };
        seen.insert((first, second, key));
    }
    seen.into_iter().map(|(a, b, _)| (a, b)).collect()
}

/// Units of the first circle that the links close, in the order of their names.
fn circle(links: &[(String, String)]) -> Option<BTreeSet<String>> {
    let mut island: BTreeMap<&str, usize> = BTreeMap::new();
    let mut kept: Vec<&(String, String)> = Vec::new();
    for (index, link) in links.iter().enumerate() {
        let (a, b) = (link.0.as_str(), link.1.as_str());
        let (of_a, of_b) = (*island.entry(a).or_insert(2 * index), *island.entry(b).or_insert(2 * index + 1));
        if of_a == of_b {
            // What is on a way from a to b over kept links, which are a tree.
            let mut ways = vec![vec![a]];
            while let Some(way) = ways.pop() {
                let last = way[way.len() - 1];
                if last == b {
                    return Some(way.into_iter().map(ToOwned::to_owned).collect());
                }
                for (x, y) in kept.iter().map(|link| (link.0.as_str(), link.1.as_str())) {
                    let next = if x == last {
                        y
                    } else if y == last {
                        x
                    } else {
                        continue;
                    };
                    if !way.contains(&next) {
                        let mut longer = way.clone();
                        longer.push(next);
                        ways.push(longer);
                    }
                }
            }
            return Some([a, b].into_iter().map(ToOwned::to_owned).collect());
        }
        island.values_mut().filter(|it| **it == of_b).for_each(|it| *it = of_a);
        kept.push(link);
    }
    None
}

fn circle_of(world: &World<'_>, network: &Name) -> Option<BTreeSet<String>> {
    let design = world.design?.design;
    circle(&links(design, design.network.get(network)?.vlan))
}

fn circle_finding(world: &World<'_>, verdicts: &mut Verdicts, networks: &[&str], units: &BTreeSet<String>) {
    let Some(source) = world.design else { return };
    let design = source.design;
    let members: Vec<&Name> = design.switch.keys().filter(|switch| units.contains(&unit(design, switch))).collect();
    let states: Vec<Option<bool>> =
        members.iter().filter_map(|switch| design.switch.get(*switch)).map(|switch| switch.spanning_tree).collect();
    let place = source.place(format!("switch/{}", members.first().map_or("", |name| name.as_str())));
    let names: Vec<&str> = members.iter().map(|name| name.as_str()).collect();
    if states.contains(&Some(true)) {
        verdicts.holds();
    } else if states.contains(&None) {
        verdicts.cannot_judge(&place, format!("whether spanning tree runs on {}", list(&names)));
    } else {
        verdicts.broken(
            Finding::new(
                Severity::Error,
                &place,
                format!("{} form a loop for {} without spanning tree", list(&names), list(networks)),
            )
            .at_place(&place, "")
            .breaks("the first broadcast goes round for ever, and everything in these networks stops")
            .help("turn spanning tree on, make parallel links one aggregate, or route between racks"),
        );
    }
}

fn circle_check(world: &World<'_>, verdicts: &mut Verdicts) {
    let Some(source) = world.design else { return };
    let design = source.design;
    let mut by_units: BTreeMap<BTreeSet<String>, Vec<&str>> = BTreeMap::new();
    for (name, network) in &design.network {
        if let Some(units) = circle_of(world, name) {
            by_units.entry(units).or_default().push(name.as_str());
            continue;
        }
        let carriers = design.switch.values().filter(|switch| network.racks.contains(&switch.rack));
        let off = carriers.clone().all(|switch| switch.spanning_tree == Some(false)) && carriers.count() > 0;
        let place = source.place(format!("network/{name}"));
        verdicts.verdict((off && network.racks.len() > 1).then(|| {
            let racks: Vec<&str> = network.racks.iter().map(Name::as_str).collect();
            Finding::new(
                Severity::Advice,
                &place,
                format!("{name} reaches over racks {} without loop protection", list(&racks)),
            )
            .at_place(&place, "")
            .breaks("one wrong patch cable stops everything in this network")
            .help("turn spanning tree on, or route between racks")
        }));
    }
    for (units, networks) in by_units {
        circle_finding(world, verdicts, &networks, &units);
    }
}

fn racks(world: &World<'_>, verdicts: &mut Verdicts) {
    let Some(source) = world.design else { return };
    let design = source.design;
    let Some(metallb) = &design.metallb else { return };
    let router =
        design.external.iter().find(|(_, external)| external.kind == ExternalKind::Router && external.asn.is_some());
    let Some((router, _)) = router.filter(|_| design.rack.len() > 1) else { return };
    for (name, pool) in &metallb.pool {
        let place = source.place(format!("metallb/pool/{name}/announce"));
        verdicts.verdict((pool.announce == [Announce::L2]).then(|| {
            Finding::new(
                Severity::Advice,
                &place,
                format!("pool {name} is announced by ARP over {} racks", design.rack.len()),
            )
            .at_place(&place, "")
            .context_place(&source.place(format!("external/{router}")), "speaks BGP")
            .breaks("all traffic of an address enters by one node, and its VLAN must reach over all racks")
            .help("`announce: bgp`")
        }));
    }
}

#[cfg(test)]
mod tests {
    use super::circle;

    #[test]
    fn a_tree_has_no_circle_and_parallel_links_have() {
        let links = |text: &str| -> Vec<(String, String)> {
            text.split(' ').filter_map(|it| it.split_once('-')).map(|(a, b)| (a.to_owned(), b.to_owned())).collect()
        };
        let found = |text: &str| circle(&links(text)).map(|it| it.into_iter().collect::<String>());
        assert_eq!(found("a-b a-c b-d"), None);
        assert_eq!(found("a-b a-b"), Some("ab".to_owned()));
        assert_eq!(found("x-a a-b b-c c-d d-b"), Some("bcd".to_owned()));
    }

    #[test]
    fn a_circle_is_found_exactly_when_there_are_more_links_than_a_forest_has() {
        let mut seed = 11_u64;
        let mut next = |below: usize| {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (seed >> 33) as usize % below
        };
        for _ in 0..3000 {
            let units = 2 + next(7);
            let mut links: Vec<(String, String)> = Vec::new();
            for _ in 0..next(9) {
                let (a, b) = (next(units), next(units));
                if a != b {
                    links.push((format!("u{}", a.min(b)), format!("u{}", a.max(b))));
                }
            }
            // Islands by painting over and over until nothing changes.
            let mut paint: Vec<usize> = (0..units).collect();
            let number = |name: &String| name[1..].parse::<usize>().expect("a number");
            for _ in 0..units {
                for (a, b) in &links {
                    let least = paint[number(a)].min(paint[number(b)]);
                    paint[number(a)] = least;
                    paint[number(b)] = least;
                }
            }
            let islands = (0..units).filter(|unit| paint[*unit] == *unit).count();
            let found = circle(&links);
            assert_eq!(found.is_some(), links.len() > units - islands, "{links:?}");
            // Each unit of a circle has two links to others of it.
            for unit in found.iter().flatten() {
                let round = found.iter().flatten().collect::<Vec<_>>();
                let inside = |link: &&(String, String)| round.contains(&&link.0) && round.contains(&&link.1);
                let own = links.iter().filter(inside).filter(|(a, b)| a == unit || b == unit).count();
                assert!(own >= 2, "{unit} in {found:?} of {links:?}");
            }
        }
    }
}
