//! Tries every change, then pairs where no single one is enough.

use std::collections::BTreeMap;

use plimsoll_diagnostics::Sources;
use plimsoll_prove::Model;
use plimsoll_resolve::Lock;
use plimsoll_spec::Part;
use plimsoll_yaml::{Node, emit, read_document};

use crate::change::{self, Change, File};
use crate::price::{self, Price};
use crate::proof::{self, Line, Proof};
use crate::rank::{self, Suggestion};
use crate::{edit, patch, step};

/// Changes of which pairs are tried.
const IN_PAIRS: usize = 12;

/// What would help.
#[derive(Clone, Debug)]
pub struct Improvements {
    /// The file as it is.
    pub before: Proof,
    /// What would help, the best first.
    pub suggestions: Vec<Suggestion>,
    /// Changes of how long outages last, which are not ranked with the others.
    pub timing: Vec<Suggestion>,
    /// Lines that no change which was tried makes hold.
    pub uncured: Vec<Line>,
    /// Whether all that is suggested has a price, so that the ranking is by it.
    pub by_price: bool,
    /// The currency of the file's prices.
    pub currency: Option<String>,
    /// Parts of suggestions without a price.
    pub unpriced: Vec<Part>,
    /// How many changes were tried, variants included.
    pub tried: usize,
    /// Changes that would save nothing and cure nothing.
    pub useless: Vec<String>,
    /// Changes that could not be made, each with the reason.
    pub impossible: Vec<(String, String)>,
    /// What was not tried.
    pub not_tried: Vec<String>,
}

/// A change that was made and proved.
struct Tried {
    change: Change,
    proof: Proof,
    patch: Option<String>,
}

/// Tries the changes. `name` is the path of the file that patches shall name.
///
/// # Errors
/// When the file itself does not resolve, with its first error.
pub fn improve(name: &str, text: &str, lock: &Lock) -> Result<Improvements, String> {
    let now = proof::resolve(text, lock)?;
    let mut sources = Sources::new();
    let id = sources.add(name, text);
    let root = read_document(text, id).0.ok_or("the file is empty")?;
    let model = Model::of(&now.design, &now.origins);
    let before = proof::prove(&model, &now.design)?;
    let file = File { root: &root, spec: &now.spec, design: &now.design };
    let search = Search { name, text, root: &root, lock: &now.lock };

    let mut impossible = Vec::new();
    let mut tried = Vec::new();
    let mut timing = Vec::new();
    let all = change::all(&file);
    let count = all.len();
    for change in all {
        let made = search.make(&change).and_then(|(text, patch)| Ok((search.prove(&text)?, patch)));
        match made {
            Ok((proof, patch)) if change.timing => {
                let price = Price::of(&now.spec, &change.parts);
                timing.push(timing_of(&before, &proof, &change, price, patch));
            }
            Ok((proof, patch)) => tried.push(Tried { change, proof, patch }),
            Err(why) => impossible.push((change.what, why)),
        }
    }

    let mut useless = Vec::new();
    let mut best: BTreeMap<String, (usize, Suggestion)> = BTreeMap::new();
    let mut consider = |group: &str, at: usize, one: Suggestion| {
        let better = best.get(group).is_none_or(|(_, known)| rank::clearly_better(&one, known));
        if better {
            best.insert(group.to_owned(), (at, one));
        }
    };
    for (at, Tried { change, proof, patch }) in tried.iter().enumerate() {
        let price = Price::of(&now.spec, &change.parts);
        match rank::suggestion(&before, proof, change, price, patch.clone()) {
            Ok(Some(suggestion)) => consider(&change.group, at, suggestion),
            Ok(None) => useless.push(change.what.clone()),
            Err(why) => impossible.push((change.what.clone(), why)),
        }
    }
    let cured = |lines: &[Line], line: &Line| lines.contains(line);
    let open: Vec<Line> = before
        .broken()
        .filter(|line| !best.values().any(|(_, suggestion)| cured(&suggestion.cures, line)))
        .cloned()
        .collect();
    let mut not_tried = change::never();
    let pairs = if open.is_empty() {
        not_tried.push("combinations: single changes were enough, or there was nothing to cure".to_owned());
        Vec::new()
    } else {
        search.pairs(&tried, &before, &open, &mut not_tried)
    };
    let mut suggestions: Vec<(usize, Suggestion)> = best.into_values().collect();
    suggestions.sort_by_key(|(at, _)| *at);
    let mut suggestions: Vec<Suggestion> = suggestions.into_iter().map(|(_, one)| one).collect();
    for Tried { change, proof, patch } in &pairs {
        let price = Price::of(&now.spec, &change.parts);
        suggestions.extend(rank::suggestion(&before, proof, change, price, patch.clone()).ok().flatten());
    }
    let mut unpriced: Vec<Part> = Vec::new();
    for suggestion in &suggestions {
        if let Price::Unknown(parts) = &suggestion.price {
            unpriced.extend(parts);
        }
    }
    unpriced.sort_unstable();
    unpriced.dedup();
    let by_price = unpriced.is_empty() && !now.spec.prices.is_empty();
    suggestions.sort_by(|a, b| rank::order(a, b, by_price));
    let uncured = open.into_iter().filter(|line| !suggestions.iter().any(|one| cured(&one.cures, line))).collect();
    Ok(Improvements {
        before,
        suggestions,
        timing,
        uncured,
        by_price,
        currency: price::currency(&now.spec),
        unpriced,
        tried: count,
        useless,
        impossible,
        not_tried,
    })
}

