//! The short form of the proof for each promise: what breaks it, what that costs in a year, and the longest outage by one
//! failure. One line for each promise; tenants that are one function are one line.

use plimsoll_circuit::{Node, Var};
use plimsoll_model::Design;
use plimsoll_outage::{End, Predictions};
use plimsoll_prove::{CutClass, Cuts, HOURS_A_YEAR, Model, Range, failovers, words};
use plimsoll_report::Proof;
use serde_json::{Value, json};

use super::summary::{ranges, table};
use crate::commands::outages::{Longest, longest};
use crate::commands::plural;

/// Characters that name the components of a set, where that can be chosen.
const LONG: usize = 36;

/// One line.
#[derive(Clone, Debug)]
pub(super) struct Row {
    /// The promises that it is about.
    promises: Vec<String>,
    /// All of a family, as `capacity/*`, or the names.
    name: String,
    broken_by: BrokenBy,
    /// Seconds a year: independent failures, failovers and windows of maintenance together, and whether its ends are all that
    /// is known. `None` where the sum cannot be made.
    lost: Option<(Range, bool)>,
    longest: Option<Longest>,
}

/// The fewest failures that break a promise, without those that the file accepts.
#[derive(Clone, Debug, PartialEq)]
enum BrokenBy {
    /// Sets of so many failures, how many sets there are, and the most probable of them where they are not too many to
    /// look at.
    Sets { order: usize, count: u128, likely: Option<Likely> },
    /// Nothing that can fail.
    Nothing,
    /// More failures than were looked at.
    AtLeast(usize),
    /// More failures can mend it.
    NotCoherent,
}

#[derive(Clone, Debug, PartialEq)]
struct Likely {
    /// Components of one set.
    example: Vec<String>,
    /// So many of like components, where it is that: "any two of …".
    any_of: Option<Vec<String>>,
}

/// The lines of a design, in the order of its promises.
pub(super) fn rows(design: &Design, model: &Model, proof: &Proof, predictions: &Predictions) -> Vec<Row> {
    let family = |id: &str| id.split_once('/').map(|(family, _)| family.to_owned());
    let mut groups: Vec<(Node, Option<String>, Vec<usize>)> = Vec::new();
    for (at, promise) in model.promises.iter().enumerate() {
        let of = family(&promise.id);
        match groups.iter_mut().find(|(node, known, _)| *node == promise.broken && of.is_some() && *known == of) {
            Some((_, _, members)) => members.push(at),
            None => groups.push((promise.broken, of, vec![at])),
        }
    }
    let row = |(_, of, members): (Node, Option<String>, Vec<usize>)| {
        let promises: Vec<String> = members.iter().map(|&at| model.promises[at].id.clone()).collect();
        let in_family = model.promises.iter().filter(|promise| family(&promise.id) == of).count();
        let name = match (&of, promises.as_slice()) {
            (_, [one]) => one.clone(),
            (Some(family), all) if all.len() == in_family => format!("{family}/* ({})", all.len()),
            (_, [first, others @ ..]) => format!("{first} and {} more", others.len()),
            (_, []) => String::new(),
        };
        let at = members.first().copied().unwrap_or_default();
        // What makes them differ is what they keep on disks: the worst is told.
        let each = promises.iter().filter_map(|promise| longest(design, model, predictions, promise));
        let longest = each.reduce(|a, b| if (b.end, b.always) > (a.end, a.always) { b } else { a });
        let lost = proof.lost.get(at).and_then(Option::as_ref).map(|lost| {
            let each = promises.iter().map(|promise| failovers(model, predictions, promise));
            let failovers = each.reduce(worst).unwrap_or(Range::exactly(0.0));
            let sum = [failovers, lost.maintenance].into_iter().fold(lost.steady, add);
            // A year is all that can be lost of one; sums of bounds know nothing of that.
            let year = HOURS_A_YEAR * 3600.0;
            (Range::new(sum.low.min(year), sum.typical.min(year), sum.high.min(year)), lost.bound_only)
        });
        let whole = members.iter().all(|at| model.promises[*at].broken == Node::FALSE);
        let broken_by = match proof.cuts.get(at).and_then(Option::as_ref) {
            _ if whole => BrokenBy::Nothing,
            Some(cuts) => broken_by(design, model, cuts),
            None => BrokenBy::NotCoherent,
        };
        Row { promises, name, broken_by, lost, longest }
    };
    groups.into_iter().map(row).collect()
}

fn worst(a: Range, b: Range) -> Range {
    Range::new(a.low.max(b.low), a.typical.max(b.typical), a.high.max(b.high))
}

fn add(a: Range, b: Range) -> Range {
    Range::new(a.low + b.low, a.typical + b.typical, a.high + b.high)
}

