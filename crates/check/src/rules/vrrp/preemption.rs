//! VRRP-005, 006, 021 and 025: who takes the address back, and when.

use plimsoll_diagnostics::Severity;
use plimsoll_model::design::VrrpState;
use plimsoll_model::units::Millis;
use plimsoll_views::World;
use plimsoll_views::vrrp::{Track, VrrpMember};

use super::{check_cause, guarded, timing};
use crate::{Evidence, Finding, Manual, Reads, Rule, Verdicts};

const TESTED: Evidence = Evidence::Tested("keepalived 2.2.7 and 2.3.3 in two network namespaces");

pub(super) const VRRP_005: Rule = Rule {
    id: "VRRP-005",
    severity: Severity::Error,
    summary: "with nopreempt, checks have no weight",
    reads: Reads::Both,
    silent_behind: &["VRRP-003", "VRRP-004", "VRRP-008"],
    manual: Manual {
        checks: "`nopreempt` on a member that could take over, together with a tracked script or interface whose weight \
                 is not 0, unless a script without weight asks for an answer beside it.",
        breaks: "The failed check lowers the holder, but a higher member is not allowed to take the address from a \
                 living one: it stays on the broken machine.",
        remedy: "Leave the weight out: the holder then goes to FAULT, which nopreempt does not protect.",
        before: "nopreempt\ntrack_script { check weight -60 }",
        after: "nopreempt\ntrack_script { check }",
        source: "keepalived.conf(5), nopreempt; acassen/keepalived issue 2599; aledbf/kube-keepalived-vip issue 72",
        evidence: TESTED,
    },
    check: nopreempt_with_weight,
};

pub(super) const VRRP_006: Rule = Rule {
    id: "VRRP-006",
    severity: Severity::Warning,
    summary: "nopreempt and preempt_delay start from state BACKUP, and not both",
    reads: Reads::Both,
    silent_behind: &[],
    manual: Manual {
        checks: "`nopreempt` or a `preempt_delay` on a member with `state MASTER`; or both options together.",
        breaks: "keepalived drops the option with a line in its log: the member takes the address back as soon as it \
                 returns, which is a second interruption.",
        remedy: "`state BACKUP` on every member; nopreempt or preempt_delay, not both.",
        before: "state MASTER\nnopreempt",
        after: "state BACKUP\nnopreempt",
        source: "keepalived.conf(5), nopreempt and preempt_delay",
        evidence: TESTED,
    },
    check: dropped_option,
};

pub(super) const VRRP_021: Rule = Rule {
    id: "VRRP-021",
    severity: Severity::Advice,
    summary: "the holder keeps the address when a higher member returns",
    reads: Reads::Both,
    silent_behind: &["VRRP-006"],
    manual: Manual {
        checks: "A group of two or more members that preempt at once: neither nopreempt nor preempt_delay.",
        breaks: "Every reboot of the highest member moves the address twice, and every watch of every client starts anew.",
        remedy: "nopreempt on every member, with checks that have no weight.",
        before: "state BACKUP\npriority 150",
        after: "state BACKUP\npriority 150\nnopreempt",
        source: "keepalived.conf(5), nopreempt",
        evidence: Evidence::SeenPrinciple,
    },
    check: preempts,
};

pub(super) const VRRP_025: Rule = Rule {
    id: "VRRP-025",
    severity: Severity::Error,
    summary: "a preempt_delay does not hold up the takeover after a failed check",
    reads: Reads::Both,
    silent_behind: &["VRRP-003", "VRRP-004", "VRRP-005", "VRRP-008"],
    manual: Manual {
        checks: "preempt_delay above 0 together with a check whose weight is not 0, when preempt_delay plus the time to \
                 detect (see VRRP-014) exceeds the declared recovery time; a warning when none is declared.",
        breaks: "After a weighted check has failed, the other member takes over from a living master only after \
                 preempt_delay.",
        remedy: "Leave the weight out, or set preempt_delay to 0.",
        before: "preempt_delay 300\ntrack_script { check weight -60 }",
        after: "preempt_delay 300\ntrack_script { check }",
        source: "keepalived vrrp.c (preempt timer)",
        evidence: TESTED,
    },
    check: delayed,
};

fn weighted(member: &VrrpMember) -> Option<(&Track, i32)> {
    member.tracked().find_map(|track| track.weight.copied().filter(|weight| *weight != 0).map(|it| (track, it)))
}

