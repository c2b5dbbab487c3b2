//! VRRP-003, 004 and 008: a failed check must move the address.
//!
//! One predicate stands behind all three. With `eff(i, fault) = 255 if p_i = 255, else clamp(p_i + Σ positive weights
//! that are ok − Σ |negative weights that failed|, 1, 254)`, member j takes over from i if and only if i is in FAULT,
//! or j may preempt and `eff(j, ok) > eff(i, fault)`, strictly.

use plimsoll_diagnostics::Severity;
use plimsoll_views::World;
use plimsoll_views::vrrp::{Track, VrrpGroup, VrrpMember};

use super::{OWNER, by_priority, check_cause, guarded};
use crate::{Evidence, Finding, Manual, Reads, Rule, Verdicts};

const SOURCE: &str = "keepalived.conf(5), vrrp_script and track_script; keepalived vrrp_scheduler.c and \
                      vrrp_track.c; acassen/keepalived issue 2599";
const TESTED: Evidence = Evidence::Tested("keepalived 2.2.7 and 2.3.3 in two and three network namespaces");

pub(super) const VRRP_003: Rule = Rule {
    id: "VRRP-003",
    severity: Severity::Error,
    summary: "a failed check lowers the holder below every healthy member",
    reads: Reads::Both,
    silent_behind: &["VRRP-008"],
    manual: Manual {
        checks: "For members ordered by priority p1 ≥ p2 ≥ … ≥ pn and W, the absolute value of a check's negative \
                 weight: an error when max(1, p1 − W) ≥ p2 (on a tie the holder stays), a warning when the holder \
                 loses to the second but not to the last (W ≤ p1 − pn): when the second fails as well, the first takes \
                 the address back and keeps it over a healthy third. With W = p1 − pn these two tie, and whoever speaks \
                 first has it. A weight of 0 takes the member out of the election and is fine, and so are \
                 other weights beside a script of weight 0 that asks for an answer.",
        breaks: "The check fails and the address stays where nothing answers.",
        remedy: "Leave the weight out, so that the member goes to FAULT; or make it larger than the distance between \
                 the highest and the lowest priority.",
        before: "vrrp_script check { weight -10 }    # priorities 150, 140, 130",
        after: "vrrp_script check { }               # no weight: the member goes to FAULT",
        source: SOURCE,
        evidence: TESTED,
    },
    check: negative,
};

pub(super) const VRRP_004: Rule = Rule {
    id: "VRRP-004",
    severity: Severity::Error,
    summary: "losing a positive weight lowers the holder below every healthy member",
    reads: Reads::Both,
    silent_behind: &["VRRP-003", "VRRP-008"],
    manual: Manual {
        checks: "With a positive weight W that every healthy member adds: an error when the holder without it still \
                 reaches the second with it, p1 ≥ min(254, p2 + W), since equality keeps the holder; a warning when it \
                 loses to the second but not to the last, p1 ≥ min(254, pn + W): when the second fails as well, the first \
                 takes the address back although the third is healthy, or ties with it, and whoever speaks first has \
                 it.",
        breaks: "The check fails and the order of the members does not change: the address stays where nothing answers.",
        remedy: "Leave the weight out; or make it larger than p1 − pn, with every sum at most 254.",
        before: "vrrp_script check { weight 5 }      # priorities 150, 140",
        after: "vrrp_script check { }               # no weight: the member goes to FAULT",
        source: SOURCE,
        evidence: TESTED,
    },
    check: positive,
};

pub(super) const VRRP_008: Rule = Rule {
    id: "VRRP-008",
    severity: Severity::Error,
    summary: "a member with priority 255 tracks nothing by weight",
    reads: Reads::Both,
    silent_behind: &[],
    manual: Manual {
        checks: "Priority 255, which `state MASTER` without a priority stands for as well, together with any tracked \
                 object whose weight is not 0. A weight of 0 works.",
        breaks: "255 marks the owner of the address, whose priority keepalived never changes: the weighted check is not \
                 tracked at all, and its failure moves nothing.",
        remedy: "Give priorities of at most 254, or leave the weight out.",
        before: "priority 255\ntrack_script { check weight -60 }",
        after: "priority 150\ntrack_script { check }",
        source: SOURCE,
        evidence: TESTED,
    },
    check: owner,
};

