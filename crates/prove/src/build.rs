//! What the parts of a Design need: power, disks, hosts, machines. Everything here answers "is it away?".

use std::collections::BTreeMap;
use std::rc::Rc;

use plimsoll_circuit::{Circuit, Node};
use plimsoll_model::design::{BondMode, Disk, Host, Machine, PlatformKind, Psu, Raid, Role, State};
use plimsoll_model::units::Millis;
use plimsoll_model::{Design, Name};

use crate::component::{Components, Kind};
use crate::fabric::Wiring;
use crate::promise::{Room, deaf_ports};
use crate::rate::{Range, Rate, Source, Upkeep};

/// A circuit in the making.
pub(crate) struct Build<'d> {
    pub(crate) design: &'d Design,
    /// Its cables, to look up.
    pub(crate) wiring: Rc<Wiring>,
    pub(crate) circuit: Circuit,
    pub(crate) components: Components,
    /// What a node means, for explanations: the first name that it was given.
    pub(crate) labels: BTreeMap<Node, String>,
    /// What was taken for granted, each once, in the order in which it was met.
    pub(crate) assumed: Vec<String>,
    /// The room that promises of capacity compare.
    pub(crate) room: Room,
    pub(crate) memo: BTreeMap<String, Node>,
    /// What is taken as given about switches while promises are made.
    pub(crate) supposed: Supposed,
    /// Ports that a member of VRRP may be heard by, hear nothing, and not know it: by host and name.
    pub(crate) deaf: Vec<(Name, Name)>,
}

/// What is taken as given about switches.
#[derive(Clone, Debug, Default)]
pub(crate) struct Supposed {
    /// Those that are not off, whatever fails.
    pub(crate) on: Vec<Name>,
    /// One that is off.
    pub(crate) off: Option<Name>,
}

impl<'d> Build<'d> {
    pub(crate) fn new(design: &'d Design) -> Self {
        Build {
            design,
            wiring: Rc::new(Wiring::of(design)),
            circuit: Circuit::new(),
            components: Components::with_upkeep(Upkeep::of(design)),
            labels: BTreeMap::new(),
            assumed: Vec::new(),
            room: Room::default(),
            memo: BTreeMap::new(),
            supposed: Supposed::default(),
            deaf: deaf_ports(design),
        }
    }

    pub(crate) fn assume(&mut self, what: &str) {
        if !self.assumed.iter().any(|known| known == what) {
            self.assumed.push(what.to_owned());
        }
    }

    /// Names a node for explanations.
    pub(crate) fn label(&mut self, node: Node, text: impl Into<String>) -> Node {
        if node.constant().is_none() {
            self.labels.entry(node).or_insert_with(|| text.into());
        }
        node
    }

    pub(crate) fn or(&mut self, of: impl IntoIterator<Item = Node>) -> Node {
        self.circuit.or(of)
    }

    pub(crate) fn and(&mut self, of: impl IntoIterator<Item = Node>) -> Node {
        self.circuit.and(of)
    }

    /// The failure of a component itself.
    pub(crate) fn part(&mut self, path: &str, kind: Kind, origin: &str) -> Node {
        let var = self.components.intern(path, kind, origin);
        let node = self.circuit.variable(var);
        self.label(node, format!("{path} fails"))
    }

    /// What stands in the memo, or what `make` makes of it.
    pub(crate) fn once(&mut self, key: String, make: impl FnOnce(&mut Self) -> Node) -> Node {
        if let Some(node) = self.memo.get(&key) {
            return *node;
        }
        let node = make(self);
        self.memo.insert(key, node);
        node
    }

