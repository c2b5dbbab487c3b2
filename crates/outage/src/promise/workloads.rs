//! `capacity/TENANT`: the pods of a tenant run.

use plimsoll_model::design::{Machine, Purpose};
use plimsoll_model::{Design, Name};

use crate::how::{Case, How};
use crate::mechanism::node;
use crate::network::World;

pub(super) fn capacity(world: &World<'_>, tenant: &str) -> How {
    let design = world.design;
    let Some((_, after)) = world.network_for(Purpose::Nodes) else { return How::masked("no network of nodes") };
    let takes_pods = |machine: &Machine| !machine.taints.iter().any(|taint| taint.effect != "PreferNoSchedule");
    let workers: Vec<&Name> = design.nodes().filter(|(_, machine)| takes_pods(machine)).map(|(name, _)| name).collect();
    let gone = workers.iter().filter(|name| after.away.contains(*name)).count();
    if gone == 0 {
        return How::masked("every node that takes pods is there");
    }
    if gone == workers.len() {
        return How::until_repair("no node that takes pods is left");
    }
    let mut cases = vec![
        Case { when: "the pod ran elsewhere".to_owned(), how: How::masked("it goes on") },
        Case {
            when: "the pod ran there and any node may take its place".to_owned(),
            how: node::evicted(&design.kubernetes).into(),
        },
    ];
    if has_volumes(design, tenant) {
        // The controller keeps a StatefulSet's pod, and a volume that one node writes, until the node is back or an operator
        // says that it is dead.
        cases.push(Case {
            when: "the pod belongs to a StatefulSet, or has a volume that one node holds".to_owned(),
            how: How::until_repair(
                "it stays until its node returns, or carries the taint node.kubernetes.io/out-of-service",
            ),
        });
    }
    How::Either(cases)
}

/// Whether pods of a tenant have volumes.
pub(super) fn has_volumes(design: &Design, tenant: &str) -> bool {
    design.tenant.get(&Name::from(tenant)).is_some_and(|tenant| !tenant.storage.is_empty())
}
