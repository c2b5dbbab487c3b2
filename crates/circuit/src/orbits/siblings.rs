//! Components that are inputs of the same "or" and of nothing else: whichever of them fails, the same happens.

use std::collections::BTreeMap;

use crate::circuit::{Circuit, Gate, Node, Var};

/// The components that a top depends on, those that matter alike together.
pub(crate) struct Siblings {
    /// The groups, each sorted; most have one member.
    pub(crate) groups: Vec<Vec<Var>>,
}

impl Siblings {
    pub(crate) fn of(circuit: &Circuit, top: Node) -> Self {
        let cone = circuit.cone(&[top]);
        let mut parents: Vec<Vec<Node>> = vec![Vec::new(); circuit.len()];
        for &node in &cone {
            for &child in circuit.children(node) {
                parents[child.index()].push(node);
            }
        }
        let is_or = |node: Node| matches!(circuit.gate(node), Gate::Or(_));
        // An "or" that only another "or" uses is part of that one. Parents come after their children.
        let mut outermost: Vec<Node> = (0..circuit.len()).map(|_| Node::FALSE).collect();
        for &node in cone.iter().rev() {
            outermost[node.index()] = match parents[node.index()][..] {
                [only] if is_or(node) && is_or(only) => outermost[only.index()],
                _ => node,
            };
        }
        let mut group_of: BTreeMap<Vec<Node>, usize> = BTreeMap::new();
        let mut groups: Vec<Vec<Var>> = Vec::new();
        for &node in &cone {
            let Some(var) = circuit.variable_of(node) else { continue };
            let users = &parents[node.index()];
            if users.is_empty() || !users.iter().all(|user| is_or(*user)) {
                groups.push(vec![var]);
                continue;
            }
            let mut key: Vec<Node> = users.iter().map(|user| outermost[user.index()]).collect();
            key.sort_unstable();
            key.dedup();
            let group = *group_of.entry(key).or_insert_with(|| {
                groups.push(Vec::new());
                groups.len() - 1
            });
            groups[group].push(var);
        }
        for group in &mut groups {
            group.sort_unstable();
        }
        Siblings { groups }
    }

    /// The same top where the first of each group stands for all of it.
    pub(super) fn reduce(&self, circuit: &Circuit, top: Node) -> (Circuit, Node) {
        let mut first = vec![true; circuit.variables()];
        for var in self.groups.iter().flat_map(|group| &group[1..]) {
            first[var.index()] = false;
        }
        let mut target = Circuit::new();
        let mut image = vec![Node::FALSE; circuit.len()];
        for node in circuit.cone(&[top]) {
            let of: Vec<Node> = circuit.children(node).iter().map(|child| image[child.index()]).collect();
            image[node.index()] = match circuit.variable_of(node) {
                Some(var) if !first[var.index()] => Node::FALSE,
                _ => target.copy_gate(circuit, node, &of),
            };
        }
        (target, image[top.index()])
    }
}
