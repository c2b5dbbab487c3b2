//! DNS zones in master file form (RFC 1035 section 5, with `$TTL` of RFC 2308).
//!
//! Entries are kept in order and names as written, relative or not; [`Zone::records`] resolves them. Record data is
//! typed for the kinds a cluster's zone holds, and kept as words for all others. Character strings are kept in
//! presentation form: `\"` and `\059` stay as they stand between the quotes; [`text`] makes such a string.

mod read;
#[cfg(test)]
mod tests;

use std::fmt;
use std::net::{Ipv4Addr, Ipv6Addr};

use plimsoll_diagnostics::{Span, Spanned};

pub use read::{read, seconds};

/// A zone file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Zone {
    /// Its entries in order.
    pub entries: Vec<Entry>,
}

/// One entry of a zone file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Entry {
    /// `$ORIGIN name`: what relative names below are relative to.
    Origin(Spanned<String>),
    /// `$TTL seconds`: for records below without their own.
    Ttl(Spanned<u32>),
    /// `$INCLUDE`, `$GENERATE` and directives of unknown kind, as words.
    Directive(Vec<Text>),
    /// A record.
    Record(Record),
    /// A line that is no record: what a template left, or a mistake; reported, kept as words.
    Unknown {
        /// Whether the line starts with a blank.
        blank: bool,
        /// Its words.
        words: Vec<Text>,
    },
}

/// A word of an entry that is kept as written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Text {
    /// Without its quotes, escapes as written.
    pub text: Spanned<String>,
    /// Whether it stood in quotes.
    pub quoted: bool,
}

/// A resource record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// The owner as written; `None` when the line starts with a blank: the owner of the record above.
    pub owner: Option<Spanned<String>>,
    /// Time to live in seconds, when stated.
    pub ttl: Option<Spanned<u32>>,
    /// `IN` …, when stated, in capitals.
    pub class: Option<Spanned<String>>,
    /// Kind and data.
    pub data: Spanned<Data>,
}

impl Record {
    /// A record for a writer: without TTL and class of its own.
    pub fn new(owner: impl Into<String>, data: Data) -> Self {
        Record { owner: Some(owner.into().into()), ttl: None, class: Some("IN".to_owned().into()), data: data.into() }
    }
}

/// Kind and data of a record; names as written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Data {
    /// IPv4 address.
    A(Ipv4Addr),
    /// IPv6 address.
    Aaaa(Ipv6Addr),
    /// Name server.
    Ns(String),
    /// Name of an address.
    Ptr(String),
    /// Another name for.
    Cname(String),
    /// Texts, in presentation form.
    Txt(Vec<String>),
    /// Mail exchanger.
    Mx {
        /// Lower is tried first.
        preference: u16,
        /// Its name.
        exchange: String,
    },
    /// Where a service runs.
    Srv {
        /// Lower is tried first.
        priority: u16,
        /// Share among those of one priority.
        weight: u16,
        /// Port.
        port: u16,
        /// Host name.
        target: String,
    },
    /// Which authority may issue certificates.
    Caa {
        /// 128: critical.
        flags: u8,
        /// `issue`, `issuewild`, `iodef`.
        tag: String,
        /// In presentation form.
        value: String,
    },
    /// Start of authority.
    Soa(Soa),
    /// Any other kind, or data that its kind does not allow (reported).
    Other {
        /// In capitals.
        kind: String,
        /// As written.
        words: Vec<Text>,
    },
}

impl Data {
    /// The kind in capitals, as it stands in a file.
    pub fn kind(&self) -> &str {
        match self {
            Data::A(_) => "A",
            Data::Aaaa(_) => "AAAA",
            Data::Ns(_) => "NS",
            Data::Ptr(_) => "PTR",
            Data::Cname(_) => "CNAME",
            Data::Txt(_) => "TXT",
            Data::Mx { .. } => "MX",
            Data::Srv { .. } => "SRV",
            Data::Caa { .. } => "CAA",
            Data::Soa(_) => "SOA",
            Data::Other { kind, .. } => kind,
        }
    }
}

/// Start of authority; times in seconds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Soa {
    /// Primary server.
    pub primary: String,
    /// Mailbox, with a dot for `@`.
    pub contact: String,
    /// Number of this state of the zone; whoever writes the file gives it.
    pub serial: u32,
    /// How often a secondary asks.
    pub refresh: u32,
    /// How soon it asks again when it got no answer.
    pub retry: u32,
    /// When it stops to answer without having reached the primary.
    pub expire: u32,
    /// How long "there is no such name" is kept (RFC 2308).
    pub minimum: u32,
}

/// A record with its names made absolute.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Resolved<'z> {
    /// Owner: absolute, in small letters, with its final dot.
    pub name: String,
    /// The record's TTL, else that of `$TTL`, else that of the record above; `None` when nothing states one.
    pub ttl: Option<u32>,
    /// What relative names in the data are relative to.
    pub origin: String,
    /// Kind and data, as written.
    pub data: &'z Data,
    /// Where it stands.
    pub span: Option<Span>,
}

