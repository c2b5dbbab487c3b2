//! ADDR-001, 002, 014, 015 and 016: addresses that must not meet.

use plimsoll_diagnostics::Severity;
use plimsoll_model::Name;
use plimsoll_model::design::{AddressRange, Purpose};
use plimsoll_views::addresses::{Addresses, LbPool, Use, UseKind};
use plimsoll_views::{Place, World};

use super::range;
use super::taken::Taken;
use crate::{Evidence, Finding, Manual, Reads, Rule, Verdicts};

pub(super) const ADDR_001: Rule = Rule {
    id: "ADDR-001",
    severity: Severity::Error,
    summary: "pods, services, pools and networks do not overlap",
    reads: Reads::Both,
    silent_behind: &[],
    manual: Manual {
        checks: "The prefix of pods, the prefix of services or an address pool of pods overlaps one of the \
                 others or anything else that is declared (networks, nodes, pools of services, VIPs, what the \
                 site reserves or routes, servers); two networks overlap; a pool of services overlaps another \
                 pool, or a network that does not contain it, or lies in a network that no node is in that \
                 announces it. A pool of pods inside the prefix of pods, a \
                 pool or VIP inside the network it is announced in, and one network for several purposes are \
                 as they should be.",
        breaks: "Traffic to the real owner of an address is caught by kube-proxy or the pod network, \
                 silently, and only for some addresses.",
        remedy: "Renumber before `kubeadm init`: prefixes of pods and services cannot be changed later.",
        before: "kubernetes: { pods: 10.30.0.0/16 }   # the site's networks are 10.30.x",
        after: "kubernetes: { pods: 10.244.0.0/16 }",
        source: "Kubernetes documentation, dual-stack support with kubeadm; MetalLB concepts, layer2",
        evidence: Evidence::SeenPrinciple,
    },
    check: overlap,
};

pub(super) const ADDR_002: Rule = Rule {
    id: "ADDR-002",
    severity: Severity::Advice,
    summary: "prefixes of pods and services were chosen, not left at the default",
    reads: Reads::Both,
    silent_behind: &["ADDR-001"],
    manual: Manual {
        checks: "Pods have 192.168.0.0/16 or services 10.96.0.0/12, the defaults of Calico and kubeadm, \
                 while nothing was declared about the networks of the site (reserved ranges, routes, \
                 clients).",
        breaks: "These defaults collide with the networks of many sites, and neither can be changed after \
                 installation.",
        remedy: "Take both from the plan of the site, a /16 for pods and a /20 for services are plenty; or \
                 declare what the site uses.",
        before: "podSubnet: 192.168.0.0/16",
        after: "podSubnet: 10.244.0.0/16\nserviceSubnet: 10.96.0.0/20",
        source: "general practice",
        evidence: Evidence::Expertise,
    },
    check: defaults,
};

pub(super) const ADDR_014: Rule = Rule {
    id: "ADDR-014",
    severity: Severity::Error,
    summary: "the VIP is nobody else's address",
    reads: Reads::Both,
    silent_behind: &[],
    manual: Manual {
        checks: "A VIP equals the address of a machine, a hypervisor, a controller, a gateway or a router, \
                 or the network or broadcast address of its network; or it lies in a range that DHCP hands \
                 out.",
        breaks: "Two machines answer for one address: connections break at random.",
        remedy: "Reserve an address for it that nobody else gets.",
        before: "api: { vip: 10.30.12.10 }   # cp-1",
        after: "api: { vip: 10.30.12.100 }",
        source: "general practice",
        evidence: Evidence::Expertise,
    },
    check: vip,
};

pub(super) const ADDR_015: Rule = Rule {
    id: "ADDR-015",
    severity: Severity::Error,
    summary: "the VIP lies in no pool of service addresses",
    reads: Reads::Both,
    silent_behind: &[],
    manual: Manual {
        checks: "A VIP lies in a pool of MetalLB: an error when the pool gives addresses away by itself, a \
                 warning when only on request or to chosen services.",
        breaks: "The controller gives the address of the API to a service, and the API is gone for \
                 everybody.",
        remedy: "Take the VIP out of the pool's ranges.",
        before: "addresses: [10.30.12.100-10.30.12.150]   # VIP 10.30.12.100",
        after: "addresses: [10.30.12.101-10.30.12.150]",
        source: "metallb/metallb issue 2396",
        evidence: Evidence::SeenPrinciple,
    },
    check: vip_in_pool,
};

