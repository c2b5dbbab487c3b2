//! Collections in the order in which they were written.

use plimsoll_diagnostics::Spanned;

use crate::node::{Entry, Key, Node, Value};
use crate::reader::Reader;
use crate::scalar::Scalar;
use crate::shape::Shape;
use crate::{FromNode, ToNode};

/// A mapping from typed keys to values, in the order in which it was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Map<K, V>(pub Vec<(Spanned<K>, V)>);

impl<K, V> Default for Map<K, V> {
    fn default() -> Self {
        Map(Vec::new())
    }
}

impl<K, V> Map<K, V> {
    /// Keys and values in order.
    pub fn iter(&self) -> std::slice::Iter<'_, (Spanned<K>, V)> {
        self.0.iter()
    }
    /// Keys in order.
    pub fn keys(&self) -> impl Iterator<Item = &Spanned<K>> {
        self.0.iter().map(|(key, _)| key)
    }
    /// Values in order.
    pub fn values(&self) -> impl Iterator<Item = &V> {
        self.0.iter().map(|(_, value)| value)
    }
    /// Whether there is nothing in it.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
    /// How many entries it has.
    pub fn len(&self) -> usize {
        self.0.len()
    }
    /// The value under a key.
    pub fn get<Q: ?Sized>(&self, key: &Q) -> Option<&V>
    where
        K: PartialEq<Q>,
    {
        self.0.iter().find(|(found, _)| found.value == *key).map(|(_, value)| value)
    }
}

impl<'a, K, V> IntoIterator for &'a Map<K, V> {
    type Item = &'a (Spanned<K>, V);
    type IntoIter = std::slice::Iter<'a, (Spanned<K>, V)>;
    fn into_iter(self) -> Self::IntoIter {
        self.0.iter()
    }
}

impl<K: Scalar, V: FromNode> FromNode for Map<K, V> {
    const EMPTY: bool = true;
    fn from_node(node: &Node, reader: &mut Reader) -> Option<Self> {
        let entries = match &node.value {
            Value::Mapping(entries) => entries.as_slice(),
            _ if node.is_null() => &[],
            _ => return reader.expected(node, "a mapping"),
        };
        let mut map = Vec::with_capacity(entries.len());
        for (key, value) in entries {
            // A key is judged like a text in its place: `on` or `1.30` must be quoted.
            let text = crate::Text { text: key.text.clone(), style: key.style };
            let as_node = Node { span: key.span, value: Value::Scalar(text), tag: None };
            let name = K::from_node(&as_node, reader);
            let value = reader.within(&key.text, |reader| {
                if value.is_null() && !V::NULLABLE && !V::EMPTY {
                    if let Some(missing) = V::missing() {
                        return Some(missing);
                    }
                    let problem = reader.problem("missing-value", format!("`{}` has no value", key.text));
                    reader.push(problem.at(key.span, "expected a value"));
                    return None;
                }
                V::from_node(value, reader)
            });
            if let (Some(name), Some(value)) = (name, value) {
                map.push((Spanned { value: name, span: key.span }, value));
            }
        }
        Some(Map(map))
    }
    fn missing() -> Option<Self> {
        Some(Map::default())
    }
    fn shape() -> Shape {
        Shape::Map { keys: K::scalar_shape(), values: Box::new(V::shape()) }
    }
}

impl<K: Scalar, V: ToNode> ToNode for Map<K, V> {
    fn to_node(&self) -> Node {
        Node::mapping(self.0.iter().map(|(key, value)| (Key::new(key.write()), value.to_node())).collect())
    }
    fn is_absent(&self) -> bool {
        self.0.is_empty()
    }
}

/// A value, or a list of them: `pods: 10.244.0.0/16` or `pods: [10.244.0.0/16, "fd00::/56"]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OneOrMany<T>(pub Vec<T>);

impl<T> Default for OneOrMany<T> {
    fn default() -> Self {
        OneOrMany(Vec::new())
    }
}

impl<T> std::ops::Deref for OneOrMany<T> {
    type Target = [T];
    fn deref(&self) -> &[T] {
        &self.0
    }
}

impl<T: FromNode> FromNode for OneOrMany<T> {
    fn from_node(node: &Node, reader: &mut Reader) -> Option<Self> {
        match &node.value {
            Value::Sequence(_) => Vec::from_node(node, reader).map(OneOrMany),
            _ => T::from_node(node, reader).map(|one| OneOrMany(vec![one])),
        }
    }
    fn missing() -> Option<Self> {
        Some(OneOrMany::default())
    }
    fn shape() -> Shape {
        Shape::OneOf(vec![T::shape(), Shape::List(Box::new(T::shape()))])
    }
}

impl<T: ToNode> ToNode for OneOrMany<T> {
    fn to_node(&self) -> Node {
        match self.0.as_slice() {
            [one] => one.to_node(),
            many => Node::sequence(many.iter().map(ToNode::to_node).collect()),
        }
    }
    fn is_absent(&self) -> bool {
        self.0.is_empty()
    }
}

/// The keys that no other field of a record took, kept as they were. The record's last field.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rest(pub Vec<Entry>);

impl FromNode for Rest {
    const REST: bool = true;
    fn from_node(node: &Node, _: &mut Reader) -> Option<Self> {
        Some(Rest(node.as_mapping().unwrap_or_default().to_vec()))
    }
    fn missing() -> Option<Self> {
        Some(Rest::default())
    }
    fn shape() -> Shape {
        Shape::Any
    }
}

impl ToNode for Rest {
    const REST: bool = true;
    fn to_node(&self) -> Node {
        Node::mapping(self.0.clone())
    }
    fn is_absent(&self) -> bool {
        self.0.is_empty()
    }
}
