//! VRRP-020: the firewall lets advertisements through.

use plimsoll_diagnostics::Severity;
use plimsoll_views::World;

use crate::{Evidence, Finding, Manual, Reads, Rule, Verdicts};

pub(super) const VRRP_020: Rule = Rule {
    id: "VRRP-020",
    severity: Severity::Error,
    summary: "members let IP protocol 112 in from each other",
    reads: Reads::Design,
    silent_behind: &[],
    manual: Manual {
        checks: "The input rules of a member drop by default and accept no VRRP (IP protocol 112). Files \
                 are not judged yet.",
        breaks: "No member hears another: each becomes master and holds the address.",
        remedy: "Accept protocol 112 from the other members.",
        before: "chain input { policy drop; tcp dport { 22, 6443, 8443 } accept }",
        after: "chain input { policy drop; tcp dport { 22, 6443, 8443 } accept; \
                ip protocol vrrp ip saddr { 10.30.12.11, 10.30.12.12 } accept }",
        source: "RFC 9568 section 5.1.1.4 (protocol 112)",
        evidence: Evidence::Expertise,
    },
    check,
};

fn check(world: &World<'_>, verdicts: &mut Verdicts) {
    for member in world.vrrp.iter().flat_map(|group| &group.members) {
        match member.lets_vrrp_in.copied() {
            Some(true) => verdicts.holds(),
            Some(false) => verdicts.broken(
                Finding::new(
                    Severity::Error,
                    member.lets_vrrp_in.place(),
                    format!("the firewall of {} drops VRRP", member.name),
                )
                .at(&member.lets_vrrp_in, "no rule accepts IP protocol 112")
                .breaks("no member hears another: each becomes master, and several machines hold the VIP")
                .help("accept protocol 112 from the other members"),
            ),
            None => verdicts.cannot_judge(&member.place, "its firewall"),
        }
    }
}
