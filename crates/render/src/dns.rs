//! The BIND servers of our zones: `named.conf`, zone files, keys.

use std::collections::BTreeSet;
use std::net::IpAddr;

use ipnet::IpNet;
use plimsoll_diagnostics::Spanned;
use plimsoll_formats::named::{
    Conf, Key, Kind, MatchList, Matched, Remote, RemoteList, Secret, Settings, UpdatePolicy, UpdateRule, Zone,
};
use plimsoll_formats::zone;
use plimsoll_model::design::{DnsServer, RecordType, Zone as DesignZone};
use plimsoll_model::units::Millis;
use plimsoll_model::{Design, Name};

use crate::text::header;
use crate::{File, Hole, Tree};

/// Debian's named reads this file and it includes the rest.
const CONF: &str = "/etc/bind/named.conf";
const OPTIONS: &str = "/etc/bind/named.conf.options";
const LOCAL: &str = "/etc/bind/named.conf.local";
/// Keys lie apart, so that the rest may be read by everybody.
const KEYS: &str = "/etc/bind/plimsoll.keys";

/// Adds the files of every DNS server.
pub(crate) fn render(design: &Design, tree: &mut Tree) {
    for (machine, server) in &design.dns_server {
        let held: Vec<(&Name, &DesignZone)> = design
            .zone
            .iter()
            .filter(|(_, zone)| zone.primary == *machine || zone.secondaries.contains(machine))
            .collect();
        conf(design, tree, machine);
        options(design, tree, machine, server);
        keys(design, tree, machine, &held);
        local(design, tree, machine, &held);
        for (name, zone) in held.iter().filter(|(_, zone)| zone.primary == *machine) {
            let head = header(design, ";", format_args!("Zone {name}, primary copy on {machine}"), "named.service");
            let note = if zone.update_key.is_some() {
                "; Laid here once: from then on named writes it (signed updates), and another copy over it would lose its records.\n\
                 ; Before an edit by hand `rndc freeze`, after it `rndc thaw`.\n"
            } else {
                ""
            };
            let text = format!("{head}{note}{}", zone_file(name, zone));
            // The group may write: named keeps the journal of updates beside it.
            let file = File::new("DNS zone", text).owner("bind:bind");
            let file = if zone.update_key.is_some() { file.once() } else { file };
            tree.on_machine(machine, &path(name, zone, machine), file);
        }
    }
}

fn conf(design: &Design, tree: &mut Tree, machine: &Name) {
    let conf = Conf { includes: [OPTIONS, KEYS, LOCAL].map(|path| path.to_owned().into()).into(), ..Conf::default() };
    let head = header(design, "//", format_args!("BIND on {machine}"), "named.service");
    tree.on_machine(machine, CONF, File::new("BIND", format!("{head}{conf}")).owner("root:bind"));
}

fn options(design: &Design, tree: &mut Tree, machine: &Name, server: &DnsServer) {
    let any_or = |nets: &[IpNet]| {
        if nets.is_empty() {
            MatchList::of([Matched::Any])
        } else {
            MatchList::of(nets.iter().copied().map(Matched::Net))
        }
    };
    let mut settings = Settings {
        directory: Some("/var/cache/bind".to_owned().into()),
        recursion: server.recursion.into(),
        allow_query: Some(any_or(&server.allow_query).into()),
        // Nobody copies a zone unless the zone says so, whatever the version's own default is.
        allow_transfer: Some(MatchList::of([Matched::None]).into()),
        ..Settings::default()
    };
    let own = MatchList::of([Matched::Net(server.address.into())]);
    if server.address.is_ipv4() {
        settings.listen_on = vec![own];
        settings.listen_on_v6 = vec![MatchList::of([Matched::None])];
    } else {
        settings.listen_on = vec![MatchList::of([Matched::None])];
        settings.listen_on_v6 = vec![own];
    }
    if !server.recursion {
        settings.dnssec_validation = Some("no".to_owned().into());
    }
    let conf = Conf { options: Some(settings.into()), ..Conf::default() };
    let head = header(design, "//", format_args!("Options of BIND on {machine}"), "named.service");
    tree.on_machine(machine, OPTIONS, File::new("options of BIND", format!("{head}{conf}")).owner("root:bind"));
}

/// The keys of the zones that this server holds: for transfers on all of them, for updates on the primary only.
fn keys(design: &Design, tree: &mut Tree, machine: &Name, held: &[(&Name, &DesignZone)]) {
    let names: BTreeSet<&Name> = held
        .iter()
        .flat_map(|(_, zone)| {
            let update = zone.update_key.as_ref().filter(|_| zone.primary == *machine);
            [Some(&zone.transfer_key), update]
        })
        .flatten()
        .collect();
    let mut conf = Conf::default();
    let mut holes = Vec::new();
    for (name, key) in names.into_iter().filter_map(|name| Some((name, design.tsig.get(name)?))) {
        let hole = Hole::text(&key.secret);
        conf.keys.push(Key {
            name: name.to_string().into(),
            algorithm: Some(key.algorithm.clone().into()),
            secret: Some(Spanned::from(Secret(hole.placeholder()))),
            other: Vec::new(),
        });
        holes.push(hole);
    }
    let head = header(design, "//", format_args!("TSIG keys of BIND on {machine}"), "named.service");
    let file = File::new("TSIG keys", format!("{head}{conf}")).mode(0o640).owner("root:bind").holes(&holes);
    tree.on_machine(machine, KEYS, file);
}

