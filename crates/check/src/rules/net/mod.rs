//! VLANs, packet sizes, encapsulation.

mod encapsulation;
mod mtu;
mod stacked;
mod vlans;

use plimsoll_model::Name;
use plimsoll_model::design::{Design, Machine, MachineNic, Purpose};

use crate::Rule;

/// The rules of this area, by id.
pub const RULES: &[&Rule] = &[
    &mtu::NET_001,
    &mtu::NET_003,
    &mtu::NET_004,
    &mtu::NET_006,
    &encapsulation::NET_007,
    &encapsulation::NET_008,
    &encapsulation::NET_009,
    &encapsulation::NET_010,
    &vlans::NET_011,
    &vlans::NET_012,
    &encapsulation::NET_014,
    &vlans::NET_015,
];

/// Nodes with the interface that others reach them by.
fn node_nics(design: &Design) -> impl Iterator<Item = (&Name, &Machine, &Name, &MachineNic)> {
    design.nodes().filter_map(|(name, machine)| {
        let (network, nic) = machine.nic.iter().find(|(network, _)| {
            design.network.get(*network).is_some_and(|network| network.purposes.contains(&Purpose::Nodes))
        })?;
        Some((name, machine, network, nic))
    })
}
