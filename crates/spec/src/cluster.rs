//! Kubernetes itself: control plane, pod network, the API's address, service addresses.

use std::net::IpAddr;

use plimsoll_diagnostics::Spanned;
use plimsoll_model::units::{Bytes, MilliCpu, Millis};
use plimsoll_yaml::{Map, OneOrMany, choice, record};

use crate::Opt;
use crate::scalars::{AddressBlock, Asn, DomainName, Mtu, Name, Names, Port, Prefix, Version, Vrid};

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
        /// Whether the network of the nodes is picked by its addresses instead of by chance.
        pub autodetect: Opt<Name>,
    }
}

choice! {
    /// Who balances the API.
    pub enum BalancerLayout: "a place for the balancer" {
        /// HAProxy and keepalived on each control-plane machine.
        Stacked = "stacked",
        /// HAProxy and keepalived on machines of their own.
        Dedicated = "dedicated",
        /// Somebody else's.
        External = "external",
    }

    /// What a failover should be.
    pub enum Failover: "a kind of failover" {
        /// Slow enough never to move for nothing.
        Safe = "safe",
        /// As fast as can be had.
        Fast = "fast",
    }
}

record! {
    /// The way to the API: its name, its address, who holds and balances it.
    pub struct Api {
        /// The name clients use.
        pub name: Opt<DomainName>,
        /// The address that moves.
        pub vip: Spanned<IpAddr>,
        /// The IPv6 address that moves with it.
        pub vip6: Opt<std::net::Ipv6Addr>,
        /// The port clients use.
        pub port: Opt<Port>,
        /// Who balances.
        pub balancer: Opt<BalancerLayout>,
        /// The external part that balances, where it is somebody else's.
        pub by: Opt<Names>,
        /// What a failover should be.
        pub failover: Opt<Failover>,
        /// Numbers of keepalived, where the edition's should not hold.
        pub vrrp: Option<Vrrp>,
        /// Numbers of HAProxy, where the edition's should not hold.
        pub haproxy: Option<Haproxy>,
    }
}

choice! {
    /// What keepalived's check asks.
    pub enum CheckPath: "a check" {
        /// `/readyz` of the API through the local balancer: the whole path.
        Path = "path",
        /// Whether the process runs.
        Process = "process",
        /// Whether the port takes connections.
        Port = "port",
    }

    /// How peers hear of each other.
    pub enum VrrpCast: "a way to reach peers" {
        /// To each by its address.
        Unicast = "unicast",
        /// To 224.0.0.18.
        Multicast = "multicast",
    }

    /// Which servers a balancer sends to.
    pub enum Backends: "a set of servers" {
        /// All API servers.
        All = "all",
        /// The one beside it.
        Local = "local",
    }

    /// What a balancer binds to.
    pub enum BindTo: "an address to bind to" {
        /// Every address of the machine.
        Any = "any",
        /// The moving address alone.
        Vip = "vip",
    }

    /// How a balancer spreads connections.
    pub enum Balance: "a way to balance" {
        /// To the one with the fewest.
        Leastconn = "leastconn",
        /// In turn.
        Roundrobin = "roundrobin",
        /// By the client's address.
        Source = "source",
    }

    /// What a balancer asks its servers.
    pub enum ServerCheck: "a check of servers" {
        /// An HTTP request over TLS.
        Https = "https",
        /// An HTTP request without TLS.
        Http = "http",
        /// A connection.
        Tcp = "tcp",
    }
}

record! {
    /// Numbers of keepalived.
    pub struct Vrrp: Default {
        /// The virtual router id.
        pub vrid: Opt<Vrid>,
        /// The version of VRRP.
        pub version: Opt<u8>,
        /// How often the holder shows itself.
        pub advert_interval: Opt<Millis>,
        /// Priorities of the machines in order, the holder's first.
        pub priorities: Vec<Spanned<u8>>,
        /// Whether a machine with more priority takes the address back.
        pub preempt: Opt<bool>,
        /// How long it waits before it does.
        pub preempt_delay: Opt<Millis>,
        /// How peers hear of each other.
        pub cast: Opt<VrrpCast>,
        /// What the check asks.
        pub check: Opt<CheckPath>,
        /// How often it asks.
        pub check_interval: Opt<Millis>,
        /// How long it waits for an answer.
        pub check_timeout: Opt<Millis>,
        /// How long its request may take; less than the interval.
        pub check_max_time: Opt<Millis>,
        /// Failures until it counts as failed.
        pub check_fall: Opt<u32>,
        /// Successes until it counts as good again.
        pub check_rise: Opt<u32>,
        /// What a failed check does to the priority; without it, the machine gives the address up.
        pub check_weight: Opt<i32>,
        /// How often the holder repeats its ARP announcement.
        pub garp_refresh: Opt<Millis>,
        /// The shared word of the group; eight letters count.
        pub auth: Opt<String>,
        /// Whether the standard is kept to the letter.
        pub strict: Opt<bool>,
        /// Whether machines start as holder or as backup: `MASTER` or `BACKUP`.
        pub state: Opt<String>,
        /// The user that runs the check.
        pub script_user: Opt<String>,
    }

