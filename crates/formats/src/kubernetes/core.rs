//! Objects of Kubernetes itself beside workloads.

use plimsoll_diagnostics::Spanned;
use plimsoll_yaml::{Map, Node as Tree, Rest, record};

use super::Part;
use super::meta::LabelSelector;
use super::quantity::{IntOrPercent, Quantity};
use crate::Setting;

record! {
    /// A namespace.
    pub struct Namespace as camelCase: Default {
        /// What else stands there.
        pub rest: Rest,
    }

    /// A node.
    pub struct Node as camelCase: Default {
        /// What is asked for.
        pub spec: Part<NodeSpec>,
    }

    /// See [`Node`].
    pub struct NodeSpec as camelCase: Default {
        /// Taints.
        pub taints: Vec<crate::kubeadm::Taint>,
        /// Its prefix of pods, where the controller manager gives one.
        pub pod_cidr: Setting<String> = "podCIDR",
        /// What else stands there.
        pub rest: Rest,
    }

    /// A service.
    pub struct Service as camelCase: Default {
        /// What is asked for.
        pub spec: Part<ServiceSpec>,
    }

    /// See [`Service`].
    pub struct ServiceSpec as camelCase: Default {
        /// `ClusterIP` (the default), `NodePort`, `LoadBalancer` or `ExternalName`.
        pub r#type: Setting<String>,
        /// Its address; `None` for a headless one.
        pub cluster_ip: Setting<String> = "clusterIP",
        /// Its addresses, one per family.
        pub cluster_ips: Vec<Spanned<String>> = "clusterIPs",
        /// `SingleStack`, `PreferDualStack` or `RequireDualStack`.
        pub ip_family_policy: Setting<String>,
        /// Whose pods serve it.
        pub selector: Map<String, Setting<String>>,
        /// Ports.
        pub ports: Vec<ServicePort>,
        /// `Cluster` (the default) or `Local`.
        pub external_traffic_policy: Setting<String>,
        /// `Cluster` (the default) or `Local`.
        pub internal_traffic_policy: Setting<String>,
        /// Which controller gives it an address.
        pub load_balancer_class: Setting<String>,
        /// The address that is wished for (deprecated).
        pub load_balancer_ip: Setting<String> = "loadBalancerIP",
        /// Addresses that others route to the nodes.
        pub external_ips: Vec<Spanned<String>> = "externalIPs",
        /// What else stands there.
        pub rest: Rest,
    }

    /// A port of a service.
    pub struct ServicePort as camelCase: Default {
        /// Its name.
        pub name: Setting<String>,
        /// The port.
        pub port: Setting<u16>,
        /// Port of the pods, by number or name.
        pub target_port: Setting<IntOrName>,
        /// Port of the nodes.
        pub node_port: Setting<u16>,
        /// `TCP` (the default), `UDP` or `SCTP`.
        pub protocol: Setting<String>,
        /// What else stands there.
        pub rest: Rest,
    }

    /// How many pods may be taken away on purpose.
    pub struct PodDisruptionBudget as camelCase: Default {
        /// What is asked for.
        pub spec: Part<DisruptionBudgetSpec>,
    }

    /// See [`PodDisruptionBudget`].
    pub struct DisruptionBudgetSpec as camelCase: Default {
        /// How many must stay.
        pub min_available: Setting<IntOrPercent>,
        /// How many may be missing.
        pub max_unavailable: Setting<IntOrPercent>,
        /// The pods; empty means every pod of the namespace.
        pub selector: Option<LabelSelector>,
        /// `IfHealthyBudget` (the default) or `AlwaysAllow`.
        pub unhealthy_pod_eviction_policy: Setting<String>,
    }

    /// Changes the number of copies by load.
    pub struct HorizontalPodAutoscaler as camelCase: Default {
        /// What is asked for.
        pub spec: Part<AutoscalerSpec>,
    }