    /// A source of power gives none. What hangs on a battery is lost when the battery fails, or when what feeds it is
    /// away for longer than it bridges.
    pub(crate) fn feed(&mut self, name: &Name) -> Node {
        self.once(format!("feed/{name}"), |build| {
            let path = format!("feed/{name}");
            let own = build.part(&path, Kind::Feed, &path);
            let Some(feed) = build.design.feed.get(name) else { return own };
            let Some(from) = feed.from.clone().filter(|from| from != name) else { return own };
            let mut upstream = build.feed(&from);
            if let Some(runtime) = feed.runtime.filter(|runtime| runtime.0 > 0) {
                let longer = build.outlasted(&from, runtime);
                let battery = format!("{path}/battery");
                let dead = build.part(&battery, Kind::Battery, &path);
                build.components.set_unseen(&battery, "battery");
                let not_bridged = build.or([longer, dead]);
                upstream = build.and([upstream, not_bridged]);
                build.label(upstream, format!("{from} is away for longer than {runtime}, which {name} bridges"));
            }
            // An own rate for a battery: it fails as a device, not as the public supply does.
            let var = build.components.intern(&path, Kind::Feed, &path);
            let rate = Rate {
                a_year: Range::new(0.01, 0.05, 0.2),
                hours: Range::new(2.0, 8.0, 72.0),
                unseen: Range::exactly(0.0),
                source: Source::Estimate,
            };
            build.components.set_device(var, rate);
            let down = build.or([own, upstream]);
            build.label(down, format!("{name} gives no power"))
        })
    }

    /// An outage of `feed` lasts longer than `runtime`. Longer ones last longer than shorter batteries too, so that the
    /// batteries of one feed form a chain; with exponential lengths each step is independent of the one before.
    fn outlasted(&mut self, feed: &Name, runtime: Millis) -> Node {
        let mut runtimes: Vec<Millis> = self
            .design
            .feed
            .values()
            .filter(|other| other.from.as_ref() == Some(feed))
            .filter_map(|other| other.runtime)
            .filter(|runtime| runtime.0 > 0)
            .collect();
        runtimes.sort_unstable();
        runtimes.dedup();
        let hours = self.outage_hours(feed);
        let mut steps = Vec::new();
        let mut before = 0.0;
        for step in runtimes.into_iter().filter(|step| *step <= runtime) {
            let length = step.as_secs() / 3600.0;
            let path = format!("feed/{feed}/outlasts/{step}");
            let var = self.components.intern(&path, Kind::Outlasted, &format!("feed/{feed}"));
            let share = |mean: f64| (-(length - before) / mean).exp();
            let shares = Range::new(share(hours.low), share(hours.typical), share(hours.high));
            self.components.set_rate(var, Rate::of_share(shares));
            steps.push(self.circuit.variable(var));
            before = length;
        }
        self.and(steps)
    }

    /// How long a feed gives nothing at a time, in hours: as long as its own outages last, or those of what feeds it,
    /// whichever are longer, and at the lower end shorter.
    fn outage_hours(&mut self, feed: &Name) -> Range {
        let path = format!("feed/{feed}");
        let var = self.components.intern(&path, Kind::Feed, &path);
        let own = self.components.get(var).rate.hours;
        match self.design.feed.get(feed).and_then(|of| of.from.as_ref()).filter(|from| *from != feed) {
            Some(from) => {
                let above = self.outage_hours(from);
                Range::new(own.low.min(above.low), own.typical.max(above.typical), own.high.max(above.high))
            }
            None => own,
        }
    }

    /// A power strip gives none.
    pub(crate) fn pdu(&mut self, rack: &Name, pdu: &Name) -> Node {
        let path = format!("rack/{rack}/pdu/{pdu}");
        self.once(path.clone(), |build| {
            let own = build.part(&path, Kind::Pdu, &path);
            let feed = build.design.rack.get(rack).and_then(|rack| rack.pdu.get(pdu)).map(|pdu| pdu.feed.clone());
            let feed = feed.map_or(Node::FALSE, |feed| build.feed(&feed));
            let down = build.or([own, feed]);
            build.label(down, format!("{path} gives no power"))
        })
    }

    /// A power strip gives none, or is lost with its rack.
    fn strip(&mut self, rack: &Name, pdu: &Name) -> Node {
        self.once(format!("strip {rack} {pdu}"), |build| {
            let (pdu, whole) = (build.pdu(rack, pdu), build.rack(rack));
            build.or([pdu, whole])
        })
    }

    /// A device is lost with its rack, where that is not said by its power already.
    fn lost_with(&mut self, rack: &Name, psus: &BTreeMap<Name, Psu>) -> Node {
        let whole = self.rack(rack);
        if !psus.is_empty() && psus.values().all(|psu| psu.pdu.rack == *rack) { Node::FALSE } else { whole }
    }

