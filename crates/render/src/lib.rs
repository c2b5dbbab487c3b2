//! Design to Tree: every file of the cluster.
//!
//! Rendering copies from the Design and decides nothing. It is a pure function: the same Design gives the same bytes.
//! One module per reader; text is made by the typed writers of `plimsoll-formats`, so that what is written can be read
//! back.

mod cluster;
mod hole;
mod manifest;
mod tree;

use plimsoll_model::Design;

pub use hole::{Form, Hole, Source};
pub use manifest::{Manifest, ManifestEntry, sha256_hex};
pub use tree::{File, Segment, Tree};

/// Every file of the cluster.
pub fn render(design: &Design) -> Tree {
    let mut tree = Tree::new();
    cluster::render(design, &mut tree);
    tree
}
