//! The client of a lab: new connections at a fixed rate, and what became of each.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::{Child, ChildStdin, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

use rustix::time::{ClockId, clock_gettime};
use serde::{Deserialize, Serialize};

use crate::error::LabError;

/// Nanoseconds of the machine's monotonic clock: the same for all processes of the machine, hosts of a lab included.
pub fn monotonic_ns() -> u64 {
    let now = clock_gettime(ClockId::Monotonic);
    u64::try_from(now.tv_sec).unwrap_or(0) * 1_000_000_000 + u64::try_from(now.tv_nsec).unwrap_or(0)
}

/// What a probe asks, how often, and when it gives up.
///
/// Each attempt is a new client: a TCP connection, a full TLS handshake (no resumption) whose server certificate must be
/// signed by the given authority for the given name, `GET` of a path, and an answer with status 200.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ProbePlan {
    /// Where to connect.
    pub target: SocketAddr,
    /// Name or address that the server's certificate must hold.
    pub server_name: String,
    /// File with the certificate authority (PEM), on this machine.
    pub authority: PathBuf,
    /// Path to ask for.
    pub path: String,
    /// Time between two launches, in milliseconds.
    pub interval_ms: u64,
    /// An attempt that takes longer has failed, in milliseconds.
    ///
    /// Below 1000 on purpose: a lost SYN is sent again after one second (RFC 6298), and a connection that outlived an
    /// outage in that way would hide it.
    pub deadline_ms: u64,
}

impl ProbePlan {
    /// `GET /readyz` every 10 ms with a deadline of 900 ms.
    pub fn readyz(target: SocketAddr, server_name: impl Into<String>, authority: impl Into<PathBuf>) -> Self {
        Self {
            target,
            server_name: server_name.into(),
            authority: authority.into(),
            path: "/readyz".to_owned(),
            interval_ms: 10,
            deadline_ms: 900,
        }
    }
}

/// One connection of a client.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attempt {
    /// When it was launched, in nanoseconds of [`monotonic_ns`].
    pub launched_ns: u64,
    /// How long it took, in microseconds.
    pub took_us: u64,
    /// Which host answered with 200, or why there was no such answer.
    pub result: Result<String, String>,
}

/// A probe that runs.
#[derive(Debug)]
pub struct Probe {
    child: Child,
    stdin: Option<ChildStdin>,
    seen: Arc<Mutex<Vec<Attempt>>>,
    reader: Option<JoinHandle<()>>,
}

impl Probe {
    pub(crate) fn start(mut command: std::process::Command, plan: &ProbePlan) -> Result<Self, LabError> {
        let argument = serde_json::to_string(plan).map_err(LabError::sys("write the probe's settings"))?;
        let mut child = command
            .arg(argument)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::inherit())
            .spawn()
            .map_err(LabError::sys("start the probe"))?;
        let stdin = child.stdin.take();
        let seen = Arc::new(Mutex::new(Vec::new()));
        let reader = child.stdout.take().map(|stdout| {
            let seen = Arc::clone(&seen);
            std::thread::spawn(move || {
                for line in BufReader::new(stdout).lines().map_while(Result::ok) {
                    if let Ok(attempt) = serde_json::from_str(&line) {
                        seen.lock().unwrap_or_else(PoisonError::into_inner).push(attempt);
                    }
                }
            })
        });
        Ok(Self { child, stdin, seen, reader })
    }

    /// All attempts that have ended so far, in order of their launch.
    pub fn attempts(&self) -> Vec<Attempt> {
        let mut attempts = self.seen.lock().unwrap_or_else(PoisonError::into_inner).clone();
        attempts.sort_by_key(|attempt| attempt.launched_ns);
        attempts
    }

    /// Launches no more, waits for what is under way, and returns all attempts in order of their launch.
    pub fn stop(mut self) -> Result<Vec<Attempt>, LabError> {
        self.stdin = None;
        let status = self.child.wait().map_err(LabError::sys("wait for the probe"))?;
        if let Some(reader) = self.reader.take() {
            let _ = reader.join();
        }
        if status.success() {
            return Ok(self.attempts());
        }
        let what = "probe".to_owned();
        Err(LabError::Command { what, status: status.to_string(), stderr: "see standard error".to_owned() })
    }
}

