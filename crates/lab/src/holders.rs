//! Who has an address: read from the kernel's own tables, without starting a program, so often that two holders at once
//! would be seen.

use std::collections::BTreeMap;
use std::fs;
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use crate::process::Process;

/// Time between two looks of a [`HolderWatch`].
const LOOK_EVERY: Duration = Duration::from_millis(5);

/// Whether an address is configured in the network namespace of a process. One that has ended has none.
pub(crate) fn holds(process: Process, address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => {
            let table = fs::read_to_string(format!("/proc/{}/net/fib_trie", process.pid)).unwrap_or_default();
            is_local(&table, &address.to_string())
        }
        IpAddr::V6(address) => {
            let table = fs::read_to_string(format!("/proc/{}/net/if_inet6", process.pid)).unwrap_or_default();
            let digits = format!("{:032x}", u128::from(address));
            table.lines().any(|line| line.starts_with(&digits))
        }
    }
}

/// In the text of `fib_trie` an address stands on a line of its own, and what it is on the lines below it.
fn is_local(table: &str, address: &str) -> bool {
    let mut here = false;
    for line in table.lines() {
        if let Some(leaf) = line.trim_start().strip_prefix("|-- ") {
            here = leaf == address;
        } else if here && line.trim_end().ends_with("host LOCAL") {
            return true;
        }
    }
    false
}

/// The longest times in which an address was held by no host, and by several at once.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct HolderTimes {
    /// By no host, in milliseconds.
    pub none_ms: u64,
    /// By two hosts or more, in milliseconds.
    pub several_ms: u64,
}

/// Looks every 5 ms who holds an address, until it is stopped.
#[derive(Debug)]
pub struct HolderWatch {
    stop: Arc<AtomicBool>,
    thread: JoinHandle<HolderTimes>,
}

impl HolderWatch {
    pub(crate) fn start(hosts: BTreeMap<String, Process>, address: IpAddr) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let thread = std::thread::spawn({
            let stop = Arc::clone(&stop);
            move || {
                let mut times = Times::default();
                while !stop.load(Ordering::Relaxed) {
                    let holders = hosts.values().filter(|process| holds(**process, address)).count();
                    times.see(holders, Instant::now());
                    std::thread::sleep(LOOK_EVERY);
                }
                times.longest
            }
        });
        Self { stop, thread }
    }

    /// Stops, and returns what was seen.
    pub fn stop(self) -> HolderTimes {
        self.stop.store(true, Ordering::Relaxed);
        self.thread.join().unwrap_or_default()
    }
}

/// The longest spells so far, and the one that lasts.
#[derive(Default)]
struct Times {
    longest: HolderTimes,
    spell: Option<(usize, Instant)>,
}

impl Times {
    fn see(&mut self, holders: usize, now: Instant) {
        let kind = holders.min(2);
        let since = match self.spell {
            Some((lasting, since)) if lasting == kind => since,
            _ => now,
        };
        self.spell = Some((kind, since));
        let ms = u64::try_from((now - since).as_millis()).unwrap_or(u64::MAX);
        match kind {
            0 => self.longest.none_ms = self.longest.none_ms.max(ms),
            // Seen once is seen: the spell is at least one look long.
            2 => self.longest.several_ms = self.longest.several_ms.max(ms.max(1)),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TABLE: &str = "Main:\n  +-- 0.0.0.0/0 3 0 5\n     |-- 10.30.12.0\n        /24 link UNICAST\n     \
                         |-- 10.30.12.101\n        /32 link UNICAST\nLocal:\n     |-- 10.30.12.100\n        /32 host LOCAL\n";

    #[test]
    fn an_address_of_the_host_is_told_from_a_route_to_one() {
        assert!(is_local(TABLE, "10.30.12.100"));
        assert!(!is_local(TABLE, "10.30.12.101"));
        assert!(!is_local(TABLE, "10.30.12.10"));
    }

    #[test]
    fn this_process_has_the_loopback_address() {
        let own = Process::current().unwrap();
        assert!(holds(own, "127.0.0.1".parse().unwrap()));
        assert!(!holds(own, "203.0.113.254".parse().unwrap()));
    }

    #[test]
    fn two_holders_seen_once_are_not_forgotten() {
        let start = Instant::now();
        let mut times = Times::default();
        for (ms, holders) in [(0, 1), (5, 0), (10, 0), (25, 2), (30, 1), (35, 0)] {
            times.see(holders, start + Duration::from_millis(ms));
        }
        assert_eq!(times.longest, HolderTimes { none_ms: 5, several_ms: 1 });
    }
}
