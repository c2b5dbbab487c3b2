//! Times of the engine, each the best of some runs, beside figures to reach: `cargo bench -p plimsoll-circuit`.
#![allow(clippy::print_stdout, reason = "a measurement is printed")]

#[path = "../tests/common/mod.rs"]
mod common;

use std::time::{Duration, Instant};

use common::designs::{Plant, Racks, plant};
use plimsoll_circuit::openpsa::{Options, read};
use plimsoll_circuit::{Circuit, Compiled, CutSets, Evaluator, Limits, Node};

/// The shortest of some runs, fewer where they are long.
fn best<T>(runs: usize, mut of: impl FnMut() -> T) -> (Duration, T) {
    let begin = Instant::now();
    let result = of();
    let mut shortest = begin.elapsed();
    let runs = if shortest > Duration::from_secs(1) { 1 } else { runs };
    for _ in 1..runs {
        let begin = Instant::now();
        std::hint::black_box(of());
        shortest = shortest.min(begin.elapsed());
    }
    (shortest, result)
}

fn line(name: &str, circuit: &Circuit, top: Node, probabilities: &[f64], order: Option<u32>, limit: Option<Duration>) {
    let limits = Limits::default();
    let (compile, compiled) = best(5, || Compiled::new(circuit, top, limits));
    let (run, bounds) = best(5, || compiled.probability(probabilities));
    let (slopes, _) = best(3, || compiled.importance(probabilities).ok());
    let (cutting, sets) = best(3, || CutSets::new(circuit, top, order, limits));
    let bounds = bounds.map_or_else(
        |error| error.to_string(),
        |bounds| {
            if bounds.is_exact() {
                format!("{:.5e}", bounds.lower)
            } else {
                format!("{:.2e} to {:.2e}", bounds.lower, bounds.upper)
            }
        },
    );
    let sets = sets.map_or_else(
        |error| error.to_string(),
        |sets| {
            let to = sets.complete_to().map_or("all".to_string(), |order| format!("to order {order}"));
            format!("{} sets, {to}", sets.total())
        },
    );
    let ratio = limit.map_or(String::new(), |limit| {
        format!(", {:.2} of the allowed {limit:?}", compile.as_secs_f64() / limit.as_secs_f64())
    });
    println!(
        "{name}: {} variables; compile {compile:.2?}, run {run:.2?}, slopes {slopes:.2?}, {} numbers, {bounds}; cut \
         sets {cutting:.2?}, {sets}{ratio}",
        compiled.support().len(),
        compiled.size(),
    );
}

fn main() {
    let text = include_str!("../tests/data/ha3.xml");
    let (reading, model) = best(10, || read(text, Options::default()));
    println!("ha3.xml: read in {reading:.2?}");
    if let Ok(model) = model
        && let Ok(probabilities) = model.probabilities()
    {
        let top = model.tops[0].node;
        line("ha3", &model.circuit, top, &probabilities, None, None);
        let mut evaluator = Evaluator::new(&model.circuit, &[top]);
        let (time, _) =
            best(10, || (0..1000u32).filter(|state| evaluator.eval(|var| state >> (var.0 % 10) & 1 == 1)).count());
        println!("ha3: one evaluation {:.2?}", time / 1000);
    }
    for (hosts, needed, racks, limit) in [
        (8, 7, 2, None),
        (30, 27, 3, None),
        (50, 46, 5, Some(20)),
        (200, 198, 10, None),
        (200, 180, 10, Some(200)),
        (1000, 950, 40, None),
    ] {
        let mut design = Racks::new(hosts, racks);
        let top = design.fewer_than(needed);
        let order = if hosts > 500 { 2 } else { 3 };
        let limit = limit.map(Duration::from_millis);
        line(&format!("at least {needed} of {hosts}"), &design.circuit, top, &design.probabilities, Some(order), limit);
    }
    for (events, gates, mixed, seed) in [
        (60, 80, 1, 1),
        (100, 150, 1, 2),
        (200, 300, 1, 3),
        (300, 400, 1, 4),
        (100, 200, 3, 5),
        (200, 400, 3, 6),
        (300, 800, 5, 7),
        (500, 1500, 8, 8),
    ] {
        let (circuit, top, probabilities) = plant(Plant { events, gates, mixed, seed });
        line(&format!("plant {seed} ({gates} gates)"), &circuit, top, &probabilities, Some(3), None);
    }
}
