//! Types that are written as a tree.

use std::borrow::Cow;
use std::collections::BTreeMap;

use plimsoll_diagnostics::Spanned;

use crate::node::{Entry, Key, Node};
use crate::scalar::{Kind, Scalar};

/// A type that is written as a tree; what it writes, [`FromNode`](crate::FromNode) reads back equal.
pub trait ToNode {
    /// Its entries stand among those of the record that holds it.
    const REST: bool = false;

    /// The node.
    fn to_node(&self) -> Node;

    /// Whether a record leaves its key out: an option without value, an empty list or mapping.
    fn is_absent(&self) -> bool {
        false
    }
}

/// Writes one field of a record.
#[doc(hidden)]
pub fn write<T: ToNode>(key: Cow<'static, str>, value: &T, entries: &mut Vec<Entry>) {
    if value.is_absent() {
        return;
    }
    let node = value.to_node();
    if T::REST {
        entries.extend(node.as_mapping().unwrap_or_default().iter().cloned());
    } else {
        entries.push((Key::new(key), node));
    }
}

impl<T: Scalar> ToNode for T {
    fn to_node(&self) -> Node {
        let text = self.write();
        match T::KIND {
            Kind::Literal => Node::plain(text),
            // A number is written as one, so that it reads back as one; all else is text.
            Kind::Either if text.bytes().all(|byte| byte.is_ascii_digit()) => Node::plain(text),
            Kind::Text | Kind::Either => Node::text(text),
        }
    }
}

impl ToNode for Node {
    fn to_node(&self) -> Node {
        self.clone()
    }
}

impl<T: ToNode> ToNode for Spanned<T> {
    fn to_node(&self) -> Node {
        self.value.to_node()
    }
    fn is_absent(&self) -> bool {
        self.value.is_absent()
    }
}

impl<T: ToNode> ToNode for Option<T> {
    fn to_node(&self) -> Node {
        self.as_ref().map_or_else(|| Node::plain("null"), ToNode::to_node)
    }
    fn is_absent(&self) -> bool {
        // An option that holds an empty list says so: `[]` is not the same as nothing.
        self.is_none()
    }
}

impl<T: ToNode> ToNode for Vec<T> {
    fn to_node(&self) -> Node {
        Node::sequence(self.iter().map(ToNode::to_node).collect())
    }
    fn is_absent(&self) -> bool {
        self.is_empty()
    }
}

impl<V: ToNode> ToNode for BTreeMap<String, V> {
    fn to_node(&self) -> Node {
        Node::mapping(self.iter().map(|(key, value)| (Key::new(key.as_str()), value.to_node())).collect())
    }
    fn is_absent(&self) -> bool {
        self.is_empty()
    }
}
