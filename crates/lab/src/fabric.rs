//! Leaves, bonds and the machines' ports.
//!
//! Each leaf is a network namespace with one bridge. Between a machine and the leaves lies its uplink, as the hypervisor
//! of a virtual machine would have it: a bridge that the machine's port and an active-backup bond are attached to. All
//! uplinks share the namespace [`UPLINKS`]. Interfaces are named by position, since their names have 15 bytes at most:
//! `m0` is the first machine, `m0l1` its leg to the second leaf.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::command::{Inside, run};
use crate::error::LabError;

/// Namespace of all uplinks.
pub(crate) const UPLINKS: &str = "uplinks";
/// How often a bond looks at the carrier of its legs, in milliseconds: `miimon 100` of the design.
pub(crate) const MIIMON_MS: u64 = 100;

/// The bonds that the lab's own process moves where the kernel has no bonding.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct BondWatch {
    /// Time between two looks, in milliseconds.
    pub miimon_ms: u64,
    /// Bridges with their legs, in order of preference.
    pub bonds: Vec<WatchedBond>,
}

/// One bond of [`BondWatch`].
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct WatchedBond {
    /// The bridge that holds the active leg.
    pub bridge: String,
    /// The legs.
    pub legs: Vec<String>,
}

/// What this machine's kernel can do itself, found out by trying it in a namespace of the lab.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct KernelLinks {
    /// It has a bonding driver.
    pub(crate) bonding: bool,
}

impl KernelLinks {
    pub(crate) fn probe(inside: Inside) -> Self {
        let add = ["link add probe0 type bond mode active-backup".to_owned()];
        let bonding = inside.ip(None, &add).is_ok();
        if bonding {
            let _ = inside.ip(None, &["link del probe0".to_owned()]);
        }
        Self { bonding }
    }
}

/// The wiring of a lab.
#[derive(Debug)]
pub(crate) struct Fabric {
    inside: Inside,
    pub(crate) links: KernelLinks,
    leaves: Vec<String>,
    machines: Vec<String>,
    mtu: u32,
    /// Legs that are down by themselves, as (machine, leaf): a leaf that comes back leaves them down.
    cut: BTreeSet<(usize, usize)>,
}

impl Fabric {
    /// Makes the leaves and the uplinks; the machines themselves are plugged in by [`Fabric::plug`].
    pub(crate) fn build(
        inside: Inside,
        leaves: Vec<String>,
        machines: Vec<String>,
        mtu: u32,
    ) -> Result<Self, LabError> {
        let links = KernelLinks::probe(inside);
        let fabric = Self { inside, links, leaves, machines, mtu, cut: BTreeSet::new() };
        let mut lines = vec![format!("netns add {UPLINKS}")];
        lines.extend(fabric.leaves.iter().map(|leaf| format!("netns add {leaf}")));
        inside.ip(None, &lines)?;
        for leaf in 0..fabric.leaves.len() {
            fabric.build_leaf(leaf)?;
        }
        for machine in 0..fabric.machines.len() {
            fabric.build_uplink(machine)?;
        }
        Ok(fabric)
    }

    fn build_leaf(&self, leaf: usize) -> Result<(), LabError> {
        // Snooping off: without a querier on the segment it would drop IPv6 neighbour discovery after a while.
        let mut lines = vec![
            format!("link add fabric mtu {} type bridge stp_state 0 forward_delay 0 mcast_snooping 0", self.mtu),
            "link set fabric up".to_owned(),
            "link set lo up".to_owned(),
        ];
        if let Some(next) = self.leaves.get(leaf + 1) {
            let mtu = self.mtu;
            lines.push(format!("link add peer{leaf} mtu {mtu} type veth peer name peer{leaf} mtu {mtu} netns {next}"));
            lines.push(format!("link set peer{leaf} master fabric up"));
        }
        if let Some(previous) = leaf.checked_sub(1) {
            lines.push(format!("link set peer{previous} master fabric up"));
        }
        self.inside.ip(Some(&self.leaves[leaf]), &lines)
    }

    fn build_uplink(&self, machine: usize) -> Result<(), LabError> {
        let mtu = self.mtu;
        let mut lines =
            vec![format!("link add m{machine} mtu {mtu} type bridge stp_state 0 forward_delay 0 mcast_snooping 0")];
        if self.links.bonding {
            lines.push(format!("link add m{machine}b mtu {mtu} type bond mode active-backup miimon {MIIMON_MS}"));
            lines.push(format!("link set m{machine}b master m{machine}"));
        }
        for (leaf, name) in self.leaves.iter().enumerate() {
            let leg = format!("m{machine}l{leaf}");
            lines.push(format!("link add {leg} mtu {mtu} type veth peer name m{machine} mtu {mtu} netns {name}"));
            if self.links.bonding {
                lines.push(format!("link set {leg} down master m{machine}b"));
            } else if leaf == 0 {
                lines.push(format!("link set {leg} master m{machine}"));
            }
            lines.push(format!("link set {leg} up"));
        }
        if self.links.bonding {
            lines.push(format!("link set m{machine}b up"));
        }
        lines.push(format!("link set m{machine} up"));
        self.inside.ip(Some(UPLINKS), &lines)?;
        let plug = [format!("link set m{machine} master fabric up")];
        self.leaves.iter().try_for_each(|leaf| self.inside.ip(Some(leaf), &plug))
    }

