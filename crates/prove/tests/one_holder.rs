//! Two machines never hold the address of the API at a time: who may, what breaks it, what mends it, and what that costs.

mod common;

use std::collections::BTreeSet;
use std::num::NonZeroUsize;

use common::{broken, campus, campus_text_with, campus_with, etcd_apart, example, example_text_with, vars};
use plimsoll_circuit::{Circuit, Compiled, Evaluator, Limits, Node, Var};
use plimsoll_model::design::{BondMode, Failure, Goal, VrrpCheck, VrrpCheckKind};
use plimsoll_model::{Design, Origins};
use plimsoll_outage::{End, Interval, Way};
use plimsoll_prove::{
    Component, Corner, Kind, Maintenance, MayStop, Model, Promise, analyse, cuts, lost_time, margins, may_stop,
    predictions, survive,
};
use serde_json::json;

const ID: &str = "one-holder/api";

fn of(model: &Model) -> &Promise {
    model.promise(ID).expect("a promise of that name")
}

/// The example with another check of the VRRP members.
fn checked_by(change: impl FnOnce(&mut VrrpCheck)) -> (Design, Origins) {
    let (mut design, origins) = campus();
    let vrrp = design.api.vrrp.as_mut().expect("VRRP");
    change(vrrp.check.as_mut().expect("a check"));
    (design, origins)
}

fn by_process() -> (Design, Origins) {
    checked_by(|check| check.kind = VrrpCheckKind::Process)
}

fn is_broken(model: &Model, failed: &[&str]) -> bool {
    broken(model, failed).iter().any(|id| id == ID)
}

/// The two ports of a host's bond.
fn ports(design: &Design, host: &str) -> Vec<String> {
    let bond = &design.host[&host.into()].bond[&"bond0".into()];
    bond.members.iter().map(|port| format!("host/{host}/nic/{port}")).collect()
}

#[test]
fn a_check_of_the_whole_path_leaves_one_holder_whatever_fails() {
    for name in ["campus", "five-racks"] {
        let (design, origins) = example(name);
        let model = Model::of(&design, &origins);
        assert_eq!(of(&model).broken, Node::FALSE, "{name}");
        assert!(of(&model).is_meant("all") && of(&model).is_meant("one-holder/*"));
        let found = cuts(&model, &design, of(&model), 3).expect("a list");
        assert!(found.classes.is_empty() && found.complete_to.is_none_or(|to| to >= 3), "{name}: {found:?}");
        let lost = lost_time(&model, &design, of(&model), Maintenance::default()).expect("numbers");
        assert!(lost.steady.high <= 0.0 && lost.common.is_empty(), "{name}: {lost:?}");
    }
}

#[test]
fn a_check_of_the_process_leaves_two_where_a_host_is_cut_off() {
    let (design, origins) = by_process();
    let model = Model::of(&design, &origins);
    let [one, other] = [&ports(&design, "pve-1")[0], &ports(&design, "pve-1")[1]];
    assert!(!is_broken(&model, &[]) && !is_broken(&model, &[one]) && !is_broken(&model, &["switch/leaf-1"]));
    // Cut off, cp-1 hears nobody, and of the other two one holds it too.
    assert!(is_broken(&model, &[one, other]));
    assert!(is_broken(&model, &[one, "switch/leaf-2"]) || is_broken(&model, &[one, "switch/leaf-1"]));
    // Without switches each of the three hears nobody.
    assert!(is_broken(&model, &["switch/leaf-1", "switch/leaf-2"]));
    // More failures mend it: cp-1 dies, or its keepalived, or its HAProxy, or both others.
    for more in ["host/pve-1", "machine/cp-1", "machine/cp-1/keepalived", "machine/cp-1/haproxy"] {
        assert!(!is_broken(&model, &[one, other, more]), "{more}");
    }
    assert!(is_broken(&model, &[one, other, "machine/cp-2"]));
    assert!(!is_broken(&model, &[one, other, "machine/cp-2", "host/pve-3"]));
    // An API server or a member of etcd is none of its business.
    assert!(is_broken(&model, &[one, other, "machine/cp-1/apiserver", "etcd/member/cp-1"]));
    // No host with a member, no member.
    let others = ports(&design, "pve-5");
    assert!(!is_broken(&model, &[&others[0], &others[1]]));
    // All power is one failure that leaves no machine.
    assert!(!is_broken(&model, &["rack/r1"]) && !is_broken(&model, &["feed/utility"]));
}

