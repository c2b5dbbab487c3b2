//! Objects of Calico (`projectcalico.org/v3`, `crd.projectcalico.org/v1`) and of its operator
//! (`operator.tigera.io/v1`).

use plimsoll_diagnostics::Spanned;
use plimsoll_yaml::{Rest, record};

use super::Part;
use super::quantity::{AsNumber, Duration};
use super::workload::Toleration;
use crate::Setting;

record! {
    /// The operator's wish for an installation of Calico.
    pub struct Installation as camelCase: Default {
        /// What is asked for.
        pub spec: Part<InstallationSpec>,
    }

    /// See [`Installation`].
    pub struct InstallationSpec as camelCase: Default {
        /// `Calico` or `TigeraSecureEnterprise`.
        pub variant: Setting<String>,
        /// Registry of the images, with a final slash.
        pub registry: Setting<String>,
        /// Path below the registry.
        pub image_path: Setting<String>,
        /// Which plugin is given to the kubelet.
        pub cni: Option<Cni>,
        /// The pod network.
        pub calico_network: Option<CalicoNetwork>,
        /// Where metrics of the node agent are served.
        pub node_metrics_port: Setting<u16>,
        /// Copies of Typha and the API server run where they can, or only on the control plane.
        pub control_plane_replicas: Setting<u32>,
        /// Taints that control-plane components of Calico bear.
        pub control_plane_tolerations: Vec<Toleration>,
        /// From 3.33: who programs routes between nodes.
        pub cluster_routing_mode: Setting<String>,
        /// What else stands there.
        pub rest: Rest,
    }

    /// Which plugin is given to the kubelet.
    pub struct Cni as camelCase: Default {
        /// `Calico` or another.
        pub r#type: Setting<String>,
        /// Who gives out addresses.
        pub ipam: Option<CniIpam>,
        /// What else stands there.
        pub rest: Rest,
    }

    /// Who gives out addresses.
    pub struct CniIpam as camelCase: Default {
        /// `Calico` or `HostLocal`.
        pub r#type: Setting<String>,
        /// What else stands there.
        pub rest: Rest,
    }

    /// The pod network.
    pub struct CalicoNetwork as camelCase: Default {
        /// `Iptables` (the default), `Nftables`, `BPF` or `VPP`.
        pub linux_dataplane: Setting<String>,
        /// `Enabled` or `Disabled`.
        pub bgp: Setting<String>,
        /// Who programs routes between nodes: `BIRD`, `Felix` or `FelixIPIPOnly`; absent leaves it to the version.
        pub cluster_routing_mode: Setting<String>,
        /// Pools that are made at installation.
        pub ip_pools: Setting<Vec<InstallationPool>>,
        /// Largest packet of a pod in bytes; absent lets Calico find it.
        pub mtu: Setting<u32>,
        /// How the IPv4 address of a node is found.
        pub node_address_autodetection_v4: Option<Autodetection>,
        /// How the IPv6 address of a node is found.
        pub node_address_autodetection_v6: Option<Autodetection>,
        /// `Enabled` or `Disabled`: whether host ports work.
        pub host_ports: Setting<String>,
        /// `Enabled` or `Disabled`: whether containers may forward packets.
        pub container_ip_forwarding: Setting<String> = "containerIPForwarding",
        /// What else stands there.
        pub rest: Rest,
    }

    /// A pool that is made at installation.
    pub struct InstallationPool as camelCase: Default {
        /// Its name.
        pub name: Setting<String>,
        /// Its prefix.
        pub cidr: Setting<String>,
        /// Prefix length of a block; absent means 26 and 122.
        pub block_size: Setting<u8>,
        /// `None`, `IPIP`, `VXLAN`, `IPIPCrossSubnet` or `VXLANCrossSubnet`; absent means `IPIP`.
        pub encapsulation: Setting<String>,
        /// `Enabled` or `Disabled`; absent means enabled.
        pub nat_outgoing: Setting<String>,
        /// Nodes that use it; absent means all.
        pub node_selector: Setting<String>,
        /// Whether its routes are kept from BGP peers.
        pub disable_bgp_export: Setting<bool> = "disableBGPExport",
        /// `Workload`, `Tunnel`, `LoadBalancer`.
        pub allowed_uses: Vec<Spanned<String>>,
        /// `Automatic` or `Manual`.
        pub assignment_mode: Setting<String>,
        /// What else stands there.
        pub rest: Rest,
    }

    /// How the address of a node is found.
    pub struct Autodetection as camelCase: Default {
        /// The first interface that has one.
        pub first_found: Setting<bool>,
        /// `NodeInternalIP`.
        pub kubernetes: Setting<String>,
        /// Interfaces by name.
        pub interface: Setting<String>,
        /// Interfaces that are left out.
        pub skip_interface: Setting<String>,
        /// The interface by which this address is reached.
        pub can_reach: Setting<String>,
        /// Prefixes in which it lies.
        pub cidrs: Vec<Setting<String>>,
        /// What else stands there.
        pub rest: Rest,
    }

