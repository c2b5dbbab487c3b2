//! Values: words, numbers, times, flags.

use std::net::IpAddr;
use std::str::FromStr;
use std::time::Duration;

use plimsoll_diagnostics::{Diagnostic, Span, Spanned};

use super::Place;
use super::read::Reader;
use super::syntax::{Statement, Word};
use crate::{Setting, placeholder, seconds};

impl Reader<'_> {
    pub(super) fn place(statement: &Statement) -> Place {
        Place(
            statement
                .words
                .first()
                .map(|first| statement.words.last().map_or(first.span, |last| first.span.to(last.span))),
        )
    }

    /// The name of a block.
    pub(super) fn name(&mut self, statement: &Statement) -> Setting<String> {
        for word in statement.words.iter().skip(2) {
            self.ignored(word);
        }
        if let Some(word) = statement.words.get(1) {
            return self.plain(word, "a name", own);
        }
        let span = statement.words[0].span;
        self.report.syntax(format!("`{}` without a name", keyword(statement)), span, "keepalived skips it");
        Setting::Absent
    }

    /// A value made of one word. Text with a variable that nothing defines is unknown.
    pub(super) fn plain<T>(
        &mut self,
        word: &Word,
        expected: &str,
        parse: impl FnOnce(&str) -> Option<T>,
    ) -> Setting<T> {
        if placeholder::find(&word.text).is_none() && word.text.contains('$') {
            self.report.placeholder(&word.text, word.span);
            return Setting::Unknown(Spanned::at(word.text.clone(), word.span));
        }
        self.report.setting(&word.text, word.span, expected, parse)
    }

    pub(super) fn nothing<T>(&mut self, keyword: &str, span: Span) -> Setting<T> {
        self.report.bad_value(format!("`{keyword}` has no value"), span, "");
        Setting::Unknown(Spanned::at(String::new(), span))
    }

    pub(super) fn ignored(&mut self, word: &Word) {
        let message = format!("`{}` means nothing here", crate::report::shorten(&word.text));
        self.report.push(Diagnostic::warning(message).code("bad-value").at(word.span, "keepalived ignores it"));
    }

    pub(super) fn assign<T>(&mut self, to: &mut Setting<T>, new: Setting<T>, name: &str) {
        if let (false, Some(span)) = (to.is_absent(), new.span()) {
            self.report.twice(name, span, to.span());
        }
        *to = new;
    }

    pub(super) fn value<T>(
        &mut self,
        statement: &Statement,
        to: &mut Setting<T>,
        expected: &str,
        parse: impl FnOnce(&str) -> Option<T>,
    ) {
        let new = match statement.words.get(1) {
            Some(word) => self.plain(word, expected, parse),
            None => self.nothing(keyword(statement), statement.words[0].span),
        };
        for word in statement.words.iter().skip(2) {
            self.ignored(word);
        }
        self.assign(to, new, keyword(statement));
    }

    pub(super) fn word(&mut self, statement: &Statement, to: &mut Setting<String>) {
        self.value(statement, to, "a word", own);
    }

    pub(super) fn address(&mut self, statement: &Statement, to: &mut Setting<IpAddr>) {
        self.value(statement, to, "an address", parsed);
    }

    pub(super) fn time(&mut self, statement: &Statement, to: &mut Setting<Duration>) {
        self.value(statement, to, "a number of seconds", seconds::parse);
    }

    pub(super) fn number<T: TryFrom<i64>>(
        &mut self,
        statement: &Statement,
        to: &mut Setting<T>,
        least: impl Into<i64>,
        most: impl Into<i64>,
    ) {
        let (least, most) = (least.into(), most.into());
        let expected = format!("a number from {least} to {most}");
        self.value(statement, to, &expected, within(least, most));
    }

    pub(super) fn weight(
        &mut self,
        statement: &Statement,
        to: &mut Setting<i32>,
        reverse: &mut Spanned<bool>,
        most: i32,
    ) {
        if statement.words.len() == 3 && statement.words[2].text == "reverse" {
            *reverse = Spanned::at(true, statement.words[2].span);
            let short = Statement { words: statement.words[..2].to_vec(), ..statement.clone() };
            return self.weight(&short, to, &mut Spanned::default(), most);
        }
        self.number(statement, to, -most, most);
    }

    /// All words behind the keyword as one text, with single spaces.
    pub(super) fn joined(&mut self, statement: &Statement, to: &mut Setting<String>) {
        let words = &statement.words[1..];
        let span = match (words.first(), words.last()) {
            (Some(first), Some(last)) => first.span.to(last.span),
            _ => statement.words[0].span,
        };
        let text = join(words);
        let new = self.plain(&Word { text, quoted: false, span }, "a word", |text| Some(text.to_owned()));
        self.assign(to, new, keyword(statement));
    }

    /// A command line: what stands in quotes, or all words. The shell's own `$` is left alone.
    pub(super) fn command(&mut self, statement: &Statement, words: &[Word]) -> Setting<String> {
        let (Some(first), Some(last)) = (words.get(1), words.last()) else {
            return self.nothing(keyword(statement), statement.words[0].span);
        };
        let texts: Vec<&str> = words[1..].iter().map(|word| word.text.as_str()).collect();
        let (text, span) = (texts.join(" "), first.span.to(last.span));
        if text.is_empty() {
            return self.nothing(keyword(statement), span);
        }
        if let Some(range) = placeholder::find_template(&text) {
            self.report.placeholder(&text[range], span);
            return Setting::Unknown(Spanned::at(text, span));
        }
        Setting::Known(Spanned::at(text, span))
    }

    pub(super) fn flag(&mut self, statement: &Statement, to: &mut Spanned<bool>) {
        for word in statement.words.iter().skip(1) {
            self.ignored(word);
        }
        *to = Spanned::at(true, statement.words[0].span);
    }

    /// A keyword that stands for true, or has `on`, `off` and the like behind it.
    pub(super) fn switch(&mut self, statement: &Statement, to: &mut Setting<bool>) {
        if statement.words.len() > 1 {
            self.value(statement, to, "`on` or `off`", |text| match text {
                "on" | "true" | "yes" => Some(true),
                "off" | "false" | "no" => Some(false),
                _ => None,
            });
        } else {
            self.assign(to, Setting::Known(Spanned::at(true, statement.words[0].span)), keyword(statement));
        }
    }
}

/// The first word; empty for lines that have none.
pub(super) fn keyword(statement: &Statement) -> &str {
    statement.words.first().filter(|word| !word.quoted).map_or("", |word| &word.text)
}

pub(super) fn join(words: &[Word]) -> String {
    let parts: Vec<&str> = words.iter().flat_map(|word| word.text.split_whitespace()).collect();
    parts.join(" ")
}

pub(super) fn own(text: &str) -> Option<String> {
    (!text.is_empty()).then(|| text.to_owned())
}

pub(super) fn parsed<T: FromStr>(text: &str) -> Option<T> {
    text.parse().ok()
}

/// A whole number from `least` to `most`.
pub(super) fn within<T: TryFrom<i64>>(least: i64, most: i64) -> impl FnOnce(&str) -> Option<T> {
    move |text| {
        let number: i64 = text.parse().ok()?;
        if (least..=most).contains(&number) { T::try_from(number).ok() } else { None }
    }
}
