//! Time lost in a year, worked out by hand.
#![allow(clippy::float_cmp, reason = "numbers that are taken over as they are")]

mod common;

use common::{broken, campus, campus_with, vars};
use plimsoll_circuit::{Compiled, Limits};
use plimsoll_prove::{
    Corner, HOURS_A_YEAR, LostTime, Maintenance, Model, Range, Rate, Source, cuts, failovers, lost_time, predictions,
    takes_nothing,
};
use serde_json::json;

#[test]
fn maintenance_is_what_the_file_declares() {
    let (design, origins) = campus_with(&[("assume/maintenance", json!({ "a_year": "4-16", "lasts": "30m" }))]);
    let windows = Maintenance::of(&design);
    assert!(windows.declared);
    assert_eq!((windows.a_year.low, windows.a_year.typical, windows.a_year.high), (4.0, 8.0, 16.0));
    assert_eq!((windows.hours.low, windows.hours.high), (0.5, 0.5));

    let model = Model::of(&design, &origins);
    let promise = model.promise("api").expect("api");
    let lost = lost_time(&model, &design, promise, windows).expect("numbers");
    // Each host is away for 8 x 1800 s; what that adds is the difference that it makes, looked up host by host.
    let compiled = Compiled::new(&model.circuit, promise.broken, Limits::default());
    let numbers: Vec<f64> = model
        .components
        .all()
        .map(|(_, of)| if of.external || of.common { 0.0 } else { of.rate.unavailability(Corner::Typical) })
        .collect();
    let mut expected = 0.0;
    for host in design.host.keys() {
        let var = model.components.find(&format!("host/{host}")).expect("a host");
        let away = |down| compiled.conditional(&numbers, &[(var, down)]).expect("numbers").upper;
        expected += (away(true) - away(false)) * 8.0 * 1800.0;
    }
    assert!(expected > 0.0 && (lost.maintenance.typical / expected - 1.0).abs() < 1e-9, "{:?}", lost.maintenance);
}

#[test]
fn a_host_that_is_never_stopped_loses_nothing_to_maintenance() {
    let (design, origins) = campus_with(&[("assume/maintenance", json!({ "a_year": "0", "lasts": "30m" }))]);
    let model = Model::of(&design, &origins);
    let lost =
        lost_time(&model, &design, model.promise("api").expect("api"), Maintenance::of(&design)).expect("numbers");
    assert_eq!(lost.maintenance, plimsoll_prove::Range::exactly(0.0));
    // Without a word, the default is taken, and says that it was not declared.
    let (design, _) = campus();
    assert_eq!(Maintenance::of(&design), Maintenance::default());
    assert!(!Maintenance::default().declared);
}

#[test]
fn repairs_take_as_long_as_the_file_says() {
    let hours = |edit: serde_json::Value, path: &str| {
        let (design, origins) = campus_with(&[("assume/repair", edit)]);
        let model = Model::of(&design, &origins);
        let rate = model.components.get(vars(&model, &[path])[0]).rate;
        (rate.hours.low, rate.hours.typical, rate.hours.high)
    };
    let parts = || json!({ "parts": "24h" });
    for path in ["host/pve-1/psu/a", "cable/leaf-1:1", "switch/leaf-1", "host/pve-1/disk/osd/1", "feed/ups-1"] {
        assert_eq!(hours(parts(), path), (24.0, 24.0, 24.0), "{path}");
    }
    // Most failures of a host are resets; at worst each is a broken board.
    assert_eq!(hours(parts(), "host/pve-1"), (0.3, 1.0, 24.0));
    // Nobody is sent for a program or to the power station.
    assert_eq!(hours(parts(), "machine/cp-1/haproxy").2, 0.5);
    assert_eq!(hours(parts(), "feed/utility").2, 5.6);
    let own = || json!({ "parts": "24h", "host": "2h-8h", "feed": "3h" });
    assert_eq!(hours(own(), "host/pve-1"), (2.0, 4.0, 8.0));
    // A battery of 20 minutes is outlasted by exp(-20/180) of the cuts.
    let (_, share, _) = hours(own(), "feed/utility/outlasts/20m");
    assert!((share - (-20.0_f64 / 180.0).exp()).abs() < 1e-12);
}

