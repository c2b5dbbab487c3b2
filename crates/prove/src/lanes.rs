//! Many questions at once: each bit of a word is a scenario of its own.

use plimsoll_circuit::{Flat, Node, Operation, Var};

use crate::model::Model;

/// Words beside each other, which compilers turn into wide instructions.
const WORDS: usize = 4;
/// One bit for each scenario.
pub type Word = [u64; WORDS];

/// Scenarios that are answered in one run.
pub const LANES: usize = 64 * WORDS;

/// A flat circuit with room for [`LANES`] scenarios.
#[derive(Clone, Debug)]
pub struct Lanes {
    flat: Flat,
    values: Vec<Word>,
    failed: Vec<Word>,
    follows: Vec<Vec<usize>>,
}

/// For each component: itself and what follows from its loss, as questions of the library take it.
pub fn follows(model: &Model) -> Vec<Vec<usize>> {
    let all = model.components.all().map(|(var, _)| {
        let with = model.with_consequences(&[var]);
        with.iter().enumerate().filter(|(_, away)| **away).map(|(index, _)| index).collect()
    });
    all.collect()
}

impl Lanes {
    /// Prepares questions about some tops of a model.
    pub fn new(model: &Model, tops: &[Node]) -> Self {
        let flat = model.circuit.to_flat(tops);
        Lanes {
            values: vec![[0; WORDS]; flat.len()],
            failed: vec![[0; WORDS]; model.components.len()],
            follows: follows(model),
            flat,
        }
    }

    /// Asks up to [`LANES`] scenarios, each a list of components.
    pub(crate) fn ask_vars(&mut self, scenarios: &[Vec<Var>]) {
        let numbers: Vec<Vec<usize>> =
            scenarios.iter().map(|vars| vars.iter().map(|var| var.index()).collect()).collect();
        self.ask(numbers.iter().map(Vec::as_slice));
    }

    /// Asks up to [`LANES`] scenarios, each a list of components by number.
    pub fn ask<'s>(&mut self, scenarios: impl IntoIterator<Item = &'s [usize]>) {
        self.failed.fill([0; WORDS]);
        for (lane, scenario) in scenarios.into_iter().take(LANES).enumerate() {
            for &component in scenario {
                for &away in &self.follows[component] {
                    self.failed[away][lane / 64] |= 1 << (lane % 64);
                }
            }
        }
        self.run();
    }

    /// Whether a top is true in a scenario of the last question.
    pub fn is(&self, top: usize, lane: usize) -> bool {
        self.values[self.flat.tops[top] as usize][lane / 64] >> (lane % 64) & 1 == 1
    }

    /// The scenarios of the last question in which a top is true.
    pub fn word(&self, top: usize) -> Word {
        self.values[self.flat.tops[top] as usize]
    }

    fn run(&mut self) {
        let flat = &self.flat;
        let mut weights = 0;
        for entry in 0..flat.operations.len() {
            let of = &flat.children[flat.first[entry] as usize..flat.first[entry + 1] as usize];
            let argument = flat.arguments[entry];
            let values = &self.values;
            let each = of.iter().map(|child| values[*child as usize]);
            self.values[entry] = match flat.operations[entry] {
                Operation::Constant => [if argument == 1 { u64::MAX } else { 0 }; WORDS],
                Operation::Variable => self.failed[argument as usize],
                Operation::Not => invert(each.fold([u64::MAX; WORDS], |a, b| both(a, b, |a, b| a & b))),
                Operation::And => each.fold([u64::MAX; WORDS], |a, b| both(a, b, |a, b| a & b)),
                Operation::Or => each.fold([0; WORDS], |a, b| both(a, b, |a, b| a | b)),
                Operation::Xor => each.fold([0; WORDS], |a, b| both(a, b, |a, b| a ^ b)),
                Operation::AtLeast => sums(each.map(|word| (word, 1)), argument),
                Operation::Threshold => {
                    let own = &flat.weights[weights..weights + of.len()];
                    weights += of.len();
                    sums(each.zip(own.iter().copied()), argument)
                }
            };
        }
    }
}

fn both(a: Word, b: Word, with: impl Fn(u64, u64) -> u64) -> Word {
    std::array::from_fn(|at| with(a[at], b[at]))
}

fn invert(word: Word) -> Word {
    word.map(|bits| !bits)
}

/// Scenarios in which the weights of what is true reach a bound.
fn sums(weighted: impl Iterator<Item = (Word, u64)>, bound: u64) -> Word {
    let mut totals = [0u64; LANES];
    for (word, weight) in weighted {
        for (at, mut bits) in word.into_iter().enumerate() {
            while bits != 0 {
                let lane = at * 64 + bits.trailing_zeros() as usize;
                totals[lane] = totals[lane].saturating_add(weight);
                bits &= bits - 1;
            }
        }
    }
    let mut reached = [0; WORDS];
    for (lane, total) in totals.iter().enumerate() {
        if *total >= bound {
            reached[lane / 64] |= 1 << (lane % 64);
        }
    }
    reached
}
