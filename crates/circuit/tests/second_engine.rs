//! Circuits too large to enumerate, compared with a decision-diagram library that is not ours.
#![allow(clippy::unwrap_used, clippy::mutable_key_type, reason = "in a test a panic is the report")]

mod common;

use std::collections::HashMap;

use common::close;
use common::designs::{Plant, Racks, plant};
use common::{Random, Shape, random_circuit};
use oxidd::bdd::BDDFunction;
use oxidd::{BooleanFunction, Function, HasLevel, Manager, ManagerRef};
use plimsoll_circuit::openpsa::{Options, read};
use plimsoll_circuit::{Circuit, Compiled, CutSets, Evaluator, Gate, Limits, Node, Var};

/// The probability of a top by the other library: gates by their definition, counts one child at a time.
fn other(circuit: &Circuit, top: Node, probabilities: &[f64]) -> f64 {
    let manager = oxidd::bdd::new_manager(1 << 22, 1 << 20, 1);
    let (zero, one, variables) = manager.with_manager_exclusive(|manager| {
        manager.add_vars(probabilities.len() as u32);
        let variables: Vec<BDDFunction> =
            (0..probabilities.len()).map(|v| BDDFunction::var(manager, v as u32).unwrap()).collect();
        (BDDFunction::f(manager), BDDFunction::t(manager), variables)
    });
    let mut built: HashMap<Node, BDDFunction> = HashMap::new();
    for node in circuit.cone(&[top]) {
        let of = |child: &Node| built[child].clone();
        let sum = |bound: u64, weighed: Vec<(u64, BDDFunction)>| {
            // reached[s]: the children so far sum to exactly s, or to at least the bound.
            let mut reached = vec![zero.clone(); bound as usize + 1];
            reached[0] = one.clone();
            for (weight, child) in weighed {
                let mut next: Vec<BDDFunction> =
                    reached.iter().map(|f| f.and(&child.not().unwrap()).unwrap()).collect();
                for (s, f) in reached.iter().enumerate() {
                    let to = (s as u64 + weight).min(bound) as usize;
                    next[to] = next[to].or(&f.and(&child).unwrap()).unwrap();
                }
                reached = next;
            }
            reached[bound as usize].clone()
        };
        let function = match circuit.gate(node) {
            Gate::Constant(value) => {
                if value {
                    one.clone()
                } else {
                    zero.clone()
                }
            }
            Gate::Variable(var) => variables[var.index()].clone(),
            Gate::Not(child) => of(&child).not().unwrap(),
            Gate::And(children) => children.iter().fold(one.clone(), |f, child| f.and(&of(child)).unwrap()),
            Gate::Or(children) => children.iter().fold(zero.clone(), |f, child| f.or(&of(child)).unwrap()),
            Gate::Xor(children) => children.iter().fold(zero.clone(), |f, child| f.xor(&of(child)).unwrap()),
            Gate::AtLeast { minimum, of: children } => {
                sum(minimum, children.iter().map(|child| (1, of(child))).collect())
            }
            Gate::Threshold { bound, weights, of: children } => {
                sum(bound, weights.iter().copied().zip(children.iter().map(of)).collect())
            }
        };
        built.insert(node, function);
    }
    let mut known: HashMap<BDDFunction, f64> = HashMap::from([(zero, 0.0), (one, 1.0)]);
    sweep(&built[&top], probabilities, &mut known)
}

fn sweep(f: &BDDFunction, probabilities: &[f64], known: &mut HashMap<BDDFunction, f64>) -> f64 {
    if let Some(&p) = known.get(f) {
        return p;
    }
    let level = f.with_manager_shared(|manager, edge| manager.get_node(edge).unwrap_inner().level());
    let (high, low) = f.cofactors().unwrap();
    let p = probabilities[level as usize];
    let result = p * sweep(&high, probabilities, known) + (1.0 - p) * sweep(&low, probabilities, known);
    known.insert(f.clone(), result);
    result
}

