//! Physical redundancy: power, cabling, disks.

mod bonds;
mod disks;
mod domains;
mod links;
mod power;

use std::collections::BTreeSet;

use plimsoll_model::Name;
use plimsoll_model::design::{Design, Host, Role, State};

use crate::Rule;

/// The rules of this area, by id.
pub const RULES: &[&Rule] = &[
    &power::PHY_001,
    &power::PHY_002,
    &domains::PHY_003,
    &power::PHY_004,
    &links::PHY_005,
    &bonds::PHY_006,
    &bonds::PHY_007,
    &links::PHY_008,
    &links::PHY_009,
    &bonds::PHY_010,
    &bonds::PHY_011,
    &bonds::PHY_012,
    &links::PHY_013,
    &disks::PHY_014,
    &disks::PHY_015,
    &disks::PHY_016,
    &links::PHY_017,
    &power::PHY_020,
    &bonds::PHY_021,
    &links::PHY_022,
];

/// Hosts in service.
fn hosts(design: &Design) -> impl Iterator<Item = (&Name, &Host)> {
    design.host.iter().filter(|(_, host)| host.state != State::Planned)
}

/// Machines whose loss costs a vote, a balancer or a DNS server.
fn vital_machines(design: &Design) -> BTreeSet<&Name> {
    let roles = [Role::ControlPlane, Role::Etcd, Role::Balancer, Role::ZoneServer];
    let mons = design.ceph.iter().flat_map(|ceph| ceph.mon.keys());
    let by_role = design.machine.iter().filter(|(_, machine)| roles.contains(&machine.role)).map(|(name, _)| name);
    by_role.chain(mons).collect()
}

/// Hosts below such machines.
fn vital_hosts(design: &Design) -> BTreeSet<&Name> {
    vital_machines(design)
        .into_iter()
        .filter_map(|name| design.machine.get(name))
        .map(|machine| &machine.host)
        .collect()
}
