//! `plimsoll show`: any part of the resolved design.

use std::fmt::Write as _;

use clap::Args;
use plimsoll_diagnostics::nearest;
use serde_json::{Map, Value, json};

use super::{ClusterFile, Shown, pretty};
use crate::failure::Failure;
use crate::input::{self, Cluster, Loaded};
use crate::terminal::Terminal;
use crate::timings::Timings;

/// Print any part of the resolved design
///
/// A part is named by its path, which is also how findings name components: `machine/cp-1`, `host/pve-1/psu/a`,
/// `api/vrrp`. Without a path, the names of the parts.
#[derive(Debug, Args)]
pub(crate) struct Show {
    /// The part
    path: Option<String>,
    #[command(flatten)]
    cluster: ClusterFile,
    /// Say where each fact came from: the file, a default, the lock, or other facts
    #[arg(long)]
    origins: bool,
    #[command(flatten)]
    shown: Shown,
}

impl Show {
    pub(super) fn run(self, terminal: &Terminal) -> Result<bool, Failure> {
        let Loaded::Cluster(cluster) = input::load(&self.cluster.file, terminal, &mut Timings::start())? else {
            return Ok(false);
        };
        let path = self.path.as_deref().unwrap_or("").trim_matches('/');
        let part = plimsoll_model::select(&cluster.design, path).map_err(|(found, below)| {
            let at = if found.is_empty() { "the design".to_owned() } else { format!("`{found}`") };
            let wanted = path[found.len()..].trim_start_matches('/').split('/').next().unwrap_or_default();
            let failure = Failure::new(format!("{at} has no part `{wanted}`"));
            match nearest(wanted, below.iter().map(String::as_str)) {
                Some(near) => failure.with_hint(format!("did you mean `{near}`?")),
                None => failure.with_hint(format!("it has: {}", below.join(", "))),
            }
        })?;
        let text = if self.shown.as_json() {
            pretty(&if self.origins { json!({ "value": part, "origins": origins(&cluster, path) }) } else { part })
        } else if path.is_empty() && !self.origins {
            index(&part)
        } else {
            let mut lines = Vec::new();
            describe(&part, path, 0, &mut lines);
            shown(&lines, self.origins.then_some(&*cluster))
        };
        terminal.out(&text)?;
        Ok(true)
    }
}

/// Where the facts of a part came from, by their paths; those of the parts around it too, which hold for what has none of
/// its own.
fn origins(cluster: &Cluster, path: &str) -> Map<String, Value> {
    let under = |long: &str, short: &str| {
        short.is_empty() || long.strip_prefix(short).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    };
    let related = cluster.origins.iter().filter(|(of, _)| under(of, path) || under(path, of));
    related.map(|(of, origin)| (of.to_owned(), origin.describe(&cluster.sources).into())).collect()
}

/// The top-level parts with the number of things in each.
fn index(design: &Value) -> String {
    let mut out = String::from("Parts of the design; print one with `plimsoll show PART`:\n");
    for (name, value) in design.as_object().into_iter().flatten() {
        let about = match value {
            Value::Object(map) if map.is_empty() => "none".to_owned(),
            Value::Object(map) => {
                let more = if map.len() > 8 { ", …" } else { "" };
                map.keys().take(8).cloned().collect::<Vec<_>>().join(", ") + more
            }
            Value::Array(list) if list.is_empty() => "none".to_owned(),
            Value::Array(list) if list.len() == 1 => "1 entry".to_owned(),
            Value::Array(list) => format!("{} entries", list.len()),
            Value::Null => "none".to_owned(),
            other => scalar(other),
        };
        let _ = writeln!(out, "  {name:<16} {about}");
    }
    out
}

/// One line of the text form.
struct Line {
    depth: usize,
    text: String,
    /// The path of the fact, for leaves.
    path: Option<String>,
}

fn describe(value: &Value, path: &str, depth: usize, lines: &mut Vec<Line>) {
    let below = |step: &str| if path.is_empty() { step.to_owned() } else { format!("{path}/{step}") };
    match value {
        Value::Object(map) => {
            for (name, value) in map {
                entry(name, value, &below(name), depth, lines);
            }
        }
        Value::Array(list) => {
            for (index, value) in list.iter().enumerate() {
                entry(&format!("{index}"), value, &below(&index.to_string()), depth, lines);
            }
        }
        other => lines.push(Line { depth, text: scalar(other), path: Some(path.to_owned()) }),
    }
}

fn entry(name: &str, value: &Value, path: &str, depth: usize, lines: &mut Vec<Line>) {
    let flat = match value {
        Value::Object(map) => map.is_empty().then(|| "none".to_owned()),
        Value::Array(list) if list.iter().all(|item| !item.is_object() && !item.is_array()) => {
            Some(if list.is_empty() {
                "none".to_owned()
            } else {
                list.iter().map(scalar).collect::<Vec<_>>().join(", ")
            })
        }
        Value::Array(_) => None,
        other => Some(scalar(other)),
    };
    if let Some(text) = flat {
        lines.push(Line { depth, text: format!("{name}: {text}"), path: Some(path.to_owned()) });
    } else {
        lines.push(Line { depth, text: format!("{name}:"), path: None });
        describe(value, path, depth + 1, lines);
    }
}

fn scalar(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null => "-".to_owned(),
        other => other.to_string(),
    }
}

fn shown(lines: &[Line], origins: Option<&Cluster>) -> String {
    /// Origins stand in a column of their own, unless the fact is longer than this.
    const COLUMN: usize = 56;
    lines.iter().fold(String::new(), |mut out, line| {
        let text = format!("{:indent$}{}", "", line.text, indent = line.depth * 2);
        let origin = origins
            .zip(line.path.as_deref())
            .and_then(|(cluster, path)| cluster.origins.of(path).map(|origin| origin.describe(&cluster.sources)));
        let _ = match origin {
            Some(origin) => writeln!(out, "{text:<COLUMN$}  # {origin}"),
            None => writeln!(out, "{text}"),
        };
        out
    })
}
