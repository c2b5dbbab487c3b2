//! Fifty hosts in five racks.

mod common;

use std::collections::{BTreeMap, BTreeSet};

use common::{broken, everything, example, example_text_with};
use plimsoll_circuit::{Circuit, CutSets, Evaluator, Gate, Limits, Node, Var};
use plimsoll_model::{Design, edit_all};
use plimsoll_prove::{Answer, Corner, Cuts, Images, Kind, Model, Promise, cold_start, cuts, survive};
use plimsoll_yaml::mutate::Random;
use serde_json::{Value, json};

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
    assert_eq!(broken(&model, &["rack/r3"]), ["dns", "dns/outside"]);
    // A pair of leaves carries its rack, as a pair of spines carries all.
    assert_eq!(broken(&model, &["switch/leaf-5", "switch/leaf-6"]), ["dns", "dns/outside"]);
    assert!(broken(&model, &["switch/spine-1", "switch/spine-2"]).contains(&"api".to_owned()));
    // Either line feeds a battery in every rack.
    assert_eq!(broken(&model, &["feed/line-1"]), [""; 0]);
    assert_eq!(broken(&model, &["feed/line-1", "feed/line-2"]).len(), everything(&model));
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

/// Where the sets can be listed: the sum of their probabilities is that of the classes, so that no class has sets of which one
/// is more probable than another. Without supplies, whose cuts are long ones.
fn probable_alike(model: &Model, promise: &Promise, found: &Cuts, sets: &CutSets) {
    if sets.total() > 10_000 {
        return;
    }
    let fed = |set: &[Var]| set.iter().any(|var| model.components.get(*var).kind == Kind::Feed);
    let own = |set: &[Var]| -> f64 {
        set.iter().map(|var| model.components.get(*var).rate.unavailability(Corner::Typical)).product()
    };
    let to = sets.complete_to().expect("an order") as usize;
    let listed = sets.by_order().filter(|set| !fed(&set.vars)).map(|set| own(&set.vars)).sum::<f64>();
    let known = found.classes.iter().filter(|class| class.example.len() <= to && !fed(&class.example));
    let classed = known.map(|class| class.each * class.count as f64).sum::<f64>();
    assert!((listed - classed).abs() <= listed * 1e-9, "{}: {listed} and {classed}", promise.id);
}

/// By order: how many sets, and of how many classes at most.
type Known<'a> = (&'a str, [u128; 3], [usize; 3]);

#[test]
fn racks_that_are_alike_make_fewer_classes_of_the_same_sets() {
    let (design, origins) = example("five-racks");
    let model = Model::of(&design, &origins);
    // The sets are those that were known when each rack was a class of its own: 708, 1422, 5856, 3842, 264 classes of three.
    let known: [Known<'_>; 5] = [
        ("api", [0, 9, 708], [0, 8, 207]),
        ("dns", [5, 36, 181_462], [3, 17, 466]),
        ("storage/ssd", [0, 102_017, 340_336], [0, 181, 1606]),
        ("storage/ssd/recovered", [0, 8, 10_303_140], [0, 7, 940]),
        ("capacity/astro", [0, 14, 7140], [0, 11, 134]),
    ];
    for (id, sets, classes) in known {
        let found = cuts(&model, &design, model.promise(id).expect("a promise"), 3).expect("coherent");
        assert_eq!(found.by_order[1..], sets, "{id}");
        for (order, most) in (1..).zip(classes) {
            let of_order = found.classes.iter().filter(|class| class.example.len() == order).count();
            assert!(of_order <= most, "{id}: {of_order} classes of {order}");
        }
    }
}

fn words_of(model: &Model, design: &Design, promise: &str, order: usize) -> Vec<String> {
    let found = cuts(model, design, model.promise(promise).expect("a promise"), order as u32).expect("coherent");
    let of_order = found.classes.iter().filter(|class| class.example.len() == order);
    of_order.map(|class| class.words(&model.components)).collect()
}

#[test]
fn what_is_alike_in_several_racks_is_said_in_one_line() {
    let (design, origins) = example("five-racks");
    let model = Model::of(&design, &origins);
    // The racks r2 and r3 have a spine each, and the second spine is shut without the first.
    assert_eq!(words_of(&model, &design, "dns", 1), ["rack/r1, rack/r4 or rack/r5", "rack/r2", "rack/r3"]);
    let pairs = words_of(&model, &design, "storage/ssd", 2);
    for words in [
        "one of 40 like host/pve-01/disk/osd/1 in each of two of r1, r4, r5",
        "one of 120 like host/pve-01/disk/osd/1 + one of 40 like host/pve-11/disk/osd/1",
        "one of 40 like host/pve-11/disk/osd/1 + one of 40 like host/pve-21/disk/osd/1",
    ] {
        assert!(pairs.iter().any(|other| other == words), "{words}: {pairs:#?}");
    }
    let pairs = words_of(&model, &design, "dns", 2);
    let leaves = "switch/leaf-1 + switch/leaf-2, or the same in r4 or r5";
    assert!(pairs.iter().any(|other| other == leaves), "{pairs:#?}");
}

#[test]
fn a_rack_on_other_feeds_or_of_other_hosts_stays_apart() {
    // The fourth rack has both strips on one supply; or its hosts have no mirror to boot from.
    let racks = "racks: { r1..5: { pdus: { a: ups-1, b: ups-2 } } }";
    let other = "racks: { r1..3: { pdus: { a: ups-1, b: ups-2 } }, r4: { pdus: { a: ups-1, b: ups-1 } },\n           \
                 r5: { pdus: { a: ups-1, b: ups-2 } } }";
    let (design, origins) = example_text_with("five-racks", &[(racks, other)]);
    let model = Model::of(&design, &origins);
    let single = words_of(&model, &design, "dns", 1);
    for words in ["rack/r1 or rack/r5", "rack/r4"] {
        assert!(single.iter().any(|other| other == words), "{single:#?}");
    }
    let (design, origins) = example("five-racks");
    let edits: Vec<(String, Option<Value>)> =
        (31..=40).map(|host| (format!("host/pve-{host}/disk/boot/raid"), Some(json!("none")))).collect();
    let design = edit_all(&design, &edits).expect("an edit");
    let model = Model::of(&design, &origins);
    let pairs = words_of(&model, &design, "storage/ssd", 2);
    let apart = "one of 40 like host/pve-01/disk/osd/1 in each of r1, r5";
    assert!(pairs.iter().any(|other| other == apart), "{pairs:#?}");
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
        probable_alike(&model, promise, &found, &sets);
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
