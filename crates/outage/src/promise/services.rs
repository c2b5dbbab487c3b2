//! `ingress/POOL`: somebody outside reaches a service; `egress`: a pod reaches what is outside; `management`: an
//! administrator reaches the hosts.

use plimsoll_model::design::{Announce, BgpPeer, MetalLb, Purpose};
use plimsoll_model::{Design, Name};

use crate::ground::Legs;
use crate::how::{Case, How, Who};
use crate::interval::End;
use crate::mechanism::{node, routing};
use crate::network::{After, World};

use super::{Answer, Partly};

pub(super) fn ingress(world: &World<'_>, pool: &str) -> Answer {
    let design = world.design;
    let Some(metallb) = &design.metallb else { return How::masked("there are no service addresses").into() };
    let Some(pool) = metallb.pool.get(&Name::from(pool)) else { return How::masked("there is no such pool").into() };
    let Some((network, after)) = world.network_for(Purpose::Nodes) else {
        return How::masked("no network of nodes").into();
    };
    let bgp = pool.announce.contains(&Announce::Bgp);
    let away: Vec<&Name> = metallb.nodes.iter().filter(|name| after.away.contains(name)).collect();
    let mut partly = Vec::new();
    let announced = if !metallb.nodes.is_empty() && away.len() == metallb.nodes.len() {
        How::until_repair("no node that announces is left")
    } else if away.is_empty() {
        How::masked("every node that announces is there")
    } else if bgp {
        by_bgp(world, metallb, &away, &mut partly)
    } else {
        How::either([
            ("the node announced the address".to_owned(), routing::announcer_moves().into()),
            ("another node announced the address".to_owned(), How::masked("it stays there")),
        ])
    };
    endpoints(design, after, &mut partly);
    let peers = if bgp { peers_left(world, metallb) } else { How::masked("no router hears the announcements") };
    let mut way = world.way_out(network);
    if bgp
        && world.lost.silent
        && let Some(back) = sessions_return(metallb, &way)
    {
        way = How::Then(vec![way, back]);
    }
    Answer { how: How::both(vec![announced, peers, way]), partly }
}

/// Copies of the service on nodes that are gone go on being chosen for a while.
fn endpoints(design: &Design, after: &After<'_>, partly: &mut Vec<Partly>) {
    if design.nodes().any(|(name, _)| after.away.contains(name)) {
        let how = How::either([
            ("the service has a copy on the lost node".to_owned(), node::endpoints_leave(&design.kubernetes).into()),
            ("all its copies are elsewhere".to_owned(), How::masked("no connection is sent there")),
        ]);
        partly.push(Partly { share: "connections that are sent to a copy on the lost node".to_owned(), how });
    }
}

/// Routers lose the session to a node: its share of the flows is lost until they notice.
fn by_bgp(world: &World<'_>, metallb: &MetalLb, away: &[&Name], partly: &mut Vec<Partly>) -> How {
    let hears = |peer: &&BgpPeer| !world.router_lost(&peer.router);
    let peers: Vec<&BgpPeer> = metallb.peer.values().filter(hears).collect();
    let design = world.design;
    let spreads = |peer: &&BgpPeer| design.external.get(&peer.router).and_then(|router| router.multipath);
    let lost_to = |peer: &BgpPeer| {
        let answers = design.external.get(&peer.router).is_none_or(|router| router.bfd != Some(false));
        let profile = peer.bfd.as_ref().filter(|_| answers).and_then(|name| metallb.bfd.get(name));
        How::from(routing::session_lost(peer, profile))
    };
    let mut found: Vec<How> = Vec::new();
    for how in peers.iter().map(|peer| lost_to(peer)) {
        if !found.contains(&how) {
            found.push(how);
        }
    }
    let found = How::both(found);
    if !peers.is_empty() && peers.iter().all(|peer| spreads(peer) == Some(true)) {
        let share = format!("{} of {} flows, which came through the lost node", away.len(), metallb.nodes.len());
        partly.push(Partly { share, how: found });
        return How::masked("the other nodes' paths are in use already");
    }
    How::either([
        ("the router's path led through the node".to_owned(), found),
        ("the router's path led elsewhere".to_owned(), How::masked("it stays")),
    ])
}

/// Sessions that were lost while links were silent: when all were, their return ends the outage.
fn sessions_return(metallb: &MetalLb, way: &How) -> Option<How> {
    let found = |peer: &BgpPeer| routing::session_lost(peer, peer.bfd.as_ref().and_then(|name| metallb.bfd.get(name)));
    let least = metallb.peer.values().map(|peer| found(peer).new.min()).min()?;
    let took = way.outage(Who::New).max();
    (least < took && took != End::Repair).then(|| {
        How::either([
            ("a session of a node was kept".to_owned(), How::masked("its path is in use")),
            ("every session was lost meanwhile".to_owned(), routing::sessions_return().into()),
        ])
    })
}

/// Routers that are gone take their sessions with them.
fn peers_left(world: &World<'_>, metallb: &MetalLb) -> How {
    let gone = metallb.peer.values().filter(|peer| world.router_lost(&peer.router)).count();
    match gone {
        0 => How::masked("every router hears the announcements"),
        gone if gone == metallb.peer.len() => How::until_repair("no router that hears the announcements is left"),
        // What is in front of the routers is theirs: it finds the other one by its own means.
        _ => How::masked("the other router has every path"),
    }
}

pub(super) fn egress(world: &World<'_>) -> How {
    let Some((network, after)) = world.network_for(Purpose::Nodes) else { return How::masked("no network of nodes") };
    let mut nodes = world.design.nodes().map(|(name, _)| name).peekable();
    if nodes.peek().is_some() && nodes.all(|name| after.away.contains(name)) {
        return How::until_repair("no node is left");
    }
    world.way_out(network)
}

pub(super) fn management(world: &World<'_>) -> How {
    let World { design, ground, lost, .. } = world;
    // The host's own address is one way to a host, its management controller the other.
    let network = world.network_for(Purpose::Proxmox).or_else(|| world.network_for(Purpose::Nodes));
    let Some((network, _)) = network else { return How::masked("no network of hosts") };
    if lost.hosts.len() == design.host.len() && !design.host.is_empty() {
        return How::until_repair("no host is left to be reached");
    }
    let mut cut: Vec<&Name> = Vec::new();
    // A host that has lost no port is reached as before.
    for (name, host) in ground.hit(lost).into_iter().filter_map(|name| Some((name, design.host.get(name)?))) {
        if lost.hosts.contains(name) {
            continue;
        }
        let legs = ground.legs(lost, name, network);
        let own = !matches!(legs, Legs::Bond(_, 0) | Legs::Port(false));
        let controller = host.bmc.as_ref().is_some_and(|bmc| !lost.switches.contains(&bmc.switch));
        if !own && !controller {
            cut.push(name);
        }
    }
    let cut = match cut.first() {
        None => How::masked("each host is reached by its own address or its management controller"),
        Some(first) => How::Either(vec![Case {
            when: format!("it is about {first}, or another of {} hosts", cut.len()),
            how: How::until_repair("neither its own address nor its management controller is reached"),
        }]),
    };
    How::both(vec![cut, world.way_out(network)])
}
