//! Writing block-style YAML, the same bytes for the same tree.

use std::fmt::Write as _;

use crate::node::{Entry, Key, Node, Style, Text, Value};
use crate::resolve::resolves_to_text;

/// One document, without `---`, with a line end. Lists in mappings are not indented, as kubectl writes them.
pub fn emit(node: &Node) -> String {
    let mut out = String::new();
    block(node, 0, &mut out);
    out
}

/// Several documents, separated by `---`.
pub fn emit_documents<'a>(nodes: impl IntoIterator<Item = &'a Node>) -> String {
    nodes.into_iter().map(emit).collect::<Vec<_>>().join("---\n")
}

fn pad(indent: usize, out: &mut String) {
    out.extend(std::iter::repeat_n(' ', indent));
}

/// Writes a node at a place that is already indented, as the start of a document or after `- `.
fn block(node: &Node, indent: usize, out: &mut String) {
    if let Some(tag) = &node.tag {
        out.push_str(tag);
        if is_empty(&node.value) {
            out.push(' ');
        } else {
            out.push('\n');
            pad(indent, out);
        }
    }
    content(&node.value, indent, out);
}

/// Whether it stands on the line of its key.
fn is_empty(value: &Value) -> bool {
    match value {
        Value::Scalar(_) => true,
        Value::Sequence(items) => items.is_empty(),
        Value::Mapping(entries) => entries.is_empty(),
    }
}

fn content(value: &Value, indent: usize, out: &mut String) {
    match value {
        Value::Scalar(scalar) => text(scalar, indent, out),
        Value::Sequence(items) if items.is_empty() => out.push_str("[]\n"),
        Value::Mapping(entries) if entries.is_empty() => out.push_str("{}\n"),
        Value::Sequence(items) => {
            for (index, item) in items.iter().enumerate() {
                if index > 0 {
                    pad(indent, out);
                }
                out.push_str("- ");
                block(item, indent + 2, out);
            }
        }
        Value::Mapping(entries) => {
            for (index, entry) in entries.iter().enumerate() {
                if index > 0 {
                    pad(indent, out);
                }
                pair(entry, indent, out);
            }
        }
    }
}

/// Bytes of a key that any reader takes without announcement, escapes included.
const LONGEST_SIMPLE_KEY: usize = 128;

fn pair((key, node): &Entry, indent: usize, out: &mut String) {
    // Beyond 1024 characters (YAML 1.2, 8.2.2) a key must be announced.
    let announced = key.text.len() > LONGEST_SIMPLE_KEY;
    if announced {
        out.push_str("? ");
    }
    name(key, out);
    if announced {
        out.push('\n');
        pad(indent, out);
    }
    out.push(':');
    if let Some(tag) = &node.tag {
        out.push(' ');
        out.push_str(tag);
    }
    if is_empty(&node.value) {
        out.push(' ');
        content(&node.value, indent, out);
        return;
    }
    out.push('\n');
    let indent = if announced || matches!(node.value, Value::Mapping(_)) { indent + 2 } else { indent };
    pad(indent, out);
    content(&node.value, indent, out);
}

fn name(key: &Key, out: &mut String) {
    // Plain keys that are no text (`1`, `true`) stay what they were.
    let as_read = key.style == Style::Plain && !key.text.is_empty() && key.text != "<<";
    if safe_plain(&key.text) && (as_read || resolves_to_text(&key.text)) {
        out.push_str(&key.text);
    } else {
        double_quoted(&key.text, out);
    }
}

fn text(scalar: &Text, indent: usize, out: &mut String) {
    if !scalar.is_text() {
        out.push_str(if scalar.text.is_empty() { "null" } else { &scalar.text });
        out.push('\n');
    } else if resolves_to_text(&scalar.text) && safe_plain(&scalar.text) {
        out.push_str(&scalar.text);
        out.push('\n');
    } else if fits_literal(&scalar.text) {
        literal(&scalar.text, indent + 2, out);
    } else {
        double_quoted(&scalar.text, out);
        out.push('\n');
    }
}

/// Whether readers of both versions see the same plain text, in block and in flow.
fn safe_plain(text: &str) -> bool {
    let mut letters = text.chars();
    let Some(first) = letters.next() else { return false };
    let second = letters.next();
    let starts_well = match first {
        '-' => {
            second.is_some_and(|letter| letter.is_ascii_alphanumeric())
                || text.starts_with("--") && !text.starts_with("---")
        }
        '?' | ':' | ',' | '[' | ']' | '{' | '}' | '#' | '&' | '*' | '!' | '|' | '>' | '\'' | '"' | '%' | '@' | '`' => {
            false
        }
        '.' => !text.starts_with("..."),
        _ => true,
    };
    starts_well && (text.bytes().all(harmless) || reads_as_written(text))
}

/// Letters that mean nothing to YAML wherever they stand, but for the first.
fn harmless(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'/')
}

/// Whether nothing in a text has another meaning than itself, but for its first letter.
fn reads_as_written(text: &str) -> bool {
    !text.starts_with(' ')
        && !text.ends_with([' ', ':'])
        && !text.contains(": ")
        && !text.contains(" #")
        && text.chars().all(|letter| printable(letter) && !matches!(letter, '{' | '}' | '[' | ']' | ','))
}

/// Needs no escape anywhere: line breaks of either version, tabs and the byte order mark do.
fn printable(letter: char) -> bool {
    !letter.is_control() && !matches!(letter, '\u{2028}' | '\u{2029}' | '\u{feff}' | '\u{fffe}' | '\u{ffff}')
}

fn fits_literal(text: &str) -> bool {
    text.contains('\n')
        && !text.starts_with([' ', '\t', '\n'])
        && text.chars().all(|letter| printable(letter) || matches!(letter, '\n' | '\t'))
        && text.split('\n').all(|line| line.is_empty() || !line.trim().is_empty())
}

fn literal(text: &str, indent: usize, out: &mut String) {
    let body = text.trim_end_matches('\n');
    out.push_str(match text.len() - body.len() {
        0 => "|-\n",
        1 => "|\n",
        _ => "|+\n",
    });
    for line in text.strip_suffix('\n').unwrap_or(text).split('\n') {
        if !line.is_empty() {
            pad(indent, out);
            out.push_str(line);
        }
        out.push('\n');
    }
}

fn double_quoted(text: &str, out: &mut String) {
    out.push('"');
    for letter in text.chars() {
        match letter {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            '\r' => out.push_str("\\r"),
            letter if printable(letter) => out.push(letter),
            letter => {
                let code = u32::from(letter);
                // Writing to a String cannot fail.
                let _ = if code < 0x100 { write!(out, "\\x{code:02x}") } else { write!(out, "\\u{code:04x}") };
            }
        }
    }
    out.push('"');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn harmless_letters_read_as_written() {
        for first in 0..=u8::MAX {
            for second in (0..=u8::MAX).filter(|_| harmless(first)) {
                let text = String::from_utf8_lossy(&[first, second]).into_owned();
                assert!(!harmless(second) || reads_as_written(&text), "{text:?}");
            }
        }
        assert!(!reads_as_written("a: b") && !reads_as_written("a #b") && !reads_as_written("{a"));
    }
}
