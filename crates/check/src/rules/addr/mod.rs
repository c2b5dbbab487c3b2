//! Addressing: prefixes, pools, addresses that must not meet.

mod families;
mod names;
mod onlink;
mod overlaps;
mod sizes;
mod taken;

use std::net::IpAddr;

use ipnet::IpNet;
use plimsoll_model::design::AddressRange;

use crate::Rule;

/// The rules of this area, by id.
pub const RULES: &[&Rule] = &[
    &overlaps::ADDR_001,
    &overlaps::ADDR_002,
    &sizes::ADDR_003,
    &sizes::ADDR_005,
    &sizes::ADDR_006,
    &sizes::ADDR_007,
    &sizes::ADDR_008,
    &sizes::ADDR_009,
    &families::ADDR_010,
    &families::ADDR_011,
    &families::ADDR_012,
    &onlink::ADDR_013,
    &overlaps::ADDR_014,
    &overlaps::ADDR_015,
    &overlaps::ADDR_016,
    &onlink::ADDR_017,
    &sizes::ADDR_018,
    &onlink::ADDR_019,
    &names::ADDR_020,
    &names::ADDR_021,
    &names::ADDR_022,
    &names::ADDR_023,
];

/// A prefix as the range of its addresses.
fn range(net: &IpNet) -> AddressRange {
    AddressRange::from(*net)
}

/// Length of an address of that family in bits.
fn width(address: IpAddr) -> u32 {
    if address.is_ipv4() { 32 } else { 128 }
}
