//! How an outage comes about: mechanisms, and how they are composed.

use std::collections::BTreeSet;

use serde::Serialize;

use crate::assumption::Assumption;
use crate::interval::Interval;

/// Whose outage is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Who {
    /// Somebody who connects anew, again and again.
    New,
    /// Somebody whose connection was there before the failure.
    Existing,
}

/// One failover, with the time it takes.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Mechanism {
    /// What happens, in a few words.
    pub name: &'static str,
    /// Until a new connection succeeds.
    pub new: Interval,
    /// Until one that existed works again, or was noticed as dead and replaced.
    pub existing: Interval,
    /// The sum with its numbers.
    pub formula: String,
    /// The document or source code that it was taken from, with the version that was read.
    pub source: &'static str,
    /// What must be true for the interval to be a bound.
    pub assumes: &'static [Assumption],
}

/// One of several cases, of which it is not known which is true at the time of the failure.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Case {
    /// When it is this one.
    pub when: String,
    /// What happens then.
    pub how: How,
}

/// How an outage comes about.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum How {
    /// Nothing is noticed, for this reason.
    Masked(String),
    /// It does not come back by itself, for this reason.
    UntilRepair(String),
    /// One mechanism.
    Step(Mechanism),
    /// One after the other: times add up.
    Then(Vec<How>),
    /// It depends on what was the case: from the least of all to the most of all.
    Either(Vec<Case>),
    /// Whichever is over first ends it.
    Race(Vec<How>),
    /// All run at the same time and all must be over.
    Both(Vec<How>),
}

impl How {
    /// Nothing is noticed.
    pub fn masked(why: impl Into<String>) -> Self {
        How::Masked(why.into())
    }

    /// It does not come back by itself.
    pub fn until_repair(why: impl Into<String>) -> Self {
        How::UntilRepair(why.into())
    }

    /// Cases, of which it is not known which is true.
    pub fn either<const N: usize>(cases: [(String, How); N]) -> Self {
        How::Either(cases.into_iter().map(|(when, how)| Case { when, how }).collect())
    }

    /// What happens at the same time; of several that are noticed by nobody the first reason is kept.
    pub fn both(parts: Vec<How>) -> Self {
        let mut heard: Vec<How> = Vec::new();
        let mut quiet = None;
        for part in parts {
            match part {
                How::Masked(_) => quiet = quiet.or(Some(part)),
                How::Both(inner) => heard.extend(inner),
                _ => heard.push(part),
            }
        }
        match heard.len() {
            0 => quiet.unwrap_or_else(|| How::masked("nothing that it needs is lost")),
            1 => heard.remove(0),
            _ => How::Both(heard),
        }
    }

    /// How long it lasts for somebody.
    pub fn outage(&self, who: Who) -> Interval {
        let of = |parts: &[How], compose: fn(Interval, Interval) -> Interval| {
            parts.iter().map(|part| part.outage(who)).reduce(compose).unwrap_or(Interval::ZERO)
        };
        match self {
            How::Masked(_) => Interval::ZERO,
            How::UntilRepair(_) => Interval::UNTIL_REPAIR,
            How::Step(step) => match who {
                Who::New => step.new,
                Who::Existing => step.existing,
            },
            How::Then(parts) => of(parts, Interval::then),
            How::Race(parts) => of(parts, Interval::race),
            How::Both(parts) => of(parts, Interval::both),
            How::Either(cases) => {
                cases.iter().map(|case| case.how.outage(who)).reduce(Interval::or).unwrap_or(Interval::ZERO)
            }
        }
    }

    /// Every mechanism in it, in the order in which they are written.
    pub fn steps(&self) -> Vec<&Mechanism> {
        match self {
            How::Masked(_) | How::UntilRepair(_) => Vec::new(),
            How::Step(step) => vec![step],
            How::Then(parts) | How::Race(parts) | How::Both(parts) => parts.iter().flat_map(How::steps).collect(),
            How::Either(cases) => cases.iter().flat_map(|case| case.how.steps()).collect(),
        }
    }

    /// Why it may not come back by itself, each reason with the case in which it holds: `(when, why)`, where the first is
    /// empty when it holds in every case.
    pub fn lasting(&self) -> Vec<(&str, &str)> {
        match self {
            How::Masked(_) | How::Step(_) => Vec::new(),
            How::UntilRepair(why) => vec![("", why)],
            How::Then(parts) | How::Race(parts) | How::Both(parts) => parts.iter().flat_map(How::lasting).collect(),
            How::Either(cases) => cases
                .iter()
                .flat_map(|case| {
                    let when = case.when.as_str();
                    case.how.lasting().into_iter().map(move |(of, why)| (if of.is_empty() { when } else { of }, why))
                })
                .collect(),
        }
    }

    /// What must be true for the interval to be a bound.
    pub fn assumptions(&self) -> BTreeSet<Assumption> {
        self.steps().into_iter().flat_map(|step| step.assumes.iter().copied()).collect()
    }
}

impl From<Mechanism> for How {
    fn from(mechanism: Mechanism) -> Self {
        How::Step(mechanism)
    }
}
