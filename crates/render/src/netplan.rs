//! The network of a guest, as netplan and cloud-init read it.

use plimsoll_model::Design;
use plimsoll_model::design::{Machine, MachineNic};
use plimsoll_yaml::{Entry, Key, Node, emit};

fn map(entries: Vec<(&str, Node)>) -> Node {
    Node::mapping(entries.into_iter().map(|(key, value)| -> Entry { (Key::new(key), value) }).collect())
}

fn texts<T: ToString>(items: impl IntoIterator<Item = T>) -> Node {
    Node::sequence(items.into_iter().map(|item| Node::text(item.to_string())).collect())
}

/// The interfaces of a machine by their hardware addresses: nothing by DHCP or router advertisements, the largest packet
/// of the network, one default route.
pub(crate) fn config(design: &Design, machine: &Machine) -> String {
    let mut nics: Vec<&MachineNic> = machine.nic.values().collect();
    nics.sort_by_key(|nic| nic.index);
    let interfaces = nics.into_iter().map(|nic| (Key::new(nic.interface.as_str()), interface(design, machine, nic)));
    let network = map(vec![
        ("version", Node::plain("2")),
        ("renderer", Node::text("networkd")),
        ("ethernets", Node::mapping(interfaces.collect())),
    ]);
    emit(&map(vec![("network", network)]))
}

fn interface(design: &Design, machine: &Machine, nic: &MachineNic) -> Node {
    let mut entries = vec![
        ("match", map(vec![("macaddress", Node::text(&nic.mac))])),
        ("set-name", Node::text(nic.interface.as_str())),
        ("dhcp4", Node::plain("false")),
        ("dhcp6", Node::plain("false")),
        ("accept-ra", Node::plain("false")),
        ("mtu", Node::plain(nic.mtu.to_string())),
        ("addresses", texts(std::iter::once(nic.address).chain(nic.address6))),
    ];
    let network = design.network.iter().find(|(_, network)| network.ipv4.contains(&nic_v4(nic)));
    let six = nic.address6.and_then(|_| network.and_then(|(_, network)| network.gateway.as_ref()));
    let mut gateways: Vec<_> = nic.gateway.into_iter().collect();
    // The second family has its gateway in the network, when that one's address is of that family.
    gateways
        .extend(six.map(|gateway| gateway.address).filter(|address| address.is_ipv6() && !gateways.contains(address)));
    if !gateways.is_empty() {
        let route = |via: std::net::IpAddr| {
            let to = if via.is_ipv4() { "0.0.0.0/0" } else { "::/0" };
            map(vec![("to", Node::text(to)), ("via", Node::text(via.to_string()))])
        };
        entries.push(("routes", Node::sequence(gateways.into_iter().map(route).collect())));
        let mut names = vec![("addresses", texts(&design.site.resolvers))];
        if let Some((_, domain)) = machine.fqdn.split_once('.') {
            names.push(("search", texts([domain])));
        }
        entries.push(("nameservers", map(names)));
    }
    map(entries)
}

fn nic_v4(nic: &MachineNic) -> std::net::Ipv4Addr {
    match nic.address.addr() {
        std::net::IpAddr::V4(address) => address,
        std::net::IpAddr::V6(_) => std::net::Ipv4Addr::UNSPECIFIED,
    }
}
