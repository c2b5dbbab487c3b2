//! What a class of sets is, in as few words as that is exactly so: so many of these and so many of those.
//!
//! Exchanges take a component to one of its group and nowhere else, so that each set of a class is a choice of as many of
//! each group as the example has. A class that has as many sets as there are choices is all of them. The same holds of
//! choices that stand apart, or together, where every exchange takes what stands in one area to one area.

use std::collections::BTreeMap;

use super::pattern::Types;
use super::{Among, CutOrbit, Known, Standing};
use crate::circuit::Var;
use crate::joined::Joined;

/// Where an exchange takes each area.
type Areas = BTreeMap<usize, usize>;

/// What may be chosen instead of each component.
pub(super) struct Choices {
    /// By component: its group, if it is in one.
    group_of: Vec<usize>,
    /// By component.
    area_of: Vec<Option<usize>>,
    groups: Vec<Group>,
    /// Of each exchange that takes something to another area: for each group that it touches where it takes its areas.
    moves: Vec<BTreeMap<usize, Areas>>,
}

/// Components that exchanges make of each other.
struct Group {
    of: Vec<Var>,
    /// How many stand in each area.
    in_area: BTreeMap<usize, u128>,
    /// Whether all stand in some area, and every exchange takes those of one area to one area.
    keeps_areas: bool,
}

impl Choices {
    pub(super) fn of(types: &Types, known: Known<'_>, variables: usize) -> Self {
        let mut joined = Joined::new(variables);
        types.each_alike(&mut |one, other| joined.join(one.index(), other.index()));
        for (one, other) in known.swaps.iter().flat_map(|swap| &swap.pairs) {
            joined.join(one.index(), other.index());
        }
        let mut all: BTreeMap<usize, Vec<Var>> = BTreeMap::new();
        for var in types.elements().into_keys() {
            all.entry(joined.first(var.index())).or_default().push(var);
        }
        let mut choices = Choices {
            group_of: vec![usize::MAX; variables],
            area_of: (0..variables).map(|var| (known.area)(Var(var as u32))).collect(),
            groups: Vec::new(),
            moves: Vec::new(),
        };
        for of in all.into_values() {
            let mut in_area = BTreeMap::new();
            for var in &of {
                choices.group_of[var.index()] = choices.groups.len();
                if let Some(area) = choices.area_of[var.index()] {
                    *in_area.entry(area).or_default() += 1;
                }
            }
            let keeps_areas = in_area.values().sum::<u128>() == of.len() as u128;
            choices.groups.push(Group { of, in_area, keeps_areas });
        }
        // Siblings are exchanged one by one.
        types.each_sibling(&mut |one, other| {
            if choices.area_of[one.index()] != choices.area_of[other.index()] {
                choices.groups[choices.group_of[one.index()]].keeps_areas = false;
            }
        });
        // Those with the first block make all exchanges of blocks.
        for exchange in known.exchanges {
            for block in &exchange.blocks[1..] {
                choices.look_at(&mut exchange.blocks[0].iter().copied().zip(block.iter().copied()));
            }
        }
        for swap in known.swaps {
            choices.look_at(&mut swap.pairs.iter().copied());
        }
        choices
    }

    /// Where an exchange of these pairs takes areas.
    fn look_at(&mut self, pairs: &mut dyn Iterator<Item = (Var, Var)>) {
        let other: BTreeMap<Var, Var> = pairs.flat_map(|(one, other)| [(one, other), (other, one)]).collect();
        let mut touched: Vec<usize> = other.keys().map(|var| self.group_of[var.index()]).collect();
        touched.sort_unstable();
        touched.dedup();
        let mut of_groups: BTreeMap<usize, Areas> = BTreeMap::new();
        for at in touched {
            let Some(group) = self.groups.get_mut(at).filter(|group| group.keeps_areas) else { continue };
            let mut to = Areas::new();
            for var in &group.of {
                let image = other.get(var).unwrap_or(var);
                if let (Some(from), Some(area)) = (self.area_of[var.index()], self.area_of[image.index()]) {
                    group.keeps_areas &= *to.entry(from).or_insert(area) == area;
                }
            }
            of_groups.insert(at, to);
        }
        if of_groups.values().flatten().any(|(from, to)| from != to) {
            self.moves.push(of_groups);
        }
    }

