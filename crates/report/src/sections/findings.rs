//! What the rules found.

use std::fmt::Write as _;

use plimsoll_diagnostics::Diagnostic;

use super::{code, plural};
use crate::escape::text;
use crate::gather::Facts;

pub(crate) fn findings(facts: &Facts<'_>) -> String {
    let report = facts.report;
    let mut out = format!("<p>{}.</p>\n", text(&report.summary()));
    if !report.findings.is_empty() {
        out += "<ul class=\"findings\">\n";
        for finding in &report.findings {
            out += &one(facts, finding);
        }
        out += "</ul>\n";
    }
    if !report.accepted.is_empty() {
        let _ = write!(
            out,
            "<details><summary>{} accepted by the file</summary><ul>",
            plural(report.accepted.len(), "finding")
        );
        for accepted in &report.accepted {
            let _ = write!(
                out,
                "<li>{} {}: {}</li>",
                code(&accepted.finding.code),
                text(&accepted.finding.message),
                text(&accepted.reason)
            );
        }
        out += "</ul></details>\n";
    }
    if !report.unjudged.is_empty() {
        let _ = write!(
            out,
            "<details><summary>{} not judged, since something is not known</summary><ul>",
            plural(report.unjudged.len(), "component")
        );
        for unjudged in &report.unjudged {
            let _ = write!(
                out,
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
    let mut out = format!("<li class=\"{class}\"><b>{severity}</b> {} {}", code(&finding.code), text(&finding.message));
    if let Some(place) = place {
        let _ = write!(out, " <span class=\"place\">{}</span>", text(&facts.sources.locate(place.span)));
        if !place.label.is_empty() {
            let _ = write!(out, "<p class=\"muted\">{}</p>", text(&place.label));
        }
    }
    if let Some(breaks) = &finding.breaks {
        let _ = write!(out, "<p>Breaks: {}</p>", text(breaks));
    }
    for help in &finding.help {
        let _ = write!(out, "<p>Help: {}</p>", text(help));
    }
    for note in &finding.notes {
        let _ = write!(out, "<p class=\"muted\">{}</p>", text(note));
    }
    out + "</li>\n"
}
