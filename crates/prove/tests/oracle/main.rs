//! The circuits say what a simulation of the same cluster says.

#[path = "../common/mod.rs"]
mod common;
mod election;
mod simulation;

use std::collections::BTreeSet;

use common::{campus, campus_with, etcd_apart, example, example_text_with};
use plimsoll_circuit::Var;
use plimsoll_model::design::{BondMode, VrrpCheck, VrrpCheckKind};
use plimsoll_model::{Design, Name, Origins};
use plimsoll_prove::{Model, Question};
use serde_json::{Value, json};
use simulation::Simulation;

/// Numbers that are the same in every run (xorshift).
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % limit as u64) as usize
    }
}

/// How the circuits must compare with the simulation.
#[derive(Clone, Copy, PartialEq)]
enum Must {
    /// The same promises are broken.
    Agree,
    /// What the simulation breaks, the circuits break: where they rather err to the safe side.
    BeSafe,
}

fn compare(design: &Design, model: &Model, question: &mut Question<'_>, failed: &[Var], must: Must, what: &str) {
    let paths: BTreeSet<String> = failed.iter().map(|var| model.components.get(*var).path.clone()).collect();
    question.ask(failed.iter().copied());
    let mut by_circuit: BTreeSet<String> =
        question.all_broken().map(|promise| promise.id.clone()).filter(|id| !id.starts_with("capacity/")).collect();
    let mut by_simulation = Simulation { design, failed: paths.clone() }.broken();
    // What the simulation says of the API is for a check of the whole path.
    let by_path = design.api.vrrp.as_ref().and_then(|vrrp| vrrp.check.as_ref());
    let by_path = by_path.is_some_and(|check| check.kind == VrrpCheckKind::Path && check.weight.is_none());
    if !by_path {
        let api = |broken: &BTreeSet<String>| broken.iter().filter(|id| *id != "api").cloned().collect();
        (by_circuit, by_simulation) = (api(&by_circuit), api(&by_simulation));
    }
    match must {
        Must::Agree => assert_eq!(by_circuit, by_simulation, "{what}: with {paths:?} failed"),
        Must::BeSafe => assert!(
            by_simulation.is_subset(&by_circuit),
            "{what}: with {paths:?} failed: {by_circuit:?} of {by_simulation:?}"
        ),
    }
}

fn judge(design: &Design, origins: &Origins, rounds: usize, must: Must, what: &str) {
    let model = Model::of(design, origins);
    let mut question = Question::new(&model);
    let all: Vec<Var> = model.failable().map(|(var, _)| var).collect();
    compare(design, &model, &mut question, &[], must, what);
    // A large design is looked at in samples: the simulation takes its time. All singles and 1500 rounds of five-racks have
    // agreed once.
    let step = if all.len() > 500 { 20 } else { 1 };
    for var in all.iter().step_by(step) {
        compare(design, &model, &mut question, &[*var], must, what);
    }
    // What matters most fails together more often than chance would have it.
    let important: Vec<Var> = model
        .failable()
        .filter(|(_, component)| {
            let path = &component.path;
            ["switch/", "cable/", "/nic/", "host/pve-", "etcd/", "external/"].iter().any(|part| path.contains(part))
                && !path.contains("/disk/")
                && !path.contains("/psu/")
        })
        .map(|(var, _)| var)
        .collect();
    // Cables between switches and to routers, and what has few of its kind: where a network falls into pieces.
    let joints: Vec<Var> = model
        .failable()
        .filter(|(_, component)| {
            let path = &component.path;
            ["switch/leaf-1", "switch/leaf-2", "switch/oob-1", "switch/oob-core", "external/gw-1", "external/gw-2"]
                .contains(&path.as_str())
                || (path.starts_with("switch/spine-") && !path.contains("/psu/"))
                || path.strip_prefix("cable/").is_some_and(|cable| {
                    design.cable.iter().any(|(name, of)| {
                        name.as_str() == cable && !of.a.device.starts_with("host/") && !of.b.device.starts_with("host/")
                    })
                })
        })
        .map(|(var, _)| var)
        .collect();
    let mut numbers = Numbers(0x9E37_79B9_7F4A_7C15);
    for round in 0..rounds {
        let from = [&all, &important, &joints][round % 3];
        let size = 1 + numbers.below(6);
        let mut failed: Vec<Var> = (0..size).map(|_| from[numbers.below(from.len())]).collect();
        failed.sort_unstable();
        failed.dedup();
        compare(design, &model, &mut question, &failed, must, what);
    }
}

