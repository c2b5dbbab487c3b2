//! Common causes that the file declares: what takes many things at once, whatever redundancy they have.
//!
//! The model knows two by itself, a rack as a whole and the one supply of a site, which are components ([`Component::common`]).
//! Others have no place in a design: a configuration that is pushed to all switches, a bug that all members run, cooling, a
//! person. `assume: { common_causes: … }` names them.

use plimsoll_circuit::{Bounds, CircuitError, Compiled, Var};
use plimsoll_model::design::CommonCause;
use plimsoll_model::{Design, Name, means};

use crate::component::{Component, Kind};
use crate::model::Model;
use crate::promise::Promise;
use crate::question::Question;
use crate::rate::{Corner, HOURS_A_YEAR, Range};

/// What a declared cause does to a promise.
#[derive(Clone, Debug, PartialEq)]
pub struct Declared {
    /// The cause, by its name in the file.
    pub cause: Name,
    /// Whether the promise breaks when nothing else is away.
    pub breaks: bool,
    /// Seconds a year in which it is broken for that: where it does not break by itself, those in which something else is
    /// away at the same time.
    pub time: Range,
}

/// A word of a cause that means no component.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TakesNothing {
    /// The cause.
    pub cause: Name,
    /// Which of its words, counted from 0.
    pub index: usize,
    /// The word.
    pub word: String,
}

/// The components that a declared cause takes. A word is a kind (`switch`), or else a pattern of paths; one without `/` is the
/// last part of a path (`ups-1`, `haproxy`).
pub fn taken(model: &Model, cause: &CommonCause) -> Vec<Var> {
    let all = model.failable().filter(|(_, component)| cause.takes.iter().any(|word| is_meant(component, word)));
    all.map(|(var, _)| var).collect()
}

/// The words of all causes that mean nothing here.
pub fn takes_nothing(model: &Model, design: &Design) -> Vec<TakesNothing> {
    let words = design.assume.common_cause.iter().flat_map(|(name, cause)| {
        let words = cause.takes.iter().enumerate();
        words.map(|(index, word)| TakesNothing { cause: name.clone(), index, word: word.clone() })
    });
    words.filter(|told| !model.failable().any(|(_, component)| is_meant(component, &told.word))).collect()
}

fn is_meant(component: &Component, word: &str) -> bool {
    component.is_of(word) || means(word, &component.path)
}

/// What each declared cause does to a promise, given the probabilities of components at each corner:
///
/// ```text
/// a year x lasts x (P(broken | all that it takes is away) - P(broken))
/// ```
///
/// A power cut among what it takes is taken to outlast every battery.
pub(crate) fn declared(
    model: &Model,
    design: &Design,
    promise: &Promise,
    compiled: &Compiled,
    numbers: &[Vec<f64>; 3],
) -> Result<Vec<Declared>, CircuitError> {
    let causes = &design.assume.common_cause;
    if causes.is_empty() {
        return Ok(Vec::new());
    }
    let mut question = Question::of_one(model, promise);
    question.ask([]);
    let anyway = question.broken(0);
    let outlasted: Vec<Var> = model.outlasted().collect();
    let corners = [Corner::Low, Corner::Typical, Corner::High];
    // The difference does not grow with every number: each end takes what is subtracted at the other.
    let [low, typical, high] = numbers.each_ref().map(|numbers| compiled.probability(numbers));
    let without = [high?, typical?, low?];
    let mut declared = Vec::with_capacity(causes.len());
    for (name, cause) in causes {
        let vars = taken(model, cause);
        question.ask(vars.iter().copied());
        let breaks = !anyway && question.broken(0);
        if vars.iter().all(|var| compiled.support().binary_search(var).is_err()) {
            declared.push(Declared { cause: name.clone(), breaks, time: Range::exactly(0.0) });
            continue;
        }
        let cuts_power = vars.iter().any(|var| model.components.get(*var).kind == Kind::Feed);
        let also = if cuts_power { outlasted.as_slice() } else { &[] };
        let fixed: Vec<(Var, bool)> = vars.iter().chain(also).map(|var| (*var, true)).collect();
        let a_year = Range::between(cause.a_year.least, cause.a_year.most);
        let hours = Range::between(cause.lasts.least.as_secs() / 3600.0, cause.lasts.most.as_secs() / 3600.0);
        let mut seconds = [0.0; 3];
        for (((seconds, corner), numbers), without) in seconds.iter_mut().zip(corners).zip(numbers).zip(without) {
            let with = compiled.conditional(numbers, &fixed)?;
            let time = (a_year.at(corner) * hours.at(corner)).min(HOURS_A_YEAR) * 3600.0;
            *seconds = time * more(with, without, corner);
        }
        let [low, typical, high] = seconds;
        // Of a promise that more failures can mend, no end is certain.
        let time = Range::new(low.min(typical), typical, high.max(typical));
        declared.push(Declared { cause: name.clone(), breaks, time });
    }
    Ok(declared)
}

/// By how much the first is larger, at a corner: where bounds are wide, no less than it can be, and at the lower end no more.
pub(crate) fn more(with: Bounds, without: Bounds, corner: Corner) -> f64 {
    let least = if corner == Corner::Low { with.lower - without.upper } else { with.upper - without.lower };
    least.max(0.0)
}
