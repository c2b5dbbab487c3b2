//! Values of options.

use std::net::IpAddr;

use plimsoll_diagnostics::{Span, Spanned};

use super::{Address, Vids};
use crate::Setting;
use crate::report::Report;
use crate::text::{self, Piece};

/// An option with its value.
pub(super) struct Field<'a> {
    pub(super) report: &'a mut Report,
    pub(super) span: Span,
    pub(super) keyword: &'a str,
    pub(super) value: &'a str,
}

impl Field<'_> {
    pub(super) fn value<T>(&mut self, expected: &str, parse: impl FnOnce(&str) -> Option<T>) -> Setting<T> {
        self.report.setting(self.value, self.span, expected, parse)
    }

    pub(super) fn set<T>(&mut self, to: &mut Setting<T>, expected: &str, parse: impl FnOnce(&str) -> Option<T>) {
        let new = self.value(expected, parse);
        if !to.is_absent() {
            self.report.twice(self.keyword, self.span, to.span());
        }
        *to = new;
    }

    /// Names of interfaces, each with its place.
    pub(super) fn names(&mut self, to: &mut Setting<Vec<Spanned<String>>>) {
        let words = text::words(Piece::new(self.value, 0));
        let (start, exact) = (self.span.start as usize, (self.span.end - self.span.start) as usize == self.value.len());
        let spans: Vec<Spanned<String>> = words
            .iter()
            .map(|word| {
                let place = if exact { self.report.span(start + word.start, start + word.end()) } else { self.span };
                Spanned::at(word.text.to_owned(), place)
            })
            .collect();
        self.set(to, "a list of interfaces", |text| match text {
            "" => None,
            "none" => Some(Vec::new()),
            _ => Some(spans),
        });
    }
}

pub(super) fn word(text: &str) -> Option<String> {
    (!text.is_empty() && !text.contains(char::is_whitespace)).then(|| text.to_owned())
}

pub(super) fn address(text: &str) -> Option<Address> {
    let (ip, prefix) = match text.split_once('/') {
        Some((ip, prefix)) => (ip, Some(netmask(prefix)?)),
        None => (text, None),
    };
    let ip: IpAddr = ip.parse().ok()?;
    let most = if ip.is_ipv4() { 32 } else { 128 };
    prefix.is_none_or(|prefix| prefix <= most).then_some(Address { ip, prefix })
}

/// A prefix length, also as `255.255.255.0`.
pub(super) fn netmask(text: &str) -> Option<u8> {
    match text.parse::<IpAddr>() {
        Ok(mask) => ipnet::ip_mask_to_prefix(mask).ok(),
        Err(_) => text.parse().ok().filter(|length| *length <= 128),
    }
}

pub(super) fn vlan(text: &str) -> Option<u16> {
    text.parse().ok().filter(|vlan| (1..=4094).contains(vlan))
}

pub(super) fn switch(text: &str) -> Option<bool> {
    match text {
        "yes" | "on" | "1" | "true" => Some(true),
        "no" | "off" | "0" | "false" => Some(false),
        _ => None,
    }
}

pub(super) fn vids(text: &str) -> Option<Vids> {
    let range = |word: &str| {
        let (first, last) = word.split_once('-').unwrap_or((word, word));
        let (first, last) = (vlan(first)?, vlan(last)?);
        (first <= last).then_some((first, last))
    };
    let words = text.split([' ', '\t', ',']).filter(|word| !word.is_empty());
    words.map(range).collect::<Option<Vec<_>>>().filter(|list| !list.is_empty()).map(Vids)
}
