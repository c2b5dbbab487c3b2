//! `router bgp` as rules judge it.

use std::collections::BTreeMap;

use plimsoll_diagnostics::{Span, Spanned};

use crate::Setting;

use super::{Conf, Line};

/// One `router bgp`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Bgp {
    /// Its AS number.
    pub asn: Setting<u32>,
    /// Its VRF, when not the default one.
    pub vrf: Option<Spanned<String>>,
    /// `bgp router-id`.
    pub router_id: Option<Spanned<String>>,
    /// `bgp ebgp-requires-policy`; on by default in the traditional profile, off in the datacenter profile.
    pub ebgp_requires_policy: Setting<bool>,
    /// `bgp default ipv4-unicast`; on by default: neighbors take part in IPv4 without `activate`.
    pub default_ipv4_unicast: Setting<bool>,
    /// `bgp bestpath as-path multipath-relax`: paths of different AS paths may share traffic. Off by default.
    pub multipath_relax: Setting<bool>,
    /// `timers bgp`: keepalive and hold time in seconds; 60 and 180 in the traditional profile, 3 and 9 in the
    /// datacenter profile.
    pub timers: Setting<(u32, u32)>,
    /// `bgp listen range PREFIX peer-group NAME`.
    pub listen: Vec<(Spanned<String>, Spanned<String>)>,
    /// Neighbors and peer groups by name, in order of their names.
    pub neighbors: BTreeMap<String, Neighbor>,
    /// Address families by their names (`ipv4 unicast`).
    pub families: BTreeMap<String, Family>,
    /// Where it starts.
    pub span: Option<Span>,
}

/// A neighbor, or a peer group.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Neighbor {
    /// Its address, its interface, or the group's name.
    pub name: Spanned<String>,
    /// It is a group.
    pub is_group: bool,
    /// It is reached by an interface, without an address of its own.
    pub by_interface: bool,
    /// The group it belongs to.
    pub group: Option<Spanned<String>>,
    /// `remote-as`.
    pub remote_as: Setting<RemoteAs>,
    /// `bfd`.
    pub bfd: Setting<Bfd>,
    /// `timers`: keepalive and hold time in seconds.
    pub timers: Setting<(u32, u32)>,
    /// `timers connect` in seconds.
    pub connect: Setting<u32>,
    /// Where `password` is given; the password itself is only in the tree.
    pub password: Option<Span>,
    /// `ebgp-multihop`; 255 when given without a number.
    pub multihop: Setting<u8>,
    /// `ttl-security hops`.
    pub ttl_security: Setting<u8>,
    /// `update-source`.
    pub update_source: Option<Spanned<String>>,
    /// `shutdown`.
    pub shutdown: bool,
    /// What it is in each address family.
    pub families: BTreeMap<String, NeighborFamily>,
}

/// Whom a neighbor must be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RemoteAs {
    /// This AS.
    Number(u32),
    /// Any other AS.
    External,
    /// The own AS.
    Internal,
    /// Any (`auto`, FRR 10.2 and later).
    Auto,
}

/// How a neighbor is watched by BFD.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Bfd {
    /// `bfd profile NAME`.
    pub profile: Option<String>,
    /// `bfd MULTIPLIER RX TX` (milliseconds), the old form.
    pub timers: Option<(u32, u32, u32)>,
}

/// A neighbor's settings in one address family.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NeighborFamily {
    /// `activate`, or `no … activate`.
    pub activate: Setting<bool>,
    /// `route-map … in`.
    pub route_map_in: Option<Spanned<String>>,
    /// `route-map … out`.
    pub route_map_out: Option<Spanned<String>>,
    /// `prefix-list … in`.
    pub prefix_list_in: Option<Spanned<String>>,
    /// `prefix-list … out`.
    pub prefix_list_out: Option<Spanned<String>>,
    /// `next-hop-self`.
    pub next_hop_self: bool,
    /// `allowas-in`, with the number of times (3 when not given).
    pub allowas_in: Setting<u8>,
    /// `as-override`.
    pub as_override: bool,
    /// `route-reflector-client`.
    pub route_reflector_client: bool,
    /// `default-originate`.
    pub default_originate: bool,
    /// `maximum-prefix`.
    pub maximum_prefix: Setting<u32>,
}

