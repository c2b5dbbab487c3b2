//! What becomes of a packet that arrives.

use std::collections::BTreeMap;
use std::net::IpAddr;

use ipnet::IpNet;
use plimsoll_diagnostics::Span;

use super::{Chain, Match, Policy, RuleLine, Ruleset, Table, Verdict};

/// The first packet of a connection that arrives from another machine.
#[derive(Clone, Debug, PartialEq)]
pub struct Packet {
    /// Whether it is IPv6.
    pub ipv6: bool,
    /// Number of its protocol: 6 TCP, 17 UDP, 112 VRRP, 4 IPIP, 1 ICMP, 58 ICMPv6.
    pub protocol: u8,
    /// Destination port, for protocols that have one.
    pub port: Option<u16>,
    /// Where it comes from; unknown is any other machine.
    pub source: Option<IpAddr>,
    /// Where it goes to; unknown is any address of this machine.
    pub destination: Option<IpAddr>,
    /// Interface it arrives on; unknown is any but `lo`.
    pub interface: Option<String>,
}

impl Packet {
    /// A packet of IPv4 from anywhere.
    pub const fn v4(protocol: u8, port: Option<u16>) -> Self {
        Packet { ipv6: false, protocol, port, source: None, destination: None, interface: None }
    }

    /// The same from an address, of whose family it then is.
    #[must_use]
    pub const fn from(mut self, source: IpAddr) -> Self {
        self.ipv6 = source.is_ipv6();
        self.source = Some(source);
        self
    }
}

/// What becomes of a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Judgement {
    /// It arrives.
    Accepted,
    /// It is dropped or rejected, by what stands here; `None` when several chains may do it.
    Dropped(Option<Span>),
    /// It depends on what the file does not say: an include, a set that is filled later, a rule that is not understood.
    Unknown,
}

/// Outcomes that are still possible.
#[derive(Clone, Copy, Debug, Default)]
struct Outcomes {
    accept: bool,
    drop: bool,
    /// The chain ends without a verdict.
    end: bool,
    /// What drops it, when one rule is reached for certain.
    by: Option<Span>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fit {
    Yes,
    No,
    Maybe,
}

impl Fit {
    fn and(self, other: Fit) -> Fit {
        match (self, other) {
            (Fit::No, _) | (_, Fit::No) => Fit::No,
            (Fit::Yes, Fit::Yes) => Fit::Yes,
            _ => Fit::Maybe,
        }
    }

    fn or(self, other: Fit) -> Fit {
        self.not().and(other.not()).not()
    }

    fn not(self) -> Fit {
        match self {
            Fit::Yes => Fit::No,
            Fit::No => Fit::Yes,
            Fit::Maybe => Fit::Maybe,
        }
    }

    fn when(holds: bool) -> Fit {
        if holds { Fit::Yes } else { Fit::No }
    }
}

impl Ruleset {
    /// What becomes of a packet that arrives for this machine: all base chains of the hook `input` see it, and one
    /// that drops it is enough. Without such a chain everything is accepted.
    pub fn input(&self, packet: &Packet) -> Judgement {
        if !self.includes.is_empty() || !self.unknown.is_empty() {
            return Judgement::Unknown;
        }
        let mut all = Outcomes { accept: true, ..Outcomes::default() };
        let family = if packet.ipv6 { "ip6" } else { "ip" };
        for table in self.tables.iter().filter(|table| table.family == "inet" || table.family == family) {
            let entered = |chain: &&Chain| chain.base.as_ref().is_some_and(|base| base.hook == "input");
            for chain in table.chains.iter().filter(entered) {
                let mut walk = Walk { ruleset: self, table, packet, known: BTreeMap::new() };
                let mut found = walk.chain(&chain.name);
                if found.end {
                    let span = chain.policy.span().or(chain.place.0);
                    match chain.policy.effective() {
                        Some(Policy::Accept) => found.accept = true,
                        Some(Policy::Drop) => {
                            found.drop = true;
                            found.by = found.by.or(span);
                        }
                        None => (found.accept, found.drop) = (true, true),
                    }
                }
                all.accept &= found.accept;
                all.drop |= found.drop;
                if found.drop && !found.accept {
                    all.by = all.by.or(found.by);
                }
            }
        }
        match (all.accept, all.drop) {
            (true, false) => Judgement::Accepted,
            (false, _) => Judgement::Dropped(all.by),
            (true, true) => Judgement::Unknown,
        }
    }
}

struct Walk<'a> {
    ruleset: &'a Ruleset,
    table: &'a Table,
    packet: &'a Packet,
    /// Chains already walked; `None` while one is being walked, so that a loop of jumps ends.
    known: BTreeMap<String, Option<Outcomes>>,
}

