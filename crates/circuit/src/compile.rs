//! Exact probability of a top, or bounds for it where it would cost too much.

use crate::bdd::{self, BOTTOM, Bdd, Id, ONE, UNBOUNDED, ZERO};
use crate::circuit::{Circuit, Node, Var};
use crate::condition;
use crate::eliminate;
use crate::limits::{Budget, CircuitError, Excess, Limits, check_probabilities};
use crate::modules::{Input, Part, split};
use crate::prepare::{Negation, prepare};
use crate::tape::{Tape, Value};

/// A probability, or bounds for it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bounds {
    /// It is at least this.
    pub lower: f64,
    /// It is at most this; the same as `lower` when it is exact.
    pub upper: f64,
}

impl Bounds {
    /// Whether the probability is known exactly (to the rounding of 64-bit numbers).
    pub fn is_exact(&self) -> bool {
        self.lower.to_bits() == self.upper.to_bits()
    }
}

/// A top made ready to be asked for probabilities: one function of the probabilities of its variables.
///
/// Components fail independently of each other; what fails together must be a variable of its own.
#[derive(Clone, Debug)]
pub struct Compiled {
    pub(crate) support: Vec<Var>,
    pub(crate) lower: Program,
    pub(crate) upper: Option<Program>,
    /// Of a coherent top: how many simultaneous failures the bounds take into account exactly in every module.
    pub(crate) order: Option<u32>,
}

#[derive(Clone, Debug)]
pub(crate) struct Program {
    pub(crate) tape: Tape,
    pub(crate) result: Value,
}

impl Program {
    pub(crate) fn probability(&self, probabilities: &[f64]) -> f64 {
        let [probability] = self.tape.run([probabilities], &mut Vec::new(), self.result);
        probability.clamp(0.0, 1.0)
    }
}

impl Compiled {
    /// Compiles a top. Ends with bounds where the exact function needs more than the limits.
    ///
    /// The top is cut into modules (Dutuit and Rauzy 1996). Each is made a small decision diagram (Bryant 1986; Rauzy 1993)
    /// by the best of several orders of its variables; what has none is eliminated variable after variable, counted by
    /// conditioning, or made a large diagram.
    pub fn new(circuit: &Circuit, top: Node, limits: Limits) -> Self {
        let support = circuit.support(top);
        let mut budget = Budget::new(limits);
        if let Ok(lower) = exact(circuit, top, &mut budget) {
            return Compiled { support, lower, upper: None, order: None };
        }
        let mut budget = Budget::new(limits);
        let coherent = circuit.is_coherent(top);
        let below = if coherent { Negation::Keep } else { Negation::False };
        let above = if coherent { Negation::Keep } else { Negation::True };
        let (lower, lower_order) = bounded(circuit, top, below, false, &mut budget);
        let (upper, upper_order) = bounded(circuit, top, above, true, &mut budget);
        Compiled { support, lower, upper: Some(upper), order: coherent.then_some(lower_order.min(upper_order)) }
    }

    /// Whether probabilities are exact.
    pub fn is_exact(&self) -> bool {
        self.upper.is_none()
    }

    /// Where only bounds are known of a coherent top: up to how many simultaneous failures in any one module they are
    /// exact.
    pub fn exact_to(&self) -> Option<u32> {
        self.order
    }

    /// How many numbers one evaluation computes: a measure of its time.
    pub fn size(&self) -> usize {
        self.lower.tape.len() + self.upper.as_ref().map_or(0, |upper| upper.tape.len())
    }

    /// The variables that the top depends on in form.
    pub fn support(&self) -> &[Var] {
        &self.support
    }

    /// The probability that the top is broken, given that of each variable (by its number).
    pub fn probability(&self, probabilities: &[f64]) -> Result<Bounds, CircuitError> {
        check_probabilities(&self.support, probabilities)?;
        let lower = self.lower.probability(probabilities);
        let upper = self.upper.as_ref().map_or(lower, |upper| upper.probability(probabilities).max(lower));
        Ok(Bounds { lower, upper })
    }

    /// The probability of the top when some components are known to have failed or to work.
    pub fn conditional(&self, probabilities: &[f64], fixed: &[(Var, bool)]) -> Result<Bounds, CircuitError> {
        let mut given = probabilities.to_vec();
        for &(var, failed) in fixed {
            if let Some(probability) = given.get_mut(var.index()) {
                *probability = f64::from(u8::from(failed));
            }
        }
        self.probability(&given)
    }
}

