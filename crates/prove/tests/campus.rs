//! The example, asked.

use std::path::Path;

use plimsoll_diagnostics::Sources;
use plimsoll_model::{Design, Origins};
use plimsoll_prove::{Model, Question, batches, explain, survive};

fn campus() -> (Design, Origins) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/campus/cluster.yaml");
    let text = std::fs::read_to_string(path).expect("the example");
    let mut sources = Sources::new();
    let id = sources.add("cluster.yaml", text.as_str());
    let (spec, _) = plimsoll_spec::read(id, &sources);
    let spec = spec.expect("a file");
    let resolved = plimsoll_resolve::resolve(&spec, &plimsoll_resolve::Lock::default());
    (resolved.design.expect("a design"), resolved.origins)
}

#[test]
fn prints() {
    let (design, origins) = campus();
    let model = Model::of(&design, &origins);
    println!("{} components, {} nodes", model.components.len(), model.circuit.len());
    let mut question = Question::new(&model);
    for (var, component) in model.failable() {
        question.ask([var]);
        let broken: Vec<&str> = question.all_broken().map(|promise| promise.id.as_str()).collect();
        if !broken.is_empty() {
            println!("{}: {broken:?}", component.path);
        }
    }
    let start = std::time::Instant::now();
    let (answers, meaningless) = survive(&model, &design);
    println!("{:?} {meaningless:?}", start.elapsed());
    for answer in answers {
        println!(
            "{} {:?} {} of {}",
            model.promises[answer.promise].id, design.survive[answer.goal], answer.broken_by, answer.combinations
        );
        for example in answer.counter_examples.iter().take(2) {
            let names: Vec<&str> = example
                .failed
                .iter()
                .chain(&example.drained)
                .map(|var| model.components.get(*var).path.as_str())
                .collect();
            println!("   {names:?}");
            let failed: Vec<_> = example.failed.iter().copied().chain(example.drained).collect();
            for line in explain(&model, &model.promises[answer.promise], &model.with_consequences(&failed)) {
                println!("       {line}");
            }
        }
    }
    for batch in batches(&model, &design, &[]) {
        println!("{:?}", batch.iter().map(|var| model.components.get(*var).path.as_str()).collect::<Vec<_>>());
    }
    println!("{:?}", model.assumed);
}

#[test]
fn cold() {
    let (design, _) = campus();
    for images in [plimsoll_prove::Images::OnNodes, plimsoll_prove::Images::Gone] {
        println!("{:#?}", plimsoll_prove::cold_start(&design, images));
    }
    let inside =
        plimsoll_model::edit(&design, "external/registry/url", Some("https://registry.apps.k8s.example.edu".into()))
            .unwrap();
    println!("{:#?}", plimsoll_prove::cold_start(&inside, plimsoll_prove::Images::Gone).blocked);
}

#[test]
fn cut() {
    let (design, origins) = campus();
    let model = Model::of(&design, &origins);
    for promise in &model.promises {
        let start = std::time::Instant::now();
        let cuts = plimsoll_prove::cuts(&model, &design, promise, 3).unwrap();
        println!("{} {:?} {:?}: {} classes", promise.id, cuts.by_order, start.elapsed(), cuts.classes.len());
        for class in cuts.classes.iter().take(4) {
            let names: Vec<&str> = class.example.iter().map(|var| model.components.get(*var).path.as_str()).collect();
            println!(
                "   {} x {:.2e} {names:?} {:?}",
                class.count,
                class.each,
                class.any_of.as_ref().map(|any| any.of.len())
            );
        }
        let start = std::time::Instant::now();
        let time = plimsoll_prove::lost_time(&model, &design, promise, plimsoll_prove::Maintenance::default()).unwrap();
        println!(
            "   {:?} {:?} {:?} {:?} {:?}",
            time.steady,
            time.maintenance,
            time.common,
            time.decided_by
                .iter()
                .map(|(var, share)| (model.components.get(*var).path.as_str(), share))
                .collect::<Vec<_>>(),
            start.elapsed()
        );
    }
}
