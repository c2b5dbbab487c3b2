//! keepalived on each member, run step by step: whoever holds the address says so to all that it reaches, whoever hears a
//! higher priority gives way, whoever hears nobody takes it.

use std::collections::{BTreeMap, BTreeSet};

use plimsoll_model::design::VrrpCheckKind;
use plimsoll_model::{Design, Name};

use crate::simulation::Simulation;

/// Which way half-dead cables still pass frames: towards the host, or away from it.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Passes {
    Nothing,
    Towards,
    Away,
}

/// The network in which a machine has an address.
fn network_at(design: &Design, machine: &Name, address: &str) -> Name {
    let nics = &design.machine[machine].nic;
    nics.iter().find(|(_, nic)| nic.address.addr().to_string() == address).expect("a network").0.clone()
}

impl Simulation<'_> {
    /// The most machines that hold the address at a time, once nothing changes any more: from whatever was before, and
    /// whatever half-dead links still pass.
    pub(crate) fn holders(&self) -> usize {
        let half_dead = self.failed.iter().any(|path| path.starts_with("cable/") && path.ends_with("/silent"));
        let ways: &[Passes] =
            if half_dead { &[Passes::Nothing, Passes::Towards, Passes::Away] } else { &[Passes::Nothing] };
        ways.iter().map(|passes| self.most_holders(*passes)).max().unwrap_or_default()
    }

    /// Where each host is in the network of the address, for what goes that way: half-dead cables that pass it are whole.
    fn places(&self, passes: Passes, way: Passes) -> BTreeMap<String, BTreeSet<usize>> {
        let whole = |path: &&String| passes == way && path.starts_with("cable/") && path.ends_with("/silent");
        let failed = self.failed.iter().filter(|path| !whole(path)).cloned().collect();
        Simulation { design: self.design, failed }.islands(&self.design.api.network)
    }

    fn most_holders(&self, passes: Passes) -> usize {
        let vrrp = self.design.api.vrrp.as_ref().expect("VRRP");
        let fit: Vec<&Name> = vrrp.member.keys().filter(|member| self.is_fit(member)).collect();
        let (sends, receives) = (self.places(passes, Passes::Away), self.places(passes, Passes::Towards));
        let host = |member: &Name| self.design.machine[member].host.to_string();
        let heard_by = |from: &Name, to: &Name| {
            let (from, to) = (host(from), host(to));
            let (sent, received) = (sends.get(&from), receives.get(&to));
            from == to
                || sent.zip(received).is_some_and(|(sent, received)| sent.intersection(received).next().is_some())
        };
        let hears: Vec<Vec<bool>> =
            fit.iter().map(|to| fit.iter().map(|from| from != to && heard_by(from, to)).collect()).collect();
        let priority = |at: usize| vrrp.member[fit[at]].priority;
        let mut most = 0;
        // Every state in which the members may have been: a bit for each that held it.
        for before in 0..1_u32 << fit.len() {
            let mut holds: Vec<bool> = (0..fit.len()).map(|at| before >> at & 1 == 1).collect();
            // Each round one member looks at what it has heard, since no two wait for the same time: until nothing changes.
            for _ in 0..4 * fit.len() {
                for at in 0..fit.len() {
                    let mut heard = (0..fit.len()).filter(|from| holds[*from] && hears[at][*from]);
                    holds[at] = if holds[at] {
                        !heard.any(|from| priority(from) > priority(at))
                    } else {
                        // One that may not preempt leaves it to any that lives.
                        !heard.any(|from| !vrrp.preempt || priority(from) > priority(at))
                    };
                }
            }
            most = most.max(holds.iter().filter(|holds| **holds).count());
        }
        most
    }

    fn is_fit(&self, member: &Name) -> bool {
        let vrrp = self.design.api.vrrp.as_ref().expect("VRRP");
        if !self.daemon(&format!("machine/{member}/keepalived"), member) {
            return false;
        }
        let Some(check) = vrrp.check.as_ref().filter(|check| check.weight.unwrap_or(0) == 0) else { return true };
        let balancer = self.daemon(&format!("machine/{member}/haproxy"), member);
        balancer && (check.kind != VrrpCheckKind::Path || self.reads_through(member))
    }

    /// `/readyz` through the own balancer: an API server in a majority of etcd.
    fn reads_through(&self, member: &Name) -> bool {
        let design = self.design;
        let islands: BTreeMap<&Name, BTreeMap<String, BTreeSet<usize>>> =
            design.network.keys().map(|network| (network, self.islands(network))).collect();
        let meet = |network: &Name, one: &Name, other: &Name| {
            let host = |machine: &Name| design.machine[machine].host.to_string();
            let on = |machine: &Name| islands[network].get(&host(machine)).cloned().unwrap_or_default();
            host(one) == host(other) || on(one).intersection(&on(other)).next().is_some()
        };
        let etcd = |member: &Name| network_at(design, member, &design.etcd.member[member].address.to_string());
        let alive: Vec<&Name> =
            design.etcd.member.keys().filter(|name| self.daemon(&format!("etcd/member/{name}"), name)).collect();
        let majority = |member: &Name| {
            let with = |network: Name| alive.iter().filter(|other| meet(&network, member, other)).count();
            alive.contains(&member) && with(etcd(member)) > design.etcd.member.len() / 2
        };
        design.api.haproxy.as_ref().expect("HAProxy").server.iter().any(|(server, of)| {
            self.daemon(&format!("machine/{server}/apiserver"), server)
                && majority(server)
                && (server == member || meet(&network_at(design, server, &of.address), member, server))
        })
    }
}
