//! `plimsoll build`: what is written, what is kept, and what is refused.
#![allow(clippy::panic)]

mod common;

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use common::{CAMPUS, Place, golden, run_as_nobody};

/// A cluster whose etcd nobody backs up: an error of the design.
const NO_BACKUPS: (&str, &str) = ("  etcd: { every: 6h, keep: 28, to: vault, with: pki, restore_test: weekly }\n", "");

#[test]
fn the_first_run_writes_everything_and_says_what_to_do() {
    let place = Place::campus();
    let said = place.build(&[]).exits(0);
    golden("build-campus.txt", &without_counts(&said.out));
    assert_eq!(said.err, "");
    assert!(place.exists("out/campus/RUNBOOK.md") && place.exists("cluster.lock"));
    assert!(!place.exists("out/campus/.plimsoll/manifest.next.json") && !place.exists("cluster.lock.half-written"));
}

/// Numbers of rules and files grow with the program; all else is meant to stay.
fn without_counts(text: &str) -> String {
    let counts = |line: &str| {
        let words: Vec<String> = line
            .split(' ')
            .map(|word| {
                let digits = word.trim_start_matches('(');
                let number = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
                if number { word.replace(digits, "N") } else { word.to_owned() }
            })
            .collect();
        words.join(" ")
    };
    let counted = |line: &str| line.starts_with("Findings") || line.starts_with("Written");
    text.lines().map(|line| if counted(line) { counts(line) } else { line.to_owned() } + "\n").collect()
}

#[test]
fn the_second_run_changes_nothing() {
    let place = Place::campus();
    place.build(&[]).exits(0);
    let before = place.tree("");
    let manifest = || fs::metadata(place.at("out/campus/manifest.json")).and_then(|it| it.modified()).expect("there");
    let time = manifest();
    let said = place.build(&["--fresh"]).exits(0);
    let written = said.out.lines().find(|line| line.starts_with("Written")).expect("a line");
    assert!(written.ends_with("unchanged)") && !written.contains("new"), "{written}");
    assert_eq!(place.tree(""), before);
    assert_eq!(manifest(), time, "not even written again");
}

#[test]
fn two_builds_are_the_same_also_when_lists_without_order_are_written_otherwise() {
    let one = Place::campus();
    let two = Place::campus_with(&[
        ("vrids: [1, 51], ipv4: [10.30.1.0/24]", "ipv4: [10.30.1.0/24], vrids: [51, 1]"),
        ("ntp: [10.30.1.11, 10.30.1.12, 10.30.1.13]", "ntp: [10.30.1.13, 10.30.1.11-12]"),
        (
            "{ utility: {}, ups-1: { from: utility, runtime: 20m } }",
            "{ ups-1: { runtime: 20m, from: utility }, utility: {} }",
        ),
        ("pdus: { a: utility, b: ups-1 }", "pdus: { b: ups-1, a: utility }"),
        ("networks: [mgmt, storage, kube]", "networks: [kube, storage, mgmt]"),
        ("for: [proxmox, corosync, zone]", "for: [zone, proxmox, corosync]"),
        (
            "{ vmbr0: bond0.12, vmbr1: bond0.2000, vmbr2: bond0.2001 }",
            "{ vmbr2: bond0.2001, vmbr0: bond0.12, vmbr1: bond0.2000 }",
        ),
        ("disks: { os: boot 40GiB, etcd: fast 16GiB }", "disks: { etcd: fast 16GiB, os: boot 40GiB }"),
        (
            "recipients: [./keys/age-ops.pub, ./keys/age-escrow.pub]",
            "recipients: [./keys/age-escrow.pub, ./keys/age-ops.pub]",
        ),
        ("for: [bmc, corosync]", "for: [corosync, bmc]"),
        ("for: [nodes, api, bgp]", "for: [bgp, nodes, api]"),
        ("  alice: { cpu: 4, memory: 8GiB }\n", ""),
        ("storage: { ssd: 2TiB } }\n", "storage: { ssd: 2TiB } }\n  alice: { memory: 8GiB, cpu: 4 }\n"),
        ("  utility: { reason: clean shutdown after 20 minutes }\n", ""),
        (
            "  rack/r1: { reason: one room }\n",
            "  rack/r1: { reason: one room }\n  utility: { reason: clean shutdown after 20 minutes }\n",
        ),
    ]);
    // Whole sections in the reverse order.
    let text = two.read("cluster.yaml");
    let mut sections: Vec<String> = Vec::new();
    for line in text.lines().skip(1) {
        match sections.last_mut() {
            Some(section) if line.starts_with(' ') => {
                section.push_str(line);
                section.push('\n');
            }
            _ => sections.push(format!("{line}\n")),
        }
    }
    sections.reverse();
    two.write("cluster.yaml", sections.concat());
    for place in [&one, &two] {
        place.build(&[]).exits(0);
    }
    assert_eq!(one.read("cluster.lock"), two.read("cluster.lock"));
    let (mut one, mut two) = (one.tree("out"), two.tree("out"));
    assert_eq!(one.keys().collect::<Vec<_>>(), two.keys().collect::<Vec<_>>());
    // The page names the lines of the file, which are others.
    for tree in [&mut one, &mut two] {
        tree.remove("campus/report.html").expect("a page");
        let manifest = tree.get_mut("campus/manifest.json").expect("a manifest");
        let mut value: serde_json::Value = serde_json::from_slice(manifest).expect("JSON");
        value["file"].as_object_mut().and_then(|files| files.remove("report.html")).expect("its entry");
        *manifest = value.to_string().into_bytes();
    }
    for (path, bytes) in &one {
        assert!(two[path] == *bytes, "{path} differs");
    }
}

