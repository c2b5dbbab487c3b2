//! The types of the Design, by subject.

mod answers;
mod api;
mod firewall;
mod goals;
mod host;
mod kubernetes;
mod machine;
mod names;
mod network;
mod operations;
mod plant;
mod pods;
mod storage;

use serde::{Deserialize, Serialize};

use crate::{Map, Name};

pub use answers::{Answers, OutsideNames};
pub use api::{
    Api, Balancer, Haproxy, HaproxyCheck, HaproxyServer, HaproxyTimeouts, Vrrp, VrrpCheck, VrrpCheckKind, VrrpMember,
    VrrpState,
};
pub use firewall::{Allow, Peer, PortRange, Protocol};
pub use goals::{
    Accepted, Assumptions, CommonCause, Date, Excluded, Failure, Goal, MaintenanceWindows, Objectives, RuleSeverity,
    Thresholds,
};
pub use host::{
    Bmc, Bond, BondMode, Bridge, CorosyncLink, Cpu, Disk, DiskKind, Host, HostAddress, LacpRate, Nic, Platform,
    PlatformKind, Raid, VlanInterface,
};
pub use kubernetes::{
    ApiServer, Audit, Certificates, ControllerManager, ETCD_METRICS_PORT, Etcd, EtcdMember, EtcdTopology, EvictionHard,
    JoinSecrets, KubeProxy, KubeProxyMode, Kubelet, Kubernetes, Reserved as KubeReserved,
};
pub use machine::{CacheMode, Drain, Image, Machine, MachineNic, Placement, Role, Taint, VirtualDisk};
pub use names::{
    CoreDns, DnsServer, ExternalDns, ExternalDnsPolicy, NodeLocalDns, Record, RecordType, TsigKey, Zone, ZoneKind,
};
pub use network::{AddressRange, Gateway, Network, Purpose};
pub use operations::{
    Access, AlertThresholds, Backups, EtcdBackup, LimitRange, Monitoring, PriorityClass, Reach, Tenant, VolumeBackup,
};
pub use plant::{
    Cable, CableEnd, External, ExternalKind, Feed, Lag, LagMode, Mlag, MlagKind, Pdu, PduRef, Psu, Rack, Reserved,
    Site, Switch, SwitchPort, SwitchRole,
};
pub use pods::{
    Announce, Announcers, BfdProfile, BgpPeer, Calico, CalicoDataplane, CalicoPeer, Encapsulation, LoadBalancerPool,
    MetalLb, MetalLbMode,
};
pub use storage::{
    Ceph, CephFilesystem, CephObjectStore, CephPool, FailureDomain, LocalStorage, Mon, Nfs, Osd, StorageClass,
};

/// Whether something is there already.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum State {
    /// Bought or made later; addresses are kept for it, nothing relies on it.
    Planned,
    /// In service.
    #[default]
    Active,
    /// On its way out; nothing new is put on it.
    Retiring,
}

/// A secret by its name in the store (`tsig/externaldns`). The value is never in a Design.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SecretRef(pub String);

