//! Exchanges of components, with all that hangs on them, that leave a top as it is.
//!
//! They are looked for by what a circuit looks like around its components, never by names, and a guess is nothing: each
//! exchange that is given has been tried on the circuit, which is the same one afterwards, gate by gate. Not all are found;
//! which are decides how well sets are put together, and not what is true of them.

mod colours;
mod graph;
mod guess;

use crate::circuit::{Circuit, Node, Var};
use crate::joined::Joined;
use crate::orbits::{Exchange, Siblings};
use colours::colours;
use graph::Graph;
use guess::Guess;

/// Components that are exchanged in pairs, all at a time: a rack for another with all that is in both of them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Swap {
    /// The pairs; what is in none stays.
    pub pairs: Vec<(Var, Var)>,
}

/// Guesses that are tried at most of those for one look: where many components look alike and are not, none is worth much.
const TRIES: usize = 64;

/// Swaps that leave a top as it is. Components of different `label` are never taken for alike. What `exchanges` and an
/// exchange of siblings make of each other is known already: swaps are looked for that join what those do not.
pub fn swaps(circuit: &Circuit, top: Node, exchanges: &[Exchange], label: &dyn Fn(Var) -> u64) -> Vec<Swap> {
    let graph = Graph::of(circuit, top);
    let colours = colours(&graph, label);
    let mut joined = Joined::new(circuit.variables());
    for exchange in exchanges {
        for block in &exchange.blocks[1..] {
            for (part, other) in exchange.blocks[0].iter().zip(block) {
                joined.join(part.index(), other.index());
            }
        }
    }
    for group in Siblings::of(circuit, top).groups {
        for (at, var) in group.iter().enumerate() {
            if let Some(like) = group[..at].iter().find(|other| label(**other) == label(*var)) {
                joined.join(like.index(), var.index());
            }
        }
    }
    // Components by their look, those that look alike after each other.
    let mut looks: Vec<(u64, Var, usize)> =
        graph.variables().map(|(place, var)| (colours[place], var, place)).collect();
    looks.sort_unstable();
    let mut alike: Vec<&[(u64, Var, usize)]> = looks.chunk_by(|a, b| a.0 == b.0).collect();
    alike.sort_by_key(|of| of[0].1);
    let mut guess = Guess::new(&graph, &colours);
    let mut found = Vec::new();
    for of in alike {
        let mut firsts: Vec<(Var, usize)> = Vec::new();
        let mut tries = 0;
        for &(_, var, place) in of {
            if firsts.iter().any(|(first, _)| joined.first(first.index()) == joined.first(var.index())) {
                continue;
            }
            let swap = firsts.iter().find_map(|(_, first)| {
                tries += 1;
                if tries > TRIES { None } else { guess.swap(*first, place).filter(|swap| graph.is_same_after(swap)) }
            });
            match swap {
                Some(swap) => {
                    for (a, b) in &swap.pairs {
                        joined.join(a.index(), b.index());
                    }
                    found.push(swap);
                }
                None => firsts.push((var, place)),
            }
        }
    }
    found
}
