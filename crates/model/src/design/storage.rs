//! Ceph and local volumes.

use ipnet::Ipv4Net;
use serde::{Deserialize, Serialize};

use crate::units::{Bytes, MilliCpu, Millis};
use crate::{Map, Name};

/// Over which domain copies are spread.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum FailureDomain {
    /// Disks: several copies may lie on one node.
    Osd,
    /// Nodes, as Kubernetes names them.
    Host,
    /// Physical hosts below virtual nodes.
    Chassis,
    /// Racks.
    Rack,
}

impl FailureDomain {
    /// The name of the CRUSH bucket type.
    pub const fn as_str(self) -> &'static str {
        match self {
            FailureDomain::Osd => "osd",
            FailureDomain::Host => "host",
            FailureDomain::Chassis => "chassis",
            FailureDomain::Rack => "rack",
        }
    }
}

/// Ceph, run by Rook.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ceph {
    /// Whether its daemons use the node's networks (`host`) instead of the pod network.
    pub host_network: bool,
    /// Prefix of clients.
    pub public_network: Ipv4Net,
    /// Prefix of replication.
    pub cluster_network: Ipv4Net,
    /// Monitors, by node.
    pub mon: Map<Mon>,
    /// Whether two monitors may run on one node.
    pub mon_allow_multiple_per_node: bool,
    /// Managers.
    pub mgr_count: u32,
    /// Disks, by node and device (`worker-1:sdb`).
    pub osd: Map<Osd>,
    /// Memory limit of an OSD daemon.
    pub osd_memory: Bytes,
    /// Processor time asked for by an OSD daemon.
    pub osd_cpu: MilliCpu,
    /// Memory of a monitor.
    pub mon_memory: Bytes,
    /// Silence after which peers report an OSD as down.
    pub osd_heartbeat_grace: Millis,
    /// How long an OSD may be down before its data are copied elsewhere.
    pub down_out_interval: Millis,
    /// Whether Rook keeps disruption budgets for the disks.
    pub manage_pod_budgets: bool,
    /// Priority class of monitors and OSDs.
    pub priority_class: Option<String>,
    /// Whether data are encrypted on the disks.
    pub encrypted: bool,
    /// Fill ratio of a warning.
    pub near_full: f64,
    /// Fill ratio at which backfill stops.
    pub backfill_full: f64,
    /// Fill ratio at which writes stop.
    pub full: f64,
    /// Pools of block images.
    pub pool: Map<CephPool>,
    /// File systems.
    pub filesystem: Map<CephFilesystem>,
    /// Object stores.
    pub object_store: Map<CephObjectStore>,
    /// Classes that volumes are asked from.
    pub storage_class: Map<StorageClass>,
}

/// A monitor.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mon {
    /// The physical host below.
    pub host: Name,
}

/// A disk of Ceph.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Osd {
    /// The node.
    pub machine: Name,
    /// The physical host below.
    pub host: Name,
    /// The disk group of that host.
    pub disk: Name,
    /// Path of the device inside the node, which stays the same over reboots.
    pub device: String,
    /// Size.
    pub size: Bytes,
    /// `nvme`, `ssd` or `hdd`.
    pub class: String,
}

/// A replicated or erasure-coded pool.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CephPool {
    /// Copies, for a replicated pool.
    pub replicas: u32,
    /// Copies that must be there for reads and writes.
    pub min: u32,
    /// Data and coding chunks, for an erasure-coded pool.
    pub erasure: Option<(u32, u32)>,
    /// Over which domain copies are spread.
    pub domain: FailureDomain,
    /// Class of disks; `None` for all.
    pub class: Option<String>,
    /// Whether an unsafe number of copies is refused.
    pub require_safe_size: bool,
    /// Whether what lies in it may be lost.
    pub scratch: bool,
    /// What it will hold, before copies; `None` when not stated.
    pub used: Option<Bytes>,
}

/// A Ceph file system.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CephFilesystem {
    /// Copies of data and metadata.
    pub replicas: u32,
    /// Over which domain copies are spread.
    pub domain: FailureDomain,
    /// Metadata servers that work; as many wait.
    pub active_mds: u32,
    /// Copies that must be there for reads and writes.
    pub min: u32,
    /// Class of disks; `None` for all.
    pub class: Option<String>,
    /// What it will hold, before copies; `None` when not stated.
    pub used: Option<Bytes>,
}

/// A Ceph object store.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CephObjectStore {
    /// Copies.
    pub replicas: u32,
    /// Over which domain copies are spread.
    pub domain: FailureDomain,
    /// Gateways.
    pub gateways: u32,
    /// Copies that must be there for reads and writes.
    pub min: u32,
    /// Class of disks; `None` for all.
    pub class: Option<String>,
    /// What it will hold, before copies; `None` when not stated.
    pub used: Option<Bytes>,
}

/// A class that volumes are asked from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StorageClass {
    /// The pool or file system it draws from.
    pub from: Name,
    /// `rbd` or `cephfs`.
    pub kind: String,
    /// Whether claims without a class get it.
    pub default: bool,
    /// Whether a deleted claim keeps its data.
    pub retain: bool,
}

/// Volumes on disks of a node.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LocalStorage {
    /// Name of the class.
    pub class: Name,
    /// Directory on the node below which each mounted file system is a volume.
    pub directory: String,
    /// Nodes that offer it.
    pub nodes: Vec<Name>,
}

/// Volumes on a file server of others.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Nfs {
    /// The server, by name in `external`.
    pub server: Name,
    /// The path that it exports.
    pub path: String,
}
