//! A top made ready for analysis: negations at the variables, and parts that share nothing brought together.
//!
//! Only the form changes: what comes out is the same function, or where asked a coherent one above or below it.

use crate::circuit::{Circuit, Gate, Node, Op, Var};
use crate::joined::Joined;
use crate::limits::{Budget, Excess};

/// What becomes of negated variables.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Negation {
    /// They stay; so do exclusive ors.
    Keep,
    /// They become true: the smallest easy coherent function above.
    True,
    /// They become false: the largest easy coherent function below.
    False,
}

/// The function of `top` in a circuit of its own.
pub(crate) fn prepare(
    source: &Circuit,
    top: Node,
    negation: Negation,
    budget: &mut Budget,
) -> Result<(Circuit, Node), Excess> {
    let mut target = source.empty();
    let top = push_negations(source, top, negation, &mut target, budget)?;
    let mut grouped = source.empty();
    let regrouped = budget.within(usize::MAX, budget.steps / 4, |budget| regroup(&target, top, &mut grouped, budget));
    // Grouping only helps; without it the analysis is the same.
    Ok(match regrouped {
        Ok(top) => (grouped, top),
        Err(Excess) => (target, top),
    })
}

fn push_negations(
    source: &Circuit,
    top: Node,
    negation: Negation,
    target: &mut Circuit,
    budget: &mut Budget,
) -> Result<Node, Excess> {
    let cone = source.cone(&[top]);
    let keep = negation == Negation::Keep;
    // Bit 0: needed as it is; bit 1: needed negated.
    let mut needed = vec![0u8; source.len()];
    needed[top.index()] = 1;
    for &node in cone.iter().rev() {
        let ways = needed[node.index()];
        let passed = match source.gate(node) {
            Gate::Not(_) => (ways >> 1) | ((ways & 1) << 1),
            Gate::Xor(_) => {
                if keep {
                    1
                } else {
                    3
                }
            }
            _ => ways,
        };
        for child in source.children(node) {
            needed[child.index()] |= passed;
        }
    }
    let mut image = vec![[Node::FALSE; 2]; source.len()];
    for &node in &cone {
        budget.spend(1 + source.children(node).len() as u64)?;
        for negated in [false, true] {
            if needed[node.index()] & (1 << u8::from(negated)) == 0 {
                continue;
            }
            let side = usize::from(negated);
            let gate = source.gate(node);
            let of: Vec<Node> = gate.children().iter().map(|child| image[child.index()][side]).collect();
            image[node.index()][side] = match gate {
                Gate::Constant(value) => target.constant(value != negated),
                Gate::Variable(var) => match (negated, negation) {
                    (false, _) => target.variable(var),
                    (true, Negation::Keep) => {
                        let plain = target.variable(var);
                        target.not(plain)
                    }
                    (true, Negation::True) => Node::TRUE,
                    (true, Negation::False) => Node::FALSE,
                },
                Gate::Not(inner) => image[inner.index()][1 - side],
                Gate::And(_) if negated => target.or(of),
                Gate::And(_) => target.and(of),
                Gate::Or(_) if negated => target.and(of),
                Gate::Or(_) => target.or(of),
                Gate::Xor(children) if keep => {
                    let plain = target.xor(children.iter().map(|child| image[child.index()][0]));
                    if negated { target.not(plain) } else { plain }
                }
                Gate::Xor(children) => {
                    let sides: Vec<[Node; 2]> = children.iter().map(|child| image[child.index()]).collect();
                    expand_xor(target, &sides)[side]
                }
                Gate::AtLeast { minimum, .. } => {
                    let count = of.len() as u64;
                    target.at_least(if negated { count - minimum + 1 } else { minimum }, of)
                }
                Gate::Threshold { bound, weights, .. } => {
                    // Not (sum of true >= bound) is (sum of false >= total - bound + 1). Weights are at most the bound,
                    // so only a total beyond u64 needs care: then the enough of the false is above any weight's reach.
                    let total: u128 = weights.iter().map(|&weight| u128::from(weight)).sum();
                    let pairs = weights.iter().copied().zip(of);
                    if negated {
                        wide_threshold(target, total - u128::from(bound) + 1, pairs.collect())
                    } else {
                        target.threshold(bound, pairs)
                    }
                }
            };
        }
    }
    Ok(image[top.index()][0])
}

/// A threshold whose bound may not fit 64 bits: weights and bound are halved in a way that keeps every comparison.
fn wide_threshold(target: &mut Circuit, bound: u128, pairs: Vec<(u64, Node)>) -> Node {
    if let Ok(bound) = u64::try_from(bound) {
        return target.threshold(bound, pairs);
    }
    // Such sums never arise from capacities; the heaviest child is split off until the rest fits.
    let Some(heaviest) = (0..pairs.len()).max_by_key(|&at| pairs[at].0) else { return Node::FALSE };
    let total: u128 = pairs.iter().map(|&(weight, _)| u128::from(weight)).sum();
    if total < bound {
        return Node::FALSE;
    }
    let mut rest = pairs;
    let (weight, node) = rest.swap_remove(heaviest);
    let with = wide_threshold(target, bound - u128::from(weight), rest.clone());
    let without = wide_threshold(target, bound, rest);
    let taken = target.and([node, with]);
    target.or([taken, without])
}

