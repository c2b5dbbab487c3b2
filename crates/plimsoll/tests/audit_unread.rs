//! `plimsoll audit` and `check`: what cannot be read is no silence.
#![allow(clippy::panic)]

mod common;

use common::{CAMPUS, Place};
use serde_json::Value;

const POOL: &str = "apiVersion: metallb.io/v1beta1\nkind: IPAddressPool\nmetadata: {name: public, namespace: metallb-system}\n\
                    spec: {addresses: [10.30.14.0/26]}\n";

fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: no JSON in `{text}`"))
}

/// Three recognised files that nobody can read, each in its way, beside one that is fine.
fn broken() -> Place {
    let place = Place::empty();
    place.write("m/pool.yaml", POOL);
    place.write("m/broken.yaml", "apiVersion: v1\nkind: Service\nmetadata: {name: [}\n");
    place.write("m/etc/keepalived/keepalived.conf", b"! caf\xe9\nvrrp_instance a {\n  virtual_router_id 5\n}\n");
    place.write("m/etc/haproxy/haproxy.cfg", "# a line of a log\n".repeat(300_000));
    place
}

#[test]
fn files_that_cannot_be_read_are_counted_and_end_in_two() {
    let place = broken();
    place
        .run(&["audit", "m"])
        .exits(2)
        .says("3 files not wholly read")
        .says("`m/etc/haproxy/haproxy.cfg` was not read: too large for a configuration")
        .says("the file is not UTF-8 text")
        .says("broken YAML");
    let said = place.run(&["audit", "m", "--format", "json"]).exits(2);
    let value = json(&said.out);
    let paths: Vec<&str> =
        value["not_wholly_read"].as_array().expect("a list").iter().filter_map(Value::as_str).collect();
    assert_eq!(paths, ["m/broken.yaml", "m/etc/haproxy/haproxy.cfg", "m/etc/keepalived/keepalived.conf"]);
    assert!(
        value["summary"].as_str().is_some_and(|it| it.ends_with("3 files not wholly read")),
        "{}",
        value["summary"]
    );
    // What is fine alone ends well.
    place.run(&["audit", "m/pool.yaml"]).exits(0).never_says("not wholly read");
}

#[test]
fn what_cannot_be_read_is_a_result_of_sarif() {
    let place = broken();
    let said = place.run(&["audit", "m", "--format", "sarif"]).exits(2);
    let log = json(&said.out);
    let results = log["runs"][0]["results"].as_array().expect("results");
    for (code, file) in [
        ("yaml-syntax", "m/broken.yaml"),
        ("unreadable", "m/etc/haproxy/haproxy.cfg"),
        ("not-utf8", "m/etc/keepalived/keepalived.conf"),
    ] {
        let one = results.iter().find(|result| result["ruleId"] == code).unwrap_or_else(|| panic!("no {code}"));
        assert_eq!(one["locations"][0]["physicalLocation"]["artifactLocation"]["uri"], file);
        assert_eq!(one["level"], "error");
    }
}

#[test]
fn a_binary_of_a_known_name_is_no_silence() {
    let place = Place::empty();
    place.write("m/etc/haproxy/haproxy.cfg", b"f\0r\0o\0n\0t\0");
    place.write("m/usr/bin/tool", b"\x7fELF\0\0\0");
    place.run(&["audit", "m"]).exits(2).says("`m/etc/haproxy/haproxy.cfg` was not read: binary");
    place.write("n/usr/bin/tool", b"\x7fELF\0\0\0");
    place.write("n/pool.yaml", POOL);
    place.run(&["audit", "n"]).exits(0);
}

#[test]
fn programs_get_json_whatever_the_input() {
    let place = Place::empty();
    place.write("latin.yaml", b"plimsoll: 1\ncluster: caf\xe9\n");
    place.write("broken.yaml", "plimsoll: 1\ncluster: [\n");
    place.write("empty.yaml", "");
    place.write("wrong.yaml", CAMPUS.replacen("cluster: campus", "cluster: 7 dwarfs", 1));
    for (file, code) in [("latin.yaml", 2), ("broken.yaml", 2), ("empty.yaml", 2), ("gone.yaml", 2), ("wrong.yaml", 1)]
    {
        let said = place.run(&["check", file, "--format", "json"]).exits(code);
        let value = json(&said.out);
        assert!(value["notes"].as_array().is_some_and(|notes| !notes.is_empty()), "{file}: {value}");
        assert!(value["summary"].as_str().is_some_and(|it| it.contains(file)), "{file}: {}", value["summary"]);
        let said = place.run(&["check", file, "--format", "sarif"]).exits(code);
        let log = json(&said.out);
        assert!(log["runs"][0]["results"].as_array().is_some_and(|list| !list.is_empty()), "{file}: {log}");
    }
    for format in ["json", "sarif"] {
        let said = place.run(&["audit", "gone", "--format", format]).exits(2);
        assert!(said.out.contains("failed to read `gone`"), "{}", said.out);
        json(&said.out);
        std::fs::create_dir_all(place.at("void")).expect("a folder");
        json(&place.run(&["audit", "void", "--format", format]).exits(2).out);
    }
}

#[test]
fn a_cluster_file_is_for_check() {
    let place = Place::campus();
    place.run(&["audit", "cluster.yaml"]).exits(2).says("`plimsoll check cluster.yaml` judges it");
    place.write("m/pool.yaml", POOL);
    place.run(&["audit", "cluster.yaml", "m"]).says("`plimsoll check cluster.yaml` does");
}

#[test]
fn timings_tell_what_waits_for_the_disk() {
    let place = Place::empty();
    place.write("m/pool.yaml", POOL);
    place.run(&["audit", "m", "--timings"]).says("all but load").never_says("write");
}