    /// Says of a class what it is, where that is known.
    pub(super) fn describe(&self, orbit: &mut CutOrbit) {
        let mut counts: BTreeMap<usize, usize> = BTreeMap::new();
        for var in &orbit.example {
            *counts.entry(self.group_of[var.index()]).or_default() += 1;
        }
        if orbit.count < 2 || counts.keys().any(|at| *at >= self.groups.len()) {
            return;
        }
        let chosen: Vec<(usize, usize)> = counts.into_iter().collect();
        let product = |of: &[(usize, usize)]| {
            let each = of.iter().map(|(at, count)| ways(self.groups[*at].of.len() as u128, *count));
            each.fold(1, u128::saturating_mul)
        };
        // What stands in no area is chosen as it likes.
        let (placed, elsewhere): (Vec<_>, Vec<_>) =
            chosen.iter().copied().partition(|(at, _)| !self.groups[*at].in_area.is_empty());
        let free = product(&elsewhere);
        let (apart, together) =
            (|| self.apart(&placed).saturating_mul(free), || self.together(&placed).saturating_mul(free));
        let areas: Vec<usize> = orbit.example.iter().filter_map(|var| self.area_of[var.index()]).collect();
        let mut different = areas.clone();
        different.sort_unstable();
        different.dedup();
        orbit.standing = if product(&chosen) == orbit.count {
            Standing::Anywhere
        } else if areas.len() < 2 || !self.keep_areas(&placed) {
            return;
        } else if different.len() == areas.len() && apart() == orbit.count {
            Standing::Apart
        } else if different.len() == 1 && together() == orbit.count {
            Standing::Together
        } else {
            return;
        };
        let among = |(at, count): (usize, usize)| Among { count, of: self.groups[at].of.clone() };
        orbit.among = chosen.into_iter().map(among).collect();
    }

    /// Whether what stands apart stays apart under every exchange, and what stands together together: those of one area go to
    /// one area, and it is the same for all of these groups.
    fn keep_areas(&self, groups: &[(usize, usize)]) -> bool {
        let consistent = |of_groups: &BTreeMap<usize, Areas>| {
            let mut to = Areas::new();
            groups.iter().all(|(at, _)| {
                self.groups[*at].in_area.keys().all(|area| {
                    let goes = of_groups.get(at).and_then(|areas| areas.get(area)).unwrap_or(area);
                    *to.entry(*area).or_insert(*goes) == *goes
                })
            })
        };
        groups.iter().all(|(at, _)| self.groups[*at].keeps_areas) && self.moves.iter().all(consistent)
    }

    /// In how many ways so many can be taken of each group, no two in one area.
    fn apart(&self, groups: &[(usize, usize)]) -> u128 {
        let mut areas: Vec<usize> =
            groups.iter().flat_map(|(at, _)| self.groups[*at].in_area.keys().copied()).collect();
        areas.sort_unstable();
        areas.dedup();
        // By how many were taken of each group, from the areas so far.
        let mut taken: BTreeMap<Vec<usize>, u128> = BTreeMap::from([(vec![0; groups.len()], 1)]);
        for area in areas {
            let mut next = taken.clone();
            for (counts, so_far) in taken {
                for (which, (at, most)) in groups.iter().enumerate() {
                    let here = self.groups[*at].in_area.get(&area).copied().unwrap_or_default();
                    if here > 0 && counts[which] < *most {
                        let mut more = counts.clone();
                        more[which] += 1;
                        let sum = next.entry(more).or_default();
                        *sum = sum.saturating_add(so_far.saturating_mul(here));
                    }
                }
            }
            taken = next;
        }
        let all: Vec<usize> = groups.iter().map(|(_, count)| *count).collect();
        taken.get(&all).copied().unwrap_or_default()
    }

    /// In how many ways so many can be taken of each group, all in one area.
    fn together(&self, groups: &[(usize, usize)]) -> u128 {
        let Some((first, _)) = groups.first() else { return 0 };
        let in_area = |area: &usize| {
            let of = |(at, count): &(usize, usize)| {
                ways(self.groups[*at].in_area.get(area).copied().unwrap_or_default(), *count)
            };
            groups.iter().map(of).fold(1, u128::saturating_mul)
        };
        self.groups[*first].in_area.keys().map(in_area).fold(0, u128::saturating_add)
    }
}

/// How many ways there are to take `count` of `of`.
fn ways(of: u128, count: usize) -> u128 {
    let count = count as u128;
    if count > of { 0 } else { (0..count).fold(1, |ways, step| u128::saturating_mul(ways, of - step) / (step + 1)) }
}
