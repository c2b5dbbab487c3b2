//! STO: Ceph's copies, capacity and monitors; classes of volumes.

mod capacity;
mod classes;
mod copies;
mod devices;
mod file_server;
mod healing;
mod monitors;
mod operator;
mod placement;
mod room;
mod stateful;

use plimsoll_views::storage::{CephCluster, Pool};
use plimsoll_views::{Goals, Scope, World};

use crate::Rule;

/// The rules of this area, by id.
pub const RULES: &[&Rule] = &[
    &monitors::STO_001,
    &placement::STO_003,
    &placement::STO_004,
    &copies::STO_005,
    &copies::STO_006,
    &copies::STO_007,
    &healing::STO_008,
    &healing::STO_009,
    &healing::STO_010,
    &room::STO_013,
    &room::STO_014,
    &operator::STO_015,
    &operator::STO_016,
    &operator::STO_017,
    &devices::STO_018,
    &operator::STO_022,
    &classes::STO_025,
    &stateful::STO_026,
    &file_server::STO_027,
    &classes::STO_030,
    &classes::STO_031,
    &operator::STO_032,
    &placement::STO_033,
    &healing::STO_034,
    &classes::STO_036,
];

/// What the promise about volumes is called in goals.
const STORAGE: Scope<'static> = Scope::Promise("storage");

/// Every pool with its cluster.
fn pools<'a>(world: &'a World<'_>) -> impl Iterator<Item = (&'a CephCluster, &'a Pool)> {
    world.storage.ceph.iter().flat_map(|cluster| cluster.pools.iter().map(move |pool| (cluster, pool)))
}

/// Every pool, of whichever cluster.
fn all_pools<'a>(world: &'a World<'_>) -> impl Iterator<Item = &'a Pool> {
    pools(world).map(|(_, pool)| pool).chain(&world.storage.pools_apart)
}

/// Whether the loss of one bucket of a CRUSH type is among the goals. What CRUSH calls a host is a node.
fn survives_one(goals: &Goals, bucket: &str) -> bool {
    kinds(bucket).iter().any(|kind| goals.one(kind, STORAGE))
}

/// Whether the loss of two, or of one while a host is drained, is among the goals.
fn survives_two(goals: &Goals, bucket: &str) -> bool {
    kinds(bucket).iter().any(|kind| goals.second(kind, STORAGE))
}

/// Kinds of components that take a bucket with them.
fn kinds(bucket: &str) -> &'static [&'static str] {
    match bucket {
        "osd" => &["disk"],
        "host" => &["machine", "host"],
        "chassis" => &["host"],
        "rack" => &["rack"],
        _ => &[],
    }
}

/// A CRUSH type in words for people.
fn bucket_word(bucket: &str, count: usize) -> String {
    let one = match bucket {
        "osd" => "disk",
        "host" => "node",
        "chassis" => "physical host",
        other => other,
    };
    if count == 1 { one.to_owned() } else { format!("{one}s") }
}
