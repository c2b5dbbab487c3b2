//! Component by promise: what each single failure does.

use std::fmt::Write as _;

use std::collections::BTreeMap;

use plimsoll_prove::Kind;

use super::plural;
use crate::escape::text;
use crate::gather::Facts;
use crate::singles::{Left, is_accepted};

/// Kinds with more members than this are folded until somebody opens them.
const OPEN: usize = 12;

pub(crate) fn matrix(facts: &Facts<'_>) -> String {
    let mut kinds: BTreeMap<Kind, Vec<usize>> = BTreeMap::new();
    for (at, var) in facts.singles.components.iter().enumerate() {
        kinds.entry(facts.model.components.get(*var).kind).or_default().push(at);
    }
    let mut out = "<div class=\"scroll\" role=\"region\" aria-label=\"Single failures\" tabindex=\"0\"><table class=\"matrix\">\n<thead><tr><th scope=\"col\">Component</th>"
        .to_owned();
    for promise in &facts.model.promises {
        // A place to break a line after each step of a name.
        let _ = write!(out, "<th scope=\"col\">{}</th>", text(&promise.id).replace('/', "/<wbr>"));
    }
    out += "</tr></thead>\n";
    for (kind, members) in kinds {
        out += &group(facts, kind, &members);
    }
    out + "</table></div>\n"
}

fn group(facts: &Facts<'_>, kind: Kind, members: &[usize]) -> String {
    let open = members.len() <= OPEN;
    let id = kind.as_str();
    let mut out = format!(
        "<tbody class=\"kind{}\"><tr><th scope=\"rowgroup\"><button type=\"button\" class=\"fold\" aria-expanded=\"{open}\" aria-controls=\"kind-{id}\">{}</button></th>",
        if open { " open" } else { "" },
        plural(members.len(), words(kind)),
    );
    for promise in 0..facts.model.promises.len() {
        let count = |left: Left| members.iter().filter(|at| facts.singles.left[**at][promise] == left).count();
        let (broken, bare) = (count(Left::Broken), count(Left::NoSpare));
        let mut parts = Vec::new();
        if broken > 0 {
            parts.push(format!("{broken} broken"));
        }
        if bare > 0 {
            parts.push(format!("{bare} no spare"));
        }
        if parts.is_empty() {
            parts.push("✓".to_owned());
        }
        let _ = write!(out, "<td class=\"sum\">{}</td>", parts.join("<br>"));
    }
    let hidden = if open { "" } else { " hidden" };
    let _ = writeln!(out, "</tr></tbody>\n<tbody id=\"kind-{id}\"{hidden}>");
    for at in members {
        let var = facts.singles.components[*at];
        let path = facts.path(var);
        let accepted =
            if is_accepted(facts.model, facts.design, var) { " <span class=\"muted\">accepted</span>" } else { "" };
        let _ = write!(
            out,
            "<tr><th scope=\"row\"><button type=\"button\" class=\"fail\" aria-pressed=\"false\" data-path=\"{path}\">{path}</button>{accepted}</th>",
            path = text(path),
        );
        let seconds = facts.seconds.get(path);
        for (promise, left) in facts.model.promises.iter().zip(&facts.singles.left[*at]) {
            cell(&mut out, *left, seconds.and_then(|seconds| seconds.get(promise.id.as_str())).map(|words| &**words));
        }
        out += "</tr>\n";
    }
    out + "</tbody>\n"
}

fn cell(out: &mut String, left: Left, seconds: Option<&str>) {
    *out += match left {
        Left::Broken => "<td class=\"bad\">✕ broken",
        Left::NoSpare => "<td class=\"warn\">! no spare",
        Left::Spare => "<td>✓",
    };
    if let Some(words) = seconds {
        let _ = write!(out, "<small>{}</small>", text(words));
    }
    *out += "</td>";
}

/// What a kind is called.
fn words(kind: Kind) -> &'static str {
    match kind {
        Kind::Pdu => "PDU",
        Kind::Psu => "power supply",
        Kind::Nic => "network port",
        Kind::Feed => "power feed",
        Kind::Daemon => "program",
        other => other.as_str(),
    }
}
