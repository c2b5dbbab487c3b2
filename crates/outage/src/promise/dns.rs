//! `dns`: a pod looks a cluster name up; `dns/outside` and `dns/DOMAIN`: a pod looks another name up; `zone`: somebody looks
//! a name of our zones up.

use std::net::IpAddr;

use plimsoll_model::design::{Answers, OutsideNames, Purpose};
use plimsoll_model::{Design, Name};

use crate::failure::{Daemon, Way};
use crate::how::{How, Who};
use crate::interval::Interval;
use crate::mechanism::{node, resolver, restart};
use crate::network::World;

use super::{Answer, Partly, services};

pub(super) fn cluster(world: &World<'_>) -> Answer {
    let World { design, lost, .. } = world;
    let Some((_, after)) = world.network_for(Purpose::Nodes) else { return How::masked("no network of nodes").into() };
    let copies = design.coredns.replicas;
    let share = format!("1 of {copies} lookups, each until the client asks again after 5 s");
    let mut partly = Vec::new();
    let copy = if let Some(way) = lost.coredns {
        // A copy that is gone for good is replaced by its Deployment, which takes what a restart takes.
        if copies > 1 {
            let leaves = How::from(node::endpoint_leaves());
            let how = if way == Way::Killed { How::Race(vec![leaves, restart::kubelet().into()]) } else { leaves };
            partly.push(Partly { share, how });
            How::masked("the other copies answer")
        } else {
            restart::kubelet().into()
        }
    } else {
        let gone = design.nodes().filter(|(name, _)| after.away.contains(name)).count();
        let all = design.nodes().count();
        if gone == 0 {
            How::masked("every node with a copy is there")
        } else if gone == all {
            How::until_repair("no node is left")
        } else if copies > 1 && (design.coredns.spread_hosts && one_host(design, &after.away)) {
            let how = How::either([
                ("a copy of CoreDNS ran there".to_owned(), node::endpoints_leave(&design.kubernetes).into()),
                ("no copy of CoreDNS ran there".to_owned(), How::masked("all copies answer")),
            ]);
            partly.push(Partly { share, how });
            How::masked("the other copies answer")
        } else {
            How::either([
                ("all copies of CoreDNS ran there".to_owned(), node::evicted(&design.kubernetes).into()),
                ("a copy of CoreDNS ran elsewhere".to_owned(), How::masked("it answers")),
            ])
        }
    };
    Answer { how: How::both(vec![copy, after.links.clone()]), partly }
}

/// Whether the nodes that are away lie on one host, so that copies which are spread over hosts lose one at most.
fn one_host(design: &Design, away: &std::collections::BTreeSet<&Name>) -> bool {
    let hosts = away.iter().filter_map(|name| design.machine.get(*name)).filter(|machine| machine.role.is_node());
    let mut hosts: Vec<&Name> = hosts.map(|machine| &machine.host).collect();
    hosts.sort();
    hosts.dedup();
    hosts.len() <= 1
}

/// What a pod asks of servers outside: the copies of CoreDNS, the way to the servers, and those of them that are left.
pub(super) fn outside(world: &World<'_>, names: OutsideNames<'_>) -> Answer {
    let Some((network, after)) = world.network_for(Purpose::Nodes) else {
        return How::masked("no network of nodes").into();
    };
    let Answer { how: copies, mut partly } = cluster(world);
    let mut ways = Vec::new();
    for address in names.servers {
        let way = match world.design.network_of(*address) {
            Some((own, _)) if own != network && world.design.nodes().any(|(_, node)| node.nic.contains_key(own)) => {
                world.after(own).links.clone()
            }
            Some((own, _)) if own == network => after.links.clone(),
            _ => world.way_out(network),
        };
        if !ways.contains(&way) {
            ways.push(way);
        }
    }
    let dead: Vec<bool> = names.servers.iter().map(|address| is_away(world, *address)).collect();
    let gone = dead.iter().filter(|dead| **dead).count() as u64;
    let first = dead.iter().take_while(|dead| **dead).count() as u64;
    let in_turn = world.design.coredns.policy == "sequential";
    let answers = if gone == dead.len() as u64 {
        How::until_repair("no server for these names is left")
    } else if gone == 0 {
        How::masked("every server for these names is there")
    } else if in_turn && first == 0 {
        How::masked("the first of the servers answers")
    } else {
        let share = format!("every query that is in no cache, each up to {gone} × 2 s");
        partly.push(Partly { share, how: resolver::left_out().into() });
        let next = How::from(resolver::next_upstream(if in_turn { first } else { gone }));
        if in_turn {
            next
        } else {
            How::either([
                ("the lost server was to be asked first".to_owned(), next),
                ("another was to be asked first".to_owned(), How::masked("it answers")),
            ])
        }
    };
    Answer { how: How::both([copies, answers].into_iter().chain(ways).collect()), partly }
}

/// Whether whoever answers at an address is gone, or nobody on its network hears it any more.
fn is_away(world: &World<'_>, address: IpAddr) -> bool {
    let World { design, lost, .. } = world;
    match design.who_answers(address) {
        Answers::Machine(machine) => {
            let network = design.network_of(address).map(|(name, _)| world.after(name));
            network.is_some_and(|after| after.away.contains(machine)) || !lost.runs(Daemon::Named, machine)
        }
        Answers::CoreDns => true,
        Answers::Pool(pool) => services::ingress(world, pool.as_str()).how.outage(Who::New) == Interval::UNTIL_REPAIR,
        Answers::Gateway(network) => {
            let by =
                design.network.get(network).and_then(|network| network.gateway.as_ref()).map(|gateway| &gateway.by);
            by.is_some_and(|by| !by.is_empty() && by.iter().all(|router| world.router_lost(router)))
        }
        Answers::External(name) => world.router_lost(name),
        Answers::Unknown => lost.server == Some(address),
    }
}

pub(super) fn zone(world: &World<'_>) -> How {
    let World { design, lost, .. } = world;
    let Some((network, after)) = world.network_for(Purpose::Zone) else {
        return How::masked("no network of zone servers");
    };
    let (mut one, mut none) = (false, false);
    for zone in design.zone.values() {
        let servers: Vec<&Name> = std::iter::once(&zone.primary).chain(&zone.secondaries).collect();
        let away = |name: &Name| after.away.contains(name) || !lost.runs(Daemon::Named, name);
        let gone = servers.iter().filter(|name| away(name)).count();
        one |= gone > 0;
        none |= gone == servers.len();
    }
    let servers = match lost.ended(Daemon::Named) {
        Some((_, Way::Killed)) => {
            let back = How::from(restart::systemd(restart::DEFAULT_RESTART_SEC));
            if none { back } else { How::Race(vec![back, resolver::next_server().into()]) }
        }
        _ if none => How::until_repair("no server of a zone is left"),
        _ if one => resolver::next_server().into(),
        _ => How::masked("every server of the zones is there"),
    };
    How::both(vec![servers, world.way_out(network)])
}
