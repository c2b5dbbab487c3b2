//! `capacity/<tenant>`: what a tenant was promised fits on what is left.

use std::collections::BTreeMap;

use plimsoll_circuit::Node;
use plimsoll_model::design::{Machine, Role, Tenant};
use plimsoll_model::{Name, Origins};
use plimsoll_views::DesignSource;
use plimsoll_views::workloads::{HostRoom, from_design};

use crate::build::Build;

use super::{Promise, node_network, nodes, unusable};

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
    build.assume("pods are small enough for the gaps on nodes: room is compared as a sum");
    let mut promises = Vec::new();
    for (name, tenant) in &design.tenant {
        // Pods that matter more are there first.
        let before: Vec<&Tenant> =
            design.tenant.values().filter(|other| rank(build, other) >= rank(build, tenant)).collect();
        let cpu = short(build, &rooms, &down, |room| room.cpu.0, before.iter().map(|tenant| tenant.cpu.0).sum());
        let memory =
            short(build, &rooms, &down, |room| room.memory.0, before.iter().map(|tenant| tenant.memory.0).sum());
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
    rooms: &[HostRoom],
    down: &BTreeMap<String, Node>,
    of: impl Fn(&HostRoom) -> u64,
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
