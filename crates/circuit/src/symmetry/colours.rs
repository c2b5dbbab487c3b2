//! The look of each node: the same for all that exchanges make of each other, and seldom for others.
//!
//! Colour refinement (1-dimensional Weisfeiler and Leman, 1968) on the nodes below a top: the colour of a node says what it
//! is, what is below it and what is above it, further away with each round, until a round tells no more nodes apart.

use super::graph::Graph;
use crate::circuit::{Gate, Var};
use crate::index::hash_of;

/// By place. Equal colours prove nothing.
pub(super) fn colours(graph: &Graph<'_>, label: &dyn Fn(Var) -> u64) -> Vec<u64> {
    let count = graph.nodes.len();
    let own = |place: usize| match graph.circuit.gate(graph.nodes[place]) {
        Gate::Constant(value) => hash_of((0, u64::from(value))),
        Gate::Variable(var) => hash_of((1, label(var))),
        Gate::Not(_) => hash_of(2),
        Gate::And(_) => hash_of(3),
        Gate::Or(_) => hash_of(4),
        Gate::Xor(_) => hash_of(5),
        Gate::AtLeast { minimum, .. } => hash_of((6, minimum)),
        Gate::Threshold { bound, .. } => hash_of((7, bound)),
    };
    let mut colours: Vec<u64> = (0..count).map(own).collect();
    let mut known = 0;
    loop {
        for place in 0..count {
            // A sum, since neighbours have an order by chance.
            let sum = graph.below.of(place).iter().fold(0u64, |sum, &(child, weight)| {
                sum.wrapping_add(mixed(colours[child as usize].wrapping_add(weight)))
            });
            colours[place] = mixed(colours[place] ^ mixed(sum));
        }
        for place in (0..count).rev() {
            let sum = graph.above.of(place).iter().fold(1u64, |sum, &(parent, weight)| {
                sum.wrapping_add(mixed(colours[parent as usize].wrapping_add(weight)))
            });
            colours[place] = mixed(colours[place] ^ mixed(sum));
        }
        let mut different = colours.clone();
        different.sort_unstable();
        different.dedup();
        if different.len() <= known {
            return colours;
        }
        known = different.len();
    }
}

/// Spreads all bits over all bits: the last step of SplitMix64 (Steele, Lea and Flood 2014).
fn mixed(value: u64) -> u64 {
    let value = value.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let value = (value ^ (value >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let value = (value ^ (value >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    value ^ (value >> 31)
}
