//! What breaks a promise: minimal cut sets, those that differ only by an exchange of like hosts, of like racks, or of
//! whatever else is alike, taken together.

mod listed;
mod words;

use std::collections::BTreeMap;

use plimsoll_circuit::{
    Among, Circuit, CircuitError, CutOrbit, CutOrbits, Exchange, Known, LANES, Lanes, Node, Standing, Swap, Var, Word,
    cut_orbits, swaps,
};
use plimsoll_model::{Design, Name};

use crate::component::Kind;
use crate::mended;
use crate::model::Model;
use crate::place::Areas;
use crate::promise::Promise;
use crate::question::Question;
use crate::rate::Corner;
use crate::rename::rename;
use crate::symmetry::{Bundles, classes};

/// Cut sets that turn into each other when like parts are exchanged: hosts, racks with all that is in them, strips with what
/// hangs on them.
#[derive(Clone, Debug, PartialEq)]
pub struct CutClass {
    /// One of them.
    pub example: Vec<Var>,
    /// How many there are.
    pub count: u128,
    /// The probability that all parts of one of them are away at a time.
    pub each: f64,
    /// Where the sets are every choice of so many of each of some groups, or every one that stands as said: the groups. Empty
    /// where there is one set, or more than that would have to be said.
    pub among: Vec<Among>,
    /// How the components of each set stand in racks, where that says which choices they are.
    pub standing: Standing,
    /// The racks in which the groups have components.
    pub racks: Vec<Rack>,
}

/// What a rack has of the groups of a class.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rack {
    /// Its name.
    pub name: Name,
    /// The components.
    pub of: Vec<Var>,
}

impl CutClass {
    /// Where the sets are any so many of some components: "any two of pve-1, pve-2, pve-3".
    pub fn any_of(&self) -> Option<&Among> {
        let [only] = self.among.as_slice() else { return None };
        (only.count > 1 && self.standing == Standing::Anywhere).then_some(only)
    }
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
/// When the circuit refuses the promise, which would be a mistake of this program.
pub fn cuts(model: &Model, design: &Design, promise: &Promise, order: u32) -> Result<Cuts, CircuitError> {
    let (circuit, top, found) = search(model, design, promise, order, &|_| Fate::MayFail)?;
    if found.complete_to < order
        && promise.mended.is_empty()
        && let Some(listed) = listed::cuts(model, promise, &circuit, top, order, found.complete_to)?
    {
        return Ok(listed);
    }
    let each = probabilities(model, promise, &found.orbits);
    let areas = Areas::of(&model.components, design);
    let class = |(orbit, each): (CutOrbit, f64)| CutClass {
        racks: racks(design, &areas, &orbit.among),
        example: orbit.example,
        count: orbit.count,
        each,
        among: orbit.among,
        standing: orbit.standing,
    };
    let mut classes: Vec<CutClass> = found.orbits.into_iter().zip(each).map(class).collect();
    sort(&mut classes);
    Ok(Cuts { classes, by_order: found.counts, complete_to: Some(found.complete_to), unclassed: 0 })
}

/// Where the components of groups stand.
fn racks(design: &Design, areas: &Areas, among: &[Among]) -> Vec<Rack> {
    let mut racks: BTreeMap<usize, Vec<Var>> = BTreeMap::new();
    for var in among.iter().flat_map(|among| &among.of) {
        if let Some(rack) = areas.rack(*var) {
            racks.entry(rack).or_default().push(*var);
        }
    }
    let names: Vec<&Name> = design.rack.keys().collect();
    racks.into_iter().map(|(rack, of)| Rack { name: names[rack].clone(), of }).collect()
}

/// Which components may fail, while others are away, and all others stay.
pub(crate) struct Scenario<'a> {
    /// Those that may, sorted.
    pub(crate) may_fail: &'a [Var],
    /// Those that are away.
    pub(crate) away: &'a [Var],
    /// How many fail at most.
    pub(crate) order: u32,
}

impl Scenario<'_> {
    fn fate(&self, var: Var) -> Fate {
        if self.away.contains(&var) {
            Fate::Away
        } else if self.may_fail.binary_search(&var).is_ok() {
            Fate::MayFail
        } else {
            Fate::Stays
        }
    }
}

/// What becomes of a component.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fate {
    MayFail,
    MayBeAway,
    Stays,
    Away,
}

/// The minimal cut sets of what may fail, one of each class; of a promise that more failures can mend, the smallest sets that
/// break it. `None` when there were too many to find all.
pub(crate) fn cuts_among(
    model: &Model,
    design: &Design,
    promise: &Promise,
    scenario: &Scenario<'_>,
) -> Option<Vec<CutOrbit>> {
    let (.., found) = search(model, design, promise, scenario.order, &|var| scenario.fate(var)).ok()?;
    (found.complete_to >= scenario.order).then_some(found.orbits)
}

