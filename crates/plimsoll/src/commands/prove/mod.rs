//! `plimsoll prove`: what the design survives, what breaks it, and what that costs in a year.

mod json;
mod openpsa;
mod seconds;
mod text;

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use plimsoll_check::{judge, rules};
use plimsoll_diagnostics::{Severity, nearest};
use plimsoll_model::Design;
use plimsoll_outage::Predictions;
use plimsoll_prove::{
    Answer, ColdStart, Cuts, Images, LostTime, Meaningless, Model, Promise, Range, analyse, asks_for_cold_start,
    cold_start, failovers, predictions, survive, takes_nothing,
};
use plimsoll_views::World;

use super::{pretty, threads};
use crate::failure::Failure;
use crate::input::{self, Loaded};
use crate::terminal::Terminal;
use crate::timings::Timings;

/// Prove what a design survives, and say what breaks each promise and what that costs in a year
///
/// Five answers: whether what `survive:` asks for holds; the smallest sets of failures that break each promise; the time
/// that each is broken in a year, as a range; how long each single failure hurts; and whether everything starts again
/// after losing all power.
#[derive(Debug, Args)]
pub(crate) struct Prove {
    /// The cluster file
    #[arg(default_value = "cluster.yaml")]
    file: PathBuf,
    /// Only these promises: a name (`api`), or a family (`capacity/*`)
    #[arg(value_name = "PROMISE")]
    promises: Vec<String>,
    /// Look for sets of up to so many failures that break a promise
    #[arg(long, default_value_t = 3, value_name = "K", value_parser = clap::value_parser!(u32).range(1..=20))]
    order: u32,
    /// How to show it: `text`, `json`, or `openpsa` (the promises as fault trees for other tools)
    #[arg(long, value_enum, default_value_t = Format::Text, hide_possible_values = true)]
    format: Format,
    /// Analyse a fault tree in the Open-PSA format instead of a cluster file
    #[arg(long, value_name = "FILE", conflicts_with_all = ["file", "promises"])]
    openpsa: Option<PathBuf>,
    /// List what is not modelled, and stop
    #[arg(long)]
    not_modelled: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    Text,
    Json,
    Openpsa,
}

/// What is known of one promise.
struct OfPromise {
    /// Its place in the model.
    promise: usize,
    cuts: Option<Cuts>,
    lost: Option<LostTime>,
    /// Seconds a year in which it fails over.
    failovers: Range,
}

/// Everything that is shown.
struct Proof<'a> {
    design: &'a Design,
    model: &'a Model,
    answers: Vec<Answer>,
    meaningless: Vec<Meaningless>,
    promises: Vec<OfPromise>,
    cold: [(Images, ColdStart); 2],
    predictions: Predictions,
    order: u32,
}

impl Proof<'_> {
    /// Whether everything comes back after the loss of all power, with the images that nodes have.
    fn comes_back(&self) -> bool {
        self.cold.iter().all(|(images, cold)| *images != Images::OnNodes || cold.works())
    }

    /// Whether everything that was asked for holds. What starts after the loss of all power is told in any case, and counts
    /// where the file asks for it.
    fn holds(&self) -> bool {
        self.answers.iter().all(Answer::holds)
            && self.meaningless.is_empty()
            && takes_nothing(self.model, self.design).is_empty()
            && (self.comes_back() || !self.design.survive.iter().any(asks_for_cold_start))
    }
}

impl Prove {
    pub(super) fn run(self, terminal: &Terminal) -> Result<bool, Failure> {
        if self.not_modelled {
            terminal.out(&text::not_modelled())?;
            return Ok(true);
        }
        if let Some(tree) = &self.openpsa {
            return openpsa::analyse(tree, self.order, self.format, terminal);
        }
        let Loaded::Cluster(cluster) = input::load(&self.file, terminal, &mut Timings::start())? else {
            return Ok(false);
        };
        let (design, origins) = (&cluster.design, &cluster.origins);
        let model = Model::of(design, origins);
        let wanted = self.wanted(&model)?;
        if self.format == Format::Openpsa {
            terminal.out(&openpsa::write(&model, &wanted, design.cluster.as_str())?)?;
            return Ok(true);
        }
        let asked: Vec<&Promise> = wanted.iter().map(|&promise| &model.promises[promise]).collect();
        let meanwhile = || {
            let cold = [Images::OnNodes, Images::Gone].map(|images| (images, cold_start(design, images)));
            (survive(&model, design), predictions(&model, design), cold)
        };
        let (analyses, ((answers, meaningless), predictions, cold)) =
            analyse(&model, design, &asked, self.order, threads(), meanwhile);
        let promises = wanted.into_iter().zip(analyses).map(|(promise, of)| {
            let failovers = failovers(&model, &predictions, &model.promises[promise].id);
            OfPromise { promise, cuts: of.cuts.ok(), lost: of.lost.ok(), failovers }
        });
        let promises = promises.collect();
        let proof =
            Proof { design, model: &model, answers, meaningless, promises, cold, predictions, order: self.order };
        match self.format {
            Format::Text | Format::Openpsa => {
                terminal.out(&text::text(&proof, &cluster, terminal))?;
                // The proof takes settings at their word where a rule already calls them wrong.
                let world = World::of_design(design, origins, input::today(None));
                let errors = judge(&world, &rules::all()).findings.count(Severity::Error);
                terminal.out(&text::errors(errors))?;
            }
            Format::Json => terminal.out(&pretty(&json::json(&proof, &cluster)))?,
        }
        Ok(proof.holds())
    }

    /// The promises that were asked for, by their place in the model; all of them when none was.
    fn wanted(&self, model: &Model) -> Result<Vec<usize>, Failure> {
        let all = 0..model.promises.len();
        if self.promises.is_empty() {
            return Ok(all.collect());
        }
        let mut wanted = Vec::new();
        for pattern in &self.promises {
            let found: Vec<usize> = all.clone().filter(|&promise| model.promises[promise].is_meant(pattern)).collect();
            if found.is_empty() {
                let names: Vec<&str> = model.promises.iter().map(|promise| promise.id.as_str()).collect();
                let failure = Failure::new(format!("there is no promise `{pattern}`"));
                return Err(match nearest(pattern, names.iter().copied()) {
                    Some(near) => failure.with_hint(format!("did you mean `{near}`?")),
                    None => failure.with_hint(format!("there are {}", names.join(", "))),
                });
            }
            wanted.extend(found);
        }
        wanted.sort_unstable();
        wanted.dedup();
        Ok(wanted)
    }
}
