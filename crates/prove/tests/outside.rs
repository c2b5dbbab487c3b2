//! Names that pods ask of servers outside: each a design and failures, worked out by hand.

mod common;

use common::{broken, campus, campus_text_with, campus_with};
use plimsoll_model::{Design, Origins};
use plimsoll_outage::{Interval, Way};
use plimsoll_prove::{Corner, Maintenance, Model, cuts, lost_time, predictions, survive};
use serde_json::json;

const RESOLVERS: &str = "resolvers: [10.30.1.53, 10.30.1.54]";
const FIRST: &str = "external/10.30.1.53";
const SECOND: &str = "external/10.30.1.54";

fn model(of: &(Design, Origins)) -> Model {
    Model::of(&of.0, &of.1)
}

#[test]
fn either_resolver_may_fail_and_not_both() {
    let example = campus();
    let model = model(&example);
    assert!(broken(&model, &[FIRST]).is_empty() && broken(&model, &[SECOND]).is_empty());
    // Names of the cluster are asked of nobody outside.
    assert_eq!(broken(&model, &[FIRST, SECOND]), ["dns/outside"]);
    // Three copies of CoreDNS on three hosts: a pod asks with its search domains first.
    assert_eq!(broken(&model, &["host/pve-4", "host/pve-5", "host/pve-6", FIRST])[..2], ["dns", "dns/outside"]);
    let both = broken(&model, &["external/gw-1", "external/gw-2"]);
    assert!(both.iter().any(|id| id == "dns/outside"), "no way out: {both:?}");
    // What is lost with `dns`, and the two: one class more.
    let (inside, outside) = (model.promise("dns").expect("dns"), model.promise("dns/outside").expect("dns/outside"));
    let of = |promise| cuts(&model, &example.0, promise, 2).expect("coherent");
    assert_eq!(of(outside).by_order[2], of(inside).by_order[2] + 1);
}

#[test]
fn one_resolver_alone_is_a_single_point() {
    let example = campus_text_with(&[(RESOLVERS, "resolvers: [10.30.1.53]")]);
    let model = model(&example);
    assert_eq!(broken(&model, &[FIRST]), ["dns/outside"]);
    let (answers, _) = survive(&model, &example.0);
    let bad: Vec<&str> =
        answers.iter().filter(|answer| !answer.holds()).map(|answer| &*model.promises[answer.promise].id).collect();
    assert_eq!(bad, ["dns/outside"], "the example asks that all survive any one");
    let origin = &model.components.get(model.components.find(FIRST).expect("a resolver")).origin;
    assert!(example.1.span(origin).is_some(), "{origin} is a place in the file");
    // Its owner's time is not ours.
    let time =
        |id: &str| lost_time(&model, &example.0, model.promise(id).expect(id), Maintenance::default()).expect("a time");
    assert!((time("dns/outside").steady.typical - time("dns").steady.typical).abs() < 1e-6);
    assert!(model.components.get(model.components.find(FIRST).expect("it")).rate.unavailability(Corner::Typical) > 0.0);
}

#[test]
fn what_is_accepted_is_not_failed() {
    for key in ["external/10.30.1.53", "10.30.1.53", "external/10.30.1.*"] {
        let accept = format!("accept:\n  {key}: {{ reason: the campus has one }}");
        let example = campus_text_with(&[(RESOLVERS, "resolvers: [10.30.1.53]"), ("accept:", &accept)]);
        let (answers, _) = survive(&model(&example), &example.0);
        assert!(!answers.is_empty() && answers.iter().all(plimsoll_prove::Answer::holds), "{key}");
    }
}

#[test]
fn a_resolver_is_reached_in_its_own_network() {
    // Workers are in the storage network, control planes are not, and it has no way out.
    let storage = "resolvers: [10.30.20.5]";
    let example = campus_text_with(&[(RESOLVERS, storage)]);
    let of = model(&example);
    assert_eq!(broken(&of, &["external/10.30.20.5"]), ["dns/outside"]);
    assert!(broken(&of, &[]).is_empty(), "caches on workers ask it themselves");
    // Without caches, copies of CoreDNS ask, and all three may be on hosts with a control plane.
    let example = campus_text_with(&[(RESOLVERS, storage), ("dns: { zone", "dns: { nodelocal: false, zone")]);
    let of = model(&example);
    assert_eq!(broken(&of, &[]), ["dns/outside"]);
    // One that every node is beside needs no router: names of the cluster are lost with both, since nodes count as cut off.
    let example = campus_text_with(&[(RESOLVERS, "resolvers: [10.30.12.5]")]);
    assert_eq!(broken(&model(&example), &["external/10.30.12.5"]), ["dns/outside"]);
}

#[test]
fn a_network_without_a_gateway_is_reached_from_no_other() {
    // Nobody but hosts is in the out-of-band network, which leads nowhere.
    let example = campus_text_with(&[(RESOLVERS, "resolvers: [10.30.13.5]")]);
    let model = model(&example);
    assert_eq!(broken(&model, &[]), ["dns/outside"]);
    let promise = model.promise("dns/outside").expect("it");
    assert_eq!(promise.broken_from_start(), "broken from the start: no node reaches a server that would answer");
}

