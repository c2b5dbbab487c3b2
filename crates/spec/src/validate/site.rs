//! Power, racks, external parts, switches, networks.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use plimsoll_diagnostics::{Diagnostic, Span, Spanned};
use plimsoll_yaml::Map;

use super::{Checker, Kind};
use crate::scalars::{AddressRange, Name, Names};
use crate::site::{ExternalKind, Network, Pdu, Rack};
use crate::{FORMAT, NEEDED, Spec};

pub(super) fn check(spec: &Spec, checker: &mut Checker<'_>) {
    if spec.plimsoll.value != FORMAT {
        let message = format!("the file has format {}, and this program reads format {FORMAT}", spec.plimsoll.value);
        checker.error("format", message, spec.plimsoll.span);
    }
    let missing = [spec.networks.is_empty(), spec.hosts.is_empty(), spec.machines.is_empty()];
    for (key, missing) in NEEDED.iter().zip(missing) {
        if missing && !checker.partial {
            let problem = Diagnostic::error(format!("the file declares no {key}")).code("missing-key");
            let problem = problem.at(spec.cluster.span, "the cluster needs them");
            checker.say(problem.help("`plimsoll init` shows the least that is needed"));
        }
    }
    power(spec, checker);
    servers(spec, checker);
    external(spec, checker);
    switches(spec, checker);
    networks(spec, checker);
}

/// Servers that the site has: one that is listed twice would be counted twice.
fn servers(spec: &Spec, checker: &mut Checker<'_>) {
    /// Addresses of one range that are looked at; more are not taken from it either.
    const MOST: usize = 64;
    let Some(site) = &spec.site else { return };
    let mut once = |what: &str, list: Vec<(String, Option<Span>)>| {
        let mut seen: BTreeMap<String, Option<Span>> = BTreeMap::new();
        for (server, span) in list {
            if let Some(first) = seen.insert(server.clone(), span) {
                let problem = Diagnostic::error(format!("`{server}` is listed twice under `{what}`")).code("duplicate");
                checker.say(problem.at(span, "again here").context(first, "first here"));
            }
        }
    };
    let addresses = |list: &[Spanned<AddressRange>]| {
        let each = |range: &Spanned<AddressRange>| {
            let all = (0..MOST).map_while(|index| range.nth(index));
            all.map(|address| (address.to_string(), range.span)).collect::<Vec<_>>()
        };
        list.iter().flat_map(each).collect::<Vec<_>>()
    };
    once("ntp", addresses(&site.ntp));
    once("resolvers", addresses(&site.resolvers));
    once("ntp_pools", site.ntp_pools.iter().map(|pool| (pool.to_string(), pool.span)).collect());
    // What a `resolv.conf` has of itself is nobody whom a pod could ask.
    let own = |address: IpAddr| match address {
        IpAddr::V4(v4) => v4.is_loopback() || v4.is_unspecified() || v4.is_multicast() || v4.is_broadcast(),
        IpAddr::V6(v6) => v6.is_loopback() || v6.is_unspecified() || v6.is_multicast(),
    };
    for range in &site.resolvers {
        if let Some(address) = (0..MOST).map_while(|index| range.nth(index)).find(|address| own(*address)) {
            let message = format!("`{address}` is no resolver that others could ask: write its address on the network");
            checker.error("wrong-value", message, range.span);
        }
    }
}

fn power(spec: &Spec, checker: &mut Checker<'_>) {
    let Some(site) = &spec.site else { return };
    for (name, feed) in &site.feeds {
        let Some(from) = &feed.from else { continue };
        if !checker.need_one(Kind::Feed, from) {
            continue;
        }
        // A feed that hangs on itself, over however many others.
        let mut next = Some(&from.value);
        for _ in 0..=site.feeds.len() {
            match next {
                Some(at) if *at == name.value => {
                    checker.error("cycle", format!("the feed `{}` hangs on itself", name.value), from.span);
                    break;
                }
                Some(at) => next = site.feeds.get(at.0.as_str()).and_then(|feed| feed.from.as_deref()),
                None => break,
            }
        }
    }
    for (_, rack) in &site.racks {
        for (_, pdu) in &rack.pdus {
            checker.need_one(Kind::Feed, &pdu.feed);
        }
    }
}