/// An address family of one `router bgp`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Family {
    /// `maximum-paths` (eBGP); 64 by default in today's builds, see `show bgp`'s build limit.
    pub maximum_paths: Setting<u16>,
    /// `maximum-paths ibgp`.
    pub maximum_paths_ibgp: Setting<u16>,
    /// `network`.
    pub networks: Vec<Spanned<String>>,
    /// `redistribute`, with the words after it.
    pub redistribute: Vec<Spanned<String>>,
    /// Where it starts; `None` when its commands stand outside of an `address-family`.
    pub span: Option<Span>,
}

impl Neighbor {
    /// The neighbor with what it inherits from its group where it states nothing itself.
    #[must_use]
    pub fn with_group(&self, group: &Neighbor) -> Neighbor {
        let mut own = self.clone();
        own.remote_as = own.remote_as.inherit(&group.remote_as);
        own.bfd = own.bfd.inherit(&group.bfd);
        own.timers = own.timers.inherit(&group.timers);
        own.connect = own.connect.inherit(&group.connect);
        own.multihop = own.multihop.inherit(&group.multihop);
        own.ttl_security = own.ttl_security.inherit(&group.ttl_security);
        own.password = own.password.or(group.password);
        own.update_source = own.update_source.or_else(|| group.update_source.clone());
        own.shutdown |= group.shutdown;
        for (name, theirs) in &group.families {
            let mine = own.families.entry(name.clone()).or_default();
            mine.activate = mine.activate.inherit(&theirs.activate);
            mine.allowas_in = mine.allowas_in.inherit(&theirs.allowas_in);
            mine.maximum_prefix = mine.maximum_prefix.inherit(&theirs.maximum_prefix);
            mine.route_map_in = mine.route_map_in.take().or_else(|| theirs.route_map_in.clone());
            mine.route_map_out = mine.route_map_out.take().or_else(|| theirs.route_map_out.clone());
            mine.prefix_list_in = mine.prefix_list_in.take().or_else(|| theirs.prefix_list_in.clone());
            mine.prefix_list_out = mine.prefix_list_out.take().or_else(|| theirs.prefix_list_out.clone());
            mine.next_hop_self |= theirs.next_hop_self;
            mine.as_override |= theirs.as_override;
            mine.route_reflector_client |= theirs.route_reflector_client;
            mine.default_originate |= theirs.default_originate;
        }
        own
    }
}

impl Bgp {
    /// Every neighbor that is no group, with what it inherits from its group.
    pub fn effective_neighbors(&self) -> Vec<Neighbor> {
        self.neighbors
            .values()
            .filter(|neighbor| !neighbor.is_group)
            .map(|neighbor| {
                let group = neighbor.group.as_ref().and_then(|name| self.neighbors.get(&name.value));
                group.map_or_else(|| neighbor.clone(), |group| neighbor.with_group(group))
            })
            .collect()
    }

    /// Whether neighbor and family exchange routes: `activate`, else the default, which is yes for IPv4 unicast unless
    /// `no bgp default ipv4-unicast` stands there. `None` when it cannot be told.
    pub fn is_active(&self, neighbor: &Neighbor, family: &str) -> Option<bool> {
        let default = if family == "ipv4 unicast" { self.default_ipv4_unicast.or(true)? } else { false };
        neighbor.families.get(family).map_or(Some(default), |settings| settings.activate.or(default))
    }
}

/// The words after `no`, and whether it stood there.
fn without_no(line: &Line) -> (&[Spanned<String>], bool) {
    match line.words.split_first() {
        Some((first, rest)) if first.value == "no" => (rest, true),
        _ => (&line.words, false),
    }
}

pub(super) fn number<T: std::str::FromStr>(word: &Spanned<String>) -> Setting<T> {
    match word.value.parse() {
        Ok(value) => Setting::Known(Spanned { value, span: word.span }),
        Err(_) => Setting::Unknown(word.clone()),
    }
}

/// An AS number, in plain or dotted form.
fn asn(word: &Spanned<String>) -> Setting<u32> {
    if let Some((high, low)) = word.value.split_once('.')
        && let (Ok(high), Ok(low)) = (high.parse::<u16>(), low.parse::<u16>())
    {
        let value = u32::from(high) << 16 | u32::from(low);
        return Setting::Known(Spanned { value, span: word.span });
    }
    number(word)
}

