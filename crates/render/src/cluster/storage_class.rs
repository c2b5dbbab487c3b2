//! Classes that volumes are asked from.

use plimsoll_diagnostics::Spanned;
use plimsoll_formats::kubernetes::core::StorageClass as Class;
use plimsoll_formats::kubernetes::{Metadata, object, text};
use plimsoll_model::Design;
use plimsoll_model::design::StorageClass;
use plimsoll_yaml::{Map, Node};

use super::namespaces::ROOK;
use super::{kubernetes, manifest};
use crate::Tree;

/// The annotation by which claims without a class find theirs.
pub(crate) const DEFAULT_CLASS: &str = "storageclass.kubernetes.io/is-default-class";

pub(super) fn render(design: &Design, tree: &mut Tree) {
    let Some(ceph) = &design.ceph else { return };
    let documents: Vec<Node> = ceph
        .storage_class
        .iter()
        .map(|(name, it)| {
            let metadata = Metadata::cluster(name.as_str()).annotated(DEFAULT_CLASS, it.default.to_string());
            object(&metadata, &class(it))
        })
        .collect();
    if !documents.is_empty() {
        let file = manifest(design, "Classes of volumes on Ceph", &kubernetes(design), &documents);
        tree.add("cluster/33-storage-classes.yaml", file);
    }
}

fn class(class: &StorageClass) -> Class {
    let file_system = class.kind == "cephfs";
    let driver = if file_system { "cephfs" } else { "rbd" };
    let mut parameters: Vec<(&str, String)> = vec![("clusterID", ROOK.to_owned())];
    if file_system {
        parameters.push(("fsName", class.from.to_string()));
        // Rook names data pools after the file system and the pool's own name.
        parameters.push(("pool", format!("{}-{}", class.from, super::rook::DATA_POOL)));
    } else {
        parameters.push(("pool", class.from.to_string()));
        parameters.push(("imageFormat", "2".into()));
        // What kernels from 5.4 on know besides.
        parameters.push(("imageFeatures", "layering,fast-diff,object-map,deep-flatten,exclusive-lock".into()));
        parameters.push(("csi.storage.k8s.io/fstype", "ext4".into()));
    }
    let steps = [
        ("provisioner", "provisioner"),
        ("controller-expand", "provisioner"),
        ("controller-publish", "provisioner"),
        ("node-stage", "node"),
    ];
    let mut parameters: Vec<(String, String)> =
        parameters.into_iter().map(|(key, value)| (key.to_owned(), value)).collect();
    for (step, account) in steps {
        let key = format!("csi.storage.k8s.io/{step}-secret");
        parameters.push((format!("{key}-name"), format!("rook-csi-{driver}-{account}")));
        parameters.push((format!("{key}-namespace"), ROOK.to_owned()));
    }
    Class {
        provisioner: text(format!("{ROOK}.{driver}.csi.ceph.com")),
        parameters: Map(parameters.into_iter().map(|(key, value)| (Spanned::from(key), text(value))).collect()),
        reclaim_policy: text(if class.retain { "Retain" } else { "Delete" }),
        allow_volume_expansion: true.into(),
        volume_binding_mode: text("Immediate"),
        ..Class::default()
    }
}
