//! What each role lets in, derived from what runs on it; everything else is dropped.

use plimsoll_diagnostics::Spanned;
use plimsoll_model::design::{
    Allow, Announce, Calico, Ceph, ETCD_METRICS_PORT, Encapsulation, Kubernetes, Machine, MetalLb, MetalLbMode,
    NodeLocalDns, Peer, PortRange, Protocol, Purpose, Role, Site,
};
use plimsoll_model::{Map, Name};
use plimsoll_spec::scalars::Prefix;
use plimsoll_yaml::OneOrMany;

use crate::cx::{Cx, error, sorted};

/// Key of the physical hosts among the roles.
pub(crate) const HYPERVISOR: &str = "proxmox";

pub(crate) struct Parts<'a> {
    pub(crate) site: &'a Site,
    pub(crate) networks: &'a Map<plimsoll_model::design::Network>,
    pub(crate) machines: &'a Map<Machine>,
    pub(crate) kubernetes: &'a Kubernetes,
    pub(crate) calico: &'a Calico,
    pub(crate) metallb: Option<&'a MetalLb>,
    pub(crate) ceph: Option<&'a Ceph>,
    pub(crate) nodelocal: Option<&'a NodeLocalDns>,
    pub(crate) api_port: u16,
    pub(crate) hypervisors: bool,
}

pub(crate) fn firewall(cx: &Cx<'_>, parts: &Parts<'_>) -> Map<Vec<Allow>> {
    let nothing = plimsoll_spec::services::Firewall::default();
    let spec = cx.spec.access.as_ref().and_then(|access| access.firewall.as_ref()).unwrap_or(&nothing);
    let at = cx.at("firewall");
    if let Some(enabled) = &spec.enabled {
        at.here(enabled.span, false);
        if !enabled.value {
            return Map::new();
        }
    } else {
        at.chosen("", (), "what no role needs is dropped");
    }
    let mut roles: Vec<Role> = parts.machines.values().map(|machine| machine.role).collect();
    roles.sort_unstable();
    roles.dedup();
    // Whoever balances is asked by the clients, and the others of its role may take the address from it.
    let balances = if roles.contains(&Role::Balancer) { Role::Balancer } else { Role::ControlPlane };
    let mut all = Map::new();
    for role in roles {
        let mut allowed = common(cx, parts);
        match role {
            Role::ControlPlane => {
                node(parts, &mut allowed);
                control_plane(parts, balances, &mut allowed);
            }
            Role::Worker => node(parts, &mut allowed),
            Role::ZoneServer => {
                allowed.push(allow("DNS", Protocol::Udp, &[53], vec![Peer::Any]));
                allowed.push(allow("DNS", Protocol::Tcp, &[53], vec![Peer::Any]));
            }
            Role::Balancer | Role::Etcd => {}
        }
        if role == balances {
            balancer(parts, role, &mut allowed);
        }
        at.derived(role.as_str(), (), &["machine", "kubernetes", "calico", "metallb", "ceph"]);
        all.insert(Name::from(role.as_str()), allowed);
    }
    if parts.hypervisors {
        at.derived(HYPERVISOR, (), &["host"]);
        all.insert(HYPERVISOR.into(), hypervisor(cx, parts));
    }
    close(cx, &spec.close, &mut all);
    open(cx, &spec.open, &mut all);
    all
}

fn allow(purpose: &str, protocol: Protocol, ports: &[u16], from: Vec<Peer>) -> Allow {
    let ports = ports.iter().map(|port| PortRange::from(*port)).collect();
    Allow { purpose: purpose.to_owned(), protocol, ports, from }
}

fn span_of(purpose: &str, protocol: Protocol, first: u16, last: u16, from: Vec<Peer>) -> Allow {
    Allow { purpose: purpose.to_owned(), protocol, ports: vec![PortRange { first, last }], from }
}

fn networks_for(parts: &Parts<'_>, purposes: &[Purpose]) -> Vec<Peer> {
    let carries =
        |network: &plimsoll_model::design::Network| network.purposes.iter().any(|purpose| purposes.contains(purpose));
    parts.networks.iter().filter(|(_, network)| carries(network)).map(|(name, _)| Peer::Network(name.clone())).collect()
}

