//! `capacity/<tenant>`: what a tenant was promised fits on what is left.

use std::collections::BTreeMap;

use plimsoll_circuit::Node;
use plimsoll_model::design::{Role, Tenant};
use plimsoll_model::units::{Bytes, MilliCpu};
use plimsoll_model::{Name, Origins};
use plimsoll_views::DesignSource;
use plimsoll_views::workloads::{HostRoom as Seen, from_design};

use crate::build::Build;

use super::{NOTHING_TAKES_PODS, Promise, node_network, nodes, takes_pods, unusable};

/// The room that is compared with what tenants were promised: the numbers behind `capacity/<tenant>`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Room {
    /// Room on each host that has a worker.
    pub hosts: Vec<HostRoom>,
    /// What each tenant needs.
    pub needs: Vec<Need>,
}

/// Room for pods of tenants on one host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HostRoom {
    /// The host.
    pub host: String,
    /// Processor time.
    pub cpu: MilliCpu,
    /// Memory.
    pub memory: Bytes,
    /// True when that room is gone: the worker on it is down or cut off.
    pub gone: Node,
}

/// What must fit so that a tenant has its quota: its own, and that of all that rank as high.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Need {
    /// The tenant.
    pub tenant: String,
    /// Processor time.
    pub cpu: MilliCpu,
    /// Memory.
    pub memory: Bytes,
}

/// Sums of processor time and of memory over hosts, as WKL-001 has them: what fails the sum cannot fit, what passes it fits
/// if the pods are not too coarse for the gaps.
pub(super) fn capacity(build: &mut Build<'_>, origins: &Origins) -> Vec<Promise> {
    let design = build.design;
    let rooms =
        from_design(DesignSource { design, origins }).capacity.map(|capacity| capacity.hosts).unwrap_or_default();
    // No room at all is what a tenant must hear of first: its promise is there, and broken from the start.
    if design.tenant.is_empty() {
        return Vec::new();
    }
    let network = node_network(build);
    let mut hosts: BTreeMap<String, Vec<Node>> = BTreeMap::new();
    // Whatever gives room: workers, and control planes that take pods.
    for (node, host) in nodes(build, &[Role::Worker, Role::ControlPlane]) {
        if !design.machine.get(&node).is_some_and(takes_pods) {
            continue;
        }
        let down = unusable(build, &node, &host, network.as_ref());
        hosts.entry(host.to_string()).or_default().push(down);
    }
    let mut down: BTreeMap<String, Node> = BTreeMap::new();
    for (host, nodes) in hosts {
        let any = build.or(nodes);
        let any = build.label(any, format!("a node with room on {host} is down or cut off"));
        down.insert(host, any);
    }
    build.room.hosts = rooms
        .iter()
        .filter_map(|room| {
            let gone = *down.get(&room.host)?;
            Some(HostRoom { host: room.host.clone(), cpu: room.cpu, memory: room.memory, gone })
        })
        .collect();
    build.assume("pods are small enough for the gaps on nodes: room is compared as a sum");
    let mut promises = Vec::new();
    for (name, tenant) in &design.tenant {
        // Pods that matter more are there first.
        let before: Vec<&Tenant> =
            design.tenant.values().filter(|other| rank(build, other) >= rank(build, tenant)).collect();
        let need = Need {
            tenant: name.to_string(),
            cpu: MilliCpu(before.iter().map(|tenant| tenant.cpu.0).sum()),
            memory: Bytes(before.iter().map(|tenant| tenant.memory.0).sum()),
        };
        let cpu = Sum::of(&rooms, &down, |room| room.cpu.0, need.cpu.0);
        let memory = Sum::of(&rooms, &down, |room| room.memory.0, need.memory.0);
        build.room.needs.push(need);
        let from_start = if down.is_empty() {
            Some(NOTHING_TAKES_PODS)
        } else {
            (cpu.spare.is_none() || memory.spare.is_none())
                .then_some("with everything there, there is less room than that")
        };
        // Where one is never short before the other, one sum says it all.
        let (cpu, memory) = match (cpu.implies(&memory), memory.implies(&cpu)) {
            (true, _) => (Node::FALSE, memory.short(build)),
            (false, true) => (cpu.short(build), Node::FALSE),
            (false, false) => (cpu.short(build), memory.short(build)),
        };
        let cpu = build.label(cpu, "processors are short for the quotas");
        let memory = build.label(memory, "memory is short for the quotas");
        // A tenant of nothing has no room either where no pod can be put.
        let nowhere = Node::from_constant(down.is_empty());
        let broken = build.or([cpu, memory, nowhere]);
        promises.push(Promise {
            id: format!("capacity/{name}"),
            observer: "a tenant within its quota, after its pods were started elsewhere",
            words: format!(
                "there is room for {} CPU and {} of {name}, and of all that rank as high",
                tenant.cpu, tenant.memory
            ),
            broken: build.label(broken, format!("there is no room for the quota of {name}")),
            origin: format!("tenant/{name}"),
            meant_by_all: true,
            from_start,
            stays: None,
            mended: Vec::new(),
        });
    }
    promises
}

