//! VRRP: who holds an address, and whether it moves when it must.

mod agreement;
mod authentication;
mod check_script;
mod families;
mod firewall;
mod group;
mod identity;
mod preemption;
mod priorities;
mod strict;
mod timing;
mod unicast;
mod weights;

use plimsoll_views::vrrp::{VrrpGroup, VrrpMember};

use crate::Rule;

/// The rules of this area, by id.
pub const RULES: &[&Rule] = &[
    &identity::VRRP_001,
    &identity::VRRP_002,
    &weights::VRRP_003,
    &weights::VRRP_004,
    &preemption::VRRP_005,
    &preemption::VRRP_006,
    &priorities::VRRP_007,
    &weights::VRRP_008,
    &strict::VRRP_009,
    &families::VRRP_010,
    &unicast::VRRP_011,
    &authentication::VRRP_013,
    &timing::VRRP_014,
    &check_script::VRRP_015,
    &check_script::VRRP_016,
    &check_script::VRRP_017,
    &group::VRRP_018,
    &group::VRRP_019,
    &firewall::VRRP_020,
    &preemption::VRRP_021,
    &agreement::VRRP_022,
    &agreement::VRRP_023,
    &agreement::VRRP_024,
    &preemption::VRRP_025,
    &authentication::VRRP_026,
    &check_script::VRRP_027,
    &check_script::VRRP_028,
];

/// What keepalived fills in where a file states no priority.
const OWNER: u8 = 255;

/// Members from the highest priority down (equal ones in the order of their names); `None` when one is unknown.
fn by_priority(group: &VrrpGroup) -> Option<Vec<(u8, &VrrpMember)>> {
    let mut order = group
        .members
        .iter()
        .map(|member| member.priority.copied().map(|priority| (priority, member)))
        .collect::<Option<Vec<_>>>()?;
    order.sort_by_key(|(priority, _)| std::cmp::Reverse(*priority));
    Some(order)
}

/// Whether a command makes a request and so asks for an answer.
fn asks(command: &str) -> bool {
    ["curl", "wget", "openssl s_client"].iter().any(|word| command.contains(word))
}

/// Whether a script without weight asks for an answer, or may ask: whatever else is tracked by weight then only prefers
/// one member to another, and a dead path moves the address all the same.
fn guarded(member: &VrrpMember) -> bool {
    let fault = member.tracked().filter(|track| track.script && track.weight.is(&0));
    fault.into_iter().any(|track| track.command.get().is_none_or(|command| asks(command)))
}

/// The key under which rules about the failed check of a group are one cause.
fn check_cause(group: &VrrpGroup) -> String {
    format!("{}/check", group.name)
}
