//! Running programs of the system, and reaching into the namespaces of a lab.

use std::io::Write;
use std::process::{Command, Output, Stdio};

use crate::error::LabError;
use crate::process::Process;

/// Runs a command to its end; anything but success is an error that repeats what it wrote.
pub(crate) fn run(command: &mut Command, what: &str) -> Result<String, LabError> {
    let output = command
        .stdin(Stdio::null())
        .output()
        .map_err(LabError::sys(format!("{what}: {}", command.get_program().to_string_lossy())))?;
    checked(output, what)
}

fn checked(output: Output, what: &str) -> Result<String, LabError> {
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    Err(LabError::Command {
        what: what.to_owned(),
        status: output.status.to_string(),
        stderr: String::from_utf8_lossy(&output.stderr).trim().to_owned(),
    })
}

/// What no process of a lab may do, as arguments of `setpriv`: set the machine's clock, load modules into its kernel, and
/// reach its hardware. No namespace divides these, so they are taken away from whatever enters a lab, for good: the
/// bounding set survives every `exec`. A host's first process alone would not do, since who enters a host from outside
/// brings the rights of the caller along.
pub(crate) const BOUNDED: [&str; 3] =
    ["setpriv", "--bounding-set=-sys_time,-sys_module,-sys_rawio,-sys_boot,-wake_alarm", "--inh-caps=-all"];

/// `nsenter` without those rights; its arguments are still to be added.
pub(crate) fn enter() -> Command {
    let mut command = Command::new(BOUNDED[0]);
    command.args(&BOUNDED[1..]).arg("nsenter");
    command
}

/// The way into a lab: its first process, whose mount, pid and network namespaces hold everything the lab has made.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Inside {
    pub(crate) init: Process,
}

impl Inside {
    /// A command that runs in the lab's own namespaces; the program and its arguments are still to be added.
    pub(crate) fn command(self) -> Command {
        let mut command = enter();
        command.args(["--mount", "--pid", "--net", &format!("--target={}", self.init.pid), "--"]);
        command
    }

    /// The same, in one of the lab's named network namespaces, with a `/sys` that shows that namespace's interfaces.
    pub(crate) fn command_in(self, namespace: &str) -> Command {
        let mut command = self.command();
        command.args(["ip", "netns", "exec", namespace]);
        command
    }

    /// Runs lines of `ip` in one network namespace (the lab's own if `None`), stopping at the first that fails.
    pub(crate) fn ip(self, namespace: Option<&str>, lines: &[String]) -> Result<(), LabError> {
        let what = format!("ip in {}", namespace.unwrap_or("the lab's namespace"));
        let mut command = self.command();
        command.arg("ip");
        if let Some(namespace) = namespace {
            command.args(["-n", namespace]);
        }
        let mut child = command
            .args(["-batch", "-"])
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(LabError::sys(what.clone()))?;
        if let Some(mut stdin) = child.stdin.take() {
            stdin.write_all(lines.join("\n").as_bytes()).map_err(LabError::sys(what.clone()))?;
        }
        checked(child.wait_with_output().map_err(LabError::sys(what.clone()))?, &what).map(drop)
    }
}
