//! What all rules found.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use plimsoll_diagnostics::{Diagnostic, Diagnostics, Severity};

/// What all rules found.
#[derive(Debug, Default)]
pub struct Report {
    /// What is broken and not accepted, as people read it: severest first.
    pub findings: Diagnostics,
    /// What is broken and accepted.
    pub accepted: Vec<AcceptedFinding>,
    /// What could not be judged, by rule.
    pub unjudged: Vec<Unjudged>,
    /// For how many components each rule holds.
    pub held: BTreeMap<&'static str, usize>,
}

/// A finding that the file accepts.
#[derive(Debug)]
pub struct AcceptedFinding {
    /// The finding.
    pub finding: Diagnostic,
    /// Why it is accepted.
    pub reason: String,
}

/// Something a rule could not judge.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Unjudged {
    /// The rule.
    pub rule: &'static str,
    /// The component.
    pub component: String,
    /// What the rule would need to know.
    pub needs: String,
}

impl Report {
    /// Whether the design must not be built.
    pub fn has_errors(&self) -> bool {
        self.findings.has_errors()
    }

    /// One line that sums it up: `2 errors, 1 warning; 131 rules hold; 4 could not be judged`.
    pub fn summary(&self) -> String {
        let count = |severity, one: &str, many: &str| {
            let count = self.findings.count(severity);
            (count > 0).then(|| format!("{count} {}", if count == 1 { one } else { many }))
        };
        let found: Vec<String> = [
            count(Severity::Error, "error", "errors"),
            count(Severity::Warning, "warning", "warnings"),
            count(Severity::Advice, "piece of advice", "pieces of advice"),
        ]
        .into_iter()
        .flatten()
        .collect();
        let mut line = if found.is_empty() { "no findings".to_owned() } else { found.join(", ") };
        let _ = write!(line, "; {} rules hold", self.held.len());
        if !self.accepted.is_empty() {
            let _ = write!(line, "; {} accepted", self.accepted.len());
        }
        let mut rules: Vec<&str> = self.unjudged.iter().map(|unjudged| unjudged.rule).collect();
        rules.dedup();
        if !rules.is_empty() {
            let _ = write!(line, "; {} could not be judged", rules.len());
        }
        line
    }
}
