//! Products of tables, summed over what is no longer needed: the step of elimination on a tape.
//!
//! Elimination keeps the axes of all tables in one order, that in which they go (see [`crate::eliminate`]). So a table moves
//! along the innermost axis by one or not at all, and axes that two tables have side by side become one long loop, which
//! these kernels walk as slices.

/// A loop over one axis: how far each table moves with it. Tables that do not have the axis stay.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Loop {
    pub(crate) size: u32,
    pub(crate) out: u32,
    pub(crate) a: u32,
    pub(crate) b: u32,
}

/// Where each table begins: one for each entry of a sparse table, which fixes some of their axes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Start {
    pub(crate) out: u32,
    pub(crate) a: u32,
    pub(crate) b: u32,
}

/// `out += a * b` over all loops, from each of some starts. Without a second table its factor is 1.
#[derive(Clone, Debug)]
pub(crate) struct Contraction {
    /// Outermost first.
    loops: Vec<Loop>,
    starts: Vec<Start>,
}

impl Contraction {
    /// Loops that move all tables evenly become one.
    pub(crate) fn new(mut loops: Vec<Loop>, starts: Vec<Start>) -> Self {
        loops.retain(|one| one.size > 1);
        // The result is walked in its own order, once for each value of what is summed: long rows are quicker than sums of two.
        loops.sort_by_key(|one| (one.out > 0, std::cmp::Reverse(one.out)));
        let mut merged: Vec<Loop> = Vec::with_capacity(loops.len());
        for inner in loops {
            match merged.last_mut() {
                Some(outer)
                    if outer.out == inner.out * inner.size
                        && outer.a == inner.a * inner.size
                        && outer.b == inner.b * inner.size =>
                {
                    *outer = Loop { size: outer.size * inner.size, ..inner };
                }
                _ => merged.push(inner),
            }
        }
        Contraction { loops: merged, starts }
    }

    /// Multiplications of one run.
    pub(crate) fn work(&self) -> u64 {
        self.loops.iter().fold(self.starts.len() as u64, |work, one| work.saturating_mul(u64::from(one.size)))
    }

    /// Calls `row` with the places in `out`, `a` and `b`, and with how the innermost loop goes on from there.
    fn each(&self, mut row: impl FnMut([usize; 3], Loop)) {
        let single = Loop { size: 1, out: 0, a: 0, b: 0 };
        let (inner, outer) = self.loops.split_last().map_or((single, &[][..]), |(inner, outer)| (*inner, outer));
        for start in &self.starts {
            rows(outer, inner, [start.out as usize, start.a as usize, start.b as usize], &mut row);
        }
    }

    /// Adds the products to `out`, in each lane.
    pub(crate) fn run<const N: usize>(&self, out: &mut [[f64; N]], a: &[[f64; N]], b: Option<&[[f64; N]]>) {
        let Some(b) = b else {
            self.each(|[to, first, _], inner| along(out, to, inner.out, a, first, inner.a, [1.0; N], inner.size));
            return;
        };
        self.each(|[to, first, second], inner| match inner {
            Loop { b: 0, .. } => along(out, to, inner.out, a, first, inner.a, b[second], inner.size),
            Loop { a: 0, .. } => along(out, to, inner.out, b, second, inner.b, a[first], inner.size),
            _ => along_products(out, to, inner.out, (a, first, inner.a), (b, second, inner.b), inner.size),
        });
    }

    /// Backwards: adds to the slopes of the first table, given those of the result.
    pub(crate) fn slopes_of_first<const N: usize>(
        &self,
        slopes: &[[f64; N]],
        of_a: &mut [[f64; N]],
        b: Option<&[[f64; N]]>,
    ) {
        let Some(b) = b else {
            self.each(|[to, first, _], inner| along(of_a, first, inner.a, slopes, to, inner.out, [1.0; N], inner.size));
            return;
        };
        self.each(|[to, first, second], inner| match inner {
            Loop { b: 0, .. } => along(of_a, first, inner.a, slopes, to, inner.out, b[second], inner.size),
            _ => along_products(of_a, first, inner.a, (slopes, to, inner.out), (b, second, inner.b), inner.size),
        });
    }

    /// Backwards: adds to the slopes of the second table.
    pub(crate) fn slopes_of_second<const N: usize>(&self, slopes: &[[f64; N]], a: &[[f64; N]], of_b: &mut [[f64; N]]) {
        self.each(|[to, first, second], inner| match inner {
            Loop { a: 0, .. } => along(of_b, second, inner.b, slopes, to, inner.out, a[first], inner.size),
            _ => along_products(of_b, second, inner.b, (slopes, to, inner.out), (a, first, inner.a), inner.size),
        });
    }
}

/// The product in each lane.
#[inline]
pub(super) fn product<const N: usize>(a: [f64; N], b: [f64; N]) -> [f64; N] {
    std::array::from_fn(|lane| a[lane] * b[lane])
}

/// Adds in each lane.
#[inline]
pub(super) fn add<const N: usize>(to: &mut [f64; N], more: [f64; N]) {
    for (to, more) in to.iter_mut().zip(more) {
        *to += more;
    }
}