#[test]
fn disks_that_are_named_are_handed_to_their_guests() {
    let place = Place::campus_with(&[(
        "machines:                             #",
        "devices: { pve-1: { osd: [nvme-a_1, nvme-a_2, nvme-a_3, nvme-a_4] } }\nmachines:                             #",
    )]);
    place.build(&[]).exits(0).says("Look up the disks that are passed through, `osd` of pve-2..6");
    for file in ["out/campus/proxmox/qm.sh", "out/campus/proxmox/vms.json"] {
        let text = place.read(file);
        assert!(text.contains("/dev/disk/by-id/nvme-a_4,backup=0"), "{file}");
        assert!(text.contains("<plimsoll:device pve-2/osd/0>") && !text.contains("<plimsoll:device pve-1/"), "{file}");
    }
}

#[test]
fn a_dry_run_writes_nothing() {
    let place = Place::campus();
    place.build(&["--dry-run"]).exits(0).says("Would write out/campus/: ").says("Run it again without --dry-run.");
    assert_eq!(place.tree("").into_keys().collect::<Vec<_>>(), ["cluster.yaml"]);
}

#[test]
fn locked_refuses_a_lock_that_would_change() {
    let place = Place::campus();
    place.build(&["--locked"]).exits(2).says("`cluster.lock` is out of date and `--locked` was given").says("hint: ");
    assert!(!place.exists("out") && !place.exists("cluster.lock"));
    place.build(&[]).exits(0);
    place.build(&["--locked"]).exits(0);
    place.edit(
        "cluster.yaml",
        &[
            ("worker-1..6: { role: worker, host: pve-1..6, cpu", "worker-1..5: { role: worker, host: pve-1..5, cpu"),
            ("osds: worker-1..6, mons: worker-4..6", "osds: worker-1..5, mons: worker-3..5"),
            ("from: worker-1..6", "from: worker-1..5"),
        ],
    );
    let before = place.tree("");
    place.build(&["--locked", "--force"]).exits(2).says("machine/worker-6");
    assert_eq!(place.tree(""), before);
}

#[test]
fn errors_of_the_design_keep_everything_as_it_was_unless_forced() {
    let place = Place::campus_with(&[NO_BACKUPS]);
    place.build(&[]).exits(1).says("error[ETCD-010]").says("Nothing was written");
    assert!(!place.exists("out") && !place.exists("cluster.lock"));
    let said = place.build(&["--force"]).exits(1).says("with errors, because of --force");
    let next = said.out.split("What to do next").nth(1).expect("what to do");
    assert!(next.trim_start().starts_with("1. Mend the errors above"), "{next}");
    assert!(place.exists("out/campus/manifest.json"));
}

#[test]
fn errors_of_the_file_write_nothing() {
    let place = Place::campus_with(&[("cluster: campus", "clustre: campus")]);
    place.build(&["--force"]).exits(1).says("did you mean `cluster`").says("nothing was written");
    assert!(!place.exists("out") && !place.exists("cluster.lock"));
}

