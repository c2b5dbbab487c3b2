//! What the example survives, worked out by hand.

mod common;

use common::{broken, campus, campus_text_with, campus_with, everything, vars};
use plimsoll_prove::{
    Corner, Images, Maintenance, MayStop, Model, batches, cold_start, cuts, explain, explain_shortly, lost_time,
    margins, may_stop, survive, survive_trying,
};
use serde_json::json;

#[test]
fn the_example_survives_what_it_says() {
    let (design, origins) = campus();
    let model = Model::of(&design, &origins);
    let (answers, meaningless) = survive(&model, &design);
    assert_eq!(meaningless, []);
    assert!(answers.iter().all(plimsoll_prove::Answer::holds));
    // Six hosts, two at a time: 15.
    let pairs = answers.iter().find(|answer| design.survive[answer.goal].failures[0].count == 2).expect("host + host");
    assert_eq!(pairs.combinations, 15);
}

/// What takes everything. Whoever is off holds no address twice.
fn site(promise: &str) -> &'static [&'static str] {
    if promise == "one-holder/api" { &[] } else { &["feed/utility", "rack/r1"] }
}

#[test]
fn single_failures_that_break_anything_are_the_site_itself() {
    let (design, origins) = campus();
    let model = Model::of(&design, &origins);
    for margin in margins(&model, &[]) {
        let breaking: Vec<&str> =
            margin.breaks_with.iter().map(|var| model.components.get(*var).path.as_str()).collect();
        let id = &model.promises[margin.promise].id;
        assert_eq!(breaking, site(id), "{id}");
    }
}

#[test]
fn pairs_that_take_the_api_are_counted_by_hand() {
    let (design, origins) = campus();
    let model = Model::of(&design, &origins);
    let found = cuts(&model, &design, model.promise("api").expect("api"), 2).expect("coherent");
    // Each control plane is lost by its host, its machine, its member of etcd, and for a majority any two of the three:
    // 3 pairs of control planes x 3 x 3 ways = 27. Then both leaves, both strips, the battery with the other strip, and
    // both routers: 4.
    assert_eq!(found.by_order, [0, 2, 27 + 4]);
    // An API server or a balancer is no member: losing two of them leaves the third, which reaches what is left.
    assert_eq!(broken(&model, &["machine/cp-1/apiserver", "machine/cp-2/apiserver"]), [""; 0]);
    // But the only API server that is left must be in the majority.
    assert_eq!(broken(&model, &["machine/cp-1/apiserver", "machine/cp-2/apiserver", "etcd/member/cp-3"]), ["api"]);
    let any = found.classes.iter().find_map(|class| class.any_of()).expect("a class of hosts");
    let names: Vec<&str> = any.of.iter().map(|var| model.components.get(*var).path.as_str()).collect();
    assert_eq!((any.count, names), (2, vec!["host/pve-1", "host/pve-2", "host/pve-3"]));
}

