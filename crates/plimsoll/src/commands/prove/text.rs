//! The proof for people.

use std::fmt::Write as _;

use plimsoll_circuit::{Node, Var};
use plimsoll_prove::{
    Answer, CutClass, Images, LostTime, Maintenance, Meaningless, Range, asks_for_cold_start, explain_shortly,
    takes_nothing, words,
};

use super::{OfPromise, Proof, seconds};
use crate::commands::plural;
use crate::input::Cluster;
use crate::terminal::Terminal;

/// Classes of cut sets that are shown of each order.
const CLASSES: usize = 4;
/// Sentences of a chain that are shown.
const SENTENCES: usize = 16;

pub(super) fn text(proof: &Proof<'_>, cluster: &Cluster, terminal: &Terminal) -> String {
    let verdict = match (proof.holds(), proof.design.survive.is_empty()) {
        (false, _) => "NOT all holds that is asked for",
        (true, true) => "nothing is asked for",
        (true, false) => "all holds that is asked for",
    };
    let mut out = format!("{}\n\n", terminal.bold(&format!("{}: {verdict}", proof.design.cluster)));
    out += &asked(proof, cluster, terminal);
    let _ = writeln!(out, "\n{}", terminal.bold("What breaks each promise"));
    for (at, of) in proof.promises.iter().enumerate() {
        // One who reads the same list five times stops reading.
        let same = proof.promises[..at].iter().find(|other| of.cuts.is_some() && other.cuts == of.cuts);
        match same {
            Some(other) => {
                let (promise, other) = (&proof.model.promises[of.promise], &proof.model.promises[other.promise]);
                let _ = writeln!(
                    out,
                    "  {}: {}\n      is lost with what {} is lost with",
                    promise.id, promise.words, other.id
                );
            }
            None => out += &breaks(proof, of),
        }
    }
    let _ = writeln!(out, "\n{}", terminal.bold("Time lost in a year"));
    out += &times(proof);
    let _ = writeln!(out, "\n{}", terminal.bold("How long one failure hurts new connections"));
    let names: Vec<&str> = proof.promises.iter().map(|of| proof.model.promises[of.promise].id.as_str()).collect();
    let known: Vec<&str> =
        names.into_iter().filter(|name| proof.predictions.promises.iter().any(|known| known == name)).collect();
    out += &seconds::text(&proof.predictions, &known);
    let _ = writeln!(out, "\n{}", terminal.bold("After losing all power"));
    out += &cold(proof);
    let _ = writeln!(out, "\n{}", terminal.bold("What this rests on"));
    for assumed in &proof.model.assumed {
        let _ = writeln!(out, "  assumed: {assumed}");
    }
    for (path, excluded) in &proof.design.excluded {
        let _ = writeln!(out, "  accepted by the file: the loss of {path} ({}){}", excluded.reason, until(excluded));
    }
    for assumption in seconds::assumptions(&proof.predictions, &known) {
        let _ = writeln!(out, "  seconds are bounds if: {assumption}");
    }
    for line in words::rates(proof.model) {
        let _ = writeln!(out, "  rates of {line}");
    }
    let _ = writeln!(out, "  maintenance: {}", words::maintenance(Maintenance::of(proof.design)));
    for line in words::hidden_faults(proof.model, proof.design) {
        let _ = writeln!(out, "  tests: {line}");
    }
    for line in words::repairs(proof.design) {
        let _ = writeln!(out, "  repairs: {line}");
    }
    out += "  `plimsoll prove --not-modelled` lists what is left out.\n";
    out
}

/// A day that has passed ends nothing here: a proof has no clock, `plimsoll check` does.
fn until(excluded: &plimsoll_model::design::Excluded) -> String {
    excluded.until.map(|day| format!(", until {day}, which is not compared with today")).unwrap_or_default()
}

fn name(proof: &Proof<'_>, var: Var) -> String {
    proof.model.components.get(var).path.clone()
}

fn names(proof: &Proof<'_>, vars: &[Var], join: &str) -> String {
    vars.iter().map(|var| name(proof, *var)).collect::<Vec<_>>().join(join)
}

