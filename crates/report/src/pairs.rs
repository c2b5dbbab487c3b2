//! What two failures at a time break: a first one together with every second one, a bit for each second.
//!
//! What a second failure does alone is evaluated once. With a first one, only what depends on it is evaluated anew, and only
//! as far as something changes: most parts of a cluster matter to few others.

use plimsoll_circuit::{Flat, Node, Operation, Var};
use plimsoll_prove::{Model, follows};

/// A flat circuit with a row of bits for each entry, one for each second failure.
pub(crate) struct Pairs {
    flat: Flat,
    follows: Vec<Vec<usize>>,
    /// The entry of each component's variable, where the tops depend on it.
    variable: Vec<Option<usize>>,
    /// Where the weights of each entry begin.
    weights: Vec<usize>,
    /// The entries that each entry is a child of, as in [`Flat`].
    parents: Vec<u32>,
    first_parent: Vec<usize>,
    /// A row in which every second failure is set.
    every: Vec<u64>,
    /// Rows without a first failure.
    alone: Vec<u64>,
    /// Rows with the present one; those that are not in `changed` are as without.
    rows: Vec<u64>,
    changed: Vec<usize>,
    /// Entries that are to be evaluated anew, a bit for each.
    due: Vec<u64>,
    row: Vec<u64>,
    totals: Vec<u64>,
}

impl Pairs {
    /// Evaluates every second failure alone.
    pub(crate) fn new(model: &Model, tops: &[Node], seconds: &[Var]) -> Self {
        let flat = model.circuit.to_flat(tops);
        let entries = flat.len();
        let words = seconds.len().div_ceil(64).max(1);
        let follows = follows(model);
        let mut variable = vec![None; model.components.len()];
        let mut weights = Vec::with_capacity(entries);
        let mut from = 0;
        let mut count = vec![0; entries + 1];
        for entry in 0..entries {
            weights.push(from);
            match flat.operations[entry] {
                Operation::Variable => variable[flat.arguments[entry] as usize] = Some(entry),
                Operation::Threshold => from += children(&flat, entry).len(),
                _ => {}
            }
            for child in children(&flat, entry) {
                count[*child as usize + 1] += 1;
            }
        }
        for entry in 0..entries {
            count[entry + 1] += count[entry];
        }
        let first_parent = count.clone();
        let mut parents = vec![0; flat.children.len()];
        for entry in 0..entries {
            for child in children(&flat, entry) {
                let at = &mut count[*child as usize];
                parents[*at] = entry as u32;
                *at += 1;
            }
        }
        let mut every = vec![0; words];
        (0..seconds.len()).for_each(|lane| set(&mut every, lane));
        let mut pairs = Pairs {
            rows: vec![0; entries * words],
            alone: Vec::new(),
            changed: Vec::new(),
            due: vec![0; entries.div_ceil(64)],
            row: vec![0; words],
            totals: vec![0; seconds.len()],
            flat,
            follows,
            variable,
            weights,
            parents,
            first_parent,
            every,
        };
        for (lane, second) in seconds.iter().enumerate() {
            for away in &pairs.follows[second.index()] {
                if let Some(entry) = pairs.variable[*away] {
                    set(&mut pairs.rows[entry * words..(entry + 1) * words], lane);
                }
            }
        }
        for entry in 0..entries {
            if pairs.flat.operations[entry] != Operation::Variable {
                pairs.evaluate(entry);
                pairs.rows[entry * words..(entry + 1) * words].copy_from_slice(&pairs.row);
            }
        }
        pairs.alone.clone_from(&pairs.rows);
        pairs
    }

