//! The tree.

use plimsoll_diagnostics::{Span, Spanned};

use crate::resolve::resolves_to_text;

/// How a scalar was written. Plain scalars may stand for numbers, booleans and null; all others are text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    /// Without quotes.
    Plain,
    /// In single or double quotes, or tagged `!!str`.
    Quoted,
    /// As a block (`|` or `>`).
    Block,
}

/// A scalar: its text after unescaping, and how it was written.
#[derive(Clone, Debug)]
pub struct Text {
    /// The text, escapes resolved.
    pub text: String,
    /// How it was written.
    pub style: Style,
}

impl Text {
    /// Whether it is null: nothing, `~` or `null` without quotes.
    pub fn is_null(&self) -> bool {
        self.style == Style::Plain && matches!(self.text.as_str(), "" | "~" | "null" | "Null" | "NULL")
    }

    /// Whether every reader takes it for text: quoted, or plain and unlike a number, a boolean or null.
    pub fn is_text(&self) -> bool {
        self.style != Style::Plain || resolves_to_text(&self.text)
    }
}

/// Two scalars are equal when they mean the same: `"1"` and `1` differ, `"a"` and `a` do not; null is null.
impl PartialEq for Text {
    fn eq(&self, other: &Self) -> bool {
        (self.text == other.text && self.is_text() == other.is_text()) || (self.is_null() && other.is_null())
    }
}
impl Eq for Text {}

/// A mapping's key. Keys that are not text in YAML (`1`, `true`, null) are kept as they were written.
#[derive(Clone, Debug)]
pub struct Key {
    /// The text.
    pub text: String,
    /// Where it stands; `None` for a key made by the program.
    pub span: Option<Span>,
    /// How it was written.
    pub style: Style,
}

impl Key {
    /// A key made by the program.
    pub fn new(text: impl Into<String>) -> Self {
        Key { text: text.into(), span: None, style: Style::Quoted }
    }

    /// The text with its place.
    pub fn spanned(&self) -> Spanned<String> {
        Spanned { value: self.text.clone(), span: self.span }
    }
}

/// Keys are equal when their texts are, wherever they stand.
impl PartialEq for Key {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}
impl Eq for Key {}

/// A key with its value.
pub type Entry = (Key, Node);

/// What a node holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// A scalar.
    Scalar(Text),
    /// A list.
    Sequence(Vec<Node>),
    /// A mapping, in the order in which it was written; no key twice.
    Mapping(Vec<Entry>),
}

/// A part of a document, with its place.
///
/// Nodes are equal when their values are, wherever they stand.
#[derive(Clone, Debug)]
pub struct Node {
    /// Where it stands; `None` for a node made by the program. What came in by an alias stands at its anchor.
    pub span: Option<Span>,
    /// What it holds.
    pub value: Value,
    /// An explicit tag that has no meaning here (`!vault`), as it was written.
    pub tag: Option<String>,
}

impl PartialEq for Node {
    fn eq(&self, other: &Self) -> bool {
        self.value == other.value && self.tag == other.tag
    }
}
impl Eq for Node {}

impl From<Value> for Node {
    fn from(value: Value) -> Self {
        Node { span: None, value, tag: None }
    }
}

impl Node {
    /// A text, quoted on output where it must be.
    pub fn text(text: impl Into<String>) -> Self {
        Value::Scalar(Text { text: text.into(), style: Style::Quoted }).into()
    }

    /// A number, a boolean or null, written as it stands.
    pub fn plain(text: impl Into<String>) -> Self {
        Value::Scalar(Text { text: text.into(), style: Style::Plain }).into()
    }

    /// A list.
    pub fn sequence(items: Vec<Node>) -> Self {
        Value::Sequence(items).into()
    }

    /// A mapping.
    pub fn mapping(entries: Vec<Entry>) -> Self {
        Value::Mapping(entries).into()
    }

    /// The scalar, if it is one.
    pub fn as_scalar(&self) -> Option<&Text> {
        if let Value::Scalar(scalar) = &self.value { Some(scalar) } else { None }
    }

    /// The scalar's text, if it is one.
    pub fn as_str(&self) -> Option<&str> {
        self.as_scalar().map(|scalar| scalar.text.as_str())
    }

    /// The list's items, if it is one.
    pub fn as_sequence(&self) -> Option<&[Node]> {
        if let Value::Sequence(items) = &self.value { Some(items) } else { None }
    }

    /// The mapping's entries, if it is one.
    pub fn as_mapping(&self) -> Option<&[Entry]> {
        if let Value::Mapping(entries) = &self.value { Some(entries) } else { None }
    }

    /// The value under a key of a mapping.
    pub fn get(&self, key: &str) -> Option<&Node> {
        self.as_mapping()?.iter().find(|(found, _)| found.text == key).map(|(_, node)| node)
    }

    /// The value under a path of keys.
    pub fn at(&self, path: &[&str]) -> Option<&Node> {
        path.iter().try_fold(self, |node, key| node.get(key))
    }

    /// Whether it is null: nothing, `~` or `null` without quotes.
    pub fn is_null(&self) -> bool {
        self.as_scalar().is_some_and(Text::is_null)
    }

    /// What it is, for messages: `the text `abc``, `a list`.
    pub fn describe(&self) -> String {
        match &self.value {
            _ if self.is_null() => "nothing".into(),
            Value::Scalar(scalar) => {
                let first = scalar.text.lines().next().unwrap_or_default();
                let short: String = first.chars().take(40).collect();
                let cut = if short.len() < scalar.text.len() { "…" } else { "" };
                let quotes = if scalar.style == Style::Plain { "" } else { "\"" };
                format!("`{quotes}{short}{cut}{quotes}`")
            }
            Value::Sequence(_) => "a list".into(),
            Value::Mapping(_) => "a mapping".into(),
        }
    }

    /// How many levels it has: 1 for a scalar or an empty collection.
    pub fn height(&self) -> usize {
        1 + match &self.value {
            Value::Scalar(_) => 0,
            Value::Sequence(items) => items.iter().map(Node::height).max().unwrap_or(0),
            Value::Mapping(entries) => entries.iter().map(|(_, node)| node.height()).max().unwrap_or(0),
        }
    }
}
