//! Every change that is tried on the examples, and on worse versions of them, is a patch that the usual programs take.
#![allow(clippy::panic)]

use plimsoll_improve::candidates;

use crate::common;

const CAMPUS: &str = include_str!("../../../../examples/campus/cluster.yaml");
const FIVE_RACKS: &str = include_str!("../../../../examples/five-racks/cluster.yaml");

/// All candidates of a text: patched by the real programs, read, resolved and judged. Their words, those without a patch
/// apart.
fn tried(text: &str) -> (Vec<String>, Vec<String>) {
    let (mut with, mut without) = (Vec::new(), Vec::new());
    let before = common::Before::of(text);
    for (what, proved, patch) in candidates("cluster.yaml", text, &before.lock).expect("it resolves") {
        let Some(patch) = patch else {
            without.push(what);
            continue;
        };
        let after = common::patched(text, &patch);
        assert_eq!(after, proved, "{what}: the very text that is proved");
        assert_eq!(before.new_errors(&after), Vec::<String>::new(), "{what}");
        with.push(what);
    }
    (with, without)
}

fn edited(text: &str, edits: &[(&str, &str)]) -> String {
    edits.iter().fold(text.to_owned(), |text, (from, to)| {
        assert!(text.contains(from), "the example has no `{from}`");
        text.replacen(from, to, 1)
    })
}

fn expect(found: &[String], words: &[&str]) {
    for word in words {
        assert!(found.iter().any(|what| what.contains(word)), "{word}: {found:#?}");
    }
}

#[test]
fn campus() {
    let (found, without) = tried(CAMPUS);
    expect(
        &found,
        &[
            "run 5 members of etcd",
            "run 5 monitors of Ceph",
            "as a secondary server of the zone",
            "balance the API on two machines of their own, lb-1 and lb-2 on ",
            "run 4 copies of CoreDNS",
            "keep 4 copies in pool ssd",
            "on a feed that does not depend on utility",
            "put a UPS of 20 minutes between utility and",
            "batteries, or a generator, for 2 hours",
            "add a host pve-7 like the others",
            "fail over as fast as can be had",
        ],
    );
    assert_eq!(without, Vec::<String>::new());
}

#[test]
fn worse_versions_of_campus() {
    let one_leaf = [
        ("leaf-1..2: {", "leaf-1: {"),
        (", mlag: { group: fabric, peer_links: 2, keepalive: true }", ""),
        ("ports: [leaf-1, leaf-2]", "ports: [leaf-1]"),
    ];
    let (found, _) = tried(&edited(CAMPUS, &one_leaf));
    expect(&found, &["put a second leaf leaf-2 beside leaf-1"]);
    let weak = [
        ("uplinks: { to: gw-1..2, speed: 100G }", "uplinks: { to: gw-1, speed: 100G }"),
        ("peer_links: 2", "peer_links: 1"),
        ("power: [a, b]                     # two", "power: [a]                     # two"),
        ("ports: [leaf-1, leaf-2]", "ports: [leaf-1]"),
    ];
    let (found, _) = tried(&edited(CAMPUS, &weak));
    expect(
        &found,
        &[
            "give leaf-1..2 a second uplink, to gw-2",
            "join leaf-1..2 by two peer links",
            "give pve-1..6 a second power supply",
            "give pve-1..6 a second link beside bond0",
        ],
    );
}

#[test]
fn a_pair_of_balancers_fits_what_was_written_for_three() {
    // As the article balances: each to its own server, a priority for each control plane.
    let article = "haproxy: { backends: local, check: tcp }, vrrp: { priorities: [150, 130, 110] }";
    let text = edited(CAMPUS, &[("failover: safe", article)]);
    let all = candidates("cluster.yaml", &text, &common::lock_of(&text)).expect("it resolves");
    let pairs: Vec<_> = all.iter().filter(|(what, ..)| what.starts_with("balance the API on two machines")).collect();
    // One for each way in which hosts could matter: three with a control plane, two with a server of the zone, one with
    // neither. Two of a kind, or of two kinds: 2 + 3.
    assert_eq!(pairs.len(), 5, "{pairs:#?}");
    for (what, after, patch) in pairs {
        let patch = patch.as_ref().unwrap_or_else(|| panic!("no patch: {what}"));
        for line in ["balancer: dedicated", "backends: all", "priorities: [150, 130] }", "role: balancer, host: pve-"] {
            assert!(after.contains(line) && patch.contains(line), "{line}: {patch}");
        }
    }
}

#[test]
fn files_written_otherwise() {
    let worse = edited(CAMPUS, &[("mons: worker-4..6", "mons: worker-4")]);
    // Windows line ends, and no line end at the end.
    for text in [worse.replace('\n', "\r\n"), worse.trim_end().to_owned()] {
        let (found, without) = tried(&text);
        expect(&found, &["run 3 monitors of Ceph instead of 1"]);
        assert_eq!(without, Vec::<String>::new());
    }
}

#[test]
fn five_racks() {
    let (found, without) = tried(FIVE_RACKS);
    let words = ["run 4 copies of CoreDNS", "add a host pve-51 like the others, with gpu-11"];
    expect(&found, &words);
    // The disks would be too full (STO-009).
    assert!(found.iter().all(|what| !what.contains("keep 4 copies")), "{found:#?}");
    assert_eq!(without, Vec::<String>::new());
}

#[test]
fn new_machines_are_tried_in_each_class_of_places() {
    // Each class of alike places is tried once: a rack with none of the kind, and a rack with one.
    let fewer = [
        ("mons: [worker-03..33/10, gpu-03]", "mons: worker-03..23/10"),
        ("cp-1..5: {", "cp-1..3: {"),
        ("host: pve-01..41/10, cpu: 8", "host: pve-01..21/10, cpu: 8"),
    ];
    let text = edited(FIVE_RACKS, &fewer);
    let all = candidates("cluster.yaml", &text, &common::lock_of(&text)).expect("it resolves");
    let found: Vec<String> = all.into_iter().map(|(what, ..)| what).collect();
    let of = |word: &str| found.iter().filter(|what| what.contains(word)).cloned().collect::<Vec<_>>();
    let (members, monitors) = (of("run 5 members of etcd"), of("run 5 monitors of Ceph"));
    assert!((2..=8).contains(&members.len()) && (2..=8).contains(&monitors.len()), "{members:#?} {monitors:#?}");
    assert!(members[0].contains("pve-31") && members[0].contains("pve-41"), "the most spread first: {members:#?}");
}
