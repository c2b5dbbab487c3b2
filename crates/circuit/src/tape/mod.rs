//! An exact probability as a program without branches: computed once from a circuit, run for any probabilities, and
//! backwards for all derivatives at once.
//!
//! Everything on it is a sum of products of numbers from 0 to 1, so small probabilities keep their relative accuracy.

mod contract;

pub(crate) use contract::{Contraction, Loop};

use crate::circuit::Var;
use crate::limits::{Budget, Excess};

/// A value on the tape: a number, or the distribution of a sum (entry `i` is the probability of `i`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Value(u32);

#[derive(Clone, Copy, Debug)]
enum Step {
    Constant(f64),
    Variable(Var),
    /// One minus a number.
    Not(Value),
    /// The second where the first is true, the third where it is not.
    Mix(Value, Value, Value),
    /// The distribution that has `weight` where the number is true and 0 where it is not.
    Leaf(Value, u32),
    /// A distribution moved up.
    Shift(Value, u32),
    /// The distribution of the sum of two independent ones; what is beyond the last entry counts there.
    Sum(Value, Value),
    /// The entry with this place, 0 if there is none.
    Entry(Value, u32),
    /// The sum of two numbers, at most 1: for bounds.
    Capped(Value, Value),
    /// The product of two tables, or of one and what is sparse, summed: by its number.
    Contract(Value, Option<Value>, u32),
}

#[derive(Clone, Copy, Debug)]
struct Recorded {
    step: Step,
    at: u32,
    length: u32,
}

/// The program.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tape {
    steps: Vec<Recorded>,
    length: u32,
    contractions: Vec<Contraction>,
}

/// A place on a tape to which it can be wound back.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Mark {
    steps: usize,
    length: u32,
    contractions: usize,
}

impl Tape {
    /// A program that gives this number.
    pub(crate) fn of_constant(value: f64) -> (Tape, Value) {
        let steps = vec![Recorded { step: Step::Constant(value), at: 0, length: 1 }];
        (Tape { steps, length: 1, contractions: vec![] }, Value(0))
    }

    pub(crate) fn constant(&mut self, value: f64, budget: &mut Budget) -> Result<Value, Excess> {
        self.record(Step::Constant(value), 1, budget)
    }

    pub(crate) fn variable(&mut self, var: Var, budget: &mut Budget) -> Result<Value, Excess> {
        self.record(Step::Variable(var), 1, budget)
    }

    pub(crate) fn not(&mut self, of: Value, budget: &mut Budget) -> Result<Value, Excess> {
        self.record(Step::Not(of), 1, budget)
    }

    pub(crate) fn mix(&mut self, by: Value, high: Value, low: Value, budget: &mut Budget) -> Result<Value, Excess> {
        let length = self.length_of(high).max(self.length_of(low));
        self.record(Step::Mix(by, high, low), length, budget)
    }

    pub(crate) fn leaf(&mut self, of: Value, weight: u32, budget: &mut Budget) -> Result<Value, Excess> {
        self.record(Step::Leaf(of, weight), weight + 1, budget)
    }

    pub(crate) fn shift(&mut self, of: Value, by: u32, cap: u32, budget: &mut Budget) -> Result<Value, Excess> {
        let length = self.length_of(of).saturating_add(by).min(cap + 1);
        self.record(Step::Shift(of, by), length, budget)
    }

    pub(crate) fn sum(&mut self, a: Value, b: Value, cap: u32, budget: &mut Budget) -> Result<Value, Excess> {
        let (a_length, b_length) = (self.length_of(a), self.length_of(b));
        budget.spend(u64::from(a_length) * u64::from(b_length) / 8)?;
        self.record(Step::Sum(a, b), (a_length + b_length - 1).min(cap + 1), budget)
    }

    pub(crate) fn entry(&mut self, of: Value, place: u32, budget: &mut Budget) -> Result<Value, Excess> {
        self.record(Step::Entry(of, place), 1, budget)
    }

    pub(crate) fn capped(&mut self, a: Value, b: Value, budget: &mut Budget) -> Result<Value, Excess> {
        self.record(Step::Capped(a, b), 1, budget)
    }

    /// How many numbers a run computes.
    pub(crate) fn len(&self) -> usize {
        self.length as usize
    }

    /// A table of `length` numbers from one or two others.
    pub(crate) fn contract(
        &mut self,
        a: Value,
        b: Option<Value>,
        how: Contraction,
        length: u32,
        budget: &mut Budget,
    ) -> Result<Value, Excess> {
        budget.spend(how.work() / 8)?;
        let number = self.contractions.len() as u32;
        let value = self.record(Step::Contract(a, b, number), length, budget)?;
        self.contractions.push(how);
        Ok(value)
    }

    /// Drops everything after a mark.
    pub(crate) fn truncate(&mut self, mark: Mark) {
        self.steps.truncate(mark.steps);
        self.length = mark.length;
        self.contractions.truncate(mark.contractions);
    }

    /// Where the tape is now.
    pub(crate) fn mark(&self) -> Mark {
        Mark { steps: self.steps.len(), length: self.length, contractions: self.contractions.len() }
    }

    fn length_of(&self, value: Value) -> u32 {
        self.steps[value.0 as usize].length
    }

