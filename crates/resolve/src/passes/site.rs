//! Power, racks, what is taken on the site, and what others own.

use std::net::IpAddr;

use plimsoll_diagnostics::{Span, Spanned};
use plimsoll_model::design::{AddressRange, External, ExternalKind, Feed, Pdu, PduRef, Psu, Rack, Reserved, Site};
use plimsoll_model::{Map, Name};
use plimsoll_spec::Opt;
use plimsoll_spec::scalars::{AddressBlock, Name as Word};
use plimsoll_spec::site::{ExternalKind as Kind, RouterSoftware};

use crate::cx::{At, Cx, error, sorted};
use crate::expand::{Item, Things, name};

/// The rack in which everything stands that was not said to stand elsewhere.
pub(crate) const ASSUMED_RACK: &str = "rack";

/// Addresses that one range of time servers or resolvers may have: a longer one is a prefix by mistake.
const MOST_SERVERS: u128 = 64;

pub(crate) fn range(block: &AddressBlock) -> AddressRange {
    let range = block.range();
    // The grammar made sure that the two are in order and of one family.
    AddressRange::new(range.first, range.last).unwrap_or_else(|| range.first.into())
}

pub(crate) fn site(cx: &Cx<'_>) -> Site {
    let at = cx.at("site");
    let spec = cx.spec.site.as_ref();
    let jurisdiction = spec.and_then(|site| at.stated("jurisdiction", &site.jurisdiction)).map(|word| word.0);
    let allowed = jurisdiction.iter().cloned().collect();
    let addresses = |field: &str, list: &[Spanned<plimsoll_spec::scalars::AddressRange>]| {
        let place = at.child(field);
        let mut all: Vec<(IpAddr, Option<Span>)> = Vec::new();
        for range in list {
            if range.count() > MOST_SERVERS {
                let message = format!("`{field}` has a range of {} addresses", range.count());
                let problem = error("too-many", message, range.span, format!("more than {MOST_SERVERS}"));
                cx.say(problem.help("name the servers one by one"));
                continue;
            }
            let count = usize::try_from(range.count()).unwrap_or_default();
            all.extend((0..count).map_while(|index| range.nth(index)).map(|address| (address, range.span)));
        }
        // Time servers are asked all at once; resolvers one after the other, so that their order has a meaning.
        if field == "ntp" {
            all.sort_unstable_by_key(|(address, _)| *address);
        }
        at.chosen_unless(field, list.is_empty(), "nothing was said");
        let noted = |(index, (address, span)): (usize, (IpAddr, _))| place.expanded(&index.to_string(), address, span);
        all.into_iter().enumerate().map(noted).collect::<Vec<_>>()
    };
    let of_clients = cx.spec.external.values().filter(|external| external.kind.value == Kind::Clients);
    let prefixes: Vec<_> = of_clients.flat_map(|external| external.networks.iter().copied()).collect();
    let mut clients = Vec::new();
    for prefix in sorted(&prefixes) {
        clients.push(at.written(&format!("clients/{}", clients.len()), &prefix).0);
    }
    at.chosen_unless("clients", clients.is_empty(), "nothing was said");
    at.derived("allowed_jurisdictions", (), &["site/jurisdiction"]);
    let ntp = addresses("ntp", spec.map_or(&[], |site| &site.ntp));
    Site {
        jurisdiction,
        allowed_jurisdictions: allowed,
        ntp_pools: ntp_pools(cx, &at, ntp.is_empty()),
        ntp,
        resolvers: addresses("resolvers", spec.map_or(&[], |site| &site.resolvers)),
        reserved: reserved(cx, &at.child("reserved")),
        clients,
    }
}

