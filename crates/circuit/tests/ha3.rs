//! A published small design: three hosts, two leaves, two feeds, with figures that other tools found.
#![allow(clippy::unwrap_used, reason = "in a test a panic is the report")]

mod common;

use common::close;
use plimsoll_circuit::openpsa::{Model, Options, read};
use plimsoll_circuit::{Circuit, Compiled, CutSets, Evaluator, Limits, Node, Var};

fn model() -> Model {
    read(include_str!("data/ha3.xml"), Options::default()).unwrap()
}

fn names(model: &Model, vars: &[Var]) -> Vec<String> {
    let mut names: Vec<String> = vars.iter().map(|var| model.events[var.index()].name.clone()).collect();
    names.sort();
    names
}

#[test]
fn has_the_known_figures() {
    let model = model();
    assert_eq!((model.events.len(), model.tops.len()), (29, 1));
    assert_eq!(model.warnings, vec![]);
    let top = model.tops[0].node;
    let p = model.probabilities().unwrap();
    let sets = CutSets::new(&model.circuit, top, None, Limits::default()).unwrap();
    assert_eq!(sets.counts(), [0, 0, 40, 222, 44, 6]);
    assert_eq!((sets.total(), sets.complete_to()), (312, None));
    let compiled = Compiled::new(&model.circuit, top, Limits::default());
    let got = compiled.probability(&p).unwrap();
    assert!(got.is_exact());
    assert!(close(got.lower, 6.50975e-7, 1e-6), "{}", got.lower);
    let rare: f64 = sets.probability_by_order(&p).unwrap().iter().sum();
    assert!(close(rare, 6.51332e-7, 1e-6), "{rare}");
    let heaviest: Vec<(Vec<String>, f64)> =
        sets.by_probability(&p).unwrap().take(4).map(|set| (names(&model, &set.vars), set.probability)).collect();
    assert_eq!(heaviest[0].0, ["ups", "utility"]);
    assert!(close(heaviest[0].1, 3.13e-8, 1e-2));
    for (names, probability) in &heaviest[1..] {
        assert!(names.iter().all(|name| name.starts_with("os")) && close(*probability, 2.93e-8, 1e-2));
    }
    let (_, importance) = compiled.importance(&p).unwrap();
    let of = |name: &str| {
        let place = model.events.iter().position(|event| event.name == name).unwrap();
        importance.iter().find(|entry| entry.var.index() == place).unwrap().criticality
    };
    assert!((of("uplink_b") - 0.022).abs() < 0.0005 && (of("uplink_a") - 0.006).abs() < 0.0005);
}

/// The second way: given the eight shared components and what each host's own do to it, everything is arithmetic.
///
/// For each of the 2^8 states of the shared components, a host's own seven have 2^7 states; each state says whether the
/// host's etcd member and its way from outside are lost, so three hosts are a sum over 4^3 outcomes.
#[test]
fn equals_a_sum_over_states_of_shared_and_own_parts() {
    let model = model();
    let p = model.probabilities().unwrap();
    let place = |name: &str| model.events.iter().position(|event| event.name == name).unwrap();
    let shared = ["utility", "ups", "pdu_a", "pdu_b", "leaf_a", "leaf_b", "uplink_a", "uplink_b"].map(place);
    let own = |host: usize| {
        ["host#", "os#", "vm#", "psu#a", "psu#b", "nic#a", "nic#b"]
            .map(|name| place(&name.replace('#', &host.to_string())))
    };
    let weigh = |places: &[usize], state: usize| -> f64 {
        let one = |(bit, place): (usize, &usize)| if state >> bit & 1 == 1 { p[*place] } else { 1.0 - p[*place] };
        places.iter().enumerate().map(one).product()
    };
    let mut total = 0.0;
    for state in 0..1usize << 8 {
        let failed = |bit: usize| state >> bit & 1 == 1;
        let (feed_a, feed_b) = (failed(2) || failed(0), failed(3) || (failed(0) && failed(1)));
        let (leaf_a, leaf_b) = (failed(4) || feed_a, failed(5) || feed_b);
        let (path_a, path_b) = (leaf_a || failed(6), leaf_b || failed(7));
        let mut hosts = [[0.0; 4]; 3];
        for (host, outcomes) in hosts.iter_mut().enumerate() {
            let places = own(host + 1);
            for inner in 0..1usize << 7 {
                let bad = |bit: usize| inner >> bit & 1 == 1;
                let down = bad(0) || bad(1) || bad(2) || ((bad(3) || feed_a) && (bad(4) || feed_b));
                let member = down || ((bad(5) || leaf_a) && (bad(6) || leaf_b));
                let outside = down || ((bad(5) || path_a) && (bad(6) || path_b));
                outcomes[usize::from(member) | usize::from(outside) << 1] += weigh(&places, inner);
            }
        }
        let mut broken = 0.0;
        for outcome in 0..64usize {
            let each = [outcome & 3, outcome >> 2 & 3, outcome >> 4];
            let members = each.iter().filter(|one| **one & 1 == 1).count();
            let outside = each.iter().all(|one| one & 2 == 2);
            if members >= 2 || outside || (path_a && path_b) {
                broken += hosts[0][each[0]] * hosts[1][each[1]] * hosts[2][each[2]];
            }
        }
        total += weigh(&shared, state) * broken;
    }
    let compiled = Compiled::new(&model.circuit, model.tops[0].node, Limits::default());
    let got = compiled.probability(&p).unwrap().lower;
    assert!(close(got, total, 1e-12), "{got:e}, not {total:e}");
}