#[test]
fn a_weight_or_no_check_does_not_notice_a_dead_balancer_either() {
    let (mut none, origins) = campus();
    none.api.vrrp.as_mut().expect("VRRP").check = None;
    let (weighted, _) = checked_by(|check| check.weight = Some(-60));
    for design in [none, weighted] {
        let model = Model::of(&design, &origins);
        let [one, other] = [&ports(&design, "pve-1")[0], &ports(&design, "pve-1")[1]];
        assert!(is_broken(&model, &[one, other, "machine/cp-1/haproxy"]));
        assert!(!is_broken(&model, &[one, other, "machine/cp-1/keepalived"]));
    }
}

#[test]
fn a_rack_that_is_cut_off_keeps_its_holder() {
    let (mut design, origins) = example("five-racks");
    design.api.vrrp.as_mut().expect("VRRP").check.as_mut().expect("a check").kind = VrrpCheckKind::Process;
    let model = Model::of(&design, &origins);
    // cp-1 in r1 on one side, four members on the other.
    assert!(is_broken(&model, &["switch/leaf-1", "switch/leaf-2"]));
    assert!(!is_broken(&model, &["switch/leaf-1"]));
    // With the rack its member is gone as well.
    assert!(!is_broken(&model, &["rack/r1"]));
    assert!(!is_broken(&model, &["switch/leaf-1", "switch/leaf-2", "machine/cp-1"]));
    // Without spines each rack is alone.
    assert!(is_broken(&model, &["switch/spine-1", "switch/spine-2"]));
    let found = cuts(&model, &design, of(&model), 2).expect("a list");
    assert_eq!(found.by_order[1], 0);
    assert!(found.by_order[2] > 5 && found.complete_to == Some(2), "{:?}", found.by_order);
}

/// The example, in which members of etcd speak to each other out of band.
fn with_etcd_apart() -> (Design, Origins) {
    let (mut design, origins) = campus();
    etcd_apart(&mut design);
    (design, origins)
}

#[test]
fn a_majority_in_another_network_does_not_say_who_is_cut_off() {
    // The whole path: cp-1 asks its own API server, which is in a majority over the other network.
    let (design, origins) = with_etcd_apart();
    let model = Model::of(&design, &origins);
    let [one, other] = [&ports(&design, "pve-1")[0], &ports(&design, "pve-1")[1]];
    assert!(is_broken(&model, &[one, other]));
    assert!(!is_broken(&model, &[one, other, "machine/cp-1/apiserver"]));
    assert!(!is_broken(&model, &[one, other, "etcd/member/cp-1"]));
    assert!(!is_broken(&model, &[one, other, "switch/oob-1"]));
}

#[test]
fn what_is_not_certain_counts_as_fit() {
    // The same with bonds over the out-of-band switch that nobody describes well enough: the check may pass.
    let (mut design, origins) = with_etcd_apart();
    for host in design.host.values_mut() {
        host.bond.values_mut().for_each(|bond| bond.mode = BondMode::ActiveBackup);
    }
    let model = Model::of(&design, &origins);
    let [one, other] = [&ports(&design, "pve-1")[0], &ports(&design, "pve-1")[1]];
    assert!(is_broken(&model, &[one, other, "switch/oob-1"]));
    assert!(!is_broken(&model, &[one, other, "machine/cp-1"]));
}

/// Hosts with one port, so that a cable is the whole link, and a process check.
fn one_port(check: VrrpCheckKind) -> (Design, Origins) {
    let (mut design, origins) = checked_by(|one| one.kind = check);
    for host in design.host.values_mut() {
        host.bond.values_mut().for_each(|bond| {
            bond.members.truncate(1);
            bond.mode = BondMode::ActiveBackup;
        });
    }
    (design, origins)
}

