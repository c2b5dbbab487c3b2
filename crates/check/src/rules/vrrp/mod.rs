//! VRRP: who holds an address, and whether it moves when it must.

mod vrrp_003;

use crate::Rule;

/// The rules of this area, by id.
pub const RULES: &[&Rule] = &[&vrrp_003::RULE];
