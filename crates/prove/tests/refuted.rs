//! What was once said wrongly: each a design and a failure, worked out by hand.
#![allow(clippy::panic, reason = "a test")]

mod common;

use common::{broken, campus, campus_text_with, campus_with, everything, example, example_text_with, vars};
use plimsoll_model::design::{EtcdTopology, Failure, Goal, State};
use plimsoll_model::{Design, Name};
use plimsoll_prove::{
    Corner, HOURS_A_YEAR, Images, Maintenance, MayStop, Meaningless, Model, cold_start, cuts, lost_time, may_stop,
    survive,
};
use serde_json::json;

fn goal(promise: &str, failures: &[(u32, &str)], while_drained: bool) -> Goal {
    let failures = failures.iter().map(|(count, kind)| Failure { count: *count, kind: (*kind).into() }).collect();
    Goal { promise: promise.into(), failures, while_drained }
}

#[test]
fn a_battery_behind_a_battery_does_not_outlast_the_public_supply() {
    let (design, origins) = campus_with(&[
        ("feed/ups-2", json!({ "from": "ups-1", "runtime": "10m" })),
        ("rack/r1/pdu/a/feed", json!("ups-2")),
    ]);
    let model = Model::of(&design, &origins);
    assert_eq!(broken(&model, &["feed/utility"]).len(), everything(&model));
}

#[test]
fn surviving_nothing_is_no_survival() {
    let (mut design, origins) = campus();
    let model = Model::of(&design, &origins);
    design.survive = vec![goal("api", &[(7, "host")], false)];
    assert_eq!(survive(&model, &design), (vec![], vec![Meaningless::TooFew { goal: 0 }]));
    let reason = design.excluded.values().next().expect("something accepted").clone();
    for host in design.host.keys() {
        design.excluded.insert(format!("host/{host}").as_str().into(), reason.clone());
    }
    design.survive = vec![goal("api", &[(1, "host")], false)];
    assert_eq!(survive(&model, &design), (vec![], vec![Meaningless::TooFew { goal: 0 }]));
}

#[test]
fn combinations_of_two_kinds_are_counted_once() {
    let (mut design, origins) = campus();
    design.excluded.clear();
    let model = Model::of(&design, &origins);
    design.survive = vec![goal("dns", &[(1, "any"), (1, "host")], false)];
    let (answers, _) = survive(&model, &design);
    // Six hosts with each other component, and two hosts: each set once.
    let all = model.failable().count() as u64;
    assert_eq!(answers[0].combinations, 6 * (all - 6) + 15);
}

#[test]
fn a_host_is_not_stopped_when_more_than_one_failure_must_be_borne_meanwhile() {
    let (mut design, origins) = campus();
    let model = Model::of(&design, &origins);
    let stop = |design: &Design| may_stop(&model, design, &vars(&model, &["host/pve-1"]), &[]);
    // Six hosts announce: with one stopped, four more may go and five may not.
    design.survive = vec![goal("ingress/*", &[(4, "host")], true)];
    assert_eq!(stop(&design), MayStop::Yes);
    design.survive = vec![goal("ingress/*", &[(5, "host")], true)];
    let MayStop::NoMargin { promise, with, .. } = stop(&design) else { panic!("it may not be stopped") };
    assert_eq!((model.promises[promise].id.as_str(), with.len()), ("ingress/public", 4));
    // What `all` does not mean counts where it is named.
    design.survive = vec![goal("storage/ssd/recovered", &[(2, "host")], true)];
    assert!(matches!(stop(&design), MayStop::NoMargin { .. }));
    // More combinations than can be tried: the smallest sets that break it answer. Where those cannot be found, nobody knows,
    // and that is no permission.
    design.survive = vec![goal("ingress/*", &[(4, "any"), (1, "host")], true)];
    assert!(matches!(stop(&design), MayStop::NoMargin { .. }));
    design.survive = vec![goal("capacity/*", &[(12, "any")], true)];
    assert!(matches!(stop(&design), MayStop::TooMany { goal: 0, .. }));
}