pub(super) const ADDR_016: Rule = Rule {
    id: "ADDR-016",
    severity: Severity::Error,
    summary: "a pool of service addresses holds nobody's address",
    reads: Reads::Both,
    silent_behind: &["BKP-005"],
    manual: Manual {
        checks: "A pool holds the address of a machine, a hypervisor, a gateway or a router, or overlaps a \
                 range that DHCP hands out. Pools that several clusters share are not judged: one file knows \
                 one cluster.",
        breaks: "Two devices answer for one address: nodes or the gateway are lost now and then.",
        remedy: "Leave these addresses out of the pool. MetalLB itself does not refuse them (a check in \
                 0.15.0 was taken back in 0.15.1).",
        before: "addresses: [10.30.12.0/24]",
        after: "addresses: [10.30.12.200-10.30.12.250]",
        source: "metallb/metallb issues 306, 364, 772 and 2700; MetalLB release notes",
        evidence: Evidence::Seen,
    },
    check: pool_holds,
};

/// A declared range with its name and place.
struct Item<'a> {
    name: String,
    place: &'a Place,
    range: AddressRange,
}

fn finding(a: &Item<'_>, b: &Item<'_>) -> Finding {
    Finding::new(Severity::Error, a.place, format!("{} overlap {}", a.name, b.name))
        .at_place(a.place, a.range.to_string())
        .context_place(b.place, b.range.to_string())
        .breaks(format!("traffic to {} never arrives, or arrives elsewhere", b.name))
        .help("choose a free prefix before the cluster is installed; it cannot be changed later")
}

fn overlap(world: &World<'_>, verdicts: &mut Verdicts) {
    for all in &world.addresses {
        let before = verdicts.broken.len();
        captured(all, verdicts);
        networks(all, verdicts);
        pools(world, all, verdicts);
        if verdicts.broken.len() == before {
            verdicts.holds();
        }
    }
}

/// Part (a): what kube-proxy or the pod network would catch.
fn captured<'a>(all: &'a Addresses, verdicts: &mut Verdicts) {
    let named = |name: &str, facts: &'a [plimsoll_views::Fact<ipnet::IpNet>]| -> Vec<Item<'a>> {
        let item = |fact: &'a plimsoll_views::Fact<ipnet::IpNet>| {
            Some(Item { name: name.to_owned(), place: fact.place(), range: range(fact.get()?) })
        };
        facts.iter().filter_map(item).collect()
    };
    let mut own = named("the prefixes of pods", &all.pods);
    own.extend(named("the prefixes of services", &all.services));
    for pool in &all.pod_pools {
        let Some(net) = pool.cidr.get() else { continue };
        let inside = all.pods.iter().filter_map(plimsoll_views::Fact::get).any(|pods| pods.contains(net));
        if !inside {
            own.push(Item {
                name: format!("addresses of pool {}", pool.name),
                place: pool.cidr.place(),
                range: range(net),
            });
        }
    }
    for (index, a) in own.iter().enumerate() {
        for b in &own[index + 1..] {
            if a.range.overlaps(&b.range) && (a.name != b.name || a.range != b.range) {
                verdicts.broken(finding(a, b));
            }
        }
        // One finding for each prefix: of what it meets, a network says more than the addresses in it.
        let met = all.uses.iter().filter(|it| it.range.overlaps(&a.range)).min_by_key(|it| it.kind);
        if let Some(it) = met {
            let b = Item { name: it.name.clone(), place: &it.place, range: it.range };
            verdicts.broken(finding(a, &b));
            continue;
        }
        let pool = all.lb_pools.iter().find_map(|pool| {
            pool.ranges
                .iter()
                .find(|range| range.get().is_some_and(|range| range.overlaps(&a.range)))
                .map(|it| (pool, it))
        });
        if let Some((pool, fact)) = pool {
            let range = fact.get().copied().unwrap_or(a.range);
            verdicts.broken(finding(a, &Item { name: format!("pool {}", pool.name), place: fact.place(), range }));
        }
    }
}

/// Part (b): two layer-2 domains with addresses in common.
fn networks(all: &Addresses, verdicts: &mut Verdicts) {
    let list: Vec<&Use> = all.of(UseKind::Network).collect();
    for (index, a) in list.iter().enumerate() {
        for b in list[index + 1..].iter().filter(|b| a.range.overlaps(&b.range) && a.name != b.name) {
            verdicts.broken(
                Finding::new(Severity::Error, &b.place, format!("{} and {} overlap", a.name, b.name))
                    .at_place(&b.place, b.range.to_string())
                    .context_place(&a.place, a.range.to_string())
                    .breaks("hosts that are in one of them cannot reach the other")
                    .help("give each network a prefix of its own"),
            );
        }
    }
}

