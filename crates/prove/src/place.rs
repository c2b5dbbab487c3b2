//! Where components stand: on the site, in a rack, on a host.
//!
//! Two things rest on it: which parts hosts and racks have alike (`symmetry`), and the order in which the engine looks at
//! components. A proof of fifty hosts is short when it takes one rack after the other and one host after the other, for what
//! happened in a rack is then a few bits.

use std::collections::BTreeMap;

use plimsoll_circuit::Var;
use plimsoll_model::design::SwitchRole;
use plimsoll_model::{Design, Name};

use crate::component::Components;

/// Where a component stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// Nowhere in particular, or where all racks meet: feeds, spines and what gives them power, routers.
    Site,
    /// In a rack: power strips, leaves and their cables; by the place of the rack in the design.
    Rack(usize),
    /// On a host, by its place in the design.
    Host(usize),
}

/// The place of every component, and what it is called there.
#[derive(Clone, Debug, Default)]
pub(crate) struct Places {
    /// By number of the component.
    places: Vec<Place>,
    /// The rack of each host.
    rack_of: Vec<usize>,
}

/// What helps to find the place of a path.
struct Finder<'d> {
    design: &'d Design,
    racks: BTreeMap<&'d Name, usize>,
    hosts: BTreeMap<&'d Name, usize>,
    /// Per machine: its host, and what it is called there.
    machines: BTreeMap<&'d Name, (usize, String)>,
    osds: BTreeMap<&'d Name, (usize, String)>,
    /// Racks in which all racks meet.
    central: Vec<bool>,
}

impl Places {
    /// Finds the place of every component of a design.
    pub(crate) fn of(components: &Components, design: &Design) -> Self {
        let finder = Finder::of(design);
        let mut places = Places {
            places: Vec::with_capacity(components.len()),
            rack_of: design.host.values().map(|host| finder.rack(&host.rack).unwrap_or_default()).collect(),
        };
        for (_, component) in components.all() {
            places.places.push(finder.find(&component.path));
        }
        places
    }

    /// For each component its turn, when they are looked at place by place ([`plimsoll_circuit::Circuit::set_turns`]).
    pub(crate) fn turns(&self) -> Vec<u32> {
        let turn = |place: &Place| match *place {
            Place::Site => 0,
            Place::Rack(rack) => (rack as u32 + 1) << 16,
            Place::Host(host) => (self.rack_of[host] as u32 + 1) << 16 | (host as u32 + 1),
        };
        self.places.iter().map(turn).collect()
    }
}

impl<'d> Finder<'d> {
    fn of(design: &'d Design) -> Self {
        let racks: BTreeMap<&Name, usize> = design.rack.keys().enumerate().map(|(at, name)| (name, at)).collect();
        let hosts: BTreeMap<&Name, usize> = design.host.keys().enumerate().map(|(at, name)| (name, at)).collect();
        let mut machines = BTreeMap::new();
        let mut roles: BTreeMap<(usize, &str), usize> = BTreeMap::new();
        for (name, machine) in &design.machine {
            let Some(&host) = hosts.get(&machine.host) else { continue };
            let role = machine.role.as_str();
            let number = roles.entry((host, role)).or_default();
            *number += 1;
            machines.insert(name, (host, format!("{role}#{number}")));
        }
        let mut osds = BTreeMap::new();
        let mut numbers: BTreeMap<&Name, usize> = BTreeMap::new();
        for (name, osd) in design.ceph.iter().flat_map(|ceph| &ceph.osd) {
            let Some((host, called)) = machines.get(&osd.machine) else { continue };
            let number = numbers.entry(&osd.machine).or_default();
            osds.insert(name, (*host, format!("{called}:{number}")));
            *number += 1;
        }
        let mut central = vec![false; racks.len()];
        for switch in design.switch.values().filter(|switch| switch.role == SwitchRole::Spine) {
            if let Some(&rack) = racks.get(&switch.rack) {
                central[rack] = true;
            }
        }
        Finder { design, racks, hosts, machines, osds, central }
    }

