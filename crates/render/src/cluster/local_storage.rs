//! Volumes on disks of a node.

use plimsoll_formats::kubernetes::core::StorageClass;
use plimsoll_formats::kubernetes::{Metadata, object, text};
use plimsoll_model::{Design, Name};
use serde_json::json;

use super::coredns::config_map;
use super::namespaces::LOCAL_STORAGE;
use super::node::from_json;
use super::{manifest, version};
use crate::Tree;

const NAME: &str = "local-volume-provisioner";

pub(super) fn render(design: &Design, tree: &mut Tree) {
    let Some(local) = &design.local_storage else { return };
    let release = version(design, "local-static-provisioner");
    let class = StorageClass {
        provisioner: text("kubernetes.io/no-provisioner"),
        // A volume of a node is chosen when the pod is placed, not before.
        volume_binding_mode: text("WaitForFirstConsumer"),
        reclaim_policy: text("Delete"),
        ..StorageClass::default()
    };
    let storage_class_map = plimsoll_yaml::emit(&from_json(&json!({
        local.class.as_str(): {
            "hostDir": local.directory, "mountDir": local.directory, "volumeMode": "Filesystem", "fsType": "ext4",
        },
    })));
    let labels = json!({ "app": NAME });
    let meta = json!({ "name": NAME, "namespace": LOCAL_STORAGE });
    let nodes: Vec<&str> = local.nodes.iter().map(Name::as_str).collect();
    let documents = [
        object(&Metadata::cluster(local.class.as_str()), &class),
        config_map(&Metadata::namespaced(LOCAL_STORAGE, NAME), "storageClassMap", storage_class_map),
        from_json(&json!({ "apiVersion": "v1", "kind": "ServiceAccount", "metadata": meta })),
        from_json(&json!({
            "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole", "metadata": { "name": NAME },
            "rules": [
                { "apiGroups": [""], "resources": ["persistentvolumes"],
                    "verbs": ["get", "list", "watch", "create", "delete"] },
                { "apiGroups": ["storage.k8s.io"], "resources": ["storageclasses"], "verbs": ["get", "list", "watch"] },
                { "apiGroups": [""], "resources": ["events"], "verbs": ["create", "update", "patch"] },
                { "apiGroups": [""], "resources": ["nodes"], "verbs": ["get"] },
            ],
        })),
        from_json(&json!({
            "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRoleBinding", "metadata": { "name": NAME },
            "roleRef": { "apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": NAME },
            "subjects": [{ "kind": "ServiceAccount", "name": NAME, "namespace": LOCAL_STORAGE }],
        })),
        from_json(&json!({
            "apiVersion": "apps/v1", "kind": "DaemonSet", "metadata": { "name": NAME, "namespace": LOCAL_STORAGE, "labels": labels },
            "spec": { "selector": { "matchLabels": labels }, "template": {
                "metadata": { "labels": labels },
                "spec": {
                    "serviceAccountName": NAME,
                    "priorityClassName": "system-node-critical",
                    // Nodes that offer disks offer them whatever their taints.
                    "tolerations": [{ "operator": "Exists" }],
                    "affinity": { "nodeAffinity": { "requiredDuringSchedulingIgnoredDuringExecution": {
                        "nodeSelectorTerms": [{ "matchExpressions": [
                            { "key": "kubernetes.io/hostname", "operator": "In", "values": nodes },
                        ] }],
                    } } },
                    "containers": [{
                        "name": "provisioner",
                        "image": format!("registry.k8s.io/sig-storage/local-volume-provisioner:v{release}"),
                        "securityContext": { "privileged": true },
                        "env": [
                            { "name": "MY_NODE_NAME", "valueFrom": { "fieldRef": { "fieldPath": "spec.nodeName" } } },
                            { "name": "MY_NAMESPACE", "valueFrom": { "fieldRef": { "fieldPath": "metadata.namespace" } } },
                        ],
                        "ports": [{ "name": "metrics", "containerPort": 8080 }],
                        "resources": { "requests": { "cpu": "10m", "memory": "64Mi" }, "limits": { "memory": "128Mi" } },
                        "volumeMounts": [
                            { "name": "config", "mountPath": "/etc/provisioner/config", "readOnly": true },
                            { "name": "dev", "mountPath": "/dev" },
                            { "name": "volumes", "mountPath": local.directory, "mountPropagation": "HostToContainer" },
                        ],
                    }],
                    "volumes": [
                        { "name": "config", "configMap": { "name": NAME } },
                        { "name": "dev", "hostPath": { "path": "/dev" } },
                        { "name": "volumes", "hostPath": { "path": local.directory } },
                    ],
                },
            } },
        })),
    ];
    let reader = format!("kubectl apply (local static provisioner {release})");
    tree.add("cluster/35-local-storage.yaml", manifest(design, "Volumes on disks of a node", &reader, &documents));
}