#[test]
fn what_cannot_be_read_is_a_wrong_call() {
    let place = Place::empty();
    place.build(&[]).exits(2).says("failed to read `cluster.yaml`").says("hint: `plimsoll init` writes");
    place.build(&["."]).exits(2).says("is a directory").says("use `plimsoll audit`");
    place.write("latin1.yaml", b"plimsoll: 1\ncluster: M\xfcnchen\n");
    place.build(&["latin1.yaml"]).exits(2).says("`latin1.yaml` cannot be read as text");
    place.write("huge.yaml", vec![b'#'; 5 << 20]);
    place.build(&["huge.yaml"]).exits(2).says("a cluster file has at most");
    for (name, text) in [("broken.yaml", "plimsoll: [1\n"), ("void.yaml", "\n"), ("deep.yaml", &"[".repeat(1000))] {
        place.write(name, text);
        place.build(&[name]).exits(2).says(&format!("`{name}` cannot be read as YAML; nothing was written"));
    }
    place.write("cluster.yaml", CAMPUS);
    place.write("cluster.lock", "no lock at all\n");
    place.build(&[]).exits(1).says("cluster.lock");
    fs::remove_file(place.at("cluster.lock")).expect("removed");
    fs::create_dir(place.at("cluster.lock")).expect("made");
    place.build(&[]).exits(2).says("failed to read `cluster.lock`");
    assert!(!place.exists("out"));
    place.run(&["build", "--no-such-option"]).exits(2);
    place.run(&["build", "--today", "soon"]).exits(2);
}

#[test]
fn no_permission_is_told_plainly() {
    use std::os::unix::fs::PermissionsExt as _;
    let place = Place::campus();
    fs::set_permissions(place.at("cluster.yaml"), fs::Permissions::from_mode(0o000)).expect("closed");
    run_as_nobody(&place, &["build"]).exits(2).says("failed to read `cluster.yaml`").says("Permission denied");
    run_as_nobody(&place, &["audit", "cluster.yaml"]).exits(2).says("Permission denied");
    fs::set_permissions(place.at("cluster.yaml"), fs::Permissions::from_mode(0o644)).expect("open");
    if common::is_root() {
        run_as_nobody(&place, &["build"]).exits(2).says("failed to").says("Permission denied");
    }
    assert!(!place.exists("out"));
}

#[test]
fn lost_files_come_back_and_unwanted_ones_go_with_their_directories() {
    let place = Place::campus();
    place.build(&[]).exits(0);
    let whole = place.tree("out/campus");
    fs::remove_file(place.at("out/campus/RUNBOOK.md")).expect("removed");
    fs::remove_dir_all(place.at("out/campus/machines/cp-1")).expect("removed");
    place.build(&[]).exits(0).says(" new, ");
    assert_eq!(place.tree("out/campus"), whole);

    place.edit("cluster.yaml", &[("  alice: { cpu: 4, memory: 8GiB }\n", "")]);
    place.build(&[]).exits(0).says(" removed");
    let after = place.tree("out/campus");
    let gone: Vec<&String> = whole.keys().filter(|path| !after.contains_key(*path)).collect();
    assert!(!gone.is_empty() && gone.iter().all(|path| path.contains("alice")), "{gone:?}");
    for path in gone {
        let parent = place.at("out/campus").join(path).parent().map(Path::to_path_buf).expect("a parent");
        assert!(
            !parent.exists() || fs::read_dir(parent).expect("readable").next().is_some(),
            "{path}: empty directory"
        );
    }
}

#[test]
fn foreign_files_stay() {
    let place = Place::campus();
    place.write("out/campus/notes.txt", "mine");
    place.write("out/campus/machines/cp-1/etc/mine.conf", "mine");
    place.build(&[]).exits(0);
    place.write("out/campus/cluster/mine.yaml", "mine");
    place.edit("cluster.yaml", &[("  alice: { cpu: 4, memory: 8GiB }\n", "")]);
    place.build(&["--overwrite"]).exits(0);
    for path in ["notes.txt", "machines/cp-1/etc/mine.conf", "cluster/mine.yaml"] {
        assert_eq!(place.read(&format!("out/campus/{path}")), "mine");
    }
}

#[test]
fn a_file_changed_by_hand_is_kept_until_overwrite() {
    let place = Place::campus();
    place.build(&[]).exits(0);
    let runbook = place.read("out/campus/RUNBOOK.md");
    place.write("out/campus/RUNBOOK.md", "my own notes");
    let before = place.tree("");
    place
        .build(&[])
        .exits(2)
        .says("one file in `out/campus` was changed by hand or not written by Plimsoll:\n  RUNBOOK.md")
        .says("--overwrite");
    assert_eq!(place.tree(""), before, "nothing else was written either");
    // The page is made last, when the other files lie beside their places already.
    let elsewhere = Place::campus();
    elsewhere.write("out/campus/report.html", "my own page");
    let before = elsewhere.tree("");
    elsewhere.build(&[]).exits(2).says("  report.html");
    assert_eq!(elsewhere.tree(""), before, "what was staged is gone again");
    place.build(&["--overwrite"]).exits(0).says("1 changed");
    assert_eq!(place.read("out/campus/RUNBOOK.md"), runbook);
}

