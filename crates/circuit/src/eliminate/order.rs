//! In which order axes go. It decides what elimination costs; no rule is best, so each is tried on paper first.
//!
//! An axis may go once its own table is there, which is when something below it has gone. So elimination goes up from the
//! variables. A table over an axis is its own when it was joined with how the axis follows from others; then partial sums are
//! summed from their beginning. Joining two relations of the middle of a sum looks cheap and may end in tables over many sums
//! at a time; where what is summed is shared all around, it is cheap. So any table over an axis is tried as its own too.

use std::collections::BTreeSet;

use super::network::{Axis, Factor, Network, Table};
use crate::limits::{Budget, Excess};

/// Which of those that may go goes next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Rule {
    /// Place after place, what is shared between places after them; in a place the one that leaves the smallest table.
    ByPlace,
    /// The one that leaves the smallest table ("min-weight"; Kjærulff 1990).
    BySize,
}

/// What goes in one step.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Turn {
    One(Axis),
    /// Two axes that a third follows from, as a sum does from what it adds: one pass over the values of the three, without
    /// the table in which the first has gone and the second has not.
    Two(Axis, Axis),
}

impl Turn {
    /// The axes, in their order.
    pub(super) fn axes(self) -> impl Iterator<Item = Axis> {
        let (first, second) = match self {
            Turn::One(axis) => (axis, None),
            Turn::Two(first, second) => (first, Some(second)),
        };
        std::iter::once(first).chain(second)
    }
}

/// An order, and the multiplications that it takes.
#[derive(Debug)]
pub(super) struct Plan {
    pub(super) order: Vec<Turn>,
    pub(super) work: u64,
}

/// What is tried: a rule, and whether sums wait until they can be joined from their beginning. The most promising first,
/// since the others end where they need more.
pub(super) const TRIED: [(Rule, bool); 4] =
    [(Rule::BySize, false), (Rule::BySize, true), (Rule::ByPlace, true), (Rule::ByPlace, false)];

/// The best of the orders that stay within `most` numbers a table.
pub(super) fn best(network: &Network, most: u64, budget: &mut Budget) -> Result<Plan, Excess> {
    let mut best: Option<Plan> = None;
    for (rule, waits) in TRIED {
        let mut network = network.clone();
        if waits {
            network.wait();
        }
        let enough = best.as_ref().map_or(u64::MAX, |plan| plan.work);
        if let Ok(better) = plan(network, rule, most, enough, budget) {
            best = Some(better);
        }
    }
    best.ok_or(Excess)
}

/// The order by a rule, if it takes less than `enough` multiplications.
pub(super) fn plan(
    mut network: Network,
    rule: Rule,
    most: u64,
    enough: u64,
    budget: &mut Budget,
) -> Result<Plan, Excess> {
    let mut queue = Queue::of(&network, rule, budget)?;
    let mut plan = Plan { order: Vec::new(), work: 0 };
    while let Some(axis) = queue.next(&network, budget)? {
        let factors = network.take(axis);
        let mut axes = union(&factors);
        axes.retain(|other| *other != axis);
        // The second goes as well where what is left is no larger than with it.
        let step = match network.second(&factors, axis) {
            Some(second) if second != network.top => {
                let others = network.with(second);
                let mut both = union(factors.iter().chain(others));
                both.retain(|other| *other != axis && *other != second);
                (network.size(&both) <= network.size(&axes)).then_some((second, both))
            }
            _ => None,
        };
        budget.spend(4 + axes.len() as u64)?;
        let (work, axes) = if let Some((second, both)) = step {
            let others = network.take(second);
            plan.order.push(Turn::Two(axis, second));
            queue.remove(&network, second);
            (work_of_two(&network, &factors, &others), both)
        } else {
            plan.order.push(Turn::One(axis));
            (work(&network, &factors), axes)
        };
        plan.work = plan.work.saturating_add(work);
        if network.size(&axes) > most || plan.work >= enough {
            return Err(Excess);
        }
        network.put(Factor { axes: axes.clone(), table: Table::Planned });
        queue.update(&network, &axes, budget)?;
    }
    Ok(plan)
}

/// The axes of all of these.
fn union<'f>(factors: impl IntoIterator<Item = &'f Factor>) -> Vec<Axis> {
    let mut axes: Vec<Axis> = factors.into_iter().flat_map(|factor| factor.axes.iter().copied()).collect();
    axes.sort_unstable();
    axes.dedup();
    axes
}

fn is_dense(factor: &Factor) -> bool {
    !matches!(factor.table, Table::Sparse(_))
}

