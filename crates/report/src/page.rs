//! The template with its parts.

use crate::data::data;
use crate::escape;
use crate::gather::{Facts, Input};
use crate::layout::Layout;
use crate::{sections, svg};

const TEMPLATE: &str = include_str!("../page/report.html");
const STYLE: &str = include_str!("../page/report.css");
const SCRIPT: &str = include_str!("../page/report.js");

pub(crate) fn html(input: &Input<'_>, reload: Option<(&str, &str)>) -> String {
    let facts = Facts::of(input);
    let layout = Layout::of(facts.design);
    let can_fail = |path: &str| {
        let found = facts.model.components.find(path).map(|var| facts.model.components.get(var));
        found.is_some_and(|component| component.kind.is_component())
    };
    let data = data(&facts, &layout, reload);
    fill(|part| match part {
        "cluster" => escape::text(facts.design.cluster.as_str()),
        // Nothing is ever fetched, but for the question whether the file has changed.
        "connect" => if reload.is_some() { "'self'" } else { "'none'" }.to_owned(),
        "style" => STYLE.to_owned(),
        "script" => SCRIPT.to_owned(),
        "data" => escape::json(&data),
        "topology" => svg::in_page(&layout, &can_fail),
        "verdict" => sections::verdict::verdict(&facts),
        "state" => sections::promises::state(&facts),
        "meaning" => sections::promises::meaning(&facts),
        "promises" => sections::promises::table(&facts),
        "matrix" => sections::matrix::matrix(&facts),
        "findings" => sections::findings::findings(&facts),
        "capacity" => sections::capacity::capacity(&facts),
        "machines" => sections::machines::machines(&facts),
        "uplinks" => sections::uplinks::uplinks(&facts),
        "cold" => sections::cold::cold(&facts),
        "rests" => sections::rests::rests(&facts),
        _ => String::new(),
    })
}

/// Puts parts where the template has `{{name}}`. What is put in is not read again.
fn fill(part: impl Fn(&str) -> String) -> String {
    let mut pieces = TEMPLATE.split("{{");
    let mut out = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        let (name, rest) = piece.split_once("}}").unwrap_or((piece, ""));
        out += &part(name);
        out += rest;
    }
    out
}
