//! `plimsoll explain`: the manual of a rule.

use std::fmt::Write as _;

use clap::Args;
use plimsoll_check::{reference_markdown, rules};
use plimsoll_diagnostics::nearest;
use serde_json::json;

use super::{Shown, pretty};
use crate::failure::Failure;
use crate::terminal::Terminal;

/// Print the manual of a rule: what it checks, what breaks, how to mend it, and where that is said
#[derive(Debug, Args)]
pub(crate) struct Explain {
    /// The rule, as in a finding (`VRRP-003`); without one, every rule in one line
    rule: Option<String>,
    /// Print Markdown; without a rule, the whole reference
    #[arg(long, conflicts_with_all = ["json", "format"])]
    markdown: bool,
    #[command(flatten)]
    shown: Shown,
}

impl Explain {
    pub(super) fn run(self, terminal: &Terminal) -> Result<bool, Failure> {
        let all = rules::all();
        let wanted = match &self.rule {
            None => all,
            Some(id) => vec![rules::find(id).ok_or_else(|| {
                let failure = Failure::new(format!("there is no rule `{id}`"));
                let upper = id.to_uppercase();
                match nearest(&upper, all.iter().map(|rule| rule.id)) {
                    Some(near) => failure.with_hint(format!("did you mean `{near}`?")),
                    None => failure.with_hint("`plimsoll explain` lists every rule"),
                }
            })?],
        };
        let text = if self.shown.as_json() {
            let list: Vec<_> = wanted
                .iter()
                .map(|rule| {
                    let manual = &rule.manual;
                    json!({
                        "id": rule.id, "severity": rule.severity, "summary": rule.summary, "checks": manual.checks,
                        "breaks": manual.breaks, "remedy": manual.remedy, "before": manual.before,
                        "after": manual.after, "source": manual.source, "evidence": manual.evidence.describe(),
                    })
                })
                .collect();
            pretty(&json!(list))
        } else if self.markdown {
            match &self.rule {
                None => reference_markdown(),
                Some(_) => wanted.iter().map(|rule| rule.markdown()).collect(),
            }
        } else if self.rule.is_none() {
            wanted.iter().fold(String::new(), |mut out, rule| {
                let _ = writeln!(out, "{:<9} {:<8} {}", rule.id, rule.severity.to_string(), rule.summary);
                out
            })
        } else {
            wanted.iter().map(|rule| rule.text()).collect()
        };
        terminal.out(&text)?;
        Ok(true)
    }
}
