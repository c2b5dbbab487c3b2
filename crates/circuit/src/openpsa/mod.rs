//! Open-PSA Model Exchange Format: fault trees of other tools read, and ours written for them.
//!
//! The subset is that of SCRAM 0.16: the gates `and`, `or`, `not`, `atleast`, `cardinality`, `xor`, `nand`, `nor`, `iff`
//! and `imply`, nested as one likes; constants, house events, basic events with expressions of constants, parameters,
//! arithmetic, the mission time and the usual lifetime distributions; components with public and private names.
//! Common-cause groups, event trees and uncertain expressions are refused, not ignored.
//!
//! A file never becomes a panic or a hang: nesting is bounded, entities cannot be defined, and everything wrong that one
//! phase finds is reported with its place.

mod collect;
mod expression;
mod formula;
mod link;
mod problem;
mod scope;
mod write;
mod xml;

pub use problem::{Problem, Severity};
pub use write::{Tree, WriteError, write};

use crate::circuit::{Circuit, Node, Var};
use crate::limits::CircuitError;

/// How files are read.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Options {
    /// What `system-mission-time` means, in hours (if rates are per hour, as is usual).
    pub mission_time: f64,
}

impl Default for Options {
    /// A year of 8760 hours, the default of SCRAM.
    fn default() -> Self {
        Options { mission_time: 8760.0 }
    }
}

/// What a file says.
#[derive(Clone, Debug)]
pub struct Model {
    /// All its gates.
    pub circuit: Circuit,
    /// The gates that no other gate uses, in the order of the file.
    pub tops: Vec<Top>,
    /// Its basic events: event `i` is `Var(i)`.
    pub events: Vec<Event>,
    /// What is odd but does not change the result.
    pub warnings: Vec<Problem>,
}

/// A gate that no other gate uses.
#[derive(Clone, Debug, PartialEq)]
pub struct Top {
    /// Its name, with the path to it where it is private or not unique.
    pub name: String,
    /// Its function.
    pub node: Node,
    /// Where it is defined, in bytes.
    pub at: usize,
}

/// A basic event.
#[derive(Clone, Debug, PartialEq)]
pub struct Event {
    /// Its name, with the path to it where it is private or not unique.
    pub name: String,
    /// Its probability, if the file gives one.
    pub probability: Option<f64>,
    /// Where it is defined, in bytes.
    pub at: usize,
}

impl Model {
    /// The probability of each event.
    ///
    /// # Errors
    /// [`CircuitError::NoProbability`] for the first event that has none and that some gate depends on.
    pub fn probabilities(&self) -> Result<Vec<f64>, CircuitError> {
        let used: std::collections::BTreeSet<Var> =
            self.tops.iter().flat_map(|top| self.circuit.support(top.node)).collect();
        let of = |(number, event): (usize, &Event)| match event.probability {
            Some(probability) => Ok(probability),
            None if !used.contains(&Var(number as u32)) => Ok(0.0),
            None => Err(CircuitError::NoProbability { var: Var(number as u32), given: number }),
        };
        self.events.iter().enumerate().map(of).collect()
    }
}

/// Reads a file.
///
/// # Errors
/// All problems of the first phase that finds any (form, definitions, references, cycles), each with its place; at least
/// one of them is an error, and they are sorted by place. A name that is defined twice ends no phase.
pub fn read(text: &str, options: Options) -> Result<Model, Vec<Problem>> {
    let document = xml::parse(text).map_err(|problem| vec![problem])?;
    let mut problems = problem::Problems::new(text);
    let definitions = collect::collect(&document, &mut problems);
    // Whatever refers to a name that is defined twice finds the first: what else is wrong is told as well.
    problems.stop_beyond(definitions.twice)?;
    let linked = link::link(&document, &definitions, options, &mut problems);
    problems.stop()?;
    let Some((circuit, tops, events)) = linked else { return Err(problems.sorted()) };
    Ok(Model { circuit, tops, events, warnings: problems.sorted() })
}
