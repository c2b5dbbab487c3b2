//! Names of things, and ranges of them.

use std::fmt;

use super::scalar;

/// Names of one range at most: more than any cluster this is made for has of anything.
const LONGEST_RANGE: u32 = 1_000;

/// Whether a text is a lower-case DNS label (RFC 1123): it becomes a host name.
fn is_label(text: &str) -> bool {
    !text.is_empty()
        && text.len() <= 63
        && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
        && !text.starts_with('-')
        && !text.ends_with('-')
}

/// The name of one thing: a DNS label, since many become host names.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Name(pub String);

impl Name {
    fn parse_text(text: &str) -> Result<Self, String> {
        if is_label(text) {
            return Ok(Name(text.to_owned()));
        }
        if text.contains("..") {
            return Err(format!("`{text}` is a range, and one name is wanted here"));
        }
        Err(format!("`{text}` is not a name: lower-case letters, digits and `-`, at most 63, as in `worker-1`"))
    }
}
impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
impl PartialEq<str> for Name {
    fn eq(&self, other: &str) -> bool {
        self.0 == other
    }
}
scalar!(Name, "a name", Text, Some("^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$"), &["worker-1"]);

/// The name of a network, a bond or a bridge in a host: as [`Name`], but dots are allowed (`bond0.2000`).
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NetworkName(pub String);

impl NetworkName {
    fn parse_text(text: &str) -> Result<Self, String> {
        // The kernel takes at most 15 bytes (IFNAMSIZ with its final zero).
        let good = !text.is_empty()
            && text.len() <= 15
            && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_'));
        if good {
            Ok(NetworkName(text.to_owned()))
        } else {
            Err(format!(
                "`{text}` is not an interface name: at most 15 letters, digits, `-`, `_` and `.`, as in `bond0.2000`"
            ))
        }
    }
}
impl fmt::Display for NetworkName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
impl PartialEq<str> for NetworkName {
    fn eq(&self, other: &str) -> bool {
        self.0 == other
    }
}
scalar!(NetworkName, "an interface name", Text, Some(r"^[A-Za-z0-9._-]{1,15}$"), &["bond0", "vmbr1", "bond0.2000"]);

/// One name or a range of them: `pve-1..6` stands for six names, `n01..12` keeps its zeros, `n01..41/10` takes every
/// tenth: 01, 11, 21, 31 and 41.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Names {
    written: String,
    names: Vec<Name>,
}

impl Names {
    /// The names, in order.
    pub fn list(&self) -> &[Name] {
        &self.names
    }
    /// How many names it stands for; never 0 when read from a file.
    pub fn count(&self) -> usize {
        self.names.len()
    }
    /// The name that belongs to the one at `index` of `of` things: one for all, one for each, or, when they divide
    /// evenly, one for each block of neighbours (five racks for fifty hosts: ten hosts in each).
    pub fn paired(&self, index: usize, of: usize) -> Option<&Name> {
        let have = self.names.len();
        if have == 0 || index >= of || !of.is_multiple_of(have) {
            return None;
        }
        self.names.get(index / (of / have))
    }

    fn parse_text(text: &str) -> Result<Self, String> {
        let Some((front, last)) = text.split_once("..") else {
            let name = Name::parse_text(text)?;
            return Ok(Names { written: text.to_owned(), names: vec![name] });
        };
        let digits = front.bytes().rev().take_while(u8::is_ascii_digit).count();
        let (stem, first) = front.split_at(front.len() - digits);
        let (last, step) = last.split_once('/').unwrap_or((last, "1"));
        let number = |text: &str| text.parse::<u32>().ok().filter(|_| text.bytes().all(|byte| byte.is_ascii_digit()));
        let (Some(from), Some(to), Some(step)) = (number(first), number(last), number(step)) else {
            return Err(format!(
                "`{text}` is not a range of names: write the first name and the last number, as in `pve-1..6`"
            ));
        };
        if step == 0 || (to >= from && !(to - from).is_multiple_of(step)) {
            return Err(format!("`{text}` does not end on its last number: steps of {step} from {from} miss {to}"));
        }
        if first.starts_with('0') && first.len() > 1 && first.len() != last.len() {
            return Err(format!("`{text}` has a zero in front, so both ends need as many digits, as in `n01..12`"));
        }
        if to < from {
            return Err(format!("`{text}` runs backwards: {to} is less than {from}"));
        }
        if to - from >= LONGEST_RANGE {
            return Err(format!(
                "`{text}` stands for {} names; at most {LONGEST_RANGE} are possible",
                u64::from(to - from) + 1
            ));
        }
        let width = first.len();
        let names =
            (from..=to).step_by(step as usize).map(|number| Name::parse_text(&format!("{stem}{number:0width$}")));
        Ok(Names { written: text.to_owned(), names: names.collect::<Result<_, _>>()? })
    }
}
impl fmt::Display for Names {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.written)
    }
}
scalar!(
    Names,
    "a name or a range of names",
    Text,
    Some(r"^[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.\.[0-9]+(/[0-9]+)?)?$"),
    &["pve-1", "pve-1..6", "n01..12", "n01..41/10"]
);

