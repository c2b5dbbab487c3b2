//! ADDR-013, 017 and 019: addresses that ARP must be able to reach.

use std::net::IpAddr;

use plimsoll_diagnostics::Severity;
use plimsoll_views::World;
use plimsoll_views::addresses::UseKind;

use crate::words::list;
use crate::{Evidence, Finding, Manual, Reads, Rule, Verdicts};

pub(super) const ADDR_013: Rule = Rule {
    id: "ADDR-013",
    severity: Severity::Error,
    summary: "the VIP lies in the network of its holders",
    reads: Reads::Both,
    silent_behind: &[],
    manual: Manual {
        checks: "A VIP lies in no prefix of the network that it is announced in. On files, a warning: it lies in no \
                 prefix of the interface it is added to, on every member; a route on the router, which no file \
                 states, would make it right. Not judged on files without the interfaces of the members, or where \
                 it has a prefix of its own.",
        breaks: "Nobody answers for it outside that network, and the router has no way to it.",
        remedy: "An address of that network. Secondary networks and routed addresses are legal but not \
                 described by the file yet.",
        before: "api: { vip: 10.30.99.100 }   # network kube is 10.30.12.0/24",
        after: "api: { vip: 10.30.12.100 }",
        source: "kubeadm ha-considerations.md; keepalived.conf(5), virtual_ipaddress",
        evidence: Evidence::SeenPrinciple,
    },
    check: vip,
};

pub(super) const ADDR_017: Rule = Rule {
    id: "ADDR-017",
    severity: Severity::Warning,
    summary: "addresses announced by ARP lie in a network of the announcers",
    reads: Reads::Design,
    silent_behind: &["ADDR-001"],
    manual: Manual {
        checks: "A pool that is announced at layer 2 lies in no network that an announcing node is in.",
        breaks: "Hosts outside send to their router, which has no route there; ARP works only for hosts that \
                 were told that the range is on their link.",
        remedy: "A range inside the network, or BGP.",
        before: "pools: { public: 10.30.99.0/26 }   # announce: l2, nodes in 10.30.12.0/24",
        after: "pools: { public: 10.30.12.192/26 }",
        source: "MetalLB concepts, layer2",
        evidence: Evidence::SeenPrinciple,
    },
    check: pool,
};

pub(super) const ADDR_019: Rule = Rule {
    id: "ADDR-019",
    severity: Severity::Error,
    summary: "a pool announced by ARP leaves out the ends of its network",
    reads: Reads::Both,
    silent_behind: &[],
    manual: Manual {
        checks: "A pool announced at layer 2 contains the network or the broadcast address of the network it \
                 lies in: an error. A pool contains addresses that end in .0 or .255, and `avoidBuggyIPs` is \
                 off: advice, for pools that reach over more than one /24 only.",
        breaks: "The address cannot work, and one service in the pool is unreachable. Some old devices drop \
                 packets to .0 and .255.",
        remedy: "A smaller range; `avoidBuggyIPs: true`.",
        before: "addresses: [10.30.12.0/24]   # announced by L2Advertisement in 10.30.12.0/24",
        after: "addresses: [10.30.12.200-10.30.12.250]",
        source: "MetalLB configuration, advanced IPAddressPool",
        evidence: Evidence::SeenPrinciple,
    },
    check: ends,
};

/// On files: an address that lies in no prefix of the interface it is added to, on any member.
fn vip_of_files(world: &World<'_>, verdicts: &mut Verdicts) {
    for group in &world.vrrp {
        let mut outside = Vec::new();
        let mut unknown = false;
        for member in &group.members {
            let network = world.host_networks.iter().find(|network| network.host == member.name && network.complete);
            for vip in member.addresses.get().into_iter().flatten() {
                // With a prefix of its own it may be meant as a secondary network.
                let whole = if vip.address.is_ipv4() { 32 } else { 128 };
                let device = vip.device.as_ref().or(member.interface.get());
                let nets = network.zip(device).and_then(|(network, device)| network.interfaces.get(device));
                let nets = nets.and_then(|it| it.addresses.get()).filter(|nets| {
                    vip.prefix.is_none_or(|prefix| prefix == whole)
                        && nets.iter().any(|net| net.addr().is_ipv4() == vip.address.is_ipv4())
                });
                match nets {
                    None => unknown = true,
                    Some(nets) if nets.iter().any(|net| net.contains(&vip.address)) => verdicts.holds(),
                    Some(nets) => outside.push((member, vip.address, nets)),
                }
            }
        }
        if unknown {
            verdicts.cannot_judge(&group.place, "the addresses of its interfaces");
        } else if let [(member, vip, nets), ..] = outside.as_slice()
            && group
                .members
                .iter()
                .all(|it| outside.iter().any(|(other, other_vip, _)| other.name == it.name && other_vip == vip))
        {
            let nets: Vec<String> = nets.iter().map(ToString::to_string).collect();
            verdicts.broken(
                Finding::new(
                    Severity::Warning,
                    member.addresses.place(),
                    format!("the VIP {vip} lies outside the networks of its interface on every member"),
                )
                .at(&member.addresses, format!("{} has {}", member.name, list(&nets)))
                .note("right only where the router has a route to it")
                .breaks("nobody outside reaches it: it is no address of the network in which VRRP announces it")
                .help("choose an address of that network"),
            );
        }
    }
}

