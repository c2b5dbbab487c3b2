//! The arena of gates: every distinct gate exists once, and children come before their parents.

use crate::index::{Index, hash_of};

/// A component that can fail; its number is the caller's and may be shared by many circuits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Var(pub u32);

impl Var {
    /// The number as an index.
    pub const fn index(self) -> usize {
        self.0 as usize
    }
}

/// A function in a [`Circuit`]; means nothing in another one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Node(pub(crate) u32);

impl Node {
    /// Never broken.
    pub const FALSE: Node = Node(0);
    /// Always broken.
    pub const TRUE: Node = Node(1);

    /// The position in the arena: children have smaller ones than their parents.
    pub const fn index(self) -> usize {
        self.0 as usize
    }

    /// The constant.
    pub const fn from_constant(value: bool) -> Node {
        if value { Node::TRUE } else { Node::FALSE }
    }

    /// Its value if it is constant.
    pub const fn constant(self) -> Option<bool> {
        match self.0 {
            0 => Some(false),
            1 => Some(true),
            _ => None,
        }
    }
}

/// What a [`Node`] is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Gate<'a> {
    /// Always this.
    Constant(bool),
    /// True when the component has failed.
    Variable(Var),
    /// True when the child is not.
    Not(Node),
    /// True when all children are.
    And(&'a [Node]),
    /// True when any child is.
    Or(&'a [Node]),
    /// True when an odd number of children is.
    Xor(&'a [Node]),
    /// True when at least `minimum` children are; each child occurs once.
    AtLeast {
        /// How many must be true, from 2 to one less than there are children.
        minimum: u64,
        /// The children, each once.
        of: &'a [Node],
    },
    /// True when the weights of the true children sum to at least `bound`.
    Threshold {
        /// The sum that is enough.
        bound: u64,
        /// One weight a child, from 1 to `bound`.
        weights: &'a [u64],
        /// The children, each once.
        of: &'a [Node],
    },
}

impl<'a> Gate<'a> {
    /// The children, none for constants and variables.
    pub fn children(&self) -> &'a [Node]
    where
        Self: 'a,
    {
        match *self {
            Gate::Constant(_) | Gate::Variable(_) | Gate::Not(_) => &[],
            Gate::And(of) | Gate::Or(of) | Gate::Xor(of) | Gate::AtLeast { of, .. } | Gate::Threshold { of, .. } => of,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Op {
    Constant,
    Variable,
    Not,
    And,
    Or,
    Xor,
    AtLeast,
    Threshold,
}

#[derive(Clone, Copy, Debug)]
struct Stored {
    op: Op,
    argument: u64,
    first: usize,
    count: usize,
    weights: usize,
}

/// Boolean functions over components, hash-consed: what is equal in form is the same [`Node`].
///
/// The builders simplify as they go (constants, repeated children, a child and its negation, counts that are an "and"
/// or an "or"), so a gate may come back as a child or a constant. Children may be given in any order; they are kept
/// sorted, so the order makes no difference.
#[derive(Clone, Debug)]
pub struct Circuit {
    stored: Vec<Stored>,
    children: Vec<Node>,
    weights: Vec<u64>,
    index: Index,
    variables: u32,
    /// When each variable is to be looked at; see [`Circuit::set_turns`].
    turns: Vec<u32>,
}

impl Default for Circuit {
    fn default() -> Self {
        Circuit::new()
    }
}

impl Circuit {
    /// An empty circuit: only the constants.
    pub fn new() -> Self {
        let mut circuit = Circuit {
            stored: vec![],
            children: vec![],
            weights: vec![],
            index: Index::default(),
            variables: 0,
            turns: vec![],
        };
        circuit.intern(Op::Constant, 0, &[], &[]);
        circuit.intern(Op::Constant, 1, &[], &[]);
        circuit
    }

    /// The number of nodes, constants included.
    pub fn len(&self) -> usize {
        self.stored.len()
    }

    /// A circuit is never empty: it has its constants. Here for symmetry with [`Circuit::len`].
    pub fn is_empty(&self) -> bool {
        self.stored.is_empty()
    }

    /// One more than the largest variable that occurs: what a slice of probabilities must cover.
    pub fn variables(&self) -> usize {
        self.variables as usize
    }

    /// Says which variables stand together: by number of the variable, its turn. Two levels are told apart, groups in the
    /// upper and their members in the lower sixteen bits, both from 1; a member 0 is shared by its group, and turn 0 by all.
    /// Who describes a thing knows this; a good order makes analysis cheap, and none changes a result. Without it the order
    /// is that of their numbers.
    pub fn set_turns(&mut self, turns: Vec<u32>) {
        self.turns = turns;
    }

    /// The turn of a variable.
    pub(crate) fn turn(&self, var: Var) -> u32 {
        self.turns.get(var.index()).copied().unwrap_or(var.0)
    }

    /// Whether turns were given.
    pub(crate) fn has_turns(&self) -> bool {
        !self.turns.is_empty()
    }

    /// An empty circuit with the same turns.
    pub(crate) fn empty(&self) -> Circuit {
        Circuit { turns: self.turns.clone(), ..Circuit::new() }
    }

    /// What a node is.
    pub fn gate(&self, node: Node) -> Gate<'_> {
        let stored = &self.stored[node.index()];
        let of = &self.children[stored.first..stored.first + stored.count];
        match stored.op {
            Op::Constant => Gate::Constant(stored.argument == 1),
            Op::Variable => Gate::Variable(Var(stored.argument as u32)),
            Op::Not => Gate::Not(of[0]),
            Op::And => Gate::And(of),
            Op::Or => Gate::Or(of),
            Op::Xor => Gate::Xor(of),
            Op::AtLeast => Gate::AtLeast { minimum: stored.argument, of },
            Op::Threshold => Gate::Threshold {
                bound: stored.argument,
                weights: &self.weights[stored.weights..stored.weights + stored.count],
                of,
            },
        }
    }

    /// The children of a node, that of a negation included.
    pub fn children(&self, node: Node) -> &[Node] {
        let stored = &self.stored[node.index()];
        &self.children[stored.first..stored.first + stored.count]
    }

    /// The constant.
    pub fn constant(&self, value: bool) -> Node {
        Node::from_constant(value)
    }

    /// The function that is true when this component has failed.
    pub fn variable(&mut self, var: Var) -> Node {
        self.variables = self.variables.max(var.0.saturating_add(1));
        self.intern(Op::Variable, u64::from(var.0), &[], &[])
    }

    /// The nodes that `tops` depend on, themselves included, children first.
    pub fn cone(&self, tops: &[Node]) -> Vec<Node> {
        let mut seen = vec![false; self.stored.len()];
        let mut open: Vec<Node> = tops.to_vec();
        let mut cone = Vec::new();
        while let Some(node) = open.pop() {
            if !std::mem::replace(&mut seen[node.index()], true) {
                cone.push(node);
                open.extend_from_slice(self.children(node));
            }
        }
        cone.sort_unstable();
        cone
    }

    /// The variables that a node depends on in form, sorted.
    pub fn support(&self, top: Node) -> Vec<Var> {
        let mut support: Vec<Var> = self.cone(&[top]).into_iter().filter_map(|node| self.variable_of(node)).collect();
        support.sort_unstable();
        support
    }

    /// Whether more failures can only break it: no variable is reached through a negation or an exclusive or once
    /// negations that cancel are taken together. A sufficient condition on the form, decided in linear time; a function
    /// may be coherent and not look so.
    pub fn is_coherent(&self, top: Node) -> bool {
        // Bit 0: reached as it is; bit 1: reached negated.
        let mut reached = vec![0u8; top.index() + 1];
        reached[top.index()] = 1;
        for id in (0..=top.0).rev() {
            let node = Node(id);
            let ways = reached[node.index()];
            if ways == 0 {
                continue;
            }
            let passed = match self.gate(node) {
                Gate::Variable(_) if ways & 2 != 0 => return false,
                Gate::Not(_) => (ways >> 1) | ((ways & 1) << 1),
                Gate::Xor(_) => 3,
                _ => ways,
            };
            for child in self.children(node) {
                reached[child.index()] |= passed;
            }
        }
        true
    }

    pub(crate) fn variable_of(&self, node: Node) -> Option<Var> {
        let stored = &self.stored[node.index()];
        (stored.op == Op::Variable).then_some(Var(stored.argument as u32))
    }

    /// The gate of the same operation over other children (each with its weight), if it exists. Children in ascending order.
    pub(crate) fn find_like(&self, node: Node, of: &[(Node, u64)]) -> Option<Node> {
        let stored = &self.stored[node.index()];
        let children: Vec<Node> = of.iter().map(|(child, _)| *child).collect();
        let weights: Vec<u64> =
            if stored.op == Op::Threshold { of.iter().map(|(_, weight)| *weight).collect() } else { Vec::new() };
        self.find(stored.op, stored.argument, &children, &weights)
    }

    /// The node of this content, if it exists; children must be in their final order.
    pub(crate) fn find(&self, op: Op, argument: u64, children: &[Node], weights: &[u64]) -> Option<Node> {
        self.position(op, argument, children, weights).ok().map(Node)
    }

    /// The number of the node of this content, or the place in the index where it belongs.
    fn position(&self, op: Op, argument: u64, children: &[Node], weights: &[u64]) -> Result<u32, usize> {
        self.index.find(hash_of((op, argument, children, weights)), |id| {
            let stored = &self.stored[id as usize];
            stored.op == op
                && stored.argument == argument
                && self.children[stored.first..stored.first + stored.count] == *children
                && (weights.is_empty() || self.weights[stored.weights..stored.weights + stored.count] == *weights)
        })
    }

    /// The node of this content; children must be in their final order.
    pub(crate) fn intern(&mut self, op: Op, argument: u64, children: &[Node], weights: &[u64]) -> Node {
        match self.position(op, argument, children, weights) {
            Ok(id) => Node(id),
            Err(slot) => {
                let id = self.stored.len() as u32;
                self.stored.push(Stored {
                    op,
                    argument,
                    first: self.children.len(),
                    count: children.len(),
                    weights: self.weights.len(),
                });
                self.children.extend_from_slice(children);
                self.weights.extend_from_slice(weights);
                let (stored, kept, weighed) = (&self.stored, &self.children, &self.weights);
                self.index.insert(slot, id, |id| {
                    let s = &stored[id as usize];
                    let weights: &[u64] =
                        if s.op == Op::Threshold { &weighed[s.weights..s.weights + s.count] } else { &[] };
                    hash_of((s.op, s.argument, &kept[s.first..s.first + s.count], weights))
                });
                Node(id)
            }
        }
    }
}