fn asked(proof: &Proof<'_>, cluster: &Cluster, terminal: &Terminal) -> String {
    let mut out = format!("{}\n", terminal.bold("What the file asks for"));
    if proof.design.survive.is_empty() {
        out += "  nothing: `survive:` says what must hold through which failures, as in `survive: { all: [any] }`\n";
        return out;
    }
    for (index, goal) in proof.design.survive.iter().enumerate() {
        let of_goal: Vec<&Answer> = proof.answers.iter().filter(|answer| answer.goal == index).collect();
        let place = place(cluster, &format!("survive/{index}"));
        if asks_for_cold_start(goal) {
            let verdict = if proof.comes_back() { "holds " } else { "BROKEN" };
            let _ = writeln!(out, "  {verdict}  {} survives {}: see below{place}", goal.promise, words::goal(goal));
            continue;
        }
        let Some(first) = of_goal.first() else { continue };
        let broken: Vec<&&Answer> = of_goal.iter().filter(|answer| !answer.holds()).collect();
        let verdict = if broken.is_empty() { "holds " } else { "BROKEN" };
        let _ = writeln!(
            out,
            "  {verdict}  {} survives {}: {}, {} each{place}",
            goal.promise,
            words::goal(goal),
            plural(of_goal.len(), "promise"),
            plural(first.combinations as usize, "combination"),
        );
        for answer in broken {
            out += &counter_examples(proof, cluster, answer);
        }
    }
    for problem in &proof.meaningless {
        let place = place(cluster, &format!("survive/{}", problem.goal()));
        let _ = match problem {
            Meaningless::Promise { name, known, .. } => {
                writeln!(out, "  UNKNOWN  there is no promise `{name}`: there are {}{place}", known.join(", "))
            }
            Meaningless::Kind { name, known, .. } => {
                writeln!(
                    out,
                    "  UNKNOWN  there is no component of kind `{name}`: there are {}{place}",
                    known.join(", ")
                )
            }
            Meaningless::TooFew { goal } => writeln!(
                out,
                "  UNKNOWN  {} survives {}: there are not so many whose loss is not accepted, so that nothing was tried{place}",
                proof.design.survive[*goal].promise,
                words::goal(&proof.design.survive[*goal])
            ),
            Meaningless::TooMany { goal, combinations } => writeln!(
                out,
                "  NOT DONE  {} survives {}: {combinations} combinations, more than are looked at{place}",
                proof.design.survive[*goal].promise,
                words::goal(&proof.design.survive[*goal])
            ),
        };
    }
    out
}

/// `  (cluster.yaml:12:3)`: where a part of the Design was written; nothing where nobody wrote it.
fn place(cluster: &Cluster, path: &str) -> String {
    let span = cluster.origins.span(path);
    span.map(|span| format!("  ({})", cluster.sources.locate(span))).unwrap_or_default()
}

fn counter_examples(proof: &Proof<'_>, cluster: &Cluster, answer: &Answer) -> String {
    let promise = &proof.model.promises[answer.promise];
    // Broken with nothing failed, it is broken by nothing of what was tried.
    if answer.broken_from_start() {
        return format!("          {} is {}\n", promise.id, promise.broken_from_start());
    }
    let what = if answer.tried { "of them" } else { "smallest sets" };
    let mut out = format!("          {} is broken by {} {what}:\n", promise.id, answer.broken_by);
    for (at, example) in answer.counter_examples.iter().enumerate() {
        let failed = names(proof, &example.failed, " + ");
        let what = match (example.drained, example.failed.is_empty()) {
            (None, _) => failed,
            (Some(host), true) => format!("{} drained", name(proof, host)),
            (Some(host), false) => format!("{} drained, and then {failed}", name(proof, host)),
        };
        let _ = writeln!(out, "            {what}");
        if at > 0 {
            continue;
        }
        let failed: Vec<Var> = example.failed.iter().copied().chain(example.drained).collect();
        let chain = explain_shortly(proof.model, promise, &proof.model.with_consequences(&failed));
        let chain = folded(&chain);
        let skipped = chain.len().saturating_sub(SENTENCES);
        for (index, (sentence, more)) in chain.iter().enumerate() {
            if index == SENTENCES / 2 && skipped > 0 {
                let _ = writeln!(out, "              …");
            }
            if index < SENTENCES / 2 || index >= SENTENCES / 2 + skipped {
                // What failed is shown where it was written.
                let failed = sentence.strip_suffix(" fails").and_then(|path| proof.model.components.find(path));
                let at = failed.map(|var| place(cluster, &proof.model.components.get(var).origin)).unwrap_or_default();
                let more = if *more > 0 { format!(", and {more} more like it") } else { String::new() };
                let _ = writeln!(out, "              {sentence}{at}{more}");
            }
        }
    }
    if answer.more {
        out += "            …\n";
    }
    out
}

/// Sentences that say the same of several things, once, with how many more there are of each.
fn folded(chain: &[String]) -> Vec<(&str, usize)> {
    let without_numbers =
        |sentence: &str| sentence.chars().filter(|letter| !letter.is_ascii_digit()).collect::<String>();
    let mut kept: Vec<(String, &str, usize)> = Vec::new();
    for sentence in chain {
        let key = without_numbers(sentence);
        match kept.iter_mut().find(|(known, ..)| *known == key) {
            Some((.., more)) => *more += 1,
            None => kept.push((key, sentence, 0)),
        }
    }
    kept.into_iter().map(|(_, sentence, more)| (sentence, more)).collect()
}

