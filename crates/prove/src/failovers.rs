//! The time that a promise is away because something fails over.

use std::collections::BTreeMap;

use plimsoll_circuit::Var;
use plimsoll_outage::{End, How, Interval, Prediction, Predictions};

use crate::component::{Component, Kind};
use crate::lanes::{LANES, Lanes};
use crate::model::Model;
use crate::rate::{Corner, HOURS_A_YEAR, Range};

/// Seconds a year in which a promise is away because something fails over: rate times outage for new connections, over all
/// components that it survives. What waits for a repair because the promise is broken is in [`crate::lost_time`]; what others
/// own, and common causes, are left out there and here. Where a promise survives and some of it waits for the repair all the
/// same (a pod that its node keeps), the outage is as long as the repair.
///
/// The ends are those of the predicted intervals. The likely value takes the middle of each mechanism's, and of components
/// that are alike in kind and interval exactly one is taken to hold, lead or be asked: one of three members of etcd leads,
/// and one of five.
pub fn failovers(model: &Model, predictions: &Predictions, promise: &str) -> Range {
    let mut by_component: BTreeMap<&str, &Prediction> = BTreeMap::new();
    for prediction in predictions.all.iter().filter(|one| one.promise == promise && one.failure.way.is_usual()) {
        if !prediction.new.is_zero() {
            by_component.insert(&prediction.failure.component, prediction);
        }
    }
    let found = |component: &Component| {
        // A disk of a group is predicted as its group.
        let group = component.path.rsplit_once('/').filter(|_| component.kind == Kind::Disk).map(|(group, _)| group);
        by_component.get(component.path.as_str()).or_else(|| by_component.get(group?)).copied()
    };
    let own = model.components.all().filter(|(_, component)| !component.external && !component.common);
    let felt: Vec<(Var, &Component, &Prediction)> =
        own.filter_map(|(var, component)| found(component).map(|found| (var, component, found))).collect();
    let mut hit: Vec<(&Component, &Prediction)> = Vec::with_capacity(felt.len());
    // Of a promise that is not in the circuit it is not known that it survives.
    if let Some(promise) = model.promise(promise) {
        let mut lanes = Lanes::new(model, &[promise.broken]);
        for chunk in felt.chunks(LANES) {
            let scenarios: Vec<Vec<Var>> = chunk.iter().map(|(var, ..)| vec![*var]).collect();
            lanes.ask_vars(&scenarios);
            let survived = chunk.iter().enumerate().filter(|(lane, _)| !lanes.is(0, *lane));
            hit.extend(survived.map(|(_, (_, component, found))| (*component, *found)));
        }
    }
    let mut alike: BTreeMap<(Kind, u64, u64), usize> = BTreeMap::new();
    let class = |component: &Component, interval: Interval| {
        let millis = |end: End| end.time().map_or(u64::MAX, |time| time.0);
        (component.kind, millis(interval.min()), millis(interval.max()))
    };
    for (component, prediction) in &hit {
        *alike.entry(class(component, prediction.new)).or_default() += 1;
    }
    let (mut low, mut typical, mut high) = (0.0, 0.0, 0.0);
    for (component, prediction) in &hit {
        let (rate, new) = (component.rate.a_year, prediction.new);
        let repair = |corner: Corner| component.rate.hours.at(corner) * 3600.0;
        let likely = likely(&prediction.how, alike[&class(component, new)], repair(Corner::Typical));
        low += rate.at(Corner::Low) * seconds(new.min(), repair(Corner::Low));
        typical += rate.at(Corner::Typical) * likely.min(seconds(new.max(), f64::INFINITY));
        high += rate.at(Corner::High) * seconds(new.max(), repair(Corner::High));
    }
    // What waits for the repairs of many at a time counts once.
    let [low, high] = [low, high].map(|seconds: f64| seconds.min(HOURS_A_YEAR * 3600.0));
    Range::new(low, typical.max(low).min(high), high)
}

