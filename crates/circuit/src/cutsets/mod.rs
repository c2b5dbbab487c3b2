//! Minimal cut sets: the smallest sets of components whose failure breaks a coherent top.

mod family;
mod polynomial;
mod walk;

pub use walk::{CutSet, Ranked};

use crate::bdd::{Id, UNBOUNDED};
use crate::circuit::{Circuit, Node, Var};
use crate::compile::best_diagram;
use crate::limits::{Budget, CircuitError, Excess, Limits, check_probabilities};
use crate::modules::{Input, split};
use crate::prepare::{Negation, prepare};
use family::Families;

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
            for order in 1..wanted {
                let Ok(parts) = attempt(order, share, &mut budget) else { break };
                best = (parts, order);
            }
            best
        };
        let complete = (reached != UNBOUNDED).then_some(reached);
        let mut sets = CutSets { parts, support: circuit.support(top), complete, counts: vec![] };
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
        let ((bdd, inputs), root) = best_diagram(&part, order, &costs, budget)?;
        let mut families = Families::new();
        let root = families.minimal(&bdd, root, order, budget)?;
        families.finish();
        let by_level: Vec<Input> = inputs.into_iter().map(|input| part.inputs[input]).collect();
        let by_cost: Vec<u32> = (0..by_level.len() as u32).map(|level| bdd.cost(level)).collect();
        let smallest = walk::smallest(&families, root, &by_cost)[root as usize];
        found.push(PartSets { families, root, by_level, smallest });
    }
    Ok(found)
}
