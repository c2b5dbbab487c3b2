//! Command lines of daemons: `--name=value`, `--name value`, and flags without a value.

use plimsoll_diagnostics::{Diagnostics, Span, Spanned};

use crate::placeholder;
use crate::report::not_filled_in;
use crate::text::lines;

/// The arguments of a command, in order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Flags {
    /// Flags and words as they follow each other.
    pub list: Vec<Argument>,
}

/// One argument.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Argument {
    /// `--name`, `--name=value` or `--name value`.
    Flag(Flag),
    /// A word that is no flag.
    Word(Spanned<String>),
}

/// One flag.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Flag {
    /// Without its dashes.
    pub name: Spanned<String>,
    /// Its value, when one is given.
    pub value: Option<Spanned<String>>,
}

impl Flags {
    /// Takes words apart. Flags in `booleans` never take the word after them as their value.
    pub fn of(words: &[Spanned<String>], booleans: &[&str]) -> Self {
        let mut list = Vec::new();
        let mut words = words.iter().peekable();
        let mut only_words = false;
        while let Some(word) = words.next() {
            let dashes = if word.value.starts_with("--") { 2 } else { usize::from(word.value.starts_with('-')) };
            let name = &word.value[dashes..];
            if only_words || dashes == 0 || !name.starts_with(|letter: char| letter.is_ascii_alphabetic()) {
                only_words |= word.value == "--";
                list.push(Argument::Word(word.clone()));
                continue;
            }
            if let Some((name, value)) = name.split_once('=') {
                let at = dashes + name.len() + 1;
                list.push(Argument::Flag(Flag {
                    name: part(word, dashes, dashes + name.len()),
                    value: Some(Spanned { value: value.to_owned(), span: part(word, at, word.value.len()).span }),
                }));
                continue;
            }
            let takes_value =
                !booleans.contains(&name) && words.peek().is_some_and(|next| !next.value.starts_with('-'));
            let value = if takes_value { words.next().cloned() } else { None };
            list.push(Argument::Flag(Flag { name: part(word, dashes, word.value.len()), value }));
        }
        Flags { list }
    }

    /// All flags in order.
    pub fn flags(&self) -> impl Iterator<Item = &Flag> {
        self.list.iter().filter_map(|argument| if let Argument::Flag(flag) = argument { Some(flag) } else { None })
    }

    /// The last flag of that name, which is the one that counts for a flag with one value.
    pub fn get(&self, name: &str) -> Option<&Flag> {
        self.flags().filter(|flag| flag.name.value == name).last()
    }

    /// The arguments as words, each flag as `--name=value`.
    pub fn to_words(&self) -> Vec<String> {
        self.list
            .iter()
            .map(|argument| match argument {
                Argument::Word(word) => word.value.clone(),
                Argument::Flag(Flag { name, value: Some(value) }) => format!("--{name}={value}"),
                Argument::Flag(Flag { name, value: None }) => format!("--{name}"),
            })
            .collect()
    }
}

/// The bytes `start..end` of a word, with their place when the word stands in the file as it is.
fn part(word: &Spanned<String>, start: usize, end: usize) -> Spanned<String> {
    let span = word.span.map(|span| {
        let exact = (span.end - span.start) as usize == word.value.len();
        if exact { Span::new(span.source, span.start as usize + start, span.start as usize + end) } else { span }
    });
    Spanned { value: word.value[start..end].to_owned(), span }
}

/// The words of a text as a shell splits them, each with its place when the text stands in the file as it is.
pub fn split(text: &Spanned<String>) -> Vec<Spanned<String>> {
    let mut words = Vec::new();
    for line in lines(&text.value) {
        for (word, start, end) in crate::input::shell_words(line.text) {
            let place = part(text, line.start + start, line.start + end);
            words.push(Spanned { value: word, span: place.span });
        }
    }
    words
}

/// Reports every argument that a template left open.
pub(crate) fn report_open(words: &[Spanned<String>]) -> Diagnostics {
    let open = words.iter().filter_map(|word| {
        let range = placeholder::find(&word.value)?;
        let place = part(word, range.start, range.end);
        Some(not_filled_in(&place.value, place.span))
    });
    open.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(list: &[&str]) -> Vec<Spanned<String>> {
        list.iter().map(|word| (*word).to_owned().into()).collect()
    }

    #[test]
    fn both_forms_of_a_value_read_the_same() {
        let flags = Flags::of(&words(&["etcd", "--name=cp-1", "--data-dir", "/d", "--debug", "-v", "4"]), &["debug"]);
        assert_eq!(flags.to_words(), ["etcd", "--name=cp-1", "--data-dir=/d", "--debug", "--v=4"]);
        assert_eq!(Flags::of(&words(&["--debug", "x"]), &["debug"]).list.len(), 2);
    }

    #[test]
    fn words_keep_their_places() {
        let text = Spanned::at("--a=b  \"c d\"".to_owned(), Span::new(plimsoll_diagnostics::SourceId(0), 10, 22));
        let words = split(&text);
        assert_eq!(words[1].value, "c d");
        assert_eq!(words[1].span, Some(Span::new(plimsoll_diagnostics::SourceId(0), 17, 22)));
    }
}
