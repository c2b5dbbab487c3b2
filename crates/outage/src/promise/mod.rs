//! The promises of a cluster, each with what a failure does to it.

mod api;
mod dns;
mod holders;
mod nfs;
mod services;
mod storage;
mod workloads;

use plimsoll_model::Design;
use plimsoll_model::design::OutsideNames;
use serde::Serialize;

use crate::how::How;
use crate::network::World;

pub use api::Endpoint;

/// A share of those who ask is hit for longer than the others.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Partly {
    /// Who is hit, and how hard: `1 of 3 new connections`.
    pub share: String,
    /// How long that goes on.
    pub how: How,
}

/// What a failure does to a promise.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Answer {
    /// Until nobody is hit any more, but for those in `partly`.
    pub(crate) how: How,
    pub(crate) partly: Vec<Partly>,
}

impl From<How> for Answer {
    fn from(how: How) -> Self {
        Answer { how, partly: Vec::new() }
    }
}

/// The promises of a Design: `api`, `one-holder/api`, `dns`, `dns/outside`, `dns/DOMAIN`, `zone`, `ingress/POOL`, `storage/POOL`,
/// `capacity/TENANT`, `egress` and `management`, as far as it has what they are about.
pub fn promises(design: &Design) -> Vec<String> {
    let mut names = vec!["api".to_owned()];
    if design.api.vrrp.as_ref().is_some_and(|vrrp| vrrp.member.len() > 1) {
        names.push("one-holder/api".to_owned());
    }
    names.push("dns".to_owned());
    if design.nodes().next().is_some() {
        names.extend(design.outside_names().iter().map(OutsideNames::promise));
    }
    if !design.zone.is_empty() {
        names.push("zone".to_owned());
    }
    let announced = |pool: &plimsoll_model::design::LoadBalancerPool| !pool.announce.is_empty();
    let pools = design.metallb.iter().flat_map(|metallb| &metallb.pool).filter(|(_, pool)| announced(pool));
    names.extend(pools.map(|(name, _)| format!("ingress/{name}")));
    if let Some(ceph) = &design.ceph {
        names.extend(ceph.pool.keys().map(|name| format!("storage/{name}")));
        names.extend(ceph.filesystem.keys().map(|name| format!("storage/{name}")));
        names.extend(ceph.object_store.keys().map(|name| format!("storage/{name}")));
    }
    names.extend(design.nfs.is_some().then(|| "storage/nfs".to_owned()));
    names.extend(design.tenant.keys().map(|name| format!("capacity/{name}")));
    names.extend(["egress".to_owned(), "management".to_owned()]);
    names
}

/// For each promise, an earlier one that every failure hurts alike: tenants differ by nothing but whether they have volumes.
pub(crate) fn same(design: &Design, promises: &[String]) -> Vec<Option<usize>> {
    let mut first: [Option<usize>; 2] = [None; 2];
    let mut all = Vec::with_capacity(promises.len());
    for (at, promise) in promises.iter().enumerate() {
        let known = promise.strip_prefix("capacity/").map(|tenant| {
            let first = &mut first[usize::from(workloads::has_volumes(design, tenant))];
            let known = *first;
            *first = known.or(Some(at));
            known
        });
        all.push(known.flatten());
    }
    all
}

/// What a failure does to a promise.
pub(crate) fn answer(world: &World<'_>, promise: &str) -> Answer {
    match promise.split_once('/') {
        Some(("dns", _)) => {
            let names = world.design.outside_names().into_iter().find(|names| names.promise() == promise);
            names.map_or_else(
                || How::masked("nobody is asked for such names").into(),
                |names| dns::outside(world, names),
            )
        }
        Some(("ingress", pool)) => services::ingress(world, pool),
        Some(("one-holder", _)) => holders::one_holder(world).into(),
        Some(("storage", "nfs")) if world.design.nfs.is_some() => nfs::server(world).into(),
        Some(("storage", pool)) => storage::pool(world, pool).into(),
        Some(("capacity", tenant)) => workloads::capacity(world, tenant).into(),
        _ => match promise {
            "api" => api::api(world),
            "dns" => dns::cluster(world),
            "zone" => dns::zone(world).into(),
            "egress" => services::egress(world).into(),
            _ => services::management(world).into(),
        },
    }
}
