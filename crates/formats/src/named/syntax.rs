//! The grammar below all of named.conf: statements of words and blocks, ended by `;`.

use std::fmt;

use plimsoll_diagnostics::{Span, Spanned};

use crate::input::{DEEPEST, Input, Word, quoted};
use crate::placeholder;

/// One statement, as written: `zone "x" in { type primary; };` or `recursion no;`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Statement {
    /// Its words and blocks in order; never empty.
    pub parts: Vec<Part>,
}

/// A piece of a statement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Part {
    /// A word; `quoted` when it stood in double quotes.
    Word {
        /// Without quotes.
        text: Spanned<String>,
        /// Whether it stood in double quotes.
        quoted: bool,
    },
    /// The statements between `{` and `}`.
    Block(Vec<Statement>),
}

impl Part {
    pub(crate) fn word(&self) -> Option<&Spanned<String>> {
        match self {
            Part::Word { text, .. } => Some(text),
            Part::Block(_) => None,
        }
    }

    pub(crate) fn block(&self) -> Option<&[Statement]> {
        match self {
            Part::Block(list) => Some(list),
            Part::Word { .. } => None,
        }
    }
}

impl Statement {
    /// The first word, by which statements are told apart; empty for a bare block.
    pub fn keyword(&self) -> &str {
        self.parts.first().and_then(Part::word).map_or("", |word| word.value.as_str())
    }

    /// All words, those in blocks left out.
    pub fn words(&self) -> impl Iterator<Item = &Spanned<String>> {
        self.parts.iter().filter_map(Part::word)
    }

    /// The first block's statements.
    pub fn block(&self) -> Option<&[Statement]> {
        self.parts.iter().find_map(Part::block)
    }

    /// Where it starts: its first word, or the first word inside its block.
    pub fn span(&self) -> Option<Span> {
        let words = || self.words().filter_map(|word| word.span);
        match (words().next(), words().last()) {
            (Some(first), Some(last)) => Some(first.to(last)),
            _ => self.block().and_then(|list| list.first()).and_then(Statement::span),
        }
    }

    /// A statement of plain words.
    pub(crate) fn of_words(words: &[&str]) -> Self {
        Statement { parts: words.iter().map(|word| plain(word)).collect() }
    }

    pub(crate) fn with_block(mut self, list: Vec<Statement>) -> Self {
        self.parts.push(Part::Block(list));
        self
    }
}

pub(crate) fn plain(word: &str) -> Part {
    Part::Word { text: Spanned::from(word.to_owned()), quoted: false }
}

pub(crate) fn string(word: &str) -> Part {
    Part::Word { text: Spanned::from(word.to_owned()), quoted: true }
}

enum Token {
    Word(Word),
    Open(usize),
    Close(usize),
    End,
}

struct Lexer<'i, 't> {
    input: &'i mut Input<'t>,
    at: usize,
}

impl Lexer<'_, '_> {
    fn next(&mut self) -> Option<Token> {
        loop {
            let text = self.input.text;
            let rest = &text[self.at..];
            let first = rest.chars().next()?;
            let start = self.at;
            if first.is_whitespace() || first == '\u{feff}' {
                self.at += first.len_utf8();
            } else if first == '#' || rest.starts_with("//") {
                self.at += rest.find('\n').unwrap_or(rest.len());
            } else if let Some(comment) = rest.strip_prefix("/*") {
                if let Some(end) = comment.find("*/") {
                    self.at += end + 4;
                } else {
                    self.at = text.len();
                    let span = self.input.span(start, start + 2);
                    self.input.syntax("the comment is not closed", span, "opened here");
                }
            } else if rest.starts_with("{%") && placeholder::starts(rest).is_some() {
                let end = placeholder::starts(rest).unwrap_or(2);
                self.input.open_places(start, start + end);
                self.at += end;
            } else if first == '"' {
                return Some(Token::Word(self.string()));
            } else if first == '{' && placeholder::starts(rest).is_none() {
                self.at += 1;
                return Some(Token::Open(start));
            } else if first == '}' {
                self.at += 1;
                return Some(Token::Close(start));
            } else if first == ';' {
                self.at += 1;
                return Some(Token::End);
            } else {
                return Some(Token::Word(self.bare()));
            }
        }
    }

    fn string(&mut self) -> Word {
        let text = self.input.text;
        let start = self.at;
        let mut value = String::new();
        let mut escaped = false;
        let mut closed = false;
        let mut end = text.len();
        for (index, letter) in text[start + 1..].char_indices() {
            if escaped {
                value.push(letter);
                escaped = false;
            } else if letter == '\\' {
                escaped = true;
            } else if letter == '"' {
                closed = true;
                end = start + 1 + index + 1;
                break;
            } else if letter == '\n' {
                // named takes no line end inside a string; going on would swallow the rest of the file.
                end = start + 1 + index;
                break;
            } else {
                value.push(letter);
            }
        }
        self.at = end;
        let span = self.input.span(start, end);
        if !closed {
            self.input.syntax("the string is not closed on its line", span, "opened here");
        }
        self.input.open_places(start, end);
        Word { text: value, quoted: true, span }
    }

