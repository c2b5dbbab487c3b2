//! Counting: exact probability by conditioning on what is shared, and convolution of what is not.
//!
//! "At least 180 of 200 hosts" has a diagram of millions of nodes, because it must remember how many have failed at
//! every level. But given the state of the few things that hosts share, they fail independently, and then the number of
//! failed ones is a sum of independent numbers. So: children that share nothing are convolved; where they share
//! something, the variable that most of them share is fixed both ways and the rest simplified, which soon falls apart
//! into racks and then hosts. Equal remainders are recognised (the circuit is hash-consed) and counted once. This is
//! recursive conditioning (Darwiche 2001) with gates that count.

use std::rc::Rc;

use rustc_hash::{FxHashMap, FxHashSet};

use crate::circuit::{Circuit, Gate, Node, Var};
use crate::limits::{Budget, Excess};
use crate::prepare::group_by_variables;
use crate::tape::{Tape, Value};

/// How deep fixed variables and gates may nest: this part uses the stack of the thread.
const DEPTH: u32 = 400;
/// The largest bound whose distribution is kept entry by entry.
const LARGEST_BOUND: u64 = 1 << 14;

/// Writes the probability of `top` on the tape; `inputs` has the probability of each variable.
pub(crate) fn compile(
    circuit: &Circuit,
    top: Node,
    inputs: &[Value],
    tape: &mut Tape,
    budget: &mut Budget,
) -> Result<Value, Excess> {
    let mut work = Work {
        circuit: circuit.clone(),
        inputs,
        tape,
        budget,
        supports: FxHashMap::default(),
        numbers: FxHashMap::default(),
        distributions: FxHashMap::default(),
    };
    work.number(top, 0)
}

/// Whether the circuit counts things that have parts of their own, so that counting is worth a try before a diagram.
pub(crate) fn counts(circuit: &Circuit, top: Node) -> bool {
    circuit.cone(&[top]).into_iter().any(|node| {
        let (Gate::AtLeast { of, .. } | Gate::Threshold { of, .. }) = circuit.gate(node) else { return false };
        of.len() >= 8
    })
}

type Weighed = (Node, u64);

struct Work<'a> {
    circuit: Circuit,
    inputs: &'a [Value],
    tape: &'a mut Tape,
    budget: &'a mut Budget,
    supports: FxHashMap<Node, Rc<[Var]>>,
    numbers: FxHashMap<Node, Value>,
    distributions: FxHashMap<(u64, Vec<Weighed>), Value>,
}

