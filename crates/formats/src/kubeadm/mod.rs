//! The configuration of kubeadm, and of the programs that it or the API server reads: kubelet, kube-proxy, encryption,
//! authentication, audit.
//!
//! These are documents like any other object: [`crate::kubernetes::read`] reads them, since they stand in files
//! together and inside ConfigMaps. The version of kubeadm's own form is [`Object::api_version`] of the object.
//!
//! [`Object::api_version`]: crate::kubernetes::Object

mod apiserver;
mod args;
mod kubelet;

use plimsoll_diagnostics::Spanned;
use plimsoll_yaml::{Map, Node, Rest, record};

use crate::Setting;
use crate::kubernetes::quantity::Duration;

pub use apiserver::{
    AnonymousAuthentication, AuditPolicy, AuthenticationCondition, AuthenticationConfiguration,
    EncryptionConfiguration, EncryptionKey, EncryptionProvider, EncryptionResource, KeyedProvider, KmsProvider,
};
pub use args::{Arg, Args, ArgsForm};
pub use kubelet::{
    IptablesConfiguration, IpvsConfiguration, KubeProxyConfiguration, KubeletAnonymous, KubeletAuthentication,
    KubeletConfiguration, MemorySwap,
};

record! {
    /// What `kubeadm init` reads about the first machine.
    pub struct InitConfiguration as camelCase: Default {
        /// Tokens with which others join.
        pub bootstrap_tokens: Vec<BootstrapToken>,
        /// About the node.
        pub node_registration: Option<NodeRegistration>,
        /// Where its API server listens.
        pub local_api_endpoint: Option<LocalApiEndpoint> = "localAPIEndpoint",
        /// Key under which certificates are handed to other control-plane machines; it lives for 2 hours.
        pub certificate_key: Setting<String>,
        /// Phases that are left out.
        pub skip_phases: Vec<Spanned<String>>,
        /// Where changes to kubeadm's own files are.
        pub patches: Option<Patches>,
        /// How long steps may take.
        pub timeouts: Option<Timeouts>,
        /// What else stands there.
        pub rest: Rest,
    }

    /// A token with which a machine joins.
    pub struct BootstrapToken as camelCase: Default {
        /// The token.
        pub token: Setting<String>,
        /// Its life; absent means 24 h, 0 for ever.
        pub ttl: Setting<Duration>,
        /// What else stands there.
        pub rest: Rest,
    }

    /// About a node.
    pub struct NodeRegistration as camelCase: Default {
        /// Its name; absent takes the host's.
        pub name: Setting<String>,
        /// Socket of the container runtime.
        pub cri_socket: Setting<String>,
        /// Taints; absent gives a control-plane machine its taint, an empty list none.
        pub taints: Setting<Vec<Taint>>,
        /// Extra arguments of its kubelet.
        pub kubelet_extra_args: Args,
        /// Checks whose failure does not count.
        pub ignore_preflight_errors: Vec<Spanned<String>>,
        /// `IfNotPresent` (the default), `Always` or `Never`.
        pub image_pull_policy: Setting<String>,
        /// What else stands there.
        pub rest: Rest,
    }

    /// A taint of a node.
    pub struct Taint as camelCase: Default {
        /// Its key.
        pub key: Setting<String>,
        /// Its value.
        pub value: Setting<String>,
        /// `NoSchedule`, `PreferNoSchedule` or `NoExecute`.
        pub effect: Setting<String>,
    }

    /// Where an API server listens.
    pub struct LocalApiEndpoint as camelCase: Default {
        /// The address that others are told.
        pub advertise_address: Setting<String>,
        /// The port; absent means 6443.
        pub bind_port: Setting<u16>,
    }

    /// Where changes to kubeadm's own files are.
    pub struct Patches as camelCase: Default {
        /// The directory.
        pub directory: Setting<String>,
    }

    /// How long steps may take.
    pub struct Timeouts as camelCase: Default {
        /// The control plane to come up; absent means 4 min.
        pub control_plane_component_health_check: Setting<Duration>,
        /// The kubelet to come up; absent means 4 min.
        pub kubelet_health_check: Setting<Duration>,
        /// A call of the API; absent means 1 min.
        pub kubernetes_api_call: Setting<Duration> = "kubernetesAPICall",
        /// A call of etcd; absent means 2 min.
        pub etcd_api_call: Setting<Duration> = "etcdAPICall",
        /// The kubelet to get its certificate; absent means 5 min.
        pub tls_bootstrap: Setting<Duration>,
        /// The cluster to be found; absent means 5 min.
        pub discovery: Setting<Duration>,
        /// What else stands there.
        pub rest: Rest,
    }

