//! The words of the file for what fails, and those of the proof, are the same.

mod common;

use std::collections::BTreeSet;

use common::{campus_text_with, example};
use plimsoll_model::design::Failure;
use plimsoll_prove::{Kind, Model, survive};
use plimsoll_spec::scalars::Goal;

const ALL: [Kind; 15] = [
    Kind::Feed,
    Kind::Pdu,
    Kind::Psu,
    Kind::Rack,
    Kind::Switch,
    Kind::Router,
    Kind::Resolver,
    Kind::Cable,
    Kind::Nic,
    Kind::Host,
    Kind::Disk,
    Kind::Machine,
    Kind::Daemon,
    Kind::Battery,
    Kind::Outlasted,
];

#[test]
fn each_kind_of_the_proof_has_a_word_of_the_file_and_each_word_means_something() {
    let words: BTreeSet<&str> = Failure::KINDS.iter().map(|(word, _)| *word).collect();
    let kinds: BTreeSet<&str> = ALL.iter().filter(|kind| kind.is_component()).map(|kind| kind.as_str()).collect();
    // `any` is each of them, and an uninterruptible supply is a feed.
    assert_eq!(words, kinds.union(&BTreeSet::from(["any", "ups"])).copied().collect());
    // The grammar takes these, and the loss of all power.
    assert_eq!(
        Goal::kinds().collect::<BTreeSet<_>>(),
        words.union(&BTreeSet::from([Failure::SITE])).copied().collect()
    );
    // Each is found in an example.
    let (design, origins) = example("campus");
    let model = Model::of(&design, &origins);
    for word in words {
        assert!(model.failable().any(|(_, component)| component.is_of(word)), "nothing is `{word}`");
    }
    for (word, _) in Failure::ELSEWHERE {
        assert!(!Failure::KINDS.iter().any(|(known, _)| known == &word));
    }
}

#[test]
fn every_component_is_of_a_known_kind() {
    for name in ["campus", "five-racks"] {
        let (design, origins) = example(name);
        for (_, component) in Model::of(&design, &origins).failable() {
            assert!(ALL.contains(&component.kind), "{}", component.path);
        }
    }
}

#[test]
fn a_ups_is_a_feed_that_hangs_on_another() {
    let asked = |lines: &str| {
        let text = format!("survive:\n  egress: [ups]\n  {lines}");
        let (design, origins) = campus_text_with(&[("survive:", &text)]);
        let model = Model::of(&design, &origins);
        let (answers, meaningless) = survive(&model, &design);
        assert!(meaningless.is_empty(), "{meaningless:?}");
        answers
            .iter()
            .map(|answer| (design.survive[answer.goal].promise.clone(), answer.combinations))
            .collect::<Vec<_>>()
    };
    // One of the two feeds is a battery; the other is accepted in the example.
    assert!(asked("").contains(&("egress".to_owned(), 1)));
    // What a pool comes back to is asked for by its whole name.
    let recovered = asked("storage/ssd/recovered: [host + host]\n  dns/outside: [resolver]\n  zone: [daemon]");
    assert!(recovered.contains(&("storage/ssd/recovered".to_owned(), 15)), "{recovered:?}");
    assert!(recovered.contains(&("dns/outside".to_owned(), 2)), "{recovered:?}");
}
