//! MLB: MetalLB's pools, announcers and sessions.

mod announcers;
mod bfd;
mod local;
mod modes;
mod peers;
mod pools;

use plimsoll_views::services::MetalLb;
use plimsoll_views::{Scope, World};

use crate::Rule;

/// The rules of this area, by id.
pub const RULES: &[&Rule] = &[
    &announcers::MLB_001,
    &peers::MLB_002,
    &pools::MLB_003,
    &pools::MLB_004,
    &announcers::MLB_005,
    &announcers::MLB_007,
    &announcers::MLB_008,
    &peers::MLB_009,
    &peers::MLB_010,
    &peers::MLB_011,
    &modes::MLB_012,
    &peers::MLB_013,
    &local::MLB_014,
    &pools::MLB_015,
    &modes::MLB_016,
    &announcers::MLB_017,
    &modes::MLB_018,
    &bfd::MLB_019,
];

/// What the promise about service addresses is called in goals.
const INGRESS: Scope<'static> = Scope::Promise("ingress");

fn metallb<'a>(world: &'a World<'_>) -> Option<&'a MetalLb> {
    world.services.metallb.as_ref()
}

/// Major and minor of a version, and its patch.
pub(super) fn version(text: &str) -> Option<(u32, u32, u32)> {
    let mut parts = text.trim_start_matches('v').split(['.', '-', '+']);
    let major = parts.next()?.parse().ok()?;
    let minor = parts.next()?.parse().ok()?;
    Some((major, minor, parts.next().and_then(|patch| patch.parse().ok()).unwrap_or(0)))
}