impl Walk<'_> {
    fn chain(&mut self, name: &str) -> Outcomes {
        let anything = Outcomes { accept: true, drop: true, end: true, by: None };
        // Each level of jumps is a call; nft itself allows 16.
        let walking = self.known.values().filter(|known| known.is_none()).count();
        match self.known.get(name) {
            Some(Some(outcomes)) => return *outcomes,
            Some(None) => return anything,
            None if walking >= 16 => return anything,
            None => {}
        }
        let table = self.table;
        let Some(chain) = table.chains.iter().find(|chain| chain.name == name) else { return anything };
        self.known.insert(name.to_owned(), None);
        let mut possible = Outcomes::default();
        let mut decided = false;
        for line in &chain.rules {
            let (fit, here, goes_on) = self.line(line);
            if fit == Fit::No {
                continue;
            }
            possible.accept |= here.accept;
            possible.drop |= here.drop;
            possible.end |= here.end;
            if fit == Fit::Yes && !goes_on {
                possible.by = here.by;
                decided = true;
                break;
            }
        }
        possible.end |= !decided;
        self.known.insert(name.to_owned(), Some(possible));
        possible
    }

    /// Whether a rule matches, what it may lead to, and whether the next rule may still be reached when it does.
    fn line(&mut self, line: &RuleLine) -> (Fit, Outcomes, bool) {
        let rule = match line {
            RuleLine::Rule(rule) => rule,
            RuleLine::Kept(text) => {
                let says = |words: &[&str]| text.split_whitespace().any(|word| words.contains(&word));
                let jumps = says(&["jump", "goto", "vmap", "queue", "return"]) || text.contains("{%");
                let outcomes = Outcomes {
                    accept: jumps || says(&["accept"]),
                    drop: jumps || says(&["drop", "reject"]),
                    end: says(&["return", "goto"]),
                    by: None,
                };
                return (Fit::Maybe, outcomes, true);
            }
        };
        let mut fit = rule.matches.iter().fold(Fit::Yes, |fit, one| fit.and(self.fits(one)));
        if rule.statements.iter().any(|statement| statement.starts_with("limit")) {
            fit = fit.and(Fit::Maybe);
        }
        if fit == Fit::No {
            return (fit, Outcomes::default(), true);
        }
        let span = rule.place.0;
        if let Some(map) = &rule.map {
            let mut possible = Outcomes::default();
            let mut goes_on = true;
            for (value, verdict) in &map.entries {
                let one = Match { key: map.key.clone(), negated: false, values: vec![value.clone()] };
                let entry = self.fits(&one);
                if entry == Fit::No {
                    continue;
                }
                let (here, on) = self.verdict(verdict, span);
                possible.accept |= here.accept;
                possible.drop |= here.drop;
                possible.end |= here.end;
                if entry == Fit::Yes {
                    possible.by = here.by;
                    goes_on = on;
                    break;
                }
            }
            return (fit, possible, goes_on);
        }
        match &rule.verdict {
            Some(verdict) => {
                let (outcomes, goes_on) = self.verdict(verdict, span);
                (fit, outcomes, goes_on)
            }
            None => (fit, Outcomes::default(), true),
        }
    }

    fn verdict(&mut self, verdict: &Verdict, by: Option<Span>) -> (Outcomes, bool) {
        let none = Outcomes::default();
        match verdict {
            Verdict::Accept => (Outcomes { accept: true, by, ..none }, false),
            Verdict::Drop | Verdict::Reject(_) => (Outcomes { drop: true, by, ..none }, false),
            Verdict::Continue => (none, true),
            Verdict::Return => (Outcomes { end: true, ..none }, false),
            Verdict::Goto(chain) => (self.chain(chain), false),
            Verdict::Jump(chain) => {
                let inner = self.chain(chain);
                (Outcomes { end: false, ..inner }, inner.end)
            }
        }
    }

    fn fits(&self, one: &Match) -> Fit {
        let any = self.one(&one.key, &one.values.iter().map(|value| value.value.as_str()).collect::<Vec<_>>(), 0);
        // A port of UDP says nothing about TCP, negated or not.
        let applies = self.applies(&one.key);
        applies.and(if one.negated { any.not() } else { any })
    }

    /// Whether a key has a value at all for this packet.
    fn applies(&self, key: &str) -> Fit {
        let packet = self.packet;
        match key {
            "tcp dport" | "tcp sport" => Fit::when(packet.protocol == 6),
            "udp dport" | "udp sport" => Fit::when(packet.protocol == 17),
            "sctp dport" => Fit::when(packet.protocol == 132),
            "th dport" | "th sport" => Fit::when(packet.port.is_some()),
            "ip saddr" | "ip daddr" | "ip protocol" | "ip ttl" => Fit::when(!packet.ipv6),
            "ip6 saddr" | "ip6 daddr" | "ip6 nexthdr" | "ip6 hoplimit" => Fit::when(packet.ipv6),
            "icmp type" | "icmp code" => Fit::when(packet.protocol == 1),
            "icmpv6 type" => Fit::when(packet.protocol == 58),
            _ => Fit::Yes,
        }
    }

    /// Whether one of the values is that of the packet. Sets and definitions are looked up, one inside the other at most
    /// a few deep.
    fn one(&self, key: &str, values: &[&str], depth: usize) -> Fit {
        values.iter().fold(Fit::No, |fit, value| {
            let here = match (value.strip_prefix('@'), value.strip_prefix('$')) {
                (None, None) => self.value(key, value),
                _ if depth > 4 => Fit::Maybe,
                (Some(name), _) => match self.table.sets.iter().find(|set| set.name == name) {
                    // Without elements it is filled while the machine runs.
                    Some(set) if !set.elements.is_empty() && !set.properties.iter().any(|p| p.contains("dynamic")) => {
                        let elements: Vec<&str> = set.elements.iter().map(|value| value.value.as_str()).collect();
                        self.one(key, &elements, depth + 1)
                    }
                    _ => Fit::Maybe,
                },
                (_, Some(name)) => match self.ruleset.defines.iter().rev().find(|define| define.name == name) {
                    Some(define) => {
                        let values: Vec<&str> = define.values.iter().map(|value| value.value.as_str()).collect();
                        self.one(key, &values, depth + 1)
                    }
                    None => Fit::Maybe,
                },
            };
            fit.or(here)
        })
    }

    fn value(&self, key: &str, value: &str) -> Fit {
        let packet = self.packet;
        // An element of a set may carry a timeout or a comment.
        let value = value.split_whitespace().next().unwrap_or_default();
        match key {
            "tcp dport" | "udp dport" | "sctp dport" | "th dport" => match (packet.port, range(value)) {
                (Some(port), Some((first, last))) => Fit::when((first..=last).contains(&port)),
                _ => Fit::Maybe,
            },
            "meta l4proto" | "ip protocol" | "ip6 nexthdr" => {
                protocol(value).map_or(Fit::Maybe, |number| Fit::when(number == packet.protocol))
            }
            "meta nfproto" => match value {
                "ipv4" => Fit::when(!packet.ipv6),
                "ipv6" => Fit::when(packet.ipv6),
                _ => Fit::Maybe,
            },
            "ip saddr" | "ip6 saddr" => address(packet.source, value),
            "ip daddr" | "ip6 daddr" => address(packet.destination, value),
            "ct state" => match value {
                "new" => Fit::Yes,
                "established" | "related" | "invalid" | "untracked" => Fit::No,
                _ => Fit::Maybe,
            },
            "iif" | "iifname" | "meta iif" | "meta iifname" => match (&packet.interface, value) {
                (None, "lo") => Fit::No,
                (Some(name), value) if !value.contains('*') => Fit::when(name == value),
                (Some(name), value) => {
                    value.strip_suffix('*').map_or(Fit::Maybe, |start| Fit::when(name.starts_with(start)))
                }
                (None, _) => Fit::Maybe,
            },
            // A packet that arrives has no interface to leave by.
            "oif" | "oifname" | "meta oif" | "meta oifname" => Fit::No,
            _ => Fit::Maybe,
        }
    }
}