/// A cluster with every fact explicit. See the crate's documentation for how paths name its parts.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Design {
    /// Version of this form, for other programs that read it.
    pub format: u32,
    /// Name of the cluster.
    pub cluster: Name,
    /// Edition of the defaults it was made with: `2026-11`.
    pub edition: String,
    /// What the cluster finds on its site.
    pub site: Site,
    /// Sources of power, each with what feeds it.
    pub feed: Map<Feed>,
    /// Racks with their power strips.
    pub rack: Map<Rack>,
    /// What others own: assumed, never rendered.
    pub external: Map<External>,
    /// Switches with their used ports.
    pub switch: Map<Switch>,
    /// Groups of switches that act as one towards a link aggregate.
    pub mlag: Map<Mlag>,
    /// Every cable; the name is `SWITCH:PORT`.
    pub cable: Map<Cable>,
    /// Layer-2 domains with their prefixes.
    pub network: Map<Network>,
    /// Physical machines.
    pub host: Map<Host>,
    /// Virtual machines, or on bare metal the installed systems.
    pub machine: Map<Machine>,
    /// Rules that keep machines apart.
    pub placement: Map<Placement>,
    /// Exact version of every component that is rendered or judged by version (`calico: 3.32.1`), without `v`. Rendering
    /// reads `calico`, `tigera-operator`, `metallb`, `rook`, `ceph`, `external-dns`, `node-local-dns` and
    /// `local-static-provisioner` of what the cluster has.
    pub version: Map<String>,
    /// Kubernetes itself.
    pub kubernetes: Kubernetes,
    /// Its datastore.
    pub etcd: Etcd,
    /// The endpoint of its API.
    pub api: Api,
    /// The pod network.
    pub calico: Calico,
    /// Addresses of services of type LoadBalancer.
    pub metallb: Option<MetalLb>,
    /// Ceph, run by Rook.
    pub ceph: Option<Ceph>,
    /// Volumes on disks of a node.
    pub local_storage: Option<LocalStorage>,
    /// Volumes on a file server of others.
    pub nfs: Option<Nfs>,
    /// Names inside the cluster.
    pub coredns: CoreDns,
    /// The resolver cache on each node.
    pub nodelocal: Option<NodeLocalDns>,
    /// DNS zones that the cluster's own servers hold.
    pub zone: Map<Zone>,
    /// The BIND servers of these zones, by machine.
    pub dns_server: Map<DnsServer>,
    /// Keys that sign transfers and updates.
    pub tsig: Map<TsigKey>,
    /// Records of services, written by a controller.
    pub external_dns: Option<ExternalDns>,
    /// Who uses the cluster, with quotas.
    pub tenant: Map<Tenant>,
    /// Priority classes beside Kubernetes' own, among them those of the tenants.
    pub priority_class: Map<PriorityClass>,
    /// Copies in another failure domain.
    pub backup: Backups,
    /// What watches it.
    pub monitoring: Monitoring,
    /// Who gets in, and where the secrets are.
    pub access: Access,
    /// What each role lets in; everything else is dropped.
    pub firewall: Map<Vec<Allow>>,
    /// What must survive which failures.
    pub survive: Vec<Goal>,
    /// Components whose loss is accepted, by path, with the reason.
    pub excluded: Map<Excluded>,
    /// Findings that are accepted.
    pub accept: Vec<Accepted>,
    /// Numbers that rules compare with.
    pub threshold: Thresholds,
    /// How findings count where the file says otherwise, by rule.
    pub severity: Map<RuleSeverity>,
    /// How long things may take and how much may be lost.
    pub objective: Objectives,
    /// What nobody has measured.
    pub assume: Assumptions,
}

impl Design {
    /// Version of the JSON form that this program writes.
    pub const FORMAT: u32 = 1;

    /// The machine of that name.
    pub fn machine(&self, name: &str) -> Option<&Machine> {
        self.machine.get(&Name::from(name))
    }

    /// The host of that name.
    pub fn host(&self, name: &str) -> Option<&Host> {
        self.host.get(&Name::from(name))
    }

    /// The network of that name.
    pub fn network(&self, name: &str) -> Option<&Network> {
        self.network.get(&Name::from(name))
    }

    /// Machines of a role, in the order of their names.
    pub fn machines(&self, role: Role) -> impl Iterator<Item = (&Name, &Machine)> {
        self.machine.iter().filter(move |(_, machine)| machine.role == role)
    }

    /// Machines that run a kubelet.
    pub fn nodes(&self) -> impl Iterator<Item = (&Name, &Machine)> {
        self.machine.iter().filter(|(_, machine)| machine.role.is_node())
    }

    /// The network that serves a purpose; the first by name if several do.
    pub fn network_for(&self, purpose: Purpose) -> Option<(&Name, &Network)> {
        self.network.iter().find(|(_, network)| network.purposes.contains(&purpose))
    }
}
