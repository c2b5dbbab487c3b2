//! Exact probability by elimination of variables: gates as small tables, multiplied and summed one variable after another.
//!
//! A fabric of racks has a diagram of millions of nodes, since a diagram must remember in one line what happened at every
//! spine, strip and leaf. But whatever stands between a host and the rest is a handful of signals: whether each leaf is
//! reached, whether each strip gives power. Given these, nothing else of the outside matters to it. Elimination uses just
//! that: its cost is that of the largest set of signals that must be known at a time, and not that of all their histories.
//! (Zhang and Poole 1996; Dechter, "Bucket elimination", 1999. Counts are chains of partial sums, as in Zhang and Poole's
//! causal independence.)
//!
//! Everything is a sum of products of numbers from 0 to 1, so that small probabilities keep their relative accuracy.

mod network;
mod order;

use crate::circuit::{Circuit, Node};
use crate::limits::{Budget, Excess};
use crate::tape::{Contraction, Loop, Start, Tape, Value};
use network::{Axis, Factor, Network, Table};
use order::Turn;

/// The most numbers of one table.
const LARGEST: u64 = 1 << 20;

/// Writes the probability of `top` on the tape; `inputs` has the probability of each variable and `turns` its turn.
pub(crate) fn compile(
    circuit: &Circuit,
    top: Node,
    inputs: &[Value],
    turns: &[u32],
    tape: &mut Tape,
    budget: &mut Budget,
) -> Result<Value, Excess> {
    if top.constant().is_some() {
        return Err(Excess);
    }
    let network = Network::of(circuit, top, inputs, turns, tape, budget)?;
    // To look for an order may be in vain; what an order takes is known beforehand, and never is.
    let (nodes, search) = (budget.nodes, budget.steps / 4);
    let plan = budget.within(nodes, search, |budget| order::best(&network, LARGEST, budget))?;
    // The tape takes half of a step for each multiplication at the most, and mostly a quarter.
    if plan.work / 4 > budget.steps {
        return Err(Excess);
    }
    run(network, &plan.order, tape, budget)
}

/// Multiplies out and sums one axis after another; gives what is left, the probability of the top.
fn run(mut network: Network, order: &[Turn], tape: &mut Tape, budget: &mut Budget) -> Result<Value, Excess> {
    network.arrange(order);
    for &turn in order {
        let result = match turn {
            Turn::One(axis) => {
                let factors = network.take(axis);
                join(&network, factors, Some(axis), tape, budget)?
            }
            Turn::Two(first, second) => {
                let (mut factors, others) = (network.take(first), network.take(second));
                let relation = factors.iter().position(|factor| matches!(factor.table, Table::Sparse(_)));
                let relation = factors.swap_remove(relation.ok_or(Excess)?);
                let a = join(&network, factors, None, tape, budget)?;
                let b = join(&network, others, None, tape, budget)?;
                related(&network, [&a, &b], &relation, [first, second], tape, budget)?
            }
        };
        network.put(result);
    }
    let rest = network.rest();
    let whole = join(&network, rest, None, tape, budget)?;
    let Table::Dense(value) = whole.table else { return Err(Excess) };
    tape.entry(value, 1, budget)
}

/// The product of factors, summed over an axis.
fn join(
    network: &Network,
    mut factors: Vec<Factor>,
    sum: Option<Axis>,
    tape: &mut Tape,
    budget: &mut Budget,
) -> Result<Factor, Excess> {
    // Small tables first; what is sparse last, so that it is never written out.
    factors.sort_by_key(|factor| (matches!(factor.table, Table::Sparse(_)), network.size(&factor.axes)));
    let one = tape.constant(1.0, budget)?;
    let mut product = Factor { axes: Vec::new(), table: Table::Dense(one) };
    let mut factors = factors.into_iter().peekable();
    if matches!(factors.peek().map(|factor| &factor.table), Some(Table::Dense(_)))
        && let Some(first) = factors.next()
    {
        product = first;
    }
    if factors.peek().is_none() {
        return match sum {
            Some(axis) => summed(network, &product, axis, tape, budget),
            None => Ok(product),
        };
    }
    while let Some(factor) = factors.next() {
        let last = if factors.peek().is_none() { sum } else { None };
        product = multiply(network, &product, &factor, last, tape, budget)?;
    }
    Ok(product)
}

