//! A holder of the VIP that is cut off: with a check of the whole path it gives the address up, with a check of the process two
//! machines hold it until the network is whole again.
//!
//! Its links go down behind its back, as those of a hypervisor do: the interface of the machine keeps its carrier.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a test panics to fail, and prints what it measured"
)]

mod common;

use std::time::{Duration, Instant};

use common::control_plane::{ControlPlane, control_plane_of, design_with};
use common::{HostFiles, LEAVES, VIP, control_plane_plan};
use plimsoll_lab::Lab;
use plimsoll_model::Design;
use plimsoll_outage::Who;
use plimsoll_outage::mechanism::keepalived::{Fails, fall_time};
use plimsoll_outage::mechanism::vrrp::{Succession, both_hold};

const LIMIT: Duration = Duration::from_mins(1);
/// What two busy cores may add to a time.
const LATE: Duration = Duration::from_secs(1);

fn checked_by(check: &str) -> Design {
    design_with(&[("failover: safe }", &format!("failover: safe, vrrp: {{ check: {check} }} }}"))])
}

#[test]
#[ignore = "needs root, systemd-nspawn and the cached root image: run by `cargo xtask test`"]
fn a_holder_that_is_cut_off_gives_the_address_up_if_its_check_sees_it() {
    let (path, process) = (checked_by("path"), checked_by("process"));
    let vrrp = path.api.vrrp.as_ref().unwrap();
    let check = vrrp.check.as_ref().unwrap();
    let both = both_hold(vrrp, &Succession::of(vrrp, &[]).unwrap(), fall_time(check, Fails::BySilence), "");
    let most = Duration::from_millis(both.outage(Who::New).max().time().unwrap().0);

    let ControlPlane { hosts, .. } = control_plane_of(&path);
    let mut lab = Lab::launch(control_plane_plan(hosts)).unwrap();
    let holder = cut_off(&mut lab);
    let left = wait(|| lab.holders(VIP.into()).len() == 1).expect("one gives it up");
    assert!(!lab.holders(VIP.into()).contains(&holder), "it is the one that is cut off");
    println!("a check of the whole path: two held it for {left:?}, predicted at most {most:?}");
    assert!(left <= most + LATE, "{left:?} of {most:?}");
    whole(&mut lab, &holder);

    // keepalived runs the other check with the next run.
    for HostFiles { name, files, .. } in control_plane_of(&process).hosts {
        let file = files.iter().find(|file| file.path == check.script).expect("the check");
        let text = String::from_utf8(file.bytes.clone()).unwrap();
        assert!(text.contains("pidof"), "{text}");
        lab.run_in(&name, &["sh", "-c", "printf %s \"$1\" > \"$2\"", "sh", &text, &file.path]).unwrap();
    }
    let holder = cut_off(&mut lab);
    std::thread::sleep(most + LATE);
    let both = lab.holders(VIP.into());
    assert!(both.len() == 2 && both.contains(&holder), "both go on: {both:?}");
    // They hear each other again, and one gives way.
    whole(&mut lab, &holder);
    lab.destroy().unwrap();
}

/// Cuts the holder off, and waits until another has taken the address too.
fn cut_off(lab: &mut Lab) -> String {
    let holder = lab.wait_for_one_holder(VIP.into(), LIMIT).unwrap();
    for leaf in LEAVES {
        lab.link_down(&holder, leaf).unwrap();
    }
    wait(|| lab.holders(VIP.into()).len() == 2).expect("another takes the address of whom it does not hear any more");
    holder
}

fn whole(lab: &mut Lab, host: &str) {
    for leaf in LEAVES {
        lab.link_up(host, leaf).unwrap();
    }
    lab.wait_for_one_holder(VIP.into(), LIMIT).unwrap();
}

/// How long it took until something was true; `None` when it was not in time.
fn wait(mut until: impl FnMut() -> bool) -> Option<Duration> {
    let start = Instant::now();
    while start.elapsed() < LIMIT {
        if until() {
            return Some(start.elapsed());
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    None
}
