//! What a cluster owes its users, each as a circuit over its components.

mod api;
mod capacity;
mod holders;
mod management;
mod names;
mod nfs;
mod services;
mod storage;

use plimsoll_circuit::Node;
use plimsoll_model::design::{Goal, Machine, Role};
use plimsoll_model::{Name, Origins};

use crate::build::{Build, Supposed};

pub(crate) use holders::deaf_ports;

pub use capacity::{HostRoom, Need, Room};

/// A promise.
#[derive(Clone, Debug)]
pub struct Promise {
    /// Its name: `api`, `capacity/alice`.
    pub id: String,
    /// Who sees it kept or broken.
    pub observer: &'static str,
    /// What is promised, in words.
    pub words: String,
    /// True when it is broken.
    pub broken: Node,
    /// The part of the Design that it is about.
    pub origin: String,
    /// Whether `all` in `survive:` means it too. What only describes how another promise comes back is not meant.
    pub meant_by_all: bool,
    /// Why it is broken while nothing has failed, where that is so and a reason is known.
    pub from_start: Option<&'static str>,
    /// True when what breaks it keeps it broken until it is repaired, where that is less than `broken`: pods that are started
    /// elsewhere. `None`: whatever breaks it does.
    pub stays: Option<Node>,
    /// For a promise that more failures can mend: the ways in which it breaks, which together are all of `broken`. Empty for
    /// one that they cannot.
    pub mended: Vec<Mended>,
}

/// One way in which a promise breaks that more failures can mend.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mended {
    /// It breaks while this is true; more failures never make it false.
    pub when: Node,
    /// And this is not; more failures never make it false either.
    pub unless: Node,
}

/// Why a promise to pods is broken from the start.
pub(crate) const NOTHING_TAKES_PODS: &str = "nothing that takes pods is left";

impl Promise {
    /// `broken from the start: nothing that takes pods is left`, for one that is broken while nothing has failed.
    pub fn broken_from_start(&self) -> String {
        let why = self.from_start.map(|why| format!(": {why}")).unwrap_or_default();
        format!("broken from the start{why}")
    }

    /// Whether a line of `survive:` speaks of it: by name, by family (`capacity/*`), or `all`.
    pub fn is_meant(&self, pattern: &str) -> bool {
        if pattern == "all" { self.meant_by_all } else { Goal::names(pattern, &self.id) }
    }
}

/// All promises of a Design, in the order in which they are shown.
///
/// Hosts on two switches with no way between them meet on the first while that has power, and on the second when it is off:
/// one more failure mends what a cable before it broke. Promises say "broken" in failures alone, so that both states are
/// looked at apart: broken while the first stays on whatever happens, or the first is off and it is broken then. That is
/// never less than the truth, and the truth for the first alone. Of several such switches one at a time is taken as off; the
/// others count then as if their hosts knew no other.
pub(crate) fn all(build: &mut Build<'_>, origins: &Origins) -> Vec<Promise> {
    let firsts = build.lone_firsts();
    if firsts.is_empty() {
        return each(build, origins);
    }
    let memo = std::mem::take(&mut build.memo);
    build.supposed = Supposed { on: firsts.clone(), off: None };
    let mut promises = each(build, origins);
    let mut room = std::mem::take(&mut build.room);
    for first in firsts {
        build.memo.clear();
        build.supposed = Supposed { on: Vec::new(), off: Some(first.clone()) };
        let others = each(build, origins);
        let without = std::mem::take(&mut build.room);
        build.supposed = Supposed::default();
        build.memo.clear();
        let off = build.switch_off(&first);
        let off = build.label(off, format!("switch/{first} is off"));
        let mut either = |on: Node, then: Node| {
            let text = build.labels.get(&then).or_else(|| build.labels.get(&on)).cloned();
            let then = build.and([off, then]);
            let either = build.or([on, then]);
            text.map_or(either, |text| build.label(either, text))
        };
        for (promise, other) in promises.iter_mut().zip(others) {
            promise.broken = either(promise.broken, other.broken);
            promise.stays = promise.stays.zip(other.stays).map(|(on, then)| either(on, then));
            let then = other.mended.into_iter();
            promise.mended.extend(then.map(|way| Mended { when: either(Node::FALSE, way.when), ..way }));
        }
        for (host, other) in room.hosts.iter_mut().zip(without.hosts) {
            host.gone = either(host.gone, other.gone);
        }
    }
    (build.memo, build.room) = (memo, room);
    promises
}

fn each(build: &mut Build<'_>, origins: &Origins) -> Vec<Promise> {
    let mut promises = vec![api::api(build)];
    promises.extend(holders::one_holder(build));
    let (dns, zone, ingress) = (names::dns(build), names::zone(build), services::ingress(build));
    let outside = names::outside(build, dns.as_ref(), &ingress);
    promises.extend(dns);
    promises.extend(outside);
    promises.extend(zone);
    promises.extend(ingress);
    promises.extend(storage::storage(build));
    promises.extend(nfs::nfs(build));
    storage::on_one_node(build);
    promises.extend(capacity::capacity(build, origins));
    promises.extend(services::egress(build));
    promises.extend(management::management(build));
    promises
}

