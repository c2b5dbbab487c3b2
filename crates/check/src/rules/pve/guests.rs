//! PVE-011 to 014 and 025: guests.

use std::collections::BTreeMap;

use plimsoll_diagnostics::Severity;
use plimsoll_model::Name;
use plimsoll_model::design::{CacheMode, Drain};
use plimsoll_views::World;
use plimsoll_views::hypervisor::{Guest, GuestDisk, Job};

use crate::words::{list, verb};
use crate::{Evidence, Finding, Manual, Reads, Rule, Verdicts};

pub(super) const PVE_011: Rule = Rule {
    id: "PVE-011",
    severity: Severity::Warning,
    summary: "guests of the cluster keep their memory",
    reads: Reads::Both,
    silent_behind: &[],
    manual: Manual {
        checks: "Ballooning may take memory from a node, a member of etcd, a balancer or a DNS server.",
        breaks: "Under pressure the guest loses memory: it swaps or ends pods, while the kubelet counts with \
                 all of it.",
        remedy: "`balloon: 0`.",
        before: "memory: 16384\nballoon: 4096",
        after: "memory: 16384\nballoon: 0",
        source: "Proxmox VE qm, memory",
        evidence: Evidence::SeenPrinciple,
    },
    check: balloon,
};

pub(super) const PVE_012: Rule = Rule {
    id: "PVE-012",
    severity: Severity::Warning,
    summary: "hosts of etcd have threads for their guests",
    reads: Reads::Design,
    silent_behind: &[],
    manual: Manual {
        checks: "The virtual processors of all guests on a host with a member of etcd are more than 2 for \
                 each hardware thread (threshold `vcpu_overcommit`).",
        breaks: "etcd waits for a processor, misses heartbeats and elects again.",
        remedy: "Fewer virtual processors, or other hosts.",
        before: "80 virtual processors on 32 threads",
        after: "48 virtual processors on 32 threads",
        source: "etcd FAQ, CPU starvation",
        evidence: Evidence::SeenPrinciple,
    },
    check: overcommit,
};

pub(super) const PVE_013: Rule = Rule {
    id: "PVE-013",
    severity: Severity::Error,
    summary: "the CPU type of guests suffices for what runs in them",
    reads: Reads::Both,
    silent_behind: &[],
    manual: Manual {
        checks: "The CPU type (unset: kvm64) is below the level that the operating system or an image needs: \
                 EL 9 and the images of Ceph need x86-64-v2, EL 10 needs v3. Otherwise kvm64 and qemu64 are a \
                 warning, since they lack AES. `host` for guests that move between hosts of different models \
                 is a warning.",
        breaks: "The system or a container does not start (`CPU does not support x86-64-v2`), or encryption \
                 is slow. With `host`, a guest that moved crashes.",
        remedy: "The highest level that all hosts have: x86-64-v2-AES or x86-64-v3.",
        before: "cores: 4",
        after: "cores: 4\ncpu: x86-64-v2-AES",
        source: "Proxmox VE qm, CPU type; the level of EL 10 is from general knowledge",
        evidence: Evidence::SeenPrinciple,
    },
    check: cpu_type,
};

pub(super) const PVE_014: Rule = Rule {
    id: "PVE-014",
    severity: Severity::Error,
    summary: "disks of guests keep what they acknowledged",
    reads: Reads::Both,
    silent_behind: &[],
    manual: Manual {
        checks: "Cache mode `unsafe` on any disk: an error. `writeback` below a member of etcd or a monitor: \
                 advice. `directsync` and `writethrough` there: advice, since each write waits for the disk.",
        breaks: "With `unsafe` the host ignores flushes: a power cut loses writes that etcd has \
                 acknowledged. With `writeback` latency depends on the host's memory.",
        remedy: "No cache mode, which is `none`.",
        before: "scsi0: fast:vm-2001-disk-0,cache=unsafe",
        after: "scsi0: fast:vm-2001-disk-0,iothread=1",
        source: "Proxmox VE qm, cache; QEMU cache modes",
        evidence: Evidence::SeenPrinciple,
    },
    check: cache,
};

