//! Design to Tree: every file of the cluster.
//!
//! Rendering copies from the Design and decides nothing. It is a pure function: the same Design gives the same bytes.
//! One module per reader; text is made by the typed writers of `plimsoll-formats`, so that what is written can be read
//! back.

mod backup;
mod balancer;
mod cloud_init;
mod cluster;
mod dns;
mod etcd;
mod frr;
mod guest;
mod haproxy;
mod hole;
mod host;
mod manifest;
mod netplan;
mod nftables;
mod proxmox;
mod runbook;
mod switches;
mod text;
mod tree;
mod unbuilt;

use plimsoll_model::Design;

pub use etcd::{etcd_flags, etcd_flags_for};
pub use hole::{Form, Hole, Source};
pub use manifest::{Manifest, ManifestEntry, sha256_hex};
pub use tree::{File, Segment, Tree};
pub use unbuilt::{Unbuilt, unbuilt};

/// Every file of the cluster.
pub fn render(design: &Design) -> Tree {
    let mut tree = Tree::new();
    host::render(design, &mut tree);
    proxmox::render(design, &mut tree);
    cloud_init::render(design, &mut tree);
    guest::render(design, &mut tree);
    nftables::render(design, &mut tree);
    balancer::render(design, &mut tree);
    dns::render(design, &mut tree);
    backup::render(design, &mut tree);
    cluster::render(design, &mut tree);
    switches::render(design, &mut tree);
    runbook::render(design, &mut tree);
    tree
}
