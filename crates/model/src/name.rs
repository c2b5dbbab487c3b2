//! Names of components, in the order people count.

use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

/// The name of one component among its siblings: `pve-2`, `bond0.2000`. Never empty and without `/`, which the grammar
/// of the file makes sure of.
///
/// Names are ordered as people count: `pve-2` before `pve-10`.
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Name(String);

/// Named components in the order people count.
pub type Map<T> = BTreeMap<Name, T>;

impl Name {
    /// The text of the name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<&str> for Name {
    fn from(text: &str) -> Self {
        Name(text.to_owned())
    }
}
impl From<String> for Name {
    fn from(text: String) -> Self {
        Name(text)
    }
}
impl From<&Name> for Name {
    fn from(name: &Name) -> Self {
        name.clone()
    }
}
impl AsRef<str> for Name {
    fn as_ref(&self) -> &str {
        &self.0
    }
}
impl PartialEq<str> for Name {
    fn eq(&self, other: &str) -> bool {
        self.0 == other
    }
}
impl PartialEq<&str> for Name {
    fn eq(&self, other: &&str) -> bool {
        self.0 == *other
    }
}
impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}
impl fmt::Debug for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
impl PartialOrd for Name {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}
impl Ord for Name {
    fn cmp(&self, other: &Self) -> Ordering {
        // The plain comparison last keeps the order total: `a-1` and `a-01` count alike but are two names.
        pieces(&self.0).cmp(pieces(&other.0)).then_with(|| self.0.cmp(&other.0))
    }
}

/// A run of digits by its value, or a run of other characters.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Piece<'a> {
    // Digits compare by length without leading zeros, then by text: that is by value, however long they are.
    Number(usize, &'a str),
    Text(&'a str),
}

fn pieces(mut text: &str) -> impl Iterator<Item = Piece<'_>> {
    std::iter::from_fn(move || {
        let digits = text.starts_with(|letter: char| letter.is_ascii_digit());
        let end = text.find(|letter: char| letter.is_ascii_digit() != digits).unwrap_or(text.len());
        let (piece, rest) = text.split_at(end);
        text = rest;
        if piece.is_empty() {
            return None;
        }
        Some(if digits {
            let value = piece.trim_start_matches('0');
            Piece::Number(value.len(), value)
        } else {
            Piece::Text(piece)
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_ordered_as_people_count() {
        let mut names: Vec<Name> =
            ["pve-10", "pve-2", "bond0", "pve-1", "bond0.2000", "bond0.12", "50", "6"].map(Name::from).into();
        names.sort();
        let sorted: Vec<&str> = names.iter().map(Name::as_str).collect();
        assert_eq!(sorted, ["6", "50", "bond0", "bond0.12", "bond0.2000", "pve-1", "pve-2", "pve-10"]);
    }
}
