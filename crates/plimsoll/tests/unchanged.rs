//! `plimsoll build` when nothing has changed since the last time, and everything that counts as a change.
#![allow(clippy::panic)]

mod common;

use std::fs;
use std::process::Stdio;

use common::{Place, Said};

/// What a run that did nothing says.
const SKIPPED: &str = "Unchanged out/campus/: ";

/// The example with something to be warned of.
fn place() -> Place {
    let place = Place::campus_with(&[
        ("restore_test: weekly", "restore_test: never"),
        ("accept:\n", "rules: { ETCD-015: { severity: warning } }\naccept:\n"),
    ]);
    place.build(&[]).exits(0).says("warning[").never_says(SKIPPED);
    place
}

/// Builds, and says whether that was skipped.
#[track_caller]
fn is_skipped(place: &Place, arguments: &[&str]) -> bool {
    place.build(arguments).exits(0).out.contains(SKIPPED)
}

/// What is said apart from the line about files.
fn findings(said: &Said) -> String {
    let counted = |line: &&str| !["Written", "Unchanged"].iter().any(|word| line.starts_with(word));
    said.out.lines().filter(counted).flat_map(|line| [line, "\n"]).collect()
}

#[test]
fn nothing_is_done_twice_and_everything_is_said_again() {
    let place = place();
    let whole = place.build(&["--fresh"]).exits(0).never_says(SKIPPED);
    let before = place.tree("");
    let record = place.read("out/campus/.plimsoll/built.json");
    for options in [&[][..], &["--overwrite"], &["--locked"], &["--force"]] {
        let again = place.build(options).exits(0).says(SKIPPED).says("warning[");
        assert_eq!(findings(&again), findings(&whole), "{options:?}");
        assert_eq!(again.err, whole.err);
    }
    assert_eq!(place.tree(""), before);
    assert_eq!(place.read("out/campus/.plimsoll/built.json"), record);
}

#[test]
fn programs_are_told_too() {
    let place = place();
    let read = |said: &Said| serde_json::from_str::<serde_json::Value>(&said.out).expect("JSON and nothing else");
    let whole = read(&place.build(&["--format", "json"]).exits(0));
    let again = read(&place.build(&["--format", "json"]).exits(0));
    assert_eq!((&whole["skipped"], &again["skipped"]), (&false.into(), &true.into()));
    for part in ["findings", "accepted", "not_judged", "held", "summary", "survive", "written", "directory"] {
        assert_eq!(whole[part], again[part], "{part}");
    }
    let files = place.tree("out/campus").len() - 1;
    assert_eq!(again["unchanged"], files);
}

#[test]
fn a_change_of_the_file_or_its_lock_is_a_change() {
    let place = place();
    // A comment changes no file, and moves the lines that findings name.
    place.edit("cluster.yaml", &[("plimsoll: 1\n", "plimsoll: 1\n# a comment\n")]);
    assert!(!is_skipped(&place, &[]));
    assert!(is_skipped(&place, &[]));
    fs::copy(place.at("cluster.lock"), place.at("kept")).expect("copied");
    let lock = place.read("cluster.lock");
    place.write("cluster.lock", lock.clone() + "# merged\n");
    assert!(!is_skipped(&place, &[]));
    assert!(is_skipped(&place, &[]));
    fs::remove_file(place.at("cluster.lock")).expect("removed");
    assert!(!is_skipped(&place, &[]), "without its lock everything is allocated anew");
    assert_eq!(place.read("cluster.lock"), lock);
    // Another file with the same content is shown by another name.
    fs::copy(place.at("cluster.yaml"), place.at("other.yaml")).expect("copied");
    fs::copy(place.at("cluster.lock"), place.at("other.lock")).expect("copied");
    assert!(!is_skipped(&place, &["other.yaml"]));
    assert!(!is_skipped(&place, &[]), "only the last run is known");
}

#[test]
fn a_file_that_is_not_as_it_was_written_is_a_change() {
    let place = place();
    let whole = place.tree("out/campus");
    for path in ["RUNBOOK.md", "machines/cp-1/etc/haproxy/haproxy.cfg"] {
        fs::remove_file(place.at("out/campus").join(path)).expect("removed");
        place.build(&[]).exits(0).says("(1 new, ");
        assert_eq!(place.tree("out/campus"), whole);
        assert!(is_skipped(&place, &[]));
        place.write(&format!("out/campus/{path}"), "edited");
        place.build(&[]).exits(2).says("changed by hand").says(path);
        place.build(&["--overwrite"]).exits(0).says("1 changed");
        assert_eq!(place.tree("out/campus"), whole);
        assert!(is_skipped(&place, &[]));
    }
    // Of the same length.
    let runbook = place.read("out/campus/RUNBOOK.md");
    place.write("out/campus/RUNBOOK.md", runbook.replacen('e', "E", 1));
    place.build(&[]).exits(2).says("RUNBOOK.md");
    place.write("out/campus/RUNBOOK.md", runbook);
    assert!(is_skipped(&place, &[]), "whoever takes an edit back has changed nothing");
    for gone in ["manifest.json", ".plimsoll/built.json"] {
        fs::remove_file(place.at("out/campus").join(gone)).expect("removed");
        assert!(!place.build(&["--overwrite"]).exits(0).out.contains(SKIPPED), "{gone}");
    }
    for broken in ["", "{", "{}", "\u{0}"] {
        place.write("out/campus/.plimsoll/built.json", broken);
        assert!(!is_skipped(&place, &[]), "{broken:?}");
        assert!(is_skipped(&place, &[]));
    }
    fs::remove_dir_all(place.at("out")).expect("removed");
    assert!(!is_skipped(&place, &[]));
}