/// A DNS name of at least two labels, without a final dot.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DomainName(pub String);

impl DomainName {
    fn parse_text(text: &str) -> Result<Self, String> {
        if text.len() <= 253 && text.contains('.') && text.split('.').all(is_label) {
            Ok(DomainName(text.to_owned()))
        } else {
            Err(format!(
                "`{text}` is not a domain name: lower case, at least two parts, no final dot, as in `k8s.example.edu`"
            ))
        }
    }
}
impl fmt::Display for DomainName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
scalar!(
    DomainName,
    "a domain name",
    Text,
    Some(r"^([a-z0-9]([a-z0-9-]*[a-z0-9])?\.)+[a-z0-9]([a-z0-9-]*[a-z0-9])?$"),
    &["k8s.example.edu"]
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_keep_their_zeros_and_are_bounded() {
        let names = |text: &str| {
            Names::parse_text(text).map(|names| names.list().iter().map(ToString::to_string).collect::<Vec<_>>())
        };
        assert_eq!(names("pve-1..3"), Ok(vec!["pve-1".into(), "pve-2".into(), "pve-3".into()]));
        assert_eq!(names("n08..10"), Ok(vec!["n08".into(), "n09".into(), "n10".into()]));
        assert_eq!(names("x"), Ok(vec!["x".into()]));
        assert_eq!(names("n01..21/10"), Ok(vec!["n01".into(), "n11".into(), "n21".into()]));
        assert_eq!(names("leaf-2..4/2"), Ok(vec!["leaf-2".into(), "leaf-4".into()]));
        for (text, message) in [
            ("a-1..4/2", "`a-1..4/2` does not end on its last number: steps of 2 from 1 miss 4"),
            ("a-1..4/0", "`a-1..4/0` does not end on its last number: steps of 0 from 1 miss 4"),
            (
                "a-1..4/",
                "`a-1..4/` is not a range of names: write the first name and the last number, as in `pve-1..6`",
            ),
            ("a-3..1", "`a-3..1` runs backwards: 1 is less than 3"),
            ("a-1..100000", "`a-1..100000` stands for 100000 names; at most 1000 are possible"),
            ("a-01..100", "`a-01..100` has a zero in front, so both ends need as many digits, as in `n01..12`"),
            ("a..3", "`a..3` is not a range of names: write the first name and the last number, as in `pve-1..6`"),
            (
                "a-1..99999999999",
                "`a-1..99999999999` is not a range of names: write the first name and the last number, as in `pve-1..6`",
            ),
        ] {
            assert_eq!(names(text), Err(message.to_owned()));
        }
        assert!(names("Pve-1").is_err() && names("-1..2").is_err() && names("").is_err());
    }

    #[test]
    fn ranges_pair_up_one_for_all_one_each_or_one_for_each_block() {
        let racks = Names::parse_text("r1..5").expect("a range");
        let of = |index, of| racks.paired(index, of).map(|name| name.0.as_str());
        assert_eq!([of(0, 50), of(9, 50), of(10, 50), of(49, 50)], [Some("r1"), Some("r1"), Some("r2"), Some("r5")]);
        assert_eq!([of(0, 5), of(4, 5), of(5, 5)], [Some("r1"), Some("r5"), None]);
        assert_eq!([of(0, 3), of(0, 7)], [None, None], "neither as many nor equal blocks");
        let one = Names::parse_text("r1").expect("a name");
        assert_eq!(one.paired(6, 7).map(|name| name.0.as_str()), Some("r1"));
    }
}
