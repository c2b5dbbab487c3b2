//! WKL-003: what the hypervisor restarts elsewhere has room there.

use std::collections::BTreeMap;

use plimsoll_diagnostics::Severity;
use plimsoll_views::arithmetic::pack;
use plimsoll_views::workloads::{Capacity, Restart};
use plimsoll_views::{Scope, World};

use crate::{Evidence, Finding, Manual, Reads, Rule, Verdicts};

pub(super) const WKL_003: Rule = Rule {
    id: "WKL-003",
    severity: Severity::Error,
    summary: "guests that the hypervisor restarts elsewhere have room there",
    reads: Reads::Design,
    silent_behind: &[],
    manual: Manual {
        checks: "For each host: its guests under the hypervisor's high availability that nothing ties to it (no disks \
                 passed through, a copy of each disk elsewhere) are placed on the other hosts, the largest first, each on \
                 the fullest that still takes it, in what their own guests and the hypervisor leave of the memory. Error \
                 when they cannot fit: one is larger than every room, or their sum is larger than all rooms together, and \
                 the loss of a host is a declared goal. Warning when it is no goal, when this way of placing finds no \
                 place, or when more than 90 % (threshold `memory_after_loss`) of a host would be in use. Rules that keep \
                 guests apart are not placed by, so a warning may be missing.",
        breaks: "A guest that has no place stays in recovery, or its new host swaps.",
        remedy: "Memory for the guests of one host left over on the others.",
        before: "hosts: { pve-1..6: { memory: 120GiB } }   # 114 GiB of guests on each",
        after: "hosts: { pve-1..6: { memory: 256GiB } }",
        source: "Proxmox VE ha-manager.adoc, recovery; the sum is ours",
        evidence: Evidence::SeenPrinciple,
    },
    check: no_room,
};

fn no_room(world: &World<'_>, verdicts: &mut Verdicts) {
    let Some(capacity) = &world.workloads.capacity else { return };
    let mut by_host: BTreeMap<&str, Vec<&Restart>> = BTreeMap::new();
    for restart in capacity.restarts.iter().filter(|restart| !restart.tied) {
        by_host.entry(&restart.host).or_default().push(restart);
    }
    for (host, guests) in by_host {
        verdicts.verdict(lost(world, capacity, host, &guests));
    }
}

fn lost(world: &World<'_>, capacity: &Capacity, host: &str, guests: &[&Restart]) -> Option<Finding> {
    let sizes: Vec<u64> = guests.iter().filter_map(|guest| guest.memory.copied()).map(|size| size.0).collect();
    let others = || capacity.hypervisors.iter().filter(|other| other.name != host);
    let room: Vec<u64> = others().map(|other| other.memory.0.saturating_sub(other.used.0)).collect();
    let tight: Vec<u64> = others()
        .map(|other| ((other.memory.0 as f64 * world.thresholds.memory_after_loss) as u64).saturating_sub(other.used.0))
        .collect();
    let largest = guests.iter().max_by_key(|guest| guest.memory.copied())?;
    let sum = |list: &[u64]| list.iter().fold(0_u64, |sum, one| sum.saturating_add(*one));
    let most = room.iter().max().copied().unwrap_or_default();
    let proved = sum(&sizes) > sum(&room) || sizes.iter().any(|size| *size > most);
    let goal = world.goals.one("host", Scope::Any);
    let names: Vec<&str> = guests.iter().map(|guest| guest.name.as_str()).collect();
    let names = names.join(", ");
    let finding = |severity, message: String| {
        Finding::new(severity, largest.memory.place(), message)
            .at(&largest.memory, "the largest of them")
            .breaks("a guest without a place stays in recovery, or its new host swaps")
            .help("leave memory for the guests of one host on the others, or take them out of high availability")
            .cause(format!("host/{host}/restart"))
    };
    if proved {
        let severity = if goal { Severity::Error } else { Severity::Warning };
        return Some(finding(severity, format!("the other hosts have no room for {names} of {host}")));
    }
    if pack(&sizes, &room).is_none() {
        return Some(finding(
            Severity::Warning,
            format!("no place was found on the other hosts for {names} of {host}"),
        ));
    }
    pack(&sizes, &tight).is_none().then(|| {
        let share = (world.thresholds.memory_after_loss * 100.0).round();
        finding(
            Severity::Warning,
            format!("with {names} of {host}, another host would use more than {share} % of its memory"),
        )
    })
}
