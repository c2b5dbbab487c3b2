//! The wires of one host: ports, bonds, VLAN interfaces, its management controller.

use plimsoll_diagnostics::Span;
use plimsoll_model::design::{Bond, BondMode, Host, LacpRate, Network, Nic, Purpose, VlanInterface};
use plimsoll_model::units::BitRate;
use plimsoll_model::{Map, Name};
use plimsoll_spec::hardware::{BondHash as SpecHash, BondMode as SpecMode, LacpRate as SpecRate, Nic as SpecNic};

use crate::cx::{At, Cx, error, map};
use crate::expand::{Item, Things, name};

use super::hosts::HostPlans;
use super::wire::{ASSUMED_SWITCH, Link};

/// A network that reaches the host.
pub(super) struct Carried {
    pub(super) network: Name,
    pub(super) vlan: u16,
    pub(super) mtu: u32,
    /// The bond or port it comes by.
    pub(super) over: Name,
    pub(super) tagged: bool,
}

/// What is being made of one host's links.
pub(super) struct Wiring<'a, 's> {
    pub(super) cx: &'a Cx<'s>,
    pub(super) networks: &'a Map<Network>,
    pub(super) things: &'a Things<'s>,
    pub(super) host_name: &'a Name,
    pub(super) at: &'a At<'a, 's>,
    pub(super) item: &'a Item<'s, plimsoll_spec::Host>,
    /// What reaches the host; filled by `nics`.
    pub(super) carried: Vec<Carried>,
    /// Number of the next pinned name.
    pub(super) next_nic: u32,
}

impl Wiring<'_, '_> {
    fn device(&self) -> String {
        format!("host/{}", self.host_name)
    }

    pub(super) fn nics(&mut self, host: &mut Host, all: &mut HostPlans) {
        if self.item.spec.nics.is_empty() {
            return self.assumed_nic(host, all);
        }
        let mut nics: Vec<(Name, Option<Span>, &SpecNic)> =
            self.item.spec.nics.iter().map(|(key, nic)| (Name::from(key.0.as_str()), key.span, nic)).collect();
        nics.sort_by(|a, b| a.0.cmp(&b.0));
        for (key, span, nic) in nics {
            self.nic(&key, span, nic, host, all);
        }
    }

    /// One port that carries everything, when nothing was said about cabling.
    fn assumed_nic(&mut self, host: &mut Host, all: &mut HostPlans) {
        let why = "nothing was said about the host's cabling: one port carries everything";
        let port = Name::from("nic0");
        let speed = self.cx.edition.assumed_speed.value;
        let mtu = self.networks.values().map(|network| network.mtu).max().unwrap_or(self.cx.edition.network_mtu.value);
        self.at.child(format!("nic/{port}")).chosen("", (), why);
        let switch = self.only_switch();
        let nic = Nic { switch: switch.clone(), port: port.clone(), speed, mtu, card: None };
        host.nic.insert(port.clone(), nic);
        let mut tagged: Vec<u16> = self.networks.values().map(|network| network.vlan).collect();
        tagged.sort_unstable();
        for (network_name, network) in self.networks {
            self.carried.push(Carried {
                network: network_name.clone(),
                vlan: network.vlan,
                mtu: network.mtu,
                over: port.clone(),
                tagged: true,
            });
        }
        let device = self.device();
        all.links.push(Link {
            switch,
            device,
            port,
            speed,
            bond: None,
            lag: None,
            tagged,
            untagged: None,
            span: self.item.span,
        });
    }

    /// The leaf, when there is exactly one; else an assumed switch.
    fn only_switch(&self) -> Name {
        let mut leaves = self.things.switches.iter().filter(|(_, switch)| {
            switch.spec.role.as_ref().is_none_or(|role| role.value == plimsoll_spec::site::SwitchRole::Leaf)
        });
        match (leaves.next(), leaves.next()) {
            (Some((only, _)), None) => only.clone(),
            _ => ASSUMED_SWITCH.into(),
        }
    }