pub(super) const PVE_025: Rule = Rule {
    id: "PVE-025",
    severity: Severity::Error,
    summary: "guests of the cluster start with their host",
    reads: Reads::Both,
    silent_behind: &[],
    manual: Manual {
        checks: "A node, a member of etcd, a balancer or a DNS server is neither under the high-availability \
                 manager nor starts with its host (`onboot`, off unless stated).",
        breaks: "After a power cut the hosts are up and the cluster is not, until somebody starts it by \
                 hand.",
        remedy: "`onboot: 1`, with an order: storage and DNS, control plane, workers.",
        before: "name: cp-1",
        after: "name: cp-1\nonboot: 1\nstartup: order=2",
        source: "Proxmox VE qm, automatic start",
        evidence: Evidence::Seen,
    },
    check: onboot,
};

/// Guests whose job is known.
fn working<'w>(world: &'w World<'_>) -> impl Iterator<Item = &'w Guest> {
    world.hypervisors.iter().flat_map(|all| &all.guests).filter(|guest| guest.job.get().is_some())
}

fn balloon(world: &World<'_>, verdicts: &mut Verdicts) {
    let mut broken: BTreeMap<_, Vec<&Guest>> = BTreeMap::new();
    for guest in working(world) {
        let (Some(all), Some(least)) = (guest.memory.copied(), guest.balloon_minimum.copied()) else {
            verdicts.cannot_judge(&guest.place, "its memory and its balloon");
            continue;
        };
        if least < all {
            broken.entry((alone(world, guest), all, least)).or_default().push(guest);
        } else {
            verdicts.holds();
        }
    }
    for ((_, all, least), guests) in broken {
        let fact = &guests[0].balloon_minimum;
        let (loses, it) = (verb(guests.len(), "it swaps or ends", "they swap or end"), names(&guests));
        verdicts.broken(
            Finding::new(
                Severity::Warning,
                fact.place(),
                format!("ballooning may take {} of the {all} of {it}", all - least),
            )
            .at(fact, "")
            .breaks(format!("under pressure {loses} pods, while the kubelet counts with all of it"))
            .help(if world.is_files() { "`balloon: 0`" } else { "leave `balloon` out" }),
        );
    }
}

/// What is broken alike is one finding in a Design, where one line makes it so; in files each guest has its own.
fn alone<'w>(world: &World<'_>, guest: &'w Guest) -> Option<&'w str> {
    world.is_files().then_some(guest.name.as_str())
}

fn names(guests: &[&Guest]) -> String {
    list(&guests.iter().map(|guest| guest.name.as_str()).collect::<Vec<_>>())
}

fn overcommit(world: &World<'_>, verdicts: &mut Verdicts) {
    let Some(source) = world.design else { return };
    let design = source.design;
    for (name, host) in &design.host {
        let on = || design.machine.iter().filter(|(_, machine)| machine.host == *name);
        if !on().any(|(machine, _)| design.etcd.member.contains_key(machine)) {
            continue;
        }
        let wanted: u32 = on().map(|(_, machine)| machine.cpu).sum();
        let most = f64::from(host.cpu.threads) * world.thresholds.vcpu_overcommit;
        let place = source.place(format!("host/{name}/cpu"));
        verdicts.verdict((f64::from(wanted) > most).then(|| {
            Finding::new(
                Severity::Warning,
                &place,
                format!("{name} with a member of etcd gives {wanted} virtual processors to guests"),
            )
            .at_place(&place, format!("{} threads", host.cpu.threads))
            .breaks("etcd waits for a processor, misses heartbeats and elects again")
            .help("give guests fewer processors, or move some to another host")
        }));
    }
}

