//! A circuit as tables over axes: one axis for each variable and gate, and one for each partial sum of a count.

use std::rc::Rc;

use rustc_hash::FxHashMap;

use super::LARGEST;
use super::order::Turn;
use crate::circuit::{Circuit, Gate, Node};
use crate::limits::{Budget, Excess};
use crate::tape::{Tape, Value};

/// Something that has one of a few values, by its number.
pub(super) type Axis = u32;

/// The numbers of a factor.
#[derive(Clone, Debug)]
pub(super) enum Table {
    /// On the tape, the last axis fastest.
    Dense(Value),
    /// 1 at these places and 0 elsewhere: one coordinate for each axis, entry after entry.
    Sparse(Rc<[u32]>),
    /// Of which only the axes matter yet.
    Planned,
}

/// A table over axes.
#[derive(Clone, Debug)]
pub(super) struct Factor {
    pub(super) axes: Vec<Axis>,
    pub(super) table: Table,
}

/// The factors that are left, and which of them have each axis.
#[derive(Clone, Debug)]
pub(super) struct Network {
    /// How many values each axis has.
    pub(super) sizes: Vec<u32>,
    factors: Vec<Option<Factor>>,
    /// By axis: the factors that have it.
    of_axis: Vec<Vec<u32>>,
    /// By axis: whether its table is there, and not only how it follows from others.
    made: Vec<bool>,
    /// By axis: the place after which it can go, see [`Network::place`].
    places: Vec<u32>,
    /// By axis: when it goes, once that is planned.
    turns: Vec<u32>,
    /// Whether any table over an axis counts as its own, see [`Network::is_made`].
    early: bool,
    /// What is asked for, which is never eliminated.
    pub(super) top: Axis,
}

impl Network {
    pub(super) fn of(
        circuit: &Circuit,
        top: Node,
        inputs: &[Value],
        turns: &[u32],
        tape: &mut Tape,
        budget: &mut Budget,
    ) -> Result<Self, Excess> {
        let mut network = Network {
            sizes: Vec::new(),
            factors: Vec::new(),
            of_axis: Vec::new(),
            made: Vec::new(),
            places: Vec::new(),
            turns: Vec::new(),
            early: true,
            top: 0,
        };
        let mut axes: FxHashMap<Node, Axis> = FxHashMap::default();
        // The last turn below each node: children are taken in this order, so that what stands together is summed together.
        let mut last: FxHashMap<Node, u32> = FxHashMap::default();
        // By axis.
        let mut turns_of: Vec<u32> = Vec::new();
        for node in circuit.cone(&[top]) {
            let turn = match circuit.variable_of(node) {
                Some(var) => turns.get(var.index()).copied().unwrap_or(var.0),
                None => circuit.children(node).iter().filter_map(|child| last.get(child)).copied().max().unwrap_or(0),
            };
            last.insert(node, turn);
            let ordered = |of: &[Node]| -> Vec<Axis> {
                let mut of = of.to_vec();
                of.sort_by_key(|child| (last[child], *child));
                of.iter().map(|child| axes[child]).collect()
            };
            let first = network.sizes.len();
            budget.spend(2 + circuit.children(node).len() as u64)?;
            let axis = match circuit.gate(node) {
                // Circuits fold constants away; only a constant top would be left.
                Gate::Constant(_) => return Err(Excess),
                Gate::Variable(var) => {
                    let axis = network.axis(2);
                    let leaf = tape.leaf(inputs[var.index()], 1, budget)?;
                    network.add(Factor { axes: vec![axis], table: Table::Dense(leaf) });
                    axis
                }
                Gate::Not(child) => {
                    let axis = network.axis(2);
                    network.relate(vec![axes[&child], axis], vec![0, 1, 1, 0]);
                    axis
                }
                Gate::And(of) => network.chain(&ordered(of), |a, b| a & b),
                Gate::Or(of) => network.chain(&ordered(of), |a, b| a | b),
                Gate::Xor(of) => network.chain(&ordered(of), |a, b| a ^ b),
                Gate::AtLeast { minimum, of } => {
                    let weights = vec![1; of.len()];
                    let mut of = of.to_vec();
                    of.sort_by_key(|child| (last[child], *child));
                    let groups: Vec<u32> = of.iter().map(|child| last[child] >> 16).collect();
                    let of: Vec<Axis> = of.iter().map(|child| axes[child]).collect();
                    network.sum(&of, &groups, &weights, minimum, budget)?
                }
                Gate::Threshold { bound, weights, of } => {
                    let mut pairs: Vec<(Node, u64)> = of.iter().copied().zip(weights.iter().copied()).collect();
                    pairs.sort_by_key(|(child, _)| (last[child], *child));
                    let of: Vec<Axis> = pairs.iter().map(|(child, _)| axes[child]).collect();
                    let groups: Vec<u32> = pairs.iter().map(|(child, _)| last[child] >> 16).collect();
                    let weights: Vec<u64> = pairs.iter().map(|(_, weight)| *weight).collect();
                    network.sum(&of, &groups, &weights, bound, budget)?
                }
            };
            axes.insert(node, axis);
            // Partial sums stand where the last that was added does.
            for axis in first..network.sizes.len() {
                let below =
                    network.factors.iter().flatten().rev().find(|factor| factor.axes.last() == Some(&(axis as Axis)));
                let below = below.map_or(&[][..], |factor| &factor.axes[..factor.axes.len() - 1]);
                let sum = below.iter().map(|other| turns_of[*other as usize]).max();
                turns_of.push(sum.unwrap_or(turn));
            }
        }
        network.top = axes[&top];
        network.find_places(&turns_of);
        Ok(network)
    }

