//! What one version of the file is worth: which lines hold, how much time is lost, which single failures break something.

use std::collections::{BTreeMap, BTreeSet};

use plimsoll_circuit::Node as Gate;
use plimsoll_diagnostics::{Diagnostics, Severity, Sources};
use plimsoll_model::{Design, Origins};
use plimsoll_prove::{Images, LostTime, Maintenance, Model, Range, cold_start, lost_time, margins, survive, words};
use plimsoll_resolve::{Lock, LockChange};
use plimsoll_spec::Spec;

/// The time that a promise is broken in a year, in seconds.
#[derive(Clone, Debug, PartialEq)]
pub struct Time {
    /// The promise.
    pub promise: String,
    /// From independent failures, from failures during maintenance, and from common causes together.
    pub seconds: Range,
    /// The part of it that is lost by common causes.
    pub common: Range,
    /// The part of that whose loss the file accepts.
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

/// A version of the file, proved.
#[derive(Clone, Debug)]
pub struct Proof {
    /// Promises that `all` means.
    pub times: Vec<Time>,
    /// Lines of `survive:`, and the start from nothing, by promise.
    pub lines: Vec<Line>,
    /// Single failures that break some promise, but for those whose loss the file accepts.
    pub single: BTreeSet<String>,
}

impl Proof {
    /// Lines that do not hold.
    pub fn broken(&self) -> impl Iterator<Item = &Line> {
        self.lines.iter().filter(|line| line.broken_by > 0)
    }
}

/// A version of the file, resolved.
pub(crate) struct Resolved {
    pub(crate) spec: Spec,
    pub(crate) design: Design,
    pub(crate) origins: Origins,
    pub(crate) lock: Lock,
}

/// Reads and resolves a text with the lock. The first error otherwise.
pub(crate) fn resolve(text: &str, lock: &Lock) -> Result<Resolved, String> {
    let mut sources = Sources::new();
    let id = sources.add("cluster.yaml", text);
    let (spec, problems) = plimsoll_spec::read(id, &sources);
    let Some(spec) = spec.filter(|_| !problems.has_errors()) else { return Err(first(&problems)) };
    let resolved = plimsoll_resolve::resolve(&spec, lock);
    match resolved.design {
        Some(design) => Ok(Resolved { spec, design, origins: resolved.origins, lock: resolved.lock }),
        None => Err(first(&resolved.diagnostics)),
    }
}

fn first(problems: &Diagnostics) -> String {
    let error = problems.iter().find(|problem| problem.severity == Severity::Error);
    error.map_or_else(|| "it does not resolve".to_owned(), |problem| problem.message.clone())
}

/// What was allocated before and is not any more, or has become something else.
pub(crate) fn moved(before: &Lock, after: &Lock) -> Option<String> {
    before.changes(after).into_iter().find_map(|change| match change {
        LockChange::Added(_) => None,
        // The serial of a zone counts its changes.
        LockChange::Changed(old, _) if old.starts_with("serial ") => None,
        LockChange::Removed(line) | LockChange::Changed(line, _) => Some(line),
    })
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

/// Proves a Design.
pub(crate) fn prove(model: &Model, design: &Design) -> Result<Proof, String> {
    let accepted = |path: &str| design.excluded.keys().any(|excluded| excluded.as_str() == path);
    // Promises that are the same function lose the same time.
    let mut known: BTreeMap<Gate, LostTime> = BTreeMap::new();
    let mut times = Vec::new();
    for promise in model.promises.iter().filter(|promise| promise.meant_by_all) {
        let lost = match known.get(&promise.broken) {
            Some(lost) => lost.clone(),
            None => lost_time(model, design, promise, Maintenance::of(design)).map_err(|error| error.to_string())?,
        };
        let (mut common, mut apart) = (Range::exactly(0.0), Range::exactly(0.0));
        for (var, time) in &lost.common {
            common = add(common, *time);
            if accepted(&model.components.get(*var).path) {
                apart = add(apart, *time);
            }
        }
        let (seconds, bound_only) = (add(add(lost.steady, lost.maintenance), common), lost.bound_only);
        times.push(Time { promise: promise.id.clone(), seconds, common, accepted: apart, bound_only });
        known.insert(promise.broken, lost);
    }
    let mut single = BTreeSet::new();
    for margin in margins(model, &[]).iter().filter(|margin| model.promises[margin.promise].meant_by_all) {
        let paths = margin.breaks_with.iter().map(|var| model.components.get(*var).path.clone());
        single.extend(paths.filter(|path| !accepted(path)));
    }
    Ok(Proof { times, lines: lines(model, design), single })
}

pub(crate) fn add(one: Range, other: Range) -> Range {
    Range::new(one.low + other.low, one.typical + other.typical, one.high + other.high)
}

pub(crate) fn less(one: Range, other: Range) -> Range {
    Range::new(one.low - other.low, one.typical - other.typical, one.high - other.high)
}
