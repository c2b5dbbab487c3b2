//! Cut sets from diagrams, for orders beyond the reach of a search: each is listed, none is put together with others.

use plimsoll_circuit::{Circuit, CircuitError, CutOrbit, CutSets, Node, Standing};

use super::{CutClass, Cuts, probabilities, sort};
use crate::model::Model;
use crate::promise::Promise;
use crate::time::ENOUGH;

/// Sets that are listed at most; when there are more, they are counted.
const MOST: u128 = 10_000;

/// The minimal cut sets up to `order`, or nothing where the diagrams do not reach beyond what is known already.
pub(super) fn cuts(
    model: &Model,
    promise: &Promise,
    circuit: &Circuit,
    top: Node,
    order: u32,
    known: u32,
) -> Result<Option<Cuts>, CircuitError> {
    let sets = CutSets::new(circuit, top, Some(order), ENOUGH)?;
    if sets.complete_to().is_some_and(|to| to <= known) {
        return Ok(None);
    }
    let (by_order, complete_to) = (sets.counts().to_vec(), sets.complete_to());
    if sets.total() > MOST {
        return Ok(Some(Cuts { classes: Vec::new(), by_order, complete_to, unclassed: sets.total() }));
    }
    let one = |example| CutOrbit { example, count: 1, among: Vec::new(), standing: Standing::Anywhere };
    let all: Vec<CutOrbit> = sets.by_order().map(|set| one(set.vars)).collect();
    let each = probabilities(model, promise, &all);
    let single = |(orbit, each): (CutOrbit, f64)| CutClass {
        example: orbit.example,
        count: 1,
        each,
        among: Vec::new(),
        standing: Standing::Anywhere,
        racks: Vec::new(),
    };
    let mut classes: Vec<CutClass> = all.into_iter().zip(each).map(single).collect();
    sort(&mut classes);
    Ok(Some(Cuts { classes, by_order, complete_to, unclassed: 0 }))
}
