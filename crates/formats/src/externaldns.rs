//! Arguments of the external-dns container, or the values of its chart, which are read as the arguments they become.

use std::fmt;

use plimsoll_diagnostics::{SourceId, Sources, Spanned};
use plimsoll_yaml::{Node, Value};

use crate::flags::{Argument, Flag, Flags, report_open, split};
use crate::input::Input;
use crate::{Read, Setting};

/// Flags that take no word after them as their value.
const BOOLEANS: &[&str] = &[
    "create-ptr",
    "dry-run",
    "events",
    "once",
    "publish-internal-services",
    "rfc2136-axfr",
    "rfc2136-create-ptr",
    "rfc2136-gss-tsig",
    "rfc2136-insecure",
    "rfc2136-tsig-axfr",
];

/// A version of external-dns: major and minor.
pub type Version = (u32, u32);

/// The arguments.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Conf {
    /// As flags, in order.
    pub flags: Flags,
}

/// What a flag amounts to in a version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Effective<T> {
    /// Stated so.
    Stated(Spanned<T>),
    /// The version's default.
    Default(T),
    /// The version does not start without it.
    Required,
    /// Stated, but not as a value that can be known.
    Unknown(Spanned<String>),
}

impl Conf {
    /// The value of a flag with one value.
    pub fn value(&self, name: &str) -> Option<&Spanned<String>> {
        self.flags.get(name).and_then(|flag| flag.value.as_ref())
    }

    /// All values of a flag that repeats: `domain-filter`, `source`, `rfc2136-zone`, `managed-record-types`.
    pub fn values(&self, name: &str) -> Vec<&Spanned<String>> {
        self.flags.flags().filter(|flag| flag.name.value == name).filter_map(|flag| flag.value.as_ref()).collect()
    }

    /// A flag that is on or off; `--no-x` turns it off.
    pub fn switch(&self, name: &str) -> Setting<bool> {
        let off = format!("no-{name}");
        let Some(flag) = self.flags.flags().filter(|flag| flag.name.value == name || flag.name.value == off).last()
        else {
            return Setting::Absent;
        };
        let on = flag.name.value == name;
        match &flag.value {
            None => Setting::Known(Spanned { value: on, span: flag.name.span }),
            Some(value) => match value.value.parse::<bool>() {
                Ok(stated) => Setting::Known(Spanned { value: stated == on, span: value.span }),
                Err(_) => Setting::Unknown(value.clone()),
            },
        }
    }

    /// `--policy`: `sync`, `upsert-only` or `create-only`. Up to 0.21 the default is `sync`; from 0.22 on it must be
    /// stated (release notes of 0.22.0).
    pub fn policy(&self, version: Version) -> Effective<String> {
        match self.value("policy") {
            Some(value) if crate::placeholder::find(value).is_some() => Effective::Unknown(value.clone()),
            Some(value) => Effective::Stated(value.clone()),
            None if version >= (0, 22) => Effective::Required,
            None => Effective::Default("sync".to_owned()),
        }
    }

    /// `--registry`, by default `txt`.
    pub fn registry(&self) -> Effective<String> {
        self.text("registry", "txt")
    }

    /// `--txt-owner-id`, by default `default`: two instances that leave it out take each other's records.
    pub fn txt_owner_id(&self) -> Effective<String> {
        self.text("txt-owner-id", "default")
    }

    fn text(&self, name: &str, default: &str) -> Effective<String> {
        match self.value(name) {
            Some(value) if crate::placeholder::find(value).is_some() => Effective::Unknown(value.clone()),
            Some(value) => Effective::Stated(value.clone()),
            None => Effective::Default(default.to_owned()),
        }
    }

