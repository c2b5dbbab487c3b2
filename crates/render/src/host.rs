//! The network of a Proxmox VE host: `/etc/network/interfaces` for ifupdown2.

use std::collections::BTreeSet;
use std::fmt;

use plimsoll_model::design::{Bond, BondMode, Bridge, Host, LacpRate, PlatformKind, State};
use plimsoll_model::{Design, Name};

use crate::text::header;
use crate::{File, Tree};

/// Adds the network of every host that is there.
pub(crate) fn render(design: &Design, tree: &mut Tree) {
    let hosts = design.host.iter().filter(|(_, host)| host.platform.kind == PlatformKind::Proxmox);
    for (name, host) in hosts.filter(|(_, host)| host.state != State::Planned) {
        let head = header(design, "#", format_args!("Network of {name}"), "ifupdown2 (`ifreload -a`)");
        let text: Vec<String> = stanzas(host).iter().map(ToString::to_string).collect();
        let text = format!("{head}\n{}\nsource /etc/network/interfaces.d/*\n", text.join("\n"));
        tree.on_host(name, "/etc/network/interfaces", File::new("network of a host", text));
    }
}

/// One `iface` with `auto` before it.
struct Stanza {
    interface: String,
    family: &'static str,
    method: &'static str,
    options: Vec<(&'static str, String)>,
}

impl fmt::Display for Stanza {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.family == "inet" {
            writeln!(f, "auto {}", self.interface)?;
        }
        writeln!(f, "iface {} {} {}", self.interface, self.family, self.method)?;
        self.options.iter().try_for_each(|(key, value)| writeln!(f, "\t{key} {value}"))
    }
}

/// Every interface, what is below before what is above: ports, bonds, VLANs, bridges.
fn stanzas(host: &Host) -> Vec<Stanza> {
    let mut list = vec![Stanza { interface: "lo".into(), family: "inet", method: "loopback", options: Vec::new() }];
    let mut add = |name: &Name, mut options: Vec<(&'static str, String)>, mtu: Option<u32>| {
        options.extend(mtu.map(|mtu| ("mtu", mtu.to_string())));
        let own = || host.address.values().filter(|address| address.interface == *name);
        let lines = |four: bool| -> Vec<(&'static str, String)> {
            own()
                .filter(|address| address.address.addr().is_ipv4() == four)
                .flat_map(|address| {
                    let gateway = address.gateway.map(|gateway| ("gateway", gateway.to_string()));
                    std::iter::once(("address", address.address.to_string())).chain(gateway)
                })
                .collect()
        };
        let mut first = lines(true);
        let method = if first.is_empty() { "manual" } else { "static" };
        first.extend(options);
        list.push(Stanza { interface: name.to_string(), family: "inet", method, options: first });
        let second = lines(false);
        if !second.is_empty() {
            list.push(Stanza { interface: name.to_string(), family: "inet6", method: "static", options: second });
        }
    };
    for (name, nic) in &host.nic {
        add(name, Vec::new(), Some(nic.mtu));
    }
    for (name, bond) in &host.bond {
        add(name, bond_options(bond), Some(bond.mtu));
    }
    for (name, vlan) in &host.vlan {
        let options = vec![("vlan-id", vlan.id.to_string()), ("vlan-raw-device", vlan.parent.to_string())];
        add(name, options, Some(vlan.mtu));
    }
    for (name, bridge) in &host.bridge {
        // A bridge takes the smallest MTU of its ports, and ifupdown2 complains when it is told one it has anyway.
        let inherited = bridge.ports.iter().filter_map(|port| mtu_of(host, port)).min();
        let mtu = (inherited != Some(bridge.mtu)).then_some(bridge.mtu);
        add(name, bridge_options(bridge), mtu);
    }
    list
}

/// The MTU of a port, bond or VLAN.
fn mtu_of(host: &Host, name: &Name) -> Option<u32> {
    let bond = || host.bond.get(name).map(|bond| bond.mtu);
    let vlan = || host.vlan.get(name).map(|vlan| vlan.mtu);
    host.nic.get(name).map(|nic| nic.mtu).or_else(bond).or_else(vlan)
}

fn words<T: ToString>(items: impl IntoIterator<Item = T>) -> String {
    items.into_iter().map(|item| item.to_string()).collect::<Vec<_>>().join(" ")
}

fn bond_options(bond: &Bond) -> Vec<(&'static str, String)> {
    let mut options = vec![
        ("bond-slaves", words(&bond.members)),
        ("bond-mode", bond.mode.as_str().to_owned()),
        ("bond-miimon", bond.miimon.0.to_string()),
    ];
    if bond.mode == BondMode::Lacp {
        let rate = match bond.lacp_rate {
            Some(LacpRate::Fast) => Some("fast"),
            Some(LacpRate::Slow) => Some("slow"),
            None => None,
        };
        options.extend(rate.map(|rate| ("bond-lacp-rate", rate.to_owned())));
    }
    options.extend(bond.xmit_hash_policy.clone().map(|policy| ("bond-xmit-hash-policy", policy)));
    options
}

fn bridge_options(bridge: &Bridge) -> Vec<(&'static str, String)> {
    let ports = if bridge.ports.is_empty() { "none".to_owned() } else { words(&bridge.ports) };
    let mut options = vec![("bridge-ports", ports)];
    if bridge.spanning_tree {
        options.push(("bridge-stp", "on".into()));
    } else {
        options.push(("bridge-stp", "off".into()));
        // Without spanning tree there is nothing to wait for.
        options.push(("bridge-fd", "0".into()));
    }
    if bridge.vlan_aware {
        options.push(("bridge-vlan-aware", "yes".into()));
        options.push(("bridge-vids", words(bridge.vids.iter().collect::<BTreeSet<_>>())));
    }
    options
}
