//! Cut sets and probabilities, against looking at every set and every state.

mod common;

use std::collections::BTreeSet;

use common::{campus, campus_with};
use plimsoll_circuit::{Among, Compiled, Evaluator, Limits, Standing, Var};
use plimsoll_model::{Design, Origins};
use plimsoll_prove::{Corner, Kind, Model, Promise, cuts};
use serde_json::json;

/// Whether the promise breaks with these, every battery outlasted.
struct Asked<'m> {
    model: &'m Model,
    evaluator: Evaluator,
}

impl<'m> Asked<'m> {
    fn new(model: &'m Model, promise: &Promise) -> Self {
        Asked { model, evaluator: Evaluator::new(&model.circuit, &[promise.broken]) }
    }

    fn breaks(&mut self, set: &[Var]) -> bool {
        let model = self.model;
        self.evaluator.run(|var| set.contains(&var) || model.components.get(var).kind == Kind::Outlasted);
        self.evaluator.broken(0)
    }
}

/// All minimal sets of up to `order` by trying each.
fn by_trying(model: &Model, promise: &Promise, order: usize) -> BTreeSet<Vec<Var>> {
    let support = model.circuit.support(promise.broken);
    let vars: Vec<Var> = support.into_iter().filter(|var| model.components.get(*var).kind != Kind::Outlasted).collect();
    let mut asked = Asked::new(model, promise);
    let mut found: BTreeSet<Vec<Var>> = BTreeSet::new();
    let mut sets: Vec<Vec<Var>> = vec![Vec::new()];
    for _ in 0..order {
        let mut larger = Vec::new();
        for set in &sets {
            let from = set.last().map_or(0, |last| vars.partition_point(|var| var <= last));
            for var in &vars[from..] {
                let mut with = set.clone();
                with.push(*var);
                if asked.breaks(&with) {
                    let minimal = (0..with.len()).all(|at| {
                        let mut fewer = with.clone();
                        fewer.remove(at);
                        !asked.breaks(&fewer)
                    });
                    if minimal {
                        found.insert(with);
                    }
                } else {
                    larger.push(with);
                }
            }
        }
        sets = larger;
    }
    found
}

fn judge(design: &Design, origins: &Origins, promise: &str, order: usize) {
    let model = Model::of(design, origins);
    let promise = model.promise(promise).expect("a promise");
    let tried = by_trying(&model, promise, order);
    let found = cuts(&model, design, promise, order as u32).expect("coherent");
    for of in 1..=order {
        let count = tried.iter().filter(|set| set.len() == of).count();
        assert_eq!(found.by_order.get(of).copied().unwrap_or_default(), count as u128, "{} of {of}", promise.id);
        let classed: u128 =
            found.classes.iter().filter(|class| class.example.len() == of).map(|class| class.count).sum();
        assert_eq!(classed, count as u128, "{} of {of}", promise.id);
    }
    let own = |set: &[Var]| -> f64 {
        set.iter().map(|var| model.components.get(*var).rate.unavailability(Corner::Typical)).product()
    };
    // Without sets that hold a supply, whose probability is that of a long cut: sums must agree, so that no class has
    // sets of unlike probability.
    let feed = |set: &[Var]| set.iter().any(|var| model.components.get(*var).kind == Kind::Feed);
    let by_class: f64 =
        found.classes.iter().filter(|class| !feed(&class.example)).map(|class| class.each * class.count as f64).sum();
    let by_set: f64 = tried.iter().filter(|set| !feed(set)).map(|set| own(set)).sum();
    assert!((by_class - by_set).abs() <= by_set * 1e-9, "{}: {by_class} and {by_set}", promise.id);
    for class in &found.classes {
        let mut example = class.example.clone();
        example.sort_unstable();
        assert!(tried.contains(&example), "{}", promise.id);
        if class.among.is_empty() {
            continue;
        }
        // Every choice that the words speak of is one, and there are no others of them.
        let rack_of = |var: &Var| class.racks.iter().position(|rack| rack.of.contains(var));
        let meant = |set: &&Vec<Var>| {
            let mut racks: Vec<usize> = set.iter().filter_map(rack_of).collect();
            let all = racks.len();
            racks.sort_unstable();
            racks.dedup();
            let stands = match class.standing {
                Standing::Anywhere => true,
                Standing::Apart => racks.len() == all,
                Standing::Together => racks.len() == 1,
            };
            let of = |among: &Among| set.iter().filter(|var| among.of.contains(var)).count() == among.count;
            set.len() == class.example.len() && stands && class.among.iter().all(of)
        };
        let all = tried.iter().filter(meant).count();
        assert_eq!(all as u128, class.count, "{}: {}", promise.id, class.words(&model.components));
    }
}

#[test]
fn cut_sets_of_the_example_are_those_found_by_trying() {
    let (design, origins) = campus();
    for (promise, order) in [("api", 2), ("zone", 3), ("egress", 2), ("storage/ssd", 2), ("management", 2)] {
        judge(&design, &origins, promise, order);
    }
}

#[test]
fn cut_sets_of_uneven_hosts_are_those_found_by_trying() {
    // A host with two control planes, one with a mirror less, and one more worker than the others have.
    let (design, origins) = campus_with(&[
        ("machine/cp-2/host", json!("pve-1")),
        ("host/pve-3/disk/fast/raid", json!("none")),
        ("machine/worker-6/host", json!("pve-5")),
    ]);
    for (promise, order) in [("api", 2), ("egress", 2), ("dns", 2), ("capacity/alice", 2)] {
        judge(&design, &origins, promise, order);
    }
}

#[test]
fn probabilities_are_the_sum_over_all_states() {
    let (design, origins) = campus();
    let model = Model::of(&design, &origins);
    for (number, promise) in model.promises.iter().enumerate() {
        // Twelve components, far apart, that fail often; all others work.
        let support = model.circuit.support(promise.broken);
        let step = (support.len() / 12).max(1);
        let mut picked: Vec<Var> = support.iter().copied().skip(number % step).step_by(step).take(9).collect();
        for path in ["switch/leaf-1", "switch/leaf-2", "host/pve-1", "host/pve-4", "host/pve-5"] {
            let var = model.components.find(path).expect("a component");
            if !picked.contains(&var) {
                picked.push(var);
            }
        }
        let mut numbers = vec![0.0; model.components.len()];
        for (at, var) in picked.iter().enumerate() {
            numbers[var.index()] = 0.05 + 0.03 * at as f64;
        }
        let compiled = Compiled::new(&model.circuit, promise.broken, Limits::default());
        let exact = compiled.probability(&numbers).expect("numbers");
        let mut evaluator = Evaluator::new(&model.circuit, &[promise.broken]);
        let mut sum = 0.0;
        for state in 0_u32..1 << picked.len() {
            let away = |var: Var| picked.iter().position(|other| *other == var).is_some_and(|at| state >> at & 1 == 1);
            evaluator.run(away);
            if evaluator.broken(0) {
                sum += picked
                    .iter()
                    .map(|var| if away(*var) { numbers[var.index()] } else { 1.0 - numbers[var.index()] })
                    .product::<f64>();
            }
        }
        assert!(exact.is_exact() && (exact.upper - sum).abs() < 1e-12, "{}: {exact:?} and {sum}", promise.id);
    }
}
