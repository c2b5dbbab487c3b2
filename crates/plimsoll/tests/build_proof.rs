//! `plimsoll build`: the page that it writes, and the short form of the proof that it prints.
#![allow(clippy::panic)]

mod common;

use std::collections::BTreeMap;

use common::{Place, Said};
use serde_json::Value;

const PAGE: &str = "out/campus/report.html";

fn json(said: &Said) -> Value {
    serde_json::from_str(&said.out).unwrap_or_else(|error| panic!("{error}: {}", said.out))
}

/// The example with a finding that names a line of the file.
fn with_a_finding() -> Place {
    Place::campus_with(&[("restore_test: weekly", "restore_test: never")])
}

#[test]
fn the_page_is_a_file_like_the_others_and_the_same_wherever_it_is_built() {
    let (one, two) = (with_a_finding(), with_a_finding());
    one.build(&[]).exits(0).says("out/campus/report.html in a browser");
    let file = two.at("cluster.yaml").display().to_string();
    two.build(&[&file, "-o", "out/campus"]).exits(0);
    let page = one.read(PAGE);
    assert_eq!(page, two.read(PAGE));
    let line = page.match_indices("cluster.yaml:").next();
    assert!(line.is_some(), "the finding has its place");
    let places = [one.at(""), two.at("")].map(|path| path.display().to_string());
    assert!(!places.iter().any(|place| page.contains(place.as_str())), "no way to the file is in it");
    let manifest: Value = serde_json::from_str(&one.read("out/campus/manifest.json")).expect("JSON");
    assert_eq!(manifest["file"]["report.html"]["mode"], "0644");
    // What is written is what `report` writes for the same file.
    one.run(&["report", "--today", "2026-11-24"]).exits(0);
    assert_eq!(one.read("report.html"), page);
    // It is guarded like the others.
    one.write(PAGE, "mine");
    one.build(&[]).exits(2).says("changed by hand").says("report.html");
}

#[test]
fn the_page_and_the_proof_can_be_left_out() {
    let place = Place::campus();
    place.build(&[]).exits(0);
    let proved = place.build(&["--no-report"]).exits(0).says("(1 removed, ").never_says("report.html");
    assert!(!place.exists(PAGE));
    assert!(proved.out.contains("FAILURES THAT BREAK IT"), "{}", proved.out);
    place.build(&["--no-report"]).exits(0).says("Unchanged ").says("FAILURES THAT BREAK IT");
    place.build(&["--no-proof"]).exits(0).says("Proved    nothing, because of --no-proof").never_says("FAILURES THAT");
    assert!(!place.exists(PAGE));
    place.build(&[]).exits(0).says("(1 new, ");
    assert!(place.exists(PAGE));

    // What nobody asked cannot be answered with no.
    let weak = Place::campus_with(&[("  all: [any]\n", "  api: [host + host]\n")]);
    weak.build(&[]).exits(1).says("api does not survive any 2 of kind host").says("Nothing was written");
    weak.build(&["--no-report"]).exits(1).says("api does not survive any 2 of kind host");
    weak.build(&["--no-proof"]).exits(0).never_says("survive any 2");
}

/// A promise as the whole proof has it.
struct Whole {
    /// Sets of two failures, and of one that the file does not accept.
    sets: [u64; 2],
    lost: [f64; 3],
    /// The longest outage by one failure that is not accepted: milliseconds, or until a repair.
    longest: Option<u64>,
}

fn whole(place: &Place) -> BTreeMap<String, Whole> {
    let proof = json(&place.run(&["prove", "cluster.yaml", "--order", "2", "--format", "json"]));
    let list = |value: &Value| value.as_array().cloned().unwrap_or_else(|| panic!("no list: {value}"));
    let accepted: Vec<Value> = list(&proof["accepted"]);
    let parts = ["independent_failures", "failovers", "in_maintenance"];
    let mut all = BTreeMap::new();
    for promise in list(&proof["promises"]) {
        let name = promise["promise"].as_str().expect("a name").to_owned();
        let mut sets = [0, 0];
        for class in list(&promise["cut_sets"]["classes"]) {
            let example = list(&class["example"]);
            if !example.iter().any(|component| accepted.contains(component)) {
                sets[example.len() - 1] += class["count"].as_u64().expect("a count");
            }
        }
        let end =
            |end: &str| parts.map(|part| promise["seconds_a_year"][part][end].as_f64().expect("seconds")).iter().sum();
        let usual = ["loses power", "is killed and started again", "loses its carrier", "breaks"];
        let longest = list(&proof["single_failures"])
            .iter()
            .filter(|one| one["promise"] == promise["promise"] && usual.iter().any(|way| one["way"] == *way))
            .filter(|one| !accepted.contains(&one["component"]))
            .map(|one| one["new_connections"]["max_ms"].as_u64().unwrap_or(u64::MAX))
            .max();
        all.insert(name, Whole { sets, lost: [end("low"), end("typical"), end("high")], longest });
    }
    all
}

#[test]
fn the_short_form_says_what_the_whole_proof_says() {
    let places = [
        Place::campus(),
        // One failure breaks what is asked for.
        Place::campus_with(&[("  utility: { reason: clean shutdown after 20 minutes }\n", "")]),
    ];
    for place in &places {
        let whole = whole(place);
        let short = json(&place.build(&["--format", "json", "--dry-run", "--force"]));
        let mut seen = 0;
        for row in short["promises"].as_array().expect("rows") {
            let names: Vec<&str> =
                row["promises"].as_array().expect("names").iter().filter_map(Value::as_str).collect();
            seen += names.len();
            for name in &names {
                let of = &whole[*name];
                let broken_by = &row["broken_by"];
                match of.sets {
                    [0, 0] if *name == "one-holder/api" => assert_eq!(broken_by["nothing"], true, "{name}"),
                    [0, 0] => assert_eq!(broken_by["failures_at_least"], 3, "{name}"),
                    [0, two] => {
                        assert_eq!((&broken_by["failures"], &broken_by["sets"]), (&2.into(), &two.to_string().into()));
                    }
                    [one, _] => {
                        assert_eq!((&broken_by["failures"], &broken_by["sets"]), (&1.into(), &one.to_string().into()));
                    }
                }
            }
            // Tenants of one line differ by what they keep on disks: the worst is told.
            for (at, end) in ["low", "likely", "high"].iter().enumerate() {
                let wanted = names.iter().map(|name| whole[*name].lost[at]).fold(0.0, f64::max);
                let told = row["lost_seconds_a_year"][*end].as_f64().expect("seconds");
                assert!((told - wanted).abs() <= 1e-9 * wanted, "{names:?} {end}: {told}, not {wanted}");
            }
            let longest = names.iter().filter_map(|name| whole[*name].longest).max();
            let told = &row["longest_outage"]["max_ms"];
            let told = if told == "repair" { Some(u64::MAX) } else { told.as_u64() };
            // What is noticed by nobody is not listed in the whole proof.
            assert_eq!(told.filter(|told| *told > 0), longest.filter(|longest| *longest > 0), "{names:?}");
        }
        assert_eq!(seen, whole.len(), "each promise is told once");
    }
}
