//! Promises: their state, which the page keeps up to date, and the table of what breaks them and what that costs.

use std::fmt::Write as _;

use plimsoll_prove::{Cuts, LostTime, Question, words};

use super::{code, plural, some};
use crate::escape::text;
use crate::gather::Facts;
use crate::singles::is_accepted;

/// The list beside the drawing. The script of the page writes the same words for other states.
pub(crate) fn state(facts: &Facts<'_>) -> String {
    let mut question = Question::new(facts.model);
    question.ask([]);
    let mut out = String::new();
    for (index, promise) in facts.model.promises.iter().enumerate() {
        let others = breaking(facts, index);
        let (class, mark, word) = match (question.broken(index), others.is_empty()) {
            (true, _) => ("bad", "✕", "broken"),
            (false, false) => ("warn", "!", "holds, no spare"),
            (false, true) => ("good", "✓", "holds"),
        };
        let next = if class == "warn" { format!("One failure breaks it: {}", some(&others, 3)) } else { String::new() };
        let _ = writeln!(
            out,
            "<li data-promise=\"{index}\" class=\"{class}\"><span class=\"mark\" aria-hidden=\"true\">{mark}</span> \
             <span class=\"name\">{}</span> <span class=\"word\">{word}</span>\
             <p class=\"next\">{next}</p><details class=\"why\" hidden><summary>Why</summary><ol></ol></details></li>",
            text(&promise.id),
        );
    }
    out
}

/// What the list means by its words.
pub(crate) fn meaning(facts: &Facts<'_>) -> String {
    let counted =
        accepted(facts).map(|accepted| format!("; losses that the file accepts ({accepted}) are not counted"));
    format!("<b>Holds</b> means that any one more failure is survived too{}.", counted.unwrap_or_default())
}

/// The components whose loss the file accepts.
fn accepted(facts: &Facts<'_>) -> Option<String> {
    let all = facts.singles.components.iter().filter(|var| is_accepted(facts.model, facts.design, **var));
    let paths: Vec<&str> = all.map(|var| facts.path(*var)).collect();
    (!paths.is_empty()).then(|| some(&paths, 4))
}

/// Components that break a promise alone and whose loss the file does not accept.
fn breaking<'f>(facts: &'f Facts<'_>, promise: usize) -> Vec<&'f str> {
    let all = facts.singles.breaking(promise).filter(|var| !is_accepted(facts.model, facts.design, *var));
    all.map(|var| facts.path(var)).collect()
}

fn rows(facts: &Facts<'_>) -> Vec<Vec<String>> {
    let rows = facts.model.promises.iter().enumerate().map(|(index, promise)| {
        let lost = facts.lost[index].as_ref();
        vec![
            format!("{}<p class=\"muted\">{}</p>", code(&promise.id), text(&promise.words)),
            facts.cuts[index]
                .as_ref()
                .map_or_else(|| "more failures can mend it".to_owned(), |cuts| breaks(facts, index, cuts)),
            lost.map(steady).unwrap_or_default(),
            facts.failovers.get(index).map(|time| text(&words::range(*time))).unwrap_or_default(),
            lost.map(|lost| text(&words::range(lost.maintenance))).unwrap_or_default(),
            lost.map(|lost| decided(facts, lost)).unwrap_or_default(),
        ]
    });
    rows.collect()
}

pub(crate) fn table(facts: &Facts<'_>) -> String {
    let head = [
        "Promise",
        "What breaks it",
        "Lost in a year by independent failures",
        "Lost in failovers",
        "Lost while a host is in maintenance",
        "What decides it",
    ];
    let mut out = super::stacked("Promises", &head, &rows(facts));
    let most = facts.lost.iter().flatten().max_by_key(|lost| lost.common.len());
    if let Some(lost) = most.filter(|lost| !lost.common.is_empty()) {
        let parts: Vec<String> = lost
            .common
            .iter()
            .map(|(var, time)| format!("{} {}", code(facts.path(*var)), text(&words::range(*time))))
            .collect();
        let _ = writeln!(
            out,
            "<p class=\"muted\">Common causes take everything at once and are not in these sums. In a year they cost: {}.</p>",
            parts.join(", ")
        );
    }
    let times: Vec<(&str, &LostTime)> = facts
        .model
        .promises
        .iter()
        .zip(facts.lost)
        .filter_map(|(promise, lost)| Some((promise.id.as_str(), lost.as_ref()?)))
        .collect();
    let declared = words::declared_causes(facts.model, facts.design, &times);
    if !declared.is_empty() {
        let items: Vec<String> = declared.iter().map(|line| format!("<li>{}</li>", text(line))).collect();
        let _ = writeln!(
            out,
            "<p class=\"muted\">Common causes that the file declares, apart:</p><ul class=\"muted\">{}</ul>",
            items.concat()
        );
    }
    if let Some(accepted) = accepted(facts) {
        let _ = writeln!(out, "<p class=\"muted\">Losses that the file accepts are left out: {accepted}.</p>");
    }
    out += "<p class=\"muted\">A range spans what is plausible for rates and repair times; the first number is the most likely one.</p>\n";
    out
}

fn steady(lost: &LostTime) -> String {
    let bound = if lost.bound_only { "at most " } else { "" };
    format!(
        "<b>{bound}{}</b><p class=\"muted\">{}</p>",
        text(&likely(lost.steady.typical)),
        text(&words::range(lost.steady))
    )
}

/// What is shorter than the shortest duration that is written is not nothing.
fn likely(seconds: f64) -> String {
    let words = words::duration(seconds);
    if seconds > 0.0 && words == words::duration(0.0) { "under 0.1 s".to_owned() } else { words }
}

fn breaks(facts: &Facts<'_>, promise: usize, cuts: &Cuts) -> String {
    let mut lines = Vec::new();
    let singles = breaking(facts, promise);
    if !singles.is_empty() {
        lines.push(format!("<b>One failure:</b> {}", some(&singles, 4)));
    }
    let twos = cuts.by_order.get(2).copied().unwrap_or_default() as usize;
    if twos > 0 {
        let pair = cuts.classes.iter().find(|class| class.example.len() == 2);
        let example = pair.map(|class| match class.any_of() {
            Some(any) if any.of.len() > 2 => {
                let of: Vec<&str> = any.of.iter().map(|var| facts.path(*var)).collect();
                format!(", most likely any two of {}", some(&of, 6))
            }
            _ => {
                let of: Vec<String> = class.example.iter().map(|var| code(facts.path(*var))).collect();
                format!(", most likely {}", of.join(" + "))
            }
        });
        lines.push(format!("<b>Two failures:</b> {}{}", plural(twos, "pair"), example.unwrap_or_default()));
    }
    if lines.is_empty() { "Takes three failures or more".to_owned() } else { lines.join("<br>") }
}

fn decided(facts: &Facts<'_>, lost: &LostTime) -> String {
    let parts: Vec<String> = lost
        .decided_by
        .iter()
        .take(3)
        .map(|(var, share)| format!("{} {:.0}\u{a0}%", code(facts.path(*var)), share * 100.0))
        .collect();
    parts.join("<br>")
}