/// The rack of a name.
fn rack<'s>(spec: &'s Spec, name: &Name) -> Option<&'s Rack> {
    let racks = &spec.site.as_ref()?.racks;
    racks.iter().find(|(names, _)| names.list().contains(name)).map(|(_, rack)| rack)
}

/// Whether racks exist and pair up, and whether their PDUs exist.
pub(super) fn placed(
    spec: &Spec,
    checker: &mut Checker<'_>,
    names: &Spanned<Names>,
    racks: Option<&Spanned<Names>>,
    power: &[Spanned<Name>],
) {
    let Some(racks) = racks else {
        if let Some(first) = power.first() {
            let message = format!("`{}` has power from PDUs but no rack", names.value);
            checker.error("missing-rack", message, first.span);
        }
        return;
    };
    if !checker.need_all(&[Kind::Rack], racks) || !checker.pairs_in_blocks(names, racks) {
        return;
    }
    for pdu in power {
        for name in racks.list() {
            let Some(rack) = rack(spec, name) else { continue };
            let known: Vec<&str> =
                rack.pdus.iter().map(|(pdu, _): &(Spanned<Name>, Pdu)| pdu.value.0.as_str()).collect();
            if !known.contains(&pdu.value.0.as_str()) && !checker.partial {
                let problem = Diagnostic::error(format!("there is no PDU `{}` in rack `{name}`", pdu.value));
                let problem = match super::near(&pdu.value.0, known.iter().copied()) {
                    Some(near) => problem.at(pdu.span, format!("did you mean `{near}`?")),
                    None => problem.at(pdu.span, "").help(format!("it has: {}", known.join(", "))),
                };
                checker.say(problem.code("undefined"));
                break;
            }
        }
    }
}

/// Whether fixed addresses are as many as the names and lie in the network they are given for.
pub(super) fn addresses(
    spec: &Spec,
    checker: &mut Checker<'_>,
    names: &Spanned<Names>,
    addresses: &Map<Name, Spanned<AddressRange>>,
) {
    for (network, range) in addresses {
        if !checker.need_one(Kind::Network, network) {
            continue;
        }
        if range.count() != names.count() as u128 {
            let message = too_few(names, range);
            let problem =
                Diagnostic::error(message).code("range-length").at(range.span, "one address is needed for each");
            checker.say(problem.context(names.span, "for these"));
        }
        if let Some(network) = spec.networks.get(network.value.0.as_str()) {
            within(checker, network, range, range.span);
        }
    }
}

fn too_few(names: &Spanned<Names>, range: &Spanned<AddressRange>) -> String {
    let (have, want) = (range.count(), names.count());
    let plural = if have == 1 { "is 1 address" } else { &format!("are {have} addresses") };
    format!("`{}` {plural}, but `{}` stands for {want}", range.value, names.value)
}

fn within(checker: &mut Checker<'_>, network: &Network, range: &AddressRange, span: Option<Span>) {
    let prefix = if range.first.is_ipv4() { &network.ipv4 } else { &network.ipv6 };
    let Some(prefix) = prefix else { return };
    if let Some(outside) = [range.first, range.last].iter().find(|address| !prefix.value.0.contains(*address)) {
        let message = format!("`{outside}` does not lie in `{}`", prefix.value);
        let problem = Diagnostic::error(message).code("outside-network").at(span, "");
        checker.say(problem.context(prefix.span, "the network's addresses"));
    }
}

fn external(spec: &Spec, checker: &mut Checker<'_>) {
    for (names, external) in &spec.external {
        addresses(spec, checker, names, &external.addresses);
        if external.rack.is_some() || !external.power.is_empty() {
            placed(spec, checker, names, external.rack.as_ref(), &external.power);
        }
        if let Some(address) = external.address.as_ref().filter(|range| range.count() != names.count() as u128) {
            let message = too_few(names, address);
            checker.error("range-length", message, address.span);
        }
    }
}