fn rank(build: &Build<'_>, tenant: &Tenant) -> i32 {
    build.design.priority_class.get(&Name::from(tenant.priority_class.as_str())).map_or(0, |class| class.value)
}

/// Room on hosts, of which no more than `spare` may be lost.
struct Sum {
    /// Per host with room of which it is known when it is lost: the room, and when.
    of: Vec<(u64, Node)>,
    /// What may be lost; less than nothing when all of it is too little.
    spare: Option<u64>,
}

/// Combinations of numbers of like hosts that are looked at to compare two sums.
const MOST: u64 = 100_000;

impl Sum {
    fn of(rooms: &[Seen], down: &BTreeMap<String, Node>, of: impl Fn(&Seen) -> u64, need: u64) -> Self {
        // Room on a host of which it is not known when it is lost is no room.
        let of: Vec<(u64, Node)> = rooms.iter().filter_map(|room| Some((of(room), *down.get(&room.host)?))).collect();
        let total: u64 = of.iter().map(|(room, _)| room).sum();
        Sum { of, spare: total.checked_sub(need) }
    }

    /// What is left is less than is needed.
    fn short(&self, build: &mut Build<'_>) -> Node {
        match self.spare {
            None => Node::TRUE,
            Some(spare) => build.circuit.threshold(spare + 1, self.of.iter().copied().filter(|(room, _)| *room > 0)),
        }
    }

    /// Whether this is never short without the other being short too. Hosts with the same room of both kinds are alike,
    /// so that it is enough to look at every number of each.
    fn implies(&self, other: &Sum) -> bool {
        let (Some(spare), Some(spare_of_other)) = (self.spare, other.spare) else { return other.spare.is_none() };
        let mut alike: BTreeMap<(u64, u64), u64> = BTreeMap::new();
        for ((own, node), (others, same)) in self.of.iter().zip(&other.of) {
            debug_assert_eq!(node, same, "both sums are over the same hosts in the same order");
            *alike.entry((*own, *others)).or_default() += 1;
        }
        let combinations = alike.values().try_fold(1u64, |all, count| all.checked_mul(count + 1));
        if combinations.is_none_or(|all| all > MOST) {
            return false;
        }
        let kinds: Vec<((u64, u64), u64)> = alike.into_iter().collect();
        holds(&kinds, (0, 0), &|(own, others)| own <= spare || others > spare_of_other)
    }
}

/// Whether something holds for the sums over every number of each kind.
fn holds(kinds: &[((u64, u64), u64)], sums: (u64, u64), what: &dyn Fn((u64, u64)) -> bool) -> bool {
    let Some((((own, others), count), rest)) = kinds.split_first() else { return what(sums) };
    (0..=*count).all(|lost| holds(rest, (sums.0 + lost * own, sums.1 + lost * others), what))
}

#[cfg(test)]
mod tests {
    use plimsoll_circuit::{Circuit, Var};

    use super::*;

    fn sum(circuit: &mut Circuit, rooms: &[u64], spare: u64) -> Sum {
        let of = rooms.iter().enumerate().map(|(at, room)| (*room, circuit.variable(Var(at as u32)))).collect();
        Sum { of, spare: Some(spare) }
    }

    #[test]
    fn one_sum_is_enough_only_when_it_is_never_the_later_one() {
        let mut circuit = Circuit::new();
        // Three like hosts: 2 of 6 processors and 3 of 9 memory may go, so that the second host is too many for both.
        let cpu = sum(&mut circuit, &[2, 2, 2], 2);
        let memory = sum(&mut circuit, &[3, 3, 3], 5);
        assert!(cpu.implies(&memory) && memory.implies(&cpu));
        // With one host more to spare in memory, processors are short first.
        let memory = sum(&mut circuit, &[3, 3, 3], 6);
        assert!(!cpu.implies(&memory) && memory.implies(&cpu));
        // Hosts that are not alike: either may be short first.
        let cpu = sum(&mut circuit, &[4, 1, 1], 3);
        let memory = sum(&mut circuit, &[1, 4, 4], 4);
        assert!(!cpu.implies(&memory) && !memory.implies(&cpu));
    }

    #[test]
    fn all_combinations_agree_with_the_rule() {
        // Every pair of small sums, by trying all subsets.
        let rooms = [[1, 2, 3], [2, 2, 1], [3, 1, 1], [1, 1, 1]];
        for own in rooms {
            for others in rooms {
                for (spare, spare_of_other) in (0..7).flat_map(|a| (0..7).map(move |b| (a, b))) {
                    let mut circuit = Circuit::new();
                    let (a, b) = (sum(&mut circuit, &own, spare), sum(&mut circuit, &others, spare_of_other));
                    let lost = |rooms: [u64; 3], set: u32| {
                        (0..3).filter(|at| set >> at & 1 == 1).map(|at| rooms[at]).sum::<u64>()
                    };
                    let by_hand = (0..8u32).all(|set| lost(own, set) <= spare || lost(others, set) > spare_of_other);
                    assert_eq!(a.implies(&b), by_hand, "{own:?} {spare} {others:?} {spare_of_other}");
                }
            }
        }
    }
}
