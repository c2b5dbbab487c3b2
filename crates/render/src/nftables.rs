//! What each machine lets in, derived from its role; and each hypervisor, for itself and not for its guests.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use ipnet::IpNet;
use plimsoll_formats::systemd;
use plimsoll_model::design::{Allow, Machine, Peer, PlatformKind, PortRange, Protocol, State};
use plimsoll_model::{Design, Name};

use crate::text::header;
use crate::{File, Tree};

/// The one table that is ours; kube-proxy, Calico and the firewall of Proxmox VE have their own beside it.
pub(crate) const TABLE: &str = "plimsoll";
/// Key of the hypervisors among the roles of the Design's `firewall`.
pub(crate) const HYPERVISOR: &str = "proxmox";
const RULES: &str = "/etc/nftables.conf";
const STOP: &str = "/etc/systemd/system/nftables.service.d/10-plimsoll.conf";

/// Adds the rules of every machine and of every hypervisor.
pub(crate) fn render(design: &Design, tree: &mut Tree) {
    let mut lines: BTreeMap<&str, String> = BTreeMap::new();
    for (name, machine) in design.machine.iter().filter(|(_, machine)| machine.state != State::Planned) {
        let role = machine.role.as_str();
        let lines = lines.entry(role).or_insert_with(|| role_lines(design, role));
        tree.on_machine(name, RULES, rules(design, name, role, lines));
        tree.on_machine(name, STOP, stop(design, name));
    }
    // Without rules of its own a hypervisor is left open: an empty list would shut everybody out.
    if !filters_hypervisors(design) {
        return;
    }
    let lines = role_lines(design, HYPERVISOR);
    let hosts = design.host.iter().filter(|(_, host)| host.platform.kind == PlatformKind::Proxmox);
    for (name, _) in hosts.filter(|(_, host)| host.state != State::Planned) {
        tree.on_host(name, RULES, rules(design, name, HYPERVISOR, &lines));
        tree.on_host(name, STOP, stop(design, name));
    }
}

/// Whether hypervisors have a packet filter.
pub(crate) fn filters_hypervisors(design: &Design) -> bool {
    design.firewall.get(&Name::from(HYPERVISOR)).is_some_and(|allowed| !allowed.is_empty())
}

/// From where hypervisors, or machines of a role, answer SSH.
pub(crate) fn administration<'a>(design: &'a Design, role: &str) -> impl Iterator<Item = &'a Peer> {
    let rules = design.firewall.get(&Name::from(role)).into_iter().flatten();
    rules
        .filter(|allow| allow.ports.iter().any(|range| (range.first..=range.last).contains(&22)))
        .flat_map(|allow| &allow.from)
}

/// Debian's unit empties the whole rule set when it stops, that of services and pods included.
fn stop(design: &Design, name: &Name) -> File {
    let unit = systemd::Unit {
        sections: vec![systemd::Section::new(
            "Service",
            [("ExecStop", String::new()), ("ExecStop", format!("/usr/sbin/nft destroy table inet {TABLE}"))],
        )],
    };
    let head = header(design, "#", format_args!("Stopping the packet filter of {name}"), "systemd");
    File::new("stop of the packet filter", format!("{head}{unit}"))
}

/// What packets of one family must come from.
enum Sources {
    Anybody,
    Some(Vec<IpNet>),
}

fn rules(design: &Design, name: &Name, role: &str, lines: &str) -> File {
    let head = header(design, "#", format_args!("Packet filter of {name} ({role})"), "nftables.service");
    let text = format!(
        "#!/usr/sbin/nft -f\n{head}\
         # Only this table is replaced: a flush of everything would take the rules of services and pods too.\n\
         table inet {TABLE}\n\
         delete table inet {TABLE}\n\
         table inet {TABLE} {{\n\
         \tchain input {{\n\
         \t\ttype filter hook input priority filter; policy drop;\n\
         \t\tct state established,related accept\n\
         \t\tct state invalid drop\n\
         \t\tiif \"lo\" accept\n\
         {lines}\
         \t}}\n}}\n"
    );
    File::new("packet filter", text).mode(0o755)
}

/// What everybody of a role lets in.
fn role_lines(design: &Design, role: &str) -> String {
    let mut text = String::new();
    let allowed = design.firewall.get(&Name::from(role)).map_or(&[][..], Vec::as_slice);
    for allow in allowed {
        for line in allow_lines(design, allow) {
            // Writing to a String cannot fail.
            let _ = writeln!(text, "\t\t{line}");
        }
    }
    text
}

