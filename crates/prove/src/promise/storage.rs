//! `storage/<pool>`: what Ceph does when copies are away.
//!
//! A pool is as good as its worst placement group: a failure domain with one disk away counts as away, for some group has
//! its copy there. Below `min_size` that group stops, reads too.

use std::collections::BTreeMap;

use plimsoll_circuit::Node;
use plimsoll_model::Name;
use plimsoll_model::design::{Ceph, FailureDomain, Osd};

use crate::build::Build;

use super::{Promise, Voter, without_majority};

pub(super) fn storage(build: &mut Build<'_>) -> Vec<Promise> {
    let design = build.design;
    let Some(ceph) = &design.ceph else { return Vec::new() };
    let public = network_of(build, ceph.public_network);
    let cluster = network_of(build, ceph.cluster_network);
    let no_monitors = monitors(build, ceph, public.as_ref());
    let mut promises = Vec::new();
    for (name, pool) in &ceph.pool {
        let size = pool.erasure.map_or(pool.replicas, |(data, coding)| data + coding);
        // What must be left for the data to be there at all.
        let least = pool.erasure.map_or(1, |(data, _)| data);
        let domains = domains(build, ceph, pool.class.as_deref(), pool.domain, [public.as_ref(), cluster.as_ref()]);
        let count = domains.len() as u64;
        let size = u64::from(size).min(count);
        let stops = size.saturating_sub(u64::from(pool.min)) + 1;
        let lost = size.saturating_sub(u64::from(least)) + 1;
        let below = build.circuit.at_least(stops, domains.iter().copied());
        let below = build.label(below, format!("a placement group of {name} has fewer than {} copies", pool.min));
        let broken = build.or([below, no_monitors]);
        promises.push(Promise {
            id: format!("storage/{name}"),
            observer: "a pod with a volume, before lost copies are made anew",
            words: format!(
                "every placement group of {name} has {} of {size} copies, and the monitors a majority",
                pool.min
            ),
            broken: build.label(broken, format!("{name} stops")),
            origin: format!("ceph/pool/{name}"),
            meant_by_all: true,
        });
        // Afterwards lost copies are on other domains, unless too few are left or every copy of a group is gone.
        let too_few = count.saturating_sub(u64::from(pool.min)) + 1;
        let gone = build.circuit.at_least(lost.min(too_few), domains);
        let gone = build.label(gone, format!("{name} cannot be made whole from what is left"));
        let broken = build.or([gone, no_monitors]);
        promises.push(Promise {
            id: format!("storage/{name}/recovered"),
            observer: "a pod with a volume, after lost copies are made anew",
            words: format!("{name} comes back by itself: a copy of everything is left, and room for {}", pool.min),
            broken,
            origin: format!("ceph/pool/{name}"),
            meant_by_all: false,
        });
    }
    promises
}

fn network_of(build: &Build<'_>, prefix: ipnet::Ipv4Net) -> Option<Name> {
    build.design.network.iter().find(|(_, network)| network.ipv4 == prefix).map(|(name, _)| name.clone())
}

fn monitors(build: &mut Build<'_>, ceph: &Ceph, network: Option<&Name>) -> Node {
    let mut voters = Vec::new();
    for (machine, mon) in &ceph.mon {
        let path = format!("ceph/mon/{machine}");
        let down = build.daemon(&path, &path, machine);
        voters.push(Voter { name: machine.to_string(), host: mon.host.clone(), down });
    }
    if voters.is_empty() || voters.len() > 7 {
        return Node::FALSE;
    }
    let each = without_majority(build, &voters, network, "the monitors");
    let none = build.and(each);
    build.label(none, "the monitors have no majority")
}

/// For each failure domain: some disk of it is away.
fn domains(
    build: &mut Build<'_>,
    ceph: &Ceph,
    class: Option<&str>,
    domain: FailureDomain,
    networks: [Option<&Name>; 2],
) -> Vec<Node> {
    let mut domains: BTreeMap<String, Vec<Node>> = BTreeMap::new();
    // Disks of one group have their number in the group: the order of their names.
    let mut numbers: BTreeMap<(Name, Name), u32> = BTreeMap::new();
    for (name, osd) in &ceph.osd {
        let number = numbers.entry((osd.host.clone(), osd.disk.clone())).or_default();
        *number += 1;
        if class.is_some_and(|class| class != osd.class) {
            continue;
        }
        let away = away(build, name, osd, *number, networks);
        let key = match domain {
            FailureDomain::Osd => name.to_string(),
            FailureDomain::Host => osd.machine.to_string(),
            FailureDomain::Chassis => osd.host.to_string(),
            FailureDomain::Rack => {
                build.design.host.get(&osd.host).map_or_else(|| osd.host.to_string(), |host| host.rack.to_string())
            }
        };
        domains.entry(key).or_default().push(away);
    }
    domains
        .into_iter()
        .map(|(name, disks)| {
            let any = build.or(disks);
            build.label(any, format!("a disk of Ceph in {name} is away"))
        })
        .collect()
}

fn away(build: &mut Build<'_>, name: &Name, osd: &Osd, number: u32, networks: [Option<&Name>; 2]) -> Node {
    let path = format!("ceph/osd/{name}");
    let daemon = build.daemon(&path, &path, &osd.machine);
    let disk = build.one_disk(&osd.host, &osd.disk, number);
    let mut parts = vec![daemon, disk];
    for network in networks.into_iter().flatten() {
        parts.push(build.cut_off(&osd.host, network));
    }
    let away = build.or(parts);
    build.label(away, format!("{path} is away"))
}
