//! Files that lie inside a ConfigMap: a Corefile, the configuration of a kubelet or of kube-proxy.

use plimsoll_diagnostics::Span;
use plimsoll_yaml::{Node, Style, Value};

use super::Object;

/// A file inside an object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Embedded {
    /// Its key in `data`: `Corefile`, `config.conf`.
    pub key: String,
    /// Its text.
    pub text: String,
    /// Where it stands in the outer file.
    pub span: Option<Span>,
}

impl Object {
    /// The files inside a ConfigMap, in order. To judge one, add its text as a source of its own, named after the outer
    /// file and the key: so its findings point at lines of the inner file.
    pub fn embedded(&self) -> Vec<Embedded> {
        if self.kind.value != "ConfigMap" {
            return Vec::new();
        }
        let data = self.node.get("data").and_then(Node::as_mapping).unwrap_or_default();
        data.iter()
            .filter_map(|(key, value)| match &value.value {
                Value::Scalar(scalar) if scalar.style != Style::Plain => {
                    Some(Embedded { key: key.text.clone(), text: scalar.text.clone(), span: value.span })
                }
                _ => None,
            })
            .collect()
    }
}
