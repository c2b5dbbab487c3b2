//! Modules: gates whose variables occur nowhere else, found in linear time by the dates of a depth-first visit
//! (Dutuit and Rauzy, "A linear-time algorithm to find modules of fault trees", IEEE Trans. Reliability 45, 1996).

use crate::circuit::{Circuit, Gate, Node, Var};

/// What a variable of a [`Part`] stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Input {
    /// A component.
    Variable(Var),
    /// Another part, by its place in the list: always an earlier one.
    Part(usize),
}

/// A module cut out: its own variables and the modules below it are the variables `0..inputs.len()` of its circuit, in
/// the order of a depth-first visit.
#[derive(Clone, Debug)]
pub(crate) struct Part {
    pub(crate) circuit: Circuit,
    pub(crate) top: Node,
    pub(crate) inputs: Vec<Input>,
    /// The first turn of a component that each input stands for ([`Circuit::set_turns`]).
    pub(crate) turns: Vec<u32>,
}

/// Cuts a top into modules, those below first; the last part is the top itself.
pub(crate) fn split(circuit: &Circuit, top: Node) -> Vec<Part> {
    let modules = find_modules(circuit, top);
    let mut place: Vec<Option<usize>> = vec![None; circuit.len()];
    let mut parts: Vec<Part> = Vec::new();
    for node in circuit.cone(&[top]) {
        if modules[node.index()] {
            place[node.index()] = Some(parts.len());
            let mut part = cut(circuit, node, &place);
            let turn = |input: &Input| match *input {
                Input::Variable(var) => circuit.turn(var),
                Input::Part(below) => parts[below].turns.iter().copied().min().unwrap_or(u32::MAX),
            };
            part.turns = part.inputs.iter().map(turn).collect();
            if circuit.has_turns() {
                part.circuit.set_turns(part.turns.clone());
            }
            parts.push(part);
        }
    }
    parts
}

fn cut(circuit: &Circuit, top: Node, place: &[Option<usize>]) -> Part {
    let mut part = Part { circuit: Circuit::new(), top: Node::FALSE, inputs: vec![], turns: vec![] };
    let mut image: rustc_hash::FxHashMap<Node, Node> = rustc_hash::FxHashMap::default();
    // Inner gates are entered in the order of their children and built once all of those are.
    let mut open = vec![(top, false)];
    while let Some((node, ready)) = open.pop() {
        if image.contains_key(&node) {
            continue;
        }
        let input = match circuit.gate(node) {
            Gate::Variable(var) => Some(Input::Variable(var)),
            _ if node != top => place[node.index()].map(Input::Part),
            _ => None,
        };
        if let Some(input) = input {
            let local = part.circuit.variable(Var(part.inputs.len() as u32));
            part.inputs.push(input);
            image.insert(node, local);
        } else if ready {
            let of: Vec<Node> = circuit.children(node).iter().map(|child| image[child]).collect();
            let built = part.circuit.copy_gate(circuit, node, &of);
            image.insert(node, built);
        } else {
            open.push((node, true));
            open.extend(circuit.children(node).iter().rev().map(|&child| (child, false)));
        }
    }
    part.top = image[&top];
    part
}

/// Which nodes are modules, the top among them; variables and constants never are (but for the top).
fn find_modules(circuit: &Circuit, top: Node) -> Vec<bool> {
    #[derive(Clone, Copy, Default)]
    struct Dates {
        first: u32,
        finished: u32,
        last: u32,
        lowest: u32,
        highest: u32,
    }
    let mut dates = vec![Dates::default(); circuit.len()];
    let mut date = 0u32;
    let mut open = vec![(top, false)];
    while let Some((node, leaving)) = open.pop() {
        date += 1;
        let children = circuit.children(node);
        let entry = &mut dates[node.index()];
        if leaving {
            entry.finished = date;
            entry.last = date;
        } else if entry.first == 0 {
            entry.first = date;
            entry.last = date;
            if children.is_empty() {
                entry.finished = date;
            } else {
                open.push((node, true));
                open.extend(children.iter().rev().map(|&child| (child, false)));
            }
        } else {
            entry.last = date;
        }
    }
    let mut modules = vec![false; circuit.len()];
    for node in circuit.cone(&[top]) {
        let (mut lowest, mut highest) = (u32::MAX, 0);
        for child in circuit.children(node) {
            let below = dates[child.index()];
            lowest = lowest.min(below.first).min(below.lowest);
            highest = highest.max(below.last).max(below.highest);
        }
        let entry = &mut dates[node.index()];
        if circuit.children(node).is_empty() {
            // Nothing below: neutral for the smallest and the largest.
            (entry.lowest, entry.highest) = (u32::MAX, 0);
        } else {
            (entry.lowest, entry.highest) = (lowest, highest);
            modules[node.index()] = lowest > entry.first && highest < entry.finished;
        }
    }
    modules[top.index()] = true;
    modules
}