    /// A rack is lost as a whole: fire, water, cooling, a door that falls on it.
    pub(crate) fn rack(&mut self, rack: &Name) -> Node {
        let path = format!("rack/{rack}");
        self.part(&path, Kind::Rack, &path)
    }

    /// None of the power supplies of a device works. Nothing is said about power: it is assumed to be there.
    pub(crate) fn unpowered(&mut self, device: &str, psus: &BTreeMap<Name, Psu>) -> Node {
        if psus.is_empty() {
            self.assume(&format!("power of {}", kind_of(device)));
            return Node::FALSE;
        }
        let each: Vec<Node> = psus
            .iter()
            .map(|(name, psu)| {
                let path = format!("{device}/psu/{name}");
                let own = self.part(&path, Kind::Psu, &path);
                // The only one is missed when it fails, one of several is not.
                if psus.len() > 1 {
                    self.components.set_unseen(&path, "psu");
                }
                // A rack that is lost takes its strips with it: so that one signal says all that comes from there.
                let strip = self.strip(&psu.pdu.rack, &psu.pdu.pdu);
                let down = self.or([own, strip]);
                self.label(down, format!("{path} gives no power"))
            })
            .collect();
        let down = self.and(each);
        self.label(down, format!("{device} has no power"))
    }

    /// A switch has lost its carriers: it is dead, or without power.
    pub(crate) fn switch_off(&mut self, name: &Name) -> Node {
        let path = format!("switch/{name}");
        let own = self.part(&path, Kind::Switch, &path);
        let Some(switch) = self.design.switch.get(name) else { return own };
        let (power, rack) = (self.unpowered(&path, &switch.psu), self.lost_with(&switch.rack, &switch.psu));
        self.or([own, power, rack])
    }

    /// A switch forwards nothing.
    pub(crate) fn switch(&mut self, name: &Name) -> Node {
        if self.supposed.off.as_ref() == Some(name) {
            return Node::TRUE;
        }
        if self.supposed.on.contains(name) {
            return self.silent(name).unwrap_or(Node::FALSE);
        }
        let path = format!("switch/{name}");
        self.once(path.clone(), |build| {
            let own = build.part(&path, Kind::Switch, &path);
            let Some(switch) = build.design.switch.get(name) else { return own };
            let (psu, rack) = (switch.psu.clone(), switch.rack.clone());
            let power = build.unpowered(&path, &psu);
            let rack = build.lost_with(&rack, &psu);
            let silent = build.silent(name);
            let down = build.or([own, power, rack].into_iter().chain(silent));
            build.label(down, format!("{path} forwards nothing"))
        })
    }

    /// A physical machine is away. One that runs high availability and loses the quorum of its cluster resets itself,
    /// which is added where that is known (`fence`).
    pub(crate) fn host(&mut self, name: &Name) -> Node {
        let path = format!("host/{name}");
        self.once(path.clone(), |build| {
            let own = build.part(&path, Kind::Host, &path);
            let Some(host) = build.design.host.get(name) else { return own };
            let (psu, rack) = (host.psu.clone(), host.rack.clone());
            let power = build.unpowered(&path, &psu);
            let rack = build.lost_with(&rack, &psu);
            if host.state == State::Planned {
                return Node::TRUE;
            }
            let boot = match boot_disks(host) {
                Some(group) => build.disks(name, &group),
                None => Node::FALSE,
            };
            let down = build.or([own, power, rack, boot]);
            build.label(down, format!("{path} is down"))
        })
    }

    /// The store that a group of disks makes is gone.
    pub(crate) fn disks(&mut self, host: &Name, group: &Name) -> Node {
        let path = format!("host/{host}/disk/{group}");
        self.once(path.clone(), |build| {
            let Some(disk) = build.design.host.get(host).and_then(|host| host.disk.get(group)).cloned() else {
                return Node::FALSE;
            };
            if let Some(server) = &disk.shared {
                let down = build.external(server);
                return build.label(down, format!("external/{server}, which holds {path}, is away"));
            }
            let each = build.each_disk(&path, &disk);
            let down = lost(&mut build.circuit, disk.raid, each);
            build.label(down, format!("{path} is lost"))
        })
    }