#[test]
fn what_is_planned_holds_nothing_up() {
    let (mut design, origins) = campus();
    design.machine.get_mut(&Name::from("cp-3")).expect("cp-3").state = State::Planned;
    assert_eq!(broken(&Model::of(&design, &origins), &["etcd/member/cp-1"]), ["api"]);
    let (mut design, origins) = campus();
    for host in ["pve-4", "pve-5"] {
        design.host.get_mut(&Name::from(host)).expect("a host").state = State::Planned;
    }
    let broken = broken(&Model::of(&design, &origins), &[]);
    assert!(broken.iter().any(|id| id == "zone"), "both servers of the zone are on them: {broken:?}");
}

#[test]
fn api_servers_beside_an_external_etcd_are_needed_too() {
    let (mut design, origins) = campus();
    design.etcd.topology = EtcdTopology::External;
    let members: Vec<_> = design.etcd.member.values().cloned().collect();
    design.etcd.member.clear();
    for (name, member) in ["worker-4", "worker-5", "worker-6"].into_iter().zip(members) {
        design.etcd.member.insert(name.into(), member);
    }
    let model = Model::of(&design, &origins);
    let three = ["machine/cp-1/apiserver", "machine/cp-2/apiserver", "machine/cp-3/apiserver"];
    assert_eq!(broken(&model, &three), ["api"]);
    // The one that is left asks any member.
    assert_eq!(broken(&model, &[three[0], three[1], "etcd/member/worker-4"]), [""; 0]);
    assert_eq!(broken(&model, &["etcd/member/worker-4", "etcd/member/worker-5"]), ["api"]);
}

#[test]
fn a_pool_that_wants_more_copies_than_there_are_stands_still() {
    let (design, origins) = campus_with(&[("ceph/pool/ssd/min", json!(4))]);
    assert_eq!(broken(&Model::of(&design, &origins), &[]), ["storage/ssd"]);
}

#[test]
fn one_of_two_switches_that_are_no_pair_takes_nothing() {
    let (mut design, origins) = campus();
    design.switch.values_mut().for_each(|switch| switch.mlag = None);
    design.mlag.clear();
    let model = Model::of(&design, &origins);
    assert_eq!(broken(&model, &["switch/leaf-1"]), [""; 0]);
    assert_eq!(broken(&model, &["switch/leaf-2"]), [""; 0]);
    assert_eq!(broken(&model, &["switch/leaf-1", "switch/leaf-2"]).len(), everything(&model));
}

#[test]
fn hosts_that_restart_machines_reset_themselves_without_a_quorum() {
    let three = ["host/pve-4", "host/pve-5", "host/pve-6"];
    let (design, origins) = campus();
    let ids = broken(&Model::of(&design, &origins), &three);
    assert!(!ids.iter().any(|id| id == "ingress/public" || id == "api"), "{ids:?}");
    let (mut design, origins) = campus();
    design.machine.values_mut().for_each(|machine| machine.ha = true);
    let ids = broken(&Model::of(&design, &origins), &three);
    assert!(ids.iter().any(|id| id == "ingress/public") && ids.iter().any(|id| id == "api"), "{ids:?}");
}

