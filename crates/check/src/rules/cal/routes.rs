//! CAL-002, 003, 005 and 017: how nodes learn the way to each other's pods.

use std::collections::BTreeSet;

use plimsoll_diagnostics::Severity;
use plimsoll_views::pod_network::CalicoNetwork;
use plimsoll_views::{Fact, NodeSet, Scope, World};

use super::{calico, release};
use crate::{Evidence, Finding, Manual, Reads, Rule, Verdicts};

pub(super) const CAL_002: Rule = Rule {
    id: "CAL-002",
    severity: Severity::Error,
    summary: "pools without encapsulation have BGP between all nodes",
    reads: Reads::Both,
    silent_behind: &[],
    manual: Manual {
        checks: "A pool of pods whose routes are BGP's (no encapsulation; IPIP before Calico 3.33 too; unless Felix is told to \
                 program them by programClusterRoutes or clusterRoutingMode) while BGP is off, or while the mesh is off and there is no peer and no reflector at all. With peers, whether their routers hand \
                 on routes of other nodes is not judged. VXLAN needs no BGP.",
        breaks: "Nodes do not know the way to each other's pods: nothing between nodes works.",
        remedy: "The mesh, or peers before the mesh is turned off; or VXLAN.",
        before: "calicoNetwork: { bgp: Disabled, ipPools: [{ cidr: 10.244.0.0/16, encapsulation: None }] }",
        after: "calicoNetwork: { bgp: Enabled, ipPools: [{ cidr: 10.244.0.0/16, encapsulation: None }] }",
        source: "Calico, configure BGP peering, and design/cluster-route-programming; the operator's validation.go",
        evidence: Evidence::Seen,
    },
    check: no_routes,
};

pub(super) const CAL_003: Rule = Rule {
    id: "CAL-003",
    severity: Severity::Error,
    summary: "without a mesh there are two route reflectors apart",
    reads: Reads::Design,
    silent_behind: &[],
    manual: Manual {
        checks: "The mesh is off and nodes reflect routes: one reflector, or all of them on one physical host, is an error \
                 when the loss of a host is among the goals, else a warning. All in one rack: an error when the loss of a \
                 rack is a goal and this rack is not accepted; a warning when there are several racks.",
        breaks: "With the reflectors all routes between nodes are withdrawn.",
        remedy: "Two reflectors on different hosts, in different racks.",
        before: "calico: { mesh: none, route_reflectors: [worker-1] }",
        after: "calico: { mesh: none, route_reflectors: [worker-1..2] }",
        source: "Calico, configure BGP peering, \"Configure a node to act as a route reflector\"",
        evidence: Evidence::Seen,
    },
    check: reflectors,
};

pub(super) const CAL_005: Rule = Rule {
    id: "CAL-005",
    severity: Severity::Advice,
    summary: "there is either a mesh or route reflectors",
    reads: Reads::Both,
    silent_behind: &[],
    manual: Manual {
        checks: "The node-to-node mesh is on and nodes are made route reflectors, or a BGPPeer peers nodes with nodes \
                 (peerSelector). Reflectors leave the mesh by themselves; while moving from one to the other both are \
                 right.",
        breaks: "Every route is known twice, and the saved sessions are not saved.",
        remedy: "Turn the mesh off once the reflectors work.",
        before: "spec: { nodeToNodeMeshEnabled: true }",
        after: "spec: { nodeToNodeMeshEnabled: false }",
        source: "Calico, BGPPeer and configure BGP peering; its mesh peers in confd",
        evidence: Evidence::Seen,
    },
    check: both,
};

