//! Promises: their state, which the page keeps up to date, and the table of what breaks them and what that costs.

use plimsoll_prove::{Cuts, LostTime, words};

use super::{code, plural, some};
use crate::escape::text;
use crate::gather::Facts;
use crate::singles::is_accepted;

/// The list beside the drawing. The script of the page writes the same sentences for other states.
pub(crate) fn state(facts: &Facts<'_>) -> String {
    let mut out = String::new();
    for (index, promise) in facts.model.promises.iter().enumerate() {
        out += &format!(
            "<li data-promise=\"{index}\" class=\"good\"><span class=\"mark\" aria-hidden=\"true\">✓</span> \
             <span class=\"name\">{}</span> <span class=\"word\">holds</span>\
             <p class=\"next\">{}</p><details class=\"why\" hidden><summary>Why</summary><ol></ol></details></li>\n",
            text(&promise.id),
            next(facts, index),
        );
    }
    out
}

/// What one further failure would do.
fn next(facts: &Facts<'_>, promise: usize) -> String {
    let breaking: Vec<_> = facts.singles.breaking(promise).collect();
    let (accepted, others): (Vec<_>, Vec<_>) =
        breaking.into_iter().partition(|var| is_accepted(facts.model, facts.design, *var));
    let names = |vars: &[plimsoll_circuit::Var]| vars.iter().map(|var| facts.path(*var)).collect::<Vec<_>>();
    if !others.is_empty() {
        return format!("One failure breaks it: {}", some(&names(&others), 3));
    }
    if accepted.is_empty() {
        return "Survives any one failure".to_owned();
    }
    format!("Survives any one failure but those the file accepts: {}", some(&names(&accepted), 3))
}

fn rows(facts: &Facts<'_>) -> Vec<Vec<String>> {
    let rows = facts.model.promises.iter().enumerate().map(|(index, promise)| {
        let lost = facts.lost[index].as_ref();
        vec![
            format!("{}<p class=\"muted\">{}</p>", code(&promise.id), text(&promise.words)),
            facts.cuts[index]
                .as_ref()
                .map_or_else(|| "more failures can mend it".to_owned(), |cuts| breaks(facts, cuts)),
            lost.map(steady).unwrap_or_default(),
            lost.map(|lost| text(&words::range(lost.maintenance))).unwrap_or_default(),
            lost.map(|lost| decided(facts, lost)).unwrap_or_default(),
        ]
    });
    rows.collect()
}

pub(crate) fn table(facts: &Facts<'_>) -> String {
    let head =
        ["Promise", "What breaks it", "Lost in a year", "Lost while a host is in maintenance", "What decides it"];
    let mut out = super::table("Promises", &head, &rows(facts));
    let most = facts.lost.iter().flatten().max_by_key(|lost| lost.common.len());
    if let Some(lost) = most.filter(|lost| !lost.common.is_empty()) {
        let parts: Vec<String> = lost
            .common
            .iter()
            .map(|(var, time)| format!("{} {}", code(facts.path(*var)), text(&words::range(*time))))
            .collect();
        out += &format!(
            "<p class=\"muted\">Common causes take everything at once and are not in these sums. In a year they cost: {}.</p>\n",
            parts.join(", ")
        );
    }
    out += "<p class=\"muted\">A range spans what is plausible for rates and repair times; the first number is the most likely one.</p>\n";
    out
}

fn steady(lost: &LostTime) -> String {
    let bound = if lost.bound_only { "at most " } else { "" };
    format!(
        "<b>{bound}{}</b><p class=\"muted\">{}</p>",
        text(&words::duration(lost.steady.typical)),
        text(&words::range(lost.steady))
    )
}

fn breaks(facts: &Facts<'_>, cuts: &Cuts) -> String {
    let accepted = |var: plimsoll_circuit::Var| is_accepted(facts.model, facts.design, var);
    let mut lines = Vec::new();
    let mut singles: Vec<&str> = Vec::new();
    let mut known: Vec<&str> = Vec::new();
    for class in cuts.classes.iter().filter(|class| class.example.len() == 1) {
        let list = if accepted(class.example[0]) { &mut known } else { &mut singles };
        list.push(facts.path(class.example[0]));
    }
    let ones = cuts.by_order.get(1).copied().unwrap_or_default() as usize;
    if !singles.is_empty() {
        let more = ones.saturating_sub(singles.len() + known.len());
        let like = if more > 0 { format!(" and {more} like them") } else { String::new() };
        lines.push(format!("<b>One failure:</b> {}{like}", some(&singles, 4)));
    }
    let twos = cuts.by_order.get(2).copied().unwrap_or_default() as usize;
    if twos > 0 {
        let pair = cuts.classes.iter().find(|class| class.example.len() == 2);
        let example = pair.map(|class| match &class.any_of {
            Some(any) => {
                let of: Vec<&str> = any.of.iter().map(|var| facts.path(*var)).collect();
                format!(", most likely any two of {}", some(&of, 6))
            }
            None => {
                let of: Vec<String> = class.example.iter().map(|var| code(facts.path(*var))).collect();
                format!(", most likely {}", of.join(" + "))
            }
        });
        lines.push(format!("<b>Two failures:</b> {}{}", plural(twos, "pair"), example.unwrap_or_default()));
    }
    if lines.is_empty() {
        lines.push("Takes three failures or more".to_owned());
    }
    if !known.is_empty() {
        lines.push(format!("<span class=\"muted\">Accepted by the file: {}</span>", some(&known, 4)));
    }
    lines.join("<br>")
}

fn decided(facts: &Facts<'_>, lost: &LostTime) -> String {
    let parts: Vec<String> = lost
        .decided_by
        .iter()
        .take(3)
        .map(|(var, share)| format!("{} {:.0} %", code(facts.path(*var)), share * 100.0))
        .collect();
    parts.join("<br>")
}
