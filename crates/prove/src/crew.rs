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
//! 5. Faults that a test finds come to the crew together, when all are tested on one day, as the upper end takes it. They
//!    are a batch: what is repaired of it has waited for others of it too. A batch arrives with a rate as other failures
//!    do; even test days leave no longer waits on average.
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
/// Faults that one test finds, on average, to a phase of its batch; more when there are more than [`PHASES`] of these.
const OF_A_BATCH: f64 = 0.25;
/// Phases of a batch.
const PHASES: f64 = 64.0;
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

/// What the crew repairs, as it is put into a queue.
#[derive(Clone, Copy, Debug)]
struct Part {
    var: Var,
    /// Failures an hour.
    rate: f64,
    /// Mean repair time in hours.
    hours: f64,
    /// Where its faults are found by a test, with all others that are: how far apart tests are, in hours. 0 elsewhere.
    together: f64,
}

/// Repair times that are alike.
#[derive(Clone, Copy, Debug, Default)]
struct Class {
    /// Mean repair time in hours.
    hours: f64,
    /// The share of time that the crew needs for it.
    load: f64,
    /// How many of them one test finds on average, where a test finds them all together.
    found: f64,
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
    classes: Vec<Class>,
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
        Kind::Rack | Kind::Router | Kind::Resolver | Kind::Machine | Kind::Daemon | Kind::Outlasted => false,
    }
}

impl Queue {
    /// The queue of a Design that declares its crews; `None` where each repair has a crew of its own.
    pub(crate) fn of(model: &Model, design: &Design, corner: Corner) -> Option<Self> {
        design.assume.crews?;
        let parts = model.components.all().filter(|(_, component)| by_hand(component, design));
        Some(Queue::new(parts.map(|(var, component)| {
            let rate = component.rate;
            // Where the likely time is asked for, each is tested on a day of its own (see `Rate::hidden`).
            let together = if corner == Corner::High { rate.unseen.at(corner) } else { 0.0 };
            Part { var, rate: rate.a_year.at(corner) / HOURS_A_YEAR, hours: rate.hours.at(corner), together }
        })))
    }

    fn new(parts: impl IntoIterator<Item = Part>) -> Self {
        let mut known: BTreeMap<(u64, bool), usize> = BTreeMap::new();
        let (mut jobs, mut classes) = (Vec::new(), Vec::<Class>::new());
        for part in parts.into_iter().filter(|part| part.rate > 0.0 && part.hours > 0.0) {
            let class = *known.entry((part.hours.to_bits(), part.together > 0.0)).or_insert_with(|| {
                classes.push(Class { hours: part.hours, ..Class::default() });
                classes.len() - 1
            });
            classes[class].load += part.rate * part.hours;
            classes[class].found += part.rate * part.together;
            jobs.push(Job { var: part.var, rate: part.rate, class });
        }
        let load: f64 = classes.iter().map(|class| class.load).sum();
        let (bins, rest) = if load < 1.0 { ages(&classes) } else { (Vec::new(), vec![1.0; classes.len()]) };
        Queue { jobs, load, bins, rest, classes }
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
            sum += job.rate * self.classes[job.class].hours * self.rest[job.class];
        }
        for (age, shares) in &self.bins {
            let mut waiting = away.to_vec();
            let mut weights = Vec::with_capacity(self.jobs.len());
            let (mut total, mut of_given) = (0.0, 0.0);
            for job in &self.jobs {
                let share = job.rate * self.classes[job.class].hours * shares[job.class];
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
/// an exponential time of mean `hours`, then ends with probability `1 - load`, or goes on in the phase of class `j` with
/// probability `load_j`. (The equilibrium of an exponential time is itself; the wait is a geometric sum of them.) What came
/// in a batch has the batch between the first and the second.
fn ages(classes: &[Class]) -> (Vec<(f64, Vec<f64>)>, Vec<f64>) {
    let batch = batch(classes);
    let hours: Vec<f64> =
        classes.iter().map(|class| class.hours).chain(batch.iter().map(|phase| phase.hours)).collect();
    let size = hours.len();
    let Some(shortest) = hours.iter().copied().reduce(f64::min) else { return (Vec::new(), Vec::new()) };
    // Where the walk goes on from each place of the batch, the last of which is its end.
    let mut on = vec![vec![0.0; size]; batch.len() + 1];
    for (at, class) in classes.iter().enumerate() {
        on[batch.len()][at] = class.load;
    }
    for (at, phase) in batch.iter().enumerate().rev() {
        let row: Vec<f64> = on[at + 1].iter().map(|chance| (1.0 - phase.chance) * chance).collect();
        on[at] = row;
        on[at][classes.len() + at] += phase.chance;
    }
    // Uniform steps: in each of mean length `shortest` the walk stays, moves or ends; no number is negative.
    let step: Matrix = (0..size)
        .map(|from| {
            let moves = shortest / hours[from];
            let next = match from.checked_sub(classes.len()) {
                Some(at) => &on[at + 1],
                None if classes[from].found > 0.0 => &on[0],
                None => &on[batch.len()],
            };
            (0..size).map(|to| f64::from(u8::from(from == to)) * (1.0 - moves) + moves * next[to]).collect()
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
    let mut before = vec![1.0; classes.len()];
    for _ in 0..DOUBLINGS {
        for (length, matrix) in &mut powers {
            let longer = matrix.iter().take(classes.len()).map(|row| row.iter().sum::<f64>().min(1.0));
            let longer: Vec<f64> = longer.collect();
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

/// A part of the work that a batch makes.
struct Phase {
    /// Whether there is any.
    chance: f64,
    /// How long it takes then, in hours, on average.
    hours: f64,
}

/// What a batch makes of work, from above. As many faults of a class as are found on average make a Poisson number, since
/// one of each part is fewer. It is cut into small ones, of mean `m`: each is one at least with probability
/// `r = 1 - exp(-m)`, and no more often `n` or more than with `r^n`, so that its repairs take no longer than an exponential
/// time of mean `hours / (1 - r)`, with probability `r`.
fn batch(classes: &[Class]) -> Vec<Phase> {
    let all: f64 = classes.iter().map(|class| class.found).sum();
    let mean = OF_A_BATCH.max(all / PHASES);
    let phases = |class: &Class| {
        let count = (class.found / mean).ceil();
        let mean = class.found / count.max(1.0);
        (0..count as usize).map(move |_| Phase { chance: -(-mean).exp_m1(), hours: class.hours * mean.exp() }).collect()
    };
    classes.iter().flat_map(|class| -> Vec<Phase> { phases(class) }).collect()
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
