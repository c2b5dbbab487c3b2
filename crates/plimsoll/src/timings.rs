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

    /// A table in milliseconds, with the sum of all phases but `disk`, the one that waits for the disk.
    pub(crate) fn table(&self, disk: &str) -> String {
        let mut out = String::new();
        let mut pure = Duration::ZERO;
        for (phase, took) in &self.laps {
            let _ = writeln!(out, "{phase:<10} {:>9.3} ms", took.as_secs_f64() * 1e3);
            if *phase != disk {
                pure += *took;
            }
        }
        let label = format!("all but {disk}");
        let _ = writeln!(out, "{label:<10} {:>9.3} ms", pure.as_secs_f64() * 1e3);
        out
    }
}
