//! What `survive:` and `assume:` mean for `build` and `prove`, as a person calls them.
#![allow(clippy::panic)]

mod common;

use common::Place;
use serde_json::Value;

const ASKED: (&str, &str) = ("survive:  ", "survive:\n  cold-start: [site]\n# ");
const BY_HAND: (&str, &str) = ("networks: [kube], drain: stop }", "networks: [kube], drain: stop, onboot: false }");

#[test]
fn a_cold_start_that_is_asked_for_must_work() {
    let place = Place::campus_with(&[ASKED]);
    place.run(&["prove"]).exits(0).says("holds   cold-start survives the loss of all power");
    place.build(&[]).exits(0).says("cold-start survives the loss of all power: everything starts in");

    let place = Place::campus_with(&[ASKED, BY_HAND]);
    place.run(&["prove"]).exits(1).says("BROKEN  cold-start survives the loss of all power");
    let said = place.build(&[]).exits(1);
    said.says("not everything comes back after the loss of all power").says("--> cluster.yaml:65:");
    assert!(!place.exists("out"), "nothing is written");
    let said = place.run(&["prove", "--format", "json"]).exits(1);
    let json: Value = serde_json::from_str(&said.out).expect("JSON");
    let line = json["survive"].as_array().expect("lines").iter().find(|line| line["promise"] == "cold-start");
    assert_eq!(line.expect("the line")["holds"], Value::Bool(false));
}

#[test]
fn what_is_broken_from_the_start_is_said_so() {
    const ALL: (&str, &str) = ("  all: [any]\n", "  all: [any]\n  egress: [any]\n");
    const RETIRING: (&str, &str) = ("  worker-1..6: { role", "  worker-1..6: { state: retiring, role");
    let place = Place::campus_with(&[ALL, RETIRING]);
    place
        .run(&["prove"])
        .exits(1)
        .says("capacity/alice is broken from the start: nothing that takes pods is left")
        .says("egress is broken from the start: nothing that takes pods is left");
}

#[test]
fn a_proof_of_a_file_with_errors_says_that_it_has_them() {
    let place = Place::campus();
    assert!(!place.run(&["prove"]).exits(0).out.contains("`plimsoll check` has"));
    // Two members of etcd.
    let two = ("cp-1..3: { role: control-plane, host: pve-1..3", "cp-1..2: { role: control-plane, host: pve-1..2");
    let place = Place::campus_with(&[two]);
    place.run(&["check"]).exits(1);
    place.run(&["prove"]).exits(1).says("on this file: this proof may promise more than the cluster keeps");
}

#[test]
fn what_the_file_assumes_is_said() {
    let place = Place::campus();
    place
        .run(&["prove"])
        .exits(0)
        .says(
            "each host is in maintenance 2 to 12 times a year for 12 min to 2.0 h, taken, since the file says nothing",
        )
        .says("a fault of a battery may go unnoticed for 30 d to 73")
        .says("each is repaired by a crew of its own");
    let assume =
        "assume: { maintenance: { a_year: 6, lasts: 30m }, repair: 1d, crews: 1, tested: { battery: 30d } }\naccept:";
    let place = Place::campus_with(&[("accept:", assume)]);
    place
        .run(&["prove"])
        .exits(0)
        .says("each host is in maintenance 6 times a year for 30 min, as the file says")
        .says("how long repairs take is what the file says: parts 1d")
        .says("waits for one crew, as the file says")
        .says("a fault of a battery may go unnoticed for 30 d, as the file says")
        .says("at most ");
    let said = place.run(&["prove", "--format", "json"]).exits(0);
    let json: Value = serde_json::from_str(&said.out).expect("JSON");
    assert_eq!(json["maintenance"]["declared"], Value::Bool(true));
    assert_eq!(json["maintenance"]["windows_a_year"]["typical"], 6.0);
    for promise in json["promises"].as_array().expect("promises") {
        assert_eq!(promise["seconds_a_year"]["bound_only"], Value::Bool(true), "{}", promise["promise"]);
    }
}

#[test]
fn one_holder_can_be_asked_for_by_name() {
    let line = ("  all: [any]", "  all: [any]\n  one-holder/api: [any + any]");
    Place::campus_with(&[line])
        .run(&["prove", "cluster.yaml", "one-holder/api"])
        .exits(0)
        .says("holds   one-holder/api survives any 2 components: 1 promise,")
        .says("nothing that can fail breaks it");
    let process = ("failover: safe }", "failover: safe, vrrp: { check: process } }");
    Place::campus_with(&[line, process])
        .run(&["prove", "cluster.yaml", "one-holder/api"])
        .exits(1)
        .says("BROKEN  one-holder/api survives any 2 components: 1 promise,");
    Place::campus_with(&[(line.0, "  one-holder/db: [any]")])
        .run(&["check"])
        .exits(1)
        .says("`one-holder/db` is not a promise: write `one-holder/api`");
}

