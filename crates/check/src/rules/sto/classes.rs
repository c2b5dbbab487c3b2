//! STO-025, 030, 031 and 036: the classes that volumes are asked from.

use plimsoll_diagnostics::Severity;
use plimsoll_views::World;
use plimsoll_views::storage::{Class, PoolUse, Redundancy};

use super::pools;
use crate::{Evidence, Finding, Manual, Reads, Rule, Verdicts};

pub(super) const STO_025: Rule = Rule {
    id: "STO-025",
    severity: Severity::Warning,
    summary: "volumes on a node's own disks wait for the pod",
    reads: Reads::Files,
    silent_behind: &[],
    manual: Manual {
        checks: "A class of local volumes with volumeBindingMode Immediate, which is also the default: local-path of \
                 Rancher, or a class without provisioner whose volumes have a `local` path.",
        breaks: "The volume is chosen before the pod: it forces the pod to that node, and the pod stays Pending when \
                 anything else disagrees.",
        remedy: "`volumeBindingMode: WaitForFirstConsumer`.",
        before: "provisioner: kubernetes.io/no-provisioner",
        after: "provisioner: kubernetes.io/no-provisioner\nvolumeBindingMode: WaitForFirstConsumer",
        source: "documentation of local persistent volumes (excerpts)",
        evidence: Evidence::SeenPrinciple,
    },
    check: binding,
};

pub(super) const STO_030: Rule = Rule {
    id: "STO-030",
    severity: Severity::Warning,
    summary: "exactly one class is the default",
    reads: Reads::Both,
    silent_behind: &[],
    manual: Manual {
        checks: "More than one class is marked as default; or none is and a claim among the files names no class.",
        breaks: "Without a default such a claim stays Pending. With several the newest class wins (Kubernetes 1.26 and \
                 later), so that the order of creation decides.",
        remedy: "One class with `storageclass.kubernetes.io/is-default-class: \"true\"`.",
        before: "# rook-ceph-block and local-path both carry is-default-class: \"true\"",
        after: "# rook-ceph-block alone carries is-default-class: \"true\"",
        source: "kubernetes/kubernetes, storage/util storageclass.go (GetDefaultClass)",
        evidence: Evidence::Seen,
    },
    check: default_class,
};

pub(super) const STO_031: Rule = Rule {
    id: "STO-031",
    severity: Severity::Advice,
    summary: "volumes that go with their claim are backed up",
    reads: Reads::Design,
    silent_behind: &["BKP-001"],
    manual: Manual {
        checks: "A class of Ceph with reclaimPolicy Delete whose pool is not scratch and no backup of volumes covers. \
                 BKP-001 says the same of the pool, and then speaks alone.",
        breaks: "A deleted claim, or a deleted namespace, is deleted data. A mirror copies the deletion, and a snapshot in \
                 the same pool dies with the pool.",
        remedy: "A backup of the pool in another failure domain, or `reclaim: retain`.",
        before: "backups: { volumes: { pools: [ssd] } }            # nothing about hdd",
        after: "backups: { volumes: { pools: [ssd, hdd] } }",
        source: "own reasoning",
        evidence: Evidence::Expertise,
    },
    check: deleted,
};

pub(super) const STO_036: Rule = Rule {
    id: "STO-036",
    severity: Severity::Error,
    summary: "what needs omap lies in a replicated pool",
    reads: Reads::Files,
    silent_behind: &[],
    manual: Manual {
        checks: "The `pool` of an RBD class, the metadata pool of a file system or object store, or the first data pool of a \
                 file system is erasure-coded.",
        breaks: "Erasure-coded pools have no omap: images and file systems cannot be created.",
        remedy: "A replicated pool for metadata, and the erasure-coded one as `dataPool` or as a further data pool.",
        before: "parameters: { pool: ec-data }",
        after: "parameters: { pool: replicated-metadata, dataPool: ec-data }",
        source: "Ceph, erasure code, \"Erasure Coding with Overwrites\"",
        evidence: Evidence::Seen,
    },
    check: omap,
};

fn binding(world: &World<'_>, verdicts: &mut Verdicts) {
    if !world.is_files() {
        return;
    }
    for class in &world.storage.classes {
        match (class.local.copied(), class.binding.get()) {
            (Some(local), Some(mode)) => verdicts.verdict((local && mode == "Immediate").then(|| {
                let label = if class.binding.is_default() {
                    "volumeBindingMode is left out, which means Immediate"
                } else {
                    ""
                };
                Finding::new(
                    Severity::Warning,
                    &class.place,
                    format!("class {} chooses a node before the pod does", class.name),
                )
                .at(&class.binding, label)
                .breaks("a pod that cannot run on that node stays Pending")
                .help("set `volumeBindingMode: WaitForFirstConsumer`")
            })),
            _ => verdicts.cannot_judge(&class.place, "whether its volumes are local, and when they are bound"),
        }
    }
}