#[test]
fn a_router_in_our_rack_or_on_our_strips_falls_with_them() {
    // One on strip `a`: no failure of it alone takes a promise, since the other router is left.
    let (design, origins) = campus_with(&[("external/gw-1/power", json!([{ "rack": "r1", "pdu": "a" }]))]);
    let model = Model::of(&design, &origins);
    assert_eq!(broken(&model, &["rack/r1/pdu/a"]), [""; 0]);
    let of_both = broken(&model, &["external/gw-1", "external/gw-2"]);
    assert!(of_both.iter().any(|id| id == "api"), "{of_both:?}");
    assert_eq!(broken(&model, &["rack/r1/pdu/a", "external/gw-2"]), of_both);
    // Both on it: the strip takes what both routers take, and so does the battery that they hang on alone.
    let (design, origins) = campus_with(&[
        ("external/gw-1/power", json!([{ "rack": "r1", "pdu": "b" }])),
        ("external/gw-2/power", json!([{ "rack": "r1", "pdu": "b" }])),
    ]);
    let model = Model::of(&design, &origins);
    assert_eq!(broken(&model, &["rack/r1/pdu/b"]), of_both);
    assert_eq!(broken(&model, &["feed/ups-1"]), of_both);
    assert_eq!(broken(&model, &["rack/r1/pdu/a"]), [""; 0]);
    // On both strips: one is enough. What stands in a rack falls with it, whatever it hangs on.
    let both = json!([{ "rack": "r1", "pdu": "a" }, { "rack": "r1", "pdu": "b" }]);
    let (mut design, origins) = campus_with(&[("external/gw-1/power", both)]);
    let model = Model::of(&design, &origins);
    assert_eq!(broken(&model, &["rack/r1/pdu/b", "external/gw-2"]), [""; 0]);
    design.rack.insert("r2".into(), design.rack[&Name::from("r1")].clone());
    let gateway = design.external.get_mut(&Name::from("gw-1")).expect("a router");
    (gateway.rack, gateway.power) = (Some("r2".into()), Vec::new());
    assert_eq!(broken(&Model::of(&design, &origins), &["rack/r2", "external/gw-2"]), of_both);
}

#[test]
fn a_router_without_a_cable_is_not_reached_where_another_has_one() {
    let cut = |design: &mut Design, routers: &[&str]| {
        let ends = |of: &plimsoll_model::design::Cable| {
            routers.iter().any(|it| [&of.a.device, &of.b.device].contains(&&(*it).to_owned()))
        };
        design.cable.retain(|_, of| !ends(of));
    };
    let (mut design, origins) = campus();
    cut(&mut design, &["external/gw-2"]);
    let model = Model::of(&design, &origins);
    let (all, _) = campus();
    let all = broken(&Model::of(&all, &origins), &["external/gw-1", "external/gw-2"]);
    assert!(all.iter().any(|id| id == "ingress/public") && all.iter().any(|id| id == "api"), "{all:?}");
    assert_eq!(broken(&model, &["external/gw-1"]), all);
    assert_eq!(broken(&model, &["external/gw-2"]), [""; 0]);
    assert!(!model.assumed.iter().any(|line| line.contains("cables between the switches and the routers")));
    // Nobody says who has the gateways, and so which networks the ports to the routers carry: they are reached by their cables.
    let (mut unsaid, origins) = campus_text_with(&[
        ("gateway: { vip: 10.30.11.1, by: gw-1..2, vrid: 11 }", "gateway: 10.30.11.1"),
        ("gateway: { vip: 10.30.12.1, by: gw-1..2, vrid: 12 }", "gateway: 10.30.12.1"),
    ]);
    assert_eq!(broken(&Model::of(&unsaid, &origins), &["external/gw-1"]), [""; 0]);
    cut(&mut unsaid, &["external/gw-2"]);
    assert_eq!(broken(&Model::of(&unsaid, &origins), &["external/gw-1"]), ["ingress/public"]);
    // Nothing is said about the cables of any router: they are taken to be there, and the proof says so.
    cut(&mut design, &["external/gw-1"]);
    let model = Model::of(&design, &origins);
    assert_eq!(broken(&model, &["external/gw-1"]), [""; 0]);
    assert!(model.assumed.iter().any(|line| line.contains("cables between the switches and the routers")));
}

