//! The proof for programs.

use plimsoll_prove::{Images, Maintenance, Meaningless, Range, asks_for_cold_start, explain_shortly, words};
use serde_json::{Value, json};

use super::{Proof, seconds};
use crate::input::Cluster;

/// Version of this form.
const FORMAT: u32 = 1;

pub(super) fn json(proof: &Proof<'_>, cluster: &Cluster) -> Value {
    let at = |path: &str| cluster.origins.span(path).map(|span| cluster.sources.locate(span));
    let line = |goal: usize| at(&format!("survive/{goal}"));
    let path = |var: &plimsoll_circuit::Var| proof.model.components.get(*var).path.clone();
    let range = |range: Range| json!({ "low": range.low, "typical": range.typical, "high": range.high });
    let mut survive: Vec<Value> = proof
        .answers
        .iter()
        .map(|answer| {
            let promise = &proof.model.promises[answer.promise];
            let examples: Vec<Value> = answer
                .counter_examples
                .iter()
                .map(|example| {
                    let failed: Vec<_> = example.failed.iter().chain(&example.drained).copied().collect();
                    json!({
                        "drained": example.drained.as_ref().map(path),
                        "failed": example.failed.iter().map(path).collect::<Vec<_>>(),
                        "at": failed.iter().map(|var| at(&proof.model.components.get(*var).origin)).collect::<Vec<_>>(),
                        "because": explain_shortly(proof.model, promise, &proof.model.with_consequences(&failed)),
                    })
                })
                .collect();
            json!({
                "line": answer.goal, "at": line(answer.goal), "promise": promise.id, "holds": answer.holds(),
                "combinations": answer.combinations, "broken_by": answer.broken_by, "counter_examples": examples,
            })
        })
        .collect();
    for (goal, _) in proof.design.survive.iter().enumerate().filter(|(_, goal)| asks_for_cold_start(goal)) {
        survive.push(json!({ "line": goal, "at": line(goal), "promise": "cold-start", "holds": proof.comes_back() }));
    }
    let promises: Vec<Value> = proof
        .promises
        .iter()
        .map(|of| {
            let promise = &proof.model.promises[of.promise];
            let cuts = of.cuts.as_ref().map(|cuts| {
                let classes: Vec<Value> = cuts
                    .classes
                    .iter()
                    .map(|class| {
                        json!({
                            "example": class.example.iter().map(path).collect::<Vec<_>>(),
                            "count": number(class.count), "probability_of_each": class.each,
                            "words": class.words(&proof.model.components),
                        })
                    })
                    .collect();
                let by_order: Vec<String> = cuts.by_order.iter().map(ToString::to_string).collect();
                json!({ "by_order": by_order, "complete_to": cuts.complete_to, "classes": classes })
            });
            let lost = of.lost.as_ref().map(|lost| {
                let common: Vec<Value> = lost
                    .common
                    .iter()
                    .map(|(var, time)| json!({ "component": path(var), "seconds_a_year": range(*time) }))
                    .collect();
                let declared: Vec<Value> = lost
                    .declared
                    .iter()
                    .map(|one| json!({ "cause": one.cause, "breaks": one.breaks, "seconds_a_year": range(one.time) }))
                    .collect();
                let decided: Vec<Value> = lost
                    .decided_by
                    .iter()
                    .map(|(var, share)| json!({ "component": path(var), "share": share }))
                    .collect();
                let importance: Vec<Value> = lost
                    .importance
                    .iter()
                    .map(|one| {
                        json!({
                            "component": path(&one.var), "birnbaum": one.birnbaum, "fussell_vesely": one.fussell_vesely,
                        })
                    })
                    .collect();
                json!({
                    "importance": importance,
                    "independent_failures": range(lost.steady), "in_maintenance": range(lost.maintenance),
                    "failovers": range(of.failovers), "bound_only": lost.bound_only, "common_causes": common,
                    "declared_causes": declared, "decided_by": decided,
                })
            });
            json!({
                "promise": promise.id, "observer": promise.observer, "words": promise.words,
                "cut_sets": cuts, "seconds_a_year": lost,
            })
        })
        .collect();
    let names: Vec<&str> = proof.promises.iter().map(|of| proof.model.promises[of.promise].id.as_str()).collect();
    let cold: Vec<Value> = proof
        .cold
        .iter()
        .map(|(images, cold)| {
            let images = if *images == Images::OnNodes { "on-nodes" } else { "gone" };
            json!({ "images": images, "works": cold.works(), "steps": cold.steps, "blocked": cold.blocked, "by_hand": cold.by_hand })
        })
        .collect();
    let not_judged: Vec<Value> = proof
        .meaningless
        .iter()
        .map(|problem| {
            let mut told = not_judged(problem);
            told["at"] = json!(line(problem.goal()));
            told
        })
        .collect();
    let windows = Maintenance::of(proof.design);
    json!({
        "not_judged": not_judged,
        "repairs": words::repairs(proof.design), "hidden_faults": words::hidden_faults(proof.model, proof.design),
        "maintenance": {
            "windows_a_year": range(windows.a_year), "hours": range(windows.hours), "declared": windows.declared,
        },
        "format": FORMAT, "cluster": proof.design.cluster, "holds": proof.holds(), "survive": survive,
        "promises": promises, "single_failures": seconds::json(&proof.predictions, &names), "cold_start": cold, "assumed": proof.model.assumed,
        "accepted": proof.design.excluded.keys().map(ToString::to_string).collect::<Vec<_>>(),
        "rates": words::rates(proof.model),
    })
}

/// Why a line of `survive:` could not be judged.
fn not_judged(problem: &Meaningless) -> Value {
    match problem {
        Meaningless::Promise { goal, name, .. } => json!({ "line": goal, "unknown_promise": name }),
        Meaningless::Kind { goal, name, .. } => json!({ "line": goal, "unknown_kind": name }),
        Meaningless::TooFew { goal } => json!({ "line": goal, "too_few_components": true }),
        Meaningless::TooMany { goal, combinations } => json!({ "line": goal, "too_many_combinations": combinations }),
    }
}

/// A number, or its digits where JSON's readers could not keep them.
fn number(count: u128) -> Value {
    u64::try_from(count).map_or_else(|_| json!(count.to_string()), Value::from)
}
