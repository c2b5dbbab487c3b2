//! The short form of the proof, for commands that are about something else: whether what `survive:` asks for holds.

use std::fmt::Write as _;

use plimsoll_diagnostics::{Diagnostic, Span};
use plimsoll_model::Origin;
use plimsoll_prove::{Answer, Model, survive, words};

use super::plural;
use crate::input::Cluster;

/// What the file asks for, judged.
pub(crate) struct Promises {
    /// Requirements that do not hold, each at its line.
    pub(crate) broken: Vec<Diagnostic>,
    /// One line for each requirement that holds.
    pub(crate) held: Vec<String>,
}

impl Promises {
    /// Proves what `survive:` asks for.
    pub(crate) fn of(cluster: &Cluster) -> Self {
        let design = &cluster.design;
        if design.survive.is_empty() {
            return Promises { broken: Vec::new(), held: Vec::new() };
        }
        let model = Model::of(design, &cluster.origins);
        let (answers, _) = survive(&model, design);
        let (mut broken, mut held) = (Vec::new(), Vec::new());
        for (index, line) in design.survive.iter().enumerate() {
            let of_line: Vec<&Answer> = answers.iter().filter(|answer| answer.goal == index).collect();
            let Some(first) = of_line.first() else { continue };
            let what = words::goal(line);
            if of_line.iter().all(|answer| answer.holds()) {
                let combinations = plural(usize::try_from(first.combinations).unwrap_or(usize::MAX), "combination");
                held.push(format!(
                    "{} survives {what}: {}, {combinations}",
                    line.promise,
                    plural(of_line.len(), "promise")
                ));
                continue;
            }
            let place = cluster.origins.of(&format!("survive/{index}")).and_then(Origin::span);
            broken.push(finding(&model, &of_line, &what, place));
        }
        Promises { broken, held }
    }
}

fn finding(model: &Model, answers: &[&Answer], what: &str, place: Option<Span>) -> Diagnostic {
    let lost: Vec<&&Answer> = answers.iter().filter(|answer| !answer.holds()).collect();
    let names: Vec<&str> = lost.iter().map(|answer| model.promises[answer.promise].id.as_str()).collect();
    let mut examples = String::new();
    if let Some(example) = lost.first().and_then(|answer| answer.counter_examples.first()) {
        let path = |var| model.components.get(var).path.as_str();
        let failed: Vec<&str> = example.failed.iter().map(|var| path(*var)).collect();
        let _ = match example.drained {
            Some(host) => write!(examples, "{} drained, then {}", path(host), failed.join(" and ")),
            None => write!(examples, "{}", failed.join(" and ")),
        };
    }
    let count: u64 = lost.iter().map(|answer| answer.broken_by).sum();
    let verb = if names.len() == 1 { "does" } else { "do" };
    Diagnostic::error(format!("{} {verb} not survive {what}", names.join(", ")))
        .code("survive")
        .at(place, format!("broken by {examples}{}", if count > 1 { ", among others" } else { "" }))
        .breaks(format!("{} is lost with {examples}", names.first().copied().unwrap_or_default()))
        .help("`plimsoll prove` shows every way and why; change the design, or ask for less")
}
