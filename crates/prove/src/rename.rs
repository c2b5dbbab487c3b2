//! The same function over other variables.

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
    let cone = circuit.cone(&[top]);
    rename_in(circuit, &cone, top, to)
}

/// [`rename`] of a top whose cone is known.
pub(crate) fn rename_in(
    circuit: &mut Circuit,
    cone: &[Node],
    top: Node,
    to: &mut dyn FnMut(&mut Circuit, Var) -> Node,
) -> Node {
    let mut made: Vec<Node> = vec![Node::FALSE; top.index() + 1];
    for &node in cone {
        let children = circuit.children(node);
        if !children.is_empty() && children.iter().all(|child| made[child.index()] == *child) {
            made[node.index()] = node;
            continue;
        }
        let of: Vec<Node> = children.iter().map(|child| made[child.index()]).collect();
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
        made[node.index()] = match shape {
            Shape::Same => node,
            Shape::Variable(var) => to(circuit, var),
            Shape::Not => circuit.not(of[0]),
            Shape::And => circuit.and(of),
            Shape::Or => circuit.or(of),
            Shape::Xor => circuit.xor(of),
            Shape::Threshold(bound, weights) => circuit.threshold(bound, weights.into_iter().zip(of)),
        };
    }
    made[top.index()]
}