#[test]
fn who_is_heard_and_hears_nothing_takes_the_address() {
    let (design, origins) = one_port(VrrpCheckKind::Process);
    let model = Model::of(&design, &origins);
    let nic = &design.host[&"pve-1".into()].bond[&"bond0".into()].members[0];
    let nic = &design.host[&"pve-1".into()].nic[nic];
    let (cable, switch) = (format!("cable/{}:{}", nic.switch, nic.port), format!("switch/{}", nic.switch));
    let silent = format!("{cable}/silent");
    // Cut off, it has taken nothing with it but itself, and two hold the address.
    assert_eq!(broken(&model, &[&cable]), [ID]);
    // One way: it may be the only holder, whom nobody reaches, or one of two.
    assert_eq!(broken(&model, &[&silent]), ["api", ID]);
    assert!(broken(&model, &[&format!("{switch}/silent")]).contains(&"api".to_owned()));
    // Dead, it holds nothing.
    assert!(!is_broken(&model, &[&silent, "machine/cp-1"]));
    // A host without a member of VRRP has nothing of the kind.
    let other = &design.host[&"pve-5".into()];
    let other = &other.nic[&other.bond[&"bond0".into()].members[0]];
    assert!(model.components.find(&format!("cable/{}:{}/silent", other.switch, other.port)).is_none());
    // A check of the whole path sees that it is cut off.
    let (design, origins) = one_port(VrrpCheckKind::Path);
    assert!(Model::of(&design, &origins).components.find(&silent).is_none());
}

/// Whether the promise breaks with these, every battery outlasted.
fn breaks(model: &Model, evaluator: &mut Evaluator, set: &[Var]) -> bool {
    evaluator.run(|var| set.contains(&var) || model.components.get(var).kind == Kind::Outlasted);
    evaluator.broken(0)
}

fn subsets(set: &[Var]) -> impl Iterator<Item = Vec<Var>> {
    let set = set.to_vec();
    (0..(1_u32 << set.len()) - 1)
        .map(move |mask| set.iter().enumerate().filter(|(at, _)| mask >> at & 1 == 1).map(|(_, var)| *var).collect())
}

/// The smallest sets that break it, by trying every set.
fn by_trying(model: &Model, order: usize) -> BTreeSet<Vec<Var>> {
    let support = model.circuit.support(of(model).broken);
    let vars: Vec<Var> = support.into_iter().filter(|var| model.components.get(*var).kind != Kind::Outlasted).collect();
    let mut evaluator = Evaluator::new(&model.circuit, &[of(model).broken]);
    let mut found = BTreeSet::new();
    let mut sets: Vec<Vec<Var>> = vec![Vec::new()];
    for _ in 0..order {
        let mut larger = Vec::new();
        for set in &sets {
            let from = set.last().map_or(0, |last| vars.partition_point(|var| var <= last));
            for var in &vars[from..] {
                let with: Vec<Var> = set.iter().copied().chain([*var]).collect();
                if breaks(model, &mut evaluator, &with) && subsets(&with).all(|part| !found.contains(&part)) {
                    found.insert(with.clone());
                }
                larger.push(with);
            }
        }
        sets = larger;
    }
    found
}

#[test]
fn the_smallest_sets_are_those_that_trying_every_set_finds() {
    let designs = [
        ("process", by_process(), 3),
        ("one port", one_port(VrrpCheckKind::Process), 3),
        ("etcd apart", with_etcd_apart(), 2),
        (
            "no pair",
            campus_text_with(&[
                (", mlag: { group: fabric, peer_links: 2, keepalive: true }", ""),
                ("mode: lacp", "mode: active-backup"),
                ("failover: safe }", "failover: safe, vrrp: { check: process } }"),
            ]),
            2,
        ),
    ];
    for (what, (design, origins), order) in designs {
        let model = Model::of(&design, &origins);
        assert!(!of(&model).mended.is_empty() && !model.circuit.is_coherent(of(&model).broken), "{what}");
        let tried = by_trying(&model, order);
        let found = cuts(&model, &design, of(&model), order as u32).expect("a list");
        assert!(!tried.is_empty() && found.complete_to == Some(order as u32), "{what}");
        for size in 0..=order {
            let count = tried.iter().filter(|set| set.len() == size).count();
            assert_eq!(found.by_order.get(size).copied().unwrap_or_default(), count as u128, "{what}: {size}");
        }
        assert_eq!(found.classes.iter().map(|class| class.count).sum::<u128>(), tried.len() as u128, "{what}");
        for class in &found.classes {
            assert!(tried.contains(&class.example), "{what}: {class:?}");
        }
    }
}

#[test]
fn the_ways_together_are_the_promise() {
    for (design, origins) in [by_process(), one_port(VrrpCheckKind::Port), with_etcd_apart()] {
        let model = Model::of(&design, &origins);
        let mut circuit: Circuit = model.circuit.clone();
        let mut ways = Vec::new();
        for way in &of(&model).mended {
            assert!(circuit.is_coherent(way.when) && circuit.is_coherent(way.unless));
            let not = circuit.not(way.unless);
            ways.push(circuit.and([way.when, not]));
            // Who stops a host never parts those that are left: batches of hosts need not be tried in every order.
            let parted = circuit.support(way.when).into_iter().map(|var| model.components.get(var).kind);
            assert!(parted.clone().all(|kind| kind != Kind::Host && kind != Kind::Machine));
        }
        assert_eq!(circuit.or(ways), of(&model).broken);
    }
}