fn local(design: &Design, tree: &mut Tree, machine: &Name, held: &[(&Name, &DesignZone)]) {
    let address = |name: &Name| design.dns_server.get(name).map(|server| server.address);
    let remotes = |names: &[Name], key: &Name| RemoteList {
        words: Vec::new(),
        servers: names
            .iter()
            .filter_map(address)
            .map(|address| Remote { key: Some(key.to_string().into()), ..Remote::address(address) })
            .collect(),
    };
    let mut conf = Conf::default();
    for (name, zone) in held {
        let mut stated =
            Zone { name: name.to_string().into(), file: Some(path(name, zone, machine).into()), ..Zone::default() };
        if zone.primary == *machine {
            stated.kind = Some(Kind::Primary.into());
            // The controller reads the zone by transfer before it changes or removes records.
            let readers = zone.update_key.iter().filter(|_| design.external_dns.as_ref().is_none_or(|dns| dns.axfr));
            let keys = std::iter::once(&zone.transfer_key).chain(readers);
            stated.settings.allow_transfer = Some(MatchList::of(keys.map(|key| Matched::Key(key.to_string()))).into());
            stated.settings.notify = Some("explicit".to_owned().into());
            stated.settings.also_notify = Some(remotes(&zone.secondaries, &zone.transfer_key).into());
            stated.update_policy = zone.update_key.as_ref().map(|key| {
                let types = zone.update_types.iter().map(|kind| type_word(*kind).to_owned().into()).collect();
                UpdatePolicy::Rules(vec![UpdateRule {
                    grant: true,
                    identity: key.to_string().into(),
                    kind: "zonesub".to_owned().into(),
                    name: None,
                    types,
                }])
                .into()
            });
        } else {
            stated.kind = Some(Kind::Secondary.into());
            stated.settings.primaries = Some(remotes(std::slice::from_ref(&zone.primary), &zone.transfer_key).into());
            stated.settings.allow_transfer = Some(MatchList::of([Matched::None]).into());
            stated.settings.notify = Some("no".to_owned().into());
        }
        conf.zones.push(stated);
    }
    let head = header(design, "//", format_args!("Zones of BIND on {machine}"), "named.service");
    tree.on_machine(machine, LOCAL, File::new("zones of BIND", format!("{head}{conf}")).owner("root:bind"));
}

/// Where a zone lies: where named may write when it does, that is for updates and for copies.
fn path(name: &Name, zone: &DesignZone, machine: &Name) -> String {
    if zone.primary != *machine {
        format!("/var/cache/bind/db.{name}")
    } else if zone.update_key.is_some() {
        format!("/var/lib/bind/db.{name}")
    } else {
        format!("/etc/bind/db.{name}")
    }
}

fn type_word(kind: RecordType) -> &'static str {
    match kind {
        RecordType::A => "A",
        RecordType::Aaaa => "AAAA",
        RecordType::Ptr => "PTR",
        RecordType::Ns => "NS",
        RecordType::Cname => "CNAME",
        RecordType::Txt => "TXT",
    }
}

fn seconds(time: Millis) -> u32 {
    u32::try_from(time.whole_secs()).unwrap_or(u32::MAX)
}

/// The zone file of the primary copy.
fn zone_file(name: &Name, zone: &DesignZone) -> zone::Zone {
    let primary_name = zone
        .records
        .iter()
        .find(|record| record.kind == RecordType::Ns && record.data.split('.').next() == Some(zone.primary.as_str()))
        .map_or_else(|| format!("{}.{name}.", zone.primary), |record| record.data.clone());
    let contact = zone.hostmaster.replace('@', ".");
    let soa = zone::Soa {
        primary: primary_name,
        contact: if contact.ends_with('.') { contact } else { format!("{contact}.") },
        serial: zone.serial,
        refresh: seconds(zone.refresh),
        retry: seconds(zone.retry),
        expire: seconds(zone.expire),
        minimum: seconds(zone.negative_ttl),
    };
    let mut entries = vec![
        zone::Entry::Origin(format!("{name}.").into()),
        zone::Entry::Ttl(seconds(zone.ttl).into()),
        zone::Entry::Record(zone::Record::new("@", zone::Data::Soa(soa))),
    ];
    entries.extend(zone.records.iter().map(|record| {
        let data = match (record.kind, record.data.parse()) {
            (RecordType::A, Ok(IpAddr::V4(address))) => zone::Data::A(address),
            (RecordType::Aaaa, Ok(IpAddr::V6(address))) => zone::Data::Aaaa(address),
            (RecordType::Ns, _) => zone::Data::Ns(record.data.clone()),
            (RecordType::Ptr, _) => zone::Data::Ptr(record.data.clone()),
            (RecordType::Cname, _) => zone::Data::Cname(record.data.clone()),
            (RecordType::Txt, _) => zone::Data::Txt(vec![zone::text(&record.data)]),
            // No address of its family: written as it is, for named-checkzone and the reader to complain about.
            (kind, _) => zone::Data::Other {
                kind: type_word(kind).to_owned(),
                words: vec![zone::Text { text: record.data.clone().into(), quoted: false }],
            },
        };
        zone::Entry::Record(zone::Record::new(record.name.clone(), data))
    }));
    zone::Zone { entries }
}