#[test]
fn many_hypervisors_lose_their_quorum_where_it_meets() {
    let on_oob = ("          for: [proxmox, corosync, zone] }", "          for: [proxmox, zone] }");
    let (design, origins) = example_text_with("five-racks", &[on_oob]);
    let model = Model::of(&design, &origins);
    // Ten hosts behind each of five switches are no majority of fifty.
    assert_eq!(broken(&model, &["switch/oob-core"]), ["management"]);
    assert_eq!(broken(&model, &["switch/oob-1", "switch/oob-2"]), [""; 0]);
    assert_eq!(broken(&model, &["switch/oob-1", "switch/oob-2", "switch/oob-3"]), ["management"]);
    // Hosts that run high availability reset themselves then, with all that is on them.
    let ha =
        ("             networks: [mgmt], drain: stop }", "             networks: [mgmt], drain: migrate, ha: true }");
    let (design, origins) = example_text_with("five-racks", &[on_oob, ha]);
    let ids = broken(&Model::of(&design, &origins), &["switch/oob-core"]);
    assert!(ids.iter().any(|id| id == "zone") && ids.iter().any(|id| id == "management"), "{ids:?}");
    // Over both networks, the loss of one is nothing.
    let (design, origins) = example("five-racks");
    let model = Model::of(&design, &origins);
    assert_eq!(broken(&model, &["switch/oob-core"]), [""; 0]);
}

#[test]
fn where_nothing_takes_pods_promises_to_pods_are_broken_from_the_start() {
    for (change, also) in [
        (
            (
                "networks: [kube, storage], drain: stop",
                "taints: [\"a=b:NoSchedule\"], networks: [kube, storage], drain: stop",
            ),
            false,
        ),
        (("  worker-1..6: { role", "  worker-1..6: { state: retiring, role"), true),
    ] {
        let (mut design, origins) = campus_text_with(&[change]);
        let model = Model::of(&design, &origins);
        let ids = broken(&model, &[]);
        for id in ["capacity/alice", "capacity/analytics"] {
            assert!(ids.iter().any(|broken| broken == id), "{ids:?}");
            let words = model.promise(id).expect("a promise").broken_from_start();
            assert_eq!(words, "broken from the start: nothing that takes pods is left");
        }
        assert_eq!(ids.iter().any(|id| id == "egress"), also, "{ids:?}");
        design.survive = vec![goal("all", &[(1, "any")], false)];
        let (answers, meaningless) = survive(&model, &design);
        assert_eq!(meaningless, []);
        let of = |id: &str| answers.iter().find(|answer| model.promises[answer.promise].id == id).expect("an answer");
        assert!(!of("capacity/alice").holds() && of("capacity/alice").broken_from_start());
    }
    // Without tenants nobody was promised room.
    let (mut design, origins) = campus();
    design.tenant.clear();
    assert!(Model::of(&design, &origins).promises.iter().all(|promise| !promise.id.starts_with("capacity")));
}

#[test]
fn two_switches_without_a_way_between_them_are_each_enough() {
    let (design, origins) = campus_text_with(&[
        (", mlag: { group: fabric, peer_links: 2, keepalive: true }", ""),
        ("mode: lacp", "mode: active-backup"),
    ]);
    let model = Model::of(&design, &origins);
    assert_eq!(broken(&model, &[]), [""; 0]);
    assert_eq!(broken(&model, &["switch/leaf-1"]), [""; 0]);
    assert_eq!(broken(&model, &["switch/leaf-2"]), [""; 0]);
    assert_eq!(broken(&model, &["switch/leaf-1", "switch/leaf-2"]).len(), everything(&model));
    // One whose port to the first is gone is alone on the second, of two the pool has too few copies.
    let port = |host: &str| {
        let of = &design.host[&Name::from(host)];
        let (nic, _) = of.nic.iter().find(|(_, nic)| nic.switch == "leaf-1").expect("a port");
        format!("host/{host}/nic/{nic}")
    };
    let (one, other) = (port("pve-1"), port("pve-2"));
    assert_eq!(broken(&model, &[&one]), [""; 0]);
    assert!(broken(&model, &[&one, &other]).iter().any(|id| id == "storage/ssd"));
    // With the first gone for all, it is among the others again.
    assert_eq!(broken(&model, &[&one, "switch/leaf-1"]), [""; 0]);
    // The first has power and no way out: nobody moves to the second.
    let uplinks: Vec<String> = design
        .cable
        .iter()
        .filter(|(_, of)| {
            let ends = [of.a.device.as_str(), of.b.device.as_str()];
            ends.contains(&"switch/leaf-1") && ends.iter().any(|end| end.starts_with("external/"))
        })
        .map(|(name, _)| format!("cable/{name}"))
        .collect();
    let uplinks: Vec<&str> = uplinks.iter().map(String::as_str).collect();
    let ids = broken(&model, &uplinks);
    assert!(ids.iter().any(|id| id == "egress") && ids.iter().any(|id| id == "api"), "{ids:?}");
}

