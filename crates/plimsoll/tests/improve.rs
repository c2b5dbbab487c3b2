//! `plimsoll improve` as a person calls it.
#![allow(clippy::panic)]

mod common;

use std::io::Write as _;
use std::process::{Command, Stdio};

use common::Place;
use serde_json::Value;

/// One monitor instead of three.
const WORSE: [(&str, &str); 1] = [("mons: worker-4..6", "mons: worker-4")];

#[test]
fn the_cure_is_first_and_its_patch_is_all_that_is_printed() {
    let place = Place::campus_with(&WORSE);
    place.build(&[]);
    let said = place.run(&["improve"]).exits(0);
    let said =
        said.says("storage/ssd survives any one component").says("cures: storage/ssd survives any one component");
    let said = said.says("Patch 1: run 3 monitors of Ceph instead of 1").says("Without a price: ");
    assert!(said.out.lines().all(|line| line.trim_end() == line || line == " "), "{}", said.out);
    let patch = place.run(&["improve", "--patch", "1"]).exits(0).out;
    assert!(patch.starts_with("--- a/cluster.yaml\n+++ b/cluster.yaml\n@@ "), "{patch}");
    assert!(said.out.contains(&patch), "the best patch is shown whole");
    place.run(&["improve", "--patch", "99"]).exits(2).says("there is no suggestion 99");
    place.run(&["improve", "--patch", "0"]).exits(2);

    // The program that people use takes it, without looking for a place that nearly fits.
    let mut tool = Command::new("patch");
    tool.args(["-p1", "--fuzz=0", "--batch"]).current_dir(place.at(".")).stdin(Stdio::piped()).stdout(Stdio::piped());
    match tool.spawn() {
        Ok(mut child) => {
            child.stdin.take().expect("its input").write_all(patch.as_bytes()).expect("written");
            let output = child.wait_with_output().expect("it ends");
            let words = String::from_utf8_lossy(&output.stdout).into_owned();
            assert!(output.status.success() && !words.contains("offset"), "{words}");
        }
        // The library's own tests apply every patch to the letter, on machines without it too.
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return,
        Err(error) => panic!("{error}"),
    }
    place.run(&["prove", "cluster.yaml", "storage/*", "--order", "1"]).exits(0).never_says("BROKEN");
}

#[test]
fn programs_get_everything() {
    let place = Place::campus_with(&WORSE);
    let said = place.run(&["improve", "--format", "json"]).exits(0);
    let all: Value = serde_json::from_str(&said.out).expect("JSON");
    assert_eq!(all["cluster"], "campus");
    let first = &all["suggestions"][0];
    assert!(first["seconds_a_year_saved"]["typical"].as_f64().is_some_and(|saved| saved > 0.0), "{first}");
    assert!(first["patch"].as_str().is_some_and(|patch| patch.contains("mons: ")), "{first}");
    assert_eq!(first["price"]["amount"], 0);
    assert_eq!(all["uncured"], Value::Array(Vec::new()));
    let timers = |one: &&Value| one["patch"].as_str().is_some_and(|patch| patch.contains("failover: fast"));
    let listed = ["suggestions", "timing"].into_iter().filter_map(|list| all[list].as_array()).flatten();
    let timers = listed.into_iter().find(timers).expect("faster timers");
    let api = &timers["promises"][0];
    assert_eq!(api["promise"], "api");
    let seconds = |field: &str| api[field]["typical"].as_f64().expect("seconds");
    assert!(seconds("failovers_after") < seconds("failovers_before"), "{api}");
    assert!(timers["notes"].to_string().contains("an election of etcd"), "{timers}");
    assert!(!place.exists("cluster.lock"), "nothing is written");
}

#[test]
fn prices_are_in_one_currency() {
    let prices = "prices: { feed: 20000 EUR, ups: 1500 EUR, host: 8000 EUR, cable: 49.90 EUR }\naccept:\n";
    let place = Place::campus_with(&[("accept:\n", prices)]);
    place
        .run(&["improve", "--verbose"])
        .exits(0)
        .says("20000 EUR")
        .says("the most time saved for the money")
        .never_says("Without a price");
    place.edit("cluster.yaml", &[("1500 EUR", "1500 USD")]);
    place.run(&["improve"]).exits(1).says("prices are in `EUR` and in `USD`");
    place.edit("cluster.yaml", &[("1500 USD", "cheap")]);
    place.run(&["improve"]).exits(1).says("is not an amount of money");
}