#[test]
fn a_wanted_place_that_holds_a_foreign_file_is_refused() {
    let place = Place::campus();
    place.write("out/campus/RUNBOOK.md", "somebody's");
    place.build(&[]).exits(2).says("RUNBOOK.md");
    assert_eq!(place.read("out/campus/RUNBOOK.md"), "somebody's");
    assert!(!place.exists("cluster.lock"), "a refused run allocates nothing");
    place.write("out/other", "a file where a directory should be");
    place.build(&["-o", "out/other"]).exits(2).says("out/other");
}

#[test]
fn a_manifest_that_points_outside_removes_nothing_there() {
    let place = Place::campus();
    place.build(&[]).exits(0);
    place.write("out/precious", "mine");
    let hash = "3fd30542fe3f61b14bd4a4b2dc0b6fb30fa6f63ebce52dd1778aaa8c4dc02cff";
    let entry = format!(
        "\"file\": {{\n    \"../precious\": {{ \"sha256\": \"{hash}\", \"mode\": \"0644\", \"owner\": \"root:root\", \"purpose\": \"x\" }},"
    );
    place.edit("out/campus/manifest.json", &[("\"file\": {", &entry)]);
    place.build(&[]).exits(0);
    assert_eq!(place.read("out/precious"), "mine");
    place.write("out/campus/manifest.json", "{ broken");
    place.build(&[]).exits(2).says("is no manifest of Plimsoll").says("hint: ");
}

#[test]
fn an_interrupted_run_is_finished_by_the_next() {
    // Old state A; a run to B was stopped when half of its files were written.
    let place = Place::campus();
    place.build(&[]).exits(0);
    let old = place.tree("out/campus");
    let other = Place::campus_with(&[("cpu: 4, memory: 8GiB }", "cpu: 5, memory: 10GiB }"), ("2TiB", "3TiB")]);
    other.build(&[]).exits(0);
    let new: BTreeMap<String, Vec<u8>> = other.tree("out/campus");
    let differing: Vec<&String> = new
        .iter()
        .filter(|(path, bytes)| old.get(*path) != Some(bytes) && *path != "manifest.json")
        .map(|it| it.0)
        .collect();
    assert!(differing.len() >= 2, "{differing:?}");
    place.write("out/campus/.plimsoll/manifest.next.json", &new["manifest.json"]);
    place.write("out/campus/.plimsoll/half-written", "half of");
    place.write("out/campus/.plimsoll/half/0", "half of another");
    for path in differing.iter().take(differing.len() / 2) {
        place.write(&format!("out/campus/{path}"), &new[*path]);
    }
    // Whether the next run wants the new state or the old one again: neither asks for --overwrite.
    place.build(&["--dry-run"]).exits(0);
    place.write("cluster.yaml", other.read("cluster.yaml"));
    place.build(&[]).exits(0);
    assert_eq!(place.tree("out/campus"), new);
    assert!(!place.exists("out/campus/.plimsoll/manifest.next.json"));
}

#[test]
fn killed_at_any_moment_the_next_run_ends_well() {
    let expected = Place::campus();
    expected.build(&[]).exits(0);
    let expected = expected.tree("out/campus");
    let place = Place::campus();
    let mut interrupted = 0;
    for round in 0..25_u64 {
        if round % 5 == 0 {
            fs::remove_dir_all(place.at("out")).ok();
        }
        let mut child = place
            .command(&["build", "--fresh", "--today", "2026-11-24"])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("it starts");
        std::thread::sleep(Duration::from_millis(40 + round * 37 % 260));
        child.kill().ok();
        let status = child.wait().expect("it ended");
        interrupted += usize::from(status.code().is_none());
    }
    place.build(&["--fresh"]).exits(0);
    assert_eq!(place.tree("out/campus"), expected);
    println!("{interrupted} of 25 runs were killed before their end");
    assert!(interrupted > 0, "no run was interrupted: this showed nothing");
    let left: Vec<_> =
        fs::read_dir(place.at("out/campus/.plimsoll")).expect("there").flatten().map(|it| it.file_name()).collect();
    let known = ["lock", "half", "half-written", "built.json"];
    assert!(left.iter().all(|name| known.iter().any(|known| name == known)), "{left:?}");
}

