//! Hardware as it is ordered: `48x25G`, `2x480GB ssd mirror`.

use std::fmt;

use plimsoll_model::units::{BitRate, Bytes};

use super::scalar;

/// Equal ports of a switch: `48x25G`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ports {
    /// How many.
    pub count: u16,
    /// The speed of each.
    pub speed: BitRate,
}

impl Ports {
    fn parse_text(text: &str) -> Result<Self, String> {
        let wanted = || format!("`{text}` does not say ports: write how many of which speed, as in `48x25G`");
        let (count, speed) = text.split_once('x').ok_or_else(wanted)?;
        let count = count.parse().ok().filter(|count| *count > 0).ok_or_else(wanted)?;
        Ok(Ports { count, speed: speed.parse().map_err(|_| wanted())? })
    }
}
impl fmt::Display for Ports {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}x{}", self.count, self.speed)
    }
}
scalar!(Ports, "a number of ports with their speed", Text, Some(r"^[0-9]+x[0-9]+(\.[0-9]+)?[GM]$"), &["48x25G"]);

plimsoll_yaml::choice! {
    /// What a disk is made of.
    pub enum DiskClass: "a kind of disk" {
        /// Rotating.
        Hdd = "hdd",
        /// Flash behind SATA or SAS.
        Ssd = "ssd",
        /// Flash behind PCIe.
        Nvme = "nvme",
    }

    /// How the disks of one group stand together.
    pub enum DiskLayout: "a disk layout" {
        /// Each by itself, handed out whole (to Ceph, say).
        Single = "single",
        /// Two or more with the same content (RAID 1, ZFS mirror).
        Mirror = "mirror",
        /// Striped mirrors (RAID 10).
        Raid10 = "raid10",
        /// One parity disk (RAID 5, raidz1).
        Raid5 = "raid5",
        /// Two parity disks (RAID 6, raidz2).
        Raid6 = "raid6",
        /// Striped without any copy (RAID 0).
        Stripe = "stripe",
    }
}

/// Equal disks of a host: `2x480GB ssd mirror`. Sizes are of one disk; disks are sold in GB.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Disks {
    /// How many.
    pub count: u16,
    /// The size of each.
    pub size: Bytes,
    /// What they are made of.
    pub class: DiskClass,
    /// How they stand together.
    pub layout: DiskLayout,
    /// Behind a RAID controller that hides the disks.
    pub hardware_raid: bool,
}

impl Disks {
    fn parse_text(text: &str) -> Result<Self, String> {
        use plimsoll_yaml::Scalar as _;
        let wanted = || {
            format!("`{text}` does not say disks: write how many, size, kind and layout, as in `2x480GB ssd mirror`")
        };
        let mut words = text.split_whitespace();
        let first = words.next().ok_or_else(wanted)?;
        let (count, size) = first.split_once('x').unwrap_or(("1", first));
        let count: u16 = count.parse().ok().filter(|count| *count > 0).ok_or_else(wanted)?;
        let size = size.parse::<Bytes>().ok().filter(|size| size.0 > 0).ok_or_else(wanted)?;
        let class = DiskClass::parse(words.next().ok_or_else(wanted)?)?;
        let mut layout = DiskLayout::Single;
        let mut hardware_raid = false;
        for word in words {
            if word == "hardware-raid" {
                hardware_raid = true;
            } else {
                layout = DiskLayout::parse(word)?;
            }
        }
        let least = match layout {
            DiskLayout::Single | DiskLayout::Stripe => 1,
            DiskLayout::Mirror => 2,
            DiskLayout::Raid5 => 3,
            DiskLayout::Raid10 | DiskLayout::Raid6 => 4,
        };
        if count < least || layout == DiskLayout::Raid10 && count % 2 == 1 {
            return Err(format!(
                "`{text}`: {layout} needs {least} disks or more{}",
                if layout == DiskLayout::Raid10 { ", an even number" } else { "" }
            ));
        }
        Ok(Disks { count, size, class, layout, hardware_raid })
    }
}
impl fmt::Display for Disks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}x{} {}", self.count, self.size, self.class)?;
        if self.layout != DiskLayout::Single {
            write!(f, " {}", self.layout)?;
        }
        if self.hardware_raid { f.write_str(" hardware-raid") } else { Ok(()) }
    }
}
scalar!(
    Disks,
    "disks",
    Text,
    Some(
        r"^([0-9]+x)?[0-9.]+(GB|TB|GiB|TiB) (hdd|ssd|nvme)( (single|mirror|raid10|raid5|raid6|stripe))?( hardware-raid)?$"
    ),
    &["2x480GB ssd mirror", "4x3840GB nvme"]
);

/// A part of a host's disks: `boot 40GiB`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DiskUse {
    /// The name of the disks in the host.
    pub disks: String,
    /// How much of them.
    pub size: Bytes,
}