/// Where administrators come from: what was written, and the network of the hypervisors.
fn administrators(cx: &Cx<'_>, parts: &Parts<'_>) -> Vec<Peer> {
    let admins = cx.spec.access.as_ref().map(|access| sorted(&access.admins)).unwrap_or_default();
    let written = admins.iter().map(|prefix| Peer::Prefix(prefix.0));
    let mut peers: Vec<Peer> = networks_for(parts, &[Purpose::Proxmox]).into_iter().chain(written).collect();
    if peers.is_empty() {
        peers.push(Peer::Any);
    }
    peers
}

fn common(cx: &Cx<'_>, parts: &Parts<'_>) -> Vec<Allow> {
    vec![
        allow("ping and path MTU", Protocol::Icmp, &[], vec![Peer::Any]),
        allow("administration", Protocol::Tcp, &[22], administrators(cx, parts)),
        allow("metrics of the machine", Protocol::Tcp, &[9100], nodes_and_pods(parts)),
    ]
}

fn pods(parts: &Parts<'_>) -> Vec<Peer> {
    parts.kubernetes.pods.iter().map(|prefix| Peer::Prefix(*prefix)).collect()
}

fn nodes_and_pods(parts: &Parts<'_>) -> Vec<Peer> {
    // Traffic of a node's own pods arrives with their addresses, that of others with their node's.
    std::iter::once(Peer::Nodes).chain(pods(parts)).collect()
}

fn node(parts: &Parts<'_>, allowed: &mut Vec<Allow>) {
    let nodes = || vec![Peer::Nodes];
    allowed.push(allow("kubelet", Protocol::Tcp, &[10250], nodes_and_pods(parts)));
    allowed.push(allow("metrics of kube-proxy", Protocol::Tcp, &[10249], nodes_and_pods(parts)));
    allowed.push(allow("Typha of Calico", Protocol::Tcp, &[5473], nodes()));
    allowed.push(allow("metrics of Calico", Protocol::Tcp, &[9091, 9093], nodes_and_pods(parts)));
    let calico = parts.calico;
    if calico.bgp {
        let mut from = nodes();
        from.extend(calico.peer.keys().map(|router| Peer::External(router.clone())));
        allowed.push(allow("BGP of Calico", Protocol::Tcp, &[179], from));
    }
    match calico.encapsulation {
        Encapsulation::None => {}
        Encapsulation::IPIP | Encapsulation::IPIPCrossSubnet => {
            allowed.push(allow("IP in IP of Calico", Protocol::Ipip, &[], nodes()));
        }
        Encapsulation::VXLAN | Encapsulation::VXLANCrossSubnet => {
            allowed.push(allow("VXLAN of Calico", Protocol::Udp, &[4789], nodes()));
        }
    }
    if calico.wireguard {
        allowed.push(allow("WireGuard of Calico", Protocol::Udp, &[51820], nodes()));
    }
    if let Some(metallb) = parts.metallb {
        let routers = || metallb.peer.values().map(|peer| Peer::External(peer.router.clone())).collect::<Vec<_>>();
        if !metallb.peer.is_empty() {
            allowed.push(allow("BGP of MetalLB", Protocol::Tcp, &[179], routers()));
        }
        if !metallb.bfd.is_empty() {
            let ports =
                if metallb.peer.values().any(|peer| peer.multihop) { vec![3784, 3785, 4784] } else { vec![3784, 3785] };
            allowed.push(allow("BFD of MetalLB", Protocol::Udp, &ports, routers()));
        }
        // Of the speaker; of FRR beside it; of FRR-K8s and its FRR (`secureMetricsPort` of the charts).
        let ports: &[u16] = match metallb.mode {
            MetalLbMode::Native => &[9120],
            MetalLbMode::Frr => &[9120, 9121],
            MetalLbMode::FrrK8s => &[9120, 9140, 9141],
        };
        allowed.push(allow("metrics of MetalLB", Protocol::Tcp, ports, nodes_and_pods(parts)));
        if metallb.memberlist && metallb.pool.values().any(|pool| pool.announce.contains(&Announce::L2)) {
            allowed.push(allow("memberlist of MetalLB", Protocol::Tcp, &[7946], nodes()));
            allowed.push(allow("memberlist of MetalLB", Protocol::Udp, &[7946], nodes()));
        }
    }
    if let Some(ceph) = parts.ceph.filter(|ceph| ceph.host_network) {
        let mut from = networks_for(parts, &[Purpose::CephPublic, Purpose::CephCluster]);
        from.push(Peer::Nodes);
        from.extend(pods(parts));
        allowed.push(allow("monitors of Ceph", Protocol::Tcp, &[3300, 6789], from.clone()));
        // 6800 to 7568 is what Ceph's daemons take since Reef.
        allowed.push(span_of("daemons of Ceph", Protocol::Tcp, 6800, 7568, from.clone()));
        allowed.push(allow("metrics of Ceph", Protocol::Tcp, &[9283, 9926], nodes_and_pods(parts)));
        if !ceph.object_store.is_empty() {
            allowed.push(allow("object stores of Ceph", Protocol::Tcp, &[80], nodes_and_pods(parts)));
        }
    }
    if parts.nodelocal.is_some() {
        allowed.push(allow("DNS of pods", Protocol::Udp, &[53], pods(parts)));
        allowed.push(allow("DNS of pods", Protocol::Tcp, &[53], pods(parts)));
        allowed.push(allow("metrics of the resolver cache", Protocol::Tcp, &[9253], nodes_and_pods(parts)));
    }
}