impl Conf {
    /// Every `router bgp`, in order.
    pub fn bgp(&self) -> Vec<Bgp> {
        self.lines.iter().filter(|line| matches!(line.texts().as_slice(), ["router", "bgp", ..])).map(bgp).collect()
    }
}

fn bgp(line: &Line) -> Bgp {
    let mut bgp = Bgp { span: line.span(), ..Bgp::default() };
    let words = line.words.get(2..).unwrap_or_default();
    if let Some(word) = words.first() {
        bgp.asn = asn(word);
    }
    if let Some(at) = words.iter().position(|word| word.value == "vrf") {
        bgp.vrf = words.get(at + 1).cloned();
    }
    for line in &line.block {
        let (words, no) = without_no(line);
        let texts: Vec<&str> = words.iter().map(|word| word.value.as_str()).collect();
        let flag = || Setting::Known(Spanned { value: !no, span: line.span() });
        match texts.as_slice() {
            ["address-family", name @ ..] => {
                // `address-family ipv4` is its unicast.
                let name = if name.len() < 2 { format!("{} unicast", name.join(" ")) } else { name.join(" ") };
                bgp.families.entry(name.clone()).or_default().span = line.span();
                for line in &line.block {
                    in_family(&mut bgp, &name, line);
                }
            }
            ["bgp", "router-id", ..] if !no => bgp.router_id = words.get(2).cloned(),
            ["bgp", "ebgp-requires-policy"] => bgp.ebgp_requires_policy = flag(),
            ["bgp", "default", "ipv4-unicast"] => bgp.default_ipv4_unicast = flag(),
            ["bgp", "bestpath", "as-path", "multipath-relax", ..] => bgp.multipath_relax = flag(),
            ["timers", "bgp", _, _] if !no => bgp.timers = pair(&words[2], &words[3]),
            ["bgp", "listen", "range", _, "peer-group", _] if !no => {
                bgp.listen.push((words[3].clone(), words[5].clone()));
            }
            ["neighbor", _, ..] => neighbor(&mut bgp, words, no, line.span()),
            _ => in_family(&mut bgp, "ipv4 unicast", line),
        }
    }
    bgp
}

fn pair(first: &Spanned<String>, second: &Spanned<String>) -> Setting<(u32, u32)> {
    let span = first.span.zip(second.span).map(|(a, b)| a.to(b));
    match (first.value.parse(), second.value.parse()) {
        (Ok(a), Ok(b)) => Setting::Known(Spanned { value: (a, b), span }),
        _ => Setting::Unknown(Spanned { value: format!("{first} {second}"), span }),
    }
}

fn named<'b>(bgp: &'b mut Bgp, name: &Spanned<String>) -> &'b mut Neighbor {
    bgp.neighbors.entry(name.value.clone()).or_insert_with(|| Neighbor { name: name.clone(), ..Neighbor::default() })
}

/// A `neighbor` command outside of address families; family commands there are IPv4 unicast's.
fn neighbor(bgp: &mut Bgp, words: &[Spanned<String>], no: bool, span: Option<Span>) {
    let Some((name, rest)) = words.get(1).zip(words.get(2..)) else { return };
    let texts: Vec<&str> = rest.iter().map(|word| word.value.as_str()).collect();
    let neighbor = named(bgp, name);
    match texts.as_slice() {
        ["peer-group"] => neighbor.is_group = !no,
        ["peer-group", _] if !no => neighbor.group = Some(rest[1].clone()),
        ["interface", more @ ..] if !no => {
            neighbor.by_interface = true;
            if let Some(at) = more.iter().position(|word| *word == "peer-group") {
                neighbor.group = rest.get(at + 2).cloned();
            }
            if let Some(at) = more.iter().position(|word| *word == "remote-as") {
                neighbor.remote_as = rest.get(at + 2).map(remote_as).unwrap_or_default();
            }
        }
        ["remote-as", _] if !no => neighbor.remote_as = remote_as(&rest[1]),
        ["bfd", more @ ..] if !no => {
            let mut bfd = neighbor.bfd.get().cloned().unwrap_or_default();
            match more {
                ["profile", name] => bfd.profile = Some((*name).to_owned()),
                [multiplier, rx, tx] => {
                    bfd.timers = match (multiplier.parse(), rx.parse(), tx.parse()) {
                        (Ok(multiplier), Ok(rx), Ok(tx)) => Some((multiplier, rx, tx)),
                        _ => None,
                    };
                }
                _ => {}
            }
            neighbor.bfd = Setting::Known(Spanned { value: bfd, span });
        }
        ["timers", "connect", _] if !no => neighbor.connect = number(&rest[2]),
        ["timers", _, _] if !no => neighbor.timers = pair(&rest[1], &rest[2]),
        ["password", ..] if !no => neighbor.password = span,
        ["ebgp-multihop"] if !no => neighbor.multihop = Setting::Known(Spanned { value: 255, span }),
        ["ebgp-multihop", _] if !no => neighbor.multihop = number(&rest[1]),
        ["ttl-security", "hops", _] if !no => neighbor.ttl_security = number(&rest[2]),
        ["update-source", _] if !no => neighbor.update_source = Some(rest[1].clone()),
        ["shutdown", ..] => neighbor.shutdown = !no,
        _ => neighbor_family(bgp, "ipv4 unicast", name, rest, no, span),
    }
}

