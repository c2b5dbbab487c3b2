//! A positioned YAML tree, and typed records read from it and written to it.
//!
//! Three layers, each usable alone:
//! - [`read_document`] and [`read_documents`] make a tree of [`Node`]s in which everything knows its place. They report
//!   all that is wrong with a text and are bounded in depth, size and alias expansion.
//! - [`record!`](crate::record) and [`choice!`](crate::choice) make, from one declaration, a type, its reader
//!   ([`FromNode`]), its writer ([`ToNode`]) and its description ([`Shape`]) for schemas and reference pages.
//! - [`emit`] writes block-style YAML that reads the same in YAML 1.1 and 1.2.
//!
//! A [`Reader`] is either strict (our own file: an unknown key is an error) or lenient (somebody else's: unknown keys
//! are collected, wrong types are warnings, everything else is kept).

mod build;
mod emit;
mod from_node;
mod macros;
mod map;
pub mod mutate;
mod node;
mod parse;
mod reader;
mod resolve;
mod scalar;
mod shape;
mod to_node;

pub use emit::{emit, emit_documents};
pub use from_node::FromNode;
pub use map::{Map, OneOrMany, Rest};
pub use node::{Entry, Key, Node, Style, Text, Value};
pub use parse::{Dialect, Limits, read_document, read_documents, read_with};
pub use reader::{Fields, Mode, Reader, Unknown};
pub use resolve::{Resolved, resolve_1_1, resolve_1_2, resolves_to_text};
pub use scalar::{Kind, Scalar};
pub use shape::{FieldShape, RecordShape, ScalarShape, Shape};
pub use to_node::ToNode;

/// What the macros need of this crate and its neighbours; not for use by hand.
#[doc(hidden)]
pub mod private {
    pub use crate::reader::{camel, key_of, long};
    pub use crate::to_node::write;
    pub use plimsoll_diagnostics::nearest;
}

/// Reads one typed value from a text that holds one document, with all problems of syntax and of shape.
pub fn read<T: FromNode>(
    text: &str,
    source: plimsoll_diagnostics::SourceId,
    mode: Mode,
) -> (Option<T>, plimsoll_diagnostics::Diagnostics) {
    let (node, mut diagnostics) = match mode {
        Mode::Strict => read_document(text, source),
        Mode::Lenient => {
            let (documents, diagnostics) = read_documents(text, source);
            (documents.into_iter().next(), diagnostics)
        }
    };
    let mut reader = Reader::new(mode);
    let value = node.and_then(|node| T::from_node(&node, &mut reader));
    diagnostics.extend(reader.finish().0);
    (value, diagnostics)
}
