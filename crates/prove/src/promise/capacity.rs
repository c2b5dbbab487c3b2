//! `capacity/<tenant>`: what a tenant was promised fits on what is left.

use std::collections::BTreeMap;

use plimsoll_circuit::Node;
use plimsoll_model::design::{Machine, Role, Tenant};
use plimsoll_model::units::{Bytes, MilliCpu};
use plimsoll_model::{Name, Origins};
use plimsoll_views::DesignSource;
use plimsoll_views::workloads::{HostRoom as Seen, from_design};

use crate::build::Build;

use super::{Promise, node_network, nodes, unusable};

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
    if rooms.is_empty() || design.tenant.is_empty() {
        return Vec::new();
    }
    let network = node_network(build);
    let mut hosts: BTreeMap<String, Vec<Node>> = BTreeMap::new();
    // Whatever gives room: workers, and control planes that take pods.
    for (node, host) in nodes(build, &[Role::Worker, Role::ControlPlane]) {
        let takes_pods = |machine: &Machine| machine.taints.iter().all(|taint| taint.effect == "PreferNoSchedule");
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
        let cpu = short(build, &rooms, &down, |room| room.cpu.0, need.cpu.0);
        let memory = short(build, &rooms, &down, |room| room.memory.0, need.memory.0);
        build.room.needs.push(need);
        let cpu = build.label(cpu, "processors are short for the quotas");
        let memory = build.label(memory, "memory is short for the quotas");
        let broken = build.or([cpu, memory]);
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
        });
    }
    promises
}

fn rank(build: &Build<'_>, tenant: &Tenant) -> i32 {
    build.design.priority_class.get(&Name::from(tenant.priority_class.as_str())).map_or(0, |class| class.value)
}

/// What is left is less than `need`.
fn short(
    build: &mut Build<'_>,
    rooms: &[Seen],
    down: &BTreeMap<String, Node>,
    of: impl Fn(&Seen) -> u64,
    need: u64,
) -> Node {
    // Room on a host of which it is not known when it is lost is no room.
    let weighted: Vec<(u64, Node)> = rooms
        .iter()
        .filter_map(|room| Some((of(room), *down.get(&room.host)?)))
        .filter(|(room, _)| *room > 0)
        .collect();
    let total: u64 = weighted.iter().map(|(room, _)| room).sum();
    if need > total {
        return Node::TRUE;
    }
    build.circuit.threshold(total - need + 1, weighted)
}
