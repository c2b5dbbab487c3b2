//! Switches and routers, described for their owners.

use std::fmt::Write as _;

use plimsoll_model::design::{External, ExternalKind, LagMode, Switch, SwitchPort};
use plimsoll_model::{Design, Name};

use crate::frr::{self, Sessions};
use crate::text::{dash, list, markdown_header, table, yes};
use crate::{File, Tree};

/// Adds `switches/<switch>.md`; `gateways/<router>.md` for the routers that our networks or speakers know, and
/// `gateways/<router>.frr.conf` beside it where one runs FRR.
pub(crate) fn render(design: &Design, tree: &mut Tree) {
    for (name, switch) in &design.switch {
        tree.add(format!("switches/{name}.md"), File::new("switch, for its owner", describe(design, name, switch)));
    }
    for (name, external) in design.external.iter().filter(|(_, external)| external.kind == ExternalKind::Router) {
        let sessions = frr::sessions(design, name);
        let text = router(design, name, external, &sessions);
        tree.add(format!("gateways/{name}.md"), File::new("router, for its owner", text));
        if let Some(asn) = external.asn.filter(|_| external.frr && !sessions.is_empty()) {
            tree.add(format!("gateways/{name}.frr.conf"), frr::config(design, name, asn, &sessions));
        }
    }
}

/// What hangs on a port, by the cable.
pub(crate) fn other_end<'a>(design: &'a Design, switch: &Name, port: &Name) -> Option<(&'a str, &'a Name)> {
    let device = format!("switch/{switch}");
    design.cable.values().find_map(|cable| {
        if cable.a.device == device && cable.a.port == *port {
            Some((cable.b.device.as_str(), &cable.b.port))
        } else if cable.b.device == device && cable.b.port == *port {
            Some((cable.a.device.as_str(), &cable.a.port))
        } else {
            None
        }
    })
}

/// The ports of a switch as a table.
pub(crate) fn ports(design: &Design, name: &Name, switch: &Switch) -> String {
    let row = |(port, stated): (&Name, &SwitchPort)| {
        let (device, at) = other_end(design, name, port).unzip();
        [
            port.to_string(),
            dash(device),
            dash(at),
            stated.speed.to_string(),
            stated.mtu.to_string(),
            dash(stated.untagged),
            list(&stated.tagged),
            dash(stated.lag.as_ref()),
            if stated.edge { "edge" } else { "-" }.into(),
        ]
    };
    let head = ["port", "to", "its port", "speed", "MTU", "untagged VLAN", "tagged VLANs", "LAG", "spanning tree"];
    table(&head, switch.port.iter().map(row))
}

fn describe(design: &Design, name: &Name, switch: &Switch) -> String {
    let mut text = markdown_header(design, format_args!("What switch {name} must do"));
    // Writing to a String cannot fail.
    let _ = write!(
        text,
        "# {name}\n\n{} in rack {}, {} ports of {}; largest layer-3 packet {} bytes (the frame is 14 bytes larger, 18 with a \
         VLAN tag); spanning tree: {}.\n",
        match switch.role {
            plimsoll_model::design::SwitchRole::Leaf => "Leaf",
            plimsoll_model::design::SwitchRole::Spine => "Spine",
            plimsoll_model::design::SwitchRole::OutOfBand => "Management switch",
        },
        switch.rack,
        switch.ports,
        switch.port_speed,
        switch.mtu,
        yes(switch.spanning_tree),
    );
    let psus = switch.psu.iter().map(|(psu, place)| format!("{psu} in {}/{}", place.pdu.rack, place.pdu.pdu));
    let _ = writeln!(text, "Power supplies: {}.\n", list(psus));
    if let Some((group, mlag)) = switch.mlag.as_ref().and_then(|group| design.mlag.get_key_value(group)) {
        let _ = writeln!(
            text,
            "Group `{group}` ({}): {}. Peer links: {}; keepalive apart from them: {}. An aggregate has the same name on each \
             member.\n",
            match mlag.kind {
                plimsoll_model::design::MlagKind::Mlag => "MLAG",
                plimsoll_model::design::MlagKind::Esi => "EVPN multihoming",
                plimsoll_model::design::MlagKind::Stack => "stack",
            },
            list(&mlag.members),
            dash(mlag.peer_links),
            yes(mlag.keepalive),
        );
    }
    let _ = write!(text, "## Ports\n\n{}\n", ports(design, name, switch));
    if !switch.lag.is_empty() {
        let rows = switch.lag.iter().map(|(name, lag)| {
            let mode = match lag.mode {
                LagMode::Lacp => "LACP, a port without partner stays out",
                LagMode::LacpFallback => "LACP, a port without partner works alone",
                LagMode::Static => "static",
            };
            let rate = if lag.fast { "fast (1 s)" } else { "slow (30 s)" };
            [name.to_string(), lag.to.clone(), mode.into(), rate.into()]
        });
        let _ = write!(text, "## Link aggregates\n\n{}\n", table(&["LAG", "to", "mode", "LACP rate"], rows));
    }
    let used: Vec<u16> =
        switch.port.values().flat_map(|port| port.tagged.iter().copied().chain(port.untagged)).collect();
    let rows = design.network.iter().filter(|(_, network)| used.contains(&network.vlan)).map(|(name, network)| {
        [network.vlan.to_string(), name.to_string(), network.ipv4.to_string(), network.mtu.to_string()]
    });
    let _ = write!(text, "## VLANs\n\n{}", table(&["VLAN", "name", "prefix", "MTU"], rows));
    text
}

fn router(design: &Design, name: &Name, external: &External, sessions: &[Sessions<'_>]) -> String {
    let mut text = markdown_header(design, format_args!("What router {name} must do"));
    let _ = write!(
        text,
        "# {name}\n\nOwned by others; this is what the cluster expects of it. AS {}.\n\n## Gateways\n\n",
        dash(external.asn)
    );
    let rows = design.network.iter().filter_map(|(network, stated)| {
        let gateway = stated.gateway.as_ref().filter(|gateway| gateway.by.contains(name))?;
        Some([
            network.to_string(),
            stated.vlan.to_string(),
            dash(external.address.get(network)),
            gateway.address.to_string(),
            dash(gateway.vrid),
            stated.mtu.to_string(),
        ])
    });
    let head = ["network", "VLAN", "its address", "gateway address", "VRRP id", "MTU"];
    let _ = writeln!(text, "{}", table(&head, rows));
    for group in sessions {
        let _ = write!(text, "## BGP with {}\n\n{}\n", group.title, group.describe());
    }
    if external.frr {
        let _ = writeln!(text, "It runs FRR: `{name}.frr.conf` beside this file says the same in its language.");
    }
    text
}
