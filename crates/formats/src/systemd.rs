//! systemd's unit files and those of the same form (drop-ins, `.network`, `.link`, `resolved.conf`).
//!
//! Sections and assignments are kept in order, repeated ones too: what a repeated key means is the unit's matter
//! ([`Unit::list`] and [`Unit::last`] answer it). A continued line becomes one line; blanks stand for the `\`, the line
//! end and comments in between, so that places in the value stay places in the file.

use std::fmt;

use plimsoll_diagnostics::{SourceId, Sources, Span, Spanned};

use crate::Read;
use crate::input::Input;
use crate::words::{Fate, Words};

/// A unit file or a drop-in.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Unit {
    /// Its sections in order; the same name may come twice.
    pub sections: Vec<Section>,
}

/// A section.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Section {
    /// Without brackets; empty for lines before the first section, which systemd ignores.
    pub name: Spanned<String>,
    /// Its lines in order.
    pub lines: Vec<Entry>,
}

/// A line of a section.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Entry {
    /// `Key=value`
    Assignment {
        /// Key.
        key: Spanned<String>,
        /// Value as written, blanks at its ends left out; specifiers (`%i`) and variables as they are.
        value: Spanned<String>,
    },
    /// A line that is none, as written; reported.
    Other(Spanned<String>),
}

impl Section {
    /// A section of these assignments.
    pub fn new<'a>(name: &str, lines: impl IntoIterator<Item = (&'a str, String)>) -> Self {
        let assignment =
            |(key, value): (&str, String)| Entry::Assignment { key: key.to_owned().into(), value: value.into() };
        Section { name: name.to_owned().into(), lines: lines.into_iter().map(assignment).collect() }
    }
}

impl Unit {
    /// All values of a key, in order, of all sections of that name.
    pub fn all<'u>(&'u self, section: &'u str, key: &'u str) -> impl Iterator<Item = &'u Spanned<String>> {
        self.sections.iter().filter(move |found| found.name.value == section).flat_map(|found| &found.lines).filter_map(
            move |line| match line {
                Entry::Assignment { key: found, value } if found.value == key => Some(value),
                _ => None,
            },
        )
    }

    /// The values of a key that makes a list: an empty assignment drops those before it.
    pub fn list<'u>(&'u self, section: &'u str, key: &'u str) -> Vec<&'u Spanned<String>> {
        let mut list = Vec::new();
        for value in self.all(section, key) {
            if value.value.is_empty() {
                list.clear();
            } else {
                list.push(value);
            }
        }
        list
    }

    /// The value of a key that takes one: the last assignment counts, an empty one takes it back.
    pub fn last<'u>(&'u self, section: &'u str, key: &'u str) -> Option<&'u Spanned<String>> {
        self.all(section, key).last().filter(|value| !value.value.is_empty())
    }

    /// The unit as it holds with its drop-ins, which are given in the order of their file names.
    #[must_use]
    pub fn with_drop_ins(mut self, drop_ins: impl IntoIterator<Item = Unit>) -> Self {
        for drop_in in drop_ins {
            self.sections.extend(drop_in.sections);
        }
        self
    }

    /// Variables of `Environment=` in `[Service]`, in order, as name and value.
    pub fn environment(&self) -> Vec<(Spanned<String>, Spanned<String>)> {
        self.list("Service", "Environment")
            .into_iter()
            .flat_map(words)
            .filter_map(|word| {
                let (name, value) = word.value.split_once('=')?;
                let value = Spanned { value: value.to_owned(), span: word.span };
                Some((Spanned { value: name.to_owned(), span: word.span }, value))
            })
            .collect()
    }

    /// Files of `EnvironmentFile=` in `[Service]`, in order; the flag tells whether the file may be missing (`-`).
    pub fn environment_files(&self) -> Vec<(Spanned<String>, bool)> {
        self.list("Service", "EnvironmentFile")
            .into_iter()
            .map(|value| {
                let path = value.value.strip_prefix('-').unwrap_or(&value.value);
                (Spanned { value: path.to_owned(), span: value.span }, path.len() < value.value.len())
            })
            .collect()
    }
}

