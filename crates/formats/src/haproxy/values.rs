//! Values: addresses, options of `bind` and `server`, times, numbers.

use std::net::IpAddr;
use std::time::Duration;

use plimsoll_diagnostics::{Span, Spanned};

use super::keywords::{BIND_WITH_ARGUMENT, SERVER_WITH_ARGUMENT};
use super::read::Reader;
use super::server::Slot;
use super::syntax::{self, Word};
use super::{Bind, Endpoint, Flag, Host, Place, Ports, ServerOptions, Verify};
use crate::{Setting, placeholder};

impl Reader {
    pub(super) fn bind(&mut self, keyword: &Word, addresses: &Word, options: &[Word]) -> Bind {
        let end = options.last().unwrap_or(addresses).span;
        let mut bind = Bind { place: Place(Some(keyword.span.to(end))), ..Bind::default() };
        if placeholder::find(&addresses.text).is_some() {
            bind.addresses.push(self.endpoint(&addresses.text, addresses.span));
        } else {
            bind.addresses = addresses.text.split(',').map(|part| self.endpoint(part, addresses.span)).collect();
        }
        let mut rest = options.iter();
        while let Some(word) = rest.next() {
            let flag = match word.text.as_str() {
                "ssl" => &mut bind.ssl,
                "transparent" => &mut bind.transparent,
                "v4v6" => &mut bind.v4v6,
                "v6only" => &mut bind.v6only,
                "accept-proxy" => &mut bind.accept_proxy,
                "interface" => {
                    bind.interface = self.next(&mut rest, word);
                    continue;
                }
                name => {
                    let takes = BIND_WITH_ARGUMENT.contains(&name);
                    let argument = if takes { self.next(&mut rest, word) } else { Setting::Absent };
                    bind.options.push(Flag { name: self.text(word), argument });
                    continue;
                }
            };
            *flag = Spanned::at(true, word.span);
        }
        bind
    }

    pub(super) fn server_options(&mut self, words: &[Word], to: &mut ServerOptions) {
        let mut rest = words.iter();
        while let Some(word) = rest.next() {
            let Some(slot) = to.slot(&word.text) else {
                let takes = SERVER_WITH_ARGUMENT.contains(&word.text.as_str())
                    || word.text.starts_with("set-proxy-v2-tlv-fmt(");
                let argument = if takes { self.next(&mut rest, word) } else { Setting::Absent };
                to.other.push(Flag { name: self.text(word), argument });
                continue;
            };
            if let Slot::Flag(flag, on) = slot {
                *flag = Setting::Known(Spanned::at(on, word.span));
                continue;
            }
            let missing = Word { text: String::new(), span: word.span };
            let value = rest.next().unwrap_or(&missing);
            match slot {
                Slot::Flag(..) => {}
                Slot::Verify(to) => {
                    let new = self.report.setting(&value.text, value.span, "`none` or `required`", verified);
                    self.assign(word, to, new);
                }
                Slot::Text(to) => {
                    let new = self.text(value);
                    self.assign(word, to, new);
                }
                Slot::Time(to) => {
                    let new = self.time(value);
                    self.assign(word, to, new);
                }
                Slot::Count(to) => self.number(word, value, to, u32::MAX),
                Slot::Connections(to) => self.number(word, value, to, u64::MAX),
                Slot::Port(to) => self.number(word, value, to, u16::MAX),
            }
        }
    }

    /// `ADDRESS:PORT` in its many forms.
    pub(super) fn endpoint(&mut self, text: &str, span: Span) -> Endpoint {
        if let Some(range) = placeholder::find(text) {
            self.report.placeholder(&text[range], span);
            return Endpoint { host: Setting::Unknown(Spanned::at(text.to_owned(), span)), port: Setting::Absent };
        }
        let (family, rest) = text.split_once('@').map_or(("", text), |(family, rest)| (family, rest));
        if !matches!(family, "" | "ipv4" | "ipv6") || rest.starts_with('/') {
            let host = Host::Socket(text.to_owned());
            return Endpoint { host: Setting::Known(Spanned::at(host, span)), port: Setting::Absent };
        }
        let (host, port) = match rest.rsplit_once(':') {
            // `::1` has no port; `:::80` and `[::1]:80` have one.
            Some((host, port)) if !(rest.starts_with('[') && rest.ends_with(']')) => (host, Some(port)),
            _ => (rest, None),
        };
        let bare = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
        let host = match bare {
            "" | "*" if family == "ipv6" => Host::Ip(IpAddr::from([0; 16])),
            "" | "*" => Host::AnyIpv4,
            bare => bare.parse().map_or_else(|_| Host::Name(bare.to_owned()), Host::Ip),
        };
        let port = port.map_or(Setting::Absent, |port| {
            self.report.setting(port, span, "a port", |text| {
                let (first, last) = text.split_once('-').unwrap_or((text, text));
                let ports = Ports { first: first.parse().ok()?, last: last.parse().ok()? };
                (ports.first <= ports.last).then_some(ports)
            })
        });
        Endpoint { host: Setting::Known(Spanned::at(host, span)), port }
    }

    /// A word that must not be empty.
    pub(super) fn text(&mut self, word: &Word) -> Setting<String> {
        self.report.setting(&word.text, word.span, "a word", |text| (!text.is_empty()).then(|| text.to_owned()))
    }

    /// A word of a condition or of an option, where `<` and `%` have a meaning.
    pub(super) fn plain(&mut self, word: &Word) -> Setting<String> {
        if let Some(range) = placeholder::find_template(&word.text) {
            self.report.placeholder(&word.text[range], word.span);
            return Setting::Unknown(Spanned::at(word.text.clone(), word.span));
        }
        Setting::Known(Spanned::at(word.text.clone(), word.span))
    }

    pub(super) fn next<'w>(&mut self, rest: &mut impl Iterator<Item = &'w Word>, option: &Word) -> Setting<String> {
        match rest.next() {
            Some(word) => self.text(word),
            None => self.text(&Word { text: String::new(), span: option.span }),
        }
    }

    pub(super) fn joined(&mut self, words: &[Word]) -> Setting<String> {
        let texts: Vec<&str> = words.iter().flat_map(|word| word.text.split_whitespace()).collect();
        let span = words.iter().fold(words[0].span, |span, word| span.to(word.span));
        self.text(&Word { text: texts.join(" "), span })
    }

    pub(super) fn time(&mut self, word: &Word) -> Setting<Duration> {
        self.report.setting(&word.text, word.span, "a time such as `5s` or `500ms`", syntax::time)
    }

    pub(super) fn number<T: TryFrom<u64>>(
        &mut self,
        keyword: &Word,
        word: &Word,
        to: &mut Setting<T>,
        most: impl Into<u64>,
    ) {
        let most = most.into();
        let new = self.report.setting(&word.text, word.span, "a number in range", |text| {
            let number: u64 = text.parse().ok()?;
            if number <= most { T::try_from(number).ok() } else { None }
        });
        self.assign(keyword, to, new);
    }

    pub(super) fn assign<T>(&mut self, keyword: &Word, to: &mut Setting<T>, new: Setting<T>) {
        if !to.is_absent() {
            self.report.twice(&keyword.text, keyword.span, to.span());
        }
        *to = new;
    }
}

pub(super) fn verified(text: &str) -> Option<Verify> {
    match text {
        "none" => Some(Verify::None),
        "required" => Some(Verify::Required),
        _ => None,
    }
}
