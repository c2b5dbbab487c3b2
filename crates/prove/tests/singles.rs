//! One failure, said by all that speak of it: the circuit, the predicted outages, and the simulation of failure domains behind
//! rule PHY-003. Over both examples and designs that are worse than these.
#![allow(clippy::panic, reason = "a test")]

mod common;

use std::collections::BTreeSet;

use common::{campus, example, example_text_with, vars};
use plimsoll_model::{Design, Origins};
use plimsoll_outage::{End, Interval, Prediction, Predictions, Way};
use plimsoll_prove::{Kind, Model, Question, predictions};
use plimsoll_views::domains::{Domain, Group, Losses};

type Changes = &'static [(&'static str, &'static str)];

const PAIR: (&str, &str) = (", mlag: { group: fabric, peer_links: 2, keepalive: true }", "");
const GATEWAYS: &str = "gw-1..2: { kind: router,";
const RACK: &str = "racks: { r1: { pdus: { a: utility, b: ups-1 } } }";
const FEEDS: &str = "feeds: { utility: {}, ups-1: { from: utility, runtime: 20m } }";
const CONTROL: &str = "cp-1..3: { role: control-plane, host: pve-1..3";
const HA: (&str, &str) = ("networks: [mgmt], drain: stop", "networks: [mgmt], drain: migrate, ha: true");
const NO_COROSYNC: (&str, &str) = ("          for: [proxmox, corosync, zone] }", "          for: [proxmox, zone] }");

/// Campuses that are worse than the example.
const CAMPUSES: &[(&str, Changes)] = &[
    ("routers on one strip", &[(GATEWAYS, "gw-1..2: { kind: router, rack: r1, power: [a],")]),
    ("routers behind the battery", &[(GATEWAYS, "gw-1..2: { kind: router, rack: r1, power: [b],")]),
    ("both strips behind one battery", &[(RACK, "racks: { r1: { pdus: { a: ups-1, b: ups-1 } } }")]),
    (
        "one switch",
        &[
            ("  leaf-1..2: {", "  leaf-1: {"),
            PAIR,
            ("ports: [leaf-1, leaf-2]", "ports: [leaf-1]"),
            ("mode: lacp, ", ""),
        ],
    ),
    ("two members", &[(CONTROL, "cp-1..2: { role: control-plane, host: pve-1..2")]),
    ("two members on one host", &[(CONTROL, "cp-1..3: { role: control-plane, host: [pve-1, pve-1, pve-2]")]),
    ("no pair", &[PAIR, ("mode: lacp", "mode: active-backup")]),
    ("no pair, and LACP over both", &[PAIR]),
    ("one uplink", &[("uplinks: { to: gw-1..2, speed: 100G }", "uplinks: { to: gw-1, speed: 100G }")]),
    ("reset by one network", &[HA, NO_COROSYNC]),
    ("high availability", &[HA]),
    ("one copy", &[("replicas: 3, min: 2", "replicas: 2, min: 2")]),
    ("two monitors", &[("mons: worker-4..6", "mons: worker-4..5")]),
    (
        "one supply",
        &[("    power: [a, b]                     # two power supplies, one on each\n", "    power: [a]\n")],
    ),
    (
        "two batteries in a row",
        &[(
            FEEDS,
            "feeds: { utility: {}, ups-0: { from: utility, runtime: 10m }, ups-1: { from: ups-0, runtime: 20m } }",
        )],
    ),
    (
        "layer 2",
        &[
            (
                "announce: bgp, asn: 64513, from: worker-1..6,\n           peers: gw-1..2, bfd: true",
                "announce: l2, from: worker-1..6",
            ),
            ("pools: { public: 10.30.14.0/26 }", "pools: { public: 10.30.12.192/26 }"),
        ],
    ),
    ("one resolver", &[("resolvers: [10.30.1.53, 10.30.1.54]", "resolvers: [10.30.1.53]")]),
    ("a resolver beside storage", &[("resolvers: [10.30.1.53, 10.30.1.54]", "resolvers: [10.30.20.5]")]),
    (
        "a file server in our rack",
        &[
            ("  vault: {", "  nas-1: { kind: nfs, address: 10.30.1.90, rack: r1, power: [a] }\n  vault: {"),
            ("storage:\n", "storage:\n  nfs: { server: nas-1, path: /export }\n"),
        ],
    ),
    (
        "a file server beside storage",
        &[
            ("  vault: {", "  nas-1: { kind: nfs, addresses: { storage: 10.30.20.9 } }\n  vault: {"),
            ("storage:\n", "storage:\n  nfs: { server: nas-1, path: /export }\n"),
        ],
    ),
    ("workers on their way out", &[("  worker-1..6: { role", "  worker-1..6: { state: retiring, role")]),
];

