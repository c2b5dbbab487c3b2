//! Sums over all sets of a family, apart by order, without listing them.

use super::{CutSets, PartSets};
use crate::circuit::Var;
use crate::modules::Input;

/// A number that sums of products are made of.
pub(super) trait Number: Copy + PartialEq {
    const ZERO: Self;
    const ONE: Self;
    fn plus(self, other: Self) -> Self;
    fn times(self, other: Self) -> Self;
}

impl Number for u128 {
    const ZERO: Self = 0;
    const ONE: Self = 1;
    fn plus(self, other: Self) -> Self {
        self.saturating_add(other)
    }
    fn times(self, other: Self) -> Self {
        self.saturating_mul(other)
    }
}

impl Number for f64 {
    const ZERO: Self = 0.0;
    const ONE: Self = 1.0;
    fn plus(self, other: Self) -> Self {
        self + other
    }
    fn times(self, other: Self) -> Self {
        self * other
    }
}

impl CutSets {
    /// For each order, the sum over its sets of the product of what `of` gives for their variables.
    pub(super) fn polynomial<N: Number>(&self, of: impl Fn(Var) -> N) -> Vec<N> {
        let degree = self.complete.map_or(usize::MAX, |order| order as usize);
        let mut parts: Vec<Vec<N>> = Vec::with_capacity(self.parts.len());
        for part in &self.parts {
            let polynomial = part.polynomial(degree, &parts, &of);
            parts.push(polynomial);
        }
        parts.pop().unwrap_or_default()
    }
}

impl PartSets {
    fn polynomial<N: Number>(&self, degree: usize, below: &[Vec<N>], of: &impl Fn(Var) -> N) -> Vec<N> {
        let reached = self.reached();
        let mut sums: Vec<Vec<N>> = vec![vec![]; self.root as usize + 1];
        for id in 1..=self.root {
            if !reached[id as usize] {
                continue;
            }
            if id == super::family::UNIT {
                sums[id as usize] = vec![N::ONE];
                continue;
            }
            let branch = self.families.branch(id);
            let high = &sums[branch.high as usize];
            let mut sum = match self.by_level[branch.level as usize] {
                Input::Variable(var) => product(high, &[N::ZERO, of(var)], degree),
                Input::Part(part) => product(high, &below[part], degree),
            };
            let low = &sums[branch.low as usize];
            if sum.len() < low.len() {
                sum.resize(low.len(), N::ZERO);
            }
            for (entry, number) in sum.iter_mut().zip(low) {
                *entry = entry.plus(*number);
            }
            sums[id as usize] = sum;
        }
        std::mem::take(&mut sums[self.root as usize])
    }

    fn reached(&self) -> Vec<bool> {
        let mut reached = vec![false; self.root.max(1) as usize + 1];
        reached[self.root as usize] = true;
        for id in (2..=self.root).rev() {
            if reached[id as usize] {
                let branch = self.families.branch(id);
                reached[branch.low as usize] = true;
                reached[branch.high as usize] = true;
            }
        }
        reached
    }
}

fn product<N: Number>(a: &[N], b: &[N], degree: usize) -> Vec<N> {
    if a.is_empty() || b.is_empty() {
        return vec![];
    }
    let mut product = vec![N::ZERO; (a.len() + b.len() - 1).min(degree.saturating_add(1))];
    for (i, &x) in a.iter().enumerate().filter(|(_, x)| **x != N::ZERO) {
        for (entry, &y) in product.iter_mut().skip(i).zip(b) {
            *entry = entry.plus(x.times(y));
        }
    }
    product
}
