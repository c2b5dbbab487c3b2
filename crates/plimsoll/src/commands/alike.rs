//! What several machines have alike: three masters are set up by one role, and one mistake in it is one mistake.

use std::collections::BTreeMap;

use plimsoll_diagnostics::{Diagnostic, Diagnostics, SourceId, Sources};

/// Machines that are named with their place; the others are counted.
const NAMED: usize = 6;

/// Findings that say the same of several machines, as one: it is shown where it is found first, and names the other
/// places. `owner` says whose a text is. A finding about files of several machines stays as it is.
pub(super) fn together(
    findings: &Diagnostics,
    sources: &Sources,
    owner: impl Fn(SourceId) -> Option<String>,
) -> Diagnostics {
    let mut told: Vec<Diagnostic> = Vec::new();
    let mut others: BTreeMap<usize, Vec<String>> = BTreeMap::new();
    let mut first: BTreeMap<Vec<String>, (usize, String)> = BTreeMap::new();
    for finding in findings {
        let Some(machine) = machine(finding, &owner) else {
            told.push(finding.clone());
            continue;
        };
        match first.get(&words(finding, &machine)) {
            // The same of one machine twice is about two things in it.
            Some((at, of)) if *of != machine => {
                let place = finding.span().map(|span| sources.locate(span)).unwrap_or_default();
                others.entry(*at).or_default().push(format!("{machine} ({place})"));
            }
            Some(_) => told.push(finding.clone()),
            None => {
                first.insert(words(finding, &machine), (told.len(), machine));
                told.push(finding.clone());
            }
        }
    }
    for (at, places) in others {
        let more = places.len().saturating_sub(NAMED);
        let more = if more > 0 { format!(" and {more} more (--verbose)") } else { String::new() };
        let named = places.iter().take(NAMED).cloned().collect::<Vec<_>>().join(", ");
        if let Some(finding) = told.get_mut(at) {
            finding.notes.push(format!("the same on {named}{more}"));
        }
    }
    let mut all = Diagnostics::new();
    all.extend(told);
    all
}

/// The one machine whose files are marked.
fn machine(finding: &Diagnostic, owner: &impl Fn(SourceId) -> Option<String>) -> Option<String> {
    let mut owners = finding.annotations.iter().map(|mark| owner(mark.span.source));
    let machine = owners.next()?.filter(|machine| !machine.is_empty())?;
    owners.all(|other| other.as_ref() == Some(&machine)).then_some(machine)
}

/// All that is said, without the machine's name.
fn words(finding: &Diagnostic, machine: &str) -> Vec<String> {
    let labels = finding.annotations.iter().map(|mark| &mark.label);
    let texts = [&finding.code, &finding.message].into_iter();
    let texts = texts.chain(&finding.breaks).chain(&finding.help).chain(&finding.notes).chain(&finding.component);
    let said = texts.chain(labels).map(|text| text.replace(machine, "\0"));
    said.chain([finding.severity.to_string()]).collect()
}

#[cfg(test)]
mod tests {
    use plimsoll_diagnostics::Span;

    use super::*;

    #[test]
    fn one_mistake_on_several_machines_is_told_once() {
        let mut sources = Sources::new();
        let ids: Vec<SourceId> =
            ["cp-1", "cp-2", "cp-3"].iter().map(|name| sources.add(format!("{name}/a.conf"), "a\nb\n")).collect();
        let about =
            |at: usize, message: &str| Diagnostic::warning(message).code("LB-001").at(Span::new(ids[at], 2, 3), "");
        let mut findings = Diagnostics::new();
        findings.extend([
            about(0, "cp-1 has no timeout"),
            about(1, "cp-2 has no timeout"),
            about(1, "cp-2 has no check"),
            about(2, "cp-3 has no timeout"),
            about(2, "cp-3 has no timeout"),
            about(0, "cp-1 is not cp-2").context(Span::new(ids[1], 0, 1), ""),
        ]);
        let owner = |id: SourceId| sources.get(id).name.split('/').next().map(str::to_owned);
        let told = together(&findings, &sources, owner);
        let shown: Vec<(&str, String)> = told.iter().map(|one| (one.message.as_str(), one.notes.join("; "))).collect();
        assert_eq!(
            shown,
            [
                (
                    "cp-1 has no timeout",
                    "the same on cp-2 (cp-2/a.conf:2:1), cp-3 (cp-3/a.conf:2:1), cp-3 (cp-3/a.conf:2:1)".to_owned()
                ),
                ("cp-2 has no check", String::new()),
                ("cp-1 is not cp-2", String::new()),
            ]
        );
    }
}
