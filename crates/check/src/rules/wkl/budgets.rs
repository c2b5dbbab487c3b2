//! WKL-007 to 009 and 019: disruption budgets.

use plimsoll_diagnostics::Severity;
use plimsoll_views::World;
use plimsoll_views::arithmetic::{evictions, quorum};
use plimsoll_views::workloads::{Budget, Workload};

use crate::{Evidence, Finding, Manual, Reads, Rule, Verdicts};

pub(super) const WKL_007: Rule = Rule {
    id: "WKL-007",
    severity: Severity::Error,
    summary: "a disruption budget lets nodes be drained",
    reads: Reads::Both,
    silent_behind: &[],
    manual: Manual {
        checks: "What a budget lets go of a workload it selects is 0: copies less minAvailable, or maxUnavailable; shares \
                 of both are rounded up. With an autoscaler its least copies count. Error for 2 copies or more, warning \
                 for one. Budgets that Rook keeps are left out: it changes them while it works.",
        breaks: "A drain of a node with one of these pods never ends, and with it every upgrade.",
        remedy: "maxUnavailable 1.",
        before: "replicas: 3\n# PodDisruptionBudget: minAvailable: 3",
        after: "replicas: 3\n# PodDisruptionBudget: maxUnavailable: 1",
        source: "Kubernetes documentation, Disruptions and policy/v1 PodDisruptionBudget; OpenShift documentation, pod \
                 disruption budgets",
        evidence: Evidence::Seen,
    },
    check: blocks,
};

pub(super) const WKL_008: Rule = Rule {
    id: "WKL-008",
    severity: Severity::Warning,
    summary: "a workload of several copies has a disruption budget",
    reads: Reads::Files,
    silent_behind: &["DNS-003"],
    manual: Manual {
        checks: "A Deployment or StatefulSet of 2 copies or more that no budget among the files selects.",
        breaks: "Drains of two nodes at a time, or of the one that has all copies, end every one of them.",
        remedy: "A budget with maxUnavailable 1.",
        before: "replicas: 3",
        after: "replicas: 3\n---\nkind: PodDisruptionBudget\nspec: { maxUnavailable: 1, selector: { matchLabels: { app: web } } }",
        source: "Kubernetes documentation, Disruptions",
        evidence: Evidence::Seen,
    },
    check: without,
};

pub(super) const WKL_009: Rule = Rule {
    id: "WKL-009",
    severity: Severity::Error,
    summary: "each pod is selected by one disruption budget, and each budget selects pods",
    reads: Reads::Files,
    silent_behind: &[],
    manual: Manual {
        checks: "Error: two budgets select one workload. Warning: a budget selects no workload among the files, while its \
                 namespace has some; or its selector is empty, which means every pod of the namespace.",
        breaks: "With two budgets each eviction is refused with an error, and a drain never ends. One that selects nothing \
                 protects nothing.",
        remedy: "One budget for each workload, with its labels.",
        before: "selector: { matchLabels: { app: wbe } }",
        after: "selector: { matchLabels: { app: web } }",
        source: "Kubernetes documentation, policy/v1 PodDisruptionBudget; pkg/registry/core/pod/storage/eviction.go",
        evidence: Evidence::SeenPrinciple,
    },
    check: selects,
};

pub(super) const WKL_019: Rule = Rule {
    id: "WKL-019",
    severity: Severity::Error,
    summary: "drains leave a quorum of each program that needs one",
    reads: Reads::Files,
    silent_behind: &[],
    manual: Manual {
        checks: "A workload whose image is etcd, zookeeper, consul, rabbitmq, nats or mongo, of n copies with n ≥ 2: its \
                 budget lets d go at once and n − d < ⌊n/2⌋ + 1. For 2 copies none may go, which WKL-007 would refuse too.",
        breaks: "Two drains at the same time take the quorum, though the budget agrees.",
        remedy: "maxUnavailable 1.",
        before: "replicas: 3\n# PodDisruptionBudget: maxUnavailable: 50%      lets 2 go",
        after: "replicas: 3\n# PodDisruptionBudget: maxUnavailable: 1",
        source: "Kubernetes documentation, Disruptions; Specifying a Disruption Budget (quorum-based applications)",
        evidence: Evidence::SeenPrinciple,
    },
    check: takes_quorum,
};

/// Every budget with each workload that it selects, its copies and how many it lets go.
fn pairs<'a>(world: &'a World<'_>) -> impl Iterator<Item = (&'a Budget, &'a Workload, u32, u32)> {
    let workloads = &world.workloads;
    workloads.budgets.iter().filter(|budget| !budget.kept_by_rook).flat_map(move |budget| {
        let selected = budget.selects.get().map(Vec::as_slice).unwrap_or_default();
        selected.iter().filter_map(move |index| {
            let workload = workloads.list.get(*index)?;
            let replicas = workload.replicas.copied()?;
            let allowed = evictions(replicas, budget.min_available.copied()?, budget.max_unavailable.copied()?)?;
            Some((budget, workload, replicas, allowed))
        })
    })
}

