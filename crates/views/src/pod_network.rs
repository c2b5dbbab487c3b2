//! The pod network: Calico with its pools and peers, and kube-proxy beside it.

mod from_files;

use ipnet::IpNet;
use plimsoll_model::Name;
use plimsoll_model::design::{Calico, Design};

use crate::{DesignSource, Fact, NodeSet, Place};

pub use from_files::from_files;

/// The pod network.
#[derive(Clone, Debug)]
pub struct PodNetwork {
    /// Calico; `None` when nothing of it is there.
    pub calico: Option<CalicoNetwork>,
    /// kube-proxy; `None` when its settings are not known.
    pub proxy: Option<KubeProxy>,
}

/// Calico.
#[derive(Clone, Debug)]
pub struct CalicoNetwork {
    /// What a finding about all of it points at.
    pub place: Place,
    /// Version without `v`.
    pub version: Fact<String>,
    /// What programs packets: `Iptables`, `Nftables`, `BPF` or `VPP`.
    pub dataplane: Fact<String>,
    /// Whether BGP runs.
    pub bgp: Fact<bool>,
    /// Whether every node peers with every other.
    pub mesh: Fact<bool>,
    /// Autonomous system of the nodes.
    pub asn: Fact<u32>,
    /// Pools.
    pub pools: Vec<IpPool>,
    /// Neighbours of nodes.
    pub peers: Vec<CalicoPeer>,
    /// Nodes that reflect routes.
    pub reflectors: Vec<Reflector>,
    /// Prefixes of service addresses that it announces.
    pub announced: Fact<Vec<IpNet>>,
    /// Which services its own controller gives addresses: `AllServices` or `RequestedServicesOnly`.
    pub assigns: Fact<String>,
    /// Who programs routes between nodes, as Felix is told; `Some(None)` for its default.
    pub felix_routes: Fact<Option<String>>,
    /// The same as BIRD is told.
    pub bird_routes: Fact<Option<String>>,
    /// Operating systems of nodes (`debian-13`), each once.
    pub systems: Vec<Fact<String>>,
}

/// A pool of addresses of Calico.
#[derive(Clone, Debug)]
pub struct IpPool {
    /// Its name.
    pub name: String,
    /// What a finding about it points at.
    pub place: Place,
    /// Its prefix.
    pub cidr: Fact<IpNet>,
    /// `None`, `IPIP`, `VXLAN`, `IPIPCrossSubnet` or `VXLANCrossSubnet`.
    pub encapsulation: Fact<String>,
    /// What it is for; empty means pods and tunnels.
    pub uses: Fact<Vec<String>>,
    /// `Automatic` or `Manual`.
    pub assignment: Fact<String>,
    /// Nodes that use it.
    pub nodes: Fact<NodeSet>,
    /// Whether its routes are kept from BGP peers.
    pub export_disabled: Fact<bool>,
    /// Whether no new addresses are given out of it.
    pub disabled: Fact<bool>,
}

impl IpPool {
    /// Whether it is for service addresses; unknown when its uses are.
    pub fn for_services(&self) -> Option<bool> {
        self.uses.get().map(|uses| uses.iter().any(|it| it == "LoadBalancer"))
    }
}

/// A neighbour of nodes.
#[derive(Clone, Debug)]
pub struct CalicoPeer {
    /// Its name.
    pub name: String,
    /// What a finding about it points at.
    pub place: Place,
    /// Address, without a port; `Some(None)` when other nodes are the neighbours.
    pub address: Fact<Option<String>>,
    /// Port of the neighbour.
    pub port: Fact<u16>,
    /// Autonomous system of the neighbour, when it has an address.
    pub asn: Fact<Option<u32>>,
    /// Nodes that have the session.
    pub nodes: NodeSet,
    /// Whether the session has a password.
    pub password: Fact<bool>,
}

/// A node that reflects routes.
#[derive(Clone, Debug)]
pub struct Reflector {
    /// The node.
    pub node: Fact<String>,
    /// The physical host below.
    pub host: Fact<String>,
    /// The rack that stands in.
    pub rack: Fact<String>,
}

/// kube-proxy.
#[derive(Clone, Debug)]
pub struct KubeProxy {
    /// What a finding about it points at.
    pub place: Place,
    /// `iptables`, `nftables` or `ipvs`; empty when nobody chose.
    pub mode: Fact<String>,
    /// With IPVS: whether nodes keep quiet about addresses that are not theirs.
    pub strict_arp: Fact<bool>,
    /// Version of Kubernetes without `v`.
    pub kubernetes: Fact<String>,
    /// Whether the gate `KubeProxyIPVS` is set.
    pub ipvs_gate: Fact<bool>,
}

