//! Minimal cut sets: the smallest sets of components whose failure breaks a coherent top.

mod condition;
mod family;
mod polynomial;
mod walk;

pub use walk::{CutSet, Ranked};

use crate::bdd::{Id, UNBOUNDED};
use crate::circuit::{Circuit, Node, Var};
use crate::compile::best_diagram;
use crate::condition::counts;
use crate::limits::{Budget, CircuitError, Excess, Limits, check_probabilities};
use crate::modules::{Input, Part, split};
use crate::prepare::{Negation, prepare};
use family::Families;

/// What a diagram may take before conditioning is tried instead.
const SMALL: Limits = Limits { nodes: 1 << 16, steps: 2_000_000 };

/// The minimal cut sets of a top, up to an order: as diagrams of its modules, so that there may be more of them than
/// could be listed.
#[derive(Clone, Debug)]
pub struct CutSets {
    parts: Vec<PartSets>,
    support: Vec<Var>,
    complete: Option<u32>,
    counts: Vec<u128>,
}

/// The minimal cut sets of one module; modules below it are single elements.
#[derive(Clone, Debug)]
struct PartSets {
    families: Families,
    root: Id,
    by_level: Vec<Input>,
    smallest: u32,
}

impl CutSets {
    /// Finds the minimal cut sets of at most `order` components, or all of them.
    ///
    /// Where the limits are not enough it finds those of the largest order that they allow:
    /// [`CutSets::complete_to`] says which.
    ///
    /// # Errors
    /// [`CircuitError::NotCoherent`] for a top that is not coherent in form.
    pub fn new(circuit: &Circuit, top: Node, order: Option<u32>, limits: Limits) -> Result<Self, CircuitError> {
        if !circuit.is_coherent(top) {
            return Err(CircuitError::NotCoherent);
        }
        let support = circuit.support(top);
        let mut budget = Budget::new(limits);
        let wanted = order.map_or(UNBOUNDED, |order| order.min(UNBOUNDED - 1));
        let half = budget.steps / 2;
        let attempt = |order: u32, steps: u64, budget: &mut Budget| {
            budget.within(limits.nodes, steps, |budget| find(circuit, top, order, budget))
        };
        let (parts, reached) = if let Ok(parts) = attempt(wanted, half, &mut budget) {
            (parts, wanted)
        } else {
            let mut best = (vec![], 0);
            let share = budget.steps / 3;
            // With as many as there are components, all are found.
            for order in 1..wanted.min(support.len() as u32 + 1) {
                let Ok(parts) = attempt(order, share, &mut budget) else { break };
                best = (parts, order);
            }
            best
        };
        let all = reached == UNBOUNDED || (order.is_none() && reached as usize >= support.len());
        let complete = (!all).then_some(reached);
        let mut sets = CutSets { parts, support, complete, counts: vec![] };
        sets.counts = sets.polynomial(|_| 1u128);
        Ok(sets)
    }

    /// The order up to which these are all minimal cut sets; `None` when they are all that there are.
    pub fn complete_to(&self) -> Option<u32> {
        self.complete
    }

    /// How many there are of each order, from order 0. What exceeds 128 bits is shown as the largest number.
    pub fn counts(&self) -> &[u128] {
        &self.counts
    }

    /// How many there are.
    pub fn total(&self) -> u128 {
        self.counts.iter().fold(0, |sum, count| sum.saturating_add(*count))
    }

    /// The sum of the probabilities of the sets of each order, from order 0. The sum over all orders is the rare-event
    /// approximation, which is never below the probability of the union.
    pub fn probability_by_order(&self, probabilities: &[f64]) -> Result<Vec<f64>, CircuitError> {
        check_probabilities(&self.support, probabilities)?;
        Ok(self.polynomial(|var| probabilities[var.index()]))
    }

