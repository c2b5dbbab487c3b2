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

/// An order, and the multiplications that it takes.
#[derive(Debug)]
pub(super) struct Plan {
    pub(super) order: Vec<Axis>,
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
    while let Some(axis) = queue.next() {
        let factors = network.take(axis);
        let mut axes: Vec<Axis> = factors.iter().flat_map(|factor| factor.axes.iter().copied()).collect();
        axes.sort_unstable();
        axes.dedup();
        budget.spend(4 + axes.len() as u64)?;
        plan.work = plan.work.saturating_add(work(&network, &factors));
        axes.retain(|other| *other != axis);
        if network.size(&axes) > most || plan.work >= enough {
            return Err(Excess);
        }
        plan.order.push(axis);
        network.put(Factor { axes: axes.clone(), table: Table::Planned });
        queue.update(&network, &axes, budget)?;
    }
    Ok(plan)
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
    for factor in factors.iter().filter(|factor| !matches!(factor.table, Table::Sparse(_))) {
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
    Waiting(u64),
    Gone,
}

impl Queue {
    fn of(network: &Network, rule: Rule, budget: &mut Budget) -> Result<Self, Excess> {
        let mut queue = Queue { rule, waiting: BTreeSet::new(), state: vec![State::NotYet; network.sizes.len()] };
        queue.state[network.top as usize] = State::Gone;
        let all: Vec<Axis> = (0..network.sizes.len() as Axis).collect();
        queue.update(network, &all, budget)?;
        Ok(queue)
    }

    fn next(&mut self) -> Option<Axis> {
        let (_, _, axis) = self.waiting.pop_first()?;
        self.state[axis as usize] = State::Gone;
        Some(axis)
    }

    /// Looks again at axes whose neighbours have changed.
    fn update(&mut self, network: &Network, touched: &[Axis], budget: &mut Budget) -> Result<(), Excess> {
        for &axis in touched {
            let state = self.state[axis as usize];
            if state == State::Gone || !network.is_made(axis) {
                continue;
            }
            let place = if self.rule == Rule::ByPlace { network.place(axis) } else { 0 };
            if let State::Waiting(old) = state {
                self.waiting.remove(&(place, old, axis));
            }
            let neighbours = network.neighbours(axis);
            budget.spend(1 + neighbours.len() as u64)?;
            let size = network.size(&neighbours) / u64::from(network.sizes[axis as usize]);
            self.waiting.insert((place, size, axis));
            self.state[axis as usize] = State::Waiting(size);
        }
        Ok(())
    }
}
