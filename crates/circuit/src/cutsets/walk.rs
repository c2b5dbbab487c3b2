//! Listing cut sets in order, best first: an implicit product of the modules' diagrams is searched, and only what is
//! asked for is made.

use std::cmp::Ordering;
use std::collections::BinaryHeap;

use super::family::{Families, NONE, UNIT};
use super::{CutSets, PartSets};
use crate::bdd::{Id, UNBOUNDED};
use crate::circuit::Var;
use crate::modules::Input;

const END: u32 = u32::MAX;

/// Cut sets in order; see [`CutSets::by_order`] and [`CutSets::by_probability`].
#[derive(Debug)]
pub struct Ranked<'a> {
    sets: &'a CutSets,
    probabilities: Option<&'a [f64]>,
    /// For every node of every part: the smallest order of its sets, and their highest probability.
    orders: Vec<Vec<u32>>,
    best: Vec<Vec<f64>>,
    /// Where to go on when a module's set is complete.
    returns: Vec<Return>,
    /// Chosen variables, each with the one before it.
    chosen: Vec<(Var, u32)>,
    open: BinaryHeap<State>,
    made: u64,
}

#[derive(Clone, Copy, Debug)]
struct Return {
    part: usize,
    node: Id,
    next: u32,
    /// The smallest order and the highest probability of all that follows.
    order: u32,
    best: f64,
}

#[derive(Clone, Copy, Debug)]
struct State {
    /// The best that can still come of it: a probability, or an order with its sign turned.
    key: f64,
    age: u64,
    part: usize,
    node: Id,
    next: u32,
    chosen: u32,
    order: u32,
    probability: f64,
}

impl PartialEq for State {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}
impl Eq for State {}
impl PartialOrd for State {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}
impl Ord for State {
    fn cmp(&self, other: &Self) -> Ordering {
        // Of equals the newest goes on: that keeps the search deep and the heap small.
        self.key.total_cmp(&other.key).then(self.age.cmp(&other.age))
    }
}

/// A minimal cut set.
#[derive(Clone, Debug, PartialEq)]
pub struct CutSet {
    /// Its components, sorted.
    pub vars: Vec<Var>,
    /// The probability that all of them have failed; 1 where no probabilities were given.
    pub probability: f64,
}

impl<'a> Ranked<'a> {
    pub(super) fn new(sets: &'a CutSets, probabilities: Option<&'a [f64]>) -> Self {
        let mut ranked = Ranked {
            sets,
            probabilities,
            orders: vec![],
            best: vec![],
            returns: vec![],
            chosen: vec![],
            open: BinaryHeap::new(),
            made: 0,
        };
        for part in &sets.parts {
            let costs: Vec<u32> = part.by_level.iter().map(|input| ranked.input(*input).0).collect();
            let chances: Vec<f64> = part.by_level.iter().map(|input| ranked.input(*input).1).collect();
            ranked.orders.push(smallest(&part.families, part.root, &costs));
            ranked.best.push(most_probable(part, &chances));
        }
        if let Some(last) = sets.parts.len().checked_sub(1) {
            ranked.push(State {
                key: 0.0,
                age: 0,
                part: last,
                node: sets.parts[last].root,
                next: END,
                chosen: END,
                order: 0,
                probability: 1.0,
            });
        }
        ranked
    }

    /// The smallest order and the highest probability of an input.
    fn input(&self, input: Input) -> (u32, f64) {
        match input {
            Input::Variable(var) => (1, self.probabilities.map_or(1.0, |given| given[var.index()])),
            Input::Part(part) => {
                let root = self.sets.parts[part].root as usize;
                (self.orders[part][root], self.best[part][root])
            }
        }
    }

    fn after(&self, next: u32) -> (u32, f64) {
        self.returns.get(next as usize).map_or((0, 1.0), |to| (to.order, to.best))
    }

    fn push(&mut self, mut state: State) {
        if state.node == NONE {
            return;
        }
        let (order_after, best_after) = self.after(state.next);
        let smallest = self.orders[state.part][state.node as usize];
        let order = state.order.saturating_add(smallest).saturating_add(order_after);
        if smallest >= UNBOUNDED || self.sets.complete.is_some_and(|limit| order > limit) {
            return;
        }
        state.key = match self.probabilities {
            None => -f64::from(order),
            Some(_) => state.probability * self.best[state.part][state.node as usize] * best_after,
        };
        state.age = self.made;
        self.made += 1;
        self.open.push(state);
    }
}

impl Iterator for Ranked<'_> {
    type Item = CutSet;

    fn next(&mut self) -> Option<CutSet> {
        while let Some(state) = self.open.pop() {
            if state.node == UNIT {
                let Some(&to) = self.returns.get(state.next as usize) else {
                    let mut vars = Vec::with_capacity(state.order as usize);
                    let mut at = state.chosen;
                    while let Some(&(var, before)) = self.chosen.get(at as usize) {
                        vars.push(var);
                        at = before;
                    }
                    vars.sort_unstable();
                    return Some(CutSet { vars, probability: state.probability });
                };
                self.push(State { part: to.part, node: to.node, next: to.next, ..state });
                continue;
            }
            let part = &self.sets.parts[state.part];
            let branch = part.families.branch(state.node);
            self.push(State { node: branch.low, ..state });
            match part.by_level[branch.level as usize] {
                Input::Variable(var) => {
                    let chosen = self.chosen.len() as u32;
                    self.chosen.push((var, state.chosen));
                    let p = self.probabilities.map_or(1.0, |given| given[var.index()]);
                    self.push(State {
                        node: branch.high,
                        chosen,
                        order: state.order + 1,
                        probability: state.probability * p,
                        ..state
                    });
                }
                Input::Part(below) => {
                    let (order_after, best_after) = self.after(state.next);
                    let next = self.returns.len() as u32;
                    self.returns.push(Return {
                        part: state.part,
                        node: branch.high,
                        next: state.next,
                        order: order_after.saturating_add(self.orders[state.part][branch.high as usize]),
                        best: best_after * self.best[state.part][branch.high as usize],
                    });
                    let root = self.sets.parts[below].root;
                    self.push(State { part: below, node: root, next, ..state });
                }
            }
        }
        None
    }
}

/// The smallest cost of a set of each node; more than any budget for a family without sets.
fn smallest(families: &Families, root: Id, costs: &[u32]) -> Vec<u32> {
    let mut orders = vec![UNBOUNDED; root.max(UNIT) as usize + 1];
    orders[UNIT as usize] = 0;
    for id in 2..=root {
        let branch = families.branch(id);
        let with = orders[branch.high as usize].saturating_add(costs[branch.level as usize]);
        orders[id as usize] = orders[branch.low as usize].min(with).min(UNBOUNDED);
    }
    orders
}

fn most_probable(part: &PartSets, chances: &[f64]) -> Vec<f64> {
    let mut best = vec![0.0; part.root.max(UNIT) as usize + 1];
    best[UNIT as usize] = 1.0;
    for id in 2..=part.root {
        let branch = part.families.branch(id);
        let with: f64 = best[branch.high as usize] * chances[branch.level as usize];
        best[id as usize] = with.max(best[branch.low as usize]);
    }
    best
}
