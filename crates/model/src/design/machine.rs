//! Virtual machines, or on bare metal the installed systems.

use ipnet::IpNet;
use serde::{Deserialize, Serialize};
use std::net::IpAddr;

use crate::units::Bytes;
use crate::{Map, Name};

use super::State;

/// What a machine is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// Kubernetes control plane, with etcd when that is stacked.
    ControlPlane,
    /// Runs workloads.
    Worker,
    /// DNS server of our zone.
    ZoneServer,
    /// Balancer in front of the API.
    Balancer,
    /// etcd apart from the control plane.
    Etcd,
}

impl Role {
    /// Whether a kubelet runs on it.
    pub const fn is_node(self) -> bool {
        matches!(self, Role::ControlPlane | Role::Worker)
    }
    /// As it is written in the file.
    pub const fn as_str(self) -> &'static str {
        match self {
            Role::ControlPlane => "control-plane",
            Role::Worker => "worker",
            Role::ZoneServer => "zone-server",
            Role::Balancer => "balancer",
            Role::Etcd => "etcd",
        }
    }
}

/// What happens to a machine when its host is taken down on purpose.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Drain {
    /// It is shut down and started again.
    Stop,
    /// It moves to another host.
    Migrate,
}

/// The image a machine is made from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Image {
    /// Operating system and release: `debian-13`.
    pub os: String,
    /// What it is fetched from, by name in `external`; `None` when it is on the host already.
    pub from: Option<Name>,
}

/// A taint of a node.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Taint {
    /// Key.
    pub key: String,
    /// Value; may be empty.
    pub value: String,
    /// `NoSchedule`, `PreferNoSchedule` or `NoExecute`.
    pub effect: String,
}

/// A machine of the cluster.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Machine {
    /// Whether it is there.
    pub state: State,
    /// What it is for.
    pub role: Role,
    /// The host it lives on.
    pub host: Name,
    /// Id in Proxmox VE.
    pub vmid: u32,
    /// Fully qualified name.
    pub fqdn: String,
    /// Virtual processors.
    pub cpu: u32,
    /// CPU type of the guest (`x86-64-v2-AES`).
    pub cpu_type: String,
    /// Memory.
    pub memory: Bytes,
    /// Least memory that ballooning leaves it; equal to `memory` when ballooning is off.
    pub balloon_minimum: Bytes,
    /// Disks, by name (`os`, `etcd`).
    pub disk: Map<VirtualDisk>,
    /// Disk groups of the host that are passed through whole, by name in the host's `disk`.
    pub passthrough: Vec<Name>,
    /// Network interfaces, by the network they are in.
    pub nic: Map<MachineNic>,
    /// What happens when its host is taken down.
    pub drain: Drain,
    /// Whether the hypervisor's high-availability manager restarts it elsewhere.
    pub ha: bool,
    /// Whether it starts with its host.
    pub onboot: bool,
    /// Place in the start order of its host; smaller first.
    pub startup_order: u32,
    /// Image it is made from.
    pub image: Image,
    /// Kubernetes labels, for nodes.
    pub label: Map<String>,
    /// Kubernetes taints, for nodes.
    pub taints: Vec<Taint>,
    /// Graphics processors passed through, in all.
    pub gpus: u32,
    /// The same by model.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub gpu: Map<u32>,
}

/// How the hypervisor caches a disk. Names are those of Proxmox VE.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum CacheMode {
    /// No host cache; flushes are honoured.
    None,
    /// Host cache for reads, every write waits.
    Writethrough,
    /// Host cache; flushes are honoured.
    Writeback,
    /// No host cache, every write waits.
    Directsync,
    /// Host cache; flushes are ignored.
    Unsafe,
}

impl CacheMode {
    /// Proxmox VE's name for it.
    pub const fn as_str(self) -> &'static str {
        match self {
            CacheMode::None => "none",
            CacheMode::Writethrough => "writethrough",
            CacheMode::Writeback => "writeback",
            CacheMode::Directsync => "directsync",
            CacheMode::Unsafe => "unsafe",
        }
    }
}

/// A disk of a machine.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct VirtualDisk {
    /// The disk group of the host it lies on.
    pub on: Name,
    /// Its size.
    pub size: Bytes,
    /// Its place at the guest's controller (`scsi0`).
    pub bus: String,
    /// How the hypervisor caches it.
    pub cache: CacheMode,
    /// Where the guest mounts it; `None` for the system disk.
    pub mount: Option<String>,
    /// Whether asynchronous copies of it are kept on other hosts.
    pub replicated: bool,
}

/// A network interface of a machine.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MachineNic {
    /// Place on the machine, from 0 (`net0`).
    pub index: u32,
    /// Name inside the guest (`eth0`).
    pub interface: Name,
    /// The bridge of the host it hangs on.
    pub bridge: Name,
    /// VLAN tag set by the hypervisor; `None` when the bridge is in the VLAN already.
    pub tag: Option<u16>,
    /// Hardware address.
    pub mac: String,
    /// Address with prefix length.
    pub address: IpNet,
    /// Second family, for dual stack.
    pub address6: Option<IpNet>,
    /// The gateway, on the one interface that has the default route.
    pub gateway: Option<IpAddr>,
    /// Largest layer-3 packet, in bytes.
    pub mtu: u32,
    /// Whether the hypervisor drops packets from other addresses than this one.
    pub ipfilter: bool,
}

/// A rule that keeps machines on different hosts.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Placement {
    /// Machines that are kept apart.
    pub machines: Vec<Name>,
    /// Why: `quorum of etcd`.
    pub reason: String,
    /// Whether the hypervisor's high-availability manager is given the rule too.
    pub by_hypervisor: bool,
}
