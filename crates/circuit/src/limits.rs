//! What an analysis may cost, and how it says that it could not be finished or was asked something wrong.

use crate::circuit::Var;

/// What one analysis may use before it must end with bounds instead of an exact result.
///
/// There is no clock: the same input ends at the same place everywhere. On a machine of 2026 a step takes some tens of
/// nanoseconds and a node some tens of bytes, so the default ends within about ten seconds and half a gigabyte.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Nodes of decision diagrams alive at once.
    pub nodes: usize,
    /// Elementary operations of the whole analysis.
    pub steps: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Limits { nodes: 4_000_000, steps: 200_000_000 }
    }
}

/// An analysis needs more than its [`Limits`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the analysis needs more nodes or steps than its limits")]
pub(crate) struct Excess;

/// What is left of a number of steps.
#[derive(Clone, Debug)]
pub(crate) struct Budget {
    pub(crate) nodes: usize,
    pub(crate) steps: u64,
}

impl Budget {
    pub(crate) fn new(limits: Limits) -> Self {
        Budget { nodes: limits.nodes, steps: limits.steps }
    }

    pub(crate) fn spend(&mut self, steps: u64) -> Result<(), Excess> {
        if self.steps < steps {
            self.steps = 0;
            return Err(Excess);
        }
        self.steps -= steps;
        Ok(())
    }

    /// Runs something with at most these nodes and steps, and takes what it used.
    pub(crate) fn within<T>(
        &mut self,
        nodes: usize,
        steps: u64,
        run: impl FnOnce(&mut Budget) -> Result<T, Excess>,
    ) -> Result<T, Excess> {
        let steps = steps.min(self.steps);
        let mut part = Budget { nodes: nodes.min(self.nodes), steps };
        let result = run(&mut part);
        self.steps -= steps - part.steps;
        result
    }
}

/// A question that has no answer.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum CircuitError {
    /// A probability below 0, above 1 or not a number.
    #[error("the probability of variable {} is {value}, which is not from 0 to 1", var.0)]
    Probability {
        /// Of which variable.
        var: Var,
        /// What was given.
        value: f64,
    },
    /// A variable occurs and has no probability.
    #[error("variable {} has no probability: only {given} were given", var.0)]
    NoProbability {
        /// Which variable.
        var: Var,
        /// How many were given.
        given: usize,
    },
    /// Cut sets were asked of a function that a further failure can mend.
    #[error("the top is not coherent (it has a negation or an exclusive or), so it has no minimal cut sets")]
    NotCoherent,
    /// Something that needs the exact function was asked, and only bounds are known.
    #[error("only bounds are known: the exact function needs more nodes or steps than its limits")]
    OnlyBounds,
    /// Something that needs a probability above 0 was asked.
    #[error("the top cannot occur with these probabilities, so nothing is important for it")]
    Impossible,
}

/// Whether every variable of `support` has a probability from 0 to 1.
pub(crate) fn check_probabilities(support: &[Var], probabilities: &[f64]) -> Result<(), CircuitError> {
    for &var in support {
        match probabilities.get(var.index()) {
            None => return Err(CircuitError::NoProbability { var, given: probabilities.len() }),
            Some(value) if !(0.0..=1.0).contains(value) => {
                return Err(CircuitError::Probability { var, value: *value });
            }
            Some(_) => {}
        }
    }
    Ok(())
}
