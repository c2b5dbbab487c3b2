//! Two changes together, where no single one is enough.

use std::collections::BTreeMap;

use plimsoll_prove::Model;
use plimsoll_spec::Part;

use crate::change::Change;
use crate::proof::{self, Line, Proof};
use crate::search::{Made, Tried};
use crate::step::Step;
use crate::version::Original;

/// Changes of which pairs are tried.
const IN_PAIRS: usize = 12;

/// Pairs of changes that make open lines hold, by the lines alone; and what is said of those that were not tried.
pub(crate) fn pairs(
    original: &Original<'_>,
    tried: &[Tried],
    before: &Proof,
    open: &[Line],
    progress: &mut dyn FnMut(usize, usize, &str),
) -> (Vec<Made>, String) {
    // How many combinations still break the open lines: what helps half-way comes first.
    let left = |lines: &[Line]| -> u64 {
        let of = |wanted: &Line| lines.iter().find(|line| line.is(wanted)).map_or(0, |line| line.broken_by);
        open.iter().map(of).sum()
    };
    let saved = |proof: &Option<Proof>| -> f64 {
        let sum = |times: &[proof::Time]| times.iter().map(|time| time.seconds.typical).sum::<f64>();
        proof.as_ref().map_or(0.0, |proof| sum(&before.times) - sum(&proof.times))
    };
    let mut order: Vec<&Tried> = tried.iter().collect();
    order.sort_by(|a, b| {
        let by_lines = left(&a.made.lines).cmp(&left(&b.made.lines));
        by_lines.then_with(|| saved(&b.proof).total_cmp(&saved(&a.proof)))
    });
    let all = order.len();
    order.truncate(IN_PAIRS);
    let kept = order.len();
    let candidates: Vec<Change> = order
        .iter()
        .enumerate()
        .flat_map(|(index, one)| order[index + 1..].iter().map(move |other| (one, other)))
        .filter_map(|(one, other)| together(&one.made.change, &other.made.change))
        .collect();
    let mut found: Vec<Made> = Vec::new();
    for (done, both) in candidates.iter().enumerate() {
        progress(done, candidates.len(), "two changes together");
        if found.iter().any(|known| known.change.group == both.group) {
            continue;
        }
        let Ok((text, patch)) = original.make(both) else { continue };
        let Ok(resolved) = original.judged(&text) else { continue };
        let model = Model::of(&resolved.design, &resolved.origins);
        let lines = proof::lines(&model, &resolved.design);
        let cures = |wanted: &Line| lines.iter().any(|line| line.is(wanted) && line.broken_by == 0);
        if open.iter().any(cures) {
            found.push(Made { change: both.clone(), text, patch, lines });
        }
    }
    let said = format!(
        "most pairs: no single change makes every line hold, so {} pairs of the {kept} most promising of {all} changes \
         were tried; three changes together never are",
        candidates.len()
    );
    (found, said)
}

/// Two changes as one. `None` when they are variants of one idea or touch the same place.
fn together(one: &Change, other: &Change) -> Option<Change> {
    if one.group == other.group || one.timing || other.timing {
        return None;
    }
    let place = |step: &Step| match step {
        Step::Set { at, .. } | Step::Rename { at, .. } => at.clone(),
        Step::Add { to, key, .. } => to.iter().chain([key]).cloned().collect(),
        Step::Push { .. } => Vec::new(),
    };
    let places: Vec<_> = one.steps.iter().map(place).filter(|place| !place.is_empty()).collect();
    if other.steps.iter().map(place).any(|place| places.contains(&place)) {
        return None;
    }
    let by_hand: Vec<String> = one.by_hand.iter().chain(&other.by_hand).cloned().collect();
    let mut parts: BTreeMap<Part, u32> = BTreeMap::new();
    for (part, count) in one.parts.iter().chain(&other.parts) {
        *parts.entry(*part).or_default() += count;
    }
    Some(Change {
        group: format!("{} and {}", one.group, other.group),
        what: format!("{}; and {}", one.what, other.what),
        about: Vec::new(),
        steps: one.steps.iter().chain(&other.steps).cloned().collect(),
        parts: parts.into_iter().collect(),
        effort: one.effort.max(other.effort),
        by_hand: (!by_hand.is_empty()).then(|| by_hand.join("; ")),
        notes: one.notes.iter().chain(&other.notes).cloned().collect(),
        timing: false,
    })
}
