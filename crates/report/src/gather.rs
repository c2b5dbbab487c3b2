//! Everything that is shown, computed once.

use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::rc::Rc;

use plimsoll_check::Report;
use plimsoll_diagnostics::Sources;
use plimsoll_model::{Design, Origins};
use plimsoll_prove::{
    Answer, ColdStart, Cuts, Images, LostTime, Meaningless, Model, Promise, Range, analyse, asks_for_cold_start,
    cold_start, survive, words,
};

use crate::singles::Singles;

/// How long a promise is away after one failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Outage {
    /// Between two bounds, in milliseconds.
    Between {
        /// At least.
        low: u64,
        /// At most.
        high: u64,
    },
    /// Until somebody has repaired it.
    UntilRepair,
}

impl Outage {
    fn words(self) -> String {
        let words = |millis: u64| words::duration(millis as f64 / 1000.0);
        match self {
            Outage::Between { high: 0, .. } => "not at all".to_owned(),
            Outage::Between { low, high } if words(low) == words(high) => words(high),
            Outage::Between { low, high } => format!("{} to {}", words(low), words(high)),
            Outage::UntilRepair => "until repair".to_owned(),
        }
    }
}

/// Predicted outages by path of the component, and by name of the promise.
pub type Outages = BTreeMap<String, BTreeMap<String, Outage>>;

/// What is proved of a design: once, for everybody who shows it.
#[derive(Clone, Debug)]
pub struct Proof {
    /// Whether each line of `survive:` holds, for each promise that it means.
    pub answers: Vec<Answer>,
    /// Lines that mean nothing here.
    pub meaningless: Vec<Meaningless>,
    /// What breaks each promise, by its place in the model: sets of up to [`Proof::ORDER`] failures. `None` where more
    /// failures can mend it.
    pub cuts: Vec<Option<Cuts>>,
    /// How long each promise is broken in a year, by its place in the model.
    pub lost: Vec<Option<LostTime>>,
    /// Whether everything starts after a loss of all power.
    pub cold: [(Images, ColdStart); 2],
}

impl Proof {
    /// Failures at a time that are looked at for what breaks a promise.
    pub const ORDER: u32 = 2;

    /// Proves all of it, on so many threads: the same for any number of them. The calling thread, which is one of them, does
    /// `meanwhile` before it joins in.
    pub fn of<R>(model: &Model, design: &Design, threads: NonZeroUsize, meanwhile: impl FnOnce() -> R) -> (Self, R) {
        let meanwhile = || (survive(model, design), meanwhile());
        let (proof, (survived, aside)) = Self::after(Default::default(), model, design, threads, meanwhile);
        (Proof { answers: survived.0, meaningless: survived.1, ..proof }, aside)
    }

    /// [`Proof::of`], when `survive:` was judged before.
    pub fn after<R>(
        survived: (Vec<Answer>, Vec<Meaningless>),
        model: &Model,
        design: &Design,
        threads: NonZeroUsize,
        meanwhile: impl FnOnce() -> R,
    ) -> (Self, R) {
        let (answers, meaningless) = survived;
        let promises: Vec<&Promise> = model.promises.iter().collect();
        let meanwhile = || {
            let aside = meanwhile();
            (aside, [Images::OnNodes, Images::Gone].map(|images| (images, cold_start(design, images))))
        };
        let (analyses, (aside, cold)) = analyse(model, design, &promises, Self::ORDER, threads, meanwhile);
        let (cuts, lost) = analyses.into_iter().map(|one| (one.cuts.ok(), one.lost.ok())).unzip();
        (Proof { answers, meaningless, cuts, lost, cold }, aside)
    }
}

/// What a report is made from.
#[derive(Clone, Copy, Debug)]
pub struct Input<'a> {
    /// The design.
    pub design: &'a Design,
    /// Where its facts come from.
    pub origins: &'a Origins,
    /// The texts behind it, for places in findings.
    pub sources: &'a Sources,
    /// What the rules say about it.
    pub report: &'a Report,
    /// The promises of the design, as a circuit.
    pub model: &'a Model,
    /// What is proved of it.
    pub proof: &'a Proof,
    /// How long each single failure hurts, where that is known.
    pub outages: Option<&'a Outages>,
    /// Seconds a year in which each promise fails over, by its place in the model; empty where that is not known.
    pub failovers: &'a [Range],
}

/// The input with all that was computed from it.
pub(crate) struct Facts<'a> {
    pub(crate) design: &'a Design,
    pub(crate) origins: &'a Origins,
    pub(crate) sources: &'a Sources,
    pub(crate) report: &'a Report,
    pub(crate) model: &'a Model,
    pub(crate) answers: &'a [Answer],
    pub(crate) meaningless: &'a [Meaningless],
    pub(crate) cuts: &'a [Option<Cuts>],
    pub(crate) lost: &'a [Option<LostTime>],
    pub(crate) failovers: &'a [Range],
    pub(crate) cold: &'a [(Images, ColdStart); 2],
    pub(crate) singles: Singles,
    /// Outages in words, by path of the component, and by name of the promise.
    pub(crate) seconds: BTreeMap<&'a str, BTreeMap<&'a str, Rc<str>>>,
}

/// Outages in words. Few of them differ.
fn seconds(outages: &Outages) -> BTreeMap<&str, BTreeMap<&str, Rc<str>>> {
    let mut known: BTreeMap<Outage, Rc<str>> = BTreeMap::new();
    let mut words = |outage: Outage| Rc::clone(known.entry(outage).or_insert_with(|| outage.words().into()));
    let mut all = BTreeMap::new();
    for (component, promises) in outages {
        let of_component = promises.iter().map(|(promise, outage)| (promise.as_str(), words(*outage)));
        all.insert(component.as_str(), of_component.collect());
    }
    all
}

impl<'a> Facts<'a> {
    pub(crate) fn of(input: &Input<'a>) -> Self {
        let Input { design, origins, sources, report, model, proof, outages, failovers } = *input;
        let Proof { answers, meaningless, cuts, lost, cold } = proof;
        Facts {
            design,
            origins,
            sources,
            report,
            model,
            answers,
            meaningless,
            cuts,
            lost,
            failovers,
            cold,
            singles: Singles::of(model, design),
            seconds: outages.map(seconds).unwrap_or_default(),
        }
    }

    /// The path of a component.
    pub(crate) fn path(&self, var: plimsoll_circuit::Var) -> &str {
        &self.model.components.get(var).path
    }

    /// Whether everything that is asked for holds. A start after the loss of all power, with the images that nodes have,
    /// counts where the file asks for it.
    pub(crate) fn holds(&self) -> bool {
        let asked = self.design.survive.iter().any(asks_for_cold_start);
        let starts = self.cold.iter().all(|(images, it)| *images != Images::OnNodes || it.works());
        self.answers.iter().all(Answer::holds) && self.meaningless.is_empty() && (starts || !asked)
    }
}
