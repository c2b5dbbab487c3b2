//! `/etc/sysctl.d/*.conf` and `/etc/sysctl.conf`: kernel settings, one a line.
//!
//! Syntax as sysctl.d(5) of systemd 257 has it: comments start with `#` or `;`; `-` before a key means that a failure
//! is ignored, and a `-key` without a value takes the key out of the globs of this file; a key whose first separator is
//! `/` has its dots and slashes the other way round (`net/ipv4/conf/eth0.100/forwarding`). Of two lines for one key the
//! later one counts.

use std::fmt;

use plimsoll_diagnostics::{SourceId, Sources, Spanned};

use crate::report::Report;
use crate::text::{self, Piece};
use crate::{Kept, Read, Setting};

/// One file.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Conf {
    /// Settings in the order in which they stand in the file.
    pub entries: Vec<Entry>,
    /// Lines that are no setting.
    pub unknown: Vec<Kept>,
}

/// One line `key = value`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Entry {
    /// The key as it is written; [`Entry::name`] has it with dots.
    pub key: Spanned<String>,
    /// The value; absent for a `-key` that only takes the key out of globs.
    pub value: Setting<String>,
    /// `-` before the key: a failure to set it is ignored.
    pub ignore_failure: bool,
}

impl Entry {
    /// A key and its value.
    pub fn new(key: impl Into<String>, value: impl fmt::Display) -> Self {
        Entry { key: key.into().into(), value: value.to_string().into(), ignore_failure: false }
    }

    /// The key with dots between its parts; a dot inside a part (`eth0.100`) is written `/`, as sysctl(8) shows it.
    pub fn name(&self) -> String {
        canonical(&self.key.value)
    }
}

fn canonical(key: &str) -> String {
    if key.find(['.', '/']).is_some_and(|at| key.as_bytes()[at] == b'/') {
        key.chars()
            .map(|c| {
                if c == '/' {
                    '.'
                } else if c == '.' {
                    '/'
                } else {
                    c
                }
            })
            .collect()
    } else {
        key.to_owned()
    }
}

impl Conf {
    /// The setting of a key (`net.ipv4.ip_forward`), by exact name or by a glob of the file; an exact name wins over a
    /// glob, and a later line over an earlier one.
    pub fn get(&self, key: &str) -> Option<&Entry> {
        let key = canonical(key);
        let named = |entry: &&Entry| entry.name() == key;
        let exact = self.entries.iter().rev().find(named);
        exact
            .or_else(|| self.entries.iter().rev().find(|entry| entry.key.contains('*') && glob(&entry.name(), &key)))
            .filter(|entry| !entry.value.is_absent())
    }
}

/// Whether `key` matches a glob; `*` stands for anything but a dot.
fn glob(pattern: &str, key: &str) -> bool {
    let (mut patterns, mut keys) = (pattern.split('.'), key.split('.'));
    loop {
        match (patterns.next(), keys.next()) {
            (None, None) => return true,
            (Some(pattern), Some(key)) => {
                let (before, after) = pattern.split_once('*').unwrap_or((pattern, ""));
                let fits = if pattern.contains('*') {
                    key.len() >= before.len() + after.len() && key.starts_with(before) && key.ends_with(after)
                } else {
                    pattern == key
                };
                if !fits {
                    return false;
                }
            }
            _ => return false,
        }
    }
}

/// Reads one file.
pub fn read(source: SourceId, sources: &Sources) -> Read<Conf> {
    let (text, mut report) = Report::open(source, sources);
    let mut conf = Conf::default();
    for line in text::lines(text).map(Piece::trim) {
        if line.text.is_empty() || line.text.starts_with(['#', ';']) {
            continue;
        }
        let ignore_failure = line.text.starts_with('-');
        let rest = if ignore_failure { Piece::new(&line.text[1..], line.start + 1).trim() } else { line };
        let (key, value) = match rest.text.split_once('=') {
            Some((key, value)) => {
                (Piece::new(key, rest.start).trim(), Some(Piece::new(value, rest.start + key.len() + 1).trim()))
            }
            None => (rest, None),
        };
        let is_key = !key.text.is_empty() && !key.text.contains(char::is_whitespace);
        if !is_key || (value.is_none() && !ignore_failure) {
            let span = report.span(line.start, line.end());
            report.syntax("a line of sysctl is `key = value`", span, "");
            conf.unknown.push(Spanned::at(line.text.to_owned(), span));
            continue;
        }
        let value = value.map_or(Setting::Absent, |value| {
            let span = report.span(value.start, value.end());
            report.setting(value.text, span, "a value", |value| (!value.is_empty()).then(|| value.to_owned()))
        });
        let key = Spanned::at(key.text.to_owned(), report.span(key.start, key.end()));
        conf.entries.push(Entry { key, value, ignore_failure });
    }
    report.close(conf)
}

impl fmt::Display for Conf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for entry in &self.entries {
            let dash = if entry.ignore_failure { "-" } else { "" };
            match &entry.value {
                Setting::Absent => writeln!(f, "{dash}{}", entry.key)?,
                value => writeln!(f, "{dash}{} = {value}", entry.key)?,
            }
        }
        for line in &self.unknown {
            writeln!(f, "{line}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reading(text: &str) -> (Sources, Read<Conf>) {
        let mut sources = Sources::new();
        let id = sources.add("99-k8s.conf", text);
        let read = read(id, &sources);
        (sources, read)
    }

    #[test]
    fn the_later_line_counts_and_knows_its_place() {
        let (sources, read) = reading("# x\nnet.ipv4.ip_forward=0\n net.ipv4.ip_forward =  1  \n");
        assert!(read.problems.is_empty());
        let entry = read.value.get("net/ipv4/ip_forward").expect("it is set");
        assert_eq!(entry.value, Setting::from("1".to_owned()));
        assert_eq!(sources.locate(entry.value.span().expect("read")), "99-k8s.conf:3:25");
    }

    #[test]
    fn globs_slashes_and_exclusions() {
        let (_, read) = reading(
            "net.ipv4.conf.*.rp_filter = 2\n-net.ipv4.conf.lo.rp_filter\nnet/ipv4/conf/eth0.100/forwarding = 1\n",
        );
        let value = |key: &str| read.value.get(key).and_then(|entry| entry.value.get().cloned());
        assert_eq!(value("net.ipv4.conf.eth0.rp_filter").as_deref(), Some("2"));
        assert_eq!(value("net.ipv4.conf.lo.rp_filter"), None);
        assert_eq!(value("net.ipv4.conf.eth0/100.forwarding").as_deref(), Some("1"));
    }

    #[test]
    fn a_template_is_unknown_and_a_stray_line_is_kept() {
        let (_, read) = reading("vm.swappiness = {{ swappiness }}\nwhat is this\n");
        let messages: Vec<&str> = read.problems.iter().map(|problem| problem.message.as_str()).collect();
        assert_eq!(messages, ["`{{ swappiness }}` is not filled in", "a line of sysctl is `key = value`"]);
        assert!(read.value.get("vm.swappiness").expect("stated").value.is_unknown());
        assert_eq!(read.value.to_string(), "vm.swappiness = {{ swappiness }}\nwhat is this\n");
    }
}
