//! What every object has.

use plimsoll_diagnostics::Spanned;
use plimsoll_yaml::{Map, Rest, record};

use crate::Setting;

/// Labels and annotations, in the order in which they were written.
pub type Labels = Map<String, Setting<String>>;

/// Labels made by the program.
pub fn labels<K: Into<String>, V: Into<String>>(pairs: impl IntoIterator<Item = (K, V)>) -> Labels {
    Map(pairs.into_iter().map(|(key, value)| (Spanned::from(key.into()), Setting::from(value.into()))).collect())
}

record! {
    /// Name and labels of an object.
    pub struct Metadata as camelCase: Default {
        /// Its name.
        pub name: Setting<String>,
        /// The beginning of its name, when the API server makes the rest.
        pub generate_name: Setting<String>,
        /// Its namespace; absent for objects of the whole cluster and for those that are applied to a given one.
        pub namespace: Setting<String>,
        /// Labels.
        pub labels: Labels,
        /// Annotations.
        pub annotations: Labels,
        /// What else stands there.
        pub rest: Rest,
    }

    /// Which objects are meant, by their labels. All of its parts must hold; an empty one means all objects.
    pub struct LabelSelector as camelCase: Default {
        /// Labels with their values.
        pub match_labels: Labels,
        /// Conditions on labels.
        pub match_expressions: Vec<LabelExpression>,
    }

    /// A condition on a label.
    pub struct LabelExpression as camelCase: Default {
        /// The label.
        pub key: Setting<String>,
        /// `In`, `NotIn`, `Exists` or `DoesNotExist`.
        pub operator: Setting<String>,
        /// Values for `In` and `NotIn`.
        pub values: Vec<Spanned<String>>,
    }

    /// Another object, by name.
    pub struct NameRef as camelCase: Default {
        /// Its name.
        pub name: Setting<String>,
        /// Its namespace.
        pub namespace: Setting<String>,
        /// What else stands there.
        pub rest: Rest,
    }
}

impl Metadata {
    /// An object of the whole cluster.
    pub fn cluster(name: impl Into<String>) -> Self {
        Metadata { name: Setting::from(name.into()), ..Metadata::default() }
    }

    /// An object of a namespace.
    pub fn namespaced(namespace: impl Into<String>, name: impl Into<String>) -> Self {
        Metadata { namespace: Setting::from(namespace.into()), ..Metadata::cluster(name) }
    }

    /// The same with these labels.
    #[must_use]
    pub fn labelled(mut self, labels: Labels) -> Self {
        self.labels = labels;
        self
    }

    /// The same with one more annotation.
    #[must_use]
    pub fn annotated(mut self, key: &str, value: impl Into<String>) -> Self {
        self.annotations.0.push((Spanned::from(key.to_owned()), Setting::from(value.into())));
        self
    }

    /// Value of a label.
    pub fn label(&self, key: &str) -> Option<&str> {
        self.labels.get(key)?.get().map(String::as_str)
    }

    /// Value of an annotation.
    pub fn annotation(&self, key: &str) -> Option<&str> {
        self.annotations.get(key)?.get().map(String::as_str)
    }
}

impl LabelSelector {
    /// Exactly these labels.
    pub fn of(labels: Labels) -> Self {
        LabelSelector { match_labels: labels, match_expressions: Vec::new() }
    }

    /// Whether it means all objects.
    pub fn is_everything(&self) -> bool {
        self.match_labels.is_empty() && self.match_expressions.is_empty()
    }

    /// Whether it means an object with these labels; `None` when a value was left open or an operator is unknown.
    pub fn matches(&self, labels: &Labels) -> Option<bool> {
        let mut result = Some(true);
        for (key, wanted) in &self.match_labels {
            let met = match (wanted, labels.get(key.value.as_str())) {
                (Setting::Known(wanted), Some(Setting::Known(found))) => Some(wanted.value == found.value),
                (_, None) => Some(false),
                _ => None,
            };
            result = both(result, met);
        }
        for expression in &self.match_expressions {
            result = both(result, expression.matches(labels));
        }
        result
    }
}

impl LabelExpression {
    fn matches(&self, labels: &Labels) -> Option<bool> {
        let found = labels.get(self.key.get()?.as_str());
        let among = || match found {
            Some(value) => Some(self.values.iter().any(|wanted| Some(&wanted.value) == value.get())),
            None => Some(false),
        };
        match self.operator.get()?.as_str() {
            "In" => among(),
            "NotIn" => among().map(|met| !met),
            "Exists" => Some(found.is_some()),
            "DoesNotExist" => Some(found.is_none()),
            _ => None,
        }
    }
}

/// `and` in which an unknown part loses against a false one.
fn both(a: Option<bool>, b: Option<bool>) -> Option<bool> {
    match (a, b) {
        (Some(false), _) | (_, Some(false)) => Some(false),
        (Some(true), Some(true)) => Some(true),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn selectors_match_by_all_their_parts() {
        let pod = labels([("app", "web"), ("tier", "front")]);
        let mut selector = LabelSelector::of(labels([("app", "web")]));
        assert_eq!(selector.matches(&pod), Some(true));
        selector.match_expressions.push(LabelExpression {
            key: Setting::from("tier".to_owned()),
            operator: Setting::from("NotIn".to_owned()),
            values: vec!["front".to_owned().into()],
        });
        assert_eq!(selector.matches(&pod), Some(false));
        assert_eq!(LabelSelector::default().matches(&pod), Some(true));
        selector.match_expressions[0].operator = Setting::from("Near".to_owned());
        assert_eq!(selector.matches(&pod), None, "an unknown operator cannot be judged");
        assert_eq!(selector.matches(&labels([("app", "db")])), Some(false), "whatever the rest says");
    }
}