    /// See [`HorizontalPodAutoscaler`].
    pub struct AutoscalerSpec as camelCase: Default {
        /// What it scales.
        pub scale_target_ref: Part<ObjectRef>,
        /// Least copies; absent means 1.
        pub min_replicas: Setting<u32>,
        /// Most copies.
        pub max_replicas: Setting<u32>,
        /// What else stands there.
        pub rest: Rest,
    }

    /// Another object, by kind and name.
    pub struct ObjectRef as camelCase: Default {
        /// Its group and version.
        pub api_version: Setting<String>,
        /// Its group.
        pub api_group: Setting<String>,
        /// Its kind.
        pub kind: Setting<String>,
        /// Its name.
        pub name: Setting<String>,
        /// What else stands there.
        pub rest: Rest,
    }

    /// What a namespace may use in all.
    pub struct ResourceQuota as camelCase: Default {
        /// What is asked for.
        pub spec: Part<QuotaSpec>,
    }

    /// See [`ResourceQuota`].
    pub struct QuotaSpec as camelCase: Default {
        /// Bounds by name (`requests.cpu`, `gold.storageclass.storage.k8s.io/requests.storage`).
        pub hard: Map<String, Setting<Quantity>>,
        /// Pods it counts; absent means all.
        pub scopes: Vec<Spanned<String>>,
        /// Pods it counts, by condition.
        pub scope_selector: Option<Tree>,
    }

    /// What containers of a namespace get and may ask for.
    pub struct LimitRange as camelCase: Default {
        /// What is asked for.
        pub spec: Part<LimitRangeSpec>,
    }

    /// See [`LimitRange`].
    pub struct LimitRangeSpec as camelCase: Default {
        /// One per type.
        pub limits: Vec<LimitRangeItem>,
    }

    /// Bounds for one type of thing.
    pub struct LimitRangeItem as camelCase: Default {
        /// `Container`, `Pod` or `PersistentVolumeClaim`.
        pub r#type: Setting<String>,
        /// Limit of what states none.
        pub default: Map<String, Setting<Quantity>>,
        /// Request of what states none.
        pub default_request: Map<String, Setting<Quantity>>,
        /// Most.
        pub max: Map<String, Setting<Quantity>>,
        /// Least.
        pub min: Map<String, Setting<Quantity>>,
        /// Most that the limit may be over the request.
        pub max_limit_request_ratio: Map<String, Setting<Quantity>>,
    }

    /// Which packets reach and leave pods.
    pub struct NetworkPolicy as camelCase: Default {
        /// What is asked for.
        pub spec: Part<NetworkPolicySpec>,
    }

    /// See [`NetworkPolicy`].
    pub struct NetworkPolicySpec as camelCase: Default {
        /// The pods; empty means every pod of the namespace.
        pub pod_selector: Part<LabelSelector>,
        /// `Ingress`, `Egress`.
        pub policy_types: Setting<Vec<Spanned<String>>>,
        /// What may come in.
        pub ingress: Vec<NetworkRule>,
        /// What may go out.
        pub egress: Vec<NetworkRule>,
    }

    /// One thing that may come in or go out.
    pub struct NetworkRule as camelCase: Default {
        /// From whom; empty means from everybody.
        pub from: Vec<NetworkPeer>,
        /// To whom; empty means to everybody.
        pub to: Vec<NetworkPeer>,
        /// On which ports; empty means on all.
        pub ports: Vec<NetworkPort>,
    }

    /// The other end.
    pub struct NetworkPeer as camelCase: Default {
        /// Pods by label.
        pub pod_selector: Option<LabelSelector>,
        /// Namespaces by label.
        pub namespace_selector: Option<LabelSelector>,
        /// Addresses.
        pub ip_block: Option<IpBlock>,
    }

    /// Addresses.
    pub struct IpBlock as camelCase: Default {
        /// The prefix.
        pub cidr: Setting<String>,
        /// Parts that are left out.
        pub except: Vec<Spanned<String>>,
    }

