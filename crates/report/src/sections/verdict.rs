//! The first thing one reads: does it hold?

use std::fmt::Write as _;

use plimsoll_diagnostics::Severity;
use plimsoll_model::Origin;
use plimsoll_model::design::Goal;
use plimsoll_prove::{Answer, Images, Meaningless, asks_for_cold_start, words};

use super::{code, plural};
use crate::escape::text;
use crate::gather::Facts;

pub(crate) fn verdict(facts: &Facts<'_>) -> String {
    let asked = facts.design.survive.len();
    let broken = (0..asked).filter(|goal| !holds(facts, *goal)).count();
    let cold = facts.cold.iter().all(|(_, cold)| cold.works());
    let errors = facts.report.findings.count(Severity::Error);
    let mut but: Vec<String> = Vec::new();
    if !cold {
        but.push("not everything starts again after a loss of all power".to_owned());
    }
    if errors > 0 {
        let were = if errors == 1 { "was" } else { "were" };
        but.push(format!("{} {were} found in the design", plural(errors, "error")));
    }
    let all = facts.holds() && errors == 0;
    let (class, mark) = if !all {
        ("bad", "✕")
    } else if asked == 0 {
        ("warn", "!")
    } else {
        ("good", "✓")
    };
    let line = if broken > 0 {
        let not = if broken == 1 { "does not hold" } else { "do not hold" };
        format!("{broken} of {} {not}", plural(asked, "requirement"))
    } else if asked == 0 {
        "The file does not say what must survive".to_owned()
    } else {
        "Everything that the file asks for holds".to_owned()
    };
    let line = if but.is_empty() {
        format!("{line}.")
    } else {
        format!("{line}, {} {}.", if broken > 0 { "and" } else { "but" }, but.join(", and "))
    };
    let mut out =
        format!("<p class=\"verdict {class}\"><span class=\"mark\" aria-hidden=\"true\">{mark}</span> {line}</p>\n");
    let _ = writeln!(out, "<p class=\"muted\">{}</p>", counts(facts));
    if asked > 0 {
        out += "<ul class=\"asked\">\n";
        for (index, goal) in facts.design.survive.iter().enumerate() {
            out += &requirement(facts, index, goal);
        }
        out += "</ul>\n";
    }
    out
}

fn holds(facts: &Facts<'_>, goal: usize) -> bool {
    let meant = |problem: &Meaningless| match problem {
        Meaningless::Promise { goal: of, .. }
        | Meaningless::Kind { goal: of, .. }
        | Meaningless::TooFew { goal: of }
        | Meaningless::TooMany { goal: of, .. } => *of == goal,
    };
    if facts.design.survive.get(goal).is_some_and(asks_for_cold_start) {
        return facts.cold.iter().all(|(images, cold)| *images != Images::OnNodes || cold.works());
    }
    facts.answers.iter().filter(|answer| answer.goal == goal).all(Answer::holds) && !facts.meaningless.iter().any(meant)
}

fn counts(facts: &Facts<'_>) -> String {
    let design = facts.design;
    let parts = [
        (design.rack.len(), "rack"),
        (design.host.len(), "host"),
        (design.switch.len(), "switch"),
        (design.machine.len(), "machine"),
        (design.tenant.len(), "tenant"),
    ];
    let things: Vec<String> =
        parts.into_iter().filter(|(count, _)| *count > 0).map(|(count, what)| plural(count, what)).collect();
    format!(
        "{}. {} can fail; {} {} owed to users.",
        things.join(", "),
        plural(facts.singles.components.len(), "component"),
        plural(facts.model.promises.len(), "promise"),
        if facts.model.promises.len() == 1 { "is" } else { "are" },
    )
}

fn requirement(facts: &Facts<'_>, index: usize, goal: &Goal) -> String {
    let answers: Vec<&Answer> = facts.answers.iter().filter(|answer| answer.goal == index).collect();
    let holds = holds(facts, index);
    let (class, mark, word) = if holds { ("good", "✓", "Holds") } else { ("bad", "✕", "Broken") };
    let place = facts.origins.of(&format!("survive/{index}")).and_then(Origin::span);
    let place = place.map(|span| format!(" <span class=\"place\">{}</span>", text(&facts.sources.locate(span))));
    let covered = answers.first().map_or_else(String::new, |answer| {
        format!(": {}, {} each", plural(answers.len(), "promise"), plural(answer.combinations as usize, "combination"))
    });
    let mut out = format!(
        "<li class=\"{class}\"><span class=\"mark\" aria-hidden=\"true\">{mark}</span> <b>{word}:</b> {} survives {}{covered}{}",
        code(&goal.promise),
        text(&words::goal(goal)),
        place.unwrap_or_default(),
    );
    let examples: Vec<String> = answers
        .iter()
        .filter(|answer| !answer.holds())
        .map(|answer| {
            let id = code(&facts.model.promises[answer.promise].id);
            if answer.broken_from_start() {
                return format!("{id} is {}", text(&facts.model.promises[answer.promise].broken_from_start()));
            }
            let Some(example) = answer.counter_examples.first() else { return format!("{id} breaks") };
            let failed: Vec<String> = example.failed.iter().map(|var| code(facts.path(*var))).collect();
            let drained = example.drained.map(|host| format!("{} drained", code(facts.path(host))));
            let what: Vec<String> = drained.into_iter().chain(failed).collect();
            format!(
                "{id} breaks with {}, one of {}",
                what.join(" + "),
                plural(answer.broken_by as usize, if answer.tried { "combination" } else { "smallest set" })
            )
        })
        .collect();
    let problems = facts.meaningless.iter().filter_map(|problem| match problem {
        Meaningless::Promise { goal, name, .. } if *goal == index => {
            Some(format!("there is no promise {}", code(name)))
        }
        Meaningless::Kind { goal, name, .. } if *goal == index => {
            Some(format!("there is no component of kind {}", code(name)))
        }
        Meaningless::TooMany { goal, combinations } if *goal == index => {
            Some(format!("{combinations} combinations are more than are looked at"))
        }
        _ => None,
    });
    let lines: Vec<String> = examples.into_iter().chain(problems).collect();
    if !lines.is_empty() {
        out += "<ul>";
        for line in lines {
            let _ = write!(out, "<li>{line}</li>");
        }
        out += "</ul>";
    }
    out + "</li>\n"
}
