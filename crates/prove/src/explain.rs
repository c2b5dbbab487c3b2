//! From what failed to what is broken, as a chain of sentences.

use plimsoll_circuit::{Gate, Node};

use crate::model::Model;
use crate::promise::Promise;

/// Why a promise is broken when `failed` (by number of the component, consequences included) have failed: what follows
/// from what, causes first. Empty when it is not broken.
pub fn explain(model: &Model, promise: &Promise, failed: &[bool]) -> Vec<String> {
    let cone = model.circuit.cone(&[promise.broken]);
    let truth = truth(model, &cone, failed);
    let holds = |node: Node| cone.binary_search(&node).is_ok_and(|at| truth[at]);
    if !holds(promise.broken) {
        return Vec::new();
    }
    // Only what is true and leads to the top by what is true.
    let mut reached = vec![false; cone.len()];
    let mut open = vec![promise.broken];
    while let Some(node) = open.pop() {
        let Ok(at) = cone.binary_search(&node) else { continue };
        if std::mem::replace(&mut reached[at], true) {
            continue;
        }
        open.extend(model.circuit.children(node).iter().copied().filter(|child| holds(*child)));
    }
    let labelled =
        cone.iter().enumerate().filter(|(at, _)| reached[*at]).filter_map(|(_, node)| model.labels.get(node));
    let mut lines: Vec<String> = Vec::new();
    for label in labelled {
        if !lines.contains(label) {
            lines.push(label.clone());
        }
    }
    lines
}

/// Why a promise is broken, by one way of several: of what breaks it alike the cause with the fewest sentences. What
/// [`explain`] lists beside it is true as well, and not needed.
pub fn explain_shortly(model: &Model, promise: &Promise, failed: &[bool]) -> Vec<String> {
    let cone = model.circuit.cone(&[promise.broken]);
    let truth = truth(model, &cone, failed);
    let place = |node: Node| cone.binary_search(&node).ok().filter(|at| truth[*at]);
    let Some(top) = place(promise.broken) else { return Vec::new() };
    // Causes stand before what follows from them, so that one pass knows how many sentences each needs.
    let mut sentences: Vec<u32> = vec![0; cone.len()];
    let mut because: Vec<Vec<usize>> = vec![Vec::new(); cone.len()];
    for (at, node) in cone.iter().enumerate().filter(|(at, _)| truth[*at]) {
        let mut causes: Vec<usize> = model.circuit.children(*node).iter().filter_map(|child| place(*child)).collect();
        causes.sort_by_key(|cause| sentences[*cause]);
        match model.circuit.gate(*node) {
            Gate::Or(_) => causes.truncate(1),
            Gate::AtLeast { minimum, .. } => causes.truncate(minimum as usize),
            Gate::Threshold { bound, weights, of } => causes = enough(&causes, bound, weights, of, &cone),
            Gate::Constant(_) | Gate::Variable(_) | Gate::Not(_) | Gate::And(_) | Gate::Xor(_) => {}
        }
        let own = u32::from(model.labels.contains_key(node));
        sentences[at] = causes.iter().fold(own, |sum, cause| sum.saturating_add(sentences[*cause]));
        because[at] = causes;
    }
    let mut told = vec![false; cone.len()];
    let mut open = vec![top];
    while let Some(at) = open.pop() {
        if !std::mem::replace(&mut told[at], true) {
            open.extend(because[at].iter().copied());
        }
    }
    let mut lines: Vec<String> = Vec::new();
    for label in cone.iter().zip(told).filter(|(_, told)| *told).filter_map(|(node, _)| model.labels.get(node)) {
        if !lines.contains(label) {
            lines.push(label.clone());
        }
    }
    lines
}

/// The first of the causes that weigh enough together.
fn enough(causes: &[usize], bound: u64, weights: &[u64], of: &[Node], cone: &[Node]) -> Vec<usize> {
    let weight = |cause: usize| of.iter().position(|child| *child == cone[cause]).map_or(0, |at| weights[at]);
    let mut sum = 0;
    let mut taken = Vec::new();
    for cause in causes {
        if sum < bound {
            sum += weight(*cause);
            taken.push(*cause);
        }
    }
    taken
}

fn truth(model: &Model, cone: &[Node], failed: &[bool]) -> Vec<bool> {
    let mut evaluator = plimsoll_circuit::Evaluator::new(&model.circuit, cone);
    evaluator.run(|var| failed.get(var.index()).copied().unwrap_or_default());
    (0..cone.len()).map(|at| evaluator.broken(at)).collect()
}
