//! Our circuits as Open-PSA files.

use std::collections::{HashMap, HashSet};
use std::fmt::Write;

use crate::circuit::{Circuit, Gate, Node, Var};

/// What is written: some tops of a circuit.
#[derive(Clone, Debug)]
pub struct Tree<'a> {
    /// The name of the fault tree.
    pub name: &'a str,
    /// Where the gates are.
    pub circuit: &'a Circuit,
    /// The names and functions of the tops.
    pub tops: Vec<(&'a str, Node)>,
    /// The name and probability of each variable, by its number.
    pub events: Vec<(&'a str, f64)>,
}

/// Why a tree cannot be written.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum WriteError {
    /// A variable has no name and probability.
    #[error("variable {} has no name and probability: only {given} were given", var.0)]
    NoEvent {
        /// Which variable.
        var: Var,
        /// How many were given.
        given: usize,
    },
    /// A probability is not from 0 to 1.
    #[error("the probability of `{name}` is {value}, which is not from 0 to 1")]
    Probability {
        /// Of which variable.
        name: String,
        /// What was given.
        value: f64,
    },
    /// A weighted threshold is too large to be written as "and" and "or" gates, which is all that the format has.
    #[error("a threshold of {children} weighted children is too large to be written with plain gates")]
    TooLarge {
        /// How many children it has.
        children: usize,
    },
}

/// The most gates that one threshold may become.
const LARGEST: usize = 100_000;

/// Writes tops as one fault tree.
///
/// Names become identifiers of the format (letters, digits, `_` and single `-`), unique without regard to case; where
/// one had to be changed, the name as it was is the label. The format has no weighted thresholds and SCRAM has `xor` of
/// two only, so these become several gates. No gate but the tops is left unused, since each would be a top of its own.
pub fn write(tree: &Tree<'_>) -> Result<String, WriteError> {
    let circuit = tree.circuit;
    let tops: Vec<Node> = tree.tops.iter().map(|&(_, node)| node).collect();
    let cone = circuit.cone(&tops);
    let mut writer =
        Writer { circuit, identifiers: HashSet::new(), names: vec![String::new(); circuit.len()], gates: vec![] };
    let tree_name = writer.identifier(tree.name, "tree");
    let top_names: Vec<String> = tree.tops.iter().map(|(name, _)| writer.identifier(name, "top")).collect();
    let mut events = String::new();
    for &node in &cone {
        let Some(var) = circuit.variable_of(node) else { continue };
        let Some(&(name, value)) = tree.events.get(var.index()) else {
            return Err(WriteError::NoEvent { var, given: tree.events.len() });
        };
        if !(0.0..=1.0).contains(&value) {
            return Err(WriteError::Probability { name: name.to_string(), value });
        }
        let identifier = writer.identifier(name, "event");
        let label = label(name, &identifier);
        // Shortest digits that read back as the same number.
        let _ = writeln!(
            events,
            "    <define-basic-event name=\"{identifier}\">{label}<float value=\"{value:e}\"/></define-basic-event>"
        );
        writer.names[node.index()] = identifier;
    }
    for &node in &cone {
        writer.gate(node)?;
    }
    let mut tops = String::new();
    for ((name, node), identifier) in tree.tops.iter().zip(&top_names) {
        let label = label(name, identifier);
        let formula = writer.reference(*node);
        let _ = writeln!(tops, "    <define-gate name=\"{identifier}\">{label}{formula}</define-gate>");
    }
    let gates = used(&writer.gates, &tops);
    Ok(format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<opsa-mef>\n  <define-fault-tree name=\"{tree_name}\">\n{gates}{tops}  \
         </define-fault-tree>\n  <model-data>\n{events}  </model-data>\n</opsa-mef>\n"
    ))
}

/// The gates that the tops need: a child of a threshold that can never tip it is not among them.
fn used(gates: &[(String, String)], tops: &str) -> String {
    let mut needed: HashSet<&str> = HashSet::new();
    let references = |formula: &str| -> Vec<String> {
        formula.split("<gate name=\"").skip(1).filter_map(|rest| Some(rest.split_once('"')?.0.to_string())).collect()
    };
    let by_name: HashMap<&str, &str> = gates.iter().map(|(name, formula)| (name.as_str(), formula.as_str())).collect();
    let mut open = references(tops);
    while let Some(name) = open.pop() {
        if let Some((&name, formula)) = by_name.get_key_value(name.as_str())
            && needed.insert(name)
        {
            open.extend(references(formula));
        }
    }
    let mut text = String::new();
    for (name, formula) in gates.iter().filter(|(name, _)| needed.contains(name.as_str())) {
        let _ = writeln!(text, "    <define-gate name=\"{name}\">{formula}</define-gate>");
    }
    text
}

struct Writer<'a> {
    circuit: &'a Circuit,
    identifiers: HashSet<String>,
    names: Vec<String>,
    /// Name and formula of each gate but the tops.
    gates: Vec<(String, String)>,
}

