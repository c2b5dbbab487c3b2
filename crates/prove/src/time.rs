//! How much time a promise is broken in a year: three parts, never one bare number.

use plimsoll_circuit::{Bounds, CircuitError, Compiled, Limits, Var};
use plimsoll_model::Design;
use plimsoll_model::design::State;

use crate::component::Kind;
use crate::crew::Queue;
use crate::maintenance::Maintenance;
use crate::model::Model;
use crate::promise::Promise;
use crate::rate::{Corner, HOURS_A_YEAR, Range};

/// The time that a promise is broken in a year, in seconds.
#[derive(Clone, Debug, PartialEq)]
pub struct LostTime {
    /// Share of time in which so much is away that it is broken, from independent failures of what we own, in
    /// seconds a year. Exact for its inputs unless [`LostTime::bound_only`].
    pub steady: Range,
    /// Failures of something else while a host is down for maintenance.
    pub maintenance: Range,
    /// Whether the limits of the analysis left only bounds; `steady.low` and `steady.high` are certain all the same.
    pub bound_only: bool,
    /// Each common cause apart, in seconds a year: a rack as a whole, the one supply of the site.
    pub common: Vec<(Var, Range)>,
    /// What decides it: components, with the share of the steady time that would vanish if they never failed.
    pub decided_by: Vec<(Var, f64)>,
}

/// What one promise may cost before its probability is given as bounds: about a second. Clusters of one rack take a
/// hundredth of it.
pub(crate) const ENOUGH: Limits = Limits { nodes: 1_000_000, steps: 20_000_000 };

/// Components that are named as what decides.
const DECIDING: usize = 5;

/// Adds up the lost time of a promise.
///
/// # Errors
/// When the circuit refuses the numbers, which would be a mistake of this program.
pub fn lost_time(
    model: &Model,
    design: &Design,
    promise: &Promise,
    maintenance: Maintenance,
) -> Result<LostTime, CircuitError> {
    let compiled = Compiled::new(&model.circuit, promise.broken, ENOUGH);
    let corners = [Corner::Low, Corner::Typical, Corner::High];
    let mut steady = Vec::new();
    let mut second = Vec::new();
    let hosts: Vec<Var> = design
        .host
        .iter()
        .filter(|(_, host)| host.state != State::Planned)
        .filter_map(|(name, _)| model.components.find(&format!("host/{name}")))
        .filter(|host| compiled.support().binary_search(host).is_ok())
        .collect();
    let mut bound_only = false;
    for corner in corners {
        let numbers = probabilities(model, corner);
        let mut whole = compiled.probability(&numbers)?;
        let queue = Queue::of(model, design, corner);
        if let Some(queue) = queue.as_ref().filter(|_| corner != Corner::Low) {
            whole.upper = whole.upper.max(queue.at_most(&compiled, &queue.apart(model, corner, &numbers), None)?);
        }
        bound_only |= !whole.is_exact();
        steady.push(whole);
        // A host in maintenance is down for certain; what it would have cost anyway is in the first part.
        let mut sum = 0.0;
        for host in &hosts {
            let more = difference(&compiled, model, queue.as_ref(), *host, corner)?;
            sum += more * maintenance.a_year.at(corner) * maintenance.hours.at(corner) * 3600.0;
        }
        second.push(sum);
    }
    let year = HOURS_A_YEAR * 3600.0;
    let typical = if bound_only { steady[1].upper } else { pick(steady[1], Corner::Typical) };
    let steady = Range::new(steady[0].lower * year, typical * year, steady[2].upper * year);

    let numbers = probabilities(model, Corner::Typical);
    let mut common = Vec::new();
    let queues = corners.map(|corner| Queue::of(model, design, corner));
    for (var, component) in model.components.all().filter(|(_, component)| component.common) {
        if compiled.support().binary_search(&var).is_err() {
            continue;
        }
        let mut seconds = [0.0; 3];
        for ((seconds, corner), queue) in seconds.iter_mut().zip(corners).zip(&queues) {
            let more = difference(&compiled, model, queue.as_ref(), var, corner)?;
            *seconds = component.rate.unavailability(corner) * more * year;
        }
        common.push((var, Range::new(seconds[0], seconds[1], seconds[2])));
    }
    let mut decided_by: Vec<(Var, f64)> = match compiled.importance(&numbers) {
        Ok((_, list)) => list
            .into_iter()
            .filter(|importance| model.components.get(importance.var).kind != Kind::Outlasted)
            .map(|importance| (importance.var, importance.criticality))
            .filter(|(_, share)| *share > 0.0)
            .collect(),
        Err(_) => Vec::new(),
    };
    decided_by.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
    decided_by.truncate(DECIDING);
    Ok(LostTime { steady, maintenance: Range::new(second[0], second[1], second[2]), bound_only, common, decided_by })
}

/// How much more probable the promise is broken when `var` is away than when it is not. The difference does not grow with
/// every input, so that its ends take each of the two at its own end: certain bounds, a little wide.
fn difference(
    compiled: &Compiled,
    model: &Model,
    queue: Option<&Queue>,
    var: Var,
    corner: Corner,
) -> Result<f64, CircuitError> {
    let against = match corner {
        Corner::Low => Corner::High,
        Corner::Typical => Corner::Typical,
        Corner::High => Corner::Low,
    };
    let numbers = probabilities(model, corner);
    let mut with = compiled.conditional(&numbers, &[(var, true)])?;
    if let Some(queue) = queue.filter(|_| corner != Corner::Low) {
        with.upper = with.upper.max(queue.at_most(compiled, &queue.apart(model, corner, &numbers), Some(var))?);
    }
    let without = compiled.conditional(&probabilities(model, against), &[(var, false)])?;
    Ok((pick(with, corner) - pick(without, against)).max(0.0))
}

/// The end of bounds that belongs to a corner; the upper one where nothing else is said, to be safe.
fn pick(bounds: Bounds, corner: Corner) -> f64 {
    if corner == Corner::Low { bounds.lower } else { bounds.upper }
}

/// The probability that each component is away. Common causes are shown apart, and what others own is assumed.
pub(crate) fn probabilities(model: &Model, corner: Corner) -> Vec<f64> {
    model
        .components
        .all()
        .map(|(_, component)| {
            let apart = component.external || component.common;
            if apart { 0.0 } else { component.rate.unavailability(corner) }
        })
        .collect()
}
