//! Places that a template left open: covered before the text is read as YAML, so that all else keeps its meaning and
//! its position, and uncovered afterwards.

use plimsoll_diagnostics::{Diagnostics, SourceId, Span};
use plimsoll_yaml::{Entry, Node, Style, Value};

use crate::placeholder;
use crate::report::not_filled_in;

/// Begins a covered place: three bytes, private to whoever agrees on it (Unicode private use area).
const MARK: char = '\u{e000}';
/// Fills it up to its old length.
const FILL: char = '_';

/// A text with its open places covered, every byte where it was.
pub(crate) struct Covered {
    pub(crate) text: String,
    /// Whole lines of control (`{{- if … }}`), which became comments.
    control: Vec<(usize, usize)>,
    any: bool,
}

/// Covers `{{ … }}` and `{% … %}`: within a line by a word of the same length, alone on a line by a comment.
pub(crate) fn cover(text: &str) -> Covered {
    let mut covered = Covered { text: text.to_owned(), control: Vec::new(), any: false };
    if !text.contains("{{") && !text.contains("{%") {
        return covered;
    }
    let mut out = String::with_capacity(text.len());
    let mut start = 0;
    for line in text.split_inclusive('\n') {
        let body = line.trim_end_matches(['\n', '\r']);
        let places = places(body);
        if places.is_empty() {
            out.push_str(line);
            start += line.len();
            continue;
        }
        covered.any = true;
        let outside: String = outside(body, &places);
        if outside.trim().is_empty() {
            let first = places[0].0;
            out.push_str(&body[..first]);
            out.push('#');
            out.extend(std::iter::repeat_n(FILL, body.len() - first - 1));
            covered.control.push((start + first, start + body.trim_end().len()));
        } else {
            let mut at = 0;
            for (from, to) in places {
                out.push_str(&body[at..from]);
                out.push(MARK);
                out.extend(std::iter::repeat_n(FILL, to - from - MARK.len_utf8()));
                at = to;
            }
            out.push_str(&body[at..]);
        }
        out.push_str(&line[body.len()..]);
        start += line.len();
    }
    covered.text = out;
    covered
}

/// Byte ranges of the open places of a line, those of `{{` and `{%` only.
fn places(line: &str) -> Vec<(usize, usize)> {
    let mut found = Vec::new();
    let mut from = 0;
    while let Some(at) = line[from..].find('{').map(|at| at + from) {
        let opens = ["{{", "{%", "{#"].iter().any(|open| line[at..].starts_with(open));
        match placeholder::starts(&line[at..]).filter(|length| opens && *length >= MARK.len_utf8()) {
            Some(length) => {
                found.push((at, at + length));
                from = at + length;
            }
            None => from = at + 1,
        }
    }
    found
}

fn outside(line: &str, places: &[(usize, usize)]) -> String {
    let mut rest = String::new();
    let mut at = 0;
    for (from, to) in places {
        rest.push_str(&line[at..*from]);
        at = *to;
    }
    rest.push_str(&line[at..]);
    rest
}

impl Covered {
    /// Says what lines of control were left out.
    pub(crate) fn report_control(&self, source: SourceId, text: &str, problems: &mut Diagnostics) {
        for (from, to) in &self.control {
            problems.push(not_filled_in(&text[*from..*to], Span::new(source, *from, *to)));
        }
    }

    /// Gives the tree its own texts back and says which places are open. Templates of other programs (rules of
    /// Prometheus, files inside a ConfigMap) are not meant.
    pub(crate) fn uncover(&self, node: &mut Node, text: &str, problems: &mut Diagnostics) {
        if !self.any {
            return;
        }
        let kind = node.get("kind").and_then(Node::as_str).unwrap_or_default().to_owned();
        let foreign = matches!(kind.as_str(), "PrometheusRule" | "ConfigMap" | "Secret" | "AlertmanagerConfig");
        uncover(node, text, foreign, problems);
    }
}

fn uncover(node: &mut Node, text: &str, foreign: bool, problems: &mut Diagnostics) {
    match &mut node.value {
        Value::Scalar(scalar) if scalar.text.contains(MARK) => {
            let Some(span) = node.span else { return };
            let written = text.get(span.start as usize..span.end as usize).unwrap_or_default();
            if scalar.style == Style::Block {
                scalar.text = restored(&scalar.text, written);
            } else {
                unquoted(written).clone_into(&mut scalar.text);
            }
            // Whatever it will be, it is no number yet.
            if scalar.style == Style::Plain {
                scalar.style = Style::Quoted;
            }
            let ours = !foreign || scalar.style != Style::Block;
            if ours && !scalar.text.contains("{{ $") {
                problems.push(not_filled_in(&scalar.text, span));
            }
        }
        Value::Scalar(_) => {}
        Value::Sequence(items) => items.iter_mut().for_each(|item| uncover(item, text, foreign, problems)),
        Value::Mapping(entries) => {
            for (key, value) in entries as &mut Vec<Entry> {
                if let (true, Some(span)) = (key.text.contains(MARK), key.span) {
                    let written = text.get(span.start as usize..span.end as usize).unwrap_or_default();
                    unquoted(written).clone_into(&mut key.text);
                    problems.push(not_filled_in(&key.text, span));
                }
                uncover(value, text, foreign, problems);
            }
        }
    }
}

/// A scalar's text without the one pair of quotes around it.
fn unquoted(written: &str) -> &str {
    let within = |quote: char| written.strip_prefix(quote).and_then(|rest| rest.strip_suffix(quote));
    within('"').or_else(|| within('\'')).unwrap_or(written)
}

/// A block's text with its places as they were written, in order.
fn restored(covered: &str, written: &str) -> String {
    let mut originals = Vec::new();
    for line in written.lines() {
        originals.extend(places(line).into_iter().map(|(from, to)| line[from..to].to_owned()));
    }
    let mut originals = originals.into_iter();
    let mut out = String::new();
    let mut rest = covered;
    while let Some(at) = rest.find(MARK) {
        out.push_str(&rest[..at]);
        let tail = &rest[at + MARK.len_utf8()..];
        let end = tail.find(|letter| letter != FILL).unwrap_or(tail.len());
        match originals.next() {
            Some(original) => out.push_str(&original),
            None => out.push_str(&rest[at..at + MARK.len_utf8() + end]),
        }
        rest = &tail[end..];
    }
    out.push_str(rest);
    out
}

/// Whether a value was left open. `$(NAME)` is none of a template: Kubernetes fills it in itself.
pub(crate) fn is_open(text: &str) -> bool {
    let mut rest = text;
    while let Some(range) = placeholder::find(rest) {
        if !rest[range.clone()].starts_with("$(") {
            return true;
        }
        rest = &rest[range.end..];
    }
    false
}
