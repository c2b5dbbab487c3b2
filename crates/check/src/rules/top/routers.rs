//! TOP-008 and 009: routers.

use std::collections::{BTreeMap, BTreeSet};

use plimsoll_diagnostics::Severity;
use plimsoll_model::Name;
use plimsoll_model::design::{Announce, Purpose};
use plimsoll_views::{Scope, World};

use crate::words::{list, verb};
use crate::{Evidence, Finding, Manual, Reads, Rule, Verdicts};

pub(super) const TOP_008: Rule = Rule {
    id: "TOP-008",
    severity: Severity::Error,
    summary: "every gateway has two routers behind it",
    reads: Reads::Design,
    silent_behind: &[],
    manual: Manual {
        checks: "A network has a gateway with a single router behind it: an error when the loss of any one \
                 router must be survived, or when nodes of the cluster are in several networks that this \
                 router joins; a warning otherwise. Networks without a gateway are not meant.",
        breaks: "The router fails, and everything outside the network is gone, users included. Traffic \
                 within the network goes on.",
        remedy: "A pair of routers with VRRP or an anycast gateway.",
        before: "gateway: { vip: 10.30.12.1, by: gw-1 }",
        after: "gateway: { vip: 10.30.12.1, by: gw-1..2, vrid: 12 }",
        source: "general practice",
        evidence: Evidence::Expertise,
    },
    check: gateway,
};

pub(super) const TOP_009: Rule = Rule {
    id: "TOP-009",
    severity: Severity::Warning,
    summary: "nodes announce service addresses to two routers",
    reads: Reads::Design,
    silent_behind: &[],
    manual: Manual {
        checks: "A node that announces addresses by BGP has sessions with a single router.",
        breaks: "That router is restarted, and the node's addresses are withdrawn; where all nodes of a rack \
                 have the same single router, all service addresses are.",
        remedy: "Sessions with both routers.",
        before: "ingress: { peers: gw-1 }",
        after: "ingress: { peers: gw-1..2 }",
        source: "MetalLB concepts, bgp",
        evidence: Evidence::SeenPrinciple,
    },
    check: sessions,
};

fn gateway(world: &World<'_>, verdicts: &mut Verdicts) {
    let Some(source) = world.design else { return };
    let design = source.design;
    let node_networks: BTreeSet<&Name> = design
        .nodes()
        .flat_map(|(_, machine)| machine.nic.keys())
        .filter(|name| design.network.get(*name).is_some_and(|network| network.purposes.contains(&Purpose::Nodes)))
        .collect();
    let mut single: BTreeMap<&Name, Vec<&Name>> = BTreeMap::new();
    for (name, network) in &design.network {
        match network.gateway.as_ref().map(|gateway| &gateway.by[..]) {
            Some([only]) => single.entry(only).or_default().push(name),
            Some([]) => {
                verdicts.cannot_judge(&source.place(format!("network/{name}/gateway")), "the routers behind it");
            }
            Some(_) => verdicts.holds(),
            None => {}
        }
    }
    for (router, networks) in single {
        let joins = networks.iter().filter(|name| node_networks.contains(*name)).count() > 1;
        let goal = world.goals.one("router", Scope::Any) && !world.goals.excluded(&format!("external/{router}"));
        let severity = if goal || joins { Severity::Error } else { Severity::Warning };
        let names: Vec<&str> = networks.iter().map(|name| name.as_str()).collect();
        let place = source.place(format!("network/{}/gateway", names[0]));
        let (of, reach) = (verb(names.len(), "network", "networks"), verb(names.len(), "it", "them"));
        verdicts.broken(
            Finding::new(severity, &place, format!("{router} alone is the gateway of {of} {}", list(&names)))
                .at_place(&place, "one router")
                .breaks(format!("{router} fails, and nothing outside reaches {reach}"))
                .help("make it a pair with VRRP or an anycast gateway"),
        );
    }
}

fn sessions(world: &World<'_>, verdicts: &mut Verdicts) {
    let Some(source) = world.design else { return };
    let Some(metallb) = &source.design.metallb else { return };
    if !metallb.pool.values().any(|pool| pool.announce.contains(&Announce::Bgp)) {
        return;
    }
    let mut single: BTreeMap<&Name, Vec<&str>> = BTreeMap::new();
    for node in &metallb.nodes {
        let peers = metallb.peer.values().filter(|peer| peer.nodes.is_empty() || peer.nodes.contains(node));
        let routers: BTreeSet<&Name> = peers.map(|peer| &peer.router).collect();
        match routers.into_iter().collect::<Vec<_>>()[..] {
            [only] => single.entry(only).or_default().push(node.as_str()),
            // Without any session nothing is announced at all, which MLB judges.
            [] => {}
            _ => verdicts.holds(),
        }
    }
    for (router, nodes) in single {
        let place = source.place("metallb/peer");
        verdicts.broken(
            Finding::new(
                Severity::Warning,
                &place,
                format!(
                    "{} {} service addresses to {router} alone",
                    list(&nodes),
                    verb(nodes.len(), "announces", "announce")
                ),
            )
            .at_place(&place, "")
            .breaks(format!("{router} is restarted, and these announcements are withdrawn"))
            .help("add sessions with a second router")
            .cause("metallb/peer"),
        );
    }
}
