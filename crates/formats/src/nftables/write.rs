//! From types to text, as `nft list ruleset` lays it out.

use std::fmt::{self, Display, Formatter};

use plimsoll_diagnostics::Spanned;

use super::{Chain, Match, Policy, Rule, RuleLine, Ruleset, Set, Table, Verdict};
use crate::Setting;
use crate::placeholder;

impl Display for Ruleset {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        for statement in &self.removals {
            writeln!(f, "{statement}")?;
        }
        for pattern in &self.includes {
            writeln!(f, "include \"{pattern}\"")?;
        }
        for define in &self.defines {
            writeln!(f, "define {} = {}", define.name, set(&define.values, false))?;
        }
        for table in &self.tables {
            table.fmt(f)?;
        }
        self.unknown.iter().try_for_each(|statement| writeln!(f, "{statement}"))
    }
}

impl Display for Table {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        writeln!(f, "table {} {} {{", self.family, self.name)?;
        for set in &self.sets {
            set.fmt(f)?;
        }
        for chain in &self.chains {
            chain.fmt(f)?;
        }
        for statement in &self.unknown {
            writeln!(f, "\t{statement}")?;
        }
        writeln!(f, "}}")
    }
}

impl Display for Set {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        writeln!(f, "\tset {} {{", self.name)?;
        for property in &self.properties {
            writeln!(f, "\t\t{property}")?;
        }
        if !self.elements.is_empty() {
            let elements: Vec<String> = self.elements.iter().map(|element| element.value.clone()).collect();
            writeln!(f, "\t\telements = {{ {} }}", elements.join(", "))?;
        }
        writeln!(f, "\t}}")
    }
}

impl Display for Chain {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        writeln!(f, "\tchain {} {{", self.name)?;
        if let Some(base) = &self.base {
            write!(f, "\t\ttype {} hook {} priority {};", base.kind, base.hook, base.priority)?;
            f.write_str(if self.policy.is_absent() { "\n" } else { " " })?;
        }
        if !self.policy.is_absent() {
            let indent = if self.base.is_none() { "\t\t" } else { "" };
            let policy = self.policy.clone().map(|policy| match policy {
                Policy::Accept => "accept",
                Policy::Drop => "drop",
            });
            let policy = match &policy {
                Setting::Unknown(text) => bare(text),
                known => known.to_string(),
            };
            writeln!(f, "{indent}policy {policy};")?;
        }
        for rule in &self.rules {
            match rule {
                RuleLine::Rule(rule) => writeln!(f, "\t\t{rule}")?,
                RuleLine::Kept(text) => writeln!(f, "\t\t{text}")?,
            }
        }
        writeln!(f, "\t}}")
    }
}

impl Display for Rule {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let mut parts: Vec<String> = self.matches.iter().map(ToString::to_string).collect();
        parts.extend(self.statements.iter().cloned());
        if let Some(map) = &self.map {
            let entries: Vec<String> =
                map.entries.iter().map(|(value, verdict)| format!("{} : {verdict}", bare(value))).collect();
            parts.push(format!("{} vmap {{ {} }}", map.key, entries.join(", ")));
        }
        parts.extend(self.verdict.iter().map(ToString::to_string));
        parts.extend(self.comment.iter().map(|comment| format!("comment \"{comment}\"")));
        f.write_str(&parts.join(" "))
    }
}

impl Display for Match {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let names = self.key.contains("iif") || self.key.contains("oif");
        let operator = if self.negated { " !=" } else { "" };
        write!(f, "{}{operator} {}", self.key, set(&self.values, names))
    }
}

impl Display for Verdict {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Verdict::Accept => f.write_str("accept"),
            Verdict::Drop => f.write_str("drop"),
            Verdict::Reject(with) if with.is_empty() => f.write_str("reject"),
            Verdict::Reject(with) => write!(f, "reject {with}"),
            Verdict::Continue => f.write_str("continue"),
            Verdict::Return => f.write_str("return"),
            Verdict::Jump(chain) => write!(f, "jump {chain}"),
            Verdict::Goto(chain) => write!(f, "goto {chain}"),
        }
    }
}

/// One value alone, several in braces.
fn set(values: &[Spanned<String>], names: bool) -> String {
    let one = |value: &Spanned<String>| {
        let name = names && !value.starts_with(['@', '$']);
        if name { format!("\"{value}\"") } else { bare(value) }
    };
    match values {
        [value] => one(value),
        values => format!("{{ {} }}", values.iter().map(one).collect::<Vec<_>>().join(", ")),
    }
}

/// A value without quotes when it can stand without them.
fn bare(value: &str) -> String {
    let whole = placeholder::starts(value) == Some(value.len());
    let plain = |c: char| c.is_alphanumeric() || "_./:-@$+ ".contains(c);
    // Only a value of several words can have quotes inside.
    if whole || value.contains('"') || (!value.is_empty() && value != ":" && value.chars().all(plain)) {
        value.to_owned()
    } else {
        format!("\"{value}\"")
    }
}