#[test]
fn to_survive_many_is_to_survive_fewer() {
    // With all six hosts and two ports failed nobody holds the address; with the two ports alone two machines do.
    let (mut design, origins) = by_process();
    let failures = |failures: &[(u32, &str)]| -> Vec<Failure> {
        failures.iter().map(|(count, kind)| Failure { count: *count, kind: (*kind).into() }).collect()
    };
    let goal = |of: &[(u32, &str)]| Goal { promise: ID.into(), failures: failures(of), while_drained: false };
    design.survive = vec![goal(&[(6, "host"), (2, "nic")]), goal(&[(1, "any")]), goal(&[(6, "host")])];
    let model = Model::of(&design, &origins);
    let (answers, meaningless) = survive(&model, &design);
    assert!(meaningless.is_empty());
    let [many, one, hosts] = answers.as_slice() else { panic!("{answers:?}") };
    assert!(one.holds() && hosts.holds());
    assert!(!many.holds());
    for example in &many.counter_examples {
        let paths: Vec<&str> = example.failed.iter().map(|var| model.components.get(*var).path.as_str()).collect();
        assert!(paths.len() == 2 && paths.iter().all(|path| path.contains("/nic/")), "{paths:?}");
    }
    // Too many to try: by the smallest sets.
    design.survive = vec![goal(&[(3, "any")])];
    let (answers, _) = plimsoll_prove::survive_trying(&model, &design, 1000);
    assert!(!answers[0].tried && !answers[0].holds());
    let two = answers[0].counter_examples.iter().filter(|example| example.failed.len() == 2).count();
    assert!(two > 0, "{answers:?}");
}

#[test]
fn margins_and_stopping_know_it() {
    let (mut design, origins) = by_process();
    let [one, other] = [ports(&design, "pve-1")[0].clone(), ports(&design, "pve-1")[1].clone()];
    design.survive = vec![Goal {
        promise: ID.into(),
        failures: vec![Failure { count: 1, kind: "nic".into() }],
        while_drained: true,
    }];
    let model = Model::of(&design, &origins);
    let place = model.promises.iter().position(|promise| promise.id == ID).expect("the promise");
    let down = vars(&model, &[&one]);
    let margin = &margins(&model, &down)[place];
    assert!(!margin.broken && margin.breaks_with.contains(&vars(&model, &[&other])[0]));
    // pve-4 has no member: with a port of pve-1 down, the other would leave two holders. pve-1 itself may go.
    let stop = |host: &str| may_stop(&model, &design, &vars(&model, &[host]), &down);
    assert!(
        matches!(stop("host/pve-4"), MayStop::NoMargin { promise, .. } if promise == place),
        "{:?}",
        stop("host/pve-4")
    );
    assert_eq!(stop("host/pve-1"), MayStop::Yes);
}

/// Numbers that are the same in every run (xorshift), from 0 to 1.
fn random(state: &mut u64) -> f64 {
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    (*state >> 11) as f64 / (1_u64 << 53) as f64
}

fn probability(component: &Component, corner: Corner) -> f64 {
    if component.external || component.common { 0.0 } else { component.rate.unavailability(corner) }
}

