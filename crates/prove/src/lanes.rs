//! Questions about promises, many at once.

pub use plimsoll_circuit::{LANES, Word};
use plimsoll_circuit::{Node, Var};

use crate::model::Model;

/// The promises of a model with room for [`LANES`] scenarios.
#[derive(Clone, Debug)]
pub struct Lanes {
    circuit: plimsoll_circuit::Lanes,
    failed: Vec<Word>,
    outlasted: Vec<usize>,
}

/// For each component: itself and what follows from its loss, as questions of the library take it.
pub fn follows(model: &Model) -> Vec<Vec<usize>> {
    let outlasted: Vec<usize> = model.outlasted().map(Var::index).collect();
    let all = model.components.all().map(|(var, _)| {
        let mut with = outlasted.clone();
        if let Err(place) = with.binary_search(&var.index()) {
            with.insert(place, var.index());
        }
        with
    });
    all.collect()
}

impl Lanes {
    /// Prepares questions about some tops of a model.
    pub fn new(model: &Model, tops: &[Node]) -> Self {
        Lanes {
            circuit: plimsoll_circuit::Lanes::new(model.circuit.to_flat(tops)),
            failed: vec![Word::default(); model.components.len()],
            outlasted: model.outlasted().map(Var::index).collect(),
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
        self.failed.fill(Word::default());
        for &away in &self.outlasted {
            self.failed[away] = [u64::MAX; LANES / 64];
        }
        for (lane, scenario) in scenarios.into_iter().take(LANES).enumerate() {
            for &away in scenario {
                self.failed[away][lane / 64] |= 1 << (lane % 64);
            }
        }
        self.circuit.run(&self.failed);
    }

    /// Whether a top is true in a scenario of the last question.
    pub fn is(&self, top: usize, lane: usize) -> bool {
        self.circuit.word(top)[lane / 64] >> (lane % 64) & 1 == 1
    }

    /// The scenarios of the last question in which a top is true.
    pub fn word(&self, top: usize) -> Word {
        self.circuit.word(top)
    }
}
