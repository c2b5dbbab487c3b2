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
        by_value(self.0.as_bytes(), other.0.as_bytes()).then_with(|| self.0.cmp(&other.0))
    }
}

/// Compares runs of digits by their value, and what is between them by its bytes, which is the order of its letters. A
/// name that ends comes before one that goes on, and a digit before any other letter. Maps by name ask this millions of
/// times: it looks at each byte once or twice and makes nothing.
fn by_value(mut one: &[u8], mut other: &[u8]) -> Ordering {
    let digits = |text: &[u8]| text.iter().take_while(|byte| byte.is_ascii_digit()).count();
    loop {
        let common = one.iter().zip(other).take_while(|(a, b)| a == b).count();
        // A number begins before the place where the two come apart.
        let start = common - one[..common].iter().rev().take_while(|byte| byte.is_ascii_digit()).count();
        let (here, there) = (&one[start..], &other[start..]);
        let (of_here, of_there) = (digits(here), digits(there));
        if of_here == 0 || of_there == 0 {
            let rank = |text: &[u8]| text.first().map(|byte| (!byte.is_ascii_digit(), *byte));
            return rank(here).cmp(&rank(there));
        }
        // Digits compare by length without leading zeros, then by text: that is by value, however long they are.
        let zeros = |digits: &[u8]| digits.iter().take_while(|digit| **digit == b'0').count();
        let (a, b) = (&here[..of_here], &there[..of_there]);
        let (a, b) = (&a[zeros(a)..], &b[zeros(b)..]);
        let ordering = a.len().cmp(&b.len()).then_with(|| a.cmp(b));
        if ordering != Ordering::Equal {
            return ordering;
        }
        (one, other) = (&here[of_here..], &there[of_there..]);
    }
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

    /// A run of digits by its value, or a run of other characters.
    #[derive(PartialEq, Eq, PartialOrd, Ord)]
    enum Piece<'a> {
        Number(usize, &'a str),
        Text(&'a str),
    }

    fn pieces(mut text: &str) -> Vec<Piece<'_>> {
        let mut all = Vec::new();
        while !text.is_empty() {
            let digits = text.starts_with(|letter: char| letter.is_ascii_digit());
            let end = text.find(|letter: char| letter.is_ascii_digit() != digits).unwrap_or(text.len());
            let (piece, rest) = text.split_at(end);
            let value = piece.trim_start_matches('0');
            all.push(if digits { Piece::Number(value.len(), value) } else { Piece::Text(piece) });
            text = rest;
        }
        all
    }

    #[test]
    fn the_order_is_that_of_the_pieces() {
        let mut all = vec![String::new()];
        for length in 0..4 {
            let last: Vec<String> = all.iter().filter(|text| text.chars().count() == length).cloned().collect();
            all.extend(last.iter().flat_map(|text| ["0", "1", "-", "é"].map(|letter| format!("{text}{letter}"))));
        }
        assert_eq!(all.len(), 1 + 4 + 16 + 64 + 256);
        for one in &all {
            for other in &all {
                let expected = pieces(one).cmp(&pieces(other)).then_with(|| one.cmp(other));
                assert_eq!(Name::from(one.as_str()).cmp(&Name::from(other.as_str())), expected, "{one} {other}");
            }
        }
    }
}