fn negative(world: &World<'_>, verdicts: &mut Verdicts) {
    for Tracked { group, order, track, weight } in tracks(world, verdicts) {
        if weight > 0 {
            continue;
        }
        let (first, holder) = order[0];
        let (second, next) = order[1];
        let (last, lowest) = order[order.len() - 1];
        let lowered = (i32::from(first) + weight).max(1);
        let finding = |severity, message: &str, label: String| {
            Finding::new(severity, track.weight.place(), message).at(&track.weight, label).cause(check_cause(group))
        };
        let help =
            format!("leave the weight out, so that the holder goes to FAULT; or make it lower than -{}", first - last);
        verdicts.verdict(if weight == 0 || first == OWNER {
            None
        } else if lowered >= i32::from(second) {
            let stays = if lowered == i32::from(second) { "ties with" } else { "still beats" };
            Some(
                finding(
                    Severity::Error,
                    "the check can fail without moving the VIP",
                    format!("lowers {first} to {lowered}, which {stays} {second}"),
                )
                .breaks(format!(
                    "the path to the API dies on {}, the VIP stays there although {} is healthy, and nothing answers \
                     until somebody notices",
                    holder.name, next.name
                ))
                .help(help),
            )
        } else if lowered == i32::from(last) {
            // A backup takes an advertisement of its own priority for the holder's: neither address nor health decides.
            Some(
                finding(
                    Severity::Warning,
                    "after a second failed check the VIP can stay on a failed member",
                    format!("lowers {first} to {lowered}, which ties with {last}"),
                )
                .breaks(format!(
                    "whichever of {} and {} speaks first has the VIP, although only {} is healthy",
                    holder.name, lowest.name, lowest.name
                ))
                .help(help),
            )
        } else if lowered > i32::from(last) {
            Some(
                finding(
                    Severity::Warning,
                    "after a second failed check the VIP stays on a failed member",
                    format!("lowers {first} to {lowered}, which still beats {last}"),
                )
                .breaks(format!("{} would be healthy and is never elected", lowest.name))
                .help(help),
            )
        } else {
            None
        });
    }
}

fn positive(world: &World<'_>, verdicts: &mut Verdicts) {
    for Tracked { group, order, track, weight } in tracks(world, verdicts) {
        if weight <= 0 {
            continue;
        }
        let (first, holder) = order[0];
        let (second, next) = order[1];
        let (last, lowest) = order[order.len() - 1];
        let raised = |priority: u8| (i32::from(priority) + weight).min(254);
        let failed = i32::from(first);
        let finding = |severity, message: &str, label: String| {
            Finding::new(severity, track.weight.place(), message)
                .at(&track.weight, label)
                .help(format!(
                    "leave the weight out, so that the holder goes to FAULT; or make it higher than {}",
                    first - last
                ))
                .cause(check_cause(group))
        };
        verdicts.verdict(if first == OWNER {
            None
        } else if failed >= raised(second) {
            let label = format!("raises {second} to {}, which does not beat {first}", raised(second));
            Some(finding(Severity::Error, "the check can fail without moving the VIP", label).breaks(format!(
                "the path to the API dies on {}, the VIP stays there although {} is healthy, and nothing answers until \
                 somebody notices",
                holder.name, next.name
            )))
        } else if failed == raised(last) {
            // As with negative weights: a backup takes an advertisement of its own priority for the holder's.
            let label = format!("raises {last} to {}, which ties with {first} without it", raised(last));
            let message = "after a second failed check the VIP can stay on a failed member";
            Some(finding(Severity::Warning, message, label).breaks(format!(
                "whichever of {} and {} speaks first has the VIP, although only {} is healthy",
                holder.name, lowest.name, lowest.name
            )))
        } else if failed > raised(last) {
            let label = format!("raises {last} to {}, which does not beat {first} without it", raised(last));
            let message = "after a second failed check the VIP stays on a failed member";
            Some(
                finding(Severity::Warning, message, label)
                    .breaks(format!("{} would be healthy and is never elected", lowest.name)),
            )
        } else {
            None
        });
    }
}

fn owner(world: &World<'_>, verdicts: &mut Verdicts) {
    for group in &world.vrrp {
        for member in &group.members {
            let weighted = member
                .tracked()
                .find(|track| track.weight.copied().is_some_and(|weight| weight != 0))
                .filter(|_| !guarded(member));
            match (member.priority.copied(), weighted) {
                (Some(OWNER), Some(track)) => verdicts.broken(
                    Finding::new(
                        Severity::Error,
                        member.priority.place(),
                        format!("{} owns the VIP with priority 255, so its check counts for nothing", member.name),
                    )
                    .at(&member.priority, "the owner's priority never changes")
                    .context(&track.weight, "not applied")
                    .breaks("the check fails, and the VIP stays where nothing answers")
                    .help("give it a priority of at most 254, or leave the weight out")
                    .cause(check_cause(group)),
                ),
                (Some(_), _) => verdicts.holds(),
                (None, Some(_)) => verdicts.cannot_judge(&member.place, "its priority"),
                (None, None) => {}
            }
        }
    }
}

/// A tracked object of the likely holder.
struct Tracked<'a> {
    group: &'a VrrpGroup,
    /// All members, from the highest priority down.
    order: Vec<(u8, &'a VrrpMember)>,
    track: &'a Track,
    weight: i32,
}

/// Each tracked object of the member with the highest priority, with the whole order, for groups of two or more.
fn tracks<'a>(world: &'a World<'_>, verdicts: &mut Verdicts) -> Vec<Tracked<'a>> {
    let mut found = Vec::new();
    for group in &world.vrrp {
        let Some(order) = by_priority(group) else {
            verdicts.cannot_judge(&group.place, "the priority of every member");
            continue;
        };
        if order.len() < 2 {
            if world.is_files() && !order.is_empty() {
                verdicts.cannot_judge(&group.place, "the files of the other members");
            }
            continue;
        }
        for track in order[0].1.tracked().filter(|_| !guarded(order[0].1)) {
            match track.weight.copied() {
                Some(weight) => found.push(Tracked { group, order: order.clone(), track, weight }),
                None => verdicts.cannot_judge(&track.place, "its weight"),
            }
        }
    }
    found
}