/// Names of time servers: what was written, else Debian's own where no address was given either.
fn ntp_pools(cx: &Cx<'_>, at: &At<'_, '_>, alone: bool) -> Vec<String> {
    let written = cx.spec.site.as_ref().map_or(&[][..], |site| &site.ntp_pools);
    if written.is_empty() {
        return if alone {
            vec![at.fixed("ntp_pools", &cx.edition.ntp_pool).to_owned()]
        } else {
            at.chosen("ntp_pools", Vec::new(), "the site has time servers of its own")
        };
    }
    let place = at.child("ntp_pools");
    sorted(written).iter().enumerate().map(|(index, pool)| place.written(&index.to_string(), pool).0).collect()
}

fn reserved(cx: &Cx<'_>, at: &At<'_, '_>) -> Reserved {
    let mut reserved = Reserved::default();
    at.chosen("", (), "nothing else was said to be taken");
    let Some(spec) = cx.spec.site.as_ref().and_then(|site| site.reserved.as_ref()) else { return reserved };
    let field = |list: &str, index: usize| format!("{list}/{index}");
    for (index, vrid) in sorted(&spec.vrids).iter().enumerate() {
        reserved.vrids.push(at.written(&field("vrids", index), vrid).0);
    }
    for (index, block) in sorted(&spec.ipv4).iter().chain(&sorted(&spec.ipv6)).enumerate() {
        reserved.ranges.push(range(&at.written(&field("ranges", index), block)));
    }
    for (index, block) in sorted(&spec.dhcp).iter().enumerate() {
        reserved.dhcp.push(range(&at.written(&field("dhcp", index), block)));
    }
    for (index, prefix) in sorted(&spec.routes).iter().enumerate() {
        reserved.routes.push(at.written(&field("routes", index), prefix).0);
    }
    for (index, asn) in sorted(&spec.asns).iter().enumerate() {
        reserved.owned_asns.push(at.written(&field("owned_asns", index), asn).0);
    }
    reserved
}

pub(crate) fn feeds(cx: &Cx<'_>) -> Map<Feed> {
    let mut feeds = Map::new();
    for (word, feed) in cx.spec.site.iter().flat_map(|site| &site.feeds) {
        let at = cx.at(format!("feed/{word}"));
        at.here(word.span, false);
        let from = at.stated("from", &feed.from).map(|from| name(&from));
        feeds.insert(name(word), Feed { from, runtime: at.stated("runtime", &feed.runtime) });
    }
    feeds
}

pub(crate) fn racks(cx: &Cx<'_>, things: &Things<'_>) -> Map<Rack> {
    let mut racks = Map::new();
    for (rack, item) in &things.racks {
        let at = cx.at(format!("rack/{rack}"));
        at.here(item.span, item.ranged);
        let mut pdus = Map::new();
        for (word, pdu) in &item.spec.pdus {
            let at = at.child(format!("pdu/{word}"));
            at.here(word.span, item.ranged);
            let pdu = Pdu {
                feed: name(&at.written("feed", &pdu.feed)),
                breaker_watts: at.stated("breaker_watts", &pdu.rating),
                load_watts: at.stated("load_watts", &pdu.load),
            };
            pdus.insert(name(word), pdu);
        }
        let room = at.stated("room", &item.spec.room).map(|room| name(&room));
        racks.insert(rack.clone(), Rack { room, pdu: pdus });
    }
    let stands = |rack: &Opt<plimsoll_spec::scalars::Names>| rack.is_none();
    let somewhere = things.hosts.values().any(|host| stands(&host.spec.rack))
        || things.switches.values().any(|switch| stands(&switch.spec.rack));
    if racks.is_empty() && (somewhere || things.hosts.is_empty()) {
        cx.at(format!("rack/{ASSUMED_RACK}")).chosen("", (), "no rack was described: everything stands in one");
        racks.insert(ASSUMED_RACK.into(), Rack { room: None, pdu: Map::new() });
    }
    racks
}

