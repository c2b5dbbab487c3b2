//! Our zones with their records and servers, and the controller that writes to some of them.

use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, Ipv4Addr};

use plimsoll_diagnostics::{Diagnostic, Span};
use plimsoll_model::design::{
    Api, DnsServer, ExternalDns, ExternalDnsPolicy, Host, Machine, MetalLb, Network, Purpose, Record, RecordType, Role,
    SecretRef, TsigKey, Zone, ZoneKind,
};
use plimsoll_model::{Map, Name};
use plimsoll_spec::services;
use sha2::{Digest, Sha256};

use crate::cx::{Cx, error};
use crate::expand::{all_names, name};

/// Key that secondaries sign transfers with.
const TRANSFER_KEY: &str = "transfer";
/// Key that ExternalDNS signs its changes with.
const UPDATE_KEY: &str = "externaldns";
/// Label of the zone below ours that holds the names of services: what a controller writes and what we render must not
/// share a zone, since each would undo the other's changes.
const DYNAMIC_LABEL: &str = "apps";

/// What the zones are made of.
pub(crate) struct Parts<'a> {
    pub(crate) networks: &'a Map<Network>,
    pub(crate) hosts: &'a Map<Host>,
    pub(crate) machines: &'a Map<Machine>,
    pub(crate) api: &'a Api,
    pub(crate) metallb: Option<&'a MetalLb>,
}

/// Our zones, their servers and keys, and the controller that writes to one of them.
#[derive(Default)]
pub(crate) struct Zones {
    pub(crate) zone: Map<Zone>,
    pub(crate) dns_server: Map<DnsServer>,
    pub(crate) tsig: Map<TsigKey>,
    pub(crate) external_dns: Option<ExternalDns>,
}

pub(crate) fn zones(cx: &Cx<'_>, parts: &Parts<'_>) -> Zones {
    let mut zones = Zones::default();
    let Some(spec) = &cx.spec.dns else { return zones };
    let Some(zone) = &spec.zone else { return zones };
    let Some(servers) = servers(cx, spec, parts, zone.span) else { return zones };
    let controller = external_dns_wanted(spec, parts);
    let mut reverse = BTreeMap::new();
    let mut forward = ns_records(&servers, &zone.0);
    let mut seen = BTreeSet::new();
    let mut add = |label: &str, address: IpAddr, forward: &mut Vec<Record>| {
        let kind = if address.is_ipv4() { RecordType::A } else { RecordType::Aaaa };
        forward.push(Record { name: label.to_owned(), kind, data: address.to_string() });
        if seen.insert(address) {
            reverse_record(&mut reverse, address, &format!("{label}.{}.", zone.0));
        }
    };
    for (name, machine) in parts.machines {
        // Every address leads back to the name; the name leads to the one it is known by.
        let mut nics: Vec<_> = machine.nic.values().collect();
        nics.sort_by_key(|nic| nic.index);
        if let Some(nic) = nics.first() {
            add(name.as_str(), nic.address.addr(), &mut forward);
        }
    }
    for (name, host) in parts.hosts {
        let known =
            host.address.iter().find(|(_, address)| address.gateway.is_some()).or_else(|| host.address.iter().next());
        if let Some((_, address)) = known {
            add(name.as_str(), address.address.addr(), &mut forward);
        }
        if let Some(bmc) = &host.bmc {
            add(&format!("{name}-bmc"), bmc.address, &mut forward);
        }
    }
    let below = format!(".{}", zone.0);
    if let Some(label) = parts.api.name.strip_suffix(&below) {
        for vip in &parts.api.vip {
            add(label, *vip, &mut forward);
        }
    }
    let maker = Maker { cx, spec, servers: &servers, controller };
    if controller {
        forward.extend(ns_below(&servers, DYNAMIC_LABEL, &zone.0));
    }
    zones.zone.insert(zone.0.as_str().into(), maker.zone(&zone.0, ZoneKind::Forward, forward, &[], zone.span));
    if controller {
        let dynamic = format!("{DYNAMIC_LABEL}.{}", zone.0);
        let records = ns_records(&servers, &zone.0);
        let types = [RecordType::A, RecordType::Aaaa, RecordType::Cname, RecordType::Txt];
        zones.zone.insert(dynamic.as_str().into(), maker.zone(&dynamic, ZoneKind::Forward, records, &types, zone.span));
    }
    if spec.reverse.as_ref().is_none_or(|reverse| reverse.value) {
        for (origin, mut records) in reverse.clone() {
            // As people count: 100 after 12.
            records.sort_by_cached_key(|record| (Name::from(record.name.as_str()), record.data.clone()));
            let all = [ns_records(&servers, &zone.0), records].concat();
            zones.zone.insert(origin.as_str().into(), maker.zone(&origin, ZoneKind::Reverse, all, &[], zone.span));
        }
        for origin in pool_zones(parts).into_iter().filter(|origin| controller && !reverse.contains_key(origin)) {
            let records = ns_records(&servers, &zone.0);
            zones.zone.insert(
                origin.as_str().into(),
                maker.zone(&origin, ZoneKind::Reverse, records, &[RecordType::Ptr, RecordType::Txt], zone.span),
            );
        }
    }
    for (server, address) in &servers.all {
        let at = cx.at(format!("dns_server/{server}"));
        at.derived("", (), &[&format!("machine/{server}")]);
        let design = DnsServer {
            address: at.derived("address", *address, &[&format!("machine/{server}/nic")]),
            recursion: at.chosen("recursion", false, "it answers for its zones alone"),
            allow_query: at.chosen("allow_query", Vec::new(), "whoever resolves our names may ask"),
        };
        zones.dns_server.insert(server.clone(), design);
    }
    let mut keys = vec![TRANSFER_KEY];
    if controller {
        keys.push(UPDATE_KEY);
        zones.external_dns = Some(external_dns(cx, spec, &servers, &zones.zone));
    }
    for key in keys {
        let at = cx.at(format!("tsig/{key}"));
        let design = TsigKey {
            algorithm: at.chosen("algorithm", "hmac-sha256".into(), "known to BIND and ExternalDNS"),
            secret: at.chosen("secret", SecretRef(format!("tsig/{key}")), "its name in the store"),
        };
        zones.tsig.insert(key.into(), design);
    }
    zones
}

