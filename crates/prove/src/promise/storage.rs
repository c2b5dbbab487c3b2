//! `storage/<pool>`: what Ceph does when copies are away.
//!
//! A pool is as good as its worst placement group: a failure domain with one disk away counts as away, for some group has
//! its copy there. Below `min_size` that group stops, reads too.
//!
//! Disks and monitors that work must also meet: there must be one switch of each of Ceph's networks that all of them reach.
//! Parts on two islands are no pool, however many they are together.

use std::collections::BTreeMap;

use plimsoll_circuit::Node;
use plimsoll_model::Name;
use plimsoll_model::design::{Ceph, FailureDomain, Osd};

use crate::build::Build;

use super::Promise;

/// A pool, or what else keeps copies as one does.
struct Kept {
    name: Name,
    /// Copies, or parts of an erasure code.
    size: u64,
    /// Below which it stops.
    min: u64,
    /// Below which the data are gone.
    least: u64,
    domain: FailureDomain,
    class: Option<String>,
    origin: String,
}

/// Switches at which disks and monitors may meet: one of the public network, one of the cluster network.
type Meeting = Vec<(Name, Name)>;

pub(super) fn storage(build: &mut Build<'_>) -> Vec<Promise> {
    let design = build.design;
    let Some(ceph) = &design.ceph else { return Vec::new() };
    let meetings = meetings(build, ceph);
    let mut promises = Vec::new();
    for kept in kept(ceph) {
        let name = &kept.name;
        let (mut stops, mut lost, mut too_few_domains) = (Vec::new(), Vec::new(), false);
        for meeting in &meetings {
            let no_monitors = monitors(build, ceph, meeting);
            let domains = domains(build, ceph, &kept, meeting);
            let count = domains.len() as u64;
            let size = kept.size.min(count);
            too_few_domains |= size < kept.min;
            let below = if size < kept.min {
                Node::TRUE
            } else {
                build.circuit.at_least(size - kept.min + 1, domains.iter().copied())
            };
            let below = build.label(below, format!("a placement group of {name} has fewer than {} copies", kept.min));
            stops.push(build.or([below, no_monitors]));
            // Afterwards lost copies are on other domains, unless too few are left or every copy of a group is gone.
            let gone = if count < kept.min {
                Node::TRUE
            } else {
                let all_copies = size.saturating_sub(kept.least) + 1;
                build.circuit.at_least(all_copies.min(count - kept.min + 1), domains)
            };
            let gone = build.label(gone, format!("{name} cannot be made whole from what is left"));
            lost.push(build.or([gone, no_monitors]));
        }
        let broken = build.and(stops);
        promises.push(Promise {
            id: format!("storage/{name}"),
            observer: "a pod with a volume, before lost copies are made anew",
            words: format!(
                "every placement group of {name} has {} of {} copies, and the monitors a majority",
                kept.min, kept.size
            ),
            broken: build.label(broken, format!("{name} stops")),
            origin: kept.origin.clone(),
            meant_by_all: true,
            from_start: too_few_domains.then_some("there are fewer failure domains with disks than copies it needs"),
            stays: None,
            mended: Vec::new(),
        });
        let broken = build.and(lost);
        promises.push(Promise {
            id: format!("storage/{name}/recovered"),
            observer: "a pod with a volume, after lost copies are made anew",
            words: format!("{name} comes back by itself: a copy of everything is left, and room for {}", kept.min),
            broken,
            origin: kept.origin,
            meant_by_all: false,
            from_start: too_few_domains.then_some("there are fewer failure domains with disks than copies it needs"),
            stays: None,
            mended: Vec::new(),
        });
    }
    promises
}

/// Nodes that are named where volumes lie on one of them.
const NAMED: usize = 8;

/// Volumes on the disks of one node are no promise: what is lost with which node is said among the assumptions.
pub(super) fn on_one_node(build: &mut Build<'_>) {
    let design = build.design;
    if let Some(local) = &design.local_storage {
        let mut nodes: Vec<String> = Vec::new();
        for node in &local.nodes {
            let Some(machine) = design.machine.get(node) else { continue };
            let below =
                |mount: &Option<String>| mount.as_ref().is_some_and(|mount| mount.starts_with(&local.directory));
            let groups = machine.disk.values().filter(|disk| below(&disk.mount)).map(|disk| &disk.on);
            let disks: Vec<String> = groups.map(|group| format!("host/{}/disk/{group}", machine.host)).collect();
            nodes.push(if disks.is_empty() { node.to_string() } else { format!("{node} ({})", disks.join(", ")) });
        }
        let more = nodes.len().saturating_sub(NAMED);
        nodes.truncate(NAMED);
        let more = if more == 0 { String::new() } else { format!(" and {more} more") };
        build.assume(&format!(
            "nobody misses volumes of `{}`: each lies on one node, is away with it, and lost with its disks: {}{more}",
            local.class,
            nodes.join(", ")
        ));
    }
    if design.monitoring.storage.as_str() == "local" {
        build.assume(
            "nobody misses what monitoring has stored: it lies on one node, is away with it, and lost with its disks",
        );
    }
}

