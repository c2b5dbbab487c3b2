//! VRRP-009: strict RFC behaviour and what it forbids.

use plimsoll_diagnostics::Severity;
use plimsoll_model::units::Millis;
use plimsoll_views::World;
use plimsoll_views::vrrp::VrrpMember;

use crate::{Evidence, Finding, Manual, Reads, Rule, Verdicts};

pub(super) const VRRP_009: Rule = Rule {
    id: "VRRP-009",
    severity: Severity::Error,
    summary: "strict mode is off where it would drop what the group relies on",
    reads: Reads::Both,
    silent_behind: &[],
    manual: Manual {
        checks: "`vrrp_strict` or `strict_mode` together with a priority below 255 and no `accept`, which version 2 does \
                 not have: an error. With unicast peers, authentication or a preempt_delay alone: a warning.",
        breaks: "In strict mode keepalived drops every packet to the address on a member that does not own it. \
                 Authentication and preempt_delay are left out. Versions after 2.3.3 reject an instance with unicast peers.",
        remedy: "Leave `vrrp_strict` out.",
        before: "global_defs { vrrp_strict }",
        after: "global_defs { }",
        source: "keepalived.conf(5), vrrp_strict; keepalived vrrp.c",
        evidence: Evidence::Tested(
            "keepalived 2.2.7 in two network namespaces; 2.3.3: unicast accepted, `accept` of version 2 reset, packets \
             to the VIP dropped by its own nftables rules",
        ),
    },
    check,
};

fn check(world: &World<'_>, verdicts: &mut Verdicts) {
    for group in &world.vrrp {
        let broken = group.members.iter().find_map(|member| {
            let lost = lost(member);
            (member.strict.is(&true) && !lost.is_empty()).then_some((member, lost))
        });
        let known = group.members.iter().all(|member| member.strict.get().is_some());
        match broken {
            Some((member, lost)) => {
                let dropped = drops(member);
                let severity = if dropped { Severity::Error } else { Severity::Warning };
                verdicts.broken(
                    Finding::new(
                        severity,
                        member.strict.place(),
                        format!("strict mode forbids what {} is set up to do", member.name),
                    )
                    .at(&member.strict, lost.join("; "))
                    .breaks(if dropped {
                        "the VIP is held and does not answer"
                    } else {
                        "what is left out does not protect, and an upgrade may stop the instance"
                    })
                    .help("leave `vrrp_strict` out"),
                );
            }
            None if known => verdicts.holds(),
            None => verdicts.cannot_judge(&group.place, "whether strict mode is on"),
        }
    }
}

/// Whether strict mode drops packets to the address: the daemon's default of `accept` and what it takes back are known.
fn drops(member: &VrrpMember) -> bool {
    member.priority.copied().is_none_or(|priority| priority < 255) && !member.accept.is(&true)
}

fn lost(member: &VrrpMember) -> Vec<&'static str> {
    let what = [
        (drops(member), "packets to the VIP are dropped"),
        (member.unicast.is(&true), "versions after 2.3.3 reject unicast peers"),
        (member.authentication.get().is_some_and(Option::is_some), "authentication is left out"),
        (member.preempt_delay.copied().is_some_and(|delay| delay > Millis(0)), "preempt_delay is reset"),
    ];
    what.into_iter().filter_map(|(lost, what)| lost.then_some(what)).collect()
}
