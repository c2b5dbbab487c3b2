//! Address match lists, lists of servers and update policies.

use std::net::IpAddr;

use ipnet::IpNet;
use plimsoll_diagnostics::{Span, Spanned};

use crate::Setting;
use crate::input::{Input, written};

use super::syntax::{Part, Statement, plain, string};

/// One element of an address match list; the first that matches decides.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Match {
    /// Preceded by `!`: a match denies.
    pub negated: bool,
    /// What is matched.
    pub what: Spanned<Matched>,
}

/// What an element of an address match list matches.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Matched {
    /// Every address.
    Any,
    /// No address.
    None,
    /// The addresses of this server.
    Localhost,
    /// The networks this server has an interface in.
    Localnets,
    /// Whoever signs with this TSIG key.
    Key(String),
    /// An address, or a network by its prefix.
    Net(IpNet),
    /// An `acl` of that name.
    Acl(String),
    /// A list in a list.
    List(Vec<Match>),
    /// Something else (`geoip …`), or a place left open.
    Other(Vec<Part>),
}

/// `{ 192.0.2.1; key "k"; !acl; }` with what may stand before it (`listen-on port 53 …`).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MatchList {
    /// The words between the option's name and its block, such as `port 853 tls t`.
    pub words: Vec<Spanned<String>>,
    /// The elements in order.
    pub elements: Vec<Match>,
}

impl MatchList {
    /// A list of these, as a program makes it.
    pub fn of(elements: impl IntoIterator<Item = Matched>) -> Self {
        let elements = elements.into_iter().map(|what| Match { negated: false, what: what.into() }).collect();
        MatchList { words: Vec::new(), elements }
    }

    /// Every key that is granted by name, also in nested lists.
    pub fn keys(&self) -> Vec<&str> {
        fn collect<'a>(list: &'a [Match], keys: &mut Vec<&'a str>) {
            for element in list.iter().filter(|element| !element.negated) {
                match &element.what.value {
                    Matched::Key(name) => keys.push(name),
                    Matched::List(inner) => collect(inner, keys),
                    _ => {}
                }
            }
        }
        let mut keys = Vec::new();
        collect(&self.elements, &mut keys);
        keys
    }

    /// The elements that let addresses in without a key, with their places: `any`, addresses, networks, names of
    /// lists whose content stands elsewhere.
    pub fn without_key(&self) -> Vec<&Spanned<Matched>> {
        fn collect<'a>(list: &'a [Match], found: &mut Vec<&'a Spanned<Matched>>) {
            for element in list.iter().filter(|element| !element.negated) {
                match &element.what.value {
                    Matched::Key(_) | Matched::None => {}
                    Matched::List(inner) => collect(inner, found),
                    _ => found.push(&element.what),
                }
            }
        }
        let mut found = Vec::new();
        collect(&self.elements, &mut found);
        found
    }

    pub(crate) fn from_statement(statement: &Statement) -> Option<Self> {
        let words = statement.parts.iter().skip(1).map_while(|part| part.word().cloned()).collect();
        let elements = statement.block()?.iter().map(Match::from_statement).collect();
        Some(MatchList { words, elements })
    }

    pub(crate) fn to_statement(&self, name: &str) -> Statement {
        let mut statement = Statement::of_words(&[name]);
        statement.parts.extend(self.words.iter().map(|word| plain(word)));
        statement.with_block(self.elements.iter().map(Match::to_statement).collect())
    }
}

impl Match {
    fn from_statement(statement: &Statement) -> Self {
        let mut parts = statement.parts.as_slice();
        let mut negated = false;
        let mut bare = None;
        if let Some(Part::Word { text, quoted: false }) = parts.first() {
            if text.value == "!" {
                negated = true;
                parts = &parts[1..];
            } else if let Some(rest) = text.value.strip_prefix('!') {
                negated = true;
                bare = Some(Spanned { value: rest.to_owned(), span: text.span });
            }
        }
        let other = || {
            let mut parts = parts.to_vec();
            if let (Some(word), Some(first)) = (&bare, parts.first_mut()) {
                *first = plain(word);
            }
            Matched::Other(parts)
        };
        let what = match (parts, &bare) {
            ([Part::Block(list)], None) => Matched::List(list.iter().map(Match::from_statement).collect()),
            ([Part::Word { text, quoted }], _) => {
                Matched::from_word(bare.as_ref().unwrap_or(text), *quoted).unwrap_or_else(other)
            }
            ([Part::Word { text, .. }, Part::Word { text: name, .. }], _) => {
                let keyword = bare.as_ref().unwrap_or(text);
                if keyword.value == "key" { Matched::Key(name.value.clone()) } else { other() }
            }
            _ => other(),
        };
        Match { negated, what: Spanned { value: what, span: statement.span() } }
    }