impl DiskUse {
    fn parse_text(text: &str) -> Result<Self, String> {
        let wanted = || {
            format!("`{text}` does not say a disk: write which of the host's disks and how much, as in `boot 40GiB`")
        };
        let (disks, size) = text.split_once(' ').ok_or_else(wanted)?;
        let size = size.parse::<Bytes>().ok().filter(|size| size.0 > 0).ok_or_else(wanted)?;
        Ok(DiskUse { disks: disks.to_owned(), size })
    }
}
impl fmt::Display for DiskUse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.disks, self.size)
    }
}
scalar!(DiskUse, "a part of a host's disks", Text, Some(r"^[a-z0-9-]+ [0-9.]+ ?(GiB|TiB|GB|TB|MiB)$"), &["boot 40GiB"]);

/// The name of a disk below `/dev/disk/by-id`, which stays the same wherever the disk is plugged in:
/// `nvme-SAMSUNG_MZQL23T8HCLS-00A07_S64HNE0T123456`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DiskId(pub String);

/// Longest name of a file (`NAME_MAX` of Linux).
const LONGEST_NAME: usize = 255;

impl DiskId {
    fn parse_text(text: &str) -> Result<Self, String> {
        let id = text.strip_prefix("/dev/disk/by-id/").unwrap_or(text);
        // What udev writes as it is (`UDEV_ALLOWED_CHARS_INPUT` of systemd) and needs no quotes in a shell. A comma would
        // end the disk in the option of Proxmox VE; in its names udev makes `_` of it.
        let plain = |letter: char| letter.is_ascii_alphanumeric() || "+-.:=@_".contains(letter);
        // Every rule of udev for this folder puts the bus before the name: `ata-`, `nvme-`, `scsi-`, `wwn-`.
        let bus = id.split_once('-').is_some_and(|(bus, name)| !bus.is_empty() && !name.is_empty());
        if id.len() > LONGEST_NAME || !bus || !id.starts_with(|first: char| first.is_ascii_alphanumeric()) {
            return Err(format!("`{text}` is not the name of a disk: `ls /dev/disk/by-id` on the host shows them"));
        }
        if !id.chars().all(plain) {
            return Err(format!("`{text}` is not the name of a disk: letters, digits and `+-.:=@_` are possible"));
        }
        if id.rsplit_once("-part").is_some_and(|(_, part)| part.bytes().all(|byte| byte.is_ascii_digit())) {
            return Err(format!("`{text}` is a partition; name the whole disk"));
        }
        Ok(DiskId(id.to_owned()))
    }
}
impl fmt::Display for DiskId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
scalar!(
    DiskId,
    "the name of a disk",
    Text,
    Some("^(/dev/disk/by-id/)?[A-Za-z0-9][A-Za-z0-9+.:=@_]*-[A-Za-z0-9+.:=@_-]+$"),
    &["nvme-SAMSUNG_MZQL23T8HCLS-00A07_S64HNE0T123456"]
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn disks_read_back_as_written() {
        for text in ["2x480GB ssd mirror", "4x3840GB nvme", "8x4TB hdd raid6 hardware-raid"] {
            assert_eq!(Disks::parse_text(text).expect(text).to_string(), text);
        }
        assert_eq!(
            Disks::parse_text("1x480GB ssd mirror").expect_err("one"),
            "`1x480GB ssd mirror`: mirror needs 2 disks or more"
        );
        assert_eq!(
            Disks::parse_text("2x480GB sdd").expect_err("a typo"),
            "`sdd` is not a kind of disk; did you mean `hdd`?"
        );
        assert!(
            Disks::parse_text("0x480GB ssd").is_err()
                && Disks::parse_text("").is_err()
                && Ports::parse_text("48").is_err()
        );
    }

    #[test]
    fn names_of_disks_outlive_a_start() {
        let id = "nvme-SAMSUNG_MZQL23T8HCLS-00A07_S64HNE0T123456";
        assert_eq!(DiskId::parse_text(id), Ok(DiskId(id.to_owned())));
        assert_eq!(DiskId::parse_text(&format!("/dev/disk/by-id/{id}")), Ok(DiskId(id.to_owned())));
        assert_eq!(
            DiskId::parse_text("/dev/sda").expect_err("another disk after the next start"),
            "`/dev/sda` is not the name of a disk: `ls /dev/disk/by-id` on the host shows them"
        );
        assert_eq!(
            DiskId::parse_text("wwn-0x5000cca264d3f0a8-part1").expect_err("a partition"),
            "`wwn-0x5000cca264d3f0a8-part1` is a partition; name the whole disk"
        );
        for text in ["", "sda", "ata-a b", "ata-a,cache=unsafe", "ata-a;b", "-a", "ata-", "ata-a/b", "../../ata-a"] {
            assert!(DiskId::parse_text(text).is_err(), "{text}");
        }
    }
}