    /// What the lab's bond process has to watch; `None` where the kernel does it.
    pub(crate) fn bond_watch(&self) -> Option<BondWatch> {
        (!self.links.bonding).then(|| BondWatch {
            miimon_ms: MIIMON_MS,
            bonds: (0..self.machines.len())
                .map(|machine| WatchedBond {
                    bridge: format!("m{machine}"),
                    legs: (0..self.leaves.len()).map(|leaf| format!("m{machine}l{leaf}")).collect(),
                })
                .collect(),
        })
    }

    /// Gives a machine a network namespace of its name, with one interface that ends in its uplink.
    pub(crate) fn plug(&self, name: &str, nic: &str, address: Option<ipnet::IpNet>) -> Result<(), LabError> {
        let machine = self.machine(name)?;
        let mtu = self.mtu;
        // The hardware address is that of the machine, not of the moment: neighbours remember it over a restart.
        let hardware = format!("02:70:6c:00:00:{machine:02x}");
        self.inside.ip(None, &[format!("netns add {name}")])?;
        let mut lines = vec![
            "link set lo up".to_owned(),
            format!(
                "link add {nic} address {hardware} mtu {mtu} type veth peer name m{machine}n mtu {mtu} netns {UPLINKS}"
            ),
        ];
        if let Some(address) = address {
            lines.push(format!("address add {address} dev {nic}"));
            lines.push(format!("link set {nic} up"));
        }
        self.inside.ip(Some(name), &lines)?;
        self.inside.ip(Some(UPLINKS), &[format!("link set m{machine}n master m{machine} up")])
    }

    /// Takes a machine's port down, as its neighbours see it when it loses power.
    pub(crate) fn port_down(&self, name: &str) -> Result<(), LabError> {
        self.inside.ip(Some(UPLINKS), &[format!("link set m{}n down", self.machine(name)?)])
    }

    /// Removes a machine's namespace with its interface and every address on it.
    pub(crate) fn unplug(&self, name: &str) -> Result<(), LabError> {
        let machine = self.machine(name)?;
        // The interface first: the namespace itself lives as long as any process of it is not reaped.
        self.inside.ip(Some(UPLINKS), &[format!("link del m{machine}n")])?;
        self.inside.ip(None, &[format!("netns del {name}")])
    }

    /// Takes all ports of a leaf down, or up again except for legs that are cut.
    pub(crate) fn set_leaf(&mut self, leaf: &str, up: bool) -> Result<(), LabError> {
        let position = self.leaf(leaf)?;
        let state = if up { "up" } else { "down" };
        let mut lines: Vec<String> = (0..self.machines.len())
            .filter(|machine| !up || !self.cut.contains(&(*machine, position)))
            .map(|machine| format!("link set m{machine} {state}"))
            .collect();
        if position + 1 < self.leaves.len() {
            lines.push(format!("link set peer{position} {state}"));
        }
        if let Some(previous) = position.checked_sub(1) {
            lines.push(format!("link set peer{previous} {state}"));
        }
        lines.push(format!("link set fabric {state}"));
        self.inside.ip(Some(leaf), &lines)
    }

    /// Takes the cable between a machine and a leaf out, or puts it back.
    pub(crate) fn set_link(&mut self, machine: &str, leaf: &str, up: bool) -> Result<(), LabError> {
        let (machine, position) = (self.machine(machine)?, self.leaf(leaf)?);
        if up {
            self.cut.remove(&(machine, position));
        } else {
            self.cut.insert((machine, position));
        }
        self.inside.ip(Some(leaf), &[format!("link set m{machine} {}", if up { "up" } else { "down" })])
    }

    /// The leaf that a machine's bond uses now.
    pub(crate) fn active_leaf(&self, machine: &str) -> Result<Option<String>, LabError> {
        let machine = self.machine(machine)?;
        for (leaf, name) in self.leaves.iter().enumerate() {
            let mut command = self.inside.command_in(UPLINKS);
            let active = if self.links.bonding {
                let file = format!("/sys/class/net/m{machine}b/bonding/active_slave");
                run(command.args(["cat", &file]), "ask the bond")?.trim() == format!("m{machine}l{leaf}")
            } else {
                let leg = format!("m{machine}l{leaf}");
                let shown = run(command.args(["ip", "-oneline", "link", "show", &leg]), "ask the bond")?;
                shown.contains(&format!(" master m{machine} ")) && !shown.contains("NO-CARRIER")
            };
            if active {
                return Ok(Some(name.clone()));
            }
        }
        Ok(None)
    }

    fn machine(&self, name: &str) -> Result<usize, LabError> {
        let found = self.machines.iter().position(|machine| machine == name);
        found.ok_or_else(|| LabError::Plan(format!("the lab has no machine `{name}`")))
    }

    fn leaf(&self, name: &str) -> Result<usize, LabError> {
        let found = self.leaves.iter().position(|leaf| leaf == name);
        found.ok_or_else(|| LabError::Plan(format!("the lab has no leaf `{name}`")))
    }
}
