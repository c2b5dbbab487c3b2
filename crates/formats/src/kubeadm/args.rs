//! Extra arguments: a map up to `v1beta3`, a list from `v1beta4` on.

use plimsoll_diagnostics::{Span, Spanned};
use plimsoll_yaml::{FromNode, Key, Node, Reader, Shape, ToNode, Value, record};

use crate::Setting;

/// In which form extra arguments are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ArgsForm {
    /// `- name: x` with `value: y`, as `v1beta4` has it.
    #[default]
    List,
    /// `x: y`, as `v1beta3` has it.
    Map,
}

/// Extra arguments of a program that kubeadm starts. An argument replaces kubeadm's own of the same name.
#[derive(Clone, Debug, Default)]
pub struct Args {
    /// The arguments in order.
    pub list: Vec<Arg>,
    /// How they are written.
    pub form: ArgsForm,
    /// Where they stand.
    pub span: Option<Span>,
}

/// Arguments are equal when their names, values and form are, wherever they stand.
impl PartialEq for Args {
    fn eq(&self, other: &Self) -> bool {
        self.list == other.list && self.form == other.form
    }
}

record! {
    /// An extra argument.
    pub struct Arg as camelCase: Default {
        /// Its name, without hyphens.
        pub name: Spanned<String>,
        /// Its value.
        pub value: Setting<String>,
    }
}

impl Args {
    /// A list of arguments made by the program.
    pub fn of<K: Into<String>, V: Into<String>>(pairs: impl IntoIterator<Item = (K, V)>) -> Self {
        let arg = |(name, value): (K, V)| Arg { name: Spanned::from(name.into()), value: Setting::from(value.into()) };
        Args { list: pairs.into_iter().map(arg).collect(), form: ArgsForm::List, span: None }
    }

    /// The value of an argument; the last one counts, as kubeadm merges them.
    pub fn get(&self, name: &str) -> &Setting<String> {
        const ABSENT: &Setting<String> = &Setting::Absent;
        self.list.iter().rev().find(|arg| arg.name.value == name).map_or(ABSENT, |arg| &arg.value)
    }

    /// Whether nothing is given.
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }
}

impl FromNode for Args {
    fn from_node(node: &Node, reader: &mut Reader) -> Option<Self> {
        match &node.value {
            Value::Mapping(entries) => {
                let arg = |(key, value): &(Key, Node)| {
                    let value = reader.within(&key.text, |reader| Setting::from_node(value, reader))?;
                    Some(Arg { name: key.spanned(), value })
                };
                let list = entries.iter().filter_map(arg).collect();
                Some(Args { list, form: ArgsForm::Map, span: node.span })
            }
            Value::Sequence(_) => {
                Some(Args { list: Vec::from_node(node, reader)?, form: ArgsForm::List, span: node.span })
            }
            Value::Scalar(_) => reader.expected(node, "a list of names with values, or a mapping"),
        }
    }
    fn missing() -> Option<Self> {
        Some(Args::default())
    }
    fn shape() -> Shape {
        Shape::OneOf(vec![
            Vec::<Arg>::shape(),
            Shape::Map { keys: <String as plimsoll_yaml::Scalar>::scalar_shape(), values: Box::new(String::shape()) },
        ])
    }
}

impl ToNode for Args {
    fn to_node(&self) -> Node {
        match self.form {
            ArgsForm::List => self.list.to_node(),
            ArgsForm::Map => Node::mapping(
                self.list.iter().map(|arg| (Key::new(arg.name.value.as_str()), arg.value.to_node())).collect(),
            ),
        }
    }
    fn is_absent(&self) -> bool {
        self.list.is_empty()
    }
}
