//! Which change comes first.

use std::cmp::Ordering;

use plimsoll_prove::Range;
use plimsoll_spec::Part;

use crate::change::{Change, Effort};
use crate::price::Price;
use crate::proof::{Election, Line, Proof, Time, less};
use plimsoll_prove::words::duration;

/// A change that helps, proved.
#[derive(Clone, Debug)]
pub struct Suggestion {
    /// What to do, as an order.
    pub what: String,
    /// Lines of `survive:` that do not hold now and would.
    pub cures: Vec<Line>,
    /// Seconds a year saved, summed over the promises that gain or lose by it.
    pub saved: Range,
    /// The part of the typical seconds saved that is lost by causes whose loss the file accepts.
    pub saved_of_accepted: f64,
    /// Each promise that changes: before and after.
    pub times: Vec<(Time, Time)>,
    /// Single failures that break something now, and would no more.
    pub no_longer_single: Vec<String>,
    /// Parts that are bought.
    pub parts: Vec<(Part, u32)>,
    /// What they cost.
    pub price: Price,
    /// What it asks for beside money.
    pub effort: Effort,
    /// The change as a unified diff of the file.
    pub patch: Option<String>,
    /// Without a patch: what to do by hand.
    pub by_hand: Option<String>,
    /// What to know before doing it.
    pub notes: Vec<String>,
    /// The same change of other things, where it is worth the same for every promise: one of them is enough to choose.
    pub alike: Vec<Alike>,
}

/// The same change of something else, that is worth as much.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Alike {
    /// What to do, as an order.
    pub what: String,
    /// The change as a unified diff of the file.
    pub patch: Option<String>,
}

impl Suggestion {
    /// Whether it is worth anything: it saves time by the likely figures, or cures a line.
    pub(crate) fn helps(&self) -> bool {
        !self.cures.is_empty() || self.saved.typical >= NOTHING
    }
}

/// Seconds a year that are shown as none.
pub(crate) const NOTHING: f64 = 0.05;

/// An error when a line that held holds no more.
pub(crate) fn breaks(before: &[Line], after: &[Line]) -> Result<(), String> {
    let held = |broken: &&Line| before.iter().any(|line| line.is(broken) && line.broken_by == 0);
    match after.iter().filter(|line| line.broken_by > 0).find(held) {
        Some(broken) => Err(format!("it would break: {}", broken.words)),
        None => Ok(()),
    }
}

/// Lines that do not hold and would.
pub(crate) fn cures(before: &Proof, after: &[Line]) -> Vec<Line> {
    let holds = |broken: &&Line| after.iter().any(|line| line.is(broken) && line.broken_by == 0);
    before.broken().filter(holds).cloned().collect()
}

/// Compares two proofs. `Err` when the change breaks what held.
pub(crate) fn suggestion(
    before: &Proof,
    after: &Proof,
    change: &Change,
    price: Price,
    patch: Option<String>,
) -> Result<Suggestion, String> {
    breaks(&before.lines, &after.lines)?;
    let cures = cures(before, &after.lines);
    let mut saved = Range::exactly(0.0);
    let mut saved_of_accepted = 0.0;
    let mut times = Vec::new();
    for time in &before.times {
        let Some(then) = after.times.iter().find(|then| then.promise == time.promise) else { continue };
        let gain = less(time.seconds, then.seconds);
        saved = crate::proof::add(saved, gain);
        saved_of_accepted += less(time.accepted, then.accepted).typical;
        if gain.typical.abs() >= NOTHING || gain.high.abs() >= NOTHING {
            times.push((time.clone(), then.clone()));
        }
    }
    let mut notes = change.notes.clone();
    notes.extend(change.timing.then(|| cascade(before.election, after.election)));
    times.sort_by(|a, b| {
        let gain = |pair: &(Time, Time)| pair.0.seconds.typical - pair.1.seconds.typical;
        gain(b).total_cmp(&gain(a))
    });
    Ok(Suggestion {
        what: change.what.clone(),
        cures,
        saved,
        saved_of_accepted,
        times,
        no_longer_single: before.single.difference(&after.single).cloned().collect(),
        parts: change.parts.clone(),
        price,
        effort: change.effort,
        by_hand: if patch.is_some() { None } else { change.by_hand.clone() },
        patch,
        notes,
        alike: Vec::new(),
    })
}