fn default_class(world: &World<'_>, verdicts: &mut Verdicts) {
    let classes = &world.storage.classes;
    if classes.is_empty() {
        return;
    }
    let defaults: Vec<&Class> = classes.iter().filter(|class| class.default.is(&true)).collect();
    let unknown = classes.iter().find(|class| class.default.get().is_none());
    match (&defaults[..], unknown) {
        ([first, second, ..], _) => {
            let names: Vec<&str> = defaults.iter().map(|class| class.name.as_str()).collect();
            verdicts.broken(
                Finding::new(
                    Severity::Warning,
                    &second.place,
                    format!("{} classes are the default: {}", defaults.len(), names.join(", ")),
                )
                .at(&second.default, "a default too")
                .context(&first.default, "")
                .breaks("claims without a class get whichever was created last")
                .help("mark one of them"),
            );
        }
        (_, Some(class)) => verdicts.cannot_judge(&class.place, "whether it is the default"),
        ([], None) if !world.storage.claims_without_class.is_empty() => {
            let claim = &world.storage.claims_without_class[0];
            let what = claim.get().map_or("a claim", String::as_str);
            verdicts.broken(
                Finding::new(
                    Severity::Warning,
                    claim.place(),
                    format!("{what} names no class, and none is the default"),
                )
                .at(claim, "")
                .breaks("it stays Pending, unless a class outside these files is the default")
                .help("name a class, or mark one as the default"),
            );
        }
        _ => verdicts.holds(),
    }
}

fn deleted(world: &World<'_>, verdicts: &mut Verdicts) {
    for class in &world.storage.classes {
        let (Some(retain), Some(backed_up)) = (class.retain.copied(), class.backed_up.copied()) else { continue };
        let ceph = world.design.and_then(|source| source.design.ceph.as_ref());
        let pool = ceph.and_then(|ceph| Some(&ceph.storage_class.get(&class.name.as_str().into())?.from));
        let scratch = ceph.zip(pool).and_then(|(ceph, pool)| ceph.pool.get(pool)).is_some_and(|pool| pool.scratch);
        verdicts.verdict((!retain && !backed_up && !scratch).then(|| {
            let finding = Finding::new(
                Severity::Advice,
                &class.place,
                format!("volumes of {} go with their claims, and no backup has them", class.name),
            )
            .at(&class.retain, "")
            .breaks("a deleted namespace is deleted data")
            .help("add its pool to a backup of volumes, or keep volumes with `reclaim: retain`");
            // That nothing copies the pool at all is what BKP-001 says.
            match pool {
                Some(pool) => finding.cause(format!("pool {pool}")),
                None => finding,
            }
        }));
    }
}

fn omap(world: &World<'_>, verdicts: &mut Verdicts) {
    if !world.is_files() {
        return;
    }
    let coded = |redundancy: Option<Redundancy>| matches!(redundancy, Some(Redundancy::Chunks(..)));
    for (_, pool) in pools(world) {
        let needs = match pool.usage {
            PoolUse::Metadata => "metadata",
            PoolUse::FirstData => "the first data pool of a file system, which keeps metadata of every file",
            PoolUse::Block | PoolUse::Data => continue,
        };
        verdicts.verdict(coded(pool.redundancy.copied()).then(|| {
            Finding::new(Severity::Error, &pool.place, format!("pool {} is erasure-coded and needs omap", pool.name))
                .at(&pool.redundancy, needs)
                .breaks("Ceph cannot create it")
                .help("replicate it, and add the erasure-coded pool as a further data pool")
        }));
    }
    for class in &world.storage.classes {
        let Some(name) = class.pool.get().and_then(Option::as_ref) else { continue };
        let rbd = class.provisioner.get().is_some_and(|provisioner| provisioner.ends_with("rbd.csi.ceph.com"));
        let Some((_, pool)) = pools(world).find(|(_, pool)| pool.name == *name).filter(|_| rbd) else { continue };
        verdicts.verdict(coded(pool.redundancy.copied()).then(|| {
            Finding::new(
                Severity::Error,
                &class.place,
                format!("class {} puts images into {name}, which is erasure-coded", class.name),
            )
            .at(&class.pool, "images need omap")
            .context(&pool.redundancy, "chunks")
            .breaks("no volume can be created")
            .help(format!("name a replicated pool as `pool`, and {name} as `dataPool`"))
        }));
    }
}