    /// The sets, the smallest first; made one by one as they are asked for.
    pub fn by_order(&self) -> Ranked<'_> {
        Ranked::new(self, None)
    }

    /// The sets, the most probable first; made one by one as they are asked for.
    pub fn by_probability<'a>(&'a self, probabilities: &'a [f64]) -> Result<Ranked<'a>, CircuitError> {
        check_probabilities(&self.support, probabilities)?;
        Ok(Ranked::new(self, Some(probabilities)))
    }

    /// At most this is the probability that the top is broken and none of these cut sets has failed; 0 when these are
    /// all. What is missing has more components than [`CutSets::complete_to`], so that many must have failed.
    pub fn beyond(&self, probabilities: &[f64]) -> Result<f64, CircuitError> {
        check_probabilities(&self.support, probabilities)?;
        let Some(order) = self.complete else { return Ok(0.0) };
        let order = order as usize;
        if order >= self.support.len() {
            return Ok(0.0);
        }
        // The chance of each number of failures; the last entry has all that are more.
        let mut counts = vec![0.0; order + 2];
        counts[0] = 1.0;
        for var in &self.support {
            let p = probabilities[var.index()];
            counts[order + 1] += p * counts[order];
            for count in (1..=order).rev() {
                counts[count] = counts[count] * (1.0 - p) + counts[count - 1] * p;
            }
            counts[0] *= 1.0 - p;
        }
        Ok(counts[order + 1].min(1.0))
    }

    /// How much is known, in words: "all minimal cut sets", or "exact to order 2; above that at most 3.1e-9".
    pub fn stated(&self, probabilities: &[f64]) -> Result<String, CircuitError> {
        let beyond = self.beyond(probabilities)?;
        Ok(match self.complete {
            None => "all minimal cut sets".to_string(),
            Some(order) => format!("exact to order {order}; above that at most {}", rounded_up(beyond)),
        })
    }

    /// The nodes of all diagrams: a measure of the memory that they take.
    pub fn size(&self) -> usize {
        self.parts.iter().map(|part| part.families.len()).sum()
    }
}

fn find(circuit: &Circuit, top: Node, order: u32, budget: &mut Budget) -> Result<Vec<PartSets>, Excess> {
    let (prepared, top) = prepare(circuit, top, Negation::Keep, budget)?;
    let mut found: Vec<PartSets> = Vec::new();
    for part in split(&prepared, top) {
        let costs: Vec<u32> = part
            .inputs
            .iter()
            .map(|input| match *input {
                Input::Variable(_) => 1,
                Input::Part(below) => found[below].smallest,
            })
            .collect();
        if order != UNBOUNDED && counts(&part.circuit, part.top) {
            // A small diagram is quicker; a large one is beaten by conditioning.
            let small = budget.within(SMALL.nodes, SMALL.steps, |budget| by_diagram(&part, &costs, order, budget));
            if let Ok(sets) = small {
                found.push(sets);
                continue;
            }
            let steps = budget.steps / 2;
            let counted = budget.within(budget.nodes, steps, |budget| by_condition(&part, &costs, order, budget));
            if let Ok(sets) = counted {
                found.push(sets);
                continue;
            }
        }
        found.push(by_diagram(&part, &costs, order, budget)?);
    }
    Ok(found)
}

fn by_condition(part: &Part, costs: &[u32], order: u32, budget: &mut Budget) -> Result<PartSets, Excess> {
    let levels = condition::levels(&part.circuit, part.top, budget)?;
    let mut by_cost = vec![0; costs.len()];
    let mut by_level = part.inputs.clone();
    for (input, &level) in levels.iter().enumerate() {
        by_cost[level as usize] = costs[input];
        by_level[level as usize] = part.inputs[input];
    }
    let mut families = Families::new(by_cost);
    let root = condition::find(&part.circuit, part.top, &levels, order, &mut families, budget)?;
    families.finish();
    let smallest = families.smallest(root);
    Ok(PartSets { families, root, by_level, smallest })
}

fn by_diagram(part: &Part, costs: &[u32], order: u32, budget: &mut Budget) -> Result<PartSets, Excess> {
    let ((bdd, inputs), root) = best_diagram(part, order, costs, budget)?;
    let by_cost: Vec<u32> = (0..inputs.len() as u32).map(|level| bdd.cost(level)).collect();
    let mut families = Families::new(by_cost);
    let root = families.minimal(&bdd, root, order, budget)?;
    families.finish();
    let by_level: Vec<Input> = inputs.into_iter().map(|input| part.inputs[input]).collect();
    let smallest = families.smallest(root);
    Ok(PartSets { families, root, by_level, smallest })
}

/// Two digits that are not below the number.
fn rounded_up(value: f64) -> String {
    let shown = format!("{value:.1e}");
    match shown.parse::<f64>() {
        Ok(rounded) if rounded < value => format!("{:.1e}", rounded + rounded * 0.1_f64.min(0.1 / leading(rounded))),
        _ => shown,
    }
}

/// The first digits of a number, from 1 to 10.
fn leading(value: f64) -> f64 {
    value / 10f64.powf(value.log10().floor())
}