/// A table summed over one of its axes.
fn summed(
    network: &Network,
    factor: &Factor,
    axis: Axis,
    tape: &mut Tape,
    budget: &mut Budget,
) -> Result<Factor, Excess> {
    let Table::Dense(value) = factor.table else { return Err(Excess) };
    let axes: Vec<Axis> = factor.axes.iter().copied().filter(|other| *other != axis).collect();
    let (from, to) = (network.strides(&factor.axes), network.strides(&axes));
    let loops = factor.axes.iter().map(|&axis| Loop {
        size: network.sizes[axis as usize],
        out: stride(&axes, &to, axis),
        a: stride(&factor.axes, &from, axis),
        b: 0,
    });
    let how = Contraction::new(loops.collect(), vec![Start::default()]);
    let length = network.length(&axes)?;
    Ok(Factor { table: Table::Dense(tape.contract(value, None, how, length, budget)?), axes })
}

/// The product of a table and a factor, summed over an axis where one is given.
fn multiply(
    network: &Network,
    a: &Factor,
    b: &Factor,
    sum: Option<Axis>,
    tape: &mut Tape,
    budget: &mut Budget,
) -> Result<Factor, Excess> {
    let Table::Dense(left) = a.table else { return Err(Excess) };
    // In the order in which they go, in every table: what moves evenly lies side by side.
    let mut union: Vec<Axis> =
        a.axes.iter().copied().chain(b.axes.iter().copied().filter(|axis| !a.axes.contains(axis))).collect();
    union.sort_by_key(|axis| network.turn(*axis));
    let axes: Vec<Axis> = union.iter().copied().filter(|axis| Some(*axis) != sum).collect();
    let length = network.length(&axes)?;
    let (of_a, of_out) = (network.strides(&a.axes), network.strides(&axes));
    let (how, right) = match &b.table {
        Table::Dense(right) => {
            let of_b = network.strides(&b.axes);
            let loops = union.iter().map(|&axis| Loop {
                size: network.sizes[axis as usize],
                out: stride(&axes, &of_out, axis),
                a: stride(&a.axes, &of_a, axis),
                b: stride(&b.axes, &of_b, axis),
            });
            (Contraction::new(loops.collect(), vec![Start::default()]), Some(*right))
        }
        Table::Sparse(entries) => {
            // Each entry fixes its own axes; the others are looped over.
            let free = a.axes.iter().filter(|axis| !b.axes.contains(axis)).map(|&axis| Loop {
                size: network.sizes[axis as usize],
                out: stride(&axes, &of_out, axis),
                a: stride(&a.axes, &of_a, axis),
                b: 0,
            });
            let starts = entries.chunks_exact(b.axes.len()).map(|entry| {
                let mut start = Start::default();
                for (&axis, &at) in b.axes.iter().zip(entry) {
                    start.out += at * stride(&axes, &of_out, axis);
                    start.a += at * stride(&a.axes, &of_a, axis);
                }
                start
            });
            (Contraction::new(free.collect(), starts.collect()), None)
        }
        Table::Planned => return Err(Excess),
    };
    Ok(Factor { table: Table::Dense(tape.contract(left, right, how, length, budget)?), axes })
}

/// The product of two tables where a relation is true, summed over two of its axes.
fn related(
    network: &Network,
    of: [&Factor; 2],
    relation: &Factor,
    sum: [Axis; 2],
    tape: &mut Tape,
    budget: &mut Budget,
) -> Result<Factor, Excess> {
    let [a, b] = of;
    let (Table::Dense(left), Table::Dense(right), Table::Sparse(entries)) = (&a.table, &b.table, &relation.table)
    else {
        return Err(Excess);
    };
    let mut union: Vec<Axis> = [&a.axes, &b.axes, &relation.axes].into_iter().flatten().copied().collect();
    union.sort_by_key(|axis| network.turn(*axis));
    union.dedup();
    let axes: Vec<Axis> = union.iter().copied().filter(|axis| !sum.contains(axis)).collect();
    let length = network.length(&axes)?;
    let (of_a, of_b, of_out) = (network.strides(&a.axes), network.strides(&b.axes), network.strides(&axes));
    let free = union.iter().filter(|axis| !relation.axes.contains(axis)).map(|&axis| Loop {
        size: network.sizes[axis as usize],
        out: stride(&axes, &of_out, axis),
        a: stride(&a.axes, &of_a, axis),
        b: stride(&b.axes, &of_b, axis),
    });
    let starts = entries.chunks_exact(relation.axes.len()).map(|entry| {
        let mut start = Start::default();
        for (&axis, &at) in relation.axes.iter().zip(entry) {
            start.out += at * stride(&axes, &of_out, axis);
            start.a += at * stride(&a.axes, &of_a, axis);
            start.b += at * stride(&b.axes, &of_b, axis);
        }
        start
    });
    let how = Contraction::new(free.collect(), starts.collect());
    Ok(Factor { table: Table::Dense(tape.contract(*left, Some(*right), how, length, budget)?), axes })
}