/// What an election of etcd sets off with other timers: shorter ones may let an outage begin that would not have been.
fn cascade(before: Election, after: Election) -> String {
    let sets_off = |one: Election| one.with_cascade > one.alone;
    let alone = duration(after.alone);
    if !sets_off(after) {
        return format!("an election of etcd, {alone} at most, still ends before anybody gives up on the API servers");
    }
    let then = duration(after.with_cascade);
    let first = format!(
        "an election of etcd, {alone} at most, may then take all servers out of HAProxy or the address off \
                         every member: away for up to {then}"
    );
    if sets_off(before) { format!("{first}, as it may now for {}", duration(before.with_cascade)) } else { first }
}

/// Figures that differ by less than this share are the same: what is left is the rounding of sums in another order.
const SAME: f64 = 1e-9;

fn same(one: Range, other: Range) -> bool {
    let near = |a: f64, b: f64| (a - b).abs() <= SAME * a.abs().max(b.abs()).max(1.0);
    near(one.low, other.low) && near(one.typical, other.typical) && near(one.high, other.high)
}

/// Whether two suggestions are worth the same: they cure the same lines, cost the same, and leave every promise with the
/// same time lost.
pub(crate) fn worth_the_same(one: &Suggestion, other: &Suggestion) -> bool {
    let line_by_line = |of: &Suggestion| -> Vec<(usize, String)> {
        of.cures.iter().map(|line| (line.goal, line.promise.clone())).collect()
    };
    let times = |of: &Suggestion| {
        let mut times = of.times.clone();
        times.sort_by(|a, b| a.0.promise.cmp(&b.0.promise));
        times
    };
    let (here, there) = (times(one), times(other));
    let alike = |(a, b): (&(Time, Time), &(Time, Time))| a.0.promise == b.0.promise && same(a.1.seconds, b.1.seconds);
    line_by_line(one) == line_by_line(other)
        && (&one.parts, &one.price, one.effort, &one.notes) == (&other.parts, &other.price, other.effort, &other.notes)
        && one.patch.is_some() == other.patch.is_some()
        && one.no_longer_single.len() == other.no_longer_single.len()
        && same(one.saved, other.saved)
        && here.len() == there.len()
        && here.iter().zip(&there).all(alike)
}

/// The order in which suggestions are shown: first what cures most of what the file asks for, and of those the cheapest,
/// or that with the least effort where prices are missing; then the most time saved for the money, or alone.
pub(crate) fn order(a: &Suggestion, b: &Suggestion, priced: bool) -> Ordering {
    let cures = b.cures.len().cmp(&a.cures.len());
    let time = b.saved.typical.total_cmp(&a.saved.typical);
    if cures != Ordering::Equal {
        return cures;
    }
    if !a.cures.is_empty() {
        let cheaper = if priced { cost(a).cmp(&cost(b)) } else { Ordering::Equal };
        return cheaper.then(a.effort.cmp(&b.effort)).then(time);
    }
    if !priced {
        return time;
    }
    match (cost(a), cost(b)) {
        (0, 0) => time,
        (0, _) => Ordering::Less,
        (_, 0) => Ordering::Greater,
        (one, other) => {
            let (one, other) = (a.saved.typical / one as f64, b.saved.typical / other as f64);
            other.total_cmp(&one).then(time)
        }
    }
}

/// Whether one variant of an idea should be shown instead of an earlier one: a difference of less than a hundredth is none.
pub(crate) fn clearly_better(one: &Suggestion, known: &Suggestion) -> bool {
    let alike = (one.cures.len(), one.effort) == (known.cures.len(), known.effort);
    let near = (one.saved.typical - known.saved.typical).abs() <= 0.01 * known.saved.typical.abs();
    order(one, known, false).is_lt() && !(alike && near)
}

fn cost(of: &Suggestion) -> u64 {
    match of.price {
        Price::Free => 0,
        Price::Hundredths(sum) => sum,
        Price::Unknown(_) => u64::MAX,
    }
}
