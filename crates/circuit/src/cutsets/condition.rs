//! Cut sets by conditioning: what is true of probabilities (see `crate::condition`) holds for cut sets up to an order.
//!
//! Given the state of what hosts share, the ways to lose "at least `r`" of them are sums over independent groups. As a
//! function of `r` they are steps, and with few failures allowed there are few steps, however many hosts there are.

use std::rc::Rc;

use rustc_hash::FxHashMap;

use super::family::{Families, Join, NONE, UNIT, left_of};
use crate::bdd::Id;
use crate::circuit::{Circuit, Gate, Node, Var};
use crate::cofactor::{Cofactors, Weighed, merge};
use crate::condition::DEPTH;
use crate::limits::{Budget, Excess};

/// For required sums: up to each bound, the minimal sets that reach it. Beyond the last bound there are none.
type Steps = Vec<(u64, Id)>;

/// The minimal cut sets of `top` with at most the cost `order`; `levels` has the level of each variable.
pub(super) fn find(
    circuit: &Circuit,
    top: Node,
    levels: &[u32],
    order: u32,
    families: &mut Families,
    limit: &mut Budget,
) -> Result<Id, Excess> {
    let mut work = Work {
        cofactors: Cofactors::new(circuit),
        levels,
        families,
        limit,
        sets: FxHashMap::default(),
        steps: FxHashMap::default(),
    };
    work.sets(top, order, 0)
}

/// The level of each variable: what most counted children share comes first, and of equals what comes first in the
/// circuit.
pub(super) fn levels(circuit: &Circuit, top: Node, limit: &mut Budget) -> Result<Vec<u32>, Excess> {
    let mut uses = vec![0u32; circuit.variables()];
    let mut cofactors = Cofactors::new(circuit);
    for node in circuit.cone(&[top]) {
        if let Gate::AtLeast { of, .. } | Gate::Threshold { of, .. } = circuit.gate(node) {
            for support in cofactors.supports_of(of, limit)? {
                for var in support.iter() {
                    uses[var.index()] += 1;
                }
            }
        }
    }
    let mut vars: Vec<usize> = (0..uses.len()).collect();
    vars.sort_by_key(|&var| std::cmp::Reverse(uses[var]));
    let mut levels = vec![0; uses.len()];
    for (level, var) in vars.into_iter().enumerate() {
        levels[var] = level as u32;
    }
    Ok(levels)
}

struct Work<'a> {
    cofactors: Cofactors,
    levels: &'a [u32],
    families: &'a mut Families,
    limit: &'a mut Budget,
    sets: FxHashMap<(Node, u32), Id>,
    steps: FxHashMap<(u32, u64, Vec<Weighed>), Rc<Steps>>,
}

