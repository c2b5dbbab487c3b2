//! A part that may be missing and then is empty.

use std::ops::{Deref, DerefMut};

use plimsoll_yaml::{FromNode, Node, Reader, Shape, ToNode};

/// A part of an object that a person may leave out, which means the same as an empty one. So an object without `spec`
/// is still an object.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Part<T>(pub T);

impl<T> Deref for Part<T> {
    type Target = T;
    fn deref(&self) -> &T {
        &self.0
    }
}

impl<T> DerefMut for Part<T> {
    fn deref_mut(&mut self) -> &mut T {
        &mut self.0
    }
}

impl<T> From<T> for Part<T> {
    fn from(part: T) -> Self {
        Part(part)
    }
}

impl<T: FromNode + Default> FromNode for Part<T> {
    fn from_node(node: &Node, reader: &mut Reader) -> Option<Self> {
        T::from_node(node, reader).map(Part)
    }
    fn missing() -> Option<Self> {
        Some(Part::default())
    }
    fn shape() -> Shape {
        T::shape()
    }
}

impl<T: ToNode> ToNode for Part<T> {
    fn to_node(&self) -> Node {
        self.0.to_node()
    }
}