    fn to_statement(&self) -> Statement {
        let mut parts = if self.negated { vec![plain("!")] } else { Vec::new() };
        match &self.what.value {
            Matched::Any => parts.push(plain("any")),
            Matched::None => parts.push(plain("none")),
            Matched::Localhost => parts.push(plain("localhost")),
            Matched::Localnets => parts.push(plain("localnets")),
            Matched::Key(name) => parts.extend([plain("key"), string(name)]),
            Matched::Net(net) if net.prefix_len() == net.max_prefix_len() => parts.push(plain(&net.addr().to_string())),
            Matched::Net(net) => parts.push(plain(&net.to_string())),
            Matched::Acl(name) => parts.push(string(name)),
            Matched::List(list) => parts.push(Part::Block(list.iter().map(Match::to_statement).collect())),
            Matched::Other(other) => parts.extend(other.iter().cloned()),
        }
        Statement { parts }
    }
}

impl Matched {
    fn from_word(word: &str, quoted: bool) -> Option<Self> {
        if crate::placeholder::find(word).is_some() || word.is_empty() {
            return None;
        }
        Some(match word {
            "any" if !quoted => Matched::Any,
            "none" if !quoted => Matched::None,
            "localhost" if !quoted => Matched::Localhost,
            "localnets" if !quoted => Matched::Localnets,
            _ => match net(word) {
                Some(net) => Matched::Net(net),
                // `10/8` and the like, and scoped addresses, are no name of a list.
                None if !quoted && (word.starts_with(|letter: char| letter.is_ascii_digit()) || word.contains(':')) => {
                    return None;
                }
                None => Matched::Acl(word.to_owned()),
            },
        })
    }
}

/// An address, or a network; named also takes networks with their last zero bytes left out (`10/8`).
fn net(word: &str) -> Option<IpNet> {
    if let Ok(address) = word.parse::<IpAddr>() {
        return Some(IpNet::from(address));
    }
    if let Ok(net) = word.parse::<IpNet>() {
        return Some(net);
    }
    let (address, length) = word.split_once('/')?;
    let bytes: Vec<&str> = address.split('.').collect();
    if bytes.len() >= 4 || address.contains(':') {
        return None;
    }
    let zeros = ".0".repeat(4 - bytes.len());
    format!("{address}{zeros}/{length}").parse().ok()
}

/// A server in `primaries`, `also-notify`, `forwarders` or `parental-agents`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Remote {
    /// Its address, or the name of a list of servers.
    pub host: Spanned<RemoteHost>,
    /// Port, when not 53 or 853.
    pub port: Setting<u16>,
    /// TSIG key by name.
    pub key: Option<Spanned<String>>,
    /// `tls` configuration by name.
    pub tls: Option<Spanned<String>>,
}

/// Whom a [`Remote`] names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RemoteHost {
    /// By address.
    Address(IpAddr),
    /// A `primaries` list of that name; or a place left open.
    List(String),
}

impl Remote {
    /// A server by its address.
    pub fn address(address: IpAddr) -> Self {
        Remote { host: RemoteHost::Address(address).into(), port: Setting::Absent, key: None, tls: None }
    }
}

/// A list of servers with the words before its block (`port 5353`, `source …`).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RemoteList {
    /// The words between the option's name and its block.
    pub words: Vec<Spanned<String>>,
    /// The servers in order.
    pub servers: Vec<Remote>,
}

