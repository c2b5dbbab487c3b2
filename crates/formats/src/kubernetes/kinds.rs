//! Which kinds have a type here.

use plimsoll_yaml::{FromNode, Node, Reader, ToNode};

use super::{calico, core, metallb, rook, workload};
use crate::kubeadm;

/// A kind with a type of its own. What it holds are the keys of an object beside `apiVersion`, `kind`, `metadata` and
/// `status`.
pub trait Typed: FromNode + ToNode + Sized + 'static {
    /// Group and version that it is written with.
    const API_VERSION: &'static str;
    /// The kind.
    const KIND: &'static str;
    /// The value, when the body is of this kind.
    fn of(body: &Body) -> Option<&Self>;
}

macro_rules! kinds {
    ($($api:literal $(or $other:literal)* $kind:literal => $variant:ident($type:ty);)+) => {
        /// What an object holds, by its kind.
        #[derive(Clone, Debug, PartialEq)]
        pub enum Body {
            $(#[doc = concat!("`", $kind, "` of `", $api, "`.")] $variant(Box<$type>),)+
            /// A kind that has no type here; all of it is in [`Object::node`](super::Object::node).
            Other,
        }

        $(impl Typed for $type {
            const API_VERSION: &'static str = $api;
            const KIND: &'static str = $kind;
            fn of(body: &Body) -> Option<&Self> {
                if let Body::$variant(value) = body { Some(value) } else { None }
            }
        })+

        impl Body {
            /// Reads what an object holds; `node` lacks `apiVersion`, `kind`, `metadata` and `status`.
            pub(super) fn read(api_version: &str, kind: &str, node: &Node, reader: &mut Reader) -> Body {
                let group = group_of(api_version);
                match kind {
                    $($kind if [$api $(, $other)*].iter().any(|api| group_of(api) == group) => {
                        <$type>::from_node(node, reader).map_or(Body::Other, |value| Body::$variant(Box::new(value)))
                    })+
                    _ => Body::Other,
                }
            }
        }
    };
}

/// The group of `group/version`; empty for the core group (`v1`).
pub(super) fn group_of(api_version: &str) -> &str {
    api_version.split_once('/').map_or("", |(group, _)| group)
}

kinds! {
    "metallb.io/v1beta1" "IPAddressPool" => IpAddressPool(metallb::IpAddressPool);
    "metallb.io/v1beta1" "L2Advertisement" => L2Advertisement(metallb::L2Advertisement);
    "metallb.io/v1beta1" "BGPAdvertisement" => BgpAdvertisement(metallb::BgpAdvertisement);
    "metallb.io/v1beta2" "BGPPeer" => BgpPeer(metallb::BgpPeer);
    "metallb.io/v1beta1" "BFDProfile" => BfdProfile(metallb::BfdProfile);
    "metallb.io/v1beta1" "Community" => Community(metallb::Community);

    "operator.tigera.io/v1" "Installation" => Installation(calico::Installation);
    "operator.tigera.io/v1" "APIServer" => CalicoApiServer(calico::ApiServer);
    "projectcalico.org/v3" or "crd.projectcalico.org/v1" "IPPool" => IpPool(calico::IpPool);
    "projectcalico.org/v3" or "crd.projectcalico.org/v1" "BGPConfiguration" => BgpConfiguration(calico::BgpConfiguration);
    "projectcalico.org/v3" or "crd.projectcalico.org/v1" "BGPPeer" => CalicoBgpPeer(calico::CalicoBgpPeer);
    "projectcalico.org/v3" or "crd.projectcalico.org/v1" "BGPFilter" => BgpFilter(calico::BgpFilter);
    "projectcalico.org/v3" or "crd.projectcalico.org/v1" "FelixConfiguration" => FelixConfiguration(calico::FelixConfiguration);
    "projectcalico.org/v3" or "crd.projectcalico.org/v1" "KubeControllersConfiguration" => KubeControllersConfiguration(calico::KubeControllersConfiguration);
    "projectcalico.org/v3" or "crd.projectcalico.org/v1" "IPAMConfiguration" => IpamConfiguration(calico::IpamConfiguration);

    "ceph.rook.io/v1" "CephCluster" => CephCluster(rook::CephCluster);
    "ceph.rook.io/v1" "CephBlockPool" => CephBlockPool(rook::CephBlockPool);
    "ceph.rook.io/v1" "CephFilesystem" => CephFilesystem(rook::CephFilesystem);
    "ceph.rook.io/v1" "CephObjectStore" => CephObjectStore(rook::CephObjectStore);

    "apps/v1" or "extensions/v1beta1" "Deployment" => Deployment(workload::Deployment);
    "apps/v1" "StatefulSet" => StatefulSet(workload::StatefulSet);
    "apps/v1" or "extensions/v1beta1" "DaemonSet" => DaemonSet(workload::DaemonSet);
    "batch/v1" "Job" => Job(workload::Job);
    "batch/v1" "CronJob" => CronJob(workload::CronJob);
    "v1" "Pod" => Pod(workload::Pod);

    "v1" "Namespace" => Namespace(core::Namespace);
    "v1" "Node" => Node(core::Node);
    "v1" "Service" => Service(core::Service);
    "policy/v1" "PodDisruptionBudget" => PodDisruptionBudget(core::PodDisruptionBudget);
    "autoscaling/v2" "HorizontalPodAutoscaler" => HorizontalPodAutoscaler(core::HorizontalPodAutoscaler);
    "v1" "ResourceQuota" => ResourceQuota(core::ResourceQuota);
    "v1" "LimitRange" => LimitRange(core::LimitRange);
    "networking.k8s.io/v1" "NetworkPolicy" => NetworkPolicy(core::NetworkPolicy);
    "scheduling.k8s.io/v1" "PriorityClass" => PriorityClass(core::PriorityClass);
    "storage.k8s.io/v1" "StorageClass" => StorageClass(core::StorageClass);
    "v1" "PersistentVolumeClaim" => PersistentVolumeClaim(core::PersistentVolumeClaim);
    "v1" "PersistentVolume" => PersistentVolume(core::PersistentVolume);
    "v1" "ConfigMap" => ConfigMap(core::ConfigMap);
    "v1" "Secret" => Secret(core::Secret);
    "admissionregistration.k8s.io/v1" "ValidatingWebhookConfiguration" => ValidatingWebhook(core::ValidatingWebhookConfiguration);
    "admissionregistration.k8s.io/v1" "MutatingWebhookConfiguration" => MutatingWebhook(core::MutatingWebhookConfiguration);
    "networking.k8s.io/v1" "Ingress" => Ingress(core::Ingress);
    "networking.k8s.io/v1" "IngressClass" => IngressClass(core::IngressClass);
    "monitoring.coreos.com/v1" "PrometheusRule" => PrometheusRule(core::PrometheusRule);
    "monitoring.coreos.com/v1" "ServiceMonitor" => ServiceMonitor(core::ServiceMonitor);

    "kubeadm.k8s.io/v1beta4" "InitConfiguration" => InitConfiguration(kubeadm::InitConfiguration);
    "kubeadm.k8s.io/v1beta4" "ClusterConfiguration" => ClusterConfiguration(kubeadm::ClusterConfiguration);
    "kubeadm.k8s.io/v1beta4" "JoinConfiguration" => JoinConfiguration(kubeadm::JoinConfiguration);
    "kubeadm.k8s.io/v1beta4" "ResetConfiguration" => ResetConfiguration(kubeadm::ResetConfiguration);
    "kubeadm.k8s.io/v1beta4" "UpgradeConfiguration" => UpgradeConfiguration(kubeadm::UpgradeConfiguration);
    "kubelet.config.k8s.io/v1beta1" "KubeletConfiguration" => KubeletConfiguration(kubeadm::KubeletConfiguration);
    "kubeproxy.config.k8s.io/v1alpha1" "KubeProxyConfiguration" => KubeProxyConfiguration(kubeadm::KubeProxyConfiguration);
    "apiserver.config.k8s.io/v1" "EncryptionConfiguration" => EncryptionConfiguration(kubeadm::EncryptionConfiguration);
    "apiserver.config.k8s.io/v1" "AuthenticationConfiguration" => AuthenticationConfiguration(kubeadm::AuthenticationConfiguration);
    "audit.k8s.io/v1" "Policy" => AuditPolicy(kubeadm::AuditPolicy);
}

/// Kinds that are known to say nothing a rule could judge, so that nobody is told they were not read.
pub(super) fn is_of_no_interest(api_version: &str, kind: &str) -> bool {
    let group = group_of(api_version);
    match group {
        "" => matches!(kind, "ServiceAccount" | "Endpoints" | "Event"),
        _ => matches!(
            group,
            "rbac.authorization.k8s.io" | "apiextensions.k8s.io" | "discovery.k8s.io" | "coordination.k8s.io"
        ),
    }
}