    fn bare(&mut self) -> Word {
        let text = self.input.text;
        let start = self.at;
        let mut end = start;
        while let Some(letter) = text[end..].chars().next() {
            if matches!(letter, '{' | '<' | '$')
                && let Some(length) = placeholder::starts(&text[end..])
            {
                end += length;
                continue;
            }
            let comment =
                letter == '#' && end > start || text[end..].starts_with("/*") || text[end..].starts_with("//");
            if letter.is_whitespace() || matches!(letter, '{' | '}' | ';' | '"') || comment {
                break;
            }
            end += letter.len_utf8();
        }
        self.at = end;
        self.input.open_places(start, end);
        Word { text: text[start..end].to_owned(), quoted: false, span: self.input.span(start, end) }
    }
}

/// All statements of the text. Blocks left open end with the text; deeper ones than [`DEEPEST`] are reported and left
/// out.
pub(crate) fn parse(input: &mut Input<'_>) -> Vec<Statement> {
    let mut lexer = Lexer { input, at: 0 };
    // One frame per open block: its finished statements, and the parts of the one it belongs to.
    let mut frames: Vec<(Vec<Statement>, Vec<Part>, usize)> = vec![(Vec::new(), Vec::new(), 0)];
    let mut too_deep = 0_usize;
    let mut last_word: Option<Span> = None;
    while let Some(token) = lexer.next() {
        let depth = frames.len();
        let Some((list, parts, _)) = frames.last_mut() else { break };
        match token {
            Token::Open(_) if too_deep > 0 => too_deep += 1,
            Token::Close(_) if too_deep > 0 => too_deep -= 1,
            _ if too_deep > 0 => {}
            Token::Word(word) => {
                last_word = Some(word.span);
                parts.push(Part::Word { quoted: word.quoted, text: word.into_spanned() });
            }
            Token::Open(at) if depth > DEEPEST => {
                too_deep = 1;
                let span = lexer.input.span(at, at + 1);
                lexer.input.too_deep(span);
            }
            Token::Open(at) => frames.push((Vec::new(), Vec::new(), at)),
            Token::End => {
                if !parts.is_empty() {
                    list.push(Statement { parts: std::mem::take(parts) });
                }
            }
            Token::Close(at) => {
                if !parts.is_empty() {
                    let span = last_word.unwrap_or(lexer.input.span(at, at + 1));
                    lexer.input.syntax("`;` is missing before `}`", span, "after this");
                    list.push(Statement { parts: std::mem::take(parts) });
                }
                if depth == 1 {
                    let span = lexer.input.span(at, at + 1);
                    lexer.input.syntax("`}` closes nothing", span, "");
                } else if let Some((list, _, _)) = frames.pop()
                    && let Some((_, parts, _)) = frames.last_mut()
                {
                    parts.push(Part::Block(list));
                }
            }
        }
    }
    while let Some((mut list, parts, open)) = frames.pop() {
        if !parts.is_empty() {
            let span = last_word.unwrap_or(input.span(open, open + 1));
            input.syntax("`;` is missing at the end of the file", span, "after this");
            list.push(Statement { parts });
        }
        match frames.last_mut() {
            Some((_, parts, _)) => {
                parts.push(Part::Block(list));
                let span = input.span(open, open + 1);
                input.syntax("`{` is not closed", span, "opened here");
            }
            None => return list,
        }
    }
    Vec::new()
}

/// Writes statements with `depth` tabs before each; short blocks of single words stand on one line.
pub(crate) fn write(f: &mut fmt::Formatter<'_>, list: &[Statement], depth: usize) -> fmt::Result {
    for statement in list {
        for _ in 0..depth {
            f.write_str("\t")?;
        }
        write_one(f, statement, depth)?;
        f.write_str("\n")?;
    }
    Ok(())
}

fn write_one(f: &mut fmt::Formatter<'_>, statement: &Statement, depth: usize) -> fmt::Result {
    for (index, part) in statement.parts.iter().enumerate() {
        if index > 0 {
            f.write_str(" ")?;
        }
        match part {
            Part::Word { text, quoted: false } => f.write_str(text)?,
            Part::Word { text, quoted: true } if text.contains(['"', '\\']) => f.write_str(&quoted(text))?,
            Part::Word { text, quoted: true } => write!(f, "\"{text}\"")?,
            Part::Block(list) if list.len() <= 4 && list.iter().all(|inner| inner.block().is_none()) => {
                f.write_str("{")?;
                for inner in list {
                    f.write_str(" ")?;
                    write_one(f, inner, depth)?;
                }
                f.write_str(" }")?;
            }
            Part::Block(list) => {
                f.write_str("{\n")?;
                write(f, list, depth + 1)?;
                for _ in 0..depth {
                    f.write_str("\t")?;
                }
                f.write_str("}")?;
            }
        }
    }
    f.write_str(";")
}
