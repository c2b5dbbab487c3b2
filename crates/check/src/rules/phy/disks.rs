//! PHY-014, 015 and 016: disks of hosts.

use std::collections::BTreeMap;

use plimsoll_diagnostics::Severity;
use plimsoll_model::Name;
use plimsoll_model::design::{Disk, Raid};
use plimsoll_views::World;

use crate::words::list;
use crate::{Evidence, Finding, Manual, Reads, Rule, Verdicts};

pub(super) const PHY_014: Rule = Rule {
    id: "PHY-014",
    severity: Severity::Warning,
    summary: "system disks are mirrored",
    reads: Reads::Design,
    silent_behind: &[],
    manual: Manual {
        checks: "The disks that system disks of machines lie on have no redundancy (single disks or stripes). Storage that \
                 is served over a network is judged elsewhere.",
        breaks: "One SSD fails, and the host is gone with all its machines until somebody installs it again.",
        remedy: "A mirror (RAID 1, ZFS mirror).",
        before: "disks: { boot: 2x480GB ssd }",
        after: "disks: { boot: 2x480GB ssd mirror }",
        source: "the cluster article behind this project",
        evidence: Evidence::Seen,
    },
    check: unmirrored,
};

pub(super) const PHY_015: Rule = Rule {
    id: "PHY-015",
    severity: Severity::Advice,
    summary: "etcd has fast disks of its own",
    reads: Reads::Design,
    silent_behind: &["ETCD-003", "ETCD-004", "ETCD-020"],
    manual: Manual {
        checks: "The data of etcd lie on parity RAID (5, 6), or on the disks that also carry system disks or OSDs. Of slow \
                 disks that hold up the whole cluster ETCD-003, ETCD-004 and ETCD-020 speak.",
        breaks: "The time of an fsync grows with everything else that is written there, and slow fsyncs cost elections.",
        remedy: "An SSD or NVMe with power-loss protection for etcd alone; a mirror at most, since three members already \
                 hold the data three times.",
        before: "disks: { os: boot 40GiB, etcd: boot 16GiB }",
        after: "disks: { os: boot 40GiB, etcd: fast 16GiB }",
        source: "etcd op-guide, hardware",
        evidence: Evidence::Seen,
    },
    check: etcd_disk,
};

pub(super) const PHY_016: Rule = Rule {
    id: "PHY-016",
    severity: Severity::Warning,
    summary: "Ceph's disks have no RAID controller in between",
    reads: Reads::Design,
    silent_behind: &[],
    manual: Manual {
        checks: "An OSD lies on a disk behind a hardware RAID controller, single-disk volumes included.",
        breaks: "The controller hides failures of disks, and its cache interferes with Ceph's own.",
        remedy: "A plain host adapter, or the controller's IT mode.",
        before: "disks: { osd: 4x3840GB ssd hardware-raid }",
        after: "disks: { osd: 4x3840GB ssd }",
        source: "Proxmox VE pveceph, avoid RAID",
        evidence: Evidence::Seen,
    },
    check: controller,
};

fn unmirrored(world: &World<'_>, verdicts: &mut Verdicts) {
    let Some(source) = world.design else { return };
    let mut broken: BTreeMap<&Name, Vec<&str>> = BTreeMap::new();
    let mut seen: BTreeMap<(&Name, &Name), &Disk> = BTreeMap::new();
    for machine in source.design.machine.values() {
        let Some(host) = source.design.host.get(&machine.host) else { continue };
        for disk in machine.disk.values().filter(|disk| disk.mount.is_none()) {
            if let Some(group) = host.disk.get(&disk.on).filter(|group| group.shared.is_none()) {
                seen.insert((&machine.host, &disk.on), group);
            }
        }
    }
    for ((host, group), disk) in seen {
        if matches!(disk.raid, Raid::None | Raid::Raid0) {
            broken.entry(group).or_default().push(host.as_str());
        } else {
            verdicts.holds();
        }
    }
    for (group, hosts) in broken {
        let place = source.place(format!("host/{}/disk/{group}", hosts[0]));
        verdicts.broken(
            Finding::new(
                Severity::Warning,
                &place,
                format!("the system disks on {group} of {} have no mirror", list(&hosts)),
            )
            .at_place(&place, "one failed disk takes all of it")
            .breaks("a disk fails, and the host is gone with all its machines until it is installed again")
            .help("two disks as a `mirror`"),
        );
    }
}

