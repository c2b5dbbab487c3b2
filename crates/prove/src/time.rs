//! How much time a promise is broken in a year: three parts, never one bare number.

use plimsoll_circuit::{Bounds, CircuitError, Compiled, Limits, Linear, Var};
use plimsoll_model::Design;
use plimsoll_model::design::State;

use crate::common::{Declared, declared, more};
use crate::component::Kind;
use crate::crew::Queue;
use crate::maintenance::Maintenance;
use crate::mended;
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
    /// Each common cause that the file declares, in the order of their names.
    pub declared: Vec<Declared>,
    /// What decides it: the few components with the largest share of the steady time that would vanish if they never failed.
    pub decided_by: Vec<(Var, f64)>,
    /// How much each component matters for the likely steady time, what matters most first; empty where only bounds are
    /// known.
    pub importance: Vec<Importance>,
}

/// How much a component matters for a promise.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Importance {
    /// Which component.
    pub var: Var,
    /// The probability that the promise is broken if the component is away, and not if it is there (Birnbaum 1969).
    pub birnbaum: f64,
    /// The share of the time that would vanish if it never failed (Fussell and Vesely 1975, in the exact form); 0 for common
    /// causes and what others own, whose time is not in the sum.
    pub fussell_vesely: f64,
}

/// What one promise may cost before its probability is given as bounds: about a second. Clusters of one rack take a
/// hundredth of it; majorities of a thousand hosts seven million numbers, which are four to a node.
pub(crate) const ENOUGH: Limits = Limits { nodes: 2_000_000, steps: 20_000_000 };

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
    let bounding = Bounding::of(model, promise);
    let known = Known::of(model, design, &compiled, bounding.as_ref())?;
    let year = HOURS_A_YEAR * 3600.0;
    let mut bound_only = false;
    for corner in corners {
        let whole = known.whole(corner)?;
        bound_only |= !whole.is_exact();
        steady.push(whole);
        // A host in maintenance is down for certain; what it would have cost anyway is in the first part.
        let mut sum = 0.0;
        for host in &hosts {
            let more = known.difference(*host, corner)?;
            sum += more * maintenance.a_year.at(corner) * maintenance.hours.at(corner) * 3600.0;
        }
        // Windows of many hosts are open at the same time.
        second.push(sum.min(year));
    }
    let typical = if bound_only { steady[1].upper } else { pick(steady[1], Corner::Typical) };
    let steady = Range::new(steady[0].lower * year, typical * year, steady[2].upper * year);

    let mut common = Vec::new();
    for (var, component) in model.components.all().filter(|(_, component)| component.common) {
        if compiled.support().binary_search(&var).is_err() {
            continue;
        }
        let mut seconds = [0.0; 3];
        for (seconds, corner) in seconds.iter_mut().zip(corners) {
            *seconds = component.rate.unavailability(corner) * known.difference(var, corner)? * year;
        }
        let [low, typical, high] = seconds;
        common.push((var, Range::new(low.min(typical), typical, high.max(typical))));
    }
    let declared = declared(model, design, promise, &compiled, &known.numbers)?;
    let importance = known.at(Corner::Typical).linear.as_ref().map(|typical| compiled.importance_by(typical));
    let importance = importance.and_then(Result::ok).unwrap_or_default().into_iter();
    let mut importance: Vec<Importance> = importance
        .filter(|importance| model.components.get(importance.var).kind != Kind::Outlasted)
        .map(|importance| Importance {
            var: importance.var,
            birnbaum: importance.birnbaum,
            fussell_vesely: importance.criticality,
        })
        .collect();
    importance.sort_by(|a, b| {
        let (x, y) = (a.fussell_vesely, b.fussell_vesely);
        y.total_cmp(&x).then(b.birnbaum.total_cmp(&a.birnbaum)).then(a.var.cmp(&b.var))
    });
    let decided_by = importance.iter().map(|one| (one.var, one.fussell_vesely));
    let decided_by = decided_by.filter(|(_, share)| *share > 0.0).take(DECIDING).collect();
    let maintenance = Range::new(second[0], second[1], second[2]);
    Ok(LostTime { steady, maintenance, bound_only, common, declared, decided_by, importance })
}

/// What is computed once for each corner.
struct Known<'a> {
    model: &'a Model,
    /// The probability of each component, by corner.
    numbers: [Vec<f64>; 3],
    at: [At<'a>; 3],
    /// What never falls with more failures and is no less than the promise.
    above: &'a Compiled,
    /// Of a promise that more failures can mend: itself at each corner, where it is exact.
    itself: Option<[Linear; 3]>,
    /// Where repairs wait for a crew.
    queues: [Option<Queue>; 3],
}

/// What is computed once for a corner.
struct At<'a> {
    /// The function whose probability counts there.
    compiled: &'a Compiled,
    /// Where it is exact.
    linear: Option<Linear>,
    /// Components of which none may have failed, sorted, and how probable that is.
    there: Option<(&'a [Var], f64)>,
}

impl At<'_> {
    /// What the probability of the function is to be taken times, when it is known of one component that it has failed.
    fn scale(&self, failed: Option<Var>) -> f64 {
        match self.there {
            Some((there, _)) if failed.is_some_and(|var| there.binary_search(&var).is_ok()) => 0.0,
            Some((_, probability)) => probability,
            None => 1.0,
        }
    }
}

/// The ends of a promise that more failures can mend: the ends of the inputs do not give them.
struct Bounding {
    above: Compiled,
    below: Compiled,
    there: Vec<Var>,
}

