//! `resolv.conf`.

use std::fmt;
use std::net::IpAddr;

use plimsoll_diagnostics::{SourceId, Sources, Spanned};

use crate::Read;
use crate::input::{Input, Quotes, Word};
use crate::report::shorten;

/// A resolv.conf.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Conf {
    /// Servers in order; glibc asks the first [`Conf::SERVERS_USED`] only.
    pub nameservers: Vec<Spanned<IpAddr>>,
    /// `search` (or `domain`): the last such line counts.
    pub search: Vec<Spanned<String>>,
    /// `options`, each as written: `ndots:5`, `rotate`.
    pub options: Vec<Spanned<String>>,
    /// Every other line, as words.
    pub other: Vec<Vec<Spanned<String>>>,
}

impl Conf {
    /// How many servers glibc uses (resolv.conf(5), `MAXNS`).
    pub const SERVERS_USED: usize = 3;
    /// Dots from which on a name is tried as it is first, where no `ndots` is stated (resolv.conf(5)).
    pub const DEFAULT_NDOTS: u32 = 1;

    /// `ndots`, when stated as a number.
    pub fn ndots(&self) -> Option<Spanned<u32>> {
        self.options.iter().rev().find_map(|option| {
            let value = option.value.strip_prefix("ndots:")?.parse().ok()?;
            Some(Spanned { value, span: option.span })
        })
    }

    /// Servers on the machine itself, such as the stub of systemd-resolved (127.0.0.53).
    pub fn loopback(&self) -> impl Iterator<Item = &Spanned<IpAddr>> {
        self.nameservers.iter().filter(|server| server.value.is_loopback())
    }
}

/// Reads a resolv.conf.
pub fn read(source: SourceId, sources: &Sources) -> Read<Conf> {
    let mut input = Input::new(source, sources);
    let mut conf = Conf::default();
    let lines = input.lines();
    for line in lines {
        let words = input.words(line, &['#', ';'], Quotes::None);
        let Some((first, rest)) = words.split_first() else { continue };
        // resolv.conf knows comments at the start of a line only, but people write them behind a value too.
        let rest: Vec<&Word> = rest.iter().take_while(|word| !word.text.starts_with(['#', ';'])).collect();
        let end = rest.last().map_or(first.span.end, |word| word.span.end);
        let open = input.open_places(line.start, end as usize);
        match (first.text.as_str(), rest.as_slice()) {
            ("nameserver", [server, ..]) => {
                // The zone of a link-local address (`fe80::1%eth0`) names an interface.
                let address = server.text.split('%').next().unwrap_or_default();
                if let (Ok(address), false) = (address.parse(), server.text.contains('%')) {
                    conf.nameservers.push(Spanned::at(address, server.span));
                    continue;
                }
                if !open && address.parse::<IpAddr>().is_err() {
                    let message = format!("`{}` is no address", shorten(&server.text));
                    input.bad_value(message, server.span, "the line is kept as written");
                }
                conf.other.push(words.iter().map(Word::spanned).collect());
            }
            ("search" | "domain", [_, ..]) => conf.search = rest.iter().map(|word| word.spanned()).collect(),
            ("options", _) => conf.options.extend(rest.iter().map(|word| word.spanned())),
            _ => conf.other.push(words.iter().map(Word::spanned).collect()),
        }
    }
    input.done(conf)
}

impl fmt::Display for Conf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let line = |f: &mut fmt::Formatter<'_>, words: &[Spanned<String>]| {
            let words: Vec<&str> = words.iter().map(|word| word.value.as_str()).collect();
            writeln!(f, "{}", words.join(" "))
        };
        for server in &self.nameservers {
            writeln!(f, "nameserver {server}")?;
        }
        if !self.search.is_empty() {
            f.write_str("search ")?;
            line(f, &self.search)?;
        }
        if !self.options.is_empty() {
            f.write_str("options ")?;
            line(f, &self.options)?;
        }
        self.other.iter().try_for_each(|words| line(f, words))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::input::tests::over;

    #[test]
    fn servers_and_options() {
        let text = "# by hand\nnameserver 127.0.0.53\nnameserver {{ dns }}\nsearch a.example\noptions ndots:5 edns0\nsortlist 1.2.3.4\nsearch b.example c.example\n";
        let read = over(read, text);
        assert_eq!(read.value.loopback().count(), 1);
        assert_eq!(read.value.ndots().map(|ndots| ndots.value), Some(5));
        assert_eq!(read.value.search.len(), 2);
        assert_eq!(read.value.other.len(), 2);
        assert_eq!(read.problems.len(), 1);
        assert_eq!(over(super::read, &read.value.to_string()).value, read.value);
    }
}