/// One line a family, since a set holds addresses of one.
fn allow_lines(design: &Design, allow: &Allow) -> Vec<String> {
    let ports = || {
        let one = |range: &PortRange| {
            if range.first == range.last { range.first.to_string() } else { format!("{}-{}", range.first, range.last) }
        };
        allow.ports.iter().map(one).collect::<Vec<_>>().join(", ")
    };
    let what = match allow.protocol {
        Protocol::Tcp if allow.ports.is_empty() => "meta l4proto tcp".to_owned(),
        Protocol::Udp if allow.ports.is_empty() => "meta l4proto udp".to_owned(),
        Protocol::Tcp => format!("tcp dport {{ {} }}", ports()),
        Protocol::Udp => format!("udp dport {{ {} }}", ports()),
        Protocol::Vrrp => "meta l4proto 112".into(),
        Protocol::Ipip => "meta l4proto 4".into(),
        Protocol::Icmp => "meta l4proto { icmp, ipv6-icmp }".into(),
    };
    // A comment has at most 128 bytes and knows no escapes.
    let comment: String =
        allow.purpose.chars().filter(|letter| letter.is_ascii() && *letter != '"').take(120).collect();
    let end = format!("accept comment \"{comment}\"");
    match sources(design, allow) {
        Sources::Anybody => vec![format!("{what} {end}")],
        Sources::Some(nets) => [("ip", true), ("ip6", false)]
            .into_iter()
            .filter_map(|(family, four)| {
                let set: Vec<String> = nets.iter().filter(|net| net.addr().is_ipv4() == four).map(short).collect();
                (!set.is_empty()).then(|| format!("{family} saddr {{ {} }} {what} {end}", set.join(", ")))
            })
            .collect(),
    }
}

/// A single address without its length.
fn short(net: &IpNet) -> String {
    if net.prefix_len() == net.max_prefix_len() { net.addr().to_string() } else { net.trunc().to_string() }
}

fn sources(design: &Design, allow: &Allow) -> Sources {
    let of_machine = |machine: &Machine| -> Vec<IpNet> {
        let all = machine.nic.values().flat_map(|nic| [Some(nic.address), nic.address6]).flatten();
        all.map(|net| IpNet::from(net.addr())).collect()
    };
    let mut nets: Vec<IpNet> = Vec::new();
    for peer in &allow.from {
        match peer {
            Peer::Any => return Sources::Anybody,
            Peer::Prefix(net) => nets.push(net.trunc()),
            Peer::Nodes => nets.extend(design.nodes().flat_map(|(_, machine)| of_machine(machine))),
            Peer::Role(role) => {
                let machines = design.machine.values().filter(|machine| machine.role.as_str() == role);
                nets.extend(machines.flat_map(of_machine));
            }
            Peer::Network(name) => {
                if let Some(network) = design.network.get(name) {
                    nets.push(IpNet::V4(network.ipv4.trunc()));
                    nets.extend(network.ipv6.map(|net| IpNet::V6(net.trunc())));
                }
            }
            Peer::External(name) => {
                if let Some(external) = design.external.get(name) {
                    let addresses = external.address.values().chain(&external.addresses);
                    nets.extend(addresses.map(|address| IpNet::from(*address)));
                    nets.extend(external.networks.iter().map(IpNet::trunc));
                }
            }
        }
    }
    // nft refuses a set whose members overlap.
    nets.sort();
    // What contains others stands just before the first of them.
    let mut apart: Vec<IpNet> = Vec::new();
    for net in nets {
        if apart.last().is_none_or(|last| !last.contains(&net)) {
            apart.push(net);
        }
    }
    Sources::Some(apart)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_inside_a_prefix_is_left_out() {
        let text = include_str!("../../resolve/tests/golden/campus.json");
        let design: Design = serde_json::from_str(text).expect("a design");
        let allow = Allow {
            purpose: "a \"test\"".into(),
            protocol: Protocol::Tcp,
            ports: vec![PortRange::from(22), PortRange { first: 30000, last: 32767 }],
            from: vec![Peer::Role("control-plane".into()), Peer::Prefix("10.30.12.10/31".parse().expect("a prefix"))],
        };
        assert_eq!(
            allow_lines(&design, &allow),
            ["ip saddr { 10.30.12.10/31, 10.30.12.12 } tcp dport { 22, 30000-32767 } accept comment \"a test\""]
        );
    }
}
