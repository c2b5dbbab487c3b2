//! The matrix against the library, question by question.

use std::path::Path;

use plimsoll_diagnostics::Sources;
use plimsoll_model::{Design, Origins};
use plimsoll_prove::{Model, Question};

use super::{Left, Singles, is_accepted};

fn campus() -> (Design, Origins) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/campus/cluster.yaml");
    let mut sources = Sources::new();
    let id = sources.add("cluster.yaml", std::fs::read_to_string(path).expect("the example"));
    let (spec, _) = plimsoll_spec::read(id, &sources);
    let resolved = plimsoll_resolve::resolve(&spec.expect("a file"), &plimsoll_resolve::Lock::default());
    (resolved.design.expect("a design"), resolved.origins)
}

#[test]
fn each_cell_is_what_the_library_says() {
    let (design, origins) = campus();
    let model = Model::of(&design, &origins);
    let singles = Singles::of(&model, &design);
    let mut question = Question::new(&model);
    let mut seen = [0; 3];
    // Every seventh row in full, since each asks for all pairs with its component; and the one rack, which breaks all.
    let rack = model.components.find("rack/r1").expect("the rack");
    for (at, var) in singles.components.iter().enumerate().filter(|(at, var)| at % 7 == 0 || **var == rack) {
        question.ask([*var]);
        let mut expected: Vec<Left> = (0..model.promises.len())
            .map(|promise| if question.broken(promise) { Left::Broken } else { Left::Spare })
            .collect();
        for other in singles.components.iter().filter(|other| **other != *var && !is_accepted(&model, &design, **other))
        {
            question.ask([*var, *other]);
            for (promise, left) in expected.iter_mut().enumerate() {
                if *left == Left::Spare && question.broken(promise) {
                    *left = Left::NoSpare;
                }
            }
        }
        assert_eq!(singles.left[at], expected, "{}", model.components.get(*var).path);
        for left in expected {
            seen[left as usize] += 1;
        }
    }
    assert!(seen.iter().all(|count| *count > 0), "every kind of cell occurs: {seen:?}");
}

#[test]
fn room_after_a_failure_is_that_of_the_other_hosts() {
    let (design, origins) = campus();
    let model = Model::of(&design, &origins);
    let singles = Singles::of(&model, &design);
    let full: u64 = model.room.hosts.iter().map(|host| host.cpu.0).sum();
    let at = |path: &str| {
        let var = model.components.find(path).expect(path);
        singles.components.iter().position(|other| *other == var).expect(path)
    };
    assert_eq!(model.room.hosts.len(), 6);
    assert_eq!(singles.room[at("switch/leaf-1")].0, full);
    assert_eq!(singles.room[at("rack/r1")].0, 0);
    let lost = model.room.hosts.iter().find(|room| room.host == "pve-2").expect("a room").cpu.0;
    assert_eq!(singles.room[at("host/pve-2")].0, full - lost);
}
