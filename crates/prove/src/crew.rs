//! Repairs that wait for each other: one crew that works off what has failed in the order in which it failed.
//!
//! With a crew of its own for each part, parts are away independently of each other. With one crew for all, a part that
//! fails while another is repaired waits, so that it is away for longer, and just when the other is. What follows bounds
//! the probability of a promise from above.
//!
//! 1. Let each part fail at its rate all the time, also while it is away. That only adds work, and in a queue that is
//!    worked off in order, more work makes nothing ready sooner. So what is away in the real system is away in this one,
//!    which is an M/G/1 queue (Kleinrock, Queueing Systems I, 1975, chapter 5).
//! 2. In that queue the crew repairs a part `i` with probability `rho_i` (rate times repair time). Since the order is kept,
//!    those that wait are exactly those that failed since `i` did: if that was `a` ago, each other part `j` waits with
//!    probability `1 - exp(-rate_j a)`, independently of the rest.
//! 3. `a` is the time that `i` waited, which has the law of Pollaczek and Khinchine, plus the time for which it has been
//!    repaired so far. With exponential repair times both are sums of phases, and `P(a > x)` is a matrix exponential.
//! 4. The ages are cut into bins, and each counts as the upper end of its own.
//!
//! Each step is exact or an upper bound. Two crews or more are never worse than one that repairs as fast as each of them.

use std::collections::BTreeMap;

use plimsoll_circuit::{CircuitError, Compiled, Var};
use plimsoll_model::Design;

use crate::component::{Component, Kind};
use crate::model::Model;
use crate::rate::{Corner, HOURS_A_YEAR, Source};

/// Bins of ages to a doubling.
const BINS: usize = 3;
/// Doublings of ages after which the rest counts as broken.
const DOUBLINGS: usize = 48;
/// What is left of ages that is no longer worth a bin.
const NEGLIGIBLE: f64 = 1e-15;

/// What a probability may be wrong by, relatively, for rounding: thousands of operations of 64-bit numbers.
const ROUNDING: f64 = 1e-12;

/// A part that the crew repairs.
#[derive(Clone, Copy, Debug)]
struct Job {
    var: Var,
    /// Failures an hour.
    rate: f64,
    /// Which repair time it has.
    class: usize,
}

/// One crew with all that it repairs, at one corner of the inputs.
#[derive(Clone, Debug)]
pub(crate) struct Queue {
    jobs: Vec<Job>,
    /// The share of time that the crew needs, if it keeps up: less than 1.
    load: f64,
    /// Upper ends of the bins of ages in hours, with the probability of the bin for each class of repair times.
    bins: Vec<(f64, Vec<f64>)>,
    /// For each class the probability of a larger age.
    rest: Vec<f64>,
    /// By class: its mean repair time in hours.
    hours: Vec<f64>,
}

/// Whether somebody has to come and mend it. Machines and programs restart by themselves, the public supply and what is
/// outside is mended by others.
fn by_hand(component: &Component, design: &Design) -> bool {
    if component.external || component.common || component.rate.source == Source::Follows {
        return false;
    }
    match component.kind {
        Kind::Pdu | Kind::Psu | Kind::Switch | Kind::Cable | Kind::Nic | Kind::Host | Kind::Disk | Kind::Battery => {
            true
        }
        // A feed that hangs on another is a device of ours.
        Kind::Feed => {
            let name = component.path.strip_prefix("feed/").unwrap_or_default();
            design.feed.get(&name.into()).is_some_and(|feed| feed.from.is_some())
        }
        Kind::Rack | Kind::Router | Kind::Machine | Kind::Daemon | Kind::Outlasted => false,
    }
}

impl Queue {
    /// The queue of a Design that declares its crews; `None` where each repair has a crew of its own.
    pub(crate) fn of(model: &Model, design: &Design, corner: Corner) -> Option<Self> {
        design.assume.crews?;
        let parts = model.components.all().filter(|(_, component)| by_hand(component, design));
        Some(Queue::new(parts.map(|(var, component)| {
            (var, component.rate.a_year.at(corner) / HOURS_A_YEAR, component.rate.hours.at(corner))
        })))
    }

