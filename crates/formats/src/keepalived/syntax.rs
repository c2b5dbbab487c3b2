//! Grammar of keepalived.conf: lines, braces, quotes, comments, definitions and conditions.
//!
//! As `read_line()` and `decomment()` of keepalived's `lib/parser.c` do it: a statement is what stands on one line; a
//! brace ends the line before it; `#` and `!` start a comment outside double quotes unless escaped; `$NAME=value`
//! defines, `@id` and `@^id` make a line conditional on `keepalived -i`.

use std::collections::{BTreeMap, BTreeSet};

use plimsoll_diagnostics::Span;

use crate::placeholder;
use crate::report::Report;
use crate::text::{self, Piece};

/// keepalived itself knows four levels (`virtual_server`, `real_server`, a checker, `url`).
const DEEPEST: usize = 16;

/// A word with its quotes removed and its variables put in.
#[derive(Clone, Debug)]
pub(super) struct Word {
    pub(super) text: String,
    pub(super) quoted: bool,
    pub(super) span: Span,
}

/// What kind of line a statement is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// A keyword or an element of a list, with its arguments.
    Plain,
    /// A line for other `keepalived -i`.
    Conditional,
    /// `$NAME=value`
    Definition,
    /// `~SEQ(…)` or `~LST(…)`, or a template's own statement.
    Generated,
}

/// One statement with its block.
#[derive(Clone, Debug)]
pub(super) struct Statement {
    pub(super) kind: Kind,
    pub(super) words: Vec<Word>,
    pub(super) block: Option<Vec<Statement>>,
    pub(super) start: usize,
    pub(super) end: usize,
    /// How many closing braces are missing at the end of the file.
    pub(super) missing: usize,
}

/// A file as statements.
pub(super) struct Parsed {
    pub(super) statements: Vec<Statement>,
    /// `$NAME=value` with its place, in order.
    pub(super) definitions: Vec<(String, String, Span)>,
    /// Ids of conditions, in order of appearance.
    pub(super) ids: Vec<String>,
}

pub(super) fn parse(text: &str, config_id: Option<&str>, report: &mut Report) -> Parsed {
    let mut parser = Parser {
        report,
        config_id,
        values: BTreeMap::new(),
        parsed: Parsed { statements: Vec::new(), definitions: Vec::new(), ids: Vec::new() },
        known_ids: BTreeSet::new(),
        stack: Vec::new(),
        current: Vec::new(),
        skipped: 0,
    };
    let mut lines = text::lines(text).peekable();
    while let Some(line) = lines.next() {
        let line = uncommented(line);
        if let Some((name, value)) = definition(line.text) {
            let mut value = value.to_owned();
            let mut end = line.end();
            while value.ends_with('\\') {
                let Some(next) = lines.next().map(uncommented) else { break };
                end = next.end();
                // In place: a value of many lines must not be copied for each.
                value.pop();
                value.truncate(value.trim_end().len());
                value.push('\n');
                value.push_str(next.text);
            }
            parser.define(name, value, line.start, end);
        } else {
            parser.line(line);
        }
    }
    parser.finish(text.len())
}

struct Parser<'a> {
    report: &'a mut Report,
    config_id: Option<&'a str>,
    values: BTreeMap<String, String>,
    parsed: Parsed,
    /// The ids of `parsed`, to be found fast.
    known_ids: BTreeSet<String>,
    /// Blocks that are open: the statements before them, and whether the last of those owns the block. A block without
    /// an owner is a stray brace: what is inside belongs to the block around it.
    stack: Vec<(Vec<Statement>, bool)>,
    current: Vec<Statement>,
    /// Blocks that are open beyond the deepest level.
    skipped: usize,
}

