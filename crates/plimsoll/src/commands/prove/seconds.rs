//! How long each single failure hurts.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use plimsoll_model::units::Millis;
use plimsoll_outage::{End, How, Interval, Prediction, Predictions};
use plimsoll_prove::{Range, words};
use serde_json::{Value, json};

use crate::commands::outages::finite;

/// Failures that are shown of each promise.
const SHOWN: usize = 3;

/// The longest outages of each promise by one failure, with the mechanisms they come from.
pub(super) fn text(predictions: &Predictions, promises: &[&str]) -> String {
    let mut out = String::new();
    for promise in promises {
        // Components that hurt alike are told once.
        let mut alike: BTreeMap<(u64, u64, &'static str, String), Vec<&str>> = BTreeMap::new();
        let mut lasting: Vec<&str> = Vec::new();
        // Those that may last, by why they do.
        let mut some: BTreeMap<(u64, String), Vec<&str>> = BTreeMap::new();
        for prediction in predictions.all.iter().filter(|one| one.promise == *promise) {
            if prediction.new == Interval::UNTIL_REPAIR {
                lasting.push(&prediction.failure.component);
                continue;
            }
            if let (End::After(min), End::Repair) = (prediction.new.min(), prediction.new.max()) {
                some.entry((min.0, reasons(prediction))).or_default().push(&prediction.failure.component);
                continue;
            }
            let Some((min, max)) = finite(prediction.new).filter(|(_, max)| max.0 > 0) else { continue };
            let key = (u64::MAX - max.0, min.0, prediction.failure.way.as_str(), mechanisms(prediction));
            alike.entry(key).or_default().push(&prediction.failure.component);
        }
        if alike.is_empty() && lasting.is_empty() && some.is_empty() {
            let _ = writeln!(out, "  {promise}: no single failure is noticed");
            continue;
        }
        let _ = writeln!(out, "  {promise}");
        lasting.sort_unstable();
        lasting.dedup();
        if !lasting.is_empty() {
            let _ = writeln!(out, "    until repair    {}", few(&lasting));
        }
        for ((min, why), mut components) in some {
            components.sort_unstable();
            components.dedup();
            let time = format!("{} or repair", words::duration(Millis(min).as_secs()));
            let _ = writeln!(out, "    {time:<15} {}: {why}", few(&components));
        }
        for ((most, min, way, how), components) in alike.iter().take(SHOWN) {
            let seconds = |millis: u64| Millis(millis).as_secs();
            let time = words::range(Range::new(seconds(*min), seconds(*min), seconds(u64::MAX - most)));
            let _ = writeln!(out, "    {time:<15} {} {way}{how}", few(components));
        }
        if alike.len() > SHOWN {
            let _ = writeln!(out, "    …               shorter ones: --format json has them all");
        }
    }
    out
}

fn mechanisms(prediction: &Prediction) -> String {
    let mut names: Vec<&str> = prediction.how.steps().into_iter().map(|step| step.name).collect();
    names.dedup();
    names.truncate(3);
    if names.is_empty() { String::new() } else { format!(": {}", names.join(", ")) }
}

/// In which cases it waits for a repair, and why.
fn reasons(prediction: &Prediction) -> String {
    let mut cases: Vec<(&str, Vec<&str>)> = Vec::new();
    for (when, why) in prediction.how.lasting() {
        match cases.iter_mut().find(|(known, _)| *known == when) {
            Some((_, whys)) if whys.contains(&why) => {}
            Some((_, whys)) => whys.push(why),
            None => cases.push((when, vec![why])),
        }
    }
    let told = cases.iter().map(|(when, whys)| {
        let whys = whys.join(", ");
        if when.is_empty() { whys } else { format!("if {when}: {whys}") }
    });
    told.collect::<Vec<_>>().join("; ")
}

fn few(names: &[&str]) -> String {
    const NAMES: usize = 4;
    let more = names.len().saturating_sub(NAMES);
    let shown = names.iter().take(NAMES).copied().collect::<Vec<_>>().join(", ");
    if more > 0 { format!("{shown} and {more} more") } else { shown }
}

/// Every prediction, with its formulas and sources.
pub(super) fn json(predictions: &Predictions, promises: &[&str]) -> Vec<Value> {
    let interval = |interval: Interval| {
        let end = |end: End| match end {
            End::After(time) => json!(time.0),
            End::Repair => json!("repair"),
        };
        json!({ "min_ms": end(interval.min()), "max_ms": end(interval.max()) })
    };
    predictions
        .all
        .iter()
        .filter(|one| promises.contains(&one.promise.as_str()) && !matches!(one.how, How::Masked(_)))
        .map(|one| {
            let steps: Vec<Value> = one
                .how
                .steps()
                .into_iter()
                .map(|step| json!({ "name": step.name, "formula": step.formula, "source": step.source }))
                .collect();
            json!({
                "component": one.failure.component, "way": one.failure.way.as_str(), "promise": one.promise,
                "new_connections": interval(one.new), "existing_connections": interval(one.existing), "steps": steps,
            })
        })
        .collect()
}
