//! The builders of gates, which simplify.

use crate::circuit::{Circuit, Gate, Node, Op};

impl Circuit {
    /// True when `node` is not.
    pub fn not(&mut self, node: Node) -> Node {
        match self.gate(node) {
            Gate::Constant(value) => self.constant(!value),
            Gate::Not(inner) => inner,
            _ => self.intern(Op::Not, 0, &[node], &[]),
        }
    }

    /// True when all are; true for none.
    pub fn and(&mut self, of: impl IntoIterator<Item = Node>) -> Node {
        self.join(Op::And, Node::TRUE, Node::FALSE, of.into_iter().collect())
    }

    /// True when any is; false for none.
    pub fn or(&mut self, of: impl IntoIterator<Item = Node>) -> Node {
        self.join(Op::Or, Node::FALSE, Node::TRUE, of.into_iter().collect())
    }

    /// True when an odd number is; false for none.
    pub fn xor(&mut self, of: impl IntoIterator<Item = Node>) -> Node {
        // A negated child is the child and a flip of the result; pairs cancel.
        let mut flipped = false;
        let mut children: Vec<Node> = Vec::new();
        for node in of {
            match self.gate(node) {
                Gate::Constant(value) => flipped ^= value,
                Gate::Not(inner) => {
                    flipped = !flipped;
                    children.push(inner);
                }
                _ => children.push(node),
            }
        }
        children.sort_unstable();
        let mut odd: Vec<Node> = Vec::with_capacity(children.len());
        for child in children {
            if odd.last() == Some(&child) {
                odd.pop();
            } else {
                odd.push(child);
            }
        }
        let plain = match odd[..] {
            [] => Node::FALSE,
            [only] => only,
            _ => self.intern(Op::Xor, 0, &odd, &[]),
        };
        if flipped { self.not(plain) } else { plain }
    }

    /// True when at least `minimum` of these are; one that is named twice counts twice.
    pub fn at_least(&mut self, minimum: u64, of: impl IntoIterator<Item = Node>) -> Node {
        self.threshold(minimum, of.into_iter().map(|node| (1, node)))
    }

    /// True when the weights of those that are true sum to at least `bound`; one that is named twice counts with both.
    pub fn threshold(&mut self, bound: u64, of: impl IntoIterator<Item = (u64, Node)>) -> Node {
        let mut bound = bound;
        let mut children: Vec<(Node, u64)> = Vec::new();
        for (weight, node) in of {
            match node.constant() {
                Some(true) => bound = bound.saturating_sub(weight),
                Some(false) => {}
                None if weight == 0 => {}
                None => children.push((node, weight)),
            }
        }
        if bound == 0 {
            return Node::TRUE;
        }
        children.sort_unstable();
        children.dedup_by(|next, kept| {
            let same = next.0 == kept.0;
            if same {
                kept.1 = kept.1.saturating_add(next.1);
            }
            same
        });
        // More than the bound is no more than enough.
        for (_, weight) in &mut children {
            *weight = (*weight).min(bound);
        }
        let divisor = children.iter().fold(0, |divisor, &(_, weight)| greatest_common_divisor(divisor, weight));
        if divisor > 1 {
            for (_, weight) in &mut children {
                *weight /= divisor;
            }
            bound = bound.div_ceil(divisor);
        }
        let total: u128 = children.iter().map(|&(_, weight)| u128::from(weight)).sum();
        let lightest = children.iter().map(|&(_, weight)| weight).min().unwrap_or(0);
        let nodes: Vec<Node> = children.iter().map(|&(node, _)| node).collect();
        if total < u128::from(bound) {
            Node::FALSE
        } else if total - u128::from(lightest) < u128::from(bound) {
            self.and(nodes)
        } else if lightest >= bound {
            self.or(nodes)
        } else if children.iter().all(|&(_, weight)| weight == 1) {
            self.intern(Op::AtLeast, bound, &nodes, &[])
        } else {
            let weights: Vec<u64> = children.iter().map(|&(_, weight)| weight).collect();
            self.intern(Op::Threshold, bound, &nodes, &weights)
        }
    }

    /// `then` when `condition` is true, else `otherwise`.
    pub fn if_else(&mut self, condition: Node, then: Node, otherwise: Node) -> Node {
        let negated = self.not(condition);
        let first = self.and([condition, then]);
        let second = self.and([negated, otherwise]);
        self.or([first, second])
    }

    /// The gate of a node of another circuit over children of this one, in the order of its own; constants are the same in
    /// all circuits, and variables are taken over.
    pub(crate) fn copy_gate(&mut self, source: &Circuit, node: Node, of: &[Node]) -> Node {
        let of = of.iter().copied();
        match source.gate(node) {
            Gate::Constant(value) => self.constant(value),
            Gate::Variable(var) => self.variable(var),
            Gate::Not(_) => of.last().map_or(Node::FALSE, |child| self.not(child)),
            Gate::And(_) => self.and(of),
            Gate::Or(_) => self.or(of),
            Gate::Xor(_) => self.xor(of),
            Gate::AtLeast { minimum, .. } => self.at_least(minimum, of),
            Gate::Threshold { bound, weights, .. } => self.threshold(bound, weights.iter().copied().zip(of)),
        }
    }

    fn join(&mut self, op: Op, neutral: Node, absorbing: Node, mut children: Vec<Node>) -> Node {
        children.retain(|&node| node != neutral);
        children.sort_unstable();
        children.dedup();
        if children.contains(&absorbing) {
            return absorbing;
        }
        let opposed = children
            .iter()
            .any(|&node| matches!(self.gate(node), Gate::Not(inner) if children.binary_search(&inner).is_ok()));
        if opposed {
            return absorbing;
        }
        match children[..] {
            [] => neutral,
            [only] => only,
            _ => self.intern(op, 0, &children, &[]),
        }
    }
}

fn greatest_common_divisor(a: u64, b: u64) -> u64 {
    let (mut a, mut b) = (a, b);
    while b != 0 {
        (a, b) = (b, a % b);
    }
    a
}
