//! Rules that a cluster file names.

use plimsoll_diagnostics::{Diagnostic, Span, nearest};

use crate::rules;

/// What to say of each rule that a file names and that does not exist: an acceptance or a severity of a misspelt rule would
/// change nothing, and nobody would notice.
pub fn unknown_rules<'a>(named: impl IntoIterator<Item = (&'a str, Option<Span>)>) -> Vec<Diagnostic> {
    let unknown = named.into_iter().filter(|(id, _)| rules::find(id).is_none());
    let said = unknown.map(|(id, span)| {
        let problem = Diagnostic::error(format!("there is no rule `{id}`")).code("undefined");
        match nearest(id, rules::all().iter().map(|rule| rule.id)) {
            Some(near) => problem.at(span, format!("did you mean `{near}`?")),
            None => problem.at(span, "").help("`plimsoll explain` lists every rule"),
        }
    });
    said.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_misspelt_rule_is_named_with_the_one_that_was_meant() {
        let said = unknown_rules([("VRRP-003", None), ("VRPP-003", None), ("KADM-999", None)]);
        let messages: Vec<&str> = said.iter().map(|problem| problem.message.as_str()).collect();
        assert_eq!(messages, ["there is no rule `VRPP-003`", "there is no rule `KADM-999`"]);
    }
}
