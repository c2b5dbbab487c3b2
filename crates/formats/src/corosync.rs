//! `corosync.conf`.
//!
//! Kept as a tree of sections; [`Conf::nodes`], [`Conf::links`] and [`Conf::quorum`] read what rules judge.

use std::fmt;

use plimsoll_diagnostics::{SourceId, Sources, Span, Spanned};

use crate::input::{DEEPEST, Input};
use crate::{Read, Setting, placeholder};

/// A corosync.conf.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Conf {
    /// What stands at the top, in order.
    pub items: Vec<Item>,
}

/// A line or a section.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Item {
    /// `key: value`
    Value {
        /// Key.
        key: Spanned<String>,
        /// Value.
        value: Spanned<String>,
    },
    /// `name { … }`
    Section {
        /// Its name.
        name: Spanned<String>,
        /// What it holds.
        items: Vec<Item>,
    },
    /// A line that is neither, as written; reported.
    Other(Spanned<String>),
}

/// A node of the cluster.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Node {
    /// `name`.
    pub name: Option<Spanned<String>>,
    /// `nodeid`.
    pub id: Setting<u32>,
    /// `quorum_votes`; 1 when not stated.
    pub votes: Setting<u32>,
    /// Addresses by link number (`ring0_addr` …): an address or a name.
    pub addresses: Vec<(u8, Spanned<String>)>,
    /// Where it starts.
    pub span: Option<Span>,
}

/// An `interface` of `totem`: one link.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Link {
    /// `linknumber` (`ringnumber` in old files); 0 when not stated.
    pub number: Setting<u8>,
    /// `knet_link_priority`: the highest carries the traffic in passive mode; 1 when not stated.
    pub priority: Setting<u32>,
    /// `knet_transport`.
    pub transport: Option<Spanned<String>>,
    /// Where it starts.
    pub span: Option<Span>,
}

/// `quorum`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Quorum {
    /// `provider`.
    pub provider: Option<Spanned<String>>,
    /// `expected_votes`, when stated instead of a list of nodes.
    pub expected_votes: Setting<u32>,
    /// `two_node`; off when not stated.
    pub two_node: Setting<bool>,
    /// The quorum device, when there is one.
    pub device: Option<Device>,
}

/// A quorum device.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Device {
    /// `model`: `net`.
    pub model: Option<Spanned<String>>,
    /// `votes`; 1 when not stated.
    pub votes: Setting<u32>,
    /// Where qnetd runs.
    pub host: Option<Spanned<String>>,
    /// `ffsplit` (even number of nodes) or `lms`, which gives it as many votes as nodes less one.
    pub algorithm: Option<Spanned<String>>,
    /// Where it starts.
    pub span: Option<Span>,
}

fn setting<T>(items: &[Item], key: &str, parse: impl Fn(&str) -> Option<T>) -> Setting<T> {
    match value(items, key) {
        None => Setting::Absent,
        Some(word) if placeholder::find(word).is_some() => Setting::Unknown(word.clone()),
        Some(word) => match parse(word) {
            Some(value) => Setting::Known(Spanned { value, span: word.span }),
            None => Setting::Unknown(word.clone()),
        },
    }
}

/// The last value of a key, which is the one that counts.
fn value<'c>(items: &'c [Item], key: &str) -> Option<&'c Spanned<String>> {
    items.iter().rev().find_map(|item| match item {
        Item::Value { key: found, value } if found.value == key => Some(value),
        _ => None,
    })
}

fn sections<'c>(items: &'c [Item], name: &'c str) -> impl Iterator<Item = (&'c Spanned<String>, &'c [Item])> {
    items.iter().filter_map(move |item| match item {
        Item::Section { name: found, items } if found.value == name => Some((found, items.as_slice())),
        _ => None,
    })
}

impl Conf {
    /// A value of `totem`: `cluster_name`, `token` (ms), `transport`, `link_mode`, `config_version` …
    pub fn totem(&self, key: &str) -> Option<&Spanned<String>> {
        sections(&self.items, "totem").filter_map(|(_, items)| value(items, key)).last()
    }

    /// The nodes in order.
    pub fn nodes(&self) -> Vec<Node> {
        let nodes = sections(&self.items, "nodelist").flat_map(|(_, items)| sections(items, "node"));
        nodes
            .map(|(name, items)| Node {
                name: value(items, "name").cloned(),
                id: setting(items, "nodeid", |text| text.parse().ok()),
                votes: setting(items, "quorum_votes", |text| text.parse().ok()),
                addresses: items
                    .iter()
                    .filter_map(|item| match item {
                        Item::Value { key, value } => {
                            let number = key.value.strip_prefix("ring")?.strip_suffix("_addr")?.parse().ok()?;
                            Some((number, value.clone()))
                        }
                        _ => None,
                    })
                    .collect(),
                span: name.span,
            })
            .collect()
    }

    /// The links that `totem` states. A link without an `interface` of its own is known by the nodes' addresses only.
    pub fn links(&self) -> Vec<Link> {
        let links = sections(&self.items, "totem").flat_map(|(_, items)| sections(items, "interface"));
        links
            .map(|(name, items)| Link {
                number: match setting(items, "linknumber", |text| text.parse().ok()) {
                    Setting::Absent => setting(items, "ringnumber", |text| text.parse().ok()),
                    stated => stated,
                },
                priority: setting(items, "knet_link_priority", |text| text.parse().ok()),
                transport: value(items, "knet_transport").cloned(),
                span: name.span,
            })
            .collect()
    }

