//! The links by which a host is in a network.

use plimsoll_circuit::Node;
use plimsoll_model::Name;
use plimsoll_model::design::Host;

use crate::build::Build;
use crate::component::Kind;
use crate::silent::believed;

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
    /// The links by which a host is in a network, each with what is away when it does not work.
    pub(super) fn links(&mut self, host: &Name, network: &Name) -> Vec<Link> {
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
            let beyond = self.switch(&switch);
            let believed = believed(of, &nic);
            let (blind, torn) = (self.blind(&believed), self.torn(&believed, network));
            links.push(Link { own: self.or([own, cable, blind, torn]), switch, beyond });
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
