//! A lab that runs: launching it, what can be done to it, and its end.

use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead, BufReader};
use std::net::IpAddr;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Output, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

use crate::cgroup::{self, Hierarchy};
use crate::client::{Probe, ProbePlan, monotonic_ns};
use crate::command::{BOUNDED, Inside, run};
use crate::error::{LabError, find_program, text};
use crate::fabric::{Fabric, UPLINKS};
use crate::fidelity::Fidelity;
use crate::files::Disk;
use crate::holders::{HolderWatch, holds};
use crate::host::{Boot, RunningHost};
use crate::plan::LabPlan;
use crate::process::Process;
use crate::stand_in::HELPER_IN_HOST;
use crate::state::{self, Record};

/// Programs that a lab calls, with the Debian package that has them.
const PROGRAMS: [(&str, &str); 5] = [
    ("systemd-nspawn", "systemd-container"),
    ("ip", "iproute2"),
    ("nsenter", "util-linux"),
    ("setpriv", "util-linux"),
    ("unshare", "util-linux"),
];

/// What the supervisor says when it has made the lab's namespaces, or could not.
#[derive(Debug, Serialize, Deserialize)]
pub enum SupervisorSays {
    /// The first process of the lab's namespaces.
    Ready(Process),
    /// What went wrong.
    Failed(String),
}

/// The process that ends the lab when its owner is gone.
#[derive(Debug)]
struct Supervisor {
    child: Child,
    /// Closed by [`Lab::destroy`], by `drop`, or by the kernel when the owner dies.
    leash: Option<ChildStdin>,
}

impl Drop for Supervisor {
    fn drop(&mut self) {
        self.leash = None;
        let _ = self.child.wait();
    }
}

/// A lab that runs. Dropping it, a panic, and even SIGKILL of the process that owns it remove everything it has made.
#[derive(Debug)]
pub struct Lab {
    plan: LabPlan,
    record: Record,
    inside: Inside,
    fabric: Fabric,
    hierarchies: Vec<Hierarchy>,
    hosts: BTreeMap<String, RunningHost>,
    bonds: Option<Child>,
    // Last, so that it is dropped after everything that lives in its namespaces.
    supervisor: Supervisor,
}

/// Says what this machine lacks to run a lab with a plan's root image; nothing if it can.
pub fn missing(plan: &LabPlan) -> Vec<String> {
    let mut missing = Vec::new();
    if !rustix::process::geteuid().is_root() {
        missing.push("namespaces and mounts need root".to_owned());
    }
    for (program, package) in PROGRAMS {
        if find_program(program).is_none() {
            missing.push(format!("`{program}` is not installed (package {package})"));
        }
    }
    if !plan.root.join("usr/lib/systemd/systemd").exists() {
        missing.push(format!("`{}` is no root image with systemd", plan.root.display()));
    }
    if !fs::read_to_string("/proc/filesystems").unwrap_or_default().lines().any(|line| line.ends_with("\toverlay")) {
        missing.push("the kernel has no overlayfs".to_owned());
    }
    let mounts = fs::read_to_string("/proc/self/mountinfo").unwrap_or_default();
    if !cgroup::hierarchies(&mounts).iter().any(|hierarchy| hierarchy.version == 2) {
        missing.push("no version 2 control group hierarchy is mounted below /sys/fs/cgroup".to_owned());
    }
    missing
}