fn exact(circuit: &Circuit, top: Node, budget: &mut Budget) -> Result<Program, Excess> {
    let (prepared, top) = prepare(circuit, top, Negation::Keep, budget)?;
    let mut tape = Tape::default();
    let mut values: Vec<Value> = Vec::new();
    for part in split(&prepared, top) {
        let inputs = inputs_of(&part, &values, &mut tape, budget)?;
        let value = exact_part(&part, &inputs, &mut tape, budget)?;
        values.push(value);
    }
    // There is always a part: the top.
    let result = values.pop().ok_or(Excess)?;
    Ok(Program { tape, result })
}

fn inputs_of(part: &Part, values: &[Value], tape: &mut Tape, budget: &mut Budget) -> Result<Vec<Value>, Excess> {
    part.inputs
        .iter()
        .map(|input| match *input {
            Input::Variable(var) => tape.variable(var, budget),
            Input::Part(part) => Ok(values[part]),
        })
        .collect()
}

fn exact_part(part: &Part, inputs: &[Value], tape: &mut Tape, budget: &mut Budget) -> Result<Value, Excess> {
    let mark = tape.mark();
    let share = budget.steps / 4;
    let mut attempt = |budget: &mut Budget, steps: u64, run: &mut Attempt<'_>| {
        let value = budget.within(budget.nodes, steps, |budget| run(tape, budget));
        if value.is_err() {
            tape.truncate(mark);
        }
        value
    };
    let by_diagram = |tape: &mut Tape, budget: &mut Budget| {
        let (bdd, root) = best_diagram(part, UNBOUNDED, &vec![1; inputs.len()], budget)?;
        diagram_on_tape(&bdd.0, root, &bdd.1, inputs, tape, budget)
    };
    // A small diagram is the quickest to ask; what has none is better eliminated.
    let mut small: Box<Attempt<'_>> =
        Box::new(|tape, budget| budget.within(SMALL.nodes, SMALL.steps, |budget| by_diagram(tape, budget)));
    if let Ok(value) = attempt(budget, share, &mut small) {
        return Ok(value);
    }
    let mut eliminate: Box<Attempt<'_>> =
        Box::new(|tape, budget| eliminate::compile(&part.circuit, part.top, inputs, &part.turns, tape, budget));
    let all = budget.steps;
    if let Ok(value) = attempt(budget, all, &mut eliminate) {
        return Ok(value);
    }
    let mut count: Box<Attempt<'_>> =
        Box::new(|tape, budget| condition::compile(&part.circuit, part.top, inputs, tape, budget));
    if inputs.len() > 8
        && let Ok(value) = attempt(budget, share * 3 / 2, &mut count)
    {
        return Ok(value);
    }
    let rest = budget.steps;
    let mut diagram: Box<Attempt<'_>> = Box::new(by_diagram);
    attempt(budget, rest, &mut diagram)
}

/// What a diagram may take before elimination is tried. Those of promises that have one took less than 70,000 steps; what
/// needs more has none, and elimination is quicker than more tries.
const SMALL: Limits = Limits { nodes: 1 << 13, steps: 80_000 };

/// One way to write a part on a tape.
type Attempt<'a> = dyn FnMut(&mut Tape, &mut Budget) -> Result<Value, Excess> + 'a;

/// The diagram of a part by the first order that succeeds when all get the same, growing number of nodes; with it the
/// input at each level. `costs` has that of each input.
pub(crate) fn best_diagram(
    part: &Part,
    failures: u32,
    costs: &[u32],
    budget: &mut Budget,
) -> Result<((Bdd, Vec<usize>), Id), Excess> {
    // With few failures allowed the order that was given is small; without a limit elimination does what it would.
    let turns = (failures != UNBOUNDED && part.circuit.has_turns()).then_some(part.turns.as_slice());
    let orders = bdd::orders(&part.circuit, part.top, turns);
    let trusted = if turns.is_some() { 4 } else { 0 };
    let mut nodes = 1 << 14;
    let mut round = 0;
    loop {
        nodes = nodes.min(budget.nodes);
        for (at, levels) in orders.iter().enumerate() {
            let nodes = if (at, round) == (0, 0) { (nodes << trusted).min(budget.nodes) } else { nodes };
            let mut inputs = vec![0; costs.len()];
            for (input, &level) in levels.iter().enumerate() {
                if let Some(place) = inputs.get_mut(level as usize) {
                    *place = input;
                }
            }
            let by_level: Vec<u32> = inputs.iter().map(|&input| costs[input]).collect();
            let mut bdd = Bdd::new(by_level);
            let built = budget.within(nodes, nodes as u64 * 30, |budget| {
                bdd::build(&mut bdd, &part.circuit, part.top, levels, failures, budget)
            });
            if let Ok(root) = built {
                return Ok(((bdd, inputs), root));
            }
            if budget.steps == 0 {
                return Err(Excess);
            }
        }
        if nodes >= budget.nodes {
            return Err(Excess);
        }
        nodes *= 8;
        round += 1;
    }
}

