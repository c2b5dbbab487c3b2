//! `storage/POOL`: reads and writes of a pool of Ceph go on.

use std::collections::BTreeSet;

use plimsoll_model::design::{Ceph, FailureDomain, Osd, Purpose};
use plimsoll_model::{Design, Name};

use crate::failure::Daemon;
use crate::how::{How, Who};
use crate::interval::End;
use crate::lost::Lost;
use crate::mechanism::ceph;
use crate::network::World;

/// What decides for a pool.
struct Rule<'a> {
    size: u32,
    min: u32,
    domain: FailureDomain,
    class: Option<&'a str>,
}

fn rule<'a>(ceph: &'a Ceph, pool: &Name) -> Option<Rule<'a>> {
    if let Some(pool) = ceph.pool.get(pool) {
        let size = pool.erasure.map_or(pool.replicas, |(data, coding)| data + coding);
        return Some(Rule { size, min: pool.min, domain: pool.domain, class: pool.class.as_deref() });
    }
    if let Some(files) = ceph.filesystem.get(pool) {
        let class = files.class.as_deref();
        return Some(Rule { size: files.replicas, min: files.min, domain: files.domain, class });
    }
    let objects = ceph.object_store.get(pool)?;
    let class = objects.class.as_deref();
    Some(Rule { size: objects.replicas, min: objects.min, domain: objects.domain, class })
}

pub(super) fn pool(world: &World<'_>, pool: &str) -> How {
    let World { design, lost, .. } = world;
    let Some(ceph) = &design.ceph else { return How::masked("there is no Ceph") };
    let Some(rule) = rule(ceph, &Name::from(pool)) else { return How::masked("there is no such pool") };
    let mut away: BTreeSet<&Name> = lost.machines.clone();
    let mut links: Vec<How> = Vec::new();
    for (_, after) in [Purpose::CephPublic, Purpose::CephCluster].iter().filter_map(|use_of| world.network_for(*use_of))
    {
        away.extend(&after.away);
        if !links.contains(&after.links) {
            links.push(after.links.clone());
        }
    }
    let mut links = How::both(links);
    let took = links.outage(Who::New).max();
    if took != End::Repair && took > End::After(ceph.osd_heartbeat_grace) {
        let marked = How::either([
            ("no OSD was marked down meanwhile".to_owned(), How::masked("all goes on")),
            ("OSDs were marked down meanwhile".to_owned(), ceph::osds_silent(ceph.osd_heartbeat_grace).into()),
        ]);
        links = How::Then(vec![links, marked]);
    }
    let mut parts = vec![links];
    parts.push(monitors(ceph, lost, &away));
    parts.push(osds(design, ceph, lost, &away, &rule));
    How::both(parts)
}

fn monitors(ceph: &Ceph, lost: &Lost<'_>, away: &BTreeSet<&Name>) -> How {
    let all = ceph.mon.len();
    let gone = ceph.mon.keys().filter(|name| away.contains(name) || !lost.runs(Daemon::Mon, name)).count();
    match gone {
        0 => How::masked("every monitor is there"),
        gone if all - gone < all / 2 + 1 => How::until_repair("the monitors have lost their quorum"),
        _ => ceph::monitors_elect().into(),
    }
}

fn osds(design: &Design, ceph: &Ceph, lost: &Lost<'_>, away: &BTreeSet<&Name>, rule: &Rule<'_>) -> How {
    let of_pool = |osd: &Osd| rule.class.is_none_or(|class| osd.class == class);
    let silent = |(_, osd): &(&Name, &Osd)| away.contains(&osd.machine);
    let gone: Vec<(&Name, &Osd)> = ceph
        .osd
        .iter()
        .filter(|(name, osd)| of_pool(osd) && (silent(&(name, osd)) || lost.osds.contains(name)))
        .collect();
    if gone.is_empty() {
        return How::masked("every disk of the pool is there");
    }
    let mut domains: Vec<String> = gone.iter().map(|(name, osd)| domain(design, rule.domain, name, osd)).collect();
    domains.sort();
    domains.dedup();
    let copies = u32::try_from(domains.len()).unwrap_or(u32::MAX).min(rule.size);
    if rule.size - copies < rule.min {
        return How::until_repair(format!(
            "{copies} of {} copies may be lost, and {} must be there for reads and writes",
            rule.size, rule.min
        ));
    }
    if gone.iter().any(silent) {
        ceph::osds_silent(ceph.osd_heartbeat_grace).into()
    } else {
        ceph::osd_refused().into()
    }
}

/// What shares the fate of an OSD, by the rule of the pool.
fn domain(design: &Design, domain: FailureDomain, name: &Name, osd: &Osd) -> String {
    match domain {
        FailureDomain::Osd => name.to_string(),
        FailureDomain::Host => osd.machine.to_string(),
        FailureDomain::Chassis => osd.host.to_string(),
        FailureDomain::Rack => design.host.get(&osd.host).map_or_else(String::new, |host| host.rack.to_string()),
    }
}