impl RemoteList {
    pub(crate) fn from_statement(input: &mut Input<'_>, statement: &Statement, skip: usize) -> Option<Self> {
        let words = statement.parts.iter().skip(skip).map_while(|part| part.word().cloned()).collect();
        let mut servers = Vec::new();
        for inner in statement.block()? {
            let mut words = inner.words();
            let Some(host) = words.next() else { continue };
            let mut remote = Remote {
                host: host.clone().map(|word| match word.parse() {
                    Ok(address) => RemoteHost::Address(address),
                    Err(_) => RemoteHost::List(word),
                }),
                port: Setting::Absent,
                key: None,
                tls: None,
            };
            while let Some(word) = words.next() {
                let value = words.next();
                match (word.value.as_str(), value) {
                    ("port", Some(value)) => {
                        remote.port = input.value(value, place(value, word), "a port");
                    }
                    ("key", Some(value)) => remote.key = Some(value.clone()),
                    ("tls", Some(value)) => remote.tls = Some(value.clone()),
                    _ => {
                        let span = place(word, host);
                        let message = format!("`{}` is not known beside a server and is not kept", word.value);
                        input.unknown(message, span, "");
                    }
                }
            }
            servers.push(remote);
        }
        Some(RemoteList { words, servers })
    }

    pub(crate) fn to_statement(&self, name: &[&str]) -> Statement {
        let mut statement = Statement::of_words(name);
        statement.parts.extend(self.words.iter().map(|word| plain(word)));
        let list = self.servers.iter().map(|remote| {
            let mut parts = vec![match &remote.host.value {
                RemoteHost::Address(address) => plain(&address.to_string()),
                RemoteHost::List(name) => string(name),
            }];
            if let Some(port) = written(&remote.port) {
                parts.extend([plain("port"), plain(&port)]);
            }
            if let Some(key) = &remote.key {
                parts.extend([plain("key"), string(key)]);
            }
            if let Some(tls) = &remote.tls {
                parts.extend([plain("tls"), string(tls)]);
            }
            Statement { parts }
        });
        let list = list.collect();
        statement.with_block(list)
    }
}

fn place(word: &Spanned<String>, or: &Spanned<String>) -> Span {
    word.span.or(or.span).unwrap_or(Span::new(plimsoll_diagnostics::SourceId(0), 0, 0))
}

/// `update-policy` of a zone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum UpdatePolicy {
    /// `local`: only this machine, with a key that named makes.
    Local,
    /// Rules in order; the first that matches decides.
    Rules(Vec<UpdateRule>),
    /// A block with statements that are no rules; kept as written.
    Unknown(Vec<Statement>),
}

/// One rule of an update policy: `grant externaldns zonesub A AAAA TXT;`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UpdateRule {
    /// `grant`, not `deny`.
    pub grant: bool,
    /// Name of the TSIG key, or Kerberos identity.
    pub identity: Spanned<String>,
    /// How names are matched: `zonesub`, `subdomain`, `name`, `self`, `wildcard` …
    pub kind: Spanned<String>,
    /// The name matched against; `zonesub` has none.
    pub name: Option<Spanned<String>>,
    /// Record types; none means all but those named itself protects.
    pub types: Vec<Spanned<String>>,
}

impl UpdateRule {
    /// `None` when the statement is no such rule.
    pub(crate) fn from_statement(statement: &Statement) -> Option<Self> {
        if statement.block().is_some() {
            return None;
        }
        let mut words = statement.words().cloned();
        let grant = match words.next()?.value.as_str() {
            "grant" => true,
            "deny" => false,
            _ => return None,
        };
        let identity = words.next()?;
        let kind = words.next()?;
        // Only `zonesub` stands without a name (BIND 9 reference manual, update-policy).
        let name = if kind.value.eq_ignore_ascii_case("zonesub") { None } else { Some(words.next()?) };
        Some(UpdateRule { grant, identity, kind, name, types: words.collect() })
    }

    pub(crate) fn to_statement(&self) -> Statement {
        let mut parts =
            vec![plain(if self.grant { "grant" } else { "deny" }), string(&self.identity), plain(&self.kind)];
        parts.extend(self.name.iter().map(|name| string(name)));
        parts.extend(self.types.iter().map(|kind| plain(kind)));
        Statement { parts }
    }
}
