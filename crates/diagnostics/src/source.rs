//! Texts that were read, and places in them.

use std::fmt;
use std::sync::OnceLock;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::Diagnostic;

/// Which text of a [`Sources`] a [`Span`] lies in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct SourceId(pub u32);

/// A byte range `start..end` of one text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Span {
    /// The text it lies in.
    pub source: SourceId,
    /// First byte.
    pub start: u32,
    /// One past the last byte; equal to `start` for a point.
    pub end: u32,
}

impl Span {
    /// The range `start..end` (bytes) of `source`.
    pub fn new(source: SourceId, start: usize, end: usize) -> Self {
        Span { source, start: start as u32, end: end.max(start) as u32 }
    }

    /// The smallest span that covers both; `other` is ignored when it lies in another text.
    #[must_use]
    pub fn to(self, other: Span) -> Span {
        if self.source != other.source {
            return self;
        }
        Span { source: self.source, start: self.start.min(other.start), end: self.end.max(other.end) }
    }
}

/// A line and a column, both counted from 1; the column counts characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    /// Line, from 1.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
}

/// One text with the name it is shown under.
#[derive(Clone, Debug)]
pub struct Source {
    /// Path or label, as the person wrote it on the command line.
    pub name: String,
    /// The text.
    pub text: String,
    line_starts: Vec<u32>,
    hidden: OnceLock<Vec<(usize, usize)>>,
}

impl Source {
    fn new(name: String, text: String) -> Self {
        let line_starts = std::iter::once(0)
            .chain(text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n').map(|(at, _)| at as u32 + 1))
            .collect();
        Source { name, text, line_starts, hidden: OnceLock::new() }
    }

    /// Line and column of a byte offset; offsets past the end are taken as the end.
    pub fn position(&self, offset: u32) -> Position {
        let offset = self.floor_char_boundary(offset as usize);
        let line = self.line_starts.partition_point(|start| *start as usize <= offset);
        let start = self.line_starts[line - 1] as usize;
        Position { line, column: self.text[start..offset].chars().count() + 1 }
    }

    /// The text of line `line` (from 1) without its line end; empty when there is no such line.
    pub fn line(&self, line: usize) -> &str {
        let Some(start) = line.checked_sub(1).and_then(|index| self.line_starts.get(index)) else { return "" };
        let end = self.line_starts.get(line).map_or(self.text.len(), |next| *next as usize);
        self.text[*start as usize..end].trim_end_matches(['\n', '\r'])
    }

    /// Byte offset of the start of line `line` (from 1); the end of the text when there is no such line.
    pub fn line_start(&self, line: usize) -> usize {
        line.checked_sub(1)
            .and_then(|index| self.line_starts.get(index))
            .map_or(self.text.len(), |start| *start as usize)
    }

    /// How many lines the text has (a text that ends with a line end has an empty last one).
    pub fn line_count(&self) -> usize {
        self.line_starts.len()
    }

    /// What is not shown of it, in order.
    pub(crate) fn hidden(&self) -> &[(usize, usize)] {
        self.hidden.get_or_init(|| crate::redact::hidden(&self.text))
    }

    pub(crate) fn floor_char_boundary(&self, offset: usize) -> usize {
        let mut offset = offset.min(self.text.len());
        while !self.text.is_char_boundary(offset) {
            offset -= 1;
        }
        offset
    }
}

/// Every text of one run, so that a [`Span`] can be shown.
#[derive(Clone, Debug, Default)]
pub struct Sources {
    texts: Vec<Source>,
}

impl Sources {
    /// No texts yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// The same texts under other names: what is written into a file must not depend on where somebody called from.
    #[must_use]
    pub fn renamed(&self, name: impl Fn(&str) -> String) -> Self {
        let texts = self.texts.iter().map(|text| Source { name: name(&text.name), ..text.clone() });
        Sources { texts: texts.collect() }
    }

    /// Adds a text under the name it is shown by.
    pub fn add(&mut self, name: impl Into<String>, text: impl Into<String>) -> SourceId {
        let id = SourceId(self.texts.len() as u32);
        self.texts.push(Source::new(name.into(), text.into()));
        id
    }

    /// Adds a file's bytes. Bytes that are not UTF-8 are replaced, and the first of them is reported.
    pub fn add_bytes(&mut self, name: impl Into<String>, bytes: &[u8]) -> (SourceId, Option<Diagnostic>) {
        match std::str::from_utf8(bytes) {
            Ok(text) => (self.add(name, text), None),
            Err(error) => {
                let at = error.valid_up_to();
                let id = self.add(name, String::from_utf8_lossy(bytes));
                let diagnostic = Diagnostic::error("the file is not UTF-8 text")
                    .code("not-utf8")
                    .at(Span::new(id, at, at + '\u{fffd}'.len_utf8()), format!("byte {at} starts no UTF-8 character"))
                    .help("save the file as UTF-8");
                (id, Some(diagnostic))
            }
        }
    }

