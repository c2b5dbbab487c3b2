//! Who reaches whom over the real ports, cables and switches.
//!
//! A host hangs on one or more switches; two hosts reach each other when a link of the one, a link of the other and a
//! way between the two switches work. Ways are listed, not guessed: the same switch, a peer link, a cable, or up to
//! [`LONGEST`] switches in a row.
//!
//! Three things make it safe to take any working combination as enough:
//! - of a pair that acts as one switch (MLAG, a stack) the second member shuts its ports when the link between the two is
//!   gone, so that a way over it needs that link;
//! - where a host hangs on two switches that are no such pair, nobody says which of its links is in use: a way over the
//!   second needs a way between the two;
//! - links are up or down as a whole; of switches that keep their ports up and forward nothing, see `silent`.

use std::collections::{BTreeMap, BTreeSet};

use plimsoll_circuit::Node;
use plimsoll_model::Name;
use plimsoll_model::design::{Cable, ExternalKind, Host, MlagKind};

use crate::build::Build;
use crate::component::Kind;

/// Switches in a row, of a way between two hosts: leaf, its peer, spine, the other peer, leaf.
const LONGEST: usize = 5;

/// A host's link into a network.
#[derive(Clone, Debug)]
struct Link {
    switch: Name,
    down: Node,
}

