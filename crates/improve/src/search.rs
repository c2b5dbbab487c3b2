//! Tries every change, cheap questions first, then pairs where no single one is enough.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::num::NonZeroUsize;

use plimsoll_diagnostics::Sources;
use plimsoll_prove::Model;
use plimsoll_resolve::Lock;
use plimsoll_spec::{Part, Spec};
use plimsoll_yaml::read_document;

use crate::change::{self, Change, File};
use crate::pairs;
use crate::price::{self, Price};
use crate::proof::{self, Known, Line, Proof};
use crate::rank::{self, Suggestion};
use crate::resolved;
use crate::version::{self, Original};

/// What would help.
#[derive(Clone, Debug)]
pub struct Improvements {
    /// The file as it is.
    pub before: Proof,
    /// What would help, the best first.
    pub suggestions: Vec<Suggestion>,
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
    /// Changes of timers that save nothing by their likely figures, which are a matter of taste: not ranked.
    pub timing: Vec<Suggestion>,
    /// Changes that would save nothing and cure nothing, each with the likely seconds a year that it saves: 0, or less.
    pub useless: Vec<(String, f64)>,
    /// Changes that could not be made, each with the reason.
    pub impossible: Vec<(String, String)>,
    /// Changes whose lines are known and whose time is not, since the limit of analyses was reached.
    pub unproved: Vec<String>,
    /// Functions that were analysed exactly, those of the file as it is included.
    pub analyses: usize,
    /// What was not tried.
    pub not_tried: Vec<String>,
}

/// Where the search ends. Counted in work, so that the same file gives the same answer on every machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Promises whose probability is analysed exactly, beside those of the file as it is; promises that are the same
    /// function count once.
    pub analyses: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Limits { analyses: 100 }
    }
}

/// A change that was made, with its lines.
pub(crate) struct Made {
    pub(crate) change: Change,
    pub(crate) text: String,
    pub(crate) patch: Option<String>,
    pub(crate) lines: Vec<Line>,
}

/// A change that breaks nothing that holds; proved, unless the limit of analyses was reached before.
pub(crate) struct Tried {
    pub(crate) made: Made,
    pub(crate) proof: Option<Proof>,
}

