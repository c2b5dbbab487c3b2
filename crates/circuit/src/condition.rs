//! Counting: exact probability by conditioning on what is shared, and convolution of what is not.
//!
//! "At least 180 of 200 hosts" has a diagram of millions of nodes, because it must remember how many have failed at
//! every level. But given the state of the few things that hosts share, they fail independently, and then the number of
//! failed ones is a sum of independent numbers. So: children that share nothing are convolved; where they share
//! something, the variable that most of them share is fixed both ways and the rest simplified, which soon falls apart
//! into racks and then hosts. Equal remainders are recognised (the circuit is hash-consed) and counted once. This is
//! recursive conditioning (Darwiche 2001) with gates that count.

use rustc_hash::FxHashMap;

use crate::circuit::{Circuit, Gate, Node};
use crate::cofactor::{Cofactors, Weighed, merge};
use crate::limits::{Budget, Excess};
use crate::tape::{Tape, Value};

/// How deep fixed variables and gates may nest: this part uses the stack of the thread.
pub(crate) const DEPTH: u32 = 400;
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
        cofactors: Cofactors::new(circuit),
        inputs,
        tape,
        budget,
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

struct Work<'a> {
    cofactors: Cofactors,
    inputs: &'a [Value],
    tape: &'a mut Tape,
    budget: &'a mut Budget,
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
        let of = self.cofactors.circuit.children(node).to_vec();
        let value = match self.cofactors.circuit.gate(node) {
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
        let groups = self.cofactors.groups(of, self.budget)?;
        if groups.len() == 1 {
            let var = self.cofactors.most_shared(of, self.budget)?;
            let high = self.cofactors.fix(&[node], var, true, self.budget)?[0];
            let low = self.cofactors.fix(&[node], var, false, self.budget)?[0];
            let high = self.number(high, depth + 1)?;
            let low = self.number(low, depth + 1)?;
            return self.tape.mix(self.inputs[var.index()], high, low, self.budget);
        }
        let mut sum: Option<Value> = None;
        for group in groups {
            let part = match joint {
                Joint::And => self.cofactors.circuit.and(group),
                Joint::Or => self.cofactors.circuit.or(group),
                Joint::Xor => self.cofactors.circuit.xor(group),
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
        let groups = self.cofactors.groups(&nodes, self.budget)?;
        let value = if groups.len() == 1 {
            let var = self.cofactors.most_shared(&nodes, self.budget)?;
            let mut sides = [None, None];
            for value in [true, false] {
                let fixed = self.cofactors.fix(&nodes, var, value, self.budget)?;
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
}

#[derive(Clone, Copy)]
enum Joint {
    And,
    Or,
    Xor,
}