/// The pod network of a Design.
pub fn from_design(source: DesignSource<'_>) -> PodNetwork {
    let proxy = &source.design.kubernetes.kube_proxy;
    let at = |field: &str| format!("kubernetes/kube_proxy/{field}");
    PodNetwork {
        calico: Some(written(source, &source.design.calico)),
        proxy: Some(KubeProxy {
            place: source.place("kubernetes/kube_proxy"),
            mode: source.fact(at("mode"), proxy.mode.as_str().to_owned()),
            strict_arp: source.fact(at("strict_arp"), proxy.strict_arp),
            kubernetes: source.fact("kubernetes/version", source.design.kubernetes.version.clone()),
            ipvs_gate: source.fact(at("mode"), false),
        }),
    }
}

fn written(source: DesignSource<'_>, calico: &Calico) -> CalicoNetwork {
    let design = source.design;
    let at = |field: &str| format!("calico/{field}");
    let pools = design.kubernetes.pods.iter().enumerate().map(|(index, cidr)| IpPool {
        name: format!("pods {cidr}"),
        place: source.place(format!("kubernetes/pods/{index}")),
        cidr: source.fact(format!("kubernetes/pods/{index}"), *cidr),
        encapsulation: source.fact(at("encapsulation"), calico.encapsulation.as_str().to_owned()),
        uses: source.fact(at("encapsulation"), Vec::new()),
        assignment: source.fact(at("encapsulation"), "Automatic".to_owned()),
        nodes: source.fact(at("encapsulation"), NodeSet::All),
        export_disabled: source.fact(at("encapsulation"), false),
        disabled: source.fact(at("encapsulation"), false),
    });
    let peers = calico.peer.iter().map(|(name, peer)| {
        let at = |field: &str| format!("calico/peer/{name}/{field}");
        CalicoPeer {
            name: name.to_string(),
            place: source.place(format!("calico/peer/{name}")),
            address: source.fact(at("address"), Some(peer.address.to_string())),
            port: source.fact(at("address"), 179),
            asn: source.fact(at("asn"), Some(peer.asn)),
            nodes: if peer.nodes.is_empty() {
                NodeSet::All
            } else {
                NodeSet::Named(peer.nodes.iter().map(ToString::to_string).collect())
            },
            password: source.fact(at("password"), peer.password.is_some()),
        }
    });
    let reflectors = calico.route_reflectors.iter().enumerate().map(|(index, node)| {
        let host = source.host_of(node);
        Reflector {
            node: source.fact(format!("calico/route_reflectors/{index}"), node.to_string()),
            host: source.maybe(format!("machine/{node}/host"), host.map(ToString::to_string)),
            rack: source.maybe(
                format!("host/{}/rack", host.map_or("", Name::as_str)),
                host.and_then(|host| design.host.get(host)).map(|host| host.rack.to_string()),
            ),
        }
    });
    CalicoNetwork {
        place: source.place("calico"),
        version: source.maybe("version/calico", design.version.get(&Name::from("calico")).cloned()),
        dataplane: source.fact(at("dataplane"), calico.dataplane.as_str().to_owned()),
        bgp: source.fact(at("bgp"), calico.bgp),
        mesh: source.fact(at("mesh"), calico.mesh),
        asn: source.fact(at("asn"), calico.asn),
        pools: pools.collect(),
        peers: peers.collect(),
        reflectors: reflectors.collect(),
        announced: source.fact(at("service_load_balancer_ips"), calico.service_load_balancer_ips.clone()),
        assigns: source.fact("calico", "AllServices".to_owned()),
        felix_routes: source.fact("calico", None),
        bird_routes: source.fact("calico", None),
        systems: systems(source, design),
    }
}

fn systems(source: DesignSource<'_>, design: &Design) -> Vec<Fact<String>> {
    let mut systems: Vec<Fact<String>> = Vec::new();
    for (name, machine) in design.nodes() {
        if !systems.iter().any(|known| known.is(&machine.image.os)) {
            systems.push(source.fact(format!("machine/{name}/image/os"), machine.image.os.clone()));
        }
    }
    systems
}