/// Pools, and the data of file systems and object stores; what only these need beside (metadata servers, gateways) is
/// started elsewhere by Kubernetes.
fn kept(ceph: &Ceph) -> Vec<Kept> {
    let mut all = Vec::new();
    for (name, pool) in &ceph.pool {
        let size = pool.erasure.map_or(pool.replicas, |(data, coding)| data + coding);
        all.push(Kept {
            name: name.clone(),
            size: size.into(),
            min: pool.min.into(),
            least: pool.erasure.map_or(1, |(data, _)| data).into(),
            domain: pool.domain,
            class: pool.class.clone(),
            origin: format!("ceph/pool/{name}"),
        });
    }
    let taken = |all: &[Kept], name: &Name| all.iter().any(|kept| kept.name == *name);
    for (name, filesystem) in &ceph.filesystem {
        if !taken(&all, name) {
            all.push(Kept {
                name: name.clone(),
                size: filesystem.replicas.into(),
                min: filesystem.min.into(),
                least: 1,
                domain: filesystem.domain,
                class: filesystem.class.clone(),
                origin: format!("ceph/filesystem/{name}"),
            });
        }
    }
    for (name, store) in &ceph.object_store {
        if !taken(&all, name) {
            all.push(Kept {
                name: name.clone(),
                size: store.replicas.into(),
                min: store.min.into(),
                least: 1,
                domain: store.domain,
                class: store.class.clone(),
                origin: format!("ceph/object_store/{name}"),
            });
        }
    }
    all
}

fn meetings(build: &mut Build<'_>, ceph: &Ceph) -> Vec<Meeting> {
    let named = |prefix: ipnet::Ipv4Net| {
        build.design.network.iter().find(|(_, network)| network.ipv4 == prefix).map(|(name, _)| name.clone())
    };
    let mut networks: Vec<Name> = named(ceph.public_network).into_iter().chain(named(ceph.cluster_network)).collect();
    networks.dedup();
    let mut meetings: Vec<Meeting> = vec![Vec::new()];
    for network in networks {
        let hubs = build.hubs(&network);
        if hubs.is_empty() {
            build.assume(&format!("switches of {network}"));
            continue;
        }
        meetings = meetings
            .iter()
            .flat_map(|before| {
                let network = &network;
                hubs.iter().map(move |hub| before.iter().cloned().chain([(network.clone(), hub.clone())]).collect())
            })
            .collect();
    }
    meetings
}

fn monitors(build: &mut Build<'_>, ceph: &Ceph, meeting: &Meeting) -> Node {
    let mut silent = Vec::new();
    let there: Vec<_> = ceph.mon.iter().filter(|(machine, _)| build.exists(machine)).collect();
    for (machine, mon) in there {
        let path = format!("ceph/mon/{machine}");
        let down = build.daemon(&path, &path, machine);
        // Monitors are on the public network alone.
        let cut = match meeting.first() {
            Some((network, switch)) => build.cut_from_hub(&mon.host, network, switch),
            None => Node::FALSE,
        };
        let away = build.or([down, cut]);
        silent.push(build.label(away, format!("the monitor on {machine} is away")));
    }
    let count = silent.len() as u64;
    if count == 0 {
        build.assume("monitors of Ceph, of which none is placed");
        return Node::FALSE;
    }
    let none = build.circuit.at_least(count - (count / 2 + 1) + 1, silent);
    build.label(none, "the monitors have no majority")
}

/// For each failure domain: some disk of it is away from those who meet there.
fn domains(build: &mut Build<'_>, ceph: &Ceph, kept: &Kept, meeting: &Meeting) -> Vec<Node> {
    let mut domains: BTreeMap<String, Vec<Node>> = BTreeMap::new();
    // Disks of one group have their number in the group: the order of their names.
    let mut numbers: BTreeMap<(Name, Name), u32> = BTreeMap::new();
    for (name, osd) in &ceph.osd {
        let number = numbers.entry((osd.host.clone(), osd.disk.clone())).or_default();
        *number += 1;
        if kept.class.as_ref().is_some_and(|class| *class != osd.class) || !build.exists(&osd.machine) {
            continue;
        }
        let away = away(build, name, osd, *number, meeting);
        let key = match kept.domain {
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

fn away(build: &mut Build<'_>, name: &Name, osd: &Osd, number: u32, meeting: &Meeting) -> Node {
    let path = format!("ceph/osd/{name}");
    let daemon = build.daemon(&path, &path, &osd.machine);
    let disk = build.one_disk(&osd.host, &osd.disk, number);
    let mut parts = vec![daemon, disk];
    for (network, switch) in meeting {
        parts.push(build.cut_from_hub(&osd.host, network, switch));
    }
    let away = build.or(parts);
    build.label(away, format!("{path} is away"))
}
