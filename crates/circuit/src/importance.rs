//! How much each component matters.

use crate::circuit::Var;
use crate::compile::Compiled;
use crate::limits::{CircuitError, check_probabilities};

/// How much one component matters for a top, with these probabilities.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Importance {
    /// Which component.
    pub var: Var,
    /// The probability that the top depends on it: broken if it has failed, and not if it works (Birnbaum 1969). Of a
    /// top that is not coherent it is a difference of probabilities, and may be negative.
    pub birnbaum: f64,
    /// The part of the top's probability that would vanish if it never failed. This is the criticality importance, and
    /// in its exact form also what tools print as Fussell-Vesely importance.
    pub criticality: f64,
    /// The probability that it has failed when the top is broken.
    pub diagnostic: f64,
    /// By what the top's probability is multiplied if it has failed (risk achievement worth).
    pub achievement: f64,
    /// By what the top's probability is divided if it never fails (risk reduction worth); infinite for what is in every
    /// cut set.
    pub reduction: f64,
}

impl Compiled {
    /// The probability of the top, and the importance of every variable of its support, in one pass forwards and one
    /// backwards.
    ///
    /// # Errors
    /// Where only bounds are known, where a probability is missing or out of range, and where the top's is 0.
    pub fn importance(&self, probabilities: &[f64]) -> Result<(f64, Vec<Importance>), CircuitError> {
        check_probabilities(&self.support, probabilities)?;
        if !self.is_exact() {
            return Err(CircuitError::OnlyBounds);
        }
        let variables = self.support.last().map_or(0, |var| var.index() + 1);
        let mut numbers = Vec::new();
        let program = &self.lower;
        let total = program.tape.run(probabilities, &mut numbers, program.result);
        if total <= 0.0 {
            return Err(CircuitError::Impossible);
        }
        let slopes = program.tape.derivatives(&numbers, program.result, variables);
        let importance = self.support.iter().map(|&var| {
            let (p, birnbaum) = (probabilities[var.index()], slopes[var.index()]);
            // The probability is linear in each variable's.
            let without = (total - p * birnbaum).max(0.0);
            let with = (total + (1.0 - p) * birnbaum).clamp(0.0, 1.0);
            // What is left of a difference of equal numbers is rounding.
            let without = if without < total * 1e-13 { 0.0 } else { without };
            Importance {
                var,
                birnbaum,
                criticality: p * birnbaum / total,
                diagnostic: p * with / total,
                achievement: with / total,
                reduction: total / without,
            }
        });
        Ok((total, importance.collect()))
    }
}
