//! What is below and above each node of a top.

use super::Swap;
use crate::circuit::{Circuit, Gate, Node, Op, Var};

/// A neighbour of a node: its place in the graph, and the weight of the child in the parent.
pub(super) type Link = (u32, u64);

/// The nodes of a top by their place, children before their parents.
pub(super) struct Graph<'c> {
    pub(super) circuit: &'c Circuit,
    top: Node,
    pub(super) nodes: Vec<Node>,
    pub(super) below: Links,
    pub(super) above: Links,
}

/// For each place its neighbours, sorted.
pub(super) struct Links {
    first: Vec<u32>,
    all: Vec<Link>,
}

impl Links {
    pub(super) fn of(&self, place: usize) -> &[Link] {
        &self.all[self.first[place] as usize..self.first[place + 1] as usize]
    }
}

impl<'c> Graph<'c> {
    pub(super) fn of(circuit: &'c Circuit, top: Node) -> Self {
        let nodes = circuit.cone(&[top]);
        let mut places = vec![0u32; top.index() + 1];
        for (place, node) in nodes.iter().enumerate() {
            places[node.index()] = place as u32;
        }
        let mut below = Links { first: vec![0], all: Vec::new() };
        let mut counts = vec![0u32; nodes.len() + 1];
        for node in &nodes {
            let weights: &[u64] = match circuit.gate(*node) {
                Gate::Threshold { weights, .. } => weights,
                _ => &[],
            };
            for (at, child) in circuit.children(*node).iter().enumerate() {
                let place = places[child.index()];
                counts[place as usize + 1] += 1;
                below.all.push((place, weights.get(at).copied().unwrap_or(1)));
            }
            below.first.push(below.all.len() as u32);
        }
        for at in 0..nodes.len() {
            counts[at + 1] += counts[at];
        }
        let mut above = Links { first: counts.clone(), all: vec![(0, 0); below.all.len()] };
        // In the order of parents, so that each list is sorted.
        for place in 0..nodes.len() {
            for &(child, weight) in below.of(place) {
                let slot = &mut counts[child as usize];
                above.all[*slot as usize] = (place as u32, weight);
                *slot += 1;
            }
        }
        Graph { circuit, top, nodes, below, above }
    }

    /// The components, with their places.
    pub(super) fn variables(&self) -> impl Iterator<Item = (usize, Var)> + '_ {
        let of = |(place, node): (usize, &Node)| Some((place, self.circuit.variable_of(*node)?));
        self.nodes.iter().enumerate().filter_map(of)
    }

    /// Whether the top is the same gates after a swap: each gate over what its children become is looked up, and there it is.
    pub(super) fn is_same_after(&self, swap: &Swap) -> bool {
        let mut becomes: Vec<Node> = self.nodes.clone();
        let mut moved = vec![false; self.nodes.len()];
        let mut other: Vec<(Var, Var)> = swap.pairs.iter().flat_map(|&(a, b)| [(a, b), (b, a)]).collect();
        other.sort_unstable();
        if other.windows(2).any(|pair| pair[0].0 == pair[1].0) {
            return false;
        }
        let mut of: Vec<(Node, u64)> = Vec::new();
        for (place, &node) in self.nodes.iter().enumerate() {
            let links = self.below.of(place);
            let found = match self.circuit.variable_of(node) {
                Some(var) => match other.binary_search_by_key(&var, |pair| pair.0) {
                    Ok(at) => self.circuit.find(Op::Variable, u64::from(other[at].1.0), &[], &[]),
                    Err(_) => continue,
                },
                None if links.iter().any(|(child, _)| moved[*child as usize]) => {
                    of.clear();
                    of.extend(links.iter().map(|(child, weight)| (becomes[*child as usize], *weight)));
                    of.sort_unstable();
                    self.circuit.find_like(node, &of)
                }
                None => continue,
            };
            let Some(found) = found else { return false };
            becomes[place] = found;
            moved[place] = found != node;
        }
        becomes.last().is_some_and(|node| *node == self.top)
    }
}