    /// The flag that lets the rfc2136 provider copy the zone, as that version calls it.
    pub fn axfr_flag(version: Version) -> &'static str {
        if version >= (0, 22) { "rfc2136-axfr" } else { "rfc2136-tsig-axfr" }
    }

    /// Whether the rfc2136 provider copies the zone; off by default, so that records are only ever created.
    pub fn axfr(&self, version: Version) -> Setting<bool> {
        self.switch(Self::axfr_flag(version))
    }

    /// Whether PTR records are written, by the flag of that version; off by default.
    pub fn create_ptr(&self, version: Version) -> Setting<bool> {
        self.switch(if version >= (0, 21) { "create-ptr" } else { "rfc2136-create-ptr" })
    }

    /// The least TTL of records, as written, by the flag of that version; 0 by default.
    pub fn min_ttl(&self, version: Version) -> Option<&Spanned<String>> {
        self.value(if version >= (0, 21) { "min-ttl" } else { "rfc2136-min-ttl" })
    }

    /// What annotations start with: `--annotation-prefix` (known from 0.20 on), else the version's default.
    pub fn annotation_prefix(&self, version: Version) -> Effective<String> {
        let default =
            if version >= (0, 22) { "external-dns.kubernetes.io/" } else { "external-dns.alpha.kubernetes.io/" };
        self.text("annotation-prefix", default)
    }

    /// Flags that this version does not know, so that it does not start: those that came later.
    pub fn too_new(&self, version: Version) -> Vec<&Flag> {
        const SINCE: [(&str, Version); 4] =
            [("annotation-prefix", (0, 20)), ("create-ptr", (0, 21)), ("min-ttl", (0, 21)), ("rfc2136-axfr", (0, 22))];
        self.flags
            .flags()
            .filter(|flag| SINCE.iter().any(|(name, since)| flag.name.value == *name && version < *since))
            .collect()
    }
}

/// Reads the words of a container's `args`.
pub fn from_args(words: &[Spanned<String>]) -> Read<Conf> {
    Read { value: Conf { flags: Flags::of(words, BOOLEANS) }, problems: report_open(words) }
}

/// Reads arguments from a text: one or more on a line, with or without the dash and quotes of a YAML list.
pub fn read(source: SourceId, sources: &Sources) -> Read<Conf> {
    let mut input = Input::new(source, sources);
    let mut words = Vec::new();
    let lines = input.lines();
    for line in lines {
        let trimmed = line.text.trim();
        if trimmed.is_empty() || trimmed.starts_with('#') {
            continue;
        }
        let body = trimmed.strip_prefix("- ").unwrap_or(trimmed).trim_start();
        let start = line.start + (line.text.trim_end().len() - body.len());
        input.open_places(start, start + body.len());
        let span = input.span(start, start + body.len());
        words.extend(split(&Spanned::at(body.to_owned(), span)));
    }
    input.done(Conf { flags: Flags::of(&words, BOOLEANS) })
}

