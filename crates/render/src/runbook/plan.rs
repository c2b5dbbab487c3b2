//! What there is: machines, addresses, cables, ports.

use std::fmt::Write as _;

use plimsoll_model::design::{Purpose, State};
use plimsoll_model::{Design, Name};

use crate::text::{dash, list, table};

fn state(state: State) -> &'static str {
    match state {
        State::Planned => "planned",
        State::Active => "active",
        State::Retiring => "retiring",
    }
}

pub(super) fn machines(design: &Design) -> String {
    let rows = design.host.iter().map(|(name, host)| {
        let disks = host.disk.iter().map(|(group, disk)| format!("{group}: {} x {}", disk.count, disk.size));
        let power = host.psu.iter().map(|(psu, place)| format!("{psu} in {}/{}", place.pdu.rack, place.pdu.pdu));
        [
            name.to_string(),
            state(host.state).into(),
            host.rack.to_string(),
            list(power),
            host.cpu.threads.to_string(),
            host.memory.to_string(),
            list(disks),
            dash(host.bmc.as_ref().map(|bmc| bmc.address)),
            list(host.address.iter().map(|(network, address)| format!("{network} {}", address.address.addr()))),
        ]
    });
    let head = ["host", "state", "rack", "power", "threads", "memory", "disks", "BMC", "addresses"];
    let mut text = table(&head, rows);
    let rows = design.machine.iter().map(|(name, machine)| {
        let disks = machine.disk.iter().map(|(disk, stated)| format!("{disk} {} on {}", stated.size, stated.on));
        let passed = machine.passthrough.iter().map(|group| format!("all of {group}"));
        [
            name.to_string(),
            machine.role.as_str().into(),
            machine.host.to_string(),
            machine.vmid.to_string(),
            machine.cpu.to_string(),
            machine.memory.to_string(),
            list(disks.chain(passed)),
            list(machine.nic.iter().map(|(network, nic)| format!("{network} {}", nic.address.addr()))),
            match machine.drain {
                plimsoll_model::design::Drain::Stop => "stops".into(),
                plimsoll_model::design::Drain::Migrate => "moves".into(),
            },
        ]
    });
    let head = ["machine", "role", "host", "id", "CPU", "memory", "disks", "addresses", "when its host goes down"];
    let _ = write!(text, "\n{}", table(&head, rows));
    text
}

pub(super) fn networks(design: &Design) -> String {
    let rows = design.network.iter().map(|(name, network)| {
        let gateway = network.gateway.as_ref().map(|gateway| format!("{} by {}", gateway.address, list(&gateway.by)));
        [
            network.vlan.to_string(),
            name.to_string(),
            network.ipv4.to_string(),
            dash(network.ipv6),
            network.mtu.to_string(),
            dash(gateway),
            list(network.purposes.iter().map(|purpose| purpose_word(*purpose))),
        ]
    });
    let mut text = table(&["VLAN", "name", "IPv4", "IPv6", "MTU", "gateway", "for"], rows);
    let mut rows: Vec<[String; 3]> = Vec::new();
    for address in &design.api.vip {
        let use_of = format!("API, {}:{}", design.api.name, design.api.port);
        rows.push([address.to_string(), design.api.network.to_string(), use_of]);
    }
    for net in &design.kubernetes.pods {
        rows.push([net.to_string(), "-".into(), "pods".into()]);
    }
    for net in &design.kubernetes.services {
        rows.push([net.to_string(), "-".into(), "services".into()]);
    }
    for (name, pool) in design.metallb.iter().flat_map(|metallb| &metallb.pool) {
        rows.push([list(&pool.ranges), "-".into(), format!("service addresses, pool {name}")]);
    }
    let _ = write!(
        text,
        "\nBesides the addresses of hosts and machines:\n\n{}",
        table(&["addresses", "network", "use"], rows)
    );
    let mut vrids: Vec<[String; 3]> = Vec::new();
    for (name, network) in &design.network {
        if let Some((gateway, vrid)) = network.gateway.as_ref().and_then(|gateway| Some((gateway, gateway.vrid?))) {
            vrids.push([vrid.to_string(), name.to_string(), format!("gateway {}", gateway.address)]);
        }
    }
    if let Some(vrrp) = &design.api.vrrp {
        vrids.push([vrrp.vrid.to_string(), design.api.network.to_string(), format!("API {}", list(&design.api.vip))]);
    }
    if !vrids.is_empty() {
        let _ = write!(text, "\n{}", table(&["VRRP id", "network", "address"], vrids));
    }
    text
}

