//! The manual of a rule as text for a terminal and as Markdown for the reference.

use std::fmt::Write as _;

use plimsoll_diagnostics::render::SarifRule;

use crate::rule::{Reads, Rule};

impl Rule {
    /// What `plimsoll explain` prints.
    pub fn text(&self) -> String {
        let manual = &self.manual;
        let mut out = format!("{} ({}): {}\n", self.id, self.severity, self.summary);
        for (heading, body) in
            [("What it checks", manual.checks), ("What breaks", manual.breaks), ("Remedy", manual.remedy)]
        {
            let _ = write!(out, "\n{heading}\n{}", indent(&wrap(body, 100)));
        }
        let _ = write!(out, "\nBefore\n{}\nAfter\n{}", indent(manual.before), indent(manual.after));
        let source = format!("{} ({})", manual.source, manual.evidence.describe());
        let _ = write!(out, "\nSource\n{}", indent(&wrap(&source, 100)));
        let _ = write!(out, "\n{}\n", self.judged_on());
        out
    }

    /// Its section of the reference.
    pub fn markdown(&self) -> String {
        let manual = &self.manual;
        format!(
            "### {id}\n\n*{severity}*: {summary}. {on}\n\n**What it checks.** {checks}\n\n**What breaks.** {breaks}\n\n\
             **Remedy.** {remedy}\n\nBefore:\n\n```text\n{before}\n```\n\nAfter:\n\n```text\n{after}\n```\n\n\
             **Source.** {source} ({evidence}).\n",
            id = self.id,
            severity = self.severity,
            summary = self.summary,
            on = self.judged_on(),
            checks = manual.checks,
            breaks = manual.breaks,
            remedy = manual.remedy,
            before = manual.before,
            after = manual.after,
            source = manual.source,
            evidence = manual.evidence.describe(),
        )
    }

    /// What code-scanning services show of it.
    pub fn sarif(&self) -> SarifRule {
        SarifRule { id: self.id.to_owned(), summary: self.summary.to_owned(), help: self.markdown() }
    }

    fn judged_on(&self) -> &'static str {
        match self.reads {
            Reads::Design => "Judged on a design.",
            Reads::Files => "Judged on existing files.",
            Reads::Both => "Judged on a design and on existing files.",
        }
    }
}

fn indent(text: &str) -> String {
    text.lines().fold(String::new(), |mut out, line| {
        let _ = writeln!(out, "    {line}");
        out
    })
}

fn wrap(text: &str, width: usize) -> String {
    let mut out = String::new();
    let mut column = 0;
    for word in text.split_whitespace() {
        let length = word.chars().count();
        if column > 0 && column + 1 + length > width {
            out.push('\n');
            column = 0;
        } else if column > 0 {
            out.push(' ');
            column += 1;
        }
        out.push_str(word);
        column += length;
    }
    out
}
