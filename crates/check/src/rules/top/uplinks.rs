//! TOP-001 to 003: host ports against uplinks.

use std::collections::{BTreeMap, BTreeSet};

use plimsoll_diagnostics::Severity;
use plimsoll_model::Design;
use plimsoll_views::World;
use plimsoll_views::uplinks::Leaf;

use crate::words::{list, verb};
use crate::{Evidence, Finding, Manual, Reads, Rule, Verdicts};

pub(super) const TOP_001: Rule = Rule {
    id: "TOP-001",
    severity: Severity::Advice,
    summary: "leaves are not oversubscribed",
    reads: Reads::Design,
    silent_behind: &[],
    manual: Manual {
        checks: "With several racks: the speed of a leaf's ports to hosts, added up, is more than 3 times \
                 (threshold `oversubscription`) that of its uplinks. 3 to 1 is a rule of thumb; the answer \
                 depends on the traffic.",
        breaks: "Traffic between racks waits.",
        remedy: "More or faster uplinks.",
        before: "24 ports of 25G over uplinks: { speed: 100G }   # 6 to 1",
        after: "24 ports of 25G over two uplinks of 100G",
        source: "ipSpace, the saga of oversubscriptions",
        evidence: Evidence::Seen,
    },
    check: healthy,
};

pub(super) const TOP_002: Rule = Rule {
    id: "TOP-002",
    severity: Severity::Advice,
    summary: "leaves are not oversubscribed with one uplink down",
    reads: Reads::Design,
    silent_behind: &["TOP-001"],
    manual: Manual {
        checks: "With several racks: the ratio of TOP-001 with the fastest uplink of the leaf down is more \
                 than 6 (threshold `oversubscription_degraded`); on leaves with Ceph disks more than twice \
                 `oversubscription_storage`.",
        breaks: "The loss of a link turns into slow operations of storage.",
        remedy: "One more uplink.",
        before: "one uplink of 100G",
        after: "two uplinks of 100G",
        source: "general practice",
        evidence: Evidence::Expertise,
    },
    check: degraded,
};

pub(super) const TOP_003: Rule = Rule {
    id: "TOP-003",
    severity: Severity::Advice,
    summary: "leaves with Ceph disks have uplinks for recovery",
    reads: Reads::Design,
    silent_behind: &["TOP-001"],
    manual: Manual {
        checks: "With Ceph disks in several racks: the ratio of TOP-001 is more than 2 (threshold \
                 `oversubscription_storage`) on a leaf of such hosts.",
        breaks: "Recovery traffic starves clients.",
        remedy: "1 to 1, at most 2 to 1, for leaves of storage.",
        before: "16 ports of 25G over one uplink of 100G",
        after: "16 ports of 25G over two uplinks of 100G",
        source: "general practice",
        evidence: Evidence::Expertise,
    },
    check: storage,
};

/// Leaves whose uplinks something waits for: with one rack, nothing leaves it in bulk.
fn leaves(design: &Design) -> Vec<Leaf<'_>> {
    if design.rack.len() < 2 { Vec::new() } else { plimsoll_views::uplinks::leaves(design) }
}

/// Judges each leaf by what `share` says of it: bits a second of uplinks to count with, and how many times as much may
/// hang below. Leaves that are alike are told together.
fn judge<'d>(
    world: &World<'_>,
    verdicts: &mut Verdicts,
    leaves: impl IntoIterator<Item = Leaf<'d>>,
    share: impl Fn(&Leaf<'_>) -> (u64, f64),
    when: &str,
    breaks: &str,
) {
    let Some(source) = world.design else { return };
    let mut broken: BTreeMap<(u64, u64, bool), (f64, Vec<&str>)> = BTreeMap::new();
    for leaf in leaves {
        let (uplinks, most) = share(&leaf);
        if leaf.uplinks == 0 {
            verdicts.cannot_judge(&source.place(format!("switch/{}", leaf.name)), "its uplinks");
        } else if uplinks == 0 || leaf.hosts as f64 / uplinks as f64 <= most {
            // Without any uplink left it is parted, which PHY-003 judges.
            verdicts.holds();
        } else {
            let alike = broken.entry((leaf.hosts, uplinks, leaf.storage));
            alike.or_insert_with(|| (most, Vec::new())).1.push(leaf.name.as_str());
        }
    }
    for ((hosts, uplinks, _), (most, names)) in broken {
        let place = source.place(format!("switch/{}", names[0]));
        let ratio = hosts as f64 / uplinks as f64;
        let is = verb(names.len(), "is", "are");
        let each = verb(names.len(), "", " each");
        verdicts.broken(
            Finding::new(
                Severity::Advice,
                &place,
                format!("{} {is} oversubscribed {ratio:.1} to 1{when}", list(&names)),
            )
            .at_place(&place, format!("{} G to hosts, {} G up{each}", hosts / 1_000_000_000, uplinks / 1_000_000_000))
            .breaks(breaks)
            .help(format!("add uplinks until it is at most {most} to 1")),
        );
    }
}

fn healthy(world: &World<'_>, verdicts: &mut Verdicts) {
    let Some(source) = world.design else { return };
    let most = world.thresholds.oversubscription;
    let share = |leaf: &Leaf<'_>| (leaf.uplinks, most);
    judge(world, verdicts, leaves(source.design), share, "", "traffic between racks waits");
}

fn degraded(world: &World<'_>, verdicts: &mut Verdicts) {
    let Some(source) = world.design else { return };
    let (storage, other) =
        (2.0 * world.thresholds.oversubscription_storage, world.thresholds.oversubscription_degraded);
    let share = |leaf: &Leaf<'_>| (leaf.uplinks - leaf.fastest, if leaf.storage { storage } else { other });
    let breaks = "the loss of a link turns into slow operations of storage";
    judge(world, verdicts, leaves(source.design), share, " with one uplink down", breaks);
}

fn storage(world: &World<'_>, verdicts: &mut Verdicts) {
    let Some(source) = world.design else { return };
    let design = source.design;
    let racks: BTreeSet<_> = design
        .ceph
        .iter()
        .flat_map(|ceph| ceph.osd.values())
        .filter_map(|osd| design.host.get(&osd.host))
        .map(|host| &host.rack)
        .collect();
    let most = world.thresholds.oversubscription_storage;
    let with_disks = leaves(design).into_iter().filter(|leaf| leaf.storage && racks.len() > 1);
    let share = |leaf: &Leaf<'_>| (leaf.uplinks, most);
    judge(world, verdicts, with_disks, share, " with storage below", "recovery of Ceph starves clients");
}