fn purpose_word(purpose: Purpose) -> &'static str {
    match purpose {
        Purpose::Bmc => "management controllers",
        Purpose::Corosync => "corosync",
        Purpose::Proxmox => "hypervisors",
        Purpose::Zone => "DNS servers",
        Purpose::CephPublic => "Ceph clients",
        Purpose::CephCluster => "Ceph replication",
        Purpose::Nodes => "nodes",
        Purpose::Api => "API",
        Purpose::Bgp => "BGP",
        Purpose::Migration => "migration",
        Purpose::Backup => "backups",
    }
}

pub(super) fn cables(design: &Design) -> String {
    let short = |device: &str| device.split_once('/').map_or(device, |(_, name)| name).to_owned();
    let rows = design.cable.values().map(|cable| {
        let end = |end: &plimsoll_model::design::CableEnd| format!("{} {}", short(&end.device), end.port);
        [end(&cable.a), end(&cable.b), cable.speed.to_string()]
    });
    let mut text = table(&["from", "to", "speed"], rows);
    let power = |kind: &'static str, name: &Name, psu: &Name, place: &plimsoll_model::design::Psu| {
        let feed = design.rack.get(&place.pdu.rack).and_then(|rack| rack.pdu.get(&place.pdu.pdu)).map(|pdu| &pdu.feed);
        [format!("{kind} {name} {psu}"), format!("{}/{}", place.pdu.rack, place.pdu.pdu), dash(feed)]
    };
    let hosts =
        design.host.iter().flat_map(|(name, host)| host.psu.iter().map(move |(psu, at)| ("host", name, psu, at)));
    let switches = design
        .switch
        .iter()
        .flat_map(|(name, switch)| switch.psu.iter().map(move |(psu, at)| ("switch", name, psu, at)));
    let rows = hosts.chain(switches).map(|(kind, name, psu, at)| power(kind, name, psu, at));
    let _ = write!(text, "\nPower:\n\n{}", table(&["power supply", "strip", "feed"], rows));
    text
}

pub(super) fn switch_ports(design: &Design) -> String {
    let mut text = String::new();
    for (name, switch) in &design.switch {
        let _ = write!(text, "### {name}\n\n{}\n", crate::switches::ports(design, name, switch));
    }
    text
}

pub(super) fn assumed(design: &Design) -> String {
    let mut text = String::from("Owned by others and taken as working:\n\n");
    let rows = design.external.iter().map(|(name, external)| {
        let addresses = external.address.values().chain(&external.addresses);
        [name.to_string(), list(addresses), dash(external.url.as_ref()), dash(external.jurisdiction.as_ref())]
    });
    text.push_str(&table(&["name", "addresses", "URL", "jurisdiction"], rows));
    if !design.excluded.is_empty() {
        let rows = design.excluded.iter().map(|(path, excluded)| [path.to_string(), excluded.reason.clone()]);
        let _ = write!(text, "\nLosses that are accepted:\n\n{}", table(&["component", "reason"], rows));
    }
    if !design.accept.is_empty() {
        let rows = design.accept.iter().map(|accepted| {
            [accepted.rule.clone(), dash(accepted.component.as_ref()), accepted.reason.clone(), dash(accepted.until)]
        });
        let _ =
            write!(text, "\nFindings that are accepted:\n\n{}", table(&["rule", "component", "reason", "until"], rows));
    }
    text
}