    /// `quorum`; `None` when there is no such section.
    pub fn quorum(&self) -> Option<Quorum> {
        let (_, items) = sections(&self.items, "quorum").next()?;
        let device = sections(items, "device").next().map(|(name, device)| {
            let net = sections(device, "net").next().map_or(&[] as &[Item], |(_, items)| items);
            Device {
                model: value(device, "model").cloned(),
                votes: setting(device, "votes", |text| text.parse().ok()),
                host: value(net, "host").cloned(),
                algorithm: value(net, "algorithm").cloned(),
                span: name.span,
            }
        });
        Some(Quorum {
            provider: value(items, "provider").cloned(),
            expected_votes: setting(items, "expected_votes", |text| text.parse().ok()),
            two_node: setting(items, "two_node", |text| match text {
                "1" | "yes" => Some(true),
                "0" | "no" => Some(false),
                _ => None,
            }),
            device,
        })
    }
}

/// Reads a corosync.conf.
pub fn read(source: SourceId, sources: &Sources) -> Read<Conf> {
    let mut input = Input::new(source, sources);
    let mut open: Vec<(Spanned<String>, Vec<Item>)> = Vec::new();
    let mut top = Vec::new();
    let mut too_deep = 0_usize;
    for line in input.lines() {
        let piece = line.trim();
        if piece.text.is_empty() || piece.text.starts_with('#') {
            continue;
        }
        let span = input.span(piece.start, piece.end());
        let template = piece.text.starts_with("{%") || piece.text.starts_with("{{");
        if !template && piece.text.ends_with('{') {
            let name = piece.text[..piece.text.len() - 1].trim_end();
            if too_deep > 0 || open.len() >= DEEPEST {
                if too_deep == 0 {
                    input.too_deep(span);
                }
                too_deep += 1;
                continue;
            }
            let name = Spanned::at(name.to_owned(), input.span(piece.start, piece.start + name.len()));
            open.push((name, Vec::new()));
            continue;
        }
        if piece.text == "}" {
            if too_deep > 0 {
                too_deep -= 1;
            } else if !close(&mut open, &mut top) {
                input.syntax("`}` closes nothing", span, "");
            }
            continue;
        }
        if too_deep > 0 {
            continue;
        }
        let found = input.open_places(piece.start, piece.end());
        let item = if let Some((key, value)) =
            piece.text.split_once(':').filter(|(key, _)| !template && !key.trim().is_empty())
        {
            let key = key.trim_end();
            let start = piece.end() - value.trim_start().len();
            Item::Value {
                key: Spanned::at(key.to_owned(), input.span(piece.start, piece.start + key.len())),
                value: Spanned::at(value.trim_start().to_owned(), input.span(start, piece.end())),
            }
        } else {
            if !found {
                input.syntax("this line is neither `key: value` nor a section", span, "kept as written");
            }
            Item::Other(Spanned::at(piece.text.to_owned(), span))
        };
        open.last_mut().map_or(&mut top, |(_, items)| items).push(item);
    }
    while let Some((name, _)) = open.last() {
        let span = name.span.unwrap_or(input.span(0, 0));
        input.syntax("the section is not closed", span, "opened here");
        close(&mut open, &mut top);
    }
    input.done(Conf { items: top })
}

fn close(open: &mut Vec<(Spanned<String>, Vec<Item>)>, top: &mut Vec<Item>) -> bool {
    let Some((name, items)) = open.pop() else { return false };
    open.last_mut().map_or(top, |(_, items)| items).push(Item::Section { name, items });
    true
}

impl fmt::Display for Conf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write(f, &self.items, 0)
    }
}

fn write(f: &mut fmt::Formatter<'_>, items: &[Item], depth: usize) -> fmt::Result {
    let indent = "  ".repeat(depth);
    for item in items {
        match item {
            Item::Value { key, value } => writeln!(f, "{indent}{key}: {value}")?,
            Item::Other(text) => writeln!(f, "{indent}{text}")?,
            Item::Section { name, items } => {
                writeln!(f, "{indent}{name} {{")?;
                write(f, items, depth + 1)?;
                writeln!(f, "{indent}}}")?;
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::input::tests::over;

    const CONF: &str = include_str!("../tests/files/corosync.conf");

    #[test]
    fn nodes_links_and_the_quorum_device() {
        let read = over(read, CONF);
        assert!(read.problems.is_empty());
        let conf = read.value;
        let node = &conf.nodes()[0];
        assert_eq!(node.addresses.iter().map(|(link, _)| *link).collect::<Vec<_>>(), [0, 1]);
        let links = conf.links();
        assert_eq!((links[0].priority.get(), links[1].priority.or(1)), (Some(&20), Some(1)));
        let device = conf.quorum().and_then(|quorum| quorum.device).expect("one");
        assert_eq!(device.host.map(|host| host.value), Some("10.30.1.90".to_owned()));
        assert_eq!(conf.totem("cluster_name").map(|name| name.value.as_str()), Some("campus"));
        assert_eq!(over(super::read, &conf.to_string()).value, conf);
    }

    #[test]
    fn an_open_section_is_reported() {
        let read = over(read, "totem {\n  version: 2\n");
        let messages: Vec<&str> = read.problems.iter().map(|problem| problem.message.as_str()).collect();
        assert_eq!(messages, ["the section is not closed"]);
        assert_eq!(over(super::read, &read.value.to_string()).value, read.value);
    }
}