/// The rack of a thing: what was written, else the only rack there is.
#[expect(clippy::ref_option, reason = "the optional facts of the file are what every caller has")]
pub(crate) fn rack_of<T>(
    cx: &Cx<'_>,
    at: &At<'_, '_>,
    item: &Item<'_, T>,
    written: &Opt<plimsoll_spec::scalars::Names>,
    racks: &Map<Rack>,
) -> Name {
    if let Some(names) = written
        && let Some(rack) = item.paired(names)
    {
        return at.expanded("rack", rack, names.span);
    }
    let mut all = racks.keys();
    match (all.next(), all.next()) {
        (Some(only), None) => at.chosen("rack", only.clone(), "the only rack there is"),
        (first, _) => {
            let message = format!("`{}` does not say in which rack it stands", at.path());
            let list: Vec<String> = racks.keys().map(|rack| format!("`{rack}`")).collect();
            let problem = crate::cx::error("which-rack", message, item.span, "there are several");
            cx.say(problem.help(format!("add `rack:` with one of {}", list.join(", "))));
            first.cloned().unwrap_or_else(|| ASSUMED_RACK.into())
        }
    }
}

/// Power supplies `a`, `b`, …: one for each strip that was written.
pub(crate) fn supplies<T>(at: &At<'_, '_>, item: &Item<'_, T>, power: &[Spanned<Word>], rack: &Name) -> Map<Psu> {
    let mut psus = Map::new();
    for (letter, pdu) in ('a'..='z').zip(power) {
        let psu = at.child(format!("psu/{letter}"));
        psu.here(pdu.span, item.ranged);
        psus.insert(letter.to_string().into(), Psu { pdu: PduRef { rack: rack.clone(), pdu: name(pdu) } });
    }
    psus
}

pub(crate) fn externals(cx: &Cx<'_>, things: &Things<'_>) -> Map<External> {
    let mut externals = Map::new();
    for (external, item) in &things.externals {
        let at = cx.at(format!("external/{external}"));
        at.here(item.span, item.ranged);
        let spec = item.spec;
        let mut address = Map::new();
        for (network, range) in &spec.addresses {
            if let Some(one) = item.address(range) {
                at.expanded(&format!("address/{network}"), one, range.span);
                address.insert(name(network), one);
            }
        }
        let elsewhere = spec
            .address
            .as_ref()
            .and_then(|range| item.address(range).map(|one| at.expanded("addresses/0", one, range.span)));
        let rack = spec.rack.as_ref().and_then(|names| item.paired(names));
        let kind = match at.written("kind", &spec.kind) {
            Kind::Router => ExternalKind::Router,
            Kind::Registry => ExternalKind::Registry,
            Kind::Backup => ExternalKind::Backup,
            Kind::Dns => ExternalKind::Dns,
            Kind::Balancer => ExternalKind::LoadBalancer,
            Kind::Etcd | Kind::Nfs | Kind::Qdevice | Kind::Clients => ExternalKind::Other,
        };
        let power =
            rack.iter().flat_map(|rack| spec.power.iter().map(|pdu| PduRef { rack: rack.clone(), pdu: name(pdu) }));
        let external_design = External {
            kind,
            asn: at.stated("asn", &spec.asn).map(|asn| asn.0),
            address,
            addresses: elsewhere.into_iter().collect(),
            url: at.stated("url", &spec.url),
            jurisdiction: at.stated("jurisdiction", &spec.jurisdiction).map(|word| word.0),
            bfd: at.stated("bfd", &spec.bfd),
            multipath: at.stated("multipath", &spec.multipath),
            resilient_hashing: at.stated("resilient_hashing", &spec.resilient_hashing),
            append_only: at.stated("append_only", &spec.append_only),
            power: power.collect(),
            rack,
            networks: sorted(&spec.networks).iter().map(|prefix| prefix.0).collect(),
            frr: at
                .stated("frr", &spec.software)
                .map_or_else(|| at.chosen("frr", false, "not stated"), |software| software == RouterSoftware::Frr),
        };
        externals.insert(external.clone(), external_design);
    }
    externals
}
