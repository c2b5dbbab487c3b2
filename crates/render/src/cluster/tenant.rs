//! The namespace of each tenant: quota, defaults, rights, and what may talk to it.

use plimsoll_diagnostics::Spanned;
use plimsoll_formats::Setting;
use plimsoll_formats::kubernetes::core::{
    IntOrName, IpBlock, LimitRange, LimitRangeItem, LimitRangeSpec, Namespace, NetworkPeer, NetworkPolicy,
    NetworkPolicySpec, NetworkPort, NetworkRule, QuotaSpec, ResourceQuota,
};
use plimsoll_formats::kubernetes::meta::{LabelSelector, Labels, labels};
use plimsoll_formats::kubernetes::quantity::Quantity;
use plimsoll_formats::kubernetes::{Metadata, object, text, texts};
use plimsoll_model::design::Tenant;
use plimsoll_model::units::{Bytes, MilliCpu};
use plimsoll_model::{Design, Name};
use plimsoll_yaml::Map;
use serde_json::json;

use super::{kubernetes, manifest};
use crate::Tree;

pub(super) fn render(design: &Design, tree: &mut Tree) {
    for (name, tenant) in &design.tenant {
        let meta = |object: &str| Metadata::namespaced(name.as_str(), object);
        let mut documents = vec![
            object(&Metadata::cluster(name.as_str()).labelled(pod_security()), &Namespace::default()),
            object(&meta("quota"), &quota(tenant)),
            object(&meta("defaults"), &limit_range(tenant)),
            members(name, "admins", "admin", &[tenant.admins.as_str()], &[]),
            object(&meta("default-deny"), &default_deny()),
            object(&meta("allow-dns"), &allow_dns(design)),
            object(&meta("allow-same-namespace"), &allow_same_namespace()),
        ];
        if !tenant.users.is_empty() {
            documents.push(members(name, "users", "edit", &[], &tenant.users));
        }
        let what = format!("Tenant {name}: quota, defaults, rights, network policy");
        tree.add(format!("cluster/50-tenant-{name}.yaml"), manifest(design, &what, &kubernetes(design), &documents));
    }
}

/// Without a level, whoever may make pods in the namespace may mount the node's file system and become root on it.
fn pod_security() -> Labels {
    labels([("pod-security.kubernetes.io/enforce", "baseline"), ("pod-security.kubernetes.io/warn", "restricted")])
}

fn amounts(pairs: impl IntoIterator<Item = (String, Quantity)>) -> Map<String, Setting<Quantity>> {
    Map(pairs.into_iter().map(|(name, amount)| (Spanned::from(name), Setting::from(amount))).collect())
}

fn quota(tenant: &Tenant) -> ResourceQuota {
    let mut hard: Vec<(String, Quantity)> = vec![
        ("requests.cpu".into(), tenant.cpu.into()),
        ("requests.memory".into(), tenant.memory.into()),
        ("limits.memory".into(), tenant.memory.into()),
        ("pods".into(), tenant.pods.into()),
        ("services.loadbalancers".into(), tenant.load_balancers.into()),
        // Classes that are not named are not for this tenant: the sum leaves nothing for them.
        ("requests.storage".into(), tenant.storage.values().copied().sum::<Bytes>().into()),
    ];
    for (class, size) in &tenant.storage {
        hard.push((format!("{class}.storageclass.storage.k8s.io/requests.storage"), (*size).into()));
    }
    ResourceQuota { spec: QuotaSpec { hard: amounts(hard), ..QuotaSpec::default() }.into() }
}

fn limit_range(tenant: &Tenant) -> LimitRange {
    let pair = |cpu: MilliCpu, memory: Bytes| amounts([("cpu".into(), cpu.into()), ("memory".into(), memory.into())]);
    let limits = &tenant.limits;
    let container = LimitRangeItem {
        r#type: text("Container"),
        default: pair(limits.default_cpu, limits.default_memory),
        default_request: pair(limits.request_cpu, limits.request_memory),
        max: pair(limits.max_cpu, limits.max_memory),
        ..LimitRangeItem::default()
    };
    LimitRange { spec: LimitRangeSpec { limits: vec![container] }.into() }
}

/// Who may do in the namespace what a role of Kubernetes' own allows: `admin` grants rights and changes no quota, `edit`
/// runs workloads.
fn members(name: &Name, binding: &str, role: &str, groups: &[&str], users: &[String]) -> plimsoll_yaml::Node {
    let subject =
        |kind: &str, name: &str| json!({ "apiGroup": "rbac.authorization.k8s.io", "kind": kind, "name": name });
    let groups = groups.iter().map(|group| subject("Group", group));
    let users = users.iter().map(|user| match user.strip_prefix("group:") {
        Some(group) => subject("Group", group),
        None => subject("User", user),
    });
    super::node::from_json(&json!({
        "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "RoleBinding",
        "metadata": { "name": binding, "namespace": name.as_str() },
        "roleRef": { "apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": role },
        "subjects": groups.chain(users).collect::<Vec<_>>(),
    }))
}

fn default_deny() -> NetworkPolicy {
    let spec =
        NetworkPolicySpec { policy_types: Setting::from(texts(["Ingress", "Egress"])), ..NetworkPolicySpec::default() };
    NetworkPolicy { spec: spec.into() }
}

/// Names are asked of CoreDNS and, where there is one, of the cache on the node: the latter is no pod of a namespace,
/// so only its address can be named.
fn allow_dns(design: &Design) -> NetworkPolicy {
    let coredns = NetworkPeer {
        namespace_selector: Some(LabelSelector::of(labels([("kubernetes.io/metadata.name", "kube-system")]))),
        pod_selector: Some(LabelSelector::of(labels([("k8s-app", "kube-dns")]))),
        ip_block: None,
    };
    let cache = design.nodelocal.as_ref().map(|cache| NetworkPeer {
        ip_block: Some(IpBlock { cidr: text(ipnet::IpNet::from(cache.address).to_string()), except: Vec::new() }),
        ..NetworkPeer::default()
    });
    let port = |protocol: &str| NetworkPort {
        protocol: text(protocol),
        port: Setting::from(IntOrName::Int(53)),
        end_port: Setting::Absent,
    };
    let rule = NetworkRule {
        to: std::iter::once(coredns).chain(cache).collect(),
        ports: vec![port("UDP"), port("TCP")],
        ..NetworkRule::default()
    };
    let spec = NetworkPolicySpec {
        policy_types: Setting::from(texts(["Egress"])),
        egress: vec![rule],
        ..NetworkPolicySpec::default()
    };
    NetworkPolicy { spec: spec.into() }
}

fn allow_same_namespace() -> NetworkPolicy {
    let here = || vec![NetworkPeer { pod_selector: Some(LabelSelector::default()), ..NetworkPeer::default() }];
    let spec = NetworkPolicySpec {
        policy_types: Setting::from(texts(["Ingress", "Egress"])),
        ingress: vec![NetworkRule { from: here(), ..NetworkRule::default() }],
        egress: vec![NetworkRule { to: here(), ..NetworkRule::default() }],
        ..NetworkPolicySpec::default()
    };
    NetworkPolicy { spec: spec.into() }
}
