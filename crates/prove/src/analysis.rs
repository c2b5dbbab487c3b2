//! What takes long about promises, for many of them at once: what breaks each, and what that costs.

use std::collections::BTreeMap;
use std::num::NonZeroUsize;

use plimsoll_circuit::{CircuitError, Node};
use plimsoll_model::Design;

use crate::cuts::{Cuts, cuts};
use crate::maintenance::Maintenance;
use crate::model::Model;
use crate::promise::Promise;
use crate::threads::on_threads;
use crate::time::{LostTime, lost_time};

/// What is known of a promise.
#[derive(Clone, Debug, PartialEq)]
pub struct Analysis {
    /// What breaks it; an error where more failures can mend it.
    pub cuts: Result<Cuts, CircuitError>,
    /// How long it is broken in a year.
    pub lost: Result<LostTime, CircuitError>,
}

/// What breaks each of some promises, in sets of up to `order` failures, and how long it is broken in a year with the
/// maintenance that the Design declares: in the order of the promises, and the same for any number of threads. Promises that
/// are one function, as tenants of one rank are, are analysed once. The calling thread, which is one of `threads`, does
/// `meanwhile` before it joins in.
pub fn analyse<R>(
    model: &Model,
    design: &Design,
    promises: &[&Promise],
    order: u32,
    threads: NonZeroUsize,
    meanwhile: impl FnOnce() -> R,
) -> (Vec<Analysis>, R) {
    let functions = Functions::of(model, promises);
    let maintenance = Maintenance::of(design);
    // Both questions about a function are parts of their own: a promise alone fills two threads.
    let begin: Vec<usize> = functions.begin.iter().flat_map(|at| [2 * at, 2 * at + 1]).collect();
    let part = |number: usize| {
        let promise = functions.promises[number / 2];
        if number.is_multiple_of(2) {
            Part::Lost(lost_time(model, design, promise, maintenance))
        } else {
            Part::Cuts(cuts(model, design, promise, order))
        }
    };
    let (parts, aside) = on_threads(threads, &begin, part, meanwhile);
    let (mut all_lost, mut all_cuts) = (Vec::new(), Vec::new());
    for part in parts {
        match part {
            Part::Lost(lost) => all_lost.push(lost),
            Part::Cuts(cuts) => all_cuts.push(cuts),
        }
    }
    let known: Vec<Analysis> = all_cuts.into_iter().zip(all_lost).map(|(cuts, lost)| Analysis { cuts, lost }).collect();
    (functions.of_each.iter().map(|&function| known[function].clone()).collect(), aside)
}

/// How long each of some promises is broken in a year, as [`analyse`] tells it with more.
///
/// # Errors
/// Of a promise, when the circuit refuses the numbers, which would be a mistake of this program.
pub fn lost_times<R>(
    model: &Model,
    design: &Design,
    promises: &[&Promise],
    threads: NonZeroUsize,
    meanwhile: impl FnOnce() -> R,
) -> (Vec<Result<LostTime, CircuitError>>, R) {
    let functions = Functions::of(model, promises);
    let maintenance = Maintenance::of(design);
    let part = |at: usize| lost_time(model, design, functions.promises[at], maintenance);
    let (known, aside) = on_threads(threads, &functions.begin, part, meanwhile);
    (functions.of_each.iter().map(|&function| known[function].clone()).collect(), aside)
}

enum Part {
    Cuts(Result<Cuts, CircuitError>),
    Lost(Result<LostTime, CircuitError>),
}

/// The functions that promises are.
struct Functions<'a> {
    /// The first promise of each.
    promises: Vec<&'a Promise>,
    /// Which function each promise is.
    of_each: Vec<usize>,
    /// Those with the most nodes first.
    begin: Vec<usize>,
}

impl<'a> Functions<'a> {
    fn of(model: &Model, promises: &[&'a Promise]) -> Self {
        let mut known: BTreeMap<Node, usize> = BTreeMap::new();
        let mut firsts: Vec<&Promise> = Vec::new();
        let number = |promise: &&'a Promise| {
            *known.entry(promise.broken).or_insert_with(|| {
                firsts.push(promise);
                firsts.len() - 1
            })
        };
        let of_each = promises.iter().map(number).collect();
        let size = |at: &usize| std::cmp::Reverse(model.circuit.cone(&[firsts[*at].broken]).len());
        let mut begin: Vec<usize> = (0..firsts.len()).collect();
        begin.sort_by_cached_key(size);
        Functions { promises: firsts, of_each, begin }
    }
}