    /// The queue of parts with their failures an hour and their mean repair times in hours.
    fn new(parts: impl IntoIterator<Item = (Var, f64, f64)>) -> Self {
        let mut classes: BTreeMap<u64, usize> = BTreeMap::new();
        let (mut jobs, mut hours, mut loads) = (Vec::new(), Vec::new(), Vec::new());
        for (var, rate, mean) in parts.into_iter().filter(|(_, rate, mean)| *rate > 0.0 && *mean > 0.0) {
            let class = *classes.entry(mean.to_bits()).or_insert_with(|| {
                hours.push(mean);
                loads.push(0.0);
                hours.len() - 1
            });
            loads[class] += rate * mean;
            jobs.push(Job { var, rate, class });
        }
        let load: f64 = loads.iter().sum();
        let (bins, rest) = if load < 1.0 { ages(&hours, &loads) } else { (Vec::new(), vec![1.0; hours.len()]) };
        Queue { jobs, load, bins, rest, hours }
    }

    /// The probability that each part is away apart from its repairs, which are the queue's: of those that it repairs,
    /// only what nobody has noticed yet.
    pub(crate) fn apart(&self, model: &Model, corner: Corner, numbers: &[f64]) -> Vec<f64> {
        let mut apart = numbers.to_vec();
        for job in &self.jobs {
            if let Some(number) = apart.get_mut(job.var.index()) {
                *number = model.components.get(job.var).rate.hidden(corner);
            }
        }
        apart
    }

    /// What the probability that the top is broken is at most, with `away` that of each part apart from its repairs, and
    /// `given` one that is away for certain (with which the crew has nothing to do).
    pub(crate) fn at_most(&self, compiled: &Compiled, away: &[f64], given: Option<Var>) -> Result<f64, CircuitError> {
        if self.load >= 1.0 {
            return Ok(1.0);
        }
        let fix = |numbers: &mut Vec<f64>| {
            if let Some(number) = given.and_then(|var| numbers.get_mut(var.index())) {
                *number = 1.0;
            }
        };
        let is_given = |job: &Job| given == Some(job.var);
        let mut idle = away.to_vec();
        fix(&mut idle);
        let mut sum = (1.0 - self.load) * compiled.probability(&idle)?.upper;
        for job in &self.jobs {
            sum += job.rate * self.hours[job.class] * self.rest[job.class];
        }
        for (age, shares) in &self.bins {
            let mut waiting = away.to_vec();
            let mut weights = Vec::with_capacity(self.jobs.len());
            let (mut total, mut of_given) = (0.0, 0.0);
            for job in &self.jobs {
                let share = job.rate * self.hours[job.class] * shares[job.class];
                let since = -(-job.rate * age).exp_m1();
                if let Some(number) = waiting.get_mut(job.var.index()) {
                    *number = either(*number, since);
                }
                if is_given(job) {
                    of_given += share;
                } else {
                    total += share;
                }
                weights.push(if is_given(job) { 0.0 } else { share });
            }
            fix(&mut waiting);
            let base = compiled.probability(&waiting)?;
            sum += of_given * base.upper;
            if total > 0.0 {
                sum += total * self.one_more(compiled, &waiting, base.lower, &weights, total)?;
            }
        }
        Ok(sum.min(1.0))
    }

