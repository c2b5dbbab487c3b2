//! ETCD-010, 011, 012 and 015: snapshots of the datastore.

use plimsoll_diagnostics::Severity;
use plimsoll_model::design::{EtcdBackup, ExternalKind};
use plimsoll_model::units::Millis;
use plimsoll_views::{DesignSource, World};

use crate::{Evidence, Finding, Manual, Reads, Rule, Verdicts};

pub(super) const ETCD_010: Rule = Rule {
    id: "ETCD-010",
    severity: Severity::Error,
    summary: "snapshots of etcd leave the cluster",
    reads: Reads::Design,
    silent_behind: &[],
    manual: Manual {
        checks: "A target that is no backup store outside the cluster: an error. No snapshots at all: an error when any \
                 survival is promised, else a warning.",
        breaks: "What destroys the cluster destroys its snapshots: nothing can be restored.",
        remedy: "A store of kind backup under `external`, in another failure domain.",
        before: "backups: {}",
        after: "backups: { etcd: { every: 6h, keep: 28, to: vault, with: pki } }",
        source: "etcd disaster recovery; the article this project implements, Backups and Disaster Recovery",
        evidence: Evidence::Seen,
    },
    check: target,
};

pub(super) const ETCD_011: Rule = Rule {
    id: "ETCD-011",
    severity: Severity::Error,
    summary: "snapshots come with the keys that make them usable",
    reads: Reads::Design,
    silent_behind: &[],
    manual: Manual {
        checks: "Snapshots are made and the keys are not backed up: the authorities, the service account key, and the \
                 encryption configuration.",
        breaks: "Secrets in the restored data cannot be decrypted, and tokens of every pod are refused.",
        remedy: "`with: pki`: keys go along, encrypted.",
        before: "etcd: { every: 6h, keep: 28, to: vault }",
        after: "etcd: { every: 6h, keep: 28, to: vault, with: pki }",
        source: "kubermatic/kubeone discussion 3096; kubernetes.io, encrypting data at rest",
        evidence: Evidence::SeenPrinciple,
    },
    check: keys,
};

pub(super) const ETCD_012: Rule = Rule {
    id: "ETCD-012",
    severity: Severity::Warning,
    summary: "snapshots are as frequent, as many and as checked as they must be",
    reads: Reads::Design,
    silent_behind: &[],
    manual: Manual {
        checks: "The interval exceeds the declared largest loss; every × keep covers less than 7 days (threshold \
                 `backup_keep_days`); or snapshots are not checked. `etcdutl snapshot status` checks the pages; only a \
                 restore checks the hash that `snapshot save` appends.",
        breaks: "The last usable snapshot is older than the loss that was promised, or was broken all along.",
        remedy: "Every 6 hours, 28 of them, checked.",
        before: "etcd: { every: 24h, keep: 3 }",
        after: "etcd: { every: 6h, keep: 28 }",
        source: "etcd disaster recovery; etcdutl snapshot/v3_snapshot.go",
        evidence: Evidence::SeenPrinciple,
    },
    check: schedule,
};

pub(super) const ETCD_015: Rule = Rule {
    id: "ETCD-015",
    severity: Severity::Warning,
    summary: "a restore has been tried lately",
    reads: Reads::Design,
    silent_behind: &[],
    manual: Manual {
        checks: "Advice when no restore test is planned; a warning when the last one that was stated is more than 92 days \
                 old (threshold `restore_test_days`).",
        breaks: "The first restore is the real one.",
        remedy: "A restore on scratch machines, at least quarterly; the runbook has the commands.",
        before: "etcd: { every: 6h }",
        after: "etcd: { every: 6h, restore_test: weekly }",
        source: "the article this project implements, Backups and Disaster Recovery",
        evidence: Evidence::SeenPrinciple,
    },
    check: restore_test,
};

fn backup<'a>(world: &World<'a>) -> Option<(DesignSource<'a>, &'a EtcdBackup)> {
    let source = world.design?;
    Some((source, source.design.backup.etcd.as_ref()?))
}