impl Build<'_> {
    /// `from` cannot send to `to` in `network`. Hosts by name; one and the same host always reaches itself.
    pub(crate) fn apart(&mut self, from: &Name, to: &Name, network: &Name) -> Node {
        if from == to {
            return Node::FALSE;
        }
        // Links work both ways: one name for both directions.
        let (a, b) = if from <= to { (from, to) } else { (to, from) };
        self.once(format!("apart {network} {a} {b}"), |build| {
            if build.is_bare(a) || build.is_bare(b) {
                return Node::FALSE;
            }
            let (one, other) = (build.links(a, network), build.links(b, network));
            let mut ways = Vec::new();
            for near in &one {
                for far in &other {
                    let between = build.between(&near.switch, &far.switch, network);
                    ways.push(build.or([near.down, far.down, between]));
                }
            }
            let apart = build.and(ways);
            build.label(apart, format!("{a} and {b} do not reach each other in {network}"))
        })
    }

    /// `host` reaches no router of the gateway of `network`. Without a gateway, or without cables to its routers, what is
    /// reached is any switch of the network, or its spines.
    pub(crate) fn cut_off(&mut self, host: &Name, network: &Name) -> Node {
        let routers = self.design.network.get(network).and_then(|network| network.gateway.as_ref());
        let routers = routers.map(|gateway| gateway.by.clone()).unwrap_or_default();
        self.once(format!("cut off {network} {host}"), |build| {
            let cut = build.without_exit(host, network, &routers);
            build.label(cut, format!("{host} is cut off in {network}"))
        })
    }

    /// `host` does not reach this router in `network`.
    pub(crate) fn cut_from(&mut self, host: &Name, network: &Name, router: &Name) -> Node {
        self.once(format!("cut from {network} {host} {router}"), |build| {
            let cut = build.without_exit(host, network, std::slice::from_ref(router));
            build.label(cut, format!("{host} does not reach {router} in {network}"))
        })
    }

    fn without_exit(&mut self, host: &Name, network: &Name, routers: &[Name]) -> Node {
        if self.is_bare(host) {
            let routers: Vec<Node> = routers.iter().map(|router| self.router(router)).collect();
            return if routers.is_empty() { Node::FALSE } else { self.and(routers) };
        }
        let links = self.links(host, network);
        let exits = self.exits(network, routers);
        let mut ways = Vec::new();
        for link in &links {
            for (switch, beyond) in &exits {
                let between = self.between(&link.switch, switch, network);
                ways.push(self.or([link.down, between, *beyond]));
            }
        }
        self.and(ways)
    }

    /// Where `network` is left: a switch, and what is away when that exit does not work. Routers that others own.
    fn exits(&mut self, network: &Name, routers: &[Name]) -> Vec<(Name, Node)> {
        let design = self.design;
        let mut exits = Vec::new();
        for router in routers {
            let own = self.router(router);
            let device = format!("external/{router}");
            for (name, cable) in &design.cable {
                let Some((switch, port)) = switch_end(cable, &device) else { continue };
                if !self.carries(&switch, &port, network) {
                    continue;
                }
                let path = format!("cable/{name}");
                let cable = self.part(&path, Kind::Cable, &path);
                let down = self.switch(&switch);
                let beyond = self.or([own, cable, down]);
                exits.push((switch, beyond));
            }
        }
        if exits.is_empty() {
            let gateway = if routers.is_empty() {
                if design.network.get(network).is_some_and(|network| network.gateway.is_some()) {
                    self.assume(&format!("the gateway of {network}, of which only the address is known"));
                }
                Node::FALSE
            } else {
                self.assume("cables between the switches and the routers");
                let routers: Vec<Node> = routers.iter().map(|router| self.router(router)).collect();
                self.and(routers)
            };
            for hub in self.hubs(network) {
                let down = self.switch(&hub);
                let beyond = self.or([gateway, down]);
                exits.push((hub, beyond));
            }
        }
        exits
    }

    /// Whether a port of a switch carries a network; one of which nothing is said does.
    fn carries(&self, switch: &Name, port: &Name, network: &Name) -> bool {
        let Some(vlan) = self.design.network.get(network).map(|network| network.vlan) else { return true };
        let port = self.design.switch.get(switch).and_then(|switch| switch.port.get(port));
        port.is_none_or(|port| port.tagged.contains(&vlan) || port.untagged == Some(vlan))
    }

    /// A router that others own does not route.
    pub(crate) fn router(&mut self, name: &Name) -> Node {
        let path = format!("external/{name}");
        if self.design.external.get(name).is_some_and(|external| external.kind == ExternalKind::Router) {
            self.assume(&format!("{name}, which others own"));
        }
        self.part(&path, Kind::Router, &path)
    }

    /// `host` does not reach this switch in `network`.
    pub(crate) fn cut_from_switch(&mut self, host: &Name, network: &Name, switch: &Name) -> Node {
        self.once(format!("cut from switch {network} {host} {switch}"), |build| {
            if build.is_bare(host) {
                return Node::FALSE;
            }
            let down = build.switch(switch);
            let mut ways = Vec::new();
            for link in build.links(host, network) {
                let between = build.between(&link.switch, switch, network);
                ways.push(build.or([link.down, between, down]));
            }
            let cut = build.and(ways);
            build.label(cut, format!("{host} does not reach {switch} in {network}"))
        })
    }

    /// Nothing is said about the cables of a host: they are taken to be there.
    fn is_bare(&mut self, host: &Name) -> bool {
        let bare = self.design.host.get(host).is_some_and(|host| host.nic.is_empty());
        if bare {
            self.assume("network ports and cables of hosts");
        }
        bare
    }

    /// Switches of which a group that must meet has one in common: its spines, else all that carry the network.
    pub(crate) fn hubs(&self, network: &Name) -> Vec<Name> {
        use plimsoll_model::design::SwitchRole;
        let carrying = self.carrying(network);
        let spines: Vec<Name> = carrying
            .iter()
            .filter(|switch| self.design.switch.get(*switch).is_some_and(|of| of.role == SwitchRole::Spine))
            .cloned()
            .collect();
        if spines.is_empty() { carrying.into_iter().collect() } else { spines }
    }

    /// Switches with a port in the VLAN of the network.
    fn carrying(&self, network: &Name) -> BTreeSet<Name> {
        let Some(vlan) = self.design.network.get(network).map(|network| network.vlan) else { return BTreeSet::new() };
        let carries =
            |port: &plimsoll_model::design::SwitchPort| port.tagged.contains(&vlan) || port.untagged == Some(vlan);
        let switches = self.design.switch.iter().filter(|(_, switch)| switch.port.values().any(carries));
        switches.map(|(name, _)| name.clone()).collect()
    }

    /// The links by which a host is in a network, each with what is away when it does not work.
    fn links(&mut self, host: &Name, network: &Name) -> Vec<Link> {
        let Some(of) = self.design.host.get(host) else { return Vec::new() };
        let mut nics = Vec::new();
        for interface in interfaces(of, network, self.design.network.get(network).map(|network| network.vlan)) {
            ports_below(of, &interface, &mut nics, 0);
        }
        nics.sort();
        nics.dedup();
        let mut links: Vec<Link> = Vec::new();
        for nic in nics {
            let Some(port) = of.nic.get(&nic) else { continue };
            let switch = port.switch.clone();
            let path = format!("host/{host}/nic/{nic}");
            let own = self.part(&path, Kind::Nic, &path);
            let cable_path = format!("cable/{}:{}", port.switch, port.port);
            let cable = self.part(&cable_path, Kind::Cable, &cable_path);
            let down = self.switch(&switch);
            let blind = self.blind(of, &nic);
            let link = self.or([own, cable, down, blind]);
            links.push(Link { switch, down: link });
        }
        // The first switch of the host is where all meet when the way to the second is gone.
        let Some(first) = links.iter().map(|link| link.switch.clone()).min() else { return links };
        for link in &mut links {
            let second = self.second_of_pair(&link.switch);
            let alone = if link.switch == first || self.same_group(&first, &link.switch) {
                Node::FALSE
            } else {
                self.between(&first, &link.switch, network)
            };
            link.down = self.or([link.down, second, alone]);
        }
        links
    }

    fn same_group(&self, one: &Name, other: &Name) -> bool {
        let group = |switch: &Name| self.design.switch.get(switch).and_then(|switch| switch.mlag.clone());
        group(one).is_some() && group(one) == group(other)
    }

    /// For the second member of a pair that acts as one: the link between the two is gone, so that it shuts its ports.
    fn second_of_pair(&mut self, switch: &Name) -> Node {
        let design = self.design;
        let Some(group) = design.switch.get(switch).and_then(|switch| switch.mlag.as_ref()) else { return Node::FALSE };
        let Some(mlag) = design.mlag.get(group) else { return Node::FALSE };
        match (mlag.kind, mlag.members.iter().min()) {
            (MlagKind::Mlag | MlagKind::Stack, Some(first)) if first != switch => {
                self.assume(&format!("{first} is the one of its pair that goes on when the link between them is gone"));
                self.peer_link(first, switch)
            }
            _ => Node::FALSE,
        }
    }

    /// All cables between two switches are gone. None is known: assumed to be there between members of a pair.
    fn peer_link(&mut self, one: &Name, other: &Name) -> Node {
        let cables = self.cables_between(one, other);
        if cables.is_empty() {
            self.assume("links between the switches of a pair");
            return Node::FALSE;
        }
        let gone = self.and(cables);
        self.label(gone, format!("{one} and {other} have lost the link between them"))
    }

    fn cables_between(&mut self, one: &Name, other: &Name) -> Vec<Node> {
        let (a, b) = (format!("switch/{one}"), format!("switch/{other}"));
        let joins = |cable: &Cable| {
            let ends = (cable.a.device.as_str(), cable.b.device.as_str());
            ends == (&a, &b) || ends == (&b, &a)
        };
        let names: Vec<Name> =
            self.design.cable.iter().filter(|(_, cable)| joins(cable)).map(|(name, _)| name.clone()).collect();
        names
            .into_iter()
            .map(|name| {
                let path = format!("cable/{name}");
                self.part(&path, Kind::Cable, &path)
            })
            .collect()
    }

    /// No way between two switches for `network`; the two themselves are taken to work.
    fn between(&mut self, one: &Name, other: &Name, network: &Name) -> Node {
        if one == other {
            return Node::FALSE;
        }
        let (a, b) = if one <= other { (one.clone(), other.clone()) } else { (other.clone(), one.clone()) };
        self.once(format!("between {network} {a} {b}"), |build| {
            let carrying = build.carrying(network);
            let neighbours = build.neighbours(&carrying);
            let mut ways = Vec::new();
            let mut way = vec![a.clone()];
            walk(&neighbours, &b, &mut way, &mut ways);
            // Where a short way exists, a longer one over the same switches adds nothing; the circuit drops it.
            let mut broken = Vec::new();
            for way in ways {
                let mut parts = Vec::new();
                for hop in way.windows(2) {
                    parts.push(build.hop(&hop[0], &hop[1]));
                }
                for middle in &way[1..way.len() - 1] {
                    parts.push(build.switch(middle));
                }
                broken.push(build.or(parts));
            }
            if broken.is_empty() {
                build.over_routers(&a, &b, network)
            } else {
                let cut = build.and(broken);
                build.label(cut, format!("{a} and {b} are apart in {network}"))
            }
        })
    }

    fn hop(&mut self, one: &Name, other: &Name) -> Node {
        let cables = self.cables_between(one, other);
        // Neighbours without a cable are members of a pair whose link was not described.
        if cables.is_empty() {
            return Node::FALSE;
        }
        self.assume("links between switches carry every network that both of them carry");
        self.and(cables)
    }

    /// Switches next to each other: by a cable, or as a pair.
    fn neighbours(&self, among: &BTreeSet<Name>) -> BTreeMap<Name, BTreeSet<Name>> {
        let mut neighbours: BTreeMap<Name, BTreeSet<Name>> = BTreeMap::new();
        let mut join = |one: &Name, other: &Name| {
            if among.contains(one) && among.contains(other) && one != other {
                neighbours.entry(one.clone()).or_default().insert(other.clone());
                neighbours.entry(other.clone()).or_default().insert(one.clone());
            }
        };
        for cable in self.design.cable.values() {
            let end = |device: &str| device.strip_prefix("switch/").map(Name::from);
            if let (Some(one), Some(other)) = (end(&cable.a.device), end(&cable.b.device)) {
                join(&one, &other);
            }
        }
        for mlag in self.design.mlag.values().filter(|mlag| mlag.kind != MlagKind::Esi) {
            for one in &mlag.members {
                for other in &mlag.members {
                    join(one, other);
                }
            }
        }
        neighbours
    }

    /// Two switches that no cable of ours joins meet at the routers above them, if they do.
    fn over_routers(&mut self, one: &Name, other: &Name, network: &Name) -> Node {
        let design = self.design;
        let routers = |switch: &Name| -> BTreeMap<Name, Vec<Name>> {
            let device = format!("switch/{switch}");
            let mut found: BTreeMap<Name, Vec<Name>> = BTreeMap::new();
            for (name, cable) in &design.cable {
                for (here, there) in [(&cable.a, &cable.b), (&cable.b, &cable.a)] {
                    if here.device == device
                        && let Some(router) = there.device.strip_prefix("external/")
                        && self.carries(switch, &here.port, network)
                    {
                        found.entry(Name::from(router)).or_default().push(name.clone());
                    }
                }
            }
            found
        };
        let (above, also) = (routers(one), routers(other));
        let mut ways = Vec::new();
        for (router, cables) in &above {
            let Some(others) = also.get(router) else { continue };
            let mut side = |cables: &[Name]| {
                let parts: Vec<Node> = cables
                    .iter()
                    .map(|name| {
                        let path = format!("cable/{name}");
                        self.part(&path, Kind::Cable, &path)
                    })
                    .collect();
                self.and(parts)
            };
            let (up, down) = (side(cables), side(others));
            let own = self.router(router);
            ways.push(self.or([up, down, own]));
        }
        if ways.is_empty() {
            return Node::TRUE;
        }
        self.assume("the routers join the switches below them in one layer-2 domain");
        self.and(ways)
    }
}

