//! Fault trees of other tools, analysed by the same engine; and ours, written for them.

use std::fmt::Write as _;
use std::path::Path;
use std::time::Instant;

use plimsoll_circuit::openpsa::{self, Options, Severity, Tree};
use plimsoll_circuit::{CircuitError, Compiled, CutSets, Limits};
use plimsoll_diagnostics::{Diagnostic, Sources, Span};
use plimsoll_prove::{Corner, Model};
use serde_json::{Value, json};

use super::Format;
use crate::commands::pretty;
use crate::failure::Failure;
use crate::terminal::Terminal;

/// A fault tree larger than this is none that people make.
const LARGEST: u64 = 64 << 20;

/// What is known of one top event.
struct OfTop {
    name: String,
    /// Exact, or certain bounds.
    probability: Option<(f64, f64)>,
    /// Up to how many failures in one module bounds are exact, where they are only bounds.
    exact_to: Option<u32>,
    /// How many minimal cut sets of each order, and up to which order these are all.
    cut_sets: Result<(Vec<u128>, Option<u32>), CircuitError>,
    seconds: f64,
}

/// Analyses every top event of a file.
pub(super) fn analyse(path: &Path, order: u32, format: Format, terminal: &Terminal) -> Result<bool, Failure> {
    let size = std::fs::metadata(path).map_err(|error| Failure::io("read", path, error))?.len();
    if size > LARGEST {
        return Err(Failure::new(format!("`{}` has {size} bytes; at most {LARGEST} are read", path.display())));
    }
    let bytes = std::fs::read(path).map_err(|error| Failure::io("read", path, error))?;
    let mut sources = Sources::new();
    let (id, not_text) = sources.add_bytes(path.display().to_string(), &bytes);
    if let Some(problem) = not_text {
        terminal.problems(&[problem], &sources);
        return Err(Failure::new(format!("`{}` cannot be read as text", path.display())));
    }
    let read = openpsa::read(&sources.get(id).text, Options::default());
    let shown = |problems: &[openpsa::Problem]| {
        let all: Vec<Diagnostic> = problems
            .iter()
            .map(|problem| {
                let message = problem.message.clone();
                let diagnostic = match problem.severity {
                    Severity::Error => Diagnostic::error(message),
                    Severity::Warning => Diagnostic::warning(message),
                };
                diagnostic.code("open-psa").at(Span::new(id, problem.at, problem.at), "")
            })
            .collect();
        terminal.problems(&all, &sources);
    };
    let model = match read {
        Ok(model) => model,
        Err(problems) => {
            shown(&problems);
            return Err(Failure::new(format!("`{}` cannot be analysed", path.display())));
        }
    };
    shown(&model.warnings);
    let probabilities = model.probabilities().ok();
    let count = model.tops.len();
    let text = format != Format::Json;
    if text {
        terminal.out(&format!(
            "{} basic events, {}\n",
            model.events.len(),
            crate::commands::plural(count, "top event")
        ))?;
    }
    let mut tops: Vec<OfTop> = Vec::with_capacity(count);
    for (at, top) in model.tops.iter().enumerate() {
        terminal.status(&format!("top event {} of {count}: {}", at + 1, top.name));
        let start = Instant::now();
        let cut_sets = CutSets::new(&model.circuit, top.node, Some(order), Limits::default())
            .map(|sets| (sets.counts().to_vec(), sets.complete_to()));
        let (probability, exact_to) = match &probabilities {
            Some(numbers) => {
                let compiled = Compiled::new(&model.circuit, top.node, Limits::default());
                let bounds = compiled.probability(numbers).ok();
                (bounds.map(|bounds| (bounds.lower, bounds.upper)), compiled.exact_to())
            }
            None => (None, None),
        };
        let seconds = start.elapsed().as_secs_f64();
        let known = OfTop { name: top.name.clone(), probability, exact_to, cut_sets, seconds };
        terminal.status("");
        // Each as soon as it is known: one may take as long as all others.
        if text {
            terminal.out(&as_text(&known, order))?;
        }
        tops.push(known);
    }
    if !text {
        terminal.out(&pretty(&as_json(&tops, order)))?;
    }
    Ok(true)
}

fn as_json(tops: &[OfTop], order: u32) -> Value {
    let tops: Vec<Value> = tops
        .iter()
        .map(|top| {
            let exact = top.probability.filter(|(lower, upper)| lower.to_bits() == upper.to_bits());
            let mut value = json!({
                "top": top.name,
                "probability": exact.map(|(exact, _)| exact),
                "bounds": top.probability.map(|(lower, upper)| json!({ "lower": lower, "upper": upper })),
                "exact_to": top.exact_to,
                "seconds": top.seconds,
            });
            match &top.cut_sets {
                Ok((counts, complete_to)) => {
                    // Beyond what a number of JSON holds exactly they are texts.
                    let number = |count: &u128| match u64::try_from(*count) {
                        Ok(count) if count < 1 << 53 => json!(count),
                        _ => json!(count.to_string()),
                    };
                    value["cut_sets_by_order"] = counts.iter().map(number).collect();
                    value["cut_sets"] = number(&counts.iter().fold(0, |sum: u128, count| sum.saturating_add(*count)));
                    value["complete_to"] = json!(complete_to);
                }
                Err(error) => value["no_cut_sets"] = json!(error.to_string()),
            }
            value
        })
        .collect();
    json!({ "format": 1, "order": order, "tops": tops })
}

fn as_text(top: &OfTop, order: u32) -> String {
    let mut out = format!("\n{}\n", top.name);
    match top.probability {
        Some((lower, upper)) if lower.to_bits() == upper.to_bits() => {
            let _ = writeln!(out, "  probability      {lower:.6e}, exact");
        }
        Some((lower, upper)) => {
            let exact = top.exact_to.map(|order| format!(" (exact to order {order})")).unwrap_or_default();
            let _ = writeln!(out, "  probability      {lower:.6e} to {upper:.6e}, bounds{exact}");
        }
        None => out += "  probability      unknown: an event has none\n",
    }
    match &top.cut_sets {
        Ok((counts, complete_to)) => {
            let total = counts.iter().fold(0_u128, |sum, count| sum.saturating_add(*count));
            let which = match complete_to {
                Some(complete) if *complete < order => {
                    format!("complete to order {complete}, where the limits ended it")
                }
                Some(complete) => format!("of order {complete} at most"),
                None => "all there are".to_owned(),
            };
            let _ = writeln!(out, "  minimal cut sets {total}, {which}");
            for (order, count) in counts.iter().enumerate().filter(|(_, count)| **count > 0) {
                let _ = writeln!(out, "    of order {order:<3} {count}");
            }
        }
        Err(error) => {
            let _ = writeln!(out, "  minimal cut sets none: {error}");
        }
    }
    let _ = writeln!(out, "  time             {:.1} ms", top.seconds * 1e3);
    out
}

/// The promises of a design as one file for other tools.
pub(super) fn write(model: &Model, wanted: &[usize], name: &str) -> Result<String, Failure> {
    let tree = Tree {
        name,
        circuit: &model.circuit,
        tops: wanted.iter().map(|at| (model.promises[*at].id.as_str(), model.promises[*at].broken)).collect(),
        events: model
            .components
            .all()
            .map(|(_, component)| (component.path.as_str(), component.rate.unavailability(Corner::Typical)))
            .collect(),
    };
    openpsa::write(&tree).map_err(|error| Failure::new(format!("failed to write the promises as Open-PSA: {error}")))
}