#[test]
fn members_on_one_shared_store_fall_with_it() {
    let edits: Vec<(String, serde_json::Value)> =
        (1..=3).map(|host| (format!("host/pve-{host}/disk/fast/shared"), json!("vault"))).collect();
    let edits: Vec<(&str, serde_json::Value)> = edits.iter().map(|(path, to)| (path.as_str(), to.clone())).collect();
    let (design, origins) = campus_with(&edits);
    let model = Model::of(&design, &origins);
    // The three nodes may have carried all three copies of CoreDNS.
    assert_eq!(broken(&model, &["external/vault"]), ["api", "dns", "dns/outside"]);
    assert!(model.components.get(vars(&model, &["external/vault"])[0]).external);
}

#[test]
fn a_dead_member_keeps_no_address_and_a_check_may_pass_it_to_one_that_cannot_serve() {
    // 150 - 10 still beats 130: the balancer's death is not noticed, but the host's is.
    let (mut design, origins) = campus_with(&[
        ("api/vrrp/check/weight", json!(-10)),
        ("api/vrrp/preempt", json!(true)),
        ("api/vrrp/member/cp-1/priority", json!(150)),
        ("api/vrrp/member/cp-2/priority", json!(130)),
        ("api/vrrp/member/cp-3/priority", json!(110)),
    ]);
    let model = Model::of(&design, &origins);
    assert_eq!(broken(&model, &["host/pve-1"]), [""; 0]);
    assert_eq!(broken(&model, &["machine/cp-1/haproxy"]), ["api"]);
    assert_eq!(broken(&model, &["host/pve-1", "machine/cp-2/haproxy"]), ["api"]);
    // A check that sees only its balancer, and balancers that know only their own API server.
    let vrrp = design.api.vrrp.as_mut().expect("VRRP");
    let check = vrrp.check.as_mut().expect("a check");
    (check.kind, check.weight) = (plimsoll_model::design::VrrpCheckKind::Process, None);
    design.api.haproxy.as_mut().expect("HAProxy").local_only = true;
    let model = Model::of(&design, &origins);
    assert_eq!(broken(&model, &["machine/cp-2/apiserver"]), [""; 0], "cp-1 has the address");
    assert_eq!(broken(&model, &["machine/cp-1/haproxy", "machine/cp-2/apiserver"]), ["api"]);
    assert_eq!(broken(&model, &["machine/cp-1/apiserver"]), ["api"]);
}