/// Tries the changes. `name` is the path of the file that patches shall name. The answer is the same for any number of
/// `threads`. `progress` is told what is done of how much, and at what it is.
///
/// # Errors
/// When the file itself does not resolve, with its first error.
pub fn improve(
    name: &str,
    text: &str,
    lock: &Lock,
    limits: Limits,
    threads: NonZeroUsize,
    progress: &mut dyn FnMut(usize, usize, &str),
) -> Result<Improvements, String> {
    let now = resolved::resolve(text, lock)?;
    let mut sources = Sources::new();
    let id = sources.add(name, text);
    let root = read_document(text, id).0.ok_or("the file is empty")?;
    progress(0, 1, "the file as it is");
    let mut known = Known::nothing(threads);
    let model = Model::of(&now.design, &now.origins);
    let before = known.prove(&model, &now.design, proof::lines(&model, &now.design))?;
    drop(model);
    let file = File { root: &root, spec: &now.spec, design: &now.design };
    let errors = version::errors(&now);
    let original = Original { name, text, root: &root, lock: &now.lock, errors };
    let (changes, cut) = change::all(&file);
    let mut search =
        Search { original, spec: &now.spec, before: &before, known, most: 0, unproved: Vec::new(), progress };
    search.most = search.known.analysed() + limits.analyses;

    let mut impossible = Vec::new();
    let count = changes.len();
    let made = search.quick(changes, &mut impossible);
    let tried = search.exact(made, &mut impossible);

    let (mut useless, mut timing) = (Vec::new(), Vec::new());
    let mut best: BTreeMap<&str, (usize, Suggestion)> = BTreeMap::new();
    for (at, one) in tried.iter().enumerate() {
        match search.suggestion(one) {
            Ok(Some(suggestion)) if suggestion.helps() => {
                let better =
                    best.get(&*one.made.change.group).is_none_or(|(_, known)| rank::clearly_better(&suggestion, known));
                if better {
                    best.insert(&one.made.change.group, (at, suggestion));
                }
            }
            Ok(Some(suggestion)) if one.made.change.timing => timing.push(suggestion),
            Ok(Some(suggestion)) => useless.push((suggestion.what, suggestion.saved.typical)),
            Ok(None) => {}
            Err(why) => impossible.push((one.made.change.what.clone(), why)),
        }
    }
    let open: Vec<Line> = before
        .broken()
        .filter(|line| !best.values().any(|(_, suggestion)| suggestion.cures.contains(line)))
        .cloned()
        .collect();
    let mut suggestions: Vec<(usize, Suggestion)> = best.into_values().collect();
    suggestions.sort_by_key(|(at, _)| *at);
    let mut suggestions = together(suggestions, &tried);
    let mut not_tried = change::never();
    not_tried.extend(cut);
    if open.is_empty() {
        not_tried.push("combinations: single changes were enough, or there was nothing to cure".to_owned());
    } else {
        let (pairs, said) = pairs::pairs(&search.original, &tried, &before, &open, search.progress);
        not_tried.push(said);
        let pairs = search.exact(pairs.into_iter().map(|made| (made, 1)).collect(), &mut Vec::new());
        let helps = pairs.iter().filter_map(|pair| search.suggestion(pair).ok().flatten()).filter(Suggestion::helps);
        suggestions.extend(helps);
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
    let uncured = open.into_iter().filter(|line| !suggestions.iter().any(|one| one.cures.contains(line))).collect();
    let (unproved, analyses) = (search.unproved, search.known.analysed());
    Ok(Improvements {
        suggestions,
        uncured,
        by_price,
        currency: price::currency(&now.spec),
        unpriced,
        tried: count,
        timing,
        useless,
        impossible,
        unproved,
        analyses,
        not_tried,
        before,
    })
}

/// Proves a text as [`improve`] proves each version of it.
///
/// # Errors
/// When it does not resolve, with the first error.
pub fn proved(text: &str, lock: &Lock) -> Result<Proof, String> {
    let resolved = resolved::resolve(text, lock)?;
    let model = Model::of(&resolved.design, &resolved.origins);
    Known::nothing(NonZeroUsize::MIN).prove(&model, &resolved.design, proof::lines(&model, &resolved.design))
}

/// A change that can be made and breaks no line that holds: its words, the text after it, and its patch where there is one.
pub type Candidate = (String, String, Option<String>);

/// Every change that [`improve`] would analyse, without its worth, which is what takes long.
///
/// # Errors
/// When the file itself does not resolve, with its first error.
pub fn candidates(name: &str, text: &str, lock: &Lock) -> Result<Vec<Candidate>, String> {
    let now = resolved::resolve(text, lock)?;
    let mut sources = Sources::new();
    let id = sources.add(name, text);
    let root = read_document(text, id).0.ok_or("the file is empty")?;
    let model = Model::of(&now.design, &now.origins);
    let before = proof::lines(&model, &now.design);
    let errors = version::errors(&now);
    let original = Original { name, text, root: &root, lock: &now.lock, errors };
    let (changes, _) = change::all(&File { root: &root, spec: &now.spec, design: &now.design });
    let made = changes.into_iter().filter_map(|change| {
        let (made, _) = quick(&original, &before, &mut Known::nothing(NonZeroUsize::MIN), change).ok()?;
        Some((made.change.what, made.text, made.patch))
    });
    Ok(made.collect())
}

/// Makes a change and judges its lines, which is quick; also: how many functions of it are not known. An error with the
/// change's words and the reason, where it cannot be made or breaks a line that holds.
fn quick(
    original: &Original<'_>,
    before: &[Line],
    known: &mut Known,
    change: Change,
) -> Result<(Made, usize), (String, String)> {
    let made = original.make(&change).and_then(|(text, patch)| {
        let resolved = original.judged(&text)?;
        let model = Model::of(&resolved.design, &resolved.origins);
        let lines = proof::lines(&model, &resolved.design);
        rank::breaks(before, &lines)?;
        Ok((text, patch, lines, known.fresh(&model)))
    });
    match made {
        Ok((text, patch, lines, fresh)) => Ok((Made { change, text, patch, lines }, fresh)),
        Err(why) => Err((change.what, why)),
    }
}

/// Suggestions that are the same change of other things, and worth the same, as one.
fn together(suggestions: Vec<(usize, Suggestion)>, tried: &[Tried]) -> Vec<Suggestion> {
    let mut all: Vec<(Option<String>, Suggestion)> = Vec::new();
    for (at, one) in suggestions {
        let form = tried.get(at).and_then(|tried| tried.made.change.form());
        let known =
            all.iter_mut().find(|(known, first)| form.is_some() && *known == form && rank::worth_the_same(first, &one));
        match known {
            Some((_, first)) => first.alike.push(rank::Alike { what: one.what, patch: one.patch }),
            None => all.push((form, one)),
        }
    }
    all.into_iter().map(|(_, one)| one).collect()
}

struct Search<'a> {
    original: Original<'a>,
    spec: &'a Spec,
    before: &'a Proof,
    known: Known,
    /// Functions that may be analysed in all.
    most: usize,
    unproved: Vec<String>,
    progress: &'a mut dyn FnMut(usize, usize, &str),
}

