//! BKP-001, 003, 004 and 005: copies that outlive what they are copies of.

use plimsoll_diagnostics::Severity;
use plimsoll_views::{Place, World};

use crate::{Evidence, Finding, Manual, Reads, Rule, Verdicts};

pub(super) const BKP_001: Rule = Rule {
    id: "BKP-001",
    severity: Severity::Error,
    summary: "data that must not be lost are copied out of the cluster",
    reads: Reads::Design,
    silent_behind: &[],
    manual: Manual {
        checks: "A pool that is not scratch, and no job of `backups: volumes` copies it to a store of kind backup. Replicas \
                 and mirrors are no copies in this sense: they repeat a deletion at once.",
        breaks: "A deleted namespace, a mistake of an administrator or a fire is the end of the data.",
        remedy: "A job that copies the pool to a store in another failure domain, or `scratch: true`.",
        before: "backups: { volumes: { every: 24h, keep: 14, to: vault, pools: [ssd] } }   # nothing about hdd",
        after: "backups: { volumes: { every: 24h, keep: 14, to: vault, pools: [ssd, hdd] } }",
        source: "the article this project implements, Backups and Disaster Recovery",
        evidence: Evidence::SeenPrinciple,
    },
    check: no_copy,
};

pub(super) const BKP_003: Rule = Rule {
    id: "BKP-003",
    severity: Severity::Warning,
    summary: "whoever writes copies cannot destroy old ones",
    reads: Reads::Design,
    silent_behind: &[],
    manual: Manual {
        checks: "A store of backups states `append_only: false`. Nothing stated is not judged.",
        breaks: "Whoever breaks into the cluster deletes its backups first.",
        remedy: "A store that only takes (object lock, an account without the right to delete).",
        before: "vault: { kind: backup, address: 10.30.1.80, append_only: false }",
        after: "vault: { kind: backup, address: 10.30.1.80, append_only: true }",
        source: "general expertise",
        evidence: Evidence::Expertise,
    },
    check: deletable,
};

pub(super) const BKP_004: Rule = Rule {
    id: "BKP-004",
    severity: Severity::Warning,
    summary: "volumes are copied as often as the loss that is allowed asks for",
    reads: Reads::Design,
    silent_behind: &[],
    manual: Manual {
        checks: "A job copies volumes less often than the largest loss that `objectives: { volume_loss: … }` allows. Not \
                 judged where no loss is stated: then nobody knows whether the copies are enough. Snapshots of etcd are \
                 judged by ETCD-012.",
        breaks: "After a disaster more is gone than was promised.",
        remedy: "Copies more often, or a larger loss that all agree to.",
        before: "objectives: { volume_loss: 4h }\nbackups: { volumes: { every: 24h, keep: 14, to: vault, pools: [ssd] } }",
        after: "objectives: { volume_loss: 4h }\nbackups: { volumes: { every: 4h, keep: 84, to: vault, pools: [ssd] } }",
        source: "k8sllm.online, backup and disaster recovery, which asks for stated objectives; the comparison is ours",
        evidence: Evidence::SeenPrinciple,
    },
    check: seldom,
};

pub(super) const BKP_005: Rule = Rule {
    id: "BKP-005",
    severity: Severity::Error,
    summary: "backups are not kept in what they are for",
    reads: Reads::Design,
    silent_behind: &[],
    manual: Manual {
        checks: "The address of a store of backups is that of a machine or host of this very cluster, of its API, or of its \
                 services.",
        breaks: "The backup is lost together with the data.",
        remedy: "A separate machine with disks of its own, best in another room.",
        before: "vault: { kind: backup, address: 10.30.14.20 }     # an address of the cluster's services",
        after: "vault: { kind: backup, address: 10.30.1.80 }",
        source: "general expertise; the same principle as for snapshots of etcd",
        evidence: Evidence::Expertise,
    },
    check: inside,
};

fn no_copy(world: &World<'_>, verdicts: &mut Verdicts) {
    for data in &world.site.durable {
        // A job that has it and writes to something else than a store of backups.
        let astray = world.design.and_then(|source| {
            let mut jobs = source.design.backup.volume.iter();
            jobs.find(|(_, job)| job.pools.iter().any(|pool| data.name == format!("pool {pool}")))
        });
        verdicts.verdict((!data.copied).then(|| {
            let finding = Finding::new(Severity::Error, &data.place, format!("{} is copied nowhere", data.name))
                .cause(data.name.as_str())
                .breaks("a deleted namespace or a fire is the end of its data");
            match astray {
                Some((name, job)) => finding
                    .at_place(&data.place, "")
                    .context_place(
                        &Place::Design(format!("backup/volume/{name}/to")),
                        format!("{} is no store of backups", job.to),
                    )
                    .help("let the job write to something of `kind: backup`, or `scratch: true` at the pool"),
                None => finding.at_place(&data.place, "no backup of volumes has it").help(
                    "`backups: { volumes: { every: 24h, keep: 14, to: STORE, pools: […] } }`, or `scratch: true` at \
                         the pool",
                ),
            }
        }));
    }
}

fn deletable(world: &World<'_>, verdicts: &mut Verdicts) {
    for store in &world.site.stores {
        let Some(safe) = store.append_only.copied() else {
            verdicts.cannot_judge(&store.place, "whether old copies there can be deleted");
            continue;
        };
        verdicts.verdict((!safe).then(|| {
            Finding::new(
                Severity::Warning,
                store.append_only.place(),
                format!("whoever writes copies to {} can delete the old ones", store.name),
            )
            .at(&store.append_only, "")
            .breaks("whoever breaks into the cluster deletes its backups first")
            .help("a store that only takes: object lock, or an account without the right to delete")
        }));
    }
}

fn seldom(world: &World<'_>, verdicts: &mut Verdicts) {
    let Some(source) = world.design else { return };
    let loss = source.maybe("objective/volume_loss", source.design.objective.volume_loss);
    for (name, job) in &source.design.backup.volume {
        let every = source.fact(format!("backup/volume/{name}/every"), job.every);
        let Some(most) = loss.copied() else {
            verdicts.cannot_judge(every.place(), "the largest loss that is allowed: `objectives: { volume_loss: … }`");
            continue;
        };
        verdicts.verdict((job.every > most).then(|| {
            Finding::new(
                Severity::Warning,
                every.place(),
                format!("copies of volumes every {} can lose more than the {most} that are allowed", job.every),
            )
            .at(&every, "")
            .context(&loss, "")
            .breaks("after a disaster more is gone than was promised")
            .help(format!("`every: {most}`, or agree to a larger `volume_loss`"))
        }));
    }
}

fn inside(world: &World<'_>, verdicts: &mut Verdicts) {
    for store in &world.site.stores {
        verdicts.verdict(store.inside.first().map(|(address, owner)| {
            Finding::new(
                Severity::Error,
                &store.place,
                format!("backups go to {address}, which belongs to {owner} of this cluster"),
            )
            .at_place(&store.place, "")
            .breaks("the backup is lost together with the data")
            .help("a separate machine with disks of its own, whose address no machine or pool of the cluster has")
        }));
    }
}
