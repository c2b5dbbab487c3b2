//! What is gone because of one failure.

use std::collections::BTreeSet;
use std::net::IpAddr;

use plimsoll_model::design::{Machine, PduRef, Psu, Raid};
use plimsoll_model::units::Millis;
use plimsoll_model::{Design, Map, Name};

use crate::failure::{Daemon, Way, What};

/// What is gone. A machine is gone with its host; a link with its switch, its cable or its port.
#[derive(Clone, Debug, Default)]
pub(crate) struct Lost<'a> {
    pub(crate) hosts: BTreeSet<&'a Name>,
    pub(crate) machines: BTreeSet<&'a Name>,
    pub(crate) switches: BTreeSet<&'a Name>,
    /// Routers and other things of others.
    pub(crate) external: BTreeSet<&'a Name>,
    /// A server for outside names of which only the address is known.
    pub(crate) server: Option<IpAddr>,
    /// Ports of hosts that pass nothing, by host.
    pub(crate) ports: BTreeSet<(&'a Name, &'a Name)>,
    /// Cables that pass nothing.
    pub(crate) cables: BTreeSet<&'a Name>,
    /// Whether dead links keep their carrier.
    pub(crate) silent: bool,
    /// A process alone, with the way it ended.
    pub(crate) daemon: Option<(Daemon, &'a Name, Way)>,
    /// OSDs whose process or disk is gone while their machine lives.
    pub(crate) osds: BTreeSet<&'a Name>,
    /// One copy of CoreDNS, with the way it ended.
    pub(crate) coredns: Option<Way>,
}

impl<'a> Lost<'a> {
    /// Whether nothing is: what broke has a twin that goes on.
    pub(crate) fn is_nothing(&self) -> bool {
        let Lost { hosts, machines, switches, external, server, ports, cables, silent, daemon, osds, coredns } = self;
        let names = [hosts, machines, switches, external, cables, osds];
        names.iter().all(|names| names.is_empty())
            && ports.is_empty()
            && server.is_none()
            && daemon.is_none()
            && coredns.is_none()
            && !silent
    }

    /// Whether a machine is gone.
    pub(crate) fn machine(&self, name: &Name) -> bool {
        self.machines.contains(name)
    }

    /// Whether the daemon of a machine is gone, alone or with its machine.
    pub(crate) fn runs(&self, kind: Daemon, machine: &Name) -> bool {
        !self.machine(machine) && !self.daemon.is_some_and(|(lost, on, _)| lost == kind && on == machine)
    }

    /// The way in which a daemon ended alone.
    pub(crate) fn ended(&self, kind: Daemon) -> Option<(&'a Name, Way)> {
        self.daemon.filter(|(lost, ..)| *lost == kind).map(|(_, machine, way)| (machine, way))
    }

    fn take_machine(&mut self, name: &'a Name) {
        self.machines.insert(name);
    }

    fn take_host(&mut self, design: &'a Design, host: &'a Name) {
        self.hosts.insert(host);
        self.machines.extend(design.machine.iter().filter(|(_, machine)| machine.host == *host).map(|(name, _)| name));
    }

    fn take_switch(&mut self, design: &'a Design, switch: &'a Name) {
        self.switches.insert(switch);
        let ends = [format!("switch/{switch}")];
        for (name, cable) in &design.cable {
            if ends.contains(&cable.a.device) || ends.contains(&cable.b.device) {
                self.cables.insert(name);
            }
        }
        for (host, stated) in &design.host {
            let ports = stated.nic.iter().filter(|(_, nic)| nic.switch == *switch);
            self.ports.extend(ports.map(|(nic, _)| (host, nic)));
        }
    }

    fn take_cable(&mut self, design: &'a Design, cable: &'a Name) {
        self.cables.insert(cable);
        let Some(stated) = design.cable.get(cable) else { return };
        for end in [&stated.a, &stated.b] {
            let Some(host) = end.device.strip_prefix("host/") else { continue };
            let Some((host, stated)) = design.host.get_key_value(&Name::from(host)) else { continue };
            if let Some((nic, _)) = stated.nic.get_key_value(&end.port) {
                self.ports.insert((host, nic));
            }
        }
    }

    /// Everything that has no power any more when these strips are dead.
    fn take_power(&mut self, design: &'a Design, dead: &BTreeSet<(&Name, &Name)>) {
        let is_dead = |pdu: &PduRef| dead.contains(&(&pdu.rack, &pdu.pdu));
        let off = |psus: &Map<Psu>| !psus.is_empty() && psus.values().all(|psu| is_dead(&psu.pdu));
        for (name, host) in &design.host {
            if off(&host.psu) {
                self.take_host(design, name);
            }
        }
        for (name, switch) in &design.switch {
            if off(&switch.psu) {
                self.take_switch(design, name);
            }
        }
        for (name, external) in &design.external {
            if !external.power.is_empty() && external.power.iter().all(is_dead) {
                self.external.insert(name);
            }
        }
    }
}

/// What one failure takes away: at once, and after batteries are empty if that is more.
pub(crate) struct Consequence<'a> {
    pub(crate) now: Lost<'a>,
    /// How long batteries bridge, and what is gone then.
    pub(crate) later: Option<(Millis, Lost<'a>)>,
}