#[test]
fn random_failures_of_the_example_are_judged_as_by_a_simulation() {
    let (design, origins) = campus();
    judge(&design, &origins, 4000, Must::Agree, "the example");
}

#[test]
fn leaves_and_spines_are_judged_as_by_a_simulation() {
    let (design, origins) = example("five-racks");
    judge(&design, &origins, 150, Must::Agree, "five racks");
}

#[test]
fn corosync_on_its_own_network_of_many_hosts_is_judged_as_by_a_simulation() {
    let on_oob = ("          for: [proxmox, corosync, zone] }", "          for: [proxmox, zone] }");
    let (design, origins) = example_text_with("five-racks", &[on_oob]);
    judge(&design, &origins, 100, Must::Agree, "five racks, corosync on the out-of-band network alone");
}

/// The example, made otherwise.
fn otherwise(edits: &[(&str, Value)], change: impl FnOnce(&mut Design)) -> (Design, Origins) {
    let (mut design, origins) = campus_with(edits);
    change(&mut design);
    (design, origins)
}

/// The check of the members of VRRP, made otherwise.
fn check(design: &mut Design, change: impl FnOnce(&mut VrrpCheck)) {
    change(design.api.vrrp.as_mut().expect("VRRP").check.as_mut().expect("a check"));
}

/// Switches that are no pair.
fn no_pair(design: &mut Design) {
    design.switch.values_mut().for_each(|switch| switch.mlag = None);
    design.mlag.clear();
}

/// And without a cable between them.
fn unlinked(design: &mut Design) {
    no_pair(design);
    design.cable.retain(|_, of| !(of.a.device.starts_with("switch/") && of.b.device.starts_with("switch/")));
}

fn process(design: &mut Design) {
    check(design, |check| check.kind = VrrpCheckKind::Process);
}

fn one_port(design: &mut Design) {
    for bond in design.host.values_mut().flat_map(|host| host.bond.values_mut()) {
        bond.members.truncate(1);
        bond.mode = BondMode::ActiveBackup;
    }
}

/// Only who holds the address: the rest of the simulation knows other networks and checks than these.
fn judge_holders(design: &Design, origins: &Origins, rounds: usize, most: usize, must: Must, what: &str) {
    let model = Model::of(design, origins);
    let mut question = Question::new(&model);
    let top = model.promises.iter().position(|promise| promise.id == "one-holder/api").expect("the promise");
    let support = model.circuit.support(model.promises[top].broken);
    let matters: Vec<Var> =
        model.failable().map(|(var, _)| var).filter(|var| support.binary_search(var).is_ok()).collect();
    let mut numbers = Numbers(0x9E37_79B9_7F4A_7C15);
    let (mut two, mut one) = (0, 0);
    for round in 0..rounds {
        let size = if round % 4 == 0 { 1 } else { 1 + numbers.below(most) };
        let mut failed: Vec<Var> = (0..size).map(|_| matters[numbers.below(matters.len())]).collect();
        if size == 1 {
            failed = vec![matters[round / 4 % matters.len()]];
        }
        let paths: BTreeSet<String> = failed.iter().map(|var| model.components.get(*var).path.clone()).collect();
        question.ask(failed);
        let holders = Simulation { design, failed: paths.clone() }.holders();
        let agree = question.broken(top) == (holders > 1);
        let safe = must == Must::BeSafe && question.broken(top);
        assert!(agree || safe, "{what}: with {paths:?} failed {holders} hold the address");
        if holders > 1 { two += 1 } else { one += 1 }
    }
    assert!(two > rounds / 50 && one > rounds / 50, "{what}: {two} of {rounds} have two holders");
}

