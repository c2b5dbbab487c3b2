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
use std::time::{Duration, Instant};

use common::empty_plan;
use plimsoll_lab::{HostPlan, Lab, LabPlan, Process, Record, records, sweep};

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
        Self { owner, record, supervisor, processes, namespaces }
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
        for pid in pids() {
            let shared: Vec<_> = namespaces_of(&pid).intersection(&self.namespaces).cloned().collect();
            assert!(shared.is_empty(), "process {pid} still holds {shared:?}");
        }
        let mounts = fs::read_to_string("/proc/self/mountinfo").unwrap();
        assert!(!mounts.contains("plimsoll-lab"), "a mount is left:\n{mounts}");
        for namespace in &self.namespaces {
            assert!(!mounts.contains(namespace.to_str().unwrap()), "{} is still mounted", namespace.display());
        }
    }

    fn assert_nothing_left(&self) {
        self.assert_no_process_or_namespace_left();
        for path in self.record.cgroups.iter().chain([&self.record.disks, &self.record.directory()]) {
            assert!(!path.exists(), "`{}` is left", path.display());
        }
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

fn pids() -> Vec<String> {
    let entries = fs::read_dir("/proc").unwrap().flatten();
    entries
        .filter_map(|entry| entry.file_name().into_string().ok())
        .filter(|name| name.parse::<i32>().is_ok())
        .collect()
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
    let mut owned = Owned::start("panic");
    assert!(!owned.owner.wait().unwrap().success());
    // No waiting: the panic itself has removed everything before the process ended.
    owned.assert_nothing_left();
}

#[test]
#[ignore = "needs root, systemd-nspawn and the cached root image: run by `cargo xtask test`"]
fn the_supervisor_is_killed_and_then_the_owner() {
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
fn a_sweep_leaves_a_living_lab_alone() {
    let mut owned = Owned::start("wait");
    assert!(!sweep().unwrap().contains(&owned.record.id));
    let dead: Vec<_> = owned.processes.iter().filter(|process| !process.runs()).collect();
    assert!(owned.record.init.unwrap().runs() && owned.record.disks.exists(), "still there; ended: {dead:?}");
    owned.owner.kill().unwrap();
    owned.owner.wait().unwrap();
    owned.wait_until_removed();
    owned.assert_nothing_left();
}
