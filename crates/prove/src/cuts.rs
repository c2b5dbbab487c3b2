//! What breaks a promise: minimal cut sets, those that differ only by an exchange of like hosts taken together.

use std::collections::BTreeMap;

use plimsoll_circuit::{CircuitError, CutSets, Node, Var};
use plimsoll_model::Design;

use crate::component::Kind;
use crate::model::Model;
use crate::promise::Promise;
use crate::question::Question;
use crate::rate::Corner;
use crate::rename::rename;
use crate::symmetry::{Bundles, classes};
use crate::time::ENOUGH;

/// Cut sets that turn into each other when like hosts are exchanged.
#[derive(Clone, Debug, PartialEq)]
pub struct CutClass {
    /// One of them.
    pub example: Vec<Var>,
    /// How many there are.
    pub count: u64,
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

/// Sets that are put into classes at most.
const MOST: u128 = 400_000;

/// The minimal cut sets of a promise up to `order` components. A power cut is taken to outlast every battery; its
/// probability is that of one that does.
///
/// # Errors
/// When the promise is not coherent: more failures can mend it.
pub fn cuts(model: &Model, design: &Design, promise: &Promise, order: u32) -> Result<Cuts, CircuitError> {
    let mut circuit = model.circuit.clone();
    let top = rename(&mut circuit, promise.broken, &mut |circuit, var| {
        if model.components.get(var).kind == Kind::Outlasted { Node::TRUE } else { circuit.variable(var) }
    });
    let sets = CutSets::new(&circuit, top, Some(order), ENOUGH)?;
    let by_order = sets.counts().to_vec();
    let complete_to = sets.complete_to();
    if sets.total() > MOST {
        return Ok(Cuts { classes: Vec::new(), by_order, complete_to, unclassed: sets.total() });
    }
    let bundles = Bundles::of(model, design);
    let class = classes(model, &bundles, &mut circuit, top);
    let mut question = Question::new(model);
    let at = model.promises.iter().position(|other| other.id == promise.id).unwrap_or_default();
    let mut found: BTreeMap<Vec<String>, CutClass> = BTreeMap::new();
    for set in sets.by_order() {
        let key = key(model, &bundles, &class, &set.vars);
        if let Some(known) = found.get_mut(&key) {
            known.count += 1;
            continue;
        }
        let each = probability(model, &mut question, at, &set.vars);
        let any_of = any_of(&bundles, &class, &set.vars);
        found.insert(key, CutClass { example: set.vars, count: 1, each, any_of });
    }
    let mut classes: Vec<CutClass> = found.into_values().collect();
    let sum = |class: &CutClass| class.each * class.count as f64;
    classes.sort_by(|a, b| sum(b).total_cmp(&sum(a)).then_with(|| a.example.cmp(&b.example)));
    Ok(Cuts { classes, by_order, complete_to, unclassed: 0 })
}

/// What stays of a set when like hosts are exchanged: what stands on no host, and for each host its class and its parts.
fn key(model: &Model, bundles: &Bundles, class: &[usize], vars: &[Var]) -> Vec<String> {
    let mut shared: Vec<String> = Vec::new();
    let mut hosts: BTreeMap<usize, Vec<&str>> = BTreeMap::new();
    for var in vars {
        match bundles.place.get(var) {
            Some((host, there)) => hosts.entry(*host).or_default().push(there),
            None => shared.push(model.components.get(*var).path.clone()),
        }
    }
    shared.sort();
    let mut parts: Vec<String> = hosts
        .into_iter()
        .map(|(host, mut parts)| {
            parts.sort_unstable();
            format!("{}:{}", class[host], parts.join(","))
        })
        .collect();
    parts.sort();
    shared.extend(parts);
    shared
}

fn any_of(bundles: &Bundles, class: &[usize], vars: &[Var]) -> Option<AnyOf> {
    let places: Vec<&(usize, String)> = vars.iter().map(|var| bundles.place.get(var)).collect::<Option<_>>()?;
    let (first, there) = places.first()?;
    let alike = places.len() > 1 && places.iter().all(|(host, name)| class[*host] == class[*first] && name == there);
    if !alike {
        return None;
    }
    let of: Vec<Var> = (0..bundles.hosts.len())
        .filter(|&host| class[host] == class[*first])
        .filter_map(|host| bundles.hosts[host].1.get(there).copied())
        .collect();
    Some(AnyOf { count: vars.len(), of })
}

/// The probability of the set. A power cut in it counts with that of one that outlasts the batteries, those that matter to
/// this set and no others: a longer battery elsewhere makes no short one last.
fn probability(model: &Model, question: &mut Question<'_>, promise: usize, vars: &[Var]) -> f64 {
    let mut outlasted: Vec<Var> =
        model.components.all().filter(|(_, component)| component.kind == Kind::Outlasted).map(|(var, _)| var).collect();
    let with = |outlasted: &[Var]| vars.iter().chain(outlasted).copied().collect::<Vec<Var>>();
    let mut at = 0;
    while at < outlasted.len() {
        let mut fewer = outlasted.clone();
        fewer.remove(at);
        if question.breaks_with_exactly(promise, &with(&fewer)) { outlasted = fewer } else { at += 1 }
    }
    let share = |var: &Var| model.components.get(*var).rate.unavailability(Corner::Typical);
    vars.iter().chain(&outlasted).map(share).product()
}
