//! What the tests share: random circuits, and answers by looking at every state.

#![allow(dead_code, reason = "each test uses its part")]

pub(crate) mod designs;

use plimsoll_circuit::{Circuit, Evaluator, Node, Var};
pub(crate) use plimsoll_yaml::mutate::Random;

/// How a random circuit is shaped.
#[derive(Clone, Copy)]
pub(crate) struct Shape {
    pub(crate) variables: usize,
    pub(crate) gates: usize,
    /// Of gates, the largest number of children.
    pub(crate) width: usize,
    /// Whether there are negations and exclusive ors.
    pub(crate) negations: bool,
}

/// A random circuit; the last gate is the top.
pub(crate) fn random_circuit(random: &mut Random, shape: Shape) -> (Circuit, Node) {
    let mut circuit = Circuit::new();
    let mut nodes: Vec<Node> = (0..shape.variables).map(|v| circuit.variable(Var(v as u32))).collect();
    let mut top = nodes[0];
    for gate in 0..shape.gates {
        let width = 2 + random.below(shape.width - 1);
        let of: Vec<Node> = (0..width)
            .map(|_| {
                // Late gates take late nodes more often, so that most of it hangs together.
                let from = if random.below(3) == 0 { 0 } else { nodes.len() / 2 };
                nodes[from + random.below(nodes.len() - from)]
            })
            .collect();
        let kinds = if shape.negations { 7 } else { 4 };
        top = match random.below(kinds) {
            0 => circuit.and(of),
            1 => circuit.or(of),
            2 => circuit.at_least(1 + random.below(width) as u64, of),
            3 => {
                let weighed: Vec<(u64, Node)> = of.into_iter().map(|node| (random.below(5) as u64, node)).collect();
                let total: u64 = weighed.iter().map(|(weight, _)| weight).sum();
                circuit.threshold(random.below(total as usize + 2) as u64, weighed)
            }
            4 => circuit.not(of[0]),
            5 => circuit.xor(of),
            _ => circuit.if_else(of[0], of[1], of[width - 1]),
        };
        if gate + 1 < shape.gates && top.constant().is_some() {
            continue;
        }
        nodes.push(top);
    }
    (circuit, top)
}

/// Many small things that share variables, of which so many, or so much weight, is wanted; perhaps beside something else.
pub(crate) fn random_count(random: &mut Random, variables: usize) -> (Circuit, Node) {
    let mut circuit = Circuit::new();
    let nodes: Vec<Node> = (0..variables).map(|v| circuit.variable(Var(v as u32))).collect();
    let mut counted = Vec::new();
    for _ in 0..8 + random.below(5) {
        let of: Vec<Node> = (0..=random.below(3)).map(|_| nodes[random.below(variables)]).collect();
        let rest = nodes[random.below(variables)];
        let gate = if random.below(2) == 0 { circuit.and(of) } else { circuit.or(of) };
        let gate = if random.below(2) == 0 { circuit.and([gate, rest]) } else { circuit.or([gate, rest]) };
        counted.push((if random.below(2) == 0 { 1 } else { 1 + random.below(4) as u64 }, gate));
    }
    let total: u64 = counted.iter().map(|(weight, _)| weight).sum();
    let count = circuit.threshold(1 + random.below(total as usize) as u64, counted);
    let beside = [nodes[random.below(variables)], nodes[random.below(variables)], count];
    let top = match random.below(3) {
        0 => count,
        1 => circuit.or(beside),
        _ => circuit.at_least(2, beside),
    };
    (circuit, top)
}

/// Probabilities that are neither all small nor all alike; some are 0 or 1.
pub(crate) fn random_probabilities(random: &mut Random, count: usize) -> Vec<f64> {
    (0..count)
        .map(|_| match random.below(12) {
            0 => 0.0,
            1 => 1.0,
            2 => 1e-9,
            _ => (1 + random.below(998)) as f64 / 1000.0,
        })
        .collect()
}

/// Whether the top is broken in each state; bit `v` of a state says that variable `v` has failed.
pub(crate) fn truth(circuit: &Circuit, top: Node, variables: usize) -> Vec<bool> {
    let mut evaluator = Evaluator::new(circuit, &[top]);
    (0..1usize << variables).map(|state| evaluator.eval(|var| state >> var.index() & 1 == 1)).collect()
}

/// The probability of a state.
pub(crate) fn weight(state: usize, probabilities: &[f64]) -> f64 {
    probabilities.iter().enumerate().map(|(v, p)| if state >> v & 1 == 1 { *p } else { 1.0 - p }).product()
}

/// The sum of the probabilities of the states where it is broken.
pub(crate) fn probability(truth: &[bool], probabilities: &[f64]) -> f64 {
    (0..truth.len()).filter(|&state| truth[state]).map(|state| weight(state, probabilities)).sum()
}

/// The states that are broken and where one failure less would not be.
pub(crate) fn minimal(truth: &[bool], variables: usize) -> Vec<usize> {
    let less = |state: usize| (0..variables).any(|v| state >> v & 1 == 1 && truth[state & !(1 << v)]);
    (0..truth.len()).filter(|&state| truth[state] && !less(state)).collect()
}

pub(crate) fn close(a: f64, b: f64, relative: f64) -> bool {
    (a - b).abs() <= relative * a.abs().max(b.abs()) || (a - b).abs() < 1e-300
}