fn breaks(proof: &Proof<'_>, of: &OfPromise) -> String {
    let promise = &proof.model.promises[of.promise];
    let mut out = format!("  {}: {}\n", promise.id, promise.words);
    if of.cuts.as_ref().is_some_and(|cuts| cuts.by_order.first().is_some_and(|count| *count > 0)) {
        let _ = writeln!(out, "      is {}", promise.broken_from_start());
        return out;
    }
    let Some(cuts) = &of.cuts else {
        return out + "      no cut sets: more failures can mend it, so that they do not say what breaks it\n";
    };
    let kinds = ["nothing", "one", "two", "three", "four", "five", "six"];
    let singles: Vec<&CutClass> = cuts.classes.iter().filter(|class| class.example.len() == 1).collect();
    let (borne, others): (Vec<&CutClass>, Vec<&CutClass>) =
        singles.into_iter().partition(|class| is_accepted(proof, class));
    let complete = cuts.complete_to.is_none_or(|to| to >= proof.order);
    if promise.broken == Node::FALSE {
        return out + "      nothing that can fail breaks it\n";
    }
    if !promise.mended.is_empty() {
        out += "      while all else works, for more failures can mend it:\n";
    }
    if !borne.is_empty() {
        let borne: Vec<String> = borne.iter().map(|class| names(proof, &class.example, " + ")).collect();
        let more = if others.is_empty() { ": no other single failure takes it" } else { "" };
        let _ = writeln!(out, "      is lost, as the file accepts, with {}{more}", borne.join(" or "));
    }
    for (order, count) in cuts.by_order.iter().enumerate().filter(|(_, count)| **count > 0) {
        let mut of_order: Vec<&CutClass> = cuts.classes.iter().filter(|class| class.example.len() == order).collect();
        let mut count = *count;
        if order == 1 && !borne.is_empty() {
            of_order.retain(|class| !is_accepted(proof, class));
            count = of_order.iter().map(|class| class.count).sum();
            if count == 0 {
                continue;
            }
        }
        let word = kinds.get(order).copied().unwrap_or("more");
        let sets = if count == 1 { "set" } else { "sets" };
        let like = if of_order.is_empty() { String::new() } else { format!(", of {}", plural(of_order.len(), "kind")) };
        let _ = writeln!(out, "      is lost with {word}: {count} {sets}{like}");
        for class in of_order.iter().take(CLASSES) {
            let _ = writeln!(out, "        {}", class_words(proof, class));
        }
        if of_order.len() > CLASSES {
            let _ = writeln!(out, "        …");
        }
    }
    if !complete {
        let to = cuts.complete_to.unwrap_or_default();
        let _ = writeln!(out, "      all sets of up to {to} are known; larger ones were too many to look for");
    } else if cuts.by_order.iter().all(|count| *count == 0) {
        let _ = writeln!(out, "      survives any {} failures", proof.order);
    }
    out
}

fn is_accepted(proof: &Proof<'_>, class: &CutClass) -> bool {
    class.example.iter().any(|var| {
        let path = name(proof, *var);
        proof.design.excluded.keys().any(|excluded| excluded.as_str() == path)
    })
}

fn class_words(proof: &Proof<'_>, class: &CutClass) -> String {
    let note = if is_accepted(proof, class) { "  (accepted by the file)" } else { "" };
    format!("{}{note}", class.words(&proof.model.components))
}

