//! LB-016: the endpoint needs nothing that needs the endpoint.

use std::net::IpAddr;

use plimsoll_diagnostics::Severity;
use plimsoll_views::World;

use crate::{Evidence, Finding, Manual, Reads, Rule, Verdicts};

pub(super) const LB_016: Rule = Rule {
    id: "LB-016",
    severity: Severity::Error,
    summary: "the endpoint of the API is no service of the same cluster",
    reads: Reads::Files,
    silent_behind: &[],
    manual: Manual {
        checks: "The address of controlPlaneEndpoint lies in a pool of MetalLB, and no VRRP group holds it (else ADDR-015 \
                 speaks). Of a name only its records would tell, \
                 which is not judged. A second endpoint for people may be a service.",
        breaks: "MetalLB announces the address once pods run, and pods run once kubelets reach the API by that address: \
                 after losing all power neither comes first.",
        remedy: "An address that VRRP, kube-vip or a balancer outside holds.",
        before: "controlPlaneEndpoint: 10.30.14.5:6443    # of the pool 10.30.14.0/26",
        after: "controlPlaneEndpoint: api.k8s.example.edu:8443    # 10.30.12.100, held by VRRP",
        source: "own reasoning: a circle of dependencies",
        evidence: Evidence::Expertise,
    },
    check: service,
};

fn service(world: &World<'_>, verdicts: &mut Verdicts) {
    let pools = world.services.metallb.iter().flat_map(|metallb| &metallb.pools);
    let known: Vec<_> = pools.filter_map(|pool| Some((pool, pool.ranges.get()?))).collect();
    let members = || world.vrrp.iter().flat_map(|group| &group.members);
    let by_vrrp = |address: &IpAddr| {
        members().filter_map(|member| member.addresses.get()).flatten().any(|vip| vip.address == *address)
    };
    for plane in &world.control_planes {
        let Some(addresses) = plane.endpoint_addresses.get() else {
            verdicts.cannot_judge(&plane.place, "the addresses of its endpoint");
            continue;
        };
        let held = known.iter().find_map(|(pool, ranges)| {
            let address = addresses
                .iter()
                .filter(|it| !by_vrrp(it))
                .find(|address| ranges.iter().any(|range| range.contains(**address)))?;
            Some((pool, address))
        });
        verdicts.verdict(held.map(|(pool, address)| {
            Finding::new(
                Severity::Error,
                plane.endpoint.place(),
                format!("the endpoint of the API lies in the pool {} of the same cluster", pool.name),
            )
            .at(&plane.endpoint, "")
            .context(&pool.ranges, format!("holds {address}"))
            .breaks("after losing all power kubelets wait for an address that a pod announces")
            .help("use an address that VRRP, kube-vip or a balancer outside holds")
        }));
    }
}
