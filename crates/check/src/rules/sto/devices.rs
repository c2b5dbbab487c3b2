//! STO-018: what cannot be a disk of Ceph.

use plimsoll_diagnostics::Severity;
use plimsoll_views::World;

use crate::{Evidence, Finding, Manual, Reads, Rule, Verdicts};

pub(super) const STO_018: Rule = Rule {
    id: "STO-018",
    severity: Severity::Error,
    summary: "what Ceph encrypts is a whole disk",
    reads: Reads::Files,
    silent_behind: &[],
    manual: Manual {
        checks: "`encryptedDevice: \"true\"` of the cluster or the node, and a listed device that is a partition by its name \
                 (`sdb1`, `nvme0n1p1`, `…-part1`, by-partuuid, by-partlabel). What is set at a single device is not judged, \
                 as it depends on the version of Rook. Partitions without encryption are fine.",
        breaks: "Rook passes the partition over with a line in the log of the prepare job: the disk is not there, and nothing \
                 else says so.",
        remedy: "The whole disk, or no encryption by Ceph.",
        before: "config: { encryptedDevice: \"true\" }\ndevices: [{ name: sdb1 }]",
        after: "config: { encryptedDevice: \"true\" }\ndevices: [{ name: sdb }]",
        source: "Rook, pkg/daemon/ceph/osd/volume.go (lvmModeAllowed), and the settings of OSDs of the CephCluster CRD",
        evidence: Evidence::Seen,
    },
    check: partitions,
};

/// Whether a device is a partition, by the names that the kernel and udev give.
fn is_partition(device: &str) -> bool {
    if device.contains("/by-partuuid/") || device.contains("/by-partlabel/") {
        return true;
    }
    let name = device.rsplit('/').next().unwrap_or(device);
    let ends_in_number = |before: &str| {
        name.rsplit_once(before).is_some_and(|(start, number)| {
            !start.is_empty() && !number.is_empty() && number.bytes().all(|it| it.is_ascii_digit())
        })
    };
    if ends_in_number("-part") {
        return true;
    }
    let letters = ["sd", "vd", "xvd", "hd"].iter().find_map(|start| name.strip_prefix(start));
    if let Some(rest) = letters {
        let number = rest.trim_start_matches(|it: char| it.is_ascii_lowercase());
        return number.len() < rest.len() && !number.is_empty() && number.bytes().all(|it| it.is_ascii_digit());
    }
    let numbered = ["nvme", "mmcblk", "nbd", "loop"].iter().any(|start| name.starts_with(start));
    numbered
        && ends_in_number("p")
        && name.rsplit_once('p').is_some_and(|(start, _)| start.ends_with(|it: char| it.is_ascii_digit()))
}

fn partitions(world: &World<'_>, verdicts: &mut Verdicts) {
    if !world.is_files() {
        return;
    }
    for osd in world.storage.ceph.iter().flat_map(|cluster| &cluster.osds) {
        match (osd.encrypted.copied(), osd.device.get()) {
            (Some(false), _) => verdicts.holds(),
            (Some(true), Some(device)) => verdicts.verdict(is_partition(device).then(|| {
                Finding::new(Severity::Error, osd.device.place(), format!("{device} of {} gets no data", osd.node))
                    .at(&osd.device, "a partition")
                    .context(&osd.encrypted, "only whole disks are encrypted")
                    .breaks("Rook passes it over: the disk is not there, and only a log says so")
                    .help("give Ceph the whole disk, or leave encryption off")
            })),
            _ => verdicts.cannot_judge(&osd.place, "its devices and whether they are encrypted"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn partitions_by_name() {
        for name in [
            "sdb1",
            "/dev/sda12",
            "vdc2",
            "xvda1",
            "nvme0n1p1",
            "/dev/nvme12n1p3",
            "mmcblk0p2",
            "/dev/disk/by-id/ata-ST4000DM004-XXXX-part1",
            "/dev/disk/by-partlabel/osd",
        ] {
            assert!(is_partition(name), "{name}");
        }
        for name in [
            "sdb",
            "/dev/sdaa",
            "vdc",
            "nvme0n1",
            "/dev/nvme12n1",
            "mmcblk0",
            "dm-1",
            "md0",
            "/dev/disk/by-id/ata-ST4000DM004-XXXX",
            "/dev/disk/by-id/nvme-eui.0025385b1140p1x",
            "/dev/disk/by-path/pci-0000:00:1f.2-ata-2",
            "/dev/mapper/vg-lv1",
            "sd1",
        ] {
            assert!(!is_partition(name), "{name}");
        }
    }
}
