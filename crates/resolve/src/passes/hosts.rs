//! Physical hosts: links, bonds, VLANs, bridges, disks. Addresses come later.

use std::collections::BTreeMap;

use plimsoll_diagnostics::{Span, Spanned};
use plimsoll_model::design::{
    Bond, BondMode, Bridge, Cpu, Disk, DiskKind, Host, LacpRate, Network, Nic, Platform, PlatformKind, Purpose, Rack,
    Raid, State, VlanInterface,
};
use plimsoll_model::units::{BitRate, Bytes};
use plimsoll_model::{Map, Name};
use plimsoll_spec::hardware::{
    BondHash as SpecHash, BondMode as SpecMode, LacpRate as SpecRate, Nic as SpecNic, PlatformKind as SpecPlatform,
    State as SpecState,
};
use plimsoll_spec::scalars::{DiskClass, DiskLayout, Disks};

use crate::cx::{At, Cx, error, map};
use crate::expand::{Item, Things, name};

use super::site::{rack_of, supplies};
use super::wire::{ASSUMED_SWITCH, Link};

/// A host without its addresses, and what the passes after it need to know.
pub(crate) struct HostPlan {
    pub(crate) host: Host,
    /// Interface that would carry the host's own address, by network that reaches the host.
    pub(crate) interface: Map<Name>,
    pub(crate) span: Option<Span>,
}

pub(crate) struct HostPlans {
    pub(crate) plans: Map<HostPlan>,
    pub(crate) links: Vec<Link>,
    pub(crate) bond_modes: BTreeMap<(String, Name), BondMode>,
}

pub(crate) fn state(word: SpecState) -> State {
    match word {
        SpecState::Planned => State::Planned,
        SpecState::Active => State::Active,
        SpecState::Retiring => State::Retiring,
    }
}

pub(crate) fn hosts(cx: &Cx<'_>, things: &Things<'_>, racks: &Map<Rack>, networks: &Map<Network>) -> HostPlans {
    let mut all = HostPlans { plans: Map::new(), links: Vec::new(), bond_modes: BTreeMap::new() };
    let ha = things.machines.values().any(|machine| machine.spec.ha.as_ref().is_some_and(|ha| ha.value));
    for (host_name, item) in &things.hosts {
        let at = cx.at(format!("host/{host_name}"));
        at.here(item.span, item.ranged);
        let spec = item.spec;
        let rack = rack_of(cx, &at, item, &spec.rack, racks);
        let memory = at.written("memory", &spec.memory);
        let mut host = Host {
            state: at.stated("state", &spec.state).map_or_else(|| at.chosen("state", State::Active, "in use"), state),
            platform: platform(cx, &at.child("platform"), item, ha),
            psu: supplies(&at, item, &spec.power, &rack),
            rack,
            bmc: None,
            cpu: Cpu { threads: at.written("cpu/threads", &spec.cpu), model: None },
            memory,
            reserved_memory: reserved_memory(cx, &at, item, memory),
            nic: Map::new(),
            bond: Map::new(),
            vlan: Map::new(),
            bridge: Map::new(),
            address: Map::new(),
            corosync: Map::new(),
            disk: disks(cx, things, host_name, &at, item),
        };
        let mut wiring = Wiring { cx, networks, things, host_name, at: &at, item, carried: Vec::new(), next_nic: 0 };
        wiring.nics(&mut host, &mut all);
        wiring.bridges(&mut host);
        let interface = wiring.interfaces(&mut host);
        wiring.bmc(&mut all);
        all.plans.insert(host_name.clone(), HostPlan { host, interface, span: item.span });
    }
    all
}

fn platform(cx: &Cx<'_>, at: &At<'_, '_>, item: &Item<'_, plimsoll_spec::Host>, ha: bool) -> Platform {
    let spec = item.spec.platform.as_ref();
    let version = spec.and_then(|platform| map(&platform.version, ToString::to_string));
    let default = &cx.edition.platform_version;
    let kind = match spec.map(|platform| at.written("kind", &platform.kind)) {
        Some(SpecPlatform::Metal) => PlatformKind::BareMetal,
        Some(SpecPlatform::Proxmox) => PlatformKind::Proxmox,
        None => at.chosen("kind", PlatformKind::Proxmox, "the platform that is built"),
    };
    Platform {
        kind,
        version: at.or_chosen("version", version.as_ref(), default.value.to_owned(), default.why),
        ha: at.derived("ha", ha, &["machine"]),
        qdevice: spec.and_then(|platform| at.stated("qdevice", &platform.qdevice)).map(|word| name(&word)),
        hardware_watchdog: spec.and_then(|platform| at.stated("hardware_watchdog", &platform.hardware_watchdog)),
    }
}

