//! KADM-004, 016 and 017: how many control-plane machines, how large, and what else runs on them.

use plimsoll_diagnostics::Severity;
use plimsoll_model::units::{Bytes, MilliCpu};
use plimsoll_views::World;

use crate::{Evidence, Finding, Manual, Reads, Rule, Verdicts};

pub(super) const KADM_004: Rule = Rule {
    id: "KADM-004",
    severity: Severity::Error,
    summary: "a highly available control plane has three machines",
    reads: Reads::Design,
    silent_behind: &["PHY-003"],
    manual: Manual {
        checks: "One control-plane machine, or two with stacked etcd: an error when high availability is claimed, else a \
                 warning. Two with external etcd: a warning when it is claimed (one loss is survived, none is spare during \
                 maintenance). A much-read article says that two tolerate one failure, which is wrong for etcd.",
        breaks: "One: everything stops with it. Two with stacked etcd: the loss of either stops all writes, which is \
                 worse than one.",
        remedy: "Three machines, or five to survive a second loss.",
        before: "cp-1..2: { role: control-plane, host: pve-1..2 }",
        after: "cp-1..3: { role: control-plane, host: pve-1..3 }",
        source: "kubernetes.io, options for highly available topology; etcd FAQ",
        evidence: Evidence::Seen,
    },
    check: count,
};

pub(super) const KADM_016: Rule = Rule {
    id: "KADM-016",
    severity: Severity::Warning,
    summary: "a control-plane machine has the size that API server and etcd need",
    reads: Reads::Design,
    silent_behind: &[],
    manual: Manual {
        checks: "Fewer than 4 threads or less than 8 GiB with stacked etcd (thresholds `control_plane_cpu` and \
                 `control_plane_memory_gib`), for clusters of more than 10 planned nodes.",
        breaks: "The API answers slowly, and etcd misses heartbeats when many clients come at once.",
        remedy: "4 threads and 8 to 16 GiB.",
        before: "cp-1..3: { cpu: 2, memory: 4GiB }",
        after: "cp-1..3: { cpu: 4, memory: 16GiB }",
        source: "etcd hardware recommendations, small cluster; the sizes for the API server beside it are ours",
        evidence: Evidence::SeenPrinciple,
    },
    check: size,
};

pub(super) const KADM_017: Rule = Rule {
    id: "KADM-017",
    severity: Severity::Warning,
    summary: "workloads keep off control-plane machines, or leave them their share",
    reads: Reads::Design,
    silent_behind: &[],
    manual: Manual {
        checks: "Control-plane machines take workloads (no taint), and what is kept for system and kubelet does not cover \
                 API server, etcd, controller manager and scheduler: 2 threads and 4 GiB. Advice for clusters of at most 3 \
                 nodes, where it is meant.",
        breaks: "Workloads take CPU, memory and disk from etcd and the API server. Priority does not help: static pods \
                 are critical already.",
        remedy: "Keep the taint, or reserve 2 threads and 4 GiB on these machines.",
        before: "cp-1..3: { taints: [] }",
        after: "cp-1..3: { }    # the default taint keeps workloads away",
        source: "kubernetes.io, reserve compute resources for system daemons",
        evidence: Evidence::SeenPrinciple,
    },
    check: schedulable,
};

