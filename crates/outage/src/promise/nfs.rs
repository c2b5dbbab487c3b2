//! `storage/nfs`: reads and writes of volumes on a file server go on.

use std::net::IpAddr;

use plimsoll_model::Name;
use plimsoll_model::design::{Answers, Purpose};

use crate::how::How;
use crate::network::World;

/// One server, and the way to it. Volumes are mounted hard: whoever reads or writes waits until it answers again (nfs(5)),
/// so that every loss lasts as long as its cause.
pub(super) fn server(world: &World<'_>) -> How {
    let design = world.design;
    let Some(nfs) = &design.nfs else { return How::masked("there is no file server") };
    let Some((network, after)) = world.network_for(Purpose::Nodes) else { return How::masked("no network of nodes") };
    let external = design.external.get(&nfs.server);
    let addresses: Vec<IpAddr> =
        external.iter().flat_map(|of| of.address.values().chain(&of.addresses)).copied().collect();
    let on_lost_machine = |address: &IpAddr| match design.who_answers(*address) {
        Answers::Machine(machine) => world.lost.machine(machine),
        _ => false,
    };
    if world.router_lost(&nfs.server) || addresses.iter().any(on_lost_machine) {
        return How::until_repair("the file server is one: mounts hang until it answers again");
    }
    // By one of its networks that nodes are in, else through the gateway.
    let beside = |own: &&Name| design.nodes().any(|(_, node)| node.nic.contains_key(*own));
    let own = addresses.iter().filter_map(|address| design.network_of(*address)).map(|(name, _)| name).find(beside);
    let after = own.map_or(after, |own| world.after(own));
    let mut nodes = design.nodes().map(|(name, _)| name).peekable();
    if nodes.peek().is_some() && nodes.all(|name| after.away.contains(name)) {
        return How::until_repair("no node is left that reaches the file server");
    }
    if own.is_some() { after.links.clone() } else { world.way_out(network) }
}
