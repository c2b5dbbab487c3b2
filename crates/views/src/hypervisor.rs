//! Proxmox VE: its guests, its rules about them, its cluster membership.

mod from_design;
mod from_files;

use std::net::IpAddr;

use plimsoll_model::design::CacheMode;
use plimsoll_model::units::Bytes;

use crate::{Fact, Place};

pub use from_design::from_design;
pub use from_files::from_files;

/// One cluster of hypervisors.
#[derive(Clone, Debug)]
pub struct Hypervisors {
    /// What a finding about all of it points at.
    pub place: Place,
    /// Names of the hosts that vote.
    pub nodes: Fact<Vec<String>>,
    /// Where the external vote runs; `Some(None)` when there is none.
    pub qdevice: Fact<Option<String>>,
    /// Paths of cluster membership that every host has.
    pub links: Fact<usize>,
    /// The same paths host by host, with what each stands on as far as it is known.
    pub paths: Vec<MemberPath>,
    /// Virtual machines.
    pub guests: Vec<Guest>,
    /// Rules of the high-availability manager.
    pub rules: Vec<HaRule>,
}

impl Hypervisors {
    /// Guests under the high-availability manager.
    pub fn managed(&self) -> impl Iterator<Item = &Guest> {
        self.guests.iter().filter(|guest| guest.ha.is(&true))
    }
}

/// A path of cluster membership on one host.
#[derive(Clone, Debug)]
pub struct MemberPath {
    /// The host.
    pub host: String,
    /// Its number (`0`).
    pub number: String,
    /// What a finding about it points at.
    pub place: Place,
    /// Its address on the host.
    pub address: Option<IpAddr>,
    /// The interface it stands on, where that is stated; else the one with its address.
    pub interface: Option<String>,
    /// Whether its host has no other.
    pub only: bool,
}

/// What the cluster above loses with a guest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Job {
    /// A vote: etcd, and Ceph's monitors.
    Vote,
    /// A node, a balancer, a DNS server.
    Serves,
}

/// A virtual machine.
#[derive(Clone, Debug)]
pub struct Guest {
    /// Its name.
    pub name: String,
    /// What a finding about it points at.
    pub place: Place,
    /// As the high-availability manager calls it: `vm:2001`.
    pub id: String,
    /// What it does; unknown for a file whose name does not tell.
    pub job: Fact<Job>,
    /// The host it is on.
    pub host: Fact<String>,
    /// Whether the high-availability manager restarts it elsewhere.
    pub ha: Fact<bool>,
    /// Whether it starts with its host.
    pub onboot: Fact<bool>,
    /// Its memory.
    pub memory: Fact<Bytes>,
    /// The least that ballooning leaves it.
    pub balloon_minimum: Fact<Bytes>,
    /// CPU type, without flags.
    pub cpu_type: Fact<String>,
    /// Operating system of its image; unknown for files.
    pub os: Fact<String>,
    /// Disks, CD-ROMs left out.
    pub disks: Vec<GuestDisk>,
    /// Network interfaces.
    pub nics: Vec<GuestNic>,
}

/// A disk of a guest.
#[derive(Clone, Debug)]
pub struct GuestDisk {
    /// Its slot or name.
    pub name: String,
    /// What a finding about it points at.
    pub place: Place,
    /// How the host caches it.
    pub cache: Fact<CacheMode>,
    /// Whether every host of the cluster reaches it.
    pub shared: Fact<bool>,
    /// Whether asynchronous copies are kept on other hosts.
    pub replicated: Fact<bool>,
}

/// A network interface of a guest.
#[derive(Clone, Debug)]
pub struct GuestNic {
    /// `net0`, or the network.
    pub name: String,
    /// VLAN tag; `Some(None)` for none.
    pub tag: Fact<Option<u16>>,
    /// The bridge it hangs on.
    pub bridge: Fact<String>,
}

/// A rule of the high-availability manager.
#[derive(Clone, Debug)]
pub struct HaRule {
    /// Its id.
    pub name: String,
    /// What a finding about it points at.
    pub place: Place,
    /// What it asks for.
    pub kind: HaRuleKind,
    /// The guests (`vm:2001`).
    pub resources: Vec<String>,
}

/// What a rule of the high-availability manager asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HaRuleKind {
    /// Guests on different hosts.
    Apart,
    /// Guests on one host.
    Together,
    /// Guests on some hosts, with priorities; strict ones never leave these.
    Nodes {
        /// Hosts with their priorities; an unreadable priority is `None`.
        nodes: Vec<(String, Option<u32>)>,
        /// Whether guests never leave them.
        strict: bool,
    },
    /// Something else, or unreadable.
    Other,
}
