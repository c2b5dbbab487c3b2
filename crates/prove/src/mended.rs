//! Promises that more failures can mend.
//!
//! Such a promise is broken in any of several ways `when and not unless`, with both monotone in failures. Two things follow,
//! and are all that is needed:
//!
//! - *Smallest sets.* Let a set of failures break the promise in some way. It has a minimal cut set `C` of `when` in it, and
//!   where `unless` is not true with all of it, it is not with `C` alone. So `C` breaks the promise, and the smallest sets
//!   that do are among the minimal cut sets of each `when`: those with which `unless` is not true, without those that have
//!   another one in them.
//! - *Bounds.* It is broken at most as often as any `when` is true; and at least as often as one is while all works whose
//!   failure could make an `unless` true.

use std::collections::{BTreeMap, BTreeSet};

use plimsoll_circuit::{
    Circuit, CircuitError, CutOrbit, CutOrbits, CutSets, Evaluator, Exchange, Node, Standing, Swap, Var,
};

use crate::promise::{Mended, Promise};
use crate::rename::rename;
use crate::time::ENOUGH;

/// Sets of one way that are looked at.
const MOST: u128 = 20_000;

/// The smallest sets of up to `order` failures that break it, in `circuit`, in which `to` says what stands for a component.
/// Those that exchanges and swaps turn into each other are one class: they leave the promise as it is.
pub(crate) fn orbits(
    circuit: &mut Circuit,
    promise: &Promise,
    to: &mut dyn FnMut(&mut Circuit, Var) -> Node,
    (exchanges, swaps): (&[Exchange], &[Swap]),
    order: u32,
) -> Result<CutOrbits, CircuitError> {
    let mut ways: Vec<(Node, Node)> = Vec::new();
    for Mended { when, unless } in &promise.mended {
        let way = (rename(circuit, *when, to), rename(circuit, *unless, to));
        if !ways.contains(&way) {
            ways.push(way);
        }
    }
    let mut found: BTreeSet<Vec<Var>> = BTreeSet::new();
    let mut complete_to = order;
    for (when, unless) in ways {
        let sets = CutSets::new(circuit, when, Some(order), ENOUGH)?;
        let known = sets.complete_to().map_or(order, |to| to.min(order));
        let few = |to: &u32| sets.counts().iter().take(*to as usize + 1).sum::<u128>() <= MOST;
        complete_to = complete_to.min((0..=known).rev().find(few).unwrap_or_default());
        let mut evaluator = Evaluator::new(circuit, &[unless]);
        for set in sets.by_order().take_while(|set| set.vars.len() <= complete_to as usize) {
            evaluator.run(|var| set.vars.contains(&var));
            if !evaluator.broken(0) {
                found.insert(set.vars);
            }
        }
    }
    let smallest = |set: &Vec<Var>| set.len() <= complete_to as usize && parts(set).all(|part| !found.contains(&part));
    let sets: Vec<Vec<Var>> = found.iter().filter(|set| smallest(set)).cloned().collect();
    let mut counts = vec![0_u128; order as usize + 1];
    for set in &sets {
        counts[set.len()] += 1;
    }
    Ok(CutOrbits { orbits: classes(&sets, exchanges, swaps), complete_to, counts })
}

