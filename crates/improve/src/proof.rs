//! What one version of the file is worth: which lines hold, how much time is lost, which single failures break something.

use std::collections::{BTreeMap, BTreeSet};
use std::num::NonZeroUsize;

use plimsoll_circuit::Node;
use plimsoll_model::Design;
use plimsoll_outage::{End, Endpoint, How, Predictions, Who};
use plimsoll_prove::{
    Images, LANES, Lanes, Model, Promise, Range, cold_start, failovers, lost_times, predictions, survive, words,
};

use crate::functions::Functions;

/// The time that a promise is broken in a year, in seconds.
#[derive(Clone, Debug, PartialEq)]
pub struct Time {
    /// The promise.
    pub promise: String,
    /// All of it: independent failures, failures during maintenance, common causes, failovers.
    pub seconds: Range,
    /// The part of it that is lost by common causes.
    pub common: Range,
    /// The part of it that is lost by failing over: how often each thing fails times how long that hurts.
    pub failovers: Range,
    /// The longest that one failure hurts from which the promise comes back by itself, in seconds.
    pub longest: f64,
    /// The part of `common` whose loss the file accepts.
    pub accepted: Range,
    /// Whether only bounds are known.
    pub bound_only: bool,
}

/// A line of `survive:` for one promise.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// The line, as it counts in the Design.
    pub goal: usize,
    /// The promise.
    pub promise: String,
    /// What it asks, in words.
    pub words: String,
    /// Combinations that break the promise; it holds when there is none.
    pub broken_by: u64,
}

impl Line {
    /// Whether another proof's line asks the same.
    pub(crate) fn is(&self, other: &Line) -> bool {
        (self.goal, &self.promise) == (other.goal, &other.promise)
    }
}

/// A version of the file, proved.
#[derive(Clone, Debug)]
pub struct Proof {
    /// Promises that `all` means.
    pub times: Vec<Time>,
    /// Lines of `survive:`, and the start from nothing, by promise.
    pub lines: Vec<Line>,
    /// Single failures that break some promise, but for those whose loss the file accepts.
    pub single: BTreeSet<String>,
    /// What an election of etcd does to the API.
    pub election: Election,
}

impl Proof {
    /// Lines that do not hold.
    pub fn broken(&self) -> impl Iterator<Item = &Line> {
        self.lines.iter().filter(|line| line.broken_by > 0)
    }
}

/// How long the API is away while etcd elects a leader, in seconds at most.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Election {
    /// The election alone.
    pub alone: f64,
    /// With what it sets off, because somebody waits for less long: HAProxy has taken every server out, keepalived has given
    /// the address up everywhere. The same as `alone` where nothing is set off.
    pub with_cascade: f64,
}

/// The lines of `survive:` alone, which is quick.
pub(crate) fn lines(model: &Model, design: &Design) -> Vec<Line> {
    let (answers, _) = survive(model, design);
    let mut lines: Vec<Line> = answers
        .into_iter()
        .map(|answer| {
            let promise = model.promises[answer.promise].id.clone();
            let words = format!("{promise} survives {}", words::goal(&design.survive[answer.goal]));
            Line { goal: answer.goal, promise, words, broken_by: answer.broken_by }
        })
        .collect();
    for (images, what) in [(Images::OnNodes, "after losing all power"), (Images::Gone, "with empty nodes")] {
        let blocked = cold_start(design, images).blocked.len() as u64;
        let words = format!("everything starts {what}");
        lines.push(Line { goal: usize::MAX, promise: words.clone(), words, broken_by: blocked });
    }
    lines
}

/// What the exact analysis of one function says.
struct Lost {
    /// From independent failures and from failures during maintenance.
    seconds: Range,
    /// Each common cause, by its path.
    common: Vec<(String, Range)>,
    bound_only: bool,
}

/// What was proved so far. The exact analysis of a function takes a thousand times as long as all else; most changes touch
/// few promises, and a promise that is the same function of the same components loses the same time. What else the analysis
/// reads, how often hosts are serviced and who repairs, is in `assume:`, which no change touches.
pub(crate) struct Known {
    functions: Functions,
    lost: BTreeMap<usize, Lost>,
    /// On which functions are analysed.
    threads: NonZeroUsize,
}

impl Known {
    /// Nothing so far.
    pub(crate) fn nothing(threads: NonZeroUsize) -> Self {
        Known { functions: Functions::default(), lost: BTreeMap::new(), threads }
    }

    /// How many functions were analysed.
    pub(crate) fn analysed(&self) -> usize {
        self.lost.len()
    }

    /// How many functions of this version nobody has analysed yet.
    pub(crate) fn fresh(&mut self, model: &Model) -> usize {
        let numbers: BTreeSet<usize> = self.functions.of(model, &tops(model)).into_iter().collect();
        numbers.iter().filter(|number| !self.lost.contains_key(number)).count()
    }

