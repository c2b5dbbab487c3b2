//! Networks of hosts: ports, bonds, VLANs and bridges, and what stands on what.

mod from_design;
mod interfaces;
mod netplan;

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use ipnet::IpNet;
use plimsoll_model::design::BondMode;
use plimsoll_model::units::Millis;

use crate::files::{Content, Files};
use crate::{Fact, Place};

pub use from_design::from_design;

/// The network of one host.
#[derive(Clone, Debug)]
pub struct HostNetwork {
    /// The host, or the folder its files lie in.
    pub host: String,
    /// What a finding about all of it points at.
    pub place: Place,
    /// Its interfaces, by name.
    pub interfaces: BTreeMap<String, Interface>,
    /// Whether every file that makes it up was read: false when one includes others that are not there.
    pub complete: bool,
}

/// One interface.
#[derive(Clone, Debug)]
pub struct Interface {
    /// What a finding about it points at.
    pub place: Place,
    /// What it stands on: ports of a bond or bridge, the device below a VLAN. Unknown when it was not readable.
    pub below: Fact<Vec<String>>,
    /// Largest packet, when it is stated.
    pub mtu: Fact<u32>,
    /// Its addresses.
    pub addresses: Fact<Vec<IpNet>>,
    /// Whether traffic to a router leaves by it.
    pub routed: Fact<bool>,
    /// What it is.
    pub kind: Kind,
}

/// What an interface is.
#[derive(Clone, Debug)]
pub enum Kind {
    /// A network port, or something that is not modelled.
    Port,
    /// A VLAN.
    Vlan,
    /// A bond.
    Bond(Bond),
    /// A bridge.
    Bridge(Bridge),
}

/// How a bond uses its ports.
#[derive(Clone, Debug)]
pub struct Bond {
    /// Its mode.
    pub mode: Fact<BondMode>,
    /// How often the carrier of each port is looked at, as it is set; the driver forces 100 ms for some modes.
    pub miimon: Fact<Millis>,
    /// Whether it asks neighbours by ARP instead.
    pub by_arp: Fact<bool>,
    /// Which packet takes which port.
    pub hash: Fact<String>,
    /// Whether LACP speaks every second.
    pub fast: Fact<bool>,
}

/// What a bridge does with VLANs.
#[derive(Clone, Debug)]
pub struct Bridge {
    /// Whether it keeps VLANs apart itself.
    pub vlan_aware: Fact<bool>,
    /// VLANs it lets through when it is aware of them, as ranges; none is what its maker lets through by default.
    pub vids: Fact<Vec<(u16, u16)>>,
}

impl HostNetwork {
    /// Bonds with their names.
    pub fn bonds(&self) -> impl Iterator<Item = (&str, &Interface, &Bond)> {
        self.interfaces.iter().filter_map(|(name, it)| match &it.kind {
            Kind::Bond(bond) => Some((name.as_str(), it, bond)),
            _ => None,
        })
    }

    /// Bridges with their names.
    pub fn bridges(&self) -> impl Iterator<Item = (&str, &Interface, &Bridge)> {
        self.interfaces.iter().filter_map(|(name, it)| match &it.kind {
            Kind::Bridge(bridge) => Some((name.as_str(), it, bridge)),
            _ => None,
        })
    }

    /// An interface and everything it stands on, down to the ports. A name with a dot (`bond0.2000`) stands on what is
    /// before the dot when nobody described it.
    pub fn down_from<'a>(&'a self, name: &'a str) -> BTreeSet<&'a str> {
        let mut seen = BTreeSet::new();
        let mut open = vec![(name, 0)];
        while let Some((name, depth)) = open.pop() {
            // Bridge, VLAN, bond and port are four; what is deeper than this no host has.
            if depth > 16 || !seen.insert(name) {
                continue;
            }
            match self.interfaces.get(name) {
                Some(it) => open.extend(it.below.get().into_iter().flatten().map(|below| (below.as_str(), depth + 1))),
                None => open.extend(name.rsplit_once('.').map(|(parent, _)| (parent, depth + 1))),
            }
        }
        seen
    }

    /// For each interface that some of `upper` stand on, or that is one of them, the first of these: found once for all
    /// interfaces, since a file may describe very many.
    pub fn first_on_each<'a>(&'a self, upper: impl Iterator<Item = &'a str>) -> BTreeMap<&'a str, &'a str> {
        let mut first = BTreeMap::new();
        for upper in upper {
            let mut open = vec![upper];
            while let Some(name) = open.pop() {
                // Ports are many, and mostly nobody describes them.
                match self.interfaces.get(name) {
                    Some(_) if first.contains_key(name) => {}
                    Some(it) => {
                        first.insert(name, upper);
                        open.extend(it.below.get().into_iter().flatten().map(String::as_str));
                    }
                    None => open.extend(name.rsplit_once('.').map(|(parent, _)| parent)),
                }
            }
        }
        first
    }

    /// The network ports below an interface.
    pub fn ports_below<'a>(&'a self, name: &'a str) -> BTreeSet<&'a str> {
        let mut all = self.down_from(name);
        all.remove(name);
        all.retain(|below| self.interfaces.get(*below).is_none_or(|it| matches!(it.kind, Kind::Port)));
        all.retain(|below| !self.is_vlan(below));
        all
    }

    /// Whether an interface is a VLAN.
    pub fn is_vlan(&self, name: &str) -> bool {
        match self.interfaces.get(name) {
            Some(it) => matches!(it.kind, Kind::Vlan),
            None => name.rsplit_once('.').is_some_and(|(_, id)| id.parse::<u16>().is_ok()),
        }
    }

    /// The interface that has an address.
    pub fn with_address(&self, address: IpAddr) -> Option<&str> {
        let has = |it: &Interface| it.addresses.get().is_some_and(|nets| nets.iter().any(|net| net.addr() == address));
        self.interfaces.iter().find(|(_, it)| has(it)).map(|(name, _)| name.as_str())
    }
}

/// The networks of hosts whose files are there, one for each folder that has some.
pub fn from_files(files: &Files) -> Vec<HostNetwork> {
    let mut all = Vec::new();
    for owner in files.owners() {
        let mut network = HostNetwork {
            host: owner.to_owned(),
            place: Place::File { span: None, component: format!("the network of {owner}") },
            interfaces: BTreeMap::new(),
            complete: true,
        };
        let mut found = false;
        let mut plans = Vec::new();
        for file in files.of(owner) {
            match &file.content {
                Content::Interfaces(conf) => interfaces::add(conf, &mut network),
                Content::Netplan(conf) => plans.push((file.path.as_str(), &**conf)),
                _ => continue,
            }
            found = true;
        }
        if let Some(plan) = netplan::merged(&plans) {
            netplan::add(&plan, &mut network);
        }
        // `source /etc/network/interfaces.d/*` stands in every file; what it would bring in lies in the same folder.
        let included = |pattern: &str| {
            let folder = pattern.trim_start_matches('/').trim_end_matches('*').trim_end_matches('/');
            pattern.ends_with("interfaces.d/*") || files.of(owner).any(|file| file.path.contains(folder))
        };
        network.complete &= files.of(owner).all(|file| match &file.content {
            Content::Interfaces(conf) => conf.includes.iter().all(|include| included(&include.pattern.value)),
            _ => true,
        });
        if found {
            all.push(network);
        }
    }
    all
}
