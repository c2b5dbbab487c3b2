//! The reference of all rules, by area.

use std::fmt::Write as _;

use crate::{Rule, rules};

/// What an area is about: the part of an id before its number, in words.
fn title(area: &str) -> Option<&'static str> {
    Some(match area {
        "PHY" => "Power, racks, cabling and hosts",
        "TOP" => "Failure domains and placement",
        "NET" => "VLANs, bonds, bridges and packet sizes",
        "ADDR" => "Addresses and prefixes",
        "VRRP" => "Virtual addresses and keepalived",
        "LB" => "Load balancers and HAProxy",
        "KADM" => "kubeadm, the API server and the kubelet",
        "ETCD" => "etcd",
        "DNS" => "CoreDNS, zones and ExternalDNS",
        "MLB" => "MetalLB",
        "CAL" => "Calico",
        "STO" => "Ceph, Rook and volumes",
        "WKL" => "Workloads, quotas and tenants",
        "PVE" => "Proxmox VE and corosync",
        "OS" => "The operating system of nodes",
        "TIME" => "Clocks",
        "SEC" => "Packet filters and networks of their own",
        "GOV" => "Jurisdiction and escrow",
        "UPG" => "Versions and support",
        "BKP" => "Backups",
        _ => return None,
    })
}

fn area(rule: &Rule) -> &'static str {
    rule.id.split_once('-').map_or(rule.id, |(area, _)| area)
}

/// All rules as one page of Markdown: a table of contents by area, then the manual of each rule.
pub fn reference_markdown() -> String {
    let all = rules::all();
    let mut out = format!(
        "# Rules\n\nAll {} rules, by area. `plimsoll explain RULE` prints one of them; [accept.md](accept.md) says how \
         to accept a finding or to move a threshold.\n",
        all.len()
    );
    // Rules stand by area in the list already; an area that is split would get two headings, which a test forbids.
    let areas: Vec<&[&Rule]> = all.chunk_by(|a, b| area(a) == area(b)).collect();
    for rules in &areas {
        let _ = write!(out, "\n{}\n\n| rule | severity | what must hold |\n|---|---|---|\n", heading(rules));
        for rule in *rules {
            let anchor = rule.id.to_lowercase();
            let summary = rule.summary.replace('|', "\\|");
            let _ = writeln!(out, "| [{}](#{anchor}) | {} | {summary} |", rule.id, rule.severity);
        }
    }
    for rules in &areas {
        let _ = writeln!(out, "\n## Manual: {}", area(rules[0]));
        for rule in *rules {
            let _ = write!(out, "\n{}", rule.markdown());
        }
    }
    out
}

fn heading(rules: &[&Rule]) -> String {
    let area = rules.first().map_or("", |rule| area(rule));
    match title(area) {
        Some(title) => format!("## {area}: {title}"),
        None => format!("## {area}"),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_area_has_a_title_and_stands_in_one_place() {
        let all = rules::all();
        let areas: Vec<&str> = all.chunk_by(|a, b| area(a) == area(b)).map(|rules| area(rules[0])).collect();
        assert_eq!(areas.iter().collect::<BTreeSet<_>>().len(), areas.len(), "an area is split: {areas:?}");
        let nameless: Vec<_> = areas.iter().filter(|area| title(area).is_none()).collect();
        assert!(nameless.is_empty(), "no title for {nameless:?}");
    }

    #[test]
    fn every_rule_is_in_the_contents_and_has_a_section() {
        let page = reference_markdown();
        for rule in rules::all() {
            assert_eq!(page.matches(&format!("\n### {}\n", rule.id)).count(), 1, "{}", rule.id);
            assert_eq!(page.matches(&format!("| [{}](#", rule.id)).count(), 1, "{}", rule.id);
        }
    }
}
