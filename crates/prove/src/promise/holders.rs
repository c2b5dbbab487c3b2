//! `one-holder/api`: two machines never hold the address of the API at a time, which is called split brain.
//!
//! keepalived knows of the others what it hears from them. A member holds the address when it runs, is fit, and hears nobody
//! with a higher priority that holds it. Of two that hear each other one gives way; so two hold it where two are fit and do
//! not hear each other. More failures mend that: when one of the two dies, one is left.
//!
//! Whether a member that is cut off is fit is for its check to say:
//! - the whole path, without a weight: it asks for `/readyz` through its own balancer, which an API server answers that is in
//!   a majority of etcd. Whoever reaches one both ways hears all others that do (frames go from the one to the other as well),
//!   and there is one majority. So where the API, etcd and the address are in one network, no two members are both fit and
//!   apart, whatever fails. Where they are in several, the one that carries the address may be in pieces and the others whole;
//! - the process, or the port, of the balancer: both live on while nobody hears the machine;
//! - none, or one with a weight: it lowers a priority that nobody hears.
//!
//! What is said here lasts: until checks have failed and elections are over, two may hold it for seconds (`plimsoll_outage`).

use plimsoll_circuit::Node;
use plimsoll_model::design::{BondMode, MachineNic, Vrrp, VrrpCheckKind};
use plimsoll_model::{Design, Name};

use super::api::{etcd_network, host_of, servers};
use super::{Mended, Promise};
use crate::build::Build;
use crate::component::Kind;
use crate::fabric::ports;

/// What a member that is cut off knows of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Knows {
    /// That it reaches no API server in a majority.
    Path,
    /// That its balancer is gone.
    Balancer,
    /// Nothing.
    Nothing,
}

fn knows(vrrp: &Vrrp) -> Knows {
    match &vrrp.check {
        // A weight takes nobody out of the election.
        Some(check) if matches!(check.weight, None | Some(0)) => match check.kind {
            VrrpCheckKind::Path => Knows::Path,
            VrrpCheckKind::Process | VrrpCheckKind::Port => Knows::Balancer,
        },
        _ => Knows::Nothing,
    }
}

/// Whether a member that is cut off in the network of the address gives it up: its check asks through that network alone.
fn steps_back(design: &Design) -> bool {
    design.api.vrrp.as_ref().is_none_or(|vrrp| knows(vrrp) == Knows::Path && asks_in(design, &design.api.network))
}

/// The ports, by host and name, by which a member that is cut off would keep the address, be heard, and not know that it hears
/// nothing: those in the network of the address that speak no LACP.
pub(crate) fn deaf_ports(design: &Design) -> Vec<(Name, Name)> {
    let mut deaf = Vec::new();
    let Some(vrrp) = design.api.vrrp.as_ref().filter(|_| !steps_back(design)) else { return deaf };
    for host in vrrp.member.keys().filter_map(|member| design.machine.get(member)).map(|machine| &machine.host) {
        let Some(of) = design.host.get(host) else { continue };
        let asks =
            |port: &Name| of.bond.values().any(|bond| bond.mode == BondMode::Lacp && bond.members.contains(port));
        let ports = ports(design, host, &design.api.network).into_iter().filter(|port| !asks(port));
        deaf.extend(ports.map(|port| (host.clone(), port)));
    }
    deaf.sort();
    deaf.dedup();
    deaf
}

/// Whether a check of the whole path goes through this network alone: to API servers, and from these to all members of etcd.
/// Members that others own, and addresses of which it is not known where they are, may be anywhere.
fn asks_in(design: &Design, network: &Name) -> bool {
    let members = design.etcd.member.iter().map(|(name, member)| network_of(design, name, &member.address.to_string()));
    let haproxy = design.api.haproxy.iter().filter(|haproxy| !haproxy.local_only);
    let servers = haproxy.flat_map(|haproxy| &haproxy.server);
    let servers = servers.map(|(name, server)| network_of(design, name, &server.address));
    !design.etcd.member.is_empty() && members.chain(servers).all(|asked| asked.as_ref() == Some(network))
}

/// The network in which a machine has an address.
fn network_of(design: &Design, machine: &Name, address: &str) -> Option<Name> {
    let nics = &design.machine.get(machine)?.nic;
    let has = |nic: &MachineNic| {
        nic.address.addr().to_string() == address || nic.address6.is_some_and(|six| six.addr().to_string() == address)
    };
    nics.iter().find(|(_, nic)| has(nic)).map(|(network, _)| network.clone())
}

