//! Fifty hosts in five racks.

mod common;

use std::collections::{BTreeMap, BTreeSet};

use common::{broken, example};
use plimsoll_circuit::{Circuit, CutSets, Evaluator, Gate, Limits, Node, Var};
use plimsoll_prove::{Answer, Images, Kind, Model, Promise, cold_start, cuts, survive};
use plimsoll_yaml::mutate::Random;

#[test]
fn the_example_survives_what_it_says() {
    let (design, origins) = example("five-racks");
    let model = Model::of(&design, &origins);
    let (answers, meaningless) = survive(&model, &design);
    assert_eq!(meaningless, []);
    let lost: Vec<&Answer> = answers.iter().filter(|answer| !answer.holds()).collect();
    assert!(lost.is_empty(), "{lost:?}");
    assert!(cold_start(&design, Images::OnNodes).works());
}

#[test]
fn a_rack_is_lost_and_the_cluster_is_not() {
    let (design, origins) = example("five-racks");
    let model = Model::of(&design, &origins);
    // Copies of CoreDNS are kept apart by host, and three hosts may be in one rack.
    assert_eq!(broken(&model, &["rack/r3"]), ["dns"]);
    // A pair of leaves carries its rack, as a pair of spines carries all.
    assert_eq!(broken(&model, &["switch/leaf-5", "switch/leaf-6"]), ["dns"]);
    assert!(broken(&model, &["switch/spine-1", "switch/spine-2"]).contains(&"api".to_owned()));
    // Either line feeds a battery in every rack.
    assert_eq!(broken(&model, &["feed/line-1"]), [""; 0]);
    assert_eq!(broken(&model, &["feed/line-1", "feed/line-2"]).len(), model.promises.len());
}

/// The promise with every battery outlasted, in a circuit of its own.
fn outlasted(model: &Model, promise: &Promise) -> (Circuit, Node) {
    let mut circuit = Circuit::new();
    let mut made: BTreeMap<Node, Node> = BTreeMap::new();
    for node in model.circuit.cone(&[promise.broken]) {
        let of: Vec<Node> = model.circuit.children(node).iter().map(|child| made[child]).collect();
        let new = match model.circuit.gate(node) {
            Gate::Constant(value) => circuit.constant(value),
            Gate::Variable(var) if model.components.get(var).kind == Kind::Outlasted => Node::TRUE,
            Gate::Variable(var) => circuit.variable(var),
            Gate::Not(_) => circuit.not(of[0]),
            Gate::And(_) => circuit.and(of),
            Gate::Or(_) => circuit.or(of),
            Gate::Xor(_) => circuit.xor(of),
            Gate::AtLeast { minimum, .. } => circuit.at_least(minimum, of),
            Gate::Threshold { bound, weights, .. } => {
                let weights: Vec<u64> = weights.to_vec();
                circuit.threshold(bound, weights.into_iter().zip(of))
            }
        };
        made.insert(node, new);
    }
    (circuit, made[&promise.broken])
}

/// Promises without those that are lost with what an earlier one is lost with.
fn different(model: &Model) -> Vec<&Promise> {
    let mut seen = BTreeSet::new();
    model.promises.iter().filter(|promise| seen.insert(promise.broken)).collect()
}

#[test]
fn classes_of_cut_sets_have_as_many_sets_as_the_diagrams() {
    let (design, origins) = example("five-racks");
    let model = Model::of(&design, &origins);
    let mut compared_to = Vec::new();
    for promise in different(&model) {
        let found = cuts(&model, &design, promise, 3).expect("coherent");
        assert_eq!((found.complete_to, found.unclassed), (Some(3), 0), "{}", promise.id);
        for (order, count) in found.by_order.iter().enumerate() {
            let classed: u128 = found.classes.iter().filter(|it| it.example.len() == order).map(|it| it.count).sum();
            assert_eq!(classed, *count, "{} of {order}", promise.id);
        }
        let (circuit, top) = outlasted(&model, promise);
        let limits = Limits { nodes: 1_000_000, steps: 20_000_000 };
        let sets = CutSets::new(&circuit, top, Some(3), limits).expect("coherent");
        let to = sets.complete_to().expect("an order");
        let own: Vec<u128> = found.by_order.iter().copied().take(to as usize + 1).collect();
        let mut counted = sets.counts().to_vec();
        counted.resize(own.len(), 0);
        assert_eq!(own, counted, "{} to order {to}", promise.id);
        compared_to.push(to);
    }
    // Diagrams come to order 3 for most; what they do not count is tried below.
    assert!(compared_to.iter().filter(|to| **to == 3).count() >= 6, "{compared_to:?}");
}

#[test]
fn as_many_triples_by_chance_are_minimal_as_the_classes_say() {
    let (design, origins) = example("five-racks");
    let model = Model::of(&design, &origins);
    let bridges: Vec<Var> =
        model.components.all().filter(|(_, of)| of.kind == Kind::Outlasted).map(|(var, _)| var).collect();
    let mut random = Random::new(29);
    for promise in ["dns", "management", "storage/ssd/recovered"] {
        let promise = model.promise(promise).expect("a promise");
        let found = cuts(&model, &design, promise, 3).expect("coherent");
        let support = model.circuit.support(promise.broken);
        let vars: Vec<Var> = support.into_iter().filter(|var| !bridges.contains(var)).collect();
        let mut evaluator = Evaluator::new(&model.circuit, &[promise.broken]);
        let mut breaks = |set: &[Var]| {
            evaluator.run(|var| set.contains(&var) || bridges.contains(&var));
            evaluator.broken(0)
        };
        let single: Vec<Var> = vars.iter().copied().filter(|var| breaks(&[*var])).collect();
        assert_eq!(found.by_order[1], single.len() as u128, "{}", promise.id);
        // Every example is one.
        for class in found.classes.iter().filter(|class| class.example.len() == 3) {
            assert!(breaks(&class.example), "{}", promise.id);
            for left_out in 0..3 {
                let mut fewer = class.example.clone();
                fewer.remove(left_out);
                assert!(!breaks(&fewer), "{}", promise.id);
            }
        }
        let tries = 40_000;
        let mut minimal = 0u32;
        for _ in 0..tries {
            let mut set: Vec<Var> = (0..3).map(|_| vars[random.below(vars.len())]).collect();
            set.sort_unstable();
            set.dedup();
            let breaks_it = set.len() == 3 && breaks(&set);
            minimal += u32::from(
                breaks_it && (0..3).all(|left_out| !breaks(&[set[(left_out + 1) % 3], set[(left_out + 2) % 3]])),
            );
        }
        // Ordered triples with repetition: six for each set.
        let share = found.by_order[3] as f64 * 6.0 / (vars.len() as f64).powi(3);
        let (expected, deviation) = (share * f64::from(tries), (share * f64::from(tries)).sqrt());
        assert!(
            (f64::from(minimal) - expected).abs() <= 5.0 * deviation + 5.0,
            "{}: {minimal} of {tries}, expected {expected}",
            promise.id
        );
    }
}