/// The servers of our zones, the primary first.
struct Servers {
    all: Vec<(Name, IpAddr)>,
}

fn servers(cx: &Cx<'_>, spec: &services::Dns, parts: &Parts<'_>, zone: Option<Span>) -> Option<Servers> {
    let mut of_role =
        parts.machines.iter().filter(|(_, machine)| machine.role == Role::ZoneServer).map(|(name, _)| name.clone());
    let primary = spec.primary.as_ref().map(|word| name(word)).or_else(|| of_role.next());
    let Some(primary) = primary else {
        let problem = Diagnostic::error("no machine answers for the zone").code("missing-key").at(zone, "our zone");
        cx.say(problem.help("add machines with `role: zone-server`, two of them on different hosts"));
        return None;
    };
    let secondaries: Vec<Name> = match &spec.secondaries {
        Some(written) => all_names(written),
        None => of_role.filter(|name| *name != primary).collect(),
    };
    let address = |server: &Name| {
        let machine = parts.machines.get(server)?;
        let zone = machine.nic.iter().find(|(network, _)| {
            parts.networks.get(*network).is_some_and(|network| network.purposes.contains(&Purpose::Zone))
        });
        Some(zone.or_else(|| machine.nic.iter().next())?.1.address.addr())
    };
    let all: Vec<(Name, IpAddr)> = std::iter::once(primary)
        .chain(secondaries)
        .filter_map(|server| Some((server.clone(), address(&server)?)))
        .collect();
    (!all.is_empty()).then_some(Servers { all })
}

/// The records that name a zone's servers.
fn ns_records(servers: &Servers, zone: &str) -> Vec<Record> {
    ns_below(servers, "@", zone)
}

fn ns_below(servers: &Servers, label: &str, zone: &str) -> Vec<Record> {
    let record = |(server, _): &(Name, IpAddr)| Record {
        name: label.to_owned(),
        kind: RecordType::Ns,
        data: format!("{server}.{zone}."),
    };
    servers.all.iter().map(record).collect()
}

/// The zone of the /24 an address lies in, and its label there.
fn reverse_name(address: IpAddr) -> Option<(String, String)> {
    let IpAddr::V4(address) = address else { return None };
    let [a, b, c, d] = address.octets();
    Some((format!("{c}.{b}.{a}.in-addr.arpa"), d.to_string()))
}

