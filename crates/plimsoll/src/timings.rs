//! How long each phase took, for `--timings`.

use std::fmt::Write as _;
use std::time::{Duration, Instant};

/// A stopwatch with a lap for each phase.
#[derive(Debug)]
pub(crate) struct Timings {
    laps: Vec<(&'static str, Duration)>,
    last: Instant,
}

impl Timings {
    pub(crate) fn start() -> Self {
        Timings { laps: Vec::new(), last: Instant::now() }
    }

    /// Ends a phase.
    pub(crate) fn lap(&mut self, phase: &'static str) {
        let now = Instant::now();
        self.laps.push((phase, now - self.last));
        self.last = now;
    }

    /// A table in milliseconds. Phases that touch the disk are named `write …` and are not part of the pure sum.
    pub(crate) fn table(&self) -> String {
        let mut out = String::new();
        let mut pure = Duration::ZERO;
        for (phase, took) in &self.laps {
            let _ = writeln!(out, "{phase:<10} {:>9.3} ms", took.as_secs_f64() * 1e3);
            if !phase.starts_with("write") {
                pure += *took;
            }
        }
        let _ = writeln!(out, "{:<10} {:>9.3} ms", "all but write", pure.as_secs_f64() * 1e3);
        out
    }
}