/// One minus the number of each lane.
pub(super) fn complement<const N: usize>(of: [f64; N]) -> [f64; N] {
    of.map(|number| 1.0 - number)
}

/// Whether the number is 0 in every lane.
pub(super) fn is_zero<const N: usize>(of: &[f64; N]) -> bool {
    of.iter().all(|number| *number == 0.0)
}

/// Every place of the outer loops.
fn rows(outer: &[Loop], inner: Loop, [mut out, mut a, mut b]: [usize; 3], row: &mut impl FnMut([usize; 3], Loop)) {
    let Some((one, rest)) = outer.split_first() else { return row([out, a, b], inner) };
    for _ in 0..one.size {
        if rest.is_empty() {
            row([out, a, b], inner);
        } else {
            rows(rest, inner, [out, a, b], row);
        }
        out += one.out as usize;
        a += one.a as usize;
        b += one.b as usize;
    }
}

/// `to += from * factor` along a row.
#[inline]
#[allow(clippy::too_many_arguments, reason = "a row is a table, a place and a step, and there are two of them")]
fn along<const N: usize>(
    to: &mut [[f64; N]],
    at: usize,
    step: u32,
    from: &[[f64; N]],
    from_at: usize,
    from_step: u32,
    factor: [f64; N],
    size: u32,
) {
    let size = size as usize;
    match (step, from_step) {
        (1, 1) => {
            let (to, from) = (&mut to[at..at + size], &from[from_at..from_at + size]);
            match size {
                2 => add_few::<2, N>(to, from, factor),
                3 => add_few::<3, N>(to, from, factor),
                4 => add_few::<4, N>(to, from, factor),
                8 => add_few::<8, N>(to, from, factor),
                16 => add_few::<16, N>(to, from, factor),
                _ => add_row(to, from, factor),
            }
        }
        (1, 0) => {
            let more = product(from[from_at], factor);
            for to in &mut to[at..at + size] {
                add(to, more);
            }
        }
        (0, 1) => {
            let sum = &mut to[at];
            for from in &from[from_at..from_at + size] {
                add(sum, product(*from, factor));
            }
        }
        _ => {
            let (mut at, mut from_at) = (at, from_at);
            for _ in 0..size {
                add(&mut to[at], product(from[from_at], factor));
                at += step as usize;
                from_at += from_step as usize;
            }
        }
    }
}

/// `to += from * factor` of rows with the same length.
#[inline]
fn add_row<const N: usize>(to: &mut [[f64; N]], from: &[[f64; N]], factor: [f64; N]) {
    for (to, from) in to.iter_mut().zip(from) {
        add(to, product(*from, factor));
    }
}

/// The same with a length that is known beforehand: most rows are short, and then a loop costs more than what is in it.
#[inline]
fn add_few<const L: usize, const N: usize>(to: &mut [[f64; N]], from: &[[f64; N]], factor: [f64; N]) {
    if let (Some(to), Some(from)) = (to.first_chunk_mut::<L>(), from.first_chunk::<L>()) {
        add_row(to, from, factor);
    }
}

/// `sum + a * b` of rows with the same length, from their beginning.
#[inline]
fn sum_row<const N: usize>(mut sum: [f64; N], a: &[[f64; N]], b: &[[f64; N]]) -> [f64; N] {
    for (a, b) in a.iter().zip(b) {
        add(&mut sum, product(*a, *b));
    }
    sum
}

/// The same with a length that is known beforehand.
#[inline]
fn sum_few<const L: usize, const N: usize>(sum: [f64; N], a: &[[f64; N]], b: &[[f64; N]]) -> [f64; N] {
    match (a.first_chunk::<L>(), b.first_chunk::<L>()) {
        (Some(a), Some(b)) => sum_row(sum, a, b),
        _ => sum,
    }
}

/// A table, a place in it, and how far a row moves there.
type Row<'a, const N: usize> = (&'a [[f64; N]], usize, u32);

