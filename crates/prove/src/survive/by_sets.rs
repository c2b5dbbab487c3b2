//! Lines of `survive:` with too many combinations to try each: by the smallest sets of failures that break a promise.
//!
//! Some combination breaks a promise where a minimal cut set is part of one, since more failures mend nothing. A set of `k`
//! components or fewer is part of a combination where each of its components can be picked for a kind of its own
//! ([`Combinations::has`]). Of a promise that more failures can mend, the smallest sets that break it answer what the line
//! means: that no part of a combination breaks it. While a host is drained, it is away in the promise that is looked at, and what moves is elsewhere.

use std::collections::{BTreeMap, BTreeSet};

use plimsoll_circuit::{CutOrbit, Node, Var};
use plimsoll_model::Design;
use plimsoll_model::design::Goal;

use super::{Answer, CounterExample, Drains, Meaningless, SHOWN};
use crate::combinations::Combinations;
use crate::cuts::{Scenario, cuts_among, like_hosts};
use crate::drain;
use crate::model::Model;

/// A line that is asked.
pub(super) struct Line<'a> {
    pub(super) index: usize,
    pub(super) goal: &'a Goal,
    /// The hosts of which one is drained at a time, or none.
    pub(super) drains: &'a [Option<Var>],
    /// The promises that are meant.
    pub(super) promises: &'a [usize],
}

/// The answers for a line. `None` where not all smallest sets can be found.
pub(super) fn answers(
    model: &Model,
    moved: &mut Drains,
    design: &Design,
    line: &Line<'_>,
) -> Option<Result<Vec<Answer>, Meaningless>> {
    let mut tried: Vec<Drained> = Vec::new();
    for &host in line.drains {
        if let Some(host) = host {
            moved.entry(host).or_insert_with(|| drain::drained(model, design, host));
        }
        // What is drained cannot fail as well.
        let away: Vec<Var> = host.into_iter().collect();
        let combinations = Combinations::of(model, design, line.goal, &away);
        if combinations.is_any() {
            tried.push(Drained { host, away, may_fail: combinations.may_fail(), combinations });
        }
    }
    // Nothing failed, so that nothing was survived.
    if tried.is_empty() {
        return Some(Err(Meaningless::TooFew { goal: line.index }));
    }
    let combinations = tried.iter().fold(0, |sum: u64, of| sum.saturating_add(of.combinations.size()));
    let model_of = |of: &Drained| of.host.and_then(|host| moved.get(&host)?.as_ref()).unwrap_or(model);
    // Promises that are one function whatever is drained, as tenants of one rank are, are looked at once.
    let mut known: BTreeMap<Vec<Node>, Answer> = BTreeMap::new();
    let mut answers = Vec::new();
    for &promise in line.promises {
        let function: Vec<Node> = tried.iter().map(|of| model_of(of).promises[promise].broken).collect();
        if !known.contains_key(&function) {
            let answer = Answer {
                goal: line.index,
                promise,
                combinations,
                counter_examples: Vec::new(),
                broken_by: 0,
                more: false,
                tried: false,
            };
            known.insert(function.clone(), answered(answer, model, design, &tried, &model_of)?);
        }
        answers.extend(known.get(&function).map(|answer| Answer { promise, ..answer.clone() }));
    }
    Some(Ok(answers))
}

/// What may fail while a host is drained, or none is.
struct Drained {
    host: Option<Var>,
    away: Vec<Var>,
    combinations: Combinations,
    may_fail: Vec<Var>,
}

/// One promise, whatever is drained.
fn answered<'m>(
    mut answer: Answer,
    model: &'m Model,
    design: &Design,
    tried: &[Drained],
    model_of: &dyn Fn(&Drained) -> &'m Model,
) -> Option<Answer> {
    // Hosts that may be exchanged are drained alike, where nothing of them moves: what moves may go to unlike places.
    let stays = |of: &Drained| of.host.filter(|_| std::ptr::eq(model_of(of), model));
    let hosts: Vec<Var> = tried.iter().filter_map(stays).collect();
    // Each host may fail while another is drained, unless its loss is accepted: such a one is like no other.
    let all: BTreeSet<Var> = tried.iter().flat_map(|of| &of.may_fail).copied().collect();
    let may_fail = |var: Var| all.contains(&var);
    let first: BTreeMap<Var, Var> = if hosts.len() > 1 {
        like_hosts(model, design, &model.promises[answer.promise], &may_fail, &hosts)
    } else {
        BTreeMap::new()
    };
    let mut sum: u128 = 0;
    let mut alike = false;
    for of in tried {
        let is_first = |host: Var| first.get(&host).is_none_or(|first| *first == host);
        if of.host.is_some_and(|host| !is_first(host)) {
            continue;
        }
        let drained_alike = of.host.map_or(1, |host| first.values().filter(|first| **first == host).count().max(1));
        let found = sets(model_of(of), design, answer.promise, of)?;
        for orbit in found {
            alike |= orbit.count > 1 || drained_alike > 1;
            sum = sum.saturating_add(orbit.count.saturating_mul(drained_alike as u128));
            answer.counter_examples.push(CounterExample { drained: of.host, failed: orbit.example });
        }
    }
    answer.counter_examples.sort();
    answer.counter_examples.sort_by_key(|example| example.failed.len());
    answer.more = alike || answer.counter_examples.len() > SHOWN;
    answer.counter_examples.truncate(SHOWN);
    answer.broken_by = u64::try_from(sum).unwrap_or(u64::MAX);
    Some(answer)
}

/// The smallest sets that are part of a combination, one of each class.
fn sets(model: &Model, design: &Design, promise: usize, of: &Drained) -> Option<Vec<CutOrbit>> {
    let scenario = Scenario { may_fail: &of.may_fail, away: &of.away, order: of.combinations.order() as u32 };
    let mut found = cuts_among(model, design, &model.promises[promise], &scenario)?;
    // Sets of a class are of the same kinds.
    found.retain(|orbit| of.combinations.has(&orbit.example));
    Some(found)
}
