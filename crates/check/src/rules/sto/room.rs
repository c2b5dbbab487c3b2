//! STO-013 and 014: room of a node for Ceph's daemons.

use std::collections::BTreeMap;

use plimsoll_diagnostics::Severity;
use plimsoll_model::Name;
use plimsoll_model::design::{Ceph, Machine};
use plimsoll_model::units::Bytes;
use plimsoll_views::World;

use crate::{Evidence, Finding, Manual, Reads, Rule, Verdicts};

/// What Ceph's own documentation calls the least for a disk's daemon.
const LEAST: Bytes = Bytes(4 << 30);

pub(super) const STO_013: Rule = Rule {
    id: "STO-013",
    severity: Severity::Warning,
    summary: "a node has memory for Ceph's daemons",
    reads: Reads::Design,
    silent_behind: &[],
    manual: Manual {
        checks: "A node with disks has less memory than its disks' daemons and its monitor may take (`osd_memory` and \
                 `mon_memory` of the design), or a disk's daemon is given less than 4 GiB. The memory of the hypervisor is \
                 judged with its guests.",
        breaks: "Daemons are ended by the kernel during recovery, when they need most and are needed most.",
        remedy: "More memory for the node, or fewer disks on it; 8 GiB for each disk is advised.",
        before: "worker-1: { memory: 12GiB, pass: osd }    # four disks",
        after: "worker-1: { memory: 48GiB, pass: osd }",
        source: "Proxmox VE, pveceph, \"Memory\"; Rook, CephCluster CRD, resource requirements",
        evidence: Evidence::SeenPrinciple,
    },
    check: memory,
};

pub(super) const STO_014: Rule = Rule {
    id: "STO-014",
    severity: Severity::Warning,
    summary: "a node has a thread for each of Ceph's daemons",
    reads: Reads::Design,
    silent_behind: &[],
    manual: Manual {
        checks: "A node has fewer threads than disks of Ceph and monitors. Fast disks want 4 to 6 each.",
        breaks: "Slow operations, and disks that others call down because they answer late.",
        remedy: "More threads for the node, or fewer disks on it.",
        before: "worker-1: { cpu: 2, pass: osd }    # four disks",
        after: "worker-1: { cpu: 16, pass: osd }",
        source: "Proxmox VE, pveceph, \"CPU\"",
        evidence: Evidence::SeenPrinciple,
    },
    check: threads,
};

/// A node that has disks of Ceph.
struct Node<'a> {
    name: &'a Name,
    machine: &'a Machine,
    disks: usize,
    /// Whether a monitor runs there.
    mon: bool,
}

/// Ceph, and each node that has disks of it.
fn nodes<'a>(world: &'a World<'_>) -> Option<(&'a Ceph, Vec<Node<'a>>)> {
    let design = world.design?.design;
    let ceph = design.ceph.as_ref()?;
    let mut disks: BTreeMap<&Name, usize> = BTreeMap::new();
    for osd in ceph.osd.values() {
        *disks.entry(&osd.machine).or_default() += 1;
    }
    let nodes = disks.into_iter().filter_map(|(name, disks)| {
        Some(Node { name, machine: design.machine.get(name)?, disks, mon: ceph.mon.contains_key(name) })
    });
    Some((ceph, nodes.collect()))
}

fn memory(world: &World<'_>, verdicts: &mut Verdicts) {
    let (Some(source), Some((ceph, nodes))) = (world.design, nodes(world)) else { return };
    if ceph.osd_memory < LEAST {
        let place = source.place("ceph/osd_memory");
        verdicts.broken(
            Finding::new(Severity::Warning, &place, "a daemon of a disk is given less than 4 GiB")
                .at_place(&place, ceph.osd_memory.to_string())
                .breaks("it is ended by the kernel during recovery")
                .help("give it 4 GiB or more"),
        );
    }
    for node in nodes {
        let disks = ceph.osd_memory.0.saturating_mul(node.disks as u64);
        let wanted = Bytes(disks.saturating_add(if node.mon { ceph.mon_memory.0 } else { 0 }));
        verdicts.verdict((node.machine.memory < wanted).then(|| {
            let place = source.place(format!("machine/{}/memory", node.name));
            let also = if node.mon { " and a monitor" } else { "" };
            Finding::new(
                Severity::Warning,
                &place,
                format!("{} has too little memory for its disks of Ceph", node.name),
            )
            .at_place(&place, format!("{} disks{also} may take {wanted}", node.disks))
            .breaks("daemons are ended by the kernel during recovery")
            .help("give the node more memory, or fewer disks")
        }));
    }
}

fn threads(world: &World<'_>, verdicts: &mut Verdicts) {
    let (Some(source), Some((_, nodes))) = (world.design, nodes(world)) else { return };
    for node in nodes {
        let daemons = node.disks + usize::from(node.mon);
        verdicts.verdict(((node.machine.cpu as usize) < daemons).then(|| {
            let place = source.place(format!("machine/{}/cpu", node.name));
            Finding::new(Severity::Warning, &place, format!("{} has fewer threads than daemons of Ceph", node.name))
                .at_place(&place, format!("for {daemons} daemons"))
                .breaks("operations are slow, and disks that answer late are called down")
                .help("give the node more threads, or fewer disks")
        }));
    }
}
