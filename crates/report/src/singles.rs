//! What each single failure does to each promise, and what is left after it.

use plimsoll_circuit::Var;
use plimsoll_model::Design;
use plimsoll_prove::Model;

use plimsoll_prove::{LANES, Lanes};

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
        let mut lanes = Lanes::new(model, &tops);
        let components: Vec<Var> = model.failable().map(|(var, _)| var).collect();
        let accepted: Vec<bool> = components.iter().map(|var| is_accepted(model, design, *var)).collect();

        let single: Vec<[usize; 1]> = components.iter().map(|var| [var.index()]).collect();
        let mut left = Vec::new();
        let mut room = Vec::new();
        for some in single.chunks(LANES) {
            lanes.ask(some.iter().map(<[usize; 1]>::as_slice));
            for lane in 0..some.len() {
                let after = |promise| if lanes.is(promise, lane) { Left::Broken } else { Left::Spare };
                left.push((0..promises).map(after).collect::<Vec<Left>>());
                let stays = rooms.iter().enumerate().filter(|(at, _)| !lanes.is(promises + at, lane));
                room.push(stays.fold((0, 0), |(cpu, memory), (_, room)| (cpu + room.cpu.0, memory + room.memory.0)));
            }
        }
        // Whoever breaks it alone leaves no spare after any other.
        let alone: Vec<Vec<usize>> = (0..promises)
            .map(|promise| {
                let breaks = |at: &usize| !accepted[*at] && left[*at][promise] == Left::Broken;
                (0..components.len()).filter(breaks).collect()
            })
            .collect();
        for (at, row) in left.iter_mut().enumerate() {
            for (after, alone) in row.iter_mut().zip(&alone) {
                if *after == Left::Spare && alone.iter().any(|other| *other != at) {
                    *after = Left::NoSpare;
                }
            }
        }
        let mut pairs: Vec<(usize, usize)> = Vec::with_capacity(LANES);
        for first in 0..components.len() {
            for second in 0..components.len() {
                // The second is one that may fail; a pair of such is asked once.
                if first == second || accepted[second] || (second < first && !accepted[first]) {
                    continue;
                }
                pairs.push((first, second));
                if pairs.len() == LANES {
                    settle(&mut lanes, &components, &mut pairs, &accepted, &mut left);
                }
            }
        }
        settle(&mut lanes, &components, &mut pairs, &accepted, &mut left);
        Singles { components, left, room }
    }

    /// Components that break a promise alone.
    pub(crate) fn breaking(&self, promise: usize) -> impl Iterator<Item = Var> + '_ {
        let broken = self.left.iter().enumerate().filter(move |(_, left)| left[promise] == Left::Broken);
        broken.map(|(at, _)| self.components[at])
    }
}

/// Asks for pairs, and notes which promises they break.
fn settle(
    lanes: &mut Lanes,
    components: &[Var],
    pairs: &mut Vec<(usize, usize)>,
    accepted: &[bool],
    left: &mut [Vec<Left>],
) {
    let scenarios: Vec<[usize; 2]> =
        pairs.iter().map(|(first, second)| [components[*first].index(), components[*second].index()]).collect();
    lanes.ask(scenarios.iter().map(<[usize; 2]>::as_slice));
    let promises = left.first().map_or(0, Vec::len);
    let broken: Vec<(usize, _)> = (0..promises).map(|promise| (promise, lanes.word(promise))).collect();
    for (promise, words) in broken {
        for (at, bits) in words.into_iter().enumerate() {
            let mut bits = bits;
            while bits != 0 {
                let lane = at * 64 + bits.trailing_zeros() as usize;
                bits &= bits - 1;
                let Some(&(first, second)) = pairs.get(lane) else { continue };
                for (one, other) in [(first, second), (second, first)] {
                    if left[one][promise] == Left::Spare && !accepted[other] {
                        left[one][promise] = Left::NoSpare;
                    }
                }
            }
        }
    }
    pairs.clear();
}

#[cfg(test)]
#[path = "singles_tests.rs"]
mod tests;