#[test]
fn one_crew_is_slower_than_many() {
    let (design, origins) = campus();
    let model = Model::of(&design, &origins);
    let (with, _) = campus_with(&[("assume/crews", json!(1))]);
    for promise in &model.promises {
        let many = lost_time(&model, &design, promise, Maintenance::default()).expect("numbers");
        let one = lost_time(&model, &with, promise, Maintenance::default()).expect("numbers");
        assert!(one.bound_only && !many.bound_only);
        assert_eq!(one.steady.low.to_bits(), many.steady.low.to_bits(), "{}", promise.id);
        assert!(one.steady.typical >= many.steady.typical && one.steady.high > many.steady.high, "{}", promise.id);
        assert!(one.maintenance.high >= many.maintenance.high, "{}", promise.id);
        for ((_, one), (_, many)) in one.common.iter().zip(&many.common) {
            assert!(one.high >= many.high * (1.0 - 1e-9), "{}", promise.id);
        }
    }
    // Two leaves of 0.06 failures a year and 4 h each: both are away for 2 r^2 with one crew, r^2 with two. What else the
    // crew has to do makes it more.
    let leaves = vars(&model, &["switch/leaf-1", "switch/leaf-2"]);
    let egress = model.promise("egress").expect("egress");
    let found = cuts(&model, &design, egress, 2).expect("coherent");
    assert!(found.classes.iter().any(|class| class.example == leaves));
    let r: f64 = 0.06 * 4.0 / HOURS_A_YEAR;
    let one = lost_time(&model, &with, egress, Maintenance::default()).expect("numbers");
    assert!(one.steady.typical > 2.0 * r * r * HOURS_A_YEAR * 3600.0);
}

/// The mean of a function over the time between two tests, by the rule of Simpson.
fn mean(interval: f64, of: impl Fn(f64) -> f64) -> f64 {
    let steps = 2000;
    let width = interval / f64::from(steps);
    let weight = |at: i32| {
        if at == 0 || at == steps {
            1.0
        } else if at % 2 == 1 {
            4.0
        } else {
            2.0
        }
    };
    (0..=steps).map(|at| weight(at) * of(f64::from(at) * width)).sum::<f64>() / (3.0 * f64::from(steps))
}

fn rate(a_year: f64, hours: f64, unseen: f64) -> Rate {
    let r = Range::exactly;
    Rate { a_year: r(a_year), hours: r(hours), unseen: r(unseen), source: Source::Estimate }
}

#[test]
fn a_hidden_fault_lasts_half_the_time_between_two_tests() {
    // 0.02 a year, tested once a year, 24 h to repair: about 0.02 / 2 + 0.02 x 24 / 8766.
    let supply = rate(0.02, 24.0, HOURS_A_YEAR);
    let about = 0.01 + 0.02 * 24.0 / HOURS_A_YEAR;
    assert!((supply.unavailability(Corner::Typical) / about - 1.0).abs() < 0.01);
    for (a_year, interval) in [(0.02, HOURS_A_YEAR), (0.2, 2.0 * HOURS_A_YEAR), (0.01, 1.0), (5.0, HOURS_A_YEAR)] {
        let lambda = a_year / HOURS_A_YEAR;
        let exact = mean(interval, |time| -(-lambda * time).exp_m1());
        let found = rate(a_year, 24.0, interval).hidden(Corner::Typical);
        assert!((found / exact - 1.0).abs() < 1e-6, "{found} and {exact}");
    }
    // What is noticed when it happens is not hidden.
    assert_eq!(rate(0.02, 24.0, 0.0).hidden(Corner::High).to_bits(), 0.0_f64.to_bits());
}

#[test]
fn what_is_tested_on_the_same_day_is_old_together() {
    // The product of means is too small for parts that are tested together: for k of them by (k + 1) / 2^k, about. The
    // upper end must not be, however the days of the tests lie.
    let (part, lambda) = (rate(0.05, 24.0, HOURS_A_YEAR), 0.05 / HOURS_A_YEAR);
    for count in 2..=6 {
        let exact = mean(HOURS_A_YEAR, |time| (-(-lambda * time).exp_m1()).powi(count));
        assert!(part.hidden(Corner::Typical).powi(count) < exact);
        assert!(part.hidden(Corner::High).powi(count) >= exact);
    }
}