    /// What kubeadm keeps about the whole cluster.
    pub struct ClusterConfiguration as camelCase: Default {
        /// Version of Kubernetes, with `v`.
        pub kubernetes_version: Setting<String>,
        /// Name of the cluster; absent means `kubernetes`.
        pub cluster_name: Setting<String>,
        /// Name and port by which all but the local clients reach the API.
        pub control_plane_endpoint: Setting<String>,
        /// Prefixes and domain.
        pub networking: Option<Networking>,
        /// The API server.
        pub api_server: Option<ApiServerConfig>,
        /// The controller manager.
        pub controller_manager: Option<ComponentConfig>,
        /// The scheduler.
        pub scheduler: Option<ComponentConfig>,
        /// The datastore.
        pub etcd: Option<EtcdConfig>,
        /// CoreDNS.
        pub dns: Option<AddonConfig>,
        /// kube-proxy.
        pub proxy: Option<AddonConfig>,
        /// Directory of certificates.
        pub certificates_dir: Setting<String>,
        /// Repository of images.
        pub image_repository: Setting<String>,
        /// Switches.
        pub feature_gates: Map<String, Setting<bool>>,
        /// Type of keys; absent means `RSA-2048`.
        pub encryption_algorithm: Setting<String>,
        /// Life of leaf certificates; absent means a year.
        pub certificate_validity_period: Setting<Duration>,
        /// Life of the authorities; absent means ten years.
        pub ca_certificate_validity_period: Setting<Duration>,
        /// What else stands there.
        pub rest: Rest,
    }

    /// Prefixes and domain.
    pub struct Networking as camelCase: Default {
        /// Domain of cluster names; absent means `cluster.local`.
        pub dns_domain: Setting<String>,
        /// Prefixes of pods, one per family, separated by commas.
        pub pod_subnet: Setting<String>,
        /// Prefixes of services, one per family, separated by commas; absent means 10.96.0.0/12.
        pub service_subnet: Setting<String>,
    }

    /// The API server.
    pub struct ApiServerConfig as camelCase: Default {
        /// Extra arguments.
        pub extra_args: Args,
        /// Names and addresses in its certificate beyond kubeadm's own.
        pub cert_sans: Vec<Spanned<String>> = "certSANs",
        /// Files of the machine that it sees.
        pub extra_volumes: Vec<ExtraVolume>,
        /// Environment.
        pub extra_envs: Vec<Node>,
        /// Before `v1beta4`: how long the control plane may take.
        pub timeout_for_control_plane: Setting<Duration>,
        /// What else stands there.
        pub rest: Rest,
    }

    /// A program of the control plane.
    pub struct ComponentConfig as camelCase: Default {
        /// Extra arguments.
        pub extra_args: Args,
        /// Files of the machine that it sees.
        pub extra_volumes: Vec<ExtraVolume>,
        /// Environment.
        pub extra_envs: Vec<Node>,
        /// What else stands there.
        pub rest: Rest,
    }

    /// A file or directory of the machine that a program sees.
    pub struct ExtraVolume as camelCase: Default {
        /// A name.
        pub name: Setting<String>,
        /// Where it is on the machine.
        pub host_path: Setting<String>,
        /// Where the program sees it.
        pub mount_path: Setting<String>,
        /// Whether it may only be read.
        pub read_only: Setting<bool>,
        /// What must be there (`File`, `DirectoryOrCreate`).
        pub path_type: Setting<String>,
    }

    /// The datastore.
    pub struct EtcdConfig as camelCase: Default {
        /// On the control-plane machines.
        pub local: Option<LocalEtcd>,
        /// On machines of its own.
        pub external: Option<ExternalEtcd>,
        /// What else stands there.
        pub rest: Rest,
    }

