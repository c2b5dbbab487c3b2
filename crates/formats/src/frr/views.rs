//! Prefix lists, route maps, BFD and static routes as rules judge them.

use std::net::IpAddr;

use ipnet::IpNet;
use plimsoll_diagnostics::{Span, Spanned};

use crate::Setting;

use super::bgp::number;
use super::{Conf, Line};

/// One entry of an `ip prefix-list` or `ipv6 prefix-list`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PrefixEntry {
    /// Name of the list.
    pub list: Spanned<String>,
    /// Its place in the list, when stated; entries without one follow in steps of 5.
    pub sequence: Option<u32>,
    /// `permit`, not `deny`.
    pub permit: bool,
    /// The network; all of the family for `any`.
    pub prefix: Setting<IpNet>,
    /// Least prefix length that matches.
    pub ge: Option<u8>,
    /// Greatest prefix length that matches; without `ge` and `le` only the length of the prefix itself matches.
    pub le: Option<u8>,
    /// Where it stands.
    pub span: Option<Span>,
}

/// One entry of a route map.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RouteMap {
    /// Name of the map.
    pub name: Spanned<String>,
    /// `permit`, not `deny`.
    pub permit: bool,
    /// Its place in the map.
    pub sequence: Setting<u32>,
    /// Words after each `match`; none matches everything.
    pub matches: Vec<Spanned<String>>,
    /// Words after each `set`.
    pub sets: Vec<Spanned<String>>,
    /// Where it starts.
    pub span: Option<Span>,
}

/// A BFD profile; intervals in milliseconds. Defaults: 3, 300 and 300 (FRR's bfdd documentation).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BfdProfile {
    /// Its name.
    pub name: Spanned<String>,
    /// `detect-multiplier`.
    pub multiplier: Setting<u32>,
    /// `receive-interval`.
    pub receive: Setting<u32>,
    /// `transmit-interval`.
    pub transmit: Setting<u32>,
    /// `passive-mode`.
    pub passive: bool,
    /// `echo-mode`.
    pub echo: bool,
    /// `minimum-ttl`.
    pub minimum_ttl: Setting<u8>,
    /// Where it starts.
    pub span: Option<Span>,
}

/// A BFD peer of its own, beside those that BGP makes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BfdPeer {
    /// Its address.
    pub address: Spanned<String>,
    /// The words after it: `interface …`, `vrf …`, `multihop`.
    pub words: Vec<Spanned<String>>,
    /// `profile`.
    pub profile: Option<Spanned<String>>,
    /// Its own timers.
    pub timers: BfdProfile,
}

/// `ip route` or `ipv6 route`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StaticRoute {
    /// Where to.
    pub prefix: Setting<IpNet>,
    /// The next hop's address, when it is one.
    pub via: Option<IpAddr>,
    /// All words after the prefix.
    pub words: Vec<Spanned<String>>,
    /// The VRF it is in.
    pub vrf: Option<Spanned<String>>,
    /// Where it stands.
    pub span: Option<Span>,
}

impl Conf {
    /// Every entry of every prefix list, in order.
    pub fn prefix_lists(&self) -> Vec<PrefixEntry> {
        self.lines.iter().filter_map(prefix_entry).collect()
    }

    /// Every entry of every route map, in order.
    pub fn route_maps(&self) -> Vec<RouteMap> {
        self.lines.iter().filter_map(route_map).collect()
    }

    /// Every BFD profile, in order.
    pub fn bfd_profiles(&self) -> Vec<BfdProfile> {
        let profiles = self.bfd_lines().filter(|line| matches!(line.texts().as_slice(), ["profile", _]));
        profiles.map(|line| profile(line, line.words[1].clone())).collect()
    }

    /// Every BFD peer that is stated on its own.
    pub fn bfd_peers(&self) -> Vec<BfdPeer> {
        let peers = self.bfd_lines().filter(|line| matches!(line.texts().as_slice(), ["peer", _, ..]));
        peers
            .map(|line| BfdPeer {
                address: line.words[1].clone(),
                words: line.words[2..].to_vec(),
                profile: line.block.iter().find_map(|inner| match inner.texts().as_slice() {
                    ["profile", _] => Some(inner.words[1].clone()),
                    _ => None,
                }),
                timers: profile(line, line.words[1].clone()),
            })
            .collect()
    }

    fn bfd_lines(&self) -> impl Iterator<Item = &Line> {
        self.lines.iter().filter(|line| line.texts() == ["bfd"]).flat_map(|line| &line.block)
    }

