//! VRRP as keepalived runs it: a holder that falls silent, hands over, or counts for less.

use plimsoll_model::design::{Vrrp, VrrpCheck};
use plimsoll_model::units::Millis;
use plimsoll_model::{Map, Name};

use super::keepalived::rise_time;
use super::restart::START;
use super::{WAKE, between, less, ms};
use crate::assumption::Assumption as A;
use crate::how::{How, Mechanism};
use crate::interval::Interval;

const SOURCE: &str = "RFC 9568 6.1 and keepalived 2.3.3 keepalived/include/vrrp.h (VRRP_MS_DOWN_TIMER, VRRP_TIMER_SKEW) and \
                      vrrp.c; tried with keepalived 2.3.3";

/// How much longer a backup of a priority waits, in microseconds: `(256 - priority) / 256` of a second in version 2, of
/// the interval (in whole hundredths of a second) in version 3.
pub const fn skew_micros(version: u8, advert: Millis, priority: u8) -> u64 {
    let share = 256 - priority as u64;
    if version == 3 { share * (advert.0 / 10) * 625 / 16 } else { share * 1_000_000 / 256 }
}

/// Who may hold the address, and who takes it over, when some members are gone.
#[derive(Clone, Debug)]
pub struct Succession {
    /// Least and most skew of the member that takes over, in milliseconds.
    skew: Interval,
    /// The members whose wait that is, in words.
    by: String,
}

impl Succession {
    /// The succession when `lost` are gone or step back: the member with the highest priority of those left, since its skew
    /// is the shortest. `None` when nobody is left.
    pub fn of(vrrp: &Vrrp, lost: &[&Name]) -> Option<Self> {
        let mut skew: Option<Interval> = None;
        let mut names: Vec<String> = Vec::new();
        let left: Vec<_> = vrrp.member.iter().filter(|(name, _)| !lost.contains(name)).collect();
        let best = left.iter().max_by_key(|(_, member)| member.priority)?;
        for (name, member) in left.iter().filter(|(_, member)| member.priority == best.1.priority) {
            let micros = skew_micros(vrrp.version, vrrp.advert_interval, member.priority);
            let of_member = Interval::millis(micros / 1000, micros.div_ceil(1000));
            skew = Some(skew.map_or(of_member, |skew| skew.or(of_member)));
            names.push(format!("{name} with priority {}", member.priority));
        }
        skew.map(|skew| Succession { skew, by: names.join(" or ") })
    }

    fn words(&self, vrrp: &Vrrp) -> String {
        let unit = if vrrp.version == 3 { "of the interval" } else { "of a second" };
        let most = self.skew.max();
        format!("skew {most} ({}: (256 - priority)/256 {unit})", self.by)
    }

    fn bounds(&self) -> (Millis, Millis) {
        (self.skew.min().time().unwrap_or_default(), self.skew.max().time().unwrap_or_default())
    }
}

/// The members that may hold the address while all are well: with preemption the one with the highest priority, without
/// it any.
pub fn may_hold(vrrp: &Vrrp) -> Vec<&Name> {
    let best = vrrp.member.values().map(|member| member.priority).max();
    let holds = |priority| !vrrp.preempt || Some(priority) == best;
    vrrp.member.iter().filter(|(_, member)| holds(member.priority)).map(|(name, _)| name).collect()
}

/// The time from the holder's last sign of life until another holds the address.
fn silence(vrrp: &Vrrp, heir: &Succession) -> Interval {
    let (least, most) = heir.bounds();
    let adverts = u64::from(vrrp.down_timer_adverts);
    let advert = vrrp.advert_interval;
    between(advert * adverts.saturating_sub(1) + least, advert * adverts + most + WAKE)
}

/// The holder falls silent: its machine is gone.
pub fn missed(vrrp: &Vrrp, heir: &Succession) -> Mechanism {
    let interval = silence(vrrp, heir);
    Mechanism {
        name: "VRRP: the holder falls silent",
        new: interval,
        existing: interval,
        formula: format!(
            "{} × {} + {} + {} to act, less up to one interval since the last advertisement",
            vrrp.down_timer_adverts,
            ms(vrrp.advert_interval),
            heir.words(vrrp),
            ms(WAKE)
        ),
        source: SOURCE,
        assumes: &[A::AdvertsArrive, A::ArpIsTaken, A::PeersAreSettled, A::Wakes, A::ClocksAgree],
    }
}

