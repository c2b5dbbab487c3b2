//! What a type looks like in YAML: from this, schemas and reference pages are made.

use std::borrow::Cow;

use crate::FromNode;
use crate::scalar::{Kind, Scalar};

/// What a value looks like.
#[derive(Clone, Debug)]
pub enum Shape {
    /// Anything.
    Any,
    /// One scalar.
    Scalar(ScalarShape),
    /// A list of values of one shape.
    List(Box<Shape>),
    /// A mapping from names to values of one shape.
    Map {
        /// What the names look like.
        keys: ScalarShape,
        /// What the values look like.
        values: Box<Shape>,
    },
    /// A mapping with known keys. Made on demand, so that records may hold themselves.
    Record(fn() -> RecordShape),
    /// One of several.
    OneOf(Vec<Shape>),
}

/// What a scalar looks like.
#[derive(Clone, Debug)]
pub struct ScalarShape {
    /// What it is, with its article: `a size`.
    pub name: &'static str,
    /// Which scalars are read.
    pub kind: Kind,
    /// JSON's word for it: `string`, `integer`, `number` or `boolean`.
    pub json_type: &'static str,
    /// A regular expression (ECMA 262) that all values match.
    pub pattern: Option<&'static str>,
    /// The only possible values with what they mean; empty when there are others.
    pub choices: &'static [(&'static str, &'static str)],
    /// Some values.
    pub examples: &'static [&'static str],
    /// Least number.
    pub minimum: Option<i64>,
    /// Greatest number.
    pub maximum: Option<i64>,
}

impl ScalarShape {
    /// A text without further bounds.
    pub const fn new(name: &'static str, kind: Kind) -> Self {
        ScalarShape {
            name,
            kind,
            json_type: "string",
            pattern: None,
            choices: &[],
            examples: &[],
            minimum: None,
            maximum: None,
        }
    }
}

/// What a mapping with known keys looks like.
#[derive(Clone, Debug)]
pub struct RecordShape {
    /// The type's name, unique within its crate.
    pub name: &'static str,
    /// What it is.
    pub doc: String,
    /// Its keys, in the order in which they are written.
    pub fields: Vec<FieldShape>,
    /// Whether other keys are kept too.
    pub open: bool,
    /// What other keys and their values look like, where those are known.
    pub others: Option<(ScalarShape, Box<Shape>)>,
    /// The key whose value may stand for the whole record.
    pub short: Option<&'static str>,
}

impl RecordShape {
    /// A record without keys yet.
    pub fn new(name: &'static str, doc: &str) -> Self {
        RecordShape { name, doc: tidy(doc), fields: Vec::new(), open: false, others: None, short: None }
    }

    /// Takes other keys too, of type `K`, with values of type `V`.
    pub fn others<K: Scalar, V: FromNode>(&mut self) {
        self.others = Some((K::scalar_shape(), Box::new(V::shape())));
    }

    /// Adds the key of a field of type `T`.
    pub fn field<T: FromNode>(&mut self, key: Cow<'static, str>, doc: &str) {
        if T::REST {
            self.open = true;
        } else {
            let (required, shape) = (T::missing().is_none(), T::shape());
            self.fields.push(FieldShape { key, doc: tidy(doc), required, shape });
        }
    }
}

/// One known key.
#[derive(Clone, Debug)]
pub struct FieldShape {
    /// The key.
    pub key: Cow<'static, str>,
    /// What it means.
    pub doc: String,
    /// Whether it must be given.
    pub required: bool,
    /// What its value looks like.
    pub shape: Shape,
}

/// A doc comment as captured by the macros, without its margins.
fn tidy(doc: &str) -> String {
    let lines: Vec<&str> = doc.lines().map(|line| line.strip_prefix(' ').unwrap_or(line).trim_end()).collect();
    lines.join("\n").trim().to_owned()
}