const SPINE: (&str, &str) = ("  spine-1..2: { rack: r2..3, role: spine,", "  spine-1: { rack: r2, role: spine,");
const TO_SPINE: (&str, &str) = ("uplinks: { to: spine-1..2, speed: 100G }", "uplinks: { to: spine-1, speed: 100G }");
const CORE: (&str, &str) = (", mlag: { group: core, peer_links: 2, keepalive: true }", "");
const LEAVES: [(&str, &str); 4] = [
    ("leaf-1..10: { rack: r1..5,", "leaf-1..5: { rack: r1..5,"),
    (",\n                mlag: { group: pair-1..5, peer_links: 2, keepalive: true } }", " }"),
    ("ports: [leaf-1..7/2, leaf-2..8/2], speed: 25G, mode: lacp,", "ports: [leaf-1..4], speed: 25G,"),
    ("ports: [leaf-9, leaf-10], speed: 25G, mode: lacp,", "ports: [leaf-5], speed: 25G,"),
];

/// Sites of five racks that are worse than the example.
const FIVE_RACKS: &[(&str, Changes)] = &[
    ("one spine", &[SPINE, TO_SPINE, CORE]),
    ("one leaf in each rack, one spine", &[LEAVES[0], LEAVES[1], LEAVES[2], LEAVES[3], SPINE, TO_SPINE, CORE]),
    ("spines that are no pair", &[CORE]),
    ("one line", &[("ups-2: { from: line-2, runtime: 15m }", "ups-2: { from: line-1, runtime: 15m }")]),
    (
        "members in one rack",
        &[("cp-1..5: { role: control-plane, host: pve-01..41/10", "cp-1..5: { role: control-plane, host: pve-01..05")],
    ),
    ("corosync out of band alone", &[NO_COROSYNC]),
    ("routers in a rack", &[(GATEWAYS, "gw-1..2: { kind: router, rack: r1,")]),
];

/// The promises that each component breaks alone, without those that are broken anyhow.
fn singles(model: &Model) -> Vec<(String, Kind, BTreeSet<String>)> {
    let mut question = Question::new(model);
    question.ask([]);
    let from_start: BTreeSet<&str> = question.all_broken().map(|promise| promise.id.as_str()).collect();
    let each = model.failable().map(|(var, component)| {
        question.ask([var]);
        let broken = question.all_broken().map(|promise| promise.id.clone());
        (component.path.clone(), component.kind, broken.filter(|id| !from_start.contains(id.as_str())).collect())
    });
    each.collect()
}

/// What breaks a promise alone breaks it until it is repaired.
fn circuit_and_predictions_agree(what: &str, model: &Model, predictions: &Predictions) {
    for (path, kind, broken) in singles(model) {
        let silent = path.strip_suffix("/silent");
        let group = if kind == Kind::Disk { path.rsplit_once('/').map(|(group, _)| group) } else { None };
        let named = silent.or(group).unwrap_or(&path);
        for id in broken.iter().filter(|id| predictions.promises.contains(id)) {
            let mine = |one: &&Prediction| {
                one.failure.component == named
                    && one.promise == *id
                    && one.failure.way != Way::Killed
                    && (silent.is_none() || one.failure.way == Way::Silent)
            };
            let said: Vec<&Prediction> = predictions.all.iter().filter(mine).collect();
            assert!(!said.is_empty(), "{what}: nothing is predicted for {id} when {path} fails");
            for one in said {
                let lasts =
                    if kind == Kind::Feed { one.new.max() == End::Repair } else { one.new == Interval::UNTIL_REPAIR };
                // Copies of CoreDNS are started elsewhere, where there is an elsewhere.
                let elsewhere = id.starts_with("dns")
                    && !(broken.contains("egress") && broken.contains("api"))
                    && !one.new.is_zero();
                assert!(lasts || elsewhere, "{what}: {id}, when {path} fails: {:?}", one.new);
            }
        }
    }
}

