//! The pod network and the addresses of services.

use std::net::IpAddr;

use ipnet::IpNet;
use serde::{Deserialize, Serialize};

use crate::units::Millis;
use crate::{Map, Name};

use super::SecretRef;
use super::network::AddressRange;

/// How packets between pods of different nodes travel. Names are Calico's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Encapsulation {
    /// As they are: routers must know the way.
    None,
    /// In IPIP.
    IPIP,
    /// In VXLAN.
    VXLAN,
    /// In IPIP between subnets.
    IPIPCrossSubnet,
    /// In VXLAN between subnets.
    VXLANCrossSubnet,
}

impl Encapsulation {
    /// Calico's name for it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Encapsulation::None => "None",
            Encapsulation::IPIP => "IPIP",
            Encapsulation::VXLAN => "VXLAN",
            Encapsulation::IPIPCrossSubnet => "IPIPCrossSubnet",
            Encapsulation::VXLANCrossSubnet => "VXLANCrossSubnet",
        }
    }
}

/// What programs packets on a node. Names are Calico's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum CalicoDataplane {
    /// Linux iptables.
    Iptables,
    /// Linux nftables.
    Nftables,
    /// eBPF.
    BPF,
}

impl CalicoDataplane {
    /// Calico's name for it.
    pub const fn as_str(self) -> &'static str {
        match self {
            CalicoDataplane::Iptables => "Iptables",
            CalicoDataplane::Nftables => "Nftables",
            CalicoDataplane::BPF => "BPF",
        }
    }
}

/// The pod network.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Calico {
    /// How packets travel between nodes.
    pub encapsulation: Encapsulation,
    /// Whether BGP runs.
    pub bgp: bool,
    /// Whether every node peers with every other.
    pub mesh: bool,
    /// Autonomous system of the nodes.
    pub asn: u32,
    /// Largest packet of a pod, in bytes.
    pub mtu: u32,
    /// Length of the prefix of an address block (IPv4).
    pub block_size: u8,
    /// Whether addresses of pods are hidden outside.
    pub nat_outgoing: bool,
    /// Whether a node may take addresses from another node's block only never.
    pub strict_affinity: bool,
    /// Prefixes in which the address of a node is looked for; empty takes the first interface found.
    pub autodetection: Vec<IpNet>,
    /// What programs packets.
    pub dataplane: CalicoDataplane,
    /// Routers outside that it peers with.
    pub peer: Map<CalicoPeer>,
    /// Service prefixes it announces.
    pub service_load_balancer_ips: Vec<IpNet>,
    /// Whether traffic between nodes is encrypted (WireGuard).
    pub wireguard: bool,
    /// Nodes that reflect routes; empty with a full mesh.
    pub route_reflectors: Vec<Name>,
}

/// A router outside that Calico peers with.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CalicoPeer {
    /// Its address.
    pub address: IpAddr,
    /// Its autonomous system.
    pub asn: u32,
    /// Nodes that peer with it; empty for all.
    pub nodes: Vec<Name>,
    /// Password of the session.
    pub password: Option<SecretRef>,
}

/// Which program of MetalLB speaks BGP.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum MetalLbMode {
    /// FRR by frr-k8s.
    FrrK8s,
    /// FRR in the speaker.
    Frr,
    /// MetalLB's own.
    Native,
}

/// How an address is announced.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Announce {
    /// By BGP to routers.
    Bgp,
    /// By ARP in a layer-2 domain.
    L2,
}

/// Which nodes attract traffic for services.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Announcers {
    /// All but those that carry the exclude label (kubeadm puts it on control-plane nodes).
    Workers,
    /// All.
    All,
}

/// Addresses of services of type LoadBalancer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MetalLb {
    /// Which program speaks BGP.
    pub mode: MetalLbMode,
    /// Autonomous system of the speakers.
    pub asn: u32,
    /// Which nodes attract traffic.
    pub announcers: Announcers,
    /// Nodes whose speakers announce.
    pub nodes: Vec<Name>,
    /// Whether speakers gossip about each other (port 7946), for layer 2.
    pub memberlist: bool,
    /// Address pools.
    pub pool: Map<LoadBalancerPool>,
    /// Routers it peers with.
    pub peer: Map<BgpPeer>,
    /// BFD profiles.
    pub bfd: Map<BfdProfile>,
}

/// A pool of service addresses.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LoadBalancerPool {
    /// Addresses.
    pub ranges: Vec<AddressRange>,
    /// Whether services get one without asking for this pool.
    pub auto_assign: bool,
    /// Whether addresses that end in .0 and .255 are left out.
    pub avoid_buggy_ips: bool,
    /// How they are announced; empty for a reserved pool.
    pub announce: Vec<Announce>,
    /// Services of type LoadBalancer that are planned.
    pub services_planned: Option<u32>,
    /// Whether other clusters announce the same addresses on purpose.
    pub anycast: bool,
}

/// A BGP session of the speakers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BgpPeer {
    /// The router, by name in `external` or `switch`.
    pub router: Name,
    /// Its address.
    pub address: IpAddr,
    /// Its autonomous system.
    pub asn: u32,
    /// Its port.
    pub port: u16,
    /// Silence after which the session is dropped.
    pub hold_time: Millis,
    /// Time between signs of life.
    pub keepalive_time: Millis,
    /// Whether it is not on the same network.
    pub multihop: bool,
    /// BFD profile, by name in `bfd`.
    pub bfd: Option<Name>,
    /// Nodes that peer with it.
    pub nodes: Vec<Name>,
    /// Password of the session.
    pub password: Option<SecretRef>,
}

/// A BFD profile.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BfdProfile {
    /// Shortest interval at which packets are taken.
    pub receive_interval: Millis,
    /// Interval at which packets are sent.
    pub transmit_interval: Millis,
    /// Missed packets after which the session is down.
    pub detect_multiplier: u8,
}