impl Work<'_> {
    /// The probability of a node.
    fn number(&mut self, node: Node, depth: u32) -> Result<Value, Excess> {
        if let Some(&known) = self.numbers.get(&node) {
            return Ok(known);
        }
        if depth > DEPTH {
            return Err(Excess);
        }
        self.budget.spend(4)?;
        let of = self.circuit.children(node).to_vec();
        let value = match self.circuit.gate(node) {
            Gate::Constant(value) => self.tape.constant(f64::from(u8::from(value)), self.budget)?,
            Gate::Variable(var) => self.inputs[var.index()],
            Gate::Not(child) => {
                let child = self.number(child, depth + 1)?;
                self.tape.not(child, self.budget)?
            }
            Gate::And(_) => self.join(node, &of, Joint::And, depth)?,
            Gate::Or(_) => self.join(node, &of, Joint::Or, depth)?,
            Gate::Xor(_) => self.join(node, &of, Joint::Xor, depth)?,
            Gate::AtLeast { minimum, .. } => {
                let weighed = of.into_iter().map(|child| (child, 1)).collect();
                self.reach(weighed, minimum, depth)?
            }
            Gate::Threshold { bound, weights, .. } => {
                let weighed = of.into_iter().zip(weights.iter().copied()).collect();
                self.reach(weighed, bound, depth)?
            }
        };
        self.numbers.insert(node, value);
        Ok(value)
    }

    fn join(&mut self, node: Node, of: &[Node], joint: Joint, depth: u32) -> Result<Value, Excess> {
        let groups = self.groups(of)?;
        if groups.len() == 1 {
            let var = self.most_shared(of)?;
            let high = self.fix(&[node], var, true)?[0];
            let low = self.fix(&[node], var, false)?[0];
            let high = self.number(high, depth + 1)?;
            let low = self.number(low, depth + 1)?;
            return self.tape.mix(self.inputs[var.index()], high, low, self.budget);
        }
        let mut sum: Option<Value> = None;
        for group in groups {
            let part = match joint {
                Joint::And => self.circuit.and(group),
                Joint::Or => self.circuit.or(group),
                Joint::Xor => self.circuit.xor(group),
            };
            let part = self.number(part, depth + 1)?;
            sum = Some(match (sum, joint) {
                (None, _) => part,
                (Some(sum), Joint::And) => {
                    let never = self.tape.constant(0.0, self.budget)?;
                    self.tape.mix(part, sum, never, self.budget)?
                }
                (Some(sum), Joint::Or) => {
                    let always = self.tape.constant(1.0, self.budget)?;
                    self.tape.mix(part, always, sum, self.budget)?
                }
                (Some(sum), Joint::Xor) => {
                    let opposite = self.tape.not(sum, self.budget)?;
                    self.tape.mix(part, opposite, sum, self.budget)?
                }
            });
        }
        // A gate has at least two children.
        sum.ok_or(Excess)
    }

    /// The probability that the weights of the true ones sum to at least `bound`.
    fn reach(&mut self, of: Vec<Weighed>, bound: u64, depth: u32) -> Result<Value, Excess> {
        if bound > LARGEST_BOUND {
            return Err(Excess);
        }
        let distribution = self.distribution(of, bound, depth)?;
        self.tape.entry(distribution, bound as u32, self.budget)
    }

    /// The distribution of the sum of weights, all from `cap` on in its last entry.
    fn distribution(&mut self, mut of: Vec<Weighed>, cap: u64, depth: u32) -> Result<Value, Excess> {
        if depth > DEPTH {
            return Err(Excess);
        }
        let mut shift = 0u64;
        of.retain(|&(node, weight)| {
            shift = (shift + if node == Node::TRUE { weight } else { 0 }).min(cap);
            node.constant().is_none()
        });
        of.sort_unstable();
        let unshifted = self.unshifted(of, cap, depth)?;
        if shift == 0 {
            return Ok(unshifted);
        }
        self.tape.shift(unshifted, shift as u32, cap as u32, self.budget)
    }

    fn unshifted(&mut self, of: Vec<Weighed>, cap: u64, depth: u32) -> Result<Value, Excess> {
        match of[..] {
            // Nothing: the sum is 0 for sure.
            [] => return self.tape.constant(1.0, self.budget),
            [(node, weight)] => {
                let number = self.number(node, depth + 1)?;
                return self.tape.leaf(number, weight.min(cap) as u32, self.budget);
            }
            _ => {}
        }
        let key = (cap, of);
        if let Some(&known) = self.distributions.get(&key) {
            return Ok(known);
        }
        let of = &key.1;
        let nodes: Vec<Node> = of.iter().map(|&(node, _)| node).collect();
        let groups = self.groups(&nodes)?;
        let value = if groups.len() == 1 {
            let var = self.most_shared(&nodes)?;
            let mut sides = [None, None];
            for value in [true, false] {
                let fixed = self.fix(&nodes, var, value)?;
                let fixed = merge(fixed.into_iter().zip(of.iter().map(|&(_, weight)| weight)).collect());
                sides[usize::from(value)] = Some(self.distribution(fixed, cap, depth + 1)?);
            }
            let [Some(low), Some(high)] = sides else { return Err(Excess) };
            self.tape.mix(self.inputs[var.index()], high, low, self.budget)?
        } else {
            let weights: FxHashMap<Node, u64> = of.iter().copied().collect();
            let mut sum: Option<Value> = None;
            for group in groups {
                let part = group.into_iter().map(|node| (node, weights[&node])).collect();
                let part = self.unshifted(part, cap, depth + 1)?;
                sum = Some(match sum {
                    None => part,
                    Some(sum) => self.tape.sum(sum, part, cap as u32, self.budget)?,
                });
            }
            sum.ok_or(Excess)?
        };
        self.distributions.insert(key, value);
        Ok(value)
    }

    fn groups(&mut self, nodes: &[Node]) -> Result<Vec<Vec<Node>>, Excess> {
        let supports = self.supports_of(nodes)?;
        let places: Vec<usize> = (0..nodes.len()).collect();
        let groups = group_by_variables(&places, |place| &supports[place]);
        Ok(groups.into_iter().map(|group| group.into_iter().map(|place| nodes[place]).collect()).collect())
    }

    /// The variable that most of these depend on; the smallest of those.
    fn most_shared(&mut self, nodes: &[Node]) -> Result<Var, Excess> {
        let mut uses: FxHashMap<Var, u32> = FxHashMap::default();
        for support in self.supports_of(nodes)? {
            for &var in support.iter() {
                *uses.entry(var).or_default() += 1;
            }
        }
        uses.into_iter().max_by_key(|&(var, count)| (count, std::cmp::Reverse(var))).map(|(var, _)| var).ok_or(Excess)
    }

    fn supports_of(&mut self, nodes: &[Node]) -> Result<Vec<Rc<[Var]>>, Excess> {
        let mut supports = Vec::with_capacity(nodes.len());
        for &node in nodes {
            self.learn_support(node)?;
            let support = self.supports.get(&node).ok_or(Excess)?;
            self.budget.spend(support.len() as u64)?;
            supports.push(Rc::clone(support));
        }
        Ok(supports)
    }

    fn learn_support(&mut self, top: Node) -> Result<(), Excess> {
        let mut open = vec![top];
        while let Some(&node) = open.last() {
            if self.supports.contains_key(&node) {
                open.pop();
                continue;
            }
            let mut support: Vec<Var> = self.circuit.variable_of(node).into_iter().collect();
            let mut missing = false;
            for child in self.circuit.children(node) {
                if let Some(below) = self.supports.get(child) {
                    support.extend_from_slice(below);
                } else {
                    missing = true;
                    open.push(*child);
                }
            }
            if !missing {
                self.budget.spend(1 + support.len() as u64)?;
                support.sort_unstable();
                support.dedup();
                self.supports.insert(node, support.into());
                open.pop();
            }
        }
        Ok(())
    }

    /// The nodes with a variable fixed.
    fn fix(&mut self, nodes: &[Node], var: Var, value: bool) -> Result<Vec<Node>, Excess> {
        let mut seen: FxHashSet<Node> = FxHashSet::default();
        let mut open: Vec<Node> = nodes.to_vec();
        let mut cone: Vec<Node> = Vec::new();
        while let Some(node) = open.pop() {
            let concerned = self.supports.get(&node).is_none_or(|support| support.binary_search(&var).is_ok());
            if concerned && seen.insert(node) {
                cone.push(node);
                open.extend_from_slice(self.circuit.children(node));
            }
        }
        cone.sort_unstable();
        let mut image: FxHashMap<Node, Node> = FxHashMap::default();
        for node in cone {
            let of = self.circuit.children(node).to_vec();
            self.budget.spend(2 + of.len() as u64)?;
            let of = of.into_iter().map(|child| image.get(&child).copied().unwrap_or(child));
            let circuit = &mut self.circuit;
            let fixed = match circuit.gate(node) {
                Gate::Variable(other) if other == var => circuit.constant(value),
                Gate::Constant(_) | Gate::Variable(_) => node,
                Gate::Not(child) => circuit.not(image.get(&child).copied().unwrap_or(child)),
                Gate::And(_) => circuit.and(of),
                Gate::Or(_) => circuit.or(of),
                Gate::Xor(_) => circuit.xor(of),
                Gate::AtLeast { minimum, .. } => circuit.at_least(minimum, of),
                Gate::Threshold { bound, weights, .. } => {
                    let weighed: Vec<(u64, Node)> = weights.iter().copied().zip(of).collect();
                    circuit.threshold(bound, weighed)
                }
            };
            image.insert(node, fixed);
        }
        Ok(nodes.iter().map(|node| image.get(node).copied().unwrap_or(*node)).collect())
    }
}

#[derive(Clone, Copy)]
enum Joint {
    And,
    Or,
    Xor,
}

/// What became the same node counts with both weights; constants keep their own entries.
fn merge(mut of: Vec<Weighed>) -> Vec<Weighed> {
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
