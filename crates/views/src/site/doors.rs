//! Who may reach which ports of which role.

use std::collections::BTreeMap;
use std::net::IpAddr;

use ipnet::IpNet;
use plimsoll_model::design::{
    Allow, Balancer, Encapsulation, EtcdTopology, Machine, Peer, Protocol, Purpose, Role, State,
};

use crate::{DesignSource, Place};

/// Who may reach which ports of which role.
#[derive(Clone, Debug, Default)]
pub struct Doors {
    /// What must be open, each with whether it is.
    pub needed: Vec<Door>,
    /// Who beyond the control plane may reach etcd: names of roles, networks, prefixes.
    pub etcd: Vec<Opening>,
}

/// Something that must be open.
#[derive(Clone, Debug)]
pub struct Door {
    /// What it is for.
    pub what: &'static str,
    /// The role whose machines are reached.
    pub role: &'static str,
    /// `TCP 10250`
    pub port: String,
    /// What a finding about it points at.
    pub place: Place,
    /// Machines that must reach it and do not.
    pub shut_out: Vec<String>,
}

/// Somebody who may reach something.
#[derive(Clone, Debug)]
pub struct Opening {
    /// Who.
    pub who: String,
    /// What a finding about it points at.
    pub place: Place,
}

struct Need {
    what: &'static str,
    role: Role,
    from: &'static [Role],
    protocol: Protocol,
    port: Option<u16>,
}

const CONTROL_PLANE: &[Role] = &[Role::ControlPlane];
const NODES: &[Role] = &[Role::ControlPlane, Role::Worker];

/// The openings of a Design; nothing when no role has any, since then nothing is dropped.
pub fn doors(source: DesignSource<'_>) -> Option<Doors> {
    let design = source.design;
    if design.firewall.is_empty() {
        return None;
    }
    let mut doors = Doors::default();
    for need in needs(source) {
        let name = need.role.as_str();
        // A role without an entry has no packet filter.
        let Some(allowed) = design.firewall.get(&name.into()) else { continue };
        let port = match (need.protocol, need.port) {
            (Protocol::Tcp, Some(port)) => format!("TCP {port}"),
            (Protocol::Udp, Some(port)) => format!("UDP {port}"),
            (protocol, _) => format!("{protocol:?}").to_uppercase(),
        };
        let senders = need.from.iter().flat_map(|role| active(source, *role));
        let shut_out: Vec<String> = senders
            .filter(|(sender, machine)| {
                // A machine that is alone in its role reaches itself.
                machine.role != need.role || active(source, need.role).any(|(other, _)| other != *sender)
            })
            .filter(|(_, machine)| !admitted(source, allowed, &need, machine))
            .map(|(name, _)| name.to_string())
            .collect();
        doors.needed.push(Door {
            what: need.what,
            role: name,
            port,
            place: source.place(format!("firewall/{name}")),
            shut_out,
        });
    }
    let etcd_role = match design.etcd.topology {
        EtcdTopology::Stacked => Role::ControlPlane,
        EtcdTopology::External => Role::Etcd,
    };
    let allowed = design.firewall.get(&etcd_role.as_str().into()).map(Vec::as_slice).unwrap_or_default();
    let client = |entry: &&Allow| entry.protocol == Protocol::Tcp && holds(entry, Some(design.etcd.client_port));
    for peer in allowed.iter().filter(client).flat_map(|entry| &entry.from) {
        let who = match peer {
            Peer::Role(role) if role == Role::ControlPlane.as_str() || role == etcd_role.as_str() => continue,
            Peer::Role(role) => format!("every {role}"),
            Peer::Nodes => "every node".to_owned(),
            Peer::Network(network) => format!("the network {network}"),
            Peer::External(name) => name.to_string(),
            Peer::Prefix(prefix) => prefix.to_string(),
            Peer::Any => "anybody".to_owned(),
        };
        doors.etcd.push(Opening { who, place: source.place(format!("firewall/{}", etcd_role.as_str())) });
    }
    Some(doors)
}