/// Sets that turn into each other, one of each class.
fn classes(sets: &[Vec<Var>], exchanges: &[Exchange], swaps: &[Swap]) -> Vec<CutOrbit> {
    // Where each component is that may be exchanged: in which exchange, in which block, as which part.
    let mut place: BTreeMap<Var, (usize, usize, usize)> = BTreeMap::new();
    for (exchange, of) in exchanges.iter().enumerate() {
        for (block, parts) in of.blocks.iter().enumerate() {
            place.extend(parts.iter().enumerate().map(|(part, var)| (*var, (exchange, block, part))));
        }
    }
    let mut known: BTreeMap<Key, usize> = BTreeMap::new();
    let mut orbits: Vec<CutOrbit> = Vec::new();
    for set in sets {
        let at = *known.entry(key(set, &place)).or_insert(orbits.len());
        if at == orbits.len() {
            let (among, standing) = (Vec::new(), Standing::Anywhere);
            orbits.push(CutOrbit { example: set.clone(), count: 0, among, standing });
        }
        orbits[at].count += 1;
    }
    // A swap turns whole classes into each other.
    let mut first: Vec<usize> = (0..orbits.len()).collect();
    for swap in swaps {
        let other: BTreeMap<Var, Var> = swap.pairs.iter().flat_map(|&(a, b)| [(a, b), (b, a)]).collect();
        for at in 0..orbits.len() {
            let mut image: Vec<Var> =
                orbits[at].example.iter().map(|var| other.get(var).copied().unwrap_or(*var)).collect();
            image.sort_unstable();
            if let Some(&to) = known.get(&key(&image, &place)) {
                let (from, to) = (first[at].max(first[to]), first[at].min(first[to]));
                first.iter_mut().filter(|first| **first == from).for_each(|first| *first = to);
            }
        }
    }
    for at in (0..orbits.len()).rev().filter(|at| first[*at] != *at) {
        orbits[first[at]].count += orbits[at].count;
    }
    let mut firsts: Vec<CutOrbit> =
        orbits.into_iter().zip(first).enumerate().filter(|(at, (_, first))| at == first).map(|(_, of)| of.0).collect();
    firsts.sort_by_key(|orbit| orbit.example.len());
    firsts
}

/// What is the same of sets that an exchange turns into each other: for each block its exchange and the parts of it, and what
/// is in no block.
type Key = (Vec<(usize, Vec<usize>)>, Vec<Var>);

fn key(set: &[Var], place: &BTreeMap<Var, (usize, usize, usize)>) -> Key {
    let mut blocks: BTreeMap<(usize, usize), Vec<usize>> = BTreeMap::new();
    let mut rest = Vec::new();
    for var in set {
        match place.get(var) {
            Some((exchange, block, part)) => blocks.entry((*exchange, *block)).or_default().push(*part),
            None => rest.push(*var),
        }
    }
    let of_block = |((exchange, _), mut parts): ((usize, usize), Vec<usize>)| {
        parts.sort_unstable();
        (exchange, parts)
    };
    let mut blocks: Vec<(usize, Vec<usize>)> = blocks.into_iter().map(of_block).collect();
    blocks.sort();
    (blocks, rest)
}

/// Every part of a set that is smaller than it, the smallest first; of a set of more than 16, those without one of it.
pub(crate) fn parts(set: &[Var]) -> impl Iterator<Item = Vec<Var>> + use<> {
    let all = 1_u32 << set.len().min(16);
    let mut masks: Vec<u32> = (0..all.saturating_sub(1)).collect();
    masks.sort_by_key(|mask| mask.count_ones());
    let set = set.to_vec();
    masks.into_iter().map(move |mask| {
        let kept = set.iter().enumerate().filter(|(at, _)| *at >= 16 || mask >> at & 1 == 1);
        kept.map(|(_, var)| *var).collect()
    })
}

/// Bounds of a promise that more failures can mend, as functions that they cannot mend.
pub(crate) struct Bounding {
    /// At least as often broken as the promise.
    pub(crate) above: Node,
    /// Broken only where the promise is, as long as all of `there` works.
    pub(crate) below: Node,
    /// What must work for that, sorted.
    pub(crate) there: Vec<Var>,
}

impl Bounding {
    /// Those of a promise, in its circuit.
    pub(crate) fn of(circuit: &mut Circuit, promise: &Promise) -> Self {
        let above = circuit.or(promise.mended.iter().map(|way| way.when));
        let unless = circuit.or(promise.mended.iter().map(|way| way.unless));
        // As few as will do, and best none of those that could break it.
        let shared = circuit.support(above);
        let mut there = circuit.support(unless);
        let mut order = there.clone();
        order.sort_by_key(|var| shared.binary_search(var).is_err());
        for var in order {
            let fewer: Vec<Var> = there.iter().copied().filter(|other| *other != var).collect();
            if without(circuit, unless, &fewer) == Node::FALSE {
                there = fewer;
            }
        }
        let below = without(circuit, above, &there);
        Bounding { above, below, there }
    }
}

/// The function when none of these has failed.
fn without(circuit: &mut Circuit, top: Node, there: &[Var]) -> Node {
    rename(circuit, top, &mut |circuit, var| {
        if there.binary_search(&var).is_ok() { Node::FALSE } else { circuit.variable(var) }
    })
}
