//! VRRP-014: how long a failover takes.

use plimsoll_diagnostics::Severity;
use plimsoll_model::units::Millis;
use plimsoll_views::World;
use plimsoll_views::vrrp::{Track, VrrpMember};

use crate::{Evidence, Finding, Manual, Reads, Rule, Verdicts};

pub(super) const VRRP_014: Rule = Rule {
    id: "VRRP-014",
    severity: Severity::Warning,
    summary: "the slowest failover stays within the declared recovery time",
    reads: Reads::Both,
    silent_behind: &["VRRP-025"],
    manual: Manual {
        checks: "The largest of three bounds against `api.recovery_time` (10 s for files, which declare none): death of \
                 the holder, D × advert + skew; a failed check without weight, detect + skew; with weight, detect + D × \
                 advert + skew + preempt_delay. detect = interval + (fall − 1) × P + timeout; P = interval, or as many \
                 of them as a hung run takes: keepalived starts a run at each interval and skips those at which the last \
                 one has not ended, so that a timeout no shorter than the interval doubles it (the request's own limit \
                 ends a run earlier); D = down_timer_adverts (3); skew = \
                 (256 − priority of the backup) / 256 s, times advert in version 3.",
        breaks: "The API is gone for that long. The sample of kubeadm (interval 3, fall 10) needs 33 s and more.",
        remedy: "An interval of 2 to 3 s, a fall of 2 to 3, advertisements every second.",
        before: "vrrp_script check { interval 3 fall 10 }",
        after: "vrrp_script check { interval 3 fall 2 timeout 3 }",
        source: "keepalived.conf(5); RFC 9568 section 6.1; kubeadm ha-considerations.md",
        evidence: Evidence::Tested(
            "keepalived 2.3.3, a script that hangs, fall 3: interval 2 s moved after 10 s, with timeout 5 s after 17 s; \
             interval 3 s with timeout 1 s after 7 s",
        ),
    },
    check,
};

/// Recovery time that files are judged by: slower than this is noticed by every client that retries.
const USUAL_RECOVERY: Millis = Millis::secs(10);

/// Longest time from a failure to the verdict of the check: the failure comes just after a run has begun, and each run
/// that counts takes its whole time. A run that lasts until the next is due makes keepalived skip that one.
pub(super) fn detect(track: &Track) -> Option<Millis> {
    let interval = track.interval.copied()?;
    let timeout = track.timeout.copied().unwrap_or(interval);
    let run = track.max_time.copied().map_or(timeout, |limit| limit.min(timeout));
    let skipped = run.0.checked_div(interval.0)?;
    let period = interval * (skipped + 1);
    Some(interval + period * u64::from(track.fall.copied()?.saturating_sub(1)) + timeout)
}

/// Time by which members of different priority wait apart: `(256 − priority) / 256` s, times the interval in version 3.
fn skew(member: &VrrpMember) -> Option<Millis> {
    let share = 256 - u64::from(member.priority.copied()?);
    let base = if member.version.copied()? == 3 { member.advert_interval.copied()? } else { Millis::secs(1) };
    Some(Millis((base.0 * share).div_ceil(256)))
}

fn check(world: &World<'_>, verdicts: &mut Verdicts) {
    let limit = world.design.map_or(USUAL_RECOVERY, |source| source.design.api.recovery_time);
    for group in world.vrrp.iter().filter(|group| group.members.len() > 1) {
        let bounds: Option<Vec<_>> = group.members.iter().map(|member| bounds(member)).collect();
        let Some(bounds) = bounds else {
            verdicts.cannot_judge(&group.place, "priorities, intervals and fall counts of all members");
            continue;
        };
        let slowest = bounds.into_iter().flatten().max_by_key(|(bound, _, _)| *bound);
        verdicts.verdict(slowest.filter(|(bound, _, _)| *bound > limit).map(|(bound, what, track)| {
            let finding = match track {
                Some(track) => Finding::new(
                    Severity::Warning,
                    track.interval.place(),
                    format!("the VIP of {} moves only {} after {what}", group.name, seconds(bound)),
                )
                .at(&track.interval, "")
                .context(&track.fall, ""),
                None => Finding::new(
                    Severity::Warning,
                    group.members[0].advert_interval.place(),
                    format!("the VIP of {} moves only {} after {what}", group.name, seconds(bound)),
                )
                .at(&group.members[0].advert_interval, ""),
            };
            finding
                .breaks(format!("the API is gone for that long; {limit} is the limit"))
                .help("check every 2 to 3 s with a fall of 2 or 3, advertise every second")
        }));
    }
}

fn seconds(time: Millis) -> String {
    format!("{:.1} s", time.as_secs())
}

type Bound<'a> = (Millis, &'static str, Option<&'a Track>);

/// The bounds of a failover to `member`; `None` when a timer is unknown.
fn bounds(member: &VrrpMember) -> Option<Vec<Bound<'_>>> {
    let skew = skew(member)?;
    let silence = member.advert_interval.copied()? * u64::from(member.down_timer_adverts.copied()?);
    let mut bounds = vec![(silence + skew, "its holder has died", None)];
    for track in member.tracked().filter(|track| track.script) {
        let detect = detect(track)?;
        let bound = if track.weight.copied()? == 0 {
            detect + skew
        } else {
            detect + silence + skew + member.preempt_delay.copied()?
        };
        bounds.push((bound, "a check began to fail", Some(track)));
    }
    Some(bounds)
}
