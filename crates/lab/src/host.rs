//! Hosts: booting them, reaching into them, taking their power.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

use crate::command::{Inside, enter};
use crate::error::LabError;
use crate::process::Process;
use crate::stand_in::HELPER_IN_HOST;

/// How long a host may take from power on to the end of its boot.
const BOOT_LIMIT: Duration = Duration::from_mins(1);
/// How long the kernel may take to end a host's processes.
const POWER_OFF_LIMIT: Duration = Duration::from_secs(10);

/// What the helper needs to become a host's container manager.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Boot {
    /// Host name.
    pub name: String,
    /// Root image.
    pub lower: PathBuf,
    /// The host's own directory, with `upper`, `work` and `root`.
    pub disk: PathBuf,
    /// The lab's helper program.
    pub helper: PathBuf,
    /// Control groups to enter, one per hierarchy.
    pub cgroups: Vec<PathBuf>,
}

impl Boot {
    /// Arguments of systemd-nspawn for this host.
    ///
    /// The network is that of the caller, who has entered the host's namespace: with `--network-namespace-path` the
    /// host's `/sys/class/net` would show the machine's interfaces. All capabilities but those that reach the machine's
    /// clock, kernel modules and hardware, which no namespace divides.
    pub fn nspawn_arguments(&self) -> Vec<String> {
        let helper = format!("--bind-ro={}:{HELPER_IN_HOST}", self.helper.display());
        let root = format!("--directory={}", self.disk.join("root").display());
        let machine = format!("--machine={}", self.name);
        [
            "--quiet",
            &root,
            &machine,
            "--register=no",
            "--keep-unit",
            "--capability=all",
            "--drop-capability=CAP_SYS_TIME,CAP_SYS_MODULE,CAP_SYS_RAWIO,CAP_SYS_BOOT,CAP_WAKE_ALARM",
            "--resolv-conf=off",
            "--timezone=off",
            "--link-journal=no",
            "--console=read-only",
            &helper,
            "--boot",
        ]
        .map(str::to_owned)
        .to_vec()
    }

    /// Environment of systemd-nspawn: the host boots on the version 2 hierarchy and may set its own network's kernel
    /// variables, but none of the machine's.
    pub const ENVIRONMENT: [(&'static str, &'static str); 3] = [
        ("SYSTEMD_NSPAWN_UNIFIED_HIERARCHY", "1"),
        ("SYSTEMD_NSPAWN_LOCK", "0"),
        ("SYSTEMD_NSPAWN_API_VFS_WRITABLE", "network"),
    ];
}

/// A host that has power.
#[derive(Debug)]
pub(crate) struct RunningHost {
    /// `nsenter`, which ends with the container manager.
    entry: Child,
    manager: Process,
    init: Process,
}

impl RunningHost {
    /// Starts the container manager in the host's network namespace and waits for the host's first process.
    pub(crate) fn power_on(inside: Inside, boot: &Boot) -> Result<Self, LabError> {
        let console_path = boot.disk.join("console.log");
        let console = File::options().create(true).append(true).open(&console_path);
        let console = console.map_err(LabError::io("open", &console_path))?;
        let errors = console.try_clone().map_err(LabError::io("open", &console_path))?;
        let argument = serde_json::to_string(boot).map_err(LabError::sys("write the host's settings"))?;
        let mut entry = inside
            .command_in(&boot.name)
            .arg(&boot.helper)
            .args(["boot", &argument])
            .stdin(Stdio::null())
            .stdout(console)
            .stderr(errors)
            .spawn()
            .map_err(LabError::sys(format!("boot `{}`", boot.name)))?;
        let end = Instant::now() + BOOT_LIMIT;
        loop {
            if let Some(found) = find_init(&entry) {
                let (manager, init) = found;
                return Ok(Self { entry, manager, init });
            }
            if let Ok(Some(status)) = entry.try_wait() {
                let what = format!("boot `{}`", boot.name);
                return Err(LabError::Command { what, status: status.to_string(), stderr: last_lines(&console_path) });
            }
            if Instant::now() > end {
                let _ = entry.kill();
                let _ = entry.wait();
                let what = format!("first process of `{}`", boot.name);
                let detail = format!(": {}", last_lines(&console_path));
                return Err(LabError::Timeout { what, seconds: BOOT_LIMIT.as_secs(), detail });
            }
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// The host's first process.
    pub(crate) fn init(&self) -> Process {
        self.init
    }

    /// A command inside the host; the program and its arguments are still to be added.
    pub(crate) fn command(&self) -> Command {
        let mut command = enter();
        let target = format!("--target={}", self.init.pid);
        command.args(["--mount", "--pid", "--net", "--uts", "--ipc", "--cgroup", "--root", "--wd", &target, "--"]);
        command.env_clear().env("PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin");
        command
    }

    /// Runs a program inside the host to its end.
    pub(crate) fn run(&self, arguments: &[&str]) -> Result<Output, LabError> {
        let mut command = self.command();
        command.args(arguments).stdin(Stdio::null());
        command.output().map_err(LabError::sys(format!("run `{}` in a host", arguments.join(" "))))
    }

    /// Waits until systemd has no job left. Failed units do not matter here: who needs one asks for it.
    pub(crate) fn wait_booted(&self, name: &str) -> Result<(), LabError> {
        let end = Instant::now() + BOOT_LIMIT;
        loop {
            let output = self.run(&["systemctl", "is-system-running"])?;
            let state = String::from_utf8_lossy(&output.stdout).trim().to_owned();
            if state == "running" || state == "degraded" {
                return Ok(());
            }
            if Instant::now() > end {
                let detail = format!(": systemd says `{state}`");
                return Err(LabError::Timeout {
                    what: format!("boot of `{name}`"),
                    seconds: BOOT_LIMIT.as_secs(),
                    detail,
                });
            }
            std::thread::sleep(Duration::from_millis(100));
        }
    }

    /// Kills every process of this name (`comm`) and returns how many there were.
    pub(crate) fn kill_by_name(&self, name: &str) -> Result<usize, LabError> {
        // The kernel keeps 15 bytes of a name.
        let short = &name[..name.floor_char_boundary(15)];
        let mut killed = 0;
        for (process, comm) in self.init.namespace_members() {
            if comm == short {
                process.kill()?;
                killed += 1;
            }
        }
        Ok(killed)
    }

    /// Takes the power: nothing of the host gets to say goodbye.
    pub(crate) fn power_off(&mut self) -> Result<(), LabError> {
        // Both: the first process outlives a killed container manager.
        self.init.kill()?;
        self.manager.kill()?;
        self.init.wait_gone(POWER_OFF_LIMIT)?;
        self.manager.wait_gone(POWER_OFF_LIMIT)?;
        self.entry.wait().map_err(LabError::sys("wait for a host's container manager"))?;
        Ok(())
    }
}

/// The container manager and the host's first process: `nsenter` has forked the former, which is the parent of the latter.
fn find_init(entry: &Child) -> Option<(Process, Process)> {
    let entry = Process::of(i32::try_from(entry.id()).ok()?)?;
    let manager = entry.children().into_iter().next()?;
    let init = manager.children().into_iter().find(|child| child.is_init_of_namespace())?;
    Some((manager, init))
}

fn last_lines(path: &Path) -> String {
    let text = std::fs::read(path).unwrap_or_default();
    let text = String::from_utf8_lossy(&text);
    let lines: Vec<&str> = text.lines().collect();
    lines[lines.len().saturating_sub(5)..].join(" / ")
}