/// The exclusive or of functions and its negation, from each function and its negation.
fn expand_xor(target: &mut Circuit, sides: &[[Node; 2]]) -> [Node; 2] {
    let mut sum = [Node::FALSE, Node::TRUE];
    for &[plain, negated] in sides {
        let first = target.and([sum[0], negated]);
        let second = target.and([sum[1], plain]);
        let third = target.and([sum[0], plain]);
        let fourth = target.and([sum[1], negated]);
        sum = [target.or([first, second]), target.or([third, fourth])];
    }
    sum
}

/// Flattens nested "and" and "or" gates that nobody else uses, and makes a gate of each group of children that shares
/// variables, so that independent parts become modules.
fn regroup(source: &Circuit, top: Node, target: &mut Circuit, budget: &mut Budget) -> Result<Node, Excess> {
    let cone = source.cone(&[top]);
    let mut parents = vec![0u32; source.len()];
    for &node in &cone {
        for child in source.children(node) {
            parents[child.index()] += 1;
        }
    }
    // What becomes part of its only parent needs no gate of its own.
    let kind = |node: Node| match source.gate(node) {
        Gate::And(_) => Some(Op::And),
        Gate::Or(_) => Some(Op::Or),
        _ => None,
    };
    let mut absorbed = vec![false; source.len()];
    for &node in &cone {
        for &child in source.children(node) {
            absorbed[child.index()] = parents[child.index()] == 1 && kind(node).is_some() && kind(node) == kind(child);
        }
    }
    let mut supports: Vec<Vec<Var>> = vec![vec![]; source.len()];
    let mut flat: Vec<Vec<Node>> = vec![vec![]; source.len()];
    let mut image = vec![Node::FALSE; source.len()];
    for &node in &cone {
        let gate = source.gate(node);
        let mut support = Vec::new();
        for child in source.children(node) {
            support.extend_from_slice(&supports[child.index()]);
        }
        budget.spend(4 + support.len() as u64)?;
        support.sort_unstable();
        support.dedup();
        let of: Vec<Node> = gate.children().iter().map(|child| image[child.index()]).collect();
        image[node.index()] = match gate {
            Gate::Constant(value) => target.constant(value),
            Gate::Variable(var) => {
                support.push(var);
                target.variable(var)
            }
            Gate::Not(inner) => target.not(image[inner.index()]),
            Gate::Xor(_) => target.xor(of),
            Gate::AtLeast { minimum, .. } => target.at_least(minimum, of),
            Gate::Threshold { bound, weights, .. } => target.threshold(bound, weights.iter().copied().zip(of)),
            Gate::And(children) | Gate::Or(children) => {
                let op = if matches!(gate, Gate::And(_)) { Op::And } else { Op::Or };
                let mut members = Vec::new();
                for child in children {
                    if absorbed[child.index()] {
                        // The longer list stays where it is, so that a long chain is not copied at every gate.
                        let mut nested = std::mem::take(&mut flat[child.index()]);
                        if nested.len() > members.len() {
                            std::mem::swap(&mut nested, &mut members);
                        }
                        members.extend(nested);
                    } else {
                        members.push(*child);
                    }
                }
                if absorbed[node.index()] {
                    flat[node.index()] = members;
                    supports[node.index()] = support;
                    continue;
                }
                members.sort_unstable();
                members.dedup();
                budget.spend(members.len() as u64)?;
                let mut groups = Vec::new();
                for group in group_by_variables(&members, |member| &supports[member.index()]) {
                    let images: Vec<Node> = group.iter().map(|member| image[member.index()]).collect();
                    groups.push(join(target, op, images));
                }
                join(target, op, groups)
            }
        };
        supports[node.index()] = support;
    }
    Ok(image[top.index()])
}

fn join(target: &mut Circuit, op: Op, of: Vec<Node>) -> Node {
    if op == Op::And { target.and(of) } else { target.or(of) }
}

/// Members that share variables, directly or through others, together.
pub(crate) fn group_by_variables<'a, T: Copy>(members: &[T], support: impl Fn(T) -> &'a [Var]) -> Vec<Vec<T>> {
    let mut owner: rustc_hash::FxHashMap<Var, usize> = rustc_hash::FxHashMap::default();
    let mut joined = Joined::new(members.len());
    for (at, &member) in members.iter().enumerate() {
        for &var in support(member) {
            joined.join(at, *owner.entry(var).or_insert(at));
        }
    }
    let mut place = vec![usize::MAX; members.len()];
    let mut groups: Vec<Vec<T>> = Vec::new();
    for (at, &member) in members.iter().enumerate() {
        let root = joined.first(at);
        if place[root] == usize::MAX {
            place[root] = groups.len();
            groups.push(Vec::new());
        }
        groups[place[root]].push(member);
    }
    groups
}