impl Writer<'_> {
    /// A free identifier that resembles a name.
    fn identifier(&mut self, name: &str, otherwise: &str) -> String {
        let mut plain = String::new();
        for c in name.chars().take(120) {
            match c {
                c if c.is_ascii_alphanumeric() => plain.push(c),
                '-' if !plain.is_empty() && !plain.ends_with(['-', '_']) => plain.push('-'),
                _ if !plain.is_empty() && !plain.ends_with(['-', '_']) => plain.push('_'),
                _ => {}
            }
        }
        let plain = plain.trim_end_matches(['-', '_']);
        let plain = if plain.starts_with(|c: char| c.is_ascii_alphabetic()) {
            plain.to_string()
        } else {
            format!("{otherwise}_{plain}")
        };
        let plain = plain.trim_end_matches(['-', '_']).to_string();
        let mut candidate = plain.clone();
        let mut number = 2;
        while !self.identifiers.insert(candidate.to_ascii_lowercase()) {
            candidate = format!("{plain}_{number}");
            number += 1;
        }
        candidate
    }

    fn reference(&self, node: Node) -> String {
        match self.circuit.gate(node) {
            Gate::Constant(value) => format!("<constant value=\"{value}\"/>"),
            Gate::Variable(_) => format!("<basic-event name=\"{}\"/>", self.names[node.index()]),
            _ => format!("<gate name=\"{}\"/>", self.names[node.index()]),
        }
    }

    fn references(&self, of: &[Node]) -> String {
        of.iter().map(|&child| self.reference(child)).collect()
    }

    fn gate(&mut self, node: Node) -> Result<(), WriteError> {
        let formula = match self.circuit.gate(node) {
            Gate::Constant(_) | Gate::Variable(_) => return Ok(()),
            Gate::Not(child) => format!("<not>{}</not>", self.reference(child)),
            Gate::And(of) => format!("<and>{}</and>", self.references(of)),
            Gate::Or(of) => format!("<or>{}</or>", self.references(of)),
            Gate::AtLeast { minimum, of } => format!("<atleast min=\"{minimum}\">{}</atleast>", self.references(of)),
            Gate::Xor(of) => {
                let mut formula = self.reference(of[0]);
                for &child in &of[1..] {
                    let name = self.identifier(&format!("g{}_x", node.index()), "g");
                    let joined = format!("<xor>{formula}{}</xor>", self.reference(child));
                    self.define(&name, &joined);
                    formula = format!("<gate name=\"{name}\"/>");
                }
                formula
            }
            Gate::Threshold { bound, weights, of } => self.threshold(node, bound, weights, of)?,
        };
        let name = self.identifier(&format!("g{}", node.index()), "g");
        self.define(&name, &formula);
        self.names[node.index()] = name;
        Ok(())
    }

    fn define(&mut self, name: &str, formula: &str) {
        self.gates.push((name.to_string(), formula.to_string()));
    }

    /// A weighted threshold by what is still needed when each child is reached, the heaviest first.
    fn threshold(&mut self, node: Node, bound: u64, weights: &[u64], of: &[Node]) -> Result<String, WriteError> {
        let mut children: Vec<(u64, Node)> = weights.iter().copied().zip(of.iter().copied()).collect();
        children.sort_by_key(|&(weight, child)| (std::cmp::Reverse(weight), child));
        let too_large = || WriteError::TooLarge { children: children.len() };
        let mut remaining: Vec<u128> = vec![0];
        for &(weight, _) in children.iter().rev() {
            remaining.push(remaining[remaining.len() - 1] + u128::from(weight));
        }
        remaining.reverse();
        let mut layers: Vec<Vec<u64>> = vec![vec![bound]];
        let mut total = 1;
        for (at, &(weight, _)) in children.iter().enumerate() {
            let mut next: Vec<u64> = layers[at].iter().flat_map(|&sum| [sum, sum.saturating_sub(weight)]).collect();
            next.retain(|&sum| sum > 0 && u128::from(sum) <= remaining[at + 1]);
            next.sort_unstable();
            next.dedup();
            total += next.len();
            if total > LARGEST {
                return Err(too_large());
            }
            layers.push(next);
        }
        let mut below: Vec<String> = vec![];
        for (at, &(weight, child)) in children.iter().enumerate().rev() {
            let mut here = Vec::with_capacity(layers[at].len());
            for &sum in &layers[at] {
                let value = |sum: u64| match layers[at + 1].binary_search(&sum) {
                    Ok(place) => Some(below[place].clone()),
                    Err(_) if sum == 0 => Some(String::new()),
                    Err(_) => None,
                };
                let child = self.reference(child);
                let with = value(sum.saturating_sub(weight)).map(|rest| match rest.as_str() {
                    "" => child.clone(),
                    rest => format!("<and>{child}{rest}</and>"),
                });
                let formula = match (with, value(sum)) {
                    (Some(with), Some(without)) => format!("<or>{with}{without}</or>"),
                    (Some(only), None) | (None, Some(only)) => only,
                    // What no child can bring was left out of the layer.
                    (None, None) => "<constant value=\"false\"/>".to_string(),
                };
                let name = self.identifier(&format!("g{}_t", node.index()), "g");
                self.define(&name, &formula);
                here.push(format!("<gate name=\"{name}\"/>"));
            }
            below = here;
        }
        below.pop().ok_or_else(too_large)
    }
}

fn label(name: &str, identifier: &str) -> String {
    if name == identifier {
        return String::new();
    }
    let mut label = String::from("<label>");
    for c in name.chars() {
        match c {
            '<' => label.push_str("&lt;"),
            '>' => label.push_str("&gt;"),
            '&' => label.push_str("&amp;"),
            c if c.is_control() => label.push(' '),
            c => label.push(c),
        }
    }
    label + "</label>"
}
