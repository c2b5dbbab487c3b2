//! How much more its hosts may send than a leaf can carry away.

use plimsoll_model::Design;
use plimsoll_model::design::SwitchRole;

use super::{code, table};
use crate::gather::Facts;

pub(crate) fn uplinks(facts: &Facts<'_>) -> String {
    let design = facts.design;
    let most = design.threshold.oversubscription;
    let degraded = design.threshold.oversubscription_degraded;
    let rows: Vec<Vec<String>> = leaves(design)
        .into_iter()
        .map(|leaf| {
            vec![
                code(&leaf.name),
                format!("{} G", giga(leaf.hosts)),
                format!("{} G", giga(leaf.up)),
                ratio(leaf.hosts, leaf.up, most),
                ratio(leaf.hosts, leaf.up - leaf.fastest, degraded),
            ]
        })
        .collect();
    if rows.is_empty() {
        return "<p>No leaf has hosts on it.</p>\n".to_owned();
    }
    let head = ["Leaf", "To hosts", "Upward", "Ratio", "Ratio with its fastest uplink down"];
    table("Oversubscription", &head, &rows)
        + &format!(
            "<p class=\"muted\">At most {most} to 1 is taken as good, {degraded} to 1 with an uplink down.</p>\n"
        )
}

struct Leaf {
    name: String,
    hosts: u64,
    up: u64,
    fastest: u64,
}

/// Leaves with the bits a second to hosts and upward. Management controllers and the links of a pair do not count.
fn leaves(design: &Design) -> Vec<Leaf> {
    let mut leaves = Vec::new();
    for (name, _) in design.switch.iter().filter(|(_, switch)| switch.role == SwitchRole::Leaf) {
        let own = format!("switch/{name}");
        let pair = design.mlag.values().find(|mlag| mlag.members.contains(name));
        let mut leaf = Leaf { name: name.to_string(), hosts: 0, up: 0, fastest: 0 };
        for cable in design.cable.values() {
            let other = match (cable.a.device == own, cable.b.device == own) {
                (true, _) => &cable.b,
                (false, true) => &cable.a,
                _ => continue,
            };
            let member = other.device.strip_prefix("switch/");
            if other.device.starts_with("host/") {
                leaf.hosts += if other.port.as_str() == "bmc" { 0 } else { cable.speed.0 };
            } else if !pair.is_some_and(|pair| pair.members.iter().any(|name| member == Some(name.as_str()))) {
                leaf.up += cable.speed.0;
                leaf.fastest = leaf.fastest.max(cable.speed.0);
            }
        }
        if leaf.hosts > 0 {
            leaves.push(leaf);
        }
    }
    leaves
}

fn giga(bits: u64) -> String {
    let value = bits as f64 / 1e9;
    if value.fract() == 0.0 { format!("{value:.0}") } else { format!("{value:.1}") }
}

fn ratio(hosts: u64, up: u64, most: f64) -> String {
    if up == 0 {
        return "<span class=\"muted\">no uplink left</span>".to_owned();
    }
    let ratio = hosts as f64 / up as f64;
    let (class, mark) = if ratio > most { ("warn", "! ") } else { ("good", "✓ ") };
    format!("<span class=\"{class}\">{mark}{ratio:.1} to 1</span>")
}
