//! What was allocated once and is kept: `cluster.lock`.
//!
//! One line an entry, sorted, so that version control merges it: `KIND SCOPE OWNER VALUE`, with `removed` at the end for
//! what nothing uses any more (a tombstone: who comes back gets back what it had, and nobody else gets it while there
//! is another).

mod keeper;
mod read;

use std::collections::BTreeMap;
use std::fmt;

use plimsoll_diagnostics::Span;
use plimsoll_model::{Name, glob};

pub(crate) use keeper::{Fate, Keeper, Want, taken_away};

/// What an entry of the lock keeps.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// An address in a network.
    Address,
    /// A port of a switch.
    Port,
    /// The serial of a zone with a digest of its records.
    Serial,
    /// A guest id of Proxmox VE.
    Vmid,
    /// A VRRP id in a network.
    Vrid,
}

impl Kind {
    /// All of them, as they are sorted.
    pub const ALL: [Kind; 5] = [Kind::Address, Kind::Port, Kind::Serial, Kind::Vmid, Kind::Vrid];

    /// The word for it in the file.
    pub const fn as_str(self) -> &'static str {
        match self {
            Kind::Address => "address",
            Kind::Port => "port",
            Kind::Serial => "serial",
            Kind::Vmid => "vmid",
            Kind::Vrid => "vrid",
        }
    }

    /// Whether two owners of one scope may not have the same value.
    const fn is_exclusive(self) -> bool {
        !matches!(self, Kind::Serial)
    }
}

/// What an entry is about: the kind, where it is unique (`network/kube`), and whose it is (`machine/cp-1`).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Key {
    /// The kind.
    pub kind: Kind,
    /// Within what its value is unique.
    pub scope: Name,
    /// Path of the component that has it.
    pub owner: Name,
}

impl Key {
    fn new(kind: Kind, scope: &str, owner: &str) -> Self {
        Key { kind, scope: scope.into(), owner: owner.into() }
    }
}

/// What an entry keeps. Two entries are equal wherever they stand.
#[derive(Clone, Debug)]
pub struct Entry {
    /// The value (`10.30.12.10`).
    pub value: String,
    /// Whether nothing uses it any more.
    pub removed: bool,
    /// The line it was read from.
    pub span: Option<Span>,
}

impl PartialEq for Entry {
    fn eq(&self, other: &Self) -> bool {
        (&self.value, self.removed) == (&other.value, other.removed)
    }
}

/// The content of `cluster.lock`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Lock {
    entries: BTreeMap<Key, Entry>,
}

/// One difference between two locks, for `--locked` and for people.
#[derive(Clone, Debug, PartialEq)]
pub enum LockChange {
    /// This line would be added.
    Added(String),
    /// This line would go.
    Removed(String),
    /// The first line would become the second.
    Changed(String, String),
}

impl fmt::Display for LockChange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            LockChange::Added(line) => write!(f, "+ {line}"),
            LockChange::Removed(line) => write!(f, "- {line}"),
            LockChange::Changed(old, new) => write!(f, "- {old}\n+ {new}"),
        }
    }
}

/// Entries that are read and written at most: thirty times what fifty nodes have.
pub(crate) const MOST_ENTRIES: usize = 20_000;

/// What helps against more.
pub(crate) const FEWER_ENTRIES: &str = "delete the lines that end in `removed` of what will not come back";

/// First line of the file.
const HEADER: &str = "plimsoll-lock 1";

fn line(key: &Key, entry: &Entry) -> String {
    let end = if entry.removed { " removed" } else { "" };
    format!("{} {} {} {}{end}", key.kind.as_str(), key.scope, key.owner, entry.value)
}

impl Lock {
    /// An empty lock, as before the first run.
    pub fn new() -> Self {
        Self::default()
    }

    /// Whether nothing is kept yet.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// How many entries there are, tombstones included.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Entries in the order of the file.
    pub fn iter(&self) -> impl Iterator<Item = (&Key, &Entry)> {
        self.entries.iter()
    }

    /// The text of the file.
    pub fn to_text(&self) -> String {
        let mut text = format!(
            "{HEADER}\n# What was allocated to whom. Keep it with the cluster file; merge it by lines.\n# `plimsoll lock forget` drops what is marked `removed`.\n"
        );
        for (key, entry) in &self.entries {
            text.push_str(&line(key, entry));
            text.push('\n');
        }
        text
    }

    /// How `new` differs from this one, in the order of the file; empty when `--locked` has nothing to object to.
    pub fn changes(&self, new: &Lock) -> Vec<LockChange> {
        let keys: std::collections::BTreeSet<&Key> = self.entries.keys().chain(new.entries.keys()).collect();
        keys.into_iter()
            .filter_map(|key| match (self.entries.get(key), new.entries.get(key)) {
                (Some(old), Some(new)) if old == new => None,
                (Some(old), Some(new)) => Some(LockChange::Changed(line(key, old), line(key, new))),
                (Some(old), None) => Some(LockChange::Removed(line(key, old))),
                (None, Some(new)) => Some(LockChange::Added(line(key, new))),
                (None, None) => None,
            })
            .collect()
    }

    /// Drops the tombstones whose owner matches, and gives back their lines. `*` stands for any run of characters; a
    /// pattern without one also names everything below it (`host/pve-7` and `host/pve-7/bmc`).
    pub fn forget(&mut self, pattern: &str) -> Vec<String> {
        let pattern = pattern.trim_end_matches('/');
        let below = format!("{pattern}/*");
        let matches = |key: &Key| glob(pattern, key.owner.as_str()) || glob(&below, key.owner.as_str());
        let gone: Vec<Key> = self
            .entries
            .iter()
            .filter(|(key, entry)| entry.removed && matches(key))
            .map(|(key, _)| key.clone())
            .collect();
        gone.iter().filter_map(|key| self.entries.remove(key).map(|entry| line(key, &entry))).collect()
    }
}
