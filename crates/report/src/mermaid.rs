//! The topology as a Mermaid flowchart, for wikis that draw these.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use crate::layout::{Layout, Tier};
use plimsoll_model::Design;
use plimsoll_model::design::SwitchRole;

/// One flowchart: power is dotted, the network is drawn through.
pub(crate) fn flowchart(design: &Design, layout: &Layout) -> String {
    let mut ids: BTreeMap<&str, String> = BTreeMap::new();
    let drawn = layout.shapes.iter().filter(|shape| !matches!(shape.tier, Tier::Frame | Tier::Rack | Tier::Elsewhere));
    for shape in drawn.clone() {
        let number = ids.len();
        ids.entry(&shape.path).or_insert_with(|| format!("n{number}"));
    }
    let label = |path: &str| {
        let shape = layout.shapes.iter().find(|shape| shape.path == path && shape.tier != Tier::Frame);
        shape.map(|shape| quoted(&shape.label)).unwrap_or_default()
    };
    let mut out = "flowchart TB\n".to_owned();
    let node = |out: &mut String, indent: &str, path: &str, round: bool| {
        let Some(id) = ids.get(path) else { return };
        let (open, close) = if round { ("([", "])") } else { ("[", "]") };
        let _ = writeln!(out, "{indent}{id}{open}\"{}\"{close}", label(path));
    };
    for shape in drawn.clone().filter(|shape| matches!(shape.tier, Tier::Feed | Tier::Router)) {
        node(&mut out, "  ", &shape.path, false);
    }
    for (name, _) in design.switch.iter().filter(|(_, switch)| switch.role == SwitchRole::Spine) {
        node(&mut out, "  ", &format!("switch/{name}"), false);
    }
    let racks = layout.shapes.iter().filter(|shape| shape.tier == Tier::Rack);
    for (number, rack) in racks.enumerate() {
        let name = rack.path.trim_start_matches("rack/");
        let _ = writeln!(out, "  subgraph r{number} [\"{}\"]", quoted(&rack.label));
        for pdu in design.rack.iter().filter(|(other, _)| other.as_str() == name).flat_map(|(_, rack)| rack.pdu.keys())
        {
            node(&mut out, "    ", &format!("rack/{name}/pdu/{pdu}"), false);
        }
        let of_rack =
            |switch: &plimsoll_model::design::Switch| switch.rack.as_str() == name && switch.role != SwitchRole::Spine;
        for (switch, _) in design.switch.iter().filter(|(_, switch)| of_rack(switch)) {
            node(&mut out, "    ", &format!("switch/{switch}"), false);
        }
        for (host, _) in design.host.iter().filter(|(_, host)| host.rack.as_str() == name) {
            node(&mut out, "    ", &format!("host/{host}"), false);
            for (machine, _) in design.machine.iter().filter(|(_, machine)| machine.host == *host) {
                node(&mut out, "    ", &format!("machine/{machine}"), true);
            }
        }
        out.push_str("  end\n");
    }
    let mut edges: Vec<(String, &str, String)> = Vec::new();
    let mut edge = |from: String, kind: &'static str, to: String| {
        if let (Some(from), Some(to)) = (ids.get(from.as_str()), ids.get(to.as_str()))
            && !edges.iter().any(|(a, _, b)| a == from && b == to)
        {
            edges.push((from.clone(), kind, to.clone()));
        }
    };
    for (name, feed) in &design.feed {
        if let Some(from) = &feed.from {
            edge(format!("feed/{from}"), "-.->", format!("feed/{name}"));
        }
    }
    for (rack, of) in &design.rack {
        for (pdu, of) in &of.pdu {
            edge(format!("feed/{}", of.feed), "-.->", format!("rack/{rack}/pdu/{pdu}"));
        }
    }
    for (host, of) in &design.host {
        for psu in of.psu.values() {
            edge(format!("rack/{}/pdu/{}", psu.pdu.rack, psu.pdu.pdu), "-.->", format!("host/{host}"));
        }
    }
    for (switch, of) in &design.switch {
        for psu in of.psu.values() {
            edge(format!("rack/{}/pdu/{}", psu.pdu.rack, psu.pdu.pdu), "-.->", format!("switch/{switch}"));
        }
    }
    for cable in design.cable.values() {
        // What others own stands above, then switches, then hosts.
        let order =
            |device: &str| (!device.starts_with("external/"), !device.starts_with("switch/"), device.to_owned());
        let mut ends = [cable.a.device.clone(), cable.b.device.clone()];
        ends.sort_by_key(|device| order(device));
        let [from, to] = ends;
        edge(from, "---", to);
    }
    for (host, of) in &design.host {
        for nic in of.nic.values() {
            edge(format!("switch/{}", nic.switch), "---", format!("host/{host}"));
        }
    }
    for (machine, of) in &design.machine {
        edge(format!("host/{}", of.host), "---", format!("machine/{machine}"));
    }
    for (from, kind, to) in edges {
        let _ = writeln!(out, "  {from} {kind} {to}");
    }
    out
}

/// Inside quotes only quotes and its own escapes mean something.
fn quoted(text: &str) -> String {
    let mut out = String::new();
    for character in text.chars() {
        match character {
            '"' => out.push_str("#quot;"),
            '#' => out.push_str("#35;"),
            '<' => out.push_str("#lt;"),
            '>' => out.push_str("#gt;"),
            '&' => out.push_str("#amp;"),
            '`' => out.push_str("#96;"),
            control if control.is_control() => out.push(' '),
            other => out.push(other),
        }
    }
    out
}
