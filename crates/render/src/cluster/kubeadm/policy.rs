//! Files that the API server reads: what is logged, and how Secrets are encrypted at rest.

use plimsoll_formats::kubeadm::{
    AuditPolicy, EncryptionConfiguration, EncryptionKey, EncryptionProvider, EncryptionResource, KeyedProvider,
};
use plimsoll_formats::kubernetes::{config, text, texts};
use plimsoll_model::{Design, Name};
use plimsoll_yaml::{Node, emit};
use serde_json::json;

use crate::cluster::header;
use crate::cluster::node::from_json;
use crate::{File, Hole, Tree};

/// Where the files are; the API server sees nothing else of the machine's `/etc`.
pub(crate) const DIRECTORY: &str = "/etc/kubernetes/plimsoll";
/// What is logged.
pub(crate) const AUDIT: &str = "/etc/kubernetes/plimsoll/audit-policy.yaml";
/// Where it is logged.
pub(crate) const AUDIT_LOG: &str = "/var/log/kubernetes/audit";
/// How Secrets are encrypted.
pub(crate) const ENCRYPTION: &str = "/etc/kubernetes/plimsoll/encryption.yaml";

pub(super) fn render(design: &Design, tree: &mut Tree, machine: &Name) {
    let reader = format!("kube-apiserver {}", design.kubernetes.version);
    if design.kubernetes.apiserver.audit.is_some() {
        let what = "What the API server logs";
        let text = format!("{}{}", header(design, what, &reader), emit(&config(&audit())));
        tree.on_machine(machine, AUDIT, File::new(what, text));
    }
    if let Some(secret) = &design.kubernetes.apiserver.encryption {
        let what = "How Secrets are encrypted at rest";
        let hole = Hole::text(secret);
        let text = format!("{}{}", header(design, what, &reader), emit(&config(&encryption(&hole))));
        tree.on_machine(machine, ENCRYPTION, File::new(what, text).mode(0o600).holes([&hole]));
    }
}

/// Who did what, without contents of Secrets and without what the machinery says to itself all the time.
fn audit() -> AuditPolicy {
    let rules = [
        json!({ "level": "None", "users": ["system:kube-proxy"], "verbs": ["watch"],
            "resources": [{ "group": "", "resources": ["endpoints", "services"] },
                { "group": "discovery.k8s.io", "resources": ["endpointslices"] }] }),
        json!({ "level": "None", "userGroups": ["system:nodes"], "verbs": ["get", "update", "patch"],
            "resources": [{ "group": "", "resources": ["nodes", "nodes/status"] },
                { "group": "coordination.k8s.io", "resources": ["leases"] }] }),
        json!({ "level": "None", "resources": [{ "group": "coordination.k8s.io", "resources": ["leases"] },
            { "group": "", "resources": ["events"] }, { "group": "events.k8s.io", "resources": ["events"] }] }),
        json!({ "level": "None", "nonResourceURLs": ["/healthz*", "/livez*", "/readyz*", "/version", "/openapi/*"] }),
        json!({ "level": "Metadata", "resources": [
            { "group": "", "resources": ["secrets", "configmaps", "serviceaccounts/token"] },
            { "group": "authentication.k8s.io", "resources": ["tokenreviews"] }] }),
        json!({ "level": "Metadata", "verbs": ["get", "list", "watch"] }),
        json!({ "level": "Request" }),
    ];
    let rules: Vec<Node> = rules.iter().map(from_json).collect();
    AuditPolicy {
        omit_stages: texts(["RequestReceived"]),
        rules,
        omit_managed_fields: true.into(),
        ..AuditPolicy::default()
    }
}

fn encryption(key: &Hole) -> EncryptionConfiguration {
    let keys = vec![EncryptionKey { name: text("key1"), secret: text(key.placeholder()) }];
    let providers = vec![
        EncryptionProvider { secretbox: Some(KeyedProvider { keys }), ..EncryptionProvider::default() },
        // What was written before is still in clear.
        EncryptionProvider { identity: Some(Node::mapping(Vec::new())), ..EncryptionProvider::default() },
    ];
    EncryptionConfiguration { resources: vec![EncryptionResource { resources: texts(["secrets"]), providers }] }
}
