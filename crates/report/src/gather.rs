//! Everything that is shown, computed once.

use std::collections::BTreeMap;

use plimsoll_check::Report;
use plimsoll_circuit::Node;
use plimsoll_diagnostics::Sources;
use plimsoll_model::{Design, Origins};
use plimsoll_prove::{
    Answer, ColdStart, Cuts, Images, LostTime, Maintenance, Meaningless, Model, Promise, cold_start, cuts, lost_time,
    survive, words,
};

use crate::singles::Singles;

/// How long a promise is away after one failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
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

/// Predicted outages by path of the component and name of the promise.
pub type Outages = BTreeMap<(String, String), Outage>;

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
    /// How long each single failure hurts, where that is known.
    pub outages: Option<&'a Outages>,
}

/// The input with all that was computed from it.
pub(crate) struct Facts<'a> {
    pub(crate) design: &'a Design,
    pub(crate) origins: &'a Origins,
    pub(crate) sources: &'a Sources,
    pub(crate) report: &'a Report,
    pub(crate) model: &'a Model,
    pub(crate) answers: Vec<Answer>,
    pub(crate) meaningless: Vec<Meaningless>,
    pub(crate) cuts: Vec<Option<Cuts>>,
    pub(crate) lost: Vec<Option<LostTime>>,
    pub(crate) cold: [(Images, ColdStart); 2],
    pub(crate) singles: Singles,
    pub(crate) seconds_words: BTreeMap<(String, String), String>,
}

/// Something about each promise, made once for those that are one function: tenants of one rank.
fn once<T: Clone>(model: &Model, make: impl Fn(&Promise) -> T) -> Vec<T> {
    let mut known: BTreeMap<Node, T> = BTreeMap::new();
    let of = |promise: &Promise| known.entry(promise.broken).or_insert_with(|| make(promise)).clone();
    model.promises.iter().map(of).collect()
}

impl<'a> Facts<'a> {
    pub(crate) fn of(input: &Input<'a>) -> Self {
        let Input { design, origins, sources, report, model, outages } = *input;
        let (answers, meaningless) = survive(model, design);
        let words = outages.into_iter().flatten().map(|(key, outage)| (key.clone(), outage.words()));
        Facts {
            design,
            origins,
            sources,
            report,
            model,
            answers,
            meaningless,
            cuts: once(model, |promise| cuts(model, design, promise, 2).ok()),
            lost: once(model, |promise| lost_time(model, design, promise, Maintenance::of(design)).ok()),
            cold: [Images::OnNodes, Images::Gone].map(|images| (images, cold_start(design, images))),
            singles: Singles::of(model, design),
            seconds_words: words.collect(),
        }
    }

    /// The path of a component.
    pub(crate) fn path(&self, var: plimsoll_circuit::Var) -> &str {
        &self.model.components.get(var).path
    }

    /// Whether everything that is asked for holds.
    pub(crate) fn holds(&self) -> bool {
        self.answers.iter().all(Answer::holds)
            && self.meaningless.is_empty()
            && self.cold.iter().all(|(_, it)| it.works())
    }
}