/// Level of the x86-64 instruction set that a CPU type has; unknown for `host` and models.
fn level(cpu_type: &str) -> Option<u8> {
    match cpu_type {
        "kvm64" | "qemu64" | "kvm32" | "qemu32" => Some(1),
        _ => cpu_type.strip_prefix("x86-64-v")?.chars().next()?.to_digit(10).map(|level| level as u8),
    }
}

/// Level that an operating system needs (`rocky-9`).
fn needed(os: &str) -> u8 {
    let enterprise = ["rocky", "alma", "almalinux", "rhel", "centos", "centos-stream", "oracle"];
    let (name, release) = os.rsplit_once('-').unwrap_or((os, ""));
    match release.split('.').next().and_then(|release| release.parse::<u8>().ok()) {
        Some(9) if enterprise.contains(&name) => 2,
        Some(10..) if enterprise.contains(&name) => 3,
        _ => 1,
    }
}

fn cpu_type(world: &World<'_>, verdicts: &mut Verdicts) {
    let rook = world.design.and_then(|source| source.design.ceph.as_ref());
    let mut broken: BTreeMap<_, Vec<&Guest>> = BTreeMap::new();
    for guest in working(world) {
        let Some(cpu) = guest.cpu_type.get() else {
            verdicts.cannot_judge(&guest.place, "its CPU type");
            continue;
        };
        let os = guest.os.get().map_or(1, |os| needed(os));
        let carries = |ceph: &plimsoll_model::design::Ceph| {
            ceph.osd.values().any(|osd| osd.machine == *guest.name.as_str())
                || ceph.mon.contains_key(&guest.name.as_str().into())
        };
        let images = if rook.is_some_and(carries) { 2 } else { 1 };
        match level(cpu) {
            Some(has) if has < os.max(images) || has == 1 => {
                broken.entry((alone(world, guest), cpu, has, os, images)).or_default().push(guest);
            }
            None if cpu == "host" => verdicts.verdict(mixed(world, guest)),
            _ => verdicts.holds(),
        }
    }
    let key = if world.is_files() { "cpu" } else { "cpu_type" };
    for ((_, cpu, has, os, images), guests) in broken {
        let fact = &guests[0].cpu_type;
        let (wants, who) = (os.max(images), names(&guests));
        verdicts.broken(if has < wants {
            let what = if os >= images { "the operating system needs" } else { "the images of Ceph need" };
            let message = format!("the CPU of {who} is x86-64-v{has}, and {what} v{wants}");
            Finding::new(Severity::Error, fact.place(), message)
                .at(fact, cpu)
                .breaks(format!("what needs it does not start: `CPU does not support x86-64-v{wants}` and the like"))
                .help(format!("`{key}: x86-64-v{wants}{}`", if wants == 2 { "-AES" } else { "" }))
        } else {
            let message = format!("the CPU of {who} has no AES and no newer instructions");
            Finding::new(Severity::Warning, fact.place(), message)
                .at(fact, if fact.is_default() { "kvm64, since nothing is stated" } else { cpu.as_str() })
                .breaks("TLS and disk encryption are slow, and images that need x86-64-v2 do not start")
                .help(format!("`{key}: x86-64-v2-AES`"))
        });
    }
}

/// `host` for a guest that moves between hosts of different models.
fn mixed(world: &World<'_>, guest: &Guest) -> Option<Finding> {
    let design = world.design?.design;
    let machine = design.machine.get(&Name::from(guest.name.as_str()))?;
    let models: std::collections::BTreeSet<&str> =
        design.host.values().filter_map(|host| host.cpu.model.as_deref()).collect();
    let models: Vec<&str> = models.into_iter().collect();
    (models.len() > 1 && (machine.drain == Drain::Migrate || machine.ha)).then(|| {
        Finding::new(
            Severity::Warning,
            guest.cpu_type.place(),
            format!("{} has the CPU of its host and moves between different ones", guest.name),
        )
        .at(&guest.cpu_type, list(&models))
        .breaks("it crashes after it moved, or cannot move")
        .help("use the highest level that all hosts have, such as `cpu_type: x86-64-v3`")
    })
}

