//! `boot`: becomes the container manager of one host.
//!
//! Runs in the host's network namespace and in a mount namespace of its own, so that the host's mounts end with it.

use std::fs;
use std::os::unix::process::CommandExt;
use std::process::Command;

use plimsoll_lab::Boot;
use rustix::mount::{MountFlags, mount, mount_bind_recursive};

use crate::Failure;

/// Where the lab's first process keeps the machine's control groups in sight.
pub(crate) const CGROUPS: &str = "/run/cgroup";

pub(crate) fn boot(setting: &str) -> Result<(), Failure> {
    let boot: Boot = serde_json::from_str(setting)?;
    let [upper, work, root] = ["upper", "work", "root"].map(|part| boot.disk.join(part));
    fs::create_dir_all(&work)?;
    fs::create_dir_all(&root)?;
    let layers = [("lowerdir", &boot.lower), ("upperdir", &upper), ("workdir", &work)];
    let mut options = Vec::new();
    for (name, path) in layers {
        let path = path.to_str().filter(|path| !path.contains([',', ':', '\\']));
        let path = path.ok_or_else(|| format!("{name}: a path of an overlay must not hold `,`, `:` or `\\`"))?;
        options.push(format!("{name}={path}"));
    }
    let options = std::ffi::CString::new(options.join(","))?;
    mount("overlay", &root, "overlay", MountFlags::empty(), options.as_c_str())
        .map_err(|errno| format!("mount the disk of `{}`: {errno}", boot.name))?;
    mount_bind_recursive(CGROUPS, "/sys/fs/cgroup").map_err(|errno| format!("mount the control groups: {errno}"))?;
    for group in &boot.cgroups {
        fs::write(group.join("cgroup.procs"), "0").map_err(|error| format!("enter `{}`: {error}", group.display()))?;
    }
    let error = Command::new("systemd-nspawn")
        .args(boot.nspawn_arguments())
        .env_clear()
        .env("PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin")
        .envs(Boot::ENVIRONMENT)
        .exec();
    Err(format!("start systemd-nspawn: {error}").into())
}
