//! Packages of Debian that the tests need on the machine itself. The daemons are not among them: they run in a root file
//! system of their own.

use std::env;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context, bail, ensure};
use plimsoll_rootfs::contained::{self, Network};

/// A program or Python module that must be there, and the package that brings it.
enum Needs {
    Program(&'static str, &'static str),
    Module(&'static str, &'static str),
}

const NEEDS: [Needs; 11] = [
    Needs::Program("chromedriver", "chromium-driver"),
    Needs::Program("chromium", "chromium"),
    Needs::Program("ip", "iproute2"),
    Needs::Program("mmdebstrap", "mmdebstrap"),
    Needs::Program("mount", "mount"),
    Needs::Program("nsenter", "util-linux"),
    Needs::Program("python3", "python3"),
    Needs::Program("setpriv", "util-linux"),
    Needs::Program("systemd-nspawn", "systemd-container"),
    Needs::Program("tar", "tar"),
    Needs::Module("ensurepip", "python3-venv"),
];

/// Installs what is missing; says nothing when nothing is.
pub(crate) fn install_what_is_missing(tell: &mut dyn FnMut(&str)) -> anyhow::Result<()> {
    let missing = missing_packages();
    if missing.is_empty() {
        return Ok(());
    }
    let line = format!("apt-get install --no-install-recommends {}", missing.join(" "));
    if !is_root() {
        bail!("packages are missing: run as root, or `{line}` first");
    }
    if program("apt-get").is_none() {
        bail!("packages are missing and this machine has no apt-get: install what brings {}", missing.join(", "));
    }
    tell(&line);
    // A third party's archive that does not answer must not keep us from Debian's packages.
    let updated = apt(&["update"])?;
    let mut install = vec!["install", "--yes", "--no-install-recommends"];
    install.extend(&missing);
    ensure!(apt(&install)?, "`{line}` failed{}", if updated { "" } else { ", and `apt-get update` before it" });
    let still = missing_packages();
    ensure!(still.is_empty(), "`{line}` went well, but these still bring nothing: {}", still.join(", "));
    Ok(())
}

/// Whether this process has root's rights.
pub(crate) fn is_root() -> bool {
    // Of real, effective, saved and file-system user the second decides.
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let uids = status.lines().find_map(|line| line.strip_prefix("Uid:"));
    uids.and_then(|uids| uids.split_whitespace().nth(1)) == Some("0")
}

fn missing_packages() -> Vec<&'static str> {
    let mut missing: Vec<&str> = NEEDS
        .iter()
        .filter_map(|needs| match needs {
            Needs::Program(name, package) => program(name).is_none().then_some(*package),
            Needs::Module(name, package) => (!has_module(name)).then_some(*package),
        })
        .collect();
    missing.sort_unstable();
    missing.dedup();
    missing
}

fn program(name: &str) -> Option<std::path::PathBuf> {
    let path = env::var_os("PATH").unwrap_or_default();
    env::split_paths(&path)
        .chain(["/usr/sbin", "/sbin"].map(Into::into))
        .map(|directory| directory.join(name))
        .find(|candidate| candidate.is_file())
}

fn has_module(name: &str) -> bool {
    let import = format!("import {name}");
    let status = Command::new("python3").args(["-c", &import]).stderr(Stdio::null()).status();
    status.is_ok_and(|status| status.success())
}

/// Runs apt-get so that no service of a new package starts: the two programs that maintainer scripts start services with
/// are replaced in a mount namespace that ends with apt-get, so nothing has to be put back whatever happens.
fn apt(arguments: &[&str]) -> anyhow::Result<bool> {
    const STARTERS: [&str; 2] = ["/usr/sbin/invoke-rc.d", "/usr/bin/deb-systemd-invoke"];
    let mounts: Vec<String> = STARTERS
        .iter()
        .filter(|starter| Path::new(starter).exists())
        .map(|starter| format!("mount --bind /bin/true {starter} && "))
        .collect();
    let mounts = mounts.concat();
    let status = contained::command("sh", Network::Machine)
        .args(["-c", &format!("{mounts}exec apt-get --quiet=2 \"$@\""), "apt-get"])
        .args(arguments)
        .env("DEBIAN_FRONTEND", "noninteractive")
        .stdout(Stdio::null())
        .status()
        .context("cannot start apt-get")?;
    Ok(status.success())
}
