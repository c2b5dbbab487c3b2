//! What breaks a promise: minimal cut sets, those that differ only by an exchange of like hosts taken together.

mod listed;

use plimsoll_circuit::{
    Circuit, CircuitError, CutOrbit, CutOrbits, Exchange, LANES, Lanes, Node, Var, Word, cut_orbits,
};
use plimsoll_model::Design;

use crate::component::Kind;
use crate::model::Model;
use crate::promise::Promise;
use crate::question::Question;
use crate::rate::Corner;
use crate::rename::rename;
use crate::symmetry::{Bundles, classes};

/// Cut sets that turn into each other when like hosts are exchanged.
#[derive(Clone, Debug, PartialEq)]
pub struct CutClass {
    /// One of them.
    pub example: Vec<Var>,
    /// How many there are.
    pub count: u128,
    /// The probability that all parts of one of them are away at a time.
    pub each: f64,
    /// Where the set is the same part of several like hosts and nothing else: the part, how many, and the hosts.
    pub any_of: Option<AnyOf>,
}

/// "any two of pve-1, pve-2, pve-3".
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AnyOf {
    /// How many.
    pub count: usize,
    /// Of which components, one on each host.
    pub of: Vec<Var>,
}

/// The cut sets of a promise.
#[derive(Clone, Debug, PartialEq)]
pub struct Cuts {
    /// The classes, the most probable first, by the sum over their sets.
    pub classes: Vec<CutClass>,
    /// How many sets there are of each order, from order 0.
    pub by_order: Vec<u128>,
    /// The order up to which all are known; `None` when there are no others.
    pub complete_to: Option<u32>,
    /// Sets that were counted and not put into classes, since there are too many.
    pub unclassed: u128,
}

/// Entries of circuits, each in 256 scenarios, that a search for classes may evaluate: a few nanoseconds each on a machine of 2026.
const STEPS: u64 = 500_000_000;

/// The minimal cut sets of a promise up to `order` components. A power cut is taken to outlast every battery; its
/// probability is that of one that does.
///
/// # Errors
/// When the promise is not coherent: more failures can mend it.
pub fn cuts(model: &Model, design: &Design, promise: &Promise, order: u32) -> Result<Cuts, CircuitError> {
    let (circuit, top, found) = search(model, design, promise, order, &|_| true)?;
    if found.complete_to < order
        && let Some(listed) = listed::cuts(model, promise, &circuit, top, order, found.complete_to)?
    {
        return Ok(listed);
    }
    let each = probabilities(model, promise, &found.orbits);
    let classes = found.orbits.into_iter().zip(each).map(|(orbit, each)| CutClass {
        any_of: orbit.any_of.map(|of| AnyOf { count: orbit.example.len(), of }),
        example: orbit.example,
        count: orbit.count,
        each,
    });
    let mut classes: Vec<CutClass> = classes.collect();
    sort(&mut classes);
    Ok(Cuts { classes, by_order: found.counts, complete_to: Some(found.complete_to), unclassed: 0 })
}

/// The minimal cut sets of up to `order` of the components that may fail, while all others stay, one of each class. `None`
/// when there were too many to find all, or more failures can mend the promise.
pub(crate) fn cuts_among(
    model: &Model,
    design: &Design,
    promise: &Promise,
    may_fail: &[Var],
    order: u32,
) -> Option<Vec<CutOrbit>> {
    let (.., found) = search(model, design, promise, order, &|var| may_fail.contains(&var)).ok()?;
    (found.complete_to >= order).then_some(found.orbits)
}

/// The classes of cut sets of a promise, with its circuit: power cuts outlast every battery, and what may not fail stays.
fn search(
    model: &Model,
    design: &Design,
    promise: &Promise,
    order: u32,
    may_fail: &dyn Fn(Var) -> bool,
) -> Result<(Circuit, Node, CutOrbits), CircuitError> {
    let mut circuit = model.circuit.clone();
    let top = rename(&mut circuit, promise.broken, &mut |circuit, var| {
        if model.components.get(var).kind == Kind::Outlasted {
            Node::TRUE
        } else if may_fail(var) {
            circuit.variable(var)
        } else {
            Node::FALSE
        }
    });
    let bundles = Bundles::of(model, design);
    let class = classes(model, &bundles, &mut circuit, top);
    let labels = labels(model);
    let label = |var: Var| labels[var.index()];
    let found = cut_orbits(&circuit, top, &exchanges(&circuit, top, &bundles, &class), &label, order, STEPS)?;
    Ok((circuit, top, found))
}

