//! What hangs on what, looked up often while circuits are made: found once for a design.

use std::collections::{BTreeMap, BTreeSet};

use plimsoll_model::design::{MlagKind, SwitchPort, SwitchRole};
use plimsoll_model::{Design, Name};

use super::ways::LONGEST;

/// Cables, pairs and VLANs of the switches of a design.
#[derive(Debug, Default)]
pub(crate) struct Wiring {
    /// Switches next to each other: by a cable, or as a pair.
    pub(super) neighbours: BTreeMap<Name, BTreeSet<Name>>,
    /// By two switches, the smaller name first: the cables between them.
    cables: BTreeMap<(Name, Name), Vec<Name>>,
    /// By a router: the cables to switches, with the switch and its port.
    routers: BTreeMap<Name, Vec<Uplink>>,
    /// By network.
    networks: BTreeMap<Name, Carriers>,
}

/// A cable from a switch to a router.
#[derive(Clone, Debug)]
pub(crate) struct Uplink {
    pub(crate) cable: Name,
    pub(crate) switch: Name,
    pub(crate) port: Name,
}

/// The switches of a network.
#[derive(Debug, Default)]
pub(super) struct Carriers {
    /// Those with a port in its VLAN.
    pub(super) all: BTreeSet<Name>,
    /// Those of them that are no spines.
    pub(super) below: BTreeSet<Name>,
    /// Its spines, when they act as one.
    pub(super) tier: Vec<Name>,
    /// Its spines, when they forward for each other: one, or a pair with a link between them.
    pub(super) core: Vec<Name>,
}

impl Carriers {
    /// Whether every way without a circle is a way that is looked at.
    pub(super) fn all_ways_are_short(&self) -> bool {
        !self.core.is_empty() || self.all.len() <= LONGEST
    }
}

impl Wiring {
    pub(crate) fn of(design: &Design) -> Self {
        let mut wiring = Wiring::default();
        for (name, cable) in &design.cable {
            let switch = |device: &str| device.strip_prefix("switch/").map(Name::from);
            let router = |device: &str| device.strip_prefix("external/").map(Name::from);
            if let (Some(one), Some(other)) = (switch(&cable.a.device), switch(&cable.b.device)) {
                wiring.join(&one, &other);
                wiring.cables.entry(in_order(&one, &other)).or_default().push(name.clone());
            }
            for (here, there) in [(&cable.a, &cable.b), (&cable.b, &cable.a)] {
                if let (Some(switch), Some(router)) = (switch(&here.device), router(&there.device)) {
                    let uplink = Uplink { cable: name.clone(), switch, port: here.port.clone() };
                    wiring.routers.entry(router).or_default().push(uplink);
                }
            }
        }
        for mlag in design.mlag.values().filter(|mlag| mlag.kind != MlagKind::Esi) {
            for one in &mlag.members {
                for other in &mlag.members {
                    wiring.join(one, other);
                }
            }
        }
        wiring.networks = design.network.iter().map(|(name, of)| (name.clone(), carriers(design, of.vlan))).collect();
        wiring
    }

    fn join(&mut self, one: &Name, other: &Name) {
        if one != other {
            self.neighbours.entry(one.clone()).or_default().insert(other.clone());
            self.neighbours.entry(other.clone()).or_default().insert(one.clone());
        }
    }

    /// The cables between two switches.
    pub(super) fn cables(&self, one: &Name, other: &Name) -> &[Name] {
        self.cables.get(&in_order(one, other)).map_or(&[], Vec::as_slice)
    }

    /// The cables between a router and switches.
    pub(super) fn uplinks(&self, router: &Name) -> &[Uplink] {
        self.routers.get(router).map_or(&[], Vec::as_slice)
    }

    /// All cables between routers and switches.
    pub(super) fn all_uplinks(&self) -> impl Iterator<Item = (&Name, &Uplink)> {
        self.routers.iter().flat_map(|(router, uplinks)| uplinks.iter().map(move |uplink| (router, uplink)))
    }

    /// The switches of a network; none for one that is not declared.
    pub(super) fn carriers(&self, network: &Name) -> Option<&Carriers> {
        self.networks.get(network)
    }
}

fn in_order(one: &Name, other: &Name) -> (Name, Name) {
    if one <= other { (one.clone(), other.clone()) } else { (other.clone(), one.clone()) }
}

/// Whether a port of a switch carries a VLAN.
pub(super) fn carries(port: &SwitchPort, vlan: u16) -> bool {
    port.tagged.contains(&vlan) || port.untagged == Some(vlan)
}

fn carriers(design: &Design, vlan: u16) -> Carriers {
    let all: BTreeSet<Name> = design
        .switch
        .iter()
        .filter(|(_, switch)| switch.port.values().any(|port| carries(port, vlan)))
        .map(|(name, _)| name.clone())
        .collect();
    let role = |switch: &Name| design.switch.get(switch).map(|switch| switch.role);
    let (spines, below): (BTreeSet<Name>, BTreeSet<Name>) =
        all.iter().cloned().partition(|switch| role(switch) == Some(SwitchRole::Spine));
    let group = |switch: &Name| design.switch.get(switch).and_then(|switch| switch.mlag.as_ref());
    let first = spines.first();
    let one = spines
        .iter()
        .all(|spine| Some(spine) == first || (group(spine).is_some() && group(spine) == first.and_then(group)));
    let tier: Vec<Name> = if one { spines.into_iter().collect() } else { Vec::new() };
    let linked = |spine: &Name| {
        group(spine).and_then(|group| design.mlag.get(group)).is_some_and(|mlag| mlag.kind != MlagKind::Esi)
    };
    let forward = tier.len() == 1 || (tier.len() == 2 && tier.iter().all(linked));
    let core = if forward { tier.clone() } else { Vec::new() };
    Carriers { all, below, tier, core }
}