    fn each_disk(&mut self, path: &str, disk: &Disk) -> Vec<Node> {
        (1..=disk.count).map(|number| self.part(&format!("{path}/{number}"), Kind::Disk, path)).collect()
    }

    /// One disk of a group that is passed through.
    pub(crate) fn one_disk(&mut self, host: &Name, group: &Name, number: u32) -> Node {
        let path = format!("host/{host}/disk/{group}");
        self.part(&format!("{path}/{number}"), Kind::Disk, &path)
    }

    /// A virtual machine is away.
    pub(crate) fn machine(&mut self, name: &Name) -> Node {
        let path = format!("machine/{name}");
        self.once(path.clone(), |build| {
            let stopped = build.stopped(name);
            let Some(host) = build.design.machine.get(name).map(|machine| machine.host.clone()) else { return stopped };
            if !build.fences(&host) {
                return stopped;
            }
            let reset = build.without_quorum(&host);
            let down = build.or([stopped, reset]);
            build.label(down, format!("{path} is down"))
        })
    }

    /// A virtual machine is away, and not only because its host will reset itself.
    pub(crate) fn stopped(&mut self, name: &Name) -> Node {
        let path = format!("machine/{name}");
        self.once(format!("stopped {path}"), |build| {
            let own = build.part(&path, Kind::Machine, &path);
            let Some(machine) = build.design.machine.get(name) else { return own };
            if machine.state == State::Planned {
                return Node::TRUE;
            }
            let host = machine.host.clone();
            let groups: Vec<Name> = machine.disk.values().map(|disk| disk.on.clone()).collect();
            let mut parts = vec![own, build.host(&host)];
            for group in groups {
                parts.push(build.disks(&host, &group));
            }
            let down = build.or(parts);
            build.label(down, format!("{path} is down"))
        })
    }

    /// Whether a host resets itself when it loses the quorum of its cluster: Proxmox VE does once it runs a machine that
    /// is to be restarted elsewhere, and takes all others on it down too.
    pub(crate) fn fences(&self, host: &Name) -> bool {
        let proxmox = |of: &Host| of.platform.kind == PlatformKind::Proxmox;
        self.design.host.get(host).is_some_and(proxmox)
            && self.design.machine.values().any(|of| of.ha && of.host == *host && of.state != State::Planned)
    }

    /// A thing that others own and that stands behind one of ours: shared storage, the external vote.
    pub(crate) fn external(&mut self, name: &Name) -> Node {
        self.assume(&format!("{name}, which others own, in sums of time"));
        self.of_others(name, Kind::Daemon)
    }

    /// What others own is away: by itself, or because our rack or all of our strips that it hangs on are. Theirs are its own
    /// failures; what it shares with the rest of a design is not, and takes it with them.
    pub(crate) fn of_others(&mut self, name: &Name, kind: Kind) -> Node {
        let path = format!("external/{name}");
        self.once(path.clone(), |build| {
            let own = build.part(&path, kind, &path);
            let Some(external) = build.design.external.get(name) else { return own };
            let rack = external.rack.as_ref().map_or(Node::FALSE, |rack| build.rack(rack));
            let strips: Vec<Node> = external.power.iter().map(|pdu| build.strip(&pdu.rack, &pdu.pdu)).collect();
            // Nothing said about its power: it hangs on nothing of ours.
            let power = if strips.is_empty() { Node::FALSE } else { build.and(strips) };
            let power = build.label(power, format!("{path} has no power"));
            let down = build.or([own, rack, power]);
            build.label(down, format!("{path} is away"))
        })
    }

    /// A program on a machine, or the machine, is away.
    pub(crate) fn daemon(&mut self, path: &str, origin: &str, machine: &Name) -> Node {
        self.once(format!("daemon {path}"), |build| {
            let own = build.part(path, Kind::Daemon, origin);
            let machine = build.machine(machine);
            let down = build.or([own, machine]);
            build.label(down, format!("{path} is away"))
        })
    }