pub(super) const CAL_017: Rule = Rule {
    id: "CAL-017",
    severity: Severity::Error,
    summary: "exactly one of Felix and BIRD programs each route between nodes",
    reads: Reads::Files,
    silent_behind: &[],
    manual: Manual {
        checks: "programClusterRoutes of FelixConfiguration and BGPConfiguration together, left out counting as the default \
                 of the version. From 3.33 (defaults EnabledIPIPOnly and EnabledNoEncapOnly): EnabledIPIPOnly with \
                 EnabledNoEncapOnly, Enabled with Disabled, Disabled with Enabled, and EnabledNoEncapOnly with EnabledIPIPOnly; the \
                 last two with a warning where a pool is IPIP (deprecated, gone in 3.35); before (defaults Disabled and Enabled): Disabled with \
                 Enabled and Enabled with Disabled. Anything else is an error. With the version unknown, only what is wrong \
                 in each.",
        breaks: "Both program the same routes, which flap, or nobody does. Nothing refuses the pair.",
        remedy: "Leave both out, or set clusterRoutingMode of the Installation.",
        before: "kind: FelixConfiguration\nspec: { programClusterRoutes: Enabled }",
        after: "kind: FelixConfiguration\nspec: {}",
        source: "Calico, design/cluster-route-programming/DESIGN.md",
        evidence: Evidence::Seen,
    },
    check: programmers,
};

/// Whether routes of a pool are BIRD's; `None` when that depends on an unknown version.
fn by_bgp(calico: &CalicoNetwork, encapsulation: &str) -> Option<bool> {
    // Felix takes routes from the datastore and needs no session.
    let felix = calico.felix_routes.get().and_then(Option::as_deref);
    match encapsulation {
        "None" => Some(!matches!(felix, Some("Enabled" | "EnabledNoEncapOnly"))),
        "IPIP" | "IPIPCrossSubnet" => match felix {
            Some(value) => Some(!matches!(value, "Enabled" | "EnabledIPIPOnly")),
            None => release(calico).map(|release| release < (3, 33)),
        },
        _ => Some(false),
    }
}

fn no_routes(world: &World<'_>, verdicts: &mut Verdicts) {
    let Some(calico) = calico(world) else { return };
    for pool in calico.pools.iter().filter(|pool| pool.disabled.is(&false) && pool.for_services() == Some(false)) {
        let Some(encapsulation) = pool.encapsulation.get() else {
            verdicts.cannot_judge(&pool.place, "its encapsulation");
            continue;
        };
        match by_bgp(calico, encapsulation) {
            Some(false) => {
                verdicts.holds();
                continue;
            }
            None => {
                verdicts.cannot_judge(&pool.place, "the version of Calico, which decides who programs its routes");
                continue;
            }
            Some(true) => {}
        }
        let finding = |fact: &Fact<bool>, why: &str| {
            Finding::new(Severity::Error, &pool.place, format!("nobody tells nodes the way to {}", pool.name))
                .at(fact, why)
                .context(&pool.encapsulation, format!("encapsulation {encapsulation} needs BGP"))
                .breaks("pods on different nodes do not reach each other")
                .help("turn BGP and the mesh on, or use VXLAN")
        };
        let alone = calico.peers.is_empty() && calico.reflectors.is_empty();
        match (calico.bgp.copied(), calico.mesh.copied()) {
            (Some(false), _) => verdicts.broken(finding(&calico.bgp, "BGP is off")),
            (_, Some(true)) => verdicts.holds(),
            (_, Some(false)) if alone => verdicts.broken(finding(&calico.mesh, "no mesh, no peer, no reflector")),
            (_, Some(false)) if calico.peers.iter().any(|peer| peer.nodes == NodeSet::All) => verdicts.holds(),
            (_, Some(false)) if !calico.reflectors.is_empty() => verdicts.holds(),
            (_, Some(false)) => verdicts.cannot_judge(&pool.place, "whether some peer is for every node"),
            (_, None) => verdicts.cannot_judge(&pool.place, "whether the mesh is on"),
        }
    }
}

