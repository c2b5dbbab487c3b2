//! `/etc/hosts`.

use std::fmt;
use std::net::IpAddr;

use plimsoll_diagnostics::{SourceId, Sources, Spanned};

use crate::Read;
use crate::input::{Input, Quotes};
use crate::text::Piece;

/// A hosts file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Conf {
    /// Its entries in order; the first that has a name answers for it.
    pub entries: Vec<Entry>,
}

/// A line of a hosts file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Entry {
    /// An address and its names.
    Host {
        /// The address.
        address: Spanned<IpAddr>,
        /// Its names; the first is the canonical one.
        names: Vec<Spanned<String>>,
    },
    /// A line that is none, as words: what a template left, or a mistake; reported.
    Other(Vec<Spanned<String>>),
}

impl Conf {
    /// Every address that the file gives a name, without regard to case, with the place of the name.
    pub fn addresses<'c>(&'c self, name: &str) -> Vec<(IpAddr, &'c Spanned<String>)> {
        let mut list = Vec::new();
        for entry in &self.entries {
            if let Entry::Host { address, names } = entry {
                list.extend(
                    names
                        .iter()
                        .find(|found| found.value.eq_ignore_ascii_case(name))
                        .map(|found| (address.value, found)),
                );
            }
        }
        list
    }
}

/// Reads a hosts file.
pub fn read(source: SourceId, sources: &Sources) -> Read<Conf> {
    let mut input = Input::new(source, sources);
    let mut conf = Conf::default();
    let lines = input.lines();
    for line in lines {
        // A comment may follow a name without a blank.
        let code = line.text.split('#').next().unwrap_or_default();
        let words = input.words(Piece::new(code, line.start), &[], Quotes::None);
        let Some((first, names)) = words.split_first() else { continue };
        let open = input.open_places(line.start, line.start + code.len());
        let names: Vec<Spanned<String>> = names.iter().map(crate::input::Word::spanned).collect();
        if let Ok(address) = first.text.parse() {
            if names.is_empty() {
                input.bad_value("this address has no name", first.span, "");
            }
            conf.entries.push(Entry::Host { address: Spanned::at(address, first.span), names });
            continue;
        }
        if !open {
            let message = format!("`{}` is no address", crate::report::shorten(&first.text));
            input.bad_value(message, first.span, "the line is kept as written");
        }
        conf.entries.push(Entry::Other(words.iter().map(crate::input::Word::spanned).collect()));
    }
    input.done(conf)
}

impl fmt::Display for Conf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for entry in &self.entries {
            let words = match entry {
                Entry::Host { address, names } => {
                    write!(f, "{address}")?;
                    if !names.is_empty() {
                        f.write_str("\t")?;
                    }
                    names
                }
                Entry::Other(words) => words,
            };
            let words: Vec<&str> = words.iter().map(|word| word.value.as_str()).collect();
            writeln!(f, "{}", words.join(" "))?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::input::tests::over;

    #[test]
    fn names_are_found_and_odd_lines_reported() {
        let text = "127.0.0.1 localhost#c\n10.30.12.100\tAPI.k8s.example.edu api\n{{ ip }} x\n10.0.0.300 y\n";
        let read = over(read, text);
        assert_eq!(read.value.addresses("api.k8s.example.edu")[0].0, "10.30.12.100".parse::<IpAddr>().expect("one"));
        assert_eq!(read.value.addresses("localhost").len(), 1);
        let messages: Vec<&str> = read.problems.iter().map(|problem| problem.message.as_str()).collect();
        assert_eq!(messages, ["`{{ ip }}` is not filled in", "`10.0.0.300` is no address"]);
        assert_eq!(over(super::read, &read.value.to_string()).value, read.value);
    }
}
