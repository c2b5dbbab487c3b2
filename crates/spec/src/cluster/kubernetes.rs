//! The control plane, its nodes, and the pod network.

use plimsoll_diagnostics::Spanned;
use plimsoll_model::units::{Bytes, MilliCpu, Millis};
use plimsoll_yaml::{Map, OneOrMany, choice, record};

use crate::Opt;
use crate::scalars::{Asn, DomainName, Mtu, Name, Names, Port, Prefix, Version};

choice! {
    /// Where etcd runs.
    pub enum EtcdLayout: "a place for etcd" {
        /// On the control-plane machines.
        Stacked = "stacked",
        /// On machines of its own.
        External = "external",
    }

    /// How kube-proxy programs services.
    pub enum ProxyMode: "a kube-proxy mode" {
        /// nftables.
        Nftables = "nftables",
        /// iptables.
        Iptables = "iptables",
        /// IPVS, which is deprecated.
        Ipvs = "ipvs",
        /// Nothing: the pod network does it.
        None = "none",
    }

    /// How secrets are encrypted in etcd.
    pub enum SecretEncryption: "an encryption of secrets" {
        /// XSalsa20 and Poly1305 with a key in a file.
        Secretbox = "secretbox",
        /// AES-GCM with a key in a file.
        Aesgcm = "aesgcm",
        /// AES-CBC with a key in a file.
        Aescbc = "aescbc",
        /// Not at all.
        None = "none",
    }
}

record! {
    /// Kubernetes: version, address ranges, and every daemon's numbers where the edition's should not hold.
    pub struct Kubernetes: Default {
        /// Its version, in quotes.
        pub version: Opt<Version>,
        /// Addresses of pods; a second range of the other family makes the cluster dual-stack.
        pub pods: OneOrMany<Spanned<Prefix>>,
        /// Addresses of services; families as for pods.
        pub services: OneOrMany<Spanned<Prefix>>,
        /// Where etcd runs, and its numbers.
        pub etcd: Option<Etcd>,
        /// The domain of services; `cluster.local` when not given.
        pub domain: Opt<DomainName>,
        /// The prefix length of each node's share of `pods`.
        pub node_mask: Opt<u8>,
        /// How kube-proxy programs services.
        pub proxy: Opt<ProxyMode>,
        /// Whether kube-proxy answers ARP only for a node's own addresses (with ipvs).
        pub strict_arp: Opt<bool>,
        /// API servers.
        pub apiserver: Option<Apiserver>,
        /// The controller manager.
        pub controllers: Option<Controllers>,
        /// Kubelets.
        pub kubelet: Option<Kubelet>,
        /// Certificates of the control plane.
        pub certificates: Option<Certificates>,
        /// How secrets are encrypted in etcd.
        pub encryption: Opt<SecretEncryption>,
        /// The version of containerd, in quotes.
        pub containerd: Opt<Version>,
        /// Whether control-plane nodes take workloads.
        pub schedulable_control_plane: Opt<bool>,
    }

    /// etcd.
    pub struct Etcd short "layout": Default {
        /// Where it runs.
        pub layout: Opt<EtcdLayout>,
        /// The members' endpoints, where it is external.
        pub endpoints: Vec<Spanned<String>>,
        /// How often the leader shows itself.
        pub heartbeat: Opt<Millis>,
        /// How long followers wait for the leader before they elect another.
        pub election: Opt<Millis>,
        /// The most it stores.
        pub quota: Opt<Bytes>,
        /// Changes between snapshots of a member.
        pub snapshot_count: Opt<u64>,
        /// How often a member's file is defragmented, one member at a time, the leader last.
        pub defragment: Opt<Millis>,
        /// Whether history is compacted by the API server.
        pub compaction: Opt<Millis>,
        /// Flags beside these, by name.
        pub flags: Map<String, Spanned<String>>,
    }

    /// API servers.
    pub struct Apiserver: Default {
        /// The port they listen on, behind the balancer.
        pub port: Opt<Port>,
        /// Whether health is shown to whoever asks; the balancer needs it.
        pub anonymous_health: Opt<bool>,
        /// How long a server that goes down answers on.
        pub shutdown_delay: Opt<Millis>,
        /// The share of requests whose connection is closed, so that clients spread again.
        pub goaway_chance: Opt<f64>,
        /// How long pods stay on a node that is not ready.
        pub not_ready_toleration: Opt<Millis>,
        /// How long pods stay on a node that is not reached.
        pub unreachable_toleration: Opt<Millis>,
        /// Names and addresses for the certificate beside those the design needs.
        pub sans: Vec<Spanned<String>>,
        /// Whether an audit log is written.
        pub audit: Opt<bool>,
        /// Flags beside these, by name.
        pub flags: Map<String, Spanned<String>>,
    }