    /// The operator's wish for Calico's own API server.
    pub struct ApiServer as camelCase: Default {
        /// What is asked for.
        pub spec: Part<ApiServerSpec>,
    }

    /// Whatever stands there.
    pub struct ApiServerSpec as camelCase: Default {
        /// All of it.
        pub rest: Rest,
    }

    /// A pool of addresses.
    pub struct IpPool as camelCase: Default {
        /// What is asked for.
        pub spec: Part<IpPoolSpec>,
    }

    /// See [`IpPool`].
    pub struct IpPoolSpec as camelCase: Default {
        /// Its prefix.
        pub cidr: Setting<String>,
        /// Prefix length of a block; absent means 26 and 122.
        pub block_size: Setting<u8>,
        /// `Never`, `Always` or `CrossSubnet`; absent means never.
        pub ipip_mode: Setting<String>,
        /// `Never`, `Always` or `CrossSubnet`; absent means never.
        pub vxlan_mode: Setting<String>,
        /// Whether addresses of pods are hidden outside; absent means no.
        pub nat_outgoing: Setting<bool>,
        /// Whether no new addresses are given out of it.
        pub disabled: Setting<bool>,
        /// Whether its routes are kept from BGP peers.
        pub disable_bgp_export: Setting<bool> = "disableBGPExport",
        /// Nodes that use it; absent means all.
        pub node_selector: Setting<String>,
        /// `Workload`, `Tunnel`, `LoadBalancer`; absent means the first two.
        pub allowed_uses: Setting<Vec<Spanned<String>>>,
        /// `Automatic` or `Manual`; absent means automatic.
        pub assignment_mode: Setting<String>,
        /// What else stands there.
        pub rest: Rest,
    }

    /// How nodes speak BGP.
    pub struct BgpConfiguration as camelCase: Default {
        /// What is asked for.
        pub spec: Part<BgpConfigurationSpec>,
    }

    /// See [`BgpConfiguration`].
    pub struct BgpConfigurationSpec as camelCase: Default {
        /// How much is logged.
        pub log_severity_screen: Setting<String>,
        /// Whether every node peers with every other; absent means yes.
        pub node_to_node_mesh_enabled: Setting<bool>,
        /// Autonomous system of the nodes; absent means 64512.
        pub as_number: Setting<AsNumber>,
        /// Prefixes of services that are announced.
        pub service_cluster_ips: Vec<CidrRef> = "serviceClusterIPs",
        /// External addresses of services that are announced.
        pub service_external_ips: Vec<CidrRef> = "serviceExternalIPs",
        /// Addresses of balancers that are announced.
        pub service_load_balancer_ips: Vec<CidrRef> = "serviceLoadBalancerIPs",
        /// `Enabled` (the default) announces whole prefixes, `Disabled` each address.
        pub service_load_balancer_aggregation: Setting<String>,
        /// Port that BIRD listens on; absent means 179.
        pub listen_port: Setting<u16>,
        /// `None` (all addresses, the default) or `NodeIP`.
        pub bind_mode: Setting<String>,
        /// How long routes of a restarting node are kept; absent means 120 s.
        pub node_mesh_max_restart_time: Setting<Duration>,
        /// From 3.33: who programs routes between nodes.
        pub program_cluster_routes: Setting<String>,
        /// What else stands there.
        pub rest: Rest,
    }

    /// A prefix.
    pub struct CidrRef as camelCase: Default {
        /// The prefix.
        pub cidr: Setting<String>,
    }

    /// A neighbour of some nodes.
    pub struct CalicoBgpPeer as camelCase: Default {
        /// What is asked for.
        pub spec: Part<CalicoBgpPeerSpec>,
    }

    /// See [`CalicoBgpPeer`].
    pub struct CalicoBgpPeerSpec as camelCase: Default {
        /// One node.
        pub node: Setting<String>,
        /// Nodes by label; absent with `node` absent means all.
        pub node_selector: Setting<String>,
        /// Neighbours by label.
        pub peer_selector: Setting<String>,
        /// Neighbour by address, with a port if it is not 179.
        pub peer_ip: Setting<String> = "peerIP",
        /// Autonomous system of the neighbour.
        pub as_number: Setting<AsNumber>,
        /// Whether the next hop is kept.
        pub keep_original_next_hop: Setting<bool>,
        /// `Auto`, `Self` or `Keep`.
        pub next_hop_mode: Setting<String>,
        /// Password.
        pub password: Option<Password>,
        /// `UseNodeIP` (the default) or `None`.
        pub source_address: Setting<String>,
        /// How many hops away the neighbour may be.
        pub ttl_security: Setting<u8>,
        /// How often the own number may stand in a path.
        pub num_allowed_local_as_numbers: Setting<u32> = "numAllowedLocalASNumbers",
        /// Autonomous system shown to this neighbour.
        pub local_as_number: Setting<AsNumber> = "localASNumber",
        /// How long routes of a restarting neighbour are kept.
        pub max_restart_time: Setting<Duration>,
        /// Filters by name.
        pub filters: Vec<Spanned<String>>,
        /// What else stands there.
        pub rest: Rest,
    }

