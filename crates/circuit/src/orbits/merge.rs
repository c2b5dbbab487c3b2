//! Classes that a swap of larger parts turns into each other, as a rack with its hosts for another, put together.

use std::collections::BTreeMap;

use super::CutOrbit;
use super::pattern::{Element, Pattern, Types};
use crate::circuit::Var;
use crate::joined::Joined;
use crate::symmetry::Swap;

/// Classes put together; `patterns` are those of the classes, in the same order.
///
/// It is enough to swap in one set of each class: the others of a class come from it by exchanges that a swap turns into such
/// exchanges. Where it does not, as where one of several like hosts is swapped alone, two classes stay that could be one.
pub(super) fn merged(orbits: Vec<CutOrbit>, patterns: &[Pattern], types: &Types, swaps: &[Swap]) -> Vec<CutOrbit> {
    let place: BTreeMap<&Pattern, usize> = patterns.iter().enumerate().map(|(at, pattern)| (pattern, at)).collect();
    let elements = types.elements();
    let mut classes = Joined::new(orbits.len());
    for swap in swaps {
        let other: BTreeMap<Var, Var> = swap.pairs.iter().flat_map(|&(a, b)| [(a, b), (b, a)]).collect();
        for (at, orbit) in orbits.iter().enumerate() {
            if !orbit.example.iter().any(|var| other.contains_key(var)) {
                continue;
            }
            let image = orbit.example.iter().map(|var| elements.get(other.get(var).unwrap_or(var)).copied());
            let Some(image) = image.collect::<Option<Vec<Element>>>() else { continue };
            if let Some(to) = place.get(&types.pattern(&image)) {
                classes.join(at, *to);
            }
        }
    }
    let mut sums = vec![0u128; orbits.len()];
    for (at, orbit) in orbits.iter().enumerate() {
        let sum = &mut sums[classes.first(at)];
        *sum = sum.saturating_add(orbit.count);
    }
    let firsts = orbits.into_iter().enumerate().filter(|(at, _)| classes.first(*at) == *at);
    firsts.map(|(at, orbit)| CutOrbit { count: sums[at], ..orbit }).collect()
}
