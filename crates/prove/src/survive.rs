//! Does the design survive what the file says it must?

use std::collections::BTreeSet;

use plimsoll_circuit::Var;
use plimsoll_model::Design;
use plimsoll_model::design::{Goal, State};

use crate::component::Component;
use crate::model::Model;
use crate::question::Question;

/// The answer to one line of `survive:` for one promise.
#[derive(Clone, Debug, PartialEq)]
pub struct Answer {
    /// The line, as it counts in the Design (`survive/0`).
    pub goal: usize,
    /// The promise, by its place in the model.
    pub promise: usize,
    /// How many combinations were looked at.
    pub combinations: u64,
    /// The smallest combinations that break it, as sets without a smaller one in them; a few of them.
    pub counter_examples: Vec<CounterExample>,
    /// How many there are in all.
    pub broken_by: u64,
}

impl Answer {
    /// Whether it survives.
    pub fn holds(&self) -> bool {
        self.broken_by == 0
    }
}

/// A combination that breaks a promise.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct CounterExample {
    /// The host that is drained at the time.
    pub drained: Option<Var>,
    /// What fails.
    pub failed: Vec<Var>,
}

/// Counter-examples that are kept of each answer.
const SHOWN: usize = 8;

/// A line of `survive:` that means nothing here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Meaningless {
    /// No promise is called so.
    Promise {
        /// The line.
        goal: usize,
        /// What it names.
        name: String,
        /// What there is.
        known: Vec<String>,
    },
    /// There is no component of that kind.
    Kind {
        /// The line.
        goal: usize,
        /// What it names.
        name: String,
        /// What there is.
        known: Vec<String>,
    },
    /// More combinations than can be looked at.
    TooMany {
        /// The line.
        goal: usize,
        /// How many.
        combinations: u64,
    },
}

/// Combinations of one line that are looked at at most.
const MOST: u64 = 20_000_000;

/// Judges every line of `survive:`. Components whose loss is accepted (`accept:`) are left out of what may fail.
pub fn survive(model: &Model, design: &Design) -> (Vec<Answer>, Vec<Meaningless>) {
    let mut question = Question::new(model);
    let (mut answers, mut meaningless) = (Vec::new(), Vec::new());
    for (index, goal) in design.survive.iter().enumerate() {
        match judge(&mut question, design, index, goal) {
            Ok(of_goal) => answers.extend(of_goal),
            Err(problem) => meaningless.push(problem),
        }
    }
    (answers, meaningless)
}

/// Whether a component is one of a kind that a line names; `any` is any component.
pub(crate) fn is_of(component: &Component, kind: &str) -> bool {
    component.kind.is_component() && (kind == "any" || component.kind.as_str() == kind)
}

/// What may fail: components that are not accepted, and that no accepted one contains.
fn candidates(model: &Model, design: &Design, kind: &str) -> Vec<Var> {
    let accepted = |path: &str| design.excluded.keys().any(|excluded| excluded.as_str() == path);
    model
        .failable()
        .filter(|(_, component)| is_of(component, kind) && !accepted(&component.path) && !accepted(&component.origin))
        .map(|(var, _)| var)
        .collect()
}

fn judge(question: &mut Question<'_>, design: &Design, index: usize, goal: &Goal) -> Result<Vec<Answer>, Meaningless> {
    let model = question.model();
    let promises: Vec<usize> =
        (0..model.promises.len()).filter(|&promise| model.promises[promise].is_meant(&goal.promise)).collect();
    if promises.is_empty() {
        let known = model.promises.iter().map(|promise| promise.id.clone()).collect();
        return Err(Meaningless::Promise { goal: index, name: goal.promise.clone(), known });
    }
    let mut slots: Vec<Vec<Var>> = Vec::new();
    for failure in &goal.failures {
        let vars = candidates(model, design, failure.kind.as_str());
        if vars.is_empty() && !model.failable().any(|(_, component)| is_of(component, failure.kind.as_str())) {
            let kinds: BTreeSet<&str> = model.failable().map(|(_, component)| component.kind.as_str()).collect();
            let known = kinds.into_iter().map(str::to_owned).collect();
            return Err(Meaningless::Kind { goal: index, name: failure.kind.to_string(), known });
        }
        for _ in 0..failure.count {
            slots.push(vars.clone());
        }
    }
    let drains: Vec<Option<Var>> = if goal.while_drained { drained_hosts(model, design) } else { vec![None] };
    let size = slots.iter().fold(drains.len() as u64, |size, slot| size.saturating_mul(slot.len() as u64));
    if size > MOST {
        return Err(Meaningless::TooMany { goal: index, combinations: size });
    }
    let mut answers: Vec<Answer> = promises
        .iter()
        .map(|&promise| Answer { goal: index, promise, combinations: 0, counter_examples: Vec::new(), broken_by: 0 })
        .collect();
    let mut seen: BTreeSet<CounterExample> = BTreeSet::new();
    for drained in drains {
        let mut picked: Vec<Var> = Vec::new();
        combine(&slots, &mut picked, &mut |failed: &[Var]| {
            let mut sorted: Vec<Var> = failed.to_vec();
            sorted.sort_unstable();
            sorted.dedup();
            // The same one twice, or what is drained anyway, is a smaller combination than the line asks for.
            if sorted.len() < slots.len() || drained.is_some_and(|host| sorted.contains(&host)) {
                return;
            }
            let example = CounterExample { drained, failed: sorted };
            if slots.len() > 1 && !seen.insert(example.clone()) {
                return;
            }
            question.ask(example.failed.iter().copied().chain(drained));
            for answer in &mut answers {
                answer.combinations += 1;
                if question.broken(answer.promise) {
                    answer.broken_by += 1;
                    answer.counter_examples.push(example.clone());
                }
            }
        });
    }
    for answer in &mut answers {
        smallest(question, answer);
    }
    Ok(answers)
}

/// Hosts in service, which may be drained.
pub(crate) fn drained_hosts(model: &Model, design: &Design) -> Vec<Option<Var>> {
    let active = design.host.iter().filter(|(_, host)| host.state == State::Active);
    active.filter_map(|(name, _)| model.components.find(&format!("host/{name}"))).map(Some).collect()
}

fn combine(slots: &[Vec<Var>], picked: &mut Vec<Var>, visit: &mut dyn FnMut(&[Var])) {
    let Some((first, rest)) = slots.split_first() else { return visit(picked) };
    for &var in first {
        picked.push(var);
        combine(rest, picked, visit);
        picked.pop();
    }
}

/// Takes out of each counter-example what is not needed, and keeps the smallest.
fn smallest(question: &mut Question<'_>, answer: &mut Answer) {
    let mut reduced: BTreeSet<CounterExample> = BTreeSet::new();
    for mut example in std::mem::take(&mut answer.counter_examples) {
        let mut at = 0;
        while at < example.failed.len() {
            let mut fewer = example.failed.clone();
            fewer.remove(at);
            question.ask(fewer.iter().copied().chain(example.drained));
            if question.broken(answer.promise) { example.failed = fewer } else { at += 1 }
        }
        reduced.insert(example);
    }
    let mut kept: Vec<CounterExample> = reduced.into_iter().collect();
    kept.sort_by_key(|example| example.failed.len());
    kept.truncate(SHOWN);
    answer.counter_examples = kept;
}
