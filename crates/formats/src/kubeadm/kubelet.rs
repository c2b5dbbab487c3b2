//! The kubelet and kube-proxy.

use plimsoll_diagnostics::Spanned;
use plimsoll_yaml::{Map, Node, Rest, record};

use super::Taint;
use crate::Setting;
use crate::kubernetes::quantity::Duration;

record! {
    /// The kubelet (`kubelet.config.k8s.io/v1beta1`). In kubeadm's files it holds for every node.
    pub struct KubeletConfiguration as camelCase: Default {
        /// `systemd` (what kubeadm sets) or `cgroupfs`.
        pub cgroup_driver: Setting<String>,
        /// Resolvers of pods.
        pub cluster_dns: Setting<Vec<Spanned<String>>> = "clusterDNS",
        /// Domain of cluster names.
        pub cluster_domain: Setting<String>,
        /// File with the resolvers of pods that use the node's.
        pub resolv_conf: Setting<String>,
        /// Most pods; absent means 110.
        pub max_pods: Setting<u32>,
        /// Kept for the kubelet and the runtime.
        pub kube_reserved: Setting<Map<String, Setting<String>>>,
        /// Kept for the operating system.
        pub system_reserved: Setting<Map<String, Setting<String>>>,
        /// What is enforced (`pods`, `kube-reserved`, `system-reserved`).
        pub enforce_node_allocatable: Vec<Spanned<String>>,
        /// Thresholds at which pods end at once; what a stated map lacks is 0.
        pub eviction_hard: Setting<Map<String, Setting<String>>>,
        /// Thresholds at which pods end after a while.
        pub eviction_soft: Setting<Map<String, Setting<String>>>,
        /// Whether what [`KubeletConfiguration::eviction_hard`] lacks keeps its default.
        pub merge_default_eviction_settings: Setting<bool>,
        /// How long pods may take when the node shuts down.
        pub shutdown_grace_period: Setting<Duration>,
        /// Of that, kept for critical pods.
        pub shutdown_grace_period_critical_pods: Setting<Duration>,
        /// Whether it asks for a serving certificate that somebody must approve.
        pub server_tls_bootstrap: Setting<bool> = "serverTLSBootstrap",
        /// Whether client certificates are renewed.
        pub rotate_certificates: Setting<bool>,
        /// Who may ask it.
        pub authentication: Option<KubeletAuthentication>,
        /// How often it says that it lives; absent means 10 s.
        pub node_status_update_frequency: Setting<Duration>,
        /// Whether it refuses to run with swap; absent means yes.
        pub fail_swap_on: Setting<bool>,
        /// How swap is used.
        pub memory_swap: Option<MemorySwap>,
        /// Whether it refuses to run with version 1 of control groups.
        pub fail_cgroup_v1: Setting<bool>,
        /// Directory of static pods.
        pub static_pod_path: Setting<String>,
        /// Socket of the container runtime.
        pub container_runtime_endpoint: Setting<String>,
        /// Most processes of a pod; -1 for no bound.
        pub pod_pids_limit: Setting<i64>,
        /// Whether image pulls wait for each other.
        pub serialize_image_pulls: Setting<bool>,
        /// Size of a container's log.
        pub container_log_max_size: Setting<String>,
        /// Files of a container's log.
        pub container_log_max_files: Setting<u32>,
        /// Fill of the disk in percent at which images are removed.
        pub image_gc_high_threshold_percent: Setting<u32> = "imageGCHighThresholdPercent",
        /// Fill of the disk in percent down to which they are.
        pub image_gc_low_threshold_percent: Setting<u32> = "imageGCLowThresholdPercent",
        /// Whether kernel settings that it needs are refused instead of set.
        pub protect_kernel_defaults: Setting<bool>,
        /// Taints with which the node registers.
        pub register_with_taints: Vec<Taint>,
        /// Switches.
        pub feature_gates: Map<String, Setting<bool>>,
        /// What else stands there.
        pub rest: Rest,
    }

    /// Who may ask the kubelet.
    pub struct KubeletAuthentication as camelCase: Default {
        /// Requests without credentials.
        pub anonymous: Option<KubeletAnonymous>,
        /// What else stands there.
        pub rest: Rest,
    }

    /// Requests without credentials.
    pub struct KubeletAnonymous as camelCase: Default {
        /// Whether they are let in.
        pub enabled: Setting<bool>,
    }

    /// How swap is used.
    pub struct MemorySwap as camelCase: Default {
        /// `NoSwap` (the default) or `LimitedSwap`.
        pub swap_behavior: Setting<String>,
    }

    /// kube-proxy (`kubeproxy.config.k8s.io/v1alpha1`).
    pub struct KubeProxyConfiguration as camelCase: Default {
        /// `iptables`, `nftables` or `ipvs`; absent or empty means `iptables` up to 1.38.
        pub mode: Setting<String>,
        /// Prefixes of pods.
        pub cluster_cidr: Setting<String> = "clusterCIDR",
        /// For `ipvs`.
        pub ipvs: Option<IpvsConfiguration>,
        /// For `iptables`.
        pub iptables: Option<IptablesConfiguration>,
        /// For `nftables`.
        pub nftables: Option<Node>,
        /// Addresses on which node ports answer.
        pub node_port_addresses: Vec<Spanned<String>>,
        /// Where its metrics are served; absent means 127.0.0.1:10249.
        pub metrics_bind_address: Setting<String>,
        /// Where its health is served; absent means port 10256.
        pub healthz_bind_address: Setting<String>,
        /// Connection tracking.
        pub conntrack: Option<Node>,
        /// Switches.
        pub feature_gates: Map<String, Setting<bool>>,
        /// What else stands there.
        pub rest: Rest,
    }

    /// kube-proxy with IPVS.
    pub struct IpvsConfiguration as camelCase: Default {
        /// Whether nodes keep quiet about addresses that are not theirs; absent means no.
        pub strict_arp: Setting<bool> = "strictARP",
        /// Which server gets a new connection.
        pub scheduler: Setting<String>,
        /// What else stands there.
        pub rest: Rest,
    }

    /// kube-proxy with iptables.
    pub struct IptablesConfiguration as camelCase: Default {
        /// Whether all traffic is given the node's address.
        pub masquerade_all: Setting<bool>,
        /// What else stands there.
        pub rest: Rest,
    }
}
