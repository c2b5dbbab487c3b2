//! Time lost in a year, worked out by hand.

mod common;

use common::{campus, campus_with, vars};
use plimsoll_circuit::{Compiled, Limits};
use plimsoll_prove::{Corner, HOURS_A_YEAR, Maintenance, Model, cuts, lost_time};
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
