//! The other commands, each as a person calls it.
#![allow(clippy::panic)]

mod common;

use common::Place;
use serde_json::Value;

#[test]
fn show_prints_any_part() {
    let place = Place::campus();
    place.run(&["show"]).exits(0).says("  machine          cp-1, cp-2").says(", …");
    place.run(&["show", "machine/cp-1"]).exits(0).says("cpu: 4").says("    address: 10.30.12.10/24");
    place
        .run(&["show", "machine/cp-1/", "--origins"])
        .exits(0)
        .says("# written at cluster.yaml:41:")
        .says("# allocated from network kube");
    assert_eq!(
        place.run(&["show", "api", "--json"]).exits(0).out,
        place.run(&["show", "api", "--format", "json"]).exits(0).out
    );
    let said = place.run(&["show", "host/pve-1/disk/osd", "--origins", "--format", "json"]).exits(0);
    let osd: Value = serde_json::from_str(&said.out).expect("JSON");
    assert_eq!(
        (&osd["value"]["count"], &osd["origins"]["host/pve-1/disk/osd"]),
        (&4.into(), &"expanded from cluster.yaml:39:72".into())
    );
    assert!(osd["origins"]["host/pve-1"].is_string() && osd["origins"]["host/pve-10"].is_null(), "{osd}");
    let said = place.run(&["show", "api", "--format", "json"]).exits(0);
    let api: Value = serde_json::from_str(&said.out).expect("JSON");
    assert_eq!((&api["port"], &api["name"]), (&8443.into(), &"api.k8s.example.edu".into()));
    place.run(&["show", "machine/cp1"]).exits(2).says("`machine` has no part `cp1`").says("did you mean `cp-1`?");
    place.run(&["show", "nonsense"]).exits(2).says("the design has no part `nonsense`");
    assert!(!place.exists("cluster.lock"), "showing allocates nothing");
    let text = place.run(&["show"]).exits(0).out;
    assert!(text.lines().all(|line| line.trim_end() == line), "{text}");
}

#[test]
fn every_rule_explains_itself() {
    let place = Place::empty();
    let list = place.run(&["explain"]).exits(0).out;
    let ids: Vec<&str> = list.lines().filter_map(|line| line.split_whitespace().next()).collect();
    assert!(ids.len() >= 120, "{}", ids.len());
    let mut sorted = ids.clone();
    sorted.dedup();
    assert_eq!(sorted.len(), ids.len());
    let said = place.run(&["explain", "--format", "json"]).exits(0);
    let all: Vec<Value> = serde_json::from_str(&said.out).expect("JSON");
    assert_eq!(all.len(), ids.len());
    for rule in &all {
        for member in ["summary", "checks", "breaks", "remedy", "source"] {
            assert!(rule[member].as_str().is_some_and(|text| !text.trim().is_empty()), "{}: {member}", rule["id"]);
        }
    }
    place.run(&["explain", "vrrp-003"]).says("What breaks").exits(0);
    for (headline, id) in [("What it checks", ids[0]), ("Remedy", ids[ids.len() - 1])] {
        place.run(&["explain", id]).exits(0).says(headline);
    }
    place.run(&["explain", "VRRP-03"]).exits(2).says("there is no rule `VRRP-03`").says("did you mean `VRRP-0");
    place.run(&["explain", "QQQ"]).exits(2).says("hint: ");
    place.run(&["explain", "--markdown", "VRRP-003"]).exits(0).says("VRRP-003");
}

#[test]
fn init_writes_a_file_that_reads_and_keeps_what_is_there() {
    let place = Place::empty();
    place.run(&["init"]).exits(0).says("Wrote cluster.yaml").says("plimsoll check");
    let text = place.read("cluster.yaml");
    assert_eq!(place.run(&["init", "-"]).exits(0).out, text);
    // What is left out has a safe default: its findings are questions, and its first build writes everything.
    place.build(&[]).exits(0).never_says("error").says("Written ").says("Say who may log in");
    let time = place.read("out/first/machines/cp-1/etc/chrony/chrony.conf");
    assert!(time.contains("\npool 2.debian.pool.ntp.org iburst\n"), "{time}");
    let shown = place.run(&["show", "--origins", "site"]).exits(0).out;
    let line = |key: &str| shown.lines().find(|line| line.starts_with(key)).expect(key).to_owned();
    assert!(line("ntp_pools:").contains("# default of edition 2026-11: Debian's chrony asks it"), "{shown}");
    assert!(line("resolvers:").ends_with("# expanded from cluster.yaml:7:21"), "{shown}");
    place.write("cluster.yaml", "mine");
    place.run(&["init"]).exits(2).says("failed to create `cluster.yaml`").says("was left as it is");
    assert_eq!(place.read("cluster.yaml"), "mine");
    place.run(&["init", "no/such/place.yaml"]).exits(2).says("failed to create");
}

#[test]
fn who_reads_only_the_beginning_of_problems_ends_nothing() {
    let place = Place::campus_with(&[("memory: 256GiB", "memory: 256")]);
    let mut child = place.command(&["check"]).stderr(std::process::Stdio::piped()).spawn().expect("it starts");
    drop(child.stderr.take());
    let status = child.wait().expect("it ended");
    assert_eq!(status.code(), Some(1), "a closed pipe is no reason to panic");
}

#[test]
fn the_schema_is_json_and_knows_the_keys() {
    let said = Place::empty().run(&["schema"]).exits(0);
    let schema: Value = serde_json::from_str(&said.out).expect("JSON");
    for key in ["plimsoll", "edition", "cluster", "networks", "hosts", "machines", "api", "accept"] {
        assert!(schema["properties"][key].is_object(), "{key}");
    }
    assert!(schema["$schema"].as_str().is_some_and(|uri| uri.contains("json-schema.org")));
}