/// Memory that guests cannot have: Proxmox VE's daemons, and the cache of ZFS where disks are mirrored by it.
fn reserved_memory(cx: &Cx<'_>, at: &At<'_, '_>, item: &Item<'_, plimsoll_spec::Host>, memory: Bytes) -> Bytes {
    let own = cx.edition.hypervisor_memory.value;
    if let Some(arc) = &item.spec.zfs_arc_max {
        at.written("reserved_memory", arc);
        return own + arc.value;
    }
    let zfs = |disks: &Spanned<Disks>| disks.layout != DiskLayout::Single && !disks.hardware_raid;
    if item.spec.disks.values().any(zfs) {
        let share = Bytes((memory.0 as f64 * cx.edition.zfs_arc_share) as u64).whole_mib();
        let arc = Bytes::mib(share).min(cx.edition.zfs_arc_most);
        return at.chosen(
            "reserved_memory",
            own + arc,
            "its daemons, and a tenth (16 GiB at most) for the cache of ZFS",
        );
    }
    at.chosen("reserved_memory", own, cx.edition.hypervisor_memory.why)
}

fn disks(
    cx: &Cx<'_>,
    things: &Things<'_>,
    host_name: &Name,
    at: &At<'_, '_>,
    item: &Item<'_, plimsoll_spec::Host>,
) -> Map<Disk> {
    let mut disks = Map::new();
    let guests =
        || things.machines.values().filter(|machine| machine.paired(&machine.spec.host).as_ref() == Some(host_name));
    for (word, group) in &item.spec.disks {
        let at = at.child(format!("disk/{word}"));
        at.here(group.span.or(word.span), item.ranged);
        let passed = guests().any(|machine| machine.spec.pass.iter().any(|name| name.value.0 == word.value.0));
        let etcd = guests().any(|machine| {
            let etcd = machine.spec.disks.get("etcd").or_else(|| machine.spec.disks.get("os"));
            etcd.is_some_and(|part| part.disks == word.value.0)
                && machine.spec.role.value == plimsoll_spec::hardware::Role::ControlPlane
        });
        let fsync = cx.spec.assume.as_ref().and_then(|assume| assume.fsync.as_ref()).filter(|_| etcd);
        let storage = (!passed).then(|| name(word));
        let disk = Disk {
            count: u32::from(group.count),
            size: group.size,
            kind: match group.class {
                DiskClass::Hdd => DiskKind::Hdd,
                DiskClass::Ssd => DiskKind::Ssd,
                DiskClass::Nvme => DiskKind::Nvme,
            },
            raid: match group.layout {
                DiskLayout::Single => Raid::None,
                DiskLayout::Mirror => Raid::Mirror,
                DiskLayout::Raid10 => Raid::Raid10,
                DiskLayout::Raid5 => Raid::Raid5,
                DiskLayout::Raid6 => Raid::Raid6,
                DiskLayout::Stripe => Raid::Raid0,
            },
            hardware_raid: group.hardware_raid,
            shared: None,
            devices: Vec::new(),
            storage: at.chosen("storage", storage, "named like the disks; none for disks that are passed through"),
            fsync_p99: fsync.map(|fsync| at.written("fsync_p99", fsync)),
        };
        disks.insert(name(word), disk);
    }
    disks
}

/// A network that reaches the host.
struct Carried {
    network: Name,
    vlan: u16,
    mtu: u32,
    /// The bond or port it comes by.
    over: Name,
    tagged: bool,
}

/// Their networks by name.
fn names_of(carried: &[&Carried]) -> Vec<Name> {
    let mut names: Vec<Name> = carried.iter().map(|carried| carried.network.clone()).collect();
    names.sort();
    names
}

struct Wiring<'a, 's> {
    cx: &'a Cx<'s>,
    networks: &'a Map<Network>,
    things: &'a Things<'s>,
    host_name: &'a Name,
    at: &'a At<'a, 's>,
    item: &'a Item<'s, plimsoll_spec::Host>,
    carried: Vec<Carried>,
    next_nic: u32,
}

impl Wiring<'_, '_> {
    fn device(&self) -> String {
        format!("host/{}", self.host_name)
    }