fn nopreempt_with_weight(world: &World<'_>, verdicts: &mut Verdicts) {
    for group in &world.vrrp {
        for member in &group.members {
            let Some(nopreempt) = member.nopreempt.copied() else {
                verdicts.cannot_judge(&member.place, "whether it preempts");
                continue;
            };
            verdicts.verdict(
                weighted(member).filter(|_| nopreempt && group.members.len() > 1 && !guarded(member)).map(
                    |(track, weight)| {
                        Finding::new(
                            Severity::Error,
                            track.weight.place(),
                            "nobody may take the VIP from a member whose check failed",
                        )
                        .at(&track.weight, format!("{weight} leaves {} alive as master", member.name))
                        .context(&member.nopreempt, "no other member preempts it")
                        .breaks("the path to the API dies on the holder, and the VIP stays there")
                        .help("leave the weight out: the holder then goes to FAULT, which nopreempt does not protect")
                        .cause(check_cause(group))
                    },
                ),
            );
        }
    }
}

fn dropped_option(world: &World<'_>, verdicts: &mut Verdicts) {
    for member in world.vrrp.iter().flat_map(|group| &group.members) {
        let nopreempt = member.nopreempt.is(&true);
        let delayed = member.preempt_delay.copied().is_some_and(|delay| delay > Millis(0));
        let master = member.state.is(&VrrpState::Master);
        let (option, fact_place) = if nopreempt {
            ("nopreempt", member.nopreempt.place())
        } else {
            ("preempt_delay", member.preempt_delay.place())
        };
        verdicts.verdict(if master && (nopreempt || delayed) {
            Some(
                Finding::new(
                    Severity::Warning,
                    member.state.place(),
                    format!("{} starts as MASTER, so keepalived drops {option}", member.name),
                )
                .at(&member.state, "MASTER from the start")
                .context_place(fact_place, "dropped with a line in the log")
                .breaks("it takes the VIP back as soon as it returns: a second interruption after each reboot")
                .help("`state BACKUP` on every member"),
            )
        } else if nopreempt && delayed {
            Some(
                Finding::new(
                    Severity::Warning,
                    member.preempt_delay.place(),
                    format!("{} never preempts, so its preempt_delay means nothing", member.name),
                )
                .at(&member.preempt_delay, "dropped with a line in the log")
                .context(&member.nopreempt, "because of this")
                .help("keep one of the two"),
            )
        } else {
            None
        });
    }
}

fn preempts(world: &World<'_>, verdicts: &mut Verdicts) {
    for group in &world.vrrp {
        let preempting = |member: &&VrrpMember| {
            member.nopreempt.is(&false) && member.preempt_delay.copied().is_none_or(|delay| delay == Millis(0))
        };
        let distinct = group.members.windows(2).any(|pair| pair[0].priority.copied() != pair[1].priority.copied());
        verdicts.verdict(group.members.iter().find(preempting).filter(|_| distinct).map(|member| {
            Finding::new(
                Severity::Advice,
                member.nopreempt.place(),
                format!("the VIP of {} moves back when {} returns", group.name, member.name),
            )
            .at(&member.nopreempt, "preempts at once")
            .breaks("a reboot of the highest member interrupts every client twice")
            .help("nopreempt on every member, with checks that have no weight")
        }));
    }
}

fn delayed(world: &World<'_>, verdicts: &mut Verdicts) {
    for group in &world.vrrp {
        for member in &group.members {
            let Some(delay) = member.preempt_delay.copied().filter(|delay| *delay > Millis(0)) else { continue };
            // Dropped then: VRRP-006 says so.
            if member.state.is(&VrrpState::Master) || member.nopreempt.is(&true) {
                continue;
            }
            let Some((track, _)) = weighted(member).filter(|_| !guarded(member)) else { continue };
            let Some(detect) = timing::detect(track) else {
                verdicts.cannot_judge(&track.place, "its interval and fall count");
                continue;
            };
            let limit = world.design.map(|source| source.design.api.recovery_time);
            let total = delay + detect;
            verdicts.verdict(limit.is_none_or(|limit| total > limit).then(|| {
                let severity = if limit.is_some() { Severity::Error } else { Severity::Warning };
                let against = limit.map_or_else(String::new, |limit| format!("; {limit} is declared"));
                Finding::new(
                    severity,
                    member.preempt_delay.place(),
                    format!("after a failed check the VIP moves only after {total}"),
                )
                .at(&member.preempt_delay, format!("waits {delay} before it takes over from a living master"))
                .context(&track.weight, "which a weighted check leaves alive")
                .breaks(format!("the API is gone for {delay} and {detect} of detection{against}"))
                .help("leave the weight out, or set preempt_delay to 0")
                .cause(check_cause(group))
            }));
        }
    }
}
