//! Minimal cut sets one by one of each class: of those that turn into each other when like components are exchanged, only
//! one is looked for.
//!
//! Diagrams list sets; where a hundred disks in each of five racks may fail, a hundred million sets say five things. Here
//! components are first taken together that matter alike (all inputs of one "or", which nothing else uses), then blocks of
//! components that the caller knows to be exchangeable are entered in a fixed order, and all sets of one order are asked
//! of the circuit, [`crate::LANES`] at a time. What is found is exact, and complete up to the order that was reached.

mod choice;
mod merge;
mod pattern;
mod search;
mod siblings;

use std::collections::BTreeSet;

use crate::circuit::{Circuit, Node, Var};
use crate::lanes::Lanes;
use crate::limits::{Budget, CircuitError};
use crate::symmetry::Swap;
use pattern::{Element, Pattern};
pub(crate) use siblings::Siblings;

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
    /// Where they are every choice of so many of each of some groups, or every one that stands as said: the groups. Empty
    /// where there is one set, and where more than this would have to be said.
    pub among: Vec<Among>,
    /// How the components of each stand, where that says which choices they are.
    pub standing: Standing,
}

/// So many of a group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Among {
    /// How many.
    pub count: usize,
    /// Of which components, sorted.
    pub of: Vec<Var>,
}

/// Which choices a class is: those of components that stand so.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Standing {
    /// All.
    #[default]
    Anywhere,
    /// No two in one area, as the same part of several racks.
    Apart,
    /// All in one area.
    Together,
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

/// What is known of components.
#[derive(Clone, Copy)]
pub struct Known<'a> {
    /// Blocks that may be exchanged.
    pub exchanges: &'a [Exchange],
    /// Larger exchanges: each leaves the top as it is, and goes between components of one label.
    pub swaps: &'a [Swap],
    /// Components of different label are never taken for alike.
    pub label: &'a dyn Fn(Var) -> u64,
    /// Where each stands: it changes no class, and helps to say what a class is.
    pub area: &'a dyn Fn(Var) -> Option<usize>,
}

/// Finds the minimal cut sets of at most `order` components, as far as `steps` (entries of the circuit that are evaluated,
/// in 256 scenarios each) allow.
///
/// # Errors
/// [`CircuitError::NotCoherent`] for a top that is not coherent in form.
pub fn cut_orbits(
    circuit: &Circuit,
    top: Node,
    known: Known<'_>,
    order: u32,
    steps: u64,
) -> Result<CutOrbits, CircuitError> {
    if !circuit.is_coherent(top) {
        return Err(CircuitError::NotCoherent);
    }
    let siblings = Siblings::of(circuit, top);
    let types = pattern::Types::new(&siblings, known.exchanges, known.label);
    let (reduced, reduced_top) = siblings.reduce(circuit, top);
    let lanes = Lanes::new(reduced.to_flat(&[reduced_top]));
    let mut search = search::Search::new(&types, lanes, circuit.variables());
    let mut budget = Budget { nodes: usize::MAX, steps };
    let mut found = CutOrbits { counts: vec![0], ..CutOrbits::default() };
    if search.broken_by_nothing() {
        found.orbits.push(CutOrbit { example: vec![], count: 1, among: vec![], standing: Standing::Anywhere });
        found.counts[0] = 1;
        found.complete_to = order;
        return Ok(found);
    }
    let choices = choice::Choices::of(&types, known, circuit.variables());
    for order in 1..=order {
        let Ok(patterns) = search.of_order(order as usize, &mut budget) else { break };
        let mut seen: BTreeSet<Pattern> = BTreeSet::new();
        let (mut orbits, mut of_orbits) = (Vec::new(), Vec::new());
        let mut sum: u128 = 0;
        for chosen in patterns {
            types.each_labelled(&chosen, &mut |labelled: &[Element]| {
                let pattern = types.pattern(labelled);
                if seen.contains(&pattern) {
                    return;
                }
                let orbit = types.orbit(labelled, &pattern);
                sum = sum.saturating_add(orbit.count);
                orbits.push(orbit);
                of_orbits.push(pattern.clone());
                seen.insert(pattern);
            });
        }
        let mut orbits = merge::merged(orbits, &of_orbits, &types, known.swaps);
        for orbit in &mut orbits {
            choices.describe(orbit);
        }
        found.orbits.append(&mut orbits);
        found.counts.push(sum);
        found.complete_to = order;
    }
    Ok(found)
}