fn needs(source: DesignSource<'_>) -> Vec<Need> {
    let design = source.design;
    let tcp = |what, role, from, port| Need { what, role, from, protocol: Protocol::Tcp, port: Some(port) };
    let mut needs = Vec::new();
    match design.etcd.topology {
        EtcdTopology::Stacked => {
            needs.push(tcp("etcd's clients", Role::ControlPlane, CONTROL_PLANE, design.etcd.client_port));
            needs.push(tcp("etcd's members", Role::ControlPlane, CONTROL_PLANE, design.etcd.peer_port));
        }
        EtcdTopology::External => {
            needs.push(tcp("etcd's clients", Role::Etcd, CONTROL_PLANE, design.etcd.client_port));
            needs.push(tcp("etcd's members", Role::Etcd, &[Role::Etcd], design.etcd.peer_port));
        }
    }
    needs.push(tcp("the API servers", Role::ControlPlane, NODES, design.kubernetes.apiserver.bind_port));
    match design.api.balancer {
        Balancer::Stacked => needs.push(tcp("the balancer of the API", Role::ControlPlane, NODES, design.api.port)),
        Balancer::Dedicated => {
            needs.push(tcp("the balancer of the API", Role::Balancer, NODES, design.api.port));
            let port = design.kubernetes.apiserver.bind_port;
            needs.push(tcp("the API servers", Role::ControlPlane, &[Role::Balancer], port));
        }
        Balancer::External => {}
    }
    for role in [Role::ControlPlane, Role::Worker] {
        needs.push(tcp("the kubelet", role, CONTROL_PLANE, 10250));
        let calico = &design.calico;
        if calico.bgp && calico.mesh {
            needs.push(tcp("BGP of Calico", role, NODES, 179));
        }
        let plain = |protocol, port, what| Need { what, role, from: NODES, protocol, port };
        match calico.encapsulation {
            Encapsulation::VXLAN | Encapsulation::VXLANCrossSubnet => {
                needs.push(plain(Protocol::Udp, Some(4789), "VXLAN of Calico"));
            }
            Encapsulation::IPIP | Encapsulation::IPIPCrossSubnet => {
                needs.push(plain(Protocol::Ipip, None, "IPIP of Calico"));
            }
            Encapsulation::None => {}
        }
        if calico.wireguard {
            needs.push(plain(Protocol::Udp, Some(51820), "WireGuard of Calico"));
        }
    }
    needs
}

fn active(source: DesignSource<'_>, role: Role) -> impl Iterator<Item = (&plimsoll_model::Name, &Machine)> {
    source.design.machines(role).filter(|(_, machine)| machine.state == State::Active)
}

fn holds(entry: &Allow, port: Option<u16>) -> bool {
    port.is_none_or(|port| entry.ports.iter().any(|range| (range.first..=range.last).contains(&port)))
}

/// Whether a machine is among those let in, by the address it has in the network of nodes.
fn admitted(source: DesignSource<'_>, allowed: &[Allow], need: &Need, sender: &Machine) -> bool {
    let design = source.design;
    let addresses: Vec<IpAddr> = match design.network_for(Purpose::Nodes) {
        Some((network, _)) if sender.nic.contains_key(network) => {
            sender.nic.get(network).map(|nic| nic.address.addr()).into_iter().collect()
        }
        _ => sender.nic.values().map(|nic| nic.address.addr()).collect(),
    };
    let within = |net: &IpNet| addresses.iter().any(|address| net.contains(address));
    allowed
        .iter()
        .filter(|entry| entry.protocol == need.protocol && holds(entry, need.port))
        .flat_map(|entry| &entry.from)
        .any(|peer| match peer {
            Peer::Role(role) => role == sender.role.as_str(),
            Peer::Nodes => sender.role.is_node(),
            Peer::Network(name) => design.network.get(name).is_some_and(|network| within(&IpNet::V4(network.ipv4))),
            Peer::Prefix(prefix) => within(prefix),
            Peer::External(_) => false,
            Peer::Any => true,
        })
}

/// Every address of machines, hosts and the API, with what it belongs to.
pub(super) fn own_addresses(source: DesignSource<'_>) -> BTreeMap<IpAddr, String> {
    let design = source.design;
    let mut own = BTreeMap::new();
    for (name, machine) in &design.machine {
        for nic in machine.nic.values() {
            own.insert(nic.address.addr(), format!("machine {name}"));
            own.extend(nic.address6.map(|address| (address.addr(), format!("machine {name}"))));
        }
    }
    for (name, host) in &design.host {
        own.extend(host.address.values().map(|address| (address.address.addr(), format!("host {name}"))));
    }
    own.extend(design.api.vip.iter().map(|vip| (*vip, "the API".to_owned())));
    own
}