#[test]
fn two_holders_are_those_of_an_election() {
    let designs: Vec<(&str, (Design, Origins), usize)> = vec![
        ("process", otherwise(&[], process), 6000),
        ("port", otherwise(&[], |design| check(design, |check| check.kind = VrrpCheckKind::Port)), 300),
        ("no check", otherwise(&[], |design| design.api.vrrp.as_mut().expect("VRRP").check = None), 1000),
        ("weight", otherwise(&[], |design| check(design, |check| check.weight = Some(-60))), 1000),
        ("process, preempting", otherwise(&[("api/vrrp/preempt", json!(true))], process), 1000),
        (
            "process, one port",
            otherwise(&[], |design| {
                process(design);
                one_port(design);
            }),
            1500,
        ),
        (
            "process, bonds that look at carriers",
            otherwise(&[], |design| {
                process(design);
                mode(design, BondMode::ActiveBackup);
            }),
            1500,
        ),
        ("etcd apart", otherwise(&[], etcd_apart), 2000),
        ("etcd apart, preempting", otherwise(&[("api/vrrp/preempt", json!(true))], etcd_apart), 500),
    ];
    for (what, (design, origins), rounds) in &designs {
        judge_holders(design, origins, *rounds, 9, Must::Agree, what);
    }
    let (mut design, origins) = example("five-racks");
    process(&mut design);
    judge_holders(&design, &origins, 800, 40, Must::Agree, "five racks, process");
    for change in [process, etcd_apart] {
        for bonds in [BondMode::Lacp, BondMode::ActiveBackup] {
            for pieces in [&no_pair as &dyn Fn(&mut Design), &unlinked] {
                let (design, origins) = otherwise(&[], |design| {
                    change(design);
                    mode(design, bonds);
                    pieces(design);
                });
                judge_holders(&design, &origins, 500, 9, Must::BeSafe, "no pair");
            }
        }
    }
}

/// The bonds of all hosts but one in another mode.
fn mode(design: &mut Design, mode: BondMode) {
    for host in design.host.values_mut().skip(1) {
        host.bond.values_mut().for_each(|bond| bond.mode = mode);
    }
}

