//! How far each promise is from breaking, of the design or with some components down; and what may be taken down.

use plimsoll_circuit::{Node, Var};
use plimsoll_model::Design;
use plimsoll_model::design::State;

use crate::combinations::Combinations;
use crate::cuts::{Scenario, cuts_among};
use crate::model::Model;
use crate::question::Question;
use crate::survive::MOST;

/// How far one promise is from breaking.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Margin {
    /// The promise, by its place in the model.
    pub promise: usize,
    /// Whether it is broken now.
    pub broken: bool,
    /// Single further failures that break it; empty when it is broken, or when it takes two or more.
    pub breaks_with: Vec<Var>,
}

impl Margin {
    /// Further failures that are certainly survived: 0 when one more may break it (or it is broken), else at least 1.
    pub fn survives_one_more(&self) -> bool {
        !self.broken && self.breaks_with.is_empty()
    }
}

/// The margin of every promise while `down` are down.
pub fn margins(model: &Model, down: &[Var]) -> Vec<Margin> {
    let mut question = Question::new(model);
    question.ask(down.iter().copied());
    let mut margins: Vec<Margin> = (0..model.promises.len())
        .map(|promise| Margin { promise, broken: question.broken(promise), breaks_with: Vec::new() })
        .collect();
    let others: Vec<Var> = model.failable().map(|(var, _)| var).filter(|var| !down.contains(var)).collect();
    for var in others {
        question.ask(down.iter().copied().chain([var]));
        for margin in margins.iter_mut().filter(|margin| !margin.broken) {
            if question.broken(margin.promise) {
                margin.breaks_with.push(var);
            }
        }
    }
    margins
}

/// Whether hosts may be taken down now, and why not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MayStop {
    /// No promise breaks, and those that must stand one more failure during maintenance do.
    Yes,
    /// These promises break at once.
    Breaks(Vec<usize>),
    /// Nothing breaks, but the file asks that this promise survives such failures while a host is drained, and these
    /// would break it.
    NoMargin {
        /// The promise.
        promise: usize,
        /// The failure, or the first of several at a time.
        failure: Var,
        /// The others that happen with it, where the file asks for more than one.
        with: Vec<Var>,
    },
    /// Nothing breaks at once, but what a line of `survive:` asks for has more combinations than can be looked at. Not
    /// allowed, since nobody knows.
    TooMany {
        /// The line.
        goal: usize,
        /// How many.
        combinations: u64,
    },
}

/// Whether `hosts` may be taken down while `down` are down already. Promises that are broken before are not counted
/// against it. Components whose loss is accepted are left out of what could fail meanwhile.
pub fn may_stop(model: &Model, design: &Design, hosts: &[Var], down: &[Var]) -> MayStop {
    may_stop_trying(model, design, hosts, down, MOST)
}

/// As [`may_stop`], where a line with more than `most` combinations is not tried one by one.
pub fn may_stop_trying(model: &Model, design: &Design, hosts: &[Var], down: &[Var], most: u64) -> MayStop {
    let mut question = Question::new(model);
    question.ask(down.iter().copied());
    let before: Vec<bool> = (0..model.promises.len()).map(|promise| question.broken(promise)).collect();
    let gone: Vec<Var> = down.iter().chain(hosts).copied().collect();
    question.ask(gone.iter().copied());
    // What `all` does not mean counts where a line names it.
    let named = |promise: usize| design.survive.iter().any(|goal| model.promises[promise].is_meant(&goal.promise));
    let meant = |promise: usize| !before[promise] && (model.promises[promise].meant_by_all || named(promise));
    let broken: Vec<usize> =
        (0..model.promises.len()).filter(|&promise| meant(promise) && question.broken(promise)).collect();
    if !broken.is_empty() {
        return MayStop::Breaks(broken);
    }
    for (index, goal) in design.survive.iter().enumerate().filter(|(_, goal)| goal.while_drained) {
        let promises: Vec<usize> = (0..model.promises.len())
            .filter(|&promise| meant(promise) && model.promises[promise].is_meant(&goal.promise))
            .collect();
        let combinations = Combinations::of(model, design, goal, &gone).bounded();
        let mut lost = None;
        let size = combinations.size();
        if size > most {
            match smallest(model, design, &promises, &combinations, &gone) {
                Ok(found) => lost = found,
                Err(Unknown) => return MayStop::TooMany { goal: index, combinations: size },
            }
        } else {
            let mut ask = |combinations: &Combinations, promises: &[usize]| {
                combinations.each(&mut |failed| {
                    question.ask(gone.iter().chain(failed).copied());
                    let broken = promises.iter().find(|&&promise| question.broken(promise));
                    lost = lost.take().or_else(|| broken.map(|&promise| (promise, failed.to_vec())));
                    lost.is_none()
                });
            };
            ask(&combinations, &promises);
            // Where more failures can mend it, fewer may be worse.
            let is_mended = |promise: &usize| !model.promises[*promise].mended.is_empty();
            let mended: Vec<usize> = promises.iter().copied().filter(is_mended).collect();
            if !mended.is_empty() {
                combinations.fewer().iter().for_each(|fewer| ask(fewer, &mended));
            }
        }
        if let Some((promise, failed)) = lost
            && let Some((&failure, with)) = failed.split_first()
        {
            return MayStop::NoMargin { promise, failure, with: with.to_vec() };
        }
    }
    MayStop::Yes
}

/// Not all smallest sets can be found.
struct Unknown;

/// One of the smallest sets of failures that are part of a combination and break a promise while some components are gone.
fn smallest(
    model: &Model,
    design: &Design,
    promises: &[usize],
    combinations: &Combinations,
    gone: &[Var],
) -> Result<Option<(usize, Vec<Var>)>, Unknown> {
    let may_fail = combinations.may_fail();
    let scenario = Scenario { may_fail: &may_fail, away: gone, order: combinations.order() as u32 };
    // Promises that are one function are looked at once.
    let mut known: Vec<Node> = Vec::new();
    for &promise in promises {
        let of = &model.promises[promise];
        if known.contains(&of.broken) {
            continue;
        }
        known.push(of.broken);
        let found = cuts_among(model, design, of, &scenario).ok_or(Unknown)?;
        if let Some(orbit) = found.into_iter().find(|orbit| combinations.has(&orbit.example)) {
            return Ok(Some((promise, orbit.example)));
        }
    }
    Ok(None)
}

/// Hosts in groups that may be down together, each as large as possible when filled in the order of names. A host that may
/// not be stopped at all is in no group.
pub fn batches(model: &Model, design: &Design, down: &[Var]) -> Vec<Vec<Var>> {
    let there = design.host.iter().filter(|(_, host)| host.state != State::Planned);
    let mut left: Vec<Var> = there
        .filter_map(|(name, _)| model.components.find(&format!("host/{name}")))
        .filter(|host| !down.contains(host) && may_stop(model, design, &[*host], down) == MayStop::Yes)
        .collect();
    let mut batches = Vec::new();
    while !left.is_empty() {
        let mut batch: Vec<Var> = Vec::new();
        left.retain(|host| {
            let mut tried = batch.clone();
            tried.push(*host);
            let fits = may_stop(model, design, &tried, down) == MayStop::Yes;
            if fits {
                batch.push(*host);
            }
            !fits
        });
        batches.push(batch);
    }
    batches
}