fn control_plane(parts: &Parts<'_>, balances: Role, allowed: &mut Vec<Allow>) {
    let own = || vec![role(Role::ControlPlane)];
    let mut clients = nodes_and_pods(parts);
    if balances != Role::ControlPlane {
        clients.push(role(balances));
    }
    allowed.push(allow("etcd", Protocol::Tcp, &[2379, 2380], own()));
    allowed.push(allow("metrics of etcd", Protocol::Tcp, &[ETCD_METRICS_PORT], nodes_and_pods(parts)));
    allowed.push(allow("API server", Protocol::Tcp, &[parts.kubernetes.apiserver.bind_port], clients));
}

fn balancer(parts: &Parts<'_>, own: Role, allowed: &mut Vec<Allow>) {
    let clients = &parts.site.clients;
    let users = if clients.is_empty() {
        vec![Peer::Any]
    } else {
        let known = clients.iter().map(|prefix| Peer::Prefix(*prefix));
        nodes_and_pods(parts).into_iter().chain(networks_for(parts, &[Purpose::Proxmox])).chain(known).collect()
    };
    allowed.push(allow("API through the balancer", Protocol::Tcp, &[parts.api_port], users));
    allowed.push(allow("VRRP of keepalived", Protocol::Vrrp, &[], vec![role(own)]));
}

fn role(role: Role) -> Peer {
    Peer::Role(role.as_str().to_owned())
}

fn hypervisor(cx: &Cx<'_>, parts: &Parts<'_>) -> Vec<Allow> {
    let cluster = || networks_for(parts, &[Purpose::Proxmox]);
    let migration = networks_for(parts, &[Purpose::Proxmox, Purpose::Migration]);
    let ssh = networks_for(parts, &[Purpose::Proxmox, Purpose::Migration, Purpose::Corosync]);
    let administrators = administrators(cx, parts);
    vec![
        allow("ping and path MTU", Protocol::Icmp, &[], vec![Peer::Any]),
        allow("administration", Protocol::Tcp, &[22], merged(ssh, &administrators)),
        allow("API and web of Proxmox VE", Protocol::Tcp, &[8006], administrators.clone()),
        allow("SPICE proxy of Proxmox VE", Protocol::Tcp, &[3128], administrators.clone()),
        span_of("consoles of Proxmox VE", Protocol::Tcp, 5900, 5999, merged(cluster(), &administrators)),
        // One port for each of knet's eight links.
        span_of("corosync", Protocol::Udp, 5405, 5412, networks_for(parts, &[Purpose::Corosync])),
        span_of("live migration", Protocol::Tcp, 60000, 60050, migration),
        allow("metrics of the host", Protocol::Tcp, &[9100], vec![Peer::Nodes]),
    ]
}