impl Parser<'_> {
    fn define(&mut self, name: &str, value: String, start: usize, end: usize) {
        let span = self.report.span(start, end);
        self.values.insert(name.to_owned(), value.clone());
        self.parsed.definitions.push((name.to_owned(), value, span));
        self.push(Kind::Definition, Vec::new(), start, end);
    }

    fn push(&mut self, kind: Kind, words: Vec<Word>, start: usize, end: usize) {
        if self.skipped == 0 {
            self.current.push(Statement { kind, words, block: None, start, end, missing: 0 });
        }
    }

    fn line(&mut self, line: Piece<'_>) {
        let mut line = line;
        if let Some(rest) = line.text.strip_prefix('@')
            && placeholder::starts(line.text).is_none()
        {
            let (reversed, rest) = rest.strip_prefix('^').map_or((false, rest), |rest| (true, rest));
            let id = rest.split([' ', '\t']).next().unwrap_or_default();
            if self.known_ids.insert(id.to_owned()) {
                self.parsed.ids.push(id.to_owned());
            }
            let body = &rest[id.len()..];
            if (self.config_id == Some(id)) == reversed || body.trim().is_empty() {
                self.push(Kind::Conditional, Vec::new(), line.start, line.end());
                return;
            }
            line = Piece::new(body, line.end() - body.len()).trim();
        }
        let mut at = 0;
        while at < line.text.len() {
            let rest = &line.text[at..];
            let here = line.start + at;
            if rest.starts_with('{') && placeholder::starts(rest).is_none() {
                self.open(here);
                at += 1;
            } else if rest.starts_with('}') {
                self.close(here);
                at += 1;
            } else {
                let length = until_brace(rest);
                let piece = Piece::new(&rest[..length], here).trim();
                if !piece.text.is_empty() {
                    self.statement(piece);
                }
                at += length;
            }
        }
    }

    fn statement(&mut self, piece: Piece<'_>) {
        let generated = piece.text.starts_with('~') || ["{%", "{#"].iter().any(|open| piece.text.starts_with(open));
        let kind = if generated { Kind::Generated } else { Kind::Plain };
        let words = if generated { Vec::new() } else { self.words(piece) };
        self.push(kind, words, piece.start, piece.end());
    }

    fn open(&mut self, at: usize) {
        if self.skipped > 0 || self.stack.len() >= DEEPEST {
            if self.skipped == 0 {
                let span = self.report.span(at, at + 1);
                self.report.too_deep(DEEPEST, span);
            }
            self.skipped += 1;
            return;
        }
        let takes = self.current.last().is_some_and(|last| last.block.is_none() && last.kind == Kind::Plain);
        if !takes {
            let span = self.report.span(at, at + 1);
            self.report.syntax("a block without a name", span, "no statement stands before it");
        }
        self.stack.push((std::mem::take(&mut self.current), takes));
    }

    fn close(&mut self, at: usize) {
        if self.skipped > 0 {
            self.skipped -= 1;
        } else if let Some(open) = self.stack.pop() {
            self.leave(open, at + 1, 0);
        } else {
            let span = self.report.span(at, at + 1);
            self.report.syntax("`}` without a block", span, "nothing is open here");
        }
    }

    /// Ends a block at byte `end`, with so many closing braces missing inside it.
    fn leave(&mut self, (mut before, owned): (Vec<Statement>, bool), end: usize, missing: usize) {
        let mut block = std::mem::take(&mut self.current);
        match before.last_mut().filter(|_| owned) {
            Some(owner) => {
                owner.block = Some(block);
                owner.end = end;
                owner.missing = missing;
            }
            None => before.append(&mut block),
        }
        self.current = before;
    }

    fn finish(mut self, end: usize) -> Parsed {
        if let Some(open) = self.stack.last().and_then(|(before, _)| before.last()) {
            let span = self.report.span(open.start, open.start + 1);
            let missing = self.stack.len();
            let message = format!("{missing} closing `}}` missing at the end of the file");
            self.report.syntax(message, span, "this block is still open");
        }
        let mut missing = self.skipped;
        self.skipped = 0;
        while let Some(open) = self.stack.pop() {
            missing += 1;
            self.leave(open, end, missing);
        }
        self.parsed.statements = self.current;
        self.parsed
    }

    fn words(&self, piece: Piece<'_>) -> Vec<Word> {
        let mut words = Vec::new();
        let text = piece.text;
        let mut at = 0;
        while at < text.len() {
            let skip = text[at..].len() - text[at..].trim_start().len();
            at += skip;
            if at == text.len() {
                break;
            }
            let (word, quoted, length) = word(&text[at..]);
            let span = self.report.span(piece.start + at, piece.start + at + length);
            let replaced = self.replace(&word);
            if quoted || replaced == word {
                words.push(Word { text: replaced, quoted, span });
            } else {
                let parts = replaced.split_whitespace();
                words.extend(parts.map(|part| Word { text: part.to_owned(), quoted, span }));
            }
            at += length;
        }
        words
    }

    /// Puts in what `$NAME` and `${NAME}` stand for; definitions of several lines are left alone, because each of their
    /// lines would be a statement.
    fn replace(&self, word: &str) -> String {
        if self.values.is_empty() || !word.contains('$') {
            return word.to_owned();
        }
        let mut out = String::new();
        let mut rest = word;
        while let Some(at) = rest.find('$') {
            out.push_str(&rest[..at]);
            let after = &rest[at + 1..];
            let (name, length) = if let Some(braced) = after.strip_prefix('{') {
                braced.split_once('}').map_or(("", 0), |(name, _)| (name, name.len() + 2))
            } else {
                let length = after.bytes().take_while(|byte| byte.is_ascii_alphanumeric() || *byte == b'_').count();
                (&after[..length], length)
            };
            match self.values.get(name).filter(|value| !value.contains(['\n', '$', '{', '}'])) {
                Some(value) => out.push_str(value),
                None => out.push_str(&rest[at..=at + length]),
            }
            rest = &after[length..];
        }
        out.push_str(rest);
        out
    }
}