#[test]
fn common_causes_that_the_file_declares_are_shown_apart() {
    let causes = "assume: { common_causes: { push: { takes: [switch], a_year: 1, lasts: 1h }, \
                  bug: { takes: haproxy, a_year: 0.5, lasts: 2h } } }\naccept:";
    let place = Place::campus_with(&[("accept:", causes)]);
    let said = place.run(&["prove"]).exits(0);
    said.says("push, which takes switch (3 components): 60 min a year of api, ")
        .says("bug, which takes haproxy (3 components): 60 min a year of api; survived by ");
    let json: Value = serde_json::from_str(&place.run(&["prove", "--format", "json"]).exits(0).out).expect("JSON");
    let api = &json["promises"][0]["seconds_a_year"]["declared_causes"][0];
    assert_eq!((&api["cause"], &api["breaks"]), (&Value::from("bug"), &Value::Bool(true)));
    place.build(&[]).exits(0);
    assert!(place.read("out/campus/report.html").contains("bug, which takes haproxy (3 components)"));
    // A word that means nothing must not read as survived.
    let typo = Place::campus_with(&[("accept:", &causes.replace("haproxy", "haprxy"))]);
    let nothing = "`bug` takes `haprxy`, which is no kind of component and no component here";
    typo.run(&["prove"]).exits(1).says(&format!("UNKNOWN  {nothing}"));
    typo.build(&[]).exits(1).says(&format!("error[assume]: {nothing}\n  --> cluster.yaml:68:"));
}

#[test]
fn a_start_from_empty_nodes_counts_where_the_file_asks_alone() {
    // The registry is a machine of the cluster itself: after a loss of all power empty nodes wait for what they hold.
    let inside = [("https://registry.example.edu", "https://10.30.14.5")];
    let said = Place::campus_with(&inside).run(&["prove"]).exits(0);
    said.says("all holds that is asked for").says("NOT everything starts with empty nodes");
}

#[test]
fn what_may_wait_for_a_repair_is_said_with_the_reason() {
    let place = Place::campus();
    place
        .run(&["prove"])
        .exits(0)
        .says("0 s or repair   host/pve-1, host/pve-2, host/pve-3, host/pve-4 and 8 more: if the pod belongs to a StatefulSet")
        .says("seconds are bounds if: ")
        .says("rates of disk: Backblaze");
    let said = place.run(&["prove", "--format", "json"]).exits(0);
    let json: Value = serde_json::from_str(&said.out).expect("JSON");
    let steps = json["single_failures"].as_array().expect("failures").iter().filter_map(|one| one["steps"].as_array());
    assert!(steps.flatten().any(|step| step["assumes"].as_array().is_some_and(|assumes| !assumes.is_empty())));
}

#[test]
fn more_combinations_than_can_be_tried_are_answered_all_the_same() {
    let place = Place::campus_with(&[("  all: [any]", "  api: [any + any + any + any]")]);
    place
        .run(&["prove"])
        .exits(1)
        .says("BROKEN  api survives any 4 components: 1 promise,")
        .says(" smallest sets:")
        .says(" fails  (cluster.yaml:");
    // Of two kinds, and while each host is drained.
    let place = Place::campus_with(&[("  all: [any]", "  api: [any + any + any + disk]")]);
    place
        .run(&["prove"])
        .exits(1)
        .says("BROKEN  api survives any 3 components and any one disk: 1 promise,")
        .says(" smallest sets:");
    let place = Place::campus_with(&[("  while drained: {", "  while drained: { api: [any + any + any + disk],")]);
    place
        .run(&["prove"])
        .exits(1)
        .says("BROKEN  api survives any 3 components and any one disk, while one host is drained: 1 promise,")
        .says(" smallest sets:")
        .says(" drained, and then ");
}

#[test]
fn a_file_server_is_proved_and_shown_and_not_written() {
    let server = [
        ("  vault: {", "  nas-1: { kind: nfs, address: 10.30.1.90 }\n  vault: {"),
        ("storage:\n", "storage:\n  nfs: { server: nas-1, path: /export }\n"),
        (
            "analytics: { cpu: 24, memory: 128GiB, storage: { ssd: 2TiB } }",
            "analytics: { cpu: 24, memory: 128GiB, storage: { ssd: 2TiB, nfs: 1TiB } }",
        ),
    ];
    let place = Place::campus_with(&server);
    let said = place.run(&["prove", "cluster.yaml"]).exits(1);
    said.says("external/nas-1").says("storage/nfs: nas-1 serves /export");
    place.run(&["check"]).exits(1).says("error[STO-027]");
    place.run(&["improve"]).says("storage/nfs");
    // With its loss accepted nothing is wrong, and a cluster without its volumes is not written all the same.
    let accepted =
        [server[0], server[1], server[2], ("accept:", "accept:\n  nas-1: { reason: two heads behind one address }")];
    let place = Place::campus_with(&accepted);
    place.run(&["prove", "cluster.yaml"]).exits(0);
    place.run(&["report", "cluster.yaml"]).exits(0);
    let said = place.run(&["build"]).exits(1);
    said.says("error[not-yet]: the class of volumes on a file server is understood but not rendered yet");
    assert!(!place.exists("out"));
}

#[test]
fn one_resolver_is_a_counter_example_with_its_line() {
    let place = Place::campus_with(&[("resolvers: [10.30.1.53, 10.30.1.54]", "resolvers: [10.30.1.53]")]);
    let said = place.run(&["prove", "cluster.yaml", "dns/*"]).exits(1);
    said.says("dns/outside").says("external/10.30.1.53").says("cluster.yaml:11:15");
    // Fault trees name it too.
    place.run(&["prove", "cluster.yaml", "dns/outside", "--format", "openpsa"]).exits(0).says("10.30.1.53");
}
