//! Runs the rules and makes one report of their verdicts.

use std::collections::{BTreeMap, BTreeSet};

use plimsoll_diagnostics::{Diagnostic, Severity, Span, nearest};
use plimsoll_model::design::{Accepted, Date, RuleSeverity};
use plimsoll_model::{Name, Origin};
use plimsoll_views::{Place, World};

use crate::cut;
use crate::report::{AcceptedFinding, Report, Unjudged};
use crate::rule::{Finding, Rule, Verdicts};

/// Runs `rules` over the views of one cluster.
///
/// One cause gives one finding: a finding is dropped when a rule that its own is `silent_behind` has one of the same
/// cause. The Design may set the severity of a rule, or turn it off. What it accepts is set apart; an acceptance whose last day is past no longer counts, and says so.
pub fn judge(world: &World<'_>, rules: &[&'static Rule]) -> Report {
    let mut report = Report::default();
    let mut found: Vec<(&'static Rule, Finding)> = Vec::new();
    for &rule in rules.iter().filter(|rule| overridden(world, rule) != Some(RuleSeverity::Off)) {
        let mut verdicts = Verdicts::default();
        (rule.check)(world, &mut verdicts);
        if let Some(unknown) = cut::unknown(world, rule, &verdicts) {
            report.unjudged.extend(unknown);
            continue;
        }
        if verdicts.broken.is_empty() && verdicts.held > 0 {
            report.held.insert(rule.id, verdicts.held);
        }
        let unjudged = verdicts.unjudged.into_iter();
        report.unjudged.extend(unjudged.map(|(component, needs)| Unjudged { rule: rule.id, component, needs }));
        found.extend(verdicts.broken.into_iter().map(|finding| (rule, finding)));
    }
    report.unjudged.sort();
    report.unjudged.dedup();

    let mut causes: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    let mut components: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for (rule, finding) in &found {
        causes.entry(rule.id).or_default().insert(&finding.cause);
        components.entry(rule.id).or_default().insert(&finding.component);
    }
    let told = |rule: &Rule, finding: &Finding| {
        let speaks = |id: &&str| causes.get(*id).is_some_and(|causes| causes.contains(finding.cause.as_str()));
        !rule.silent_behind.iter().any(speaks)
    };
    let (spoken, _): (Vec<_>, Vec<_>) = found.iter().partition(|(rule, finding)| told(rule, finding));
    // One fact that several members share is one finding.
    let mut said: BTreeSet<(&str, &str, &str)> = BTreeSet::new();
    for (rule, finding) in spoken {
        let mark = finding.marks.first().map_or("", |(place, ..)| place.component());
        if matches!(finding.marks.first(), Some((Place::Design(_), ..)))
            && !said.insert((rule.id, finding.component.as_str(), mark))
        {
            continue;
        }
        let mut diagnostic = place(world, rule, finding);
        match acceptance(world, rule.id, &finding.component) {
            Some(accepted) if expired(accepted, world.today) => {
                let until = accepted.until.map(|date| date.to_string()).unwrap_or_default();
                diagnostic = diagnostic.note(format!("was accepted until {until}: {}", accepted.reason));
                report.findings.push(diagnostic);
            }
            Some(accepted) => {
                let reason = accepted.reason.clone();
                report.accepted.push(AcceptedFinding { finding: diagnostic, reason });
            }
            None => report.findings.push(diagnostic),
        }
    }
    report.findings.extend(idle(world, rules, &components));
    report.findings.sort();
    report
}

/// What to say of acceptances that cover no finding: mended since, or misspelt. `components` are those that each rule found
/// something at.
fn idle(world: &World<'_>, rules: &[&'static Rule], components: &BTreeMap<&str, BTreeSet<&str>>) -> Vec<Diagnostic> {
    // A pattern of the file is many acceptances of one place, of which one that is of use is enough.
    let mut places: BTreeMap<Option<Span>, Vec<&Accepted>> = BTreeMap::new();
    if let Some(source) = world.design {
        for (index, accepted) in source.design.accept.iter().enumerate() {
            let span = source.origins.span(&format!("accept/{index}"));
            places.entry(span).or_default().push(accepted);
        }
    }
    let runs = |accepted: &Accepted| {
        let rule = rules.iter().find(|rule| rule.id == accepted.rule);
        rule.is_some_and(|rule| overridden(world, rule) != Some(RuleSeverity::Off))
    };
    let found = |accepted: &Accepted| components.get(accepted.rule.as_str()).into_iter().flatten().copied();
    let of_use = |accepted: &Accepted| found(accepted).any(|component| covers(accepted, component));
    let mut said = Vec::new();
    for (span, all) in places {
        if all.iter().any(|accepted| of_use(accepted) || !runs(accepted)) {
            continue;
        }
        let Some(first) = all.first() else { continue };
        let at = first.component.as_deref().map_or(String::new(), |component| format!(" at `{component}`"));
        let problem = Diagnostic::new(Severity::Advice, format!("nothing to accept: {} finds nothing{at}", first.rule))
            .code("idle");
        let near = nearest(first.component.as_deref().unwrap_or_default(), found(first));
        let problem = match near.or_else(|| found(first).next()) {
            Some(other) => problem.at(span, format!("it has a finding at `{other}`")),
            None => problem.at(span, ""),
        };
        said.push(problem.help("leave the line out, or correct it"));
    }
    said
}

