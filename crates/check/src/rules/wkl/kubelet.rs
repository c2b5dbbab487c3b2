//! WKL-013, 014 and 018: what a node keeps for itself, and how soon its loss is answered.

use plimsoll_diagnostics::Severity;
use plimsoll_views::World;

use crate::{Evidence, Finding, Manual, Reads, Rule, Verdicts};

pub(super) const WKL_013: Rule = Rule {
    id: "WKL-013",
    severity: Severity::Warning,
    summary: "nodes keep something for their own programs",
    reads: Reads::Both,
    silent_behind: &[],
    manual: Manual {
        checks: "Neither kubeReserved nor systemReserved is stated with an amount above zero.",
        breaks: "Pods may ask for all of a node: the kubelet and the system then compete with them, and the node flaps.",
        remedy: "200m and 1 GiB for the kubelet, 200m and 512 MiB for the system, more on large nodes.",
        before: "# neither kubeReserved nor systemReserved",
        after: "kubeReserved: { cpu: 200m, memory: 1Gi }\nsystemReserved: { cpu: 200m, memory: 512Mi }",
        source: "Kubernetes documentation, Reserve Compute Resources for System Daemons; kubelet config v1beta1 types",
        evidence: Evidence::Seen,
    },
    check: nothing_kept,
};

pub(super) const WKL_014: Rule = Rule {
    id: "WKL-014",
    severity: Severity::Advice,
    summary: "pods of a lost node are replaced within the time that services may be away",
    reads: Reads::Design,
    silent_behind: &[],
    manual: Manual {
        checks: "An objective for services is stated, and the grace period of nodes plus the toleration of unreachable \
                 ones (40 s and 300 s by default) is longer.",
        breaks: "A service with a single copy is away for 5 to 6 minutes after its node was lost.",
        remedy: "Two copies; or `tolerationSeconds: 30` to 60 for the few pods that cannot have them. Never below 30 s. \
                 Where the hypervisor restarts a node within 2 minutes, pods then move twice.",
        before: "objectives: { ingress: 60s }",
        after: "objectives: { ingress: 6m }",
        source: "Kubespray docs/advanced/kubernetes-reliability.md",
        evidence: Evidence::SeenPrinciple,
    },
    check: slow,
};

pub(super) const WKL_018: Rule = Rule {
    id: "WKL-018",
    severity: Severity::Warning,
    summary: "thresholds of eviction are stated all or none",
    reads: Reads::Both,
    silent_behind: &[],
    manual: Manual {
        checks: "evictionHard states some of memory.available, nodefs.available, nodefs.inodesFree and imagefs.available, \
                 lacks others, and mergeDefaultEvictionSettings is not true.",
        breaks: "What is missing becomes 0: a disk fills to the last byte, and then the kubelet and etcd stop.",
        remedy: "All four, or `mergeDefaultEvictionSettings: true`.",
        before: "evictionHard: { memory.available: 500Mi }",
        after: "evictionHard:\n  memory.available: 500Mi\n  nodefs.available: 10%\n  nodefs.inodesFree: 5%\n  imagefs.available: 15%",
        source: "kubelet config v1beta1 types, evictionHard",
        evidence: Evidence::Seen,
    },
    check: gaps,
};

fn nothing_kept(world: &World<'_>, verdicts: &mut Verdicts) {
    for kubelet in &world.workloads.kubelets {
        let Some(reserved) = kubelet.reserved.copied() else {
            verdicts.cannot_judge(kubelet.reserved.place(), "what is reserved");
            continue;
        };
        verdicts.verdict((!reserved).then(|| {
            Finding::new(
                Severity::Warning,
                kubelet.reserved.place(),
                format!("{} keeps nothing for the system and the kubelet", kubelet.name),
            )
            .at(&kubelet.reserved, "neither `kubeReserved` nor `systemReserved`")
            .breaks("pods may take all of a node, whose own programs then starve")
            .help(if world.is_files() {
                "`kubeReserved: { cpu: 200m, memory: 1Gi }` and `systemReserved: { cpu: 200m, memory: 512Mi }`"
            } else {
                "leave `kube_reserved_…` and `system_reserved_…` out, which have defaults"
            })
        }));
    }
}

fn slow(world: &World<'_>, verdicts: &mut Verdicts) {
    let Some(reaction) = &world.workloads.reaction else { return };
    let (Some(grace), Some(toleration), Some(objective)) =
        (reaction.grace.copied(), reaction.toleration.copied(), reaction.objective.copied())
    else {
        return;
    };
    let total = grace + toleration;
    verdicts.verdict((total > objective).then(|| {
        Finding::new(
            Severity::Advice,
            reaction.objective.place(),
            format!(
                "pods of a lost node are replaced after {} s, and services may be away {objective}",
                total.whole_secs()
            ),
        )
        .at(&reaction.objective, "")
        .context(&reaction.toleration, format!("{toleration} after the {grace} in which the node may be silent"))
        .breaks("a service with a single copy is away for longer than it may be")
        .help("two copies of every service; or `tolerationSeconds: 30` for pods that cannot have them")
    }));
}

fn gaps(world: &World<'_>, verdicts: &mut Verdicts) {
    for kubelet in &world.workloads.kubelets {
        let Some(gaps) = kubelet.eviction_gaps.get() else {
            verdicts.cannot_judge(kubelet.eviction_gaps.place(), "`evictionHard`");
            continue;
        };
        verdicts.verdict((!gaps.is_empty()).then(|| {
            Finding::new(
                Severity::Warning,
                kubelet.eviction_gaps.place(),
                format!("{} evicts nothing for {}", kubelet.name, gaps.join(", ")),
            )
            .at(&kubelet.eviction_gaps, "what a stated list lacks is 0")
            .breaks("a disk or the memory fills to the end, and the kubelet and etcd stop with it")
            .help("all four thresholds, or `mergeDefaultEvictionSettings: true`")
        }));
    }
}
