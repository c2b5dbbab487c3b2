//! Diagrams of circuits: gates from the bottom up, counts by dynamic programming over their children.

use super::{Apply, BOTTOM, Bdd, Id, ONE, UNBOUNDED, ZERO};
use crate::circuit::{Circuit, Gate, Node, Var};
use crate::limits::{Budget, Excess};

/// The diagram of `top`, in which variable `v` has level `level[v]`.
pub(crate) fn build(
    bdd: &mut Bdd,
    circuit: &Circuit,
    top: Node,
    level: &[u32],
    budget: u32,
    limit: &mut Budget,
) -> Result<Id, Excess> {
    let cone = circuit.cone(&[top]);
    let mut built = vec![ZERO; top.index() + 1];
    for &node in &cone {
        let of = |nodes: &[Node]| nodes.iter().map(|child| built[child.index()]).collect::<Vec<Id>>();
        built[node.index()] = match circuit.gate(node) {
            Gate::Constant(value) => Id::from(value),
            Gate::Variable(Var(number)) => {
                let level = level[number as usize];
                if budget == UNBOUNDED || bdd.cost(level) <= budget { bdd.make(level, ZERO, ONE, limit)? } else { ZERO }
            }
            Gate::Not(child) => bdd.apply(Apply::Xor, built[child.index()], ONE, UNBOUNDED, limit)?,
            Gate::And(children) => join(bdd, Apply::And, of(children), budget, limit)?,
            Gate::Or(children) => join(bdd, Apply::Or, of(children), budget, limit)?,
            Gate::Xor(children) => join(bdd, Apply::Xor, of(children), UNBOUNDED, limit)?,
            Gate::AtLeast { minimum, of: children } => {
                let weighed = of(children).into_iter().map(|id| (id, 1)).collect();
                threshold(bdd, weighed, minimum, budget, limit)?
            }
            Gate::Threshold { bound, weights, of: children } => {
                let weighed = of(children).into_iter().zip(weights.iter().copied()).collect();
                threshold(bdd, weighed, bound, budget, limit)?
            }
        };
    }
    Ok(built[top.index()])
}

/// Children are joined from the deepest up, so that what is built stays below what comes.
fn join(bdd: &mut Bdd, operation: Apply, mut of: Vec<Id>, budget: u32, limit: &mut Budget) -> Result<Id, Excess> {
    of.sort_by_key(|&id| std::cmp::Reverse(bdd.level(id)));
    let mut of = of.into_iter();
    let Some(mut sum) = of.next() else { return Ok(ZERO) };
    for id in of {
        sum = bdd.apply(operation, sum, id, budget, limit)?;
    }
    Ok(sum)
}

/// `rest[i][r]`: whether the children from `i` on bring at least the sum `r`.
fn threshold(bdd: &mut Bdd, mut of: Vec<(Id, u64)>, bound: u64, budget: u32, limit: &mut Budget) -> Result<Id, Excess> {
    of.sort_by_key(|&(id, _)| (bdd.level(id) == BOTTOM, bdd.level(id)));
    // Which sums may still be needed when each child is reached, from the first child on.
    let mut layers: Vec<Vec<u64>> = vec![vec![bound]];
    let mut remaining: u128 = of.iter().map(|&(_, weight)| u128::from(weight)).sum();
    for &(_, weight) in &of {
        let needed = &layers[layers.len() - 1];
        remaining -= u128::from(weight);
        let mut next: Vec<u64> = Vec::with_capacity(needed.len() * 2);
        for &sum in needed {
            next.push(sum);
            next.push(sum.saturating_sub(weight));
        }
        next.retain(|&sum| sum > 0 && u128::from(sum) <= remaining);
        next.sort_unstable();
        next.dedup();
        limit.spend(1 + next.len() as u64)?;
        layers.push(next);
    }
    let mut below: Vec<Id> = vec![];
    for (at, &(id, weight)) in of.iter().enumerate().rev() {
        let next = &layers[at + 1];
        // What is no longer in the layer is already enough, or can no longer be reached.
        let value = |sum: u64, below: &[Id]| match next.binary_search(&sum) {
            Ok(place) => below[place],
            Err(_) if sum == 0 => ONE,
            Err(_) => ZERO,
        };
        let mut here = Vec::with_capacity(layers[at].len());
        for &sum in &layers[at] {
            let with = value(sum.saturating_sub(weight), &below);
            let without = value(sum, &below);
            // With the child it is never harder than without, so no "if-then-else" is needed.
            let taken = bdd.apply(Apply::And, id, with, budget, limit)?;
            here.push(bdd.apply(Apply::Or, taken, without, budget, limit)?);
        }
        below = here;
    }
    Ok(below.first().copied().unwrap_or(ZERO))
}