/// What the file says of a rule's severity.
fn overridden(world: &World<'_>, rule: &Rule) -> Option<RuleSeverity> {
    world.design?.design.severity.get(&Name::from(rule.id)).copied()
}

/// The acceptance that covers a component: its own path or one above it.
fn acceptance<'a>(world: &World<'a>, rule: &str, component: &str) -> Option<&'a Accepted> {
    world.design?.design.accept.iter().find(|accepted| accepted.rule == rule && covers(accepted, component))
}

fn covers(accepted: &Accepted, component: &str) -> bool {
    let above = |path: &str| component.strip_prefix(path).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
    accepted.component.as_deref().is_none_or(above)
}

fn expired(accepted: &Accepted, today: Option<Date>) -> bool {
    matches!((accepted.until, today), (Some(until), Some(today)) if today > until)
}

fn place(world: &World<'_>, rule: &Rule, finding: &Finding) -> Diagnostic {
    let mut diagnostic = finding.diagnostic.clone().code(rule.id).component(&finding.component);
    match overridden(world, rule) {
        Some(RuleSeverity::Error) => diagnostic.severity = Severity::Error,
        Some(RuleSeverity::Warning) => diagnostic.severity = Severity::Warning,
        Some(RuleSeverity::Advice) => diagnostic.severity = Severity::Advice,
        Some(RuleSeverity::Off) | None => {}
    }
    for (place, label, primary) in &finding.marks {
        let (span, label) = match place {
            Place::Design(path) => located(world, path, label),
            Place::File { span, .. } => (*span, label.clone()),
        };
        diagnostic = match (span, primary) {
            (Some(span), true) => diagnostic.at(span, label),
            (Some(span), false) => diagnostic.context(span, label),
            // What nobody wrote anywhere is named once: `at:` shows the component already.
            (None, _) if label.is_empty() || label == finding.component => diagnostic,
            (None, _) => diagnostic.note(label),
        };
    }
    diagnostic
}

/// Where a fact of the Design stands in the file. One that nobody wrote there is shown at the part that could set it, so
/// its label says which fact is meant.
fn located(world: &World<'_>, path: &str, label: &str) -> (Option<Span>, String) {
    let Some(source) = world.design else { return (None, label.to_owned()) };
    let written = matches!(source.origins.exact(path), Some(Origin::Written(_) | Origin::Expanded(_)));
    let label = match (written, label.is_empty()) {
        (true, _) => label.to_owned(),
        (false, true) => path.to_owned(),
        (false, false) => format!("{path}: {label}"),
    };
    (source.origins.span(path), label)
}
