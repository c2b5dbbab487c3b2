//! Prediction and reality: each fault that the small lab injects, again and again, with safe and with fast timers, beside the
//! interval that `plimsoll-outage` predicts for what really runs there.
//!
//! `cargo xtask agreement` runs it. `PLIMSOLL_REPEATS` says how often (10), `PLIMSOLL_PROFILE` which timers alone. A gap outside its interval fails the run
//! when more than one in twenty are: it is a reason to mend the formula, the model or the configuration, never the interval.
//! What was measured is kept in `target/lab/agreement-PROFILE.jsonl`.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a test panics to fail, and prints what it measured"
)]

mod common;

use std::net::SocketAddr;
use std::time::Duration;

use common::control_plane::{ControlPlane, control_plane_of, design_with};
use common::{API_NAME, API_PORT, CLIENT, VIP, control_plane_plan, results};
use plimsoll_lab::{Drill as Run, Journal, Lab, ProbePlan};
use plimsoll_model::units::Millis;
use plimsoll_model::{Design, Name};
use plimsoll_outage::drill::{Bench, Bonds, Drill, drill};
use plimsoll_outage::observer::Observer;
use plimsoll_outage::{Interval, Who};

/// Watch before the fault, calm after it, and the longest wait for that calm.
const PHASES: [Duration; 3] = [Duration::from_secs(2), Duration::from_secs(2), Duration::from_secs(40)];
const LIMIT: Duration = Duration::from_secs(40);

/// One repeat of a drill.
struct Repeat {
    fault: Drill,
    holder: String,
    predicted: Interval,
    measured: Option<u64>,
    idle: u64,
    agrees: bool,
}

#[test]
#[ignore = "needs root, systemd-nspawn, the cached root image, and 20 minutes: `cargo xtask agreement`"]
fn predictions_agree_with_measurements() {
    let repeats: usize = std::env::var("PLIMSOLL_REPEATS").map_or(10, |text| text.parse().unwrap());
    let only = std::env::var("PLIMSOLL_PROFILE").ok();
    let mut outside = Vec::new();
    let mut all = 0;
    for profile in ["safe", "fast"].into_iter().filter(|name| only.as_deref().is_none_or(|only| only == *name)) {
        let seen = repeat(profile, repeats);
        println!("\n{profile} timers, {repeats} repeats each");
        println!("{:<18} {:>22} {:>22} {:>8}", "fault", "predicted (union)", "measured", "outside");
        for fault in Drill::ALL {
            let of: Vec<&Repeat> = seen.iter().filter(|one| one.fault == fault).collect();
            let predicted = of.iter().map(|one| one.predicted).reduce(Interval::or).unwrap();
            let gaps = of.iter().filter_map(|one| one.measured);
            let range = (gaps.clone().min().unwrap_or(0), gaps.max().unwrap_or(0));
            let wrong = of.iter().filter(|one| !one.agrees).count();
            let name = format!("{fault:?}");
            let (min, max) = (predicted.min(), predicted.max());
            println!(
                "{name:<18} {:>22} {:>22} {wrong:>8}",
                format!("{min} to {max}"),
                format!("{} to {} ms", range.0, range.1)
            );
        }
        all += seen.len();
        outside.extend(seen.into_iter().filter(|one| !one.agrees));
    }
    for one in &outside {
        println!(
            "outside: {:?} at {}: {:?} ms, predicted {} to {}, idle {} ms",
            one.fault,
            one.holder,
            one.measured,
            one.predicted.min(),
            one.predicted.max(),
            one.idle
        );
    }
    assert!(outside.len() * 20 <= all, "{} of {all} gaps lie outside their intervals", outside.len());
}

fn repeat(profile: &str, repeats: usize) -> Vec<Repeat> {
    let design = design_with(&[("failover: safe", &format!("failover: {profile}"))]);
    let ControlPlane { hosts, authority } = control_plane_of(&design);
    let authority_file = results().join(format!("authority-{profile}.pem"));
    std::fs::create_dir_all(results()).unwrap();
    std::fs::write(&authority_file, authority).unwrap();
    let probe = ProbePlan::readyz(SocketAddr::from((VIP, API_PORT)), API_NAME, authority_file);
    let mut lab = Lab::launch(control_plane_plan(hosts)).unwrap();
    let mut journal = Journal::create(&results().join(format!("agreement-{profile}.jsonl")), &lab).unwrap();
    let mut seen = Vec::new();
    for _ in 0..repeats {
        for fault in Drill::ALL {
            seen.push(once(&design, &mut lab, &mut journal, &probe, fault));
        }
    }
    lab.destroy().unwrap();
    seen
}

fn once(design: &Design, lab: &mut Lab, journal: &mut Journal, probe: &ProbePlan, fault: Drill) -> Repeat {
    lab.wait_for_answers(CLIENT, probe, Duration::from_secs(3), Duration::from_mins(1)).unwrap();
    let holder = lab.wait_for_one_holder(VIP.into(), LIMIT).unwrap();
    let probing = lab.probe(CLIENT, probe).unwrap();
    let leaf = lab.active_leaf(&holder).unwrap().expect("the holder's bond has an active leg");
    let run = Run::run(&format!("{fault:?}"), probing, PHASES, || match fault {
        Drill::PowerOff => lab.power_off(&holder),
        Drill::HaproxyKilled => lab.kill(&holder, "haproxy"),
        Drill::HaproxyStopped => lab.stop_unit(&holder, "haproxy.service"),
        Drill::KeepalivedKilled => lab.kill(&holder, "keepalived"),
        Drill::KeepalivedStopped => lab.stop_unit(&holder, "keepalived.service"),
        Drill::LeafDown => lab.leaf_down(&leaf),
        Drill::LinkDown => lab.link_down(&holder, &leaf),
    });
    let run = run.unwrap();
    journal.keep(&run).unwrap();
    match fault {
        Drill::PowerOff => lab.power_on(&holder).unwrap(),
        Drill::HaproxyStopped => lab.start_unit(&holder, "haproxy.service").unwrap(),
        Drill::KeepalivedStopped => lab.start_unit(&holder, "keepalived.service").unwrap(),
        Drill::LeafDown => lab.leaf_up(&leaf).unwrap(),
        Drill::LinkDown => lab.link_up(&holder, &leaf).unwrap(),
        Drill::HaproxyKilled | Drill::KeepalivedKilled => {}
    }
    // The bench is what the lab itself says it is: the kernel's bonds or the process, and how busy the machine was.
    let real_bond = lab.fidelity().iter().any(|part| part.part == "bond" && part.real);
    let miimon = Millis(100);
    let bonds = if real_bond { Bonds::Kernel(miimon) } else { Bonds::Process { miimon, bonds: 4 } };
    let idle = run.idle_ms.unwrap_or(10);
    let observer = Observer { every: Millis(10), idle: Millis(idle) };
    let bench = Bench { bonds, asks_every: Some(Millis(200)), observer };
    let (how, predicted) = drill(design, fault, &Name::from(holder.as_str()), &bench);
    // A fault that is masked is an outage no longer than what is seen of an idle machine.
    let agrees = run.outage_ms.is_some_and(|gap| predicted.contains(Millis(gap)));
    println!("{fault:?} at {holder}: {:?} ms, predicted {predicted} ({})", run.outage_ms, how.outage(Who::New));
    Repeat { fault, holder, predicted, measured: run.outage_ms, idle, agrees }
}
