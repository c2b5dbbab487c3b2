//! What all readers of text share: a size limit, positions, values with a reported reason when they are none, and
//! places that a template left open.

use std::str::FromStr;

use plimsoll_diagnostics::{Diagnostic, Diagnostics, SourceId, Span, Spanned};

use crate::{Read, Stated};

/// The longest text a reader looks at, in bytes. Real files of these formats stay far below; more costs memory.
pub(crate) const LONGEST: usize = 8 << 20;
/// How deep blocks may nest. The deepest legal nesting of these formats is about six.
pub(crate) const DEEPEST: usize = 32;
/// How many problems one text may report, so that garbage does not fill the memory with complaints.
const MOST_PROBLEMS: usize = 500;

/// A text being read.
pub(crate) struct Input<'t> {
    pub(crate) source: SourceId,
    pub(crate) text: &'t str,
    problems: Diagnostics,
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
}

/// One line without its line end, and where it starts.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Line<'t> {
    pub(crate) text: &'t str,
    pub(crate) start: usize,
}

impl<'t> Input<'t> {
    pub(crate) fn new(source: SourceId, text: &'t str) -> Self {
        let mut input = Input { source, text, problems: Diagnostics::new() };
        if text.len() > LONGEST {
            input.text = "";
            input.report(
                Diagnostic::error(format!("the file is too large to be read: {} MiB", text.len() >> 20))
                    .code("too-large")
                    .at(Span::new(source, 0, 0), format!("more than {} MiB", LONGEST >> 20)),
            );
        }
        // A byte order mark is what some editors leave; it is no part of the first word.
        input
    }

    /// Ends the reading.
    pub(crate) fn done<T>(self, value: T) -> Read<T> {
        Read { value, problems: self.problems }
    }

    pub(crate) fn span(&self, start: usize, end: usize) -> Span {
        Span::new(self.source, start, end)
    }

    pub(crate) fn report(&mut self, problem: Diagnostic) {
        if self.problems.len() < MOST_PROBLEMS {
            self.problems.push(problem);
        } else if self.problems.len() == MOST_PROBLEMS {
            self.problems.push(
                Diagnostic::warning("too many problems in this file, the others are not shown")
                    .code("too-many-problems")
                    .at(problem.span(), ""),
            );
        }
    }

    pub(crate) fn warn(&mut self, code: &str, message: impl Into<String>, span: Span, label: impl Into<String>) {
        self.report(Diagnostic::warning(message).code(code).at(span, label));
    }

    pub(crate) fn error(&mut self, code: &str, message: impl Into<String>, span: Span, label: impl Into<String>) {
        self.report(Diagnostic::error(message).code(code).at(span, label));
    }

    /// Says that the file includes others, which a reader without a file system does not follow.
    pub(crate) fn included(&mut self, pattern: &Spanned<String>) {
        self.report(
            Diagnostic::note_only(format!("`{}` is included here and not read by this reader", pattern.value))
                .code("include")
                .at(pattern.span, ""),
        );
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
        while let Some((a, b)) = open_place(&self.text[from..end]) {
            found = true;
            let span = self.span(from + a, from + b);
            let what = self.text[from + a..from + b].to_owned();
            self.report(
                Diagnostic::note_only(format!("`{what}` is not filled in"))
                    .code("not-filled-in")
                    .at(span, "left open by a template")
                    .help("read the rendered file, not its template"),
            );
            from += b;
        }
        found
    }

    /// A value of type `T`; what is none is kept as written and reported, once, unless a template left it open.
    pub(crate) fn value<T: FromStr>(&mut self, text: &str, span: Span, expected: &str) -> Stated<T> {
        self.value_by(text, span, expected, |text| text.parse().ok())
    }

    /// As [`Input::value`], with the reading of the value given.
    pub(crate) fn value_by<T>(
        &mut self,
        text: &str,
        span: Span,
        expected: &str,
        parse: impl Fn(&str) -> Option<T>,
    ) -> Stated<T> {
        if open_place(text).is_some() {
            return Stated::Unknown(Spanned::at(text.to_owned(), span));
        }
        if let Some(value) = parse(text) {
            return Stated::Known(Spanned::at(value, span));
        }
        self.warn("wrong-value", format!("`{}` is not {expected}", shortened(text)), span, "");
        Stated::Unknown(Spanned::at(text.to_owned(), span))
    }

