//! `one-holder/api`: two machines hold the address of the API at a time; seconds say for how long.

use plimsoll_model::Name;
use plimsoll_model::design::{Vrrp, VrrpCheckKind};

use crate::failure::{Daemon, Way};
use crate::how::{How, Who};
use crate::interval::{End, Interval};
use crate::mechanism::keepalived::{self, Fails};
use crate::mechanism::vrrp::{Succession, both_hold};
use crate::mechanism::{restart, vrrp};
use crate::network::World;

pub(super) fn one_holder(world: &World<'_>) -> How {
    let Some(vrrp) = &world.design.api.vrrp else { return How::masked("no machines share an address") };
    let after = world.after(&world.design.api.network);
    let lives = |name: &&Name| !world.lost.machine(name);
    let cut = vrrp.member.keys().filter(lives).any(|name| after.away.contains(name));
    let (alive, heir) = (vrrp.member.keys().filter(lives).count(), Succession::of(vrrp, &[]));
    let Some(heir) = heir.filter(|_| alive > 1) else { return How::masked("one machine is left to hold it") };
    if cut {
        return until_it_steps_back(vrrp, &heir);
    }
    if let Some((_, Way::Killed)) = world.lost.ended(Daemon::Keepalived) {
        // The address stays until the new process removes it.
        let removed = restart::systemd_time(restart::RESTART_SEC).or(vrrp::respawn_time());
        return both_hold(vrrp, &heir, removed, "until keepalived is started again, which removes the address");
    }
    let took = after.links.outage(Who::New);
    match took.max() {
        End::Repair => until_it_steps_back(vrrp, &heir),
        End::After(_) => both_hold(vrrp, &heir, took, "until links have failed over"),
    }
}

/// A member hears nobody, and does not yet know why.
fn until_it_steps_back(vrrp: &Vrrp, heir: &Succession) -> How {
    let moves = |weight: Option<i32>| matches!(weight, None | Some(0));
    let check = vrrp.check.as_ref().filter(|check| check.kind == VrrpCheckKind::Path && moves(check.weight));
    let Some(check) = check else { return How::until_repair("the check of a member that is cut off still passes") };
    let falls: Interval = keepalived::fall_time(check, Fails::BySilence);
    both_hold(vrrp, heir, falls, "until the check of the one that is cut off has failed")
}