/// `to += a * b` along a row.
#[inline]
fn along_products<const N: usize>(
    to: &mut [[f64; N]],
    at: usize,
    step: u32,
    (a, first, a_step): Row<'_, N>,
    (b, second, b_step): Row<'_, N>,
    size: u32,
) {
    let length = size as usize;
    match (step, a_step, b_step) {
        (1, 1, 1) => {
            let products = a[first..first + length].iter().zip(&b[second..second + length]);
            for (to, (a, b)) in to[at..at + length].iter_mut().zip(products) {
                add(to, product(*a, *b));
            }
        }
        (0, 1, 1) => {
            let (a, b) = (&a[first..first + length], &b[second..second + length]);
            to[at] = match length {
                2 => sum_few::<2, N>(to[at], a, b),
                3 => sum_few::<3, N>(to[at], a, b),
                4 => sum_few::<4, N>(to[at], a, b),
                8 => sum_few::<8, N>(to[at], a, b),
                16 => sum_few::<16, N>(to[at], a, b),
                _ => sum_row(to[at], a, b),
            };
        }
        _ => {
            let (mut at, mut first, mut second) = (at, first, second);
            for _ in 0..size {
                add(&mut to[at], product(a[first], b[second]));
                at += step as usize;
                first += a_step as usize;
                second += b_step as usize;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Numbers that are the same in every run (xorshift), from 0 to 1.
    struct Numbers(u64);

    impl Numbers {
        fn below(&mut self, limit: u32) -> u32 {
            self.0 ^= self.0 << 13;
            self.0 ^= self.0 >> 7;
            self.0 ^= self.0 << 17;
            (self.0 % u64::from(limit)) as u32
        }

        /// Numbers in two lanes.
        fn table(&mut self, length: u32) -> Vec<[f64; 2]> {
            let mut number = || f64::from(1 + self.below(1 << 20)) / f64::from(1 << 20);
            (0..length).map(|_| [number(), number()]).collect()
        }
    }

    /// Every product of all loops, one by one: places in `out`, `a` and `b`.
    fn places(loops: &[Loop], starts: &[Start]) -> Vec<[usize; 3]> {
        let mut all: Vec<[u32; 3]> = starts.iter().map(|start| [start.out, start.a, start.b]).collect();
        for one in loops {
            let moved = |[out, a, b]: [u32; 3], by: u32| [out + by * one.out, a + by * one.a, b + by * one.b];
            all = all.into_iter().flat_map(|from| (0..one.size).map(move |by| moved(from, by))).collect();
        }
        all.into_iter().map(|place| place.map(|at| at as usize)).collect()
    }

    fn assert_same(found: &[[f64; 2]], expected: &[[f64; 2]]) {
        for (found, expected) in found.as_flattened().iter().zip(expected.as_flattened()) {
            assert!((found - expected).abs() <= 1e-13 * expected.abs(), "{found} and {expected}");
        }
    }

    #[test]
    fn kernels_are_the_plain_sums_of_products() {
        let mut numbers = Numbers(0x9E37_79B9_7F4A_7C15);
        let mut kinds = std::collections::BTreeSet::new();
        for round in 0..2000 {
            // Tables over some of a few axes, each with the axes that it has in one order or in another.
            let sizes: Vec<u32> = (0..=numbers.below(5)).map(|_| 1 + numbers.below(4)).collect();
            let mut lengths = [1, 1, 1];
            let mut strides = [const { Vec::new() }; 3];
            for (strides, length) in strides.iter_mut().zip(&mut lengths) {
                let backwards = numbers.below(4) == 0;
                *strides = vec![0; sizes.len()];
                for at in 0..sizes.len() {
                    let at = if backwards { at } else { sizes.len() - 1 - at };
                    if numbers.below(3) > 0 {
                        strides[at] = *length;
                        *length *= sizes[at];
                    }
                }
            }
            let [of_out, of_a, of_b] = &strides;
            // A sparse table has no numbers of its own; it may stand for the second table or beside it.
            let (sparse, beside) = (round % 4 == 0, round % 4 == 1);
            let stride = |at: usize| Loop {
                size: sizes[at],
                out: of_out[at],
                a: of_a[at],
                b: if sparse { 0 } else { of_b[at] },
            };
            let loops: Vec<Loop> = (0..sizes.len()).map(stride).collect();
            let entries = if sparse || beside { 1 + numbers.below(3) } else { 1 };
            let start = |at: u32| Start { out: at % 2, a: at, b: if beside { at / 2 } else { 0 } };
            let starts: Vec<Start> = (0..entries).map(start).collect();
            let a = numbers.table(lengths[1] + 3);
            let b = (!sparse).then(|| numbers.table(lengths[2] + 1));
            let slopes = numbers.table(lengths[0] + 1);
            let how = Contraction::new(loops.clone(), starts.clone());
            let places = places(&loops, &starts);
            assert_eq!(how.work(), places.len() as u64);
            kinds.extend(how.loops.last().map(|one| (one.out.min(2), one.a.min(2), one.b.min(2), sparse)));

            let half = [0.5; 2];
            let of_second = vec![half; lengths[2] as usize + 1];
            let mut expected = [vec![half; slopes.len()], vec![half; a.len()], of_second];
            for (&[to, first, second], lane) in places.iter().flat_map(|place| [(place, 0), (place, 1)]) {
                let of_b = b.as_ref().map_or(1.0, |b| b[second][lane]);
                expected[0][to][lane] += a[first][lane] * of_b;
                expected[1][first][lane] += slopes[to][lane] * of_b;
                expected[2][second][lane] += slopes[to][lane] * a[first][lane];
            }
            let mut found = vec![half; slopes.len()];
            how.run(&mut found, &a, b.as_deref());
            assert_same(&found, &expected[0]);
            let mut found = vec![half; a.len()];
            how.slopes_of_first(&slopes, &mut found, b.as_deref());
            assert_same(&found, &expected[1]);
            if !sparse {
                let mut found = vec![half; lengths[2] as usize + 1];
                how.slopes_of_second(&slopes, &a, &mut found);
                assert_same(&found, &expected[2]);
            }
        }
        // Every row that the kernels treat apart was met: steps of 0, 1 and more of each table.
        assert!(kinds.len() > 20, "{kinds:?}");
    }
}
