//! Words that several commands use.

use plimsoll_model::design::Goal;

/// A line of `survive:` in words: `any one component, while one host is drained`.
pub(crate) fn goal(goal: &Goal) -> String {
    let parts: Vec<String> = goal
        .failures
        .iter()
        .map(|failure| match (failure.count, failure.kind.as_str()) {
            (1, "any") => "any one component".to_owned(),
            (count, "any") => format!("any {count} components"),
            (1, kind) => format!("any one {kind}"),
            (count, kind) => format!("any {count} of kind {kind}"),
        })
        .collect();
    let drained = if goal.while_drained { ", while one host is drained" } else { "" };
    format!("{}{drained}", parts.join(" and "))
}