/// Part (c): pools of services.
fn pools(world: &World<'_>, all: &Addresses, verdicts: &mut Verdicts) {
    let ranges =
        |pool: &LbPool| -> Vec<AddressRange> { pool.ranges.iter().filter_map(|it| it.get().copied()).collect() };
    let mut taken = Taken::default();
    for (index, pool) in all.lb_pools.iter().enumerate() {
        let own = ranges(pool);
        if let Some(earlier) = own.iter().find_map(|range| taken.owner(range)) {
            let earlier = &all.lb_pools[earlier];
            verdicts.broken(
                Finding::new(Severity::Error, &pool.place, format!("pools {} and {} overlap", earlier.name, pool.name))
                    .at_place(&pool.place, "")
                    .context_place(&earlier.place, "has the same addresses")
                    .breaks("MetalLB refuses the whole configuration and goes on with the old one")
                    .help("give each address to one pool"),
            );
        }
        for range in &own {
            taken.take(range, index);
        }
        let network = all
            .of(UseKind::Network)
            .find(|network| own.iter().any(|range| range.overlaps(&network.range) && !network.range.covers(range)));
        let reserved = || {
            all.uses.iter().find(|it| it.kind == UseKind::Reserved && own.iter().any(|range| range.overlaps(&it.range)))
        };
        if let Some((name, it)) = stranger(world, all, pool, &own).filter(|_| network.is_none()) {
            verdicts.broken(
                Finding::new(Severity::Error, &pool.place, format!("pool {} lies in {}", pool.name, it.name))
                    .at_place(&pool.place, "")
                    .context_place(&it.place, it.range.to_string())
                    .breaks(format!("nobody announces it in {name}, whose hosts look for these addresses there"))
                    .help("take a range that is free, or one of the network it is announced in")
                    .cause(format!("pool/{}", pool.name)),
            );
        }
        if let Some(it) = network.or_else(reserved) {
            verdicts.broken(
                Finding::new(Severity::Error, &pool.place, format!("pool {} overlaps {}", pool.name, it.name))
                    .at_place(&pool.place, "")
                    .context_place(&it.place, it.range.to_string())
                    .breaks("a service gets an address that belongs to somebody else")
                    .help("take a range that is free, or one that lies wholly in the network it is announced in"),
            );
        }
    }
}

/// The network that holds ranges of a pool whole although none of those who announce it is in that network.
/// For BGP the network of its sessions is the one it is announced in.
fn stranger<'w>(
    world: &World<'w>,
    all: &'w Addresses,
    pool: &LbPool,
    ranges: &[AddressRange],
) -> Option<(&'w Name, &'w Use)> {
    let design = world.design?.design;
    let announcers = &design.metallb.as_ref()?.nodes;
    let (name, network) = design.network.iter().find(|(name, network)| {
        let nets = [Some(ipnet::IpNet::V4(network.ipv4)), network.ipv6.map(ipnet::IpNet::V6)];
        let holds = nets.into_iter().flatten().any(|net| ranges.iter().any(|it| range(&net).covers(it)));
        let inside = |node: &Name| design.machine.get(node).is_some_and(|machine| machine.nic.contains_key(*name));
        let sessions = network.purposes.iter().any(|it| matches!(it, Purpose::Bgp | Purpose::Nodes));
        let announced = announcers.iter().any(inside) && (sessions || !pool.l2.is(&false));
        holds && !announcers.is_empty() && !announced
    })?;
    let nets = [Some(ipnet::IpNet::V4(network.ipv4)), network.ipv6.map(ipnet::IpNet::V6)];
    let own = |it: &&Use| {
        nets.iter().flatten().any(|net| range(net) == it.range) && ranges.iter().any(|range| it.range.covers(range))
    };
    Some((name, all.of(UseKind::Network).find(own)?))
}

fn defaults(world: &World<'_>, verdicts: &mut Verdicts) {
    for all in &world.addresses {
        let declared = world.design.is_some_and(|source| {
            let site = &source.design.site;
            !site.reserved.ranges.is_empty() || !site.reserved.routes.is_empty() || !site.clients.is_empty()
        });
        let is = |facts: &[plimsoll_views::Fact<ipnet::IpNet>], default: &str| {
            facts.iter().find(|fact| fact.get().is_some_and(|net| net.to_string() == default)).cloned()
        };
        let pods = is(&all.pods, "192.168.0.0/16").map(|fact| ("pods", fact));
        let services = is(&all.services, "10.96.0.0/12").map(|fact| ("services", fact));
        match pods.or(services).filter(|_| !declared) {
            None => verdicts.holds(),
            Some((what, fact)) => verdicts.broken(
                Finding::new(
                    Severity::Advice,
                    fact.place(),
                    format!("{what} have the default prefix, and nobody said what the site uses"),
                )
                .at(&fact, if fact.is_default() { "10.96.0.0/12, since nothing is stated" } else { "" })
                .breaks("it may collide with a network of the site, and cannot be changed after installation")
                .help("take a prefix from the plan of the site"),
            ),
        }
    }
}