    /// The controller manager.
    pub struct Controllers: Default {
        /// How long a node may be silent before it counts as gone.
        pub node_monitor_grace: Opt<Millis>,
        /// How often nodes are looked at.
        pub node_monitor_period: Opt<Millis>,
        /// Flags beside these, by name.
        pub flags: Map<String, Spanned<String>>,
    }

    /// Kubelets.
    pub struct Kubelet: Default {
        /// How often a node shows itself.
        pub status_frequency: Opt<Millis>,
        /// Pods on a node at most.
        pub max_pods: Opt<u32>,
        /// Processor time kept for Kubernetes.
        pub kube_reserved_cpu: Opt<MilliCpu>,
        /// Memory kept for Kubernetes.
        pub kube_reserved_memory: Opt<Bytes>,
        /// Processor time kept for the system.
        pub system_reserved_cpu: Opt<MilliCpu>,
        /// Memory kept for the system.
        pub system_reserved_memory: Opt<Bytes>,
        /// Free memory below which pods are evicted.
        pub eviction_memory: Opt<Bytes>,
        /// How long pods have when the node goes down.
        pub shutdown_grace: Opt<Millis>,
        /// The part of it that critical pods have for themselves.
        pub shutdown_grace_critical: Opt<Millis>,
        /// The file with the real resolvers.
        pub resolv_conf: Opt<String>,
        /// Whether kubelets ask the cluster for their serving certificates, which somebody must approve.
        pub serving_certificates: Opt<bool>,
        /// Whether nodes may swap.
        pub swap: Opt<bool>,
    }

    /// Certificates of the control plane.
    pub struct Certificates: Default {
        /// How long a certificate holds.
        pub validity: Opt<Millis>,
        /// How long the authority's holds.
        pub ca_validity: Opt<Millis>,
        /// How often they are renewed.
        pub renew: Opt<Millis>,
    }
}

choice! {
    /// How pods of different nodes reach each other.
    pub enum Encapsulation: "an encapsulation" {
        /// By routes alone.
        None = "none",
        /// VXLAN between all nodes.
        Vxlan = "vxlan",
        /// VXLAN between subnets, routes within one.
        VxlanCrossSubnet = "vxlan-cross-subnet",
        /// IP in IP between all nodes.
        Ipip = "ipip",
        /// IP in IP between subnets, routes within one.
        IpipCrossSubnet = "ipip-cross-subnet",
    }

    /// Who tells nodes each other's routes.
    pub enum Mesh: "a mesh" {
        /// Every node every other.
        Full = "full",
        /// Route reflectors or routers.
        None = "none",
    }

    /// How packets are filtered on nodes.
    pub enum Dataplane: "a data plane" {
        /// nftables.
        Nftables = "nftables",
        /// iptables.
        Iptables = "iptables",
        /// eBPF.
        Bpf = "bpf",
    }
}

record! {
    /// Calico, the pod network.
    pub struct Calico: Default {
        /// Its version, in quotes.
        pub version: Opt<Version>,
        /// How pods of different nodes reach each other.
        pub encapsulation: Opt<Encapsulation>,
        /// Who tells nodes each other's routes.
        pub mesh: Opt<Mesh>,
        /// The nodes' AS number.
        pub asn: Opt<Asn>,
        /// Nodes that reflect routes.
        pub route_reflectors: Vec<Spanned<Names>>,
        /// Routers the nodes speak BGP with.
        pub peers: Vec<Spanned<Names>>,
        /// The prefix length of the blocks of addresses that nodes take.
        pub block_size: Opt<u8>,
        /// Whether nodes keep to their own blocks.
        pub strict_affinity: Opt<bool>,
        /// The largest packet of pods.
        pub mtu: Opt<Mtu>,
        /// Whether addresses of pods are hidden behind their node's towards the world.
        pub nat_outgoing: Opt<bool>,
        /// How packets are filtered.
        pub dataplane: Opt<Dataplane>,
        /// Whether traffic between nodes is encrypted (WireGuard).
        pub wireguard: Opt<bool>,
        /// The network by whose addresses Calico picks the interface of a node; left out, that of the nodes.
        pub autodetect: Opt<Name>,
    }
}
