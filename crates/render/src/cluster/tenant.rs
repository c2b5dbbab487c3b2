//! The namespace of each tenant: quota, defaults, rights, and what may talk to it.

use ipnet::IpNet;
use plimsoll_diagnostics::Spanned;
use plimsoll_formats::Setting;
use plimsoll_formats::kubernetes::core::{
    IntOrName, IpBlock, LimitRange, LimitRangeItem, LimitRangeSpec, Namespace, NetworkPeer, NetworkPolicy,
    NetworkPolicySpec, NetworkPort, NetworkRule, QuotaSpec, ResourceQuota,
};
use plimsoll_formats::kubernetes::meta::{LabelSelector, Labels, labels};
use plimsoll_formats::kubernetes::quantity::Quantity;
use plimsoll_formats::kubernetes::{Metadata, object, text, texts};
use plimsoll_model::design::{Reach, Tenant};
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
        if !tenant.from.is_empty() {
            documents.push(object(&meta("allow-from"), &allow(design, "Ingress", &tenant.from)));
        }
        if !tenant.to.is_empty() {
            documents.push(object(&meta("allow-to"), &allow(design, "Egress", &tenant.to)));
        }
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

/// Addresses that belong to nobody on the Internet: private and shared use, loopback, link-local (RFC 1918, 6598, 3927,
/// 4193, 4291).
const PRIVATE: [&str; 8] = [
    "10.0.0.0/8",
    "100.64.0.0/10",
    "127.0.0.0/8",
    "169.254.0.0/16",
    "172.16.0.0/12",
    "192.168.0.0/16",
    "fc00::/7",
    "fe80::/10",
];

/// What the cluster file opens in one direction. A rule that names nobody means everybody, so `any` stands alone.
fn allow(design: &Design, direction: &str, sides: &[Reach]) -> NetworkPolicy {
    let everybody = sides.contains(&Reach::Any);
    let peers: Vec<NetworkPeer> =
        if everybody { Vec::new() } else { sides.iter().flat_map(|side| peers(design, side)).collect() };
    let mut spec =
        NetworkPolicySpec { policy_types: Setting::from(texts([direction])), ..NetworkPolicySpec::default() };
    if direction == "Ingress" {
        spec.ingress = vec![NetworkRule { from: peers, ..NetworkRule::default() }];
    } else {
        spec.egress = vec![NetworkRule { to: peers, ..NetworkRule::default() }];
    }
    NetworkPolicy { spec: spec.into() }
}

fn peers(design: &Design, side: &Reach) -> Vec<NetworkPeer> {
    let block = |cidr: String, except: Vec<String>| NetworkPeer {
        ip_block: Some(IpBlock { cidr: text(cidr), except: texts(except) }),
        ..NetworkPeer::default()
    };
    match side {
        Reach::Any => Vec::new(),
        Reach::Prefix(prefix) => vec![block(prefix.to_string(), Vec::new())],
        Reach::Namespace(name) => vec![NetworkPeer {
            namespace_selector: Some(LabelSelector::of(labels([("kubernetes.io/metadata.name", name.as_str())]))),
            ..NetworkPeer::default()
        }],
        Reach::Internet => {
            let mut families = vec![("0.0.0.0/0", true)];
            if design.kubernetes.pods.iter().any(|pods| pods.addr().is_ipv6()) {
                families.push(("::/0", false));
            }
            families.into_iter().map(|(all, four)| block(all.to_owned(), not_the_internet(design, four))).collect()
        }
    }
}

/// Private prefixes of a family, and the cluster's own that are public.
fn not_the_internet(design: &Design, four: bool) -> Vec<String> {
    let mut nets: Vec<IpNet> = PRIVATE.iter().filter_map(|net| net.parse().ok()).collect();
    let kubernetes = &design.kubernetes;
    let networks = design.network.values();
    let own = networks.flat_map(|network| [Some(IpNet::V4(network.ipv4)), network.ipv6.map(IpNet::V6)]).flatten();
    for net in own.chain(kubernetes.pods.iter().copied()).chain(kubernetes.services.iter().copied()) {
        if !nets.iter().any(|known| known.contains(&net.trunc())) {
            nets.push(net.trunc());
        }
    }
    nets.iter().filter(|net| net.addr().is_ipv4() == four).map(ToString::to_string).collect()
}