impl Zone {
    /// All records with absolute owners; `origin` is the zone's name, as the server's configuration gives it.
    pub fn records(&self, origin: &str) -> Vec<Resolved<'_>> {
        let mut origin = absolute(origin, ".");
        let mut owner = origin.clone();
        let (mut default_ttl, mut last_ttl) = (None, None);
        let mut list = Vec::new();
        for entry in &self.entries {
            match entry {
                Entry::Origin(name) => origin = absolute(name, &origin),
                Entry::Ttl(ttl) => default_ttl = Some(ttl.value),
                Entry::Directive(_) | Entry::Unknown { .. } => {}
                Entry::Record(record) => {
                    if let Some(name) = &record.owner {
                        owner = absolute(name, &origin);
                    }
                    let ttl = record.ttl.as_ref().map(|ttl| ttl.value).or(default_ttl).or(last_ttl);
                    last_ttl = ttl;
                    list.push(Resolved {
                        name: owner.clone(),
                        ttl,
                        origin: origin.clone(),
                        data: &record.data.value,
                        span: record.data.span,
                    });
                }
            }
        }
        list
    }

    /// The first start of authority.
    pub fn soa(&self) -> Option<&Soa> {
        self.entries.iter().find_map(|entry| match entry {
            Entry::Record(Record { data: Spanned { value: Data::Soa(soa), .. }, .. }) => Some(soa),
            _ => None,
        })
    }

    /// The same zone with another serial number.
    #[must_use]
    pub fn with_serial(mut self, serial: u32) -> Self {
        for entry in &mut self.entries {
            if let Entry::Record(Record { data: Spanned { value: Data::Soa(soa), .. }, .. }) = entry {
                soa.serial = serial;
            }
        }
        self
    }
}

/// A name made absolute and put in small letters: `@` is the origin, a name without a final dot lies below it.
pub fn absolute(name: &str, origin: &str) -> String {
    let name = name.to_ascii_lowercase();
    let origin =
        if origin.ends_with('.') { origin.to_ascii_lowercase() } else { format!("{origin}.").to_ascii_lowercase() };
    if name == "@" {
        origin
    } else if name.ends_with('.') {
        name
    } else if origin == "." {
        format!("{name}.")
    } else {
        format!("{name}.{origin}")
    }
}

/// A plain text in presentation form: `"` and `\` escaped, control characters as `\DDD`.
pub fn text(plain: &str) -> String {
    let mut text = String::with_capacity(plain.len());
    for letter in plain.chars() {
        match letter {
            '"' | '\\' => text.extend(['\\', letter]),
            '\0'..='\x1f' | '\x7f' => {
                let code = u32::from(letter);
                text.push('\\');
                text.extend([100, 10, 1].map(|digit| char::from_digit(code / digit % 10, 10).unwrap_or('0')));
            }
            _ => text.push(letter),
        }
    }
    text
}

impl fmt::Display for Zone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for entry in &self.entries {
            match entry {
                Entry::Origin(name) => writeln!(f, "$ORIGIN {name}")?,
                Entry::Ttl(ttl) => writeln!(f, "$TTL {ttl}")?,
                Entry::Directive(words) | Entry::Unknown { blank: false, words } => writeln!(f, "{}", joined(words))?,
                Entry::Unknown { blank: true, words } => writeln!(f, "\t{}", joined(words))?,
                Entry::Record(record) => writeln!(f, "{record}")?,
            }
        }
        Ok(())
    }
}

fn joined(words: &[Text]) -> String {
    words.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")
}

impl fmt::Display for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.quoted { write!(f, "\"{}\"", self.text) } else { write!(f, "{}", self.text) }
    }
}

impl fmt::Display for Record {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(owner) = &self.owner {
            write!(f, "{owner}")?;
        }
        if let Some(ttl) = &self.ttl {
            write!(f, "\t{ttl}")?;
        }
        if let Some(class) = &self.class {
            write!(f, "\t{class}")?;
        }
        write!(f, "\t{}", self.data.value)
    }
}

impl fmt::Display for Data {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.kind())?;
        match self {
            Data::A(address) => write!(f, "\t{address}"),
            Data::Aaaa(address) => write!(f, "\t{address}"),
            Data::Ns(name) | Data::Ptr(name) | Data::Cname(name) => write!(f, "\t{name}"),
            Data::Txt(texts) => texts.iter().try_for_each(|text| write!(f, " \"{text}\"")),
            Data::Mx { preference, exchange } => write!(f, "\t{preference} {exchange}"),
            Data::Srv { priority, weight, port, target } => write!(f, "\t{priority} {weight} {port} {target}"),
            Data::Caa { flags, tag, value } => write!(f, "\t{flags} {tag} \"{value}\""),
            Data::Soa(soa) => write!(
                f,
                "\t{} {} (\n\t\t{} ; serial\n\t\t{} ; refresh\n\t\t{} ; retry\n\t\t{} ; expire\n\t\t{} ) ; minimum",
                soa.primary, soa.contact, soa.serial, soa.refresh, soa.retry, soa.expire, soa.minimum
            ),
            Data::Other { words, .. } if words.is_empty() => Ok(()),
            Data::Other { words, .. } => write!(f, "\t{}", joined(words)),
        }
    }
}