#[test]
fn two_halves_are_no_majority() {
    // Three hosts on each of two switches that meet at the routers only, and each switch keeps another router.
    let (mut design, origins) = campus();
    design.switch.values_mut().for_each(|switch| switch.mlag = None);
    design.mlag.clear();
    design.cable.retain(|_, of| !(of.a.device.starts_with("switch/") && of.b.device.starts_with("switch/")));
    for (at, host) in design.host.values_mut().enumerate() {
        let leaf = if at < 3 { "leaf-1" } else { "leaf-2" };
        let on: Vec<Name> =
            host.nic.iter().filter(|(_, nic)| nic.switch.as_str() == leaf).map(|(name, _)| name.clone()).collect();
        host.bond.values_mut().for_each(|bond| bond.members.retain(|member| on.contains(member)));
    }
    let model = Model::of(&design, &origins);
    // No router carries the network of Ceph: its disks are on two islands from the start.
    assert_eq!(broken(&model, &[]), ["storage/ssd", "storage/ssd/recovered"]);
    assert_eq!(broken(&model, &["switch/oob-1"]), ["storage/ssd", "storage/ssd/recovered"]);
    let cross: Vec<String> = design
        .cable
        .iter()
        .filter(|(_, of)| {
            let ends = [of.a.device.as_str(), of.b.device.as_str()];
            [["switch/leaf-1", "external/gw-2"], ["switch/leaf-2", "external/gw-1"]]
                .iter()
                .any(|pair| pair.iter().all(|end| ends.contains(end)))
        })
        .map(|(name, _)| format!("cable/{name}"))
        .collect();
    assert!(cross.len() >= 2, "{cross:?}");
    let mut failed: Vec<&str> = cross.iter().map(String::as_str).collect();
    failed.push("switch/oob-1");
    let ids = broken(&model, &failed);
    assert!(ids.iter().any(|id| id == "management"), "{ids:?}");
}

#[test]
fn a_switch_that_is_the_only_peer_takes_the_addresses_with_it() {
    let (mut design, origins) = campus();
    for peer in design.metallb.as_mut().expect("MetalLB").peer.values_mut() {
        peer.router = "leaf-1".into();
    }
    let ids = broken(&Model::of(&design, &origins), &["switch/leaf-1"]);
    assert_eq!(ids, ["ingress/public"]);
}

#[test]
fn common_causes_are_bounded_at_both_ends() {
    let (design, origins) = campus();
    let model = Model::of(&design, &origins);
    let lost = lost_time(&model, &design, model.promise("egress").expect("egress"), Maintenance::default());
    let lost = lost.expect("numbers");
    let utility = vars(&model, &["feed/utility"])[0];
    let (_, time) = lost.common.iter().find(|(var, _)| *var == utility).expect("the supply of the site");
    // The longest cuts last 5.6 h on average, and outlast 20 minutes with e^(-1/3/5.6). The battery fails 0.2 times a year at
    // worst, which shows after two years, and is replaced after 336 h.
    let away = model.components.get(utility).rate.unavailability(Corner::High);
    let long = (-1.0_f64 / 3.0 / 5.6).exp();
    let dead = 1.0 - (-0.4_f64).exp() * (1.0 - 336.0 / (HOURS_A_YEAR / 0.2 + 336.0));
    let least = away * (1.0 - (1.0 - long) * (1.0 - dead)) * HOURS_A_YEAR * 3600.0;
    assert!(time.high >= least * 0.999 && time.high <= least * 1.01, "{} and {least}", time.high);
    assert!(time.low <= time.typical && time.typical <= time.high);
    assert!(lost.maintenance.low <= lost.maintenance.typical && lost.maintenance.typical <= lost.maintenance.high);
}

#[test]
fn a_longer_battery_elsewhere_makes_no_power_cut_less_probable() {
    let (design, origins) = campus_with(&[("feed/ups-2", json!({ "from": "utility", "runtime": "2h" }))]);
    let model = Model::of(&design, &origins);
    let found = cuts(&model, &design, model.promise("egress").expect("egress"), 1).expect("coherent");
    let utility = vars(&model, &["feed/utility"]);
    let class = found.classes.iter().find(|class| class.example == utility).expect("the supply");
    let expected = model.components.get(utility[0]).rate.unavailability(Corner::Typical) * (-20.0_f64 / 120.0).exp();
    assert!((class.each - expected).abs() < expected * 1e-9, "{} and {expected}", class.each);
}