/// What the simulation of failure domains says is lost is broken in the circuit.
fn circuit_and_domains_agree(what: &str, model: &Model, design: &Design) {
    let healthy = Losses::of(design, &[]);
    let groups: Vec<Group<'_>> = Group::all(design).into_iter().filter(|group| group.survives(&healthy)).collect();
    let mut question = Question::new(model);
    for domain in Domain::all(design) {
        let path = domain.to_string();
        let losses = Losses::of(design, std::slice::from_ref(&domain));
        question.ask(vars(model, &[path.as_str()]));
        let broken: Vec<&str> = question.all_broken().map(|promise| promise.id.as_str()).collect();
        for group in groups.iter().filter(|group| !group.survives(&losses)) {
            let is_of = |id: &str| {
                id == group.promise || id.strip_prefix(group.promise).is_some_and(|rest| rest.starts_with('/'))
            };
            assert!(broken.iter().any(|id| is_of(id)), "{what}: {path} takes {}, and breaks {broken:?}", group.name);
        }
    }
}

fn judge(what: &str, design: &Design, origins: &Origins) {
    let model = Model::of(design, origins);
    circuit_and_predictions_agree(what, &model, &predictions(&model, design));
    circuit_and_domains_agree(what, &model, design);
}

#[test]
fn campuses_are_judged_alike_by_all() {
    let (design, origins) = campus();
    judge("the example", &design, &origins);
    for (what, changes) in CAMPUSES {
        let (design, origins) = example_text_with("campus", changes);
        judge(what, &design, &origins);
    }
}

#[test]
fn five_racks_are_judged_alike_by_all() {
    let (design, origins) = example("five-racks");
    judge("five racks", &design, &origins);
    for (what, changes) in FIVE_RACKS {
        let (design, origins) = example_text_with("five-racks", changes);
        judge(what, &design, &origins);
    }
}

/// The interval for new connections.
fn of(predictions: &Predictions, component: &str, promise: &str) -> Interval {
    predictions.get(component, Way::PowerOff, promise).expect("a prediction").new
}

#[test]
fn what_only_the_circuit_knows_lasts_until_repair() {
    let made = |example: &str, changes: &[(&str, &str)]| {
        let (design, origins) = example_text_with(example, changes);
        predictions(&Model::of(&design, &origins), &design)
    };
    // The only router with a cable.
    let one = made("campus", &[("uplinks: { to: gw-1..2, speed: 100G }", "uplinks: { to: gw-1, speed: 100G }")]);
    for promise in ["api", "egress", "ingress/public"] {
        assert_eq!(of(&one, "external/gw-1", promise), Interval::UNTIL_REPAIR, "{promise}");
    }
    assert!(of(&one, "external/gw-2", "ingress/public").max() != End::Repair);
    // All racks meet at one spine. No node is left to start CoreDNS on.
    let spine = made("five-racks", &[SPINE, TO_SPINE, CORE]);
    for promise in ["storage/ssd", "dns", "capacity/law", "api", "egress"] {
        assert_eq!(of(&spine, "switch/spine-1", promise), Interval::UNTIL_REPAIR, "{promise}");
    }
    // A leaf takes ten hosts of fifty: copies of CoreDNS are started elsewhere.
    let leaf = made("five-racks", &[LEAVES[0], LEAVES[1], LEAVES[2], LEAVES[3]]);
    let dns = of(&leaf, "switch/leaf-1", "dns");
    assert!(dns.max() != End::Repair && !dns.is_zero(), "{dns:?}");
    // Without a quorum, hosts with high availability reset themselves.
    let fence = made("campus", &[HA, NO_COROSYNC]);
    assert_eq!(of(&fence, "switch/oob-1", "zone"), Interval::UNTIL_REPAIR);
    // A program that is killed is started again.
    let killed = fence.get("machine/cp-1/haproxy", Way::Killed, "api").expect("a prediction");
    assert!(killed.new.max() != End::Repair);
}
