//! Nothing of a lab is left, however its owner ends.
//!
//! Each test starts this binary again as the owner of a lab of one host, lets the owner (and, once, the supervisor too)
//! die without a chance to clean up, and then looks for processes, namespaces, mounts, control groups and files of it.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test says by panicking that it has failed")]

mod common;

use std::collections::BTreeSet;
use std::fs;
use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use common::empty_plan;
use plimsoll_lab::{HostPlan, Lab, LabPlan, Process, Record, records, sweep};

/// One test at a time: the kernel gives the numbers of namespaces that are gone to the next, who would look guilty.
static ALONE: Mutex<()> = Mutex::new(());

fn alone() -> MutexGuard<'static, ()> {
    ALONE.lock().unwrap_or_else(PoisonError::into_inner)
}

const INOTIFY: &str = "/proc/sys/fs/inotify/max_user_instances";

fn one_host() -> LabPlan {
    let mut plan = empty_plan();
    plan.hosts.push(HostPlan::new("h-1", "eth0", Some("10.30.12.11/24".parse().unwrap())));
    plan
}

/// Not a test of its own: the owner that the tests below kill.
#[test]
#[ignore = "the owner that the other tests start and kill"]
fn owner() {
    if std::env::var_os("PLIMSOLL_LAB_OWNER").is_none() {
        return;
    }
    let lab = Lab::launch(one_host()).unwrap();
    println!("lab {}", lab.id());
    match std::env::var("PLIMSOLL_LAB_OWNER").unwrap().as_str() {
        "panic" => panic!("as the test wants it"),
        _ => std::thread::sleep(Duration::from_mins(10)),
    }
}

/// A lab in a process of its own, and everything by which its leftovers would be known.
struct Owned {
    owner: Child,
    record: Record,
    supervisor: Process,
    processes: BTreeSet<Process>,
    namespaces: BTreeSet<PathBuf>,
    /// Every process of this machine when the lab was whole: none that is younger can be left of it.
    witnesses: BTreeSet<Process>,
}

impl Owned {
    fn start(end: &str) -> Self {
        let mut owner = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "owner", "--ignored", "--nocapture"])
            .env("PLIMSOLL_LAB_OWNER", end)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(owner.stdout.take().unwrap()).lines().map_while(Result::ok);
        // The line may follow `test owner ... ` of the test harness.
        let id = lines.find_map(|line| Some(line.split_once("lab ")?.1.to_owned())).expect("the owner has a lab");
        let record = records().unwrap().into_iter().find(|record| record.id == id).unwrap();
        let init = record.init.expect("the lab has a first process");
        let processes = descendants(init);
        assert!(processes.len() > 5, "a host runs in the lab: {processes:?}");
        let own = namespaces_of("self");
        let namespaces: BTreeSet<_> =
            processes.iter().flat_map(|process| namespaces_of(&process.pid.to_string())).collect();
        let namespaces: BTreeSet<_> = namespaces.difference(&own).cloned().collect();
        assert!(namespaces.len() >= 5, "the lab has namespaces of its own: {namespaces:?}");
        // `unshare` stands between the first process and the supervisor.
        let supervisor = parent(parent(init));
        Self { owner, record, supervisor, processes, namespaces, witnesses: all() }
    }

    fn wait_until_removed(&self) {
        let end = Instant::now() + Duration::from_secs(20);
        while self.record.directory().exists() {
            assert!(Instant::now() < end, "`{}` is still there", self.record.directory().display());
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    fn assert_no_process_or_namespace_left(&self) {
        let alive: Vec<_> = self.processes.iter().filter(|process| process.runs()).collect();
        assert!(alive.is_empty(), "these still run: {alive:?}");
        // Outside the lab's pid namespace wait the parents of its first process and of what was entered from outside:
        // they end by themselves, a moment after their children.
        let end = Instant::now() + Duration::from_secs(10);
        while let Some((process, held)) = self.holder() {
            assert!(Instant::now() < end, "process {} still holds {held:?}", process.pid);
            std::thread::sleep(Duration::from_millis(5));
        }
        let mounts = fs::read_to_string("/proc/self/mountinfo").unwrap();
        assert!(!mounts.contains(&self.record.id), "a mount is left:\n{mounts}");
        for namespace in &self.namespaces {
            assert!(!mounts.contains(namespace.to_str().unwrap()), "{} is still mounted", namespace.display());
        }
    }

    /// A process that is in a namespace of the lab.
    fn holder(&self) -> Option<(Process, BTreeSet<PathBuf>)> {
        all().intersection(&self.witnesses).find_map(|process| {
            let held = namespaces_of(&process.pid.to_string());
            let held: BTreeSet<_> = held.intersection(&self.namespaces).cloned().collect();
            (!held.is_empty()).then_some((*process, held))
        })
    }

    fn assert_nothing_left(&self) {
        self.assert_no_process_or_namespace_left();
        for path in self.record.cgroups.iter().chain([&self.record.disks, &self.record.directory()]) {
            assert!(!path.exists(), "`{}` is left", path.display());
        }
    }
}

/// A test that fails must not leave a lab either.
impl Drop for Owned {
    fn drop(&mut self) {
        let _ = self.owner.kill();
        let _ = self.owner.wait();
        let _ = sweep();
    }
}

fn descendants(of: Process) -> BTreeSet<Process> {
    // What `nsenter` starts inside has its parent outside: the members of the pid namespace, and of those within it.
    let mut found: BTreeSet<Process> = of.namespace_members().into_iter().map(|(process, _)| process).collect();
    let mut queue: Vec<Process> = found.iter().copied().collect();
    while let Some(process) = queue.pop() {
        for child in process.children() {
            if found.insert(child) {
                queue.push(child);
            }
        }
    }
    found
}

fn parent(of: Process) -> Process {
    let status = fs::read_to_string(format!("/proc/{}/status", of.pid)).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("PPid:")).unwrap();
    Process::of(line.trim().parse().unwrap()).unwrap()
}

