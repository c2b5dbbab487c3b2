//! Where components stand: on the site, in a rack, on a host.
//!
//! The order in which the engine looks at components rests on it. A proof of fifty hosts is short when it takes one rack
//! after the other and one host after the other, for what happened in a rack is then a few bits.

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

/// The place of every component.
#[derive(Clone, Debug, Default)]
pub(crate) struct Places {
    /// By number of the component.
    places: Vec<Place>,
    /// The rack of each host.
    rack_of: Vec<usize>,
}

/// The rack in which each component stands: of those that stand where all racks meet, and of feeds, none.
#[derive(Clone, Debug)]
pub(crate) struct Areas {
    racks: Vec<Option<usize>>,
}

impl Areas {
    /// Finds the rack of every component of a design.
    pub(crate) fn of(components: &Components, design: &Design) -> Self {
        let mut finder = Finder::of(design);
        finder.central.fill(false);
        let rack_of: Vec<Option<usize>> = design.host.values().map(|host| finder.rack(&host.rack)).collect();
        let rack = |path: &str| match finder.find(path)? {
            Place::Site => None,
            Place::Rack(rack) => Some(rack),
            Place::Host(host) => rack_of[host],
        };
        Areas { racks: components.all().map(|(_, component)| rack(&component.path)).collect() }
    }

    /// The rack, by its place in the design.
    pub(crate) fn rack(&self, var: Var) -> Option<usize> {
        self.racks.get(var.index()).copied().flatten()
    }
}

/// What helps to find the place of a path.
struct Finder<'d> {
    design: &'d Design,
    racks: BTreeMap<&'d Name, usize>,
    hosts: BTreeMap<&'d Name, usize>,
    /// The host of each machine.
    machines: BTreeMap<&'d Name, usize>,
    /// The host of each disk of Ceph.
    osds: BTreeMap<&'d Name, usize>,
    /// Racks in which all racks meet.
    central: Vec<bool>,
}

impl Places {
    /// Finds the place of every component of a design.
    pub(crate) fn of(components: &Components, design: &Design) -> Self {
        let finder = Finder::of(design);
        let place = |path: &str| finder.find(path).unwrap_or(Place::Site);
        Places {
            places: components.all().map(|(_, component)| place(&component.path)).collect(),
            rack_of: design.host.values().map(|host| finder.rack(&host.rack).unwrap_or_default()).collect(),
        }
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
        let machines: BTreeMap<&Name, usize> =
            design.machine.iter().filter_map(|(name, machine)| Some((name, *hosts.get(&machine.host)?))).collect();
        let osds = design.ceph.iter().flat_map(|ceph| &ceph.osd);
        let osds = osds.filter_map(|(name, osd)| Some((name, *hosts.get(&osd.host)?))).collect();
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

    fn find(&self, path: &str) -> Option<Place> {
        let mut parts = path.split('/');
        let (family, name) = (parts.next()?, parts.next()?);
        // Two words before the name.
        let third = || parts.clone().next().map(Name::from);
        match family {
            "host" => self.hosts.get(&Name::from(name)).copied().map(Place::Host),
            "machine" | "dns_server" => self.on_machine(&Name::from(name)),
            "etcd" => self.on_machine(&third()?),
            "ceph" if name == "mon" => self.on_machine(&third()?),
            "ceph" if name == "osd" => self.osds.get(&third()?).copied().map(Place::Host),
            "rack" => {
                let rack = self.rack(&Name::from(name))?;
                // What feeds a spine matters to all.
                Some(if self.central[rack] { Place::Site } else { Place::Rack(rack) })
            }
            "switch" => self.switch(&Name::from(name)),
            "cable" => {
                let cable = path.strip_prefix("cable/")?;
                self.cable(&Name::from(cable.strip_suffix("/silent").unwrap_or(cable)))
            }
            _ => None,
        }
    }

    fn on_machine(&self, name: &Name) -> Option<Place> {
        self.machines.get(name).copied().map(Place::Host)
    }

    fn switch(&self, name: &Name) -> Option<Place> {
        let switch = self.design.switch.get(name)?;
        if switch.role == SwitchRole::Spine { Some(Place::Site) } else { self.rack(&switch.rack).map(Place::Rack) }
    }

    /// A cable stands where the lower of its ends does: on the host, at the leaf, at the spines.
    fn cable(&self, name: &Name) -> Option<Place> {
        let cable = self.design.cable.get(name)?;
        let ends = [&cable.a, &cable.b].into_iter().filter_map(|end| match end.device.split_once('/')? {
            ("host", host) => self.hosts.get(&Name::from(host)).copied().map(Place::Host),
            ("switch", switch) => self.switch(&Name::from(switch)),
            _ => None,
        });
        ends.max_by_key(|place| match place {
            Place::Site => 0,
            Place::Rack(_) => 1,
            Place::Host(_) => 2,
        })
    }
}