#[test]
fn completions_know_the_commands() {
    let place = Place::empty();
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        place.run(&["completions", shell]).exits(0).says("audit").says("secrets");
    }
    place.run(&["completions", "tcsh"]).exits(2);
}

#[test]
fn removed_machines_keep_their_addresses_until_they_are_forgotten() {
    let place = Place::campus();
    place.run(&["lock", "status"]).exits(1).says("machine/cp-1");
    assert!(!place.exists("cluster.lock"));
    place.build(&[]).exits(0);
    place.run(&["lock", "status"]).exits(0).says("cluster.lock is up to date");
    place
        .run(&["lock", "forget", "machine/worker-6"])
        .exits(2)
        .says("nothing is kept for a removed `machine/worker-6`");

    let with = place.read("cluster.yaml");
    let address = |place: &Place| {
        let lock = place.read("cluster.lock");
        lock.lines().find(|line| line.contains("network/kube machine/worker-6 ")).map(str::to_owned)
    };
    let before = address(&place).expect("it has an address");
    place.edit(
        "cluster.yaml",
        &[
            ("worker-1..6: { role: worker, host: pve-1..6, cpu", "worker-1..5: { role: worker, host: pve-1..5, cpu"),
            ("osds: worker-1..6, mons: worker-4..6", "osds: worker-1..5, mons: worker-3..5"),
            ("from: worker-1..6", "from: worker-1..5"),
        ],
    );
    place.build(&["--force"]).says("Written");
    assert_eq!(address(&place), Some(format!("{before} removed")));
    // Back again: what it had.
    let without = place.read("cluster.yaml");
    place.write("cluster.yaml", &with);
    place.build(&[]).exits(0);
    assert_eq!(address(&place), Some(before));
    place.write("cluster.yaml", without);
    place.build(&["--force"]).says("Written");
    place.run(&["lock", "forget", "machine/worker-6"]).exits(0).says("forgot ").says("machine/worker-6");
    assert_eq!(address(&place), None);
    place.run(&["lock", "forget", "*"]).says("hint: ");
}

#[test]
fn a_rule_that_does_not_exist_is_an_error_and_an_acceptance_without_a_finding_is_told() {
    let accept = |line: &str| Place::campus_with(&[("accept:\n", &format!("accept:\n  {line}\n"))]);
    let place = accept("VRPP-003: { reason: a slip }");
    place.run(&["check"]).exits(1).says("there is no rule `VRPP-003`").says("did you mean `VRRP-003`?");
    let place = Place::campus_with(&[("accept:\n", "rules: { KADM-999: { severity: warning } }\naccept:\n")]);
    place.run(&["check"]).exits(1).says("there is no rule `KADM-999`").says("--> cluster.yaml:68:10");
    let place = accept("ETCD-010: { components: [backup], reason: known }");
    place.run(&["check"]).exits(0).says("nothing to accept: ETCD-010 finds nothing at `backup`");
}

#[test]
fn an_accepted_finding_comes_back_after_its_day() {
    let place = Place::campus();
    place.edit(
        "cluster.yaml",
        &[
            ("  etcd: { every: 6h, keep: 28, to: vault, with: pki, restore_test: weekly }\n", ""),
            (
                "  rack/r1:",
                "  ETCD-010: { reason: \"the vault comes in December\", until: \"2026-12-31\" }\n  rack/r1:",
            ),
        ],
    );
    place.run(&["check", "--today", "2026-12-31"]).exits(0).says("1 accepted").never_says("error[ETCD-010]");
    place
        .run(&["check", "--today", "2026-12-31", "--verbose"])
        .exits(0)
        .says("accepted[ETCD-010]")
        .says("the vault comes in December");
    place.run(&["check", "--today", "2027-01-01"]).exits(1).says("error[ETCD-010]");
}

#[test]
fn every_command_has_help_that_begins_with_what_it_does() {
    let place = Place::empty();
    let top = place.run(&["--help"]).exits(0).out;
    for command in ["init", "check", "build", "audit", "show", "explain", "lock", "secrets", "schema", "completions"] {
        assert!(top.contains(&format!("\n  {command} ")), "{command} is not listed");
        let help = place.run(&[command, "--help"]).exits(0).out;
        assert!(help.contains("Usage: plimsoll ") && help.lines().next().is_some_and(|line| line.len() > 20), "{help}");
        assert!(help.lines().all(|line| line.chars().count() <= 100), "{help}");
    }
    for words in [["lock", "status"], ["lock", "forget"], ["secrets", "list"], ["secrets", "make"], ["secrets", "fill"]]
    {
        place.run(&[words[0], words[1], "--help"]).exits(0).says("Usage: plimsoll ");
    }
    place.run(&["--version"]).exits(0).says("plimsoll 0.");
    place.run(&[]).exits(2).says("Usage:");
    place.run(&["biuld"]).exits(2).says("'build'");
}

#[test]
fn secrets_are_listed_by_every_build_of_the_program() {
    let place = Place::campus();
    place
        .run(&["secrets", "list"])
        .exits(0)
        .says("  tsig/transfer\n")
        .says("  ./keys/admins.pub\n")
        .says("not there yet");
    let said = place.run(&["secrets", "list", "--json"]).exits(0);
    let value: Value = serde_json::from_str(&said.out).expect("JSON");
    assert!(value["secrets"]["tsig/transfer"].as_array().is_some_and(|files| files.len() == 2));
    assert_eq!(value["store"]["exists"], false);
    if cfg!(not(feature = "secrets")) {
        place.run(&["secrets", "make"]).exits(2).says("--features secrets");
        place.run(&["secrets", "fill", "-o", "x", "-i", "y"]).exits(2).says("--features secrets");
        assert!(!place.exists("x"));
    }
}
