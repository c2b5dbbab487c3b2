//! Which failures the design promises to survive.

use plimsoll_model::design::{Design, Failure, Goal};

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

/// Whether `any` stands for a kind that a rule asks about: whatever is one physical thing or one daemon, not whole sites or
/// rooms. Rules speak of bonds too, which the file says by their ports.
fn is_component(kind: &str) -> bool {
    kind == "bond" || Failure::KINDS.iter().any(|(word, _)| *word == kind)
}

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

    /// Whether the API must survive the loss of any one machine or host: what a claim of high availability comes to.
    pub fn highly_available_api(&self) -> bool {
        ["machine", "host"].iter().any(|kind| self.one(kind, Scope::Promise("api")))
    }

    /// Whether a second loss of that kind before repair is among the goals: two of it together, or one while a host is
    /// drained. A host together with a switch promises nothing about two hosts.
    pub fn second(&self, kind: &str, scope: Scope<'_>) -> bool {
        self.lines.iter().any(|goal| {
            let alike = goal.failures.iter().filter(|failure| matches(failure.kind.as_str(), kind));
            let count: u32 = alike.map(|failure| failure.count).sum();
            covers(goal, scope) && (count >= 2 || (goal.while_drained && count >= 1))
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
    declared == kind || (declared == "any" && is_component(kind))
}

fn covers(goal: &Goal, scope: Scope<'_>) -> bool {
    match scope {
        Scope::Any => true,
        Scope::Promise(promise) => {
            // That a pool comes back does not say that it goes on meanwhile: the proof judges such a line, and no rule.
            let mut steps = goal.promise.split('/');
            let family = steps.next().unwrap_or_default();
            if steps.nth(1).is_some() {
                return false;
            }
            goal.promise == "all" || goal.promise == promise || family == promise
        }
    }
}

#[cfg(test)]
mod tests {
    use plimsoll_model::design::{Failure, Goal};

    use super::{Goals, Scope};

    fn goals(promise: &str, failures: &[(u32, &str)], while_drained: bool) -> Goals {
        let failures = failures.iter().map(|(count, kind)| Failure { count: *count, kind: (*kind).into() }).collect();
        let line = Goal { promise: promise.to_owned(), failures, while_drained };
        Goals { declared: true, lines: vec![line], excluded: Vec::new() }
    }

    #[test]
    fn a_second_loss_is_one_of_the_same_kind() {
        let second = |failures: &[(u32, &str)], drained| {
            goals("capacity/*", failures, drained).second("host", Scope::Promise("capacity"))
        };
        assert!(second(&[(2, "host")], false));
        assert!(second(&[(1, "host"), (1, "any")], false));
        assert!(second(&[(1, "any")], true));
        assert!(!second(&[(1, "host")], false));
        assert!(!second(&[(1, "host"), (1, "switch")], false), "two hosts are not promised");
        assert!(!second(&[(1, "switch")], true), "a switch while a host is drained is no second host");
    }

    #[test]
    fn how_a_pool_comes_back_is_no_goal_of_its_going_on() {
        let one = |promise| goals(promise, &[(1, "host")], false).one("host", Scope::Promise("storage"));
        assert!(one("storage/ssd") && one("storage/*") && one("storage") && one("all"));
        assert!(!one("storage/ssd/recovered") && !one("storage/*/recovered"));
    }

    #[test]
    fn one_loss_is_among_more() {
        let two = goals("capacity/*", &[(2, "host")], false);
        assert!(two.one("host", Scope::Promise("capacity")) && two.one("host", Scope::Any));
        assert!(!two.one("switch", Scope::Promise("capacity")) && !two.one("host", Scope::Promise("api")));
        assert!(!goals("all", &[(1, "any")], true).one("host", Scope::Any), "only while a host is drained");
    }
}