    /// What the mean, by weight, of the probabilities of the top is at most when one part more is away for certain.
    ///
    /// Let each part be away in addition with probability `e w`, its share of the weight: exactly one is then so with
    /// probability `e w P` or more, where `P` is that of none, so that `f(q) >= P f(p) + e P sum(w f_i)`. A small `e`
    /// wastes little: two more at a time. A large one forgives bounds that are wide.
    fn one_more(
        &self,
        compiled: &Compiled,
        waiting: &[f64],
        base: f64,
        weights: &[f64],
        total: f64,
    ) -> Result<f64, CircuitError> {
        let mut least = 1.0_f64;
        for e in [1e-9, 1e-6, 1e-4, 0.01, 0.1, 0.5] {
            let mut more = waiting.to_vec();
            let mut none = 0.0;
            for (job, weight) in self.jobs.iter().zip(weights) {
                let share = e * weight / total;
                none += (-share).ln_1p();
                if let Some(number) = more.get_mut(job.var.index()) {
                    *number = either(*number, share);
                }
            }
            let none = none.exp();
            let with = compiled.probability(&more)?.upper;
            // Two numbers that agree in nine digits: what rounding takes is added.
            least = least.min((with - none * base + ROUNDING * with) / (e * none));
            if compiled.is_exact() {
                break;
            }
        }
        Ok(least.max(base))
    }
}

/// The probability of one or the other, independent of each other.
fn either(one: f64, other: f64) -> f64 {
    (one + other - one * other).clamp(0.0, 1.0)
}

/// The bins of ages. The age of what is repaired, by its class, is a walk over phases: it stays in that of class `k` for
/// an exponential time of mean `hours[k]`, then ends with probability `1 - load`, or goes on in the phase of class `j` with
/// probability `loads[j]`. (The equilibrium of an exponential time is itself; the wait is a geometric sum of them.)
fn ages(hours: &[f64], loads: &[f64]) -> (Vec<(f64, Vec<f64>)>, Vec<f64>) {
    let size = hours.len();
    let Some(shortest) = hours.iter().copied().reduce(f64::min) else { return (Vec::new(), Vec::new()) };
    // Uniform steps: in each of mean length `shortest` the walk stays, moves or ends; no number is negative.
    let step: Matrix = (0..size)
        .map(|from| {
            let moves = shortest / hours[from];
            (0..size).map(|to| f64::from(u8::from(from == to)) * (1.0 - moves) + moves * loads[to]).collect()
        })
        .collect();
    let first = shortest / 16.0;
    let mut powers: Vec<(f64, Matrix)> = (0..BINS)
        .map(|bin| {
            let length = first * (bin as f64 / BINS as f64).exp2();
            (length, exponential(&step, length / shortest))
        })
        .collect();
    let mut bins = Vec::new();
    let mut before = vec![1.0; size];
    for _ in 0..DOUBLINGS {
        for (length, matrix) in &mut powers {
            let longer: Vec<f64> = matrix.iter().map(|row| row.iter().sum::<f64>().min(1.0)).collect();
            let shares = before.iter().zip(&longer).map(|(before, longer)| (before - longer).max(0.0)).collect();
            bins.push((*length, shares));
            before = before.iter().zip(&longer).map(|(before, longer)| before.min(*longer)).collect();
            *matrix = product(matrix, matrix);
            *length *= 2.0;
        }
        if before.iter().all(|longer| *longer < NEGLIGIBLE) {
            break;
        }
    }
    (bins, before)
}

type Matrix = Vec<Vec<f64>>;

fn product(a: &Matrix, b: &Matrix) -> Matrix {
    let columns = b.first().map_or(0, Vec::len);
    a.iter().map(|row| (0..columns).map(|to| row.iter().zip(b).map(|(x, row)| x * row[to]).sum()).collect()).collect()
}

/// `exp(q (step - 1))` for a small `q`, as the mean over a Poisson number of steps.
fn exponential(step: &Matrix, q: f64) -> Matrix {
    const TERMS: u32 = 24;
    let size = step.len();
    let unit = |row: usize| (0..size).map(|to| f64::from(u8::from(row == to))).collect::<Vec<f64>>();
    let mut power: Matrix = (0..size).map(unit).collect();
    let mut weight = (-q).exp();
    let mut sum: Matrix = vec![vec![0.0; size]; size];
    for term in 0..TERMS {
        for (sums, powers) in sum.iter_mut().zip(&power) {
            for (sum, power) in sums.iter_mut().zip(powers) {
                *sum += weight * power;
            }
        }
        power = product(&power, step);
        weight *= q / f64::from(term + 1);
    }
    sum
}

#[cfg(test)]
mod tests;
