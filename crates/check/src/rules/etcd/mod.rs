//! ETCD: members, disks, timers and backups of the datastore.

mod addresses;
mod backups;
mod disks;
mod flags;
mod growth;
mod members;
mod timers;

use crate::Rule;

/// The rules of this area, by id.
pub const RULES: &[&Rule] = &[
    &members::ETCD_001,
    &disks::ETCD_002,
    &disks::ETCD_003,
    &disks::ETCD_004,
    &timers::ETCD_006,
    &growth::ETCD_007,
    &growth::ETCD_008,
    &growth::ETCD_009,
    &backups::ETCD_010,
    &backups::ETCD_011,
    &backups::ETCD_012,
    &backups::ETCD_015,
    &flags::ETCD_017,
    &flags::ETCD_018,
    &addresses::ETCD_019,
    &disks::ETCD_020,
    &flags::ETCD_023,
    &addresses::ETCD_025,
];

/// Members that must agree: a majority.
pub(crate) const fn quorum(voters: usize) -> usize {
    voters / 2 + 1
}