impl Work<'_> {
    /// The minimal sets of a node whose cost is at most `budget`.
    fn sets(&mut self, node: Node, budget: u32, depth: u32) -> Result<Id, Excess> {
        if let Some(value) = node.constant() {
            return Ok(if value { UNIT } else { NONE });
        }
        if let Some(&known) = self.sets.get(&(node, budget)) {
            return Ok(known);
        }
        if depth > DEPTH {
            return Err(Excess);
        }
        self.limit.spend(4)?;
        let of = self.cofactors.circuit.children(node).to_vec();
        let found = match self.cofactors.circuit.gate(node) {
            Gate::Variable(var) => self.single(var, budget)?,
            Gate::And(_) => self.join(node, &of, Join::Product, budget, depth)?,
            Gate::Or(_) => self.join(node, &of, Join::Union, budget, depth)?,
            Gate::AtLeast { minimum, .. } => {
                let weighed = of.into_iter().map(|child| (child, 1)).collect();
                let steps = self.steps(weighed, minimum, budget, depth)?;
                at(&steps, minimum)
            }
            Gate::Threshold { bound, weights, .. } => {
                let weighed = of.into_iter().zip(weights.iter().copied()).collect();
                let steps = self.steps(weighed, bound, budget, depth)?;
                at(&steps, bound)
            }
            // Only coherent tops come here, and they have none of these left.
            Gate::Constant(_) | Gate::Not(_) | Gate::Xor(_) => return Err(Excess),
        };
        self.sets.insert((node, budget), found);
        Ok(found)
    }

    fn single(&mut self, var: Var, budget: u32) -> Result<Id, Excess> {
        let family = self.families.make(self.levels[var.index()], NONE, UNIT, self.limit)?;
        Ok(if self.families.smallest(family) <= budget { family } else { NONE })
    }

    fn join(&mut self, node: Node, of: &[Node], how: Join, budget: u32, depth: u32) -> Result<Id, Excess> {
        let groups = self.cofactors.groups(of, self.limit)?;
        if groups.len() == 1 {
            let var = self.cofactors.most_shared(of, self.limit)?;
            let low = self.cofactors.fix(&[node], var, false, self.limit)?[0];
            let low = self.sets(low, budget, depth + 1)?;
            let Some(rest) = self.rest(var, budget) else { return Ok(low) };
            let high = self.cofactors.fix(&[node], var, true, self.limit)?[0];
            let high = self.sets(high, rest, depth + 1)?;
            return self.either(var, high, low, budget);
        }
        let mut sum = if how == Join::Union { NONE } else { UNIT };
        for group in groups {
            let part = match how {
                Join::Union => self.cofactors.circuit.or(group),
                Join::Product => self.cofactors.circuit.and(group),
            };
            let part = self.sets(part, budget, depth + 1)?;
            sum = self.families.join(how, sum, part, budget, self.limit)?;
        }
        Ok(sum)
    }

    /// What is left of the budget once a variable has failed, if it can bear that.
    fn rest(&self, var: Var, budget: u32) -> Option<u32> {
        left_of(budget, self.families.cost(self.levels[var.index()]))
    }

    /// The minimal sets, given those once a variable has failed and those while it works (Rauzy 1993).
    fn either(&mut self, var: Var, high: Id, low: Id, budget: u32) -> Result<Id, Excess> {
        let new = self.families.without(high, low, self.limit)?;
        let alone = self.single(var, budget)?;
        let with = self.families.join(Join::Product, alone, new, budget, self.limit)?;
        self.families.join(Join::Union, with, low, budget, self.limit)
    }

    fn steps(&mut self, mut of: Vec<Weighed>, cap: u64, budget: u32, depth: u32) -> Result<Rc<Steps>, Excess> {
        if depth > DEPTH {
            return Err(Excess);
        }
        let mut shift = 0u64;
        of.retain(|&(node, weight)| {
            shift = (shift + if node == Node::TRUE { weight } else { 0 }).min(cap);
            node.constant().is_none()
        });
        of.sort_unstable();
        let plain = self.unshifted(of, cap, budget, depth)?;
        if shift == 0 {
            return Ok(plain);
        }
        let mut steps = vec![(shift, UNIT)];
        steps.extend(plain.iter().map(|&(bound, family)| ((bound + shift).min(cap), family)));
        Ok(Rc::new(tidy(steps)))
    }

    fn unshifted(&mut self, of: Vec<Weighed>, cap: u64, budget: u32, depth: u32) -> Result<Rc<Steps>, Excess> {
        match of[..] {
            [] => return Ok(Rc::new(vec![])),
            [(node, weight)] => {
                let family = self.sets(node, budget, depth + 1)?;
                return Ok(Rc::new(tidy(vec![(weight.min(cap), family)])));
            }
            _ => {}
        }
        let key = (budget, cap, of);
        if let Some(known) = self.steps.get(&key) {
            return Ok(Rc::clone(known));
        }
        let of = &key.2;
        let nodes: Vec<Node> = of.iter().map(|&(node, _)| node).collect();
        let groups = self.cofactors.groups(&nodes, self.limit)?;
        let found = if groups.len() == 1 {
            let var = self.cofactors.most_shared(&nodes, self.limit)?;
            let side = |this: &mut Self, failed: bool, budget: u32| {
                let fixed = this.cofactors.fix(&nodes, var, failed, this.limit)?;
                let fixed = merge(fixed.into_iter().zip(of.iter().map(|&(_, weight)| weight)).collect());
                this.steps(fixed, cap, budget, depth + 1)
            };
            let low = side(self, false, budget)?;
            match self.rest(var, budget) {
                None => low,
                Some(rest) => {
                    let high = side(self, true, rest)?;
                    let mut bounds: Vec<u64> = high.iter().chain(low.iter()).map(|&(bound, _)| bound).collect();
                    bounds.sort_unstable();
                    bounds.dedup();
                    let mut steps = Vec::with_capacity(bounds.len());
                    for bound in bounds {
                        steps.push((bound, self.either(var, at(&high, bound), at(&low, bound), budget)?));
                    }
                    Rc::new(tidy(steps))
                }
            }
        } else {
            let weights: FxHashMap<Node, u64> = of.iter().copied().collect();
            let mut sum: Steps = vec![];
            for group in groups {
                let part = group.into_iter().map(|node| (node, weights[&node])).collect();
                let part = self.unshifted(part, cap, budget, depth + 1)?;
                sum = self.sum(&sum, &part, cap, budget)?;
            }
            Rc::new(sum)
        };
        self.steps.insert(key, Rc::clone(&found));
        Ok(found)
    }

    /// The steps of a sum of two independent ones.
    fn sum(&mut self, a: &Steps, b: &Steps, cap: u64, budget: u32) -> Result<Steps, Excess> {
        let with_none = |steps: &Steps| std::iter::once(0).chain(steps.iter().map(|&(bound, _)| bound)).collect();
        let (from_a, from_b): (Vec<u64>, Vec<u64>) = (with_none(a), with_none(b));
        let mut bounds: Vec<u64> =
            from_a.iter().flat_map(|x| from_b.iter().map(move |y| x.saturating_add(*y).min(cap))).collect();
        bounds.sort_unstable();
        bounds.dedup();
        let mut steps = Vec::new();
        for bound in bounds.into_iter().filter(|&bound| bound > 0) {
            self.limit.spend(1 + from_a.len() as u64)?;
            let mut all = NONE;
            for &share in &from_a {
                let (mine, other) = (at(a, share), at(b, bound.saturating_sub(share)));
                let both = self.families.join(Join::Product, mine, other, budget, self.limit)?;
                all = self.families.minimal_union(all, both, self.limit)?;
            }
            steps.push((bound, all));
        }
        Ok(tidy(steps))
    }
}

/// The minimal sets that reach a sum.
fn at(steps: &Steps, sum: u64) -> Id {
    if sum == 0 {
        return UNIT;
    }
    let place = steps.partition_point(|&(bound, _)| bound < sum);
    steps.get(place).map_or(NONE, |&(_, family)| family)
}

/// Steps without those that are empty, and equal neighbours as one.
fn tidy(steps: Steps) -> Steps {
    let mut tidy: Steps = Vec::with_capacity(steps.len());
    for (bound, family) in steps.into_iter().filter(|&(_, family)| family != NONE) {
        match tidy.last_mut() {
            Some(last) if last.1 == family || last.0 == bound => last.0 = bound,
            _ => tidy.push((bound, family)),
        }
    }
    tidy
}