fn times(proof: &Proof<'_>) -> String {
    let mut rows = vec![
        ["PROMISE", "INDEPENDENT FAILURES", "LIKELY", "FAILOVERS", "WHILE A HOST IS IN MAINTENANCE"].map(str::to_owned),
    ];
    for of in &proof.promises {
        let Some(lost) = &of.lost else { continue };
        let bound = if lost.bound_only { "at most " } else { "" };
        rows.push([
            proof.model.promises[of.promise].id.clone(),
            words::range(lost.steady),
            // Where only bounds are known, the upper one says how much it can be, not how much is likely.
            format!("{bound}{}", words::duration(lost.steady.typical)),
            words::range(of.failovers),
            words::range(lost.maintenance),
        ]);
    }
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or_default();
    let widths = [width(0), width(1), width(2), width(3), width(4)];
    let mut out = String::new();
    for row in &rows {
        let cells: Vec<String> = row.iter().zip(widths).map(|(cell, width)| format!("{cell:<width$}")).collect();
        let _ = writeln!(out, "  {}", cells.join("  ").trim_end());
    }
    out += "  Not in these: the time until everything runs again after a power cut.\n";
    out += "  Common causes, apart, of the promise that they take for longest:\n";
    let mut common: Vec<(Var, Range)> = Vec::new();
    for (var, time) in proof.promises.iter().filter_map(|of| of.lost.as_ref()).flat_map(|lost| &lost.common) {
        match common.iter_mut().find(|(known, _)| known == var) {
            Some((_, most)) if most.high < time.high => *most = *time,
            Some(_) => {}
            None => common.push((*var, *time)),
        }
    }
    for (var, time) in common {
        let _ = writeln!(out, "    {}: {}", name(proof, var), words::range(time));
    }
    let times: Vec<(&str, &LostTime)> = proof
        .promises
        .iter()
        .filter_map(|of| Some((proof.model.promises[of.promise].id.as_str(), of.lost.as_ref()?)))
        .collect();
    for line in words::declared_causes(proof.model, proof.design, &times) {
        let _ = writeln!(out, "    {line}");
    }
    for nothing in takes_nothing(proof.model, proof.design) {
        let _ = writeln!(out, "    UNKNOWN  {}", words::takes_nothing_here(&nothing));
    }
    if proof.design.assume.common_cause.is_empty() {
        out += "    bugs in all of a kind, pushed configurations, cooling: not stated\n      \
                (`assume: { common_causes: { push: { takes: [switch], a_year: 0.1-1, lasts: 30m-2h } } }`)\n";
    }
    match proof.design.assume.bad_changes {
        Some(count) => {
            let each = proof.design.assume.bad_change_lasts.map_or(3600.0, plimsoll_model::units::Millis::as_secs);
            let _ = writeln!(
                out,
                "    {count} bad changes a year (assumed by the file): {}",
                words::duration(count * each)
            );
        }
        None => out += "    bad changes: not stated (`assume: { bad_changes: 1, bad_change_lasts: 1h }`)\n",
    }
    out += "  How much of the likely time would be gone if this never failed (shares overlap):\n";
    let mut told: Vec<(String, Vec<&str>)> = Vec::new();
    for of in &proof.promises {
        let Some(lost) = of.lost.as_ref().filter(|lost| !lost.decided_by.is_empty()) else { continue };
        let (id, by) = (proof.model.promises[of.promise].id.as_str(), decided(proof, lost));
        match told.iter_mut().find(|(known, _)| *known == by) {
            Some((_, ids)) => ids.push(id),
            None => told.push((by, vec![id])),
        }
    }
    for (by, ids) in told {
        let _ = writeln!(out, "    {}: {by}", ids.join(", "));
    }
    out
}

fn decided(proof: &Proof<'_>, lost: &LostTime) -> String {
    let each = lost.decided_by.iter().map(|(var, share)| {
        let unseen = if proof.model.components.get(*var).rate.is_mostly_hidden() { ", unnoticed" } else { "" };
        format!("{} ({:.0} %{unseen})", name(proof, *var), share * 100.0)
    });
    each.collect::<Vec<String>>().join(", ")
}

fn cold(proof: &Proof<'_>) -> String {
    let mut out = String::new();
    for (images, cold) in &proof.cold {
        let when = match images {
            Images::OnNodes => "with the images that nodes have",
            Images::Gone => "with empty nodes, from the registry",
        };
        if cold.works() {
            let _ = writeln!(out, "  everything starts by itself {when}, in {} steps", cold.steps.len());
        } else if cold.blocked.is_empty() {
            let _ = writeln!(out, "  NOT everything starts by itself {when}: somebody must start what is named below");
        } else {
            let _ = writeln!(out, "  NOT everything starts {when}:");
            for chain in &cold.blocked {
                for line in chain {
                    let _ = writeln!(out, "    {line}");
                }
            }
        }
        if *images == Images::OnNodes {
            for (number, step) in cold.steps.iter().enumerate() {
                let _ = writeln!(out, "    {}. {}", number + 1, short(step));
            }
            if !cold.by_hand.is_empty() {
                let _ =
                    writeln!(out, "    by hand, since they do not start with their host: {}", cold.by_hand.join(", "));
            }
        }
    }
    out
}

/// Not more names than a line holds.
fn short(step: &[String]) -> String {
    const NAMES: usize = 6;
    let more = step.len().saturating_sub(NAMES);
    let shown = step.iter().take(NAMES).cloned().collect::<Vec<_>>().join(", ");
    if more > 0 { format!("{shown} and {more} more") } else { shown }
}

/// What `check` says of the file; nothing when it has no errors.
pub(super) fn errors(count: usize) -> String {
    match count {
        0 => String::new(),
        count => format!(
            "\n`plimsoll check` has {} on this file: this proof may promise more than the cluster keeps\n",
            plural(count, "error")
        ),
    }
}

pub(super) fn not_modelled() -> String {
    let mut out = String::from("What the proof does not know:\n\n");
    for what in words::NOT_MODELLED {
        let _ = writeln!(out, "  {what}");
    }
    out
}