fn blocks(world: &World<'_>, verdicts: &mut Verdicts) {
    for (budget, workload, replicas, allowed) in pairs(world) {
        // Of no copies none needs to go.
        verdicts.verdict((allowed == 0 && replicas > 0).then(|| {
            let severity = if replicas >= 2 { Severity::Error } else { Severity::Warning };
            let bound = match budget.max_unavailable.get() {
                Some(Some(max)) => format!("`maxUnavailable: {max}` of {replicas}"),
                _ => match budget.min_available.get() {
                    Some(Some(min)) => format!("`minAvailable: {min}` of {replicas}"),
                    _ => String::new(),
                },
            };
            let copies =
                if replicas == 1 { "the only copy".to_owned() } else { format!("none of the {replicas} copies") };
            let verb = if replicas == 1 { "does not let" } else { "lets" };
            let fact = if matches!(budget.max_unavailable.get(), Some(Some(_))) {
                budget.max_unavailable.place()
            } else {
                budget.min_available.place()
            };
            Finding::new(severity, &budget.place, format!("{} {verb} {copies} of {} go", budget.title, workload.title))
                .at_place(fact, bound)
                .context(&workload.replicas, "")
                .breaks("a drain of a node with one of these pods never ends, and with it no upgrade")
                .help(if replicas == 1 { "a second copy, and `maxUnavailable: 1`" } else { "`maxUnavailable: 1`" })
        }));
    }
}

fn without(world: &World<'_>, verdicts: &mut Verdicts) {
    let workloads = &world.workloads;
    if !world.is_files() {
        return;
    }
    // A budget whose labels were left open may be for any of them.
    let open = workloads.budgets.iter().any(|budget| budget.selects.get().is_none());
    for (index, workload) in workloads.list.iter().enumerate() {
        let Some(replicas) = workload.replicas.copied() else { continue };
        if replicas < 2 {
            continue;
        }
        let covered =
            workloads.budgets.iter().any(|budget| budget.selects.get().is_some_and(|list| list.contains(&index)));
        if covered {
            verdicts.holds();
        } else if open {
            verdicts.cannot_judge(&workload.place, "the labels of every disruption budget");
        } else {
            let name = workload.title.rsplit('/').next().unwrap_or_default();
            verdicts.broken(
                Finding::new(
                    Severity::Warning,
                    &workload.place,
                    format!("no disruption budget covers the {replicas} copies of {}", workload.title),
                )
                .at(&workload.replicas, "")
                .breaks("two drains at a time may end every copy")
                .help("a PodDisruptionBudget with `maxUnavailable: 1`")
                .cause(if name == "coredns" { "coredns".to_owned() } else { workload.title.clone() }),
            );
        }
    }
}

fn selects(world: &World<'_>, verdicts: &mut Verdicts) {
    let workloads = &world.workloads;
    if !world.is_files() {
        return;
    }
    for (index, workload) in workloads.list.iter().enumerate() {
        let both: Vec<&Budget> = workloads
            .budgets
            .iter()
            .filter(|budget| budget.selects.get().is_some_and(|list| list.contains(&index)))
            .collect();
        if let [first, second, ..] = both.as_slice() {
            verdicts.broken(
                Finding::new(
                    Severity::Error,
                    &second.place,
                    format!("{} is selected by {} disruption budgets", workload.title, both.len()),
                )
                .at_place(&second.place, "selects it too")
                .context_place(&first.place, "selects it")
                .breaks("every eviction of its pods is refused with an error, and a drain never ends")
                .help("one budget for each workload"),
            );
        }
    }
    for budget in &workloads.budgets {
        let Some(selected) = budget.selects.get() else {
            verdicts.cannot_judge(&budget.place, "its labels, or those of the pods");
            continue;
        };
        let neighbours =
            workloads.list.iter().any(|workload| budget.namespace.is_some() && workload.namespace == budget.namespace);
        let finding = if budget.everything && selected.len() > 1 {
            Some((
                format!("{} is for every pod of its namespace", budget.title),
                "counts pods that have nothing in common",
            ))
        } else if selected.is_empty() && neighbours && !budget.everything {
            Some((format!("{} selects no pods", budget.title), "protects nothing: drains end all copies at once"))
        } else {
            None
        };
        verdicts.verdict(finding.map(|(message, breaks)| {
            Finding::new(Severity::Warning, &budget.place, message)
                .at_place(&budget.place, "")
                .breaks(breaks)
                .help("the labels of the pods of one workload as `selector`")
        }));
    }
}

fn takes_quorum(world: &World<'_>, verdicts: &mut Verdicts) {
    for (budget, workload, replicas, allowed) in pairs(world) {
        let Some(program) = workload.quorum_program else { continue };
        let needed = quorum(replicas);
        let broken = replicas >= 2 && allowed > 0 && replicas - allowed < needed;
        verdicts.verdict(broken.then(|| {
            Finding::new(
                Severity::Error,
                &budget.place,
                format!("{} lets {allowed} of the {replicas} members of {program} go at once", budget.title),
            )
            .at_place(&budget.place, format!("leaves {}, and {needed} must agree", replicas - allowed))
            .context(&workload.replicas, "")
            .breaks("two drains at the same time take the quorum, though the budget agrees")
            .help(if replicas == 2 {
                "three members, and `maxUnavailable: 1`"
            } else {
                "`maxUnavailable: 1`"
            })
        }));
    }
}