/// The words of a command line or a list of assignments: split at blanks, `"…"` and `'…'` keep them, C escapes are
/// resolved. Prefixes of commands (`-`, `@`, `!`) stay with the first word.
pub fn words(value: &Spanned<String>) -> Vec<Spanned<String>> {
    let text = value.value.as_str();
    let exact = value.span.filter(|span| (span.end - span.start) as usize == text.len());
    let mut list = Vec::new();
    let mut letters = text.char_indices().peekable();
    while let Some((start, letter)) = letters.next() {
        if letter.is_whitespace() {
            continue;
        }
        let mut word = String::new();
        let mut quote = None;
        let mut end = start + letter.len_utf8();
        let mut next = Some((start, letter));
        while let Some((at, letter)) = next {
            end = at + letter.len_utf8();
            match (letter, quote) {
                ('\\', _) => match letters.next() {
                    Some((at, escaped)) => {
                        end = at + escaped.len_utf8();
                        word.push(match escaped {
                            'n' => '\n',
                            't' => '\t',
                            's' => ' ',
                            other => other,
                        });
                    }
                    None => word.push('\\'),
                },
                (_, Some(open)) if letter == open => quote = None,
                ('"' | '\'', None) => quote = Some(letter),
                _ => word.push(letter),
            }
            match letters.peek() {
                Some((_, after)) if quote.is_none() && after.is_whitespace() => break,
                _ => next = letters.next(),
            }
        }
        let span = match exact {
            Some(span) => Some(Span::new(span.source, span.start as usize + start, span.start as usize + end)),
            None => value.span,
        };
        list.push(Spanned { value: word, span });
    }
    list
}

/// systemd's words for yes and no.
pub fn boolean(text: &str) -> Option<bool> {
    match text.to_ascii_lowercase().as_str() {
        "1" | "yes" | "y" | "true" | "t" | "on" => Some(true),
        "0" | "no" | "n" | "false" | "f" | "off" => Some(false),
        _ => None,
    }
}

/// A time span (`90`, `5min 20s`, `infinity`) in microseconds; a bare number counts seconds. `None` for what is none.
pub fn microseconds(text: &str) -> Option<u64> {
    if text == "infinity" {
        return Some(u64::MAX);
    }
    let mut rest = text.trim();
    let mut total = 0_f64;
    if rest.is_empty() {
        return None;
    }
    while !rest.is_empty() {
        let digits = rest.find(|letter: char| !letter.is_ascii_digit() && letter != '.').unwrap_or(rest.len());
        let number: f64 = rest[..digits].parse().ok()?;
        rest = rest[digits..].trim_start();
        let unit = rest.find(|letter: char| letter.is_ascii_digit() || letter.is_whitespace()).unwrap_or(rest.len());
        total += number
            * match &rest[..unit] {
                "us" | "usec" | "µs" => 1.0,
                "ms" | "msec" => 1e3,
                "" | "s" | "sec" | "second" | "seconds" => 1e6,
                "m" | "min" | "minute" | "minutes" => 6e7,
                "h" | "hr" | "hour" | "hours" => 3.6e9,
                "d" | "day" | "days" => 8.64e10,
                "w" | "week" | "weeks" => 6.048e11,
                _ => return None,
            };
        rest = rest[unit..].trim_start();
    }
    (total < 1.8e19).then_some(total as u64)
}

/// Reads a unit file.
pub fn read(source: SourceId, sources: &Sources) -> Read<Unit> {
    let mut input = Input::new(source, sources);
    let mut unit = Unit::default();
    let lines = input.lines();
    let mut at = 0;
    while at < lines.len() {
        let first = lines[at];
        at += 1;
        let trimmed = first.text.trim_start_matches(|letter: char| letter.is_whitespace() || letter == '\u{feff}');
        if trimmed.trim_end().is_empty() || trimmed.starts_with(['#', ';']) {
            continue;
        }
        let start = first.start + (first.text.len() - trimmed.len());
        // Join continued lines, with blanks for what is left out.
        let mut joined = trimmed.to_owned();
        let mut last = first;
        while goes_on(&joined) {
            let keep = joined.trim_end().len() - 1;
            let gone = joined.len() - keep;
            joined.truncate(keep);
            joined.extend(std::iter::repeat_n(' ', gone));
            while let Some(next) = lines.get(at) {
                at += 1;
                joined.extend(std::iter::repeat_n(' ', next.start - (last.start + last.text.len())));
                last = *next;
                if next.text.trim_start().starts_with(['#', ';']) {
                    joined.extend(std::iter::repeat_n(' ', next.text.len()));
                } else {
                    joined.push_str(next.text);
                    break;
                }
            }
        }
        let entry = joined.trim();
        let start = start + (joined.trim_end().len() - entry.len());
        if entry.is_empty() || entry.starts_with(['#', ';']) {
            continue;
        }
        let span = input.span(start, start + entry.len());
        if let Some(name) =
            entry.strip_prefix('[').and_then(|name| name.strip_suffix(']')).filter(|name| !name.is_empty())
        {
            unit.sections.push(Section { name: Spanned::at(name.to_owned(), span), lines: Vec::new() });
            continue;
        }
        let line = assignment(&mut input, entry, start, span);
        if unit.sections.is_empty() {
            input.unknown("this line stands before the first section", span, "systemd ignores it");
            unit.sections.push(Section::default());
        }
        if let Some(section) = unit.sections.last_mut() {
            section.lines.push(line);
        }
    }
    for section in &unit.sections {
        let Some(words) = words_of(&section.name) else { continue };
        let keys = section.lines.iter().filter_map(|line| match line {
            Entry::Assignment { key, .. } if !key.value.starts_with("X-") => Some(key),
            _ => None,
        });
        input.extend(words.check_names(keys));
    }
    input.done(unit)
}

