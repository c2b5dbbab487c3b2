//! What each single failure does to each promise, and what is left after it.

use plimsoll_circuit::Var;
use plimsoll_model::Design;
use plimsoll_prove::Model;

use crate::pairs::{Pairs, is_set, set};

/// A promise after one failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Left {
    /// Any further failure is survived too, unless the file accepts it.
    Spare,
    /// Kept, and one further failure can break it.
    NoSpare,
    /// Broken.
    Broken,
}

/// The matrix of single failures.
pub(crate) struct Singles {
    /// Components that can fail, in the order of their numbers.
    pub(crate) components: Vec<Var>,
    /// For each of them and each promise, what is left.
    pub(crate) left: Vec<Vec<Left>>,
    /// Room that is left after each: processor time in thousandths, and bytes.
    pub(crate) room: Vec<(u64, u64)>,
}

/// Whether the file accepts the loss of a component.
pub(crate) fn is_accepted(model: &Model, design: &Design, var: Var) -> bool {
    let component = model.components.get(var);
    design.excluded.keys().any(|path| path.as_str() == component.path || path.as_str() == component.origin)
}

impl Singles {
    pub(crate) fn of(model: &Model, design: &Design) -> Self {
        let promises = model.promises.len();
        let rooms = &model.room.hosts;
        let tops: Vec<_> =
            model.promises.iter().map(|promise| promise.broken).chain(rooms.iter().map(|room| room.gone)).collect();
        let components: Vec<Var> = model.failable().map(|(var, _)| var).collect();
        let mut pairs = Pairs::new(model, &tops, &components);

        let mut left = Vec::with_capacity(components.len());
        let mut room = Vec::with_capacity(components.len());
        for at in 0..components.len() {
            let after = |promise| if is_set(pairs.row(promise), at) { Left::Broken } else { Left::Spare };
            left.push((0..promises).map(after).collect::<Vec<Left>>());
            let stays = rooms.iter().enumerate().filter(|(of, _)| !is_set(pairs.row(promises + of), at));
            room.push(stays.fold((0, 0), |(cpu, memory), (_, room)| (cpu + room.cpu.0, memory + room.memory.0)));
        }
        // What may fail next: not what the file accepts.
        let mut may = vec![0; components.len().div_ceil(64)];
        for (at, _) in components.iter().enumerate().filter(|(_, var)| !is_accepted(model, design, **var)) {
            set(&mut may, at);
        }
        for (at, first) in components.iter().enumerate() {
            pairs.with(*first);
            for (promise, left) in left[at].iter_mut().enumerate().filter(|(_, left)| **left == Left::Spare) {
                if pairs.row(promise).iter().zip(&may).any(|(breaks, may)| breaks & may != 0) {
                    *left = Left::NoSpare;
                }
            }
        }
        Singles { components, left, room }
    }

    /// Components that break a promise alone.
    pub(crate) fn breaking(&self, promise: usize) -> impl Iterator<Item = Var> + '_ {
        let broken = self.left.iter().enumerate().filter(move |(_, left)| left[promise] == Left::Broken);
        broken.map(|(at, _)| self.components[at])
    }
}

#[cfg(test)]
#[path = "singles_tests.rs"]
mod tests;
