//! Fewer failures than a line asks for: of a promise that more failures can mend, to survive any two is to survive none and any
//! one too.

use plimsoll_circuit::Var;

use super::{Answer, CounterExample, try_each};
use crate::combinations::Combinations;
use crate::lanes::Lanes;
use crate::mended::parts;
use crate::question::Question;

/// Asks those with fewer failures, and adds what they break to the answers for these promises.
pub(super) fn add_fewer(
    lanes: &mut Lanes,
    answers: &mut [Answer],
    mended: &[usize],
    combinations: &Combinations,
    drained: Option<Var>,
) {
    let nothing = |answer: &Answer| Answer { counter_examples: Vec::new(), broken_by: 0, ..*answer };
    let mut aside: Vec<Answer> = answers.iter().map(nothing).collect();
    for fewer in combinations.fewer() {
        try_each(lanes, &mut aside, &fewer, drained);
    }
    for (answer, aside) in answers.iter_mut().zip(aside).filter(|(answer, _)| mended.contains(&answer.promise)) {
        answer.broken_by += aside.broken_by;
        answer.counter_examples.splice(0..0, aside.counter_examples);
    }
}

/// The smallest part of an example that breaks the promise too.
pub(super) fn smallest_part(question: &mut Question<'_>, promise: usize, example: &mut CounterExample) {
    let breaks = |part: &Vec<Var>| {
        question.ask(part.iter().copied().chain(example.drained));
        question.broken(promise)
    };
    if let Some(part) = parts(&example.failed).find(breaks) {
        example.failed = part;
    }
}
