//! The circuits say what a simulation of the same cluster says.

#[path = "../common/mod.rs"]
mod common;
mod simulation;

use std::collections::BTreeSet;

use common::campus;
use plimsoll_circuit::Var;
use plimsoll_model::Design;
use plimsoll_prove::{Model, Question};
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

fn compare(design: &Design, model: &Model, question: &mut Question<'_>, failed: &[Var]) {
    let paths: BTreeSet<String> = failed.iter().map(|var| model.components.get(*var).path.clone()).collect();
    question.ask(failed.iter().copied());
    let by_circuit: BTreeSet<String> =
        question.all_broken().map(|promise| promise.id.clone()).filter(|id| !id.starts_with("capacity/")).collect();
    let by_simulation = Simulation { design, failed: paths.clone() }.broken();
    assert_eq!(by_circuit, by_simulation, "with {paths:?} failed");
}

#[test]
fn random_failures_of_the_example_are_judged_as_by_a_simulation() {
    let (design, origins) = campus();
    let model = Model::of(&design, &origins);
    let mut question = Question::new(&model);
    let all: Vec<Var> = model.failable().map(|(var, _)| var).collect();
    for var in &all {
        compare(&design, &model, &mut question, &[*var]);
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
    let mut numbers = Numbers(0x9E37_79B9_7F4A_7C15);
    for round in 0..4000 {
        let from = if round % 2 == 0 { &all } else { &important };
        let size = 1 + numbers.below(6);
        let mut failed: Vec<Var> = (0..size).map(|_| from[numbers.below(from.len())]).collect();
        failed.sort_unstable();
        failed.dedup();
        compare(&design, &model, &mut question, &failed);
    }
}
