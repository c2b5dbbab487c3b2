//! An exact probability as a program without branches: computed once from a circuit, run for any probabilities, and
//! backwards for all derivatives at once.
//!
//! Everything on it is a sum of products of numbers from 0 to 1, so small probabilities keep their relative accuracy.

mod contract;

pub(crate) use contract::{Contraction, Loop, Start};
use contract::{add, complement, is_zero, product};

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

    /// Runs the program for the probabilities of each of `N` lanes, in one walk: each lane gives the same bits as alone.
    /// `numbers` is scratch space that can be given again.
    pub(crate) fn run<const N: usize>(
        &self,
        probabilities: [&[f64]; N],
        numbers: &mut Vec<[f64; N]>,
        result: Value,
    ) -> [f64; N] {
        numbers.clear();
        numbers.resize(self.length as usize, [0.0; N]);
        let place = |value: Value| self.steps[value.0 as usize].at as usize;
        for recorded in &self.steps {
            let (before, here) = numbers.split_at_mut(recorded.at as usize);
            let here = &mut here[..recorded.length as usize];
            let slice = |value: Value| {
                let of = self.steps[value.0 as usize];
                &before[of.at as usize..(of.at + of.length) as usize]
            };
            match recorded.step {
                Step::Constant(value) => here[0] = [value; N],
                Step::Variable(var) => here[0] = probabilities.map(|of| of.get(var.index()).copied().unwrap_or(0.0)),
                Step::Not(of) => here[0] = complement(before[place(of)]),
                Step::Mix(by, high, low) => {
                    let by = before[place(by)];
                    for (number, high) in here.iter_mut().zip(slice(high)) {
                        add(number, product(by, *high));
                    }
                    for (number, low) in here.iter_mut().zip(slice(low)) {
                        add(number, product(complement(by), *low));
                    }
                }
                Step::Leaf(of, weight) => {
                    here[0] = complement(before[place(of)]);
                    add(&mut here[weight as usize], before[place(of)]);
                }
                Step::Shift(of, by) => {
                    let last = here.len() - 1;
                    for (entry, number) in slice(of).iter().enumerate() {
                        add(&mut here[(entry + by as usize).min(last)], *number);
                    }
                }
                Step::Sum(a, b) => {
                    let last = here.len() - 1;
                    let b = slice(b);
                    for (i, &x) in slice(a).iter().enumerate().filter(|(_, x)| !is_zero(x)) {
                        for (j, &y) in b.iter().enumerate() {
                            add(&mut here[(i + j).min(last)], product(x, y));
                        }
                    }
                }
                Step::Entry(of, entry) => here[0] = slice(of).get(entry as usize).copied().unwrap_or([0.0; N]),
                Step::Capped(a, b) => {
                    here[0] = before[place(a)];
                    add(&mut here[0], before[place(b)]);
                    here[0] = here[0].map(|sum| sum.min(1.0));
                }
                Step::Contract(a, b, how) => {
                    self.contractions[how as usize].run(here, slice(a), b.map(slice));
                }
            }
        }
        numbers[place(result)]
    }

    /// Runs the program backwards after [`Tape::run`]: in each lane the derivative of the result by the probability of each
    /// variable. The part of `Capped` where it caps has none.
    pub(crate) fn derivatives<const N: usize>(
        &self,
        numbers: &[[f64; N]],
        result: Value,
        variables: usize,
    ) -> [Vec<f64>; N] {
        let mut by_variable: [Vec<f64>; N] = std::array::from_fn(|_| vec![0.0; variables]);
        let mut slopes = vec![[0.0; N]; self.length as usize];
        let place = |value: Value| self.steps[value.0 as usize].at as usize;
        let range = |value: Value| {
            let of = self.steps[value.0 as usize];
            of.at as usize..(of.at + of.length) as usize
        };
        slopes[place(result)] = [1.0; N];
        for recorded in self.steps[..=result.0 as usize].iter().rev() {
            let (before, here) = slopes.split_at_mut(recorded.at as usize);
            let here = &here[..recorded.length as usize];
            if here.iter().all(is_zero) {
                continue;
            }
            match recorded.step {
                Step::Constant(_) => {}
                Step::Variable(var) => {
                    for (slopes, here) in by_variable.iter_mut().zip(here[0]) {
                        slopes[var.index()] += here;
                    }
                }
                Step::Not(of) => add(&mut before[place(of)], here[0].map(|slope| -slope)),
                Step::Mix(by, high, low) => {
                    let p = numbers[place(by)];
                    let mut slope = [0.0; N];
                    for (at, number) in here.iter().zip(range(high)) {
                        add(&mut before[number], product(p, *at));
                        add(&mut slope, product(*at, numbers[number]));
                    }
                    for (at, number) in here.iter().zip(range(low)) {
                        add(&mut before[number], product(complement(p), *at));
                        add(&mut slope, product(*at, numbers[number]).map(|less| -less));
                    }
                    add(&mut before[place(by)], slope);
                }
                Step::Leaf(of, weight) => {
                    let (with, without) = (here[weight as usize], here[0]);
                    add(&mut before[place(of)], std::array::from_fn(|lane| with[lane] - without[lane]));
                }
                Step::Shift(of, by) => {
                    let last = here.len() - 1;
                    for (entry, number) in range(of).enumerate() {
                        add(&mut before[number], here[(entry + by as usize).min(last)]);
                    }
                }
                Step::Sum(a, b) => {
                    let last = here.len() - 1;
                    for (i, x) in range(a).enumerate() {
                        for (j, y) in range(b).enumerate() {
                            let slope = here[(i + j).min(last)];
                            add(&mut before[x], product(slope, numbers[y]));
                            add(&mut before[y], product(slope, numbers[x]));
                        }
                    }
                }
                Step::Entry(of, entry) => {
                    if let Some(number) = range(of).nth(entry as usize) {
                        add(&mut before[number], here[0]);
                    }
                }
                Step::Capped(a, b) => {
                    add(&mut before[place(a)], here[0]);
                    add(&mut before[place(b)], here[0]);
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