#[test]
fn only_what_has_a_partner_is_missed_by_nobody() {
    let (design, origins) = campus();
    let model = Model::of(&design, &origins);
    let unseen = |model: &Model, path: &str| model.components.get(vars(model, &[path])[0]).rate.unseen.typical;
    assert_eq!(unseen(&model, "host/pve-1/psu/a"), 7.0 * 24.0);
    assert_eq!(unseen(&model, "feed/ups-1/battery"), 90.0 * 24.0);
    // LACP, whose ports are all in use.
    assert_eq!(unseen(&model, "host/pve-1/nic/nic0"), 0.0);

    let bonds: Vec<(String, serde_json::Value)> =
        design.host.keys().map(|host| (format!("host/{host}/bond/bond0/mode"), json!("active-backup"))).collect();
    let mut edits: Vec<(&str, serde_json::Value)> =
        bonds.iter().map(|(path, to)| (path.as_str(), to.clone())).collect();
    edits.push(("assume/tested", json!({ "nic": "30d", "psu": "10m" })));
    // A host with one supply.
    let one = json!({ "a": design.host.get(&"pve-6".into()).expect("a host").psu.get(&"a".into()).expect("a supply") });
    edits.push(("host/pve-6/psu", one));
    let (design, origins) = campus_with(&edits);
    let model = Model::of(&design, &origins);
    assert_eq!(unseen(&model, "host/pve-1/nic/nic0"), 30.0 * 24.0);
    assert_eq!(unseen(&model, "cable/leaf-1:1"), 30.0 * 24.0);
    assert!((unseen(&model, "host/pve-1/psu/a") - 1.0 / 6.0).abs() < 1e-12);
    assert_eq!(unseen(&model, "host/pve-6/psu/a"), 0.0);
    // The port of its own for the management network waits for nobody.
    assert_eq!(unseen(&model, "host/pve-1/nic/eno1"), 0.0);
}

#[test]
fn a_dead_battery_bridges_nothing() {
    // The strip with the battery is lost in a power cut when the cut is long, or the battery dead: 1 - (1 - s) (1 - q).
    let (design, origins) = campus_with(&[("assume/tested", json!({ "battery": "1y" }))]);
    let model = Model::of(&design, &origins);
    let [utility, battery, longer] =
        ["feed/utility", "feed/ups-1/battery", "feed/utility/outlasts/20m"].map(|path| vars(&model, &[path])[0]);
    let compiled = Compiled::new(&model.circuit, model.away("rack/r1/pdu/b").expect("a strip"), Limits::default());
    let mut numbers = vec![0.0; model.components.len()];
    for var in [battery, longer] {
        numbers[var.index()] = model.components.get(var).rate.unavailability(Corner::Typical);
    }
    let found = compiled.conditional(&numbers, &[(utility, true)]).expect("numbers").upper;
    let (s, x) = ((-20.0_f64 / 120.0).exp(), 0.05 * 365.0 * 24.0 / HOURS_A_YEAR);
    let hidden = 1.0 - (1.0 - (-x).exp()) / x;
    let known = 72.0 / (HOURS_A_YEAR / 0.05 + 72.0);
    let q = 1.0 - (1.0 - hidden) * (1.0 - known);
    assert!((found - (1.0 - (1.0 - s) * (1.0 - q))).abs() < 1e-12, "{found}");
    // It is nothing to survive: a power cut counts as one that outlasts it anyhow.
    assert!(model.failable().all(|(var, _)| var != battery));
    assert_eq!(broken(&model, &["feed/ups-1"]), [""; 0]);
}

#[test]
fn a_battery_that_nobody_tests_costs_time() {
    let lost = |interval: &str| {
        let (design, origins) = campus_with(&[("assume/tested", json!({ "battery": interval, "psu": interval }))]);
        let model = Model::of(&design, &origins);
        let promise = model.promise("api").expect("api");
        lost_time(&model, &design, promise, Maintenance::default()).expect("numbers")
    };
    let (often, never) = (lost("1d"), lost("20y"));
    let site = |lost: &plimsoll_prove::LostTime| lost.common[0].1.typical;
    assert!(never.steady.typical > often.steady.typical && site(&never) > site(&often));
}