impl Lab {
    /// Builds the wiring, boots all hosts at once, and waits until each has booted. Leftovers of labs that were killed
    /// are removed first.
    pub fn launch(plan: LabPlan) -> Result<Self, LabError> {
        plan.validate()?;
        let missing = missing(&plan);
        if !missing.is_empty() {
            return Err(LabError::Unavailable(missing));
        }
        state::sweep()?;
        let mounts = fs::read_to_string("/proc/self/mountinfo").unwrap_or_default();
        let hierarchies = cgroup::hierarchies(&mounts);
        let (record, supervisor, inside) = supervise(&plan, &hierarchies)?;

        let machines = plan.hosts.iter().map(|host| host.name.clone());
        let machines = machines.chain(plan.clients.iter().map(|client| client.name.clone())).collect();
        let fabric = Fabric::build(inside, plan.leaves.clone(), machines, plan.segment.mtu)?;
        for client in &plan.clients {
            fabric.plug(&client.name, "eth0", Some(client.address))?;
        }
        let bonds = None;
        let hosts = BTreeMap::new();
        let mut lab = Self { plan, record, inside, fabric, hierarchies, hosts, bonds, supervisor };
        lab.start_bonds()?;
        for host in &lab.plan.hosts {
            let lower = &lab.plan.root;
            Disk { lower, upper: lab.disk(&host.name).join("upper") }.fill(host)?;
        }
        let names: Vec<String> = lab.plan.hosts.iter().map(|host| host.name.clone()).collect();
        for name in &names {
            lab.start(name)?;
        }
        for name in &names {
            lab.host(name)?.wait_booted(name)?;
        }
        lab.check_helper()?;
        Ok(lab)
    }

    /// Name of the lab, unique on this machine.
    pub fn id(&self) -> &str {
        &self.record.id
    }

    /// What of this lab is real and what stands in for something.
    pub fn fidelity(&self) -> Vec<Fidelity> {
        let segment = &self.plan.segment;
        let mut parts = vec![
            Fidelity::real(
                "host",
                "systemd and the daemons of Debian trixie in a container, on the machine's own kernel",
            ),
            Fidelity::stand_in("switch", "a Linux bridge in a network namespace, without spanning tree"),
            Fidelity::stand_in(
                format!("network `{}`", segment.name),
                format!("one broadcast domain of untagged frames in place of VLAN {}", segment.vlan),
            ),
        ];
        parts.push(if self.fabric.links.bonding {
            Fidelity::real("bond", "the kernel's bonding driver, active-backup")
        } else {
            let here = "a process that moves one of two ports into a bridge (this kernel has no bonding driver)";
            Fidelity::stand_in("bond", here)
        });
        if self.plan.hosts.iter().any(|host| !host.stand_ins.is_empty()) {
            let here = "`readyz-stand-in`: /readyz over TLS from the local etcd member, and nothing else";
            parts.push(Fidelity::stand_in("kube-apiserver", here));
        }
        parts
    }

    /// Takes the power of a host. Returns when its port went down, in nanoseconds of [`monotonic_ns`].
    pub fn power_off(&mut self, host: &str) -> Result<u64, LabError> {
        let Some(mut running) = self.hosts.remove(host) else {
            return Err(LabError::Plan(format!("`{host}` has no power to lose")));
        };
        let at = monotonic_ns();
        self.fabric.port_down(host)?;
        running.power_off()?;
        self.fabric.unplug(host)?;
        Ok(at)
    }

    /// Gives a host its power back and waits until it has booted. Its disk is as it was; its network is new.
    pub fn power_on(&mut self, host: &str) -> Result<(), LabError> {
        if self.hosts.contains_key(host) {
            return Err(LabError::Plan(format!("`{host}` has power already")));
        }
        self.start(host)?;
        self.host(host)?.wait_booted(host)
    }

    /// Sends SIGKILL to all processes of a name in a host. Returns when, in nanoseconds of [`monotonic_ns`]; that there
    /// is none is an error, since a fault that did nothing would look survived.
    pub fn kill(&self, host: &str, name: &str) -> Result<u64, LabError> {
        let at = monotonic_ns();
        match self.host(host)?.kill_by_name(name)? {
            0 => Err(LabError::Plan(format!("no process `{name}` runs on `{host}`"))),
            _ => Ok(at),
        }
    }

    /// Stops a unit of a host. Returns when, in nanoseconds of [`monotonic_ns`].
    pub fn stop_unit(&self, host: &str, unit: &str) -> Result<u64, LabError> {
        let at = monotonic_ns();
        self.systemctl(host, "stop", unit)?;
        Ok(at)
    }

