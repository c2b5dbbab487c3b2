//! Who reaches whom over the real ports, cables and switches.
//!
//! A host hangs on one or more switches; two hosts reach each other when a link of the one, a link of the other and a
//! way between the two switches work. Ways are listed, not guessed: the same switch, a peer link, a cable, or several
//! switches in a row (see `ways`).
//!
//! Three things make it safe to take any working combination as enough:
//! - of a pair that acts as one switch (MLAG, a stack) the second member shuts its ports when the link between the two is
//!   gone, so that a way over it needs that link;
//! - where a host hangs on two switches that are no such pair, nobody says which of its links is in use: a way over the
//!   second needs a way between the two, and a bond that believes carriers needs it by whatever link;
//! - links are up or down as a whole; of what keeps its carriers and passes nothing, or only one way, see `silent`.

use std::collections::BTreeMap;
use std::rc::Rc;

use plimsoll_circuit::Node;
use plimsoll_model::Name;
use plimsoll_model::design::ExternalKind;

mod beyond;
mod links;
mod pairs;
mod ways;
mod wiring;

pub(crate) use beyond::Asked;
pub(crate) use links::ports;
pub(crate) use wiring::{Uplink, Wiring};

use crate::build::Build;
use crate::component::Kind;

impl<'d> Build<'d> {
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
            let spines = build.tier(network);
            let mut ways = Vec::new();
            for near in &one {
                for far in &other {
                    let between = if spines.is_empty() {
                        vec![build.between(&near.switch, &far.switch, network)]
                    } else {
                        build.beside(&near.switch, &far.switch, network)
                    };
                    for between in between {
                        let (near, far) = (build.or([near.own, near.beyond]), build.or([far.own, far.beyond]));
                        ways.push(build.or([near, far, between]));
                    }
                }
            }
            // All other ways meet at a spine: which leaf each side goes up by is its own affair.
            if let Some((up, down)) = build.cut_from_core(a, network).zip(build.cut_from_core(b, network)) {
                ways.push(build.or([up, down]));
                let apart = build.and(ways);
                return build.label(apart, format!("{a} and {b} do not reach each other in {network}"));
            }
            for spine in &spines {
                let (up, down) = (build.cut_from_switch(a, network, spine), build.cut_from_switch(b, network, spine));
                ways.push(build.or([up, down]));
            }
            let apart = build.and(ways);
            build.label(apart, format!("{a} and {b} do not reach each other in {network}"))
        })
    }

    /// `host` reaches no router of the gateway of `network`. Without a gateway, or where no router of the design has a cable,
    /// what is reached is any switch of the network, or its spines.
    pub(crate) fn cut_off(&mut self, host: &Name, network: &Name) -> Node {
        let routers = self.gateway(network).to_vec();
        self.once(format!("cut off {network} {host}"), |build| {
            let (cut, deaf) = (build.without_exit(host, network, &routers), build.deaf_gateway(network, &routers));
            let cut = build.or([cut, deaf]);
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

    /// The routers that have the gateway of a network.
    fn gateway(&self, network: &Name) -> &'d [Name] {
        let gateway = self.design.network.get(network).and_then(|network| network.gateway.as_ref());
        gateway.map_or(&[], |gateway| &gateway.by)
    }

    /// A router of several may have the address of the gateway and hear nothing that is sent to it.
    fn deaf_gateway(&mut self, network: &Name, routers: &[Name]) -> Node {
        self.once(format!("deaf gateway {network}"), |build| {
            let wiring = Rc::clone(&build.wiring);
            let mut deaf = Vec::new();
            for uplink in routers.iter().flat_map(|router| wiring.uplinks(router)) {
                let carries = build.carries_nothing(&uplink.switch, &uplink.port)
                    || build.carries(&uplink.switch, &uplink.port, network);
                deaf.extend(if carries { build.half_dead_uplink(uplink, routers.len()) } else { None });
            }
            let deaf = build.or(deaf);
            build.label(deaf, format!("the gateway of {network} may hear nothing"))
        })
    }

    fn without_exit(&mut self, host: &Name, network: &Name, routers: &[Name]) -> Node {
        if self.is_bare(host) {
            let cabled = self.routers_are_cabled();
            let reached = routers.iter().filter(|router| !cabled || !self.wiring.uplinks(router).is_empty());
            let reached: Vec<Name> = reached.cloned().collect();
            let gone: Vec<Node> = reached.iter().map(|router| self.router(router)).collect();
            return if routers.is_empty() { Node::FALSE } else { self.and(gone) };
        }
        // What lies behind a switch is the same for all hosts: it is said once for each.
        let mut behind: BTreeMap<Name, Vec<Node>> = BTreeMap::new();
        for (switch, beyond) in self.exits(network, routers) {
            behind.entry(switch).or_default().push(beyond);
        }
        let mut ways = Vec::new();
        let core = self.core(network);
        if let Some(cut) = self.cut_from_core(host, network) {
            let mut gone = Vec::new();
            for spine in &core {
                let Some(exits) = behind.remove(spine) else { continue };
                let (exits, shut) = (self.and(exits), self.second_of_pair(spine));
                gone.push(self.or([exits, shut]));
            }
            if !gone.is_empty() {
                let gone = self.and(gone);
                ways.push(self.or([cut, gone]));
            }
        }
        for (switch, exits) in behind {
            let (cut, gone) = (self.cut_from_switch(host, network, &switch), self.and(exits));
            ways.push(self.or([cut, gone]));
        }
        self.and(ways)
    }

    /// Where `network` is left: a switch, and what is away when that exit does not work. Routers that others own.
    fn exits(&mut self, network: &Name, routers: &[Name]) -> Vec<(Name, Node)> {
        let (design, wiring) = (self.design, Rc::clone(&self.wiring));
        let routers_of_gateway = self.gateway(network).len();
        let mut exits = Vec::new();
        for router in routers {
            let own = self.router(router);
            let before = exits.len();
            for uplink in wiring.uplinks(router) {
                // Where nobody says which router has the gateway, nobody says either which networks the ports to it carry.
                if self.carries_nothing(&uplink.switch, &uplink.port) {
                    self.assume(&format!("the ports towards {router} carry the networks of its peers"));
                } else if !self.carries(&uplink.switch, &uplink.port, network) {
                    continue;
                }
                let path = format!("cable/{}", uplink.cable);
                let cable = self.part(&path, Kind::Cable, &path);
                let (down, dead) = (self.switch(&uplink.switch), self.half_dead_uplink(uplink, routers_of_gateway));
                let beyond = self.or([own, cable, down].into_iter().chain(dead));
                exits.push((uplink.switch.clone(), beyond));
            }
            if exits.len() == before && self.routers_are_cabled() {
                self.assume(&format!("{router} is reached by nobody in {network}, into which no cable of it leads"));
            }
        }
        // Who says of one router where its cables end says it of all: one without a cable to this network is not reached.
        if exits.is_empty() && (routers.is_empty() || !self.routers_are_cabled()) {
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

    /// Whether the design has a cable to any router.
    fn routers_are_cabled(&self) -> bool {
        let is_router =
            |name: &Name| self.design.external.get(name).is_none_or(|external| external.kind == ExternalKind::Router);
        self.wiring.all_uplinks().any(|(name, _)| is_router(name))
    }

    /// Whether a port of a switch carries a network; one of which nothing is said does.
    fn carries(&self, switch: &Name, port: &Name, network: &Name) -> bool {
        let Some(vlan) = self.design.network.get(network).map(|network| network.vlan) else { return true };
        let port = self.design.switch.get(switch).and_then(|switch| switch.port.get(port));
        port.is_none_or(|port| wiring::carries(port, vlan))
    }

    /// Whether a port of a switch is in no VLAN at all.
    fn carries_nothing(&self, switch: &Name, port: &Name) -> bool {
        let port = self.design.switch.get(switch).and_then(|switch| switch.port.get(port));
        port.is_some_and(|port| port.tagged.is_empty() && port.untagged.is_none())
    }

    /// A router that others own does not route.
    pub(crate) fn router(&mut self, name: &Name) -> Node {
        if self.design.external.get(name).is_some_and(|external| external.kind == ExternalKind::Router) {
            self.assume(&format!("{name}, which others own"));
        }
        self.of_others(name, Kind::Router)
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
                // One function for all hosts on that leaf: what is not theirs is said once.
                let between = build.between(&link.switch, switch, network);
                let beyond = build.or([link.beyond, between, down]);
                ways.push(build.or([link.own, beyond]));
            }
            let cut = build.and(ways);
            build.label(cut, format!("{host} does not reach {switch} in {network}"))
        })
    }

    /// `host` reaches no spine of the core of `network`; `None` in a network without one.
    fn cut_from_core(&mut self, host: &Name, network: &Name) -> Option<Node> {
        let core = self.core(network);
        if core.is_empty() {
            return None;
        }
        Some(self.once(format!("cut from core {network} {host}"), |build| {
            let mut ways = Vec::new();
            for link in build.links(host, network) {
                // One function for all hosts on that leaf: what is not theirs is said once.
                let above = build.below_no_core(&link.switch, &core, network);
                let beyond = build.or([link.beyond, above]);
                ways.push(build.or([link.own, beyond]));
            }
            let cut = build.and(ways);
            build.label(cut, format!("{host} reaches no spine in {network}"))
        }))
    }

    /// For each of several hosts that it reaches no spine of the core, where that is the only way in which they reach each
    /// other: no two of them hang on one leaf, or on leaves with a link between them.
    pub(crate) fn meet_at_core(&mut self, hosts: &[Name], network: &Name) -> Option<Vec<Node>> {
        if hosts.len() < 2 || hosts.iter().any(|host| self.is_bare(host)) {
            return None;
        }
        for (at, one) in hosts.iter().enumerate() {
            for other in &hosts[at + 1..] {
                if one == other {
                    return None;
                }
                let (near, far) = (self.links(one, network), self.links(other, network));
                let mut pairs = near.iter().flat_map(|near| far.iter().map(move |far| (&near.switch, &far.switch)));
                if pairs.any(|(near, far)| !self.beside(near, far, network).is_empty()) {
                    return None;
                }
            }
        }
        hosts.iter().map(|host| self.cut_from_core(host, network)).collect()
    }

    /// `host` is not among those who meet at this hub of `network` ([`Build::hubs`]).
    pub(crate) fn cut_from_hub(&mut self, host: &Name, network: &Name, hub: &Name) -> Node {
        if self.is_bare(host) {
            return Node::FALSE;
        }
        match self.cut_from_core(host, network) {
            Some(cut) => cut,
            None => self.cut_from_switch(host, network, hub),
        }
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
        // Spines that forward for each other are one hub.
        if let Some(first) = self.core(network).first() {
            return vec![first.clone()];
        }
        let Some(carriers) = self.wiring.carriers(network) else { return Vec::new() };
        let spines: Vec<Name> = carriers.all.difference(&carriers.below).cloned().collect();
        if spines.is_empty() { carriers.all.iter().cloned().collect() } else { spines }
    }

    /// Whether the spines of a network forward for each other, so that all that reach one of them reach each other.
    pub(crate) fn has_core(&self, network: &Name) -> bool {
        !self.core(network).is_empty()
    }

    /// The hubs of a network that have most others beside them, at most so many: where most hosts meet.
    pub(crate) fn centres(&self, network: &Name, most: usize) -> Vec<Name> {
        let mut hubs = self.hubs(network);
        let beside = |hub: &Name| {
            let others = self.wiring.neighbours.get(hub).into_iter().flatten();
            others.filter(|other| self.wiring.carriers(network).is_some_and(|all| all.all.contains(*other))).count()
        };
        let most_beside = hubs.iter().map(beside).max().unwrap_or_default();
        hubs.retain(|hub| beside(hub) == most_beside);
        hubs.truncate(most);
        hubs
    }
}