    /// A password.
    pub struct Password as camelCase: Default {
        /// Where it lies.
        pub secret_key_ref: Option<SecretKeyRef>,
    }

    /// A key of a Secret.
    pub struct SecretKeyRef as camelCase: Default {
        /// Name of the Secret.
        pub name: Setting<String>,
        /// Its key.
        pub key: Setting<String>,
        /// What else stands there.
        pub rest: Rest,
    }

    /// Which routes pass between a node and its neighbours.
    pub struct BgpFilter as camelCase: Default {
        /// What is asked for.
        pub spec: Part<BgpFilterSpec>,
    }

    /// See [`BgpFilter`].
    pub struct BgpFilterSpec as camelCase: Default {
        /// Routes to neighbours, IPv4.
        pub export_v4: Vec<BgpFilterRule>,
        /// Routes from neighbours, IPv4.
        pub import_v4: Vec<BgpFilterRule>,
        /// Routes to neighbours, IPv6.
        pub export_v6: Vec<BgpFilterRule>,
        /// Routes from neighbours, IPv6.
        pub import_v6: Vec<BgpFilterRule>,
    }

    /// One rule of a filter; the first that fits counts.
    pub struct BgpFilterRule as camelCase: Default {
        /// Prefix that a route is compared with.
        pub cidr: Setting<String>,
        /// `Equal`, `NotEqual`, `In` or `NotIn`.
        pub match_operator: Setting<String>,
        /// `RemotePeers`: only routes learnt from neighbours.
        pub source: Setting<String>,
        /// Interface of the route.
        pub interface: Setting<String>,
        /// `Accept` or `Reject`.
        pub action: Setting<String>,
        /// What else stands there.
        pub rest: Rest,
    }

    /// What the agent on each node does.
    pub struct FelixConfiguration as camelCase: Default {
        /// What is asked for.
        pub spec: Part<FelixConfigurationSpec>,
    }

    /// See [`FelixConfiguration`].
    pub struct FelixConfigurationSpec as camelCase: Default {
        /// Whether eBPF programs packets.
        pub bpf_enabled: Setting<bool>,
        /// `Enabled`, `Disabled` or `Auto`.
        pub nftables_mode: Setting<String>,
        /// MTU of IPIP tunnels.
        pub ipip_mtu: Setting<u32> = "ipipMTU",
        /// MTU of VXLAN tunnels.
        pub vxlan_mtu: Setting<u32> = "vxlanMTU",
        /// MTU of WireGuard tunnels.
        pub wireguard_mtu: Setting<u32> = "wireguardMTU",
        /// Whether WireGuard encrypts IPv4.
        pub wireguard_enabled: Setting<bool>,
        /// Whether WireGuard encrypts IPv6.
        pub wireguard_enabled_v6: Setting<bool>,
        /// From 3.33: who programs routes between nodes.
        pub program_cluster_routes: Setting<String>,
        /// What else stands there.
        pub rest: Rest,
    }

    /// What Calico's controllers do.
    pub struct KubeControllersConfiguration as camelCase: Default {
        /// What is asked for.
        pub spec: Part<KubeControllersSpec>,
    }

    /// See [`KubeControllersConfiguration`].
    pub struct KubeControllersSpec as camelCase: Default {
        /// The controllers.
        pub controllers: Option<Controllers>,
        /// What else stands there.
        pub rest: Rest,
    }

    /// The controllers.
    pub struct Controllers as camelCase: Default {
        /// The one that gives addresses to services.
        pub load_balancer: Option<LoadBalancerController>,
        /// What else stands there.
        pub rest: Rest,
    }

    /// The controller that gives addresses to services.
    pub struct LoadBalancerController as camelCase: Default {
        /// `AllServices` (the default) or `RequestedServicesOnly`.
        pub assign_ips: Setting<String> = "assignIPs",
    }

    /// How addresses of pods are kept.
    pub struct IpamConfiguration as camelCase: Default {
        /// What is asked for.
        pub spec: Part<IpamConfigurationSpec>,
    }

    /// See [`IpamConfiguration`].
    pub struct IpamConfigurationSpec as camelCase: Default {
        /// Whether blocks are given to nodes as they need them; what Calico does by itself.
        pub auto_allocate_blocks: Setting<bool>,
        /// Whether a node never borrows from another node's block.
        pub strict_affinity: Setting<bool>,
        /// Most blocks of a node; 0 for no bound.
        pub max_blocks_per_host: Setting<u32>,
        /// What else stands there.
        pub rest: Rest,
    }
}
