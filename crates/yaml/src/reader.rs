//! Reading a tree into types, with all problems at once.

use std::borrow::Cow;

use plimsoll_diagnostics::{Diagnostic, Diagnostics, Severity, Span, nearest};

use crate::FromNode;
use crate::node::{Entry, Key, Node, Style, Value};

/// How strictly a tree is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Our own file: an unknown key or a wrong type is an error.
    Strict,
    /// Somebody else's: unknown keys are collected, wrong types are warnings, and what YAML 1.1 reads is read.
    Lenient,
}

/// A key that no type asked for, in a lenient reading.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unknown {
    /// The keys that lead to it, joined by dots: `spec.bgp`.
    pub path: String,
    /// Where it stands.
    pub span: Option<Span>,
}

/// Collects what a reading has to say.
#[derive(Debug)]
pub struct Reader {
    mode: Mode,
    diagnostics: Diagnostics,
    unknown: Vec<Unknown>,
    unasked: Vec<Unknown>,
    path: Vec<String>,
    unsaid: usize,
}

/// Problems that are said one by one; the rest is counted. Nobody mends more in one go.
const MOST_PROBLEMS: usize = 200;

impl Reader {
    /// A reader without anything said yet.
    pub fn new(mode: Mode) -> Self {
        Reader {
            mode,
            diagnostics: Diagnostics::new(),
            unknown: Vec::new(),
            unasked: Vec::new(),
            path: Vec::new(),
            unsaid: 0,
        }
    }

    /// How strictly it reads.
    pub fn mode(&self) -> Mode {
        self.mode
    }

    /// What was said, and the keys nobody asked for.
    pub fn finish(mut self) -> (Diagnostics, Vec<Unknown>) {
        if self.unsaid > 0 {
            let message = format!("{} further problems are not shown", self.unsaid);
            self.diagnostics.push(Diagnostic::note_only(message).code("more-problems"));
        }
        (self.diagnostics, self.unknown)
    }

    /// Keys of a lenient reading that no field has: those that nobody took, and those that a [`crate::Rest`] keeps.
    pub fn unasked(&self) -> &[Unknown] {
        &self.unasked
    }

    /// The keys that lead to the value that is being read, joined by dots.
    pub fn path(&self) -> String {
        self.path.join(".")
    }

    /// Says something.
    pub fn push(&mut self, diagnostic: Diagnostic) {
        if self.is_full() {
            self.unsaid += 1;
        } else {
            self.diagnostics.push(diagnostic);
        }
    }

    fn is_full(&self) -> bool {
        self.diagnostics.len() >= MOST_PROBLEMS
    }

    /// Starts a problem with a value: an error in a strict reading, else a warning.
    pub fn problem(&self, code: &str, message: impl Into<String>) -> Diagnostic {
        let severity = if self.mode == Mode::Strict { Severity::Error } else { Severity::Warning };
        Diagnostic::new(severity, message).code(code)
    }

    /// Says that a value is not what it should be (`a list`). Always `None`, to be returned.
    pub fn expected<T>(&mut self, node: &Node, what: &str) -> Option<T> {
        let name = self.path.last().map(|key| format!("`{key}` takes ")).unwrap_or_default();
        let found = node.describe();
        let message = if name.is_empty() {
            format!("expected {what}, found {found}")
        } else {
            format!("{name}{what}, not {found}")
        };
        let problem = self.problem("wrong-type", message).at(point(node.span, node), "");
        self.push(problem);
        None
    }

    /// Reads the value under a key, so that problems can name the key.
    pub fn within<T>(&mut self, key: &str, read: impl FnOnce(&mut Self) -> T) -> T {
        self.path.push(key.to_owned());
        let value = read(self);
        self.path.pop();
        value
    }

    /// The known keys of a mapping, to be taken one by one. `None`, and a problem said, when it is no mapping.
    pub fn fields<'n>(&mut self, node: &'n Node) -> Option<Fields<'n>> {
        const NOTHING: &[Entry] = &[];
        let entries = match &node.value {
            Value::Mapping(entries) => entries.as_slice(),
            _ if node.is_null() => NOTHING,
            _ => return self.expected(node, "a mapping"),
        };
        Some(Fields { span: node.span, claimed: vec![false; entries.len()], entries, keys: Vec::new(), short: false })
    }
}

/// Where to point for a value: a collection's first place, since a mark over many lines says little.
fn point(span: Option<Span>, node: &Node) -> Option<Span> {
    match &node.value {
        Value::Scalar(_) => span,
        Value::Sequence(items) => items.first().and_then(|item| item.span).or(span),
        Value::Mapping(entries) => entries.first().and_then(|(key, _)| key.span).or(span),
    }
}

/// The entries of a mapping, some already taken.
#[derive(Debug)]
pub struct Fields<'n> {
    span: Option<Span>,
    entries: &'n [Entry],
    claimed: Vec<bool>,
    keys: Vec<Cow<'static, str>>,
    short: bool,
}