    /// Numbers of HAProxy.
    pub struct Haproxy: Default {
        /// Which servers it sends to.
        pub backends: Opt<Backends>,
        /// What it binds to.
        pub bind: Opt<BindTo>,
        /// How it spreads connections.
        pub balance: Opt<Balance>,
        /// How long it waits for a server to take a connection.
        pub timeout_connect: Opt<Millis>,
        /// How long a client may be silent.
        pub timeout_client: Opt<Millis>,
        /// How long a server may be silent.
        pub timeout_server: Opt<Millis>,
        /// How long both may be silent once connected; counts instead of the two above.
        pub timeout_tunnel: Opt<Millis>,
        /// How long a check may take.
        pub timeout_check: Opt<Millis>,
        /// What it asks its servers.
        pub check: Opt<ServerCheck>,
        /// What path it asks for.
        pub check_path: Opt<String>,
        /// How often it asks.
        pub check_interval: Opt<Millis>,
        /// Failures until a server counts as down.
        pub check_fall: Opt<u32>,
        /// Successes until it counts as up again.
        pub check_rise: Opt<u32>,
        /// Whether the server's certificate is checked.
        pub check_verify: Opt<bool>,
        /// Whether connections to a server that goes down are closed.
        pub shutdown_sessions: Opt<bool>,
        /// Connections at most.
        pub maxconn: Opt<u32>,
        /// Connections to one server at most.
        pub server_maxconn: Opt<u32>,
    }
}

choice! {
    /// Who gives services their addresses.
    pub enum IngressBy: "a controller of service addresses" {
        /// MetalLB.
        Metallb = "metallb",
        /// Calico itself.
        Calico = "calico",
    }

    /// How routers learn of service addresses.
    pub enum Announce: "a way to announce" {
        /// By BGP: every announcing node carries a share.
        Bgp = "bgp",
        /// By ARP and neighbour discovery: one node carries an address.
        L2 = "l2",
    }
}

record! {
    /// Addresses of services of type LoadBalancer.
    pub struct Ingress: Default {
        /// Pools of addresses by name.
        pub pools: Map<Name, Pool>,
        /// Who gives them.
        pub by: Opt<IngressBy>,
        /// Its version, in quotes.
        pub version: Opt<Version>,
        /// How routers learn of them.
        pub announce: Opt<Announce>,
        /// The announcing nodes' AS number.
        pub asn: Opt<Asn>,
        /// The nodes that announce.
        pub from: OneOrMany<Spanned<Names>>,
        /// The routers they announce to.
        pub peers: OneOrMany<Spanned<Names>>,
        /// Whether BFD watches the sessions, and its numbers.
        pub bfd: Option<Bfd>,
        /// How long a silent session holds.
        pub hold_time: Opt<Millis>,
        /// How often a session shows itself.
        pub keepalive_time: Opt<Millis>,
    }

    /// A pool of addresses.
    pub struct Pool short "addresses": Default {
        /// Its addresses.
        pub addresses: OneOrMany<Spanned<AddressBlock>>,
        /// Whether services get one without asking for the pool.
        pub auto_assign: Opt<bool>,
        /// The services planned for it.
        pub services: Opt<u32>,
        /// Whether addresses that end in .0 or .255 are left out.
        pub avoid_buggy_ips: Opt<bool>,
        /// Whether other clusters announce the same addresses on purpose.
        pub anycast: Opt<bool>,
    }

    /// Bidirectional forwarding detection.
    pub struct Bfd short "enabled": Default {
        /// Whether it runs.
        pub enabled: Opt<bool>,
        /// How often each end shows itself.
        pub interval: Opt<Millis>,
        /// Silent intervals until the other end counts as gone.
        pub multiplier: Opt<u8>,
    }
}