/// The seconds until an end, with those of a repair.
fn seconds(end: End, repair: f64) -> f64 {
    end.time().map_or(repair, plimsoll_model::units::Millis::as_secs)
}

/// The likely seconds of an outage that hits by the chance of one in `alike` where it depends on who holds something.
fn likely(how: &How, alike: usize, repair: f64) -> f64 {
    let parts = match how {
        How::Both(parts) => parts.as_slice(),
        how => std::slice::from_ref(how),
    };
    // What certainly happens runs at the same time; what happens by chance seldom meets another.
    let (mut certain, mut by_chance) = (0.0_f64, 0.0);
    for part in parts {
        match part {
            How::Either(cases) if cases.iter().any(|case| matches!(case.how, How::Masked(_))) => {
                let others = cases.iter().filter(|case| !matches!(case.how, How::Masked(_)));
                by_chance += mean(others.map(|case| middle(&case.how, repair))) / alike.max(1) as f64;
            }
            part => certain = certain.max(middle(part, repair)),
        }
    }
    certain + by_chance
}

/// The middle of what is known of an outage; cases of which nothing is known are as likely as each other.
fn middle(how: &How, repair: f64) -> f64 {
    let each = |parts: &[How]| parts.iter().map(|part| middle(part, repair)).collect::<Vec<f64>>();
    match how {
        How::Masked(_) => 0.0,
        How::UntilRepair(_) => repair,
        How::Step(step) => match step.new.max() {
            End::After(_) => f64::midpoint(seconds(step.new.min(), repair), seconds(step.new.max(), repair)),
            End::Repair => repair,
        },
        How::Then(parts) => each(parts).iter().sum(),
        How::Race(parts) => each(parts).into_iter().fold(f64::INFINITY, f64::min),
        How::Both(parts) => each(parts).into_iter().fold(0.0, f64::max),
        How::Either(cases) => mean(cases.iter().map(|case| middle(&case.how, repair))),
    }
}

fn mean(values: impl Iterator<Item = f64>) -> f64 {
    let (sum, count) = values.fold((0.0, 0), |(sum, count), value| (sum + value, count + 1));
    if count == 0 { 0.0 } else { sum / f64::from(count) }
}

#[cfg(test)]
mod tests {
    use plimsoll_outage::Mechanism;

    use super::*;

    fn step(min: u64, max: u64) -> How {
        let (new, existing) = (Interval::millis(min, max), Interval::millis(min, max));
        How::Step(Mechanism { name: "x", new, existing, formula: String::new(), source: "x", assumes: &[] })
    }

    fn held(how: How) -> How {
        How::either([("it held it".to_owned(), how), ("another did".to_owned(), How::masked("it stays"))])
    }

    #[test]
    fn one_of_those_that_are_alike_holds_it() {
        let near = |one: f64, other: f64| assert!((one - other).abs() < 1e-12, "{one} {other}");
        near(likely(&step(1000, 3000), 3, 60.0), 2.0);
        near(likely(&held(step(1000, 3000)), 3, 60.0), 2.0 / 3.0);
        near(likely(&held(step(1000, 3000)), 5, 60.0), 2.0 / 5.0);
        // It held the address, or led, and its links fail over for certain.
        let both = How::both(vec![held(step(1000, 3000)), held(step(500, 1500)), step(0, 200)]);
        near(likely(&both, 4, 60.0), 2.0 / 4.0 + 1.0 / 4.0 + 0.1);
        // What is set off by it: half of the time.
        let cascade = How::Then(vec![step(500, 1500), held(step(2000, 2000))]);
        near(likely(&held(cascade), 2, 60.0), 1.0);
        near(middle(&How::Race(vec![step(1000, 1000), How::until_repair("x")]), 60.0), 1.0);
        // One of three has a pod that waits for its node.
        near(likely(&held(How::until_repair("x")), 3, 60.0), 20.0);
    }
}