impl Fields<'_> {
    /// Marks them as made from a short form: problems then name the key that holds it.
    #[must_use]
    pub fn short(mut self, short: bool) -> Self {
        self.short = short;
        self
    }

    /// Takes the value of a key. `None` when it is missing though required, or could not be read; the problem is said.
    pub fn take<T: FromNode>(&mut self, key: Cow<'static, str>, reader: &mut Reader) -> Option<T> {
        if T::REST {
            let rest = self.entries.iter().zip(&mut self.claimed).filter(|(_, claimed)| !**claimed);
            let rest: Vec<Entry> = rest
                .map(|(entry, claimed)| {
                    *claimed = true;
                    entry.clone()
                })
                .collect();
            if reader.mode == Mode::Lenient {
                for (key, _) in &rest {
                    let path = reader.within(&key.text, |reader| reader.path());
                    reader.unasked.push(Unknown { path, span: key.span });
                }
            }
            return T::from_node(&Node { span: self.span, ..Node::mapping(rest) }, reader);
        }
        let index = self.entries.iter().position(|(found, _)| found.text == *key);
        let value = match index {
            Some(index) => {
                self.claimed[index] = true;
                let (found, node) = &self.entries[index];
                match T::missing() {
                    Some(missing) if node.is_null() && !T::NULLABLE => Some(missing),
                    missing => {
                        let read = |reader: &mut Reader| {
                            if node.is_null() && !T::NULLABLE && missing.is_none() && !T::EMPTY {
                                let problem = reader.problem("missing-value", format!("`{key}` has no value"));
                                reader.push(problem.at(found.span, "expected a value"));
                                return None;
                            }
                            T::from_node(node, reader)
                        };
                        let value = if self.short { read(reader) } else { reader.within(&key, read) };
                        // What cannot be read is said; the rest of the record is worth keeping.
                        value.or(missing)
                    }
                }
            }
            None => T::missing().or_else(|| {
                // A merge was refused already, and may hold the key.
                if self.entries.iter().any(|(key, _)| is_merge(key)) {
                    return None;
                }
                let problem = reader.problem("missing-key", format!("`{key}` is missing"));
                let place = self.entries.first().and_then(|(key, _)| key.span).or(self.span);
                let label = match reader.path.last() {
                    Some(name) => format!("`{name}` needs it"),
                    None => "the file needs it".into(),
                };
                reader.push(problem.at(place, label));
                None
            }),
        };
        self.keys.push(key);
        value
    }

    /// Says which keys nobody took.
    pub fn finish(self, reader: &mut Reader) {
        for ((key, _), _) in self.entries.iter().zip(&self.claimed).filter(|(_, claimed)| !**claimed) {
            if reader.mode == Mode::Lenient {
                let path = reader.within(&key.text, |reader| reader.path());
                let unknown = Unknown { path, span: key.span };
                reader.unasked.push(unknown.clone());
                reader.unknown.push(unknown);
                continue;
            }
            if is_merge(key) {
                continue;
            }
            if reader.is_full() {
                reader.unsaid += 1;
                continue;
            }
            let known = self.keys.iter().map(Cow::as_ref);
            let mut problem = reader.problem("unknown-key", format!("unknown key `{}`", key.text));
            problem = if let Some(near) = nearest(&key.text, known.clone()) {
                problem.at(key.span, format!("did you mean `{near}`?"))
            } else {
                let known: Vec<String> = known.map(|key| format!("`{key}`")).collect();
                problem.at(key.span, "").help(format!("known here: {}", known.join(", ")))
            };
            reader.push(problem);
        }
    }
}

/// A merge key, which the parser refuses in a strict reading and resolves in a lenient one.
fn is_merge(key: &Key) -> bool {
    key.text == "<<" && key.style == Style::Plain
}

/// The mapping that a short form stands for; `None` when the node is a mapping already, or there is no short form.
#[doc(hidden)]
pub fn long(node: &Node, short: Option<&'static str>) -> Option<Node> {
    let key = short.filter(|_| !matches!(node.value, Value::Mapping(_)) && !node.is_null())?;
    let key = Key { text: key.to_owned(), span: node.span, style: Style::Quoted };
    Some(Node { span: node.span, ..Node::mapping(vec![(key, node.clone())]) })
}

/// `pod_cidr` as `podCidr`.
#[doc(hidden)]
pub fn camel(name: &str) -> String {
    let mut out = String::with_capacity(name.len());
    let mut raise = false;
    for letter in name.chars() {
        if letter == '_' {
            raise = true;
        } else if raise {
            out.extend(letter.to_uppercase());
            raise = false;
        } else {
            out.push(letter);
        }
    }
    out
}

/// A field's name as a key: raw identifiers without their prefix.
#[doc(hidden)]
pub fn key_of(name: &'static str) -> &'static str {
    name.strip_prefix("r#").unwrap_or(name)
}
