//! Edits of the text at the places that the tree knows, so that comments and layout stay.

use std::fmt::Write as _;
use std::ops::Range;

use plimsoll_yaml::{Node, Style, Value, resolves_to_text};

use crate::step::{Step, find, find_entry};

/// Columns that a line may have.
const WIDTH: usize = 120;

/// A range of the text that becomes something else; an empty range is an insertion.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Edit {
    pub(crate) range: Range<usize>,
    pub(crate) text: String,
}

/// The edits that a change is, in the order of the text. `None` where the text is written in a way that no edit is safe.
pub(crate) fn edits(text: &str, root: &Node, steps: &[Step]) -> Option<Vec<Edit>> {
    let mut edits: Vec<Edit> = Vec::new();
    for step in steps {
        let mut edit = one(text, root, step)?;
        if text.contains("\r\n") {
            edit.text = edit.text.replace('\n', "\r\n");
        }
        // Insertions at one place stand in the order of the steps.
        if let Some(same) = edits.iter_mut().find(|other| other.range == edit.range && other.range.is_empty()) {
            same.text.push_str(&edit.text);
            continue;
        }
        edits.push(edit);
    }
    edits.sort_by_key(|edit| (edit.range.start, edit.range.end));
    let apart = edits.windows(2).all(|pair| pair[0].range.end <= pair[1].range.start);
    apart.then_some(edits)
}

/// The text with the edits made; they are in order and apart.
pub(crate) fn apply(text: &str, edits: &[Edit]) -> Option<String> {
    let mut out = String::with_capacity(text.len() + 256);
    let mut at = 0;
    for edit in edits {
        out.push_str(text.get(at..edit.range.start)?);
        out.push_str(&edit.text);
        at = edit.range.end;
    }
    out.push_str(text.get(at..)?);
    Some(out)
}

fn range(node: &Node) -> Option<Range<usize>> {
    node.span.map(|span| span.start as usize..span.end as usize)
}

fn one(text: &str, root: &Node, step: &Step) -> Option<Edit> {
    match step {
        Step::Set { at, to } => {
            let node = find(root, at)?;
            let range = range(node)?;
            let simple = match &node.value {
                Value::Scalar(scalar) => scalar.style != Style::Block && !range.is_empty(),
                _ => text[range.clone()].starts_with(['[', '{']),
            };
            simple.then(|| Edit { range, text: flow(to) })
        }
        Step::Rename { at, key } => {
            let span = find_entry(root, at)?.0.span?;
            Some(Edit { range: span.start as usize..span.end as usize, text: scalar(key, true) })
        }
        Step::Push { to, item } => {
            let node = find(root, to)?;
            let range = range(node)?;
            let items = node.as_sequence()?;
            let written = flow(item);
            if text[range.clone()].starts_with('[') {
                let Some(last) = items.last() else {
                    let blank = text[range.clone()].trim_start_matches('[').trim_end_matches(']').trim().is_empty();
                    return blank.then(|| Edit { range, text: format!("[{written}]") });
                };
                return Some(behind(text, end_of(last)?, column(text, items[0].span?.start as usize), &written));
            }
            let first = items.first()?.span?.start as usize;
            let start = line_start(text, first);
            let dash = text[start..first].strip_suffix("- ").filter(|before| before.trim().is_empty())?;
            Some(below(text, end_of(items.last()?)?, &format!("{dash}- {written}")))
        }
        Step::Add { to, after, key, value } => {
            let node = find(root, to)?;
            let entries = node.as_mapping()?;
            let name = scalar(key, true);
            let flowing = range(node).is_some_and(|range| text[range].starts_with('{'));
            if flowing && entries.is_empty() {
                let range = range(node)?;
                let blank = text[range.clone()].trim_start_matches('{').trim_end_matches('}').trim().is_empty();
                return blank.then(|| Edit { range, text: format!("{{ {name}: {} }}", flow(value)) });
            }
            let entry = match after {
                Some(after) => entries.iter().find(|(found, _)| found.text == *after)?,
                None => entries.last()?,
            };
            let end = match end_of(&entry.1)? {
                0 => entry.0.span?.end as usize,
                end => end,
            };
            let column = column(text, entries.first()?.0.span?.start as usize);
            if flowing {
                return Some(behind(text, end, column, &format!("{name}: {}", flow(value))));
            }
            // A block mapping's keys stand at the start of their lines.
            let first = entries.first()?.0.span?.start as usize;
            let indent = &text[line_start(text, first)..first];
            if !indent.bytes().all(|byte| byte == b' ') {
                return None;
            }
            Some(below(text, end, &entry_below(indent, &name, value)))
        }
    }
}