pub(super) fn one_holder(build: &mut Build<'_>) -> Option<Promise> {
    let design = build.design;
    let vrrp = design.api.vrrp.as_ref()?;
    let members: Vec<Name> = vrrp.member.keys().filter(|member| build.exists(member)).cloned().collect();
    if members.len() < 2 || !design.network.contains_key(&design.api.network) {
        return None;
    }
    let gives_way = steps_back(design);
    let mended = if gives_way { Vec::new() } else { pairs(build, vrrp, &members) };
    let each: Vec<Node> = mended.iter().map(|way| way.broken(build)).collect();
    let broken = build.or(each);
    let addresses: Vec<String> = design.api.vip.iter().map(ToString::to_string).collect();
    let why = if gives_way { ": whoever reaches no majority of etcd gives it up" } else { "" };
    Some(Promise {
        id: "one-holder/api".into(),
        observer: "everybody in the network of the address, once checks and elections are through",
        words: format!("at most one machine holds {}{why}", addresses.join(" and ")),
        broken: build.label(broken, "two machines hold the address of the API"),
        origin: "api/vrrp".into(),
        meant_by_all: true,
        from_start: None,
        stays: None,
        mended,
    })
}

/// Any two that are fit and do not hear each other.
fn pairs(build: &mut Build<'_>, vrrp: &Vrrp, members: &[Name]) -> Vec<Mended> {
    let network = build.design.api.network.clone();
    let unfit: Vec<Node> = unfit(build, knows(vrrp), members);
    let mut pairs = Vec::new();
    for (at, one) in members.iter().enumerate() {
        for (other, others_unfit) in members.iter().zip(&unfit).skip(at + 1) {
            let (here, there) = (host_of(build, one), host_of(build, other));
            let when = build.apart(&here, &there, &network);
            let unless = build.or([unfit[at], *others_unfit]);
            let fit = build.circuit.not(unless);
            build.label(fit, format!("{one} and {other} are both fit to hold the address, as far as each can see"));
            pairs.push(Mended { when, unless });
        }
    }
    pairs
}

/// For each member that it is not fit, and gives the address up. What is not certain is left out: it counts as fit then.
fn unfit(build: &mut Build<'_>, knows: Knows, members: &[Name]) -> Vec<Node> {
    let behind = if knows == Knows::Path { behind(build, members) } else { None };
    let each = members.iter().enumerate().map(|(at, member)| {
        let origin = format!("machine/{member}");
        // A host that has lost its quorum resets itself, a minute later.
        let mut unfit = vec![build.stopped(member)];
        unfit.push(build.part(&format!("machine/{member}/keepalived"), Kind::Daemon, &origin));
        if knows != Knows::Nothing {
            unfit.push(build.part(&format!("machine/{member}/haproxy"), Kind::Daemon, &origin));
        }
        unfit.extend(behind.as_ref().map(|behind| behind[at]));
        let unfit = build.or(unfit);
        build.label(unfit, format!("{member} is not fit to hold the address"))
    });
    each.collect()
}

/// For each member that it reaches no API server in a majority of etcd, where the circuit says that exactly. It rather calls
/// things apart that are not; here that would be the wrong side, so that the networks in between count as whole then.
fn behind(build: &mut Build<'_>, members: &[Name]) -> Option<Vec<Node>> {
    let design = build.design;
    let between = etcd_network(design)?;
    let servers = servers(build, Some(&between));
    let local_only = design.api.haproxy.as_ref().is_some_and(|haproxy| haproxy.local_only);
    let network_to = |server: &Name| {
        let address = design.api.haproxy.as_ref()?.server.get(server).map(|server| server.address.clone())?;
        network_of(design, server, &address)
    };
    let voters: Vec<&Name> = design.etcd.member.keys().collect();
    let mut asked: Vec<(Name, Name)> = voters.iter().map(|voter| ((*voter).clone(), between.clone())).collect();
    for (server, _, _) in &servers {
        asked.push((server.clone(), between.clone()));
        if !local_only {
            let network = network_to(server)?;
            asked.extend(members.iter().chain([server]).map(|machine| (machine.clone(), network.clone())));
        }
    }
    let members_elsewhere = design
        .etcd
        .member
        .iter()
        .any(|(name, member)| network_of(design, name, &member.address.to_string()).as_ref() != Some(&between));
    if voters.len() > 15
        || members_elsewhere
        || !asked.iter().all(|(machine, network)| certain(build, machine, network))
    {
        build.assume("whoever may hold the address of the API reaches its servers, while it does not hear the others");
        return None;
    }
    let mut each = Vec::new();
    for member in members {
        let host = host_of(build, member);
        let mut ways = Vec::new();
        for (server, server_host, down) in servers.iter().filter(|(server, _, _)| !local_only || server == member) {
            let apart = match network_to(server) {
                Some(network) if server != member => build.apart(&host, server_host, &network),
                _ => Node::FALSE,
            };
            ways.push(build.or([*down, apart]));
        }
        each.push(build.and(ways));
    }
    Some(each)
}

/// Whether it is certain when a machine is cut off in a network: it stands in it, its host has one switch there, or a pair that
/// acts as one, and no bond that believes carriers; and no host resets itself.
fn certain(build: &Build<'_>, machine: &Name, network: &Name) -> bool {
    let Some(of) = build.design.machine.get(machine) else { return false };
    of.nic.contains_key(network) && !build.fences(&of.host) && build.is_certain(&of.host, network)
}

impl Mended {
    /// It is broken in this way.
    pub(crate) fn broken(self, build: &mut Build<'_>) -> Node {
        let not = build.circuit.not(self.unless);
        build.and([self.when, not])
    }
}
