//! The article's kind of host on a real kernel: two cards in an LACP bond, VLANs on it, bridges for virtual machines.
#![allow(clippy::panic, clippy::unwrap_used)]

use plimsoll_accept::Sandbox;
use plimsoll_accept::kernel::{Machine, Nic, Peer, State, boot};
use plimsoll_model::Design;
use plimsoll_render::render;

const INTERFACES: &str = "\
auto lo
iface lo inet loopback

auto eno1
iface eno1 inet static
    address 10.30.13.11/24

auto bond0
iface bond0 inet manual
    bond-slaves eno2 eno3
    bond-mode 802.3ad
    bond-miimon 100
    bond-lacp-rate fast
    bond-xmit-hash-policy layer3+4
    mtu 9000

auto bond0.2000
iface bond0.2000 inet manual
    mtu 9000

auto vmbr1
iface vmbr1 inet static
    address 10.30.20.11/24
    bridge-ports bond0.2000
    bridge-stp off
    bridge-fd 0
    mtu 9000

auto vmbr3
iface vmbr3 inet manual
    bridge-ports none
    bridge-stp off
    bridge-fd 0
    bridge-vlan-aware yes
    bridge-vids 2-4094
";

/// The file of pve-1 of the example as it is rendered: tagged networks on a card and on the bond, and bridges on those.
fn rendered() -> String {
    let design: Design = serde_json::from_str(include_str!("../../resolve/tests/golden/campus.json")).unwrap();
    let tree = render(&design);
    tree.iter().find(|(path, _)| *path == "hosts/pve-1/etc/network/interfaces").unwrap().1.text()
}

/// pve-1 with its cables: a gateway in the network of the hypervisors, and another host in that of corosync.
fn campus(interfaces: &str) -> Machine {
    let nic = |name: &str, lag: Option<&str>| Nic { name: name.to_owned(), lag: lag.map(str::to_owned) };
    let peer = |vlan, address: &str| Peer { vlan: Some(vlan), address: address.to_owned(), mtu: 1500 };
    Machine {
        interfaces: interfaces.to_owned(),
        nics: vec![nic("eno1", None), nic("nic0", Some("lag1")), nic("nic1", Some("lag1"))],
        peers: vec![peer(12, "10.30.11.1/24"), peer(13, "10.30.13.11/24")],
    }
}

fn machine(interfaces: &str) -> Machine {
    let nic = |name: &str, lag: Option<&str>| Nic { name: name.to_owned(), lag: lag.map(str::to_owned) };
    Machine {
        interfaces: interfaces.to_owned(),
        nics: vec![nic("eno1", None), nic("eno2", Some("lag1")), nic("eno3", Some("lag1"))],
        peers: vec![
            Peer { vlan: None, address: "10.30.13.1/24".to_owned(), mtu: 1500 },
            Peer { vlan: Some(2000), address: "10.30.20.1/24".to_owned(), mtu: 9000 },
        ],
    }
}

fn state(machine: &Machine) -> State {
    let sandbox = Sandbox::open().unwrap_or_else(|error| panic!("{error}"));
    boot(&sandbox, machine).unwrap_or_else(|error| panic!("{error}"))
}

#[test]
fn the_rendered_file_is_what_the_design_means() {
    let state = state(&campus(&rendered()));
    assert_eq!(state.ifup, "", "{state:#?}");
    assert_eq!(state.ifquery.1, 0, "{}", state.ifquery.0);

    let bond = &state.bonds["bond0"];
    assert_eq!(bond.mode, "IEEE 802.3ad Dynamic link aggregation");
    assert_eq!((bond.up.as_slice(), bond.aggregated), (&["nic0".to_owned(), "nic1".to_owned()][..], 2), "{state:#?}");
    for (vlan, mtu, lower, bridge) in
        [(12, 1500, "bond0", "vmbr0"), (2000, 9000, "bond0", "vmbr1"), (2001, 1500, "bond0", "vmbr2")]
    {
        let link = &state.links[&format!("{lower}.{vlan}")];
        assert_eq!((link.vlan, link.mtu, link.lower.as_deref()), (Some(vlan), mtu, Some(lower)));
        assert_eq!(link.master.as_deref(), Some(bridge));
        let link = &state.links[bridge];
        assert_eq!((link.kind.as_deref(), link.mtu, link.state.as_str()), (Some("bridge"), mtu, "UP"));
    }
    assert_eq!(state.links["vmbr0"].addresses, ["10.30.11.10/24"]);
    assert_eq!(state.links["eno1.13"].addresses, ["10.30.13.10/24"]);
    for ping in &state.pings {
        assert!(ping.answered, "{ping:#?}");
    }
}

#[test]
fn a_rendered_file_with_the_vlan_of_another_network_reaches_nobody() {
    let interfaces = rendered();
    let wrong = interfaces.replace("\tvlan-id 12\n", "\tvlan-id 14\n");
    assert_ne!(wrong, interfaces);
    let state = state(&campus(&wrong));
    let answered: Vec<bool> = state.pings.iter().map(|ping| ping.answered).collect();
    assert_eq!(answered, [false, true], "{state:#?}");
}

#[test]
fn bond_vlan_and_bridge_carry_full_packets() {
    let state = state(&machine(INTERFACES));
    assert_eq!(state.ifup, "", "{state:#?}");
    assert_eq!(state.ifquery.1, 0, "{}", state.ifquery.0);

    let bond = &state.bonds["bond0"];
    assert_eq!(bond.mode, "IEEE 802.3ad Dynamic link aggregation");
    assert_eq!(bond.hash, "layer3+4 (1)");
    assert_eq!(bond.up, ["eno2", "eno3"], "{state:#?}");
    assert_eq!(bond.aggregated, 2, "{state:#?}");
    assert!(bond.partner.is_some(), "{state:#?}");

    let vlan = &state.links["bond0.2000"];
    assert_eq!((vlan.vlan, vlan.mtu, vlan.lower.as_deref()), (Some(2000), 9000, Some("bond0")));
    assert_eq!(vlan.master.as_deref(), Some("vmbr1"));
    let bridge = &state.links["vmbr1"];
    assert_eq!((bridge.kind.as_deref(), bridge.mtu, bridge.state.as_str()), (Some("bridge"), 9000, "UP"));
    assert_eq!(bridge.addresses, ["10.30.20.11/24"]);
    assert!(state.links["vmbr3"].vlan_filtering);

    for ping in &state.pings {
        assert!(ping.answered, "{ping:#?}");
    }
    println!("{:.1} s", state.took.as_secs_f64());
}

#[test]
fn a_wrong_vlan_and_a_small_mtu_are_seen_only_here() {
    // ifupdown2 is content with both: the neighbour is not.
    let state = state(&machine(&INTERFACES.replace("bond0.2000", "bond0.2001")));
    assert_eq!(state.ifquery.1, 0, "{}", state.ifquery.0);
    let answered: Vec<bool> = state.pings.iter().map(|ping| ping.answered).collect();
    assert_eq!(answered, [true, false], "{:#?}", state.pings);
}
