//! Kubernetes and its datastore.

use std::net::IpAddr;

use ipnet::IpNet;
use serde::{Deserialize, Serialize};

use crate::units::{Bytes, MilliCpu, Millis};
use crate::{Map, Name};

use super::SecretRef;

/// Kubernetes itself.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Kubernetes {
    /// Exact version, without `v`: `1.36.4`.
    pub version: String,
    /// Prefixes of pods, one per family, the preferred first.
    pub pods: Vec<IpNet>,
    /// Prefixes of services, one per family, the preferred first.
    pub services: Vec<IpNet>,
    /// Domain of cluster names.
    pub dns_domain: String,
    /// Length of the prefix that the controller manager gives each node (IPv4).
    pub node_mask: u8,
    /// Most nodes that are planned for.
    pub nodes_max: u32,
    /// The API server.
    pub apiserver: ApiServer,
    /// The controller manager.
    pub controller_manager: ControllerManager,
    /// The kubelet on every node.
    pub kubelet: Kubelet,
    /// Service addresses on every node.
    pub kube_proxy: KubeProxy,
    /// Certificates made by kubeadm.
    pub certificates: Certificates,
    /// What a machine shows when it joins.
    pub join: JoinSecrets,
    /// Label of nodes that names the physical host below, over which copies are spread
    /// (`topology.plimsoll.dev/host`). Every node carries it in its `label`.
    pub host_label: String,
    /// Repository of the images.
    pub image_repository: Option<String>,
}

/// What a machine shows when it joins the cluster. Made by `resolve`: always the names below.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct JoinSecrets {
    /// The bootstrap token, of kubeadm's form `[a-z0-9]{6}.[a-z0-9]{16}` (`kubeadm/token`).
    pub token: SecretRef,
    /// The key under which the first control-plane machine hands its certificates to the others, 32 bytes in
    /// hexadecimal (`kubeadm/certificate-key`).
    pub certificate_key: SecretRef,
    /// Hash of the public key of the cluster's authority, `sha256:` with 64 hexadecimal digits (`kubeadm/ca-hash`);
    /// public, yet only known where the authority is made.
    pub ca_hash: SecretRef,
}

/// The API server.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ApiServer {
    /// Port on each control-plane machine.
    pub bind_port: u16,
    /// Names and addresses in its certificate beyond those that kubeadm adds itself.
    pub cert_sans: Vec<String>,
    /// Whether requests without credentials reach `/livez`, `/readyz` and `/healthz`.
    pub anonymous_health: bool,
    /// Share of requests after which an HTTP/2 connection is asked to move.
    pub goaway_chance: f64,
    /// How long it goes on serving after it was told to stop.
    pub shutdown_delay: Millis,
    /// How often it compacts etcd; zero turns it off.
    pub etcd_compaction: Millis,
    /// How long pods stay by default on a node that is not ready.
    pub default_toleration: Millis,
    /// How long pods stay by default on a node that is unreachable.
    pub unreachable_toleration: Millis,
    /// Audit log.
    pub audit: Option<Audit>,
    /// Key for Secrets at rest; `None` leaves them in clear.
    pub encryption: Option<SecretRef>,
    /// Flags beside these, by name.
    pub extra_args: Map<String>,
}

/// The audit log of the API server.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Audit {
    /// Days that are kept.
    pub max_age_days: u32,
    /// Files that are kept.
    pub max_backups: u32,
    /// Size of a file.
    pub max_size: Bytes,
}

/// The controller manager.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ControllerManager {
    /// How long a node may be silent before it counts as unreachable.
    pub node_monitor_grace_period: Millis,
    /// How often nodes are looked at.
    pub node_monitor_period: Millis,
    /// Flags beside these, by name.
    pub extra_args: Map<String>,
}

/// Resources that are kept from pods.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Reserved {
    /// Processor time.
    pub cpu: MilliCpu,
    /// Memory.
    pub memory: Bytes,
}

/// Thresholds at which the kubelet ends pods at once, as Kubernetes writes them (`100Mi`, `10%`).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EvictionHard {
    /// `memory.available`
    pub memory_available: Option<String>,
    /// `nodefs.available`
    pub nodefs_available: Option<String>,
    /// `nodefs.inodesFree`
    pub nodefs_inodes_free: Option<String>,
    /// `imagefs.available`
    pub imagefs_available: Option<String>,
}

