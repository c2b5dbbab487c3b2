//! What the page evaluates: the circuit as arrays, and the names around it.

use std::collections::BTreeMap;

use plimsoll_circuit::{Flat, Node};
use serde_json::{Value, json};

use crate::gather::Facts;
use crate::layout::Layout;
use crate::singles::is_accepted;
use plimsoll_prove::follows;

/// All of it, as JSON. Tops come in this order: promises, rooms, what is drawn. `reload` has the address to ask and the
/// answer as long as nothing has changed.
pub(crate) fn data(facts: &Facts<'_>, layout: &Layout, reload: Option<(&str, &str)>) -> String {
    let model = facts.model;
    let mut drawn: Vec<(&str, Node)> =
        layout.shapes.iter().filter_map(|shape| Some((shape.path.as_str(), model.away(&shape.path)?))).collect();
    drawn.sort_unstable();
    drawn.dedup();
    let mut tops: Vec<Node> = model.promises.iter().map(|promise| promise.broken).collect();
    tops.extend(model.room.hosts.iter().map(|room| room.gone));
    tops.extend(drawn.iter().map(|(_, node)| *node));
    let flat = model.circuit.to_flat(&tops);
    let cone = model.circuit.cone(&tops);
    let labels: BTreeMap<usize, &str> =
        cone.iter().enumerate().filter_map(|(entry, node)| Some((entry, model.label(*node)?))).collect();
    // Number, path, kind; then whether it can be failed by a person, and whether its loss is accepted.
    let components: Vec<Value> = model
        .components
        .all()
        .map(|(var, component)| {
            let (may, accepted) = (component.kind.is_component(), is_accepted(model, facts.design, var));
            json!([component.path, component.kind.as_str(), u8::from(may), u8::from(accepted)])
        })
        .collect();
    let follows: BTreeMap<usize, Vec<usize>> = follows(model)
        .into_iter()
        .enumerate()
        .map(|(at, all)| (at, all.into_iter().filter(|other| *other != at).collect::<Vec<_>>()))
        .filter(|(_, others)| !others.is_empty())
        .collect();
    let rooms: Vec<Value> = model.room.hosts.iter().map(|room| json!([room.host, room.cpu.0, room.memory.0])).collect();
    let needs: Vec<Value> =
        model.room.needs.iter().map(|need| json!([need.tenant, need.cpu.0, need.memory.0])).collect();
    let seconds: BTreeMap<&str, BTreeMap<&str, &str>> = facts
        .seconds
        .iter()
        .map(|(component, of)| (*component, of.iter().map(|(promise, words)| (*promise, &**words)).collect()))
        .collect();
    let mut data = json!({
        "components": components,
        "follows": follows,
        "promises": model.promises.iter().map(|promise| &promise.id).collect::<Vec<_>>(),
        "rooms": rooms,
        "needs": needs,
        "drawn": drawn.iter().map(|(path, _)| *path).collect::<Vec<_>>(),
        "labels": labels,
        "circuit": circuit(&flat),
    });
    if let Some((poll, stamp)) = reload {
        data["reload"] = json!({ "poll": poll, "stamp": stamp });
    }
    // The largest part by far is written as it is, without a tree of values in between.
    let seconds = serde_json::to_string(&seconds).unwrap_or_else(|_| "{}".to_owned());
    format!("{{\"seconds\":{seconds},{}", &data.to_string()[1..])
}

/// The arrays of [`Flat`], with weights made as small as they can be: a page counts in numbers of 53 bits.
fn circuit(flat: &Flat) -> Value {
    let mut weights = flat.weights.clone();
    let mut arguments = flat.arguments.clone();
    let mut from = 0;
    for (entry, operation) in flat.operations.iter().enumerate() {
        if *operation != plimsoll_circuit::Operation::Threshold {
            continue;
        }
        let count = (flat.first[entry + 1] - flat.first[entry]) as usize;
        let own = &mut weights[from..from + count];
        from += count;
        // Sums are multiples of it, so that the bound may go up to the next multiple.
        let common = own.iter().fold(0, |common, weight| divisor(common, *weight)).max(1);
        for weight in own {
            *weight /= common;
        }
        arguments[entry] = arguments[entry].div_ceil(common);
    }
    json!({
        "operations": flat.operations.iter().map(|operation| *operation as u8).collect::<Vec<_>>(),
        "arguments": arguments,
        "first": flat.first,
        "children": flat.children,
        "weights": weights,
        "tops": flat.tops,
    })
}

/// The greatest common divisor.
fn divisor(mut a: u64, mut b: u64) -> u64 {
    while b != 0 {
        (a, b) = (b, a % b);
    }
    a
}
