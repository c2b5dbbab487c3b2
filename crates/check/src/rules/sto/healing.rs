//! STO-008, 009, 010 and 034: whether lost copies can be made again, and what the disks hold then.

use std::collections::{BTreeMap, BTreeSet};

use plimsoll_diagnostics::Severity;
use plimsoll_model::units::Bytes;
use plimsoll_views::storage::{CephCluster, Osd, Pool, Redundancy};
use plimsoll_views::{Place, World};

use super::capacity::{Demand, fullest, usable};
use super::{STORAGE, bucket_word, pools, survives_one, survives_two};
use crate::{Evidence, Finding, Manual, Reads, Rule, Verdicts};

pub(super) const STO_008: Rule = Rule {
    id: "STO-008",
    severity: Severity::Warning,
    summary: "there is a failure domain more than copies, so that a lost copy can be made again",
    reads: Reads::Both,
    silent_behind: &["STO-005"],
    manual: Manual {
        checks: "A replicated pool with as many failure domains as copies: advice, as it is the smallest design of the \
                 vendors; a warning when a second loss before the repair, or a loss during maintenance, is among the goals \
                 of storage.",
        breaks: "After the loss of one domain the pool stays degraded until that very domain is back: one in maintenance \
                 uses up the spare copy.",
        remedy: "One more domain with disks.",
        before: "osds: worker-1..3        # three copies",
        after: "osds: worker-1..4",
        source: "Proxmox VE, pveceph, \"Recommendations for a Healthy Ceph Cluster\"",
        evidence: Evidence::SeenPrinciple,
    },
    check: no_spare_domain,
};

pub(super) const STO_009: Rule = Rule {
    id: "STO-009",
    severity: Severity::Error,
    summary: "after the loss of one failure domain the others can hold all copies",
    reads: Reads::Design,
    silent_behind: &["STO-003"],
    manual: Manual {
        checks: "For the disks of each class and every domain that can be lost: with survivors of capacity cᵢ, n copies of \
                 u bytes (chunks: u is data over k) and b the fullest disk over the mean (threshold `osd_imbalance`), the \
                 copies can be rebuilt at fill r iff Σ min(r·cᵢ/b, u) ≥ n·u, and with several pools by the same cut over \
                 all of them. False at the backfillFull ratio (0.90): an error when the loss is among the goals of storage, \
                 else a warning. False at nearFull (0.85): a warning. Judged by what pools are said to hold (`used`), else \
                 by the quotas of tenants.",
        breaks: "Backfill stops half-way and redundancy is not rebuilt; any disk at 0.95 stops all writes of the cluster.",
        remedy: "Capacity for one domain less at 0.80, in domains of like size.",
        before: "osds: worker-1..4        # hosts with 20, 20, 5 and 5 TB, 5.5 TB of data, 3 copies",
        after: "osds: worker-1..4        # hosts with 12 TB each",
        source: "Rook, CephCluster CRD and deploy/examples/cluster.yaml (ratios); Proxmox VE, pveceph; Ceph, cephfs/full; \
                 the bound is max-flow = min-cut",
        evidence: Evidence::SeenPrinciple,
    },
    check: rebuilds,
};

pub(super) const STO_010: Rule = Rule {
    id: "STO-010",
    severity: Severity::Warning,
    summary: "failure domains are of like size, so that capacity can be used",
    reads: Reads::Design,
    silent_behind: &["STO-003"],
    manual: Manual {
        checks: "What the pool with the most copies can hold by the bound of STO-009 is less than 0.9 of capacity over \
                 copies: a warning. Otherwise advice when the smallest domain has less than 0.8 of the largest.",
        breaks: "No two copies may lie in one domain, so that the largest cannot be filled: bought space is not there.",
        remedy: "Equal disks in equal numbers.",
        before: "disks: { osd: 8x3840GB nvme }     # pve-1; the others have two",
        after: "disks: { osd: 4x3840GB nvme }     # on every host",
        source: "Proxmox VE, pveceph, \"Recommendations for a Healthy Ceph Cluster\"; rook issue 15254",
        evidence: Evidence::SeenPrinciple,
    },
    check: balanced,
};

