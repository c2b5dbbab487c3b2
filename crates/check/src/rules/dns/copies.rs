//! DNS-001 to 003 and 028: enough copies of CoreDNS, apart from each other, also after an upgrade.

use plimsoll_diagnostics::Severity;
use plimsoll_views::{Scope, World};

use crate::{Evidence, Finding, Manual, Reads, Rule, Verdicts};

pub(super) const DNS_001: Rule = Rule {
    id: "DNS-001",
    severity: Severity::Error,
    summary: "CoreDNS runs at least twice",
    reads: Reads::Both,
    silent_behind: &[],
    manual: Manual {
        checks: "CoreDNS has fewer than 2 copies. Error when the loss of a host is a declared goal for DNS, warning when \
                 it is not, error for none at all.",
        breaks: "While the only copy moves to another node, which takes 5 minutes after a node is lost without notice, \
                 no pod resolves a name.",
        remedy: "2 or 3 copies.",
        before: "replicas: 1",
        after: "replicas: 3",
        source: "the common practice of kubeadm (2 copies) and Kubespray (2 and more)",
        evidence: Evidence::Seen,
    },
    check: single,
};

pub(super) const DNS_002: Rule = Rule {
    id: "DNS-002",
    severity: Severity::Error,
    summary: "copies of CoreDNS cannot share a machine",
    reads: Reads::Both,
    silent_behind: &["DNS-001"],
    manual: Manual {
        checks: "No constraint keeps two copies of CoreDNS apart: neither a required anti-affinity nor a topology spread \
                 with DoNotSchedule. kubeadm's own anti-affinity is only preferred, and never looked at again after the \
                 pods are placed. Error when the loss of a host is a declared goal for DNS, else warning.",
        breaks: "kubeadm starts all copies on the first machine, before the others have joined; they stay there, and its \
                 reboot is an outage of all names.",
        remedy: "A topology spread by a patch of kubeadm (target corednsdeployment, from 1.31), or a restart of the \
                 Deployment after the last machine has joined.",
        before: "affinity:\n  podAntiAffinity:\n    preferredDuringSchedulingIgnoredDuringExecution: [...]",
        after: "topologySpreadConstraints:\n- topologyKey: kubernetes.io/hostname\n  maxSkew: 1\n  whenUnsatisfiable: DoNotSchedule",
        source: "kubernetes/kubeadm issues 1931 and 1657; kubernetes-sigs/cluster-api issue 9639",
        evidence: Evidence::Seen,
    },
    check: together,
};

pub(super) const DNS_003: Rule = Rule {
    id: "DNS-003",
    severity: Severity::Warning,
    summary: "a disruption budget keeps copies of CoreDNS while nodes are drained",
    reads: Reads::Both,
    silent_behind: &["DNS-001"],
    manual: Manual {
        checks: "No disruption budget selects the pods of CoreDNS (kubeadm makes none), or it lets all of them go at \
                 once.",
        breaks: "Two drains at the same time, or one of the node that has them all, end every copy.",
        remedy: "A PodDisruptionBudget with maxUnavailable 1 for `k8s-app: kube-dns`.",
        before: "# no PodDisruptionBudget",
        after: "apiVersion: policy/v1\nkind: PodDisruptionBudget\nmetadata: { name: coredns, namespace: kube-system }\nspec:\n  maxUnavailable: 1\n  selector: { matchLabels: { k8s-app: kube-dns } }",
        source: "kubernetes/kubeadm issue 1672; Kubespray's CoreDNS templates",
        evidence: Evidence::Seen,
    },
    check: no_budget,
};

pub(super) const DNS_028: Rule = Rule {
    id: "DNS-028",
    severity: Severity::Warning,
    summary: "changes to kubeadm's CoreDNS survive its upgrades",
    reads: Reads::Files,
    silent_behind: &[],
    manual: Manual {
        checks: "The Deployment of CoreDNS carries constraints that kubeadm does not set, kubeadm manages it \
                 (`dns.disabled` is not true), and no patch `corednsdeployment*` is among the files.",
        breaks: "The next `kubeadm upgrade apply` writes its own Deployment again: all copies may end up on one node, with \
                 170 MiB each.",
        remedy: "The same changes as a patch with target corednsdeployment (from 1.31) for init and upgrade, or \
                 `dns.disabled: true` and an own chart.",
        before: "kubectl -n kube-system edit deployment coredns",
        after: "patches/corednsdeployment+strategic.yaml",
        source: "kubernetes/kubeadm issue 3033; kubernetes/kubernetes issue 124820",
        evidence: Evidence::Seen,
    },
    check: overwritten,
};