    /// An axis waits for what it is joined with (a partial sum for the next that is added), but not for what is shared around
    /// it, which stays until all that share it have gone.
    fn find_places(&mut self, turns: &[u32]) {
        self.places = turns.iter().map(|turn| after(*turn)).collect();
        for factor in self.factors.iter().flatten() {
            let Some((_, of)) = factor.axes.split_last() else { continue };
            for axis in of {
                let own = turns[*axis as usize];
                let others = of.iter().map(|other| turns[*other as usize]).filter(|other| !is_around(*other, own));
                let latest = others.map(after).max().unwrap_or(0);
                let place = &mut self.places[*axis as usize];
                *place = (*place).max(latest);
            }
        }
    }

    /// The place of an axis, in the order in which places are done.
    pub(super) fn place(&self, axis: Axis) -> u32 {
        self.places[axis as usize]
    }

    /// Says in which order axes go; what never goes comes last.
    pub(super) fn arrange(&mut self, order: &[Turn]) {
        self.turns = vec![u32::MAX; self.sizes.len()];
        for (turn, axis) in order.iter().flat_map(|turn| turn.axes()).enumerate() {
            self.turns[axis as usize] = turn as u32;
        }
    }

    /// When an axis goes (see [`Network::arrange`]).
    pub(super) fn turn(&self, axis: Axis) -> u32 {
        self.turns[axis as usize]
    }

    fn axis(&mut self, size: u32) -> Axis {
        self.sizes.push(size);
        self.of_axis.push(Vec::new());
        self.made.push(false);
        self.places.push(0);
        self.sizes.len() as Axis - 1
    }

    /// Only tables that say how an axis follows from others count as its own from now on.
    pub(super) fn wait(&mut self) {
        self.early = false;
    }

    /// Whether the table of an axis is there. One that only uses the axis beside others counts too unless it should wait:
    /// then a sum may be joined in its middle, which is good where that leaves few signals, and bad in a long one.
    pub(super) fn is_made(&self, axis: Axis) -> bool {
        self.made[axis as usize]
    }

    fn add(&mut self, factor: Factor) {
        let counts = match factor.table {
            Table::Dense(_) => true,
            Table::Sparse(_) => false,
            Table::Planned => self.early,
        };
        if counts {
            for axis in &factor.axes {
                self.made[*axis as usize] = true;
            }
        }
        let number = self.factors.len() as u32;
        for axis in &factor.axes {
            self.of_axis[*axis as usize].push(number);
        }
        self.factors.push(Some(factor));
    }

    fn relate(&mut self, axes: Vec<Axis>, entries: Vec<u32>) {
        self.add(Factor { axes, table: Table::Sparse(entries.into()) });
    }

    /// A gate of many children as a chain of gates of two.
    fn chain(&mut self, of: &[Axis], join: impl Fn(u32, u32) -> u32) -> Axis {
        let mut sum = of[0];
        for &child in &of[1..] {
            let next = self.axis(2);
            let mut entries = Vec::with_capacity(12);
            for (a, b) in [(0, 0), (0, 1), (1, 0), (1, 1)] {
                entries.extend([a, b, join(a, b)]);
            }
            self.relate(vec![sum, child, next], entries);
            sum = next;
        }
        sum
    }

