//! "Is it broken when these fail?", asked many times.

use plimsoll_circuit::{Evaluator, Node, Var};

use crate::model::Model;
use crate::promise::Promise;

/// Answers for all promises of a model at once.
pub struct Question<'m> {
    model: &'m Model,
    evaluator: Evaluator,
    failed: Vec<bool>,
    /// Every battery is outlasted; that matters only where what feeds it is away.
    outlasted: Vec<bool>,
}

impl<'m> Question<'m> {
    /// Prepares questions about a model.
    pub fn new(model: &'m Model) -> Self {
        let tops: Vec<_> = model.promises.iter().map(|promise| promise.broken).collect();
        Question::about(model, &tops)
    }

    /// Prepares questions about one promise, which is number 0.
    pub(crate) fn of_one(model: &'m Model, promise: &Promise) -> Self {
        Question::about(model, &[promise.broken])
    }

    fn about(model: &'m Model, tops: &[Node]) -> Self {
        let outlasted = model.with_consequences(&[]);
        Question { model, evaluator: Evaluator::new(&model.circuit, tops), failed: outlasted.clone(), outlasted }
    }

    /// The model that is asked.
    pub fn model(&self) -> &'m Model {
        self.model
    }

    /// Asks with these components failed and no others. A power cut is taken to outlast every battery.
    pub fn ask(&mut self, failed: impl IntoIterator<Item = Var>) {
        self.failed.copy_from_slice(&self.outlasted);
        for var in failed {
            self.failed[var.index()] = true;
        }
        let failed = &self.failed;
        self.evaluator.run(|var| failed[var.index()]);
    }

    /// Whether a promise breaks with exactly these, where batteries count only when they are named.
    pub(crate) fn breaks_with_exactly(&mut self, promise: usize, failed: &[Var]) -> bool {
        self.evaluator.run(|var| failed.contains(&var));
        self.evaluator.broken(promise)
    }

    /// Whether the promise of that number is broken, after [`Question::ask`].
    pub fn broken(&self, promise: usize) -> bool {
        self.evaluator.broken(promise)
    }

    /// The promises that are broken, after [`Question::ask`].
    pub fn all_broken(&self) -> impl Iterator<Item = &'m Promise> + '_ {
        self.model.promises.iter().enumerate().filter(|(index, _)| self.broken(*index)).map(|(_, promise)| promise)
    }
}