/// What changes only how long outages last: shown with its patch, with whatever the proof says, which is mostly nothing.
fn timing_of(before: &Proof, after: &Proof, change: &Change, price: Price, patch: Option<String>) -> Suggestion {
    let ranked = rank::suggestion(before, after, change, price.clone(), patch.clone()).ok().flatten();
    ranked.unwrap_or_else(|| Suggestion {
        what: change.what.clone(),
        cures: Vec::new(),
        saved: plimsoll_prove::Range::exactly(0.0),
        saved_of_accepted: 0.0,
        times: Vec::new(),
        no_longer_single: Vec::new(),
        parts: change.parts.clone(),
        price,
        effort: change.effort,
        patch,
        by_hand: change.by_hand.clone(),
        notes: change.note.into_iter().collect(),
    })
}

/// Proves a text as [`improve`] proves each version of it.
///
/// # Errors
/// When it does not resolve, with the first error.
pub fn proved(text: &str, lock: &Lock) -> Result<Proof, String> {
    let resolved = proof::resolve(text, lock)?;
    proof::prove(&Model::of(&resolved.design, &resolved.origins), &resolved.design)
}

struct Search<'a> {
    name: &'a str,
    text: &'a str,
    root: &'a Node,
    /// With what was allocated to the file as it is.
    lock: &'a Lock,
}

