//! Families of sets of variables, as zero-suppressed diagrams (Minato 1993), and the minimal solutions of a coherent
//! function in one (Rauzy, "New algorithms for fault trees analysis", Reliability Engineering and System Safety 40,
//! 1993).

use rustc_hash::FxHashMap;

use crate::bdd::{BOTTOM, Bdd, Branch, Id, ONE, UNBOUNDED, ZERO};
use crate::limits::{Budget, Excess};

/// The empty family.
pub(crate) const NONE: Id = 0;
/// The family of the empty set.
pub(crate) const UNIT: Id = 1;

/// A table of families; nodes are numbered so that children come before parents.
#[derive(Clone, Debug)]
pub(crate) struct Families {
    branches: Vec<Branch>,
    index: FxHashMap<(u32, Id, Id), Id>,
    without: FxHashMap<(Id, Id), Id>,
    joined: FxHashMap<(Join, Id, Id, u32), Id>,
    /// Of each level, the cost of a failure; of each node, the smallest and the largest cost of its sets.
    costs: Vec<u32>,
    range: Vec<(u32, u32)>,
}

/// How two families become one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Join {
    /// The sets of both, none of which contains another.
    Union,
    /// The unions of one set of each, where the families share no variable.
    Product,
}

enum Joining {
    Visit(Id, Id, u32),
    /// A node of this level from the results, with a high branch if it can be borne.
    Make(u32, bool),
    Keep((Join, Id, Id, u32)),
}

enum Without {
    /// The sets of the first that contain no set of the second.
    Visit(Id, Id),
    /// A node of this level from the results: the first for the sets with it, the second for those without.
    Make(u32),
    /// The last result, again without this.
    Again(Id),
    /// Remember the last result.
    Keep((Id, Id)),
}

enum Minimal {
    Visit(Id, u32),
    Make(Id, u32),
}

impl Families {
    /// `costs` has the cost of a failure at each level.
    pub(crate) fn new(costs: Vec<u32>) -> Self {
        let constant = |id| Branch { level: BOTTOM, low: id, high: id };
        Families {
            branches: vec![constant(NONE), constant(UNIT)],
            index: FxHashMap::default(),
            without: FxHashMap::default(),
            joined: FxHashMap::default(),
            costs,
            range: vec![(UNBOUNDED, 0), (0, 0)],
        }
    }

    pub(crate) fn branch(&self, id: Id) -> Branch {
        self.branches[id as usize]
    }

    pub(crate) fn len(&self) -> usize {
        self.branches.len()
    }

    /// Frees what only operations need.
    pub(crate) fn finish(&mut self) {
        self.index = FxHashMap::default();
        self.without = FxHashMap::default();
        self.joined = FxHashMap::default();
        self.branches.shrink_to_fit();
    }

    /// The cost of a failure at a level.
    pub(crate) fn cost(&self, level: u32) -> u32 {
        self.costs[level as usize]
    }

    /// The smallest cost of a set; more than any budget for a family without sets.
    pub(crate) fn smallest(&self, id: Id) -> u32 {
        self.range[id as usize].0
    }

    pub(crate) fn make(&mut self, level: u32, low: Id, high: Id, limit: &mut Budget) -> Result<Id, Excess> {
        if high == NONE {
            return Ok(low);
        }
        if let Some(&id) = self.index.get(&(level, low, high)) {
            return Ok(id);
        }
        if self.branches.len() >= limit.nodes {
            return Err(Excess);
        }
        let id = self.branches.len() as Id;
        self.branches.push(Branch { level, low, high });
        let cost = self.costs[level as usize];
        let (low_range, high_range) = (self.range[low as usize], self.range[high as usize]);
        self.range.push((
            low_range.0.min(high_range.0.saturating_add(cost)).min(UNBOUNDED),
            low_range.1.max(high_range.1.saturating_add(cost)),
        ));
        self.index.insert((level, low, high), id);
        Ok(id)
    }

    /// The sets of two minimal families that contain none of the other.
    pub(crate) fn minimal_union(&mut self, a: Id, b: Id, limit: &mut Budget) -> Result<Id, Excess> {
        let a = self.without(a, b, limit)?;
        // What `b` loses to what is left of `a`, it loses for good: what `a` lost contains a set of `b`.
        let b = self.without(b, a, limit)?;
        self.join(Join::Union, a, b, UNBOUNDED, limit)
    }

