//! Names of things, and ranges of them.

use std::fmt;

use super::scalar;

/// Names of one range at most: more than any cluster this is made for has of anything.
const LONGEST_RANGE: u32 = 500;

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

/// One name or a range of them: `pve-1..6` stands for six names, `n01..12` keeps its zeros.
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

    fn parse_text(text: &str) -> Result<Self, String> {
        let Some((front, last)) = text.split_once("..") else {
            let name = Name::parse_text(text)?;
            return Ok(Names { written: text.to_owned(), names: vec![name] });
        };
        let digits = front.bytes().rev().take_while(u8::is_ascii_digit).count();
        let (stem, first) = front.split_at(front.len() - digits);
        let number = |text: &str| text.parse::<u32>().ok().filter(|_| text.bytes().all(|byte| byte.is_ascii_digit()));
        let (Some(from), Some(to)) = (number(first), number(last)) else {
            return Err(format!(
                "`{text}` is not a range of names: write the first name and the last number, as in `pve-1..6`"
            ));
        };
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
        let names = (from..=to).map(|number| Name::parse_text(&format!("{stem}{number:0width$}")));
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
    Some(r"^[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.\.[0-9]+)?$"),
    &["pve-1", "pve-1..6", "n01..12"]
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
        for (text, message) in [
            ("a-3..1", "`a-3..1` runs backwards: 1 is less than 3"),
            ("a-1..100000", "`a-1..100000` stands for 100000 names; at most 500 are possible"),
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
}
