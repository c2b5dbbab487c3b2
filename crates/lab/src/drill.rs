//! Drills: a fault, and what a client saw of it, kept as one line of JSON each.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs::File;
use std::io::Write;
use std::path::Path;
use std::time::{Duration, Instant};

use serde::Serialize;

use crate::client::{Attempt, Probe, longest_gap, monotonic_ns, tally};
use crate::error::LabError;
use crate::holders::HolderTimes;
use crate::lab::Lab;

/// The result of one drill.
#[derive(Clone, Debug, Serialize)]
pub struct Drill {
    /// What was done, in words.
    pub drill: String,
    /// Longest time between two launches that succeeded, around the fault, in milliseconds: the outage for new
    /// connections. `None` if no connection succeeded after the fault.
    pub outage_ms: Option<u64>,
    /// The same over the time before the fault: what noise alone makes of it.
    pub idle_ms: Option<u64>,
    /// From the fault to the launch of the first success after the outage, in milliseconds.
    pub recovered_after_ms: Option<u64>,
    /// Number of connections launched.
    pub launches: usize,
    /// Number of those that failed, by reason.
    pub failed: BTreeMap<String, usize>,
    /// Number of those that succeeded after the fault, by the host that answered.
    pub answered_after: BTreeMap<String, usize>,
    /// Who held the address, if the drill is about one.
    pub holders: Option<Holders>,
}

/// Who held an address during a drill.
#[derive(Clone, Debug, Serialize)]
pub struct Holders {
    /// Before the fault.
    pub before: String,
    /// At the end.
    pub after: String,
    /// Longest time that nobody held it, in milliseconds. Of a host without power nothing is seen.
    pub none_ms: u64,
    /// Longest time that several held it at once, in milliseconds.
    pub several_ms: u64,
}

/// A file that keeps drills, one line of JSON each, after a first line that says what of the lab was real.
#[derive(Debug)]
pub struct Journal {
    file: File,
    drills: Vec<Drill>,
}

impl Journal {
    /// Starts a file anew.
    pub fn create(path: &Path, lab: &Lab) -> Result<Self, LabError> {
        if let Some(directory) = path.parent() {
            std::fs::create_dir_all(directory).map_err(LabError::io("make", directory))?;
        }
        let file = File::create(path).map_err(LabError::io("write", path))?;
        let mut journal = Self { file, drills: Vec::new() };
        journal.line(&BTreeMap::from([("fidelity", lab.fidelity())]))?;
        Ok(journal)
    }

    /// Keeps a drill.
    pub fn keep(&mut self, drill: &Drill) -> Result<(), LabError> {
        self.drills.push(drill.clone());
        self.line(drill)
    }

    /// The drills kept so far as a table for people.
    pub fn table(&self) -> String {
        let ms = |value: Option<u64>| value.map_or("-".to_owned(), |value| format!("{value} ms"));
        let mut text = format!(
            "{:<40} {:>8} {:>8} {:>7} {:>9} {:>12}  holder\n",
            "drill", "outage", "idle", "failed", "no holder", "two holders"
        );
        for drill in &self.drills {
            let failed: usize = drill.failed.values().sum();
            let (outage, idle) = (ms(drill.outage_ms), ms(drill.idle_ms));
            let holders = drill.holders.as_ref();
            let (none, several) = (ms(holders.map(|held| held.none_ms)), ms(holders.map(|held| held.several_ms)));
            let moved = holders.map_or(String::new(), |held| format!("{} -> {}", held.before, held.after));
            let _ = writeln!(
                text,
                "{:<40} {outage:>8} {idle:>8} {failed:>7} {none:>9} {several:>12}  {moved}",
                drill.drill
            );
        }
        text
    }

    fn line(&mut self, value: &impl Serialize) -> Result<(), LabError> {
        let text = serde_json::to_string(value).map_err(LabError::sys("write a drill"))?;
        writeln!(self.file, "{text}").map_err(LabError::sys("write a drill"))
    }
}

impl Drill {
    /// Watches through a running probe for `before`, injects the fault (which returns when it took effect), and goes on
    /// until connections have succeeded without a break for `settle`, or `limit` is over.
    pub fn run(
        name: &str,
        probe: Probe,
        [before, settle, limit]: [Duration; 3],
        fault: impl FnOnce() -> Result<u64, LabError>,
    ) -> Result<Self, LabError> {
        std::thread::sleep(before);
        let fault_ns = fault()?;
        let end = Instant::now() + limit;
        while Instant::now() < end && !settled(&probe.attempts(), fault_ns, settle) {
            std::thread::sleep(Duration::from_millis(100));
        }
        Ok(Self::of(name, &probe.stop()?, fault_ns))
    }

    /// The result of a drill whose fault was injected at `fault_ns`, from all attempts in order of their launch.
    pub fn of(name: &str, attempts: &[Attempt], fault_ns: u64) -> Self {
        let split = attempts.partition_point(|attempt| attempt.launched_ns < fault_ns);
        let gap = longest_gap(attempts, fault_ns);
        Self {
            drill: name.to_owned(),
            outage_ms: gap.map(super::client::Gap::ms),
            idle_ms: longest_gap(&attempts[..split], 0).map(super::client::Gap::ms),
            recovered_after_ms: gap.map(|gap| (gap.to_ns - fault_ns) / 1_000_000),
            launches: attempts.len(),
            failed: tally(attempts).0,
            answered_after: tally(&attempts[split..]).1,
            holders: None,
        }
    }

    /// The same drill with who held the address before and after it, and what a watch saw meanwhile.
    #[must_use]
    pub fn holders(mut self, before: impl Into<String>, after: impl Into<String>, seen: HolderTimes) -> Self {
        let HolderTimes { none_ms, several_ms } = seen;
        self.holders = Some(Holders { before: before.into(), after: after.into(), none_ms, several_ms });
        self
    }
}

/// Whether no attempt launched in the last `settle` has failed, all since the fault, and there were some.
fn settled(attempts: &[Attempt], fault_ns: u64, settle: Duration) -> bool {
    let settle = u64::try_from(settle.as_nanos()).unwrap_or(u64::MAX);
    let since = monotonic_ns().saturating_sub(settle);
    let mut recent = attempts.iter().rev().take_while(|attempt| attempt.launched_ns >= since).peekable();
    since > fault_ns && recent.peek().is_some() && recent.all(|attempt| attempt.result.is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn idle_and_outage_are_told_apart() {
        let good = |ms: u64| Attempt { launched_ns: ms * 1_000_000, took_us: 1, result: Ok("cp-1".to_owned()) };
        let bad = |ms: u64| Attempt { result: Err("connect: refused".to_owned()), ..good(ms) };
        let drill =
            Drill::of("power off", &[good(0), good(10), good(30), bad(40), bad(50), good(330), good(340)], 35_000_000);
        assert_eq!((drill.idle_ms, drill.outage_ms, drill.recovered_after_ms), (Some(20), Some(300), Some(295)));
        assert_eq!(drill.failed, BTreeMap::from([("connect: refused".to_owned(), 2)]));
        assert_eq!(drill.answered_after, BTreeMap::from([("cp-1".to_owned(), 2)]));
    }
}
