//! Hosts that are drained, worked out by hand.

mod common;

use common::{campus_with, vars};
use plimsoll_model::design::{Failure, Goal};
use plimsoll_prove::{Answer, Model, survive};
use serde_json::{Value, json};

/// Whether the zone survives so many hosts while one is drained; its servers migrate.
fn zone(edits: &[(&str, Value)], hosts: u32) -> (Model, Answer) {
    let migrate = ["ns-1", "ns-2"].map(|server| format!("machine/{server}/drain"));
    let mut all: Vec<(&str, Value)> = migrate.iter().map(|path| (path.as_str(), json!("migrate"))).collect();
    all.extend(edits.iter().cloned());
    let (mut design, origins) = campus_with(&all);
    design.survive = vec![Goal {
        promise: "zone".into(),
        failures: vec![Failure { count: hosts, kind: "host".into() }],
        while_drained: true,
    }];
    let model = Model::of(&design, &origins);
    let (answers, meaningless) = survive(&model, &design);
    assert_eq!(meaningless, []);
    (model, answers[0].clone())
}

#[test]
fn what_migrates_is_not_lost_with_a_drained_host() {
    // ns-1 on pve-4 and ns-2 on pve-5 migrate, to pve-6, which has most room. Six drained hosts, five that may fail.
    let (_, answer) = zone(&[], 1);
    assert_eq!((answer.combinations, answer.broken_by), (30, 0));
    // With two more: the server that stayed and pve-6, for pve-4 and for pve-5; both servers, for each of the four others.
    let (model, answer) = zone(&[], 2);
    assert_eq!((answer.combinations, answer.broken_by), (60, 6));
    let drained = vars(&model, &["host/pve-4"])[0];
    let example = answer.counter_examples.iter().find(|example| example.drained == Some(drained)).expect("pve-4");
    assert_eq!(example.failed, vars(&model, &["host/pve-5", "host/pve-6"]));
}

#[test]
fn what_is_stopped_is() {
    let stop = [("machine/ns-1/drain", json!("stop")), ("machine/ns-2/drain", json!("stop"))];
    let (model, answer) = zone(&stop, 1);
    assert_eq!(answer.broken_by, 2);
    let pair = vars(&model, &["host/pve-4", "host/pve-5"]);
    let example = &answer.counter_examples[0];
    assert_eq!((example.drained, example.failed.as_slice()), (Some(pair[0]), &pair[1..]));
}

#[test]
fn without_room_it_is_stopped_too() {
    // No host has 256 GiB left for ns-1; ns-2 still moves.
    let (model, answer) = zone(&[("machine/ns-1/memory", json!("256GiB"))], 1);
    assert_eq!(answer.broken_by, 1);
    assert_eq!(answer.counter_examples[0].drained, Some(vars(&model, &["host/pve-4"])[0]));
    // Nor does one move with a device of its own, or to a host on its way out.
    let edits: Vec<(String, Value)> = [1, 2, 3, 6]
        .into_iter()
        .map(|host| (format!("host/pve-{host}/state"), json!("retiring")))
        .chain([("machine/ns-1/gpus".to_owned(), json!(1))])
        .collect();
    let edits: Vec<(&str, Value)> = edits.iter().map(|(path, to)| (path.as_str(), to.clone())).collect();
    // Hosts on their way out take nothing, so that the servers have each other only.
    assert_eq!(zone(&edits, 1).1.broken_by, 2);
}

#[test]
fn it_moves_only_to_what_can_run_it() {
    let all = |of: &dyn Fn(u32) -> (String, Value)| -> Vec<(String, Value)> { (1..=6).map(of).collect() };
    let broken_by = |edits: Vec<(String, Value)>| {
        let edits: Vec<(&str, Value)> = edits.iter().map(|(path, to)| (path.as_str(), to.clone())).collect();
        zone(&edits, 1).1.broken_by
    };
    // More processors than a host has threads: Proxmox VE does not start it.
    assert_eq!(broken_by(vec![("machine/ns-1/cpu".to_owned(), json!(1024))]), 1);
    // The CPU of its host, which is like no other.
    let models = all(&|host| (format!("host/pve-{host}/cpu/model"), json!(format!("model {host}"))));
    let like = || vec![("machine/ns-1/cpu_type".to_owned(), json!("host"))];
    assert_eq!(broken_by(models.clone()), 0);
    assert_eq!(broken_by([models, like()].concat()), 1);
    assert_eq!(broken_by(like()), 0);
    // Storage of another name on every host, so that its disk has no place.
    let names = all(&|host| (format!("host/pve-{host}/disk/fast/storage"), json!(format!("fast-{host}"))));
    let on = |server: &str| (format!("machine/{server}/disk/os/on"), json!("fast"));
    assert_eq!(broken_by(vec![on("ns-1"), on("ns-2")]), 0);
    assert_eq!(broken_by([names, vec![on("ns-1"), on("ns-2")]].concat()), 2);
}

#[test]
fn what_else_its_host_runs_does_not_hold_it_back() {
    // Beside the second server a worker with high availability, for which its host resets itself without a quorum, and that
    // rests on an external vote: the server knows of that vote only while it is on that host.
    let votes: Vec<(String, Value)> =
        (1..=6).map(|host| (format!("host/pve-{host}/platform/qdevice"), json!("vault"))).collect();
    let mut edits: Vec<(&str, Value)> = votes.iter().map(|(path, to)| (path.as_str(), to.clone())).collect();
    edits.push(("machine/worker-5/ha", json!(true)));
    let (_, answer) = zone(&edits, 1);
    assert_eq!((answer.combinations, answer.broken_by), (30, 0));
}
