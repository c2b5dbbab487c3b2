//! Proxmox VE: guests, their placement, cluster membership.

mod affinity;
mod bridges;
mod guests;
mod membership;

use crate::Rule;

/// The rules of this area, by id.
pub const RULES: &[&Rule] = &[
    &membership::PVE_001,
    &membership::PVE_002,
    &membership::PVE_003,
    &membership::PVE_004,
    &membership::PVE_006,
    &membership::PVE_007,
    &affinity::PVE_008,
    &affinity::PVE_009,
    &affinity::PVE_010,
    &guests::PVE_011,
    &guests::PVE_012,
    &guests::PVE_013,
    &guests::PVE_014,
    &bridges::PVE_015,
    &bridges::PVE_016,
    &membership::PVE_021,
    &guests::PVE_025,
    &affinity::PVE_026,
];