#[test]
fn a_pod_that_waits_for_its_node_is_away_for_as_long_as_that() {
    let (design, origins) = campus();
    let model = Model::of(&design, &origins);
    let predicted = predictions(&model, &design);
    // Hosts and workers, each as often and as long as it is away: what a pod loses that is on all of them.
    let all = |corner: Corner| -> f64 {
        let paths: Vec<String> =
            (1..=6).flat_map(|at| [format!("host/pve-{at}"), format!("machine/worker-{at}")]).collect();
        let paths: Vec<&str> = paths.iter().map(String::as_str).collect();
        let of = |rate: &Rate| rate.a_year.at(corner) * rate.hours.at(corner) * 3600.0;
        vars(&model, &paths).into_iter().map(|var| of(&model.components.get(var).rate)).sum()
    };
    // The tenant has room without any one of them, and volumes that one node holds.
    let with_volumes = failovers(&model, &predicted, "capacity/analytics");
    assert!(with_volumes.high >= all(Corner::High), "{with_volumes:?}");
    // It is on one of six, and waits in one of two cases.
    assert!(with_volumes.typical >= all(Corner::Typical) / 12.0, "{with_volumes:?}");
    let without = failovers(&model, &predicted, "capacity/alice");
    assert!(without.high < all(Corner::High) && without.typical < with_volumes.typical, "{without:?}");
    // What breaks a promise is in the first part of lost time, and nowhere else: each host breaks a pool that needs all.
    let (design, origins) = campus_with(&[("ceph/pool/ssd/min", json!(3))]);
    let model = Model::of(&design, &origins);
    let of = |design: &plimsoll_model::Design| failovers(&model, &predictions(&model, design), "storage/ssd").high;
    assert_eq!(broken(&model, &["host/pve-1"]), ["storage/ssd"]);
    assert!(of(&design) < all(Corner::High) / 2.0, "{}", of(&design));
}

#[test]
fn a_declared_cause_costs_what_it_takes() {
    let cause = |takes: &[&str]| json!({ "takes": takes, "a_year": "1", "lasts": "1h" });
    let (design, origins) = campus_with(&[(
        "assume/common_cause",
        json!({
            "host": cause(&["host/pve-1"]), "name": cause(&["ns-1"]), "program": cause(&["machine/*/haproxy"]),
            "push": cause(&["switch"]), "short": cause(&["haproxy"]), "typo": cause(&["swich", "switch"]),
        }),
    )]);
    let model = Model::of(&design, &origins);
    let nothing = takes_nothing(&model, &design);
    let told: Vec<(&str, usize)> = nothing.iter().map(|one| (one.cause.as_str(), one.index)).collect();
    assert_eq!(told, [("typo", 0)], "ns-1 is a machine and a server, and what is meant is both");
    let of = |promise: &str| {
        let lost = lost_time(&model, &design, model.promise(promise).expect("there"), Maintenance::of(&design));
        lost.expect("numbers")
    };
    let (api, zone) = (of("api"), of("zone"));
    let find = |lost: &LostTime, cause: &str| {
        let found = lost.declared.iter().find(|declared| declared.cause.as_str() == cause);
        found.cloned().expect("declared")
    };
    for cause in ["program", "push", "short"] {
        let declared = find(&api, cause);
        assert!(declared.breaks && declared.time.typical > 3599.0 && declared.time.typical <= 3600.0, "{declared:?}");
        assert!(declared.time.low >= 3500.0 && declared.time.high <= 3600.0, "{declared:?}");
    }
    assert!(!find(&zone, "program").breaks && find(&zone, "push").breaks);
    // What is survived costs what else is away meanwhile: the importance of the part, which is found by another way.
    let share = |lost: &LostTime, path: &str| {
        let [var] = vars(&model, &[path])[..] else { panic!("one") };
        let own = model.components.get(var).rate.unavailability(Corner::Typical);
        let birnbaum = lost.importance.iter().find(|one| one.var == var).expect("it matters").birnbaum;
        birnbaum * (1.0 - own)
    };
    let host = find(&api, "host");
    let expected = 3600.0 * share(&api, "host/pve-1");
    assert!(!host.breaks && (host.time.typical - expected).abs() < 1e-9 * expected.max(1.0), "{host:?} {expected}");
    assert!(expected > 1e-3, "two others have to stay: {expected}");
    // One of two servers.
    let name = find(&zone, "name");
    assert!(!name.breaks && name.time.typical > 0.0, "{name:?}");
}