fn address(address: Option<IpAddr>, value: &str) -> Fit {
    let Some(address) = address else {
        return if matches!(value, "0.0.0.0/0" | "::/0") { Fit::Yes } else { Fit::Maybe };
    };
    if let Ok(net) = value.parse::<IpNet>() {
        return Fit::when(net.contains(&address));
    }
    if let Some((first, last)) = value.split_once('-') {
        return match (first.parse::<IpAddr>(), last.parse::<IpAddr>()) {
            (Ok(first), Ok(last)) => Fit::when(first <= address && address <= last),
            _ => Fit::Maybe,
        };
    }
    value.parse::<IpAddr>().map_or(Fit::Maybe, |one| Fit::when(one == address))
}

/// A port, a range, or one of the names of services that matter here (/etc/services).
fn range(value: &str) -> Option<(u16, u16)> {
    let port = |text: &str| match text {
        "ssh" => Some(22),
        "domain" => Some(53),
        "http" => Some(80),
        "ntp" => Some(123),
        "bgp" => Some(179),
        "https" => Some(443),
        text => text.parse().ok(),
    };
    let (first, last) = value.split_once('-').unwrap_or((value, value));
    Some((port(first)?, port(last)?))
}

/// A protocol's number or name (/etc/protocols).
fn protocol(value: &str) -> Option<u8> {
    Some(match value {
        "icmp" => 1,
        "igmp" => 2,
        "ipip" | "ipencap" => 4,
        "tcp" => 6,
        "udp" => 17,
        "gre" => 47,
        "esp" => 50,
        "ah" => 51,
        "icmpv6" | "ipv6-icmp" => 58,
        "ospf" => 89,
        "vrrp" => 112,
        "sctp" => 132,
        number => return number.parse().ok(),
    })
}
