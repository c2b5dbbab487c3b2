//! Many scenarios at once: each bit of a word is a scenario of its own.

use crate::flat::{Flat, Operation};

/// Words beside each other, which compilers turn into wide instructions.
const WORDS: usize = 4;
/// One bit for each scenario.
pub type Word = [u64; WORDS];

/// Scenarios that are answered in one run.
pub const LANES: usize = 64 * WORDS;

/// The word without any scenario.
pub(crate) const NONE: Word = [0; WORDS];
/// The word with all scenarios.
pub(crate) const ALL: Word = [u64::MAX; WORDS];

/// A flat circuit with room for [`LANES`] scenarios.
#[derive(Clone, Debug)]
pub struct Lanes {
    flat: Flat,
    values: Vec<Word>,
    counter: Counter,
}

impl Lanes {
    /// Prepares questions about the tops of a circuit.
    pub fn new(flat: Flat) -> Self {
        Lanes { values: vec![NONE; flat.len()], flat, counter: Counter::default() }
    }

    /// Evaluates everything; by number of the component, the scenarios in which it has failed.
    pub fn run(&mut self, failed: &[Word]) {
        let flat = &self.flat;
        let mut weights = 0;
        for entry in 0..flat.operations.len() {
            let of = &flat.children[flat.first[entry] as usize..flat.first[entry + 1] as usize];
            let argument = flat.arguments[entry];
            let values = &self.values;
            let each = of.iter().map(|child| values[*child as usize]);
            self.values[entry] = match flat.operations[entry] {
                Operation::Constant if argument == 1 => ALL,
                Operation::Constant => NONE,
                Operation::Variable => failed[argument as usize],
                Operation::Not => invert(each.fold(ALL, both)),
                Operation::And => each.fold(ALL, both),
                Operation::Or => each.fold(NONE, |a, b| std::array::from_fn(|at| a[at] | b[at])),
                Operation::Xor => each.fold(NONE, |a, b| std::array::from_fn(|at| a[at] ^ b[at])),
                Operation::AtLeast => self.counter.reach(each.map(|word| (word, 1)), argument),
                Operation::Threshold => {
                    let own = &flat.weights[weights..weights + of.len()];
                    weights += of.len();
                    self.counter.reach(each.zip(own.iter().copied()), argument)
                }
            };
        }
    }

    /// The scenarios of the last run in which a top is true.
    pub fn word(&self, top: usize) -> Word {
        self.values[self.flat.tops[top] as usize]
    }

    /// How much one run costs: the entries of the circuit and their children.
    pub(crate) fn cost(&self) -> usize {
        self.flat.len() + self.flat.children.len()
    }
}

/// The scenarios that are in both.
pub(crate) fn both(a: Word, b: Word) -> Word {
    std::array::from_fn(|at| a[at] & b[at])
}

/// The scenarios that are not in it.
pub(crate) fn invert(word: Word) -> Word {
    word.map(|bits| !bits)
}

/// The scenarios of a word.
pub(crate) fn lanes_of(word: Word) -> impl Iterator<Item = usize> {
    word.into_iter().enumerate().flat_map(|(at, mut bits)| {
        std::iter::from_fn(move || {
            (bits != 0).then(|| {
                let lane = at * 64 + bits.trailing_zeros() as usize;
                bits &= bits - 1;
                lane
            })
        })
    })
}

/// Sums in all scenarios at once: plane `i` has bit `i` of each sum, so that adding is a ripple of carries over words.
#[derive(Clone, Debug)]
struct Counter {
    planes: [Word; 64],
}

impl Default for Counter {
    fn default() -> Self {
        Counter { planes: [NONE; 64] }
    }
}

impl Counter {
    /// The scenarios in which the weights of what is true reach a bound.
    fn reach(&mut self, weighted: impl Iterator<Item = (Word, u64)>, bound: u64) -> Word {
        // A sum that leaves 64 bits reaches every bound.
        let mut beyond = NONE;
        let mut used = 64 - bound.leading_zeros() as usize;
        self.planes[..used].fill(NONE);
        for (word, mut weight) in weighted {
            if word == NONE {
                continue;
            }
            while weight != 0 {
                let mut plane = weight.trailing_zeros() as usize;
                weight &= weight - 1;
                let mut carry = word;
                while carry != NONE {
                    if plane == self.planes.len() {
                        beyond = std::array::from_fn(|at| beyond[at] | carry[at]);
                        break;
                    }
                    if plane >= used {
                        self.planes[used..=plane].fill(NONE);
                        used = plane + 1;
                    }
                    let old = self.planes[plane];
                    self.planes[plane] = std::array::from_fn(|at| old[at] ^ carry[at]);
                    carry = both(old, carry);
                    plane += 1;
                }
            }
        }
        // From the highest bit: greater so far, or the same so far.
        let (mut greater, mut same) = (beyond, ALL);
        for plane in (0..used).rev() {
            let sum = self.planes[plane];
            if bound >> plane & 1 == 1 {
                same = both(same, sum);
            } else {
                greater = std::array::from_fn(|at| greater[at] | (same[at] & sum[at]));
                same = both(same, invert(sum));
            }
        }
        std::array::from_fn(|at| greater[at] | same[at])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Numbers that are the same in every run (xorshift).
    struct Numbers(u64);

    impl Numbers {
        fn next(&mut self) -> u64 {
            self.0 ^= self.0 << 13;
            self.0 ^= self.0 >> 7;
            self.0 ^= self.0 << 17;
            self.0
        }

        fn weight(&mut self) -> u64 {
            match self.next() % 3 {
                0 => self.next() % 5,
                1 => self.next() % 1000,
                _ => self.next(),
            }
        }
    }

    #[test]
    fn sums_over_all_scenarios_are_the_sums_of_each() {
        let mut numbers = Numbers(7);
        // The same counter again and again: nothing of an earlier sum may stay.
        let mut counter = Counter::default();
        for _ in 0..500 {
            let children: Vec<(Word, u64)> = (0..numbers.next() % 12)
                .map(|_| (std::array::from_fn(|_| numbers.next() & numbers.next()), numbers.weight()))
                .collect();
            let bound = numbers.weight();
            let reached = counter.reach(children.iter().copied(), bound);
            for lane in 0..LANES {
                let of = children.iter().filter(|(word, _)| word[lane / 64] >> (lane % 64) & 1 == 1);
                let sum: u128 = of.map(|(_, weight)| u128::from(*weight)).sum();
                assert_eq!(reached[lane / 64] >> (lane % 64) & 1 == 1, sum >= u128::from(bound));
            }
        }
    }

    #[test]
    fn lanes_are_counted_from_the_lowest_bit() {
        assert_eq!(lanes_of([5, 0, 1, 1 << 63]).collect::<Vec<_>>(), [0, 2, 128, 255]);
    }
}
