//! What the rules found.

use plimsoll_diagnostics::Diagnostic;

use super::{code, plural};
use crate::escape::text;
use crate::gather::Facts;

pub(crate) fn findings(facts: &Facts<'_>) -> String {
    let report = facts.report;
    let mut out = format!("<p>{}.</p>\n", text(&report.summary()));
    if !report.findings.is_empty() {
        out += "<ul class=\"findings\">\n";
        for finding in report.findings.iter() {
            out += &one(facts, finding);
        }
        out += "</ul>\n";
    }
    if !report.accepted.is_empty() {
        out += &format!(
            "<details><summary>{} accepted by the file</summary><ul>",
            plural(report.accepted.len(), "finding")
        );
        for accepted in &report.accepted {
            out += &format!(
                "<li>{} {}: {}</li>",
                code(&accepted.finding.code),
                text(&accepted.finding.message),
                text(&accepted.reason)
            );
        }
        out += "</ul></details>\n";
    }
    if !report.unjudged.is_empty() {
        out += &format!(
            "<details><summary>{} not judged, since something is not known</summary><ul>",
            plural(report.unjudged.len(), "component")
        );
        for unjudged in &report.unjudged {
            out += &format!(
                "<li>{} {} would need {}</li>",
                code(unjudged.rule),
                code(&unjudged.component),
                text(&unjudged.needs)
            );
        }
        out += "</ul></details>\n";
    }
    out
}

fn one(facts: &Facts<'_>, finding: &Diagnostic) -> String {
    let severity = finding.severity.to_string();
    let class = match severity.as_str() {
        "error" => "bad",
        "warning" => "warn",
        _ => "plain",
    };
    let place = finding.annotations.iter().find(|annotation| annotation.primary).or(finding.annotations.first());
    let mut out =
        format!("<li class=\"{class}\"><b>{severity}</b> {} {}", code(&finding.code), text(&finding.message),);
    if let Some(place) = place {
        out += &format!(" <span class=\"place\">{}</span>", text(&facts.sources.locate(place.span)));
        if !place.label.is_empty() {
            out += &format!("<p class=\"muted\">{}</p>", text(&place.label));
        }
    }
    if let Some(breaks) = &finding.breaks {
        out += &format!("<p>Breaks: {}</p>", text(breaks));
    }
    for help in &finding.help {
        out += &format!("<p>Help: {}</p>", text(help));
    }
    for note in &finding.notes {
        out += &format!("<p class=\"muted\">{}</p>", text(note));
    }
    out + "</li>\n"
}