#[test]
fn two_runs_at_once_do_not_mix() {
    let place = Place::campus();
    fs::create_dir_all(place.at("out/campus/.plimsoll")).expect("made");
    let lock = fs::File::create(place.at("out/campus/.plimsoll/lock")).expect("made");
    lock.lock().expect("locked");
    place.build(&[]).exits(2).says("another run is writing to `out/campus`").says("hint: wait");
    drop(lock);
    place.build(&[]).exits(0);
    // And for real.
    fs::remove_dir_all(place.at("out")).expect("removed");
    let children: Vec<_> = (0..4)
        .map(|_| place.command(&["build", "--today", "2026-11-24"]).stdout(Stdio::null()).stderr(Stdio::null()).spawn())
        .collect();
    let children: Vec<_> =
        children.into_iter().map(|child| child.and_then(|mut child| child.wait()).expect("it ran").code()).collect();
    assert!(children.iter().all(|code| matches!(code, Some(0 | 2))), "{children:?}");
    place.build(&["--fresh"]).exits(0).says("unchanged)");
}

#[test]
fn files_with_holes_are_for_their_readers_alone_and_hold_no_secret() {
    let place = Place::campus();
    place.write("keys/admins.pub", "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAItheseBytesAreNotRead someone\n");
    place.write("secrets.age", "age-encryption.org/v1\nnot read either");
    place.build(&[]).exits(0);
    let manifest: serde_json::Value = serde_json::from_str(&place.read("out/campus/manifest.json")).expect("JSON");
    let mut with_secrets = 0;
    for (path, entry) in manifest["file"].as_object().expect("files") {
        let path = format!("out/campus/{path}");
        let mode = u32::from_str_radix(entry["mode"].as_str().expect("a mode"), 8).expect("octal");
        assert_eq!(place.mode(&path), mode, "{path}");
        let text = place.read(&path);
        assert!(!text.contains("theseBytesAreNotRead") && !text.contains("PRIVATE KEY"), "{path}");
        if entry["secrets"].is_array() {
            with_secrets += 1;
            assert_eq!(mode & 0o027, 0, "{path} is {mode:o}");
            assert!(text.contains("<plimsoll:secret "), "{path}");
        }
    }
    assert!(with_secrets > 5);
}

#[test]
fn json_and_sarif_are_for_programs() {
    let place = Place::campus();
    let said = place.build(&["--format", "json", "--dry-run"]).exits(0);
    let value: serde_json::Value = serde_json::from_str(&said.out).expect("JSON and nothing else");
    assert_eq!((&value["written"], &value["directory"]), (&false.into(), &"out/campus".into()));
    assert!(value["new"].as_array().is_some_and(|new| new.len() > 100));
    let place = Place::campus_with(&[NO_BACKUPS]);
    let said = place.build(&["--format", "json"]).exits(1);
    let value: serde_json::Value = serde_json::from_str(&said.out).expect("JSON and nothing else");
    assert_eq!(value["written"], false);
    assert_eq!(value["findings"][0]["code"], "ETCD-010");
    let said = place.run(&["check", "--format", "sarif"]).exits(1);
    let value: serde_json::Value = serde_json::from_str(&said.out).expect("JSON and nothing else");
    assert_eq!(value["version"], "2.1.0");
}

#[test]
fn timings_go_to_standard_error() {
    let said = Place::campus().build(&["--timings", "--dry-run"]).exits(0);
    assert!(said.err.contains("all but write") && !said.out.contains("all but write"));
    // Every phase once, that which is done beside another too, and then the totals.
    let phase =
        |line: &str| line.strip_suffix(" ms").and_then(|line| line.rsplit_once(' ')).map(|it| it.0.trim().to_owned());
    let phases: Vec<String> = said.err.lines().filter_map(phase).collect();
    let expected =
        ["read", "resolve", "check", "prove", "render", "prove more", "predict", "sum up", "report", "write"];
    assert_eq!(phases[..phases.len().saturating_sub(2)], expected);
    assert_eq!(phases[expected.len()..], ["all but write", "all in all"]);
}

#[test]
fn names_of_ports_that_were_given_need_no_check() {
    let place = Place::campus_with(&[("mode: lacp,", "mode: lacp, links: [enp65s0f0, enp65s0f1],")]);
    place.build(&[]).exits(0).never_says("names of network ports");
    assert!(place.read("out/campus/hosts/pve-1/etc/network/interfaces").contains("bond-slaves enp65s0f0 enp65s0f1"));
}
