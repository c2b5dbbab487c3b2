//! LB: balancers in front of the API.

mod backends;
mod check_tls;
mod endpoint;
mod http_check;
mod limits;
mod listeners;
mod timeouts;

use crate::Rule;

/// The rules of this area, by id.
pub const RULES: &[&Rule] = &[
    &listeners::LB_001,
    &listeners::LB_002,
    &backends::LB_003,
    &http_check::LB_004,
    &check_tls::LB_005,
    &http_check::LB_006,
    &http_check::LB_007,
    &timeouts::LB_008,
    &timeouts::LB_009,
    &timeouts::LB_010,
    &timeouts::LB_011,
    &limits::LB_012,
    &limits::LB_013,
    &limits::LB_014,
    &backends::LB_015,
    &endpoint::LB_016,
    &backends::LB_017,
    &http_check::LB_020,
    &check_tls::LB_021,
    &listeners::LB_022,
    &backends::LB_023,
    &http_check::LB_024,
];
