//! Objects of the cluster, and the files of kubeadm.

use plimsoll_model::Design;

use crate::Tree;

/// Adds `cluster/…` and the kubeadm files of each machine.
pub(crate) fn render(_design: &Design, _tree: &mut Tree) {}
