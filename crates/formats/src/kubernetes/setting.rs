//! [`Setting`] values in a tree.

use plimsoll_diagnostics::Spanned;
use plimsoll_yaml::{FromNode, Node, Reader, Shape, ToNode, Value};

use super::template::is_open;
use crate::Setting;

impl<T: FromNode> FromNode for Setting<T> {
    fn from_node(node: &Node, reader: &mut Reader) -> Option<Self> {
        let unknown = |text: &str| Some(Setting::Unknown(Spanned { value: text.to_owned(), span: node.span }));
        if let Value::Scalar(scalar) = &node.value
            && is_open(&scalar.text)
        {
            // A text of several lines is one that was written on purpose: a script, a file.
            if !scalar.text.contains('\n') {
                return unknown(&scalar.text);
            }
        }
        match T::from_node(node, reader) {
            Some(value) => Some(Setting::Known(Spanned { value, span: node.span })),
            // Why it is none was said just now.
            None => unknown(node.as_str().unwrap_or_default()),
        }
    }
    fn missing() -> Option<Self> {
        Some(Setting::Absent)
    }
    fn shape() -> Shape {
        T::shape()
    }
}

impl<T: ToNode> ToNode for Setting<T> {
    fn to_node(&self) -> Node {
        match self {
            Setting::Absent => Node::plain("null"),
            Setting::Known(value) => value.value.to_node(),
            Setting::Unknown(text) => Node::text(text.value.as_str()),
        }
    }
    fn is_absent(&self) -> bool {
        Setting::is_absent(self)
    }
}
