//! Sets of nodes as objects name them.

use std::collections::BTreeSet;

use plimsoll_formats::Setting;
use plimsoll_formats::kubernetes::meta::LabelSelector;

/// Label that holds the name of a node.
const HOSTNAME: &str = "kubernetes.io/hostname";

/// Nodes that an object is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NodeSet {
    /// All of them.
    All,
    /// These.
    Named(BTreeSet<String>),
    /// Those with labels that the files do not show; the text tells equal ones.
    Selected(String),
}

impl NodeSet {
    /// Whether the two have a node in common; `None` when that depends on labels that are not known.
    pub fn meets(&self, other: &NodeSet) -> Option<bool> {
        match (self, other) {
            (NodeSet::Named(a), NodeSet::Named(b)) => Some(!a.is_disjoint(b)),
            (NodeSet::Named(none), _) | (_, NodeSet::Named(none)) if none.is_empty() => Some(false),
            // A selector that fits no node is a slip, but nobody can tell here.
            (NodeSet::All, _) | (_, NodeSet::All) => Some(true),
            (NodeSet::Selected(a), NodeSet::Selected(b)) if a == b => Some(true),
            _ => None,
        }
    }

    /// Nodes by any of several selectors; none named means all.
    pub fn of_labels(selectors: &[LabelSelector]) -> Self {
        if selectors.is_empty() || selectors.iter().any(LabelSelector::is_everything) {
            return NodeSet::All;
        }
        let named: Option<Vec<Vec<String>>> = selectors.iter().map(hostnames).collect();
        match named {
            Some(names) => NodeSet::Named(names.into_iter().flatten().collect()),
            None => NodeSet::Selected(selectors.iter().map(text).collect::<Vec<_>>().join(" or ")),
        }
    }

    /// Nodes by one of Calico's expressions; an empty one means all.
    pub fn of_expression(expression: &str) -> Self {
        let expression = expression.trim();
        if expression.is_empty() || expression == "all()" {
            return NodeSet::All;
        }
        let by_name = expression.strip_prefix(HOSTNAME).map(str::trim_start).and_then(|rest| rest.strip_prefix("=="));
        match by_name.map(|name| name.trim().trim_matches(['\'', '"'])) {
            Some(name) if !name.contains([' ', '\'', '"', '&', '|']) => NodeSet::Named([name.to_owned()].into()),
            _ => NodeSet::Selected(expression.split_whitespace().collect::<Vec<_>>().join(" ")),
        }
    }
}

/// The names that a selector lists, when names are all it asks for.
fn hostnames(selector: &LabelSelector) -> Option<Vec<String>> {
    match (&selector.match_labels.0[..], &selector.match_expressions[..]) {
        ([(key, value)], []) if key.value == HOSTNAME => Some(vec![value.get()?.clone()]),
        ([], [expression]) if expression.key.get().map(String::as_str) == Some(HOSTNAME) => {
            let lists = expression.operator.get().map(String::as_str) == Some("In");
            lists.then(|| expression.values.iter().map(|value| value.value.clone()).collect())
        }
        _ => None,
    }
}

fn text(selector: &LabelSelector) -> String {
    let word = |setting: &Setting<String>| setting.get().cloned().unwrap_or_else(|| "?".to_owned());
    let labels = selector.match_labels.0.iter().map(|(key, value)| format!("{}={}", key.value, word(value)));
    let expressions = selector.match_expressions.iter().map(|it| {
        let values: Vec<&str> = it.values.iter().map(|value| value.value.as_str()).collect();
        format!("{} {} [{}]", word(&it.key), word(&it.operator), values.join(","))
    });
    let mut parts: Vec<String> = labels.chain(expressions).collect();
    parts.sort();
    parts.join(",")
}

#[cfg(test)]
mod tests {
    use super::*;
    use plimsoll_formats::kubernetes::meta::labels;

    #[test]
    fn sets_meet_or_it_is_not_known() {
        let named = |names: &[&str]| NodeSet::Named(names.iter().map(|name| (*name).to_owned()).collect());
        let rack = NodeSet::of_labels(&[LabelSelector::of(labels([("rack", "r1")]))]);
        assert_eq!(rack, NodeSet::Selected("rack=r1".into()));
        assert_eq!(NodeSet::of_labels(&[LabelSelector::of(labels([(HOSTNAME, "a")]))]), named(&["a"]));
        assert_eq!(NodeSet::of_labels(&[]), NodeSet::All);
        assert_eq!(NodeSet::of_expression("kubernetes.io/hostname == 'a'"), named(&["a"]));
        assert_eq!(NodeSet::of_expression("all()"), NodeSet::All);
        for (a, b, meets) in [
            (&named(&["a", "b"]), &named(&["b"]), Some(true)),
            (&named(&["a"]), &named(&["b"]), Some(false)),
            (&NodeSet::All, &named(&["a"]), Some(true)),
            (&NodeSet::All, &named(&[]), Some(false)),
            (&rack, &rack.clone(), Some(true)),
            (&rack, &named(&["a"]), None),
            (&rack, &NodeSet::of_expression("rack == 'r2'"), None),
        ] {
            assert_eq!((a.meets(b), b.meets(a)), (meets, meets), "{a:?} {b:?}");
        }
    }
}
