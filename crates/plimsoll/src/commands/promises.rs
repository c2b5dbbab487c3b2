//! The short form of the proof, for commands that are about something else: whether what `survive:` asks for holds.

use std::fmt::Write as _;

use plimsoll_diagnostics::{Diagnostic, Span};
use plimsoll_model::{Design, Origin};
use plimsoll_prove::{
    Answer, Images, Meaningless, Model, TakesNothing, asks_for_cold_start, cold_start, takes_nothing, words,
};

use super::plural;
use crate::input::Cluster;

/// What the file asks for, judged.
#[derive(Default)]
pub(crate) struct Promises {
    /// Requirements that do not hold, or that nobody can judge, each at its line.
    pub(crate) broken: Vec<Diagnostic>,
    /// One line for each requirement that holds.
    pub(crate) held: Vec<String>,
}

impl Promises {
    /// Puts into words what was judged of `survive:`.
    pub(crate) fn of(cluster: &Cluster, model: &Model, answers: &[Answer], meaningless: &[Meaningless]) -> Self {
        let design = &cluster.design;
        let place = |line: usize| cluster.origins.of(&format!("survive/{line}")).and_then(Origin::span);
        let mut broken: Vec<Diagnostic> = meaningless.iter().map(|problem| nothing(problem, place)).collect();
        let takes = |at: &TakesNothing| format!("assume/common_cause/{}/takes/{}", at.cause, at.index);
        broken.extend(takes_nothing(model, design).iter().map(|nothing| {
            let place = cluster.origins.of(&takes(nothing)).and_then(Origin::span);
            let help = "kinds are those of `survive:`; a path is one of `plimsoll prove --format json`, with `*` for any run of letters";
            Diagnostic::error(words::takes_nothing_here(nothing)).code("assume").at(place, "").help(help)
        }));
        let mut held = Vec::new();
        for (index, line) in design.survive.iter().enumerate() {
            if asks_for_cold_start(line) {
                match cold(design, place(index)) {
                    Ok(line) => held.push(line),
                    Err(finding) => broken.push(*finding),
                }
                continue;
            }
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
            broken.push(finding(model, &of_line, &what, place(index)));
        }
        Promises { broken, held }
    }
}

/// Whether everything comes back after the loss of all power: with the images that nodes have on their disks.
fn cold(design: &Design, place: Option<Span>) -> Result<String, Box<Diagnostic>> {
    let cold = cold_start(design, Images::OnNodes);
    if cold.works() {
        return Ok(format!(
            "cold-start survives the loss of all power: everything starts in {}",
            plural(cold.steps.len(), "step")
        ));
    }
    let finding = Diagnostic::error("not everything comes back after the loss of all power").code("survive");
    let (label, breaks) = if let Some(chain) = cold.blocked.first() {
        (chain.first().cloned().unwrap_or_default(), chain.join("; "))
    } else {
        let names = cold.by_hand.join(", ");
        (format!("{names} must be started by hand"), format!("nobody starts {names}, and what needs it waits"))
    };
    let finding = finding.at(place, label).breaks(breaks);
    Err(Box::new(
        finding.help("`plimsoll prove` shows what waits for what; give the first of them another way to start"),
    ))
}

/// A line that asks for nothing that can be judged: it must not read as kept.
fn nothing(problem: &Meaningless, place: impl Fn(usize) -> Option<Span>) -> Diagnostic {
    let (line, message, help) = match problem {
        Meaningless::Promise { goal, name, known } => {
            (*goal, format!("there is no promise `{name}`"), format!("there are {}", known.join(", ")))
        }
        Meaningless::Kind { goal, name, known } => {
            (*goal, format!("there is no component of kind `{name}`"), format!("there are {}", known.join(", ")))
        }
        Meaningless::TooFew { goal } => (
            *goal,
            "nothing can fail as this line says".to_owned(),
            "fewer of a kind, or fewer in `accept:`".to_owned(),
        ),
        Meaningless::TooMany { goal, combinations } => (
            *goal,
            format!("this line has {combinations} combinations, which are more than are looked at"),
            "fewer failures at a time".to_owned(),
        ),
    };
    Diagnostic::error(message).code("survive").at(place(line), "").help(help)
}

fn finding(model: &Model, answers: &[&Answer], what: &str, place: Option<Span>) -> Diagnostic {
    let lost: Vec<&&Answer> = answers.iter().filter(|answer| !answer.holds()).collect();
    let names: Vec<&str> = lost.iter().map(|answer| model.promises[answer.promise].id.as_str()).collect();
    let mut examples = String::new();
    if let Some(example) = lost.first().and_then(|answer| answer.counter_examples.first()) {
        let path = |var| model.components.get(var).path.as_str();
        let failed: Vec<&str> = example.failed.iter().map(|var| path(*var)).collect();
        let _ = match example.drained {
            Some(host) if failed.is_empty() => write!(examples, "{} drained", path(host)),
            Some(host) => write!(examples, "{} drained, then {}", path(host), failed.join(" and ")),
            None => write!(examples, "{}", failed.join(" and ")),
        };
    }
    let count: u64 = lost.iter().map(|answer| answer.broken_by).sum();
    let verb = if names.len() == 1 { "does" } else { "do" };
    let first = names.first().copied().unwrap_or_default();
    // What is broken with nothing failed is lost with nothing in particular.
    let from_start = lost.first().filter(|answer| answer.broken_from_start());
    let (label, breaks) = match from_start.map(|answer| model.promises[answer.promise].broken_from_start()) {
        Some(words) => (words.clone(), format!("{first} is {words}")),
        None => (
            format!("broken by {examples}{}", if count > 1 { ", among others" } else { "" }),
            format!("{first} is lost with {examples}"),
        ),
    };
    Diagnostic::error(format!("{} {verb} not survive {what}", names.join(", ")))
        .code("survive")
        .at(place, label)
        .breaks(breaks)
        .help("`plimsoll prove` shows every way and why; change the design, or ask for less")
}