    /// A port.
    pub struct NetworkPort as camelCase: Default {
        /// `TCP` (the default), `UDP` or `SCTP`.
        pub protocol: Setting<String>,
        /// By number or name.
        pub port: Setting<IntOrName>,
        /// The last of a range.
        pub end_port: Setting<u16>,
    }

    /// How important pods are.
    pub struct PriorityClass as camelCase: Default {
        /// Larger is more important.
        pub value: Setting<i32>,
        /// Whether pods without a class get it.
        pub global_default: Setting<bool>,
        /// `PreemptLowerPriority` (the default) or `Never`.
        pub preemption_policy: Setting<String>,
        /// What it is for.
        pub description: Setting<String>,
    }

    /// A class that volumes are asked from.
    pub struct StorageClass as camelCase: Default {
        /// Who makes the volumes.
        pub provisioner: Setting<String>,
        /// Settings of the provisioner.
        pub parameters: Map<String, Setting<String>>,
        /// `Delete` (the default) or `Retain`.
        pub reclaim_policy: Setting<String>,
        /// Whether volumes may grow.
        pub allow_volume_expansion: Setting<bool>,
        /// `Immediate` (the default) or `WaitForFirstConsumer`.
        pub volume_binding_mode: Setting<String>,
        /// Options of mounts.
        pub mount_options: Vec<Spanned<String>>,
        /// Where volumes may lie.
        pub allowed_topologies: Option<Tree>,
    }

    /// A claim to a volume.
    pub struct PersistentVolumeClaim as camelCase: Default {
        /// What is asked for.
        pub spec: Part<ClaimSpec>,
    }

    /// See [`PersistentVolumeClaim`].
    pub struct ClaimSpec as camelCase: Default {
        /// `ReadWriteOnce`, `ReadWriteMany`, …
        pub access_modes: Vec<Spanned<String>>,
        /// The class; absent means the default one, empty means none.
        pub storage_class_name: Setting<String>,
        /// How much.
        pub resources: Option<super::workload::Resources>,
        /// `Filesystem` (the default) or `Block`.
        pub volume_mode: Setting<String>,
        /// The volume, when it is given by name.
        pub volume_name: Setting<String>,
        /// What else stands there.
        pub rest: Rest,
    }

    /// A volume.
    pub struct PersistentVolume as camelCase: Default {
        /// What it is.
        pub spec: Part<VolumeSpec>,
    }

    /// See [`PersistentVolume`].
    pub struct VolumeSpec as camelCase: Default {
        /// Its class.
        pub storage_class_name: Setting<String>,
        /// Its size.
        pub capacity: Map<String, Setting<Quantity>>,
        /// A directory of a node.
        pub local: Option<Tree>,
        /// A directory of an NFS server.
        pub nfs: Option<super::workload::NfsVolume>,
        /// Nodes from which it is reached.
        pub node_affinity: Option<Tree>,
        /// What it is bound to beforehand.
        pub claim_ref: Option<Tree>,
        /// `Retain` or `Delete`.
        pub persistent_volume_reclaim_policy: Setting<String>,
        /// What else stands there.
        pub rest: Rest,
    }

    /// Texts for pods.
    pub struct ConfigMap as camelCase: Default {
        /// Texts by name.
        pub data: Map<String, Setting<String>>,
        /// What else stands there.
        pub rest: Rest,
    }

    /// Secrets for pods. Values are read as they stand and shown nowhere.
    pub struct Secret as camelCase: Default {
        /// What kind of secret.
        pub r#type: Setting<String>,
        /// Values in base64, by name.
        pub data: Map<String, Setting<String>>,
        /// Values in clear, by name.
        pub string_data: Map<String, Setting<String>>,
        /// What else stands there.
        pub rest: Rest,
    }

    /// Programs that are asked before an object is stored, and may refuse it.
    pub struct ValidatingWebhookConfiguration as camelCase: Default {
        /// The programs.
        pub webhooks: Vec<Webhook>,
    }