    /// Every static route, those in a `vrf` block too.
    pub fn static_routes(&self) -> Vec<StaticRoute> {
        let mut routes = Vec::new();
        for line in &self.lines {
            routes.extend(static_route(line, None));
            if let ["vrf", _] = line.texts().as_slice() {
                routes.extend(line.block.iter().filter_map(|inner| static_route(inner, line.words.get(1).cloned())));
            }
        }
        routes
    }

    /// Every `interface`: its name and the commands in it.
    pub fn interfaces(&self) -> Vec<(&Spanned<String>, &[Line])> {
        let interfaces = self.lines.iter().filter(|line| matches!(line.texts().as_slice(), ["interface", _, ..]));
        interfaces.map(|line| (&line.words[1], line.block.as_slice())).collect()
    }

    /// `frr defaults`: `traditional` or `datacenter`, which set BGP's timers and policy requirement.
    pub fn defaults(&self) -> Option<&Spanned<String>> {
        self.lines.iter().find_map(|line| match line.texts().as_slice() {
            ["frr", "defaults", _] => line.words.get(2),
            _ => None,
        })
    }
}

fn prefix(word: &Spanned<String>, v6: bool) -> Setting<IpNet> {
    let text = match (word.value.as_str(), v6) {
        ("any", false) => "0.0.0.0/0",
        ("any", true) => "::/0",
        (text, _) => text,
    };
    number(&Spanned { value: text.to_owned(), span: word.span })
}

fn prefix_entry(line: &Line) -> Option<PrefixEntry> {
    let texts = line.texts();
    let (["ip" | "ipv6", "prefix-list", _, ..], v6) = (texts.as_slice(), texts.first() == Some(&"ipv6")) else {
        return None;
    };
    let mut rest = line.words.get(3..)?;
    let mut sequence = None;
    if let [seq, number, after @ ..] = rest
        && seq.value == "seq"
    {
        sequence = number.value.parse().ok();
        rest = after;
    }
    let [action, network, rest @ ..] = rest else { return None };
    let permit = match action.value.as_str() {
        "permit" => true,
        "deny" => false,
        _ => return None,
    };
    let bound = |name: &str| {
        let at = rest.iter().position(|word| word.value == name)?;
        rest.get(at + 1)?.value.parse().ok()
    };
    let any = network.value == "any";
    let longest = if v6 { 128 } else { 32 };
    Some(PrefixEntry {
        list: line.words[2].clone(),
        sequence,
        permit,
        prefix: prefix(network, v6),
        ge: bound("ge"),
        le: bound("le").or(any.then_some(longest)),
        span: line.span(),
    })
}

fn route_map(line: &Line) -> Option<RouteMap> {
    let texts = line.texts();
    let ["route-map", _, action @ ("permit" | "deny"), _] = texts.as_slice() else { return None };
    let after = |keyword: &str| {
        let inner = line.block.iter().filter(|inner| inner.texts().first() == Some(&keyword));
        inner.map(|inner| Spanned { value: inner.texts()[1..].join(" "), span: inner.span() }).collect()
    };
    Some(RouteMap {
        name: line.words[1].clone(),
        permit: *action == "permit",
        sequence: number(&line.words[3]),
        matches: after("match"),
        sets: after("set"),
        span: line.span(),
    })
}

fn profile(line: &Line, name: Spanned<String>) -> BfdProfile {
    let mut profile = BfdProfile { name, span: line.span(), ..BfdProfile::default() };
    for inner in &line.block {
        match inner.texts().as_slice() {
            ["detect-multiplier", _] => profile.multiplier = number(&inner.words[1]),
            ["receive-interval", _] => profile.receive = number(&inner.words[1]),
            ["transmit-interval", _] => profile.transmit = number(&inner.words[1]),
            ["minimum-ttl", _] => profile.minimum_ttl = number(&inner.words[1]),
            ["passive-mode"] => profile.passive = true,
            ["echo-mode"] => profile.echo = true,
            _ => {}
        }
    }
    profile
}

fn static_route(line: &Line, vrf: Option<Spanned<String>>) -> Option<StaticRoute> {
    let texts = line.texts();
    let ["ip" | "ipv6", "route", _, rest @ ..] = texts.as_slice() else { return None };
    let stated = rest.iter().position(|word| *word == "vrf").and_then(|at| line.words.get(at + 4).cloned());
    Some(StaticRoute {
        prefix: prefix(&line.words[2], texts[0] == "ipv6"),
        via: rest.first().and_then(|word| word.parse().ok()),
        words: line.words[3..].to_vec(),
        vrf: vrf.or(stated),
        span: line.span(),
    })
}
