//! Quorums and groups, and whether they outlive a failure.

use std::collections::{BTreeMap, BTreeSet};

use plimsoll_model::Name;
use plimsoll_model::design::{Design, Host, Machine, PlatformKind, Purpose, State};

use super::{Losses, machine_ports, ports_below};

/// A group that lives by its votes, or by any one member.
#[derive(Clone, Debug)]
pub struct Group<'d> {
    /// What it is called, for people: `etcd`.
    pub name: &'static str,
    /// The promise that it carries, as goals name it.
    pub promise: &'static str,
    /// Members with their votes.
    pub members: Vec<Member<'d>>,
    /// Votes that must be in one island.
    pub needed: u32,
}

/// A member of a group.
#[derive(Clone, Debug)]
pub struct Member<'d> {
    /// The machine, the host or what others own.
    pub name: &'d Name,
    /// Its votes.
    pub votes: u32,
    /// Where it is reached.
    at: Seat<'d>,
}

/// Where a member stands, with the switches on which its interface ends: they are the same whatever fails.
#[derive(Clone, Debug)]
enum Seat<'d> {
    /// Its host, which may be the member itself.
    At {
        host: &'d Name,
        ends: BTreeSet<&'d Name>,
    },
    /// What the Design does not have.
    Nowhere,
    External,
}

impl<'d> Seat<'d> {
    fn of_machine(design: &'d Design, machine: &Name, network: &Name) -> Self {
        let at = |it: &'d Machine| Seat::At { host: &it.host, ends: machine_ports(design, it, network) };
        design.machine.get(machine).map_or(Seat::Nowhere, at)
    }

    /// Of a host that is reached over several interfaces.
    fn of_host(name: &'d Name, host: &'d Host) -> Self {
        let links = host.corosync.values().flat_map(|link| ports_below(host, &link.interface));
        Seat::At { host: name, ends: links.map(|nic| &host.nic[nic].switch).collect() }
    }

    /// Islands on which it is reached; none when it is dead.
    fn islands(&self, losses: &Losses) -> BTreeSet<usize> {
        match self {
            Seat::At { host, ends } if !losses.hosts.contains(*host) => losses.attachments(ends.iter().copied()),
            _ => BTreeSet::new(),
        }
    }
}

impl<'d> Group<'d> {
    /// The groups of a Design: members of etcd, hypervisors, monitors of Ceph, holders of the VIP, DNS servers, routers
    /// behind a gateway. Balancers on machines of their own are the holders of the VIP. Groups of one are left out, and
    /// quorums of one or two: they have no redundancy to lose, which other rules say.
    pub fn all(design: &'d Design) -> Vec<Group<'d>> {
        let network = |purpose| design.network_for(purpose).map(|(name, _)| name);
        let active = |name: &Name| design.machine.get(name).is_none_or(|machine| machine.state != State::Planned);
        let machines = |names: &mut dyn Iterator<Item = &'d Name>, network: Option<&'d Name>| -> Vec<Member<'d>> {
            let seat =
                |name| network.map(|network| Member { name, votes: 1, at: Seat::of_machine(design, name, network) });
            names.filter(|name| active(name)).filter_map(seat).collect()
        };
        let mut groups = Vec::new();
        let mut quorum = |name, promise, members: Vec<Member<'d>>| {
            let votes: u32 = members.iter().map(|member| member.votes).sum();
            if members.len() >= 3 {
                groups.push(Group { name, promise, members, needed: votes / 2 + 1 });
            }
        };
        let nodes = network(Purpose::Nodes);
        quorum("etcd", "api", machines(&mut design.etcd.member.keys(), nodes));
        let mut corosync: Vec<Member<'d>> = design
            .host
            .iter()
            .filter(|(_, host)| host.platform.kind == PlatformKind::Proxmox && host.state != State::Planned)
            .filter(|(_, host)| !host.corosync.is_empty())
            .map(|(name, host)| Member { name, votes: 1, at: Seat::of_host(name, host) })
            .collect();
        let hypervisors = corosync.len() as u32;
        if let Some(device) = design.host.values().find_map(|host| host.platform.qdevice.as_ref()) {
            // An even cluster gives the device one vote; an odd one as many as nodes less one (pvecm).
            let votes = if hypervisors.is_multiple_of(2) { 1 } else { hypervisors.saturating_sub(1) };
            corosync.push(Member { name: device, votes, at: Seat::External });
        }
        quorum("corosync", "management", corosync);
        if let Some(ceph) = &design.ceph {
            let network = network(Purpose::CephPublic).filter(|_| ceph.host_network).or(nodes);
            quorum("Ceph's monitors", "storage", machines(&mut ceph.mon.keys(), network));
        }
        let mut any = |name, promise, members: Vec<Member<'d>>| {
            if members.len() >= 2 {
                groups.push(Group { name, promise, members, needed: 1 });
            }
        };
        if let Some(vrrp) = &design.api.vrrp {
            let network = design.network.get_key_value(&design.api.network).map(|(name, _)| name);
            any("the holders of the VIP", "api", machines(&mut vrrp.member.keys(), network));
        }
        any("the DNS servers", "zone", machines(&mut design.dns_server.keys(), network(Purpose::Zone)));
        // Routers of others count where it is stated what they hang on.
        let gateways = design.network.values().filter_map(|network| network.gateway.as_ref());
        let pairs: BTreeSet<BTreeSet<&Name>> = gateways.map(|gateway| gateway.by.iter().collect()).collect();
        for pair in pairs {
            let members = pair.into_iter().map(|name| Member { name, votes: 1, at: Seat::External }).collect();
            any("the routers behind a gateway", "ingress", members);
        }
        groups
    }

    /// Votes in the island that has most of them.
    pub fn votes_left(&self, losses: &Losses) -> u32 {
        let mut by_island: BTreeMap<usize, u32> = BTreeMap::new();
        let mut everywhere = 0;
        for member in &self.members {
            if matches!(member.at, Seat::External) {
                everywhere += if losses.externals.contains(member.name) { 0 } else { member.votes };
            }
            for island in member.at.islands(losses) {
                *by_island.entry(island).or_default() += member.votes;
            }
        }
        by_island.values().copied().max().unwrap_or(0) + everywhere
    }

    /// Members that are dead or cut off.
    pub fn lost<'s>(&'s self, losses: &'s Losses) -> impl Iterator<Item = &'d Name> + 's {
        self.members
            .iter()
            .filter(|member| match &member.at {
                Seat::External => losses.externals.contains(member.name),
                seat => seat.islands(losses).is_empty(),
            })
            .map(|member| member.name)
    }

    /// Whether the group goes on.
    pub fn survives(&self, losses: &Losses) -> bool {
        self.votes_left(losses) >= self.needed
    }
}