fn all() -> BTreeSet<Process> {
    let entries = fs::read_dir("/proc").unwrap().flatten();
    entries.filter_map(|entry| Process::of(entry.file_name().to_str()?.parse().ok()?)).collect()
}

fn namespaces_of(pid: &str) -> BTreeSet<PathBuf> {
    ["mnt", "net", "pid", "ipc", "uts"]
        .iter()
        .filter_map(|kind| fs::read_link(format!("/proc/{pid}/ns/{kind}")).ok())
        .collect()
}

#[test]
#[ignore = "needs root, systemd-nspawn and the cached root image: run by `cargo xtask test`"]
fn the_owner_is_killed() {
    let _alone = alone();
    let before = fs::read_to_string(INOTIFY).unwrap();
    let mut owned = Owned::start("wait");
    owned.owner.kill().unwrap();
    owned.owner.wait().unwrap();
    owned.wait_until_removed();
    owned.assert_nothing_left();
    if records().unwrap().is_empty() {
        assert_eq!(fs::read_to_string(INOTIFY).unwrap(), before, "the raised limit is put back");
    }
}

#[test]
#[ignore = "needs root, systemd-nspawn and the cached root image: run by `cargo xtask test`"]
fn the_owner_panics() {
    let _alone = alone();
    let mut owned = Owned::start("panic");
    assert!(!owned.owner.wait().unwrap().success());
    // No waiting: the panic itself has removed everything before the process ended.
    owned.assert_nothing_left();
}

#[test]
#[ignore = "needs root, systemd-nspawn and the cached root image: run by `cargo xtask test`"]
fn the_supervisor_is_killed_and_then_the_owner() {
    let _alone = alone();
    let mut owned = Owned::start("wait");
    owned.supervisor.kill().unwrap();
    owned.supervisor.wait_gone(Duration::from_secs(5)).unwrap();
    owned.owner.kill().unwrap();
    owned.owner.wait().unwrap();
    for process in &owned.processes {
        process.wait_gone(Duration::from_secs(10)).unwrap();
    }
    owned.assert_no_process_or_namespace_left();
    // The files wait for the next lab, which sweeps first. (A test beside this one may have done so already.)
    sweep().unwrap();
    owned.wait_until_removed();
    owned.assert_nothing_left();
}

#[test]
#[ignore = "needs root, systemd-nspawn and the cached root image: run by `cargo xtask test`"]
fn a_lab_beside_one_that_is_killed_lives_on() {
    let _alone = alone();
    let (mut first, mut second) = (Owned::start("wait"), Owned::start("wait"));
    first.owner.kill().unwrap();
    first.owner.wait().unwrap();
    first.wait_until_removed();
    first.assert_nothing_left();
    assert!(!sweep().unwrap().contains(&second.record.id), "a living lab is not swept");
    assert!(second.record.init.unwrap().runs() && second.record.disks.exists());
    let limit: u32 = fs::read_to_string(INOTIFY).unwrap().trim().parse().unwrap();
    assert!(limit >= 1024, "the second still needs the raised limit: {limit}");
    second.owner.kill().unwrap();
    second.owner.wait().unwrap();
    second.wait_until_removed();
    second.assert_nothing_left();
}
