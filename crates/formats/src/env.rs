//! Files of variables, as `EnvironmentFile=` and shells take them: `NAME=value`, quotes, line continuation.

use std::fmt;

use plimsoll_diagnostics::{SourceId, Sources, Spanned};

use crate::Read;
use crate::input::{Input, quoted};

/// A file of variables.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Conf {
    /// Its lines in order.
    pub lines: Vec<Line>,
}

/// A line of such a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Line {
    /// `NAME=value`
    Variable {
        /// Name.
        name: Spanned<String>,
        /// Value without quotes.
        value: Spanned<String>,
    },
    /// Anything else, as written; reported.
    Other(Spanned<String>),
}

impl Conf {
    /// All variables in order.
    pub fn variables(&self) -> impl Iterator<Item = (&Spanned<String>, &Spanned<String>)> {
        self.lines.iter().filter_map(|line| match line {
            Line::Variable { name, value } => Some((name, value)),
            Line::Other(_) => None,
        })
    }

    /// The last value of that name.
    pub fn get(&self, name: &str) -> Option<&Spanned<String>> {
        self.variables().filter(|(found, _)| found.value == name).map(|(_, value)| value).last()
    }
}

/// Reads a file of variables.
pub fn read(source: SourceId, sources: &Sources) -> Read<Conf> {
    let mut input = Input::new(source, sources);
    let mut conf = Conf::default();
    let text = input.text;
    let mut at = 0;
    while at < text.len() {
        let start = at;
        let line_end = text[at..].find('\n').map_or(text.len(), |end| at + end);
        let line = &text[start..line_end];
        let indent =
            line.len() - line.trim_start_matches(|letter: char| letter.is_whitespace() || letter == '\u{feff}').len();
        let body = line[indent..].trim_end();
        at = line_end + 1;
        if body.is_empty() || body.starts_with(['#', ';']) {
            continue;
        }
        let body_start = start + indent;
        let assignment = body.strip_prefix("export ").unwrap_or(body).trim_start();
        let name_start = body_start + (body.len() - assignment.len());
        let is_name =
            |name: &str| !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
        if let Some((name, _)) = assignment.split_once('=').filter(|(name, _)| is_name(name)) {
            let name_end = name_start + name.len();
            let (value, end) = value(&mut input, name_end + 1);
            at = end;
            let name = Spanned::at(name.to_owned(), input.span(name_start, name_end));
            conf.lines.push(Line::Variable { name, value });
        } else {
            let end = body_start + body.len();
            if !input.open_places(body_start, end) {
                let span = input.span(body_start, end);
                input.unknown("this line sets no variable", span, "kept as written");
            }
            conf.lines.push(Line::Other(Spanned::at(body.to_owned(), input.span(body_start, end))));
        }
    }
    input.done(conf)
}

/// The value that starts at `start`, and where the next line starts.
fn value(input: &mut Input<'_>, start: usize) -> (Spanned<String>, usize) {
    let text = input.text;
    let skipped = text[start..].len() - text[start..].trim_start_matches([' ', '\t']).len();
    let begin = start + skipped;
    let mut value = String::new();
    let mut quote: Option<char> = None;
    let mut quoted_span = None;
    let mut quoted_length = 0;
    let mut at = begin;
    let mut escaped = false;
    let mut end = begin;
    while let Some(letter) = text[at..].chars().next() {
        at += letter.len_utf8();
        if escaped {
            escaped = false;
            if letter == '\n' {
                // A continued line: a blank of the same length keeps the places of what follows.
                value.push_str("  ");
            } else {
                value.push(letter);
            }
            end = at;
            continue;
        }
        match (letter, quote) {
            ('\\', Some('"') | None) => {
                escaped = true;
            }
            ('\n', None) => break,
            ('"' | '\'', None) if value.is_empty() && quoted_span.is_none() => {
                quote = Some(letter);
                quoted_span = Some((at, at));
            }
            (_, Some(open)) if letter == open => {
                quote = None;
                quoted_length = value.len();
                quoted_span = quoted_span.map(|(from, _)| (from, at - 1));
            }
            _ => {
                value.push(letter);
                if !letter.is_whitespace() || quote.is_some() {
                    end = at;
                }
            }
        }
    }
    if let Some(letter) = quote {
        let span = input.span(begin, begin + letter.len_utf8());
        input.syntax("the value's quote is not closed", span, "opened here");
        quoted_span = None;
    }
    // Blanks at the end don't belong to the value, those in quotes do.
    let bare = value.split_off(quoted_length);
    value.push_str(bare.trim_end());
    let (from, to) = quoted_span.unwrap_or((begin, end));
    input.open_places(from, to.max(from));
    (Spanned::at(value, input.span(from, to)), at)
}

impl fmt::Display for Conf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for line in &self.lines {
            match line {
                Line::Variable { name, value } => writeln!(f, "{name}={}", written(value))?,
                Line::Other(text) => writeln!(f, "{text}")?,
            }
        }
        Ok(())
    }
}

/// A value, in quotes unless it is one plain word.
fn written(value: &str) -> String {
    let plain = value.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-./:=,@%+".contains(&byte));
    if plain { value.to_owned() } else { quoted(value) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::input::tests::over;

    #[test]
    fn quotes_comments_and_continued_lines() {
        let text = "# c\nA=1\nexport B=\"x y\"\nC='q \"r\"'\nD=a \\\n  b\n\nE=\n{{ extra }}\nF=\"a\nb\"\n";
        let read = over(read, text);
        let get = |name: &str| read.value.get(name).map(|value| value.value.as_str());
        assert_eq!((get("A"), get("B"), get("C")), (Some("1"), Some("x y"), Some("q \"r\"")));
        assert_eq!((get("D"), get("E"), get("F")), (Some("a     b"), Some(""), Some("a\nb")));
        let messages: Vec<&str> = read.problems.iter().map(|problem| problem.message.as_str()).collect();
        assert_eq!(messages, ["`{{ extra }}` is not filled in"]);
        assert_eq!(over(super::read, &read.value.to_string()).value, read.value);
    }
}
