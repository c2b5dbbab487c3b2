//! Formulas of gates: read with all names resolved, then built into the circuit.

use super::collect::{Definitions, no_text};
use super::problem::{Problems, shown};
use super::scope::{Kind, Target};
use super::xml::{Document, Element};
use crate::circuit::{Circuit, Node};

/// A formula.
#[derive(Debug)]
pub(super) enum Formula {
    Constant(bool),
    Reference(Target),
    Gate(Operator, Vec<Formula>),
}

/// What joins the arguments of a formula.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Operator {
    And,
    Or,
    Not,
    Xor,
    Nand,
    Nor,
    Iff,
    Imply,
    /// From so many to so many true arguments.
    Cardinality(u64, u64),
}

impl Operator {
    /// Whether an argument that occurs twice is not the same as once.
    fn counts(self) -> bool {
        matches!(self, Operator::Xor | Operator::Cardinality(..))
    }
}

/// Reads the formula of a gate in the container `base`; whatever is wrong is reported, and then there is none.
pub(super) fn read(
    document: &Document,
    element: &Element,
    base: &str,
    definitions: &Definitions<'_>,
    problems: &mut Problems<'_>,
) -> Option<Formula> {
    no_text(element, problems);
    let name = element.name.as_str();
    let kind = match name {
        "gate" => Some(Kind::Gate),
        "basic-event" => Some(Kind::Basic),
        "house-event" => Some(Kind::House),
        _ => None,
    };
    if kind.is_some() || name == "event" {
        return reference(element, kind, base, definitions, problems);
    }
    if name == "constant" {
        return constant(element, problems).map(Formula::Constant);
    }
    let count = element.children.len() as u64;
    let operator = operator(element, count, problems)?;
    let mut arguments = Vec::with_capacity(element.children.len());
    let mut seen: std::collections::HashSet<Target> = std::collections::HashSet::new();
    let mut whole = true;
    for child in document.children(element) {
        let Some(argument) = read(document, child, base, definitions, problems) else {
            whole = false;
            continue;
        };
        if let Formula::Reference(target) = argument
            && !seen.insert(target)
        {
            let twice = format!("`{}` occurs twice in <{}>", shown(child.attribute("name").unwrap_or("")), shown(name));
            if operator.counts() {
                problems.error(child.at, twice);
                whole = false;
            } else {
                problems.warning(child.at, twice);
            }
        }
        arguments.push(argument);
    }
    whole.then_some(Formula::Gate(operator, arguments))
}

/// The operator of an element, if the number of its arguments fits.
fn operator(element: &Element, count: u64, problems: &mut Problems<'_>) -> Option<Operator> {
    let name = element.name.as_str();
    let (operator, fewest, most) = match name {
        "and" => (Operator::And, 1, u64::MAX),
        "or" => (Operator::Or, 1, u64::MAX),
        "nand" => (Operator::Nand, 1, u64::MAX),
        "nor" => (Operator::Nor, 1, u64::MAX),
        "xor" => (Operator::Xor, 2, u64::MAX),
        "not" => (Operator::Not, 1, 1),
        "iff" => (Operator::Iff, 2, 2),
        "imply" => (Operator::Imply, 2, 2),
        "atleast" => (Operator::Cardinality(number(element, "min", problems)?, u64::MAX), 1, u64::MAX),
        "cardinality" => {
            let (min, max) = (number(element, "min", problems), number(element, "max", problems));
            (Operator::Cardinality(min?, max?), 1, u64::MAX)
        }
        _ => {
            problems.error(element.at, format!("<{}> is not an operator that is known here", shown(name)));
            return None;
        }
    };
    if count == 0 {
        problems.error(element.at, format!("<{name}> is empty"));
        return None;
    }
    if count < fewest || count > most {
        let wanted = if most == fewest { format!("{fewest}") } else { format!("at least {fewest}") };
        problems.error(element.at, format!("<{name}> has {count} arguments, not {wanted}"));
        return None;
    }
    if let Operator::Cardinality(min, max) = operator {
        if min > count {
            problems.error(element.at, format!("<{name}> wants {min} of {count} arguments"));
            return None;
        }
        if name == "cardinality" && (min > max || max > count) {
            problems.error(element.at, format!("<{name}> wants from {min} to {max} of {count} arguments"));
            return None;
        }
        if name == "atleast" && min == 0 {
            problems.error(element.at, "<atleast> with min 0 is always true");
            return None;
        }
    }
    Some(operator)
}