#[test]
fn supplies_in_a_row_are_not_alike() {
    // Three of one kind and rate, each with a battery, and both strips behind the last: one more battery bridges each that
    // is further away.
    let (design, origins) = campus_with(&[
        ("feed/ups-2", json!({ "from": "ups-1", "runtime": "10m" })),
        ("feed/ups-3", json!({ "from": "ups-2", "runtime": "5m" })),
        ("rack/r1/pdu/a/feed", json!("ups-3")),
        ("rack/r1/pdu/b/feed", json!("ups-3")),
    ]);
    let model = Model::of(&design, &origins);
    let found = cuts(&model, &design, model.promise("egress").expect("egress"), 1).expect("coherent");
    let each = |feed: &str| {
        let feed = vars(&model, &[feed]);
        let class = found.classes.iter().find(|class| class.example == feed).expect("a class of its own");
        assert_eq!(class.count, 1);
        class.each
    };
    let last = model.components.get(vars(&model, &["feed/ups-3"])[0]).rate.unavailability(Corner::Typical);
    assert!((each("feed/ups-3") - last).abs() < last * 1e-9);
    assert!(each("feed/ups-3") > each("feed/ups-2") && each("feed/ups-2") > each("feed/ups-1"));
}

#[test]
fn a_start_waits_for_names_for_the_address_of_the_api_and_for_hands() {
    // The registry is outside, its name is known only inside.
    let (design, _) = campus_with(&[("site/resolvers", json!(["10.96.0.10"]))]);
    assert!(!cold_start(&design, Images::Gone).works());
    // The address of the API is one that the cluster announces for itself.
    let (mut design, _) = campus_with(&[("api/vip", json!(["10.30.14.5"]))]);
    design.api.vrrp = None;
    let cold = cold_start(&design, Images::OnNodes);
    let chain = cold.blocked.iter().flatten().cloned().collect::<Vec<_>>().join("; ");
    assert!(chain.contains("the API needs who holds its address: ingress/public"), "{chain}");
    // A machine that nobody starts.
    let (mut design, _) = campus();
    design.machine.get_mut(&Name::from("cp-1")).expect("cp-1").onboot = false;
    assert!(!cold_start(&design, Images::OnNodes).works());
    // Two members of three are only planned.
    let (mut design, _) = campus();
    for name in ["cp-1", "cp-2", "cp-3"] {
        design.machine.get_mut(&Name::from(name)).expect("a machine").state = State::Planned;
    }
    assert!(!cold_start(&design, Images::OnNodes).works());
}

#[test]
fn a_silent_switch_takes_bonds_that_believe_its_carrier() {
    // LACP notices: there is nothing but the failure of the switch.
    let (design, origins) = campus();
    let model = Model::of(&design, &origins);
    assert!(model.components.find("switch/leaf-1/silent").is_none());
    let mode = |hosts: &[&str]| {
        let edits: Vec<(String, serde_json::Value)> =
            hosts.iter().map(|host| (format!("host/{host}/bond/bond0/mode"), json!("active-backup"))).collect();
        let edits: Vec<(&str, serde_json::Value)> =
            edits.iter().map(|(path, to)| (path.as_str(), to.clone())).collect();
        let (design, origins) = campus_with(&edits);
        Model::of(&design, &origins)
    };
    // All hosts in that mode: one silent switch is as both switches, and a failed one takes nothing.
    let all = mode(&["pve-1", "pve-2", "pve-3", "pve-4", "pve-5", "pve-6"]);
    assert_eq!(broken(&all, &["switch/leaf-1"]), [""; 0]);
    assert_eq!(broken(&all, &["switch/leaf-1/silent"]), broken(&all, &["switch/leaf-1", "switch/leaf-2"]));
    // One host of three with members of etcd, and with one of three copies: the quorum stands, and does not with another
    // host away; neither does Ceph then.
    let one = mode(&["pve-1"]);
    assert_eq!(broken(&one, &["switch/leaf-1/silent"]), [""; 0]);
    assert_eq!(broken(&one, &["switch/leaf-1/silent", "host/pve-2"]), ["api", "storage/ssd"]);
    assert_eq!(broken(&one, &["switch/leaf-1", "host/pve-2"]), [""; 0]);
}