/// For each of some hosts the first of them that makes no difference to it when it is away: both may be exchanged with all that
/// is on them, or matter to the promise in nothing.
pub(crate) fn like_hosts(
    model: &Model,
    design: &Design,
    promise: &Promise,
    may_fail: &dyn Fn(Var) -> bool,
    hosts: &[Var],
) -> BTreeMap<Var, Var> {
    // A host that does not fail is drained all the same.
    let fate = |var: Var| match (may_fail(var), hosts.contains(&var)) {
        (true, _) => Fate::MayFail,
        (false, true) => Fate::MayBeAway,
        (false, false) => Fate::Stays,
    };
    let alike = Alike::of(model, design, promise, &fate);
    let support = alike.circuit.support(alike.top);
    let mut group: BTreeMap<Var, Var> = hosts.iter().map(|host| (*host, *host)).collect();
    let mut join = |one: Var, other: Var| {
        if let (Some(&one), Some(&other)) = (group.get(&one), group.get(&other)) {
            let (from, to) = (one.max(other), one.min(other));
            group.values_mut().filter(|first| **first == from).for_each(|first| *first = to);
        }
    };
    for exchange in &alike.exchanges {
        let uniform = |block: &Vec<Var>| block.iter().zip(&exchange.blocks[0]).all(|(a, b)| fate(*a) == fate(*b));
        for block in exchange.blocks.iter().filter(|block| uniform(block)) {
            block.iter().zip(&exchange.blocks[0]).for_each(|(one, other)| join(*one, *other));
        }
    }
    for (one, other) in alike.swaps.iter().flat_map(|swap| &swap.pairs) {
        join(*one, *other);
    }
    let without: Vec<Var> = hosts.iter().copied().filter(|host| support.binary_search(host).is_err()).collect();
    without.windows(2).for_each(|pair| join(pair[0], pair[1]));
    group
}

/// A promise in which power cuts outlast every battery, what does not fail stays and what is away is, with what is alike in it.
struct Alike {
    circuit: Circuit,
    top: Node,
    exchanges: Vec<Exchange>,
    swaps: Vec<Swap>,
}

impl Alike {
    fn of(model: &Model, design: &Design, promise: &Promise, fate: &dyn Fn(Var) -> Fate) -> Self {
        let mut circuit = model.circuit.clone();
        let mut to = |circuit: &mut Circuit, var: Var| stands_for(model, fate, circuit, var);
        let top = rename(&mut circuit, promise.broken, &mut to);
        let bundles = Bundles::of(model, design);
        let class = classes(model, &bundles, &mut circuit, top);
        let exchanges = exchanges(&circuit, top, &bundles, &class);
        let looks = labels(model, false);
        // Of the promise as it is, with its batteries: what may be swapped in it is as probable.
        let look = |var: Var| 4 * looks[var.index()] + fate(var) as u64;
        let swaps = swaps(&model.circuit, promise.broken, &exchanges, &look);
        Alike { circuit, top, exchanges, swaps }
    }
}

/// What stands for a component where power cuts outlast every battery, what does not fail stays and what is away is.
fn stands_for(model: &Model, fate: &dyn Fn(Var) -> Fate, circuit: &mut Circuit, var: Var) -> Node {
    match (model.components.get(var).kind, fate(var)) {
        (Kind::Outlasted, _) | (_, Fate::Away) => Node::TRUE,
        (_, Fate::MayFail | Fate::MayBeAway) => circuit.variable(var),
        (_, Fate::Stays) => Node::FALSE,
    }
}

/// The classes of cut sets of a promise, with its circuit.
fn search(
    model: &Model,
    design: &Design,
    promise: &Promise,
    order: u32,
    fate: &dyn Fn(Var) -> Fate,
) -> Result<(Circuit, Node, CutOrbits), CircuitError> {
    let Alike { mut circuit, top, exchanges, swaps } = Alike::of(model, design, promise, fate);
    if !promise.mended.is_empty() {
        let mut stands_for = |circuit: &mut Circuit, var: Var| stands_for(model, fate, circuit, var);
        let found = mended::orbits(&mut circuit, promise, &mut stands_for, (&exchanges, &swaps), order)?;
        return Ok((circuit, top, found));
    }
    let (labels, areas) = (labels(model, true), Areas::of(&model.components, design));
    let known =
        Known { exchanges: &exchanges, swaps: &swaps, label: &|var| labels[var.index()], area: &|var| areas.rack(var) };
    let found = cut_orbits(&circuit, top, known, order, STEPS)?;
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

/// For each component a number that like ones share: of one kind (a line may ask for `ups` alone), and as often away. Where batteries are left out, a supply is
/// like nothing else: a battery may bridge its loss, and another battery that of the next.
fn labels(model: &Model, without_batteries: bool) -> Vec<u64> {
    let mut known = Vec::new();
    let mut labels = Vec::with_capacity(model.components.len());
    for (var, component) in model.components.all() {
        let alone = without_batteries && component.kind == Kind::Feed;
        let key = (component.kind, component.ups, &component.rate, alone.then_some(var));
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
    let mut outlasted: Vec<Var> = model.outlasted().collect();
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
