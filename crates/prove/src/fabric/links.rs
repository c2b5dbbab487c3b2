//! The links by which a host is in a network.

use std::collections::BTreeSet;

use plimsoll_circuit::Node;
use plimsoll_model::design::Host;
use plimsoll_model::{Design, Name};

use super::wiring::Carriers;
use crate::build::Build;
use crate::component::Kind;
use crate::silent::{believed, is_believed};

/// A host's link into a network.
#[derive(Clone, Debug)]
pub(super) struct Link {
    pub(super) switch: Name,
    /// The host's port or its cable is gone.
    pub(super) own: Node,
    /// The switch at its other end is of no use.
    pub(super) beyond: Node,
}

impl Build<'_> {
    /// The ports by which a host is in a network.
    fn ports(&self, host: &Name, network: &Name) -> Vec<Name> {
        ports(self.design, host, network)
    }

    /// Whether nothing is taken to be lost of the links of a host in a network that may not be: all its ports there are on one
    /// switch, or on a pair that acts as one, and no bond believes their carriers; and no way between its switches is too long
    /// to be looked at.
    pub(crate) fn is_certain(&self, host: &Name, network: &Name) -> bool {
        let Some(of) = self.design.host.get(host) else { return false };
        let ports = self.ports(host, network);
        let mut switches = ports.iter().filter_map(|port| of.nic.get(port)).map(|nic| &nic.switch);
        let Some(first) = switches.next() else { return of.nic.is_empty() };
        let ways = self.wiring.carriers(network).is_some_and(Carriers::all_ways_are_short);
        ways && switches.all(|switch| switch == first || self.same_group(first, switch))
            && !ports.iter().any(|port| is_believed(of, port))
    }

    /// Switches on which all hosts beside them are taken to meet, since there is no way from them to another switch of these
    /// hosts, but where all meet on the other when the first is off: every port to it has lost its carrier then.
    pub(crate) fn lone_firsts(&mut self) -> Vec<Name> {
        let design = self.design;
        let mut firsts = BTreeSet::new();
        for network in design.network.keys() {
            let mut seen: BTreeSet<BTreeSet<&Name>> = BTreeSet::new();
            for (host, of) in &design.host {
                let ports = self.ports(host, network);
                let switches: BTreeSet<&Name> =
                    ports.iter().filter_map(|port| of.nic.get(port)).map(|port| &port.switch).collect();
                if switches.len() < 2 || !seen.insert(switches.clone()) {
                    continue;
                }
                let mut switches = switches.into_iter();
                let Some(first) = switches.next() else { continue };
                let others: Vec<&Name> = switches.collect();
                let alone = !others.iter().any(|other| self.same_group(first, other));
                if alone && others.iter().any(|other| self.between(first, other, network) == Node::TRUE) {
                    firsts.insert(first.clone());
                }
            }
        }
        firsts.into_iter().collect()
    }

    /// The links by which a host is in a network, each with what is away when it does not work.
    pub(super) fn links(&mut self, host: &Name, network: &Name) -> Vec<Link> {
        let Some(of) = self.design.host.get(host) else { return Vec::new() };
        let off = self.supposed.off.clone();
        let is_off = |switch: &Name| off.as_ref() == Some(switch);
        let mut links: Vec<Link> = Vec::new();
        for nic in self.ports(host, network) {
            let Some(port) = of.nic.get(&nic).filter(|port| !is_off(&port.switch)) else { continue };
            let switch = port.switch.clone();
            let path = format!("host/{host}/nic/{nic}");
            let own = self.part(&path, Kind::Nic, &path);
            let cable_path = format!("cable/{}:{}", port.switch, port.port);
            let cable = self.part(&cable_path, Kind::Cable, &cable_path);
            let beyond = self.switch(&switch);
            // A bond sees the carriers that it has lost.
            let mut believed = believed(of, &nic);
            believed.retain(|switch| !is_off(switch));
            let (blind, torn) = (self.blind(&believed), self.torn(&believed, network));
            let half_dead = self.half_dead((host, of), &nic, off.as_ref());
            links.push(Link { own: self.or([own, cable, blind, half_dead, torn]), switch, beyond });
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
            link.beyond = self.or([link.beyond, second, alone]);
        }
        links
    }

    /// Of the switches of a bond that believes their carriers, one has no way to another any more: what is sent into the one
    /// that the bond happens to use may reach nobody. Members of a pair shut their ports then. Where no way was ever
    /// described, all are taken to use the first.
    fn torn(&mut self, switches: &[Name], network: &Name) -> Node {
        let Some((first, others)) = switches.split_first() else { return Node::FALSE };
        let mut torn = Vec::new();
        for other in others.iter().filter(|other| !self.same_group(first, other)).cloned().collect::<Vec<Name>>() {
            let between = self.between(first, &other, network);
            if between.constant().is_none() {
                torn.push(between);
            } else if between == Node::TRUE {
                self.assume("bonds over switches with no way between them all use the first switch");
            }
        }
        self.or(torn)
    }
}

/// The ports by which a host is in a network.
pub(crate) fn ports(design: &Design, host: &Name, network: &Name) -> Vec<Name> {
    let Some(of) = design.host.get(host) else { return Vec::new() };
    let mut nics = Vec::new();
    for interface in interfaces(of, network, design.network.get(network).map(|network| network.vlan)) {
        ports_below(of, &interface, &mut nics, 0);
    }
    nics.sort();
    nics.dedup();
    nics
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
