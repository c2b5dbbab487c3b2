//! The resolver cache on each node.

use plimsoll_formats::corefile::{Conf, Item, Plugin};
use plimsoll_formats::kubernetes::Metadata;
use plimsoll_model::Design;
use plimsoll_model::design::NodeLocalDns;
use serde_json::json;

use super::coredns::{config_map, forward, server};
use super::node::from_json;
use super::{manifest, version};
use crate::Tree;

const NAME: &str = "node-local-dns";
/// Where metrics are served (the project's own choice).
const METRICS: u16 = 9253;
/// Where the node's kubelet asks whether it lives (the project's own choice).
const HEALTH: u16 = 8080;

pub(super) fn render(design: &Design, tree: &mut Tree) {
    let Some(cache) = &design.nodelocal else { return };
    let address = cache.address.to_string();
    let image = format!("registry.k8s.io/dns/k8s-dns-node-cache:{}", version(design, NAME));
    let labels = json!({ "k8s-app": NAME });
    let documents = [
        from_json(&json!({
            "apiVersion": "v1", "kind": "ServiceAccount", "metadata": { "name": NAME, "namespace": "kube-system" },
        })),
        config_map(&Metadata::namespaced("kube-system", NAME), "Corefile.base", corefile(design, cache).to_string()),
        from_json(&json!({
            "apiVersion": "apps/v1", "kind": "DaemonSet",
            "metadata": { "name": NAME, "namespace": "kube-system", "labels": labels },
            "spec": {
                "selector": { "matchLabels": labels },
                "updateStrategy": { "type": "RollingUpdate", "rollingUpdate": { "maxUnavailable": "10%" } },
                "template": { "metadata": { "labels": labels }, "spec": {
                    "serviceAccountName": NAME,
                    "priorityClassName": "system-node-critical",
                    "hostNetwork": true,
                    // Its own resolver is the node's: it must not ask itself.
                    "dnsPolicy": "Default",
                    "tolerations": [{ "operator": "Exists" }],
                    "containers": [{
                        "name": "node-cache",
                        "image": image,
                        "args": ["-localip", address, "-conf", "/etc/Corefile"],
                        "resources": {
                            "requests": { "cpu": "25m", "memory": cache.memory.kubernetes() },
                            "limits": { "memory": cache.memory.kubernetes() },
                        },
                        "securityContext": { "capabilities": { "add": ["NET_ADMIN"] } },
                        "ports": [
                            { "name": "dns", "containerPort": 53, "protocol": "UDP" },
                            { "name": "dns-tcp", "containerPort": 53, "protocol": "TCP" },
                            { "name": "metrics", "containerPort": METRICS, "protocol": "TCP" },
                        ],
                        "livenessProbe": {
                            "httpGet": { "host": address, "path": "/health", "port": HEALTH },
                            "initialDelaySeconds": 60, "timeoutSeconds": 5,
                        },
                        "volumeMounts": [
                            { "name": "xtables-lock", "mountPath": "/run/xtables.lock" },
                            { "name": "config", "mountPath": "/etc/coredns" },
                        ],
                    }],
                    "volumes": [
                        { "name": "xtables-lock", "hostPath": { "path": "/run/xtables.lock", "type": "FileOrCreate" } },
                        { "name": "config", "configMap": { "name": NAME } },
                    ],
                } },
            },
        })),
    ];
    let reader = format!("kubectl apply (k8s-dns-node-cache {})", version(design, NAME));
    tree.add(
        "cluster/41-node-local-dns.yaml",
        manifest(design, "The resolver cache on each node", &reader, &documents),
    );
}

/// It listens on the link-local address only, whatever kube-proxy does: the kubelet gives pods this address. Names of
/// the cluster are asked of CoreDNS by TCP, which no connection table loses; all others of the upstreams themselves.
fn corefile(design: &Design, cache: &NodeLocalDns) -> Conf {
    let dns = &design.coredns;
    let address = cache.address.to_string();
    let service = dns.service_ip.to_string();
    let seconds = cache.cache.whole_secs().to_string();
    let common = |success: &str| {
        vec![
            Plugin::new("errors", []),
            Plugin::new("cache", [success]),
            Plugin::new("reload", []),
            Plugin::new("loop", []),
            Plugin::new("bind", [address.as_str()]),
        ]
    };
    let mut servers = Vec::new();
    for (index, zone) in [design.kubernetes.dns_domain.as_str(), "in-addr.arpa", "ip6.arpa"].into_iter().enumerate() {
        let mut plugins = common(&seconds);
        plugins.push(Plugin::new("forward", [".", &service]).with(vec![Plugin::new("force_tcp", [])]));
        plugins.push(Plugin::new("prometheus", [format!(":{METRICS}").as_str()]));
        if index == 0 {
            plugins.push(Plugin::new(
                "health",
                [format!("{}", std::net::SocketAddr::new(cache.address, HEALTH)).as_str()],
            ));
        }
        servers.push(server(&format!("{zone}:53"), plugins));
    }
    for (zone, upstreams) in &dns.stub {
        let mut plugins = common(&seconds);
        plugins.extend(forward(dns, upstreams));
        servers.push(server(&format!("{zone}:53"), plugins));
    }
    let mut plugins = common(&seconds);
    plugins.extend(forward(dns, &dns.upstreams));
    plugins.push(Plugin::new("prometheus", [format!(":{METRICS}").as_str()]));
    servers.push(server(".:53", plugins));
    Conf { items: servers.into_iter().map(Item::Server).collect() }
}
