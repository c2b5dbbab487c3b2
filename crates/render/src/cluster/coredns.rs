//! Names inside the cluster: the Corefile, the spread of its copies, their disruption budget.

use std::net::IpAddr;

use plimsoll_diagnostics::Spanned;
use plimsoll_formats::Setting;
use plimsoll_formats::corefile::{Conf, Item, Plugin, Server};
use plimsoll_formats::kubernetes::core::{ConfigMap, DisruptionBudgetSpec, PodDisruptionBudget};
use plimsoll_formats::kubernetes::meta::{LabelSelector, labels};
use plimsoll_formats::kubernetes::quantity::IntOrPercent;
use plimsoll_formats::kubernetes::workload::{
    Container, Deployment, PodSpec, PodTemplate, Resources, TopologySpread, WorkloadSpec,
};
use plimsoll_formats::kubernetes::{Metadata, document, object, text, texts};
use plimsoll_model::Design;
use plimsoll_model::design::CoreDns;
use plimsoll_yaml::{Map, Node};

use super::{kubernetes, manifest};
use crate::{File, Tree};

/// The label by which kubeadm and everybody else finds the copies.
const APP: (&str, &str) = ("k8s-app", "kube-dns");

pub(super) fn render(design: &Design, tree: &mut Tree) {
    let dns = &design.coredns;
    let meta = |name: &str| Metadata::namespaced("kube-system", name);
    let mut documents = vec![config_map(&meta("coredns"), "Corefile", corefile(design).to_string())];
    if let Some(max) = dns.max_unavailable {
        let spec = DisruptionBudgetSpec {
            max_unavailable: IntOrPercent::Int(max).into(),
            selector: Some(LabelSelector::of(labels([APP]))),
            ..DisruptionBudgetSpec::default()
        };
        documents.push(object(&meta("coredns"), &PodDisruptionBudget { spec: spec.into() }));
    }
    let file = manifest(design, "Names inside the cluster: CoreDNS", &kubernetes(design), &documents);
    tree.add("cluster/40-coredns.yaml", file);
}

/// A ConfigMap with one text, which the emitter writes as a block.
pub(super) fn config_map(metadata: &Metadata, key: &str, content: String) -> Node {
    let data = Map(vec![(Spanned::from(key.to_owned()), text(content))]);
    object(metadata, &ConfigMap { data, ..ConfigMap::default() })
}

/// What kubeadm changes in its own Deployment, so that an upgrade does not undo it.
pub(super) fn patch(design: &Design) -> File {
    let dns = &design.coredns;
    let spread = dns.spread_hosts.then(|| TopologySpread {
        max_skew: 1.into(),
        topology_key: text(design.kubernetes.host_label.as_str()),
        when_unsatisfiable: text("DoNotSchedule"),
        label_selector: Some(LabelSelector::of(labels([APP]))),
        // Copies of the version that is being replaced must not keep the new ones from their hosts.
        match_label_keys: texts(["pod-template-hash"]),
        ..TopologySpread::default()
    });
    let container = Container {
        name: text("coredns"),
        resources: Setting::from(Resources::of([], [("memory", dns.memory.into())])),
        ..Container::default()
    };
    let spec = WorkloadSpec {
        replicas: dns.replicas.into(),
        template: PodTemplate {
            spec: PodSpec {
                topology_spread_constraints: spread.map_or(Setting::Absent, |spread| Setting::from(vec![spread])),
                containers: vec![container],
                ..PodSpec::default()
            }
            .into(),
            ..PodTemplate::default()
        }
        .into(),
        ..WorkloadSpec::default()
    };
    let metadata = plimsoll_yaml::ToNode::to_node(&Metadata::namespaced("kube-system", "coredns"));
    let deployment = plimsoll_yaml::ToNode::to_node(&Deployment { spec: spec.into() });
    let node = document("apps/v1", "Deployment", Some(metadata), &deployment);
    manifest(design, "Copies of CoreDNS: how many, on which hosts, with how much memory", "kubeadm (patches)", &[node])
}

/// The Corefile of the cluster's resolver.
fn corefile(design: &Design) -> Conf {
    let dns = &design.coredns;
    let domain = design.kubernetes.dns_domain.as_str();
    let reverse = ["in-addr.arpa", "ip6.arpa"];
    let kubernetes = Plugin::new("kubernetes", [domain].into_iter().chain(reverse)).with(vec![
        Plugin::new("pods", ["insecure"]),
        Plugin::new("fallthrough", reverse),
        Plugin::new("ttl", [dns.ttl.whole_secs().to_string().as_str()]),
    ]);
    let mut plugins = vec![
        Plugin::new("errors", []),
        Plugin::new("health", []).with(vec![Plugin::new("lameduck", [dns.lameduck.go().as_str()])]),
        Plugin::new("ready", []),
        kubernetes,
        Plugin::new("prometheus", [":9153"]),
    ];
    plugins.extend(forward(dns, &dns.upstreams));
    plugins.extend([cache(dns.cache.whole_secs()), Plugin::new("loop", []), Plugin::new("reload", [])]);
    plugins.push(Plugin::new("loadbalance", []));
    let mut servers = vec![server(".:53", plugins)];
    for (zone, upstreams) in &dns.stub {
        let mut plugins = vec![Plugin::new("errors", [])];
        plugins.extend(forward(dns, upstreams));
        plugins.push(cache(dns.cache.whole_secs()));
        servers.push(server(&format!("{zone}:53"), plugins));
    }
    Conf { items: servers.into_iter().map(Item::Server).collect() }
}

pub(super) fn server(key: &str, plugins: Vec<Plugin>) -> Server {
    Server { keys: texts([key]), plugins }
}

pub(super) fn cache(seconds: u64) -> Plugin {
    Plugin::new("cache", [seconds.to_string().as_str()])
}

/// Outside names; nothing when nobody is asked for them.
pub(super) fn forward(dns: &CoreDns, upstreams: &[IpAddr]) -> Option<Plugin> {
    if upstreams.is_empty() {
        return None;
    }
    let to: Vec<String> = upstreams.iter().map(IpAddr::to_string).collect();
    let words = std::iter::once(".").chain(to.iter().map(String::as_str));
    Some(Plugin::new("forward", words).with(vec![
        Plugin::new("policy", [dns.policy.as_str()]),
        Plugin::new("max_concurrent", [dns.max_concurrent.to_string().as_str()]),
    ]))
}
