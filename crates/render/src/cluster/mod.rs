//! Objects of the cluster, and the files of kubeadm.
//!
//! `cluster/NN-name.yaml` in the order in which they are applied, one subject a file. What the operators' own releases
//! install (Calico's operator, MetalLB, Rook) is not copied here: `cluster/README.md` says which release to take.

mod calico;
mod coredns;
mod external_dns;
mod kubeadm;
mod local_storage;
mod metallb;
mod monitoring;
mod namespaces;
mod node;
mod node_labels;
mod node_local;
mod readme;
mod rook;
mod storage_class;
mod tenant;
#[cfg(test)]
mod tests;

use plimsoll_model::{Design, Name};
use plimsoll_yaml::{Node, emit_documents};

use crate::{File, Tree};

/// Adds `cluster/…` and the kubeadm files of each machine.
pub(crate) fn render(design: &Design, tree: &mut Tree) {
    kubeadm::render(design, tree);
    namespaces::render(design, tree);
    node_labels::render(design, tree);
    calico::render(design, tree);
    metallb::render(design, tree);
    rook::render(design, tree);
    storage_class::render(design, tree);
    local_storage::render(design, tree);
    coredns::render(design, tree);
    node_local::render(design, tree);
    external_dns::render(design, tree);
    tenant::render(design, tree);
    monitoring::render(design, tree);
    readme::render(design, tree);
}

/// A file of objects: a comment that says what it is and for which version, then the documents.
pub(crate) fn manifest(design: &Design, what: &str, for_version: &str, documents: &[Node]) -> File {
    File::new(what, format!("{}{}", header(design, what, for_version), emit_documents(documents)))
}

/// The comment at the head of a file.
pub(crate) fn header(design: &Design, what: &str, for_version: &str) -> String {
    crate::text::header(design, "#", what, for_version)
}

/// The version of a component that the Design names; empty when it names none, which `resolve` does not leave open.
pub(crate) fn version<'d>(design: &'d Design, component: &str) -> &'d str {
    design.version.get(&Name::from(component)).map_or("", String::as_str)
}

/// Who reads objects of Kubernetes itself, for the head of a file.
pub(crate) fn kubernetes(design: &Design) -> String {
    format!("kubectl apply (Kubernetes {})", design.kubernetes.version)
}
