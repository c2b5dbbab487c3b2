//! A circuit in which variables are fixed one after another: what conditioning works on.

use std::rc::Rc;

use rustc_hash::FxHashMap;

use crate::circuit::{Circuit, Gate, Node, Var};
use crate::limits::{Budget, Excess};
use crate::prepare::group_by_variables;

/// A node and what it counts for.
pub(crate) type Weighed = (Node, u64);

/// A circuit that grows by what its nodes become when a variable is fixed.
#[derive(Debug)]
pub(crate) struct Cofactors {
    pub(crate) circuit: Circuit,
    /// By node, where it is known.
    supports: Vec<Option<Rc<[Var]>>>,
    /// By node: in which round of [`Cofactors::fix`] it was seen last, and what became of it there.
    images: Vec<(u32, Node)>,
    round: u32,
}

impl Cofactors {
    pub(crate) fn new(circuit: &Circuit) -> Self {
        Cofactors { circuit: circuit.clone(), supports: Vec::new(), images: Vec::new(), round: 0 }
    }

    fn support(&self, node: Node) -> Option<&Rc<[Var]>> {
        self.supports.get(node.index())?.as_ref()
    }

    /// Nodes that share variables, directly or through others, together.
    pub(crate) fn groups(&mut self, nodes: &[Node], budget: &mut Budget) -> Result<Vec<Vec<Node>>, Excess> {
        let supports = self.supports_of(nodes, budget)?;
        let places: Vec<usize> = (0..nodes.len()).collect();
        let groups = group_by_variables(&places, |place| &supports[place]);
        Ok(groups.into_iter().map(|group| group.into_iter().map(|place| nodes[place]).collect()).collect())
    }

    /// The variable to fix next: the one whose turn it is, or where no turns were given the one that most of these depend
    /// on; the smallest of those.
    pub(crate) fn most_shared(&mut self, nodes: &[Node], budget: &mut Budget) -> Result<Var, Excess> {
        let mut uses: FxHashMap<Var, u32> = FxHashMap::default();
        for support in self.supports_of(nodes, budget)? {
            for &var in support.iter() {
                *uses.entry(var).or_default() += 1;
            }
        }
        let given = self.circuit.has_turns();
        let turn = |var: Var| if given { self.circuit.turn(var) } else { 0 };
        let key = |&(var, count): &(Var, u32)| (std::cmp::Reverse(turn(var)), count, std::cmp::Reverse(var));
        uses.into_iter().max_by_key(key).map(|(var, _)| var).ok_or(Excess)
    }

    /// The variables that each node depends on in form.
    pub(crate) fn supports_of(&mut self, nodes: &[Node], budget: &mut Budget) -> Result<Vec<Rc<[Var]>>, Excess> {
        let mut supports = Vec::with_capacity(nodes.len());
        for &node in nodes {
            self.learn_support(node, budget)?;
            let support = self.support(node).ok_or(Excess)?;
            budget.spend(support.len() as u64)?;
            supports.push(Rc::clone(support));
        }
        Ok(supports)
    }

    fn learn_support(&mut self, top: Node, budget: &mut Budget) -> Result<(), Excess> {
        if self.support(top).is_some() {
            return Ok(());
        }
        self.supports.resize(self.circuit.len(), None);
        let mut open = vec![top];
        while let Some(&node) = open.last() {
            if self.support(node).is_some() {
                open.pop();
                continue;
            }
            let mut support: Vec<Var> = self.circuit.variable_of(node).into_iter().collect();
            let mut missing = false;
            for child in self.circuit.children(node) {
                if let Some(below) = self.support(*child) {
                    support.extend_from_slice(below);
                } else {
                    missing = true;
                    open.push(*child);
                }
            }
            if !missing {
                budget.spend(1 + support.len() as u64)?;
                support.sort_unstable();
                support.dedup();
                self.supports[node.index()] = Some(support.into());
                open.pop();
            }
        }
        Ok(())
    }

    /// The nodes with a variable fixed.
    pub(crate) fn fix(
        &mut self,
        nodes: &[Node],
        var: Var,
        value: bool,
        budget: &mut Budget,
    ) -> Result<Vec<Node>, Excess> {
        self.round += 1;
        let round = self.round;
        // What comes into being below is a result, and never looked up here.
        self.images.resize(self.circuit.len(), (0, Node::FALSE));
        let mut open: Vec<Node> = nodes.to_vec();
        let mut cone: Vec<Node> = Vec::new();
        while let Some(node) = open.pop() {
            let concerned = self.support(node).is_none_or(|support| support.binary_search(&var).is_ok());
            if concerned && self.images[node.index()].0 != round {
                self.images[node.index()] = (round, node);
                cone.push(node);
                open.extend_from_slice(self.circuit.children(node));
            }
        }
        cone.sort_unstable();
        let Cofactors { circuit, images, .. } = self;
        let image = |images: &[(u32, Node)], node: Node| match images[node.index()] {
            (seen, image) if seen == round => image,
            _ => node,
        };
        for node in cone {
            let of: Vec<Node> = circuit.children(node).iter().map(|child| image(images, *child)).collect();
            budget.spend(2 + of.len() as u64)?;
            let fixed = match circuit.gate(node) {
                Gate::Variable(other) if other == var => circuit.constant(value),
                Gate::Constant(_) | Gate::Variable(_) => node,
                Gate::Not(child) => circuit.not(image(images, child)),
                Gate::And(_) => circuit.and(of),
                Gate::Or(_) => circuit.or(of),
                Gate::Xor(_) => circuit.xor(of),
                Gate::AtLeast { minimum, .. } => circuit.at_least(minimum, of),
                Gate::Threshold { bound, weights, .. } => {
                    let weighed: Vec<(u64, Node)> = weights.iter().copied().zip(of).collect();
                    circuit.threshold(bound, weighed)
                }
            };
            images[node.index()].1 = fixed;
        }
        Ok(nodes.iter().map(|node| image(images, *node)).collect())
    }
}

/// What became the same node counts with both weights; constants keep their own entries.
pub(crate) fn merge(mut of: Vec<Weighed>) -> Vec<Weighed> {
    of.sort_unstable();
    of.dedup_by(|next, kept| {
        let same = next.0 == kept.0;
        if same {
            kept.1 = kept.1.saturating_add(next.1);
        }
        same
    });
    of
}
