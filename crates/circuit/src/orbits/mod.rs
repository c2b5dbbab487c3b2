//! Minimal cut sets one by one of each class: of those that turn into each other when like components are exchanged, only
//! one is looked for.
//!
//! Diagrams list sets; where a hundred disks in each of five racks may fail, a hundred million sets say five things. Here
//! components are first taken together that matter alike (all inputs of one "or", which nothing else uses), then blocks of
//! components that the caller knows to be exchangeable are entered in a fixed order, and all sets of one order are asked
//! of the circuit, [`crate::LANES`] at a time. What is found is exact, and complete up to the order that was reached.

mod pattern;
mod search;
mod siblings;

use std::collections::BTreeSet;

use crate::circuit::{Circuit, Node, Var};
use crate::lanes::Lanes;
use crate::limits::{Budget, CircuitError};
use pattern::{Element, Pattern};
use siblings::Siblings;

/// Blocks of components, any two of which may be exchanged, part by part, without a difference to the top.
///
/// Who gives it has verified it: the search believes it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Exchange {
    /// The blocks, with as many parts each; no component is in two of them.
    pub blocks: Vec<Vec<Var>>,
}

/// Minimal cut sets that turn into each other when like components are exchanged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CutOrbit {
    /// One of them, sorted.
    pub example: Vec<Var>,
    /// How many there are.
    pub count: u128,
    /// Where they are any so many of certain components: these.
    pub any_of: Option<Vec<Var>>,
}

/// All minimal cut sets up to an order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CutOrbits {
    /// The classes, those of the smallest order first.
    pub orbits: Vec<CutOrbit>,
    /// The order up to which all are known.
    pub complete_to: u32,
    /// How many sets there are of each order, from order 0.
    pub counts: Vec<u128>,
}

/// Finds the minimal cut sets of at most `order` components, as far as `steps` (entries of the circuit that are evaluated,
/// in 256 scenarios each) allow.
///
/// Components of different `label` are never taken for alike.
///
/// # Errors
/// [`CircuitError::NotCoherent`] for a top that is not coherent in form.
pub fn cut_orbits(
    circuit: &Circuit,
    top: Node,
    exchanges: &[Exchange],
    label: &dyn Fn(Var) -> u64,
    order: u32,
    steps: u64,
) -> Result<CutOrbits, CircuitError> {
    if !circuit.is_coherent(top) {
        return Err(CircuitError::NotCoherent);
    }
    let siblings = Siblings::of(circuit, top);
    let types = pattern::Types::new(&siblings, exchanges, label);
    let (reduced, reduced_top) = siblings.reduce(circuit, top);
    let lanes = Lanes::new(reduced.to_flat(&[reduced_top]));
    let mut search = search::Search::new(&types, lanes, circuit.variables());
    let mut budget = Budget { nodes: usize::MAX, steps };
    let mut found = CutOrbits { counts: vec![0], ..CutOrbits::default() };
    if search.broken_by_nothing() {
        found.orbits.push(CutOrbit { example: vec![], count: 1, any_of: None });
        found.counts[0] = 1;
        found.complete_to = order;
        return Ok(found);
    }
    for order in 1..=order {
        let Ok(patterns) = search.of_order(order as usize, &mut budget) else { break };
        let mut seen: BTreeSet<Pattern> = BTreeSet::new();
        let mut sum: u128 = 0;
        for chosen in patterns {
            types.each_labelled(&chosen, &mut |labelled: &[Element]| {
                let pattern = types.pattern(labelled);
                if seen.contains(&pattern) {
                    return;
                }
                let orbit = types.orbit(labelled, &pattern);
                sum = sum.saturating_add(orbit.count);
                found.orbits.push(orbit);
                seen.insert(pattern);
            });
        }
        found.counts.push(sum);
        found.complete_to = order;
    }
    Ok(found)
}
