//! Volumes on a file server: each a design and failures, worked out by hand.

mod common;

use common::{broken, campus_text_with};
use plimsoll_model::{Design, Origins};
use plimsoll_outage::{Interval, Way};
use plimsoll_prove::{Images, Model, cold_start, predictions, survive};

/// The example with a file server: what is said of it after its kind.
fn with_server(said: &str) -> (Design, Origins) {
    let server = format!("  nas-1: {{ kind: nfs{said} }}\n  vault: {{");
    campus_text_with(&[("  vault: {", &server), ("storage:\n", "storage:\n  nfs: { server: nas-1, path: /export }\n")])
}

fn model(of: &(Design, Origins)) -> Model {
    Model::of(&of.0, &of.1)
}

#[test]
fn the_server_is_a_single_point() {
    let example = with_server(", address: 10.30.1.90");
    let model = model(&example);
    assert_eq!(broken(&model, &[]), [""; 0]);
    assert_eq!(broken(&model, &["external/nas-1"]), ["storage/nfs"]);
    // Behind the gateway: either router may fail.
    assert!(broken(&model, &["external/gw-1"]).is_empty());
    assert!(broken(&model, &["external/gw-1", "external/gw-2"]).contains(&"storage/nfs".to_owned()));
    // The example asks that all survive any one.
    let (answers, _) = survive(&model, &example.0);
    let bad: Vec<&str> =
        answers.iter().filter(|answer| !answer.holds()).map(|answer| &*model.promises[answer.promise].id).collect();
    assert_eq!(bad, ["storage/nfs"]);
    assert_eq!(
        model.promise("storage/nfs").expect("it").words,
        "nas-1 serves /export, and a node that carries pods reaches it"
    );
    assert!(cold_start(&example.0, Images::OnNodes).works());
}

#[test]
fn in_a_network_of_ours_it_needs_no_router() {
    let model = model(&with_server(", addresses: { storage: 10.30.20.9 }"));
    let both = broken(&model, &["external/gw-1", "external/gw-2"]);
    assert!(!both.contains(&"storage/nfs".to_owned()) && both.contains(&"egress".to_owned()), "{both:?}");
    // The leaves carry the network.
    assert!(broken(&model, &["switch/leaf-1"]).is_empty());
    assert!(broken(&model, &["switch/leaf-1", "switch/leaf-2"]).contains(&"storage/nfs".to_owned()));
    // Six workers: five may go.
    let workers = ["worker-1", "worker-2", "worker-3", "worker-4", "worker-5"].map(|name| format!("machine/{name}"));
    let five: Vec<&str> = workers.iter().map(String::as_str).collect();
    assert!(!broken(&model, &five).contains(&"storage/nfs".to_owned()));
    let six: Vec<&str> = five.into_iter().chain(["machine/worker-6"]).collect();
    assert!(broken(&model, &six).contains(&"storage/nfs".to_owned()));
}

#[test]
fn where_nobody_reaches_it_nothing_need_fail() {
    // The out-of-band network has no node in it, and leads nowhere.
    let model = model(&with_server(", addresses: { oob: 10.30.13.9 }"));
    assert_eq!(broken(&model, &[]), ["storage/nfs"]);
    let promise = model.promise("storage/nfs").expect("it");
    assert_eq!(promise.broken_from_start(), "broken from the start: no node reaches the file server");
}

#[test]
fn it_hangs_on_what_the_file_says() {
    let model = model(&with_server(", address: 10.30.1.90, rack: r1, power: [a]"));
    assert_eq!(broken(&model, &["rack/r1/pdu/a"]), ["storage/nfs"]);
    // Where nothing is said, not even an address, that is assumed.
    let model = self::model(&with_server(""));
    assert_eq!(broken(&model, &["external/nas-1"]), ["storage/nfs"]);
    assert!(
        model.assumed.iter().any(|line| line.starts_with("nas-1, of which no address is known")),
        "{:?}",
        model.assumed
    );
}

#[test]
fn one_on_a_machine_of_ours_falls_with_it() {
    let (mut design, origins) = with_server(", address: 10.30.1.90");
    let own = design.machine[&"ns-1".into()].nic.values().next().expect("an interface").address.addr();
    design.external.get_mut(&"nas-1".into()).expect("it").addresses = vec![own];
    assert_eq!(broken(&Model::of(&design, &origins), &["machine/ns-1"]), ["storage/nfs"]);
}

#[test]
fn whoever_reads_waits_until_it_is_back() {
    let example = with_server(", address: 10.30.1.90");
    let said = predictions(&model(&example), &example.0);
    let new = |component: &str, promise: &str| said.get(component, Way::PowerOff, promise).expect("a prediction").new;
    assert_eq!(new("external/nas-1", "storage/nfs"), Interval::UNTIL_REPAIR);
    assert_eq!(new("external/nas-1", "storage/ssd"), Interval::ZERO);
    // A router: as for whatever else leaves the cluster.
    assert_eq!(new("external/gw-1", "storage/nfs"), new("external/gw-1", "egress"));
}
