//! The control plane's files, run by their daemons: three hosts, two leaves and a client.
//!
//! One lab serves all drills, in the order in which they leave it whole. Run with `cargo xtask test`, which installs what
//! it needs; the result is kept in `target/lab/control-plane.jsonl`.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a test panics to fail, and prints what it measured"
)]

mod common;

use std::net::SocketAddr;
use std::time::Duration;

use common::control_plane::{ControlPlane, control_plane_files};
use common::{API_NAME, API_PORT, CLIENT, VIP, control_plane_plan, results};
use plimsoll_lab::{Drill, HolderWatch, Journal, Lab, Probe, ProbePlan};

/// Watch before the fault, calm after it, and the longest wait for that calm.
const PHASES: [Duration; 3] = [Duration::from_secs(2), Duration::from_secs(2), Duration::from_secs(30)];
const HOLDER_LIMIT: Duration = Duration::from_secs(30);

#[test]
#[ignore = "needs root, systemd-nspawn and the cached root image: run by `cargo xtask test`"]
fn the_api_answers_again_after_each_single_fault() {
    let ControlPlane { hosts, authority } = control_plane_files();
    let authority_file = results().join("authority.pem");
    std::fs::create_dir_all(results()).unwrap();
    std::fs::write(&authority_file, authority).unwrap();
    let probe = ProbePlan::readyz(SocketAddr::from((VIP, API_PORT)), API_NAME, authority_file);

    let mut lab = Lab::launch(control_plane_plan(hosts)).unwrap();
    let mut journal = Journal::create(&results().join("control-plane.jsonl"), &lab).unwrap();
    for part in lab.fidelity() {
        println!("{:<9} {:<16} {}", if part.real { "real" } else { "stand-in" }, part.part, part.here);
    }
    steady(&lab, &probe);
    let filter = lab.run_in("cp-1", &["nft", "list", "table", "inet", "plimsoll"]).unwrap();
    assert!(String::from_utf8_lossy(&filter.stdout).contains("policy drop"), "the rendered packet filter is in force");

    let (before, probing, watch) = ready(&lab, &probe);
    let drill = Drill::run("holder of the VIP powered off", probing, PHASES, || lab.power_off(&before)).unwrap();
    let after = keep(&lab, &mut journal, drill, &before, watch);
    assert_ne!(after, before, "the VIP moved");
    lab.power_on(&before).unwrap();
    steady(&lab, &probe);

    // The service manager starts it again before the check has failed twice.
    let (before, probing, watch) = ready(&lab, &probe);
    let drill = Drill::run("haproxy killed on the holder", probing, PHASES, || lab.kill(&before, "haproxy")).unwrap();
    keep(&lab, &mut journal, drill, &before, watch);
    steady(&lab, &probe);

    let (before, probing, watch) = ready(&lab, &probe);
    let fault = || lab.stop_unit(&before, "haproxy.service");
    let drill = Drill::run("haproxy stopped on the holder", probing, PHASES, fault).unwrap();
    let after = keep(&lab, &mut journal, drill, &before, watch);
    assert_ne!(after, before, "the VIP moved");
    lab.start_unit(&before, "haproxy.service").unwrap();
    steady(&lab, &probe);

    let (before, probing, watch) = ready(&lab, &probe);
    let leaf = lab.active_leaf(&before).unwrap().expect("the holder's bond has an active leg");
    let drill = Drill::run("the holder's active leaf down", probing, PHASES, || lab.leaf_down(&leaf)).unwrap();
    let after = keep(&lab, &mut journal, drill, &before, watch);
    assert_eq!(after, before, "the VIP stayed");
    assert_ne!(lab.active_leaf(&before).unwrap(), Some(leaf.clone()), "the bond moved");
    lab.leaf_up(&leaf).unwrap();
    steady(&lab, &probe);

    let (before, probing, watch) = ready(&lab, &probe);
    let leaf = lab.active_leaf(&before).unwrap().expect("the holder's bond has an active leg");
    let drill = Drill::run("the holder's active link down", probing, PHASES, || lab.link_down(&before, &leaf)).unwrap();
    let after = keep(&lab, &mut journal, drill, &before, watch);
    assert_eq!(after, before, "the VIP stayed");
    assert_ne!(lab.active_leaf(&before).unwrap(), Some(leaf.clone()), "the bond moved");

    println!("\n{}", journal.table());
    lab.destroy().unwrap();
}

/// Waits until all members are well behind every balancer, and one host holds the VIP.
fn steady(lab: &Lab, probe: &ProbePlan) {
    lab.wait_for_answers(CLIENT, probe, Duration::from_secs(3), Duration::from_mins(1)).unwrap();
    lab.wait_for_one_holder(VIP.into(), HOLDER_LIMIT).unwrap();
}

/// The holder of the VIP, and a probe and a watch that have begun.
fn ready(lab: &Lab, probe: &ProbePlan) -> (String, Probe, HolderWatch) {
    let holder = lab.wait_for_one_holder(VIP.into(), HOLDER_LIMIT).unwrap();
    (holder, lab.probe(CLIENT, probe).unwrap(), lab.watch_holders(VIP.into()))
}

/// Keeps a drill whose promise was held: the VIP answers again, and one host holds it, which is returned.
fn keep(lab: &Lab, journal: &mut Journal, drill: Drill, before: &str, watch: HolderWatch) -> String {
    let after = lab.wait_for_one_holder(VIP.into(), HOLDER_LIMIT).unwrap();
    let drill = drill.holders(before, &after, watch.stop());
    println!("{drill:?}");
    journal.keep(&drill).unwrap();
    assert!(drill.outage_ms.is_some(), "the VIP answers again");
    after
}
