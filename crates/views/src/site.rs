//! The site: time, who is let in, where data lie, what operating systems and kubelets are told.

mod doors;
mod from_design;
mod from_files;

use std::net::IpAddr;

use crate::{Fact, Place};

pub use doors::{Door, Doors, Opening, doors};
pub use from_design::from_design;
pub use from_files::from_files;

/// Servers that chrony takes of a pool where no `maxsources` is stated (chrony.conf(5)).
const OF_A_POOL: usize = 4;

/// The site.
#[derive(Clone, Debug, Default)]
pub struct Site {
    /// Where machines get their time from.
    pub clocks: Vec<Clock>,
    /// Who may reach which ports of which role; only a Design knows.
    pub doors: Option<Doors>,
    /// Networks that carry management and something else.
    pub shared_networks: Vec<SharedNetwork>,
    /// Places where data go, outside of the cluster.
    pub sinks: Vec<Sink>,
    /// Jurisdictions in which data may lie; empty when nothing was said.
    pub allowed: Vec<String>,
    /// Storage that must be encrypted.
    pub regulated: Vec<Regulated>,
    /// Pools of data that must not be lost.
    pub durable: Vec<Durable>,
    /// Stores of copies.
    pub stores: Vec<Store>,
    /// Nodes whose kernel is told not to forward packets.
    pub forwarding_off: Vec<Fact<String>>,
    /// Settings of nodes' runtimes and kubelets.
    pub node: Option<NodeSoftware>,
    /// Kubelets that are told to run on version 1 of control groups.
    pub cgroup_v1: Vec<Fact<bool>>,
}

/// Where machines get their time from.
#[derive(Clone, Debug)]
pub struct Clock {
    /// Whose clock it is: `every machine`, or the owner of the file.
    pub name: String,
    /// What a finding about it points at.
    pub place: Place,
    /// Network sources; a pool of names counts as the four that chrony takes of it.
    pub sources: Fact<usize>,
    /// Whether it has a clock of its own (PTP, GNSS, that of the hypervisor).
    pub hardware: bool,
    /// Sources that are machines of the cluster itself.
    pub own: Vec<String>,
}

/// A network that carries management and something else.
#[derive(Clone, Debug)]
pub struct SharedNetwork {
    /// Its name.
    pub name: String,
    /// What a finding about it points at.
    pub place: Place,
    /// What is managed there.
    pub management: &'static str,
}

/// A place where data go, outside of the cluster.
#[derive(Clone, Debug)]
pub struct Sink {
    /// Its name.
    pub name: String,
    /// What goes there.
    pub what: &'static str,
    /// Its jurisdiction.
    pub jurisdiction: Fact<String>,
}

/// A tenant whose data must be encrypted.
#[derive(Clone, Debug)]
pub struct Regulated {
    /// The tenant.
    pub tenant: String,
    /// What a finding about it points at.
    pub place: Place,
    /// Whether the disks below its volumes are encrypted.
    pub disks: Fact<bool>,
    /// Whether the copies of its volumes are; `None` for no copies.
    pub copies: Vec<(String, Fact<bool>)>,
}

/// Data that must not be lost.
#[derive(Clone, Debug)]
pub struct Durable {
    /// `pool ssd`
    pub name: String,
    /// What a finding about it points at.
    pub place: Place,
    /// Whether copies are made in another failure domain.
    pub copied: bool,
}

/// A store of copies.
#[derive(Clone, Debug)]
pub struct Store {
    /// Its name.
    pub name: String,
    /// What a finding about it points at.
    pub place: Place,
    /// Whether whoever writes there cannot change what is there.
    pub append_only: Fact<bool>,
    /// Addresses of it that are those of the cluster itself, with what they belong to.
    pub inside: Vec<(IpAddr, String)>,
}

/// Settings of nodes' runtimes and kubelets.
#[derive(Clone, Debug)]
pub struct NodeSoftware {
    /// Version of Kubernetes, major and minor.
    pub kubernetes: Fact<(u32, u32)>,
    /// Version of containerd, major and minor.
    pub containerd: Fact<(u32, u32)>,
    /// Whether nodes have swap.
    pub swap: Fact<bool>,
    /// Whether the kubelet refuses to run with swap.
    pub fail_swap_on: Fact<bool>,
}
