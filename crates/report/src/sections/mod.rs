//! The parts of the page, in HTML.

pub(crate) mod capacity;
pub(crate) mod cold;
pub(crate) mod findings;
pub(crate) mod machines;
pub(crate) mod matrix;
pub(crate) mod promises;
pub(crate) mod rests;
pub(crate) mod uplinks;
pub(crate) mod verdict;

use std::fmt::Write as _;

use crate::escape::text;

/// `1 host`, `2 hosts`.
fn plural(count: usize, what: &str) -> String {
    let (stem, ending) = match what.strip_suffix('y') {
        Some(stem) => (stem, "ies"),
        None if what.ends_with("ch") => (what, "es"),
        None => (what, "s"),
    };
    if count == 1 { format!("1 {what}") } else { format!("{count} {stem}{ending}") }
}

/// A table in a box of its own, which can be moved sideways where the page is narrow.
fn table(label: &str, head: &[&str], rows: &[Vec<String>]) -> String {
    table_of("plain", label, head, rows)
}

/// A table whose rows become cards where the page is narrow.
fn stacked(label: &str, head: &[&str], rows: &[Vec<String>]) -> String {
    table_of("stacked", label, head, rows)
}

fn table_of(class: &str, label: &str, head: &[&str], rows: &[Vec<String>]) -> String {
    let mut out = format!(
        "<div class=\"scroll\" role=\"region\" aria-label=\"{label}\" tabindex=\"0\"><table class=\"{class}\">\n<thead><tr>",
        label = text(label)
    );
    for cell in head {
        let _ = write!(out, "<th scope=\"col\">{}</th>", text(cell));
    }
    out += "</tr></thead>\n<tbody>\n";
    for row in rows {
        for (at, (cell, head)) in row.iter().zip(head).enumerate() {
            let _ = if at == 0 {
                write!(out, "<tr><th scope=\"row\">{cell}</th>")
            } else {
                write!(out, "<td data-label=\"{}\">{cell}</td>", text(head))
            };
        }
        out += "</tr>\n";
    }
    out + "</tbody></table></div>\n"
}

/// A path as people tell it from prose.
fn code(path: &str) -> String {
    format!("<code>{}</code>", text(path))
}

/// Some of many names.
fn some(paths: &[&str], most: usize) -> String {
    let shown: Vec<String> = paths.iter().take(most).map(|path| code(path)).collect();
    let more = paths.len().saturating_sub(most);
    if more > 0 { format!("{} and {more} more", shown.join(", ")) } else { shown.join(", ") }
}