fn number(element: &Element, attribute: &str, problems: &mut Problems<'_>) -> Option<u64> {
    match element.attribute(attribute) {
        None => problems.error(element.at, format!("<{}> has no {attribute}", shown(&element.name))),
        Some(text) => match text.parse() {
            Ok(number) => return Some(number),
            Err(_) => problems.error(element.at, format!("{attribute} is `{}`, not a whole number", shown(text))),
        },
    }
    None
}

/// The value of a `constant` element.
pub(super) fn constant(element: &Element, problems: &mut Problems<'_>) -> Option<bool> {
    match element.attribute("value") {
        Some("true" | "1") => Some(true),
        Some("false" | "0") => Some(false),
        other => {
            let other = shown(other.unwrap_or(""));
            problems.error(element.at, format!("a constant is `{other}`, neither true nor false"));
            None
        }
    }
}

fn reference(
    element: &Element,
    kind: Option<Kind>,
    base: &str,
    definitions: &Definitions<'_>,
    problems: &mut Problems<'_>,
) -> Option<Formula> {
    let kind = match (kind, element.attribute("type")) {
        (Some(kind), _) => Some(kind),
        (None, None) => None,
        (None, Some("gate")) => Some(Kind::Gate),
        (None, Some("basic-event")) => Some(Kind::Basic),
        (None, Some("house-event")) => Some(Kind::House),
        (None, Some(other)) => {
            problems.error(element.at, format!("the type `{}` of an event is unknown", shown(other)));
            return None;
        }
    };
    let Some(name) = element.attribute("name").filter(|name| !name.is_empty()) else {
        problems.error(element.at, format!("<{}> has no name", shown(&element.name)));
        return None;
    };
    if !element.children.is_empty() {
        problems.error(element.at, format!("<{}> is a reference and cannot contain anything", shown(&element.name)));
        return None;
    }
    match definitions.names.find(base, name, false) {
        Err(message) => {
            let word = kind.map_or("event", Kind::word);
            problems.error(element.at, format!("{word} {message}"));
            None
        }
        Ok(target) if kind.is_some_and(|kind| kind != target.kind) => {
            let (is, wanted) = (target.kind.word(), kind.map_or("event", Kind::word));
            problems.error(element.at, format!("`{}` is a {is}, not a {wanted}", shown(name)));
            None
        }
        Ok(target) => Some(Formula::Reference(target)),
    }
}

impl Formula {
    /// Everything it refers to.
    pub(super) fn references(&self, found: &mut Vec<Target>) {
        match self {
            Formula::Constant(_) => {}
            Formula::Reference(target) => found.push(*target),
            Formula::Gate(_, arguments) => {
                for argument in arguments {
                    argument.references(found);
                }
            }
        }
    }

    /// Its function, given those of what it refers to.
    pub(super) fn build(&self, circuit: &mut Circuit, node_of: &impl Fn(Target) -> Node) -> Node {
        let (operator, arguments) = match self {
            Formula::Constant(value) => return circuit.constant(*value),
            Formula::Reference(target) => return node_of(*target),
            Formula::Gate(operator, arguments) => (*operator, arguments),
        };
        let of: Vec<Node> = arguments.iter().map(|argument| argument.build(circuit, node_of)).collect();
        match operator {
            Operator::And => circuit.and(of),
            Operator::Or => circuit.or(of),
            Operator::Xor => circuit.xor(of),
            Operator::Not | Operator::Nor => {
                let any = circuit.or(of);
                circuit.not(any)
            }
            Operator::Nand => {
                let all = circuit.and(of);
                circuit.not(all)
            }
            Operator::Iff => {
                let differ = circuit.xor(of);
                circuit.not(differ)
            }
            Operator::Imply => {
                let condition = circuit.not(of[0]);
                circuit.or([condition, of[1]])
            }
            Operator::Cardinality(min, max) => {
                let count = of.len() as u64;
                let enough = circuit.at_least(min, of.iter().copied());
                if max >= count {
                    return enough;
                }
                let too_many = circuit.at_least(max + 1, of);
                let few_enough = circuit.not(too_many);
                circuit.and([enough, few_enough])
            }
        }
    }
}
