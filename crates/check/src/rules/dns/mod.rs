//! DNS: names in pods, names of the cluster from outside, and who writes them.

mod bind;
mod cache;
mod copies;
mod endpoint;
mod external;
mod stubs;
mod transfers;
mod updates;
mod upstreams;
mod zones;

use crate::Rule;

/// The rules of this area, by id.
pub const RULES: &[&Rule] = &[
    &copies::DNS_001,
    &copies::DNS_002,
    &copies::DNS_003,
    &upstreams::DNS_004,
    &upstreams::DNS_005,
    &endpoint::DNS_006,
    &endpoint::DNS_007,
    &upstreams::DNS_008,
    &zones::DNS_009,
    &cache::DNS_010,
    &cache::DNS_011,
    &upstreams::DNS_014,
    &external::DNS_015,
    &external::DNS_016,
    &transfers::DNS_017,
    &updates::DNS_018,
    &updates::DNS_019,
    &external::DNS_020,
    &external::DNS_021,
    &zones::DNS_022,
    &bind::DNS_023,
    &updates::DNS_024,
    &external::DNS_026,
    &transfers::DNS_027,
    &copies::DNS_028,
    &stubs::DNS_029,
];
