//! What keeps its carriers and passes nothing, or only one way: switches and cables.
//!
//! A bond that asks its partner to speak (LACP) takes such a port out after three missed answers, at both ends: whoever
//! hears nothing says so in what it still sends, and the other end then stops too (IEEE 802.1AX-2020, 6.4). One that looks
//! at the carrier only (all other modes here: the Design knows `miimon` and no ARP targets) keeps sending into it: with one
//! port in use perhaps all, with several in turn or by a hash a share of everything. Nobody says which port is in use, so
//! that such a bond counts as lost with any of its cables and switches, and when the latter have no way to each other any
//! more, for then each has its own part of the network behind it (see `fabric`). Where all bonds speak LACP, or a host has
//! one port, this failure is no other than that of the switch or the cable, and there is no component for it.
//!
//! A cable to one of several routers, in no aggregate that speaks LACP, may let the router speak and hear nothing: the others
//! hear it and leave the address of the gateway to it, and what is sent there is lost.
//!
//! A connection needs both directions, and so does every protocol here but VRRP's: what passes one way only is, for whoever
//! uses it, no link. A member of VRRP that is heard and hears nobody takes the address from those who hear it, unless its
//! check sees that it is cut off (`promise::holders`): where it does not, the cable and the switch of a port without LACP are
//! such components too.

use plimsoll_circuit::Node;
use plimsoll_model::Name;
use plimsoll_model::design::{Bond, BondMode, Host, LagMode};

use crate::build::Build;
use crate::component::Kind;
use crate::fabric::Uplink;

/// Whether a bond believes a port that has a carrier.
fn believes_carrier(bond: &Bond) -> bool {
    bond.mode != BondMode::Lacp && bond.members.len() > 1
}

/// Whether a bond over several switches does not notice that one of them forwards nothing.
fn believes_switches(bond: &Bond, host: &Host) -> bool {
    let mut switches = bond.members.iter().filter_map(|port| host.nic.get(port)).map(|nic| &nic.switch);
    let first = switches.next();
    // What is sent on every port arrives by one. Not so with a cable that still takes frames out and lets none in: the
    // switch behind it has learnt the host on that port.
    believes_carrier(bond) && bond.mode != BondMode::Broadcast && switches.any(|switch| Some(switch) != first)
}

impl Build<'_> {
    /// The switch keeps its carriers and forwards nothing; `None` where that is nothing else than its failure.
    pub(crate) fn silent(&mut self, switch: &Name) -> Option<Node> {
        let matters = self.design.host.values().any(|host| {
            let bonds = host.bond.values().filter(|bond| believes_switches(bond, host));
            bonds.flat_map(|bond| &bond.members).any(|port| host.nic.get(port).is_some_and(|nic| nic.switch == *switch))
        });
        let deaf = |(host, port): &(Name, Name)| {
            self.design.host.get(host).and_then(|host| host.nic.get(port)).is_some_and(|nic| nic.switch == *switch)
        };
        if !matters && !self.deaf.iter().any(deaf) {
            return None;
        }
        let origin = format!("switch/{switch}");
        let path = format!("{origin}/silent");
        let node = self.part(&path, Kind::Switch, &origin);
        Some(node)
    }

    /// A switch of the bond that this port is in is silent, and the bond does not notice.
    pub(crate) fn blind(&mut self, switches: &[Name]) -> Node {
        let silent: Vec<Node> = switches.iter().filter_map(|switch| self.silent(switch)).collect();
        self.or(silent)
    }

    /// The cables of a bond that believes their carriers, each as one that keeps them and passes nothing or one way only;
    /// those of the bonds that this port of a host is in, without those to a switch that is off.
    /// And the own cable of a port by which a member of VRRP may be heard and hear nothing.
    pub(crate) fn half_dead(&mut self, (name, host): (&Name, &Host), port: &Name, off: Option<&Name>) -> Node {
        let bonds = host.bond.values().filter(|bond| bond.members.contains(port) && believes_carrier(bond));
        let deaf = self.deaf.iter().any(|(on, deaf)| on == name && deaf == port);
        let ports = bonds.flat_map(|bond| &bond.members).chain(deaf.then_some(port));
        let ports = ports.filter_map(|port| host.nic.get(port));
        let cables: Vec<Node> = ports
            .filter(|nic| Some(&nic.switch) != off)
            .map(|nic| {
                let cable = format!("cable/{}:{}", nic.switch, nic.port);
                self.part(&format!("{cable}/silent"), Kind::Cable, &cable)
            })
            .collect();
        self.or(cables)
    }

    /// A host may be heard and hear nothing by a port of which it does not know that, where it has a member of VRRP that would
    /// keep the address then.
    pub(crate) fn deaf(&mut self, host: &Name) -> Node {
        let Some(of) = self.design.host.get(host) else { return Node::FALSE };
        let ports: Vec<Name> = self.deaf.iter().filter(|(on, _)| on == host).map(|(_, port)| port.clone()).collect();
        let mut deaf = Vec::new();
        for nic in ports.iter().filter_map(|port| of.nic.get(port)) {
            if self.supposed.off.as_ref() != Some(&nic.switch) {
                let cable = format!("cable/{}:{}", nic.switch, nic.port);
                deaf.push(self.part(&format!("{cable}/silent"), Kind::Cable, &cable));
                deaf.extend(self.silent(&nic.switch));
            }
        }
        let deaf = self.or(deaf);
        self.label(deaf, format!("{host} may be heard and hear nothing"))
    }

    /// A cable to one of several routers keeps its carrier and passes nothing or one way only; `None` where LACP notices, or
    /// where there is one router, whose loss that is.
    pub(crate) fn half_dead_uplink(&mut self, uplink: &Uplink, routers: usize) -> Option<Node> {
        let switch = self.design.switch.get(&uplink.switch)?;
        let lag = switch.port.get(&uplink.port).and_then(|port| switch.lag.get(port.lag.as_ref()?));
        if routers < 2 || lag.is_some_and(|lag| lag.mode != LagMode::Static) {
            return None;
        }
        let cable = format!("cable/{}", uplink.cable);
        Some(self.part(&format!("{cable}/silent"), Kind::Cable, &cable))
    }
}

/// Whether this port is in a bond that believes carriers.
pub(crate) fn is_believed(host: &Host, port: &Name) -> bool {
    host.bond.values().any(|bond| bond.members.contains(port) && believes_carrier(bond))
}

/// The switches of the bonds that this port is in, where these believe a port that has a carrier.
pub(crate) fn believed(host: &Host, port: &Name) -> Vec<Name> {
    let mut switches: Vec<Name> = Vec::new();
    for bond in host.bond.values().filter(|bond| bond.members.contains(port) && believes_switches(bond, host)) {
        switches.extend(bond.members.iter().filter_map(|port| host.nic.get(port)).map(|nic| nic.switch.clone()));
    }
    switches.sort();
    switches.dedup();
    switches
}
