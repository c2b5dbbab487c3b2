//! The last lines: what was recognised, and what was left out.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use plimsoll_views::files;

use super::gather::{Gathered, Skip};
use crate::commands::plural;

/// What was recognised, one line a kind; then what was not. `each` lists every file, `named` names what was left out.
pub(super) fn recognised(files: &files::Files, gathered: &Gathered, each: bool, named: bool) -> String {
    let mut out = String::new();
    if each {
        for file in &files.list {
            let _ = writeln!(out, "{:<28} {}", file.content.kind(), file.path);
        }
        out.push('\n');
    }
    let mut kinds: BTreeMap<&str, (usize, BTreeSet<&str>)> = BTreeMap::new();
    let mut unknown = Vec::new();
    for file in &files.list {
        if file.content.is_recognised() {
            let (count, owners) = kinds.entry(file.content.kind()).or_default();
            *count += 1;
            if !file.owner.is_empty() {
                owners.insert(&file.owner);
            }
        } else {
            unknown.push(file.path.as_str());
        }
    }
    let _ = writeln!(
        out,
        "Recognised {} of {} files{}",
        files.list.len() - unknown.len(),
        files.list.len(),
        if kinds.is_empty() { "" } else { ":" }
    );
    for (kind, (count, owners)) in kinds {
        let of = owners.into_iter().take(6).collect::<Vec<_>>().join(", ");
        let of = if of.is_empty() { of } else { format!(" ({of})") };
        let _ = writeln!(out, "  {count:>4} {kind}{of}");
    }
    if !unknown.is_empty() {
        let shown = unknown.iter().take(8).copied().collect::<Vec<_>>().join(", ");
        let more = if unknown.len() > 8 { format!(" and {} more (--files)", unknown.len() - 8) } else { String::new() };
        let _ = writeln!(out, "Not recognised: {shown}{more}");
    }
    let clusters = files.list.iter().filter(|file| file.content.kind() == files::CLUSTER_FILE);
    for file in clusters.take(1) {
        let _ = writeln!(out, "Not judged here: `{0}`; `plimsoll check {0}` does", file.path);
    }
    for why in [Skip::Binary, Skip::Large, Skip::Link, Skip::Special, Skip::Unreadable] {
        let of: Vec<&str> =
            gathered.skipped.iter().filter(|(_, reason)| *reason == why).map(|(path, _)| path.as_str()).collect();
        if of.is_empty() {
            continue;
        }
        let shown = of[..of.len().min(if each { of.len() } else { 4 })].join(", ");
        let more = if each || of.len() <= 4 { String::new() } else { format!(" and {} more (--files)", of.len() - 4) };
        let _ = writeln!(out, "Not read: {}, {}: {shown}{more}", plural(of.len(), "file"), why.words(of.len()));
    }
    let copies: Vec<&str> =
        gathered.skipped.iter().filter(|(_, why)| *why == Skip::LeftOver).map(|(path, _)| path.as_str()).collect();
    if !copies.is_empty() {
        let names = if named { format!(": {}", copies.join(", ")) } else { " (--verbose names them)".to_owned() };
        let what = Skip::LeftOver.words(copies.len());
        let _ = writeln!(out, "Left out: {}, {what}{names}", plural(copies.len(), "file"));
    }
    out
}