fn reflectors(world: &World<'_>, verdicts: &mut Verdicts) {
    let Some(calico) = calico(world).filter(|calico| calico.mesh.is(&false) && !calico.reflectors.is_empty()) else {
        return;
    };
    let hosts: Option<BTreeSet<&str>> = calico.reflectors.iter().map(|it| it.host.get().map(String::as_str)).collect();
    let racks: Option<BTreeSet<&str>> = calico.reflectors.iter().map(|it| it.rack.get().map(String::as_str)).collect();
    let (Some(hosts), Some(racks)) = (hosts, racks) else {
        verdicts.cannot_judge(&calico.place, "the hosts of its reflectors");
        return;
    };
    let first = &calico.reflectors[0];
    let finding = |severity, message: String, place: &Fact<String>| {
        Finding::new(severity, &calico.place, message)
            .at(place, "")
            .context(&calico.mesh, "no mesh")
            .breaks("with it all routes between nodes are withdrawn")
            .help("add a reflector on another host, in another rack")
    };
    let goal = |kind: &str| {
        if world.goals.one(kind, Scope::Any) { Severity::Error } else { Severity::Warning }
    };
    let name = first.node.get().map_or("", String::as_str);
    if calico.reflectors.len() == 1 {
        verdicts.broken(finding(goal("host"), format!("{name} alone reflects routes"), &first.node));
    } else if hosts.len() == 1 {
        let host = hosts.first().copied().unwrap_or_default();
        verdicts.broken(finding(goal("host"), format!("all route reflectors are on {host}"), &first.host));
    } else if let (1, Some(rack)) = (racks.len(), racks.first()) {
        let several = world.design.is_some_and(|source| source.design.rack.len() > 1);
        let accepted = world.goals.excluded(&format!("rack/{rack}"));
        let severity = match (world.goals.one("rack", Scope::Any) && !accepted, several) {
            (true, _) => Some(Severity::Error),
            (false, true) => Some(Severity::Warning),
            // With one rack, whatever takes it takes everything.
            (false, false) => None,
        };
        verdicts.verdict(
            severity.map(|severity| finding(severity, format!("all route reflectors are in rack {rack}"), &first.rack)),
        );
    } else {
        verdicts.holds();
    }
}

fn both(world: &World<'_>, verdicts: &mut Verdicts) {
    let Some(calico) = calico(world) else { return };
    if calico.bgp.is(&false) {
        return;
    }
    let reflector = calico.reflectors.first().map(|it| (it.node.place(), "reflects routes"));
    let node_peer =
        calico.peers.iter().find(|peer| peer.address.is(&None)).map(|it| (&it.place, "peers nodes with nodes"));
    let Some((place, why)) = reflector.or(node_peer) else {
        verdicts.holds();
        return;
    };
    match calico.mesh.copied() {
        Some(mesh) => verdicts.verdict(mesh.then(|| {
            Finding::new(Severity::Advice, &calico.place, "there is a mesh beside the route reflectors")
                .at(&calico.mesh, if calico.mesh.is_default() { "left out, the mesh is on" } else { "" })
                .context_place(place, why)
                .breaks("every route is known twice, and no session is saved")
                .help("turn the mesh off once the reflectors work")
        })),
        None => verdicts.cannot_judge(&calico.place, "whether the mesh is on"),
    }
}

/// What a pair of settings comes to in the versions before 3.33 and from there on; `None` for left out.
pub(super) fn pair(since_333: bool, felix: Option<&str>, bird: Option<&str>) -> Option<Severity> {
    if since_333 {
        match (felix.unwrap_or("EnabledIPIPOnly"), bird.unwrap_or("EnabledNoEncapOnly")) {
            ("EnabledIPIPOnly", "EnabledNoEncapOnly") | ("Enabled", "Disabled") => None,
            ("Disabled", "Enabled") | ("EnabledNoEncapOnly", "EnabledIPIPOnly") => Some(Severity::Warning),
            _ => Some(Severity::Error),
        }
    } else {
        match (felix.unwrap_or("Disabled"), bird.unwrap_or("Enabled")) {
            ("Disabled", "Enabled") | ("Enabled", "Disabled") => None,
            _ => Some(Severity::Error),
        }
    }
}

