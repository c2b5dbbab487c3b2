//! Namespaces of the system, and priority classes.

use plimsoll_formats::kubernetes::{Metadata, core, object, text};
use plimsoll_model::Design;
use plimsoll_yaml::Node;

use super::{kubernetes, manifest};
use crate::Tree;

/// Where MetalLB runs.
pub(crate) const METALLB: &str = "metallb-system";
/// Where Rook and Ceph run.
pub(crate) const ROOK: &str = "rook-ceph";
/// Where ExternalDNS runs.
pub(crate) const EXTERNAL_DNS: &str = "external-dns";
/// Where the provisioner of local volumes runs.
pub(crate) const LOCAL_STORAGE: &str = "local-storage";
/// Where Prometheus runs.
pub(crate) const MONITORING: &str = "monitoring";

pub(super) fn render(design: &Design, tree: &mut Tree) {
    let mut names = vec![MONITORING];
    names.extend(design.metallb.is_some().then_some(METALLB));
    names.extend(design.ceph.is_some().then_some(ROOK));
    names.extend(design.external_dns.is_some().then_some(EXTERNAL_DNS));
    names.extend(design.local_storage.is_some().then_some(LOCAL_STORAGE));
    names.sort_unstable();
    let documents: Vec<Node> =
        names.iter().map(|name| object(&Metadata::cluster(*name), &core::Namespace::default())).collect();
    tree.add(
        "cluster/00-namespaces.yaml",
        manifest(design, "Namespaces of the system", &kubernetes(design), &documents),
    );

    let documents: Vec<Node> = design
        .priority_class
        .iter()
        .map(|(name, class)| {
            let class = core::PriorityClass {
                value: class.value.into(),
                global_default: class.default.into(),
                preemption_policy: plimsoll_formats::Setting::Absent,
                description: text(class.description.as_str()),
            };
            object(&Metadata::cluster(name.as_str()), &class)
        })
        .collect();
    if !documents.is_empty() {
        let file = manifest(design, "How important pods are", &kubernetes(design), &documents);
        tree.add("cluster/01-priority-classes.yaml", file);
    }
}
