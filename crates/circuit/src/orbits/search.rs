//! One set of each class, tried in an order in which none is left out.

use super::pattern::{Element, Types};
use crate::circuit::Var;
use crate::lanes::{ALL, LANES, Lanes, NONE, Word, both, invert, lanes_of};
use crate::limits::{Budget, Excess};

pub(super) struct Search<'t> {
    types: &'t Types,
    lanes: Lanes,
    /// By component: the scenarios in which it has failed.
    failed: Vec<Word>,
    /// Those that have failed in some.
    touched: Vec<Var>,
    /// The component that stands for each type in each block.
    stands: Vec<Vec<Var>>,
    /// Sets that wait to be asked together, one after the other.
    waiting: Vec<Element>,
}

impl<'t> Search<'t> {
    pub(super) fn new(types: &'t Types, lanes: Lanes, variables: usize) -> Self {
        let stands = types.all.iter().map(|of| (0..of.blocks()).map(|block| of.first(block)).collect()).collect();
        Search { types, lanes, failed: vec![NONE; variables], touched: Vec::new(), stands, waiting: Vec::new() }
    }

    /// Whether the top is broken while nothing has failed.
    pub(super) fn broken_by_nothing(&mut self) -> bool {
        self.lanes.run(&self.failed);
        self.lanes.word(0) != NONE
    }

    /// Minimal cut sets of that many groups, at least one of each class; some classes more than once.
    pub(super) fn of_order(&mut self, order: usize, budget: &mut Budget) -> Result<Vec<Vec<Element>>, Excess> {
        // At least so many sets are to be asked: not to be begun when that is too much already.
        let types = self.types.all.len() as u128;
        let sets = (0..order as u128).fold(1u128, |sets, step| sets * types.saturating_sub(step) / (step + 1));
        let steps = sets / LANES as u128 * self.lanes.cost() as u128;
        if steps > u128::from(budget.steps) {
            return Err(Excess);
        }
        let mut found = Vec::new();
        self.waiting.clear();
        let extended = self.extend(&mut Vec::new(), order, budget, &mut found);
        extended.and_then(|()| self.ask_waiting(order, budget, &mut found))?;
        Ok(found)
    }

    /// Adds to a set that breaks nothing yet what may come after it.
    fn extend(
        &mut self,
        set: &mut Vec<Element>,
        order: usize,
        budget: &mut Budget,
        found: &mut Vec<Vec<Element>>,
    ) -> Result<(), Excess> {
        let next = self.after(set);
        if set.len() + 1 == order {
            for element in next {
                self.waiting.extend_from_slice(set);
                self.waiting.push(element);
                if self.waiting.len() == LANES * order {
                    self.ask_waiting(order, budget, found)?;
                }
            }
            return Ok(());
        }
        for chunk in next.chunks(LANES) {
            let of = set.clone();
            let broken = self.ask(chunk.iter().map(|element| of.iter().chain([element])), budget)?;
            for (lane, element) in chunk.iter().enumerate() {
                if broken[lane / 64] >> (lane % 64) & 1 == 0 {
                    set.push(*element);
                    self.extend(set, order, budget, found)?;
                    set.pop();
                }
            }
        }
        Ok(())
    }

    /// What may follow in a set: elements go by their type, those of one type by their block, and blocks are entered one
    /// after the other. Every set becomes such a one when its blocks are exchanged.
    fn after(&self, set: &[Element]) -> Vec<Element> {
        let last = set.last();
        let mut next = Vec::new();
        for kind in last.map_or(0, |last| last.kind)..self.types.all.len() {
            let of = &self.types.all[kind];
            let entered = set.iter().filter(|element| self.types.all[element.kind].orbit == of.orbit);
            let entered = match of.orbit {
                Some(_) => entered.map(|element| element.block + 1).max().unwrap_or(0),
                None => 0,
            };
            let from = last.filter(|last| last.kind == kind).map_or(0, |last| last.block + 1);
            next.extend((from..of.blocks().min(entered + 1)).map(|block| Element { kind, block, label: 0 }));
        }
        next
    }

    /// Asks the sets that wait, and keeps those that break the top while none does with one element fewer.
    fn ask_waiting(&mut self, order: usize, budget: &mut Budget, found: &mut Vec<Vec<Element>>) -> Result<(), Excess> {
        let waiting = std::mem::take(&mut self.waiting);
        let sets = || waiting.chunks_exact(order);
        let mut minimal = self.ask(sets().map(<[Element]>::iter), budget)?;
        // Without its last element no set breaks it: such a one was not extended.
        for left_out in 0..order - 1 {
            if minimal == NONE {
                break;
            }
            let fewer = sets().map(|set| set[..left_out].iter().chain(&set[left_out + 1..]));
            let without = self.ask(fewer, budget)?;
            minimal = both(minimal, invert(without));
        }
        found.extend(lanes_of(minimal).map(|lane| waiting[lane * order..(lane + 1) * order].to_vec()));
        self.waiting = waiting;
        self.waiting.clear();
        Ok(())
    }

    /// The sets that break the top, of at most [`LANES`].
    fn ask<'e, S: IntoIterator<Item = &'e Element>>(
        &mut self,
        sets: impl Iterator<Item = S>,
        budget: &mut Budget,
    ) -> Result<Word, Excess> {
        budget.spend(self.lanes.cost() as u64)?;
        for var in self.touched.drain(..) {
            self.failed[var.index()] = NONE;
        }
        let mut count = 0;
        for (lane, set) in sets.enumerate() {
            for element in set {
                let var = self.stands[element.kind][element.block];
                self.failed[var.index()][lane / 64] |= 1 << (lane % 64);
                self.touched.push(var);
            }
            count = lane + 1;
        }
        self.lanes.run(&self.failed);
        Ok(both(self.lanes.word(0), first_lanes(count)))
    }
}

/// The word of the first so many lanes.
fn first_lanes(count: usize) -> Word {
    let mut word = ALL;
    for (at, bits) in word.iter_mut().enumerate() {
        let own = count.saturating_sub(at * 64).min(64);
        *bits = if own == 64 { u64::MAX } else { (1 << own) - 1 };
    }
    word
}