impl Drop for Probe {
    fn drop(&mut self) {
        self.stdin = None;
        let _ = self.child.wait();
    }
}

/// The time between two launches that succeeded with none that succeeded between them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Gap {
    /// Launch of the last success before, in nanoseconds of [`monotonic_ns`].
    pub from_ns: u64,
    /// Launch of the first success after, in nanoseconds of [`monotonic_ns`].
    pub to_ns: u64,
}

impl Gap {
    /// Its length in milliseconds.
    pub fn ms(self) -> u64 {
        (self.to_ns - self.from_ns) / 1_000_000
    }
}

/// The longest gap whose end is launched after `since_ns`: what a client saw of a fault injected then. `None` if there
/// was no success on both sides. `attempts` are in order of their launch.
pub fn longest_gap(attempts: &[Attempt], since_ns: u64) -> Option<Gap> {
    let launches: Vec<u64> =
        attempts.iter().filter(|attempt| attempt.result.is_ok()).map(|attempt| attempt.launched_ns).collect();
    launches
        .windows(2)
        .map(|pair| Gap { from_ns: pair[0], to_ns: pair[1] })
        .filter(|gap| gap.to_ns > since_ns)
        .max_by_key(|gap| gap.to_ns - gap.from_ns)
}

/// How many attempts failed in which way, and how many were answered by whom.
pub fn tally(attempts: &[Attempt]) -> (BTreeMap<String, usize>, BTreeMap<String, usize>) {
    let (mut failed, mut answered) = (BTreeMap::new(), BTreeMap::new());
    for attempt in attempts {
        match &attempt.result {
            Ok(node) => *answered.entry(node.clone()).or_default() += 1,
            Err(reason) => *failed.entry(reason.clone()).or_default() += 1,
        }
    }
    (failed, answered)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn attempt(launched_ms: u64, good: bool) -> Attempt {
        let result = if good { Ok("cp-1".to_owned()) } else { Err("connect: timed out".to_owned()) };
        Attempt { launched_ns: launched_ms * 1_000_000, took_us: 1, result }
    }

    #[test]
    fn the_gap_lies_between_launches_that_succeeded() {
        let attempts = [attempt(0, true), attempt(10, true), attempt(20, false), attempt(30, false), attempt(40, true)];
        assert_eq!(longest_gap(&attempts, 0).unwrap().ms(), 30);
    }

    #[test]
    fn a_gap_that_ended_before_the_fault_does_not_count() {
        let attempts = [attempt(0, true), attempt(500, true), attempt(510, true), attempt(540, true)];
        assert_eq!(longest_gap(&attempts, 505_000_000).unwrap().ms(), 30);
    }

    #[test]
    fn a_gap_that_began_before_the_fault_and_ended_after_it_counts_whole() {
        let attempts = [attempt(0, true), attempt(10, true), attempt(100, true)];
        assert_eq!(longest_gap(&attempts, 50_000_000).unwrap().ms(), 90);
    }

    #[test]
    fn without_a_success_after_the_fault_there_is_no_gap_to_measure() {
        assert_eq!(longest_gap(&[attempt(0, true), attempt(10, true), attempt(20, false)], 15_000_000), None);
    }

    #[test]
    fn failures_are_counted_by_their_reason() {
        let (failed, answered) = tally(&[attempt(0, true), attempt(10, false), attempt(20, false)]);
        assert_eq!(failed, BTreeMap::from([("connect: timed out".to_owned(), 2)]));
        assert_eq!(answered, BTreeMap::from([("cp-1".to_owned(), 1)]));
    }
}
