//! What belongs together, directly or through others.

/// Numbers, put together two by two (union-find; Galler and Fischer 1964).
#[derive(Clone, Debug)]
pub(crate) struct Joined {
    above: Vec<usize>,
}

impl Joined {
    pub(crate) fn new(count: usize) -> Self {
        Joined { above: (0..count).collect() }
    }

    /// The smallest that it belongs together with.
    pub(crate) fn first(&self, of: usize) -> usize {
        let mut at = of;
        while self.above[at] != at {
            at = self.above[at];
        }
        at
    }

    pub(crate) fn join(&mut self, one: usize, other: usize) {
        let (one, other) = (self.shorten(one), self.shorten(other));
        self.above[one.max(other)] = one.min(other);
    }

    /// The same as [`Joined::first`], which is nearer to those on the way afterwards.
    fn shorten(&mut self, of: usize) -> usize {
        let mut at = of;
        while self.above[at] != at {
            self.above[at] = self.above[self.above[at]];
            at = self.above[at];
        }
        at
    }
}