pub(super) const STO_034: Rule = Rule {
    id: "STO-034",
    severity: Severity::Error,
    summary: "a host with no spare beside it can take the data of its own lost disk",
    reads: Reads::Design,
    silent_behind: &["STO-003"],
    manual: Manual {
        checks: "A pool with as many failure domains as copies or chunks, and a domain with several disks: what lies there \
                 over its capacity less its largest disk is above full (0.95): an error when the loss of a disk is among the \
                 goals of storage, else a warning. Above nearFull (0.85): a warning.",
        breaks: "The data of a lost disk can only be made again on the same host: its other disks run full, and writes of \
                 the whole cluster stop.",
        remedy: "More and smaller disks in each host, fill no more than 0.80 · (capacity − largest disk) / capacity, or one \
                 more host.",
        before: "disks: { osd: 2x7680GB nvme }     # three hosts, three copies, 7.5 TB of data",
        after: "disks: { osd: 4x3840GB nvme }",
        source: "Proxmox VE, pveceph, \"Recommendations for a Healthy Ceph Cluster\"",
        evidence: Evidence::SeenPrinciple,
    },
    check: own_disk,
};

/// Disks of one class in the domains of one type, with the pools that lie on them.
struct Root<'a> {
    kind: &'a str,
    domains: BTreeMap<&'a str, Vec<&'a Osd>>,
    pools: Vec<&'a Pool>,
}

impl Root<'_> {
    fn names(&self) -> String {
        self.pools.iter().map(|pool| pool.name.as_str()).collect::<Vec<_>>().join(", ")
    }

    fn capacities(&self) -> Option<BTreeMap<&str, f64>> {
        self.domains
            .iter()
            .map(|(name, osds)| {
                let sizes: Option<Vec<f64>> = osds.iter().map(|osd| osd.size.get().map(|size| size.0 as f64)).collect();
                Some((*name, sizes?.iter().sum()))
            })
            .collect()
    }

    /// What each pool with a known fill asks for, and whether that is all of them.
    fn demands(&self) -> (Vec<(&Pool, Demand)>, bool) {
        let known = self.pools.iter().filter_map(|pool| {
            let redundancy = pool.redundancy.copied()?;
            let each = pool.used.get()?.0 as f64 * redundancy.share();
            Some((*pool, Demand { pieces: redundancy.pieces() as usize, each }))
        });
        let known: Vec<_> = known.collect();
        let whole = known.len() == self.pools.len();
        (known, whole)
    }
}

/// The disks by class, each with its pools. `None` when the class of something is unknown, or when pools on the same
/// disks are spread over different types of domains.
fn roots(cluster: &CephCluster) -> Option<Vec<Root<'_>>> {
    if !cluster.osds_whole {
        return None;
    }
    let one_class = cluster.classes()?.len() <= 1;
    let mut by_class: BTreeMap<Option<&str>, Vec<&Pool>> = BTreeMap::new();
    for pool in &cluster.pools {
        let class = pool.class.get()?.as_deref().filter(|_| !one_class);
        by_class.entry(class).or_default().push(pool);
    }
    if by_class.contains_key(&None) && by_class.len() > 1 {
        return None;
    }
    let mut roots = Vec::new();
    for pools in by_class.into_values() {
        let kinds: Option<BTreeSet<&str>> = pools.iter().map(|pool| pool.domain.get().map(String::as_str)).collect();
        let kinds = kinds?;
        let (Some(kind), 1) = (kinds.first().copied(), kinds.len()) else { return None };
        roots.push(Root { kind, domains: cluster.domains(pools[0])?, pools });
    }
    Some(roots)
}

fn each_root(world: &World<'_>, verdicts: &mut Verdicts, judge: impl Fn(&CephCluster, &Root<'_>, &mut Verdicts)) {
    for cluster in &world.storage.ceph {
        match roots(cluster) {
            Some(roots) => roots.iter().for_each(|root| judge(cluster, root, verdicts)),
            None => verdicts.cannot_judge(&cluster.place, "the disks of each pool, in one type of failure domain"),
        }
    }
}