    /// Starts a unit of a host.
    pub fn start_unit(&self, host: &str, unit: &str) -> Result<(), LabError> {
        self.systemctl(host, "start", unit)
    }

    fn systemctl(&self, host: &str, verb: &str, unit: &str) -> Result<(), LabError> {
        let mut command = self.host(host)?.command();
        run(command.args(["systemctl", verb, unit]), &format!("{verb} {unit} on {host}")).map(drop)
    }

    /// Takes a whole leaf down: every machine loses its leg to it. Returns when, in nanoseconds of [`monotonic_ns`].
    pub fn leaf_down(&mut self, leaf: &str) -> Result<u64, LabError> {
        let at = monotonic_ns();
        self.fabric.set_leaf(leaf, false)?;
        Ok(at)
    }

    /// Brings a leaf back.
    pub fn leaf_up(&mut self, leaf: &str) -> Result<(), LabError> {
        self.fabric.set_leaf(leaf, true)
    }

    /// Takes the cable between a machine and a leaf out. Returns when, in nanoseconds of [`monotonic_ns`].
    pub fn link_down(&mut self, machine: &str, leaf: &str) -> Result<u64, LabError> {
        let at = monotonic_ns();
        self.fabric.set_link(machine, leaf, false)?;
        Ok(at)
    }

    /// Puts the cable between a machine and a leaf back.
    pub fn link_up(&mut self, machine: &str, leaf: &str) -> Result<(), LabError> {
        self.fabric.set_link(machine, leaf, true)
    }

    /// The leaf that the bond of a host or client uses now; `None` while it has none.
    pub fn active_leaf(&self, machine: &str) -> Result<Option<String>, LabError> {
        self.fabric.active_leaf(machine)
    }

    /// Hosts that have power, sorted.
    pub fn powered(&self) -> Vec<String> {
        self.hosts.keys().cloned().collect()
    }

    /// The hosts with power that have an address configured, sorted.
    pub fn holders(&self, address: IpAddr) -> Vec<String> {
        self.hosts.iter().filter(|(_, host)| holds(host.init(), address)).map(|(name, _)| name.clone()).collect()
    }

    /// Starts to look, every few milliseconds, whether one host holds an address, or none, or several.
    pub fn watch_holders(&self, address: IpAddr) -> HolderWatch {
        let hosts = self.hosts.iter().map(|(name, host)| (name.clone(), host.init())).collect();
        HolderWatch::start(hosts, address)
    }

