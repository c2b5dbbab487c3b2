//! The same function over other variables.

use std::collections::BTreeMap;

use plimsoll_circuit::{Circuit, Gate, Node, Var};

/// What a gate is, without its children.
enum Shape {
    Same,
    Variable(Var),
    Not,
    And,
    Or,
    Xor,
    Threshold(u64, Vec<u64>),
}

/// `top` with each variable replaced; added to the same circuit, so that a function that does not change is the same node.
pub(crate) fn rename(circuit: &mut Circuit, top: Node, to: &mut dyn FnMut(&mut Circuit, Var) -> Node) -> Node {
    let mut made: BTreeMap<Node, Node> = BTreeMap::new();
    for node in circuit.cone(&[top]) {
        let old: Vec<Node> = circuit.children(node).to_vec();
        let of: Vec<Node> = old.iter().map(|child| made[child]).collect();
        let shape = match circuit.gate(node) {
            Gate::Constant(_) => Shape::Same,
            Gate::Variable(var) => Shape::Variable(var),
            Gate::Not(_) => Shape::Not,
            Gate::And(_) => Shape::And,
            Gate::Or(_) => Shape::Or,
            Gate::Xor(_) => Shape::Xor,
            Gate::AtLeast { minimum, of } => Shape::Threshold(minimum, vec![1; of.len()]),
            Gate::Threshold { bound, weights, .. } => Shape::Threshold(bound, weights.to_vec()),
        };
        let new = match shape {
            Shape::Same => node,
            Shape::Variable(var) => to(circuit, var),
            Shape::Not => circuit.not(of[0]),
            Shape::And => circuit.and(of),
            Shape::Or => circuit.or(of),
            Shape::Xor => circuit.xor(of),
            Shape::Threshold(bound, weights) => circuit.threshold(bound, weights.into_iter().zip(of)),
        };
        made.insert(node, new);
    }
    made.get(&top).copied().unwrap_or(top)
}