impl Search<'_> {
    /// The text after a change, and the patch where the text could be edited. Else the text is the whole tree written
    /// anew, which proves the same and is no patch.
    fn make(&self, change: &Change) -> Result<(String, Option<String>), String> {
        let wanted = step::apply(self.root, &change.steps).filter(|_| !change.steps.is_empty());
        let wanted = wanted.ok_or("the file is written in a way that it does not fit")?;
        let edited = if change.by_hand.is_some() { None } else { self.edited(change, &wanted) };
        Ok(edited.map_or_else(|| (emit(&wanted), None), |(text, patch)| (text, Some(patch))))
    }

    /// The edited text, if it reads as the change means it.
    fn edited(&self, change: &Change, wanted: &Node) -> Option<(String, String)> {
        let edits = edit::edits(self.text, self.root, &change.steps)?;
        let text = edit::apply(self.text, &edits)?;
        let mut sources = Sources::new();
        let id = sources.add(self.name, text.as_str());
        let (read, problems) = read_document(&text, id);
        if problems.has_errors() || read.as_ref() != Some(wanted) {
            return None;
        }
        let patch = patch::unified(self.name, self.text, &edits)?;
        Some((text, patch))
    }

    fn resolve(&self, text: &str) -> Result<proof::Resolved, String> {
        let resolved = proof::resolve(text, self.lock)?;
        match proof::moved(self.lock, &resolved.lock) {
            Some(line) => Err(format!("it would take away what is allocated: {line}")),
            None => Ok(resolved),
        }
    }

    fn prove(&self, text: &str) -> Result<Proof, String> {
        let resolved = self.resolve(text)?;
        proof::prove(&Model::of(&resolved.design, &resolved.origins), &resolved.design)
    }

    /// Pairs of changes that make open lines hold.
    fn pairs(&self, tried: &[Tried], before: &Proof, open: &[Line], not_tried: &mut Vec<String>) -> Vec<Tried> {
        // How many combinations still break the open lines: what helps half-way comes first.
        let left = |lines: &[Line]| -> u64 {
            let of = |wanted: &Line| {
                let found = lines.iter().find(|line| (line.goal, &line.promise) == (wanted.goal, &wanted.promise));
                found.map_or(0, |line| line.broken_by)
            };
            open.iter().map(of).sum()
        };
        let saved = |proof: &Proof| -> f64 {
            let sum = |times: &[proof::Time]| times.iter().map(|time| time.seconds.typical).sum::<f64>();
            sum(&before.times) - sum(&proof.times)
        };
        let mut order: Vec<&Tried> = tried.iter().collect();
        order.sort_by(|a, b| {
            let by_lines = left(&a.proof.lines).cmp(&left(&b.proof.lines));
            by_lines.then_with(|| saved(&b.proof).total_cmp(&saved(&a.proof)))
        });
        let all = order.len();
        order.truncate(IN_PAIRS);
        let mut found: Vec<Tried> = Vec::new();
        let mut done = 0;
        for (index, one) in order.iter().enumerate() {
            for other in &order[index + 1..] {
                let Some(both) = together(&one.change, &other.change) else { continue };
                done += 1;
                let Ok((text, patch)) = self.make(&both) else { continue };
                let Ok(resolved) = self.resolve(&text) else { continue };
                let model = Model::of(&resolved.design, &resolved.origins);
                let lines = proof::lines(&model, &resolved.design);
                let cures = open.iter().any(|wanted| {
                    let now = lines.iter().find(|line| (line.goal, &line.promise) == (wanted.goal, &wanted.promise));
                    now.is_some_and(|line| line.broken_by == 0)
                });
                let known = found.iter().any(|known| known.change.group == both.group);
                if cures
                    && !known
                    && let Ok(proof) = proof::prove(&model, &resolved.design)
                {
                    found.push(Tried { change: both, proof, patch });
                }
            }
        }
        let kept = order.len();
        not_tried.push(format!(
            "most pairs: no single change makes every line hold, so {done} pairs of the {kept} most promising of {all} \
             changes were tried; three changes together never are"
        ));
        found
    }
}

/// Two changes as one. `None` when they are variants of one idea or touch the same place.
fn together(one: &Change, other: &Change) -> Option<Change> {
    if one.group == other.group || one.timing || other.timing {
        return None;
    }
    let place = |step: &step::Step| match step {
        step::Step::Set { at, .. } | step::Step::Rename { at, .. } => at.clone(),
        step::Step::Add { to, key, .. } => to.iter().chain([key]).cloned().collect(),
        step::Step::Push { .. } => Vec::new(),
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
        steps: one.steps.iter().chain(&other.steps).cloned().collect(),
        parts: parts.into_iter().collect(),
        effort: one.effort.max(other.effort),
        by_hand: (!by_hand.is_empty()).then(|| by_hand.join("; ")),
        note: one.note.or(other.note),
        timing: false,
    })
}