fn reverse_record(zones: &mut BTreeMap<String, Vec<Record>>, address: IpAddr, target: &str) {
    let Some((zone, label)) = reverse_name(address) else { return };
    zones.entry(zone).or_default().push(Record { name: label, kind: RecordType::Ptr, data: target.to_owned() });
}

/// Reverse zones of the addresses of services, at most 16 of a pool.
fn pool_zones(parts: &Parts<'_>) -> BTreeSet<String> {
    let mut zones = BTreeSet::new();
    for range in parts.metallb.iter().flat_map(|metallb| metallb.pool.values()).flat_map(|pool| &pool.ranges) {
        let (IpAddr::V4(first), IpAddr::V4(last)) = (range.first(), range.last()) else { continue };
        let (first, last) = (u32::from(first) >> 8, u32::from(last) >> 8);
        for block in (first..=last).take(16) {
            zones.extend(reverse_name(Ipv4Addr::from(block << 8).into()).map(|(zone, _)| zone));
        }
    }
    zones
}

fn external_dns_wanted(spec: &services::Dns, parts: &Parts<'_>) -> bool {
    let enabled = spec.external_dns.as_ref().and_then(|dns| dns.enabled.as_ref());
    match (enabled, &spec.external_dns) {
        (Some(enabled), _) => enabled.value,
        (None, Some(_)) => true,
        (None, None) => parts.metallb.is_some(),
    }
}

struct Maker<'a, 's> {
    cx: &'a Cx<'s>,
    spec: &'a services::Dns,
    servers: &'a Servers,
    controller: bool,
}

impl Maker<'_, '_> {
    fn zone(
        &self,
        origin: &str,
        kind: ZoneKind,
        records: Vec<Record>,
        update: &[RecordType],
        span: Option<Span>,
    ) -> Zone {
        let (cx, edition) = (self.cx, self.cx.edition);
        let at = cx.at(format!("zone/{origin}"));
        let of_ours = self.spec.zone.as_ref().is_some_and(|zone| zone.0 == origin);
        if of_ours {
            at.here(span, false);
        } else {
            let ours = self.spec.zone.as_ref().map(|zone| format!("zone/{}", zone.0)).unwrap_or_default();
            at.derived("", (), &[&ours]);
        }
        let hostmaster = hostmaster(cx, origin, self.spec);
        let delegated = self.spec.delegated_by.as_ref().filter(|_| of_ours);
        let dynamic = !update.is_empty() && self.controller;
        let serial = cx.keeper.borrow_mut().serial(&format!("zone/{origin}"), &digest(&records));
        let mut secondaries = self.servers.all.iter().skip(1).map(|(server, _)| server.clone());
        let primary = self.servers.all.first().map_or_else(|| Name::from(""), |(server, _)| server.clone());
        Zone {
            kind,
            primary: match &self.spec.primary {
                Some(word) => at.written("primary", &plimsoll_diagnostics::Spanned { value: primary, span: word.span }),
                None => at.chosen("primary", primary, "the first zone server"),
            },
            secondaries: match &self.spec.secondaries {
                Some(names) => {
                    let span = names.first().and_then(|names| names.span).or(self
                        .spec
                        .primary
                        .as_ref()
                        .and_then(|word| word.span));
                    at.expanded("secondaries", secondaries.collect(), span)
                }
                None => at.chosen("secondaries", secondaries.by_ref().collect(), "the other zone servers"),
            },
            delegated_by: match delegated {
                Some(by) => Some(at.written("delegated_by", by)),
                None => at.chosen("delegated_by", None, "nobody was named"),
            },
            serial: at.allocated("serial", serial, "the lock, raised when the records change"),
            ttl: at.or("ttl", self.spec.ttl.as_ref(), &edition.zone_ttl),
            refresh: at.fixed("refresh", &edition.zone_refresh),
            retry: at.fixed("retry", &edition.zone_retry),
            expire: at.fixed("expire", &edition.zone_expire),
            negative_ttl: at.fixed("negative_ttl", &edition.zone_negative),
            hostmaster: at.derived("hostmaster", hostmaster, &["monitoring/alerts", "zone"]),
            transfer_key: at.chosen("transfer_key", TRANSFER_KEY.into(), "secondaries sign"),
            update_key: at.chosen(
                "update_key",
                dynamic.then(|| UPDATE_KEY.into()),
                "what is rendered and what a controller writes never share a zone",
            ),
            update_types: at.chosen(
                "update_types",
                if dynamic { update.to_vec() } else { Vec::new() },
                "what ExternalDNS writes",
            ),
            records: at.derived("records", records, &["machine", "host", "api"]),
        }
    }
}

