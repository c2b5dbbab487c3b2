//! Who reaches an address that no host of ours has: a resolver, a file server.
//!
//! In a network that the machine is in it is reached there, else by the gateway through which the machine has its default
//! route.

use std::net::IpAddr;
use std::rc::Rc;

use plimsoll_circuit::Node;
use plimsoll_model::Name;
use plimsoll_model::design::Answers;

use crate::build::Build;
use crate::component::Kind;

/// Something that is asked, and where it is.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Asked<'d> {
    /// Who answers there.
    pub(crate) who: Answers<'d>,
    /// The network of ours that its address lies in; `None` for one outside.
    pub(crate) network: Option<&'d Name>,
}

impl<'d> Build<'d> {
    /// What answers at an address.
    pub(crate) fn asked(&self, address: IpAddr) -> Asked<'d> {
        let design = self.design;
        Asked { who: design.who_answers(address), network: design.network_of(address).map(|(name, _)| name) }
    }

    /// A machine does not reach it, although both are up. That the machine's host is not cut off in the network `within` is
    /// said elsewhere; `None` where it is not.
    pub(crate) fn unreached(&mut self, machine: &Name, asked: Asked<'d>, within: Option<&Name>) -> Node {
        let design = self.design;
        let Some(of) = design.machine.get(machine) else { return Node::FALSE };
        let host = &of.host;
        if let Some(network) = asked.network.filter(|network| of.nic.contains_key(*network)) {
            return match asked.who {
                Answers::External(name) if !self.wiring.uplinks(name).is_empty() => self.cut_from(host, network, name),
                Answers::Gateway(_) if within == Some(network) => Node::FALSE,
                Answers::Gateway(_) => self.cut_off(host, network),
                Answers::Machine(other) => {
                    let other = design.machine.get(other).map_or(host, |other| &other.host);
                    self.apart(host, other, network)
                }
                _ => self.in_network(host, network),
            };
        }
        let mut cut = match self.default_route(machine) {
            Some(network) if within == Some(&network) => Node::FALSE,
            Some(network) => self.cut_off(host, &network),
            None => return Node::TRUE,
        };
        // Behind the routers of another network of ours.
        if let Some(network) = asked.network {
            let Some(gateway) = design.network.get(network).and_then(|network| network.gateway.as_ref()) else {
                self.assume(&format!("{network} has no gateway: what is in it is reached from no other network"));
                return Node::TRUE;
            };
            self.assume("routers of others reach each other");
            let gone: Vec<Node> = gateway.by.iter().map(|router| self.router(router)).collect();
            // Of a gateway of which only the address is known, it is assumed.
            let gone = if gone.is_empty() { Node::FALSE } else { self.and(gone) };
            let far = match asked.who {
                Answers::Machine(other) => design.machine.get(other).map(|other| self.cut_off(&other.host, network)),
                // The routers answer themselves.
                Answers::Gateway(_) => None,
                _ => Some(self.behind_routers(asked, network, &gateway.by)),
            };
            cut = self.or([cut, gone].into_iter().chain(far));
        }
        cut
    }

    /// No router of a network reaches, over the switches of that network, what is asked there: by its cable where one is known,
    /// else it is taken to be reached from each switch.
    fn behind_routers(&mut self, asked: Asked<'d>, network: &Name, routers: &[Name]) -> Node {
        let exits = self.exits(network, routers);
        if exits.is_empty() && self.hubs(network).is_empty() {
            // Of a network without switches nothing is known.
            return Node::FALSE;
        }
        let wiring = Rc::clone(&self.wiring);
        let ends = match asked.who {
            Answers::External(name) => wiring.uplinks(name),
            _ => &[],
        };
        let mut ways: Vec<Node> = Vec::new();
        for (switch, beyond) in exits {
            if ends.is_empty() {
                self.assume(&format!(
                    "what others own in {network} is reached from each of its switches, or of its spines"
                ));
                ways.push(beyond);
            }
            for end in ends {
                let path = format!("cable/{}", end.cable);
                let (cable, down) = (self.part(&path, Kind::Cable, &path), self.switch(&end.switch));
                let between = self.between(&switch, &end.switch, network);
                ways.push(self.or([beyond, between, cable, down]));
            }
        }
        let cut = self.and(ways);
        self.label(cut, format!("no router reaches what is asked in {network}"))
    }

    /// The network through which a machine goes out: that of its default route.
    fn default_route(&self, machine: &Name) -> Option<Name> {
        let own = self.design.machine.get(machine)?.nic.iter().find(|(_, nic)| nic.gateway.is_some());
        own.map(|(network, _)| network.clone())
    }

    /// A host is not among those who meet in a network: what hangs there by a cable of which nothing is said is taken to be
    /// reached from each place where they do.
    fn in_network(&mut self, host: &Name, network: &Name) -> Node {
        self.assume(&format!("what others own in {network} is reached from each of its switches, or of its spines"));
        self.once(format!("in network {network} {host}"), |build| {
            let hubs = build.hubs(network);
            let cut: Vec<Node> = hubs.iter().map(|hub| build.cut_from_hub(host, network, hub)).collect();
            // Of a network without switches nothing is known.
            let cut = if cut.is_empty() { Node::FALSE } else { build.and(cut) };
            build.label(cut, format!("{host} is cut off in {network}"))
        })
    }
}
