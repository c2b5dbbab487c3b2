//! From what failed to what is broken, as a chain of sentences.

use plimsoll_circuit::Node;

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

fn truth(model: &Model, cone: &[Node], failed: &[bool]) -> Vec<bool> {
    let mut evaluator = plimsoll_circuit::Evaluator::new(&model.circuit, cone);
    evaluator.run(|var| failed.get(var.index()).copied().unwrap_or_default());
    (0..cone.len()).map(|at| evaluator.broken(at)).collect()
}