/// How far a table moves along an axis; not at all along one that it does not have.
fn stride(axes: &[Axis], strides: &[u32], axis: Axis) -> u32 {
    axes.iter().position(|other| *other == axis).map_or(0, |at| strides[at])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::circuit::Var;
    use crate::eval::Evaluator;
    use crate::limits::Limits;

    /// Numbers that are the same in every run (xorshift).
    struct Numbers(u64);

    impl Numbers {
        fn below(&mut self, limit: usize) -> usize {
            self.0 ^= self.0 << 13;
            self.0 ^= self.0 >> 7;
            self.0 ^= self.0 << 17;
            (self.0 % limit as u64) as usize
        }
    }

    const VARIABLES: usize = 9;

    /// A circuit of all kinds of gates over a few variables.
    fn random(numbers: &mut Numbers) -> (Circuit, Node) {
        let mut circuit = Circuit::new();
        let mut nodes: Vec<Node> = (0..VARIABLES as u32).map(|var| circuit.variable(Var(var))).collect();
        for _ in 0..8 + numbers.below(8) {
            let of: Vec<Node> = (0..2 + numbers.below(4)).map(|_| nodes[numbers.below(nodes.len())]).collect();
            let node = match numbers.below(6) {
                0 | 1 => circuit.and(of),
                2 => circuit.or(of),
                3 => circuit.xor(of),
                4 => circuit.not(of[0]),
                _ => {
                    let weighed: Vec<(u64, Node)> =
                        of.iter().map(|node| (1 + numbers.below(4) as u64, *node)).collect();
                    circuit.threshold(1 + numbers.below(6) as u64, weighed)
                }
            };
            nodes.push(node);
        }
        let top = nodes[nodes.len() - 1];
        (circuit, top)
    }

    /// The probability by the sum over all states.
    fn enumerated(circuit: &Circuit, top: Node, probabilities: &[f64]) -> f64 {
        let mut evaluator = Evaluator::new(circuit, &[top]);
        let states = (0..1usize << VARIABLES).map(|state| {
            evaluator.run(|var| state >> var.index() & 1 == 1);
            let chance = |(at, p): (usize, &f64)| if state >> at & 1 == 1 { *p } else { 1.0 - p };
            if evaluator.broken(0) { probabilities.iter().enumerate().map(chance).product() } else { 0.0 }
        });
        states.sum()
    }

    #[test]
    fn any_order_gives_the_same() {
        let mut numbers = Numbers(0xD1B5_4A32_D192_ED03);
        let mut orders = std::collections::BTreeSet::new();
        for _ in 0..200 {
            let (circuit, top) = random(&mut numbers);
            if top.constant().is_some() {
                continue;
            }
            let turns: Vec<u32> = (0..VARIABLES).map(|_| [0, 1 << 16, 1 << 16 | 1][numbers.below(3)]).collect();
            let probabilities: Vec<f64> = (0..VARIABLES).map(|_| [1e-9, 0.1, 0.5][numbers.below(3)]).collect();
            let expected = enumerated(&circuit, top, &probabilities);
            for (number, (rule, waits)) in order::TRIED.into_iter().enumerate() {
                let mut budget = Budget::new(Limits::default());
                let mut tape = Tape::default();
                let inputs: Vec<Value> =
                    (0..VARIABLES as u32).map(|var| tape.variable(Var(var), &mut budget).expect("room")).collect();
                let network =
                    Network::of(&circuit, top, &inputs, &turns, &mut tape, &mut budget).expect("a small circuit");
                let mut planned = network.clone();
                if waits {
                    planned.wait();
                }
                let plan = order::plan(planned, rule, LARGEST, u64::MAX, &mut budget).expect("a small circuit");
                let going = plan.order.iter().flat_map(|turn| turn.axes()).count();
                assert_eq!(going + 1, network.sizes.len(), "all but the top go");
                let result = run(network, &plan.order, &mut tape, &mut budget).expect("a small circuit");
                let [found] = tape.run([&probabilities[..]], &mut Vec::new(), result);
                assert!((found - expected).abs() <= 1e-12 * expected.max(1e-300), "{found} and {expected}");
                orders.insert((number, plan.order));
            }
        }
        let is_two = |turn: &Turn| matches!(turn, Turn::Two(..));
        let twos = orders.iter().filter(|(_, order)| order.iter().any(is_two)).count();
        assert!(twos * 2 > orders.len() && twos < orders.len(), "{twos} of {}", orders.len());
        // The rules are not all the same rule.
        let firsts: Vec<_> = orders.iter().filter(|(number, _)| *number == 0).collect();
        assert!(orders.len() > firsts.len() * 2, "{} of {}", firsts.len(), orders.len());
    }

    #[test]
    fn counts_over_groups_are_the_sum_over_all_states() {
        let mut numbers = Numbers(0xA076_1D64_78BD_642F);
        let turns = [0, 1 << 16, 1 << 16 | 1, 1 << 16 | 2, 1 << 16 | 3, 2 << 16, 2 << 16 | 1, 2 << 16 | 2, 2 << 16 | 3];
        let mut grouped = 0;
        for round in 0..100 {
            // One variable that all share, and two groups of four of which the first member is shared by its group.
            let mut circuit = Circuit::new();
            let variables: Vec<Node> = (0..VARIABLES as u32).map(|var| circuit.variable(Var(var))).collect();
            let mut weighed = Vec::new();
            for (at, &own) in variables.iter().enumerate().skip(1) {
                let shared = variables[[0, if at < 5 { 1 } else { 5 }][numbers.below(2)]];
                let child = if round % 2 == 0 { circuit.or([own, shared]) } else { own };
                let weight = if round % 3 == 0 { 1 } else { 1 + numbers.below(2) as u64 };
                weighed.push((weight, child));
            }
            let most: u64 = weighed.iter().map(|(weight, _)| weight).sum();
            let top = circuit.threshold(1 + numbers.below(most as usize - 1) as u64, weighed);
            let probabilities: Vec<f64> = (0..VARIABLES).map(|_| [1e-9, 1e-3, 0.1, 0.5][numbers.below(4)]).collect();
            let expected = enumerated(&circuit, top, &probabilities);
            let mut sizes = Vec::new();
            for turns in [turns, [1 << 16; VARIABLES]] {
                let mut budget = Budget::new(Limits::default());
                let mut tape = Tape::default();
                let inputs: Vec<Value> =
                    (0..VARIABLES as u32).map(|var| tape.variable(Var(var), &mut budget).expect("room")).collect();
                let network = Network::of(&circuit, top, &inputs, &turns, &mut tape, &mut budget).expect("room");
                sizes.push(network.sizes);
                let result = compile(&circuit, top, &inputs, &turns, &mut tape, &mut budget).expect("a small circuit");
                let [found] = tape.run([&probabilities[..]], &mut Vec::new(), result);
                assert!((found - expected).abs() <= 1e-12 * expected.max(1e-300), "{found} and {expected}");
            }
            grouped += usize::from(sizes[0] != sizes[1]);
        }
        // A bound that is low or high leaves few partial sums either way.
        assert!(grouped > 20, "only {grouped} counts were summed group by group");
    }

    #[test]
    fn elimination_is_the_sum_over_all_states_and_so_are_its_derivatives() {
        let mut numbers = Numbers(0x9E37_79B9_7F4A_7C15);
        let mut looked_at = 0;
        for _ in 0..400 {
            let (circuit, top) = random(&mut numbers);
            if top.constant().is_some() {
                continue;
            }
            looked_at += 1;
            // Two groups with two members each, and what is shared: any turns give the same result.
            let turns: Vec<u32> =
                (0..VARIABLES).map(|_| [0, 1 << 16, 1 << 16 | 1, 2 << 16 | 2, 2 << 16 | 3][numbers.below(5)]).collect();
            let mut probabilities: Vec<f64> =
                (0..VARIABLES).map(|_| [1e-9, 1e-3, 0.1, 0.5, 0.9][numbers.below(5)]).collect();
            let mut budget = Budget::new(Limits::default());
            let mut tape = Tape::default();
            let inputs: Vec<Value> =
                (0..VARIABLES as u32).map(|var| tape.variable(Var(var), &mut budget).expect("room")).collect();
            let result = compile(&circuit, top, &inputs, &turns, &mut tape, &mut budget).expect("a small circuit");
            let mut scratch = Vec::new();
            let [found] = tape.run([&probabilities], &mut scratch, result);
            let expected = enumerated(&circuit, top, &probabilities);
            assert!((found - expected).abs() <= 1e-12 * expected.max(1e-300), "{found} and {expected}");
            // The probability is linear in each variable's, so that its slope is a difference.
            let [slopes] = tape.derivatives(&scratch, result, VARIABLES);
            for var in 0..VARIABLES {
                let own = probabilities[var];
                probabilities[var] = 1.0;
                let with = enumerated(&circuit, top, &probabilities);
                probabilities[var] = 0.0;
                let without = enumerated(&circuit, top, &probabilities);
                probabilities[var] = own;
                assert!((slopes[var] - (with - without)).abs() <= 1e-12, "{} and {}", slopes[var], with - without);
            }
        }
        assert!(looked_at > 200, "{looked_at} circuits are no constants");
    }
}