    /// Programs that are asked before an object is stored, and may change it.
    pub struct MutatingWebhookConfiguration as camelCase: Default {
        /// The programs.
        pub webhooks: Vec<Webhook>,
    }

    /// A program that is asked before an object is stored.
    pub struct Webhook as camelCase: Default {
        /// Its name.
        pub name: Setting<String>,
        /// `Fail` (the default) or `Ignore`: what happens when it does not answer.
        pub failure_policy: Setting<String>,
        /// How long it may take; absent means 10.
        pub timeout_seconds: Setting<u32>,
        /// How it is reached.
        pub client_config: Option<WebhookClient>,
        /// Namespaces for which it is asked; absent means all.
        pub namespace_selector: Option<LabelSelector>,
        /// Objects for which it is asked; absent means all.
        pub object_selector: Option<LabelSelector>,
        /// Operations for which it is asked.
        pub rules: Vec<Tree>,
        /// What else stands there.
        pub rest: Rest,
    }

    /// How a webhook is reached.
    pub struct WebhookClient as camelCase: Default {
        /// By a service.
        pub service: Option<super::meta::NameRef>,
        /// By an address.
        pub url: Setting<String>,
        /// What else stands there.
        pub rest: Rest,
    }

    /// Rules by which names and paths lead to services.
    pub struct Ingress as camelCase: Default {
        /// What is asked for.
        pub spec: Part<IngressSpec>,
    }

    /// See [`Ingress`].
    pub struct IngressSpec as camelCase: Default {
        /// The class.
        pub ingress_class_name: Setting<String>,
        /// Rules.
        pub rules: Vec<IngressRule>,
        /// What else stands there.
        pub rest: Rest,
    }

    /// A rule for a host name.
    pub struct IngressRule as camelCase: Default {
        /// The name; absent means every name.
        pub host: Setting<String>,
        /// What else stands there.
        pub rest: Rest,
    }

    /// A class of [`Ingress`].
    pub struct IngressClass as camelCase: Default {
        /// What is asked for.
        pub spec: Part<IngressClassSpec>,
    }

    /// See [`IngressClass`].
    pub struct IngressClassSpec as camelCase: Default {
        /// Who implements it (`k8s.io/ingress-nginx`).
        pub controller: Setting<String>,
        /// What else stands there.
        pub rest: Rest,
    }

    /// Rules of Prometheus as an object.
    pub struct PrometheusRule as camelCase: Default {
        /// What is asked for.
        pub spec: Part<PrometheusRuleSpec>,
    }

    /// See [`PrometheusRule`].
    pub struct PrometheusRuleSpec as camelCase: Default {
        /// Groups of rules.
        pub groups: Vec<Tree>,
        /// What else stands there.
        pub rest: Rest,
    }

    /// What Prometheus scrapes, by service.
    pub struct ServiceMonitor as camelCase: Default {
        /// What is asked for.
        pub spec: Part<ServiceMonitorSpec>,
    }

    /// See [`ServiceMonitor`].
    pub struct ServiceMonitorSpec as camelCase: Default {
        /// The services.
        pub selector: Part<LabelSelector>,
        /// Their ports.
        pub endpoints: Vec<Tree>,
        /// What else stands there.
        pub rest: Rest,
    }
}

/// A port by number or by name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum IntOrName {
    /// By number.
    Int(u16),
    /// By name.
    Name(String),
}

impl plimsoll_yaml::Scalar for IntOrName {
    const NAME: &'static str = "a port";
    const KIND: plimsoll_yaml::Kind = plimsoll_yaml::Kind::Either;
    fn parse(text: &str) -> Result<Self, String> {
        Ok(text.parse().map_or_else(|_| IntOrName::Name(text.to_owned()), IntOrName::Int))
    }
    fn write(&self) -> String {
        match self {
            IntOrName::Int(port) => port.to_string(),
            IntOrName::Name(name) => name.clone(),
        }
    }
}