    /// Whether weights sum to a bound, as a chain of partial sums. Sums that are enough are one value, and so are those
    /// from which it cannot be reached any more. Neighbours of one group are summed by themselves first: what only they
    /// share is done with before the long sum of all, which then takes one step a group.
    fn sum(
        &mut self,
        of: &[Axis],
        groups: &[u32],
        weights: &[u64],
        bound: u64,
        budget: &mut Budget,
    ) -> Result<Axis, Excess> {
        let children: Vec<(u32, Summand)> = of
            .iter()
            .zip(groups.iter().zip(weights))
            .map(|(&axis, (&group, &weight))| (group, Summand { axis, sums: vec![0, weight.min(bound)] }))
            .collect();
        let mut summands: Vec<Summand> = Vec::new();
        for group in children.chunk_by(|a, b| a.0 == b.0) {
            let of_group: Vec<Summand> = group.iter().map(|(_, summand)| summand.clone()).collect();
            if of_group.len() == children.len() || !is_worth_a_sum(&of_group, bound) {
                summands.extend(of_group);
                continue;
            }
            let mut sum: Option<Summand> = None;
            for next in of_group {
                sum = Some(match sum {
                    None => next,
                    Some(before) => {
                        let sums = sums_of_two(&before.sums, &next.sums, |sum| sum.min(bound));
                        self.add_up(Some(before), next, sums, |sum| sum.min(bound), budget)?
                    }
                });
            }
            summands.extend(sum);
        }
        let most = |summand: &Summand| u128::from(summand.sums.last().copied().unwrap_or(0));
        let mut rest: u128 = summands.iter().map(most).sum();
        let mut before: Option<Summand> = None;
        let count = summands.len();
        for (at, next) in summands.into_iter().enumerate() {
            rest -= most(&next);
            let reach = |sum: u64| -> u64 {
                if sum == NEVER || u128::from(sum) + rest < u128::from(bound) { NEVER } else { sum.min(bound) }
            };
            let sums = if at + 1 == count {
                // What is not enough now is out of reach: the two values of a gate.
                vec![NEVER, bound]
            } else {
                sums_of_two(before.as_ref().map_or(&[0][..], |before| &before.sums), &next.sums, reach)
            };
            before = Some(self.add_up(before, next, sums, reach, budget)?);
        }
        before.map(|sum| sum.axis).ok_or(Excess)
    }

    /// The axis of the sum of two, which has these values.
    fn add_up(
        &mut self,
        before: Option<Summand>,
        next: Summand,
        sums: Vec<u64>,
        reach: impl Fn(u64) -> u64,
        budget: &mut Budget,
    ) -> Result<Summand, Excess> {
        let old = before.as_ref().map_or(&[0][..], |before| &before.sums);
        if sums.len() as u64 > LARGEST {
            return Err(Excess);
        }
        budget.spend(sums.len() as u64 + (old.len() * next.sums.len()) as u64 / 8)?;
        let places: FxHashMap<u64, u32> = sums.iter().enumerate().map(|(place, sum)| (*sum, place as u32)).collect();
        let mut entries = Vec::with_capacity(old.len() * next.sums.len() * 3);
        for (from, &sum) in old.iter().enumerate() {
            for (with, &more) in next.sums.iter().enumerate() {
                if before.is_some() {
                    entries.push(from as u32);
                }
                let sum = reach(plus(sum, more));
                entries.extend([with as u32, places.get(&sum).copied().unwrap_or(0)]);
            }
        }
        let axis = self.axis(sums.len() as u32);
        let axes = match before {
            Some(before) => vec![before.axis, next.axis, axis],
            None => vec![next.axis, axis],
        };
        self.relate(axes, entries);
        Ok(Summand { axis, sums })
    }

    /// The other axis that can go in the same step as this one, of which these are the factors: a third follows from the two,
    /// and nothing else that is sparse is left of either.
    pub(super) fn second(&self, factors: &[Factor], axis: Axis) -> Option<Axis> {
        let mut sparse = factors.iter().filter(|factor| matches!(factor.table, Table::Sparse(_)));
        let (Some(relation), None) = (sparse.next(), sparse.next()) else { return None };
        let [one, other, _] = relation.axes[..] else { return None };
        let second = match axis {
            axis if axis == one => other,
            axis if axis == other => one,
            _ => return None,
        };
        let others = self.with(second);
        // Both sides have a table of their own to be joined.
        let has_own = factors.len() > 1 && !others.is_empty();
        let is_sparse = others.iter().any(|factor| matches!(factor.table, Table::Sparse(_)));
        (has_own && !is_sparse).then_some(second)
    }

    /// How many factors have an axis.
    pub(super) fn uses(&self, axis: Axis) -> usize {
        self.of_axis[axis as usize].len()
    }

