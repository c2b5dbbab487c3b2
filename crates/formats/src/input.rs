//! What readers of words with quotes share: a text with its problems, words with their places, values.

use std::str::FromStr;

use plimsoll_diagnostics::{Diagnostic, SourceId, Sources, Span, Spanned};

use crate::report::{Report, shorten};
use crate::text::{Piece, lines};
use crate::{Read, Setting, placeholder};

/// How deep blocks may nest. The deepest legal nesting of these formats is about six.
pub(crate) const DEEPEST: usize = 32;

/// A text being read.
pub(crate) struct Input<'t> {
    pub(crate) source: SourceId,
    pub(crate) text: &'t str,
    report: Report,
}

/// A word with its place. `quoted` tells `"any"` from `any`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Word {
    pub(crate) text: String,
    pub(crate) quoted: bool,
    pub(crate) span: Span,
}

impl Word {
    pub(crate) fn spanned(&self) -> Spanned<String> {
        Spanned::at(self.text.clone(), self.span)
    }

    pub(crate) fn into_spanned(self) -> Spanned<String> {
        Spanned::at(self.text, self.span)
    }
}

impl<'t> Input<'t> {
    pub(crate) fn new(source: SourceId, sources: &'t Sources) -> Self {
        let (text, report) = Report::open(source, sources);
        Input { source, text, report }
    }

    /// Ends the reading.
    pub(crate) fn done<T>(self, value: T) -> Read<T> {
        self.report.close(value)
    }

    pub(crate) fn span(&self, start: usize, end: usize) -> Span {
        Span::new(self.source, start, end)
    }

    pub(crate) fn report(&mut self, problem: Diagnostic) {
        self.report.push(problem);
    }

    /// Adds what was said of a part.
    pub(crate) fn extend(&mut self, problems: plimsoll_diagnostics::Diagnostics) {
        self.report.extend(problems);
    }

    /// Text that breaks the format's grammar.
    pub(crate) fn syntax(&mut self, message: impl Into<String>, span: Span, label: impl Into<String>) {
        self.report.syntax(message, span, label);
    }

    /// A value that its reader would refuse or ignore.
    pub(crate) fn bad_value(&mut self, message: impl Into<String>, span: Span, label: impl Into<String>) {
        self.report.bad_value(message, span, label);
    }

    /// Blocks nest too deep.
    pub(crate) fn too_deep(&mut self, span: Span) {
        let message = format!("blocks nest deeper than {DEEPEST}");
        self.report.push(Diagnostic::error(message).code("too-deep").at(span, "left out from here"));
    }

    /// A statement that the program itself ignores, or that this module has no type for.
    pub(crate) fn unknown(&mut self, message: impl Into<String>, span: Span, label: impl Into<String>) {
        self.report.push(Diagnostic::warning(message).code("unknown-statement").at(span, label));
    }

    /// Says that the file includes others, which a reader without a file system does not follow.
    pub(crate) fn included(&mut self, pattern: &Spanned<String>) {
        let span = pattern.span.unwrap_or(self.span(0, 0));
        self.report.include(pattern, span);
    }

    /// Says that something is given a second time.
    pub(crate) fn twice(&mut self, what: &str, span: Option<Span>, first: Option<Span>, effect: &str) {
        self.report(
            Diagnostic::warning(format!("{what} is given twice"))
                .code("given-twice")
                .at(span, effect.to_owned())
                .context(first, "first given here"),
        );
    }

    /// Reports every place in `start..end` that a template left open; true when there is one.
    pub(crate) fn open_places(&mut self, start: usize, end: usize) -> bool {
        let mut from = start;
        let mut found = false;
        while let Some(range) = placeholder::find(&self.text[from..end]) {
            found = true;
            let (start, end) = (from + range.start, from + range.end);
            let span = self.span(start, end);
            self.report.placeholder(&self.text[start..end], span);
            from = end;
        }
        found
    }

    /// A value of type `T`; what is none is kept as written and reported. A place left open is reported by
    /// [`Input::open_places`] where its word is read, and not again.
    pub(crate) fn value<T: FromStr>(&mut self, text: &str, span: Span, expected: &str) -> Setting<T> {
        self.value_by(text, span, expected, |text| text.parse().ok())
    }

    /// As [`Input::value`], with the reading of the value given.
    pub(crate) fn value_by<T>(
        &mut self,
        text: &str,
        span: Span,
        expected: &str,
        parse: impl Fn(&str) -> Option<T>,
    ) -> Setting<T> {
        if placeholder::find(text).is_some() {
            return Setting::Unknown(Spanned::at(text.to_owned(), span));
        }
        if let Some(value) = parse(text) {
            return Setting::Known(Spanned::at(value, span));
        }
        self.bad_value(format!("`{}` is not {expected}", shorten(text)), span, "");
        Setting::Unknown(Spanned::at(text.to_owned(), span))
    }