fn merged(mut peers: Vec<Peer>, more: &[Peer]) -> Vec<Peer> {
    peers.extend(more.iter().filter(|peer| !peers.contains(peer)).cloned().collect::<Vec<_>>());
    peers
}

/// What a person wants closed although a role needs it: `vrrp`, `icmp`, `ipip`, `tcp/2380`.
fn close(cx: &Cx<'_>, closed: &[Spanned<String>], all: &mut Map<Vec<Allow>>) {
    for word in closed {
        let Some((protocol, port)) = service(&word.value) else {
            cx.say(error("wrong-value", format!("`{}` is no service", word.value), word.span, "").help(SERVICE_HELP));
            continue;
        };
        for allowed in all.values_mut() {
            for entry in allowed.iter_mut().filter(|entry| entry.protocol == protocol) {
                entry.ports = entry.ports.iter().flat_map(|range| without(*range, port)).collect();
            }
            let port_less = |entry: &Allow| !matches!(entry.protocol, Protocol::Tcp | Protocol::Udp);
            allowed.retain(|entry| entry.protocol != protocol || (!port_less(entry) && !entry.ports.is_empty()));
        }
    }
}

const SERVICE_HELP: &str = "write `tcp/2380`, `udp/53`, `vrrp`, `ipip` or `icmp`";

/// A range without one port; the whole of it goes when none is named.
fn without(range: PortRange, port: Option<u16>) -> Vec<PortRange> {
    let Some(port) = port else { return Vec::new() };
    if !(range.first..=range.last).contains(&port) {
        return vec![range];
    }
    let below = (range.first < port).then(|| PortRange { first: range.first, last: port - 1 });
    let above = (port < range.last).then(|| PortRange { first: port + 1, last: range.last });
    below.into_iter().chain(above).collect()
}

fn service(word: &str) -> Option<(Protocol, Option<u16>)> {
    let (protocol, port) = word.split_once('/').map_or((word, None), |(protocol, port)| (protocol, Some(port)));
    let port = match port {
        Some(port) => Some(port.parse::<u16>().ok().filter(|port| *port > 0)?),
        None => None,
    };
    match (protocol, port) {
        ("tcp", port) => Some((Protocol::Tcp, port)),
        ("udp", port) => Some((Protocol::Udp, port)),
        ("vrrp", None) => Some((Protocol::Vrrp, None)),
        ("ipip", None) => Some((Protocol::Ipip, None)),
        ("icmp", None) => Some((Protocol::Icmp, None)),
        _ => None,
    }
}

/// What a person wants opened beside, on every machine.
fn open(cx: &Cx<'_>, opened: &plimsoll_yaml::Map<String, OneOrMany<Spanned<Prefix>>>, all: &mut Map<Vec<Allow>>) {
    let mut opened: Vec<_> = opened.iter().collect();
    opened.sort_by(|a, b| a.0.value.cmp(&b.0.value));
    for (word, from) in opened {
        let Some((protocol, port)) = service(&word.value) else {
            cx.say(error("wrong-value", format!("`{}` is no service", word.value), word.span, "").help(SERVICE_HELP));
            continue;
        };
        let peers = || from.iter().map(|prefix| Peer::Prefix(prefix.0)).collect::<Vec<_>>();
        let ports: Vec<u16> = port.into_iter().collect();
        for (role, allowed) in all.iter_mut().filter(|(role, _)| **role != *HYPERVISOR) {
            cx.at(format!("firewall/{role}")).here_at(&allowed.len().to_string(), word.span);
            let from = if from.is_empty() { vec![Peer::Any] } else { peers() };
            allowed.push(allow("written in the cluster file", protocol, &ports, from));
        }
    }
}