    /// The factors that have an axis.
    pub(super) fn with(&self, axis: Axis) -> Vec<&Factor> {
        self.of_axis[axis as usize].iter().filter_map(|number| self.factors[*number as usize].as_ref()).collect()
    }

    /// Takes out the factors that have an axis.
    pub(super) fn take(&mut self, axis: Axis) -> Vec<Factor> {
        let numbers = std::mem::take(&mut self.of_axis[axis as usize]);
        numbers.into_iter().filter_map(|number| self.remove(number)).collect()
    }

    fn remove(&mut self, number: u32) -> Option<Factor> {
        let factor = self.factors[number as usize].take()?;
        if let (Table::Sparse(_), Some(axis)) = (&factor.table, factor.axes.last()) {
            // What is joined with how an axis follows is the axis's own.
            self.made[*axis as usize] = true;
        }
        for axis in &factor.axes {
            self.of_axis[*axis as usize].retain(|other| *other != number);
        }
        Some(factor)
    }

    /// Puts a factor in; gives the axes whose neighbours have changed.
    pub(super) fn put(&mut self, factor: Factor) -> Vec<Axis> {
        let touched = factor.axes.clone();
        self.add(factor);
        touched
    }

    /// Takes out all that is left.
    pub(super) fn rest(&mut self) -> Vec<Factor> {
        self.factors.iter_mut().filter_map(Option::take).collect()
    }

    /// The axes of all factors that have this one, itself included.
    pub(super) fn neighbours(&self, axis: Axis) -> Vec<Axis> {
        let mut all: Vec<Axis> = Vec::new();
        for number in &self.of_axis[axis as usize] {
            if let Some(factor) = &self.factors[*number as usize] {
                all.extend_from_slice(&factor.axes);
            }
        }
        all.sort_unstable();
        all.dedup();
        all
    }

    /// How many numbers a table over these axes has.
    pub(super) fn size(&self, axes: &[Axis]) -> u64 {
        axes.iter().fold(1, |size: u64, axis| size.saturating_mul(u64::from(self.sizes[*axis as usize])))
    }

    /// The same, when it is not too many.
    pub(super) fn length(&self, axes: &[Axis]) -> Result<u32, Excess> {
        let size = self.size(axes);
        if size > LARGEST { Err(Excess) } else { Ok(size as u32) }
    }

    /// How far a table moves along each of its axes.
    pub(super) fn strides(&self, axes: &[Axis]) -> Vec<u32> {
        let mut strides: Vec<u32> = vec![1; axes.len()];
        for at in (1..axes.len()).rev() {
            strides[at - 1] = strides[at].saturating_mul(self.sizes[axes[at] as usize]);
        }
        strides
    }
}

/// Out of reach of a bound.
const NEVER: u64 = u64::MAX;

/// What is added up: an axis, and the sum that each of its values stands for.
#[derive(Clone, Debug)]
struct Summand {
    axis: Axis,
    sums: Vec<u64>,
}

fn plus(sum: u64, more: u64) -> u64 {
    if sum == NEVER { NEVER } else { sum.saturating_add(more).min(NEVER - 1) }
}

/// The values that the sum of two can have, sorted.
fn sums_of_two(a: &[u64], b: &[u64], reach: impl Fn(u64) -> u64) -> Vec<u64> {
    let mut sums: Vec<u64> = a.iter().flat_map(|&a| b.iter().map(move |&b| plus(a, b))).map(reach).collect();
    sums.sort_unstable();
    sums.dedup();
    sums
}

/// Whether a group is summed by itself: it has some members, and they have few sums. Where each weighs another amount, their
/// sums are as many as their states.
fn is_worth_a_sum(group: &[Summand], bound: u64) -> bool {
    if group.len() < 4 {
        return false;
    }
    let mut sums = vec![0];
    for summand in group {
        sums = sums_of_two(&sums, &summand.sums, |sum| sum.min(bound));
        if sums.len() > 2 * group.len() + 2 {
            return false;
        }
    }
    true
}

/// When a place is done, from its turn: what is shared between members of a group comes after them, and what is shared
/// between groups comes last (see [`Circuit::set_turns`]).
fn after(turn: u32) -> u32 {
    let (group, member) = (turn >> 16, turn & 0xffff);
    let last = |part: u32| if part == 0 { 0xffff } else { part };
    if group == 0 && member == 0 { u32::MAX } else { last(group) << 16 | last(member) }
}

/// Whether what has the first turn is shared by what has the second, and by others.
fn is_around(turn: u32, of: u32) -> bool {
    let (group, member) = (turn >> 16, turn & 0xffff);
    turn != of && (turn == 0 || (member == 0 && group == of >> 16))
}
