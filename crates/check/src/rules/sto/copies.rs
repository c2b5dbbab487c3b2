//! STO-005, 006 and 007: how many copies, and how many of them must be there.

use plimsoll_diagnostics::Severity;
use plimsoll_views::World;
use plimsoll_views::storage::{CephCluster, Pool, Redundancy};

use super::{all_pools, bucket_word, pools, survives_one, survives_two};
use crate::{Evidence, Finding, Manual, Reads, Rule, Verdicts};

pub(super) const STO_005: Rule = Rule {
    id: "STO-005",
    severity: Severity::Error,
    summary: "data that matter have three copies",
    reads: Reads::Both,
    silent_behind: &[],
    manual: Manual {
        checks: "A replicated pool with one or two copies: an error, whatever requireSafeReplicaSize says (left out it is \
                 false, and with one copy the operator refuses the pool when it is true); advice when the pool is declared \
                 scratch.",
        breaks: "With one copy a lost disk is lost data. With two there is no good min_size: 1 loses writes that only the \
                 lost copy had, 2 stops I/O with the first failure.",
        remedy: "Three copies. `scratch: true` for a pool whose data may be lost, or whose application keeps copies itself.",
        before: "replicated: { size: 2 }",
        after: "replicated: { size: 3, requireSafeReplicaSize: true }",
        source: "Rook, CephBlockPool CRD, and its pool validation (pkg/operator/ceph/pool/validate.go)",
        evidence: Evidence::Seen,
    },
    check: few_copies,
};

pub(super) const STO_006: Rule = Rule {
    id: "STO-006",
    severity: Severity::Error,
    summary: "writes need two copies",
    reads: Reads::Both,
    silent_behind: &["STO-005"],
    manual: Manual {
        checks: "min_size 1 on a replicated pool with more than one copy that is not scratch. Where nobody sets it, Ceph \
                 takes size − ⌊size/2⌋: 1 of 2, 2 of 3, 2 of 4, 3 of 5. (A stretch cluster that lost a site lowers it to 1 \
                 by itself; that is not judged here.)",
        breaks: "A write that one disk alone has taken is acknowledged; when that disk fails before the others are back, \
                 the objects are unfound.",
        remedy: "min_size 2.",
        before: "replicated: { size: 3 }\nparameters: { min_size: \"1\" }",
        after: "replicated: { size: 3 }\nparameters: { min_size: \"2\" }",
        source: "Proxmox VE, pveceph, \"Ceph Pools\"; Ceph get_osd_pool_default_min_size; rook issue 9298",
        evidence: Evidence::Seen,
    },
    check: lone_writes,
};

pub(super) const STO_007: Rule = Rule {
    id: "STO-007",
    severity: Severity::Error,
    summary: "I/O goes on when the failure domains that may fail have failed",
    reads: Reads::Both,
    silent_behind: &["STO-005", "STO-003"],
    manual: Manual {
        checks: "Copies (or data and coding chunks) less min_size are fewer than the losses of a failure domain among the \
                 goals of storage: an error. With no such goal, a warning when no loss at all is left. An error for one \
                 coding chunk on data that are not scratch. Advice when an erasure-coded pool has no domain more than \
                 chunks.",
        breaks: "Every read and write of the affected placement groups waits until the domain is back. With one coding \
                 chunk Ceph goes on with no redundancy, and one more loss destroys data.",
        remedy: "Three copies with min_size 2; two coding chunks or more, on a domain more than there are chunks.",
        before: "replicated: { size: 3 }\nparameters: { min_size: \"3\" }",
        after: "replicated: { size: 3 }\nparameters: { min_size: \"2\" }",
        source: "Proxmox VE, pveceph, \"Ceph Pools\"; Ceph, erasure code; Rook, CephBlockPool CRD",
        evidence: Evidence::Seen,
    },
    check: io_after_loss,
};

/// Whether its data matter, as far as somebody said otherwise.
fn durable(pool: &Pool) -> bool {
    !pool.scratch.is(&true)
}

fn few_copies(world: &World<'_>, verdicts: &mut Verdicts) {
    for pool in all_pools(world) {
        let Some(redundancy) = pool.redundancy.copied() else {
            verdicts.cannot_judge(&pool.place, "its copies");
            continue;
        };
        let Redundancy::Copies(size @ (1 | 2)) = redundancy else {
            verdicts.holds();
            continue;
        };
        let copies = if size == 1 { "1 copy" } else { "2 copies" };
        let mut finding = Finding::new(
            if durable(pool) { Severity::Error } else { Severity::Advice },
            &pool.place,
            format!("pool {} keeps {copies}", pool.name),
        )
        .at(&pool.redundancy, "")
        .help(if durable(pool) {
            "keep three, or declare the pool scratch if its data may be lost"
        } else {
            "keep to data that can be made again"
        })
        .cause(pool.place.component());
        finding = match (size, durable(pool)) {
            (1, true) => finding.breaks("a lost disk is lost data"),
            (1, false) => finding.breaks("a lost disk is lost data, as declared"),
            _ if pool.min.is(&1) => finding
                .breaks("writes that one disk alone has taken are lost with it; min_size 2 would stop I/O instead"),
            _ => finding.breaks("I/O stops with the first lost disk; min_size 1 would lose writes instead"),
        };
        if size == 1 && pool.safe_size.is(&true) {
            finding = finding.context(&pool.safe_size, "the operator refuses the pool: one copy is not a safe size");
        }
        verdicts.broken(finding);
    }
}

