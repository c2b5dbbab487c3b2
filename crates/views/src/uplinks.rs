//! What hangs on each leaf and what carries it away: for rules about oversubscription, and for whoever shows it.

use plimsoll_model::design::SwitchRole;
use plimsoll_model::{Design, Name};

/// A leaf with hosts on it, in bits a second.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Leaf<'d> {
    /// The switch.
    pub name: &'d Name,
    /// What its hosts may send, all links together; management controllers do not count.
    pub hosts: u64,
    /// What leads elsewhere, all uplinks together; links of a pair to each other do not count.
    pub uplinks: u64,
    /// The fastest of the uplinks.
    pub fastest: u64,
    /// Whether disks of Ceph are in one of these hosts.
    pub storage: bool,
}

impl Leaf<'_> {
    /// How many times as much may come from below as goes up; `None` without an uplink.
    pub fn ratio(&self) -> Option<f64> {
        ratio(self.hosts, self.uplinks)
    }

    /// The same with the fastest uplink down.
    pub fn ratio_degraded(&self) -> Option<f64> {
        ratio(self.hosts, self.uplinks - self.fastest)
    }
}

fn ratio(below: u64, up: u64) -> Option<f64> {
    (up > 0).then(|| below as f64 / up as f64)
}

/// The leaves of a Design that have hosts, by name.
pub fn leaves(design: &Design) -> Vec<Leaf<'_>> {
    let leaves = design.switch.iter().filter(|(_, switch)| switch.role == SwitchRole::Leaf);
    leaves.map(|(name, _)| leaf(design, name)).filter(|leaf| leaf.hosts > 0).collect()
}

fn leaf<'d>(design: &'d Design, name: &'d Name) -> Leaf<'d> {
    let has_osd = |device: &str| {
        let host = device.trim_start_matches("host/");
        design.ceph.iter().flat_map(|ceph| ceph.osd.values()).any(|osd| osd.host == *host)
    };
    let pair = design.mlag.values().find(|mlag| mlag.members.contains(name));
    let is_twin = |device: &str| {
        pair.is_some_and(|pair| {
            pair.members.iter().any(|member| device.strip_prefix("switch/") == Some(member.as_str()))
        })
    };
    let mut leaf = Leaf { name, hosts: 0, uplinks: 0, fastest: 0, storage: false };
    let own = format!("switch/{name}");
    for cable in design.cable.values() {
        let other = match (cable.a.device == own, cable.b.device == own) {
            (true, _) => &cable.b,
            (false, true) => &cable.a,
            _ => continue,
        };
        if other.device.starts_with("host/") {
            if other.port.as_str() != "bmc" {
                leaf.hosts += cable.speed.0;
                leaf.storage |= has_osd(&other.device);
            }
        } else if !is_twin(&other.device) {
            leaf.uplinks += cable.speed.0;
            leaf.fastest = leaf.fastest.max(cable.speed.0);
        }
    }
    leaf
}