impl Search<'_> {
    /// Makes each change and judges its lines. What breaks a line that holds goes no further.
    fn quick(&mut self, changes: Vec<Change>, impossible: &mut Vec<(String, String)>) -> Vec<(Made, usize)> {
        let mut all = Vec::new();
        let count = changes.len();
        for (done, change) in changes.into_iter().enumerate() {
            (self.progress)(done, count, &change.what);
            match quick(&self.original, &self.before.lines, &mut self.known, change) {
                Ok(made) => all.push(made),
                Err(why) => impossible.push(why),
            }
        }
        all
    }

    /// Proves what was made, the cures first and then what changes the fewest promises, until the limit is reached.
    fn exact(&mut self, made: Vec<(Made, usize)>, impossible: &mut Vec<(String, String)>) -> Vec<Tried> {
        let mut order: Vec<(usize, usize)> = made.iter().map(|(_, fresh)| *fresh).enumerate().collect();
        order.sort_by_key(|(at, fresh)| (Reverse(rank::cures(self.before, &made[*at].0.lines).len()), *fresh, *at));
        let mut proofs: BTreeMap<usize, Proof> = BTreeMap::new();
        for (done, (at, _)) in order.iter().enumerate() {
            let Made { change, text, lines, .. } = &made[*at].0;
            (self.progress)(done, order.len(), &change.what);
            let proof = self.original.resolve(text).and_then(|resolved| {
                let model = Model::of(&resolved.design, &resolved.origins);
                if self.known.analysed() + self.known.fresh(&model) > self.most {
                    return Ok(None);
                }
                self.known.prove(&model, &resolved.design, lines.clone()).map(Some)
            });
            match proof {
                Ok(Some(proof)) => drop(proofs.insert(*at, proof)),
                Ok(None) => {
                    let cures = rank::cures(self.before, lines).len();
                    let cures = if cures > 0 { format!(" (cures {cures} lines)") } else { String::new() };
                    self.unproved.push(format!("{}{cures}", change.what));
                }
                Err(why) => impossible.push((change.what.clone(), why)),
            }
        }
        let all = made.into_iter().enumerate();
        all.map(|(at, (made, _))| Tried { made, proof: proofs.remove(&at) }).collect()
    }

    /// What a change is worth; `None` when that is not known.
    fn suggestion(&self, one: &Tried) -> Result<Option<Suggestion>, String> {
        let Some(proof) = &one.proof else { return Ok(None) };
        let price = Price::of(self.spec, &one.made.change.parts);
        rank::suggestion(self.before, proof, &one.made.change, price, one.made.patch.clone()).map(Some)
    }
}
