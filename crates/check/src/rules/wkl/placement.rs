//! WKL-012 and 017: pods that need a domain of their own.

use plimsoll_diagnostics::Severity;
use plimsoll_views::World;
use plimsoll_views::arithmetic::{rollout, rollout_moves};
use plimsoll_views::workloads::{OwnDomain, Workload};

use crate::{Evidence, Finding, Manual, Reads, Rule, Verdicts};

pub(super) const WKL_012: Rule = Rule {
    id: "WKL-012",
    severity: Severity::Error,
    summary: "a required anti-affinity has a domain for every pod",
    reads: Reads::Files,
    silent_behind: &[],
    manual: Manual {
        checks: "A required anti-affinity of a workload against its own pods, and more copies than there are domains: \
                 different values of its topology key among the nodes (objects of kind Node) whose labels and taints let \
                 the pods run there.",
        breaks: "The pods beyond that number are Pending for ever.",
        remedy: "Fewer copies, or a topology spread with maxSkew 1.",
        before: "replicas: 4          # three nodes",
        after: "replicas: 3",
        source: "Kubernetes documentation, Assigning Pods to Nodes; the count is ours",
        evidence: Evidence::Expertise,
    },
    check: too_many,
};

pub(super) const WKL_017: Rule = Rule {
    id: "WKL-017",
    severity: Severity::Error,
    summary: "a Deployment whose pods need a domain each can be replaced",
    reads: Reads::Files,
    silent_behind: &["WKL-012"],
    manual: Manual {
        checks: "A Deployment with a required anti-affinity against its own pods of every generation (no \
                 `pod-template-hash` in `matchLabelKeys`), as many copies as domains, and maxUnavailable that comes to 0: \
                 it is rounded down, so the default of 25 % is 0 for 3 copies and fewer.",
        breaks: "Each update hangs: the new pod finds no domain, and no old one may go.",
        remedy: "maxUnavailable 1 and maxSurge 0, a topology spread with maxSkew 1, or one more node.",
        before: "replicas: 3          # three nodes, required anti-affinity\n# strategy: 25% / 25%",
        after: "replicas: 3\nstrategy:\n  rollingUpdate: { maxUnavailable: 1, maxSurge: 0 }",
        source: "Kubernetes API, RollingUpdateDeployment; deployment controller, ResolveFenceposts",
        evidence: Evidence::SeenPrinciple,
    },
    check: hangs,
};

/// Workloads with a domain for each pod, their copies and the domains; unknown numbers are told.
fn judged<'a>(world: &'a World<'_>, verdicts: &mut Verdicts) -> Vec<(&'a Workload, &'a OwnDomain, u32, u32)> {
    let mut list = Vec::new();
    for workload in &world.workloads.list {
        let Some(own) = &workload.own_domain else { continue };
        match (workload.replicas.copied(), own.eligible.copied()) {
            (Some(replicas), Some(domains)) => list.push((workload, own, replicas, domains)),
            _ => verdicts.cannot_judge(&own.place, "the nodes on which its pods may run"),
        }
    }
    list
}

fn too_many(world: &World<'_>, verdicts: &mut Verdicts) {
    for (workload, own, replicas, domains) in judged(world, verdicts) {
        verdicts.verdict((replicas > domains).then(|| {
            Finding::new(
                Severity::Error,
                &own.place,
                format!("{} has {replicas} copies and {domains} places for them", workload.title),
            )
            .at_place(&own.place, format!("one pod for each value of {}", own.key))
            .context(&workload.replicas, "")
            .breaks(format!("what is beyond {domains} is Pending for ever"))
            .help(format!("{domains} copies, or a topology spread with `maxSkew: 1`"))
            .cause(workload.title.clone())
        }));
    }
}

fn hangs(world: &World<'_>, verdicts: &mut Verdicts) {
    for (workload, own, replicas, domains) in judged(world, verdicts) {
        let Some(strategy) = workload.rollout.copied() else {
            verdicts.cannot_judge(workload.rollout.place(), "how its pods are replaced");
            continue;
        };
        let Some((max_unavailable, max_surge)) = strategy else {
            verdicts.holds();
            continue;
        };
        let (missing, surge) = rollout(replicas, max_unavailable, max_surge);
        let stuck =
            own.against_old && replicas > 0 && replicas <= domains && !rollout_moves(replicas, domains, missing, surge);
        verdicts.verdict(stuck.then(|| {
            let default = if workload.rollout.is_default() { "the default " } else { "" };
            Finding::new(
                Severity::Error,
                &own.place,
                format!("an update of {} hangs: all {domains} places are taken", workload.title),
            )
            .at_place(&own.place, "a new pod may not stand beside an old one")
            .context(
                &workload.rollout,
                format!("{default}`maxUnavailable: {max_unavailable}` lets none of {replicas} go first"),
            )
            .breaks("a new version never comes up, and neither does a repair")
            .help("`maxUnavailable: 1` and `maxSurge: 0`")
            .cause(workload.title.clone())
        }));
    }
}