fn lone_writes(world: &World<'_>, verdicts: &mut Verdicts) {
    for pool in all_pools(world) {
        let (Some(redundancy), Some(min)) = (pool.redundancy.copied(), pool.min.copied()) else {
            verdicts.cannot_judge(&pool.place, "its copies and its min_size");
            continue;
        };
        let alone = matches!(redundancy, Redundancy::Copies(size) if size > 1) && min <= 1 && durable(pool);
        verdicts.verdict(alone.then(|| {
            Finding::new(Severity::Error, &pool.place, format!("pool {} takes writes with one copy", pool.name))
                .at(&pool.min, format!("of {}", redundancy.pieces()))
                .breaks("when the disk that took them fails before the others are back, the objects are lost")
                .help("set min_size to 2")
                .cause(pool.place.component())
        }));
    }
}

fn io_after_loss(world: &World<'_>, verdicts: &mut Verdicts) {
    for (cluster, pool) in pools(world) {
        let (Some(redundancy), Some(min), Some(kind)) =
            (pool.redundancy.copied(), pool.min.copied(), pool.domain.get())
        else {
            verdicts.cannot_judge(&pool.place, "its copies, its min_size and its failure domain");
            continue;
        };
        // One or two copies are another rule's; one coding chunk has no good min_size either.
        if matches!(redundancy, Redundancy::Copies(0..=2)) {
            verdicts.holds();
            continue;
        }
        if let Redundancy::Chunks(_, 0 | 1) = redundancy {
            verdicts.verdict(durable(pool).then(|| one_parity(pool, min)));
            continue;
        }
        verdicts
            .verdict(stops(world, pool, redundancy, min, kind).or_else(|| no_spare(cluster, pool, redundancy, kind)));
    }
}

fn one_parity(pool: &Pool, min: u32) -> Finding {
    Finding::new(Severity::Error, &pool.place, format!("pool {} has no more than one coding chunk", pool.name))
        .at(&pool.redundancy, "")
        .breaks(format!(
            "with one domain lost it goes on at min_size {min} without redundancy, and the next loss destroys data"
        ))
        .help("use two coding chunks or more")
        .cause(pool.place.component())
}

fn stops(world: &World<'_>, pool: &Pool, redundancy: Redundancy, min: u32, kind: &str) -> Option<Finding> {
    let pieces = redundancy.pieces();
    let spare = pieces.saturating_sub(min);
    let wanted = if survives_two(&world.goals, kind) {
        2
    } else {
        // With no goal, one: a pool that no loss leaves writable is a surprise to anybody.
        1
    };
    if spare >= wanted {
        return None;
    }
    let declared = survives_one(&world.goals, kind) || survives_two(&world.goals, kind);
    let severity = if declared { Severity::Error } else { Severity::Warning };
    let lost =
        if spare == 0 { format!("one {}", bucket_word(kind, 1)) } else { format!("two {}", bucket_word(kind, 2)) };
    let parts = match redundancy {
        Redundancy::Copies(_) => "copies",
        Redundancy::Chunks(..) => "chunks",
    };
    Some(
        Finding::new(
            severity,
            &pool.place,
            format!("pool {} stops when {lost} fail{}", pool.name, if spare == 0 { "s" } else { "" }),
        )
        .at(&pool.min, format!("needs {min} of {pieces} {parts}"))
        .breaks("every volume with data there hangs until it is back")
        .help(match redundancy {
            Redundancy::Copies(_) if spare == 0 => format!("set min_size to {}", redundancy.default_min()),
            Redundancy::Copies(size) => format!("keep {} copies", size + 1),
            Redundancy::Chunks(..) => "use another coding chunk".to_owned(),
        })
        .cause(pool.place.component()),
    )
}

fn no_spare(cluster: &CephCluster, pool: &Pool, redundancy: Redundancy, kind: &str) -> Option<Finding> {
    let Redundancy::Chunks(data, coding) = redundancy else { return None };
    let domains = cluster.osds_whole.then(|| cluster.domains(pool)).flatten()?.len();
    (domains == redundancy.pieces() as usize).then(|| {
        Finding::new(
            Severity::Advice,
            &pool.place,
            format!("pool {} has {data} + {coding} chunks on {domains} {}", pool.name, bucket_word(kind, domains)),
        )
        .at(&pool.redundancy, "")
        .breaks("a lost chunk cannot be rebuilt until its domain is back")
        .help(format!("use {} {}, or fewer chunks", domains + 1, bucket_word(kind, 2)))
        .cause(pool.place.component())
    })
}
