//! Reading each of the forms.

use plimsoll_diagnostics::{Diagnostics, SourceId, Sources, Spanned};
use plimsoll_yaml::{Node, Value, read_documents};

use crate::flags::{Argument, Flags, report_open};
use crate::report::Report;
use crate::systemd::{Unit, words};
use crate::words::{self, Fate, Words};
use crate::{Read, env};

use super::{Entry, EtcdConf, Via};

/// etcd's flags that take no word after them as their value.
const BOOLEANS: &[&str] = &[
    "auto-tls",
    "client-cert-auth",
    "enable-pprof",
    "enable-v2",
    "experimental-initial-corrupt-check",
    "experimental-watch-progress-notify",
    "force-new-cluster",
    "initial-election-tick-advance",
    "peer-auto-tls",
    "peer-client-cert-auth",
    "pre-vote",
    "strict-reconfig-check",
    "unsafe-no-fsync",
    "version",
];

/// Settings that etcd does not know: it ends at a flag, warns about a variable, and passes over a key of its file.
fn unknown(conf: &EtcdConf) -> Diagnostics {
    let of = |via: Via, what, fate| {
        let words = Words { what, reader: "etcd", known: &[words::etcd::FLAGS], fate };
        words.check_names(conf.settings.iter().filter(move |entry| entry.via == via).map(|entry| &entry.name))
    };
    let mut problems = of(Via::Flag, "flag", Fate::Refused);
    problems.extend(of(Via::Environment, "variable", Fate::Ignored));
    problems.extend(of(Via::File, "key", Fate::Ignored));
    problems
}

/// Reads a file of variables: `/etc/default/etcd`, `/etc/etcd.env`.
pub fn read(source: SourceId, sources: &Sources) -> Read<EtcdConf> {
    let read = env::read(source, sources);
    let mut conf = EtcdConf::default();
    for line in read.value.lines {
        match line {
            env::Line::Variable { name, value } => take_variable(&mut conf, name, value),
            env::Line::Other(text) => conf.other.push(text),
        }
    }
    let mut problems = read.problems;
    problems.extend(unknown(&conf));
    Read { value: conf, problems }
}

fn take_variable(conf: &mut EtcdConf, name: Spanned<String>, value: Spanned<String>) {
    if let Some(rest) =
        name.value.strip_prefix("ETCD_").filter(|rest| !rest.is_empty() && !rest.contains(char::is_lowercase))
    {
        let name = Spanned { value: rest.to_ascii_lowercase().replace('_', "-"), span: name.span };
        conf.settings.push(Entry { name, value, via: Via::Environment });
    } else {
        // Another variable of that file, in the form in which the file's writer writes it.
        let line = env::Conf { lines: vec![env::Line::Variable { name: name.clone(), value }] }.to_string();
        let text = line.strip_suffix('\n').unwrap_or(&line).to_owned();
        conf.other.push(Spanned { value: text, span: name.span });
    }
}

/// Reads the words of a command: a static pod's `command` and `args`, or a unit's.
pub fn from_flags(words: &[Spanned<String>]) -> Read<EtcdConf> {
    let mut conf = EtcdConf::default();
    for argument in Flags::of(words, BOOLEANS).list {
        match argument {
            Argument::Flag(flag) => {
                let value = flag.value.unwrap_or_else(|| Spanned { value: "true".to_owned(), span: flag.name.span });
                conf.settings.push(Entry { name: flag.name, value, via: Via::Flag });
            }
            Argument::Word(word) => conf.other.push(word),
        }
    }
    let mut problems = report_open(words);
    problems.extend(unknown(&conf));
    Read { value: conf, problems }
}

/// Reads what a unit gives etcd: the variables of its `Environment=` and the flags of its `ExecStart=`. Files of
/// `EnvironmentFile=` are for the caller, who has [`Unit::environment_files`], to read and put before it.
pub fn from_unit(unit: &Unit) -> Read<EtcdConf> {
    let mut conf = EtcdConf::default();
    for (name, value) in unit.environment() {
        take_variable(&mut conf, name, value);
    }
    let variables = unknown(&conf);
    let command: Vec<Spanned<String>> = unit.last("Service", "ExecStart").map(words).unwrap_or_default();
    let mut read = from_flags(&command);
    conf.settings.append(&mut read.value.settings);
    conf.other.append(&mut read.value.other);
    read.problems.extend(variables);
    Read { value: conf, problems: read.problems }
}

/// Reads an `etcd.conf.yml`.
pub fn read_yaml(source: SourceId, sources: &Sources) -> Read<EtcdConf> {
    let (text, report) = Report::open(source, sources);
    let mut problems = report.close(()).problems;
    let (documents, found) = read_documents(text, source);
    problems.extend(found);
    let mut conf = EtcdConf::default();
    for document in documents.iter().take(1) {
        let Some(entries) = document.as_mapping() else { continue };
        for (key, node) in entries {
            let prefix = match key.text.as_str() {
                "client-transport-security" => Some(""),
                "peer-transport-security" => Some("peer-"),
                _ => None,
            };
            match (prefix, node.as_mapping()) {
                (Some(prefix), Some(inner)) => {
                    for (key, node) in inner {
                        let name = match (prefix, key.text.as_str()) {
                            // The one name that is not the flag's without its prefix.
                            ("peer-", "allowed-cn") => "peer-cert-allowed-cn".to_owned(),
                            (prefix, name) => format!("{prefix}{name}"),
                        };
                        take_node(&mut conf, Spanned { value: name, span: key.span }, node);
                    }
                }
                _ => take_node(&mut conf, key.spanned(), node),
            }
        }
    }
    problems.extend(open_values(&conf));
    problems.extend(unknown(&conf));
    Read { value: conf, problems }
}

fn open_values(conf: &EtcdConf) -> Diagnostics {
    report_open(&conf.settings.iter().map(|setting| setting.value.clone()).collect::<Vec<_>>())
}

fn take_node(conf: &mut EtcdConf, name: Spanned<String>, node: &Node) {
    let value = match &node.value {
        Value::Scalar(text) => text.text.clone(),
        // Lists of URLs are texts with commas; people write lists, which etcd refuses. The items are kept.
        Value::Sequence(items) => {
            items.iter().filter_map(Node::as_scalar).map(|text| text.text.as_str()).collect::<Vec<_>>().join(",")
        }
        Value::Mapping(entries) => entries
            .iter()
            .map(|(key, value)| format!("{}={}", key.text, value.as_scalar().map_or("", |text| text.text.as_str())))
            .collect::<Vec<_>>()
            .join(","),
    };
    let null = node.is_null();
    if !null {
        conf.settings.push(Entry { name, value: Spanned { value, span: node.span }, via: Via::File });
    }
}
