//! CAL: Calico's routes, pools and sessions, and kube-proxy beside it.

mod dataplane;
mod numbers;
mod pools;
mod ports;
mod routes;

use plimsoll_views::World;
use plimsoll_views::pod_network::CalicoNetwork;

use crate::Rule;

/// The rules of this area, by id.
pub const RULES: &[&Rule] = &[
    &routes::CAL_002,
    &routes::CAL_003,
    &routes::CAL_005,
    &numbers::CAL_008,
    &pools::CAL_009,
    &ports::CAL_011,
    &numbers::CAL_013,
    &dataplane::CAL_014,
    &dataplane::CAL_015,
    &dataplane::CAL_016,
    &routes::CAL_017,
    &pools::CAL_018,
    &pools::CAL_019,
];

fn calico<'a>(world: &'a World<'_>) -> Option<&'a CalicoNetwork> {
    world.pod_network.calico.as_ref()
}

/// Major and minor of Calico, when they are known.
fn release(calico: &CalicoNetwork) -> Option<(u32, u32)> {
    super::mlb::version(calico.version.get()?).map(|(major, minor, _)| (major, minor))
}