/// Kinds whose addresses somebody has.
const TAKEN: [UseKind; 4] = [UseKind::Machine, UseKind::Host, UseKind::Gateway, UseKind::External];

fn vip(world: &World<'_>, verdicts: &mut Verdicts) {
    for all in &world.addresses {
        for vip in all.of(UseKind::Vip) {
            let address = vip.range.first();
            let taken = all.uses.iter().find(|it| TAKEN.contains(&it.kind) && it.range.contains(address));
            let dhcp = || all.of(UseKind::Dhcp).find(|it| it.range.contains(address));
            let edge = || {
                let network = all.of(UseKind::Network).find(|it| it.range.contains(address))?;
                let v4 = address.is_ipv4();
                (v4 && (network.range.first() == address || network.range.last() == address)).then_some(network)
            };
            let (other, why) = if let Some(it) = taken {
                (it, format!("{} has it", it.name))
            } else if let Some(it) = dhcp() {
                (it, format!("{} hands it out", it.name))
            } else if let Some(it) = edge() {
                (it, format!("the network or broadcast address of {}", it.name))
            } else {
                verdicts.holds();
                continue;
            };
            verdicts.broken(
                Finding::new(Severity::Error, &vip.place, format!("{} ({address}) is not free", vip.name))
                    .at_place(&vip.place, why)
                    .context_place(&other.place, "here")
                    .breaks("two devices answer for the address, and connections to the API break at random")
                    .help("choose an address that nobody has and nobody hands out"),
            );
        }
    }
}

fn vip_in_pool(world: &World<'_>, verdicts: &mut Verdicts) {
    for all in &world.addresses {
        for vip in all.of(UseKind::Vip) {
            let holds =
                |pool: &&LbPool| pool.ranges.iter().any(|it| it.get().is_some_and(|it| it.overlaps(&vip.range)));
            let Some(pool) = all.lb_pools.iter().find(holds) else {
                verdicts.holds();
                continue;
            };
            let severity = match pool.auto_assign.copied() {
                Some(true) => Severity::Error,
                Some(false) => Severity::Warning,
                None => {
                    verdicts.cannot_judge(&pool.place, "whether it assigns by itself");
                    continue;
                }
            };
            verdicts.broken(
                Finding::new(severity, &pool.place, format!("pool {} holds {}", pool.name, vip.name))
                    .at_place(&pool.place, format!("{} is among its addresses", vip.range))
                    .context_place(&vip.place, "held by VRRP")
                    .breaks("a service is given the address, and clients of the API reach that service")
                    .help("take the VIP out of the pool"),
            );
        }
    }
}

fn pool_holds(world: &World<'_>, verdicts: &mut Verdicts) {
    for all in &world.addresses {
        for pool in &all.lb_pools {
            let Some(ranges) = pool.ranges.iter().map(|it| it.get().copied()).collect::<Option<Vec<_>>>() else {
                verdicts.cannot_judge(&pool.place, "its addresses");
                continue;
            };
            // A store of backups among the services is told by BKP-005: whatever else is in the pool comes first.
            let mut hits = all.uses.iter().filter(|it| {
                (TAKEN.contains(&it.kind) || it.kind == UseKind::Dhcp)
                    && ranges.iter().any(|range| range.overlaps(&it.range))
            });
            let first = hits.next();
            let hit = match first {
                Some(it) if it.kind == UseKind::External => hits.find(|it| it.kind != UseKind::External).or(first),
                _ => first,
            };
            verdicts.verdict(hit.map(|it| {
                let cause = match it.kind {
                    UseKind::External => it.place.component().split('/').take(2).collect::<Vec<_>>().join("/"),
                    _ => pool.place.component().to_owned(),
                };
                Finding::new(
                    Severity::Error,
                    &pool.place,
                    if it.kind == UseKind::Dhcp {
                        format!("pool {} holds addresses that {} hands out", pool.name, it.name)
                    } else {
                        format!("pool {} holds the address of {}", pool.name, it.name)
                    },
                )
                .at_place(&pool.place, it.range.to_string())
                .context_place(&it.place, "taken here")
                .breaks(if it.kind == UseKind::Dhcp {
                    "two devices answer for one address, and both are lost now and then".to_owned()
                } else {
                    format!("a service is given the address, and {} is lost now and then", it.name)
                })
                .help("leave it out of the pool")
                .cause(cause)
            }));
        }
    }
}