fn agrees(circuit: &Circuit, top: Node, probabilities: &[f64], what: &str) {
    let compiled = Compiled::new(circuit, top, Limits::default());
    assert!(compiled.is_exact(), "{what}");
    let got = compiled.probability(probabilities).unwrap().lower;
    let expected = other(circuit, top, probabilities);
    assert!(
        close(got, expected, 1e-12) || (!circuit.is_coherent(top) && (got - expected).abs() < 1e-13),
        "{what}: {got:e}, not {expected:e}"
    );
}

#[test]
fn random_circuits_agree() {
    let mut random = Random::new(11);
    for round in 0..60 {
        let shape = Shape {
            variables: 20 + random.below(20),
            gates: 20 + random.below(40),
            width: 5,
            negations: round % 2 == 0,
        };
        let (circuit, top) = random_circuit(&mut random, shape);
        let p: Vec<f64> = (0..shape.variables).map(|_| (1 + random.below(300)) as f64 / 1000.0).collect();
        agrees(&circuit, top, &p, &format!("round {round}"));
    }
}

#[test]
fn the_published_design_agrees() {
    let model = read(include_str!("data/ha3.xml"), Options::default()).unwrap();
    agrees(&model.circuit, model.tops[0].node, &model.probabilities().unwrap(), "ha3");
}

#[test]
fn capacity_agrees() {
    for (hosts, racks, needed) in [(8, 2, 7), (12, 3, 10), (20, 2, 17)] {
        let mut design = Racks::new(hosts, racks);
        let top = design.fewer_than(needed);
        agrees(&design.circuit, top, &design.probabilities, &format!("{needed} of {hosts}"));
    }
}

#[test]
fn plants_agree() {
    for seed in 1..=12 {
        let of = Plant { events: 30 + seed as usize * 4, gates: 50, mixed: (seed % 4) as usize, seed };
        let (circuit, top, p) = plant(of);
        agrees(&circuit, top, &p, &format!("seed {seed}"));
    }
}

/// Cut sets of circuits too large to enumerate: each is one by evaluation, and no pair is missing.
#[test]
fn cut_sets_of_plants_are_right() {
    let mut total = 0;
    for seed in 1..=40 {
        let (circuit, top, _) = plant(Plant { events: 60, gates: 40, mixed: (seed % 4) as usize, seed });
        let sets = CutSets::new(&circuit, top, Some(4), Limits::default()).unwrap();
        assert_eq!(sets.complete_to(), Some(4));
        let mut evaluator = Evaluator::new(&circuit, &[top]);
        let mut counts = vec![0u128; 5];
        let mut pairs = std::collections::HashSet::new();
        for set in sets.by_order().take(20_000) {
            counts[set.vars.len()] += 1;
            assert!(evaluator.eval_failed(&set.vars));
            for spared in 0..set.vars.len() {
                let fewer: Vec<Var> = set.vars.iter().copied().filter(|var| *var != set.vars[spared]).collect();
                assert!(!evaluator.eval_failed(&fewer));
            }
            if set.vars.len() <= 2 {
                pairs.insert(set.vars);
            }
        }
        total += sets.total();
        if sets.total() <= 20_000 {
            assert!(sets.counts().iter().zip(&counts).all(|(a, b)| a == b));
        }
        let support = circuit.support(top);
        for (place, &a) in support.iter().enumerate() {
            let alone = evaluator.eval_failed(&[a]);
            assert_eq!(alone, pairs.contains(&vec![a]));
            for &b in &support[place + 1..] {
                let minimal = evaluator.eval_failed(&[a, b]) && !alone && !evaluator.eval_failed(&[b]);
                assert_eq!(minimal, pairs.contains(&vec![a, b]));
            }
        }
    }
    assert!(total > 1_000, "the plants are too poor: {total}");
}