    fn nics(&mut self, host: &mut Host, all: &mut HostPlans) {
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
        all.links.push(Link { switch, device, port, speed, bond: None, tagged, untagged: None, span: self.item.span });
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

    fn bridges(&mut self, host: &mut Host) {
        let mut bridges: Vec<_> = self.item.spec.bridges.iter().collect();
        bridges.sort_by(|a, b| Name::from(a.0.value.0.as_str()).cmp(&Name::from(b.0.value.0.as_str())));
        for (key, spec) in &bridges {
            let bridge_name = Name::from(key.value.0.as_str());
            let at = self.at.child(format!("bridge/{bridge_name}"));
            at.here(key.span, self.item.ranged);
            let over = at.expanded("ports", spec.over.value.0.as_str(), spec.over.span);
            let (parent, vlan) = match over.rsplit_once('.') {
                Some((parent, id)) => (Name::from(parent), id.parse::<u16>().ok()),
                None => (Name::from(over), None),
            };
            let below = self.mtu_of(host, &parent);
            let aware = vlan.is_none() && spec.vlan_aware.as_ref().is_none_or(|aware| aware.value);
            let on_it: Vec<&Carried> = self
                .carried
                .iter()
                .filter(|carried| carried.over == parent)
                .filter(|carried| match vlan {
                    Some(vlan) => carried.tagged && carried.vlan == vlan,
                    None => aware || !carried.tagged,
                })
                .collect();
            let carried_mtu = on_it.iter().map(|carried| carried.mtu).max().unwrap_or(below).min(below);
            let mtu = map(&spec.mtu, |mtu| u32::from(mtu.0));
            let default_mtu = if aware { below } else { carried_mtu };
            let mtu = at.or_chosen("mtu", mtu.as_ref(), default_mtu, "that of what it stands on");
            let mut vids: Vec<u16> =
                on_it.iter().filter(|carried| aware && carried.tagged).map(|carried| carried.vlan).collect();
            vids.sort_unstable();
            let networks = names_of(&on_it);
            if let Some(id) = vlan {
                self.vlan_interface(host, &parent, id, carried_mtu);
            }
            let bridge = Bridge {
                ports: vec![Name::from(over)],
                vlan_aware: match &spec.vlan_aware {
                    Some(aware) if vlan.is_some() || aware.value => at.written("vlan_aware", aware) && vlan.is_none(),
                    Some(aware) => at.written("vlan_aware", aware),
                    None if vlan.is_some() => at.chosen("vlan_aware", false, "it stands in one VLAN"),
                    None => at.chosen("vlan_aware", true, "it stands on a trunk"),
                },
                vids,
                mtu,
                networks,
                spanning_tree: at.or_chosen("spanning_tree", spec.stp.as_ref(), false, "one way out closes no loop"),
            };
            host.bridge.insert(bridge_name, bridge);
        }
        if bridges.is_empty() {
            self.default_bridges(host);
        }
    }

    /// One VLAN-aware bridge on everything that carries a network of guests.
    fn default_bridges(&mut self, host: &mut Host) {
        let guests: Vec<Name> = self
            .things
            .machines
            .values()
            .filter(|machine| machine.paired(&machine.spec.host).as_ref() == Some(self.host_name))
            .flat_map(|machine| machine.spec.networks.iter().map(|network| name(network)))
            .collect();
        let mut overs: Vec<Name> = self
            .carried
            .iter()
            .filter(|carried| guests.contains(&carried.network))
            .map(|carried| carried.over.clone())
            .collect();
        overs.sort();
        overs.dedup();
        for (index, over) in overs.into_iter().enumerate() {
            let bridge_name = Name::from(format!("vmbr{index}"));
            let at = self.at.child(format!("bridge/{bridge_name}"));
            at.chosen("", (), "no bridge was written: one that keeps VLANs apart itself");
            let on_it: Vec<&Carried> = self.carried.iter().filter(|carried| carried.over == over).collect();
            let mut vids: Vec<u16> =
                on_it.iter().filter(|carried| carried.tagged).map(|carried| carried.vlan).collect();
            vids.sort_unstable();
            let bridge = Bridge {
                vlan_aware: true,
                vids,
                mtu: self.mtu_of(host, &over),
                networks: names_of(&on_it),
                ports: vec![over],
                spanning_tree: false,
            };
            host.bridge.insert(bridge_name, bridge);
        }
    }

    fn mtu_of(&self, host: &Host, interface: &Name) -> u32 {
        let bond = host.bond.get(interface).map(|bond| bond.mtu);
        let nic = host.nic.get(interface).map(|nic| nic.mtu);
        let bridge = host.bridge.get(interface).map(|bridge| bridge.mtu);
        bond.or(nic).or(bridge).unwrap_or(self.cx.edition.network_mtu.value)
    }

    fn vlan_interface(&self, host: &mut Host, parent: &Name, id: u16, mtu: u32) -> Name {
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
    fn interfaces(&mut self, host: &mut Host) -> Map<Name> {
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

    fn bmc(&self, all: &mut HostPlans) {
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
            tagged: Vec::new(),
            untagged: vlan,
            span: bmc.switch.span,
        });
    }
}
