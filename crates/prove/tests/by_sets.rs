//! Lines of `survive:` answered by the smallest sets of failures, against trying every combination.

#![allow(clippy::panic)]

mod common;

use std::collections::BTreeSet;

use common::{campus, campus_with, example, vars};
use plimsoll_circuit::Var;
use plimsoll_model::Design;
use plimsoll_model::design::{Excluded, Failure, Goal};
use plimsoll_prove::{Answer, MayStop, Model, Question, may_stop, may_stop_trying, survive, survive_trying};
use plimsoll_yaml::mutate::Random;
use serde_json::json;

/// A goal of random kinds, with a host drained at the time or none.
fn random_goal(random: &mut Random, kinds: &[&str]) -> Goal {
    let failures = (0..=random.below(3)).map(|_| Failure { count: 1, kind: kinds[random.below(kinds.len())].into() });
    let mut together: Vec<Failure> = Vec::new();
    for failure in failures {
        match together.iter_mut().find(|other| other.kind == failure.kind) {
            Some(same) => same.count += 1,
            None => together.push(failure),
        }
    }
    let promise = ["all", "api", "storage/ssd/recovered", "capacity/*"][random.below(4)];
    Goal { promise: promise.into(), failures: together, while_drained: random.below(2) == 0 }
}

#[test]
fn random_lines_are_answered_alike_by_trying_and_by_smallest_sets() {
    // In one of these designs machines move from drained hosts, in one it is accepted that a leaf and a host are lost, and in
    // one two control planes are on one host.
    let migrate = ["ns-1", "ns-2", "cp-1", "cp-2"].map(|name| format!("machine/{name}/drain"));
    let moves = campus_with(&migrate.each_ref().map(|path| (path.as_str(), json!("migrate"))));
    let mut accepts = campus();
    for path in ["switch/leaf-1", "host/pve-5"] {
        let excluded = Excluded { reason: "it is known".into(), until: None };
        accepts.0.excluded.insert(path.into(), excluded);
    }
    let uneven = campus_with(&[("machine/cp-2/host", json!("pve-1"))]);
    let mut random = Random::new(31);
    let kinds = ["any", "host", "switch", "disk", "machine", "pdu", "rack", "feed", "router", "psu"];
    let (mut broken_lines, mut held, mut listed, mut too_few) = (0, 0, 0, 0);
    for (mut design, origins) in [campus(), moves, accepts, uneven] {
        let model = Model::of(&design, &origins);
        for _ in 0..40 {
            let goal = loop {
                let goal = random_goal(&mut random, &kinds);
                // As many as can be tried in a test.
                let of = |failure: &Failure| {
                    let all = model
                        .failable()
                        .filter(|(_, it)| failure.kind.as_str() == "any" || it.kind.as_str() == failure.kind.as_str());
                    (all.count() as f64).powf(f64::from(failure.count))
                };
                if goal.failures.iter().map(of).product::<f64>() < 40_000.0 {
                    break goal;
                }
            };
            design.survive = vec![goal.clone()];
            let (tried, other) = survive(&model, &design);
            let (found, not_done) = survive_trying(&model, &design, 0);
            assert_eq!(other, not_done, "{goal:?}");
            too_few += other.len();
            assert_eq!(tried.len(), found.len(), "{goal:?}");
            for (tried, found) in tried.iter().zip(&found) {
                let id = &model.promises[tried.promise].id;
                assert_eq!((tried.promise, tried.tried, found.tried), (found.promise, true, false));
                assert_eq!(tried.holds(), found.holds(), "{id}: {goal:?}");
                if tried.holds() {
                    held += 1;
                    continue;
                }
                broken_lines += 1;
                // The smallest are as small, and where all are shown they are the same ones.
                let size = |answer: &Answer| answer.counter_examples.first().map(|it| it.failed.len());
                assert_eq!(size(tried), size(found), "{id}: {goal:?}");
                assert!(found.broken_by >= tried.counter_examples.len() as u64, "{id}: {goal:?}");
                if !found.more {
                    let all: BTreeSet<_> = found.counter_examples.iter().collect();
                    assert_eq!(found.broken_by, all.len() as u64, "{id}: {goal:?}");
                    assert!(tried.counter_examples.iter().all(|it| all.contains(it)), "{id}: {goal:?}");
                    listed += 1;
                }
            }
        }
    }
    assert!(
        broken_lines > 50 && held > 50 && listed > 20 && too_few > 0,
        "{broken_lines} broken, {held} hold, {listed} listed, {too_few} too few"
    );
}