/// `$NAME=value`
fn definition(line: &str) -> Option<(&str, &str)> {
    let (name, value) = line.strip_prefix('$')?.split_once('=')?;
    let named = !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    named.then(|| (name, value.trim_start()))
}

/// A line without its comment and the white space around it.
fn uncommented(line: Piece<'_>) -> Piece<'_> {
    let mut quoted = false;
    let mut at = 0;
    while let Some(byte) = line.text.as_bytes().get(at) {
        match byte {
            b'"' => quoted = !quoted,
            b'\\' => at += 1,
            b'#' | b'!' if !quoted => return Piece::new(&line.text[..at], line.start).trim(),
            b'{' | b'<' => at += placeholder::starts(&line.text[at..]).map_or(0, |length| length - 1),
            _ => {}
        }
        at += 1;
    }
    line.trim()
}

/// How much of a line stands before its next brace; quoted braces and those of placeholders don't count.
fn until_brace(text: &str) -> usize {
    let mut quoted = false;
    let mut at = 0;
    while let Some(byte) = text.as_bytes().get(at) {
        match byte {
            b'"' => quoted = !quoted,
            b'\\' => at += 1,
            b'{' | b'<' | b'$' => match placeholder::starts(&text[at..]) {
                Some(length) => at += length - 1,
                None if *byte == b'{' && !quoted => return at,
                None => {}
            },
            b'}' if !quoted => return at,
            _ => {}
        }
        at += 1;
    }
    text.len()
}

/// The first word of `text`: its value, whether it was quoted, and how many bytes it takes.
fn word(text: &str) -> (String, bool, usize) {
    let mut value = String::new();
    let mut quoted = false;
    let mut was_quoted = false;
    let mut at = 0;
    while let Some(c) = text[at..].chars().next() {
        let mut length = c.len_utf8();
        let rest = &text[at + length..];
        match c {
            '"' => {
                quoted = !quoted;
                was_quoted = true;
            }
            // Other escapes (`\n`, `\x20`) mean something to keepalived in scripts only; they are left as they are.
            '\\' if rest.starts_with(['"', '\\', '#', '!']) => {
                value.push_str(&rest[..1]);
                length += 1;
            }
            c if c.is_whitespace() && !quoted => break,
            '{' | '<' | '$' if !quoted => {
                length = placeholder::starts(&text[at..]).unwrap_or(length);
                value.push_str(&text[at..at + length]);
            }
            c => value.push(c),
        }
        at += length;
    }
    (value, was_quoted, at)
}

/// A word as it must be written so that it reads back as `text`.
pub(super) fn quote(text: &str) -> String {
    let (value, quoted, length) = word(text);
    let plain = !quoted && value == text && length == text.len() && !text.is_empty();
    let placed = uncommented(Piece::new(text, 0)).text == text && until_brace(text) == text.len();
    if plain && placed && !text.starts_with(['@', '~', '$']) { text.to_owned() } else { quoted_word(text) }
}

/// A word in quotes, whatever it is.
pub(super) fn quoted_word(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}
