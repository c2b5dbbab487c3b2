//! Every declared prefix, range and address, with what it is for.

mod from_design;
mod from_files;

use std::net::IpAddr;

use ipnet::IpNet;
use plimsoll_model::design::AddressRange;

use crate::{Fact, Place};

pub use from_design::from_design;
pub use from_files::from_files;

/// Every declared prefix, range and address of one cluster.
#[derive(Clone, Debug)]
pub struct Addresses {
    /// What a finding about all of it points at.
    pub place: Place,
    /// Prefixes of pods, the preferred family first; one unknown entry when nothing is known.
    pub pods: Vec<Fact<IpNet>>,
    /// Prefixes of services, the preferred family first.
    pub services: Vec<Fact<IpNet>>,
    /// Address pools of pods.
    pub pod_pools: Vec<PodPool>,
    /// Pools of service addresses.
    pub lb_pools: Vec<LbPool>,
    /// Everything else: networks, nodes, gateways, VIPs, what else the site has.
    pub uses: Vec<Use>,
    /// Length of the prefix that the controller manager gives each node, by family (IPv4, IPv6).
    pub node_mask: [Fact<u8>; 2],
    /// Most nodes that are planned for.
    pub nodes_max: Fact<u32>,
    /// Most pods on a node.
    pub max_pods: Fact<u32>,
    /// Whether Calico gives addresses only from a node's own blocks.
    pub strict_affinity: Fact<bool>,
    /// Addresses that API servers announce.
    pub advertised: Vec<Fact<IpAddr>>,
    /// Resolvers that kubelets give to pods.
    pub cluster_dns: Vec<Fact<IpAddr>>,
    /// Where the resolver cache of each node listens; `Some(None)` when there is none.
    pub nodelocal: Fact<Option<IpAddr>>,
    /// Address of the DNS service, when it is stated apart.
    pub dns_service: Fact<IpAddr>,
    /// Hardware addresses and host names that must be unique, with what has them.
    pub identities: Vec<Identity>,
}

/// A hardware address or a name that must be unique.
#[derive(Clone, Debug)]
pub struct Identity {
    /// `hardware address`, `name`.
    pub kind: &'static str,
    /// What has it.
    pub of: String,
    /// It, in lower case.
    pub value: Fact<String>,
}

/// An address pool of pods.
#[derive(Clone, Debug)]
pub struct PodPool {
    /// Its name.
    pub name: String,
    /// What a finding about it points at.
    pub place: Place,
    /// Its prefix.
    pub cidr: Fact<IpNet>,
    /// Length of the prefix of a block.
    pub block_size: Fact<u8>,
    /// Whether IPIP is on, always or between subnets.
    pub ipip: Fact<bool>,
    /// Whether VXLAN is on, always or between subnets.
    pub vxlan: Fact<bool>,
    /// Whether encapsulation is used within a subnet too.
    pub always: Fact<bool>,
    /// Whether pods get addresses from it; false for pools of services and tunnels.
    pub for_pods: Fact<bool>,
}

/// A pool of service addresses.
#[derive(Clone, Debug)]
pub struct LbPool {
    /// Its name.
    pub name: String,
    /// What a finding about it points at.
    pub place: Place,
    /// Its addresses.
    pub ranges: Vec<Fact<AddressRange>>,
    /// Whether services get one without asking for it.
    pub auto_assign: Fact<bool>,
    /// Whether addresses that end in .0 and .255 are left out.
    pub avoid_buggy: Fact<bool>,
    /// Whether it is announced by ARP.
    pub l2: Fact<bool>,
    /// Whether it is announced by BGP.
    pub bgp: Fact<bool>,
    /// Services that are planned; `None` when that was not stated.
    pub planned: Fact<Option<u32>>,
}

/// What an address is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum UseKind {
    /// The prefix of a layer-2 domain.
    Network,
    /// A node of the cluster, or another machine of it.
    Machine,
    /// A hypervisor or its management controller.
    Host,
    /// The way out of a network.
    Gateway,
    /// A router, a server of others.
    External,
    /// An address that moves between machines.
    Vip,
    /// A range that DHCP hands out.
    Dhcp,
    /// What the site keeps for others.
    Reserved,
    /// What the site routes elsewhere.
    Route,
}

/// One declared prefix, range or address.
#[derive(Clone, Debug)]
pub struct Use {
    /// What it is for, for people: `network kube`, `cp-1`.
    pub name: String,
    /// Where it is stated.
    pub place: Place,
    /// Of which kind.
    pub kind: UseKind,
    /// The addresses.
    pub range: AddressRange,
}

impl Addresses {
    /// Uses of a kind.
    pub fn of(&self, kind: UseKind) -> impl Iterator<Item = &Use> {
        self.uses.iter().filter(move |it| it.kind == kind)
    }
}