/// Whether pods of tenants are put on a machine.
fn takes_pods(machine: &Machine) -> bool {
    machine.taints.iter().all(|taint| taint.effect == "PreferNoSchedule")
}

/// Nodes in service with their host, of these roles.
fn nodes(build: &Build<'_>, roles: &[Role]) -> Vec<(Name, Name)> {
    let mut nodes = Vec::new();
    for role in roles {
        for name in build.of_role(*role) {
            if let Some(machine) = build.design.machine.get(&name) {
                nodes.push((name.clone(), machine.host.clone()));
            }
        }
    }
    nodes
}

/// Nodes that carry pods, with their host.
fn carriers(build: &Build<'_>) -> Vec<(Name, Name)> {
    let mut carriers = nodes(build, &[Role::Worker]);
    if carriers.is_empty() {
        // A small cluster may run its pods on control planes.
        carriers = nodes(build, &[Role::ControlPlane]);
        carriers.retain(|(node, _)| build.design.machine.get(node).is_some_and(takes_pods));
    }
    carriers
}

/// The network in which nodes are, by the interface that has the default route, or the first.
fn node_network(build: &Build<'_>) -> Option<Name> {
    let purpose = plimsoll_model::design::Purpose::Nodes;
    build.design.network_for(purpose).map(|(name, _)| name.clone())
}

/// A node is down, or cut off from the network of nodes.
fn unusable(build: &mut Build<'_>, node: &Name, host: &Name, network: Option<&Name>) -> Node {
    let down = build.machine(node);
    let cut = network.map_or(Node::FALSE, |network| build.cut_off(host, network));
    let unusable = build.or([down, cut]);
    build.label(unusable, format!("{node} is down or cut off"))
}

/// All ways to pick `size` of `count`, as indices. For small groups only.
fn subsets(count: usize, size: usize) -> Vec<Vec<usize>> {
    let mut all = Vec::new();
    let mut picked: Vec<usize> = (0..size).collect();
    if size == 0 || size > count {
        return all;
    }
    loop {
        all.push(picked.clone());
        // The last that can still move up.
        let Some(at) = (0..size).rev().find(|&at| picked[at] < count - size + at) else { return all };
        picked[at] += 1;
        for next in at + 1..size {
            picked[next] = picked[next - 1] + 1;
        }
    }
}

/// A member of a group that decides by majority.
struct Voter {
    name: String,
    host: Name,
    down: Node,
}

/// For each voter: it is not in any majority whose members are all up and reach each other. Each majority is looked at by
/// itself; of more than fifteen voters there are too many, and nothing is promised.
fn without_majority(build: &mut Build<'_>, voters: &[Voter], network: Option<&Name>, what: &str) -> Vec<Node> {
    if voters.len() > 15 {
        build.assume(&format!("{what} has more voters than are judged: it counts as broken"));
        return vec![Node::TRUE; voters.len()];
    }
    let quorum = voters.len() / 2 + 1;
    let hosts: Vec<Name> = voters.iter().map(|voter| voter.host.clone()).collect();
    if let Some(cut) = network.and_then(|network| build.meet_at_core(&hosts, network)) {
        // All that reach the core reach each other, and nobody else does: a majority is a count.
        let out: Vec<Node> = voters.iter().zip(cut).map(|(voter, cut)| build.or([voter.down, cut])).collect();
        let few = build.circuit.at_least((voters.len() - quorum + 1) as u64, out.iter().copied());
        let each = voters.iter().zip(out).map(|(voter, out)| {
            let alone = build.or([out, few]);
            build.label(alone, format!("{} is in no majority of {what}", voter.name))
        });
        return each.collect();
    }
    let mut broken = Vec::new();
    for subset in subsets(voters.len(), quorum) {
        let mut parts: Vec<Node> = subset.iter().map(|&index| voters[index].down).collect();
        if let Some(network) = network {
            for (at, &one) in subset.iter().enumerate() {
                for &other in &subset[at + 1..] {
                    parts.push(build.apart(&voters[one].host, &voters[other].host, network));
                }
            }
        }
        broken.push((subset, build.or(parts)));
    }
    let mut each = Vec::new();
    for (index, voter) in voters.iter().enumerate() {
        let of_voter: Vec<Node> =
            broken.iter().filter(|(subset, _)| subset.contains(&index)).map(|(_, node)| *node).collect();
        let alone = build.and(of_voter);
        each.push(build.label(alone, format!("{} is in no majority of {what}", voter.name)));
    }
    each
}

#[cfg(test)]
mod tests {
    use super::subsets;

    #[test]
    fn subsets_are_all_and_each_once() {
        assert_eq!(subsets(3, 2), [[0, 1], [0, 2], [1, 2]]);
        assert_eq!(subsets(7, 4).len(), 35);
        assert!(subsets(2, 3).is_empty() && subsets(2, 0).is_empty());
    }
}