fn etcd_disk(world: &World<'_>, verdicts: &mut Verdicts) {
    let Some(source) = world.design else { return };
    let design = source.design;
    let mut broken: BTreeMap<(&Name, String), Vec<&str>> = BTreeMap::new();
    for (member, it) in &design.etcd.member {
        let machine = design.machine.get(member);
        let disk = machine.and_then(|machine| machine.disk.get(&it.disk));
        let group = machine.zip(disk).and_then(|(machine, disk)| {
            let host = design.host.get(&machine.host)?;
            Some((&machine.host, &disk.on, host.disk.get(&disk.on)?))
        });
        let Some((host, on, group)) = group else {
            verdicts.cannot_judge(&source.place(format!("etcd/member/{member}")), "the disks below it");
            continue;
        };
        let neighbours = design.machine.values().filter(|machine| machine.host == *host);
        let system =
            neighbours.flat_map(|machine| machine.disk.values()).any(|disk| disk.mount.is_none() && disk.on == *on);
        let osd = design.ceph.iter().flat_map(|ceph| ceph.osd.values()).any(|osd| osd.host == *host && osd.disk == *on);
        let why = match (group.raid, osd, system) {
            (Raid::Raid5 | Raid::Raid6, ..) => "on parity RAID",
            (_, true, _) => "on disks that also carry OSDs",
            (_, _, true) => "on disks that also carry system disks",
            _ => {
                verdicts.holds();
                continue;
            }
        };
        broken.entry((on, why.to_owned())).or_default().push(member.as_str());
    }
    for ((on, why), members) in broken {
        let place = source.place(format!("machine/{}/disk", members[0]));
        verdicts.broken(
            Finding::new(Severity::Advice, &place, format!("etcd of {} lies {why}", list(&members)))
                .at_place(&place, format!("on {on}"))
                .breaks("an fsync waits for everything else that is written there, and slow ones cost elections")
                .help(
                    "give etcd an SSD or NVMe of its own with power-loss protection: `fast: 2x400GB nvme mirror` among the \
                     `disks` of the host, and `etcd: fast 16GiB` among those of the machine",
                )
                .cause(format!("{}/disk", members[0])),
        );
    }
}

fn controller(world: &World<'_>, verdicts: &mut Verdicts) {
    let Some(source) = world.design else { return };
    let Some(ceph) = &source.design.ceph else { return };
    let mut broken: BTreeMap<&Name, Vec<&str>> = BTreeMap::new();
    let mut seen: BTreeMap<(&Name, &Name), bool> = BTreeMap::new();
    for osd in ceph.osd.values() {
        let disk = source.design.host.get(&osd.host).and_then(|host| host.disk.get(&osd.disk));
        seen.extend(disk.map(|disk| ((&osd.host, &osd.disk), disk.hardware_raid)));
    }
    for ((host, disk), raid) in seen {
        if raid {
            broken.entry(disk).or_default().push(host.as_str());
        } else {
            verdicts.holds();
        }
    }
    for (disk, hosts) in broken {
        let place = source.place(format!("host/{}/disk/{disk}", hosts[0]));
        verdicts.broken(
            Finding::new(Severity::Warning, &place, format!("OSDs of {} lie behind a RAID controller", list(&hosts)))
                .at_place(&place, "")
                .breaks("the controller hides failing disks, and its cache interferes with Ceph's own")
                .help("use a plain host adapter, or the controller's IT mode"),
        );
    }
}