    /// etcd on the control-plane machines.
    pub struct LocalEtcd as camelCase: Default {
        /// Where its data lie; absent means `/var/lib/etcd`.
        pub data_dir: Setting<String>,
        /// Extra arguments.
        pub extra_args: Args,
        /// Names in its server certificate beyond kubeadm's own.
        pub server_cert_sans: Vec<Spanned<String>> = "serverCertSANs",
        /// Names in its peer certificate beyond kubeadm's own.
        pub peer_cert_sans: Vec<Spanned<String>> = "peerCertSANs",
        /// Tag of its image.
        pub image_tag: Setting<String>,
        /// Environment.
        pub extra_envs: Vec<Node>,
        /// What else stands there.
        pub rest: Rest,
    }

    /// etcd on machines of its own.
    pub struct ExternalEtcd as camelCase: Default {
        /// Its members.
        pub endpoints: Vec<Spanned<String>>,
        /// From 1.35: where its metrics and health are.
        pub http_endpoints: Vec<Spanned<String>>,
        /// The authority of its certificates.
        pub ca_file: Setting<String>,
        /// The certificate of the API server.
        pub cert_file: Setting<String>,
        /// The key to it.
        pub key_file: Setting<String>,
    }

    /// Something that kubeadm installs in the cluster.
    pub struct AddonConfig as camelCase: Default {
        /// Whether it is left out.
        pub disabled: Setting<bool>,
        /// Repository of its image.
        pub image_repository: Setting<String>,
        /// Tag of its image.
        pub image_tag: Setting<String>,
        /// What else stands there.
        pub rest: Rest,
    }

    /// What `kubeadm join` reads.
    pub struct JoinConfiguration as camelCase: Default {
        /// About the node.
        pub node_registration: Option<NodeRegistration>,
        /// The authority of the cluster, as a file.
        pub ca_cert_path: Setting<String>,
        /// How the cluster is found.
        pub discovery: Option<Discovery>,
        /// For a further control-plane machine.
        pub control_plane: Option<JoinControlPlane>,
        /// Phases that are left out.
        pub skip_phases: Vec<Spanned<String>>,
        /// Where changes to kubeadm's own files are.
        pub patches: Option<Patches>,
        /// How long steps may take.
        pub timeouts: Option<Timeouts>,
        /// What else stands there.
        pub rest: Rest,
    }

    /// How the cluster is found.
    pub struct Discovery as camelCase: Default {
        /// By a token.
        pub bootstrap_token: Option<TokenDiscovery>,
        /// By a file.
        pub file: Option<FileDiscovery>,
        /// Token of the kubelet's first certificate, if it is another.
        pub tls_bootstrap_token: Setting<String>,
        /// What else stands there.
        pub rest: Rest,
    }

    /// Finding the cluster by a token.
    pub struct TokenDiscovery as camelCase: Default {
        /// The token.
        pub token: Setting<String>,
        /// Name and port of the API.
        pub api_server_endpoint: Setting<String>,
        /// Hashes of the authority's key.
        pub ca_cert_hashes: Vec<Setting<String>>,
        /// Whether the authority is taken on trust.
        pub unsafe_skip_ca_verification: Setting<bool> = "unsafeSkipCAVerification",
    }

    /// Finding the cluster by a file.
    pub struct FileDiscovery as camelCase: Default {
        /// The file.
        pub kube_config_path: Setting<String>,
    }

    /// For a further control-plane machine.
    pub struct JoinControlPlane as camelCase: Default {
        /// Where its API server listens.
        pub local_api_endpoint: Option<LocalApiEndpoint> = "localAPIEndpoint",
        /// Key with which it gets the certificates.
        pub certificate_key: Setting<String>,
        /// What else stands there.
        pub rest: Rest,
    }

    /// What `kubeadm reset` reads; recognised, nothing of it is judged.
    pub struct ResetConfiguration as camelCase: Default {
        /// All of it.
        pub rest: Rest,
    }

    /// What `kubeadm upgrade` reads.
    pub struct UpgradeConfiguration as camelCase: Default {
        /// For the first machine.
        pub apply: Option<UpgradeStep>,
        /// For the others.
        pub node: Option<UpgradeStep>,
        /// All the rest.
        pub rest: Rest,
    }

    /// A step of an upgrade.
    pub struct UpgradeStep as camelCase: Default {
        /// Where changes to kubeadm's own files are.
        pub patches: Option<Patches>,
        /// Whether certificates are renewed; absent means yes.
        pub certificate_renewal: Setting<bool>,
        /// Whether etcd is upgraded; absent means yes.
        pub etcd_upgrade: Setting<bool>,
        /// What else stands there.
        pub rest: Rest,
    }
}