#[test]
fn balancers_of_their_own_are_a_pair_beside_the_quorum() {
    let on = |hosts: &str| {
        let machines = format!("  lb-1..2: {{ role: balancer, host: {hosts}, networks: [kube] }}\n  ns-1..2: {{");
        let changes = [("balancer: stacked", "balancer: dedicated"), ("  ns-1..2: {", machines.as_str())];
        campus_text_with(&changes)
    };
    let (design, origins) = on("pve-5..6");
    let model = Model::of(&design, &origins);
    let of_order_two = |model: &Model, design: &_| {
        let found = cuts(model, design, model.promise("api").expect("api"), 2).expect("coherent");
        found.by_order[2]
    };
    // What the control plane and the site do is as before: 27 and 4. A balancer is lost by its host, its machine, its
    // HAProxy or its keepalived: 4 x 4 more.
    assert_eq!(of_order_two(&model, &design), 27 + 4 + 16);
    assert_eq!(broken(&model, &["host/pve-5", "machine/lb-2/keepalived"]), ["api"]);
    assert_eq!(broken(&model, &["machine/lb-1/haproxy", "machine/lb-2/keepalived"]), ["api"]);
    assert_eq!(broken(&model, &["machine/lb-1/haproxy"]), [""; 0]);
    // A balancer and a control plane are of different groups.
    assert_eq!(broken(&model, &["host/pve-5", "machine/cp-1"]), [""; 0]);
    // The last API server is served by either balancer.
    let two = ["machine/cp-1/apiserver", "machine/cp-2/apiserver", "host/pve-6"];
    assert_eq!(broken(&model, &two), [""; 0]);
    assert!(model.components.find("machine/cp-1/haproxy").is_none(), "nothing balances there any more");
    for images in [Images::OnNodes, Images::Gone] {
        assert_eq!(cold_start(&design, images).blocked.len(), 0);
    }

    // On hosts of the control plane, the two hosts are one of both kinds of pairs: 27 + 4 + 16 - 1.
    let (design, origins) = on("pve-1..2");
    let model = Model::of(&design, &origins);
    assert_eq!(of_order_two(&model, &design), 27 + 4 + 16 - 1);
    // On one host: it alone.
    let (design, origins) = on("pve-6");
    assert_eq!(broken(&Model::of(&design, &origins), &["host/pve-6"]), ["api"]);
}

#[test]
fn lines_with_too_many_combinations_are_answered_by_smallest_sets_alike() {
    // Each line once by trying, once as if that were too much.
    for line in [
        "any",
        "any + any",
        "host + host",
        "host + host + host",
        "switch + switch",
        "disk + disk",
        "machine + machine",
        "host + any",
        "host + switch",
        "disk + disk + switch",
        "host + host + machine",
        "router + any",
        "feed + pdu + any",
    ] {
        let asked = format!("  all: [{line}]");
        let (design, origins) = campus_text_with(&[("  all: [any]", asked.as_str())]);
        let model = Model::of(&design, &origins);
        let (tried, _) = survive(&model, &design);
        let (found, not_done) = survive_trying(&model, &design, 0);
        let goal = design.survive.iter().position(|goal| goal.promise == "all").expect("the line");
        assert!(not_done.iter().all(|problem| problem.goal() != goal), "{line}: {not_done:?}");
        for answer in tried.iter().filter(|answer| answer.goal == goal) {
            let other = found.iter().find(|other| (other.goal, other.promise) == (goal, answer.promise));
            let other = other.unwrap_or_else(|| panic!("{line}: no answer"));
            let id = &model.promises[answer.promise].id;
            assert_eq!(other.holds(), answer.holds(), "{line}: {id}");
            assert_eq!((answer.tried, other.tried), (true, false));
            let size =
                |answer: &plimsoll_prove::Answer| answer.counter_examples.first().map(|first| first.failed.len());
            assert_eq!(size(other), size(answer), "{line}: {id}");
            for example in &other.counter_examples {
                let failed: Vec<&str> =
                    example.failed.iter().map(|var| model.components.get(*var).path.as_str()).collect();
                assert!(broken(&model, &failed).contains(id), "{line}: {id} by {failed:?}");
            }
        }
    }
}

#[test]
fn the_short_chain_is_enough_and_says_nothing_twice() {
    let (design, origins) = campus();
    let model = Model::of(&design, &origins);
    let api = model.promise("api").expect("api");
    let failed = model.with_consequences(&vars(&model, &["host/pve-1", "host/pve-2", "switch/oob-1"]));
    let (all, short) = (explain(&model, api, &failed), explain_shortly(&model, api, &failed));
    assert!(short.iter().all(|line| all.contains(line)), "{short:?}");
    assert!(short.len() < all.len(), "{short:?}");
    assert_eq!(short.first().map(String::as_str), Some("host/pve-1 fails"));
    assert!(short.iter().any(|line| line == "host/pve-2 fails"), "{short:?}");
    assert!(short.iter().all(|line| !line.contains("oob-1")), "not of the cause: {short:?}");
    assert!(short.iter().any(|line| line == "cp-3 is in no majority of etcd"), "{short:?}");
    assert_eq!(short.last(), all.last());
    assert_eq!(explain_shortly(&model, api, &model.with_consequences(&[])), [""; 0]);
}