fn switches(spec: &Spec, checker: &mut Checker<'_>) {
    let mut known = true;
    for (names, switch) in &spec.switches {
        placed(spec, checker, names, switch.rack.as_ref(), &switch.power);
        if let Some(uplinks) = &switch.uplinks {
            known &= checker.need_all(&[Kind::External, Kind::Switch], &uplinks.to);
        }
        if let Some(mlag) = &switch.mlag {
            checker.pairs_in_blocks(names, &mlag.group);
        }
    }
    if known {
        upwards(spec, checker);
    }
}

/// Uplinks lead upwards: a switch that hangs on itself, over however many others, has no place.
fn upwards(spec: &Spec, checker: &mut Checker<'_>) {
    let above: BTreeMap<&Name, &Spanned<Names>> = spec
        .switches
        .iter()
        .filter_map(|(names, switch)| Some((names, &switch.uplinks.as_ref()?.to)))
        .flat_map(|(names, to)| names.list().iter().map(move |name| (name, to)))
        .collect();
    for (names, switch) in &spec.switches {
        let Some(uplinks) = &switch.uplinks else { continue };
        let mut seen: BTreeSet<&Name> = BTreeSet::new();
        let mut open: Vec<&Name> = uplinks.to.list().iter().collect();
        while let Some(name) = open.pop() {
            if seen.insert(name) {
                open.extend(above.get(name).into_iter().flat_map(|to| to.list()));
            }
        }
        if let Some(name) = names.list().iter().find(|name| seen.contains(name)) {
            let message = format!("the switch `{name}` hangs on itself");
            let problem = Diagnostic::error(message).code("cycle").at(uplinks.to.span, "");
            checker.say(problem.help("`uplinks` lead to spines and routers; the two of a pair are joined by `mlag`"));
        }
    }
}

/// Whether names stand for routers.
pub(super) fn routers(spec: &Spec, checker: &mut Checker<'_>, names: &Spanned<Names>) {
    if !checker.need_all(&[Kind::External], names) {
        return;
    }
    for name in names.list() {
        let found = spec.external.iter().find(|(known, _)| known.list().contains(name));
        if let Some((_, external)) = found.filter(|(_, external)| external.kind.value != ExternalKind::Router) {
            let problem = Diagnostic::error(format!("`{name}` is no router")).code("wrong-kind").at(names.span, "");
            checker.say(problem.context(external.kind.span, "its kind"));
            return;
        }
    }
}

fn networks(spec: &Spec, checker: &mut Checker<'_>) {
    let mut vlans: BTreeMap<u16, Option<Span>> = BTreeMap::new();
    for (name, network) in &spec.networks {
        if let Some(first) = vlans.insert(network.vlan.value.0, network.vlan.span) {
            let message = format!("the VLAN {} is given to two networks", network.vlan.value);
            let problem = Diagnostic::error(message).code("duplicate").at(network.vlan.span, "again here");
            checker.say(problem.context(first, "first here"));
        }
        if network.ipv4.is_none() && network.ipv6.is_none() && !checker.partial {
            checker.error(
                "missing-key",
                format!("the network `{}` has neither `ipv4` nor `ipv6`", name.value),
                name.span,
            );
        }
        let families = [(&network.ipv4, true), (&network.ipv6, false)];
        for (prefix, four) in families.iter().filter_map(|(prefix, four)| Some((prefix.as_ref()?, *four))) {
            if prefix.value.0.addr().is_ipv4() != four {
                let key = if four { "ipv4" } else { "ipv6" };
                checker.error("wrong-value", format!("`{}` is not a prefix for `{key}`", prefix.value), prefix.span);
            }
        }
        if let Some(gateway) = &network.gateway {
            if let Some(by) = &gateway.by {
                routers(spec, checker, by);
            }
            let vip = AddressRange { first: gateway.vip.value, last: gateway.vip.value };
            within(checker, network, &vip, gateway.vip.span);
        }
        for block in network.dhcp.iter().chain(&network.reserved) {
            within(checker, network, &block.value.range(), block.span);
        }
        if let Some(range) = &network.allocate {
            within(checker, network, range, range.span);
        }
    }
}