/// Error when a host's loss is among the goals for names. For copies that may lie together as well: kubeadm places all
/// of them on its first machine, so that the promise is broken from the first day on.
fn by_goal(world: &World<'_>) -> Severity {
    if world.goals.one("host", Scope::Promise("dns")) { Severity::Error } else { Severity::Warning }
}

fn single(world: &World<'_>, verdicts: &mut Verdicts) {
    let Some(copies) = &world.dns.copies else { return };
    let Some(replicas) = copies.replicas.copied() else {
        verdicts.cannot_judge(&copies.place, "the copies of CoreDNS");
        return;
    };
    verdicts.verdict((replicas < 2).then(|| {
        let (severity, message) = match replicas {
            0 => (Severity::Error, "CoreDNS does not run".to_owned()),
            _ => (by_goal(world), "CoreDNS runs only once".to_owned()),
        };
        let label = if copies.replicas.is_default() { "nobody states `replicas`, so it is 1" } else { "" };
        Finding::new(severity, copies.replicas.place(), message)
            .at(&copies.replicas, label)
            .breaks("while its node is away, no pod resolves a name")
            .help("2 or 3 copies on different hosts")
            .cause("coredns")
    }));
}

fn together(world: &World<'_>, verdicts: &mut Verdicts) {
    let Some(copies) = &world.dns.copies else { return };
    match copies.spread.copied() {
        None => verdicts.cannot_judge(&copies.place, "what keeps the copies of CoreDNS apart"),
        Some(apart) => verdicts.verdict((!apart).then(|| {
            Finding::new(by_goal(world), copies.spread.place(), "all copies of CoreDNS may run on one machine")
                .at(&copies.spread, "nothing keeps them apart for certain")
                .breaks("kubeadm starts them on the first machine; its reboot ends all name resolution in pods")
                .help("a topology spread with `whenUnsatisfiable: DoNotSchedule`, as a patch of kubeadm")
                .cause("coredns")
        })),
    }
}

fn no_budget(world: &World<'_>, verdicts: &mut Verdicts) {
    let Some(copies) = &world.dns.copies else { return };
    let (Some(budget), Some(replicas)) = (copies.budget.copied(), copies.replicas.copied()) else {
        verdicts.cannot_judge(&copies.place, "the labels and the disruption budget of CoreDNS");
        return;
    };
    let finding = match budget {
        None => Some(
            Finding::new(Severity::Warning, copies.budget.place(), "no disruption budget covers CoreDNS")
                .at(&copies.budget, "")
                .breaks("two drains at a time end every copy, and pods resolve nothing"),
        ),
        Some(allowed) if allowed >= replicas && replicas >= 2 => Some(
            Finding::new(
                Severity::Warning,
                copies.budget.place(),
                format!("the disruption budget of CoreDNS lets all {replicas} copies go at once"),
            )
            .at(&copies.budget, "")
            .breaks("a drain may end every copy, and pods resolve nothing"),
        ),
        Some(_) => None,
    };
    verdicts.verdict(finding.map(|finding| finding.help("`maxUnavailable: 1`").cause("coredns")));
}

fn overwritten(world: &World<'_>, verdicts: &mut Verdicts) {
    let Some(copies) = &world.dns.copies else { return };
    match copies.overwritten_by_upgrade.copied() {
        None => verdicts.cannot_judge(&copies.place, "kubeadm's ClusterConfiguration"),
        Some(lost) => verdicts.verdict(lost.then(|| {
            Finding::new(
                Severity::Warning,
                copies.overwritten_by_upgrade.place(),
                "kubeadm will undo the changes to CoreDNS with its next upgrade",
            )
            .at(&copies.overwritten_by_upgrade, "kubeadm does not know of this")
            .breaks("all copies may end up on one node, and nobody notices until it reboots")
            .help("put them in a patch with target `corednsdeployment`, or set `dns.disabled: true`")
        })),
    }
}
