//! Words, strings, braces and ends of statements.

use crate::placeholder;
use crate::report::Report;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Word,
    Text,
    Open,
    Close,
    Comma,
    Colon,
    /// A line end or `;`.
    End,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Token<'a> {
    pub(super) kind: Kind,
    /// What it says, without quotes.
    pub(super) text: &'a str,
    pub(super) start: usize,
    pub(super) end: usize,
}

impl Token<'_> {
    pub(super) fn is(&self, word: &str) -> bool {
        self.kind == Kind::Word && self.text == word
    }
}

/// All tokens of a text; placeholders are words and are reported.
pub(super) fn tokens<'a>(text: &'a str, report: &mut Report) -> Vec<Token<'a>> {
    let mut out = Vec::new();
    let mut at = 0;
    while let Some(c) = text[at..].chars().next() {
        let rest = &text[at..];
        let one = |kind| Token { kind, text: &rest[..c.len_utf8()], start: at, end: at + c.len_utf8() };
        let hole = if c == '{' { placeholder::starts(rest) } else { None };
        let token = match c {
            '\n' | ';' => one(Kind::End),
            '\\' if rest[1..].starts_with(['\n', '\r']) => {
                at += 1 + rest[1..].find('\n').map_or(1, |newline| newline + 1);
                continue;
            }
            c if c.is_whitespace() => {
                at += c.len_utf8();
                continue;
            }
            '#' => {
                at += rest.find('\n').unwrap_or(rest.len());
                continue;
            }
            '{' if hole.is_none() => one(Kind::Open),
            '}' => one(Kind::Close),
            ',' => one(Kind::Comma),
            '"' => {
                // Only as far as the text goes: a line may be as long as the file.
                let behind = &rest[1..];
                let end = behind.find(['"', '\n']).unwrap_or(behind.len());
                let (inside, length) = if behind[end..].starts_with('"') {
                    (&behind[..end], end + 2)
                } else {
                    report.syntax("a text without its closing quote", report.span(at, at + 1), "");
                    let inside = behind[..end].trim_end();
                    (inside, 1 + inside.len())
                };
                Token { kind: Kind::Text, text: inside, start: at, end: at + length }
            }
            _ => {
                let length = word(rest);
                let found = &rest[..length];
                let kind = if found == ":" { Kind::Colon } else { Kind::Word };
                Token { kind, text: found, start: at, end: at + length }
            }
        };
        if let (Kind::Word | Kind::Text, Some(range)) = (token.kind, placeholder::find(token.text)) {
            report.placeholder(&token.text[range], report.span(token.start, token.end));
        }
        at = token.end;
        out.push(token);
    }
    out
}

fn word(text: &str) -> usize {
    let mut at = 0;
    while let Some(c) = text[at..].chars().next() {
        if let Some(length) = placeholder::starts(&text[at..]).filter(|_| "{<$".contains(c)) {
            at += length;
            continue;
        }
        if c.is_whitespace() || "{};,\"#".contains(c) || (c == '\\' && text[at + 1..].starts_with(['\n', '\r'])) {
            break;
        }
        at += c.len_utf8();
    }
    at
}

/// The tokens of one statement from `from` on, without its end, and where the next one starts. Braces are kept whole;
/// a closing one that was not opened here ends the statement and is not part of it.
pub(super) fn statement(tokens: &[Token<'_>], from: usize) -> (usize, usize) {
    let mut depth = 0usize;
    for (offset, token) in tokens[from..].iter().enumerate() {
        let at = from + offset;
        match token.kind {
            Kind::Open => depth += 1,
            Kind::Close if depth == 0 => return (at, at),
            Kind::Close => {
                depth -= 1;
                // `chain a { } chain b { }` on one line are two statements, `dport { 1, 2 } accept` is one.
                let block = depth == 0 && is_block(&tokens[from..at]);
                if block {
                    return (at + 1, at + 1);
                }
            }
            Kind::End if depth == 0 => return (at, at + 1),
            _ => {}
        }
    }
    (tokens.len(), tokens.len())
}

/// Whether a statement is a declaration, which ends with its block.
fn is_block(tokens: &[Token<'_>]) -> bool {
    const DECLARATIONS: &[&str] =
        &["table", "chain", "set", "map", "flowtable", "counter", "quota", "limit", "secmark", "synproxy"];
    let first = tokens.first().is_some_and(|token| DECLARATIONS.iter().any(|word| token.is(word)));
    first
        && tokens.iter().take_while(|token| token.kind != Kind::Open).all(|token| token.kind == Kind::Word)
        && tokens.iter().position(|token| token.kind == Kind::Open).is_some_and(|open| open <= 3)
}
