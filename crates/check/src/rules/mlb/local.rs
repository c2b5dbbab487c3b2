//! MLB-014: services that only nodes with a pod of theirs serve.

use plimsoll_diagnostics::Severity;
use plimsoll_model::design::Announce;
use plimsoll_views::World;

use super::metallb;
use crate::{Evidence, Finding, Manual, Reads, Rule, Verdicts};

pub(super) const MLB_014: Rule = Rule {
    id: "MLB-014",
    severity: Severity::Warning,
    summary: "a service that only nodes with its pods announce has more than one of them",
    reads: Reads::Files,
    silent_behind: &[],
    manual: Manual {
        checks: "Pools are announced by layer 2, a service of type LoadBalancer has externalTrafficPolicy Local, and the one \
                 Deployment or StatefulSet that its selector chooses has fewer than two copies. Workloads that an autoscaler \
                 sets are not judged.",
        breaks: "Only a node with a pod of the service answers for its address: with one copy no other node can take the \
                 address over, until the pod itself runs again elsewhere.",
        remedy: "Two copies or more, on different nodes.",
        before: "kind: Deployment\nspec: { replicas: 1 }",
        after: "kind: Deployment\nspec: { replicas: 2 }",
        source: "MetalLB, concepts, layer 2 and \"Traffic policies\" of the usage page",
        evidence: Evidence::SeenPrinciple,
    },
    check: lone_copy,
};

fn lone_copy(world: &World<'_>, verdicts: &mut Verdicts) {
    if !world.is_files() || metallb(world).is_none_or(|metallb| !metallb.announces(Announce::L2)) {
        return;
    }
    for service in &world.services.services {
        match (service.local.copied(), service.copies.copied()) {
            (Some(false), _) => verdicts.holds(),
            (Some(true), Some(copies)) => verdicts.verdict((copies < 2).then(|| {
                let label = if service.copies.is_default() { "replicas is left out, which means 1" } else { "" };
                Finding::new(
                    Severity::Warning,
                    &service.place,
                    format!("no node can take the address of {} over", service.name),
                )
                .at(&service.local, "only nodes with a pod of it answer")
                .context(&service.copies, label)
                .breaks("when that node fails, the address is gone until the pod runs elsewhere")
                .help("run two copies on different nodes")
            })),
            _ => verdicts.cannot_judge(&service.place, "its traffic policy and the copies behind it"),
        }
    }
}
