//! `ingress/<pool>`: addresses of services are reached from outside; `egress`: pods reach the outside.

use plimsoll_circuit::Node;
use plimsoll_model::Name;
use plimsoll_model::design::Announce;

use crate::build::Build;

use super::{NOTHING_TAKES_PODS, Promise, carriers, node_network, unusable};

pub(super) fn ingress(build: &mut Build<'_>) -> Vec<Promise> {
    let design = build.design;
    let Some(metallb) = &design.metallb else { return Vec::new() };
    let network = node_network(build);
    let mut promises = Vec::new();
    for (name, pool) in metallb.pool.iter().filter(|(_, pool)| !pool.announce.is_empty()) {
        let mut ways = Vec::new();
        for node in &metallb.nodes {
            let Some(machine) = design.machine.get(node).filter(|_| build.exists(node)) else { continue };
            if pool.announce.contains(&Announce::Bgp) {
                for peer in metallb.peer.values().filter(|peer| peer.nodes.contains(node)) {
                    let down = build.machine(node);
                    let cut = match &network {
                        Some(network) if design.external.contains_key(&peer.router) => {
                            build.cut_from(&machine.host, network, &peer.router)
                        }
                        Some(network) if design.switch.contains_key(&peer.router) => {
                            build.assume("switches that route reach the outside");
                            build.cut_from_switch(&machine.host, network, &peer.router)
                        }
                        _ => {
                            build.assume(&format!("{}, of which nothing is said", peer.router));
                            Node::FALSE
                        }
                    };
                    let way = build.or([down, cut]);
                    ways.push(build.label(way, format!("{node} announces nothing to {}", peer.router)));
                }
            }
            if pool.announce.contains(&Announce::L2) {
                ways.push(unusable(build, node, &machine.host, network.as_ref()));
            }
        }
        build.assume("each service has a ready pod on a node that is left");
        let broken = build.and(ways);
        promises.push(Promise {
            id: format!("ingress/{name}"),
            observer: "a client behind the routers, with a new connection",
            words: format!("an address of pool {name} is announced by a node that a router reaches"),
            broken: build.label(broken, format!("nobody announces {name}")),
            origin: format!("metallb/pool/{name}"),
            meant_by_all: true,
            from_start: None,
            stays: None,
            mended: Vec::new(),
        });
    }
    promises
}

pub(super) fn egress(build: &mut Build<'_>) -> Option<Promise> {
    let network: Name = node_network(build)?;
    build.design.network.get(&network)?.gateway.as_ref()?;
    let mut each = Vec::new();
    let carriers = carriers(build);
    let nobody = carriers.is_empty();
    for (node, host) in carriers {
        each.push(unusable(build, &node, &host, Some(&network)));
    }
    // Of nobody: broken from the start.
    let broken = build.and(each);
    Some(Promise {
        id: "egress".into(),
        observer: "a pod on a worker that is left",
        words: format!("a worker reaches a router of {network}"),
        broken: build.label(broken, "no worker reaches a router"),
        origin: format!("network/{network}/gateway"),
        meant_by_all: true,
        from_start: nobody.then_some(NOTHING_TAKES_PODS),
        stays: None,
        mended: Vec::new(),
    })
}