#[test]
fn a_worse_placement_is_found_and_explained() {
    let (design, origins) = campus_with(&[("machine/cp-2/host", json!("pve-1"))]);
    let model = Model::of(&design, &origins);
    let (answers, _) = survive(&model, &design);
    let api = answers.iter().find(|answer| model.promises[answer.promise].id == "api").expect("api");
    assert!(!api.holds());
    let failed = &api.counter_examples[0].failed;
    assert_eq!(model.components.get(failed[0]).path, "host/pve-1");
    let chain = explain(&model, model.promise("api").expect("api"), &model.with_consequences(failed));
    assert_eq!(chain.first().map(String::as_str), Some("host/pve-1 fails"));
    assert_eq!(chain.last().map(String::as_str), Some("nobody can serve the address of the API"));
    assert!(chain.iter().any(|line| line == "cp-3 is in no majority of etcd"), "{chain:?}");
}

#[test]
fn a_check_that_does_not_move_the_address_is_a_single_point() {
    // 150 - 10 still beats 130: the holder keeps the address with its balancer dead.
    let (design, origins) = campus_with(&[
        ("api/vrrp/check/weight", json!(-10)),
        ("api/vrrp/preempt", json!(true)),
        ("api/vrrp/member/cp-1/priority", json!(150)),
        ("api/vrrp/member/cp-2/priority", json!(130)),
        ("api/vrrp/member/cp-3/priority", json!(110)),
    ]);
    let model = Model::of(&design, &origins);
    assert_eq!(broken(&model, &["machine/cp-1/haproxy"]), ["api"]);
    // A backup's balancer matters only when those before it are gone.
    assert_eq!(broken(&model, &["machine/cp-2/haproxy"]), [""; 0]);
    assert_eq!(broken(&model, &["machine/cp-2/haproxy", "machine/cp-1/keepalived"]), ["api"]);
    // 150 - 50 is below both others: it moves.
    let (design, origins) = campus_with(&[
        ("api/vrrp/check/weight", json!(-50)),
        ("api/vrrp/preempt", json!(true)),
        ("api/vrrp/member/cp-1/priority", json!(150)),
        ("api/vrrp/member/cp-2/priority", json!(130)),
        ("api/vrrp/member/cp-3/priority", json!(120)),
    ]);
    assert_eq!(broken(&Model::of(&design, &origins), &["machine/cp-1/haproxy"]), [""; 0]);
}

#[test]
fn two_members_of_etcd_tolerate_nothing() {
    let (design, origins) = campus();
    let mut two = design.clone();
    two.etcd.member.remove(&"cp-3".into());
    let model = Model::of(&two, &origins);
    assert_eq!(broken(&model, &["etcd/member/cp-1"]), ["api"]);
    assert_eq!(broken(&model, &["machine/cp-3"]), [""; 0], "it has no member any more");
}

#[test]
fn a_battery_bridges_a_short_cut_and_not_a_long_one() {
    let (design, origins) = campus();
    let model = Model::of(&design, &origins);
    let longer = model.components.find("feed/utility/outlasts/20m").expect("a battery of 20 minutes");
    // Cuts of 2 h on average, exponentially long: e^(-20 min / 120 min) of them outlast it.
    let share = model.components.get(longer).rate.unavailability(Corner::Typical);
    assert!((share - (-20.0_f64 / 120.0).exp()).abs() < 1e-12, "{share}");
    // With a second utility on the other strip nothing is lost with the first.
    let (design, origins) = campus_with(&[
        ("feed/other", json!({ "from": null, "runtime": null })),
        ("rack/r1/pdu/b/feed", json!("other")),
    ]);
    let model = Model::of(&design, &origins);
    assert_eq!(broken(&model, &["feed/utility"]), [""; 0]);
    assert_eq!(broken(&model, &["feed/utility", "feed/other"]).len(), everything(&model));
}

