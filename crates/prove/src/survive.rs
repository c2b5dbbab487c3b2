//! Does the design survive what the file says it must?

mod by_sets;
mod fewer;

use std::collections::{BTreeMap, BTreeSet};

use by_sets::Line;
use plimsoll_circuit::Var;
use plimsoll_model::Design;
use plimsoll_model::design::{Goal, State};

use crate::combinations::Combinations;
use crate::drain;
use crate::lanes::{LANES, Lanes};
use crate::model::Model;
use crate::question::Question;
use fewer::{add_fewer, smallest_part};

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
    /// How many of them break it; where they are too many to try each, how many smallest sets of failures do.
    pub broken_by: u64,
    /// Whether there are smallest sets beside those that were kept.
    pub more: bool,
    /// Whether each combination was tried. Where there are too many, the smallest sets of failures that break the promise
    /// were looked for instead, up to as many as fail together: the answer is the same.
    pub tried: bool,
}

impl Answer {
    /// Whether it survives.
    pub fn holds(&self) -> bool {
        self.broken_by == 0
    }

    /// Whether the promise is broken with nothing failed and nothing drained.
    pub fn broken_from_start(&self) -> bool {
        self.counter_examples.first().is_some_and(|example| example.failed.is_empty() && example.drained.is_none())
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
/// Combinations that break a promise of which the smallest are looked for.
const LOOKED_AT: usize = 20_000;

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
    /// There is nothing to fail: fewer of the kind than the line says, or the loss of all is accepted.
    TooFew {
        /// The line.
        goal: usize,
    },
    /// More combinations than can be looked at.
    TooMany {
        /// The line.
        goal: usize,
        /// How many.
        combinations: u64,
    },
}

impl Meaningless {
    /// The line.
    pub fn goal(&self) -> usize {
        match self {
            Meaningless::Promise { goal, .. }
            | Meaningless::Kind { goal, .. }
            | Meaningless::TooFew { goal }
            | Meaningless::TooMany { goal, .. } => *goal,
        }
    }
}

/// Combinations of one line that are looked at at most.
pub(crate) const MOST: u64 = 20_000_000;

/// Whether a line asks for a cold start: that everything comes back after the loss of all power. No combination of failures
/// that lasts, and no promise of the circuit: [`crate::cold_start`] answers it.
pub fn asks_for_cold_start(goal: &Goal) -> bool {
    goal.promise == "cold-start"
}

/// Judges every line of `survive:` but those that ask for a cold start. Components whose loss is accepted (`accept:`) are
/// left out of what may fail.
pub fn survive(model: &Model, design: &Design) -> (Vec<Answer>, Vec<Meaningless>) {
    survive_trying(model, design, MOST)
}

/// As [`survive`], where a line with more than `most` combinations is not tried one by one.
pub fn survive_trying(model: &Model, design: &Design, most: u64) -> (Vec<Answer>, Vec<Meaningless>) {
    let mut question = Question::new(model);
    let mut drains = Drains::default();
    let (mut answers, mut meaningless) = (Vec::new(), Vec::new());
    let lines = design.survive.iter().enumerate().filter(|(_, goal)| !asks_for_cold_start(goal));
    for (index, goal) in lines {
        match judge(&mut question, &mut drains, design, index, goal, most) {
            Ok(of_goal) => answers.extend(of_goal),
            Err(problem) => meaningless.push(problem),
        }
    }
    (answers, meaningless)
}

/// For each host that was drained: the model with what moves elsewhere, or nothing where it is as if it were stopped.
type Drains = BTreeMap<Var, Option<Model>>;

fn judge(
    question: &mut Question<'_>,
    moved: &mut Drains,
    design: &Design,
    index: usize,
    goal: &Goal,
    most: u64,
) -> Result<Vec<Answer>, Meaningless> {
    let model = question.model();
    let promises: Vec<usize> =
        (0..model.promises.len()).filter(|&promise| model.promises[promise].is_meant(&goal.promise)).collect();
    if promises.is_empty() {
        let known = model.promises.iter().map(|promise| promise.id.clone()).collect();
        return Err(Meaningless::Promise { goal: index, name: goal.promise.clone(), known });
    }
    for failure in &goal.failures {
        if !model.failable().any(|(_, component)| component.is_of(failure.kind.as_str())) {
            let kinds: BTreeSet<&str> = model.failable().map(|(_, component)| component.kind.as_str()).collect();
            let known = kinds.into_iter().map(str::to_owned).collect();
            return Err(Meaningless::Kind { goal: index, name: failure.kind.to_string(), known });
        }
    }
    let mended: Vec<usize> =
        promises.iter().copied().filter(|&promise| !model.promises[promise].mended.is_empty()).collect();
    let drains: Vec<Option<Var>> = if goal.while_drained { drained_hosts(model, design) } else { vec![None] };
    let whole = Combinations::of(model, design, goal, &[]);
    let size = whole.size().saturating_mul(drains.len() as u64);
    if size > most {
        let line = Line { index, goal, drains: &drains, promises: &promises };
        let answers = by_sets::answers(model, moved, design, &line);
        return answers.unwrap_or(Err(Meaningless::TooMany { goal: index, combinations: size }));
    }
    let mut answers: Vec<Answer> = promises
        .iter()
        .map(|&promise| Answer {
            goal: index,
            promise,
            combinations: 0,
            counter_examples: Vec::new(),
            broken_by: 0,
            more: false,
            tried: true,
        })
        .collect();
    let tops: Vec<_> = promises.iter().map(|&promise| model.promises[promise].broken).collect();
    let mut stopped = Lanes::new(model, &tops);
    for drained in drains {
        let elsewhere = match drained {
            Some(host) => moved.entry(host).or_insert_with(|| drain::drained(model, design, host)).as_ref(),
            None => None,
        };
        let mut of_moved = elsewhere.map(|model| {
            let tops: Vec<_> = promises.iter().map(|&promise| model.promises[promise].broken).collect();
            Lanes::new(model, &tops)
        });
        let lanes = of_moved.as_mut().unwrap_or(&mut stopped);
        // What is drained cannot fail as well.
        let combinations = match drained {
            Some(host) => Combinations::of(model, design, goal, &[host]),
            None => Combinations::of(model, design, goal, &[]),
        };
        try_each(lanes, &mut answers, &combinations, drained);
        if !mended.is_empty() {
            add_fewer(lanes, &mut answers, &mended, &combinations, drained);
        }
    }
    // Nothing failed, so that nothing was survived.
    if answers.iter().any(|answer| answer.combinations == 0) {
        return Err(Meaningless::TooFew { goal: index });
    }
    for answer in &mut answers {
        smallest(question, moved, answer);
    }
    Ok(answers)
}

/// Asks every combination.
fn try_each(lanes: &mut Lanes, answers: &mut [Answer], combinations: &Combinations, drained: Option<Var>) {
    let mut waiting: Vec<Vec<Var>> = Vec::with_capacity(LANES);
    combinations.each(&mut |failed: &[Var]| {
        waiting.push(failed.iter().copied().chain(drained).collect());
        if waiting.len() == LANES {
            count(lanes, answers, drained, &mut waiting);
        }
        true
    });
    count(lanes, answers, drained, &mut waiting);
}

/// Asks the combinations that wait, and counts those that break each promise.
fn count(lanes: &mut Lanes, answers: &mut [Answer], drained: Option<Var>, waiting: &mut Vec<Vec<Var>>) {
    lanes.ask_vars(waiting);
    for (top, answer) in answers.iter_mut().enumerate() {
        answer.combinations += waiting.len() as u64;
        for (_, failed) in waiting.iter().enumerate().filter(|(lane, _)| lanes.is(top, *lane)) {
            answer.broken_by += 1;
            if answer.counter_examples.len() < LOOKED_AT {
                let failed = failed.iter().copied().filter(|var| Some(*var) != drained).collect();
                answer.counter_examples.push(CounterExample { drained, failed });
            }
        }
    }
    waiting.clear();
}

/// Hosts that are there, which may be drained.
pub(crate) fn drained_hosts(model: &Model, design: &Design) -> Vec<Option<Var>> {
    let there = design.host.iter().filter(|(_, host)| host.state != State::Planned);
    there.filter_map(|(name, _)| model.components.find(&format!("host/{name}"))).map(Some).collect()
}

/// Takes out of each counter-example what is not needed, and keeps the smallest.
fn smallest(question: &mut Question<'_>, moved: &Drains, answer: &mut Answer) {
    let mut others: BTreeMap<Var, Question<'_>> = BTreeMap::new();
    let mut reduced: BTreeSet<CounterExample> = BTreeSet::new();
    for mut example in std::mem::take(&mut answer.counter_examples) {
        let elsewhere = example.drained.and_then(|host| Some((host, moved.get(&host)?.as_ref()?)));
        match elsewhere {
            Some((host, model)) => {
                let question = others.entry(host).or_insert_with(|| Question::new(model));
                shrink(question, answer.promise, &mut example);
            }
            None => shrink(question, answer.promise, &mut example),
        }
        reduced.insert(example);
    }
    let mut kept: Vec<CounterExample> = reduced.into_iter().collect();
    kept.sort_by_key(|example| example.failed.len());
    answer.more = kept.len() > SHOWN || answer.broken_by > LOOKED_AT as u64;
    kept.truncate(SHOWN);
    answer.counter_examples = kept;
}

/// Takes out what is not needed.
fn shrink(question: &mut Question<'_>, promise: usize, example: &mut CounterExample) {
    if !question.model().promises[promise].mended.is_empty() {
        return smallest_part(question, promise, example);
    }
    let mut at = 0;
    while at < example.failed.len() {
        let mut fewer = example.failed.clone();
        fewer.remove(at);
        question.ask(fewer.iter().copied().chain(example.drained));
        if question.broken(promise) { example.failed = fewer } else { at += 1 }
    }
}
