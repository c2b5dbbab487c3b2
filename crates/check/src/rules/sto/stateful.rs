//! STO-026: workloads whose only copy lies on one node's disks.

use plimsoll_diagnostics::Severity;
use plimsoll_views::World;

use crate::{Evidence, Finding, Manual, Reads, Rule, Verdicts};

pub(super) const STO_026: Rule = Rule {
    id: "STO-026",
    severity: Severity::Warning,
    summary: "what lies on a node's own disks has another copy",
    reads: Reads::Files,
    silent_behind: &[],
    manual: Manual {
        checks: "A StatefulSet with one copy whose claims name a class of local volumes (local-path of Rancher, or a class \
                 without provisioner whose volumes have a `local` path). With more copies it is taken that the program \
                 keeps its data on each of them.",
        breaks: "The pod can run on that node alone: it is away while the node is, and with the disk the data are lost.",
        remedy: "A class of Ceph, or copies that the program itself keeps alike.",
        before: "kind: StatefulSet\nspec: { replicas: 1 }      # storageClassName: local-path",
        after: "kind: StatefulSet\nspec: { replicas: 1 }      # storageClassName: rook-ceph-block",
        source: "documentation of local persistent volumes (excerpts)",
        evidence: Evidence::SeenPrinciple,
    },
    check: lone_local,
};

fn lone_local(world: &World<'_>, verdicts: &mut Verdicts) {
    if !world.is_files() {
        return;
    }
    for set in &world.storage.claimants {
        for claim in &set.classes {
            let class = claim.get().and_then(|name| world.storage.classes.iter().find(|class| class.name == *name));
            let Some((class, local)) = class.and_then(|class| Some((class, class.local.copied()?))) else {
                verdicts.cannot_judge(claim.place(), "whether its class is of local volumes");
                continue;
            };
            let Some(copies) = set.replicas.copied() else {
                verdicts.cannot_judge(&set.place, "its copies");
                continue;
            };
            verdicts.verdict((local && copies == 1).then(|| {
                let label = if set.replicas.is_default() { "replicas is left out, which means 1" } else { "" };
                Finding::new(Severity::Warning, &set.place, format!("the only copy of {} is on one node", set.title))
                    .at(claim, "on the node's own disks")
                    .context(&set.replicas, label)
                    .context_place(&class.place, "local")
                    .breaks("it is away while that node is, and with the disk its data are lost")
                    .help("use a class of Ceph, or copies that the program keeps alike")
                    .cause(set.place.component())
            }));
        }
    }
}
