//! From tokens to tables and chains.

use plimsoll_diagnostics::{SourceId, Sources, Spanned};

use super::lex::{self, Kind, Token};
use super::{Base, Chain, Define, Place, Policy, RuleLine, Ruleset, Set, Table, rule};
use crate::report::Report;
use crate::{Kept, Read, Setting, placeholder};

/// Reads one file.
pub fn read(source: SourceId, sources: &Sources) -> Read<Ruleset> {
    let (text, mut report) = Report::open(source, sources);
    let tokens = lex::tokens(text, &mut report);
    let mut reader = Reader { text, report };
    let mut ruleset = Ruleset::default();
    reader.each(&tokens, |reader, statement| reader.top(statement, &mut ruleset));
    reader.report.close(ruleset)
}

const FAMILIES: &[&str] = &["ip", "ip6", "inet", "arp", "bridge", "netdev"];

struct Reader<'a> {
    text: &'a str,
    report: Report,
}

impl Reader<'_> {
    /// Every statement of a list of tokens.
    fn each(&mut self, tokens: &[Token<'_>], mut take: impl FnMut(&mut Self, &[Token<'_>])) {
        let mut from = 0;
        while from < tokens.len() {
            if tokens[from].kind == Kind::Close {
                let span = self.report.span(tokens[from].start, tokens[from].end);
                self.report.syntax("`}` without a block", span, "nothing is open here");
                from += 1;
                continue;
            }
            let (end, next) = lex::statement(tokens, from);
            if end > from {
                take(self, &tokens[from..end]);
            }
            from = next;
        }
    }

    fn top(&mut self, statement: &[Token<'_>], ruleset: &mut Ruleset) {
        let words: Vec<&str> = statement.iter().take_while(|token| token.kind == Kind::Word).map(|t| t.text).collect();
        match words.as_slice() {
            ["table", rest @ ..] if words.len() < statement.len() && statement[words.len()].kind == Kind::Open => {
                let (family, name) = match rest {
                    [family, name] if FAMILIES.contains(family) => (*family, *name),
                    [name] => ("ip", *name),
                    _ => return self.keep(statement, &mut ruleset.unknown),
                };
                let mut table = Table { family: family.to_owned(), name: name.to_owned(), ..Table::default() };
                let inside = self.block(statement, words.len());
                self.each(inside, |reader, statement| reader.table(statement, &mut table));
                ruleset.tables.push(table);
            }
            ["flush" | "delete" | "destroy", ..] | ["table", _] | ["table", _, _] | ["add", "table", ..]
                if words.len() == statement.len() =>
            {
                ruleset.removals.push(self.kept(statement));
            }
            ["define" | "redefine", name, "=", ..] => {
                let values = self.values(&statement[3..]);
                ruleset.defines.push(Define { name: (*name).to_owned(), values });
            }
            ["include"] if statement.len() == 2 && statement[1].kind == Kind::Text => {
                let span = self.report.span(statement[1].start, statement[1].end);
                self.report.include(statement[1].text, span);
                ruleset.includes.push(Spanned::at(statement[1].text.to_owned(), span));
            }
            _ => self.keep(statement, &mut ruleset.unknown),
        }
    }

    fn table(&mut self, statement: &[Token<'_>], table: &mut Table) {
        match statement {
            [keyword, name, open, ..] if open.kind == Kind::Open && name.kind == Kind::Word && keyword.is("chain") => {
                let place = Place(Some(self.report.span(keyword.start, name.end)));
                let mut chain = Chain { name: name.text.to_owned(), place, ..Chain::default() };
                let inside = self.block(statement, 2);
                self.each(inside, |reader, statement| reader.chain(statement, &mut chain));
                table.chains.push(chain);
            }
            [keyword, name, open, ..] if open.kind == Kind::Open && name.kind == Kind::Word && keyword.is("set") => {
                let mut set = Set { name: name.text.to_owned(), ..Set::default() };
                let inside = self.block(statement, 2);
                self.each(inside, |reader, statement| match statement {
                    [elements, equals, rest @ ..] if elements.is("elements") && equals.is("=") => {
                        set.elements.extend(reader.values(rest));
                    }
                    _ => set.properties.push(reader.kept(statement)),
                });
                table.sets.push(set);
            }
            _ => self.keep(statement, &mut table.unknown),
        }
    }

    fn chain(&mut self, statement: &[Token<'_>], chain: &mut Chain) {
        let words: Vec<&str> = statement.iter().map(|token| token.text).collect();
        let plain = statement.iter().all(|token| token.kind == Kind::Word);
        match words.as_slice() {
            ["type", kind, "hook", rest @ ..] if plain && chain.base.is_none() && rest.contains(&"priority") => {
                let at = rest.iter().position(|word| *word == "priority").unwrap_or_default();
                let (hook, priority) = (rest[..at].join(" "), rest[at + 1..].join(" "));
                if hook.is_empty() || priority.is_empty() {
                    return chain.rules.push(RuleLine::Kept(self.kept(statement)));
                }
                chain.base = Some(Base { kind: (*kind).to_owned(), hook, priority });
            }
            ["policy", policy] => {
                let token = statement[1];
                let span = self.report.span(token.start, token.end);
                let new = match *policy {
                    "accept" => Setting::Known(Spanned::at(Policy::Accept, span)),
                    "drop" => Setting::Known(Spanned::at(Policy::Drop, span)),
                    other => {
                        // The tokens have reported what a template left open.
                        if placeholder::find(other).is_none() {
                            self.report.bad_value(format!("`{other}` is not `accept` or `drop`"), span, "");
                        }
                        Setting::Unknown(Spanned::at(other.to_owned(), span))
                    }
                };
                if !chain.policy.is_absent() {
                    self.report.twice("policy", span, chain.policy.span());
                }
                chain.policy = new;
            }
            _ => {
                let line = if let Some(rule) = rule::parse(statement, &self.report) {
                    RuleLine::Rule(Box::new(rule))
                } else {
                    if !is_template(statement[0]) {
                        let (start, end) = (statement[0].start, statement[statement.len() - 1].end);
                        let span = self.report.span(start, end);
                        self.report.unknown_word(&self.text[start..end], span, &[]);
                    }
                    RuleLine::Kept(self.kept(statement))
                };
                chain.rules.push(line);
            }
        }
    }

    /// What is inside the block that opens at token `open`.
    fn block<'t, 'a>(&mut self, statement: &'t [Token<'a>], open: usize) -> &'t [Token<'a>] {
        match statement.last() {
            Some(last) if last.kind == Kind::Close && statement.len() > open + 1 => {
                &statement[open + 1..statement.len() - 1]
            }
            _ => {
                let span = self.report.span(statement[0].start, statement[open].end);
                self.report.syntax("a block without its closing brace", span, "still open at the end of the file");
                &statement[open + 1..]
            }
        }
    }

    /// `VALUE` or `{ VALUE, … }`, each value with the words that belong to it.
    fn values(&mut self, tokens: &[Token<'_>]) -> Vec<Spanned<String>> {
        rule::elements(tokens, &self.report)
    }

    /// The text of a statement, with closing braces that the file lacks.
    fn kept(&self, statement: &[Token<'_>]) -> Kept {
        let (start, end) = (statement[0].start, statement[statement.len() - 1].end);
        let mut text = self.text[start..end].to_owned();
        let count = |kind| statement.iter().filter(|token| token.kind == kind).count();
        for _ in count(Kind::Close)..count(Kind::Open) {
            text.push_str("\n}");
        }
        Spanned::at(text, self.report.span(start, end))
    }

    fn keep(&mut self, statement: &[Token<'_>], unknown: &mut Vec<Kept>) {
        let first = statement[0];
        if !is_template(first) {
            self.report.unknown_word(first.text, self.report.span(first.start, first.end), &[]);
        }
        unknown.push(self.kept(statement));
    }
}

/// Whether a statement is a template's own, which the tokens have reported.
fn is_template(first: Token<'_>) -> bool {
    ["{{", "{%", "{#"].iter().any(|open| first.text.starts_with(open))
}

impl Setting<Policy> {
    /// What happens at the end of a base chain: accept when nothing is said (nft(8)); unknown when it cannot be read.
    pub fn effective(&self) -> Option<Policy> {
        self.or(Policy::Accept)
    }
}