    /// All lines, without their ends.
    pub(crate) fn lines(&self) -> impl Iterator<Item = Line<'t>> + use<'t> {
        lines(self.text)
    }

    /// The words of a line, split at blanks; an open place of a template is one word, blanks and all. Ends at a letter
    /// of `comment` where a word would start.
    pub(crate) fn words(&mut self, line: Line<'_>, comment: &[char], quotes: Quotes) -> Vec<Word> {
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
                self.error("unclosed-string", "the string is not closed on its line", span, "opened here");
            }
            let span = self.span(start, start + found.length);
            words.push(Word { text: found.text, quoted: found.quoted, span });
            at += found.length;
        }
        words
    }
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

/// All lines of a text with their starts.
pub(crate) fn lines(text: &str) -> impl Iterator<Item = Line<'_>> {
    let mut start = 0;
    text.split_inclusive('\n').map(move |whole| {
        let line = Line { text: whole.trim_end_matches(['\n', '\r']), start };
        start += whole.len();
        line
    })
}

struct Found {
    text: String,
    length: usize,
    quoted: bool,
    unclosed: bool,
}

/// The first word of `rest`, which starts with no blank.
fn word(rest: &str, quotes: Quotes) -> Found {
    let mut found = Found { text: String::new(), length: 0, quoted: false, unclosed: false };
    while let Some(letter) = rest[found.length..].chars().next() {
        if letter.is_whitespace() {
            break;
        }
        let left = &rest[found.length..];
        if matches!(letter, '{' | '<' | '$')
            && let Some(end) = opens(left)
        {
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

/// Byte range of the first place in `text` that a template left open: `{{ x }}`, `{% x %}`, `${X}` or `<x>`.
pub(crate) fn open_place(text: &str) -> Option<(usize, usize)> {
    let mut from = 0;
    while let Some(at) = text[from..].find(['{', '$', '<']) {
        if let Some(length) = opens(&text[from + at..]) {
            return Some((from + at, from + at + length));
        }
        from += at + 1;
    }
    None
}

/// The length of the place left open that `text` starts with, if it starts with one.
pub(crate) fn opens(text: &str) -> Option<usize> {
    // No place is longer than this; a lone opening sign in a huge text must not cost its whole length again and again.
    const LONGEST_PLACE: usize = 200;
    let bytes = text.as_bytes();
    let close: &[u8] = match bytes.get(..2)? {
        b"{{" => b"}}",
        b"{%" => b"%}",
        b"${" => b"}",
        [b'<', b'a'..=b'z' | b'A'..=b'Z'] => b">",
        _ => return None,
    };
    let window = &bytes[2..bytes.len().min(2 + LONGEST_PLACE)];
    let end = window.windows(close.len()).position(|part| part == close)?;
    let inner = &window[..end];
    let plausible = match close {
        b">" => inner.iter().all(|byte| byte.is_ascii_alphanumeric() || b"_-. ".contains(byte)),
        b"%}" => !inner.contains(&b'\n'),
        _ => !inner.iter().any(|byte| b"\n;{".contains(byte)),
    };
    plausible.then_some(2 + end + close.len())
}

/// At most 60 characters of a text, for a message.
pub(crate) fn shortened(text: &str) -> String {
    match text.char_indices().nth(60) {
        Some((at, _)) => format!("{}…", &text[..at]),
        None => text.to_owned(),
    }
}

/// A word as `"…"` when it is empty or holds a blank or one of `special`, with `\` before `"` and `\`.
pub(crate) fn quoted_if(word: &str, special: &[char]) -> String {
    let plain = !word.is_empty() && !word.contains(|letter: char| letter.is_whitespace() || special.contains(&letter));
    if plain { word.to_owned() } else { quoted(word) }
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
mod tests {
    use super::open_place;

    #[test]
    fn open_places_are_found_and_nothing_else() {
        assert_eq!(open_place("a {{ vip }} b"), Some((2, 11)));
        assert_eq!(open_place("${VIP}:53"), Some((0, 6)));
        assert_eq!(open_place("https://<node ip>:2379"), Some((8, 17)));
        assert_eq!(open_place("{% if x %}"), Some((0, 10)));
        assert_eq!(open_place("allow {{1.2.3.4;};};"), None);
        assert_eq!(open_place("a < b && c > d"), None);
        assert_eq!(open_place("{$ENV} {"), None);
    }
}
