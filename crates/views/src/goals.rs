//! Which failures the design promises to survive.

use plimsoll_model::design::{Design, Goal};

/// What a goal is about, so that a rule asks only for the promises it bears on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope<'a> {
    /// Any promise at all.
    Any,
    /// A promise by name (`api`) or, for families, by their first step (`capacity`).
    Promise(&'a str),
}

/// Which failures the design promises to survive.
///
/// Parsed files state no goals: [`Goals::declared`] is false then, and a loss of redundancy is a warning.
#[derive(Clone, Debug, Default)]
pub struct Goals {
    declared: bool,
    lines: Vec<Goal>,
    excluded: Vec<String>,
}

/// Kinds of components that `any` stands for: whatever is one physical thing or one daemon, not whole sites or rooms.
const ANY: [&str; 13] =
    ["feed", "pdu", "psu", "rack", "switch", "router", "host", "machine", "disk", "nic", "cable", "bond", "daemon"];

impl Goals {
    /// No goals, as for parsed files.
    pub fn none() -> Self {
        Self::default()
    }

    /// The goals of a Design.
    pub fn of(design: &Design) -> Self {
        Goals {
            declared: !design.survive.is_empty(),
            lines: design.survive.clone(),
            excluded: design.excluded.keys().map(|path| path.as_str().to_owned()).collect(),
        }
    }

    /// Whether anything was declared at all.
    pub fn declared(&self) -> bool {
        self.declared
    }

    /// Whether the loss of any one component of `kind` (`host`, `switch`, `pdu`, `feed`, `rack`, `router`, `disk`, …)
    /// is among the declared goals for `scope`.
    pub fn one(&self, kind: &str, scope: Scope<'_>) -> bool {
        self.lines.iter().any(|goal| {
            !goal.while_drained
                && covers(goal, scope)
                && goal.failures.iter().any(|failure| failure.count >= 1 && matches(failure.kind.as_str(), kind))
        })
    }

    /// Whether a second loss before repair is among the goals: two components together, or one while a host is drained.
    pub fn second(&self, kind: &str, scope: Scope<'_>) -> bool {
        self.lines.iter().any(|goal| {
            let total: u32 = goal.failures.iter().map(|failure| failure.count).sum();
            let hit = goal.failures.iter().any(|failure| matches(failure.kind.as_str(), kind));
            covers(goal, scope) && hit && (total >= 2 || (goal.while_drained && total >= 1))
        })
    }

    /// Whether one loss while a host is drained for maintenance is among the goals.
    pub fn while_drained(&self, kind: &str, scope: Scope<'_>) -> bool {
        self.lines.iter().any(|goal| {
            goal.while_drained
                && covers(goal, scope)
                && goal.failures.iter().any(|failure| matches(failure.kind.as_str(), kind))
        })
    }

    /// Whether the loss of this very component is accepted (`rack/r1`).
    pub fn excluded(&self, path: &str) -> bool {
        self.excluded.iter().any(|excluded| excluded == path)
    }

    /// All lines of `survive:`.
    pub fn lines(&self) -> &[Goal] {
        &self.lines
    }
}

fn matches(declared: &str, kind: &str) -> bool {
    declared == kind || (declared == "any" && ANY.contains(&kind))
}

fn covers(goal: &Goal, scope: Scope<'_>) -> bool {
    match scope {
        Scope::Any => true,
        Scope::Promise(promise) => {
            let family = goal.promise.split('/').next().unwrap_or_default();
            goal.promise == "all" || goal.promise == promise || family == promise
        }
    }
}