#[test]
fn other_designs_are_judged_as_by_a_simulation() {
    let nothing = |_: &mut Design| {};
    let designs: Vec<(&str, (Design, Origins))> = vec![
        ("two members", otherwise(&[], |design| drop(design.etcd.member.remove(&"cp-3".into())))),
        ("two control planes on a host", otherwise(&[("machine/cp-2/host", json!("pve-1"))], nothing)),
        (
            "two workers on a host",
            otherwise(&[("machine/worker-2/host", json!("pve-1"))], |design| {
                let ceph = design.ceph.as_mut().expect("Ceph");
                ceph.osd.retain(|_, osd| osd.machine.as_str() != "worker-2");
            }),
        ),
        ("disks as domains", otherwise(&[("ceph/pool/ssd/domain", json!("osd"))], nothing)),
        ("racks as domains, of which there is one", otherwise(&[("ceph/pool/ssd/domain", json!("rack"))], nothing)),
        (
            "an erasure code",
            otherwise(&[("ceph/pool/ssd/erasure", json!([4, 2])), ("ceph/pool/ssd/min", json!(5))], nothing),
        ),
        ("layer 2", otherwise(&[("metallb/pool/public/announce", json!(["l2"]))], nothing)),
        ("one gateway", otherwise(&[("network/kube/gateway/by", json!(["gw-1"]))], nothing)),
        (
            "two supplies, each behind a battery",
            otherwise(
                &[
                    ("feed/other", json!({ "from": null, "runtime": null })),
                    ("feed/ups-2", json!({ "from": "other", "runtime": "10m" })),
                    ("rack/r1/pdu/a/feed", json!("ups-2")),
                ],
                nothing,
            ),
        ),
        (
            "a battery behind a battery",
            otherwise(
                &[("feed/ups-2", json!({ "from": "ups-1", "runtime": "10m" })), ("rack/r1/pdu/a/feed", json!("ups-2"))],
                nothing,
            ),
        ),
        (
            "routers on one strip, and in the rack",
            otherwise(
                &[
                    ("external/gw-1/power", json!([{ "rack": "r1", "pdu": "a" }])),
                    ("external/gw-2/power", json!([{ "rack": "r1", "pdu": "a" }, { "rack": "r1", "pdu": "b" }])),
                    ("external/gw-2/rack", json!("r1")),
                ],
                nothing,
            ),
        ),
        ("one router in the rack, and none beside it", {
            otherwise(&[("external/gw-1/rack", json!("r1"))], |design| {
                design.cable.retain(|_, of| of.a.device != "external/gw-2" && of.b.device != "external/gw-2");
            })
        }),
        ("bonds that look at carriers", otherwise(&[], |design| mode(design, BondMode::ActiveBackup))),
        ("bonds that send every frame twice", otherwise(&[], |design| mode(design, BondMode::Broadcast))),
        (
            "uplinks in no aggregate",
            otherwise(&[], |design| {
                for port in design.switch.values_mut().flat_map(|switch| &mut switch.port) {
                    port.1.lag.take_if(|lag| lag.as_str().starts_with("gw-"));
                }
            }),
        ),
        (
            "a file server on a strip of ours, behind the gateway",
            otherwise(
                &[
                    ("external/vault/power", json!([{ "rack": "r1", "pdu": "b" }])),
                    ("nfs", json!({ "server": "vault", "path": "/export" })),
                ],
                nothing,
            ),
        ),
        (
            "a file server beside storage",
            otherwise(
                &[
                    ("external/vault/addresses", json!([])),
                    ("external/vault/address", json!({ "storage": "10.30.20.9" })),
                    ("nfs", json!({ "server": "vault", "path": "/export" })),
                ],
                nothing,
            ),
        ),
        ("one resolver", otherwise(&[("coredns/upstreams", json!(["10.30.1.53"]))], nothing)),
        (
            "resolvers in a network that control planes are not in",
            otherwise(&[("coredns/upstreams", json!(["10.30.20.5", "10.30.20.6"]))], nothing),
        ),
        (
            "such resolvers, and no cache on nodes",
            otherwise(&[("coredns/upstreams", json!(["10.30.20.5", "10.30.20.6"]))], |design| design.nodelocal = None),
        ),
        (
            "resolvers in the network of nodes and behind the gateway of another, two copies",
            otherwise(
                &[("coredns/upstreams", json!(["10.30.12.5", "10.30.11.6"])), ("coredns/replicas", json!(2))],
                |design| design.nodelocal = None,
            ),
        ),
        (
            "a resolver behind the one router of another network",
            otherwise(
                &[("coredns/upstreams", json!(["10.30.11.6"])), ("network/mgmt/gateway/by", json!(["gw-1"]))],
                nothing,
            ),
        ),
        (
            "a resolver in our rack, and a domain of others",
            otherwise(
                &[
                    ("external/vault/kind", json!("dns")),
                    ("external/vault/rack", json!("r1")),
                    ("external/vault/power", json!([{ "rack": "r1", "pdu": "a" }])),
                    ("coredns/upstreams", json!(["10.30.1.80"])),
                    ("coredns/stub/corp.example", json!(["10.30.1.80", "10.9.9.9"])),
                ],
                nothing,
            ),
        ),
        ("routers that resolve", otherwise(&[("coredns/upstreams", json!(["10.30.12.1", "10.30.12.2"]))], nothing)),
        (
            "our own servers as resolvers, one of zones alone",
            otherwise(&[("dns_server/ns-1/recursion", json!(true))], |design| {
                design.coredns.upstreams = design.dns_server.values().map(|server| server.address).collect();
                let domain = design.zone.keys().next().expect("a zone").clone();
                design.coredns.stub.insert(domain, design.coredns.upstreams.clone());
            }),
        ),
        (
            "nothing said about power",
            otherwise(&[], |design| {
                design.host.values_mut().for_each(|host| host.psu.clear());
                design.switch.values_mut().for_each(|switch| switch.psu.clear());
            }),
        ),
    ];
    for (what, (design, origins)) in &designs {
        judge(design, origins, 300, Must::Agree, what);
    }
}

#[test]
fn networks_in_pieces_are_never_judged_better_than_by_a_simulation() {
    let (design, origins) = otherwise(&[], no_pair);
    judge(&design, &origins, 600, Must::BeSafe, "no pair");
    let (design, origins) = otherwise(&[], unlinked);
    judge(&design, &origins, 300, Must::BeSafe, "no pair and no cable between the two");
    // Three hosts on each of two switches.
    let (design, origins) = otherwise(&[], |design| {
        no_pair(design);
        for (at, host) in design.host.values_mut().enumerate() {
            let leaf = if at < 3 { "leaf-1" } else { "leaf-2" };
            let on: BTreeSet<Name> =
                host.nic.iter().filter(|(_, nic)| nic.switch.as_str() == leaf).map(|(name, _)| name.clone()).collect();
            host.bond.values_mut().for_each(|bond| bond.members.retain(|member| on.contains(member)));
        }
    });
    judge(&design, &origins, 600, Must::BeSafe, "three hosts on each switch");
}
