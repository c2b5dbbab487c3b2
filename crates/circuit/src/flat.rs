//! A circuit as plain arrays: for evaluation here, and for the same evaluation elsewhere.

use crate::circuit::{Circuit, Gate, Node, Var};

/// What one entry of a [`Flat`] circuit does; the discriminants are part of the exported form.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Operation {
    /// The argument, 0 or 1.
    Constant = 0,
    /// Whether the component with the number of the argument has failed.
    Variable = 1,
    /// The opposite of the only child.
    Not = 2,
    /// All children.
    And = 3,
    /// Any child.
    Or = 4,
    /// An odd number of children.
    Xor = 5,
    /// At least as many children as the argument.
    AtLeast = 6,
    /// The weights of the true children sum to at least the argument.
    Threshold = 7,
}

/// The part of a circuit that some tops depend on, in an order in which children come before their parents.
///
/// Entry `i` has the children `children[first[i] .. first[i + 1]]`, which are entries before `i`. The weights of all
/// [`Operation::Threshold`] entries follow one another in `weights` in the order of the entries, one a child, so that
/// who evaluates from first to last reads them in one pass.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Flat {
    /// What each entry does.
    pub operations: Vec<Operation>,
    /// The constant, the number of the variable, the minimum or the bound; 0 for the others.
    pub arguments: Vec<u64>,
    /// Where the children of each entry begin; one more than there are entries.
    pub first: Vec<u32>,
    /// The children of all entries.
    pub children: Vec<u32>,
    /// The weights of all thresholds.
    pub weights: Vec<u64>,
    /// The entry of each top, as they were given.
    pub tops: Vec<u32>,
}

impl Flat {
    /// The number of entries.
    pub fn len(&self) -> usize {
        self.operations.len()
    }

    /// Whether there is nothing to evaluate.
    pub fn is_empty(&self) -> bool {
        self.operations.is_empty()
    }
}

impl Circuit {
    /// What `tops` depend on, as plain arrays.
    pub fn to_flat(&self, tops: &[Node]) -> Flat {
        let cone = self.cone(tops);
        let mut place = vec![0u32; self.len()];
        let mut flat = Flat { first: vec![0], ..Flat::default() };
        for (entry, &node) in cone.iter().enumerate() {
            place[node.index()] = entry as u32;
            let (operation, argument) = match self.gate(node) {
                Gate::Constant(value) => (Operation::Constant, u64::from(value)),
                Gate::Variable(Var(number)) => (Operation::Variable, u64::from(number)),
                Gate::Not(_) => (Operation::Not, 0),
                Gate::And(_) => (Operation::And, 0),
                Gate::Or(_) => (Operation::Or, 0),
                Gate::Xor(_) => (Operation::Xor, 0),
                Gate::AtLeast { minimum, .. } => (Operation::AtLeast, minimum),
                Gate::Threshold { bound, weights, .. } => {
                    flat.weights.extend_from_slice(weights);
                    (Operation::Threshold, bound)
                }
            };
            flat.operations.push(operation);
            flat.arguments.push(argument);
            flat.children.extend(self.children(node).iter().map(|child| place[child.index()]));
            flat.first.push(flat.children.len() as u32);
        }
        flat.tops = tops.iter().map(|top| place[top.index()]).collect();
        flat
    }
}
