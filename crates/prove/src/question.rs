//! "Is it broken when these fail?", asked many times.

use plimsoll_circuit::{Evaluator, Var};

use crate::component::Kind;
use crate::model::Model;
use crate::promise::Promise;

/// Answers for all promises of a model at once.
pub struct Question<'m> {
    model: &'m Model,
    evaluator: Evaluator,
    failed: Vec<bool>,
    /// What follows from the loss of each component, by number: batteries that a power cut outlasts.
    follows: Vec<Vec<Var>>,
}

impl<'m> Question<'m> {
    /// Prepares questions about a model.
    pub fn new(model: &'m Model) -> Self {
        let tops: Vec<_> = model.promises.iter().map(|promise| promise.broken).collect();
        let mut follows = vec![Vec::new(); model.components.len()];
        for (var, component) in model.components.all().filter(|(_, component)| component.kind == Kind::Outlasted) {
            let feed = component.path.split("/outlasts/").next().and_then(|feed| model.components.find(feed));
            if let Some(feed) = feed {
                follows[feed.index()].push(var);
            }
        }
        let failed = vec![false; model.components.len()];
        Question { model, evaluator: Evaluator::new(&model.circuit, &tops), failed, follows }
    }

    /// The model that is asked.
    pub fn model(&self) -> &'m Model {
        self.model
    }

    /// Asks with these components failed and no others. A power cut is taken to outlast every battery.
    pub fn ask(&mut self, failed: impl IntoIterator<Item = Var>) {
        self.failed.fill(false);
        for var in failed {
            self.failed[var.index()] = true;
            for other in &self.follows[var.index()] {
                self.failed[other.index()] = true;
            }
        }
        let failed = &self.failed;
        self.evaluator.run(|var| failed[var.index()]);
    }

    /// Whether a promise breaks with these failed although no power cut outlasts a battery.
    pub(crate) fn breaks_without_outlasting(&mut self, promise: usize, failed: &[Var]) -> bool {
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
