//! References resolved, cycles found, and the circuit built.

use super::collect::Definitions;
use super::expression::Expressions;
use super::formula::{self, Formula};
use super::problem::{Problems, shown};
use super::scope::{Kind, Target};
use super::xml::Document;
use super::{Event, Options, Top};
use crate::circuit::{Circuit, Node, Var};

/// How many gates of a cycle are named.
const NAMED: usize = 12;

type Linked = (Circuit, Vec<Top>, Vec<Event>);

/// The circuit of a file; nothing where an error was reported.
pub(super) fn link(
    document: &Document,
    definitions: &Definitions<'_>,
    options: Options,
    problems: &mut Problems<'_>,
) -> Option<Linked> {
    let formulas: Vec<Option<Formula>> = definitions
        .gates
        .iter()
        .map(|gate| formula::read(document, gate.body?, &gate.base, definitions, problems))
        .collect();
    let houses: Vec<bool> = definitions
        .houses
        .iter()
        .map(|house| match house.body {
            Some(body) if body.name == "constant" => formula::constant(body, problems).unwrap_or(false),
            Some(body) => {
                problems.error(body.at, format!("house event `{}` has no constant", shown(house.name)));
                false
            }
            None => false,
        })
        .collect();
    let events = probabilities(document, definitions, options, problems);
    let references: Vec<Vec<Target>> = formulas
        .iter()
        .map(|formula| {
            let mut found = Vec::new();
            if let Some(formula) = formula {
                formula.references(&mut found);
            }
            found
        })
        .collect();
    let order = sequence(definitions, &references, problems)?;
    problems.stop_quietly()?;
    let used = uses(definitions, &references, problems);
    if definitions.gates.is_empty() {
        problems.error(document.root().at, "the file defines no gate");
        return None;
    }
    let mut circuit = Circuit::new();
    let variables: Vec<Node> = (0..events.len()).map(|number| circuit.variable(Var(number as u32))).collect();
    let mut nodes = vec![Node::FALSE; definitions.gates.len()];
    for gate in order {
        let node_of = |target: Target| match target.kind {
            Kind::Gate => nodes[target.number],
            Kind::Basic => variables[target.number],
            _ => Node::from_constant(houses.get(target.number).copied().unwrap_or(false)),
        };
        let node = formulas[gate].as_ref()?.build(&mut circuit, &node_of);
        nodes[gate] = node;
    }
    let tops: Vec<Top> = definitions
        .gates
        .iter()
        .enumerate()
        .filter(|(gate, _)| !used[*gate])
        .map(|(gate, definition)| Top {
            name: definitions.known_as(Kind::Gate, definition),
            node: nodes[gate],
            at: definition.at,
        })
        .collect();
    if tops.len() > 1 {
        for top in &tops {
            problems.warning(
                top.at,
                format!("gate `{}` is used by no other, so it is one of {} tops", shown(&top.name), tops.len()),
            );
        }
    }
    Some((circuit, tops, events))
}

fn probabilities(
    document: &Document,
    definitions: &Definitions<'_>,
    options: Options,
    problems: &mut Problems<'_>,
) -> Vec<Event> {
    let mut expressions = Expressions::new(document, definitions, options.mission_time);
    let mut events = Vec::with_capacity(definitions.basics.len());
    for basic in &definitions.basics {
        let value = basic.body.and_then(|body| expressions.value(body, &basic.base, problems));
        let probability = match value {
            Some(value) if !(0.0..=1.0).contains(&value) => {
                let name = shown(basic.name);
                problems.error(basic.at, format!("the probability of `{name}` is {value}, which is not from 0 to 1"));
                None
            }
            other => other,
        };
        events.push(Event { name: definitions.known_as(Kind::Basic, basic), probability, at: basic.at });
    }
    for (number, parameter) in definitions.parameters.iter().enumerate() {
        // Also those that nobody uses are computed, for what is wrong with them.
        expressions.parameter(number, problems);
        if !expressions.used[number] {
            problems.warning(parameter.at, format!("parameter `{}` is never used", shown(parameter.name)));
        }
    }
    events
}

/// The gates in an order in which what is referred to comes first; nothing, and an error, if there is a cycle.
fn sequence(
    definitions: &Definitions<'_>,
    references: &[Vec<Target>],
    problems: &mut Problems<'_>,
) -> Option<Vec<usize>> {
    #[derive(Clone, Copy, PartialEq)]
    enum State {
        New,
        Open,
        Done,
    }
    let mut states = vec![State::New; references.len()];
    let mut order = Vec::with_capacity(references.len());
    let mut cyclic = false;
    for start in 0..references.len() {
        // Each entry: a gate and the place in its references where the visit goes on.
        let mut path: Vec<(usize, usize)> = Vec::new();
        if states[start] == State::New {
            states[start] = State::Open;
            path.push((start, 0));
        }
        while let Some(&mut (gate, ref mut next)) = path.last_mut() {
            let Some(target) = references[gate].get(*next) else {
                states[gate] = State::Done;
                order.push(gate);
                path.pop();
                continue;
            };
            *next += 1;
            if target.kind != Kind::Gate {
                continue;
            }
            match states[target.number] {
                State::Done => {}
                State::New => {
                    states[target.number] = State::Open;
                    path.push((target.number, 0));
                }
                State::Open => {
                    cyclic = true;
                    let begin = path.iter().position(|&(gate, _)| gate == target.number).unwrap_or(0);
                    let name = |gate: usize| shown(&definitions.known_as(Kind::Gate, &definitions.gates[gate]));
                    let mut names: Vec<String> =
                        path[begin..].iter().take(NAMED).map(|&(gate, _)| name(gate)).collect();
                    if path.len() - begin > NAMED {
                        names.push(format!("… ({} more)", path.len() - begin - NAMED));
                    }
                    names.push(name(target.number));
                    let at = definitions.gates[target.number].at;
                    problems.error(at, format!("gates depend on each other: {}", names.join(" → ")));
                }
            }
        }
    }
    (!cyclic).then_some(order)
}

/// Which gates are used by others; warns of events that are not.
fn uses(definitions: &Definitions<'_>, references: &[Vec<Target>], problems: &mut Problems<'_>) -> Vec<bool> {
    let mut gates = vec![false; definitions.gates.len()];
    let mut basics = vec![false; definitions.basics.len()];
    let mut houses = vec![false; definitions.houses.len()];
    for target in references.iter().flatten() {
        match target.kind {
            Kind::Gate => gates[target.number] = true,
            Kind::Basic => basics[target.number] = true,
            Kind::House => houses[target.number] = true,
            Kind::Parameter => {}
        }
    }
    for (kind, list, used) in [(Kind::Basic, &definitions.basics, &basics), (Kind::House, &definitions.houses, &houses)]
    {
        for (definition, _) in list.iter().zip(used).filter(|(_, used)| !**used) {
            problems.warning(definition.at, format!("{} `{}` is never used", kind.word(), shown(definition.name)));
        }
    }
    gates
}