/// How many smallest sets of one or two components break a promise and are part of a combination: by trying all.
fn smallest(model: &Model, design: &Design, promise: usize, kinds: &[&str]) -> u64 {
    let accepted = |path: &str| design.excluded.keys().any(|excluded| excluded.as_str() == path);
    let all: Vec<(Var, &str)> = model
        .failable()
        .filter(|(_, it)| !accepted(&it.path) && !accepted(&it.origin))
        .map(|(var, it)| (var, it.kind.as_str()))
        .collect();
    let is = |kind: &str, slot: &str| slot == "any" || slot == kind;
    let others = |var: Var, slot: &str| all.iter().any(|(other, kind)| *other != var && is(kind, slot));
    let mut question = Question::new(model);
    let mut breaks = |failed: &[Var]| {
        question.ask(failed.iter().copied());
        question.broken(promise)
    };
    if breaks(&[]) {
        return 1;
    }
    let (mut count, mut single) = (0, BTreeSet::new());
    for &(var, kind) in &all {
        if breaks(&[var]) {
            single.insert(var);
            let [one, other] = kinds else { panic!("two kinds") };
            let fits = (is(kind, one) && others(var, other)) || (is(kind, other) && others(var, one));
            count += u64::from(fits);
        }
    }
    for (at, &(a, of)) in all.iter().enumerate() {
        for &(b, with) in &all[at + 1..] {
            let fits = (is(of, kinds[0]) && is(with, kinds[1])) || (is(with, kinds[0]) && is(of, kinds[1]));
            count += u64::from(fits && !single.contains(&a) && !single.contains(&b) && breaks(&[a, b]));
        }
    }
    count
}

#[test]
fn smallest_sets_of_two_kinds_are_as_many_as_there_are() {
    let (mut design, origins) = campus();
    design.excluded.insert("host/pve-5".into(), Excluded { reason: "it is known".into(), until: None });
    let model = Model::of(&design, &origins);
    let mut sum = 0;
    for kinds in [["host", "any"], ["disk", "host"], ["feed", "pdu"], ["switch", "router"], ["pdu", "any"]] {
        let failures = kinds.iter().map(|kind| Failure { count: 1, kind: (*kind).into() }).collect();
        design.survive = vec![Goal { promise: "all".into(), failures, while_drained: false }];
        let (found, not_done) = survive_trying(&model, &design, 0);
        assert_eq!(not_done, [], "{kinds:?}");
        for answer in found {
            let id = &model.promises[answer.promise].id;
            assert_eq!(answer.broken_by, smallest(&model, &design, answer.promise, &kinds), "{id}: {kinds:?}");
            sum += answer.broken_by;
        }
    }
    assert!(sum > 100, "{sum}");
}

#[test]
fn of_fifty_hosts_as_many_combinations_break_a_promise_as_sets_are_found() {
    // One component beside a drained host: a combination is a set, where the host alone breaks nothing.
    let (mut design, origins) = example("five-racks");
    let model = Model::of(&design, &origins);
    let line = |promise: &str, kind: &str| {
        let failures = vec![Failure { count: 1, kind: kind.into() }];
        Goal { promise: promise.into(), failures, while_drained: true }
    };
    design.survive = vec![line("all", "any"), line("storage/ssd/recovered", "any"), line("capacity/*", "rack")];
    let (tried, not_tried) = survive(&model, &design);
    let (found, not_done) = survive_trying(&model, &design, 0);
    assert_eq!((not_tried, not_done), (vec![], vec![]));
    let mut sum = 0;
    for (tried, found) in tried.iter().zip(&found) {
        let id = &model.promises[tried.promise].id;
        assert_eq!((tried.promise, tried.combinations), (found.promise, found.combinations), "{id}");
        assert_eq!(tried.broken_by, found.broken_by, "{id}");
        sum += tried.broken_by;
    }
    assert!(sum > 1000, "{sum}");
}

#[test]
fn hosts_are_stopped_by_smallest_sets_as_by_trying() {
    let (mut design, origins) = campus();
    let model = Model::of(&design, &origins);
    let mut random = Random::new(32);
    let kinds = ["any", "host", "switch", "disk", "machine", "pdu"];
    let hosts = ["host/pve-1", "host/pve-2", "host/pve-4", "host/pve-6"];
    let (mut yes, mut no) = (0, 0);
    for _ in 0..60 {
        let goal = Goal { while_drained: true, ..random_goal(&mut random, &kinds) };
        if goal.failures.iter().map(|failure| failure.count).sum::<u32>() > 2 {
            continue;
        }
        design.survive = vec![goal.clone()];
        for host in vars(&model, &hosts) {
            let tried = may_stop(&model, &design, &[host], &[]);
            let found = may_stop_trying(&model, &design, &[host], &[], 0);
            match (&tried, &found) {
                (MayStop::NoMargin { .. }, MayStop::NoMargin { promise, failure, with }) => {
                    no += 1;
                    let failed: Vec<Var> = with.iter().copied().chain([*failure, host]).collect();
                    let mut question = Question::new(&model);
                    question.ask(failed);
                    assert!(question.broken(*promise), "{goal:?}");
                }
                (tried, found) => {
                    assert_eq!(tried, found, "{goal:?}");
                    yes += usize::from(*tried == MayStop::Yes);
                }
            }
        }
    }
    assert!(yes > 10 && no > 10, "{yes} may be stopped, {no} may not");
}