#[test]
fn the_ends_of_lost_time_hold_for_every_choice_of_rates() {
    for (what, (design, origins)) in
        [("process", by_process()), ("one port", one_port(VrrpCheckKind::Process)), ("etcd apart", with_etcd_apart())]
    {
        let model = Model::of(&design, &origins);
        let lost = lost_time(&model, &design, of(&model), Maintenance::default()).expect("numbers");
        assert!(!lost.bound_only && lost.steady.low > 0.0, "{what}: {lost:?}");
        assert!(lost.steady.low <= lost.steady.typical && lost.steady.typical <= lost.steady.high, "{what}");
        let compiled = Compiled::new(&model.circuit, of(&model).broken, Limits::default());
        let year = plimsoll_prove::HOURS_A_YEAR * 3600.0;
        let all = |corner: Corner| -> Vec<f64> {
            model.components.all().map(|(_, component)| probability(component, corner)).collect()
        };
        let exactly = compiled.probability(&all(Corner::Typical)).expect("numbers").upper * year;
        assert!((exactly - lost.steady.typical).abs() <= exactly * 1e-9, "{what}");
        let (low, high) = (all(Corner::Low), all(Corner::High));
        let mut state = 0x9E37_79B9_7F4A_7C15;
        for _ in 0..300 {
            let mixed: Vec<f64> =
                low.iter().zip(&high).map(|(low, high)| if random(&mut state) < 0.5 { *low } else { *high }).collect();
            let seconds = compiled.probability(&mixed).expect("numbers").upper * year;
            let inside = lost.steady.low * (1.0 - 1e-9) <= seconds && seconds <= lost.steady.high * (1.0 + 1e-9);
            assert!(inside, "{what}: {seconds} of {:?}", lost.steady);
        }
        // A host that is stopped leaves fewer to hold it, and a rack or the public supply nobody.
        assert!(lost.maintenance.high <= 0.0, "{what}: {lost:?}");
        let share = |time: f64| time / lost.steady.high;
        assert!(lost.common.iter().all(|(_, time)| share(time.high) < 0.01), "{what}: {lost:?}");
    }
}

#[test]
fn one_crew_makes_it_worse_and_never_better() {
    let (mut design, origins) = by_process();
    let alone = {
        let model = Model::of(&design, &origins);
        lost_time(&model, &design, of(&model), Maintenance::default()).expect("numbers")
    };
    design.assume.crews = Some(1);
    let model = Model::of(&design, &origins);
    let crew = lost_time(&model, &design, of(&model), Maintenance::default()).expect("numbers");
    assert!(crew.bound_only && crew.steady.typical >= alone.steady.typical && crew.steady.high >= alone.steady.high);
    // The bound is that of hosts that are apart, whoever lives on them.
    assert!(crew.steady.typical < alone.steady.typical * 10.0, "{crew:?} {alone:?}");
}

#[test]
fn all_questions_about_it_are_answered_together() {
    let (design, origins) = by_process();
    let model = Model::of(&design, &origins);
    let threads = NonZeroUsize::new(2).expect("two");
    let (found, ()) = analyse(&model, &design, &[of(&model)], 3, threads, || ());
    let cuts = found[0].cuts.as_ref().expect("a list");
    assert!(cuts.complete_to == Some(3) && found[0].lost.is_ok());
    // pve-1, pve-2 and pve-3 are like each other: a class is said once for the three.
    assert!(cuts.classes.iter().any(|class| class.count % 3 == 0), "{cuts:?}");
}

#[test]
fn seconds_are_until_repair_or_what_the_check_takes() {
    let (design, origins) = one_port(VrrpCheckKind::Process);
    let model = Model::of(&design, &origins);
    let nic = ports(&design, "pve-1")[0].clone();
    let said = predictions(&model, &design);
    let of = |said: &plimsoll_outage::Predictions, component: &str, way| said.get(component, way, ID).expect("one").new;
    assert_eq!(of(&said, &nic, Way::CarrierLost), Interval::UNTIL_REPAIR);
    assert!(of(&said, "machine/cp-1", Way::PowerOff).is_zero());
    assert!(of(&said, "host/pve-1", Way::PowerOff).is_zero());
    // The check of the whole path needs a while: another takes over after (3 - 1) x 1 s at the soonest.
    let (design, origins) = one_port(VrrpCheckKind::Path);
    let model = Model::of(&design, &origins);
    let said = predictions(&model, &design);
    let gap = of(&said, &nic, Way::CarrierLost);
    assert!(
        gap.min() == End::After(plimsoll_model::units::Millis(0)) && gap.max() != End::Repair && !gap.is_zero(),
        "{gap:?}"
    );
    assert!(of(&said, "host/pve-1", Way::PowerOff).is_zero());
}

#[test]
fn there_is_no_such_promise_where_nobody_shares_an_address() {
    let (mut design, origins) = campus();
    design.api.vrrp = None;
    assert!(Model::of(&design, &origins).promise(ID).is_none());
    let (design, origins) =
        campus_with(&[("machine/cp-2/state", json!("planned")), ("machine/cp-3/state", json!("planned"))]);
    assert!(Model::of(&design, &origins).promise(ID).is_none());
    let (design, origins) = example_text_with("five-racks", &[]);
    assert!(Model::of(&design, &origins).promise(ID).is_some());
}
