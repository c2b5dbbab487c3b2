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

/// An exact probability as a function of that of any one variable: it is linear in each.
#[derive(Clone, Debug)]
pub struct Linear {
    total: f64,
    probabilities: Vec<f64>,
    /// By number of the variable: how fast the total grows with its probability.
    slopes: Vec<f64>,
}

impl Linear {
    /// The probability of the top.
    pub fn total(&self) -> f64 {
        self.total
    }

    /// The probability of the top when one variable is known to have failed or to work. One that the top does not depend on
    /// changes nothing.
    pub fn given(&self, var: Var, failed: bool) -> f64 {
        let (Some(p), Some(slope)) = (self.probabilities.get(var.index()), self.slopes.get(var.index())) else {
            return self.total;
        };
        if failed {
            return (self.total + (1.0 - p) * slope).clamp(0.0, 1.0);
        }
        // What is left of a difference of equal numbers is rounding.
        let without = self.total - p * slope;
        if without < self.total * 1e-13 { 0.0 } else { without.min(1.0) }
    }
}

impl Compiled {
    /// The probability of the top with all its derivatives, in one pass forwards and one backwards; `None` where only bounds
    /// are known.
    ///
    /// # Errors
    /// Where a probability is missing or out of range.
    pub fn linear(&self, probabilities: &[f64]) -> Result<Option<Linear>, CircuitError> {
        Ok(self.linears([probabilities])?.map(|[linear]| linear))
    }

    /// [`Compiled::linear`] for several sets of probabilities at a time, such as the ends of what is known of them: the same
    /// numbers, sooner, since what is walked is walked once.
    ///
    /// # Errors
    /// Where a probability is missing or out of range in one of them.
    pub fn linears<const N: usize>(&self, probabilities: [&[f64]; N]) -> Result<Option<[Linear; N]>, CircuitError> {
        for probabilities in probabilities {
            check_probabilities(&self.support, probabilities)?;
        }
        if !self.is_exact() {
            return Ok(None);
        }
        let variables = self.support.last().map_or(0, |var| var.index() + 1);
        let mut numbers = Vec::new();
        let program = &self.lower;
        let totals = program.tape.run(probabilities, &mut numbers, program.result);
        let mut slopes = program.tape.derivatives(&numbers, program.result, variables);
        Ok(Some(std::array::from_fn(|lane| Linear {
            total: totals[lane].clamp(0.0, 1.0),
            probabilities: probabilities[lane].to_vec(),
            slopes: std::mem::take(&mut slopes[lane]),
        })))
    }

    /// The probability of the top, and the importance of every variable of its support, in one pass forwards and one
    /// backwards.
    ///
    /// # Errors
    /// Where only bounds are known, where a probability is missing or out of range, and where the top's is 0.
    pub fn importance(&self, probabilities: &[f64]) -> Result<(f64, Vec<Importance>), CircuitError> {
        let linear = self.linear(probabilities)?.ok_or(CircuitError::OnlyBounds)?;
        Ok((linear.total, self.importance_by(&linear)?))
    }

    /// The importance of every variable of the support, from what [`Compiled::linear`] gave.
    ///
    /// # Errors
    /// Where the top's probability is 0.
    pub fn importance_by(&self, linear: &Linear) -> Result<Vec<Importance>, CircuitError> {
        let total = linear.total;
        if total <= 0.0 {
            return Err(CircuitError::Impossible);
        }
        let importance = self.support.iter().map(|&var| {
            let (p, birnbaum) = (linear.probabilities[var.index()], linear.slopes[var.index()]);
            let (without, with) = (linear.given(var, false), linear.given(var, true));
            Importance {
                var,
                birnbaum,
                criticality: p * birnbaum / total,
                diagnostic: p * with / total,
                achievement: with / total,
                reduction: total / without,
            }
        });
        Ok(importance.collect())
    }
}