/// The holder says that it steps back (an advertisement of priority 0): stopped in order, or its check failed.
pub fn handed_over(vrrp: &Vrrp, heir: &Succession) -> Mechanism {
    let (least, most) = heir.bounds();
    let interval = between(least, most + WAKE);
    Mechanism {
        name: "VRRP: the holder steps back",
        new: interval,
        existing: interval,
        formula: format!("{} + {} to act", heir.words(vrrp), ms(WAKE)),
        source: SOURCE,
        assumes: &[A::AdvertsArrive, A::ArpIsTaken, A::PeersAreSettled, A::Wakes],
    }
}

/// The holder counts for less by a weight: a member that now counts for more takes over, if it may and if it does.
pub fn outranked(vrrp: &Vrrp, holder: &Name, weight: i32) -> How {
    if !vrrp.preempt {
        return How::until_repair("members may not take the address from a holder that lives (nopreempt)");
    }
    let effective = |priority: u8, passes: bool| {
        // A weight above 0 is added while the check passes, one below while it fails.
        let shift = if (weight > 0) == passes { weight } else { 0 };
        if priority == 255 { 255 } else { (i32::from(priority) + shift).clamp(1, 254) }
    };
    let Some(own) = vrrp.member.get(holder) else { return How::masked("it is no member") };
    let own = effective(own.priority, false);
    let better: Map<u8> = vrrp
        .member
        .iter()
        .filter(|(name, member)| *name != holder && effective(member.priority, true) > own)
        .map(|(name, member)| (name.clone(), member.priority))
        .collect();
    if better.is_empty() {
        return How::until_repair(format!("no other member counts for more than {own}, so the address stays"));
    }
    let worse: Vec<&Name> = vrrp.member.keys().filter(|name| !better.contains_key(*name)).collect();
    let Some(heir) = Succession::of(vrrp, &worse) else { return How::until_repair("nobody is left") };
    let most = silence(vrrp, &heir).max().then(crate::End::After(vrrp.preempt_delay));
    let interval = Interval::new(crate::End::After(Millis(0)), most);
    Mechanism {
        name: "VRRP: the holder counts for less",
        new: interval,
        existing: interval,
        formula: format!(
            "at most {} × {} + {} + preempt_delay {} + {} to act",
            vrrp.down_timer_adverts,
            ms(vrrp.advert_interval),
            heir.words(vrrp),
            ms(vrrp.preempt_delay),
            ms(WAKE)
        ),
        source: SOURCE,
        assumes: &[A::AdvertsArrive, A::ArpIsTaken, A::PeersAreSettled, A::NoWeights, A::Wakes],
    }
    .into()
}

/// keepalived is killed on the holder and started again. It is two processes, and it matters which of them dies: all three
/// ways were tried.
pub fn crashed(vrrp: &Vrrp, heir: &Succession, restart: Interval) -> How {
    How::either([
        ("its parent process died first".to_owned(), handed_over_late(vrrp, heir).into()),
        ("both of its processes died at once".to_owned(), left_behind(vrrp, heir, restart).into()),
        ("its VRRP process died alone".to_owned(), respawned(vrrp, heir).into()),
    ])
}

/// The VRRP process is told that its parent died, and steps back; if it dies too on the way, the address is still there.
fn handed_over_late(vrrp: &Vrrp, heir: &Succession) -> Mechanism {
    let handed = handed_over(vrrp, heir);
    let gap = Interval::new(crate::End::After(Millis(0)), handed.new.max());
    Mechanism {
        name: "VRRP: keepalived's parent dies on the holder",
        new: gap,
        existing: gap,
        formula: format!("{}; nothing when the address was not removed any more", handed.formula),
        ..handed
    }
}