fn programmers(world: &World<'_>, verdicts: &mut Verdicts) {
    let Some(calico) = calico(world).filter(|_| world.is_files()) else { return };
    let stated = |fact: &Fact<Option<String>>| fact.get().is_some_and(Option::is_some);
    if !stated(&calico.felix_routes) && !stated(&calico.bird_routes) {
        return;
    }
    let (Some(felix), Some(bird)) = (calico.felix_routes.get(), calico.bird_routes.get()) else {
        verdicts.cannot_judge(&calico.place, "both FelixConfiguration and BGPConfiguration `default`");
        return;
    };
    let (felix, bird) = (felix.as_deref(), bird.as_deref());
    let verdict = match release(calico) {
        Some(release) => pair(release >= (3, 33), felix, bird),
        None => match (pair(false, felix, bird), pair(true, felix, bird)) {
            (Some(Severity::Error), Some(Severity::Error)) => Some(Severity::Error),
            (None, None) => None,
            _ => {
                verdicts.cannot_judge(&calico.place, "the version of Calico");
                return;
            }
        },
    };
    // Only routes of IPIP pools by BIRD are deprecated.
    if verdict == Some(Severity::Warning) {
        let pools = calico.pools.iter().filter(|pool| pool.for_services() != Some(true));
        let ipip = |name: &String| name.starts_with("IPIP");
        let kinds: Vec<Option<bool>> = pools.map(|pool| pool.encapsulation.get().map(ipip)).collect();
        if !kinds.contains(&Some(true)) {
            if kinds.is_empty() || kinds.contains(&None) {
                verdicts.cannot_judge(&calico.place, "whether a pool is IPIP");
            } else {
                verdicts.holds();
            }
            return;
        }
    }
    let (here, there) = if stated(&calico.felix_routes) {
        (&calico.felix_routes, &calico.bird_routes)
    } else {
        (&calico.bird_routes, &calico.felix_routes)
    };
    verdicts.verdict(verdict.map(|severity| {
        let wrong = severity == Severity::Error;
        Finding::new(
            severity,
            here.place(),
            if wrong {
                "Felix and BIRD do not share out the routes between nodes"
            } else {
                "BIRD programs the routes of IPIP pools, which is deprecated"
            },
        )
        .at(here, format!("Felix {}, BIRD {}", felix.unwrap_or("by default"), bird.unwrap_or("by default")))
        .context(there, "")
        .breaks(if wrong {
            "both program the same routes, which flap, or nobody programs some; nothing refuses the pair"
        } else {
            "it is gone in 3.35"
        })
        .help(if wrong {
            "leave both out, or set clusterRoutingMode of the Installation"
        } else {
            "let Felix do it: leave both out, or set clusterRoutingMode to FelixIPIPOnly"
        })
    }));
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Who programs IPIP and plain routes by a value of Calico 3.33.
    fn classes(value: &str) -> (bool, bool) {
        match value {
            "Enabled" => (true, true),
            "EnabledIPIPOnly" => (true, false),
            "EnabledNoEncapOnly" => (false, true),
            _ => (false, false),
        }
    }

    #[test]
    fn a_pair_is_right_when_each_class_has_exactly_one_programmer() {
        let values = ["Enabled", "EnabledIPIPOnly", "EnabledNoEncapOnly", "Disabled"];
        for felix in values {
            for bird in values {
                let (a, b) = (classes(felix), classes(bird));
                let right = a.0 != b.0 && a.1 != b.1;
                assert_eq!(pair(true, Some(felix), Some(bird)) != Some(Severity::Error), right, "{felix} {bird}");
            }
        }
        assert_eq!(pair(true, None, None), None);
        assert_eq!(pair(false, None, None), None);
        assert_eq!(pair(false, Some("Enabled"), None), Some(Severity::Error), "BIRD does it too by default");
    }
}
