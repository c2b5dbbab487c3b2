//! Programs that cannot outlive whoever started them, nor leave a mount behind.

use std::ffi::OsStr;
use std::fs::{File, OpenOptions};
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Command, Stdio};

use crate::{Error, Progress};

/// Which parts of the machine a contained program sees as its own, beside processes and mounts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Network {
    /// The machine's network: for downloads.
    Machine,
    /// A network of its own with a loopback interface that is down, and nothing else.
    Own,
}

/// A command that runs `program` in mount and process namespaces of its own: when it ends, or when the caller dies
/// however suddenly, the kernel ends everything it started and forgets its mounts. Needs root.
pub fn command(program: impl AsRef<OsStr>, network: Network) -> Command {
    let mut command = Command::new("setpriv");
    // `setpriv` dies with the thread that started it, `unshare` hands that on to the first process of the namespace,
    // and the kernel to all others there.
    command.args(["--pdeathsig", "KILL", "unshare", "--mount", "--uts", "--ipc", "--pid", "--fork", "--kill-child"]);
    command.arg("--mount-proc");
    if network == Network::Own {
        command.arg("--net");
    }
    command.arg("--").arg(program).stdin(Stdio::null());
    command
}

/// Runs `command` to its end. Everything it says goes to the file `log`; lines that `tell` picks go to `progress` too.
pub(crate) fn run(
    mut command: Command,
    name: &str,
    log: &Path,
    progress: &mut Progress<'_>,
    tell: impl Fn(&str) -> Option<&str>,
) -> Result<(), Error> {
    let open = || OpenOptions::new().append(true).create(true).open(log).map_err(Error::io("open", log));
    let mut copy: File = open()?;
    let mut child = command
        .stdout(open()?)
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|source| Error::Start { program: name.to_owned(), source })?;
    if let Some(stderr) = child.stderr.take() {
        for line in BufReader::new(stderr).split(b'\n') {
            let line = line.map_err(Error::io("write", log))?;
            let line = String::from_utf8_lossy(&line);
            writeln!(copy, "{line}").map_err(Error::io("write", log))?;
            if let Some(told) = tell(&line) {
                progress(told);
            }
        }
    }
    let status = child.wait().map_err(Error::io("wait for what writes", log))?;
    if status.success() {
        return Ok(());
    }
    let text = std::fs::read(log).map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).unwrap_or_default();
    let mut tail: Vec<&str> = text.lines().rev().take(15).collect();
    tail.reverse();
    Err(Error::Failed { program: name.to_owned(), log: log.to_path_buf(), tail: tail.join("\n") })
}