fn vip(world: &World<'_>, verdicts: &mut Verdicts) {
    let Some(source) = world.design else {
        vip_of_files(world, verdicts);
        return;
    };
    let design = source.design;
    let api = &design.api;
    let Some(network) = design.network.get(&api.network) else { return };
    if api.vrrp.is_none() {
        return;
    }
    for (index, vip) in api.vip.iter().enumerate() {
        let on_link = match vip {
            IpAddr::V4(vip) => network.ipv4.contains(vip),
            IpAddr::V6(vip) => network.ipv6.is_some_and(|net| net.contains(vip)),
        };
        let place = source.place(format!("api/vip/{index}"));
        verdicts.verdict((!on_link).then(|| {
            Finding::new(Severity::Error, &place, format!("the VIP {vip} lies outside network {}", api.network))
                .at_place(&place, "")
                .context_place(
                    &source.place(format!("network/{}/ipv4", api.network)),
                    format!("{} is {}", api.network, network.ipv4),
                )
                .breaks("nobody outside reaches it: it is no address of the network in which VRRP announces it")
                .help("choose an address of that network")
        }));
    }
}

fn pool(world: &World<'_>, verdicts: &mut Verdicts) {
    let Some(source) = world.design else { return };
    let design = source.design;
    let Some(metallb) = &design.metallb else { return };
    for pool in world.addresses.iter().flat_map(|all| &all.lb_pools).filter(|pool| pool.l2.is(&true)) {
        let networks =
            metallb.nodes.iter().filter_map(|node| design.machine.get(node)).flat_map(|machine| machine.nic.keys());
        let nets: std::collections::BTreeSet<_> = networks
            .filter_map(|network| design.network.get(network).map(|it| (network, it)))
            .map(|(name, it)| (name, it.ipv4, it.ipv6))
            .collect();
        for fact in &pool.ranges {
            let Some(range) = fact.copied() else { continue };
            let on_link = nets.iter().any(|(_, v4, v6)| {
                plimsoll_model::design::AddressRange::from(*v4).covers(&range)
                    || v6.is_some_and(|v6| super::range(&ipnet::IpNet::V6(v6)).covers(&range))
            });
            let names: Vec<&str> = nets.iter().map(|(name, ..)| name.as_str()).collect();
            verdicts.verdict((!on_link).then(|| {
                Finding::new(
                    Severity::Warning,
                    fact.place(),
                    format!("pool {} is announced by ARP and lies in no network of its nodes", pool.name),
                )
                .at(fact, range.to_string())
                .note(format!("the nodes are in {}", list(&names)))
                .breaks("routers have no way to these addresses")
                .help("take a range inside a network of theirs, or `announce: bgp`")
                .cause(format!("pool/{}", pool.name))
            }));
        }
    }
}

fn ends(world: &World<'_>, verdicts: &mut Verdicts) {
    for all in &world.addresses {
        for pool in &all.lb_pools {
            for fact in &pool.ranges {
                let Some(range) = fact.copied() else {
                    verdicts.cannot_judge(&pool.place, "its addresses");
                    continue;
                };
                let (IpAddr::V4(first), IpAddr::V4(last)) = (range.first(), range.last()) else {
                    verdicts.holds();
                    continue;
                };
                let network = all.of(UseKind::Network).find(|it| it.range.overlaps(&range));
                let end = network.and_then(|it| {
                    [it.range.first(), it.range.last()]
                        .into_iter()
                        .find(|end| range.contains(*end))
                        .map(|end| (it, end))
                });
                if let (Some((network, end)), true) = (end, pool.l2.is(&true)) {
                    verdicts.broken(
                        Finding::new(
                            Severity::Error,
                            fact.place(),
                            format!("pool {} holds {end}, an end of {}", pool.name, network.name),
                        )
                        .at(fact, range.to_string())
                        .context_place(&network.place, network.range.to_string())
                        .breaks("the service that gets this address cannot be reached")
                        .help("take a range without the first and the last address of the network"),
                    );
                    continue;
                }
                // Within one /24 the ends are rarely anybody's network address and people mean them.
                let wide = first.octets()[..3] != last.octets()[..3];
                match pool.avoid_buggy.copied() {
                    _ if !wide => verdicts.holds(),
                    Some(true) => verdicts.holds(),
                    Some(false) => verdicts.broken(
                        Finding::new(
                            Severity::Advice,
                            fact.place(),
                            format!("pool {} gives away addresses that end in .0 and .255", pool.name),
                        )
                        .at(fact, range.to_string())
                        .breaks(
                            "some old devices drop packets to these, and one service in 128 has a fault nobody finds",
                        )
                        .help("`avoidBuggyIPs: true`"),
                    ),
                    None => verdicts.cannot_judge(&pool.place, "avoidBuggyIPs"),
                }
            }
        }
    }
}
