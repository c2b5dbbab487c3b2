//! How long each phase took, for `--timings`.

use std::fmt::Write as _;
use std::time::{Duration, Instant};

/// A stopwatch with a lap for each phase.
#[derive(Debug)]
pub(crate) struct Timings {
    phases: Vec<(&'static str, Duration)>,
    began: Instant,
    last: Instant,
}

impl Timings {
    pub(crate) fn start() -> Self {
        let now = Instant::now();
        Timings { phases: Vec::new(), began: now, last: now }
    }

    /// Ends a phase, or one part of a phase that has several.
    pub(crate) fn lap(&mut self, phase: &'static str) {
        let now = Instant::now();
        self.add(phase, now - self.last);
        self.last = now;
    }

    /// A phase that was done beside others, with its own time, which [`timed`] tells. What has passed since the last lap was
    /// spent waiting for it, and is no phase's.
    pub(crate) fn beside(&mut self, phase: &'static str, took: Duration) {
        self.add(phase, took);
        self.last = Instant::now();
    }

    fn add(&mut self, phase: &'static str, took: Duration) {
        match self.phases.iter_mut().find(|(known, _)| *known == phase) {
            Some((_, all)) => *all += took,
            None => self.phases.push((phase, took)),
        }
    }

    /// A table in milliseconds: the own time of each phase, and the time that passed, which is less where phases were beside
    /// each other. The phase that waits for the disk is named `disk`, those of its kind `disk …`; the last line but one is
    /// without them.
    pub(crate) fn table(&self, disk: &str) -> String {
        let wall = self.last - self.began;
        let writing = self.phases.iter().filter(|(phase, _)| phase.starts_with(disk)).map(|(_, took)| *took).sum();
        let but = format!("all but {disk}");
        let totals = [(but.as_str(), wall.saturating_sub(writing)), ("all in all", wall)];
        let mut out = String::new();
        for (phase, took) in self.phases.iter().copied().chain(totals) {
            let _ = writeln!(out, "{phase:<13} {:>9.3} ms", took.as_secs_f64() * 1e3);
        }
        out
    }
}

/// What comes out, and how long it took.
pub(crate) fn timed<T>(make: impl FnOnce() -> T) -> (T, Duration) {
    let start = Instant::now();
    let made = make();
    (made, start.elapsed())
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn what_is_beside_counts_for_itself_and_not_in_what_has_passed() {
        let mut timings = Timings::start();
        timings.lap("read");
        timings.beside("render", 100 * SECOND);
        timings.lap("write");
        let table = timings.table("write");
        let labels: Vec<&str> = table.lines().map(|line| line.get(..13).unwrap_or(line).trim()).collect();
        assert_eq!(labels, ["read", "render", "write", "all but write", "all in all"]);
        let time = |of: &str| {
            let line = table.lines().find(|line| line.starts_with(of)).and_then(|line| line.strip_suffix(" ms"));
            line.and_then(|line| line.rsplit_once(' ')).and_then(|(_, time)| time.parse::<f64>().ok()).expect("a time")
        };
        assert_eq!(time("render").to_bits(), 100_000.0_f64.to_bits());
        assert!(time("all in all") < 100_000.0 && time("all but write") <= time("all in all"), "{table}");
    }

    #[test]
    fn parts_of_a_phase_are_one_phase() {
        let mut timings = Timings::start();
        timings.beside("sum up", SECOND);
        timings.beside("sum up", 2 * SECOND);
        timings.phases.push(("write/read", Duration::ZERO));
        assert_eq!(timings.phases[0], ("sum up", 3 * SECOND));
        // What has passed is next to nothing, whatever was beside it.
        assert!(timings.table("write").lines().last().is_some_and(|line| line.starts_with("all in all")));
    }
}
