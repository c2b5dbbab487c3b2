//! The description of a lab: hosts, leaves, clients and the segment that joins them. Pure data, no effect.

use std::collections::BTreeSet;
use std::path::PathBuf;

use ipnet::IpNet;

use crate::error::LabError;
use crate::stand_in::ReadyzStandIn;

/// One broadcast domain that every machine of the lab is attached to.
#[derive(Clone, Debug)]
pub struct Segment {
    /// Name of the network it plays, for example `kube`.
    pub name: String,
    /// VLAN id of that network in the design. Frames of the lab are untagged; the report of a lab says so.
    pub vlan: u16,
    /// MTU in bytes of every hop.
    pub mtu: u32,
}

/// A file as it shall lie on a host before it boots for the first time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HostFile {
    /// Absolute path on the host. Its directories must not be symbolic links in the root image.
    pub path: String,
    /// Content.
    pub bytes: Vec<u8>,
    /// Permission bits, for example `0o600`.
    pub mode: u32,
    /// `user:group`, resolved with the host's own `/etc/passwd` and `/etc/group`.
    pub owner: String,
}

impl HostFile {
    /// A file of root that everybody may read (mode 0644).
    pub fn new(path: impl Into<String>, bytes: impl Into<Vec<u8>>) -> Self {
        Self { path: path.into(), bytes: bytes.into(), mode: 0o644, owner: "root:root".to_owned() }
    }

    /// The same file with other permission bits.
    #[must_use]
    pub fn mode(mut self, mode: u32) -> Self {
        self.mode = mode;
        self
    }

    /// The same file with another `user:group`.
    #[must_use]
    pub fn owner(mut self, owner: impl Into<String>) -> Self {
        self.owner = owner.into();
        self
    }
}

/// A machine that boots systemd from the shared root image.
#[derive(Clone, Debug)]
pub struct HostPlan {
    /// Host name, also the name by which faults address it.
    pub name: String,
    /// Name of its one network interface inside the host, as the files it is given expect it.
    pub nic: String,
    /// Address to configure on that interface before the host boots; `None` if the host's own files do it.
    pub address: Option<IpNet>,
    /// Files laid over the root image.
    pub files: Vec<HostFile>,
    /// Units to enable. Every unit that the root image enables by itself is disabled, so that this list is all.
    pub units: Vec<String>,
    /// Programs of the lab that stand in for parts of a cluster that are not there yet.
    pub stand_ins: Vec<ReadyzStandIn>,
}

impl HostPlan {
    /// A host with one interface and nothing on it yet.
    pub fn new(name: impl Into<String>, nic: impl Into<String>, address: Option<IpNet>) -> Self {
        Self {
            name: name.into(),
            nic: nic.into(),
            address,
            files: Vec::new(),
            units: Vec::new(),
            stand_ins: Vec::new(),
        }
    }
}

/// A network namespace with an address on the segment, from which probes run. It boots nothing.
#[derive(Clone, Debug)]
pub struct ClientPlan {
    /// Name by which probes and faults address it.
    pub name: String,
    /// Its address on the segment.
    pub address: IpNet,
}

/// A whole lab: every host and client is attached to every leaf by an active-backup bond, and neighbouring leaves are
/// joined by a peer link.
#[derive(Clone, Debug)]
pub struct LabPlan {
    /// Root image of the hosts: a directory with Debian's trixie, shared read-only by all of them.
    pub root: PathBuf,
    /// The program `plimsoll-lab-helper` of the same build.
    pub helper: PathBuf,
    /// Directory for the hosts' disks, on a real file system (etcd waits for its `fsync`). A lab makes one directory of
    /// its own in it and removes that at its end.
    pub disks: PathBuf,
    /// Names of the leaves, in order of preference of the bonds.
    pub leaves: Vec<String>,
    /// What joins the machines.
    pub segment: Segment,
    /// Hosts.
    pub hosts: Vec<HostPlan>,
    /// Clients.
    pub clients: Vec<ClientPlan>,
    /// Where to keep the hosts' journals when a lab ends in a panic.
    pub logs: Option<PathBuf>,
}

impl LabPlan {
    /// A lab without machines, whose disks lie in `/var/tmp/plimsoll-lab`.
    pub fn new(root: impl Into<PathBuf>, helper: impl Into<PathBuf>, segment: Segment) -> Self {
        Self {
            root: root.into(),
            helper: helper.into(),
            disks: PathBuf::from(crate::state::DISKS),
            leaves: Vec::new(),
            segment,
            hosts: Vec::new(),
            clients: Vec::new(),
            logs: None,
        }
    }

    /// Refuses plans that cannot be wired: no leaf, a name used twice, names that a namespace cannot have.
    pub fn validate(&self) -> Result<(), LabError> {
        if self.leaves.is_empty() {
            return Err(LabError::Plan("a lab needs at least one leaf".to_owned()));
        }
        let mut seen = BTreeSet::from([crate::fabric::UPLINKS]);
        let machines = self.hosts.iter().map(|host| &host.name).chain(self.clients.iter().map(|client| &client.name));
        for name in self.leaves.iter().chain(machines) {
            let plain = name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-');
            if name.is_empty() || name.len() > 63 || !plain || name.starts_with('-') {
                return Err(LabError::Plan(format!("`{name}` is no host name of lower-case letters, digits and `-`")));
            }
            if !seen.insert(name) {
                return Err(LabError::Plan(format!("two parts of the lab are called `{name}`")));
            }
        }
        for host in &self.hosts {
            if host.nic.is_empty() || host.nic.len() > 15 || host.nic.contains(['/', ' ']) {
                return Err(LabError::Plan(format!("`{}` of `{}` is no interface name", host.nic, host.name)));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn clean() -> LabPlan {
        let segment = Segment { name: "kube".to_owned(), vlan: 2001, mtu: 1500 };
        let mut plan = LabPlan::new("/root-image", "/helper", segment);
        plan.leaves = vec!["leaf-1".to_owned(), "leaf-2".to_owned()];
        plan.hosts = vec![HostPlan::new("cp-1", "eth0", None), HostPlan::new("cp-2", "eth0", None)];
        plan
    }

    #[test]
    fn a_clean_plan_is_accepted() {
        clean().validate().unwrap();
    }

    #[test]
    fn a_name_used_twice_is_refused() {
        let mut plan = clean();
        plan.hosts[1].name = "leaf-1".to_owned();
        assert_eq!(plan.validate().unwrap_err().to_string(), "two parts of the lab are called `leaf-1`");
    }

    #[test]
    fn a_name_that_would_leave_its_directory_is_refused() {
        let mut plan = clean();
        plan.hosts[1].name = "../cp-2".to_owned();
        assert_eq!(
            plan.validate().unwrap_err().to_string(),
            "`../cp-2` is no host name of lower-case letters, digits and `-`"
        );
    }

    #[test]
    fn an_interface_name_longer_than_the_kernel_allows_is_refused() {
        let mut plan = clean();
        plan.hosts[0].nic = "enp0s31f6.with.vlan.2001".to_owned();
        assert_eq!(
            plan.validate().unwrap_err().to_string(),
            "`enp0s31f6.with.vlan.2001` of `cp-1` is no interface name"
        );
    }
}
