//! Time lost in a year, worked out by hand.

mod common;

use common::{campus, campus_with};
use plimsoll_circuit::{Compiled, Limits};
use plimsoll_prove::{Corner, Maintenance, Model, lost_time};
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