fn cache(world: &World<'_>, verdicts: &mut Verdicts) {
    let mut broken: BTreeMap<_, Vec<(&Guest, &GuestDisk)>> = BTreeMap::new();
    for guest in world.hypervisors.iter().flat_map(|all| &all.guests) {
        for disk in &guest.disks {
            let Some(cache) = disk.cache.copied() else {
                verdicts.cannot_judge(&disk.place, "its cache mode");
                continue;
            };
            let votes = guest.job.is(&Job::Vote);
            let (severity, breaks) = match cache {
                CacheMode::Unsafe => (Severity::Error, "flushes are ignored: a power cut loses what was acknowledged"),
                CacheMode::Writeback if votes => {
                    (Severity::Advice, "the time of an fsync depends on the memory of the host")
                }
                CacheMode::Directsync | CacheMode::Writethrough if votes => {
                    (Severity::Advice, "each write waits for the disk, flushed or not")
                }
                _ => {
                    verdicts.holds();
                    continue;
                }
            };
            // In files each disk has a line of its own.
            let own = world.is_files().then_some(disk.name.as_str());
            let key = (severity, breaks, cache.as_str(), alone(world, guest), own);
            broken.entry(key).or_default().push((guest, disk));
        }
    }
    for ((severity, breaks, cache, ..), seats) in broken {
        let mut disks: Vec<&str> = seats.iter().map(|(_, disk)| disk.name.as_str()).collect();
        disks.sort_unstable();
        disks.dedup();
        let mut guests: Vec<&str> = seats.iter().map(|(guest, _)| guest.name.as_str()).collect();
        guests.dedup();
        let (thing, have) = (verb(disks.len(), "disk", "disks"), verb(disks.len(), "has", "have"));
        let fact = &seats[0].1.cache;
        verdicts.broken(
            Finding::new(
                severity,
                fact.place(),
                format!("{thing} {} of {} {have} cache mode {cache}", list(&disks), list(&guests)),
            )
            .at(fact, "")
            .breaks(breaks)
            .help("leave `cache` out, which is `none`"),
        );
    }
}

fn onboot(world: &World<'_>, verdicts: &mut Verdicts) {
    let mut broken: Vec<&Guest> = Vec::new();
    for guest in working(world) {
        match (guest.onboot.copied(), guest.ha.copied()) {
            (Some(true), _) | (_, Some(true)) => verdicts.holds(),
            (Some(false), Some(false)) => broken.push(guest),
            (None, _) => verdicts.cannot_judge(&guest.place, "whether it starts with its host"),
            (Some(false), None) => {
                verdicts.cannot_judge(&guest.place, "`ha/resources.cfg`: it does not start with its host");
            }
        }
    }
    if let [first, ..] = broken[..] {
        let names: Vec<&str> = broken.iter().map(|guest| guest.name.as_str()).collect();
        verdicts.broken(
            Finding::new(
                Severity::Error,
                first.onboot.place(),
                format!("{} {} not start after a power cut", list(&names), verb(names.len(), "does", "do")),
            )
            .at(&first.onboot, if first.onboot.is_default() { "off, since nothing is stated" } else { "" })
            .breaks("the hosts are up and the cluster is not, until somebody starts it by hand")
            .help(if world.is_files() {
                "`onboot: 1`, with an order: storage and DNS, control plane, workers"
            } else {
                "`onboot: true`, or leave it out"
            }),
        );
    }
}

#[cfg(test)]
mod tests {
    use super::{level, needed};

    #[test]
    fn levels_of_types_and_systems() {
        assert_eq!(
            (level("kvm64"), level("x86-64-v2-AES"), level("x86-64-v3"), level("host")),
            (Some(1), Some(2), Some(3), None)
        );
        assert_eq!(
            (needed("debian-13"), needed("rocky-9"), needed("rhel-10"), needed("centos-stream-9")),
            (1, 2, 3, 2)
        );
    }
}
