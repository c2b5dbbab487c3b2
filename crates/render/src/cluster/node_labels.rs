//! Labels of nodes that a kubelet may not give itself.

use plimsoll_model::Design;
use plimsoll_yaml::Node;
use serde_json::{Map, Value, json};

use super::node::from_json;
use super::{kubernetes, manifest};
use crate::Tree;

pub(super) fn render(design: &Design, tree: &mut Tree) {
    let documents: Vec<Node> = design
        .nodes()
        .filter_map(|(name, machine)| {
            let labels: Map<String, Value> = machine
                .label
                .iter()
                .filter(|(key, _)| !own(key.as_str()))
                .map(|(key, value)| (key.to_string(), json!(value)))
                .collect();
            let node = json!({ "apiVersion": "v1", "kind": "Node",
                "metadata": { "name": name.as_str(), "labels": labels } });
            (!labels.is_empty()).then(|| from_json(&node))
        })
        .collect();
    if !documents.is_empty() {
        let what =
            "Labels of nodes that a kubelet may not give itself; apply with `--server-side` once nodes have joined";
        tree.add("cluster/02-node-labels.yaml", manifest(design, what, &kubernetes(design), &documents));
    }
}

/// Whether a kubelet may give its node this label: every one outside Kubernetes' own domains, and some within (kubelet
/// option `--node-labels`; a kubelet that is given another one does not start).
pub(super) fn own(key: &str) -> bool {
    const NAMED: [&str; 11] = [
        "kubernetes.io/hostname",
        "kubernetes.io/arch",
        "kubernetes.io/os",
        "beta.kubernetes.io/arch",
        "beta.kubernetes.io/os",
        "beta.kubernetes.io/instance-type",
        "node.kubernetes.io/instance-type",
        "topology.kubernetes.io/region",
        "topology.kubernetes.io/zone",
        "failure-domain.beta.kubernetes.io/region",
        "failure-domain.beta.kubernetes.io/zone",
    ];
    let Some((domain, _)) = key.split_once('/') else { return true };
    let within = |parent: &str| domain == parent || domain.ends_with(&format!(".{parent}"));
    if !within("kubernetes.io") && !within("k8s.io") {
        return true;
    }
    NAMED.contains(&key) || within("kubelet.kubernetes.io") || within("node.kubernetes.io")
}

#[cfg(test)]
mod tests {
    use super::own;

    #[test]
    fn kubelets_keep_out_of_the_domains_of_kubernetes() {
        for key in ["topology.plimsoll.dev/host", "topology.rook.io/chassis", "topology.kubernetes.io/zone", "plain"] {
            assert!(own(key), "{key}");
        }
        for key in ["node-role.kubernetes.io/worker", "example.k8s.io/x", "kubernetes.io/role"] {
            assert!(!own(key), "{key}");
        }
    }
}