    /// All lines, without their ends.
    pub(crate) fn lines(&self) -> Vec<Piece<'t>> {
        lines(self.text).collect()
    }

    /// The words of a line, split at blanks; an open place of a template is one word, blanks and all. Ends at a letter
    /// of `comment` where a word would start.
    pub(crate) fn words(&mut self, line: Piece<'_>, comment: &[char], quotes: Quotes) -> Vec<Word> {
        let mut words = Vec::new();
        let text = line.text;
        let mut at = 0;
        while at < text.len() {
            let rest = &text[at..];
            let Some(first) = rest.chars().next() else { break };
            if first.is_whitespace() || first == '\u{feff}' {
                at += first.len_utf8();
                continue;
            }
            if comment.contains(&first) {
                break;
            }
            let (start, found) = (line.start + at, word(rest, quotes));
            if found.unclosed {
                let span = self.span(start, start + 1);
                self.syntax("the string is not closed on its line", span, "opened here");
            }
            let span = self.span(start, start + found.length);
            words.push(Word { text: found.text, quoted: found.quoted, span });
            at += found.length;
        }
        words
    }
}

/// The text a writer gives a setting; `None` when it is absent.
pub(crate) fn written<T: std::fmt::Display>(setting: &Setting<T>) -> Option<String> {
    (!setting.is_absent()).then(|| setting.to_string())
}

/// The words of a line as a shell splits them, with the bytes they take.
pub(crate) fn shell_words(line: &str) -> Vec<(String, usize, usize)> {
    let mut words = Vec::new();
    let mut at = 0;
    while let Some(letter) = line[at..].chars().next() {
        if letter.is_whitespace() {
            at += letter.len_utf8();
            continue;
        }
        let found = word(&line[at..], Quotes::Shell);
        words.push((found.text, at, at + found.length));
        at += found.length;
    }
    words
}

/// How a format quotes words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Quotes {
    /// It does not.
    None,
    /// As a shell: `"…"` with `\` before anything, and `'…'`, anywhere in a word.
    Shell,
    /// `"…"` as a whole word, in which only `\"` is special (CoreDNS).
    Whole,
}

struct Found {
    text: String,
    length: usize,
    quoted: bool,
    unclosed: bool,
}

/// What may begin a string, an escape or a placeholder; all else but a blank is part of a word.
const SPECIAL: [char; 9] = ['"', '\'', '\\', '{', '<', '$', '%', '@', '_'];

/// The first word of `rest`, which starts with no blank.
fn word(rest: &str, quotes: Quotes) -> Found {
    let mut found = Found { text: String::new(), length: 0, quoted: false, unclosed: false };
    while let Some(letter) = rest[found.length..].chars().next() {
        if letter.is_whitespace() {
            break;
        }
        let left = &rest[found.length..];
        let plain = left.find(|letter: char| letter.is_whitespace() || SPECIAL.contains(&letter)).unwrap_or(left.len());
        if plain > 0 {
            found.text.push_str(&left[..plain]);
            found.length += plain;
            continue;
        }
        if let Some(end) = placeholder::starts(left) {
            found.text.push_str(&left[..end]);
            found.length += end;
            continue;
        }
        let starts = match quotes {
            Quotes::None => false,
            Quotes::Shell => letter == '"' || letter == '\'',
            Quotes::Whole => letter == '"' && found.length == 0,
        };
        if starts {
            found.quoted = true;
            found.length += 1 + string(&left[1..], letter, quotes, &mut found.text, &mut found.unclosed);
            if quotes == Quotes::Whole {
                break;
            }
            continue;
        }
        if quotes == Quotes::Shell && letter == '\\' {
            // Outside of quotes a backslash takes the next letter as it is.
            found.length += 1;
            let next = rest[found.length..].chars().next().unwrap_or('\\');
            found.text.push(next);
            found.length = (found.length + next.len_utf8()).min(rest.len());
            continue;
        }
        found.text.push(letter);
        found.length += letter.len_utf8();
    }
    found
}

/// Reads a string up to its closing quote into `text`; its length with the quote.
fn string(rest: &str, quote: char, quotes: Quotes, text: &mut String, unclosed: &mut bool) -> usize {
    let mut escaped = false;
    for (at, letter) in rest.char_indices() {
        if escaped {
            if quotes == Quotes::Whole && letter != '"' {
                text.push('\\');
            }
            text.push(letter);
            escaped = false;
        } else if letter == '\\' && quote == '"' {
            escaped = true;
        } else if letter == quote {
            return at + 1;
        } else {
            text.push(letter);
        }
    }
    *unclosed = true;
    rest.len()
}

/// A word as `"…"`, with `\` before `"` and `\`.
pub(crate) fn quoted(word: &str) -> String {
    quoted_by(word, &['"', '\\'])
}

/// A word as `"…"`, with `\` before each of `escaped`.
pub(crate) fn quoted_by(word: &str, escaped: &[char]) -> String {
    let mut text = String::with_capacity(word.len() + 2);
    text.push('"');
    for letter in word.chars() {
        if escaped.contains(&letter) {
            text.push('\\');
        }
        text.push(letter);
    }
    text.push('"');
    text
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// What a reader makes of a text that stands alone.
    pub(crate) fn over<T>(read: fn(SourceId, &Sources) -> Read<T>, text: &str) -> Read<T> {
        let mut sources = Sources::new();
        let source = sources.add("a file", text);
        read(source, &sources)
    }

    #[test]
    fn words_are_quoted_as_in_a_shell() {
        let words: Vec<String> =
            shell_words("a \"b c\" 'd \\' e\\ f {{ g | h }}").into_iter().map(|word| word.0).collect();
        assert_eq!(words, ["a", "b c", "d \\", "e f", "{{ g | h }}"]);
    }
}