/// All ways without a circle, up to [`LONGEST`] switches.
fn walk(neighbours: &BTreeMap<Name, BTreeSet<Name>>, goal: &Name, way: &mut Vec<Name>, ways: &mut Vec<Vec<Name>>) {
    let Some(next) = way.last().and_then(|last| neighbours.get(last)) else { return };
    for switch in next {
        if way.contains(switch) {
            continue;
        }
        way.push(switch.clone());
        if switch == goal {
            ways.push(way.clone());
        } else if way.len() < LONGEST {
            walk(neighbours, goal, way, ways);
        }
        way.pop();
    }
}

/// The end of a cable at a switch, when the other end is `device`.
fn switch_end(cable: &Cable, device: &str) -> Option<(Name, Name)> {
    let (here, there) = (&cable.a, &cable.b);
    let end = if there.device == device {
        here
    } else if here.device == device {
        there
    } else {
        return None;
    };
    Some((Name::from(end.device.strip_prefix("switch/")?), end.port.clone()))
}

/// The interfaces of a host through which it or its guests are in a network.
fn interfaces(host: &Host, network: &Name, vlan: Option<u16>) -> Vec<Name> {
    let mut interfaces: Vec<Name> = host
        .bridge
        .iter()
        .filter(|(_, bridge)| bridge.networks.contains(network))
        .map(|(name, _)| name.clone())
        .collect();
    interfaces.extend(host.address.get(network).map(|address| address.interface.clone()));
    if interfaces.is_empty() {
        interfaces
            .extend(host.vlan.iter().filter(|(_, interface)| Some(interface.id) == vlan).map(|(name, _)| name.clone()));
    }
    interfaces
}

/// The network ports below an interface: through bridges, VLAN interfaces and bonds.
fn ports_below(host: &Host, interface: &Name, nics: &mut Vec<Name>, depth: usize) {
    if depth > 8 {
        return;
    }
    if host.nic.contains_key(interface) {
        nics.push(interface.clone());
    }
    let mut below: Vec<&Name> = Vec::new();
    if let Some(bridge) = host.bridge.get(interface) {
        below.extend(&bridge.ports);
    }
    if let Some(vlan) = host.vlan.get(interface) {
        below.push(&vlan.parent);
    }
    if let Some(bond) = host.bond.get(interface) {
        below.extend(&bond.members);
    }
    for interface in below {
        ports_below(host, interface, nics, depth + 1);
    }
}
