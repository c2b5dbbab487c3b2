//! Where kubeadm and the daemons look for keys and certificates.

use plimsoll_model::Design;
use plimsoll_model::design::Role;

use crate::{Secret, Store};

/// A file of keys on a machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyFile {
    /// Where it goes, absolute.
    pub path: String,
    /// Its content.
    pub content: Secret,
    /// Permission bits: a key is for root alone, a certificate for everybody.
    pub mode: u32,
}

/// What all control-plane machines share, below `/etc/kubernetes/pki`.
pub(crate) const SHARED: [&str; 4] = ["ca", "front-proxy-ca", "etcd/ca", "sa"];

/// What each control-plane machine has of its own, below `/etc/kubernetes/pki`.
pub(crate) const OWN: [&str; 7] = [
    "apiserver",
    "apiserver-kubelet-client",
    "apiserver-etcd-client",
    "front-proxy-client",
    "etcd/server",
    "etcd/peer",
    "etcd/healthcheck-client",
];

/// The keys and certificates of one machine at the paths of kubeadm, sorted: authorities, and what is its own as far as
/// the store has it (a throw-away store has all; otherwise kubeadm makes them). Nodes without a control plane get the
/// cluster's certificate only, everybody else nothing.
pub fn files_for(design: &Design, store: &Store, machine: &str) -> Vec<KeyFile> {
    let mut files = Vec::new();
    let mut add = |name: String, place: &str, ending: &str| {
        if let Some(content) = store.get(&format!("{name}.{ending}")) {
            let mode = if ending == "key" { 0o600 } else { 0o644 };
            let path = format!("/etc/kubernetes/pki/{place}.{ending}");
            files.push(KeyFile { path, content: content.clone(), mode });
        }
    };
    let member = design.etcd.member.keys().any(|name| name.as_str() == machine);
    let role = design.machine(machine).map(|machine| machine.role);
    let control_plane = role == Some(Role::ControlPlane);
    if control_plane || member {
        for place in SHARED.into_iter().filter(|place| control_plane || place.starts_with("etcd")) {
            for ending in ["crt", "key", "pub"] {
                add(format!("pki/{place}"), place, ending);
            }
        }
        for place in OWN {
            for ending in ["crt", "key"] {
                add(format!("pki/{machine}/{place}"), place, ending);
            }
        }
    } else if role.is_some_and(Role::is_node) || role == Some(Role::Balancer) {
        add("pki/ca".into(), "ca", "crt");
    }
    files.sort_by(|a, b| a.path.cmp(&b.path));
    files
}
