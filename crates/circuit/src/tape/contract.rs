//! Products of tables, summed over what is no longer needed: the step of elimination on a tape.

/// A loop over one axis: how far each table moves with it. Tables that do not have the axis stay.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Loop {
    pub(crate) size: u32,
    pub(crate) out: u32,
    pub(crate) a: u32,
    pub(crate) b: u32,
}

/// `out += a * b` over all loops, from each of some starts. Without a second table its factor is 1.
#[derive(Clone, Debug)]
pub(crate) struct Contraction {
    /// Outermost first.
    loops: Vec<Loop>,
    /// Where `out` and `a` begin: one pair for each entry of a sparse table.
    starts: Vec<(u32, u32)>,
}

impl Contraction {
    /// Loops that move all tables evenly become one.
    pub(crate) fn new(mut loops: Vec<Loop>, starts: Vec<(u32, u32)>) -> Self {
        loops.retain(|one| one.size > 1);
        // The result is walked in its own order, summed axes innermost where they are.
        loops.sort_by_key(|one| std::cmp::Reverse(one.out));
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

    /// Calls `visit` with the places in `out`, `a` and `b`, and with how the innermost loop goes on from there.
    fn each(&self, mut visit: impl FnMut(usize, usize, usize, Loop)) {
        let single = Loop { size: 1, out: 0, a: 0, b: 0 };
        let (inner, outer) = self.loops.split_last().map_or((single, &[][..]), |(inner, outer)| (*inner, outer));
        let mut counts = vec![0u32; outer.len()];
        for &(out, a) in &self.starts {
            let (mut out, mut a, mut b) = (out as usize, a as usize, 0usize);
            counts.fill(0);
            loop {
                visit(out, a, b, inner);
                // The next place of the outer loops, as a counter with carries.
                let mut at = outer.len();
                loop {
                    if at == 0 {
                        break;
                    }
                    at -= 1;
                    let one = outer[at];
                    counts[at] += 1;
                    out += one.out as usize;
                    a += one.a as usize;
                    b += one.b as usize;
                    if counts[at] < one.size {
                        break;
                    }
                    counts[at] = 0;
                    let size = one.size as usize;
                    out -= one.out as usize * size;
                    a -= one.a as usize * size;
                    b -= one.b as usize * size;
                    if at == 0 {
                        at = usize::MAX;
                        break;
                    }
                }
                if at == usize::MAX || outer.is_empty() {
                    break;
                }
            }
        }
    }

    /// Adds the products to `out`, in each lane.
    pub(crate) fn run<const N: usize>(&self, out: &mut [[f64; N]], a: &[[f64; N]], b: Option<&[[f64; N]]>) {
        self.each(|out_at, a_at, b_at, inner| {
            let (mut to, mut first, mut second) = (out_at, a_at, b_at);
            for _ in 0..inner.size {
                add(&mut out[to], b.map_or(a[first], |b| product(a[first], b[second])));
                to += inner.out as usize;
                first += inner.a as usize;
                second += inner.b as usize;
            }
        });
    }

    /// Backwards: adds to the slopes of the first table, given those of the result.
    pub(crate) fn slopes_of_first<const N: usize>(
        &self,
        slopes: &[[f64; N]],
        of_a: &mut [[f64; N]],
        b: Option<&[[f64; N]]>,
    ) {
        self.each(|out_at, a_at, b_at, inner| {
            let (mut to, mut first, mut second) = (out_at, a_at, b_at);
            for _ in 0..inner.size {
                add(&mut of_a[first], b.map_or(slopes[to], |b| product(slopes[to], b[second])));
                to += inner.out as usize;
                first += inner.a as usize;
                second += inner.b as usize;
            }
        });
    }

    /// Backwards: adds to the slopes of the second table.
    pub(crate) fn slopes_of_second<const N: usize>(&self, slopes: &[[f64; N]], a: &[[f64; N]], of_b: &mut [[f64; N]]) {
        self.each(|out_at, a_at, b_at, inner| {
            let (mut to, mut first, mut second) = (out_at, a_at, b_at);
            for _ in 0..inner.size {
                add(&mut of_b[second], product(slopes[to], a[first]));
                to += inner.out as usize;
                first += inner.a as usize;
                second += inner.b as usize;
            }
        });
    }
}

/// The product in each lane.
pub(super) fn product<const N: usize>(a: [f64; N], b: [f64; N]) -> [f64; N] {
    std::array::from_fn(|lane| a[lane] * b[lane])
}

/// Adds in each lane.
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