impl<'a> Consequence<'a> {
    pub(crate) fn of(design: &'a Design, what: What<'a>, way: Way) -> Self {
        let mut now = Lost { silent: way == Way::Silent, ..Lost::default() };
        let mut later = None;
        match what {
            What::Host(name) => now.take_host(design, name),
            What::Machine(name) => now.take_machine(name),
            What::Switch(name) => now.take_switch(design, name),
            What::External(name) => {
                now.external.insert(name);
            }
            What::Server(address) => now.server = Some(address),
            What::Nic(host, nic) => {
                now.ports.insert((host, nic));
            }
            What::Cable(name) => now.take_cable(design, name),
            What::Daemon(kind, machine) => now.daemon = Some((kind, machine, way)),
            What::Osd(name) => {
                now.osds.insert(name);
            }
            What::CoreDns => now.coredns = Some(way),
            What::HostPsu(host, psu) => {
                if design.host.get(host).is_some_and(|stated| others(&stated.psu, psu) == 0) {
                    now.take_host(design, host);
                }
            }
            What::SwitchPsu(switch, psu) => {
                if design.switch.get(switch).is_some_and(|stated| others(&stated.psu, psu) == 0) {
                    now.take_switch(design, switch);
                }
            }
            What::Disk(host, disk) => take_disk(&mut now, design, host, disk),
            What::Rack(name) => take_rack(&mut now, design, name),
            What::Pdu(rack, pdu) => now.take_power(design, &BTreeSet::from([(rack, pdu)])),
            What::Feed(feed) => {
                let (dead, bridged) = feeds_without(design, feed);
                let strips = |feeds: &BTreeSet<&Name>| strips_on(design, feeds);
                now.take_power(design, &strips(&dead));
                if let Some(runtime) = bridged.iter().map(|(_, runtime)| *runtime).min() {
                    let all: BTreeSet<&Name> =
                        dead.iter().copied().chain(bridged.iter().map(|(feed, _)| *feed)).collect();
                    let mut then = Lost::default();
                    then.take_power(design, &strips(&all));
                    if then.hosts.len() > now.hosts.len() || then.switches.len() > now.switches.len() {
                        later = Some((runtime, then));
                    }
                }
            }
        }
        Consequence { now, later }
    }
}

fn others(psus: &Map<Psu>, broken: &Name) -> usize {
    psus.keys().filter(|name| *name != broken).count()
}

/// One disk of a group breaks. A group without copies takes everything with it that lies on it.
fn take_disk<'a>(lost: &mut Lost<'a>, design: &'a Design, host: &'a Name, disk: &'a Name) {
    let Some(group) = design.host.get(host).and_then(|stated| stated.disk.get(disk)) else { return };
    let protected = !matches!(group.raid, Raid::None | Raid::Raid0) && group.count > 1;
    if protected {
        return;
    }
    let lies_on =
        |machine: &&Machine| machine.host == *host && machine.disk.values().any(|disk_of| disk_of.on == *disk);
    lost.machines.extend(design.machine.iter().filter(|(_, machine)| lies_on(machine)).map(|(name, _)| name));
    // Disks that are passed through are one OSD each: one disk, one of them.
    let osds = design.ceph.iter().flat_map(|ceph| &ceph.osd);
    lost.osds.extend(osds.filter(|(_, osd)| osd.host == *host && osd.disk == *disk).map(|(name, _)| name).take(1));
}

fn take_rack<'a>(lost: &mut Lost<'a>, design: &'a Design, rack: &Name) {
    for (name, _) in design.host.iter().filter(|(_, host)| host.rack == *rack) {
        lost.take_host(design, name);
    }
    for (name, _) in design.switch.iter().filter(|(_, switch)| switch.rack == *rack) {
        lost.take_switch(design, name);
    }
    let inside = design.external.iter().filter(|(_, external)| external.rack.as_ref() == Some(rack));
    lost.external.extend(inside.map(|(name, _)| name));
}

/// Feeds that are dead at once when one is lost, and those that a battery bridges, each with the time.
fn feeds_without<'a>(design: &'a Design, lost: &'a Name) -> (BTreeSet<&'a Name>, Vec<(&'a Name, Millis)>) {
    let mut dead = BTreeSet::from([lost]);
    let mut bridged: Vec<(&Name, Millis)> = Vec::new();
    // As often as there are feeds: a chain is no longer than that, and a circle ends.
    for _ in 0..design.feed.len() {
        for (name, feed) in &design.feed {
            let Some(from) = &feed.from else { continue };
            if dead.contains(name) || bridged.iter().any(|(known, _)| *known == name) {
                continue;
            }
            let above = bridged.iter().find(|(known, _)| *known == from).map(|(_, runtime)| *runtime);
            if dead.contains(from) {
                match feed.runtime {
                    Some(runtime) => bridged.push((name, runtime)),
                    None => drop(dead.insert(name)),
                }
            } else if let Some(above) = above {
                bridged.push((name, above + feed.runtime.unwrap_or_default()));
            }
        }
    }
    (dead, bridged)
}

fn strips_on<'a>(design: &'a Design, feeds: &BTreeSet<&Name>) -> BTreeSet<(&'a Name, &'a Name)> {
    let of_rack = |(rack, stated): (&'a Name, &'a plimsoll_model::design::Rack)| {
        let dead = stated.pdu.iter().filter(|(_, pdu)| feeds.contains(&pdu.feed));
        dead.map(move |(pdu, _)| (rack, pdu)).collect::<Vec<_>>()
    };
    design.rack.iter().flat_map(of_rack).collect()
}