/// The person's mail address in SOA form: `ops@example.edu` is `ops.example.edu`, dots of the first part escaped.
fn hostmaster(cx: &Cx<'_>, origin: &str, spec: &services::Dns) -> String {
    let alerts = cx.spec.monitoring.as_ref().and_then(|monitoring| monitoring.alerts.as_ref());
    let mail = alerts.and_then(|alerts| alerts.value.strip_prefix("mailto:")).and_then(|mail| mail.split_once('@'));
    match mail {
        Some((person, domain)) => format!("{}.{domain}", person.replace('.', "\\.")),
        None => format!("hostmaster.{}", spec.zone.as_ref().map_or(origin, |zone| zone.0.as_str())),
    }
}

/// A short digest of a zone's records: enough to tell two versions of one zone apart.
fn digest(records: &[Record]) -> String {
    let mut sorted: Vec<&Record> = records.iter().collect();
    sorted.sort();
    let mut hash = Sha256::new();
    for record in sorted {
        hash.update(format!("{} {:?} {}\n", record.name, record.kind, record.data));
    }
    let digest = hash.finalize();
    let bytes = digest.iter().take(6);
    bytes.fold(String::new(), |text, byte| text + &format!("{byte:02x}"))
}

fn external_dns(cx: &Cx<'_>, spec: &services::Dns, servers: &Servers, zones: &Map<Zone>) -> ExternalDns {
    let at = cx.at("external_dns");
    let nothing = services::ExternalDns::default();
    let written = spec.external_dns.as_ref().unwrap_or(&nothing);
    match written.enabled.as_ref() {
        Some(enabled) => at.here(enabled.span, false),
        None => at.chosen("", (), "services have addresses, and there is a zone for their names"),
    }
    let policy = written.policy.as_ref().map(|policy| match at.written("policy", policy).as_str() {
        "sync" => ExternalDnsPolicy::Sync,
        "create-only" => ExternalDnsPolicy::CreateOnly,
        "upsert-only" => ExternalDnsPolicy::UpsertOnly,
        other => {
            let message = format!("`{other}` is no policy: possible are upsert-only, sync, create-only");
            cx.say(error("wrong-value", message, policy.span, ""));
            ExternalDnsPolicy::UpsertOnly
        }
    });
    let cluster = cx.spec.cluster.value.0.clone();
    let server = servers.all.first().map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |(_, address)| *address);
    let name = servers.all.first().map(|(name, _)| format!("dns_server/{name}/address")).unwrap_or_default();
    let dynamic = zones.iter().filter(|(_, zone)| zone.update_key.is_some()).map(|(name, _)| name.clone());
    ExternalDns {
        policy: policy
            .unwrap_or_else(|| at.chosen("policy", ExternalDnsPolicy::UpsertOnly, "it removes nothing by mistake")),
        owner_id: match &written.owner {
            Some(owner) => at.written("owner_id", owner),
            None => at.derived("owner_id", cluster, &["cluster"]),
        },
        zones: at.derived("zones", dynamic.collect(), &["zone"]),
        server: at.derived("server", server, &[&name]),
        key: at.chosen("key", UPDATE_KEY.into(), "its own"),
        axfr: at.chosen("axfr", true, "without it nothing is ever changed"),
        sources: at.chosen("sources", vec!["service".into(), "ingress".into()], "what has addresses"),
        min_ttl: at.fixed("min_ttl", &cx.edition.external_dns_ttl),
        interval: at.or("interval", written.interval.as_ref(), &cx.edition.external_dns_interval),
        annotation_prefix: at.chosen("annotation_prefix", "external-dns.kubernetes.io/".into(), "its own since 0.22"),
        txt_prefix: at.chosen(
            "txt_prefix",
            "extdns-%{record_type}.".into(),
            "a label of its own, so that none grows too long",
        ),
        memory: at.fixed("memory", &cx.edition.external_dns_memory),
    }
}
