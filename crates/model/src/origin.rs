//! Where each fact of a Design came from.

use std::collections::BTreeMap;
use std::fmt;

use plimsoll_diagnostics::{Sources, Span};

/// Where one fact came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// A person wrote it here.
    Written(Span),
    /// It follows from a range or a shorthand written here (`pve-1..6`, `48x25G`).
    Expanded(Span),
    /// Nobody wrote it; the edition of defaults says so.
    Default {
        /// `2026-11`
        edition: String,
        /// Why this value, in a few words; may be empty.
        why: String,
    },
    /// Chosen once and kept in the lock file.
    Allocated {
        /// What it was chosen from: `network kube from .10`.
        from: String,
    },
    /// Computed from other facts.
    Derived {
        /// Paths of the facts it was computed from.
        from: Vec<String>,
    },
}

impl Origin {
    /// The place in the file, when there is one.
    pub fn span(&self) -> Option<Span> {
        match self {
            Origin::Written(span) | Origin::Expanded(span) => Some(*span),
            _ => None,
        }
    }

    /// In words, for `show --origins`.
    pub fn describe(&self, sources: &Sources) -> String {
        match self {
            Origin::Written(span) => format!("written at {}", sources.locate(*span)),
            Origin::Expanded(span) => format!("expanded from {}", sources.locate(*span)),
            Origin::Default { edition, why } if why.is_empty() => format!("default of edition {edition}"),
            Origin::Default { edition, why } => format!("default of edition {edition}: {why}"),
            Origin::Allocated { from } => format!("allocated from {from}"),
            Origin::Derived { from } => format!("derived from {}", from.join(", ")),
        }
    }
}

/// The origins of a Design, keyed by the path of a component or field (`machine/cp-2/memory`).
///
/// Not every field has an entry of its own: what is asked for a path without one is answered with the entry of its
/// nearest ancestor, which is the thing the person wrote.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Origins {
    table: BTreeMap<String, Origin>,
}

impl Origins {
    /// No origins yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Notes where the fact at `path` came from; a later call replaces an earlier one.
    pub fn note(&mut self, path: impl Into<String>, origin: Origin) {
        self.table.insert(path.into(), origin);
    }

    /// The origin of exactly this path.
    pub fn exact(&self, path: &str) -> Option<&Origin> {
        self.table.get(path)
    }

    /// The origin of this path; for a list, of its first item; else of the nearest ancestor that has one.
    pub fn of(&self, path: &str) -> Option<&Origin> {
        let mut path = path;
        if let Some(origin) = self.table.get(path).or_else(|| self.first_item(path)) {
            return Some(origin);
        }
        loop {
            if let Some(origin) = self.table.get(path) {
                return Some(origin);
            }
            path = &path[..path.rfind('/')?];
        }
    }

    /// What was noted for the first item of a list.
    fn first_item(&self, path: &str) -> Option<&Origin> {
        self.table.get(&format!("{path}/0"))
    }

    /// The place in the file that a finding about `path` should point at: that of the path, else of the nearest
    /// ancestor that was written, else of the first fact it was derived from.
    pub fn span(&self, path: &str) -> Option<Span> {
        // A derived fact points at what it was derived from; the limit ends a circle, which would be our own mistake.
        const HOPS: usize = 8;
        self.span_within(path, HOPS)
    }

    fn span_within(&self, path: &str, hops: usize) -> Option<Span> {
        let mut at = path;
        // A list that was written stands where its first item does.
        if !self.table.contains_key(at)
            && let Some(Origin::Written(span) | Origin::Expanded(span)) = self.first_item(at)
        {
            return Some(*span);
        }
        loop {
            match self.table.get(at) {
                Some(Origin::Written(span) | Origin::Expanded(span)) => return Some(*span),
                Some(Origin::Derived { from }) if hops > 0 => {
                    if let Some(span) = from.iter().find_map(|path| self.span_within(path, hops - 1)) {
                        return Some(span);
                    }
                }
                _ => {}
            }
            at = &at[..at.rfind('/')?];
        }
    }

    /// All entries in the order of their paths.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Origin)> {
        self.table.iter().map(|(path, origin)| (path.as_str(), origin))
    }
}

impl fmt::Display for Origins {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (path, origin) in &self.table {
            writeln!(f, "{path}: {origin:?}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use plimsoll_diagnostics::SourceId;

    #[test]
    fn a_fact_without_an_entry_points_at_what_the_person_wrote() {
        let mut origins = Origins::new();
        let host = Span::new(SourceId(0), 10, 20);
        origins.note("host/pve-1", Origin::Expanded(host));
        origins.note("host/pve-1/bond/bond0/miimon", Origin::Default { edition: "2026-11".into(), why: String::new() });
        origins.note("api/vrrp/member/cp-1/source", Origin::Derived { from: vec!["host/pve-1/psu".into()] });
        assert_eq!(origins.span("host/pve-1/psu/a/pdu"), Some(host));
        assert_eq!(origins.span("host/pve-1/bond/bond0/miimon"), Some(host), "a default has no place of its own");
        assert_eq!(origins.span("api/vrrp/member/cp-1/source"), Some(host));
        assert_eq!(origins.span("network/kube"), None);
        let first = Span::new(SourceId(0), 14, 16);
        origins.note("host/pve-1/disk/osd/devices/0", Origin::Written(first));
        origins.note("host/pve-1/disk/osd/devices/1", Origin::Written(host));
        assert_eq!(origins.span("host/pve-1/disk/osd/devices"), Some(first), "a list stands where it begins");
        assert_eq!(origins.of("host/pve-1/disk/osd/devices"), Some(&Origin::Written(first)));
        assert_eq!(origins.span("host/pve-1/disk/osd"), Some(host));
    }
}