/// The multiplications of a step of two axes: what is dense of each side is joined, and then both sides entry by entry of
/// the one that is sparse.
fn work_of_two(network: &Network, factors: &[Factor], others: &[Factor]) -> u64 {
    let mut work: u64 = 0;
    for side in [factors, others] {
        if side.iter().filter(|factor| is_dense(factor)).count() > 1 {
            work = work.saturating_add(network.size(&union(side.iter().filter(|factor| is_dense(factor)))));
        }
    }
    let all = union(factors.iter().chain(others).filter(|factor| is_dense(factor)));
    for factor in factors {
        let Table::Sparse(entries) = &factor.table else { continue };
        let free: Vec<Axis> = all.iter().copied().filter(|axis| !factor.axes.contains(axis)).collect();
        let entries = (entries.len() / factor.axes.len()) as u64;
        work = work.saturating_add(network.size(&free).saturating_mul(entries));
    }
    work
}

/// The multiplications that joining factors takes: first what is dense, and then each sparse one entry by entry.
fn work(network: &Network, factors: &[Factor]) -> u64 {
    let mut axes: Vec<Axis> = Vec::new();
    let mut work: u64 = 0;
    let add = |axes: &mut Vec<Axis>, more: &[Axis]| {
        for axis in more {
            if !axes.contains(axis) {
                axes.push(*axis);
            }
        }
    };
    for factor in factors.iter().filter(|factor| is_dense(factor)) {
        add(&mut axes, &factor.axes);
    }
    if !axes.is_empty() {
        work = network.size(&axes);
    }
    for factor in factors {
        let Table::Sparse(entries) = &factor.table else { continue };
        let free: Vec<Axis> = axes.iter().copied().filter(|axis| !factor.axes.contains(axis)).collect();
        let entries = (entries.len() / factor.axes.len()) as u64;
        work = work.saturating_add(network.size(&free).saturating_mul(entries));
        add(&mut axes, &factor.axes);
    }
    work
}

/// Axes that may go, in their order.
#[derive(Debug)]
struct Queue {
    rule: Rule,
    waiting: BTreeSet<(u32, u64, Axis)>,
    state: Vec<State>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    NotYet,
    Waiting {
        size: u64,
        /// Whether its neighbours have changed since the size was computed.
        stale: bool,
    },
    Gone,
}

/// Factors from which on an axis is looked at again only when it is first in the queue. What the whole site shares has
/// thousands, and changes with every axis that goes.
const MANY: usize = 48;

impl Queue {
    fn of(network: &Network, rule: Rule, budget: &mut Budget) -> Result<Self, Excess> {
        let mut queue = Queue { rule, waiting: BTreeSet::new(), state: vec![State::NotYet; network.sizes.len()] };
        queue.state[network.top as usize] = State::Gone;
        let all: Vec<Axis> = (0..network.sizes.len() as Axis).collect();
        queue.update(network, &all, budget)?;
        Ok(queue)
    }

    /// The first, which leaves the queue.
    fn next(&mut self, network: &Network, budget: &mut Budget) -> Result<Option<Axis>, Excess> {
        while let Some((place, old, axis)) = self.waiting.pop_first() {
            if self.state[axis as usize] == (State::Waiting { size: old, stale: true }) {
                let size = left_without(network, axis, budget)?;
                if size > old {
                    self.state[axis as usize] = State::Waiting { size, stale: false };
                    self.waiting.insert((place, size, axis));
                    continue;
                }
            }
            self.state[axis as usize] = State::Gone;
            return Ok(Some(axis));
        }
        Ok(None)
    }

    /// Takes out one that goes with another.
    fn remove(&mut self, network: &Network, axis: Axis) {
        if let State::Waiting { size, .. } = self.state[axis as usize] {
            self.waiting.remove(&(self.place(network, axis), size, axis));
        }
        self.state[axis as usize] = State::Gone;
    }

    fn place(&self, network: &Network, axis: Axis) -> u32 {
        if self.rule == Rule::ByPlace { network.place(axis) } else { 0 }
    }

    /// Looks again at axes whose neighbours have changed.
    fn update(&mut self, network: &Network, touched: &[Axis], budget: &mut Budget) -> Result<(), Excess> {
        for &axis in touched {
            let state = self.state[axis as usize];
            if state == State::Gone || !network.is_made(axis) {
                continue;
            }
            let place = self.place(network, axis);
            if let State::Waiting { size, .. } = state {
                if network.uses(axis) > MANY {
                    self.state[axis as usize] = State::Waiting { size, stale: true };
                    continue;
                }
                self.waiting.remove(&(place, size, axis));
            }
            let size = left_without(network, axis, budget)?;
            self.waiting.insert((place, size, axis));
            self.state[axis as usize] = State::Waiting { size, stale: false };
        }
        Ok(())
    }
}

/// How many numbers the table has that is left when an axis goes.
fn left_without(network: &Network, axis: Axis, budget: &mut Budget) -> Result<u64, Excess> {
    let neighbours = network.neighbours(axis);
    budget.spend(1 + neighbours.len() as u64)?;
    Ok(network.size(&neighbours) / u64::from(network.sizes[axis as usize]))
}