fn no_spare_domain(world: &World<'_>, verdicts: &mut Verdicts) {
    for (cluster, pool) in pools(world) {
        let domains = cluster.osds_whole.then(|| cluster.domains(pool)).flatten();
        let (Some(domains), Some(redundancy), Some(kind)) = (domains, pool.redundancy.copied(), pool.domain.get())
        else {
            verdicts.cannot_judge(&pool.place, "its copies and all disks");
            continue;
        };
        let tight = matches!(redundancy, Redundancy::Copies(size) if size > 1 && size as usize == domains.len());
        verdicts.verdict(tight.then(|| {
            let second = survives_two(&world.goals, kind);
            let count = domains.len();
            Finding::new(
                if second { Severity::Warning } else { Severity::Advice },
                &pool.place,
                format!("pool {} has {count} copies on {count} {}", pool.name, bucket_word(kind, count)),
            )
            .at(&pool.redundancy, "")
            .breaks(if second {
                "a lost copy cannot be made again before the second loss that must be survived"
            } else {
                "a lost copy cannot be made again until that domain is back; one in maintenance is one lost"
            })
            .help(format!("add a {} with disks", bucket_word(kind, 1)))
            .cause(pool.place.component())
        }));
    }
}

fn rebuilds(world: &World<'_>, verdicts: &mut Verdicts) {
    each_root(world, verdicts, |cluster, root, verdicts| {
        let Some(capacities) = root.capacities() else {
            verdicts.cannot_judge(&cluster.place, "the size of every disk");
            return;
        };
        let (demands, whole) = root.demands();
        let survivors = capacities.len().saturating_sub(1);
        if demands.iter().all(|(_, demand)| demand.pieces > survivors) && whole {
            verdicts.holds();
            return;
        }
        let mut worst: Option<(&str, f64)> = None;
        for lost in capacities.keys() {
            let left: Vec<f64> = capacities.iter().filter(|(name, _)| *name != lost).map(|(_, size)| *size).collect();
            // A pool with more pieces than survivors keeps one in each and gains none.
            let after = demands.iter().map(|(_, demand)| Demand { pieces: demand.pieces.min(survivors), ..*demand });
            let fill = fullest(&left, &after.collect::<Vec<_>>()).unwrap_or(f64::INFINITY);
            if worst.is_none_or(|(_, fullest)| fill > fullest) {
                worst = Some((lost, fill));
            }
        }
        let Some((lost, fill)) = worst else {
            verdicts.holds();
            return;
        };
        let fill = fill * world.thresholds.osd_imbalance.max(1.0);
        let (near, backfill) =
            (cluster.near_full.copied().unwrap_or(0.85), cluster.backfill_full.copied().unwrap_or(0.9));
        if fill > near {
            let declared = survives_one(&world.goals, root.kind);
            let severity = if fill > backfill && declared { Severity::Error } else { Severity::Warning };
            let first = demands[0].0;
            verdicts.broken(rebuild_finding(severity, root, first, lost, fill, fill > backfill));
        } else if whole {
            verdicts.holds();
        } else {
            verdicts.cannot_judge(&cluster.place, format!("how much pools {} will hold", root.names()));
        }
    });
}

fn rebuild_finding(severity: Severity, root: &Root<'_>, pool: &Pool, lost: &str, fill: f64, stops: bool) -> Finding {
    let message = if stops {
        format!("without {lost} the copies of {} cannot be rebuilt", root.names())
    } else {
        format!("without {lost} the disks of {} run nearly full", root.names())
    };
    let percent = (fill * 100.0).ceil();
    let what = if pool.used_by_quota { "when tenants use their quotas, the" } else { "the" };
    Finding::new(severity, &pool.place, message)
        .at(&pool.used, format!("{what} fullest disk would be at {percent} %"))
        .breaks(if stops {
            "backfill stops half-way, and the next loss meets data with a copy missing"
        } else {
            "Ceph warns, and little room is left until writes stop"
        })
        .help("add disks, in hosts of like size, or promise less")
        .cause(pool.place.component())
}

