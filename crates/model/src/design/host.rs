//! Physical machines.

use std::net::IpAddr;

use ipnet::IpNet;
use serde::{Deserialize, Serialize};

use crate::units::{BitRate, Bytes, Millis};
use crate::{Map, Name};

use super::State;
use super::plant::Psu;

/// What runs on the bare host.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PlatformKind {
    /// Proxmox VE; the cluster's machines are its guests.
    Proxmox,
    /// The installed system is itself a machine of the cluster.
    BareMetal,
}

/// What runs on the bare host, with its version.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Platform {
    /// What.
    pub kind: PlatformKind,
    /// `9.1`
    pub version: String,
    /// Whether its guests may be under its own high-availability manager.
    pub ha: bool,
    /// The external vote of its cluster, by name in `external`.
    pub qdevice: Option<Name>,
    /// Whether its watchdog is hardware; `None` when not stated.
    pub hardware_watchdog: Option<bool>,
}

/// Processors of a host.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cpu {
    /// Hardware threads in all.
    pub threads: u32,
    /// Model, when stated: hosts of different models limit the CPU type of guests that move.
    pub model: Option<String>,
}

/// A physical machine.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Host {
    /// Whether it is there.
    pub state: State,
    /// What runs on it.
    pub platform: Platform,
    /// Where it stands.
    pub rack: Name,
    /// Its power supplies.
    pub psu: Map<Psu>,
    /// Its management controller.
    pub bmc: Option<Bmc>,
    /// Its processors.
    pub cpu: Cpu,
    /// Its memory.
    pub memory: Bytes,
    /// Memory that the hypervisor keeps for itself (its own daemons, ZFS cache).
    pub reserved_memory: Bytes,
    /// Network ports.
    pub nic: Map<Nic>,
    /// Bonds over them.
    pub bond: Map<Bond>,
    /// VLAN interfaces.
    pub vlan: Map<VlanInterface>,
    /// Bridges that guests hang on.
    pub bridge: Map<Bridge>,
    /// The host's own address in each network, by network.
    pub address: Map<HostAddress>,
    /// Paths of Proxmox VE's cluster membership, by link number.
    pub corosync: Map<CorosyncLink>,
    /// Disks, by group.
    pub disk: Map<Disk>,
    /// Graphics processors, by model.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub gpu: Map<u32>,
}

/// A management controller.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Bmc {
    /// The switch it hangs on.
    pub switch: Name,
    /// The port of that switch.
    pub port: Name,
    /// The network its address is in.
    pub network: Name,
    /// Its address.
    pub address: IpAddr,
}

/// A network port of a host.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Nic {
    /// The switch it is cabled to.
    pub switch: Name,
    /// The port of that switch.
    pub port: Name,
    /// Speed of the link.
    pub speed: BitRate,
    /// Largest layer-3 packet, in bytes.
    pub mtu: u32,
    /// The card it sits on; `None` when not stated.
    pub card: Option<Name>,
}

/// How a bond uses its ports. Names are those of the Linux driver.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum BondMode {
    /// One port in use, the others wait.
    #[serde(rename = "active-backup")]
    ActiveBackup,
    /// LACP.
    #[serde(rename = "802.3ad")]
    Lacp,
    /// Packets in turn.
    #[serde(rename = "balance-rr")]
    BalanceRr,
    /// By a hash, without a protocol.
    #[serde(rename = "balance-xor")]
    BalanceXor,
    /// Everything on every port.
    #[serde(rename = "broadcast")]
    Broadcast,
    /// Sending is spread by load.
    #[serde(rename = "balance-tlb")]
    BalanceTlb,
    /// Sending and receiving are spread, the latter by ARP answers.
    #[serde(rename = "balance-alb")]
    BalanceAlb,
}

impl BondMode {
    /// The driver's name for it.
    pub const fn as_str(self) -> &'static str {
        match self {
            BondMode::ActiveBackup => "active-backup",
            BondMode::Lacp => "802.3ad",
            BondMode::BalanceRr => "balance-rr",
            BondMode::BalanceXor => "balance-xor",
            BondMode::Broadcast => "broadcast",
            BondMode::BalanceTlb => "balance-tlb",
            BondMode::BalanceAlb => "balance-alb",
        }
    }
}

