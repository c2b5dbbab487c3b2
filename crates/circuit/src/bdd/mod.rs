//! The kernel of decision diagrams: ordered, reduced, without complement edges (Bryant 1986).
//!
//! Nodes are numbered so that children come before parents, so whatever is computed over a diagram is one sweep and
//! needs no recursion; the operations keep their own stack, so that deep diagrams cannot overflow the thread's.
//!
//! An operation may carry a budget of failures: each level has a cost, a high edge spends it, and where it is spent the
//! high branch takes the value of the low one. Of a coherent function the result is then exact for all states within
//! the budget and never above the function elsewhere, which is all that cut sets up to an order need.

mod build;
mod order;

pub(crate) use build::build;
pub(crate) use order::orders;

use crate::index::{Index, hash_of};
use crate::limits::{Budget, Excess};

/// A node of a diagram.
pub(crate) type Id = u32;

/// The function that is never true.
pub(crate) const ZERO: Id = 0;
/// The function that is always true.
pub(crate) const ONE: Id = 1;
/// The level of the constants, below all others.
pub(crate) const BOTTOM: u32 = u32::MAX;
/// No limit to the failures.
pub(crate) const UNBOUNDED: u32 = u32::MAX >> 2;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub(crate) enum Apply {
    And = 1,
    Or = 2,
    Xor = 3,
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct Branch {
    pub(crate) level: u32,
    pub(crate) low: Id,
    pub(crate) high: Id,
}

#[derive(Clone, Copy, Debug, Default)]
struct Cached {
    a: Id,
    b: Id,
    /// Operation and budget; 0 is a free place.
    how: u32,
    result: Id,
}

#[derive(Clone, Copy, Debug)]
enum Task {
    Visit(Id, Id, u32),
    Combine { a: Id, b: Id, budget: u32, level: u32, both: bool },
}

/// A table of decision diagrams.
#[derive(Debug)]
pub(crate) struct Bdd {
    branches: Vec<Branch>,
    index: Index,
    cache: Vec<Cached>,
    costs: Vec<u32>,
    tasks: Vec<Task>,
    results: Vec<Id>,
}

impl Bdd {
    /// An empty table; `costs` has the cost of a failure at each level.
    pub(crate) fn new(costs: Vec<u32>) -> Self {
        let constant = |id| Branch { level: BOTTOM, low: id, high: id };
        Bdd {
            branches: vec![constant(ZERO), constant(ONE)],
            index: Index::default(),
            cache: vec![Cached::default(); 1 << 10],
            costs,
            tasks: vec![],
            results: vec![],
        }
    }

    /// All nodes, children before parents; the first two are the constants.
    pub(crate) fn branches(&self) -> &[Branch] {
        &self.branches
    }

    /// The level of a node.
    pub(crate) fn level(&self, id: Id) -> u32 {
        self.branches[id as usize].level
    }

    /// The cost of a failure at a level.
    pub(crate) fn cost(&self, level: u32) -> u32 {
        self.costs[level as usize]
    }

    /// Which nodes `root` leads to, itself included.
    pub(crate) fn reached(&self, root: Id) -> Vec<bool> {
        let mut reached = vec![false; root as usize + 1];
        reached[root as usize] = true;
        for id in (2..=root as usize).rev() {
            if reached[id] {
                let branch = self.branches[id];
                reached[branch.low as usize] = true;
                reached[branch.high as usize] = true;
            }
        }
        reached
    }

    /// The node with these branches.
    pub(crate) fn make(&mut self, level: u32, low: Id, high: Id, limit: &mut Budget) -> Result<Id, Excess> {
        if low == high {
            return Ok(low);
        }
        let hash = |branch: &Branch| hash_of((u64::from(branch.low) << 32 | u64::from(branch.high), branch.level));
        let branch = Branch { level, low, high };
        let branches = &self.branches;
        let found = self.index.find(hash(&branch), |id| {
            let other = &branches[id as usize];
            other.low == low && other.high == high && other.level == level
        });
        match found {
            Ok(id) => Ok(id),
            Err(slot) => {
                if self.branches.len() >= limit.nodes {
                    return Err(Excess);
                }
                let id = self.branches.len() as Id;
                self.branches.push(branch);
                let branches = &self.branches;
                self.index.insert(slot, id, |id| hash(&branches[id as usize]));
                if self.branches.len() > self.cache.len() && self.cache.len() < 1 << 22 {
                    self.grow_cache();
                }
                Ok(id)
            }
        }
    }

    /// The operation on two functions, exact within the budget of failures. Only `And` and `Or` may have one.
    pub(crate) fn apply(
        &mut self,
        operation: Apply,
        a: Id,
        b: Id,
        budget: u32,
        limit: &mut Budget,
    ) -> Result<Id, Excess> {
        self.tasks.clear();
        self.results.clear();
        self.tasks.push(Task::Visit(a, b, budget));
        while let Some(task) = self.tasks.pop() {
            match task {
                Task::Visit(a, b, budget) => self.visit(operation, a, b, budget, limit)?,
                Task::Combine { a, b, budget, level, both } => {
                    let low = self.results.pop().unwrap_or(ZERO);
                    let high = if both { self.results.pop().unwrap_or(ZERO) } else { low };
                    let result = self.make(level, low, high, limit)?;
                    let slot = self.slot(operation, a, b, budget);
                    self.cache[slot] = Cached { a, b, how: how(operation, budget), result };
                    self.results.push(result);
                }
            }
        }
        Ok(self.results.pop().unwrap_or(ZERO))
    }

    fn visit(&mut self, operation: Apply, a: Id, b: Id, budget: u32, limit: &mut Budget) -> Result<(), Excess> {
        let (a, b) = if a <= b { (a, b) } else { (b, a) };
        let known = match (operation, a, b) {
            (Apply::And, ZERO, _) => Some(ZERO),
            (Apply::And, ONE, other) | (Apply::Or | Apply::Xor, ZERO, other) => Some(other),
            (Apply::Or, ONE, _) => Some(ONE),
            (Apply::And | Apply::Or, _, _) if a == b => Some(a),
            (Apply::Xor, _, _) if a == b => Some(ZERO),
            // The only constant that is left as the larger is one, and then the other is one too.
            _ => None,
        };
        if let Some(known) = known {
            self.results.push(known);
            return Ok(());
        }
        limit.spend(1)?;
        let cached = self.cache[self.slot(operation, a, b, budget)];
        if cached.a == a && cached.b == b && cached.how == how(operation, budget) {
            self.results.push(cached.result);
            return Ok(());
        }
        let (left, right) = (self.branches[a as usize], self.branches[b as usize]);
        let level = left.level.min(right.level);
        let (left_low, left_high) = if left.level == level { (left.low, left.high) } else { (a, a) };
        let (right_low, right_high) = if right.level == level { (right.low, right.high) } else { (b, b) };
        let cost = self.costs[level as usize];
        let both = budget == UNBOUNDED || cost <= budget;
        self.tasks.push(Task::Combine { a, b, budget, level, both });
        // The last that is pushed is the first that is done: the high branch, so that the low one is popped first.
        self.tasks.push(Task::Visit(left_low, right_low, budget));
        if both {
            let rest = if budget == UNBOUNDED { UNBOUNDED } else { budget - cost };
            self.tasks.push(Task::Visit(left_high, right_high, rest));
        }
        Ok(())
    }

    fn slot(&self, operation: Apply, a: Id, b: Id, budget: u32) -> usize {
        let hash = hash_of((u64::from(a) << 32 | u64::from(b), how(operation, budget)));
        (hash >> 24) as usize & (self.cache.len() - 1)
    }

    fn grow_cache(&mut self) {
        let larger = vec![Cached::default(); self.cache.len() * 4];
        let old = std::mem::replace(&mut self.cache, larger);
        for entry in old.into_iter().filter(|entry| entry.how != 0) {
            let hash = hash_of((u64::from(entry.a) << 32 | u64::from(entry.b), entry.how));
            let slot = (hash >> 24) as usize & (self.cache.len() - 1);
            self.cache[slot] = entry;
        }
    }
}

fn how(operation: Apply, budget: u32) -> u32 {
    operation as u32 | budget << 2
}
