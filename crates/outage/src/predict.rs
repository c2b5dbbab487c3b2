//! The prediction for every single failure and promise.

use std::collections::BTreeSet;

use plimsoll_model::Design;
use plimsoll_model::units::Millis;
use serde::Serialize;

use crate::assumption::Assumption;
use crate::failure::{Failure, Way, all};
use crate::ground::Ground;
use crate::how::{Case, How, Who};
use crate::interval::Interval;
use crate::lost::Consequence;
use crate::network::World;
use crate::promise::{Answer, Partly, answer, promises, same};
use crate::standing::standing;

/// What one failure does to one promise.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Prediction {
    /// What fails.
    pub failure: Failure,
    /// The promise: `api`, `ingress/public`.
    pub promise: String,
    /// Until new connections succeed.
    pub new: Interval,
    /// Until connections that existed work, or were noticed as dead and replaced.
    pub existing: Interval,
    /// How that comes about.
    pub how: How,
    /// Shares of those who ask that are hit for longer.
    pub partly: Vec<Partly>,
}

impl Prediction {
    /// What must be true for its intervals to be bounds.
    pub fn assumptions(&self) -> BTreeSet<Assumption> {
        let shares = self.partly.iter().flat_map(|partly| partly.how.assumptions());
        self.how.assumptions().into_iter().chain(shares).collect()
    }
}

/// What every single failure does to every promise.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Predictions {
    /// Promises, in the order of each failure's predictions.
    pub promises: Vec<String>,
    /// All, failure by failure.
    pub all: Vec<Prediction>,
}

impl Predictions {
    /// The prediction for a component that fails in a way, and a promise.
    pub fn get(&self, component: &str, way: Way, promise: &str) -> Option<&Prediction> {
        let wanted =
            |one: &&Prediction| one.failure.component == component && one.failure.way == way && one.promise == promise;
        self.all.iter().find(wanted)
    }

    /// The predictions of each failure, one per promise.
    pub fn failures(&self) -> impl Iterator<Item = &[Prediction]> {
        self.all.chunks(self.promises.len().max(1))
    }
}

/// Predicts the outage of every promise for every single failure. Pure: the same Design gives the same predictions. What is
/// only planned may fail too, and takes nothing away.
pub fn predict(design: &Design) -> Predictions {
    let standing = standing(design);
    let whole = design;
    let design: &Design = &standing;
    let ground = Ground::of(design);
    let promises = promises(design);
    let same = same(design, &promises);
    let mut all_predictions = Vec::new();
    // Most parts have a twin, so that most failures take nothing away.
    let mut of_nothing: Option<Vec<Prediction>> = None;
    for (failure, what) in all(whole) {
        let Consequence { now, later } = Consequence::of(design, what, failure.way);
        let is_nothing = now.is_nothing() && later.is_none();
        if let Some(known) = of_nothing.as_ref().filter(|_| is_nothing) {
            all_predictions.extend(known.iter().map(|known| Prediction { failure: failure.clone(), ..known.clone() }));
            continue;
        }
        let now = World::new(&ground, now);
        let later = later.map(|(runtime, lost)| (runtime, World::new(&ground, lost)));
        let mut predictions: Vec<Prediction> = Vec::with_capacity(promises.len());
        for (promise, same) in promises.iter().zip(&same) {
            let prediction = if let Some(other) = same {
                Prediction { promise: promise.clone(), ..predictions[*other].clone() }
            } else {
                let at_once = answer(&now, promise);
                let Answer { how, partly } = match &later {
                    Some((runtime, later)) => on_battery(at_once, *runtime, answer(later, promise)),
                    None => at_once,
                };
                let (new, existing) = (how.outage(Who::New), how.outage(Who::Existing));
                Prediction { failure: failure.clone(), promise: promise.clone(), new, existing, how, partly }
            };
            predictions.push(prediction);
        }
        if is_nothing {
            of_nothing = Some(predictions.clone());
        }
        all_predictions.extend(predictions);
    }
    Predictions { promises, all: all_predictions }
}

fn on_battery(now: Answer, runtime: Millis, later: Answer) -> Answer {
    if matches!(later.how, How::Masked(_)) && later.partly.is_empty() {
        return now;
    }
    let how = How::Either(vec![
        Case { when: format!("power is back within {runtime}"), how: now.how },
        Case { when: format!("power stays away for longer than {runtime}, and batteries are empty"), how: later.how },
    ]);
    Answer { how, partly: now.partly.into_iter().chain(later.partly).collect() }
}