    /// Asks for every second failure together with this first one.
    pub(crate) fn with(&mut self, first: Var) {
        let words = self.every.len();
        let place = |entry: usize| entry * words..(entry + 1) * words;
        for entry in self.changed.drain(..) {
            self.rows[place(entry)].copy_from_slice(&self.alone[place(entry)]);
        }
        for at in 0..self.follows[first.index()].len() {
            let Some(entry) = self.variable[self.follows[first.index()][at]] else { continue };
            self.row.copy_from_slice(&self.every);
            self.keep(entry);
        }
        for word in 0..self.due.len() {
            // Parents come after their children, some of them in the same word.
            while self.due[word] != 0 {
                let bit = self.due[word].trailing_zeros() as usize;
                self.due[word] &= self.due[word] - 1;
                self.evaluate(word * 64 + bit);
                self.keep(word * 64 + bit);
            }
        }
    }

    /// The second failures with which a top is true, after [`Pairs::with`] or alone before it.
    pub(crate) fn row(&self, top: usize) -> &[u64] {
        let (words, entry) = (self.every.len(), self.flat.tops[top] as usize);
        &self.rows[entry * words..(entry + 1) * words]
    }

    /// Takes over what was evaluated; where it differs, whoever depends on it is due.
    fn keep(&mut self, entry: usize) {
        let words = self.every.len();
        let row = &mut self.rows[entry * words..(entry + 1) * words];
        if *row == self.row[..] {
            return;
        }
        row.copy_from_slice(&self.row);
        self.changed.push(entry);
        for parent in &self.parents[self.first_parent[entry]..self.first_parent[entry + 1]] {
            set(&mut self.due, *parent as usize);
        }
    }

    /// Evaluates an entry from the rows of its children.
    fn evaluate(&mut self, entry: usize) {
        let Pairs { flat, rows, row, every, totals, weights, .. } = self;
        let words = every.len();
        let of = children(flat, entry);
        let child = |at: u32| &rows[at as usize * words..(at as usize + 1) * words];
        let argument = flat.arguments[entry];
        let mut fold = |start: &[u64], with: fn(&mut u64, u64)| {
            row.copy_from_slice(start);
            for at in of {
                row.iter_mut().zip(child(*at)).for_each(|(word, other)| with(word, *other));
            }
        };
        match flat.operations[entry] {
            Operation::Constant => {
                let start = if argument == 1 { u64::MAX } else { 0 };
                row.iter_mut().zip(every).for_each(|(word, every)| *word = start & *every);
            }
            Operation::Variable => row.copy_from_slice(&rows[entry * words..(entry + 1) * words]),
            Operation::And => fold(every, |word, other| *word &= other),
            Operation::Or => fold(&vec![0; words], |word, other| *word |= other),
            Operation::Xor => fold(&vec![0; words], |word, other| *word ^= other),
            Operation::Not => {
                fold(every, |word, other| *word &= other);
                row.iter_mut().zip(every).for_each(|(word, every)| *word = !*word & *every);
            }
            Operation::AtLeast | Operation::Threshold => {
                let own = &flat.weights[weights[entry]..];
                let weighted = flat.operations[entry] == Operation::Threshold;
                totals.fill(0);
                for (at, position) in of.iter().zip(0..) {
                    let weight = if weighted { own[position] } else { 1 };
                    for (word, bits) in child(*at).iter().enumerate() {
                        let mut bits = *bits;
                        while bits != 0 {
                            let total = &mut totals[word * 64 + bits.trailing_zeros() as usize];
                            *total = total.saturating_add(weight);
                            bits &= bits - 1;
                        }
                    }
                }
                row.fill(0);
                let reached = totals.iter().enumerate().filter(|(_, total)| **total >= argument);
                reached.for_each(|(lane, _)| set(row, lane));
            }
        }
    }
}

fn children(flat: &Flat, entry: usize) -> &[u32] {
    &flat.children[flat.first[entry] as usize..flat.first[entry + 1] as usize]
}

/// Sets a bit of a row.
pub(crate) fn set(row: &mut [u64], lane: usize) {
    row[lane / 64] |= 1 << (lane % 64);
}

/// Whether a bit of a row is set.
pub(crate) fn is_set(row: &[u64], lane: usize) -> bool {
    row[lane / 64] >> (lane % 64) & 1 == 1
}