    fn nic(&mut self, key: &Name, span: Option<Span>, spec: &SpecNic, host: &mut Host, all: &mut HostPlans) {
        let bonded = spec.ports.len() > 1 || spec.mode.is_some() || spec.links.len() > 1;
        let mut tagged = Vec::new();
        let mut untagged = None;
        let mut largest = None;
        for (word, with_tag) in
            spec.networks.iter().map(|word| (word, true)).chain(spec.untagged.iter().map(|word| (word, false)))
        {
            let Some((network_name, network)) = self.networks.get_key_value(&name(word)) else { continue };
            if with_tag {
                tagged.push(network.vlan);
            } else {
                untagged = Some(network.vlan);
            }
            largest = largest.max(Some(network.mtu));
            self.carried.push(Carried {
                network: network_name.clone(),
                vlan: network.vlan,
                mtu: network.mtu,
                over: key.clone(),
                tagged: with_tag,
            });
        }
        tagged.sort_unstable();
        let place = self.at.child(format!("{}/{key}", if bonded { "bond" } else { "nic" }));
        place.here(span, self.item.ranged);
        let mtu = map(&spec.mtu, |mtu| u32::from(mtu.0));
        let largest = largest.unwrap_or(self.cx.edition.network_mtu.value);
        let mtu = place.or_chosen("mtu", mtu.as_ref(), largest, "the largest of the networks it carries");
        let switches: Vec<(Name, Option<Span>)> = if spec.ports.is_empty() {
            let count = spec.links.len().max(1);
            vec![(self.only_switch(), span); count]
        } else {
            spec.ports.iter().filter_map(|names| Some((self.item.paired(names)?, names.span))).collect()
        };
        let mut members = Vec::new();
        for (index, (switch, port_span)) in switches.into_iter().enumerate() {
            let port = match (bonded, spec.links.get(index)) {
                (_, Some(link)) => Name::from(link.0.as_str()),
                (false, None) => key.clone(),
                (true, None) => self.pinned_name(host),
            };
            let at = self.at.child(format!("nic/{port}"));
            at.here(port_span, self.item.ranged);
            if bonded && spec.links.get(index).is_none() {
                place.chosen(&format!("members/{index}"), (), "as Proxmox VE's pinning of interface names gives them");
            }
            let item = self.things.switches.get(&switch).map(|item| item.spec);
            let of_switch = item.and_then(|switch| switch.ports.as_ref()).map(|ports| ports.speed);
            let speed = at.or_chosen(
                "speed",
                spec.speed.as_ref(),
                of_switch.unwrap_or(self.cx.edition.assumed_speed.value),
                if of_switch.is_some() { "that of the switch's ports" } else { self.cx.edition.assumed_speed.why },
            );
            let card = spec.cards.get(index).map(|card| at.expanded("card", name(card), card.span));
            let nic = Nic {
                switch: switch.clone(),
                port: port.clone(),
                speed,
                mtu: at.derived("mtu", mtu, &[place.path()]),
                card,
            };
            host.nic.insert(port.clone(), nic);
            members.push(port.clone());
            all.links.push(Link {
                switch,
                device: self.device(),
                port,
                speed,
                bond: bonded.then(|| key.clone()),
                lag: None,
                tagged: tagged.clone(),
                untagged,
                span: port_span,
            });
        }
        if bonded {
            let bond = self.bond(&place, spec, members, mtu);
            all.bond_modes.insert((self.device(), key.clone()), bond.mode);
            host.bond.insert(key.clone(), bond);
        }
    }

    /// `nic0`, `nic1`, …: names that Proxmox VE 9 pins to hardware addresses.
    fn pinned_name(&mut self, host: &Host) -> Name {
        loop {
            let candidate = Name::from(format!("nic{}", self.next_nic));
            self.next_nic += 1;
            if !host.nic.contains_key(&candidate) && self.item.spec.nics.get(candidate.as_str()).is_none() {
                return candidate;
            }
        }
    }

    fn bond(&self, at: &At<'_, '_>, spec: &SpecNic, members: Vec<Name>, mtu: u32) -> Bond {
        let mode = spec.mode.as_ref().map(|mode| at.written("mode", mode));
        let mode = match mode {
            Some(SpecMode::Lacp) => BondMode::Lacp,
            Some(SpecMode::ActiveBackup) => BondMode::ActiveBackup,
            Some(SpecMode::BalanceXor) => BondMode::BalanceXor,
            Some(SpecMode::BalanceRr) => BondMode::BalanceRr,
            Some(SpecMode::BalanceTlb) => BondMode::BalanceTlb,
            Some(SpecMode::BalanceAlb) => BondMode::BalanceAlb,
            Some(SpecMode::Broadcast) => BondMode::Broadcast,
            None => at.chosen("mode", BondMode::ActiveBackup, "asks nothing of the switches"),
        };
        let rate = map(&spec.lacp_rate, |rate| match rate {
            SpecRate::Fast => LacpRate::Fast,
            SpecRate::Slow => LacpRate::Slow,
        });
        let hash = map(&spec.hash, |hash: &SpecHash| hash.as_str().to_owned());
        let hashes = matches!(mode, BondMode::Lacp | BondMode::BalanceXor | BondMode::BalanceTlb);
        Bond {
            mode,
            members,
            miimon: at.or("miimon", spec.miimon.as_ref(), &self.cx.edition.miimon),
            lacp_rate: (mode == BondMode::Lacp).then(|| {
                at.or_chosen(
                    "lacp_rate",
                    rate.as_ref(),
                    LacpRate::Fast,
                    "a silent partner is missed after 3 s instead of 90",
                )
            }),
            xmit_hash_policy: hashes.then(|| {
                at.or_chosen(
                    "xmit_hash_policy",
                    hash.as_ref(),
                    "layer3+4".to_owned(),
                    "spreads the flows of one pair of machines",
                )
            }),
            mtu,
        }
    }