#[test]
fn servers_of_zones_alone_resolve_nothing_else() {
    let (mut design, origins) = campus();
    design.coredns.upstreams = design.dns_server.values().map(|server| server.address).collect();
    assert_eq!(broken(&Model::of(&design, &origins), &[]), ["dns/outside"]);
    design.dns_server.values_mut().for_each(|server| server.recursion = true);
    let model = Model::of(&design, &origins);
    assert!(broken(&model, &["dns_server/ns-1"]).is_empty());
    assert_eq!(broken(&model, &["dns_server/ns-1", "machine/ns-2"]), ["dns/outside", "zone"]);
    // It would ask itself.
    design.coredns.upstreams = vec![design.coredns.service_ip];
    assert_eq!(broken(&Model::of(&design, &origins), &[]), ["dns/outside"]);
}

#[test]
fn domains_with_servers_of_their_own_are_promises_of_their_own() {
    let example =
        campus_text_with(&[("dns: { zone", "dns: { coredns: { forward: { corp.example.edu: [10.30.1.60] } }, zone")]);
    let model = model(&example);
    assert_eq!(broken(&model, &["external/10.30.1.60"]), ["dns/corp.example.edu"]);
    assert!(
        example
            .1
            .span(&model.components.get(model.components.find("external/10.30.1.60").expect("it")).origin)
            .is_some()
    );
}

#[test]
fn nobody_is_asked_where_no_resolver_is_named() {
    let example = campus_text_with(&[(RESOLVERS, "resolvers: []")]);
    let model = model(&example);
    assert!(model.promise("dns").is_some() && model.promise("dns/outside").is_none());
}

#[test]
fn seconds_are_those_of_whoever_forwards() {
    let of = |example: &(Design, Origins)| predictions(&model(example), &example.0);
    let example = campus();
    let said = of(&example);
    let new = |component: &str| said.get(component, Way::PowerOff, "dns/outside").expect("a prediction").new;
    // The first is asked first: 2 s without an answer, 50 ms to act. The second is asked by nobody meanwhile.
    assert_eq!(new(FIRST), Interval::millis(0, 2_050));
    assert_eq!(new(SECOND), Interval::ZERO);
    // 2 s until the first query has failed, three checks of 1 s, two pauses of 0.5 s, 50 ms to act.
    let partly = &said.get(FIRST, Way::PowerOff, "dns/outside").expect("it").partly;
    assert_eq!(partly[0].how.outage(plimsoll_outage::Who::New), Interval::millis(0, 6_050));
    assert_eq!(said.get(FIRST, Way::PowerOff, "dns").expect("it").new, Interval::ZERO);
    // The only one: until repair.
    let said = of(&campus_text_with(&[(RESOLVERS, "resolvers: [10.30.1.53]")]));
    assert_eq!(said.get(FIRST, Way::PowerOff, "dns/outside").expect("it").new, Interval::UNTIL_REPAIR);
    // Two of three in a rack of ours, asked first: 2 × 2 s.
    let external = json!({
        "kind": "dns", "asn": null, "address": {}, "addresses": ["10.30.1.53", "10.30.1.54"], "url": null,
        "jurisdiction": null, "bfd": null, "multipath": null, "resilient_hashing": null, "append_only": null,
        "rack": null, "power": [], "networks": [], "frr": false,
    });
    let changed = campus_with(&[
        ("external/dns", external),
        ("coredns/upstreams", json!(["10.30.1.53", "10.30.1.54", "10.30.1.55"])),
    ]);
    let said = of(&changed);
    assert_eq!(said.get("external/dns", Way::PowerOff, "dns/outside").expect("it").new, Interval::millis(0, 4_050));
}

#[test]
fn what_lies_behind_the_routers_hangs_on_its_own_cables() {
    // The first router by its address in another network than that of the nodes: they go out by either, and it is reached by
    // its own two cables only.
    let example = campus_text_with(&[(RESOLVERS, "resolvers: [10.30.11.2]")]);
    let model = model(&example);
    let cables = ["cable/leaf-1:uplink-1", "cable/leaf-2:uplink-1"];
    assert!(broken(&model, &cables[..1]).is_empty() && broken(&model, &cables[1..]).is_empty());
    assert_eq!(broken(&model, &cables), ["dns/outside"]);
}

#[test]
fn with_a_cache_on_nodes_only_those_that_take_pods_ask() {
    // A resolver in a network of the control planes alone.
    let example = campus_text_with(&[
        (RESOLVERS, "resolvers: [10.30.30.200]"),
        ("dns: {", "dns: { nodelocal: true,"),
        ("for: [proxmox, corosync, zone] }", "for: [proxmox, zone] }"),
        ("hosts:\n", "  cpnet: { vlan: 2002, ipv4: 10.30.30.0/24, for: [corosync] }\nhosts:\n"),
        ("networks: [mgmt, storage, kube] }", "networks: [mgmt, storage, kube, cpnet] }"),
        ("vmbr2: bond0.2001 }", "vmbr2: bond0.2001, vmbr3: bond0.2002 }"),
        ("networks: [kube], drain: stop }", "networks: [kube, cpnet], drain: stop }"),
    ]);
    let model = model(&example);
    assert_eq!(broken(&model, &[]), ["dns/outside"]);
}
