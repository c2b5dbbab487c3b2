//! CAL-009, 018 and 019: service addresses that Calico announces or gives out.

use plimsoll_diagnostics::Severity;
use plimsoll_model::design::AddressRange;
use plimsoll_views::pod_network::CalicoNetwork;
use plimsoll_views::{NodeSet, World};

use super::calico;
use crate::{Evidence, Finding, Manual, Reads, Rule, Verdicts};

pub(super) const CAL_009: Rule = Rule {
    id: "CAL-009",
    severity: Severity::Warning,
    summary: "Calico announces no service addresses that no pool holds",
    reads: Reads::Both,
    silent_behind: &["CAL-019"],
    manual: Manual {
        checks: "A prefix of serviceLoadBalancerIPs has addresses outside every pool of service addresses (MetalLB's, and \
                 Calico's for LoadBalancer).",
        breaks: "Every node announces the whole prefix. Packets to addresses that nobody has come in and loop between router \
                 and node, or are dropped; and if somebody else has them, they are cut off.",
        remedy: "Exactly the prefixes of the pools.",
        before: "serviceLoadBalancerIPs: [{ cidr: 10.30.14.0/24 }]      # the pool is 10.30.14.0/26",
        after: "serviceLoadBalancerIPs: [{ cidr: 10.30.14.0/26 }]",
        source: "Calico, advertise service IPs; MetalLB, configuration, \"Calico\"",
        evidence: Evidence::Seen,
    },
    check: beyond_pools,
};

pub(super) const CAL_018: Rule = Rule {
    id: "CAL-018",
    severity: Severity::Error,
    summary: "a pool for service addresses is for nothing else",
    reads: Reads::Files,
    silent_behind: &[],
    manual: Manual {
        checks: "An IPPool with allowedUses LoadBalancer that also allows Workload or Tunnel, has a nodeSelector other than \
                 `all()`, an ipipMode or vxlanMode, or disableBGPExport true.",
        breaks: "The API refuses the object.",
        remedy: "A pool of its own, without these.",
        before: "spec: { cidr: 10.30.14.0/26, allowedUses: [Workload, LoadBalancer] }",
        after: "spec: { cidr: 10.30.14.0/26, allowedUses: [LoadBalancer] }",
        source: "Calico, IPPool, and its ippool.go",
        evidence: Evidence::Seen,
    },
    check: mixed,
};

pub(super) const CAL_019: Rule = Rule {
    id: "CAL-019",
    severity: Severity::Error,
    summary: "service addresses that Calico gives out, or MetalLB leaves to it, are announced",
    reads: Reads::Both,
    silent_behind: &["MLB-003"],
    manual: Manual {
        checks: "A pool of Calico for LoadBalancer that no advertisement of MetalLB stands beside, or a pool of MetalLB \
                 without announcement inside serviceLoadBalancerIPs: BGP is off, the addresses lie in no \
                 serviceLoadBalancerIPs, or (in a design) Calico has no peer outside the cluster.",
        breaks: "Services get an address and nobody outside reaches it: Calico only keeps the books.",
        remedy: "The prefix in serviceLoadBalancerIPs and a BGPPeer outside; or MetalLB by layer 2.",
        before: "kind: BGPConfiguration\nspec: {}",
        after: "kind: BGPConfiguration\nspec: { serviceLoadBalancerIPs: [{ cidr: 10.30.14.0/26 }] }",
        source: "Calico, service LoadBalancer IP address management, and advertise service IPs",
        evidence: Evidence::Seen,
    },
    check: unannounced,
};

/// Ranges of service addresses of MetalLB and of Calico; `None` when one is unknown.
fn service_ranges(world: &World<'_>, calico: &CalicoNetwork) -> Option<Vec<AddressRange>> {
    let mut ranges = Vec::new();
    for pool in world.services.metallb.iter().flat_map(|metallb| &metallb.pools) {
        ranges.extend(pool.ranges.get()?.iter().copied());
    }
    for pool in &calico.pools {
        if pool.for_services()? {
            ranges.push(AddressRange::from(*pool.cidr.get()?));
        }
    }
    Some(ranges)
}

/// An address as a number, within its family.
fn number(address: std::net::IpAddr) -> u128 {
    match address {
        std::net::IpAddr::V4(address) => u128::from(u32::from(address)),
        std::net::IpAddr::V6(address) => u128::from(address),
    }
}

/// Whether some address of `whole` lies in none of `parts`.
fn leaves_over(whole: &AddressRange, parts: &[AddressRange]) -> bool {
    let mut inside: Vec<&AddressRange> = parts.iter().filter(|part| part.overlaps(whole)).collect();
    inside.sort_by_key(|part| number(part.first()));
    let mut next = number(whole.first());
    for part in inside {
        if number(part.first()) > next {
            return true;
        }
        match number(part.last()).checked_add(1) {
            Some(after) => next = next.max(after),
            None => return false,
        }
    }
    next <= number(whole.last())
}

fn beyond_pools(world: &World<'_>, verdicts: &mut Verdicts) {
    let Some(calico) = calico(world) else { return };
    let Some(prefixes) = calico.announced.get() else {
        verdicts.cannot_judge(&calico.place, "its serviceLoadBalancerIPs");
        return;
    };
    if prefixes.is_empty() {
        verdicts.holds();
        return;
    }
    let known = service_ranges(world, calico).filter(|ranges| !ranges.is_empty() || !world.is_files());
    let Some(ranges) = known else {
        verdicts.cannot_judge(&calico.place, "every pool of service addresses");
        return;
    };
    for prefix in prefixes {
        verdicts.verdict(leaves_over(&AddressRange::from(*prefix), &ranges).then(|| {
            Finding::new(
                Severity::Warning,
                calico.announced.place(),
                format!("Calico announces {prefix}, which is more than the pools hold"),
            )
            .at(&calico.announced, "")
            .breaks("packets to addresses that no service has come in and loop, or cut off whoever else has them")
            .help("announce exactly the prefixes of the pools")
        }));
    }
}

