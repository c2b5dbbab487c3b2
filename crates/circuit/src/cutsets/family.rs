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
    pub(crate) fn new() -> Self {
        let constant = |id| Branch { level: BOTTOM, low: id, high: id };
        Families {
            branches: vec![constant(NONE), constant(UNIT)],
            index: FxHashMap::default(),
            without: FxHashMap::default(),
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
        self.branches.shrink_to_fit();
    }

    fn make(&mut self, level: u32, low: Id, high: Id, limit: &mut Budget) -> Result<Id, Excess> {
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
        self.index.insert((level, low, high), id);
        Ok(id)
    }

    fn without(&mut self, a: Id, b: Id, limit: &mut Budget) -> Result<Id, Excess> {
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
                    if let Some(rest) = left(budget, bdd.cost(branch.level)) {
                        tasks.push(Minimal::Visit(branch.high, rest));
                    }
                }
                Minimal::Make(id, budget) => {
                    let branch = bdd.branches()[id as usize];
                    let low = results.pop().unwrap_or(NONE);
                    let high = match left(budget, bdd.cost(branch.level)) {
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
fn left(budget: u32, cost: u32) -> Option<u32> {
    if budget == UNBOUNDED { Some(UNBOUNDED) } else { budget.checked_sub(cost) }
}