fn count(world: &World<'_>, verdicts: &mut Verdicts) {
    for plane in &world.control_planes {
        if !plane.machines_known {
            verdicts.cannot_judge(&plane.place, "how many control-plane machines there are");
            continue;
        }
        let machines = plane.machines.len();
        let (Some(stacked), Some(claims)) = (plane.etcd_stacked.copied(), plane.claims_ha.copied()) else {
            verdicts.cannot_judge(&plane.place, "whether etcd is stacked, and what is claimed");
            continue;
        };
        let severity = match (machines, stacked, claims) {
            (0 | 1, _, true) | (2, true, true) => Some(Severity::Error),
            (0 | 1, _, false) | (2, true, false) | (2, false, true) => Some(Severity::Warning),
            _ => None,
        };
        verdicts.verdict(severity.map(|severity| {
            let place = plane.machines.first().map_or(&plane.place, |machine| &machine.place);
            let breaks = match (machines, stacked) {
                (0 | 1, _) => "the API stops with that machine",
                (_, true) => "the loss of either stops all writes: etcd needs both of two",
                (_, false) => "during maintenance of one nothing is spare",
            };
            let noun = if machines == 1 { "machine" } else { "machines" };
            let finding = Finding::new(severity, place, format!("the control plane has {machines} {noun}"))
                .at_place(place, "")
                .breaks(breaks)
                .help("use three machines on three hosts, or five to survive a second loss")
                .cause("etcd/members");
            if claims { finding.context(&plane.claims_ha, "survival is promised here") } else { finding }
        }));
    }
}

fn size(world: &World<'_>, verdicts: &mut Verdicts) {
    const SMALL_CLUSTER: u32 = 10;
    let nodes = world.design.map_or(0, |source| source.design.nodes().count() as u32);
    let (cpu_wanted, memory_wanted) =
        (world.thresholds.control_plane_cpu, Bytes::gib(u64::from(world.thresholds.control_plane_memory_gib)));
    for plane in world.control_planes.iter().filter(|plane| plane.etcd_stacked.is(&true)) {
        for machine in &plane.machines {
            let (Some(cpu), Some(memory)) = (machine.cpu.copied(), machine.memory.copied()) else {
                verdicts.cannot_judge(&machine.place, "its size");
                continue;
            };
            // A cluster of a few nodes is served by half of it.
            let share = if nodes > SMALL_CLUSTER { 1 } else { 2 };
            let (cpu_wanted, memory_wanted) = (cpu_wanted / share, Bytes(memory_wanted.0 / u64::from(share)));
            let small = cpu < cpu_wanted || memory < memory_wanted;
            verdicts.verdict(small.then(|| {
                let fact_place = if cpu < cpu_wanted { machine.cpu.place() } else { machine.memory.place() };
                Finding::new(
                    Severity::Warning,
                    fact_place,
                    format!(
                        "{} has {cpu} {} and {memory} for API server and etcd",
                        machine.name,
                        if cpu == 1 { "thread" } else { "threads" }
                    ),
                )
                .at_place(fact_place, format!("{cpu_wanted} threads and {memory_wanted} are needed"))
                .breaks("the API answers slowly, and etcd misses heartbeats when many clients come at once")
                .help("give it 4 threads and 8 to 16GiB")
            }));
        }
    }
}

fn schedulable(world: &World<'_>, verdicts: &mut Verdicts) {
    const NEEDED: (MilliCpu, Bytes) = (MilliCpu::threads(2), Bytes::gib(4));
    let few = world.design.is_some_and(|source| source.design.nodes().count() <= 3);
    for machine in world.control_planes.iter().flat_map(|plane| &plane.machines) {
        let (Some(schedulable), Some(reserved)) = (machine.schedulable.copied(), machine.reserved.copied()) else {
            verdicts.cannot_judge(&machine.place, "its taints and reservations");
            continue;
        };
        let too_little = reserved.0 < NEEDED.0 || reserved.1 < NEEDED.1;
        verdicts.verdict((schedulable && too_little).then(|| {
            Finding::new(
                if few { Severity::Advice } else { Severity::Warning },
                machine.schedulable.place(),
                format!("workloads may take what API server and etcd of {} need", machine.name),
            )
            .at(&machine.schedulable, "no taint keeps workloads away")
            .context(&machine.reserved, format!("{} threads and {} are kept", reserved.0, reserved.1))
            .breaks("etcd misses heartbeats when a workload is busy")
            .help("keep the taint, or reserve 2 threads and 4GiB")
        }));
    }
}