#[test]
fn a_pool_stops_below_its_least_copies_and_comes_back_when_some_are_left() {
    let (design, origins) = campus();
    let model = Model::of(&design, &origins);
    // Three copies on three hosts, two must be there: a disk in each of two hosts may hold two of one group.
    assert_eq!(broken(&model, &["host/pve-1/disk/osd/1", "host/pve-2/disk/osd/3"]), ["storage/ssd"]);
    assert_eq!(broken(&model, &["host/pve-1/disk/osd/1", "host/pve-1/disk/osd/3"]), [""; 0], "one host, one copy");
    let three = ["host/pve-1/disk/osd/1", "host/pve-2/disk/osd/3", "host/pve-3/disk/osd/2"];
    assert_eq!(broken(&model, &three), ["storage/ssd", "storage/ssd/recovered"]);
}

#[test]
fn hosts_are_stopped_one_by_one_and_not_beside_a_lost_control_plane() {
    let (design, origins) = campus();
    let model = Model::of(&design, &origins);
    let stop = |hosts: &[&str], down: &[&str]| may_stop(&model, &design, &vars(&model, hosts), &vars(&model, down));
    assert_eq!(stop(&["host/pve-4"], &[]), MayStop::Yes);
    let MayStop::Breaks(promises) = stop(&["host/pve-2"], &["machine/cp-1"]) else { panic!("it would break the API") };
    assert_eq!(promises.iter().map(|at| model.promises[*at].id.as_str()).collect::<Vec<_>>(), ["api"]);
    // Two hosts hold two copies of some group.
    assert!(matches!(stop(&["host/pve-4", "host/pve-5"], &[]), MayStop::Breaks(_)));
    assert_eq!(batches(&model, &design, &[]).len(), 6);
}

#[test]
fn time_is_a_range_with_the_site_apart() {
    let (design, origins) = campus();
    let model = Model::of(&design, &origins);
    for promise in &model.promises {
        let lost = lost_time(&model, &design, promise, Maintenance::default()).expect("numbers");
        assert!(!lost.bound_only, "{}", promise.id);
        assert!(lost.steady.low <= lost.steady.typical && lost.steady.typical <= lost.steady.high, "{}", promise.id);
        let apart: Vec<&str> = lost.common.iter().map(|(var, _)| model.components.get(*var).path.as_str()).collect();
        assert_eq!(apart, site(&promise.id), "{}", promise.id);
    }
}

#[test]
fn everything_starts_from_nothing_unless_it_waits_for_itself() {
    let (design, _) = campus();
    for images in [Images::OnNodes, Images::Gone] {
        let cold = cold_start(&design, images);
        assert!(cold.works(), "{:?}", cold.blocked);
        let step = |name: &str| cold.steps.iter().position(|step| step.iter().any(|part| part == name));
        assert!(step("etcd") < step("the API") && step("the API") < step("storage/ssd"), "{:?}", cold.steps);
    }
    // The registry is a service of the cluster: with images on the nodes it starts, without them it never does.
    let url = "https://registry.apps.k8s.example.edu";
    let (design, _) = campus_with(&[("external/registry/url", json!(url))]);
    assert!(cold_start(&design, Images::OnNodes).works());
    let blocked = cold_start(&design, Images::Gone).blocked;
    assert_eq!(blocked.len(), 1, "{blocked:?}");
    assert_eq!(blocked[0].last().map(String::as_str), Some("external/registry waits for itself"));
    // Nodes that find the API by a name that only pods of the cluster know.
    let (design, _) = campus_with(&[("api/hosts_entry", json!(false)), ("site/resolvers", json!(["10.96.0.10"]))]);
    let blocked = cold_start(&design, Images::OnNodes).blocked;
    let chain = blocked.iter().flatten().cloned().collect::<Vec<_>>().join("; ");
    assert!(chain.contains("nodes needs the name of the API: CoreDNS"), "{chain}");
}
