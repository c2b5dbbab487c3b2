//! Orders of variables: the shape of a diagram depends on little else, and no rule is best, so several are tried.

use crate::circuit::{Circuit, Node, Var};

/// A way to order variables.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Order {
    /// Depth first from the top, children as they come.
    DepthFirst,
    /// Depth first, children with the smallest part below them first.
    SmallFirst,
    /// Depth first, children whose variables are shared most first.
    SharedFirst,
    /// The weight of the top is shared out downwards; the heaviest variables first (after Minato 1990).
    Weighted,
    /// Depth first, children with the largest part below them first.
    LargeFirst,
    /// Level by level from the top: what is near it first.
    BreadthFirst,
}

/// All of them, the most promising first.
const ALL: [Order; 6] =
    [Order::DepthFirst, Order::SmallFirst, Order::SharedFirst, Order::Weighted, Order::LargeFirst, Order::BreadthFirst];

/// The level of each variable by each rule; rules that agree with an earlier one are left out. `turns`, where given, has that
/// of each variable ([`Circuit::set_turns`]): their order comes first.
pub(crate) fn orders(circuit: &Circuit, top: Node, turns: Option<&[u32]>) -> Vec<Vec<u32>> {
    let facts = Facts::of(circuit, top);
    let mut found: Vec<Vec<u32>> = Vec::new();
    if let Some(turns) = turns {
        let mut by_turn: Vec<usize> = (0..turns.len()).collect();
        by_turn.sort_by_key(|&var| turns[var]);
        let mut levels = vec![u32::MAX; circuit.variables().max(turns.len())];
        for (level, var) in by_turn.into_iter().enumerate() {
            levels[var] = level as u32;
        }
        found.push(levels);
    }
    for order in ALL {
        let levels = facts.levels(circuit, top, order);
        if !found.contains(&levels) {
            found.push(levels);
        }
    }
    found
}

struct Facts {
    cone: Vec<Node>,
    /// Gates below, each counted as often as it is reached.
    size: Vec<f64>,
    /// How often the variables below are used elsewhere too.
    shared: Vec<f64>,
    weight: Vec<f64>,
    depth: Vec<u32>,
}

impl Facts {
    fn of(circuit: &Circuit, top: Node) -> Self {
        let cone = circuit.cone(&[top]);
        let count = circuit.len();
        let mut parents = vec![0u32; count];
        let mut weight = vec![0.0; count];
        let mut depth = vec![0u32; count];
        weight[top.index()] = 1.0;
        for &node in cone.iter().rev() {
            let children = circuit.children(node);
            for child in children {
                parents[child.index()] += 1;
                weight[child.index()] += weight[node.index()] / children.len() as f64;
                depth[child.index()] = depth[child.index()].max(depth[node.index()] + 1);
            }
        }
        let mut size = vec![1.0; count];
        let mut shared = vec![0.0; count];
        for &node in &cone {
            let children = circuit.children(node);
            if children.is_empty() {
                shared[node.index()] = f64::from(parents[node.index()].saturating_sub(1));
            } else {
                size[node.index()] += children.iter().map(|child| size[child.index()]).sum::<f64>();
                let below: f64 = children.iter().map(|child| shared[child.index()]).sum();
                shared[node.index()] =
                    below / children.len() as f64 + f64::from(parents[node.index()].saturating_sub(1));
            }
        }
        Facts { cone, size, shared, weight, depth }
    }

    fn levels(&self, circuit: &Circuit, top: Node, order: Order) -> Vec<u32> {
        let sequence = match order {
            Order::DepthFirst => depth_first(circuit, top, |_| {}),
            Order::SmallFirst => sorted(circuit, top, |node| self.size[node.index()]),
            Order::LargeFirst => sorted(circuit, top, |node| -self.size[node.index()]),
            Order::SharedFirst => sorted(circuit, top, |node| -self.shared[node.index()]),
            Order::Weighted => self.variables(circuit, |node| -self.weight[node.index()]),
            Order::BreadthFirst => self.variables(circuit, |node| f64::from(self.depth[node.index()])),
        };
        let mut levels = vec![u32::MAX; circuit.variables()];
        for (level, var) in sequence.into_iter().enumerate() {
            levels[var.index()] = level as u32;
        }
        levels
    }

    fn variables(&self, circuit: &Circuit, key: impl Fn(Node) -> f64) -> Vec<Var> {
        let mut leaves: Vec<(f64, Var)> =
            self.cone.iter().filter_map(|&node| Some((key(node), circuit.variable_of(node)?))).collect();
        leaves.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
        leaves.into_iter().map(|(_, var)| var).collect()
    }
}

fn depth_first(circuit: &Circuit, top: Node, arrange: impl Fn(&mut [Node])) -> Vec<Var> {
    let mut seen = vec![false; top.index() + 1];
    let mut open = vec![top];
    let mut sequence = Vec::new();
    while let Some(node) = open.pop() {
        if std::mem::replace(&mut seen[node.index()], true) {
            continue;
        }
        if let Some(var) = circuit.variable_of(node) {
            sequence.push(var);
        }
        let mut children = circuit.children(node).to_vec();
        arrange(&mut children);
        open.extend(children.into_iter().rev());
    }
    sequence
}

fn sorted(circuit: &Circuit, top: Node, key: impl Fn(Node) -> f64) -> Vec<Var> {
    depth_first(circuit, top, |children| children.sort_by(|&a, &b| key(a).total_cmp(&key(b))))
}