fn diagram_on_tape(
    bdd: &Bdd,
    root: Id,
    inputs_by_level: &[usize],
    inputs: &[Value],
    tape: &mut Tape,
    budget: &mut Budget,
) -> Result<Value, Excess> {
    let reached = bdd.reached(root);
    let zero = tape.constant(0.0, budget)?;
    let mut values = vec![zero; root.max(ONE) as usize + 1];
    values[ONE as usize] = tape.constant(1.0, budget)?;
    for (id, branch) in bdd.branches().iter().enumerate().take(root as usize + 1) {
        if branch.level != BOTTOM && reached[id] {
            let by = inputs[inputs_by_level[branch.level as usize]];
            values[id] = if branch.low == ZERO && branch.high == ONE {
                by
            } else {
                tape.mix(by, values[branch.high as usize], values[branch.low as usize], budget)?
            };
        }
    }
    Ok(values[root as usize])
}

/// A program for a bound of a coherent function, and the order to which it is exact in each module.
fn bounded(circuit: &Circuit, top: Node, negation: Negation, above: bool, budget: &mut Budget) -> (Program, u32) {
    let steps = budget.steps / 2;
    let attempt = budget.within(budget.nodes, steps, |budget| {
        let (prepared, top) = prepare(circuit, top, negation, budget)?;
        let mut tape = Tape::default();
        let mut values: Vec<Value> = Vec::new();
        let mut order = u32::MAX;
        let parts = split(&prepared, top);
        for (at, part) in parts.iter().enumerate() {
            let share = budget.steps / (parts.len() - at) as u64;
            let inputs = inputs_of(part, &values, &mut tape, budget)?;
            let (value, to) = bounded_part(part, &inputs, above, share, &mut tape, budget)?;
            order = order.min(to);
            values.push(value);
        }
        let result = values.pop().ok_or(Excess)?;
        Ok((Program { tape, result }, order))
    });
    attempt.unwrap_or_else(|Excess| trivial(above))
}

/// What is known of any probability.
fn trivial(above: bool) -> (Program, u32) {
    let (tape, result) = Tape::of_constant(f64::from(u8::from(above)));
    (Program { tape, result }, 0)
}

fn bounded_part(
    part: &Part,
    inputs: &[Value],
    above: bool,
    share: u64,
    tape: &mut Tape,
    budget: &mut Budget,
) -> Result<(Value, u32), Excess> {
    let mark = tape.mark();
    let exact = budget.within(budget.nodes, share / 2, |budget| exact_part(part, inputs, tape, budget));
    if let Ok(value) = exact {
        return Ok((value, u32::MAX));
    }
    tape.truncate(mark);
    // All states with at most `order` failures are taken exactly; those with more count as broken in the upper bound.
    let costs = vec![1; inputs.len()];
    let mut best = None;
    for order in 1..=12u32 {
        let here = tape.mark();
        let attempt = budget.within(budget.nodes, share / 16, |budget| {
            let ((bdd, by_level), root) = best_diagram(part, order, &costs, budget)?;
            let value = diagram_on_tape(&bdd, root, &by_level, inputs, tape, budget)?;
            if !above {
                return Ok(value);
            }
            let more = more_than(inputs, order, tape, budget)?;
            tape.capped(value, more, budget)
        });
        let Ok(value) = attempt else {
            tape.truncate(here);
            break;
        };
        best = Some((value, order));
    }
    match best {
        Some(best) => Ok(best),
        None => Ok((tape.constant(f64::from(u8::from(above)), budget)?, 0)),
    }
}

/// The probability that more than `order` of the inputs are true.
fn more_than(inputs: &[Value], order: u32, tape: &mut Tape, budget: &mut Budget) -> Result<Value, Excess> {
    let mut sum: Option<Value> = None;
    for &input in inputs {
        let leaf = tape.leaf(input, 1, budget)?;
        sum = Some(match sum {
            None => leaf,
            Some(sum) => tape.sum(sum, leaf, order + 1, budget)?,
        });
    }
    match sum {
        Some(sum) => tape.entry(sum, order + 1, budget),
        None => tape.constant(0.0, budget),
    }
}