#[test]
fn a_bond_that_believes_carriers_needs_a_way_between_its_switches() {
    // Two leaves that are no pair, with two cables between them. When both are gone, nobody says on which side a host is that
    // looks at carriers only, and every port still has one.
    let unpaired = |hosts: &[&str]| {
        let edits: Vec<(String, serde_json::Value)> =
            hosts.iter().map(|host| (format!("host/{host}/bond/bond0/mode"), json!("active-backup"))).collect();
        let edits: Vec<(&str, serde_json::Value)> =
            edits.iter().map(|(path, to)| (path.as_str(), to.clone())).collect();
        let (mut design, origins) = campus_with(&edits);
        design.switch.values_mut().for_each(|switch| switch.mlag = None);
        design.mlag.clear();
        let between = design.cable.iter().filter(|(_, of)| {
            let mut ends = [of.a.device.as_str(), of.b.device.as_str()];
            ends.sort_unstable();
            ends == ["switch/leaf-1", "switch/leaf-2"]
        });
        let between: Vec<String> = between.map(|(name, _)| format!("cable/{name}")).collect();
        (Model::of(&design, &origins), between)
    };
    let (all, between) = unpaired(&["pve-1", "pve-2", "pve-3", "pve-4", "pve-5", "pve-6"]);
    let [one, other] = [between[0].as_str(), between[1].as_str()];
    assert_eq!(between.len(), 2);
    assert_eq!(broken(&all, &[one]), [""; 0]);
    assert_eq!(broken(&all, &[one, other]), broken(&all, &["switch/leaf-1", "switch/leaf-2"]));
    // Either leaf alone still takes nothing: its ports lose their carriers.
    assert_eq!(broken(&all, &["switch/leaf-1"]), [""; 0]);
    assert_eq!(broken(&all, &["switch/leaf-2"]), [""; 0]);
    // One host of three with members of etcd.
    let (of_one, _) = unpaired(&["pve-1"]);
    assert_eq!(broken(&of_one, &[one, other]), [""; 0]);
    assert_eq!(broken(&of_one, &[one, other, "host/pve-2"]), ["api", "storage/ssd"]);
    // A pair shuts the ports of its second member, which is a carrier lost.
    let hosts: Vec<(String, serde_json::Value)> =
        (1..=6).map(|host| (format!("host/pve-{host}/bond/bond0/mode"), json!("active-backup"))).collect();
    let hosts: Vec<(&str, serde_json::Value)> = hosts.iter().map(|(path, to)| (path.as_str(), to.clone())).collect();
    let (design, origins) = campus_with(&hosts);
    assert_eq!(broken(&Model::of(&design, &origins), &[one, other]), [""; 0]);
}

#[test]
fn a_battery_behind_a_battery_is_outlasted_by_cuts_of_the_public_supply() {
    // The first battery is repaired in an hour, and the cuts that it does not bridge last six.
    let (design, origins) = campus_with(&[
        ("assume/repair", json!({ "ups": "1h", "feed": "6h" })),
        ("feed/ups-2", json!({ "from": "ups-1", "runtime": "10m" })),
        ("rack/r1/pdu/a/feed", json!("ups-2")),
    ]);
    let model = Model::of(&design, &origins);
    let outlasts = model.components.get(vars(&model, &["feed/ups-1/outlasts/10m"])[0]).rate;
    let share = (-(1.0_f64 / 6.0) / 6.0).exp();
    assert!((outlasts.unavailability(Corner::Typical) - share).abs() < 1e-12, "{outlasts:?}");
}
