//! Quorums and groups, and whether they outlive a failure.

use std::collections::{BTreeMap, BTreeSet};

use plimsoll_model::Name;
use plimsoll_model::design::{Design, PlatformKind, Purpose, Role, State};

use super::Losses;

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

#[derive(Clone, Debug)]
enum Seat<'d> {
    Machine(&'d Name),
    Host(Vec<&'d Name>),
    External,
}

impl<'d> Group<'d> {
    /// The groups of a Design: members of etcd, hypervisors, monitors of Ceph, holders of the VIP, dedicated balancers,
    /// DNS servers, routers behind a gateway. Groups of one are left out, and quorums of one or two: they have no redundancy to lose, which other
    /// rules say.
    pub fn all(design: &'d Design) -> Vec<Group<'d>> {
        let network = |purpose| design.network_for(purpose).map(|(name, _)| name);
        let active = |name: &Name| design.machine.get(name).is_none_or(|machine| machine.state != State::Planned);
        let machines = |names: &mut dyn Iterator<Item = &'d Name>, network: Option<&'d Name>| -> Vec<Member<'d>> {
            let seat = |name| network.map(|network| Member { name, votes: 1, at: Seat::Machine(network) });
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
            .map(|(name, host)| {
                let links = host.corosync.values().map(|link| &link.interface).collect();
                Member { name, votes: 1, at: Seat::Host(links) }
            })
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
        let balancers = &mut design.machines(Role::Balancer).map(|(name, _)| name);
        any("the balancers", "api", machines(balancers, nodes));
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
    pub fn votes_left(&self, losses: &Losses<'_>) -> u32 {
        let mut by_island: BTreeMap<usize, u32> = BTreeMap::new();
        let mut everywhere = 0;
        for member in &self.members {
            let islands: BTreeSet<usize> = match &member.at {
                Seat::Machine(network) => losses.reach(member.name, network),
                Seat::Host(links) => links.iter().flat_map(|link| losses.reach_host(member.name, link)).collect(),
                Seat::External if losses.externals.contains(member.name) => BTreeSet::new(),
                Seat::External => {
                    everywhere += member.votes;
                    continue;
                }
            };
            for island in islands {
                *by_island.entry(island).or_default() += member.votes;
            }
        }
        by_island.values().copied().max().unwrap_or(0) + everywhere
    }

    /// Members that are dead or cut off.
    pub fn lost<'s>(&'s self, losses: &'s Losses<'_>) -> impl Iterator<Item = &'d Name> + 's {
        self.members
            .iter()
            .filter(|member| match &member.at {
                Seat::Machine(network) => losses.cut_off(member.name, network),
                Seat::Host(links) => links.iter().all(|link| losses.reach_host(member.name, link).is_empty()),
                Seat::External => losses.externals.contains(member.name),
            })
            .map(|member| member.name)
    }

    /// Whether the group goes on.
    pub fn survives(&self, losses: &Losses<'_>) -> bool {
        self.votes_left(losses) >= self.needed
    }
}