fn target(world: &World<'_>, verdicts: &mut Verdicts) {
    let Some(source) = world.design else { return };
    let Some((_, backup)) = backup(world) else {
        let place = source.place("backup");
        // A first file without any promise is a draft; one that promises to survive something is not.
        let severity = if world.goals.declared() { Severity::Error } else { Severity::Warning };
        verdicts.broken(
            Finding::new(severity, &place, "nobody makes snapshots of etcd")
                .at_place(&place, "")
                .breaks("after an operator's mistake or the loss of two members nothing can be restored")
                .help(
                    "`backups: { etcd: { every: 6h, keep: 28, to: vault, with: pki } }`, and the store: `external: { vault: { \
                     kind: backup, address: ADDRESS } }`",
                ),
        );
        return;
    };
    let outside = source.design.external.get(&backup.to).is_some_and(|target| target.kind == ExternalKind::Backup);
    verdicts.verdict((!outside).then(|| {
        let fact = source.fact("backup/etcd/to", ());
        Finding::new(
            Severity::Error,
            fact.place(),
            format!("snapshots of etcd go to {}, which is no backup store", backup.to),
        )
        .at(&fact, "")
        .breaks("what destroys the cluster may destroy its snapshots")
        .help("name a store in another failure domain: `external: { vault: { kind: backup, address: ADDRESS } }`")
    }));
}

fn keys(world: &World<'_>, verdicts: &mut Verdicts) {
    let Some((source, backup)) = backup(world) else { return };
    verdicts.verdict((!backup.with_pki).then(|| {
        let fact = source.fact("backup/etcd/with_pki", ());
        Finding::new(Severity::Error, fact.place(), "snapshots of etcd are kept without the keys of the cluster")
            .at(&fact, "")
            .breaks("restored Secrets cannot be decrypted, and the tokens of every pod are refused")
            .help("add `with: pki`")
    }));
}

fn schedule(world: &World<'_>, verdicts: &mut Verdicts) {
    let Some((source, backup)) = backup(world) else { return };
    let finding = |field: &str, message: String, breaks: &str, help: &str| {
        let fact = source.fact(format!("backup/etcd/{field}"), ());
        Finding::new(Severity::Warning, fact.place(), message).at(&fact, "").breaks(breaks).help(help)
    };
    let days = Millis::days(u64::from(world.thresholds.backup_keep_days));
    let covered = backup.every * u64::from(backup.keep);
    let mut broken = Vec::new();
    if let Some(rpo) = backup.rpo.filter(|rpo| backup.every > *rpo) {
        broken.push(finding(
            "every",
            format!("snapshots every {} can lose more than the {rpo} that are declared", backup.every),
            "the last snapshot is older than the loss that was promised",
            "make them more often",
        ));
    }
    if covered < days {
        broken.push(finding(
            "keep",
            format!("{} snapshots every {} reach back {covered}", backup.keep, backup.every),
            "a mistake that is noticed after a week cannot be undone",
            "keep more, so that they cover at least 7 days",
        ));
    }
    if !backup.verify {
        broken.push(finding(
            "verify",
            "snapshots of etcd are not checked".to_owned(),
            "a broken one is found when it is needed",
            "let each be checked by `etcdutl snapshot status`, and restored now and then",
        ));
    }
    if broken.is_empty() {
        verdicts.holds();
    }
    for finding in broken {
        verdicts.broken(finding);
    }
}

fn restore_test(world: &World<'_>, verdicts: &mut Verdicts) {
    let Some((source, backup)) = backup(world) else { return };
    let planned = backup.restore_test.is_some();
    let age = world.today.zip(backup.last_restore_test).map(|(today, last)| today.days().saturating_sub(last.days()));
    let fact = |field: &str| source.fact(format!("backup/etcd/{field}"), ());
    verdicts.verdict(match age {
        Some(age) if age > world.thresholds.restore_test_days => {
            let fact = fact("last_restore_test");
            Some(
                Finding::new(Severity::Warning, fact.place(), format!("the last restore was tried {age} days ago"))
                    .at(&fact, "")
                    .breaks("nobody knows whether a restore still works")
                    .help("restore the newest snapshot on scratch machines; the runbook has the commands"),
            )
        }
        None if !planned => {
            let fact = fact("restore_test");
            Some(
                Finding::new(Severity::Advice, fact.place(), "nobody tries to restore a snapshot of etcd")
                    .at(&fact, "")
                    .breaks("the first restore is the real one")
                    .help("add `restore_test: weekly`"),
            )
        }
        _ => None,
    });
}
