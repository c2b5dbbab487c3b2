//! The network of a Proxmox VE host: `/etc/network/interfaces` for ifupdown2.

use plimsoll_diagnostics::Spanned;
use plimsoll_formats::Setting;
use plimsoll_formats::interfaces::{
    Address, Bond as BondOptions, BondMode as Mode, Bridge as BridgeOptions, Conf, Family, Include, Names, Stanza, Vids,
};
use plimsoll_model::design::{Bond, BondMode, Bridge, Host, LacpRate, PlatformKind, State};
use plimsoll_model::{Design, Name};

use crate::text::header;
use crate::{File, Tree};

/// Adds the network of every host that is there.
pub(crate) fn render(design: &Design, tree: &mut Tree) {
    let hosts = design.host.iter().filter(|(_, host)| host.platform.kind == PlatformKind::Proxmox);
    for (name, host) in hosts.filter(|(_, host)| host.state != State::Planned) {
        let head = header(design, "#", format_args!("Network of {name}"), "ifupdown2 (`ifreload -a`)");
        let text = format!("{head}\n{}", config(host));
        tree.on_host(name, "/etc/network/interfaces", File::new("network of a host", text));
    }
}

/// Every interface, what is below before what is above: ports, bonds, VLANs, bridges.
fn config(host: &Host) -> Conf {
    let mut conf = Conf {
        // Proxmox VE's own software-defined networks lie there.
        includes: vec![Include { keyword: "source".into(), pattern: "/etc/network/interfaces.d/*".to_owned().into() }],
        ..Conf::default()
    };
    conf.auto.push("lo".to_owned().into());
    conf.stanzas.push(Stanza {
        name: "lo".to_owned().into(),
        family: Family::Inet.into(),
        method: "loopback".to_owned().into(),
        ..Stanza::default()
    });
    for (name, nic) in &host.nic {
        add(&mut conf, host, name, Stanza { mtu: nic.mtu.into(), ..Stanza::default() });
    }
    for (name, bond) in &host.bond {
        add(&mut conf, host, name, Stanza { bond: bond_options(bond), mtu: bond.mtu.into(), ..Stanza::default() });
    }
    for (name, vlan) in &host.vlan {
        let stanza = Stanza {
            vlan_id: vlan.id.into(),
            vlan_raw_device: vlan.parent.to_string().into(),
            mtu: vlan.mtu.into(),
            ..Stanza::default()
        };
        add(&mut conf, host, name, stanza);
    }
    for (name, bridge) in &host.bridge {
        // ifupdown2 sets a bridge without an MTU to 1500, whatever its ports have, although `ifup --syntax-check` calls an MTU
        // on a bridge needless (`_process_mtu_config_mtu_none` of its address module, 3.0 to 3.3; seen on a kernel). Proxmox VE
        // gives guests' ports the MTU of their bridge.
        let mtu = if bridge.mtu == DEFAULT_MTU { Setting::Absent } else { bridge.mtu.into() };
        add(&mut conf, host, name, Stanza { bridge: bridge_options(bridge), mtu, ..Stanza::default() });
    }
    conf
}

/// What ifupdown2 gives a bridge that names no MTU, in bytes.
const DEFAULT_MTU: u32 = 1500;

/// An interface with the host's addresses on it: those of the second family in a stanza of their own.
fn add(conf: &mut Conf, host: &Host, name: &Name, below: Stanza) {
    conf.auto.push(name.to_string().into());
    let stanza = |four: bool, below: Stanza| {
        let own = || {
            let here = host.address.values().filter(|address| address.interface == *name);
            here.filter(move |address| address.address.addr().is_ipv4() == four)
        };
        let address = |net: ipnet::IpNet| Address { ip: net.addr(), prefix: Some(net.prefix_len()) };
        Stanza {
            name: name.to_string().into(),
            family: if four { Family::Inet } else { Family::Inet6 }.into(),
            method: if own().next().is_some() { "static" } else { "manual" }.to_owned().into(),
            addresses: own().map(|stated| address(stated.address).into()).collect(),
            gateway: own().find_map(|stated| stated.gateway).map(Setting::from).unwrap_or_default(),
            ..below
        }
    };
    conf.stanzas.push(stanza(true, below));
    let second = stanza(false, Stanza::default());
    if !second.addresses.is_empty() {
        conf.stanzas.push(second);
    }
}

fn names(list: &[Name]) -> Names {
    list.iter().map(|name| Spanned::from(name.to_string())).collect()
}

fn bond_options(bond: &Bond) -> BondOptions {
    let mode = match bond.mode {
        BondMode::ActiveBackup => Mode::ActiveBackup,
        BondMode::Lacp => Mode::Lacp,
        BondMode::BalanceRr => Mode::BalanceRr,
        BondMode::BalanceXor => Mode::BalanceXor,
        BondMode::Broadcast => Mode::Broadcast,
        BondMode::BalanceTlb => Mode::BalanceTlb,
        BondMode::BalanceAlb => Mode::BalanceAlb,
    };
    let fast = bond.lacp_rate.filter(|_| bond.mode == BondMode::Lacp).map(|rate| rate == LacpRate::Fast);
    BondOptions {
        slaves: names(&bond.members).into(),
        mode: mode.into(),
        miimon: u32::try_from(bond.miimon.0).unwrap_or(u32::MAX).into(),
        lacp_fast: fast.map(Setting::from).unwrap_or_default(),
        xmit_hash_policy: bond.xmit_hash_policy.clone().map(Setting::from).unwrap_or_default(),
        ..BondOptions::default()
    }
}

fn bridge_options(bridge: &Bridge) -> BridgeOptions {
    let ports = if bridge.ports.is_empty() { vec!["none".to_owned().into()] } else { names(&bridge.ports) };
    let mut vids = bridge.vids.clone();
    vids.sort_unstable();
    vids.dedup();
    BridgeOptions {
        ports: ports.into(),
        stp: bridge.spanning_tree.into(),
        // Without spanning tree there is nothing to wait for.
        fd: if bridge.spanning_tree { Setting::Absent } else { 0.into() },
        vlan_aware: if bridge.vlan_aware { true.into() } else { Setting::Absent },
        vids: if bridge.vlan_aware {
            Vids(vids.into_iter().map(|vid| (vid, vid)).collect()).into()
        } else {
            Setting::Absent
        },
        ..BridgeOptions::default()
    }
}