    /// The text `id` stands for.
    ///
    /// # Panics
    /// When `id` comes from another `Sources`: a programming error.
    pub fn get(&self, id: SourceId) -> &Source {
        &self.texts[id.0 as usize]
    }

    /// All texts with their ids, in the order in which they were added.
    pub fn iter(&self) -> impl Iterator<Item = (SourceId, &Source)> {
        self.texts.iter().enumerate().map(|(index, source)| (SourceId(index as u32), source))
    }

    /// The text a span covers.
    pub fn text(&self, span: Span) -> &str {
        let source = self.get(span.source);
        let start = source.floor_char_boundary(span.start as usize);
        let end = source.floor_char_boundary(span.end as usize).max(start);
        &source.text[start..end]
    }

    /// `name:line:column` of the start of a span, as compilers print it.
    pub fn locate(&self, span: Span) -> String {
        let source = self.get(span.source);
        let Position { line, column } = source.position(span.start);
        format!("{}:{line}:{column}", source.name)
    }
}

/// A value with the place it was read from, if it was read.
///
/// Two such values are equal when the values are: so what a writer wrote equals what a reader reads back.
#[derive(Clone, Copy, Default)]
pub struct Spanned<T> {
    /// The value.
    pub value: T,
    /// Where it was read; `None` for a value made by the program.
    pub span: Option<Span>,
}

impl<T> Spanned<T> {
    /// A value read at `span`.
    pub fn at(value: T, span: Span) -> Self {
        Spanned { value, span: Some(span) }
    }

    /// The same place with another value.
    pub fn map<U>(self, f: impl FnOnce(T) -> U) -> Spanned<U> {
        Spanned { value: f(self.value), span: self.span }
    }

    /// Borrows the value, keeps the place.
    pub fn as_ref(&self) -> Spanned<&T> {
        Spanned { value: &self.value, span: self.span }
    }
}

impl<T> From<T> for Spanned<T> {
    fn from(value: T) -> Self {
        Spanned { value, span: None }
    }
}

impl<T: PartialEq> PartialEq for Spanned<T> {
    fn eq(&self, other: &Self) -> bool {
        self.value == other.value
    }
}
impl<T: Eq> Eq for Spanned<T> {}

impl<T: PartialOrd> PartialOrd for Spanned<T> {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        self.value.partial_cmp(&other.value)
    }
}
impl<T: Ord> Ord for Spanned<T> {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.value.cmp(&other.value)
    }
}

impl<T: fmt::Debug> fmt::Debug for Spanned<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.value.fmt(f)
    }
}
impl<T: fmt::Display> fmt::Display for Spanned<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.value.fmt(f)
    }
}

impl<T> std::ops::Deref for Spanned<T> {
    type Target = T;
    fn deref(&self) -> &T {
        &self.value
    }
}

impl<T: Serialize> Serialize for Spanned<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.value.serialize(serializer)
    }
}
impl<'de, T: Deserialize<'de>> Deserialize<'de> for Spanned<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        T::deserialize(deserializer).map(Spanned::from)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_count_characters_and_survive_offsets_inside_one() {
        let mut sources = Sources::new();
        let id = sources.add("a.yaml", "ä: 1\nb: ü");
        let source = sources.get(id);
        assert_eq!(source.position(2), Position { line: 1, column: 2 });
        assert_eq!(source.position(1), Position { line: 1, column: 1 });
        assert_eq!(source.position(6), Position { line: 2, column: 1 });
        assert_eq!(source.position(9999), Position { line: 2, column: 5 });
        assert_eq!(source.line(2), "b: ü");
        assert_eq!(source.line(3), "");
        assert_eq!(sources.locate(Span::new(id, 6, 7)), "a.yaml:2:1");
    }

    #[test]
    fn bytes_that_are_not_text_are_reported_where_they_stand() {
        let mut sources = Sources::new();
        let (id, problem) = sources.add_bytes("x", b"ok\n\xff\xfe");
        let problem = problem.expect("a diagnostic");
        assert_eq!(sources.locate(problem.annotations[0].span), "x:2:1");
        assert_eq!(sources.get(id).line_count(), 2);
    }

    #[test]
    fn values_are_equal_wherever_they_stand() {
        assert_eq!(Spanned::at(1, Span::new(SourceId(0), 1, 2)), Spanned::from(1));
    }
}