    /// Proves a Design. `lines` are its lines.
    pub(crate) fn prove(&mut self, model: &Model, design: &Design, lines: Vec<Line>) -> Result<Proof, String> {
        let accepted = |path: &str| design.excluded.keys().any(|excluded| excluded.as_str() == path);
        let numbers = self.functions.of(model, &tops(model));
        let promises: Vec<&Promise> = model.promises.iter().filter(|promise| promise.meant_by_all).collect();
        let predictions = self.analyse(model, design, &promises, &numbers)?;
        let mut times = Vec::new();
        for (promise, number) in promises.into_iter().zip(numbers) {
            let Some(lost) = self.lost.get(&number) else { continue };
            let (mut common, mut apart) = (Range::exactly(0.0), Range::exactly(0.0));
            for (path, time) in &lost.common {
                common = add(common, *time);
                if accepted(path) {
                    apart = add(apart, *time);
                }
            }
            let failovers = failovers(model, &predictions, &promise.id);
            times.push(Time {
                promise: promise.id.clone(),
                seconds: add(add(lost.seconds, common), failovers),
                common,
                failovers,
                longest: longest(&predictions, &promise.id),
                accepted: apart,
                bound_only: lost.bound_only,
            });
        }
        let single = single(model).into_iter().filter(|path| !accepted(path)).collect();
        Ok(Proof { times, lines, single, election: election(design) })
    }

    /// Analyses the functions that are not known yet, given promises and the number of the function of each; outages are
    /// predicted meanwhile.
    fn analyse(
        &mut self,
        model: &Model,
        design: &Design,
        promises: &[&Promise],
        numbers: &[usize],
    ) -> Result<Predictions, String> {
        let mut fresh: Vec<(usize, &Promise)> = Vec::new();
        for (number, promise) in numbers.iter().zip(promises) {
            if !self.lost.contains_key(number) && fresh.iter().all(|(known, _)| known != number) {
                fresh.push((*number, promise));
            }
        }
        let of_fresh: Vec<&Promise> = fresh.iter().map(|(_, promise)| *promise).collect();
        let predict = || predictions(model, design);
        let (all, predictions) = lost_times(model, design, &of_fresh, self.threads, predict);
        for ((number, promise), lost) in fresh.into_iter().zip(all) {
            let lost = lost.map_err(|error| format!("{}: {error}", promise.id))?;
            let path = |var| model.components.get(var).path.clone();
            let common = lost.common.iter().map(|(var, time)| (path(*var), *time));
            let declared = lost.declared.iter().map(|one| (one.cause.to_string(), one.time));
            let common = common.chain(declared).collect();
            let (seconds, bound_only) = (add(lost.steady, lost.maintenance), lost.bound_only);
            self.lost.insert(number, Lost { seconds, common, bound_only });
        }
        Ok(predictions)
    }
}

fn tops(model: &Model) -> Vec<Node> {
    model.promises.iter().filter(|promise| promise.meant_by_all).map(|promise| promise.broken).collect()
}

/// Components whose loss alone breaks a promise.
fn single(model: &Model) -> BTreeSet<String> {
    let tops = tops(model);
    let mut lanes = Lanes::new(model, &tops);
    let all: Vec<[usize; 1]> = model.failable().map(|(var, _)| [var.index()]).collect();
    let paths: Vec<&str> = model.failable().map(|(_, component)| component.path.as_str()).collect();
    let mut found = BTreeSet::new();
    // What is broken anyway breaks by no failure.
    lanes.ask([[].as_slice()]);
    let whole: Vec<usize> = (0..tops.len()).filter(|top| !lanes.is(*top, 0)).collect();
    for (scenarios, paths) in all.chunks(LANES).zip(paths.chunks(LANES)) {
        lanes.ask(scenarios.iter().map(<[usize; 1]>::as_slice));
        for (lane, path) in paths.iter().enumerate() {
            if whole.iter().any(|top| lanes.is(*top, lane)) {
                found.insert((*path).to_owned());
            }
        }
    }
    found
}

/// The longest outage of a promise by one failure, in the ways in which things mostly fail, that ends by itself.
fn longest(predictions: &Predictions, promise: &str) -> f64 {
    let usual = predictions.all.iter().filter(|one| one.promise == promise && one.failure.way.is_usual());
    usual.filter_map(|one| one.new.max().time()).map(plimsoll_model::units::Millis::as_secs).fold(0.0, f64::max)
}

fn election(design: &Design) -> Election {
    let seconds = |how: &How| match how.outage(Who::New).max() {
        End::After(time) => time.as_secs(),
        End::Repair => f64::INFINITY,
    };
    let how = Endpoint { design }.leader_lost();
    let alone = match &how {
        How::Then(steps) => steps.first().map_or(0.0, seconds),
        how => seconds(how),
    };
    Election { alone, with_cascade: seconds(&how) }
}

pub(crate) fn add(one: Range, other: Range) -> Range {
    Range::new(one.low + other.low, one.typical + other.typical, one.high + other.high)
}

pub(crate) fn less(one: Range, other: Range) -> Range {
    Range::new(one.low - other.low, one.typical - other.typical, one.high - other.high)
}
