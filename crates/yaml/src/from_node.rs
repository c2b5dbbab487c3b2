//! Types that are read from a tree.

use std::collections::BTreeMap;

use plimsoll_diagnostics::Spanned;

use crate::node::{Node, Style, Value};
use crate::reader::{Mode, Reader};
use crate::scalar::{Kind, Scalar};
use crate::shape::Shape;

/// A type that is read from a tree. Made by [`record!`](crate::record), [`choice!`](crate::choice) or [`Scalar`].
pub trait FromNode: Sized {
    /// Takes all keys that no other field took.
    const REST: bool = false;
    /// Reads null as a value of its own.
    const NULLABLE: bool = false;
    /// Reads null as an empty mapping.
    const EMPTY: bool = false;

    /// Reads a node. `None` when nothing could be made of it; the problem is then said to the reader.
    fn from_node(node: &Node, reader: &mut Reader) -> Option<Self>;

    /// The value when the key is not given; `None` when it must be.
    fn missing() -> Option<Self> {
        None
    }

    /// What it looks like.
    fn shape() -> Shape;
}

impl<T: Scalar> FromNode for T {
    fn from_node(node: &Node, reader: &mut Reader) -> Option<Self> {
        let Value::Scalar(scalar) = &node.value else { return reader.expected(node, T::NAME) };
        if node.is_null() {
            return reader.expected(node, T::NAME);
        }
        let text = scalar.text.as_str();
        if T::KIND == Kind::Literal && scalar.style != Style::Plain {
            let problem = reader.problem("wrong-type", format!("`\"{text}\"` is a text, not {}", T::NAME));
            reader.push(problem.at(node.span, "leave out the quotes"));
            return None;
        }
        let value = match reader.mode() {
            Mode::Strict => T::parse(text),
            Mode::Lenient => T::parse_lenient(text, scalar.style),
        };
        match value {
            Ok(value) => {
                if T::KIND == Kind::Text && !scalar.is_text() {
                    let message = format!("`{text}` is not read as text by every YAML reader");
                    let problem = reader.problem("yaml-ambiguous", message);
                    reader.push(problem.at(node.span, format!("write `\"{text}\"`")));
                }
                Some(value)
            }
            Err(message) => {
                let problem = reader.problem("wrong-value", message).at(node.span, "");
                reader.push(problem);
                None
            }
        }
    }

    fn shape() -> Shape {
        Shape::Scalar(T::scalar_shape())
    }
}

impl FromNode for Node {
    const NULLABLE: bool = true;
    fn from_node(node: &Node, _: &mut Reader) -> Option<Self> {
        Some(node.clone())
    }
    fn shape() -> Shape {
        Shape::Any
    }
}

impl<T: FromNode> FromNode for Spanned<T> {
    const NULLABLE: bool = T::NULLABLE;
    const EMPTY: bool = T::EMPTY;
    fn from_node(node: &Node, reader: &mut Reader) -> Option<Self> {
        Some(Spanned { value: T::from_node(node, reader)?, span: node.span })
    }
    fn missing() -> Option<Self> {
        T::missing().map(Spanned::from)
    }
    fn shape() -> Shape {
        T::shape()
    }
}

impl<T: FromNode> FromNode for Option<T> {
    const NULLABLE: bool = T::NULLABLE;
    fn from_node(node: &Node, reader: &mut Reader) -> Option<Self> {
        T::from_node(node, reader).map(Some)
    }
    fn missing() -> Option<Self> {
        Some(None)
    }
    fn shape() -> Shape {
        T::shape()
    }
}

impl<T: FromNode> FromNode for Vec<T> {
    fn from_node(node: &Node, reader: &mut Reader) -> Option<Self> {
        let Value::Sequence(items) = &node.value else { return reader.expected(node, "a list") };
        // Items that cannot be read are said and left out.
        Some(items.iter().filter_map(|item| T::from_node(item, reader)).collect())
    }
    fn missing() -> Option<Self> {
        Some(Vec::new())
    }
    fn shape() -> Shape {
        Shape::List(Box::new(T::shape()))
    }
}

impl<V: FromNode> FromNode for BTreeMap<String, V> {
    fn from_node(node: &Node, reader: &mut Reader) -> Option<Self> {
        let Value::Mapping(entries) = &node.value else { return reader.expected(node, "a mapping") };
        let read = |(key, value): &(crate::Key, Node)| {
            Some((key.text.clone(), reader.within(&key.text, |reader| V::from_node(value, reader))?))
        };
        Some(entries.iter().filter_map(read).collect())
    }
    fn missing() -> Option<Self> {
        Some(BTreeMap::new())
    }
    fn shape() -> Shape {
        Shape::Map { keys: String::scalar_shape(), values: Box::new(V::shape()) }
    }
}
