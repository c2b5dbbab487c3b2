//! Names and storage: servers of the zone, copies of CoreDNS, copies of data.

use plimsoll_model::Name;
use plimsoll_model::design::Role;
use plimsoll_yaml::Node;

use super::{Change, File, moves};
use crate::step::{Step, find, path, put};
use plimsoll_model::series;

/// Copies of a pool beyond which nobody goes.
const MOST_COPIES: u32 = 4;

pub(super) fn services(file: &File<'_>, cut: &mut Vec<String>) -> Vec<Change> {
    let mut changes = Vec::new();
    changes.extend(zone(file, cut));
    changes.extend(coredns(file));
    changes.extend(copies(file));
    changes
}

/// One more server for the zone.
fn zone(file: &File<'_>, cut: &mut Vec<String>) -> Vec<Change> {
    let mut servers: Vec<String> = file.design.machines(Role::ZoneServer).map(|(name, _)| name.to_string()).collect();
    series::sort(&mut servers);
    let Some(last) = servers.last().filter(|_| servers.len() < 3) else { return Vec::new() };
    let Some((key, _)) = file.entry_of(last) else { return Vec::new() };
    let Some(new) = series::next(last, 1, &|name| file.taken(name)) else { return Vec::new() };
    let at = path(&["dns", "secondaries"]);
    let known = match find(file.root, &at) {
        Some(list) if list.as_sequence().is_some() => Some(Step::Push { to: at, item: Node::text(new[0].as_str()) }),
        Some(_) => None,
        None => put(file.root, &["dns", "secondaries"], Node::sequence(vec![Node::text(new[0].as_str())])),
    };
    let Some(known) = known else { return Vec::new() };
    let used: Vec<String> =
        file.design.machines(Role::ZoneServer).map(|(_, machine)| machine.host.to_string()).collect();
    let free: Vec<String> = file.hosts().into_iter().filter(|host| !used.contains(host)).collect();
    let variants = file.places("servers of the zone", &free, &used, 1, cut).into_iter().filter_map(|hosts| {
        let mut steps = moves::more(file, &key, &new, &hosts)?;
        steps.push(known.clone());
        let what = format!("add {} on {} as a secondary server of the zone", new[0], hosts[0]);
        let change = Change::new("servers of the zone", what, steps).adds_machines();
        Some(change.note("whoever delegates the zone must list the new server too"))
    });
    variants.collect()
}

/// One more copy of CoreDNS.
fn coredns(file: &File<'_>) -> Option<Change> {
    let now = file.design.coredns.replicas;
    let nodes = file.design.machine.values().filter(|machine| machine.role.is_node()).count();
    if nodes <= now as usize {
        return None;
    }
    let step = put(file.root, &["dns", "coredns", "replicas"], Node::plain((now + 1).to_string()))?;
    let what = format!("run {} copies of CoreDNS instead of {now}", now + 1);
    Some(Change::new("copies of CoreDNS", what, vec![step]))
}

/// One more copy of a pool's data; and enough copies that one may be away while writes go on.
fn copies(file: &File<'_>) -> Vec<Change> {
    let mut changes = Vec::new();
    let Some(ceph) = file.spec.storage.as_ref().and_then(|storage| storage.ceph.as_ref()) else { return changes };
    for (name, pool) in ceph.pools.iter().filter(|(_, pool)| pool.erasure.is_none()) {
        let name = name.value.0.as_str();
        let Some(now) = file.design.ceph.as_ref().and_then(|ceph| ceph.pool.get(&Name::from(name))) else { continue };
        let (copies, least) = (now.replicas, now.min);
        let at = |key| ["storage", "ceph", "pools", name, key];
        if copies < MOST_COPIES {
            let more = copies + 1;
            let mut steps: Vec<Step> =
                put(file.root, &at("replicas"), Node::plain(more.to_string())).into_iter().collect();
            // What the edition chose for so many copies is not what it would choose for more.
            if pool.min.is_none() {
                steps.extend(put(file.root, &at("min"), Node::plain(least.to_string())));
            }
            let what = format!("keep {more} copies in pool {name} instead of {copies}");
            let change = Change::new(format!("copies in {name}"), what, steps).about(&[name]);
            changes.push(change.note("each byte takes one more copy's space: look at what is used before"));
        }
        // One copy less and a write would be acknowledged by a single disk.
        if least > 2 || (least == copies && copies > 2) {
            let steps = put(file.root, &at("min"), Node::plain("2")).into_iter().collect();
            let what = format!("let pool {name} write while 2 of {copies} copies are there, instead of {least}");
            changes.push(Change::new(format!("least copies in {name}"), what, steps).about(&[name]));
        }
    }
    changes
}
