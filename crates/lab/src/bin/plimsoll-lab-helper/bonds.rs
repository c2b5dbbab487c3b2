//! `bonds`: active-backup bonds where the kernel has no bonding driver.
//!
//! A bond is a bridge that holds exactly one of its legs. Like the driver with `miimon` and no primary, it looks at the
//! carrier of the active leg at a fixed interval, moves to the first leg that has carrier when the active one loses it,
//! and does not move back. Unlike the driver it announces nothing itself: the switches learn from the machine's next
//! frame, as they do of virtual machines behind a real bond.

use std::fs;
use std::process::Command;
use std::time::Duration;

use plimsoll_lab::BondWatch;

use crate::Failure;

pub(crate) fn watch(setting: &str) -> Result<(), Failure> {
    let watch: BondWatch = serde_json::from_str(setting)?;
    let mut active = vec![0; watch.bonds.len()];
    loop {
        for (bond, active) in watch.bonds.iter().zip(&mut active) {
            if has_carrier(&bond.legs[*active]) {
                continue;
            }
            if let Some(next) = bond.legs.iter().position(|leg| has_carrier(leg)) {
                ip(&["link", "set", &bond.legs[*active], "nomaster"])?;
                ip(&["link", "set", &bond.legs[next], "master", &bond.bridge])?;
                *active = next;
            }
        }
        std::thread::sleep(Duration::from_millis(watch.miimon_ms));
    }
}

fn has_carrier(leg: &str) -> bool {
    fs::read_to_string(format!("/sys/class/net/{leg}/carrier")).is_ok_and(|carrier| carrier.trim() == "1")
}

fn ip(arguments: &[&str]) -> Result<(), Failure> {
    let status = Command::new("ip").args(arguments).status()?;
    if status.success() { Ok(()) } else { Err(format!("ip {}: {status}", arguments.join(" ")).into()) }
}
