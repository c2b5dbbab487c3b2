//! All promises at once are as each alone, on any number of threads.

mod common;

use std::num::NonZeroUsize;

use common::{campus, example};
use plimsoll_model::{Design, Origins};
use plimsoll_prove::{Analysis, Maintenance, Model, Promise, analyse, cuts, lost_time, lost_times};

fn threads(count: usize) -> NonZeroUsize {
    NonZeroUsize::new(count).expect("a thread")
}

fn each_alone(model: &Model, design: &Design, promises: &[&Promise]) -> Vec<Analysis> {
    let alone = |promise: &&Promise| Analysis {
        cuts: cuts(model, design, promise, 2),
        lost: lost_time(model, design, promise, Maintenance::of(design)),
    };
    promises.iter().map(alone).collect()
}

fn same_for_any_number_of_threads((design, origins): (Design, Origins)) {
    let model = Model::of(&design, &origins);
    // Backwards, so that the order of the promises is none that comes by itself.
    let promises: Vec<&Promise> = model.promises.iter().rev().collect();
    let expected = each_alone(&model, &design, &promises);
    assert!(expected.iter().any(|one| one != &expected[0]), "promises that differ");
    for count in [1, 4] {
        let (found, aside) = analyse(&model, &design, &promises, 2, threads(count), || 7);
        assert_eq!(aside, 7);
        assert!(found == expected, "{count} threads");
        let (lost, ()) = lost_times(&model, &design, &promises, threads(count), || ());
        assert!(lost.iter().eq(expected.iter().map(|one| &one.lost)), "{count} threads");
    }
}

#[test]
fn one_rack() {
    same_for_any_number_of_threads(campus());
}

#[test]
fn five_racks() {
    same_for_any_number_of_threads(example("five-racks"));
}

#[test]
fn promises_that_were_not_asked_for_are_not_analysed() {
    let (design, origins) = campus();
    let model = Model::of(&design, &origins);
    let api = model.promise("api").expect("api");
    let (found, ()) = analyse(&model, &design, &[api, api], 3, threads(2), || ());
    assert_eq!(found.len(), 2);
    assert_eq!(found[0], found[1]);
    assert_eq!(found[0].cuts.as_ref().expect("coherent").complete_to, Some(3));
    assert!(analyse(&model, &design, &[], 2, threads(2), || ()).0.is_empty());
}
