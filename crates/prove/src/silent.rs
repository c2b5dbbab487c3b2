//! Switches that keep their ports up and forward nothing.
//!
//! A bond that asks its partner to speak (LACP) takes such a switch out after three missed answers. One that looks at the
//! carrier only (all other modes here: the Design knows `miimon` and no ARP targets) keeps sending into it: with one port
//! in use perhaps all, with several in turn or by a hash a share of everything. Nobody says which port is in use, so that
//! such a bond counts as lost with any of its switches, and when these have no way to each other any more, for then each
//! has its own part of the network behind it (see `fabric`). Where all bonds speak LACP, this failure is no other than that of
//! the switch, and there is no component for it.

use plimsoll_circuit::Node;
use plimsoll_model::Name;
use plimsoll_model::design::{Bond, BondMode, Host};

use crate::build::Build;
use crate::component::Kind;

/// Whether a bond over several switches believes a port that has a carrier.
fn believes_carrier(bond: &Bond, host: &Host) -> bool {
    let mut switches = bond.members.iter().filter_map(|port| host.nic.get(port)).map(|nic| &nic.switch);
    let first = switches.next();
    // What is sent on every port arrives by one.
    let blind = !matches!(bond.mode, BondMode::Lacp | BondMode::Broadcast);
    blind && switches.any(|switch| Some(switch) != first)
}

impl Build<'_> {
    /// The switch keeps its carriers and forwards nothing; `None` where that is nothing else than its failure.
    pub(crate) fn silent(&mut self, switch: &Name) -> Option<Node> {
        let matters = self.design.host.values().any(|host| {
            let bonds = host.bond.values().filter(|bond| believes_carrier(bond, host));
            bonds.flat_map(|bond| &bond.members).any(|port| host.nic.get(port).is_some_and(|nic| nic.switch == *switch))
        });
        if !matters {
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
}

/// The switches of the bonds that this port is in, where these believe a port that has a carrier.
pub(crate) fn believed(host: &Host, port: &Name) -> Vec<Name> {
    let mut switches: Vec<Name> = Vec::new();
    for bond in host.bond.values().filter(|bond| bond.members.contains(port) && believes_carrier(bond, host)) {
        switches.extend(bond.members.iter().filter_map(|port| host.nic.get(port)).map(|nic| nic.switch.clone()));
    }
    switches.sort();
    switches.dedup();
    switches
}