fn remote_as(word: &Spanned<String>) -> Setting<RemoteAs> {
    match word.value.as_str() {
        "external" => Setting::Known(Spanned { value: RemoteAs::External, span: word.span }),
        "internal" => Setting::Known(Spanned { value: RemoteAs::Internal, span: word.span }),
        "auto" => Setting::Known(Spanned { value: RemoteAs::Auto, span: word.span }),
        _ => asn(word).map(RemoteAs::Number),
    }
}

fn in_family(bgp: &mut Bgp, family: &str, line: &Line) {
    let (words, no) = without_no(line);
    let texts: Vec<&str> = words.iter().map(|word| word.value.as_str()).collect();
    match texts.as_slice() {
        ["neighbor", _, ..] => {
            let Some((name, rest)) = words.get(1).zip(words.get(2..)) else { return };
            neighbor_family(bgp, family, name, rest, no, line.span());
        }
        ["maximum-paths", "ibgp", _, ..] if !no => {
            bgp.families.entry(family.to_owned()).or_default().maximum_paths_ibgp = number(&words[2]);
        }
        ["maximum-paths", _] if !no => {
            bgp.families.entry(family.to_owned()).or_default().maximum_paths = number(&words[1]);
        }
        ["network", _, ..] if !no => {
            bgp.families.entry(family.to_owned()).or_default().networks.push(words[1].clone());
        }
        ["redistribute", rest @ ..] if !no => {
            let value = Spanned { value: rest.join(" "), span: line.span() };
            bgp.families.entry(family.to_owned()).or_default().redistribute.push(value);
        }
        _ => {}
    }
}

fn neighbor_family(
    bgp: &mut Bgp,
    family: &str,
    name: &Spanned<String>,
    rest: &[Spanned<String>],
    no: bool,
    span: Option<Span>,
) {
    let texts: Vec<&str> = rest.iter().map(|word| word.value.as_str()).collect();
    let settings = named(bgp, name).families.entry(family.to_owned()).or_default();
    match texts.as_slice() {
        ["activate"] => settings.activate = Setting::Known(Spanned { value: !no, span }),
        ["route-map", _, "in"] if !no => settings.route_map_in = Some(rest[1].clone()),
        ["route-map", _, "out"] if !no => settings.route_map_out = Some(rest[1].clone()),
        ["prefix-list", _, "in"] if !no => settings.prefix_list_in = Some(rest[1].clone()),
        ["prefix-list", _, "out"] if !no => settings.prefix_list_out = Some(rest[1].clone()),
        ["next-hop-self", ..] => settings.next_hop_self = !no,
        ["allowas-in"] if !no => settings.allowas_in = Setting::Known(Spanned { value: 3, span }),
        ["allowas-in", _] if !no => settings.allowas_in = number(&rest[1]),
        ["as-override"] => settings.as_override = !no,
        ["route-reflector-client"] => settings.route_reflector_client = !no,
        ["default-originate", ..] => settings.default_originate = !no,
        ["maximum-prefix", _, ..] if !no => settings.maximum_prefix = number(&rest[1]),
        _ => {}
    }
}
