//! Which promises of two versions of a file are the same function of the same components.

use std::collections::HashMap;

use plimsoll_circuit::{Node, Operation};
use plimsoll_prove::Model;

/// What makes two entries of two circuits the same.
#[derive(PartialEq, Eq, Hash)]
enum Entry {
    /// A component with all that is known of it: path, kind, rate, owner.
    Component(String),
    /// An operation with its argument, over numbered entries with their weights, in order.
    Gate(Operation, u64, Vec<(usize, u64)>),
}

/// Numbers functions so that the same one has the same number, whichever circuit it was found in. What is equal is equal to
/// the letter: no hash stands for a function.
#[derive(Default)]
pub(crate) struct Functions {
    known: HashMap<Entry, usize>,
}

impl Functions {
    /// The numbers of some tops of a model.
    pub(crate) fn of(&mut self, model: &Model, tops: &[Node]) -> Vec<usize> {
        let flat = model.circuit.to_flat(tops);
        let components: Vec<String> = model.components.all().map(|(_, component)| format!("{component:?}")).collect();
        let mut numbers: Vec<usize> = Vec::with_capacity(flat.len());
        let mut weights = flat.weights.iter();
        for (index, operation) in flat.operations.iter().enumerate() {
            let argument = flat.arguments[index];
            let children = &flat.children[flat.first[index] as usize..flat.first[index + 1] as usize];
            let entry = if *operation == Operation::Variable {
                Entry::Component(components[argument as usize].clone())
            } else {
                let weighted = *operation == Operation::Threshold;
                let weight = |_: &u32| if weighted { weights.next().copied().unwrap_or_default() } else { 1 };
                let weight: Vec<u64> = children.iter().map(weight).collect();
                let mut of: Vec<(usize, u64)> =
                    children.iter().zip(weight).map(|(child, weight)| (numbers[*child as usize], weight)).collect();
                // The order of the children is that in which they were made, and means nothing.
                of.sort_unstable();
                Entry::Gate(*operation, argument, of)
            };
            let next = self.known.len();
            numbers.push(*self.known.entry(entry).or_insert(next));
        }
        flat.tops.iter().map(|top| numbers[*top as usize]).collect()
    }
}