    /// Machines of a role that are in service, on hosts that are.
    pub(crate) fn of_role(&self, role: Role) -> Vec<Name> {
        let in_service = |machine: &Machine| machine.state == State::Active && self.is_there(&machine.host);
        self.design.machines(role).filter(|(_, machine)| in_service(machine)).map(|(name, _)| name.clone()).collect()
    }

    /// Whether a host is not only planned.
    pub(crate) fn is_there(&self, host: &Name) -> bool {
        self.design.host.get(host).is_none_or(|host| host.state != State::Planned)
    }

    /// Whether a machine is not only planned. One on its way out still votes and still carries what it carried.
    pub(crate) fn exists(&self, machine: &Name) -> bool {
        self.design.machine.get(machine).is_none_or(|of| of.state != State::Planned && self.is_there(&of.host))
    }

    /// Of a bond that uses one port at a time, nobody sees whether those that wait would carry anything.
    fn standby_ports(&mut self, name: &Name, host: &Host) {
        let design = self.design;
        let bonds = host.bond.values().filter(|bond| bond.mode == BondMode::ActiveBackup && bond.members.len() > 1);
        let device = format!("host/{name}");
        for port in bonds.flat_map(|bond| &bond.members) {
            self.components.set_unseen(&format!("{device}/nic/{port}"), "nic");
            for (cable, of) in &design.cable {
                if [&of.a, &of.b].iter().any(|end| end.device == device && end.port == *port) {
                    self.components.set_unseen(&format!("cable/{cable}"), "nic");
                }
            }
        }
    }

    /// Every component, whether or not a promise rests on it: a component without influence is survived, and counts.
    pub(crate) fn register_all(&mut self) {
        let design = self.design;
        for feed in design.feed.keys() {
            self.feed(feed);
        }
        // The one supply of a whole site is no part of the design's redundancy.
        let mut roots = design.feed.iter().filter(|(_, feed)| feed.from.is_none()).map(|(name, _)| name);
        if let (Some(only), None) = (roots.next(), roots.next()) {
            let path = format!("feed/{only}");
            let var = self.components.intern(&path, Kind::Feed, &path);
            self.components.set_common(var);
        }
        for (rack, of) in &design.rack {
            for pdu in of.pdu.keys() {
                self.pdu(rack, pdu);
            }
        }
        for switch in design.switch.keys() {
            self.switch(switch);
        }
        for cable in design.cable.keys() {
            let path = format!("cable/{cable}");
            self.part(&path, Kind::Cable, &path);
        }
        for (host, of) in &design.host {
            self.host(host);
            for nic in of.nic.keys() {
                let path = format!("host/{host}/nic/{nic}");
                self.part(&path, Kind::Nic, &path);
                self.half_dead((host, of), nic, None);
            }
            for group in of.disk.keys() {
                self.disks(host, group);
            }
            self.standby_ports(host, of);
        }
        for machine in design.machine.keys() {
            self.machine(machine);
        }
    }
}

/// `switch` of `switch/leaf-1`: what is not said of one is seldom said of the others.
fn kind_of(device: &str) -> &str {
    match device.split('/').next() {
        Some("switch") => "the switches",
        Some("host") => "the hosts",
        _ => device,
    }
}

/// The group that the host's own system lies on: `boot` by name, else the first that is no store for whole disks.
fn boot_disks(host: &Host) -> Option<Name> {
    let boot = Name::from("boot");
    if host.disk.contains_key(&boot) {
        return Some(boot);
    }
    host.disk.iter().find(|(_, disk)| disk.storage.is_some()).map(|(name, _)| name.clone())
}

/// Whether a store is gone when these disks are: by the copies or parities it has.
fn lost(circuit: &mut Circuit, raid: Raid, disks: Vec<Node>) -> Node {
    match raid {
        Raid::Mirror => circuit.and(disks),
        Raid::Raid10 => {
            let pairs: Vec<Node> = disks.chunks(2).map(|pair| circuit.and(pair.iter().copied())).collect();
            circuit.or(pairs)
        }
        Raid::Raid5 => circuit.at_least(2, disks),
        Raid::Raid6 => circuit.at_least(3, disks),
        Raid::None | Raid::Raid0 => circuit.or(disks),
    }
}