/// Whether a line ends in a `\` that is not escaped itself.
/// The keys of a section of units; nothing for sections of others (`.network`, `.link`).
fn words_of(section: &str) -> Option<Words> {
    use crate::words::systemd::{INSTALL, MOUNT, PROCESSES, SERVICE, SOCKET, TIMER, UNIT};
    let known: &'static [&'static [&'static str]] = match section {
        "Unit" => &[UNIT],
        "Install" => &[INSTALL],
        "Timer" => &[TIMER],
        "Service" => &[SERVICE, PROCESSES],
        "Socket" => &[SOCKET, PROCESSES],
        "Mount" => &[MOUNT, PROCESSES],
        _ => return None,
    };
    Some(Words { what: "key of this section", reader: "systemd", known, fate: Fate::Ignored })
}

fn goes_on(line: &str) -> bool {
    let line = line.trim_end();
    (line.len() - line.trim_end_matches('\\').len()) % 2 == 1
}

fn assignment(input: &mut Input<'_>, entry: &str, start: usize, span: Span) -> Entry {
    // `${X}` is systemd's own; only what a template engine would fill is left open.
    let mut open = false;
    if entry.contains("{{") || entry.contains("{%") {
        open = input.open_places(start, start + entry.len());
    }
    match entry.split_once('=') {
        Some((key, value)) if !key.trim().is_empty() && !key.starts_with('[') && !key.contains('{') => {
            let value_start = start + key.len() + 1 + (value.len() - value.trim_start().len());
            let value = value.trim();
            let key = key.trim_end();
            Entry::Assignment {
                key: Spanned::at(key.to_owned(), input.span(start, start + key.len())),
                value: Spanned::at(value.to_owned(), input.span(value_start, value_start + value.len())),
            }
        }
        _ => {
            if !open {
                input.unknown("this line is no assignment", span, "systemd ignores it; kept as written");
            }
            Entry::Other(Spanned::at(entry.to_owned(), span))
        }
    }
}

impl fmt::Display for Unit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, section) in self.sections.iter().enumerate() {
            if !section.name.value.is_empty() {
                if index > 0 {
                    f.write_str("\n")?;
                }
                writeln!(f, "[{}]", section.name)?;
            }
            for line in &section.lines {
                match line {
                    Entry::Assignment { key, value } => writeln!(f, "{key}={value}")?,
                    Entry::Other(text) => writeln!(f, "{text}")?,
                }
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::input::tests::over;

    const UNIT: &str = include_str!("../tests/files/etcd.service");

    #[test]
    fn a_continued_command_keeps_the_places_of_its_words() {
        let mut sources = Sources::new();
        let id = sources.add("etcd.service", UNIT);
        let read = read(id, &sources);
        let messages: Vec<&str> = read.problems.iter().map(|problem| problem.message.as_str()).collect();
        assert_eq!(messages, ["this line is no assignment"]);
        let command = words(read.value.last("Service", "ExecStart").expect("given"));
        let list: Vec<&str> = command.iter().map(|word| word.value.as_str()).collect();
        assert_eq!(list, ["/usr/bin/etcd", "--name=cp-1", "--data-dir", "/var/lib/etcd"]);
        assert_eq!(sources.locate(command[3].span.expect("read")), "etcd.service:10:14");
        let environment: Vec<(String, String)> =
            read.value.environment().into_iter().map(|(name, value)| (name.value, value.value)).collect();
        assert_eq!(environment, [("A".into(), "x y".into()), ("B".into(), "2".into())]);
        assert_eq!(over(super::read, &read.value.to_string()).value, read.value);
    }

    #[test]
    fn a_drop_in_resets_a_list() {
        let base = over(read, UNIT).value;
        let drop_in = over(read, "[Service]\nExecStart=\nExecStart=/bin/x\n").value;
        let unit = base.with_drop_ins([drop_in]);
        let commands: Vec<&str> = unit.list("Service", "ExecStart").iter().map(|value| value.value.as_str()).collect();
        assert_eq!(commands, ["/bin/x"]);
    }

    #[test]
    fn time_spans() {
        assert_eq!(microseconds("5min 20s"), Some(320_000_000));
        assert_eq!(microseconds("90"), Some(90_000_000));
        assert_eq!(microseconds("1.5h"), Some(5_400_000_000));
        assert_eq!(microseconds("soon"), None);
    }
}