#[test]
fn a_run_that_was_interrupted_is_finished() {
    let place = place();
    fs::copy(place.at("out/campus/manifest.json"), place.at("out/campus/.plimsoll/manifest.next.json"))
        .expect("copied");
    assert!(!is_skipped(&place, &[]));
}

#[test]
fn options_and_the_way_of_showing_are_changes() {
    let place = place();
    for options in [&["--verbose"][..], &["--format", "sarif"], &["--color", "always"], &["--fresh"]] {
        assert!(!place.build(options).exits(0).out.contains(SKIPPED), "{options:?}");
        assert!(!is_skipped(&place, &[]) || options == ["--fresh"], "{options:?}");
    }
    place.build(&["-o", "elsewhere"]).exits(0).never_says("Unchanged");
    assert!(is_skipped(&place, &[]), "another directory has a record of its own");
    place.build(&["--dry-run"]).exits(0).says("Would write out/campus/");
    assert!(is_skipped(&place, &[]), "a dry run is no run");
}

#[test]
fn another_program_is_a_change_also_when_it_says_the_same_version() {
    let place = place();
    let other = place.at("plimsoll-of-the-test");
    fs::copy(env!("CARGO_BIN_EXE_plimsoll"), &other).expect("copied");
    let build = || {
        let mut command = std::process::Command::new(&other);
        command.args(["build", "--today", "2026-11-24"]).current_dir(place.at("")).env_clear().env("NO_COLOR", "1");
        let output = command.stdin(Stdio::null()).output().expect("it starts");
        String::from_utf8(output.stdout).expect("text").contains(SKIPPED)
    };
    assert!(!build());
    assert!(build());
    // Rebuilt, with the length and the time that it had.
    let time = fs::metadata(&other).and_then(|it| it.modified()).expect("a time");
    let bytes = fs::read(&other).expect("readable");
    std::thread::sleep(std::time::Duration::from_millis(20));
    fs::write(&other, bytes).expect("written");
    fs::File::options().append(true).open(&other).and_then(|file| file.set_modified(time)).expect("set");
    assert!(!build());
    assert!(!is_skipped(&place, &[]));
}

#[test]
fn a_day_on_which_an_acceptance_has_ended_is_a_change() {
    let place = Place::campus_with(&[
        ("  etcd: { every: 6h, keep: 28, to: vault, with: pki, restore_test: weekly }\n", ""),
        ("accept:\n", "accept:\n  ETCD-010: { reason: until the vault is there, until: \"2026-11-30\" }\n"),
    ]);
    let on = |day: &str| place.run(&["build", "--today", day]);
    on("2026-11-29").exits(0);
    on("2026-11-29").exits(0).says(SKIPPED);
    on("2026-12-01").exits(1).says("error[ETCD-010]").says("Nothing was written").never_says(SKIPPED);
}

#[test]
fn errors_are_said_each_time() {
    let place =
        Place::campus_with(&[("  etcd: { every: 6h, keep: 28, to: vault, with: pki, restore_test: weekly }\n", "")]);
    for _ in 0..2 {
        place.build(&[]).exits(1).says("error[ETCD-010]").never_says(SKIPPED);
    }
    for _ in 0..2 {
        place.build(&["--force"]).exits(1).says("error[ETCD-010]").says("because of --force").never_says(SKIPPED);
    }
    assert!(!place.exists("out/campus/.plimsoll/built.json"));
    // A record of better days does not outlive it either.
    place.edit(
        "cluster.yaml",
        &[("backups:\n", "backups:\n  etcd: { every: 6h, keep: 28, to: vault, with: pki, restore_test: weekly }\n")],
    );
    place.build(&[]).exits(0);
    assert!(is_skipped(&place, &[]));
    place
        .edit("cluster.yaml", &[("  etcd: { every: 6h, keep: 28, to: vault, with: pki, restore_test: weekly }\n", "")]);
    place.build(&["--force"]).exits(1);
    assert!(!place.exists("out/campus/.plimsoll/built.json"));
}