    /// Waits until exactly one host has an address, and names it.
    pub fn wait_for_one_holder(&self, address: IpAddr, limit: Duration) -> Result<String, LabError> {
        let end = Instant::now() + limit;
        loop {
            let mut holders = self.holders(address);
            if holders.len() == 1 {
                return Ok(holders.remove(0));
            }
            if Instant::now() > end {
                let what = format!("one holder of {address}");
                let detail = format!(": {} hosts hold it: [{}]", holders.len(), holders.join(", "));
                return Err(LabError::Timeout { what, seconds: limit.as_secs(), detail });
            }
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Runs a program in a host to its end, whatever its exit status.
    pub fn run_in(&self, host: &str, arguments: &[&str]) -> Result<Output, LabError> {
        self.host(host)?.run(arguments)
    }

    /// Starts a probe in a client's namespace.
    pub fn probe(&self, client: &str, plan: &ProbePlan) -> Result<Probe, LabError> {
        if !self.plan.clients.iter().any(|known| known.name == client) {
            return Err(LabError::Plan(format!("the lab has no client `{client}`")));
        }
        let mut command = self.inside.command_in(client);
        command.arg(&self.plan.helper).arg("probe");
        Probe::start(command, plan)
    }

    /// Waits until every connection of a client has succeeded for `calm`.
    pub fn wait_for_answers(
        &self,
        client: &str,
        plan: &ProbePlan,
        calm: Duration,
        limit: Duration,
    ) -> Result<(), LabError> {
        let probe = self.probe(client, plan)?;
        let end = Instant::now() + limit;
        let calm_ns = u64::try_from(calm.as_nanos()).unwrap_or(u64::MAX);
        let started = monotonic_ns();
        loop {
            let since = monotonic_ns().saturating_sub(calm_ns);
            let attempts = probe.attempts();
            let recent = &attempts[attempts.partition_point(|attempt| attempt.launched_ns < since)..];
            if since > started && !recent.is_empty() && recent.iter().all(|attempt| attempt.result.is_ok()) {
                return probe.stop().map(drop);
            }
            if Instant::now() > end {
                let detail = format!(": the last of {} attempts: {:?}", attempts.len(), attempts.last());
                let what = format!("answers of {} without a break", plan.target);
                return Err(LabError::Timeout { what, seconds: limit.as_secs(), detail });
            }
            std::thread::sleep(Duration::from_millis(100));
        }
    }

    /// Ends the lab and waits until everything it has made is gone.
    pub fn destroy(mut self) -> Result<(), LabError> {
        let directory = self.record.directory();
        self.supervisor.leash = None;
        let status = self.supervisor.child.wait().map_err(LabError::sys("wait for the lab's supervisor"))?;
        if status.success() {
            return Ok(());
        }
        let stderr = fs::read_to_string(directory.join("supervisor.log")).unwrap_or_default();
        Err(LabError::Command { what: "remove the lab".to_owned(), status: status.to_string(), stderr })
    }

    /// The helper is built for this machine and runs on the image, whose C library may be older.
    fn check_helper(&self) -> Result<(), LabError> {
        let Some(host) = self.plan.hosts.iter().find(|host| !host.stand_ins.is_empty()) else { return Ok(()) };
        let output = self.run_in(&host.name, &[HELPER_IN_HOST, "version"])?;
        if output.status.success() {
            return Ok(());
        }
        let what = format!("the lab's helper does not run on the image of `{}`", host.name);
        let stderr = String::from_utf8_lossy(&output.stderr).trim().to_owned();
        Err(LabError::Command { what, status: output.status.to_string(), stderr })
    }

    fn host(&self, name: &str) -> Result<&RunningHost, LabError> {
        self.hosts.get(name).ok_or_else(|| LabError::Plan(format!("the lab has no host `{name}` with power")))
    }

    fn disk(&self, host: &str) -> PathBuf {
        self.record.disks.join(host)
    }

    fn start(&mut self, name: &str) -> Result<(), LabError> {
        let plan = self.plan.hosts.iter().find(|host| host.name == name);
        let plan = plan.ok_or_else(|| LabError::Plan(format!("the lab has no host `{name}`")))?;
        self.fabric.plug(name, &plan.nic, plan.address)?;
        let boot = Boot {
            name: name.to_owned(),
            lower: self.plan.root.clone(),
            disk: self.disk(name),
            helper: self.plan.helper.clone(),
            cgroups: cgroup::create(&self.hierarchies, &self.record.id, name)?,
        };
        let running = RunningHost::power_on(self.inside, &boot)?;
        self.hosts.insert(name.to_owned(), running);
        Ok(())
    }

    fn start_bonds(&mut self) -> Result<(), LabError> {
        let Some(watch) = self.fabric.bond_watch() else { return Ok(()) };
        let argument = serde_json::to_string(&watch).map_err(LabError::sys("write the bonds' settings"))?;
        let mut command = self.inside.command_in(UPLINKS);
        command.arg(&self.plan.helper).args(["bonds", &argument]).stdin(Stdio::null()).stdout(Stdio::null());
        self.bonds = Some(command.spawn().map_err(LabError::sys("start the bonds"))?);
        Ok(())
    }

    /// Keeps what the hosts have logged, in one file per host.
    pub fn save_logs(&self, directory: &Path) -> Result<(), LabError> {
        fs::create_dir_all(directory).map_err(LabError::io("make", directory))?;
        for (name, host) in &self.hosts {
            let journal = host.run(&["journalctl", "--no-pager", "--output=short-monotonic"])?;
            let path = directory.join(format!("{name}.journal"));
            fs::write(&path, journal.stdout).map_err(LabError::io("write", &path))?;
        }
        Ok(())
    }
}

impl Drop for Lab {
    fn drop(&mut self) {
        if let Some(directory) = self.plan.logs.clone().filter(|_| std::thread::panicking()) {
            // Nobody is left to be told of a failure: a panic is under way already.
            let _ = self.save_logs(&directory);
        }
        self.supervisor.leash = None;
        let _ = self.supervisor.child.wait();
        // Everything in the lab's namespaces is dead by now; these are only the entries to them.
        for running in self.hosts.values_mut() {
            let _ = running.power_off();
        }
        if let Some(mut bonds) = self.bonds.take() {
            let _ = bonds.wait();
        }
    }
}

/// A name for a lab, unique as long as the machine runs: the clock does not go back, one process has one id at a time, and of
/// its threads two may want a lab in the same microsecond. Two labs of one name would wait for each other's supervisor.
fn new_id(owner: &Process) -> String {
    static LABS: AtomicU32 = AtomicU32::new(0);
    let number = LABS.fetch_add(1, Ordering::Relaxed);
    format!("{}-{}-{number}", owner.pid, monotonic_ns() / 1000)
}

/// Writes the record of a new lab and starts its supervisor, which makes the lab's namespaces.
fn supervise(plan: &LabPlan, hierarchies: &[Hierarchy]) -> Result<(Record, Supervisor, Inside), LabError> {
    let what = "start the lab's supervisor";
    let owner = Process::current().ok_or_else(|| LabError::Plan("/proc does not show this process".to_owned()))?;
    let id = new_id(&owner);
    let record =
        Record { owner, init: None, cgroups: cgroup::of_lab(hierarchies, &id), disks: plan.disks.join(&id), id };
    let _lock = state::machine_lock()?;
    record.write()?;
    fs::create_dir_all(&record.disks).map_err(LabError::io("make", &record.disks))?;
    state::raise_inotify(&record.id)?;
    let log_path = record.directory().join("supervisor.log");
    let log = fs::File::create(&log_path).map_err(LabError::io("write", &log_path))?;
    let mut child = Command::new(BOUNDED[0])
        .args(&BOUNDED[1..])
        .arg(&plan.helper)
        .args(["supervise", &text(&record.directory())?])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(log)
        // A terminal's interrupt is for the owner; the supervisor notices by the owner's end.
        .process_group(0)
        .spawn()
        .map_err(LabError::io(what, &plan.helper))?;
    let leash = child.stdin.take();
    let stdout = child.stdout.take();
    let supervisor = Supervisor { child, leash };
    let mut line = String::new();
    if let Some(stdout) = stdout {
        BufReader::new(stdout).read_line(&mut line).map_err(LabError::sys(what))?;
    }
    let failed = |stderr| LabError::Command { what: what.to_owned(), status: "failed".to_owned(), stderr };
    match serde_json::from_str(&line) {
        Ok(SupervisorSays::Ready(init)) => Ok((record, supervisor, Inside { init })),
        Ok(SupervisorSays::Failed(reason)) => Err(failed(reason)),
        Err(_) => Err(failed(fs::read_to_string(&log_path).unwrap_or_default())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labs_of_one_process_have_names_of_their_own() {
        let owner = Process::current().unwrap();
        let take = || (0..1000).map(|_| new_id(&owner)).collect::<Vec<_>>();
        let mut all = std::thread::scope(|scope| {
            let other = scope.spawn(take);
            let mut own = take();
            own.extend(other.join().unwrap());
            own
        });
        all.sort_unstable();
        all.dedup();
        assert_eq!(all.len(), 2000);
    }
}