/// Reads the values of the chart (`kubernetes-sigs/external-dns`) as the arguments it makes of them. What the chart
/// itself fills in is not filled in here: its `policy` is `upsert-only` up to 1.21, its `registry` `txt`.
pub fn from_chart(values: &Node) -> Read<Conf> {
    const SINGLE: [(&str, &str); 8] = [
        ("policy", "policy"),
        ("registry", "registry"),
        ("txtOwnerId", "txt-owner-id"),
        ("txtPrefix", "txt-prefix"),
        ("txtSuffix", "txt-suffix"),
        ("interval", "interval"),
        ("annotationPrefix", "annotation-prefix"),
        ("annotationFilter", "annotation-filter"),
    ];
    const LISTS: [(&str, &str); 4] = [
        ("sources", "source"),
        ("domainFilters", "domain-filter"),
        ("excludeDomains", "exclude-domains"),
        ("managedRecordTypes", "managed-record-types"),
    ];
    let mut list = Vec::new();
    let mut extra = Vec::new();
    let mut push = |name: &str, key: Option<plimsoll_diagnostics::Span>, node: &Node| {
        if let Some(text) = node.as_scalar() {
            let value = Some(Spanned { value: text.text.clone(), span: node.span });
            list.push(Argument::Flag(Flag { name: Spanned { value: name.to_owned(), span: key }, value }));
        }
    };
    for (key, node) in values.as_mapping().unwrap_or_default() {
        let name = key.text.as_str();
        if let Some((_, flag)) = SINGLE.iter().find(|(value, _)| *value == name) {
            push(flag, key.span, node);
        } else if let Some((_, flag)) = LISTS.iter().find(|(value, _)| *value == name) {
            node.as_sequence().unwrap_or_default().iter().for_each(|item| push(flag, key.span, item));
        } else if name == "provider" {
            // A text up to 1.13, `provider.name` since.
            push("provider", key.span, node.get("name").unwrap_or(node));
        } else if name == "extraArgs" {
            match &node.value {
                Value::Sequence(items) => extra.extend(items.iter().filter_map(|item| {
                    item.as_scalar().map(|text| Spanned { value: text.text.clone(), span: item.span })
                })),
                Value::Mapping(entries) => {
                    for (key, node) in entries {
                        match node.as_sequence() {
                            Some(items) => items.iter().for_each(|item| push(&key.text, key.span, item)),
                            None => push(&key.text, key.span, node),
                        }
                    }
                }
                Value::Scalar(_) => {}
            }
        }
    }
    list.extend(Flags::of(&extra, BOOLEANS).list);
    let conf = Conf { flags: Flags { list } };
    let words: Vec<Spanned<String>> = conf
        .flags
        .flags()
        .filter_map(|flag| flag.value.clone())
        .chain(extra.iter().filter(|word| !word.value.contains('=')).cloned())
        .collect();
    Read { value: conf, problems: report_open(&words) }
}

/// One argument on a line.
impl fmt::Display for Conf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for word in self.flags.to_words() {
            let plain = word.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-./:=,@%+*!~".contains(&byte));
            if plain && !word.is_empty() {
                writeln!(f, "{word}")?;
            } else {
                writeln!(f, "{}", crate::input::quoted(&word))?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use plimsoll_diagnostics::SourceId;

    use super::*;
    use crate::input::tests::over;

    const ARGS: &str = include_str!("../tests/files/external-dns.args");

    #[test]
    fn what_a_flag_means_depends_on_the_version() {
        let read = over(read, ARGS);
        assert!(read.problems.is_empty(), "{:?}", read.problems);
        let conf = read.value;
        assert_eq!(conf.policy((0, 21)), Effective::Default("sync".into()));
        assert_eq!(conf.policy((0, 22)), Effective::Required);
        assert_eq!(conf.axfr((0, 21)).get(), Some(&true));
        assert!(conf.axfr((0, 22)).is_absent());
        assert_eq!(conf.values("source").len(), 2);
        assert_eq!(conf.annotation_prefix((0, 22)), Effective::Default("external-dns.kubernetes.io/".into()));
        assert_eq!(over(super::read, &conf.to_string()).value, conf);
    }

    #[test]
    fn a_flag_that_came_later_is_too_new() {
        let words = ["--rfc2136-axfr".to_owned().into(), "--min-ttl=60s".to_owned().into()];
        let conf = from_args(&words).value;
        assert_eq!(conf.too_new((0, 21)).len(), 1);
        assert_eq!(conf.too_new((0, 20)).len(), 2);
        assert!(conf.too_new((0, 22)).is_empty());
    }

    #[test]
    fn chart_values_are_read_as_the_arguments_they_become() {
        let text = "provider:\n  name: rfc2136\npolicy: sync\nsources: [service, ingress]\ntxtOwnerId: '{{ owner }}'\nextraArgs:\n  - --rfc2136-axfr\n";
        let (documents, _) = plimsoll_yaml::read_documents(text, SourceId(0));
        let read = from_chart(&documents[0]);
        assert_eq!(read.value.value("provider").map(|value| value.value.as_str()), Some("rfc2136"));
        assert_eq!(read.value.axfr((0, 22)).get(), Some(&true));
        assert_eq!(read.value.values("source").len(), 2);
        assert!(matches!(read.value.txt_owner_id(), Effective::Unknown(_)));
        assert_eq!(read.problems.len(), 1);
    }
}
