//! The two processes that hold a lab together.
//!
//! `supervise` lives outside the lab's namespaces. It holds the lab's first process on a leash, is held on one by the
//! lab's owner, and removes what namespaces cannot when the owner is gone. `init` is that first process: it adopts and
//! reaps whatever loses its parent inside, and ends when its leash is cut; the kernel then ends all the others.

use std::io::{BufRead, BufReader, Read, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::time::Duration;

use plimsoll_lab::{Process, Record, SupervisorSays};
use rustix::mount::{MountFlags, mount, mount_bind_recursive};
use rustix::process::{WaitOptions, wait};

use crate::Failure;
use crate::boot::CGROUPS;

pub(crate) fn supervise(directory: &str) -> Result<(), Failure> {
    // A terminal that is closed must not end the one who cleans up.
    let _ = rustix::process::setsid();
    let mut record = Record::read(Path::new(directory))?;
    let lock = record.supervisor_lock()?;
    lock.lock()?;
    match make_namespaces() {
        Ok((mut entry, leash, init)) => {
            record.init = Some(init);
            record.write()?;
            say(&SupervisorSays::Ready(init))?;
            wait_for_end_of_input();
            drop(leash);
            init.kill()?;
            entry.wait()?;
            Ok(record.clean()?)
        }
        Err(error) => {
            say(&SupervisorSays::Failed(error.to_string()))?;
            Ok(record.clean()?)
        }
    }
}

/// Starts `init` in namespaces of its own; `unshare` kills it if it is itself killed.
fn make_namespaces() -> Result<(Child, ChildStdin, Process), Failure> {
    let mut entry = Command::new("unshare")
        .args(["--mount", "--net", "--ipc", "--pid", "--fork", "--mount-proc", "--kill-child=SIGKILL", "--"])
        .arg(std::env::current_exe()?)
        .arg("init")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()?;
    let leash = entry.stdin.take().ok_or("no leash")?;
    let stdout = entry.stdout.take().ok_or("no standard output")?;
    let mut line = String::new();
    BufReader::new(stdout).read_line(&mut line)?;
    if line != "ready\n" {
        entry.kill()?;
        let status = entry.wait()?;
        return Err(format!("the first process of the lab did not come up ({status}); see supervisor.log").into());
    }
    let unshare = Process::of(i32::try_from(entry.id())?).ok_or("unshare has ended")?;
    let init = unshare.children().into_iter().next().ok_or("the first process of the lab has ended")?;
    Ok((entry, leash, init))
}

pub(crate) fn init() -> Result<(), Failure> {
    // Names of network namespaces and the notes of container managers are files in /run: here they shall be seen by this
    // lab alone, and vanish with it.
    mount("plimsoll-lab", "/run", "tmpfs", MountFlags::empty(), Some(c"mode=0755"))?;
    std::fs::create_dir("/run/netns")?;
    // `ip netns exec` covers /sys with that of the namespace; the control groups are needed there again.
    std::fs::create_dir(CGROUPS)?;
    mount_bind_recursive("/sys/fs/cgroup", CGROUPS)?;
    std::thread::spawn(|| {
        loop {
            if wait(WaitOptions::empty()).is_err() {
                // No child at the moment.
                std::thread::sleep(Duration::from_millis(50));
            }
        }
    });
    let mut stdout = std::io::stdout();
    writeln!(stdout, "ready")?;
    stdout.flush()?;
    wait_for_end_of_input();
    Ok(())
}

fn say(what: &SupervisorSays) -> Result<(), Failure> {
    let mut stdout = std::io::stdout();
    writeln!(stdout, "{}", serde_json::to_string(what)?)?;
    Ok(stdout.flush()?)
}

/// Returns when the other end of standard input is closed, which the kernel does when its holder dies.
pub(crate) fn wait_for_end_of_input() {
    let mut buffer = [0; 64];
    let mut stdin = std::io::stdin();
    loop {
        match stdin.read(&mut buffer) {
            Ok(0) => return,
            Ok(_) => {}
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            Err(_) => return,
        }
    }
}
