//! What of a Design no failure changes, looked up once: every failure is asked about every network and every host.

use std::collections::{BTreeMap, BTreeSet};

use plimsoll_model::design::{Bond, Host};
use plimsoll_model::{Design, Name};

use crate::lost::Lost;

/// How a network leaves a host when nothing is lost.
#[derive(Clone, Copy)]
enum Exit<'a> {
    Bond(&'a Bond),
    Port(&'a Name),
    /// The host is not on that network, or it cannot be seen how.
    None,
}

/// The way of a network out of a host, after a failure.
pub(crate) enum Legs<'a> {
    /// A bond with the ports of it that are left.
    Bond(&'a Bond, usize),
    /// One port, left or not.
    Port(bool),
    /// The host is not on that network, or it cannot be seen how.
    None,
}

/// A Design with what is asked of it again and again.
pub(crate) struct Ground<'a> {
    pub(crate) design: &'a Design,
    /// By network, and by host.
    exits: BTreeMap<&'a Name, BTreeMap<&'a Name, Exit<'a>>>,
    /// Hosts with a bond that has no ports: no failure need hit them.
    portless: BTreeSet<&'a Name>,
    /// Hosts whose switches ask for fast LACP frames on the links to them; all of them must.
    asked_fast: BTreeSet<&'a Name>,
    /// Cables to each thing of others.
    to_external: BTreeMap<&'a Name, Vec<&'a Name>>,
}

impl<'a> Ground<'a> {
    pub(crate) fn of(design: &'a Design) -> Self {
        let of_network = |network: &'a Name| {
            let hosts = design.host.iter().map(|(name, host)| (name, exit(host, network)));
            (network, hosts.collect())
        };
        let portless = design.host.iter().filter(|(_, host)| host.bond.values().any(|bond| bond.members.is_empty()));
        let asked_fast = design.host.keys().filter(|host| {
            let device = format!("host/{host}");
            let lags = design.switch.values().flat_map(|switch| switch.lag.values());
            let mut lags = lags.filter(|lag| lag.to == device).peekable();
            lags.peek().is_some() && lags.all(|lag| lag.fast)
        });
        let cables_to = |external: &'a Name| {
            let device = format!("external/{external}");
            let ends = design.cable.iter().filter(|(_, cable)| cable.a.device == device || cable.b.device == device);
            (external, ends.map(|(name, _)| name).collect())
        };
        Ground {
            design,
            exits: design.network.keys().map(of_network).collect(),
            portless: portless.map(|(name, _)| name).collect(),
            asked_fast: asked_fast.collect(),
            to_external: design.external.keys().map(cables_to).collect(),
        }
    }

    /// The way of a network out of a host, with what is lost of it.
    pub(crate) fn legs(&self, lost: &Lost<'_>, host: &Name, network: &Name) -> Legs<'a> {
        let exit = self.exits.get(network).and_then(|hosts| hosts.get(host)).copied().unwrap_or(Exit::None);
        let left = |nic: &Name| !lost.ports.contains(&(host, nic));
        match exit {
            Exit::Bond(bond) => Legs::Bond(bond, bond.members.iter().filter(|nic| left(nic)).count()),
            Exit::Port(nic) => Legs::Port(left(nic)),
            Exit::None => Legs::None,
        }
    }

    /// The hosts that can have lost a port, in order.
    pub(crate) fn hit<'l>(&'l self, lost: &Lost<'l>) -> BTreeSet<&'l Name> {
        lost.ports.iter().map(|(host, _)| *host).chain(self.portless.iter().copied()).collect()
    }

    /// Whether the switches of a host's bond ask for fast LACP frames.
    pub(crate) fn switch_asks_fast(&self, host: &Name) -> bool {
        self.asked_fast.contains(host)
    }

    /// Whether something of others is gone, or all cables to it are.
    pub(crate) fn external_lost(&self, lost: &Lost<'_>, external: &Name) -> bool {
        let cables = self.to_external.get(external).map_or(&[][..], Vec::as_slice);
        lost.external.contains(external) || !cables.is_empty() && cables.iter().all(|cable| lost.cables.contains(cable))
    }
}

fn exit<'a>(host: &'a Host, network: &Name) -> Exit<'a> {
    let bridge = host.bridge.values().find(|bridge| bridge.networks.contains(network));
    let first = bridge.and_then(|bridge| bridge.ports.first());
    let Some(mut interface) = first.or_else(|| host.address.get(network).map(|address| &address.interface)) else {
        return Exit::None;
    };
    if let Some(vlan) = host.vlan.get(interface) {
        interface = &vlan.parent;
    }
    if let Some(bond) = host.bond.get(interface) {
        return Exit::Bond(bond);
    }
    if host.nic.contains_key(interface) { Exit::Port(interface) } else { Exit::None }
}
