//! Records of services: ExternalDNS. Its flags changed with its versions.

use plimsoll_model::Design;
use plimsoll_model::design::{ExternalDns, TsigKey, ZoneKind};
use serde_json::json;

use super::namespaces::EXTERNAL_DNS;
use super::node::from_json;
use super::{manifest, version};
use crate::{Hole, Tree};

/// Name of all its objects.
const NAME: &str = "external-dns";
/// The Secret with the key, and its entry.
const SECRET: (&str, &str) = ("external-dns-tsig", "secret");
/// Where metrics and health are served (its default).
const PORT: u16 = 7979;

pub(super) fn render(design: &Design, tree: &mut Tree) {
    let Some(dns) = &design.external_dns else { return };
    let Some(key) = design.tsig.get(&dns.key) else { return };
    let release = version(design, NAME);
    let reader = format!("kubectl apply (ExternalDNS {release})");

    let hole = Hole::text(&key.secret);
    let secret = json!({
        "apiVersion": "v1", "kind": "Secret", "type": "Opaque",
        "metadata": { "name": SECRET.0, "namespace": EXTERNAL_DNS },
        "stringData": { SECRET.1: hole.placeholder() },
    });
    let file = manifest(design, "The key with which records are changed", &reader, &[from_json(&secret)]);
    tree.add("cluster/44-external-dns-key.yaml", file.holes([&hole]));

    let labels = json!({ "app.kubernetes.io/name": NAME });
    let documents = [
        json!({ "apiVersion": "v1", "kind": "ServiceAccount", "metadata": { "name": NAME, "namespace": EXTERNAL_DNS } }),
        json!({
            "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole", "metadata": { "name": NAME },
            "rules": [
                { "apiGroups": [""], "resources": ["services", "pods", "nodes"], "verbs": ["get", "watch", "list"] },
                { "apiGroups": ["discovery.k8s.io"], "resources": ["endpointslices"], "verbs": ["get", "watch", "list"] },
                { "apiGroups": ["networking.k8s.io"], "resources": ["ingresses"], "verbs": ["get", "watch", "list"] },
            ],
        }),
        json!({
            "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRoleBinding", "metadata": { "name": NAME },
            "roleRef": { "apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": NAME },
            "subjects": [{ "kind": "ServiceAccount", "name": NAME, "namespace": EXTERNAL_DNS }],
        }),
        json!({
            "apiVersion": "apps/v1", "kind": "Deployment",
            "metadata": { "name": NAME, "namespace": EXTERNAL_DNS, "labels": labels },
            "spec": {
                // It elects no leader: two would work against each other.
                "replicas": 1,
                "strategy": { "type": "Recreate" },
                "selector": { "matchLabels": labels },
                "template": { "metadata": { "labels": labels }, "spec": {
                    "serviceAccountName": NAME,
                    "priorityClassName": "system-cluster-critical",
                    "securityContext": {
                        "runAsNonRoot": true, "runAsUser": 65534, "fsGroup": 65534,
                        "seccompProfile": { "type": "RuntimeDefault" },
                    },
                    "containers": [{
                        "name": NAME,
                        "image": format!("registry.k8s.io/external-dns/external-dns:v{release}"),
                        "args": args(design, dns, key),
                        "env": [{
                            "name": "EXTERNAL_DNS_RFC2136_TSIG_SECRET",
                            "valueFrom": { "secretKeyRef": { "name": SECRET.0, "key": SECRET.1 } },
                        }],
                        "ports": [{ "name": "http", "containerPort": PORT }],
                        "livenessProbe": { "httpGet": { "path": "/healthz", "port": PORT } },
                        "readinessProbe": { "httpGet": { "path": "/healthz", "port": PORT } },
                        "resources": {
                            "requests": { "cpu": "10m", "memory": dns.memory.kubernetes() },
                            "limits": { "memory": dns.memory.kubernetes() },
                        },
                        "securityContext": {
                            "allowPrivilegeEscalation": false, "readOnlyRootFilesystem": true,
                            "capabilities": { "drop": ["ALL"] },
                        },
                    }],
                } },
            },
        }),
    ]
    .map(|document| from_json(&document));
    tree.add("cluster/45-external-dns.yaml", manifest(design, "Records of services: ExternalDNS", &reader, &documents));
}

/// Its arguments. Which name a flag has follows the release: `--policy` is required from 0.22 and given in every
/// version; transfer, minimum life and reverse records were renamed in 0.21 and 0.22; the prefix of annotations can be
/// set from 0.20 (changelogs and flag references of 0.19 to 0.22).
fn args(design: &Design, dns: &ExternalDns, key: &TsigKey) -> Vec<String> {
    let release = release(version(design, NAME));
    let mut args = vec!["--provider=rfc2136".to_owned()];
    args.push(format!("--rfc2136-host={}", dns.server));
    args.push("--rfc2136-port=53".into());
    args.extend(dns.zones.iter().map(|zone| format!("--rfc2136-zone={zone}")));
    args.push(format!("--rfc2136-tsig-keyname={}", dns.key));
    args.push(format!("--rfc2136-tsig-secret-alg={}", key.algorithm));
    if dns.axfr {
        args.push(if release >= (0, 22) { "--rfc2136-axfr" } else { "--rfc2136-tsig-axfr" }.into());
    }
    args.extend(dns.zones.iter().map(|zone| format!("--domain-filter={zone}")));
    args.extend(dns.sources.iter().map(|source| format!("--source={source}")));
    args.push(format!("--policy={}", dns.policy.as_str()));
    args.push("--registry=txt".into());
    args.push(format!("--txt-owner-id={}", dns.owner_id));
    if !dns.txt_prefix.is_empty() {
        args.push(format!("--txt-prefix={}", dns.txt_prefix));
    }
    args.push(format!("--interval={}", dns.interval.go()));
    let ttl = if release >= (0, 21) { "--min-ttl" } else { "--rfc2136-min-ttl" };
    args.push(format!("{ttl}={}", dns.min_ttl.go()));
    if release >= (0, 20) {
        args.push(format!("--annotation-prefix={}", dns.annotation_prefix));
    }
    let reverse = |zone| design.zone.get(zone).is_some_and(|zone| zone.kind == ZoneKind::Reverse);
    if dns.zones.iter().any(reverse) {
        args.push(if release >= (0, 21) { "--create-ptr" } else { "--rfc2136-create-ptr" }.into());
        args.extend(["A", "AAAA", "CNAME", "PTR"].map(|kind| format!("--managed-record-types={kind}")));
    }
    args
}

/// Major and minor number; `(0, 0)` of what is no version.
fn release(version: &str) -> (u32, u32) {
    let mut parts = version.trim_start_matches('v').split('.').map(|part| part.parse().unwrap_or(0));
    (parts.next().unwrap_or(0), parts.next().unwrap_or(0))
}
