//! Files of sections, `type: id` with indented `key value` lines: `storage.cfg`, `jobs.cfg`, `ha/resources.cfg`,
//! `ha/groups.cfg`, `ha/rules.cfg`, `replication.cfg`.

use std::fmt;

use plimsoll_diagnostics::{SourceId, Sources, Spanned};

use crate::input::Input;
use crate::{Read, Setting};

use super::boolean;
use super::vm::is_key;

/// Such a file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Conf {
    /// Its sections in order.
    pub sections: Vec<Section>,
    /// Lines before the first section, as written; reported.
    pub before: Vec<Spanned<String>>,
}

/// A section.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Section {
    /// `zfspool`, `vzdump`, `vm`, `group`, `resource-affinity` …
    pub kind: Spanned<String>,
    /// Its id.
    pub id: Spanned<String>,
    /// Keys with values, in order; a key alone has no value and is on.
    pub values: Vec<(Spanned<String>, Option<Spanned<String>>)>,
    /// Lines that are none, as written; reported.
    pub other: Vec<Spanned<String>>,
}

impl Section {
    /// The value of a key.
    pub fn get(&self, key: &str) -> Option<&Spanned<String>> {
        self.values.iter().find(|(found, _)| found.value == key).and_then(|(_, value)| value.as_ref())
    }

    /// A key that is on or off; alone it is on.
    pub fn flag(&self, key: &str) -> Setting<bool> {
        let Some((key, value)) = self.values.iter().find(|(found, _)| found.value == key) else {
            return Setting::Absent;
        };
        let Some(value) = value else { return Setting::Known(Spanned { value: true, span: key.span }) };
        match boolean(value) {
            Some(on) => Setting::Known(Spanned { value: on, span: value.span }),
            None => Setting::Unknown(value.clone()),
        }
    }

    /// A key whose value is a list with commas: `nodes`, `resources`, `content`, `vmid`.
    pub fn list(&self, key: &str) -> Vec<Spanned<String>> {
        let Some(value) = self.get(key) else { return Vec::new() };
        let parts = super::Properties::of(value).list.into_iter();
        parts.map(|(_, part)| part).filter(|part| !part.value.is_empty()).collect()
    }

    /// `nodes` of an HA group or a node-affinity rule: names with priorities (0 when not stated).
    pub fn nodes(&self) -> Vec<(Spanned<String>, Option<u32>)> {
        self.list("nodes")
            .into_iter()
            .map(|node| match node.value.split_once(':') {
                Some((name, priority)) => (Spanned { value: name.to_owned(), span: node.span }, priority.parse().ok()),
                None => (node, Some(0)),
            })
            .collect()
    }
}

impl Conf {
    /// The sections of a kind.
    pub fn of_kind<'c>(&'c self, kind: &'c str) -> impl Iterator<Item = &'c Section> {
        self.sections.iter().filter(move |section| section.kind.value == kind)
    }

    /// The section with that id.
    pub fn get(&self, id: &str) -> Option<&Section> {
        self.sections.iter().find(|section| section.id.value == id)
    }
}

/// Reads such a file.
pub fn read(source: SourceId, sources: &Sources) -> Read<Conf> {
    let mut input = Input::new(source, sources);
    let mut conf = Conf::default();
    for line in input.lines() {
        let piece = line.trim();
        if piece.text.is_empty() || piece.text.starts_with('#') {
            continue;
        }
        let span = input.span(piece.start, piece.end());
        let open = input.open_places(piece.start, piece.end());
        let indented = line.text.starts_with([' ', '\t']);
        let spanned = |from: usize, to: usize| {
            Spanned::at(piece.text[from..to].to_owned(), input.span(piece.start + from, piece.start + to))
        };
        if !indented && let Some((kind, id)) = piece.text.split_once(':').filter(|(kind, _)| is_key(kind)) {
            let from = piece.text.len() - id.trim_start().len();
            let section =
                Section { kind: spanned(0, kind.len()), id: spanned(from, piece.text.len()), ..Section::default() };
            conf.sections.push(section);
            continue;
        }
        let end = piece.text.find(char::is_whitespace).unwrap_or(piece.text.len());
        let key = spanned(0, end);
        let from = piece.text.len() - piece.text[end..].trim_start().len();
        let value = (from < piece.text.len()).then(|| spanned(from, piece.text.len()));
        let whole = spanned(0, piece.text.len());
        match conf.sections.last_mut() {
            Some(section) if indented && is_key(&key) => section.values.push((key, value)),
            Some(section) => {
                section.other.push(whole);
                if !open {
                    input.syntax("this line belongs to no section", span, "kept as written");
                }
            }
            None => {
                conf.before.push(whole);
                if !open {
                    input.syntax("this line stands before the first section", span, "kept as written");
                }
            }
        }
    }
    input.done(conf)
}

impl fmt::Display for Conf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for text in &self.before {
            writeln!(f, "\t{text}")?;
        }
        for (index, section) in self.sections.iter().enumerate() {
            if index > 0 {
                f.write_str("\n")?;
            }
            writeln!(f, "{}: {}", section.kind, section.id)?;
            for (key, value) in &section.values {
                match value {
                    Some(value) => writeln!(f, "\t{key} {value}")?,
                    None => writeln!(f, "\t{key}")?,
                }
            }
            for text in &section.other {
                // Indented, `key value` would become one of this section's; at the start of the line, `type: id` would
                // start the next one.
                let first = text.value.split_whitespace().next().unwrap_or_default();
                writeln!(f, "{}{text}", if is_key(first) { "" } else { "\t" })?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::input::tests::over;

    #[test]
    fn storages_jobs_and_rules() {
        let text = "dir: local\n\tpath /var/lib/vz\n\tcontent iso,vztmpl\n\nzfspool: fast\n\tpool fast\n\tsparse\n\nvzdump: backup-1\n\tschedule 02:00\n\tmode snapshot\n\tvmid 2001,2002\n\nresource-affinity: etcd\n\tresources vm:2001,vm:2002,vm:2003\n\taffinity negative\n\nnode-affinity: pin\n\tnodes pve-1:2,pve-2\n\tresources vm:2001\n\tstrict 1\n";
        let read = over(read, text);
        assert!(read.problems.is_empty());
        let conf = read.value;
        assert_eq!(conf.get("fast").map(|storage| storage.flag("sparse")), Some(Setting::from(true)));
        assert_eq!(conf.of_kind("vzdump").next().map(|job| job.list("vmid").len()), Some(2));
        let rule = conf.of_kind("resource-affinity").next().expect("one");
        assert_eq!(rule.get("affinity").map(|word| word.value.as_str()), Some("negative"));
        assert_eq!(rule.list("resources").len(), 3);
        let pin = conf.get("pin").expect("one");
        assert_eq!(pin.nodes().iter().map(|(_, priority)| *priority).collect::<Vec<_>>(), [Some(2), Some(0)]);
        assert_eq!(pin.flag("strict").get(), Some(&true));
        assert_eq!(over(super::read, &conf.to_string()).value, conf);
    }

    #[test]
    fn a_line_without_a_section_is_reported() {
        let read = over(read, "\tpath /x\n");
        let messages: Vec<&str> = read.problems.iter().map(|problem| problem.message.as_str()).collect();
        assert_eq!(messages, ["this line stands before the first section"]);
    }
}