fn broken_by(design: &Design, model: &Model, cuts: &Cuts) -> BrokenBy {
    let path = |var: &Var| model.components.get(*var).path.clone();
    let accepted = |class: &&CutClass| {
        let mut paths = class.example.iter().map(path);
        paths.any(|path| design.excluded.keys().any(|excluded| excluded.as_str() == path))
    };
    let known = cuts.complete_to.map_or(Proof::ORDER, |to| to.min(Proof::ORDER)) as usize;
    for (order, all) in cuts.by_order.iter().enumerate().take(known + 1) {
        let of_order = || cuts.classes.iter().filter(|class| class.example.len() == order);
        let borne: u128 = of_order().filter(accepted).map(|class| class.count).sum();
        let count = all.saturating_sub(borne);
        if count == 0 {
            continue;
        }
        let likely = of_order().find(|class| !accepted(class)).map(|class| Likely {
            example: class.example.iter().map(path).collect(),
            any_of: class.any_of().map(|any| any.of.iter().map(path).collect()),
        });
        return BrokenBy::Sets { order, count, likely };
    }
    BrokenBy::AtLeast(known + 1)
}

impl BrokenBy {
    fn words(&self) -> String {
        let (order, count, likely) = match self {
            BrokenBy::Sets { order: 0, .. } => return "none: it is broken as it is".to_owned(),
            BrokenBy::Sets { order, count, likely } => (*order, *count, likely.as_ref()),
            BrokenBy::Nothing => return "nothing that can fail".to_owned(),
            BrokenBy::AtLeast(order) => return format!("{order} or more"),
            BrokenBy::NotCoherent => return "not told: more failures can mend it".to_owned(),
        };
        let likely = likely.map(|likely| likely.words(order));
        match (order, count, likely) {
            (1, 1, Some(likely)) => format!("{likely} alone"),
            (1, count, Some(likely)) => format!("{likely} alone, or {} more", count - 1),
            (2, count, likely) => format!("{}{}", plural(few(count), "pair"), as_in(likely)),
            (order, count, likely) => format!("{} of {order}{}", plural(few(count), "set"), as_in(likely)),
        }
    }
}

fn few(count: u128) -> usize {
    usize::try_from(count).unwrap_or(usize::MAX)
}

fn as_in(likely: Option<String>) -> String {
    likely.map_or_else(String::new, |likely| format!(", as {likely}"))
}

impl Likely {
    fn words(&self, order: usize) -> String {
        let example = self.example.join(" + ");
        let Some(of) = self.any_of.as_ref().filter(|of| of.len() > order && order == 2) else { return example };
        let names: Vec<&str> = of.iter().map(String::as_str).collect();
        let any = format!("any two of {}", ranges(&names));
        // Names that make no range are too many for a line.
        if any.len() <= example.len().max(LONG) { any } else { example }
    }
}

fn until(longest: Option<&Longest>) -> String {
    let Some(longest) = longest else { return "not predicted".to_owned() };
    let Some(component) = &longest.component else { return "none is noticed".to_owned() };
    match longest.end {
        End::After(time) => format!("{} ({component})", words::duration(time.as_secs())),
        End::Repair if longest.always => format!("until repair ({component})"),
        End::Repair => format!("repair, in some cases ({component})"),
    }
}

/// The table for people.
pub(super) fn text(rows: &[Row]) -> String {
    let mut cells = vec![
        ["PROMISE", "FEWEST FAILURES THAT BREAK IT", "LOST IN A YEAR", "LONGEST OUTAGE BY ONE"].map(str::to_owned),
    ];
    cells.extend(rows.iter().map(|row| {
        let lost = match row.lost {
            None => "not known".to_owned(),
            Some((lost, true)) => format!("at most {}", words::duration(lost.high)),
            Some((lost, false)) => words::range(lost),
        };
        [row.name.clone(), row.broken_by.words(), lost, until(row.longest.as_ref())]
    }));
    table(&cells)
}

/// The same for programs.
pub(super) fn json(rows: &[Row]) -> Vec<Value> {
    let row = |row: &Row| {
        let broken_by = match &row.broken_by {
            BrokenBy::Sets { order, count, likely } => {
                let example = likely.as_ref().map(|likely| &likely.example);
                json!({ "failures": order, "sets": count.to_string(), "most_likely": example })
            }
            BrokenBy::Nothing => json!({ "nothing": true }),
            BrokenBy::AtLeast(order) => json!({ "failures_at_least": order }),
            BrokenBy::NotCoherent => Value::Null,
        };
        let lost = row.lost.map(
            |(lost, bound)| json!({ "low": lost.low, "likely": lost.typical, "high": lost.high, "bound_only": bound }),
        );
        let longest = row.longest.as_ref().map(|longest| {
            let time = longest.end.time().map_or_else(|| json!("repair"), |time| json!(time.0));
            json!({ "max_ms": time, "component": longest.component, "in_every_case": longest.always })
        });
        json!({
            "promises": row.promises, "broken_by": broken_by, "lost_seconds_a_year": lost, "longest_outage": longest,
        })
    };
    rows.iter().map(row).collect()
}
