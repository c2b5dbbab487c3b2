//! VRRP-007: priorities tell the members apart.

use plimsoll_diagnostics::Severity;
use plimsoll_views::World;

use super::by_priority;
use crate::{Evidence, Finding, Manual, Reads, Rule, Verdicts};

pub(super) const VRRP_007: Rule = Rule {
    id: "VRRP-007",
    severity: Severity::Warning,
    summary: "each member has a priority of its own",
    reads: Reads::Both,
    silent_behind: &[],
    manual: Manual {
        checks: "Two members of a group with the same priority: a warning when a check with a weight decides the \
                 election, advice otherwise (the sample of kubeadm has 101, 100, 100).",
        breaks: "On a tie the higher address wins: that is settled, but for one advertisement interval both members \
                 may be master, and nobody sees the order in the file.",
        remedy: "Distinct priorities, such as 150, 140, 130.",
        before: "priority 100    # on cp-2 and on cp-3",
        after: "priority 140    # on cp-2\npriority 130    # on cp-3",
        source: "keepalived.conf(5), priority; RFC 9568 section 6.4.3; kubeadm ha-considerations.md",
        evidence: Evidence::Tested("keepalived 2.2.7 in two network namespaces"),
    },
    check,
};

fn check(world: &World<'_>, verdicts: &mut Verdicts) {
    for group in &world.vrrp {
        let Some(order) = by_priority(group) else {
            verdicts.cannot_judge(&group.place, "the priority of every member");
            continue;
        };
        let weighted = group
            .members
            .iter()
            .any(|member| member.tracked().any(|track| track.weight.copied().is_some_and(|weight| weight != 0)));
        let tie = order.windows(2).find(|pair| pair[0].0 == pair[1].0);
        verdicts.verdict(tie.map(|pair| {
            let (priority, a) = pair[0];
            let b = pair[1].1;
            let severity = if weighted { Severity::Warning } else { Severity::Advice };
            Finding::new(
                severity,
                b.priority.place(),
                format!("{} and {} have the same priority {priority}", a.name, b.name),
            )
            .at(&b.priority, "")
            .context(&a.priority, "the same")
            .breaks("both may be master for one advertisement, until the higher address wins")
            .help("give each member a priority of its own, such as 150, 140, 130")
        }));
    }
}