impl Bounding {
    fn of(model: &Model, promise: &Promise) -> Option<Self> {
        if promise.mended.is_empty() {
            return None;
        }
        let mut circuit = model.circuit.clone();
        let mended::Bounding { above, below, there } = mended::Bounding::of(&mut circuit, promise);
        let compiled = |top| Compiled::new(&circuit, top, ENOUGH);
        Some(Bounding { above: compiled(above), below: compiled(below), there })
    }
}

impl<'a> Known<'a> {
    fn of(
        model: &'a Model,
        design: &Design,
        compiled: &'a Compiled,
        bounding: Option<&'a Bounding>,
    ) -> Result<Self, CircuitError> {
        let corners = [Corner::Low, Corner::Typical, Corner::High];
        let numbers = corners.map(|corner| probabilities(model, corner));
        let by_corner = numbers.each_ref().map(Vec::as_slice);
        let at = |compiled, linear| At { compiled, linear, there: None };
        let exact = compiled.linears(by_corner)?;
        let (known, itself) = match bounding {
            None => {
                let [one, two, three] = exact.map_or([None, None, None], |linears| linears.map(Some));
                ([at(compiled, one), at(compiled, two), at(compiled, three)], None)
            }
            Some(Bounding { above, below, there }) => {
                let [low, _, high] = by_corner;
                // The more what could mend it fails, the less it is broken.
                let all_there = there.iter().map(|var| 1.0 - high[var.index()]).product();
                let low = At { there: Some((there.as_slice(), all_there)), ..at(below, below.linear(low)?) };
                let typical = exact.as_ref().map(|[_, typical, _]| typical.clone());
                ([low, at(compiled, typical), at(above, above.linear(high)?)], exact)
            }
        };
        let queues = corners.map(|corner| Queue::of(model, design, corner));
        let above = bounding.map_or(compiled, |bounding| &bounding.above);
        Ok(Known { model, numbers, at: known, above, itself, queues })
    }

    fn at(&self, corner: Corner) -> &At<'a> {
        &self.at[place(corner)]
    }

    /// The probability of the promise.
    fn whole(&self, corner: Corner) -> Result<Bounds, CircuitError> {
        let at = self.at(corner);
        let whole = match &at.linear {
            Some(linear) => Bounds { lower: linear.total(), upper: linear.total() },
            None => at.compiled.probability(&self.numbers[place(corner)])?,
        };
        let mut whole = scaled(whole, at.scale(None));
        whole.upper = whole.upper.max(self.with_queue(corner, None)?);
        Ok(whole)
    }

    /// How much more probable the promise is broken when `var` is away than when it is not. The difference does not grow
    /// with every input, so that its ends take each of the two at its own end: certain bounds, a little wide. Of a promise
    /// that more failures can mend they would be too wide to say anything: there all inputs are at the one end.
    fn difference(&self, var: Var, corner: Corner) -> Result<f64, CircuitError> {
        // What can only mend it makes it no worse, whatever else has failed or waits.
        if self.above.support().binary_search(&var).is_err() {
            return Ok(0.0);
        }
        if let Some(itself) = &self.itself {
            let itself = &itself[place(corner)];
            let with = itself.given(var, true).max(self.with_queue(corner, Some(var))?);
            return Ok((with - itself.given(var, false)).max(0.0));
        }
        let against = match corner {
            Corner::Low => Corner::High,
            Corner::Typical => Corner::Typical,
            Corner::High => Corner::Low,
        };
        let given = |corner: Corner, failed: bool| {
            let at = self.at(corner);
            let given = match &at.linear {
                Some(linear) => {
                    let given = linear.given(var, failed);
                    Bounds { lower: given, upper: given }
                }
                None => at.compiled.conditional(&self.numbers[place(corner)], &[(var, failed)])?,
            };
            Ok::<Bounds, CircuitError>(scaled(given, at.scale(failed.then_some(var))))
        };
        let mut with = given(corner, true)?;
        with.upper = with.upper.max(self.with_queue(corner, Some(var))?);
        let without = given(against, false)?;
        Ok(more(with, without, corner))
    }

    /// The bound where repairs wait for each other, 0 where they do not.
    fn with_queue(&self, corner: Corner, down: Option<Var>) -> Result<f64, CircuitError> {
        match &self.queues[place(corner)] {
            // More waiting breaks more only of what more failures cannot mend.
            Some(queue) if corner != Corner::Low => {
                queue.at_most(self.above, &queue.apart(self.model, corner, &self.numbers[place(corner)]), down)
            }
            _ => Ok(0.0),
        }
    }
}

/// The place of a corner in lists of all three.
fn place(corner: Corner) -> usize {
    match corner {
        Corner::Low => 0,
        Corner::Typical => 1,
        Corner::High => 2,
    }
}

fn scaled(bounds: Bounds, by: f64) -> Bounds {
    Bounds { lower: bounds.lower * by, upper: bounds.upper * by }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_known_by_bounds_differs_by_no_less_than_it_can() {
        let (with, without) = (Bounds { lower: 0.5, upper: 0.75 }, Bounds { lower: 0.125, upper: 0.25 });
        for (corner, by) in [(Corner::Low, 0.25), (Corner::Typical, 0.625), (Corner::High, 0.625)] {
            assert!((more(with, without, corner) - by).abs() < 1e-15, "{corner:?}");
        }
        assert!(more(without, with, Corner::Low).abs() < 1e-15);
    }
}
