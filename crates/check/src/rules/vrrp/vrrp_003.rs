//! VRRP-003: a failed check must move the address.

use plimsoll_diagnostics::Severity;
use plimsoll_views::vrrp::{VrrpGroup, VrrpMember};
use plimsoll_views::{Fact, World};

use crate::{Evidence, Finding, Manual, Reads, Rule, Verdicts};

pub(super) const RULE: Rule = Rule {
    id: "VRRP-003",
    severity: Severity::Error,
    summary: "a failed check lowers the holder below the next member",
    reads: Reads::Both,
    silent_behind: &[],
    manual: Manual {
        checks: "For members ordered by priority p1 ≥ p2 ≥ … ≥ pn and W, the sum of the negative weights that one fault \
                 triggers: an error when max(1, p1 − W) ≥ p2 (on a tie the holder stays), a warning when the holder loses \
                 to the second but not to the last (W ≤ p1 − pn): then a second failing member keeps the address over a \
                 healthy third. A weight of 0 takes the member out of the election and is fine.",
        breaks: "The check fails and the address stays where nothing answers.",
        remedy: "Leave the weight out, so that the member goes to FAULT; or make it larger than the distance between the \
                 highest and the lowest priority.",
        before: "vrrp_script check { weight -10 }    # priorities 150, 140, 130",
        after: "vrrp_script check { }               # no weight: the member goes to FAULT",
        source: "keepalived.conf(5), vrrp_script; keepalived vrrp_scheduler.c and vrrp_track.c; \
                 acassen/keepalived issue 2599",
        evidence: Evidence::Tested("keepalived 2.2.7 in two network namespaces"),
    },
    check,
};

fn check(world: &World<'_>, verdicts: &mut Verdicts) {
    for group in &world.vrrp {
        match priorities(group) {
            Some(order) if order.len() >= 2 => judge_group(group, &order, verdicts),
            Some(_) => {}
            None => verdicts.cannot_judge(&group.place, "the priority of every member"),
        }
    }
}

fn judge_group(group: &VrrpGroup, order: &[(u8, &VrrpMember)], verdicts: &mut Verdicts) {
    let (first, holder) = order[0];
    let second = order[1].0;
    let last = order[order.len() - 1].0;
    // 255 is the owner of the address: its weighted checks are not tracked at all, which VRRP-008 tells.
    if first == 255 {
        return;
    }
    let negative: Vec<(&Fact<i32>, i32)> = holder
        .tracks
        .iter()
        .filter_map(|track| track.weight.copied().filter(|weight| *weight < 0).map(|weight| (&track.weight, weight)))
        .collect();
    for (fact, weight) in negative {
        let lowered = (i32::from(first) + weight).max(1);
        let finding = |severity, message: &str, label: String| {
            Finding::new(severity, fact.place(), message).at(fact, label).cause(format!("{}/check", group.name))
        };
        if lowered >= i32::from(second) {
            verdicts.broken(
                finding(
                    Severity::Error,
                    "the check can fail without moving the VIP",
                    format!("lowers {first} to {lowered}, which {} {second}", beats(lowered, second)),
                )
                .context(&order[1].1.priority, format!("{} stays behind", order[1].1.name))
                .breaks(format!(
                    "the path dies on {}, the VIP stays there, and the API is gone until somebody notices",
                    holder.name
                ))
                .help(format!(
                    "leave the weight out, so that the holder goes to FAULT; or make it lower than -{}",
                    first - last
                )),
            );
        } else if -weight <= i32::from(first) - i32::from(last) {
            verdicts.broken(
                finding(
                    Severity::Warning,
                    "after a second failed check the VIP stays on a failed member",
                    format!("lowers {first} to {lowered}, which still beats {last}"),
                )
                .breaks(format!("{} would be healthy and is never elected", order[order.len() - 1].1.name))
                .help(format!("leave the weight out; or make it lower than -{}", first - last)),
            );
        } else {
            verdicts.holds();
        }
    }
    if holder.tracks.iter().any(|track| track.weight.is(&0)) {
        verdicts.holds();
    }
}

fn beats(lowered: i32, second: u8) -> &'static str {
    if lowered == i32::from(second) { "ties with" } else { "still beats" }
}

/// Members from the highest priority down; `None` when one is unknown.
fn priorities(group: &VrrpGroup) -> Option<Vec<(u8, &VrrpMember)>> {
    let mut order = group
        .members
        .iter()
        .map(|member| member.priority.copied().map(|priority| (priority, member)))
        .collect::<Option<Vec<_>>>()?;
    order.sort_by_key(|(priority, _)| std::cmp::Reverse(*priority));
    Some(order)
}
