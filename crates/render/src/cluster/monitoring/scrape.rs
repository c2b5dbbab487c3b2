//! Targets.

use std::net::{IpAddr, SocketAddr};

use plimsoll_model::Design;
use plimsoll_model::design::{ETCD_METRICS_PORT, Host, Machine, PlatformKind, Purpose, Role, State};
use serde_json::{Value, json};

use crate::cluster::kubeadm::node_addresses;
use crate::cluster::namespaces::{EXTERNAL_DNS, METALLB, ROOK};

/// Where a pod finds its token and the cluster's authority.
const ACCOUNT: &str = "/var/run/secrets/kubernetes.io/serviceaccount";
/// Port of the node exporter (its default).
pub(super) const NODE_EXPORTER: u16 = 9100;

pub(super) fn config(design: &Design) -> Value {
    let interval = design.monitoring.scrape_interval.go();
    json!({
        "global": {
            "scrape_interval": interval, "evaluation_interval": interval,
            "external_labels": { "cluster": design.cluster.as_str() },
        },
        "rule_files": ["rules/*.yaml"],
        "scrape_configs": jobs(design),
    })
}

/// `address:port` of what the design gives as text.
fn target(address: &str, port: u16) -> String {
    address.parse::<IpAddr>().map_or_else(|_| format!("{address}:{port}"), |ip| SocketAddr::new(ip, port).to_string())
}

fn jobs(design: &Design) -> Vec<Value> {
    let group = |name: &str, machine: &Machine, port: u16| {
        let addresses = node_addresses(design, machine);
        let targets: Vec<String> = addresses.iter().take(1).map(|address| target(address, port)).collect();
        json!({ "targets": targets, "labels": { "machine": name, "host": machine.host.as_str() } })
    };
    let machines: Vec<Value> =
        design.machine.iter().map(|(name, machine)| group(name.as_str(), machine, NODE_EXPORTER)).collect();
    let port = design.kubernetes.apiserver.bind_port;
    let servers: Vec<Value> =
        design.machines(Role::ControlPlane).map(|(name, machine)| group(name.as_str(), machine, port)).collect();
    let members: Vec<Value> = design
        .etcd
        .member
        .iter()
        .map(|(name, member)| {
            let address = SocketAddr::new(member.address, ETCD_METRICS_PORT).to_string();
            json!({ "targets": [address], "labels": { "machine": name.as_str() } })
        })
        .collect();
    let by_account = || json!({ "type": "Bearer", "credentials_file": format!("{ACCOUNT}/token") });
    let by_authority = || json!({ "ca_file": format!("{ACCOUNT}/ca.crt") });
    let node_label = json!([{ "source_labels": ["__meta_kubernetes_node_name"], "target_label": "node" }]);
    let mut jobs = vec![json!({ "job_name": "machines", "static_configs": machines })];
    let hosts = hosts(design);
    if !hosts.is_empty() {
        jobs.push(json!({ "job_name": "hosts", "static_configs": hosts }));
    }
    jobs.extend([
        json!({ "job_name": "api", "scheme": "https", "authorization": by_account(), "tls_config": by_authority(),
            "static_configs": servers }),
        // Through the balancer: what clients see.
        json!({ "job_name": "api-endpoint", "scheme": "https", "authorization": by_account(), "tls_config": by_authority(),
            "static_configs": [{ "targets": [target(&design.api.name, design.api.port)] }],
            "metric_relabel_configs": [{ "source_labels": ["__name__"], "regex": "apiserver_build_info|kubernetes_build_info",
                "action": "keep" }] }),
        json!({ "job_name": "etcd", "static_configs": members }),
        json!({ "job_name": "kubelet", "scheme": "https", "authorization": by_account(),
            // Kubelets sign their own serving certificate unless somebody approves a better one.
            "tls_config": if design.kubernetes.kubelet.server_tls_bootstrap { by_authority() }
                else { json!({ "insecure_skip_verify": true }) },
            "kubernetes_sd_configs": [{ "role": "node" }], "relabel_configs": node_label }),
        pods("coredns", "kube-system", "k8s-app", "kube-dns", "metrics", false),
    ]);
    if design.nodelocal.is_some() {
        jobs.push(pods("node-local-dns", "kube-system", "k8s-app", "node-local-dns", "metrics", false));
    }
    if design.metallb.is_some() {
        jobs.push(pods("metallb", METALLB, "app.kubernetes.io/name", "metallb|frr-k8s", ".*metricshttps", true));
    }
    if design.ceph.is_some() {
        jobs.push(pods("ceph", ROOK, "app", "rook-ceph-mgr|rook-ceph-exporter", ".*http-metrics", false));
    }
    if design.external_dns.is_some() {
        jobs.push(pods("external-dns", EXTERNAL_DNS, "app.kubernetes.io/name", "external-dns", "http", false));
    }
    jobs
}

/// The node exporters of the hypervisors, which alone see bonds and disks, on their addresses of management.
fn hosts(design: &Design) -> Vec<Value> {
    let management = design.network_for(Purpose::Proxmox).map(|(name, _)| name);
    let there = |host: &&Host| host.platform.kind == PlatformKind::Proxmox && host.state != State::Planned;
    let all = design.host.iter().filter(|(_, host)| there(host));
    all.filter_map(|(name, host)| {
        let address = host.address.get(management?)?.address.addr();
        let target = SocketAddr::new(address, NODE_EXPORTER).to_string();
        Some(json!({ "targets": [target], "labels": { "host": name.as_str() } }))
    })
    .collect()
}

/// Pods of a namespace with a label, on the ports of that name.
fn pods(job: &str, namespace: &str, label: &str, value: &str, port: &str, tls: bool) -> Value {
    let label: String = label.chars().map(|letter| if letter.is_ascii_alphanumeric() { letter } else { '_' }).collect();
    let mut config = json!({
        "job_name": job,
        "kubernetes_sd_configs": [{ "role": "pod", "namespaces": { "names": [namespace] } }],
        "relabel_configs": [
            { "action": "keep", "source_labels": [format!("__meta_kubernetes_pod_label_{label}")], "regex": value },
            { "action": "keep", "source_labels": ["__meta_kubernetes_pod_container_port_name"], "regex": port },
            { "source_labels": ["__meta_kubernetes_pod_name"], "target_label": "pod" },
            { "source_labels": ["__meta_kubernetes_pod_node_name"], "target_label": "node" },
        ],
    });
    if tls {
        config["scheme"] = json!("https");
        config["authorization"] = json!({ "type": "Bearer", "credentials_file": format!("{ACCOUNT}/token") });
        // The certificate is one that the pod made for itself.
        config["tls_config"] = json!({ "insecure_skip_verify": true });
    }
    config
}
