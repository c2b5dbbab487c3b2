//! What is alike: types of components, and sets of them that an exchange turns into each other.

use std::collections::BTreeMap;

use super::siblings::Siblings;
use super::{CutOrbit, Exchange, Standing};
use crate::circuit::Var;

/// A group of siblings of one type in one block.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Element {
    /// By its place in [`Types::all`].
    pub(super) kind: usize,
    /// Which of the blocks; 0 for what is in none.
    pub(super) block: usize,
    /// Which label of the siblings; 0 until labels are told apart.
    pub(super) label: usize,
}

/// The groups that exchanges turn into each other.
#[derive(Debug)]
pub(super) struct Type {
    /// The exchange whose blocks they are in.
    pub(super) orbit: Option<usize>,
    /// For each block the members of its group, by label: as many of each label in each block.
    members: Vec<Vec<Vec<Var>>>,
}

impl Type {
    /// The component that stands for a group.
    pub(super) fn first(&self, block: usize) -> Var {
        // The smallest of all labels: the one that the reduced circuit has.
        let all = self.members[block].iter().flatten();
        all.copied().min().unwrap_or(Var(0))
    }

    pub(super) fn blocks(&self) -> usize {
        self.members.len()
    }
}

/// All types of a top.
#[derive(Debug)]
pub(super) struct Types {
    pub(super) all: Vec<Type>,
    /// For each exchange how many blocks it has.
    pub(super) blocks: Vec<usize>,
}

/// What stays of a set when blocks are exchanged: what is in no block, and for each touched block its exchange and what of
/// it is in the set.
pub(super) type Pattern = Vec<(Option<usize>, Vec<Labelled>)>;

/// A type and a label.
type Labelled = (usize, usize);

/// The parts of a block that a group consists of.
type Parts = Vec<usize>;

impl Types {
    pub(super) fn new(siblings: &Siblings, exchanges: &[Exchange], label: &dyn Fn(Var) -> u64) -> Self {
        let mut place: BTreeMap<Var, (usize, usize, usize)> = BTreeMap::new();
        for (exchange, of) in exchanges.iter().enumerate() {
            for (block, parts) in of.blocks.iter().enumerate() {
                place.extend(parts.iter().enumerate().map(|(part, var)| (*var, (exchange, block, part))));
            }
        }
        // For each exchange and block the groups that lie in it, by their parts.
        let mut inside: Vec<Vec<BTreeMap<Parts, usize>>> =
            exchanges.iter().map(|of| vec![BTreeMap::new(); of.blocks.len()]).collect();
        let mut valid: Vec<bool> = exchanges.iter().map(|of| is_uniform(of, label)).collect();
        for (group, members) in siblings.groups.iter().enumerate() {
            let places: Vec<Option<(usize, usize, usize)>> =
                members.iter().map(|var| place.get(var).copied()).collect();
            let within = places[0].filter(|(exchange, block, _)| {
                places.iter().all(|it| it.is_some_and(|it| (it.0, it.1) == (*exchange, *block)))
            });
            if let Some((exchange, block, _)) = within {
                let mut parts: Parts = places.iter().flatten().map(|(.., part)| *part).collect();
                parts.sort_unstable();
                inside[exchange][block].insert(parts, group);
                continue;
            }
            // A group over several blocks must have the same parts of all of them.
            let mut of_part: BTreeMap<(usize, usize), usize> = BTreeMap::new();
            for (exchange, _, part) in places.into_iter().flatten() {
                *of_part.entry((exchange, part)).or_default() += 1;
            }
            for ((exchange, _), count) in of_part {
                valid[exchange] &= count == exchanges[exchange].blocks.len();
            }
        }
        for (exchange, blocks) in inside.iter().enumerate() {
            valid[exchange] &= blocks.iter().all(|of| of.keys().eq(blocks[0].keys()));
        }
        let mut kind_of = vec![None; siblings.groups.len()];
        let mut all: Vec<Type> = Vec::new();
        let labelled = |group: usize| by_label(&siblings.groups[group], label);
        for (exchange, blocks) in inside.iter().enumerate().filter(|(exchange, _)| valid[*exchange]) {
            for parts in blocks[0].keys() {
                let groups: Vec<usize> = blocks.iter().map(|of| of[parts]).collect();
                for &group in &groups {
                    kind_of[group] = Some(all.len());
                }
                all.push(Type { orbit: Some(exchange), members: groups.into_iter().map(labelled).collect() });
            }
        }
        for (group, kind) in kind_of.iter().enumerate() {
            if kind.is_none() {
                all.push(Type { orbit: None, members: vec![labelled(group)] });
            }
        }
        Types { all, blocks: exchanges.iter().map(|of| of.blocks.len()).collect() }
    }

