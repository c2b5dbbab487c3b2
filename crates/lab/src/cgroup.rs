//! Control groups of the hosts, on whatever hierarchies this machine has mounted.
//!
//! systemd 257 boots only on a version 2 hierarchy, be it the only one (`/sys/fs/cgroup`) or an empty one beside version
//! 1 controllers (`/sys/fs/cgroup/unified`). A host gets a group in every hierarchy there is: otherwise what it starts
//! would be accounted to whoever started the lab.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::error::LabError;

/// Directory of all labs in each hierarchy.
const GROUP: &str = "plimsoll-lab";

/// One mounted hierarchy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Hierarchy {
    /// Where it is mounted.
    pub mount: PathBuf,
    /// 1 or 2.
    pub version: u8,
}

/// The hierarchies of this machine, found in the text of `/proc/self/mountinfo`.
pub(crate) fn hierarchies(mountinfo: &str) -> Vec<Hierarchy> {
    let mut found: Vec<Hierarchy> = mountinfo
        .lines()
        .filter_map(|line| {
            let (before, after) = line.split_once(" - ")?;
            let mount = before.split(' ').nth(4)?;
            let version = match after.split(' ').next()? {
                "cgroup" => 1,
                "cgroup2" => 2,
                _ => return None,
            };
            mount.starts_with("/sys/fs/cgroup").then(|| Hierarchy { mount: PathBuf::from(mount), version })
        })
        .collect();
    found.sort_by(|a, b| a.mount.cmp(&b.mount));
    found.dedup();
    found
}

/// The groups of one lab, one directory per hierarchy, whether or not they exist yet.
pub(crate) fn of_lab(hierarchies: &[Hierarchy], lab: &str) -> Vec<PathBuf> {
    hierarchies.iter().map(|hierarchy| hierarchy.mount.join(GROUP).join(lab)).collect()
}

/// Makes the group of one host in every hierarchy and returns their directories.
pub(crate) fn create(hierarchies: &[Hierarchy], lab: &str, host: &str) -> Result<Vec<PathBuf>, LabError> {
    let mut made = Vec::new();
    for hierarchy in hierarchies {
        let mut path = hierarchy.mount.clone();
        for part in [GROUP, lab, host] {
            if hierarchy.version == 2 {
                delegate(&path);
            }
            let parent = path.clone();
            path.push(part);
            match fs::create_dir(&path) {
                Ok(()) => inherit_cpuset(&parent, &path),
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err(LabError::io("make cgroup", &path)(error)),
            }
        }
        made.push(path);
    }
    Ok(made)
}

/// Hands down what controllers a version 2 group has. A controller that cannot be handed down is no obstacle to booting,
/// so a refusal is not an error.
fn delegate(group: &Path) {
    let controllers = fs::read_to_string(group.join("cgroup.controllers")).unwrap_or_default();
    for controller in controllers.split_whitespace() {
        let _ = fs::write(group.join("cgroup.subtree_control"), format!("+{controller}"));
    }
}

/// A new group of the version 1 cpuset controller takes no process until it has processors and memory nodes.
fn inherit_cpuset(parent: &Path, group: &Path) {
    for file in ["cpuset.cpus", "cpuset.mems"] {
        if let Ok(value) = fs::read(parent.join(file)) {
            let _ = fs::write(group.join(file), value);
        }
    }
}

/// Removes a group with all groups below it, and the directory of all labs if this was the last. Its processes must be
/// dead; the kernel takes a moment to notice, which is waited for.
pub(crate) fn remove(group: &Path) -> Result<(), LabError> {
    let mut last = None;
    for _ in 0..100 {
        match remove_tree(group) {
            Ok(()) => {
                if let Some(parent) = group.parent().filter(|parent| parent.ends_with(GROUP)) {
                    // Refused while another lab has its groups there.
                    let _ = fs::remove_dir(parent);
                }
                return Ok(());
            }
            Err(error) => last = Some(error),
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    Err(LabError::io("remove cgroup", group)(last.unwrap_or_else(|| io::Error::other("busy"))))
}

fn remove_tree(group: &Path) -> io::Result<()> {
    let entries = match fs::read_dir(group) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        entries => entries?,
    };
    for entry in entries.flatten() {
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            remove_tree(&entry.path())?;
        }
    }
    fs::remove_dir(group)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn version_1_controllers_with_a_version_2_tree_beside_them() {
        let found = hierarchies(
            "30 23 0:26 / /sys/fs/cgroup rw - tmpfs tmpfs rw,mode=755\n\
             31 30 0:27 / /sys/fs/cgroup/memory rw,relatime - cgroup cgroup rw,memory\n\
             32 30 0:28 / /sys/fs/cgroup/unified rw,relatime - cgroup2 cgroup2 rw\n",
        );
        assert_eq!(
            found,
            [
                Hierarchy { mount: "/sys/fs/cgroup/memory".into(), version: 1 },
                Hierarchy { mount: "/sys/fs/cgroup/unified".into(), version: 2 },
            ]
        );
    }

    #[test]
    fn version_2_alone() {
        let found = hierarchies("35 24 0:30 / /sys/fs/cgroup rw,nosuid shared:9 - cgroup2 cgroup2 rw,nsdelegate\n");
        assert_eq!(found, [Hierarchy { mount: "/sys/fs/cgroup".into(), version: 2 }]);
    }
}
