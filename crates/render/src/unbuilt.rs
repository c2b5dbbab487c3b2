//! What a Design may hold and no file can be rendered for yet.
//!
//! Such a Design is whole: it is checked, shown and proved. Only its files would lack a part, and a cluster that is set
//! up from them would not be the one that was described; so they are not written at all.

use plimsoll_model::Design;

/// A part of a Design that cannot be rendered yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unbuilt {
    /// Its path in the Design: `machine/gpu-1/gpu`.
    pub path: String,
    /// What it is, for people: `graphics processors of machines`.
    pub what: &'static str,
}

/// Every part of the Design that cannot be rendered yet, by its path. [`render`](crate::render) would leave them out.
pub fn unbuilt(design: &Design) -> Vec<Unbuilt> {
    // A guest gets a graphics processor by a mapping of its PCI address on the host, which no word of the file states.
    let gpus = design.machine.iter().flat_map(|(name, machine)| {
        machine.gpu.keys().map(move |model| Unbuilt {
            path: format!("machine/{name}/gpu/{model}"),
            what: "the passing of graphics processors to machines",
        })
    });
    // A class of such volumes needs a provisioner in the cluster, which nothing here writes yet.
    let nfs =
        design.nfs.as_ref().map(|_| Unbuilt { path: "nfs".into(), what: "the class of volumes on a file server" });
    gpus.chain(nfs).collect()
}
