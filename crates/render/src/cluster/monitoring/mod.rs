//! What Prometheus watches, and when it raises an alert: plain files of Prometheus, so that any installation takes
//! them, and the rights that it needs in the cluster.

mod exporter;
mod rules;
mod scrape;

use plimsoll_model::Design;
use serde_json::json;

use super::namespaces::MONITORING;
use super::node::from_json;
use super::{header, kubernetes, manifest};
use crate::{File, Tree};

pub(super) fn render(design: &Design, tree: &mut Tree) {
    let rbac = [
        json!({ "apiVersion": "v1", "kind": "ServiceAccount",
            "metadata": { "name": "prometheus", "namespace": MONITORING } }),
        json!({ "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole", "metadata": { "name": "prometheus" },
            "rules": [
                { "apiGroups": [""], "resources": ["nodes", "services", "endpoints", "pods"],
                    "verbs": ["get", "list", "watch"] },
                { "apiGroups": ["discovery.k8s.io"], "resources": ["endpointslices"], "verbs": ["get", "list", "watch"] },
                { "apiGroups": [""], "resources": ["nodes/metrics"], "verbs": ["get"] },
                { "nonResourceURLs": ["/metrics"], "verbs": ["get"] },
            ] }),
        json!({ "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRoleBinding",
            "metadata": { "name": "prometheus" },
            "roleRef": { "apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "prometheus" },
            "subjects": [{ "kind": "ServiceAccount", "name": "prometheus", "namespace": MONITORING }] }),
    ]
    .map(|document| from_json(&document));
    let file = manifest(design, "What Prometheus may read in the cluster", &kubernetes(design), &rbac);
    tree.add("cluster/60-monitoring.yaml", file);

    exporter::render(design, tree);
    let what = "What Prometheus watches";
    let text =
        format!("{}{}", header(design, what, "prometheus"), plimsoll_yaml::emit(&from_json(&scrape::config(design))));
    tree.add("cluster/prometheus/prometheus.yml", File::new(what, text));
    for (name, what, groups) in rules::files(design) {
        let groups = json!({ "groups": groups });
        let text = format!("{}{}", header(design, what, "prometheus"), plimsoll_yaml::emit(&from_json(&groups)));
        tree.add(format!("cluster/prometheus/rules/{name}.yaml"), File::new(what, text));
    }
}
