//! Grammar of haproxy.cfg: words with quotes and escapes, comments, times.
//!
//! As sections 2.2 and 2.5 of HAProxy's configuration manual (3.0) have it: backslash escapes, `"…"` with escapes and
//! variables, `'…'` without either, `#` starts a comment outside of them; times have a unit or are milliseconds.

use std::fmt;
use std::time::Duration;

use plimsoll_diagnostics::Span;

use crate::placeholder;
use crate::report::Report;
use crate::text::Piece;

/// A word with its quotes and escapes resolved.
#[derive(Clone, Debug)]
pub(super) struct Word {
    pub(super) text: String,
    pub(super) span: Span,
}

/// The words of a line, and where its last word ends.
pub(super) fn words(line: Piece<'_>, report: &Report) -> (Vec<Word>, usize) {
    let mut words = Vec::new();
    let mut end = line.start;
    let mut at = 0;
    loop {
        let rest = &line.text[at..];
        at += rest.len() - rest.trim_start().len();
        let rest = &line.text[at..];
        if rest.is_empty() || rest.starts_with('#') {
            return (words, end);
        }
        let (text, length) = word(rest);
        end = line.start + at + length;
        words.push(Word { text, span: report.span(line.start + at, end) });
        at += length;
    }
}

/// The first word of `text` and how many bytes it takes.
fn word(text: &str) -> (String, usize) {
    let mut value = String::new();
    let mut quote = None;
    let mut at = 0;
    while let Some(c) = text[at..].chars().next() {
        let mut length = c.len_utf8();
        match (c, quote) {
            (c, Some(open)) if c == open => quote = None,
            (c, Some('\'')) => value.push(c),
            ('\\', quote) => length += escape(&text[at + 1..], quote.is_some(), &mut value),
            ('"' | '\'', None) => quote = Some(c),
            (c, None) if c.is_whitespace() => break,
            ('#', None) => break,
            ('{' | '<' | '$', None) => {
                length = placeholder::starts(&text[at..]).unwrap_or(length);
                value.push_str(&text[at..at + length]);
            }
            (c, _) => value.push(c),
        }
        at += length;
    }
    (value, at)
}

/// Resolves what stands behind a backslash; says how many bytes of it were used.
fn escape(rest: &str, quoted: bool, value: &mut String) -> usize {
    let Some(c) = rest.chars().next() else {
        value.push('\\');
        return 0;
    };
    let plain = match c {
        '\\' | '"' => Some(c),
        '$' if quoted => Some(c),
        ' ' | '#' | '\'' if !quoted => Some(c),
        'n' => Some('\n'),
        'r' => Some('\r'),
        't' => Some('\t'),
        _ => None,
    };
    if let Some(c) = plain {
        value.push(c);
        return 1;
    }
    value.push('\\');
    0
}

/// A word as it must be written so that it reads back as `text`.
pub(super) fn quote(text: &str) -> String {
    if !text.is_empty() && word(text) == (text.to_owned(), text.len()) {
        return text.to_owned();
    }
    if !text.contains(['\'', '\n', '\r']) {
        return format!("'{text}'");
    }
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '"' | '\\' => out.extend(['\\', c]),
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

const UNITS: &[(&str, u64)] =
    &[("us", 1), ("ms", 1_000), ("s", 1_000_000), ("m", 60_000_000), ("h", 3_600_000_000), ("d", 86_400_000_000)];

/// Reads `5s`, `500ms`, `4h`; a bare number is milliseconds.
pub(super) fn time(text: &str) -> Option<Duration> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, unit) = text.split_at(digits);
    let unit = if unit.is_empty() { "ms" } else { unit };
    let (_, micros) = UNITS.iter().find(|(name, _)| *name == unit)?;
    Some(Duration::from_micros(number.parse::<u64>().ok()?.checked_mul(*micros)?))
}

/// Writes a time in the largest unit that keeps it exact.
pub(super) struct Time(pub(super) Duration);

impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let micros = self.0.as_micros();
        let exact = UNITS.iter().rev().find(|(_, unit)| micros.is_multiple_of(u128::from(*unit)));
        match exact {
            Some((name, unit)) if micros > 0 => write!(f, "{}{name}", micros / u128::from(*unit)),
            _ => f.write_str("0"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_read_back_as_they_were() {
        for text in ["", "a b", "it's", "a\"b", "a\\ b", "GET /readyz HTTP/1.1\r\nHost: x", "#", "{{ a b }}", "é", "\\"]
        {
            let written = quote(text);
            assert_eq!(word(&written), (text.to_owned(), written.len()), "{text:?} as {written}");
        }
        assert_eq!(word("HTTP/1.1\\r\\nHost:\\ x rest").0, "HTTP/1.1\r\nHost: x");
        assert_eq!(word("\"a \\\"b\\\"\"'c'#d").0, "a \"b\"c");
    }

    #[test]
    fn times_read_back_in_their_largest_unit() {
        for (text, written) in
            [("5000", "5s"), ("5s", "5s"), ("90m", "90m"), ("240m", "4h"), ("0", "0"), ("1500", "1500ms")]
        {
            assert_eq!(Time(time(text).expect("a time")).to_string(), written);
        }
        assert_eq!(time("5sec"), None);
        assert_eq!(time("s"), None);
    }
}