fn mixed(world: &World<'_>, verdicts: &mut Verdicts) {
    let Some(calico) = calico(world).filter(|_| world.is_files()) else { return };
    for pool in calico.pools.iter().filter(|pool| pool.for_services() == Some(true)) {
        let uses = pool.uses.get().map_or(0, Vec::len);
        let wrong = if uses > 1 {
            Some((pool.uses.place(), "it is for pods or tunnels too"))
        } else if pool.nodes.get().is_some_and(|nodes| *nodes != NodeSet::All) {
            Some((pool.nodes.place(), "services are on no node"))
        } else if pool.encapsulation.get().is_some_and(|it| it != "None") && !pool.encapsulation.is_default() {
            Some((pool.encapsulation.place(), "service addresses are not encapsulated"))
        } else if pool.export_disabled.is(&true) {
            Some((pool.export_disabled.place(), "its routes are kept back"))
        } else {
            None
        };
        verdicts.verdict(wrong.map(|(place, why)| {
            Finding::new(Severity::Error, &pool.place, format!("pool {} cannot be for service addresses", pool.name))
                .at_place(place, why)
                .context(&pool.uses, "")
                .breaks("the API refuses the object")
                .help("make a pool with `allowedUses: [LoadBalancer]` alone, without modes and selector")
        }));
    }
}

/// Pools that rely on Calico's announcement, with their name and ranges.
fn reliant<'a>(
    world: &'a World<'_>,
    calico: &'a CalicoNetwork,
) -> Vec<(&'a str, &'a plimsoll_views::Place, Vec<AddressRange>)> {
    let metallb = world.services.metallb.as_ref();
    let mut pools = Vec::new();
    if metallb.is_none_or(|metallb| metallb.advertisements.is_empty()) {
        for pool in calico.pools.iter().filter(|pool| pool.for_services() == Some(true)) {
            if let Some(cidr) = pool.cidr.get() {
                pools.push((pool.name.as_str(), &pool.place, vec![AddressRange::from(*cidr)]));
            }
        }
    }
    for pool in metallb.into_iter().flat_map(|metallb| &metallb.pools) {
        let alone = metallb.and_then(|metallb| metallb.announcing(pool)).is_some_and(|by| by.is_empty());
        let (Some(prefixes), Some(ranges)) = (calico.announced.get(), pool.ranges.get()) else { continue };
        let within = |range: &AddressRange| prefixes.iter().any(|prefix| AddressRange::from(*prefix).covers(range));
        if alone && !ranges.is_empty() && ranges.iter().all(within) {
            pools.push((pool.name.as_str(), &pool.place, ranges.clone()));
        }
    }
    pools
}

fn unannounced(world: &World<'_>, verdicts: &mut Verdicts) {
    let Some(calico) = calico(world) else { return };
    for (name, place, ranges) in reliant(world, calico) {
        let finding = |at: &plimsoll_views::Place, why: &str| {
            Finding::new(Severity::Error, place, format!("nobody outside learns of pool {name}"))
                .at_place(at, why)
                .context_place(place, "left to Calico")
                .breaks("services get an address from it that nobody outside reaches")
                .help("add its prefix to serviceLoadBalancerIPs and peer with a router, or announce it by MetalLB")
        };
        let Some(prefixes) = calico.announced.get() else {
            match calico.bgp.copied() {
                Some(false) => verdicts.broken(finding(calico.bgp.place(), "BGP is off")),
                _ => verdicts.cannot_judge(place, "serviceLoadBalancerIPs of the BGPConfiguration `default`"),
            }
            continue;
        };
        let covered = |range: &AddressRange| prefixes.iter().any(|prefix| AddressRange::from(*prefix).covers(range));
        let outside = calico.peers.iter().any(|peer| peer.address.get().is_none_or(Option::is_some));
        if calico.bgp.is(&false) {
            verdicts.broken(finding(calico.bgp.place(), "BGP is off"));
        } else if !ranges.iter().all(covered) {
            verdicts.broken(finding(calico.announced.place(), "its addresses are not among these"));
        } else if outside {
            verdicts.holds();
        } else if world.is_files() {
            verdicts.cannot_judge(place, "a BGPPeer outside the cluster");
        } else {
            verdicts.broken(finding(&calico.place, "Calico has no peer outside the cluster"));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_over_is_what_counting_finds() {
        let range = |text: &str| text.parse::<AddressRange>().expect(text);
        let whole = range("10.0.0.4-10.0.0.9");
        // Every pair of ranges near the whole, by counting addresses one by one.
        for a in 0..12u8 {
            for b in a..12 {
                for c in 0..12u8 {
                    for d in c..12 {
                        let parts =
                            [range(&format!("10.0.0.{a}-10.0.0.{b}")), range(&format!("10.0.0.{c}-10.0.0.{d}"))];
                        let counted = (4..=9u8).any(|last| {
                            let address = std::net::IpAddr::from([10, 0, 0, last]);
                            !parts.iter().any(|part| part.contains(address))
                        });
                        assert_eq!(leaves_over(&whole, &parts), counted, "{parts:?}");
                    }
                }
            }
        }
        assert!(leaves_over(&range("fd00::/64"), &[range("10.0.0.0/8")]), "families are apart");
        assert!(!leaves_over(&range("::/0"), &[range("::/0")]), "to the last address");
    }
}
