//! Topology: uplinks, layer-2 domains, gateways.

mod domains;
mod routers;
mod uplinks;

use crate::Rule;

/// The rules of this area, by id.
pub const RULES: &[&Rule] = &[
    &uplinks::TOP_001,
    &uplinks::TOP_002,
    &uplinks::TOP_003,
    &domains::TOP_004,
    &domains::TOP_005,
    &domains::TOP_006,
    &domains::TOP_007,
    &routers::TOP_008,
    &routers::TOP_009,
];