/// The kubelet on every node.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Kubelet {
    /// Resolver that pods are given.
    pub cluster_dns: Vec<IpAddr>,
    /// Most pods on a node.
    pub max_pods: u32,
    /// How often it says that it lives.
    pub node_status_update: Millis,
    /// `systemd` or `cgroupfs`.
    pub cgroup_driver: String,
    /// Kept for the kubelet and the runtime.
    pub kube_reserved: Option<Reserved>,
    /// Kept for the operating system; on control-plane machines the static pods come on top.
    pub system_reserved: Option<Reserved>,
    /// Thresholds; `None` leaves the kubelet's own.
    pub eviction_hard: Option<EvictionHard>,
    /// How long pods may take when the node shuts down.
    pub shutdown_grace: Millis,
    /// Of that, kept for critical pods.
    pub shutdown_grace_critical: Millis,
    /// Whether it asks for a serving certificate that somebody must approve.
    pub server_tls_bootstrap: bool,
    /// Whether the node address is fixed instead of guessed.
    pub pin_node_ip: bool,
    /// File with the resolvers of pods that use the node's; `None` lets kubeadm find it.
    pub resolv_conf: Option<String>,
    /// Whether it refuses to run with swap.
    pub fail_swap_on: bool,
    /// Whether nodes have swap.
    pub swap: bool,
}

/// How kube-proxy programs service addresses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum KubeProxyMode {
    /// Linux iptables.
    Iptables,
    /// Linux nftables.
    Nftables,
    /// Linux IPVS.
    Ipvs,
}

impl KubeProxyMode {
    /// As kube-proxy writes it.
    pub const fn as_str(self) -> &'static str {
        match self {
            KubeProxyMode::Iptables => "iptables",
            KubeProxyMode::Nftables => "nftables",
            KubeProxyMode::Ipvs => "ipvs",
        }
    }
}

/// Service addresses on every node.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KubeProxy {
    /// How.
    pub mode: KubeProxyMode,
    /// With IPVS: whether nodes keep quiet about addresses that are not theirs.
    pub strict_arp: bool,
}

/// Certificates made by kubeadm.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Certificates {
    /// Life of leaf certificates.
    pub validity: Millis,
    /// Life of the authorities.
    pub ca_validity: Millis,
    /// How often they are renewed; `None` when nobody plans it.
    pub renew_every: Option<Millis>,
    /// Key type, as kubeadm names it (`ECDSA-P256`).
    pub algorithm: String,
}

/// Where etcd runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum EtcdTopology {
    /// On the control-plane machines, run by kubeadm.
    Stacked,
    /// On machines of its own.
    External,
}

/// The datastore.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Etcd {
    /// Where it runs.
    pub topology: EtcdTopology,
    /// Time between signs of life of the leader.
    pub heartbeat: Millis,
    /// Silence after which a member stands for election.
    pub election: Millis,
    /// Size at which it stops taking writes.
    pub quota: Bytes,
    /// Own compaction; zero leaves it to the API server.
    pub auto_compaction: Millis,
    /// Whether members compare their data before they serve.
    pub initial_corrupt_check: bool,
    /// Changes between snapshots of a member; `None` leaves its own default.
    pub snapshot_count: Option<u64>,
    /// Flags beside these, by name.
    pub extra_args: Map<String>,
    /// Longest round trip between members, when stated.
    pub rtt_max: Option<Millis>,
    /// Port for clients.
    pub client_port: u16,
    /// Port for members.
    pub peer_port: u16,
    /// When members are defragmented, in words for the runbook; `None` when nobody plans it.
    pub defragmentation: Option<String>,
    /// Members, by machine.
    pub member: Map<EtcdMember>,
}

/// Where etcd tells its health and its metrics over plain HTTP; kubeadm's probes ask there (its `EtcdMetricsPort`).
pub const ETCD_METRICS_PORT: u16 = 2381;

/// A member of etcd.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EtcdMember {
    /// Its address.
    pub address: IpAddr,
    /// Where its data lie.
    pub data_dir: String,
    /// The disk of the machine that this is on.
    pub disk: Name,
}