/// How often a host asks its LACP partner to speak.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LacpRate {
    /// Every second: a silent partner is noticed after 3 s.
    Fast,
    /// Every 30 seconds: after 90 s.
    Slow,
}

/// A bond.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Bond {
    /// How it uses its ports.
    pub mode: BondMode,
    /// Its ports, by name in `nic`.
    pub members: Vec<Name>,
    /// How often the carrier of each port is looked at.
    pub miimon: Millis,
    /// For LACP only.
    pub lacp_rate: Option<LacpRate>,
    /// Which packet takes which port (`layer2+3`); for the modes that hash.
    pub xmit_hash_policy: Option<String>,
    /// Largest layer-3 packet, in bytes.
    pub mtu: u32,
}

/// A VLAN interface (`bond0.2000`).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct VlanInterface {
    /// The bond or port below.
    pub parent: Name,
    /// VLAN id.
    pub id: u16,
    /// Largest layer-3 packet, in bytes.
    pub mtu: u32,
}

/// A bridge (`vmbr1`).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Bridge {
    /// Interfaces of the host that are its ports.
    pub ports: Vec<Name>,
    /// Whether it keeps VLANs apart itself, guests naming theirs by a tag.
    pub vlan_aware: bool,
    /// VLANs that a VLAN-aware bridge lets through.
    pub vids: Vec<u16>,
    /// Largest layer-3 packet, in bytes.
    pub mtu: u32,
    /// Networks whose guests hang on it.
    pub networks: Vec<Name>,
    /// Whether it takes part in spanning tree.
    pub spanning_tree: bool,
}

/// An address of the host itself.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HostAddress {
    /// The interface that carries it.
    pub interface: Name,
    /// Address with prefix length.
    pub address: IpNet,
    /// The gateway, on the one interface that has the default route.
    pub gateway: Option<IpAddr>,
}

/// A path of Proxmox VE's cluster membership.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CorosyncLink {
    /// The network it runs in.
    pub network: Name,
    /// The host's address on it.
    pub address: IpAddr,
    /// The interface below (a port or a bond).
    pub interface: Name,
    /// `knet_link_priority`: the usable link with the highest one carries the traffic.
    pub priority: u8,
}

/// What a disk is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DiskKind {
    /// Rotating.
    Hdd,
    /// Flash behind SATA or SAS.
    Ssd,
    /// Flash behind PCI Express.
    Nvme,
}

/// How several disks make one store.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Raid {
    /// Each disk on its own.
    None,
    /// All hold the same (RAID 1, ZFS mirror).
    Mirror,
    /// Striped mirrors.
    Raid10,
    /// One parity.
    Raid5,
    /// Two parities.
    Raid6,
    /// Striped without any copy.
    Raid0,
}

/// A group of equal disks.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Disk {
    /// How many.
    pub count: u32,
    /// Size of each.
    pub size: Bytes,
    /// What they are made of.
    pub kind: DiskKind,
    /// How they make one store.
    pub raid: Raid,
    /// Whether a hardware RAID controller is in between.
    pub hardware_raid: bool,
    /// Whether what lies on it is served over a network; `None` for disks in the host.
    pub shared: Option<Name>,
    /// Paths below `/dev/disk/by-id`, one per disk, when stated.
    pub devices: Vec<String>,
    /// Name of the Proxmox VE storage made of it; `None` for disks that are passed through.
    pub storage: Option<Name>,
    /// 99th percentile of the time of an fsync, when it was measured.
    pub fsync_p99: Option<Millis>,
}

impl Disk {
    /// Space that can be used: after mirroring or parity.
    pub fn usable(&self) -> Bytes {
        let count = u64::from(self.count);
        match self.raid {
            Raid::None | Raid::Raid0 => self.size * count,
            Raid::Mirror => self.size,
            Raid::Raid10 => self.size * (count / 2),
            Raid::Raid5 => self.size * count.saturating_sub(1),
            Raid::Raid6 => self.size * count.saturating_sub(2),
        }
    }
}