    fn record(&mut self, step: Step, length: u32, budget: &mut Budget) -> Result<Value, Excess> {
        budget.spend(1 + u64::from(length) / 4)?;
        let end = self.length.checked_add(length).ok_or(Excess)?;
        // Eight bytes a number, where a node of a diagram is taken as thirty.
        if end as usize / 4 > budget.nodes {
            return Err(Excess);
        }
        let value = Value(self.steps.len() as u32);
        self.steps.push(Recorded { step, at: self.length, length });
        self.length = end;
        Ok(value)
    }

    /// Runs the program; `numbers` is scratch space that can be given again.
    pub(crate) fn run(&self, probabilities: &[f64], numbers: &mut Vec<f64>, result: Value) -> f64 {
        numbers.clear();
        numbers.resize(self.length as usize, 0.0);
        let place = |value: Value| self.steps[value.0 as usize].at as usize;
        for recorded in &self.steps {
            let (before, here) = numbers.split_at_mut(recorded.at as usize);
            let here = &mut here[..recorded.length as usize];
            let slice = |value: Value| {
                let of = self.steps[value.0 as usize];
                &before[of.at as usize..(of.at + of.length) as usize]
            };
            match recorded.step {
                Step::Constant(value) => here[0] = value,
                Step::Variable(var) => here[0] = probabilities.get(var.index()).copied().unwrap_or(0.0),
                Step::Not(of) => here[0] = 1.0 - before[place(of)],
                Step::Mix(by, high, low) => {
                    let by = before[place(by)];
                    for (number, high) in here.iter_mut().zip(slice(high)) {
                        *number += by * high;
                    }
                    for (number, low) in here.iter_mut().zip(slice(low)) {
                        *number += (1.0 - by) * low;
                    }
                }
                Step::Leaf(of, weight) => {
                    here[0] = 1.0 - before[place(of)];
                    here[weight as usize] += before[place(of)];
                }
                Step::Shift(of, by) => {
                    let last = here.len() - 1;
                    for (entry, number) in slice(of).iter().enumerate() {
                        here[(entry + by as usize).min(last)] += number;
                    }
                }
                Step::Sum(a, b) => {
                    let last = here.len() - 1;
                    let b = slice(b);
                    for (i, &x) in slice(a).iter().enumerate().filter(|(_, x)| **x != 0.0) {
                        for (j, &y) in b.iter().enumerate() {
                            here[(i + j).min(last)] += x * y;
                        }
                    }
                }
                Step::Entry(of, entry) => here[0] = slice(of).get(entry as usize).copied().unwrap_or(0.0),
                Step::Capped(a, b) => here[0] = (before[place(a)] + before[place(b)]).min(1.0),
                Step::Contract(a, b, how) => {
                    self.contractions[how as usize].run(here, slice(a), b.map(slice));
                }
            }
        }
        numbers[place(result)]
    }

    /// Runs the program backwards after [`Tape::run`]: the derivative of the result by the probability of each variable.
    /// The part of `Capped` where it caps has none.
    pub(crate) fn derivatives(&self, numbers: &[f64], result: Value, variables: usize) -> Vec<f64> {
        let mut by_variable = vec![0.0; variables];
        let mut slopes = vec![0.0; self.length as usize];
        let place = |value: Value| self.steps[value.0 as usize].at as usize;
        let range = |value: Value| {
            let of = self.steps[value.0 as usize];
            of.at as usize..(of.at + of.length) as usize
        };
        slopes[place(result)] = 1.0;
        for recorded in self.steps[..=result.0 as usize].iter().rev() {
            let (before, here) = slopes.split_at_mut(recorded.at as usize);
            let here = &here[..recorded.length as usize];
            if here.iter().all(|slope| *slope == 0.0) {
                continue;
            }
            match recorded.step {
                Step::Constant(_) => {}
                Step::Variable(var) => by_variable[var.index()] += here[0],
                Step::Not(of) => before[place(of)] -= here[0],
                Step::Mix(by, high, low) => {
                    let p = numbers[place(by)];
                    let mut slope = 0.0;
                    for (at, number) in here.iter().zip(range(high)) {
                        before[number] += p * at;
                        slope += at * numbers[number];
                    }
                    for (at, number) in here.iter().zip(range(low)) {
                        before[number] += (1.0 - p) * at;
                        slope -= at * numbers[number];
                    }
                    before[place(by)] += slope;
                }
                Step::Leaf(of, weight) => before[place(of)] += here[weight as usize] - here[0],
                Step::Shift(of, by) => {
                    let last = here.len() - 1;
                    for (entry, number) in range(of).enumerate() {
                        before[number] += here[(entry + by as usize).min(last)];
                    }
                }
                Step::Sum(a, b) => {
                    let last = here.len() - 1;
                    for (i, x) in range(a).enumerate() {
                        for (j, y) in range(b).enumerate() {
                            let slope = here[(i + j).min(last)];
                            before[x] += slope * numbers[y];
                            before[y] += slope * numbers[x];
                        }
                    }
                }
                Step::Entry(of, entry) => {
                    if let Some(number) = range(of).nth(entry as usize) {
                        before[number] += here[0];
                    }
                }
                Step::Capped(a, b) => {
                    before[place(a)] += here[0];
                    before[place(b)] += here[0];
                }
                Step::Contract(a, b, how) => {
                    let how = &self.contractions[how as usize];
                    how.slopes_of_first(here, &mut before[range(a)], b.map(|b| &numbers[range(b)]));
                    if let Some(b) = b {
                        how.slopes_of_second(here, &numbers[range(a)], &mut before[range(b)]);
                    }
                }
            }
        }
        by_variable
    }
}