    /// Joins two families; of a product, the sets whose cost is at most `budget`.
    pub(crate) fn join(&mut self, how: Join, a: Id, b: Id, budget: u32, limit: &mut Budget) -> Result<Id, Excess> {
        let mut tasks = vec![Joining::Visit(a, b, budget)];
        let mut results: Vec<Id> = Vec::new();
        while let Some(task) = tasks.pop() {
            match task {
                Joining::Visit(a, b, budget) => {
                    let (a, b) = if a <= b { (a, b) } else { (b, a) };
                    let (left_range, right_range) = (self.range[a as usize], self.range[b as usize]);
                    let known = match how {
                        Join::Union if a == NONE || a == b => Some(b),
                        Join::Union if a == UNIT => Some(UNIT),
                        Join::Product if a == NONE => Some(NONE),
                        Join::Product if left_range.0.saturating_add(right_range.0) > budget => Some(NONE),
                        Join::Product if a == UNIT && right_range.1 <= budget => Some(b),
                        _ => None,
                    };
                    if let Some(known) = known {
                        results.push(known);
                        continue;
                    }
                    let key = (how, a, b, budget);
                    if let Some(&known) = self.joined.get(&key) {
                        results.push(known);
                        continue;
                    }
                    limit.spend(1)?;
                    let (left, right) = (self.branch(a), self.branch(b));
                    let level = left.level.min(right.level);
                    let (left_low, left_high) = if left.level == level { (left.low, left.high) } else { (a, NONE) };
                    let (right_low, right_high) =
                        if right.level == level { (right.low, right.high) } else { (b, NONE) };
                    tasks.push(Joining::Keep(key));
                    match how {
                        Join::Union => {
                            tasks.push(Joining::Make(level, true));
                            tasks.push(Joining::Visit(left_high, right_high, budget));
                            tasks.push(Joining::Visit(left_low, right_low, budget));
                        }
                        Join::Product => {
                            // The families share no variable: one of the two has no high branch here.
                            let (high, other) = if left.level == level { (left_high, b) } else { (right_high, a) };
                            let rest = left_of(budget, self.costs[level as usize]);
                            tasks.push(Joining::Make(level, rest.is_some()));
                            if let Some(rest) = rest {
                                tasks.push(Joining::Visit(high, other, rest));
                            }
                            tasks.push(Joining::Visit(left_low, right_low, budget));
                        }
                    }
                }
                Joining::Make(level, both) => {
                    // The low branch was pushed last and so done first.
                    let high = if both { results.pop().unwrap_or(NONE) } else { NONE };
                    let low = results.pop().unwrap_or(NONE);
                    results.push(self.make(level, low, high, limit)?);
                }
                Joining::Keep(key) => {
                    if self.joined.len() >= limit.nodes {
                        return Err(Excess);
                    }
                    self.joined.insert(key, results.last().copied().unwrap_or(NONE));
                }
            }
        }
        Ok(results.pop().unwrap_or(NONE))
    }

    /// The sets of `a` that contain no set of `b`.
    pub(crate) fn without(&mut self, a: Id, b: Id, limit: &mut Budget) -> Result<Id, Excess> {
        let mut tasks = vec![Without::Visit(a, b)];
        let mut results: Vec<Id> = Vec::new();
        while let Some(task) = tasks.pop() {
            match task {
                Without::Visit(a, b) => {
                    if a == NONE || b == UNIT || a == b {
                        results.push(NONE);
                        continue;
                    }
                    // Both are minimal families, so one that is not the unit has no empty set.
                    if b == NONE || a == UNIT {
                        results.push(a);
                        continue;
                    }
                    if let Some(&known) = self.without.get(&(a, b)) {
                        results.push(known);
                        continue;
                    }
                    limit.spend(1)?;
                    let (left, right) = (self.branch(a), self.branch(b));
                    tasks.push(Without::Keep((a, b)));
                    if left.level > right.level {
                        tasks.push(Without::Visit(a, right.low));
                    } else {
                        tasks.push(Without::Make(left.level));
                        if left.level < right.level {
                            tasks.push(Without::Visit(left.high, b));
                            tasks.push(Without::Visit(left.low, b));
                        } else {
                            tasks.push(Without::Again(right.low));
                            tasks.push(Without::Visit(left.high, right.high));
                            tasks.push(Without::Visit(left.low, right.low));
                        }
                    }
                }
                Without::Again(b) => {
                    let a = results.pop().unwrap_or(NONE);
                    tasks.push(Without::Visit(a, b));
                }
                Without::Make(level) => {
                    // The low branch was pushed last and so done first.
                    let high = results.pop().unwrap_or(NONE);
                    let low = results.pop().unwrap_or(NONE);
                    results.push(self.make(level, low, high, limit)?);
                }
                Without::Keep(key) => {
                    if self.without.len() >= limit.nodes {
                        return Err(Excess);
                    }
                    self.without.insert(key, results.last().copied().unwrap_or(NONE));
                }
            }
        }
        Ok(results.pop().unwrap_or(NONE))
    }

    /// The minimal solutions of a coherent function whose cost is at most `budget`.
    pub(crate) fn minimal(&mut self, bdd: &Bdd, root: Id, budget: u32, limit: &mut Budget) -> Result<Id, Excess> {
        let mut known: FxHashMap<(Id, u32), Id> = FxHashMap::default();
        let mut tasks = vec![Minimal::Visit(root, budget)];
        let mut results: Vec<Id> = Vec::new();
        while let Some(task) = tasks.pop() {
            match task {
                Minimal::Visit(id, budget) => {
                    if id == ZERO || id == ONE {
                        results.push(if id == ONE { UNIT } else { NONE });
                        continue;
                    }
                    if let Some(&family) = known.get(&(id, budget)) {
                        results.push(family);
                        continue;
                    }
                    limit.spend(1)?;
                    let branch = bdd.branches()[id as usize];
                    tasks.push(Minimal::Make(id, budget));
                    tasks.push(Minimal::Visit(branch.low, budget));
                    if let Some(rest) = left_of(budget, bdd.cost(branch.level)) {
                        tasks.push(Minimal::Visit(branch.high, rest));
                    }
                }
                Minimal::Make(id, budget) => {
                    let branch = bdd.branches()[id as usize];
                    let low = results.pop().unwrap_or(NONE);
                    let high = match left_of(budget, bdd.cost(branch.level)) {
                        Some(_) => results.pop().unwrap_or(NONE),
                        None => NONE,
                    };
                    let new = self.without(high, low, limit)?;
                    let family = self.make(branch.level, low, new, limit)?;
                    if known.len() >= limit.nodes {
                        return Err(Excess);
                    }
                    known.insert((id, budget), family);
                    results.push(family);
                }
            }
        }
        Ok(results.pop().unwrap_or(NONE))
    }
}

/// What a budget has left after a cost, if it can bear it.
pub(super) fn left_of(budget: u32, cost: u32) -> Option<u32> {
    if budget == UNBOUNDED { Some(UNBOUNDED) } else { budget.checked_sub(cost) }
}
