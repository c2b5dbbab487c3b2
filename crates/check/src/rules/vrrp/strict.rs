//! VRRP-009: strict RFC behaviour and what it forbids.

use plimsoll_diagnostics::Severity;
use plimsoll_model::units::Millis;
use plimsoll_views::World;

use crate::{Evidence, Finding, Manual, Reads, Rule, Verdicts};

pub(super) const VRRP_009: Rule = Rule {
    id: "VRRP-009",
    severity: Severity::Error,
    summary: "strict mode is off where it would drop what the group relies on",
    reads: Reads::Both,
    silent_behind: &[],
    manual: Manual {
        checks: "`vrrp_strict` or `strict_mode` together with any of: a priority below 255 and a service on the address \
                 without `accept`; unicast peers; authentication; a preempt_delay.",
        breaks: "In strict mode packets to the address are dropped on a member that does not own it; unicast is \
                 rejected by current versions (2.2.7 takes it), authentication and preempt_delay are left out.",
        remedy: "Leave `vrrp_strict` out.",
        before: "global_defs { vrrp_strict }",
        after: "global_defs { }",
        source: "keepalived.conf(5), vrrp_strict; keepalived vrrp.c",
        evidence: Evidence::Tested("keepalived 2.2.7 in two network namespaces"),
    },
    check,
};

fn check(world: &World<'_>, verdicts: &mut Verdicts) {
    for group in &world.vrrp {
        let broken = group.members.iter().find_map(|member| {
            if !member.strict.is(&true) {
                return None;
            }
            let mut lost = Vec::new();
            if member.priority.copied().is_none_or(|priority| priority < 255) && !member.accept.is(&true) {
                lost.push("packets to the VIP are dropped");
            }
            if member.unicast.is(&true) {
                lost.push("unicast peers are rejected");
            }
            if member.authentication.get().is_some_and(Option::is_some) {
                lost.push("authentication is left out");
            }
            if member.preempt_delay.copied().is_some_and(|delay| delay > Millis(0)) {
                lost.push("preempt_delay is reset");
            }
            (!lost.is_empty()).then_some((member, lost))
        });
        let known = group.members.iter().all(|member| member.strict.get().is_some());
        match broken {
            Some((member, lost)) => verdicts.broken(
                Finding::new(
                    Severity::Error,
                    member.strict.place(),
                    format!("strict mode forbids what {} is set up to do", member.name),
                )
                .at(&member.strict, lost.join("; "))
                .breaks("the VIP is held and does not answer, or the instance does not start, depending on the version")
                .help("leave `vrrp_strict` out"),
            ),
            None if known => verdicts.holds(),
            None => verdicts.cannot_judge(&group.place, "whether strict mode is on"),
        }
    }
}