    pub(super) fn mtu_of(&self, host: &Host, interface: &Name) -> u32 {
        let bond = host.bond.get(interface).map(|bond| bond.mtu);
        let nic = host.nic.get(interface).map(|nic| nic.mtu);
        let bridge = host.bridge.get(interface).map(|bridge| bridge.mtu);
        bond.or(nic).or(bridge).unwrap_or(self.cx.edition.network_mtu.value)
    }

    pub(super) fn vlan_interface(&self, host: &mut Host, parent: &Name, id: u16, mtu: u32) -> Name {
        let interface = Name::from(format!("{parent}.{id}"));
        let at = self.at.child(format!("vlan/{interface}"));
        let network = self.networks.iter().find(|(_, network)| network.vlan == id).map(|(network, _)| network);
        let from = network.map_or_else(|| "network".to_owned(), |network| format!("network/{network}"));
        let limit = self.mtu_of(host, parent);
        at.derived("", (), &[self.at.path(), &from]);
        let vlan = VlanInterface {
            parent: parent.clone(),
            id,
            mtu: at.derived("mtu", mtu.min(limit), &[&format!("{from}/mtu")]),
        };
        host.vlan.insert(interface.clone(), vlan);
        interface
    }

    /// Where the host itself would have an address in each network that reaches it. Makes the VLAN interfaces that the
    /// addresses it will get need.
    pub(super) fn interfaces(&mut self, host: &mut Host) -> Map<Name> {
        let mut interfaces = Map::new();
        for carried in std::mem::take(&mut self.carried) {
            let needs = self.networks.get(&carried.network).is_some_and(|network| {
                let uses = [Purpose::Proxmox, Purpose::Corosync, Purpose::Migration];
                network.purposes.iter().any(|purpose| uses.contains(purpose))
                    || self.item.spec.addresses.get(carried.network.as_str()).is_some()
            });
            if !needs {
                continue;
            }
            let bridge = host.bridge.iter().find(|(_, bridge)| bridge.networks.contains(&carried.network));
            let interface = match bridge {
                Some((bridge, design)) if design.vlan_aware && carried.tagged => {
                    let bridge = bridge.clone();
                    self.vlan_interface(host, &bridge, carried.vlan, carried.mtu)
                }
                Some((bridge, _)) => bridge.clone(),
                None if carried.tagged => self.vlan_interface(host, &carried.over, carried.vlan, carried.mtu),
                None => carried.over.clone(),
            };
            interfaces.entry(carried.network).or_insert(interface);
        }
        for (network_name, network) in self.networks {
            if network.purposes.contains(&Purpose::Proxmox) && !interfaces.contains_key(network_name) {
                let message = format!("no interface of host `{}` carries network `{network_name}`", self.host_name);
                let problem = error("not-carried", message, self.item.span, "it is managed there");
                self.cx.say(problem.help(format!("add `{network_name}` to the `networks` of one of its `nics`")));
            }
        }
        interfaces
    }

    pub(super) fn bmc(&self, all: &mut HostPlans) {
        let Some(bmc) = &self.item.spec.bmc else { return };
        let Some(switch) = self.item.paired(&bmc.switch) else { return };
        let vlan =
            self.networks.values().find(|network| network.purposes.contains(&Purpose::Bmc)).map(|network| network.vlan);
        let item = self.things.switches.get(&switch).map(|item| item.spec);
        let speed = item.and_then(|switch| switch.ports.as_ref()).map_or(BitRate::gbit(1), |ports| ports.speed);
        all.links.push(Link {
            switch,
            device: self.device(),
            port: "bmc".into(),
            speed: speed.min(BitRate::gbit(1)),
            bond: None,
            lag: None,
            tagged: Vec::new(),
            untagged: vlan,
            span: bmc.switch.span,
        });
    }
}