fn balanced(world: &World<'_>, verdicts: &mut Verdicts) {
    each_root(world, verdicts, |cluster, root, verdicts| {
        let pieces = root.pools.iter().filter_map(|pool| Some((*pool, pool.redundancy.copied()?.pieces() as usize)));
        let Some((pool, pieces)) = pieces.max_by_key(|(_, pieces)| *pieces) else {
            verdicts.holds();
            return;
        };
        let Some(capacities) = root.capacities() else {
            verdicts.cannot_judge(&cluster.place, "the size of every disk");
            return;
        };
        let sizes: Vec<f64> = capacities.values().copied().collect();
        let raw: f64 = sizes.iter().sum();
        if pieces == 0 || sizes.len() < pieces {
            verdicts.holds();
            return;
        }
        let held = usable(&sizes, pieces, 1.0);
        let bought = raw / pieces as f64;
        let (smallest, largest) =
            (sizes.iter().copied().fold(f64::INFINITY, f64::min), sizes.iter().copied().fold(0.0, f64::max));
        let finding = |severity, message: String| {
            let (name, _) = capacities
                .iter()
                .fold(("", 0.0), |best, (name, size)| if *size > best.1 { (*name, *size) } else { best });
            let osd = root.domains.get(name).and_then(|osds| osds.first());
            let place = osd.map_or(&pool.place, |osd| osd.size.place());
            Finding::new(severity, &pool.place, message)
                .at_place(place, format!("{name} has {}", terabytes(largest)))
                .help("put like disks into every host")
                .cause(pool.place.component())
        };
        verdicts.verdict(if held < 0.9 * bought {
            Some(
                finding(
                    Severity::Warning,
                    format!("of {} for {} only {} can be used", terabytes(bought), root.names(), terabytes(held)),
                )
                .breaks("copies must lie apart, so that the largest domain cannot be filled"),
            )
        } else if smallest < 0.8 * largest {
            Some(
                finding(
                    Severity::Advice,
                    format!("{} with disks of {} differ in size", bucket_word(root.kind, 2), root.names()),
                )
                .breaks(format!("the smallest has {}: its disks fill first, and it serves less", terabytes(smallest))),
            )
        } else {
            None
        });
    });
}

/// In TB, as disks are sold.
fn terabytes(bytes: f64) -> String {
    format!("{:.1} TB", bytes / 1e12)
}

fn own_disk(world: &World<'_>, verdicts: &mut Verdicts) {
    each_root(world, verdicts, |cluster, root, verdicts| {
        let Some(capacities) = root.capacities() else {
            verdicts.cannot_judge(&cluster.place, "the size of every disk");
            return;
        };
        let (demands, whole) = root.demands();
        let count = capacities.len();
        // Where there is a domain to spare, the data of a lost disk may go to another one.
        if !root.pools.iter().any(|pool| pool.redundancy.get().is_some_and(|it| it.pieces() as usize == count)) {
            verdicts.holds();
            return;
        }
        let raw: f64 = capacities.values().sum();
        let mut worst: Option<(&str, f64)> = None;
        for (name, capacity) in &capacities {
            let used: f64 = demands
                .iter()
                .map(|(_, demand)| {
                    demand.each * if demand.pieces >= count { 1.0 } else { demand.pieces as f64 * capacity / raw }
                })
                .sum();
            let osds = &root.domains[name];
            let largest = osds.iter().filter_map(|osd| osd.size.copied()).max().unwrap_or(Bytes(0)).0 as f64;
            let left = capacity - largest;
            // With one disk there is nowhere to rebuild, and nothing that could fill.
            if osds.len() > 1 && left > 0.0 && worst.is_none_or(|(_, fill)| used / left > fill) {
                worst = Some((name, used / left));
            }
        }
        let (near, full) = (cluster.near_full.copied().unwrap_or(0.85), cluster.full.copied().unwrap_or(0.95));
        match worst.filter(|(_, fill)| *fill > near) {
            Some((name, fill)) => {
                let declared = world.goals.one("disk", STORAGE);
                let severity = if fill > full && declared { Severity::Error } else { Severity::Warning };
                let pool = demands[0].0;
                verdicts.broken(
                    Finding::new(severity, &pool.place, format!("the loss of one disk of {name} fills its others"))
                        .at_place(fill_place(pool), format!("to {} %", (fill * 100.0).ceil()))
                        .breaks(if fill > full {
                            "its data can only be rebuilt on the same host, and all writes stop when a disk is full"
                        } else {
                            "its data can only be rebuilt on the same host, and little room is left until writes stop"
                        })
                        .help("use more and smaller disks in each host, or add a host")
                        .cause(format!("{}/disk", pool.place.component())),
                );
            }
            None if whole => verdicts.holds(),
            None => verdicts.cannot_judge(&cluster.place, format!("how much pools {} will hold", root.names())),
        }
    });
}

fn fill_place(pool: &Pool) -> &Place {
    pool.used.place()
}
