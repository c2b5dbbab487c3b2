//! What a line of `survive:` lets fail together.

use std::collections::BTreeSet;

use plimsoll_circuit::Var;
use plimsoll_model::Design;
use plimsoll_model::design::Goal;

use crate::model::Model;

/// What may fail: components that are not accepted, and that no accepted one contains.
fn candidates(model: &Model, design: &Design, kind: &str) -> Vec<Var> {
    let accepted = |path: &str| design.excluded.keys().any(|excluded| excluded.as_str() == path);
    model
        .failable()
        .filter(|(_, component)| component.is_of(kind) && !accepted(&component.path) && !accepted(&component.origin))
        .map(|(var, _)| var)
        .collect()
}

/// The combinations of failures that a line asks for: so many of one kind, so many of another.
pub(crate) struct Combinations {
    kinds: Vec<(Vec<Var>, usize)>,
}

impl Combinations {
    /// Those of a line, without some components that are away already.
    pub(crate) fn of(model: &Model, design: &Design, goal: &Goal, away: &[Var]) -> Self {
        let kinds = goal.failures.iter().map(|failure| {
            let mut vars = candidates(model, design, failure.kind.as_str());
            vars.retain(|var| !away.contains(var));
            (vars, failure.count as usize)
        });
        Combinations { kinds: kinds.collect() }
    }

    /// Where fewer are left than asked for, all that are left.
    pub(crate) fn bounded(mut self) -> Self {
        for (vars, count) in &mut self.kinds {
            *count = vars.len().min(*count);
        }
        self
    }

    /// For each way to take fewer of some kind: those combinations.
    pub(crate) fn fewer(&self) -> Vec<Combinations> {
        let mut counts: Vec<Vec<usize>> = vec![Vec::new()];
        for (_, most) in &self.kinds {
            let with = |less: &Vec<usize>| (0..=*most).map(|count| [less.as_slice(), &[count]].concat()).collect();
            counts = counts.iter().flat_map(|less| -> Vec<Vec<usize>> { with(less) }).collect();
        }
        // The last one is as many of each as were asked for.
        counts.pop();
        let of = |counts: Vec<usize>| {
            let kinds = self.kinds.iter().zip(counts);
            Combinations { kinds: kinds.map(|((vars, _), count)| (vars.clone(), count)).collect() }
        };
        counts.into_iter().map(of).collect()
    }

    /// How many there are at most: one that is two things at once is counted twice.
    pub(crate) fn size(&self) -> u64 {
        self.kinds.iter().fold(1, |size: u64, (vars, count)| size.saturating_mul(choose(vars.len(), *count)))
    }

    /// How many components fail in each.
    pub(crate) fn order(&self) -> usize {
        self.kinds.iter().map(|(_, count)| count).sum()
    }

    /// All components that are in some combination, sorted; none where there is no combination.
    pub(crate) fn may_fail(&self) -> Vec<Var> {
        let mut all: Vec<Var> =
            if self.is_any() { self.kinds.iter().flat_map(|(vars, _)| vars).copied().collect() } else { Vec::new() };
        all.sort_unstable();
        all.dedup();
        all
    }

    /// Whether there is a combination: one component that is of two kinds cannot be picked for both.
    pub(crate) fn is_any(&self) -> bool {
        // Of a kind with as many components as are picked in all, the others leave enough.
        let most = self.order();
        let all: BTreeSet<Var> = self.kinds.iter().flat_map(|(vars, _)| vars.iter().take(most)).copied().collect();
        self.picked(&all.into_iter().collect::<Vec<Var>>()) == most
    }

    /// Whether some combination has all of these. Where there are combinations at all, those are enough that can be picked
    /// for one kind each (Mendelsohn and Dulmage 1958): whatever else is picked can be picked so that they stay.
    pub(crate) fn has(&self, vars: &[Var]) -> bool {
        self.picked(vars) == vars.len() && self.is_any()
    }

    /// How many of these can be picked, each for one kind: a largest matching (Kuhn 1955).
    fn picked(&self, vars: &[Var]) -> usize {
        let mut of_kind: Vec<Vec<usize>> = vec![Vec::new(); self.kinds.len()];
        (0..vars.len()).filter(|at| self.pick(*at, vars, &mut of_kind, &mut vec![false; self.kinds.len()])).count()
    }

    /// Finds a kind for one of them, for which others may take another.
    fn pick(&self, at: usize, vars: &[Var], of_kind: &mut Vec<Vec<usize>>, seen: &mut Vec<bool>) -> bool {
        for (kind, (of, count)) in self.kinds.iter().enumerate() {
            if seen[kind] || of.binary_search(&vars[at]).is_err() {
                continue;
            }
            seen[kind] = true;
            if of_kind[kind].len() < *count {
                of_kind[kind].push(at);
                return true;
            }
            for place in 0..of_kind[kind].len() {
                if self.pick(of_kind[kind][place], vars, of_kind, seen) {
                    of_kind[kind][place] = at;
                    return true;
                }
            }
        }
        false
    }

    /// Shows each, sorted, until the visitor gives false.
    pub(crate) fn each(&self, visit: &mut dyn FnMut(&[Var]) -> bool) {
        let mut seen = BTreeSet::new();
        let size: usize = self.kinds.iter().map(|(_, count)| count).sum();
        combine(&self.kinds, 0, 0, &mut Vec::new(), &mut |picked| {
            if self.kinds.len() < 2 {
                return visit(picked);
            }
            // One that is of two kinds (`host + any`) may be picked for both: a smaller combination than was asked for.
            let mut sorted = picked.to_vec();
            sorted.sort_unstable();
            sorted.dedup();
            sorted.len() < size || !seen.insert(sorted.clone()) || visit(&sorted)
        });
    }
}

fn choose(of: usize, count: usize) -> u64 {
    if count > of {
        return 0;
    }
    let mut ways: u128 = 1;
    for step in 0..count.min(of - count) as u128 {
        ways = ways.saturating_mul(of as u128 - step) / (step + 1);
        if ways > u128::from(u64::MAX) {
            return u64::MAX;
        }
    }
    ways as u64
}

/// Picks what is left of the first kind from `from` on, then of the other kinds.
fn combine(
    kinds: &[(Vec<Var>, usize)],
    from: usize,
    done: usize,
    picked: &mut Vec<Var>,
    visit: &mut dyn FnMut(&[Var]) -> bool,
) -> bool {
    let Some(((vars, count), rest)) = kinds.split_first() else { return visit(picked) };
    if done == *count {
        return combine(rest, 0, 0, picked, visit);
    }
    for (at, var) in vars.iter().enumerate().skip(from) {
        picked.push(*var);
        let go_on = combine(kinds, at + 1, done + 1, picked, visit);
        picked.pop();
        if !go_on {
            return false;
        }
    }
    true
}
