//! Evaluation: given what has failed, what is broken.

use crate::circuit::{Circuit, Node, Var};
use crate::flat::{Flat, Operation};

/// Evaluates some tops of a circuit again and again; after it is made, it allocates nothing.
#[derive(Clone, Debug)]
pub struct Evaluator {
    flat: Flat,
    values: Vec<bool>,
}

impl Evaluator {
    /// Prepares the evaluation of these tops.
    pub fn new(circuit: &Circuit, tops: &[Node]) -> Self {
        Evaluator::of(circuit.to_flat(tops))
    }

    /// Prepares the evaluation of a flat circuit.
    pub fn of(flat: Flat) -> Self {
        let values = vec![false; flat.len()];
        Evaluator { flat, values }
    }

    /// The flat form.
    pub fn flat(&self) -> &Flat {
        &self.flat
    }

    /// Evaluates everything; `failed` says of each variable whether its component has failed. Then ask
    /// [`Evaluator::broken`].
    pub fn run(&mut self, failed: impl Fn(Var) -> bool) {
        let flat = &self.flat;
        let mut weights = flat.weights.iter();
        for entry in 0..flat.operations.len() {
            let of = &flat.children[flat.first[entry] as usize..flat.first[entry + 1] as usize];
            let argument = flat.arguments[entry];
            let values = &self.values;
            let is = |child: &u32| values[*child as usize];
            let value = match flat.operations[entry] {
                Operation::Constant => argument == 1,
                Operation::Variable => failed(Var(argument as u32)),
                Operation::Not => !of.iter().all(is),
                Operation::And => of.iter().all(is),
                Operation::Or => of.iter().any(is),
                Operation::Xor => of.iter().filter(|child| is(child)).count() % 2 == 1,
                Operation::AtLeast => of.iter().filter(|child| is(child)).count() as u64 >= argument,
                Operation::Threshold => {
                    let sum = of
                        .iter()
                        .zip(weights.by_ref())
                        .fold(0u64, |sum, (child, &weight)| if is(child) { sum.saturating_add(weight) } else { sum });
                    sum >= argument
                }
            };
            self.values[entry] = value;
        }
    }

    /// The value of a top, counted as it was given, after [`Evaluator::run`]; false for one that does not exist.
    pub fn broken(&self, top: usize) -> bool {
        self.flat.tops.get(top).is_some_and(|&entry| self.values[entry as usize])
    }

    /// Evaluates and gives the value of the first top.
    pub fn eval(&mut self, failed: impl Fn(Var) -> bool) -> bool {
        self.run(failed);
        self.broken(0)
    }

    /// Evaluates with these components failed and no others, and gives the value of the first top.
    pub fn eval_failed(&mut self, failed: &[Var]) -> bool {
        self.eval(|var| failed.contains(&var))
    }
}

impl Circuit {
    /// The value of a node; to evaluate more than once, prepare an [`Evaluator`].
    pub fn eval(&self, top: Node, failed: impl Fn(Var) -> bool) -> bool {
        Evaluator::new(self, &[top]).eval(failed)
    }
}