#[test]
fn every_cut_set_is_minimal_by_evaluation() {
    let model = model();
    let top = model.tops[0].node;
    let mut evaluator = Evaluator::new(&model.circuit, &[top]);
    let sets = CutSets::new(&model.circuit, top, None, Limits::default()).unwrap();
    let mut seen = std::collections::BTreeSet::new();
    for set in sets.by_order() {
        assert!(evaluator.eval_failed(&set.vars));
        for spared in 0..set.vars.len() {
            let mut fewer = set.vars.clone();
            fewer.remove(spared);
            assert!(!evaluator.eval_failed(&fewer));
        }
        assert!(seen.insert(set.vars));
    }
    // All pairs and triples of components that break it are there or contain one that is.
    let count = model.events.len() as u32;
    for (a, b, c) in (0..count).flat_map(|a| (a..count).flat_map(move |b| (b..count).map(move |c| (a, b, c)))) {
        let mut failed = vec![Var(a), Var(b), Var(c)];
        failed.dedup();
        let contained = seen.iter().any(|set| set.iter().all(|var| failed.contains(var)));
        assert_eq!(evaluator.eval_failed(&failed), contained);
    }
}

#[test]
fn orders_can_be_cut_off() {
    let model = model();
    for (order, counts) in [(1, &[][..]), (2, &[0, 0, 40]), (3, &[0, 0, 40, 222]), (4, &[0, 0, 40, 222, 44])] {
        let sets = CutSets::new(&model.circuit, model.tops[0].node, Some(order), Limits::default()).unwrap();
        assert_eq!((sets.counts(), sets.complete_to()), (counts, Some(order)));
        let p = model.probabilities().unwrap();
        let (beyond, stated) = (sets.beyond(&p).unwrap(), sets.stated(&p).unwrap());
        let shown = stated.strip_prefix(&format!("exact to order {order}; above that at most ")).unwrap();
        let shown: f64 = shown.parse().unwrap();
        assert!(shown >= beyond && shown < beyond * 1.11, "{stated}, {beyond:e}");
    }
}

#[test]
fn a_single_variable_and_constants_are_tops_too() {
    let mut circuit = Circuit::new();
    let only = circuit.variable(Var(0));
    for (top, expected, counts) in [(only, 0.25, &[0, 1][..]), (Node::TRUE, 1.0, &[1]), (Node::FALSE, 0.0, &[])] {
        let compiled = Compiled::new(&circuit, top, Limits::default());
        assert!(close(compiled.probability(&[0.25]).unwrap().lower, expected, 1e-15));
        let sets = CutSets::new(&circuit, top, Some(3), Limits::default()).unwrap();
        assert_eq!(sets.counts(), counts);
    }
}