    fn rack(&self, name: &Name) -> Option<usize> {
        self.racks.get(name).copied()
    }

    fn find(&self, path: &str) -> (Place, String) {
        self.known(path).unwrap_or_else(|| (Place::Site, path.to_owned()))
    }

    fn known(&self, path: &str) -> Option<(Place, String)> {
        let (family, rest) = path.split_once('/')?;
        match family {
            "host" => {
                let (name, rest) = head(rest);
                let host = *self.hosts.get(&name)?;
                Some((Place::Host(host), format!("host{rest}")))
            }
            "machine" | "dns_server" => self.on_machine(family, rest),
            "etcd" => self.on_machine("etcd/member", rest.strip_prefix("member/")?),
            "ceph" => match rest.split_once('/')? {
                ("mon", rest) => self.on_machine("ceph/mon", rest),
                ("osd", rest) => {
                    let (name, rest) = head(rest);
                    let (host, called) = self.osds.get(&name)?;
                    Some((Place::Host(*host), format!("ceph/osd/{called}{rest}")))
                }
                _ => None,
            },
            "rack" => {
                let (name, rest) = head(rest);
                let rack = self.rack(&name)?;
                // What feeds a spine matters to all.
                let place = if self.central[rack] { Place::Site } else { Place::Rack(rack) };
                Some((place, format!("rack{rest}")))
            }
            "switch" => {
                let (name, rest) = head(rest);
                let (place, called) = self.switch(&name)?;
                Some((place, format!("switch/{called}{rest}")))
            }
            "cable" => self.cable(&Name::from(rest)),
            _ => None,
        }
    }

    fn on_machine(&self, family: &str, rest: &str) -> Option<(Place, String)> {
        let (name, rest) = head(rest);
        let (host, called) = self.machines.get(&name)?;
        Some((Place::Host(*host), format!("{family}/{called}{rest}")))
    }

    fn switch(&self, name: &Name) -> Option<(Place, String)> {
        let switch = self.design.switch.get(name)?;
        if switch.role == SwitchRole::Spine {
            return Some((Place::Site, name.to_string()));
        }
        let rack = self.rack(&switch.rack)?;
        // The first, the second of its kind in the rack.
        let before = self.design.switch.iter().take_while(|(other, _)| *other != name);
        let number = before.filter(|(_, other)| other.rack == switch.rack && other.role == switch.role).count();
        Some((Place::Rack(rack), format!("{:?}#{number}", switch.role)))
    }

    /// A cable stands where the lower of its ends does: on the host, at the leaf, at the spines.
    fn cable(&self, name: &Name) -> Option<(Place, String)> {
        let cable = self.design.cable.get(name)?;
        let mut ends: Vec<(usize, Place, String)> = Vec::new();
        for (end, other) in [(&cable.a, &cable.b), (&cable.b, &cable.a)] {
            let (family, device) = end.device.split_once('/')?;
            let device = Name::from(device);
            match family {
                "host" => ends.push((0, Place::Host(*self.hosts.get(&device)?), format!("cable/{}", end.port))),
                "switch" => {
                    let (place, called) = self.switch(&device)?;
                    let far = other.device.split_once('/').map_or("", |(_, far)| far);
                    let far = self.switch(&Name::from(far)).map_or_else(|| far.to_owned(), |(_, called)| called);
                    // Of several cables between the same two, each its own port.
                    let rank = if place == Place::Site { 2 } else { 1 };
                    ends.push((rank, place, format!("cable/{called}:{}>{far}", end.port)));
                }
                _ => {}
            }
        }
        ends.sort_by(|a, b| (a.0, &a.2).cmp(&(b.0, &b.2)));
        ends.into_iter().next().map(|(_, place, called)| (place, called))
    }
}

/// The first part of a path, and the rest with its slash.
fn head(path: &str) -> (Name, &str) {
    let end = path.find('/').unwrap_or(path.len());
    (Name::from(&path[..end]), &path[end..])
}
