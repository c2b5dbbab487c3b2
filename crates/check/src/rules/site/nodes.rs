//! OS-001, 004 and 006: what nodes' kernels and kubelets are told.

use plimsoll_diagnostics::Severity;
use plimsoll_views::World;

use crate::words::list;
use crate::{Evidence, Finding, Manual, Reads, Rule, Verdicts};

pub(super) const OS_001: Rule = Rule {
    id: "OS-001",
    severity: Severity::Error,
    summary: "nodes forward packets",
    reads: Reads::Files,
    silent_behind: &[],
    manual: Manual {
        checks: "The last `net.ipv4.ip_forward` among the sysctl files of a machine is 0, and its files show a kubelet. \
                 Not stated is not judged: container runtimes and network programs often set it themselves.",
        breaks: "Packets of pods never leave their node.",
        remedy: "`net.ipv4.ip_forward = 1`.",
        before: "net.ipv4.ip_forward = 0",
        after: "net.ipv4.ip_forward = 1",
        source: "Kubernetes documentation, Container Runtimes, network configuration; Calico documentation, IPv6",
        evidence: Evidence::Seen,
    },
    check: forwarding,
};

pub(super) const OS_004: Rule = Rule {
    id: "OS-004",
    severity: Severity::Warning,
    summary: "nodes run on version 2 of control groups",
    reads: Reads::Files,
    silent_behind: &[],
    manual: Manual {
        checks: "A kubelet is told to run on version 1 (`failCgroupV1: false`), which it refuses from 1.35 on otherwise.",
        breaks: "The switch will go away, and with it the node at that upgrade.",
        remedy: "An operating system with version 2 (all of the last years), and the line left out.",
        before: "failCgroupV1: false",
        after: "# no failCgroupV1",
        source: "kubernetes/system-validators pull request 59; kubelet config v1beta1 types; KEP 5573",
        evidence: Evidence::Seen,
    },
    check: old_groups,
};

pub(super) const OS_006: Rule = Rule {
    id: "OS-006",
    severity: Severity::Error,
    summary: "nodes with swap have kubelets that allow it",
    reads: Reads::Design,
    silent_behind: &[],
    manual: Manual {
        checks: "Nodes have swap, and the kubelet refuses to run with it (failSwapOn, true unless stated): an error. \
                 Kubelets that allow it are supported (pods then use none by default): advice where members of etcd \
                 are on such nodes. A cluster file that states swap allows it in the kubelets too.",
        breaks: "No kubelet starts; or etcd is swapped out under pressure and elects again.",
        remedy: "No swap in the nodes.",
        before: "kubernetes: { kubelet: { swap: true } }",
        after: "kubernetes: { version: \"1.36\" }",
        source: "kubelet config v1beta1 types, failSwapOn",
        evidence: Evidence::Seen,
    },
    check: swap,
};

fn forwarding(world: &World<'_>, verdicts: &mut Verdicts) {
    for node in &world.site.forwarding_off {
        let name = node.get().map(String::as_str).unwrap_or_default();
        verdicts.broken(
            Finding::new(Severity::Error, node.place(), format!("{name} does not forward packets"))
                .at(node, "turned off here")
                .breaks("packets of its pods never leave it")
                .help("`net.ipv4.ip_forward = 1`"),
        );
    }
}

fn old_groups(world: &World<'_>, verdicts: &mut Verdicts) {
    for kubelet in &world.site.cgroup_v1 {
        verdicts.broken(
            Finding::new(
                Severity::Warning,
                kubelet.place(),
                format!("{} is told to run on version 1 of control groups", kubelet.place().component()),
            )
            .at(kubelet, "")
            .breaks("the switch will go away, and the node with it")
            .help("an operating system with version 2, and no `failCgroupV1`"),
        );
    }
}

fn swap(world: &World<'_>, verdicts: &mut Verdicts) {
    let Some(node) = &world.site.node else { return };
    let (Some(swap), Some(fails)) = (node.swap.copied(), node.fail_swap_on.copied()) else { return };
    let member = |name| {
        let design = world.design?.design;
        design.machine.get(name).filter(|machine| machine.role.is_node()).map(|_| name.as_str())
    };
    let members: Vec<&str> =
        world.design.into_iter().flat_map(|it| it.design.etcd.member.keys()).filter_map(member).collect();
    verdicts.verdict(if swap && fails {
        let message = "nodes have swap, and their kubelets refuse to run with it";
        Some(
            Finding::new(Severity::Error, node.swap.place(), message)
                .at(&node.swap, "")
                .context(&node.fail_swap_on, "refuses it")
                .breaks("no kubelet starts")
                .help("no swap: leave `kubernetes: { kubelet: { swap: … } }` out"),
        )
    } else if swap && !members.is_empty() {
        let message = format!("nodes have swap, and {} are members of etcd", list(&members));
        Some(
            Finding::new(Severity::Advice, node.swap.place(), message)
                .at(&node.swap, "")
                .breaks("etcd is swapped out under pressure, answers late, and elects again")
                .help("leave `swap` out, or put etcd on machines of its own"),
        )
    } else {
        None
    });
}