/// The address stays where it is until the restarted process removes it, and nobody else may have taken it by then.
fn left_behind(vrrp: &Vrrp, heir: &Succession, removed: Interval) -> Mechanism {
    let taken = silence(vrrp, heir);
    let back = |end: crate::End| end.time().unwrap_or_default();
    let gap = between(less(back(taken.min()), back(removed.max())), less(back(taken.max()), back(removed.min())));
    Mechanism {
        name: "VRRP: keepalived dies on the holder",
        new: gap,
        // The new holder does not know the connection and resets it at the next packet.
        existing: gap.or(taken),
        formula: format!(
            "another takes over after {} × {} + {}, less up to one interval; meanwhile the address works until the new \
             process removes it, {} to {} after the death",
            vrrp.down_timer_adverts,
            ms(vrrp.advert_interval),
            heir.words(vrrp),
            removed.min(),
            removed.max()
        ),
        source: SOURCE,
        assumes: &[A::AdvertsArrive, A::ArpIsTaken, A::PeersAreSettled, A::Wakes, A::StartsQuickly],
    }
}

/// The parent starts another VRRP process, at once or a second later, and that removes the address before it waits like
/// everybody else.
fn respawned(vrrp: &Vrrp, heir: &Succession) -> Mechanism {
    Mechanism { name: "VRRP: keepalived's VRRP process dies on the holder", ..left_behind(vrrp, heir, respawn_time()) }
}

/// How long the address stays when the VRRP process alone dies, until its parent has started another.
pub fn respawn_time() -> Interval {
    const RESPAWN: Millis = Millis(1_000);
    between(Millis(0), RESPAWN + START)
}

/// A member holds the address on, and another that does not hear it takes it too; `until` is when the first gives it up.
pub fn both_hold(vrrp: &Vrrp, heir: &Succession, until: Interval, words: &str) -> How {
    let taken = silence(vrrp, heir);
    let (Some(first), Some(last)) = (taken.min().time(), until.max().time()) else {
        return How::until_repair(format!("two hold it, {words}"));
    };
    if last <= first {
        return How::masked("one gives it up before another takes it");
    }
    // One that hears the other again gives way with the next advertisement.
    let interval = between(Millis(0), less(last, first) + vrrp.advert_interval + WAKE);
    Mechanism {
        name: "VRRP: two hold the address",
        new: interval,
        existing: interval,
        formula: format!(
            "{words}, at most {}, less {} × {} + the least skew until another takes it, + {} until one hears the other + {} to \
             act",
            until.max(),
            vrrp.down_timer_adverts.saturating_sub(1),
            ms(vrrp.advert_interval),
            ms(vrrp.advert_interval),
            ms(WAKE)
        ),
        source: SOURCE,
        assumes: &[A::AdvertsArrive, A::PeersAreSettled, A::CheckTellsTheTruth, A::StartsQuickly, A::Wakes],
    }
    .into()
}

/// Every member's check had failed and passes again: they wait for a holder, and the first whose wait is over takes the
/// address.
pub fn elected_anew(vrrp: &Vrrp, check: &VrrpCheck, heir: &Succession) -> Mechanism {
    let rise = rise_time(check);
    let interval = Interval::new(crate::End::After(Millis(0)), crate::End::After(rise).then(silence(vrrp, heir).max()));
    Mechanism {
        name: "VRRP: all members return",
        new: interval,
        existing: interval,
        formula: format!(
            "at most {} runs of {} that pass + {} × {} + {} + {} to act",
            check.rise,
            ms(check.interval),
            vrrp.down_timer_adverts,
            ms(vrrp.advert_interval),
            heir.words(vrrp),
            ms(WAKE)
        ),
        source: SOURCE,
        assumes: &[A::CheckTellsTheTruth, A::AdvertsArrive, A::ArpIsTaken, A::Wakes],
    }
}

/// Two members held the address while they did not hear each other: the next advertisement settles it.
pub fn settled(vrrp: &Vrrp) -> Mechanism {
    let interval = Interval::up_to(vrrp.advert_interval + WAKE);
    Mechanism {
        name: "VRRP: two holders become one",
        new: interval,
        existing: interval,
        formula: format!("the next advertisement within {} + {} to act", ms(vrrp.advert_interval), ms(WAKE)),
        source: SOURCE,
        assumes: &[A::AdvertsArrive, A::ArpIsTaken, A::Wakes],
    }
}