/// Where a value ends; 0 for one that was left out.
fn end_of(node: &Node) -> Option<usize> {
    if let Value::Scalar(scalar) = &node.value {
        if scalar.style == Style::Block {
            return None;
        }
        if scalar.is_null() && node.span.is_none_or(|span| span.start == span.end) {
            return Some(0);
        }
    }
    node.span.map(|span| span.end as usize)
}

fn line_start(text: &str, at: usize) -> usize {
    text[..at].rfind('\n').map_or(0, |newline| newline + 1)
}

fn line_end(text: &str, at: usize) -> usize {
    let end = text[at..].find('\n').map_or(text.len(), |newline| at + newline);
    if text[at..end].ends_with('\r') { end - 1 } else { end }
}

fn column(text: &str, at: usize) -> usize {
    text[line_start(text, at)..at].chars().count()
}

/// One more part of a collection in brackets: on the same line if it fits there, else on the next.
fn behind(text: &str, end: usize, column: usize, written: &str) -> Edit {
    let line = text[line_start(text, end)..line_end(text, end)].chars().count();
    // What follows a comment sign moves along, and may be longer than a line.
    let text = if line + written.len() + 2 <= WIDTH {
        format!(", {written}")
    } else {
        format!(",\n{}{written}", " ".repeat(column))
    };
    Edit { range: end..end, text }
}

/// A line below the one in which something ends.
fn below(text: &str, end: usize, line: &str) -> Edit {
    let end = line_end(text, end);
    Edit { range: end..end, text: format!("\n{line}") }
}

/// A line of a block mapping, broken between the parts of a mapping that is too long for it.
fn entry_below(indent: &str, name: &str, value: &Node) -> String {
    let whole = format!("{indent}{name}: {}", flow(value));
    let Some(entries) = value.as_mapping().filter(|entries| whole.chars().count() > WIDTH && !entries.is_empty())
    else {
        return whole;
    };
    let inner = indent.len() + name.chars().count() + 4;
    let mut lines = vec![format!("{indent}{name}: {{ ")];
    for (index, (key, node)) in entries.iter().enumerate() {
        let last = index + 1 == entries.len();
        let part = format!("{}: {}{}", scalar(&key.text, true), flow(node), if last { " }" } else { "," });
        let line = lines.last().map_or(0, |line| line.chars().count());
        if index > 0 && line + 1 + part.chars().count() > WIDTH {
            lines.push(" ".repeat(inner));
        } else if index > 0
            && let Some(line) = lines.last_mut()
        {
            line.push(' ');
        }
        if let Some(line) = lines.last_mut() {
            line.push_str(&part);
        }
    }
    lines.join("\n")
}

/// A value on one line.
pub(crate) fn flow(node: &Node) -> String {
    match &node.value {
        Value::Scalar(text) if !text.is_text() => {
            if text.text.is_empty() {
                "null".to_owned()
            } else {
                text.text.clone()
            }
        }
        Value::Scalar(text) => scalar(&text.text, false),
        Value::Sequence(items) => format!("[{}]", items.iter().map(flow).collect::<Vec<_>>().join(", ")),
        Value::Mapping(entries) if entries.is_empty() => "{}".to_owned(),
        Value::Mapping(entries) => {
            let parts: Vec<String> =
                entries.iter().map(|(key, node)| format!("{}: {}", scalar(&key.text, true), flow(node))).collect();
            format!("{{ {} }}", parts.join(", "))
        }
    }
}

/// A text, in quotes where it could be taken for something else. Keys of the file are words.
fn scalar(text: &str, key: bool) -> String {
    let plain = text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_./+ @%".contains(&byte))
        && text.bytes().next().is_some_and(|byte| byte.is_ascii_alphanumeric() || byte == b'/')
        && !text.ends_with(' ');
    if plain && (key || resolves_to_text(text)) {
        return text.to_owned();
    }
    let mut out = String::from("\"");
    for letter in text.chars() {
        match letter {
            '"' | '\\' => out.extend(['\\', letter]),
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            letter if letter.is_control() => {
                // Writing to a String cannot fail.
                let _ = write!(out, "\\u{:04x}", u32::from(letter));
            }
            letter => out.push(letter),
        }
    }
    out.push('"');
    out
}

#[cfg(test)]
mod tests {
    use plimsoll_diagnostics::Sources;
    use plimsoll_yaml::{Key, read_document};

    use super::*;
    use crate::step::{self, path};

