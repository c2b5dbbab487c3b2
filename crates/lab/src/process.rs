//! Processes by identity: a process id alone may be somebody else's by the time a signal is sent.

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use rustix::process::{Pid, PidfdFlags, Signal, pidfd_open, pidfd_send_signal};
use serde::{Deserialize, Serialize};

use crate::error::LabError;

/// One process of this machine: its id and its start time, which together are never used twice between two boots.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Process {
    /// Process id in the machine's own pid namespace.
    pub pid: i32,
    /// Start time in clock ticks since boot: field 22 of `/proc/PID/stat`.
    pub start: u64,
}

/// What `/proc/PID/stat` says of a process.
struct Stat {
    comm: String,
    state: char,
    parent: i32,
    start: u64,
}

fn stat(pid: i32) -> Option<Stat> {
    let text = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The name stands in parentheses and may itself hold spaces and parentheses: the last `)` ends it.
    let (head, tail) = text.rsplit_once(')')?;
    let comm = head.split_once('(')?.1.to_owned();
    let fields: Vec<&str> = tail.split_whitespace().collect();
    Some(Stat {
        comm,
        state: fields.first()?.chars().next()?,
        parent: fields.get(1)?.parse().ok()?,
        start: fields.get(19)?.parse().ok()?,
    })
}

impl Process {
    /// The process that has this id now.
    pub fn of(pid: i32) -> Option<Self> {
        stat(pid).map(|stat| Self { pid, start: stat.start })
    }

    /// The calling process.
    pub fn current() -> Option<Self> {
        Self::of(i32::try_from(std::process::id()).ok()?)
    }

    /// Whether it still runs. A zombie does not: `kill -0` would say that it does.
    pub fn runs(self) -> bool {
        stat(self.pid).is_some_and(|stat| stat.start == self.start && !matches!(stat.state, 'Z' | 'X'))
    }

    /// Sends SIGKILL to this very process; one that is gone already is no error.
    pub fn kill(self) -> Result<(), LabError> {
        let Some(pid) = Pid::from_raw(self.pid) else { return Ok(()) };
        let Ok(descriptor) = pidfd_open(pid, PidfdFlags::empty()) else { return Ok(()) };
        // Checked after the descriptor is open: from here on it cannot come to mean another process.
        if !self.runs() {
            return Ok(());
        }
        match pidfd_send_signal(&descriptor, Signal::KILL) {
            Ok(()) | Err(rustix::io::Errno::SRCH) => Ok(()),
            Err(errno) => Err(LabError::sys(format!("kill process {}", self.pid))(errno)),
        }
    }

    /// Waits until it no longer runs.
    pub fn wait_gone(self, limit: Duration) -> Result<(), LabError> {
        let end = Instant::now() + limit;
        while self.runs() {
            if Instant::now() > end {
                let what = format!("end of process {}", self.pid);
                return Err(LabError::Timeout { what, seconds: limit.as_secs(), detail: String::new() });
            }
            std::thread::sleep(Duration::from_millis(2));
        }
        Ok(())
    }

    /// Its direct children.
    pub fn children(self) -> Vec<Self> {
        all()
            .into_iter()
            .filter_map(|pid| stat(pid).map(|stat| (pid, stat)))
            .filter(|(_, stat)| stat.parent == self.pid)
            .map(|(pid, stat)| Self { pid, start: stat.start })
            .collect()
    }

    /// Whether it is the first process of its pid namespace.
    pub fn is_init_of_namespace(self) -> bool {
        let status = fs::read_to_string(format!("/proc/{}/status", self.pid)).unwrap_or_default();
        let ids = status.lines().find_map(|line| line.strip_prefix("NSpid:")).unwrap_or_default();
        ids.split_whitespace().count() > 1 && ids.split_whitespace().next_back() == Some("1")
    }

    /// All processes of the same pid namespace with their names (`comm`, at most 15 bytes), itself included.
    pub fn namespace_members(self) -> Vec<(Self, String)> {
        let Some(own) = namespace(self.pid) else { return Vec::new() };
        all()
            .into_iter()
            .filter(|pid| namespace(*pid).as_ref() == Some(&own))
            .filter_map(|pid| stat(pid).map(|stat| (Self { pid, start: stat.start }, stat.comm)))
            .collect()
    }
}

fn namespace(pid: i32) -> Option<std::path::PathBuf> {
    fs::read_link(format!("/proc/{pid}/ns/pid")).ok()
}

/// Ids of all processes that this machine shows, sorted.
fn all() -> Vec<i32> {
    let mut pids: Vec<i32> = fs::read_dir(Path::new("/proc"))
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| entry.file_name().to_str().and_then(|name| name.parse().ok()))
        .collect();
    pids.sort_unstable();
    pids
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::*;

    #[test]
    fn a_killed_but_unreaped_process_does_not_run() {
        let mut child = Command::new("sleep").arg("60").spawn().unwrap();
        let process = Process::of(i32::try_from(child.id()).unwrap()).unwrap();
        assert!(process.runs());
        process.kill().unwrap();
        process.wait_gone(Duration::from_secs(5)).unwrap();
        assert!(fs::exists(format!("/proc/{}", process.pid)).unwrap(), "the zombie is still listed");
        child.wait().unwrap();
    }

    #[test]
    fn a_process_with_the_same_id_and_another_start_is_left_alone() {
        let mut child = Command::new("sleep").arg("60").spawn().unwrap();
        let process = Process::of(i32::try_from(child.id()).unwrap()).unwrap();
        Process { start: process.start + 1, ..process }.kill().unwrap();
        std::thread::sleep(Duration::from_millis(50));
        assert!(process.runs());
        child.kill().unwrap();
        child.wait().unwrap();
    }

    #[test]
    fn children_are_found_by_their_parent() {
        let mut child = Command::new("sleep").arg("60").spawn().unwrap();
        let process = Process::of(i32::try_from(child.id()).unwrap()).unwrap();
        assert!(Process::current().unwrap().children().contains(&process));
        child.kill().unwrap();
        child.wait().unwrap();
    }
}
