//! What else must be exchanged when two nodes are.
//!
//! Whatever is below or above one of them and not the other goes to something of the same look beside the other. Where there
//! is one of that look, that is forced; where there are several, the first goes to the first once nothing is forced any
//! more. What nothing asks for stays where it is.

use std::collections::VecDeque;

use super::Swap;
use super::graph::{Graph, Link};

const NONE: u32 = u32::MAX;

pub(super) struct Guess<'g> {
    graph: &'g Graph<'g>,
    colours: &'g [u64],
    /// By place: what it is exchanged for.
    other: Vec<u32>,
    /// Those that have one.
    touched: Vec<u32>,
    /// Pairs whose neighbours are to be looked at.
    open: Vec<(u32, u32)>,
    /// Nodes of one look that go to others of the same look, it is not known which to which.
    choices: VecDeque<(Vec<u32>, Vec<u32>)>,
}

/// Nothing exchanges the two.
struct Conflict;

impl<'g> Guess<'g> {
    pub(super) fn new(graph: &'g Graph<'g>, colours: &'g [u64]) -> Self {
        let other = vec![NONE; graph.nodes.len()];
        Guess { graph, colours, other, touched: Vec::new(), open: Vec::new(), choices: VecDeque::new() }
    }

    /// A swap that exchanges two components, if any; not tried yet.
    pub(super) fn swap(&mut self, one: usize, other: usize) -> Option<Swap> {
        for place in self.touched.drain(..) {
            self.other[place as usize] = NONE;
        }
        self.open.clear();
        self.choices.clear();
        self.pair(one as u32, other as u32).and_then(|()| self.follow()).ok()?;
        let var = |place: u32| self.graph.circuit.variable_of(self.graph.nodes[place as usize]);
        let pairs = self.touched.iter().filter_map(|&place| {
            let other = self.other[place as usize];
            if place < other { var(place).zip(var(other)) } else { None }
        });
        Some(Swap { pairs: pairs.collect() })
    }

    fn pair(&mut self, one: u32, other: u32) -> Result<(), Conflict> {
        let (known, back) = (self.other[one as usize], self.other[other as usize]);
        if (known, back) == (other, one) {
            return Ok(());
        }
        if known != NONE || back != NONE || self.colours[one as usize] != self.colours[other as usize] {
            return Err(Conflict);
        }
        self.other[one as usize] = other;
        self.other[other as usize] = one;
        self.touched.extend([one, other]);
        self.open.push((one, other));
        Ok(())
    }

    fn follow(&mut self) -> Result<(), Conflict> {
        loop {
            if let Some((one, other)) = self.open.pop() {
                let graph = self.graph;
                for links in [&graph.below, &graph.above] {
                    self.neighbours(links.of(one as usize), links.of(other as usize))?;
                }
                continue;
            }
            let Some((mut ones, mut others)) = self.choices.pop_front() else { return Ok(()) };
            ones.retain(|place| self.other[*place as usize] == NONE);
            others.retain(|place| self.other[*place as usize] == NONE);
            if ones.len() != others.len() {
                return Err(Conflict);
            }
            if let (Some(one), Some(other)) = (ones.first(), others.first()) {
                self.pair(*one, *other)?;
                self.choices.push_front((ones, others));
            }
        }
    }

    /// The neighbours of one become those of the other.
    fn neighbours(&mut self, one: &[Link], other: &[Link]) -> Result<(), Conflict> {
        if one.len() != other.len() {
            return Err(Conflict);
        }
        let (ones, others) = (self.only(one, other), self.only(other, one));
        if ones.len() != others.len() {
            return Err(Conflict);
        }
        let mut from = 0;
        for group in ones.chunk_by(|a, b| (a.0, a.1) == (b.0, b.1)) {
            let like = &others[from..from + group.len()];
            from += group.len();
            if like.iter().any(|it| (it.0, it.1) != (group[0].0, group[0].1)) {
                return Err(Conflict);
            }
            if let ([one], [other]) = (group, like) {
                self.pair(one.2, other.2)?;
            } else {
                let places = |of: &[(u64, u64, u32)]| of.iter().map(|it| it.2).collect();
                self.choices.push_back((places(group), places(like)));
            }
        }
        Ok(())
    }

    /// What one has and the other has not, as far as it is not paired yet: by look and weight.
    fn only(&self, one: &[Link], other: &[Link]) -> Vec<(u64, u64, u32)> {
        let mut at = 0;
        let mut only = Vec::new();
        for link in one {
            while other.get(at).is_some_and(|it| it < link) {
                at += 1;
            }
            if other.get(at) != Some(link) && self.other[link.0 as usize] == NONE {
                only.push((self.colours[link.0 as usize], link.1, link.0));
            }
        }
        only.sort_unstable();
        only
    }
}