    fn read(text: &str) -> Node {
        let mut sources = Sources::new();
        let id = sources.add("x", text);
        read_document(text, id).0.expect("a document")
    }

    /// The edited text, which must read as the tree says; `None` where no edit is safe.
    fn edited(text: &str, steps: &[Step]) -> Option<String> {
        let root = read(text);
        let out = apply(text, &edits(text, &root, steps)?)?;
        assert_eq!(read(&out), step::apply(&root, steps).expect("it fits"), "{out}");
        Some(out)
    }

    fn add(to: &[&str], after: Option<&str>, key: &str) -> Step {
        let value = Node::mapping(vec![(Key::new("x"), Node::text("1.30"))]);
        Step::Add { to: path(to), after: after.map(str::to_owned), key: key.into(), value }
    }

    #[test]
    fn entries_are_added_as_their_neighbours_are_written() {
        for (text, after, expected) in [
            ("a: { b: 1 }  # c\n", None, "a: { b: 1, k: { x: \"1.30\" } }  # c\n"),
            ("a: {}\n", None, "a: { k: { x: \"1.30\" } }\n"),
            ("a: { b: 1, }\n", None, "a: { b: 1, k: { x: \"1.30\" }, }\n"),
            ("a: { b: 1, c: 2 }\n", Some("b"), "a: { b: 1, k: { x: \"1.30\" }, c: 2 }\n"),
            ("a:\n  b: 1  # c\n\n  # d\nz: 1\n", None, "a:\n  b: 1  # c\n  k: { x: \"1.30\" }\n\n  # d\nz: 1\n"),
            ("a:\n  b:\n    - 1\n  c: 2", Some("b"), "a:\n  b:\n    - 1\n  k: { x: \"1.30\" }\n  c: 2"),
            ("a:\n  b:\n  c: 2\n", Some("b"), "a:\n  b:\n  k: { x: \"1.30\" }\n  c: 2\n"),
        ] {
            assert_eq!(edited(text, &[add(&["a"], after, "k")]).as_deref(), Some(expected), "{text}");
        }
        // A block of text may end anywhere.
        assert_eq!(edited("a:\n  b: |\n    t\n\nz: 1\n", &[add(&["a"], None, "k")]), None);
        // Several behind one stand in the order of the steps.
        let two = [add(&["a"], Some("b"), "k"), add(&["a"], Some("b"), "l")];
        let expected = "a:\n  b: 1\n  k: { x: \"1.30\" }\n  l: { x: \"1.30\" }\n  c: 2\n";
        assert_eq!(edited("a:\n  b: 1\n  c: 2\n", &two).as_deref(), Some(expected));
    }

    #[test]
    fn lists_values_and_names_change_in_place() {
        let push = |to: &[&str]| Step::Push { to: path(to), item: Node::text("new") };
        for (text, step, expected) in [
            ("a: [1, 2]\n", push(&["a"]), "a: [1, 2, new]\n"),
            ("a: []\n", push(&["a"]), "a: [new]\n"),
            ("a:\n- 1  # c\n- 2\nb: 3\n", push(&["a"]), "a:\n- 1  # c\n- 2\n- new\nb: 3\n"),
            ("a: x  # c\n", Step::Set { at: path(&["a"]), to: Node::text("w") }, "a: w  # c\n"),
            ("a: [x, 'y']\n", Step::Set { at: path(&["a", "1"]), to: Node::text("z") }, "a: [x, z]\n"),
            ("a-1: { b: 1 }\n", Step::Rename { at: path(&["a-1"]), key: "a-1..2".into() }, "a-1..2: { b: 1 }\n"),
        ] {
            assert_eq!(edited(text, &[step]).as_deref(), Some(expected), "{text}");
        }
        assert_eq!(edited("a: |\n  x\n", &[Step::Set { at: path(&["a"]), to: Node::text("y") }]), None);
        // Two steps at one place are no edit.
        let set = |to: &str| Step::Set { at: path(&["a"]), to: Node::text(to) };
        assert!(edits("a: x\n", &read("a: x\n"), &[set("y"), set("z")]).is_none());
    }

    #[test]
    fn what_could_be_taken_for_something_else_is_quoted() {
        for (text, expected) in
            [("1.30", "\"1.30\""), ("on", "\"on\""), ("a b", "a b"), ("a: b", "\"a: b\""), ("", "\"\"")]
        {
            assert_eq!(flow(&Node::text(text)), expected);
        }
        assert_eq!(flow(&Node::plain("3")), "3");
    }
}
