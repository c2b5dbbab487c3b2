//! OS, TIME, SEC, GOV, UPG and BKP: the ground on which the cluster stands.

mod backups;
mod firewall;
mod jurisdiction;
mod nodes;
mod time;
mod versions;

use crate::Rule;

/// The rules of these areas, by area and id.
pub const RULES: &[&Rule] = &[
    &nodes::OS_001,
    &nodes::OS_004,
    &versions::OS_005,
    &nodes::OS_006,
    &firewall::OS_008,
    &time::TIME_001,
    &time::TIME_002,
    &firewall::SEC_001,
    &firewall::SEC_002,
    &jurisdiction::GOV_001,
    &jurisdiction::GOV_002,
    &jurisdiction::GOV_003,
    &versions::UPG_005,
    &backups::BKP_001,
    &backups::BKP_003,
    &backups::BKP_004,
    &backups::BKP_005,
];