    /// The set with the members of each group told apart by their labels, in every way.
    pub(super) fn each_labelled(&self, chosen: &[Element], visit: &mut dyn FnMut(&[Element])) {
        let mut set = chosen.to_vec();
        self.label_from(0, &mut set, visit);
    }

    fn label_from(&self, at: usize, set: &mut Vec<Element>, visit: &mut dyn FnMut(&[Element])) {
        let Some(element) = set.get(at).copied() else { return visit(set) };
        for label in 0..self.all[element.kind].members[element.block].len() {
            set[at].label = label;
            self.label_from(at + 1, set, visit);
        }
    }

    /// What all sets have in common that exchanges make of this one, and no others.
    pub(super) fn pattern(&self, set: &[Element]) -> Pattern {
        let mut blocks: BTreeMap<(Option<usize>, usize), Vec<Labelled>> = BTreeMap::new();
        for element in set {
            blocks
                .entry((self.all[element.kind].orbit, element.block))
                .or_default()
                .push((element.kind, element.label));
        }
        let mut pattern: Pattern = blocks
            .into_iter()
            .map(|((orbit, _), mut of)| {
                of.sort_unstable();
                (orbit, of)
            })
            .collect();
        pattern.sort_unstable();
        pattern
    }

    /// The class of a set.
    pub(super) fn orbit(&self, set: &[Element], pattern: &Pattern) -> CutOrbit {
        let members = |element: &Element| &self.all[element.kind].members[element.block][element.label];
        let mut example: Vec<Var> = set.iter().map(|element| members(element)[0]).collect();
        example.sort_unstable();
        let mut count: u128 = 1;
        for element in set {
            count = count.saturating_mul(members(element).len() as u128);
        }
        // Ways to choose a block for each part of the pattern; parts that are alike have no order.
        let mut taken: BTreeMap<usize, usize> = BTreeMap::new();
        for chunk in pattern.chunk_by(|a, b| a == b) {
            let Some(orbit) = chunk[0].0 else { continue };
            let taken = taken.entry(orbit).or_default();
            let mut ways: u128 = 1;
            for alike in 0..chunk.len() {
                ways = ways.saturating_mul((self.blocks[orbit] - *taken - alike) as u128) / (alike as u128 + 1);
            }
            *taken += chunk.len();
            count = count.saturating_mul(ways);
        }
        CutOrbit { example, count, among: Vec::new(), standing: Standing::Anywhere }
    }

    /// Where each component is.
    pub(super) fn elements(&self) -> BTreeMap<Var, Element> {
        let mut elements = BTreeMap::new();
        for (kind, of) in self.all.iter().enumerate() {
            for (block, labels) in of.members.iter().enumerate() {
                for (label, members) in labels.iter().enumerate() {
                    elements.extend(members.iter().map(|var| (*var, Element { kind, block, label })));
                }
            }
        }
        elements
    }

    /// Pairs that join all components of which each may be exchanged for another alone.
    pub(super) fn each_sibling(&self, visit: &mut dyn FnMut(Var, Var)) {
        for members in self.all.iter().flat_map(|of| of.members.iter().flatten()) {
            for var in &members[1..] {
                visit(members[0], *var);
            }
        }
    }

    /// Pairs that join all components which exchanges make of each other.
    pub(super) fn each_alike(&self, visit: &mut dyn FnMut(Var, Var)) {
        for of in &self.all {
            for labels in &of.members {
                for (members, first) in labels.iter().zip(&of.members[0]) {
                    for var in members {
                        visit(first[0], *var);
                    }
                }
            }
        }
    }
}

/// Whether all blocks have as many parts, and each part the same label in all of them.
fn is_uniform(exchange: &Exchange, label: &dyn Fn(Var) -> u64) -> bool {
    let Some(first) = exchange.blocks.first() else { return false };
    exchange.blocks.iter().all(|block| {
        block.len() == first.len() && block.iter().zip(first).all(|(part, other)| label(*part) == label(*other))
    })
}

fn by_label(members: &[Var], label: &dyn Fn(Var) -> u64) -> Vec<Vec<Var>> {
    let mut by_label: BTreeMap<u64, Vec<Var>> = BTreeMap::new();
    for var in members {
        by_label.entry(label(*var)).or_default().push(*var);
    }
    by_label.into_values().collect()
}