/// The most probable first, by the sum over their sets.
fn sort(classes: &mut [CutClass]) {
    let sum = |class: &CutClass| class.each * class.count as f64;
    classes.sort_by(|a, b| sum(b).total_cmp(&sum(a)).then_with(|| a.example.cmp(&b.example)));
}

/// The hosts of each class, with what of them matters.
fn exchanges(circuit: &Circuit, top: Node, bundles: &Bundles, class: &[usize]) -> Vec<Exchange> {
    let support = circuit.support(top);
    let of_class = |first: usize| {
        let hosts = (0..class.len()).filter(|host| class[*host] == first);
        let parts = |host: usize| {
            let all = bundles.hosts[host].1.values();
            all.copied().filter(|var| support.binary_search(var).is_ok()).collect::<Vec<Var>>()
        };
        Exchange { blocks: hosts.map(parts).collect() }
    };
    let firsts = (0..class.len()).filter(|host| class[*host] == *host);
    let all = firsts.map(of_class);
    all.filter(|exchange| exchange.blocks.len() > 1 && !exchange.blocks[0].is_empty()).collect()
}

/// For each component a number that like ones share: of one kind, and as often away. A supply is like nothing else: a battery
/// may bridge its loss, and another battery that of the next.
fn labels(model: &Model) -> Vec<u64> {
    let mut known = Vec::new();
    let mut labels = Vec::with_capacity(model.components.len());
    for (var, component) in model.components.all() {
        let key = (component.kind, &component.rate, (component.kind == Kind::Feed).then_some(var));
        let label = known.iter().position(|other| *other == key).unwrap_or(known.len());
        if label == known.len() {
            known.push(key);
        }
        labels.push(label as u64);
    }
    labels
}

/// The probabilities of sets, one of each class.
fn probabilities(model: &Model, promise: &Promise, orbits: &[CutOrbit]) -> Vec<f64> {
    let share = |var: &Var| model.components.get(*var).rate.unavailability(Corner::Typical);
    let mut lanes = Lanes::new(model.circuit.to_flat(&[promise.broken]));
    let mut question = None;
    let mut all = Vec::with_capacity(orbits.len());
    let mut failed = vec![Word::default(); model.circuit.variables().max(model.components.len())];
    for chunk in orbits.chunks(LANES) {
        failed.fill(Word::default());
        for (lane, orbit) in chunk.iter().enumerate() {
            for var in &orbit.example {
                failed[var.index()][lane / 64] |= 1 << (lane % 64);
            }
        }
        lanes.run(&failed);
        let broken = lanes.word(0);
        for (lane, orbit) in chunk.iter().enumerate() {
            let without_batteries = broken[lane / 64] >> (lane % 64) & 1 == 1;
            all.push(if without_batteries {
                orbit.example.iter().map(share).product()
            } else {
                let question = question.get_or_insert_with(|| Question::of_one(model, promise));
                with_batteries(model, question, &orbit.example)
            });
        }
    }
    all
}

/// The probability of a set with a power cut in it: that of one that outlasts the batteries, those that matter to this set
/// and no others: a longer battery elsewhere makes no short one last.
fn with_batteries(model: &Model, question: &mut Question<'_>, vars: &[Var]) -> f64 {
    let mut outlasted: Vec<Var> =
        model.components.all().filter(|(_, component)| component.kind == Kind::Outlasted).map(|(var, _)| var).collect();
    let with = |outlasted: &[Var]| vars.iter().chain(outlasted).copied().collect::<Vec<Var>>();
    let mut at = 0;
    while at < outlasted.len() {
        let mut fewer = outlasted.clone();
        fewer.remove(at);
        if question.breaks_with_exactly(0, &with(&fewer)) { outlasted = fewer } else { at += 1 }
    }
    let share = |var: &Var| model.components.get(*var).rate.unavailability(Corner::Typical);
    vars.iter().chain(&outlasted).map(share).product()
}
