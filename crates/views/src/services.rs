//! Addresses of services: MetalLB's pools, who announces them, and to whom.

mod from_files;

use plimsoll_model::Name;
use plimsoll_model::design::{
    AddressRange, Announce, Announcers, BgpPeer, Design, MetalLb as Written, MetalLbMode, Role,
};
use plimsoll_model::units::Millis;

use crate::{DesignSource, Fact, NodeSet, Place};

pub use from_files::from_files;

/// Label by which a node is left out of announcing. kubeadm puts it on control-plane nodes.
pub const EXCLUDE_LABEL: &str = "node.kubernetes.io/exclude-from-external-load-balancers";

/// What is known of service addresses.
#[derive(Clone, Debug)]
pub struct Services {
    /// MetalLB; `None` when nothing of it is there.
    pub metallb: Option<MetalLb>,
    /// Services of type LoadBalancer among the files.
    pub services: Vec<Service>,
}

/// A service of type LoadBalancer.
#[derive(Clone, Debug)]
pub struct Service {
    /// Namespace and name.
    pub name: String,
    /// What a finding about it points at.
    pub place: Place,
    /// Which controller it wants; `Some(None)` for any.
    pub class: Fact<Option<String>>,
    /// Whether nodes without one of its pods refuse traffic for it (externalTrafficPolicy Local).
    pub local: Fact<bool>,
    /// Copies of the pods behind it.
    pub copies: Fact<u32>,
    /// Keys of annotations that speak to MetalLB.
    pub annotations: Vec<Fact<String>>,
}

/// MetalLB.
#[derive(Clone, Debug)]
pub struct MetalLb {
    /// What a finding about all of it points at.
    pub place: Place,
    /// Which program speaks BGP.
    pub mode: Fact<MetalLbMode>,
    /// Version without `v`.
    pub version: Fact<String>,
    /// Whether nodes that carry [`EXCLUDE_LABEL`] announce nothing.
    pub obeys_exclude: Fact<bool>,
    /// The class of services it keeps to; `Some(None)` when it takes those without a class.
    pub class: Fact<Option<String>>,
    /// Nodes that may announce, as far as known.
    pub speakers: Vec<Speaker>,
    /// Whether these are all.
    pub speakers_whole: bool,
    /// Whether speakers gossip about each other.
    pub memberlist: Fact<bool>,
    /// Pools.
    pub pools: Vec<Pool>,
    /// What announces them.
    pub advertisements: Vec<Advertisement>,
    /// Routers it peers with.
    pub peers: Vec<Peer>,
    /// Names of BFD profiles.
    pub bfd: Vec<Fact<String>>,
    /// Statements beside those of peers that the mode `native` does not take (IPv6 by BGP, large communities).
    pub beyond_native: Vec<Fact<String>>,
}

/// A node that may announce.
#[derive(Clone, Debug)]
pub struct Speaker {
    /// Its name.
    pub node: String,
    /// What a finding about it points at.
    pub place: Place,
    /// The physical host below.
    pub host: Fact<String>,
    /// Whether it carries [`EXCLUDE_LABEL`].
    pub excluded: Fact<bool>,
    /// Whether packets with addresses that are not its own are dropped on their way out of it.
    pub filtered: Fact<bool>,
}

/// A pool of service addresses.
#[derive(Clone, Debug)]
pub struct Pool {
    /// Its name.
    pub name: String,
    /// What a finding about it points at.
    pub place: Place,
    /// Addresses.
    pub ranges: Fact<Vec<AddressRange>>,
    /// Whether services get one without asking for this pool.
    pub auto_assign: Fact<bool>,
}

/// What announces pools.
#[derive(Clone, Debug)]
pub struct Advertisement {
    /// Its name.
    pub name: String,
    /// What a finding about it points at.
    pub place: Place,
    /// How.
    pub kind: Announce,
    /// Pools by name; unknown when labels choose them and cannot be told.
    pub pools: Fact<Vec<String>>,
    /// Whether it names and chooses none, and so announces all.
    pub every_pool: bool,
    /// Nodes that announce.
    pub nodes: NodeSet,
}

/// A BGP session of the speakers.
#[derive(Clone, Debug)]
pub struct Peer {
    /// Its name.
    pub name: String,
    /// What a finding about it points at.
    pub place: Place,
    /// Address of the router (or the interface of an unnumbered session).
    pub address: Fact<String>,
    /// Port of the router.
    pub port: Fact<u16>,
    /// Autonomous system of the speakers.
    pub my_asn: Fact<u32>,
    /// Autonomous system of the router.
    pub peer_asn: Fact<u32>,
    /// Router id of the speakers; `Some(None)` when it is found out.
    pub router_id: Fact<Option<String>>,
    /// Routing domain; `Some(None)` for the main one.
    pub vrf: Fact<Option<String>>,
    /// Address from which it is opened; `Some(None)` for the node's.
    pub source: Fact<Option<String>>,
    /// Silence after which it is dropped; `Some(None)` for the default of the mode.
    pub hold_time: Fact<Option<Millis>>,
    /// BFD profile, if any.
    pub bfd: Fact<Option<String>>,
    /// Whether the router may be more than one hop away.
    pub multihop: Fact<bool>,
    /// Whether the router is in a network of every speaker.
    pub on_link: Fact<bool>,
    /// Nodes that have the session.
    pub nodes: NodeSet,
    /// Fields that the mode `native` does not take, by name.
    pub beyond_native: Vec<Fact<String>>,
    /// Whether the router installs several equal paths.
    pub multipath: Fact<bool>,
    /// Whether flows keep their path when another one goes.
    pub resilient: Fact<bool>,
    /// Whether the router runs BFD towards the speakers.
    pub router_bfd: Fact<bool>,
}

impl MetalLb {
    /// Whether some pool is announced in this way.
    pub fn announces(&self, kind: Announce) -> bool {
        self.advertisements.iter().any(|it| it.kind == kind)
    }

    /// What announces a pool; `None` when that cannot be told.
    pub fn announcing(&self, pool: &Pool) -> Option<Vec<&Advertisement>> {
        let chosen =
            |it: &&Advertisement| it.every_pool || it.pools.get().is_some_and(|pools| pools.contains(&pool.name));
        let found: Vec<&Advertisement> = self.advertisements.iter().filter(chosen).collect();
        let unknown = self.advertisements.iter().any(|it| !it.every_pool && it.pools.get().is_none());
        (!found.is_empty() || !unknown).then_some(found)
    }
}

/// Service addresses of a Design.
pub fn from_design(source: DesignSource<'_>) -> Services {
    Services { metallb: source.design.metallb.as_ref().map(|metallb| written(source, metallb)), services: Vec::new() }
}

fn written(source: DesignSource<'_>, metallb: &Written) -> MetalLb {
    let design = source.design;
    let at = |field: &str| format!("metallb/{field}");
    let speakers = metallb.nodes.iter().map(|node| speaker(source, metallb, node)).collect();
    let pools = metallb.pool.iter().map(|(name, pool)| {
        let at = |field: &str| format!("metallb/pool/{name}/{field}");
        Pool {
            name: name.to_string(),
            place: source.place(format!("metallb/pool/{name}")),
            ranges: source.fact(at("ranges/0"), pool.ranges.clone()),
            auto_assign: source.fact(at("auto_assign"), pool.auto_assign),
        }
    });
    let mut advertisements = Vec::new();
    for (name, pool) in &metallb.pool {
        for kind in &pool.announce {
            let path = format!("metallb/pool/{name}/announce");
            advertisements.push(Advertisement {
                name: name.to_string(),
                place: source.place(path.clone()),
                kind: *kind,
                pools: source.fact(path, vec![name.to_string()]),
                every_pool: false,
                nodes: named(&metallb.nodes),
            });
        }
    }
    let six = metallb.pool.iter().filter(|(_, pool)| {
        pool.announce.contains(&Announce::Bgp) && pool.ranges.iter().any(|range| range.first().is_ipv6())
    });
    MetalLb {
        place: source.place("metallb"),
        mode: source.fact(at("mode"), metallb.mode),
        version: source.maybe("version/metallb", design.version.get(&Name::from("metallb")).cloned()),
        obeys_exclude: source.fact(at("announcers"), metallb.announcers == Announcers::Workers),
        class: source.fact("metallb", None),
        speakers,
        speakers_whole: true,
        memberlist: source.fact(at("memberlist"), metallb.memberlist),
        pools: pools.collect(),
        advertisements,
        peers: metallb.peer.iter().map(|(name, it)| peer(source, metallb, name, it)).collect(),
        bfd: metallb.bfd.keys().map(|name| source.fact(format!("metallb/bfd/{name}"), name.to_string())).collect(),
        beyond_native: six
            .map(|(name, _)| source.fact(format!("metallb/pool/{name}/ranges/0"), "IPv6 by BGP".to_owned()))
            .collect(),
    }
}

fn named(nodes: &[Name]) -> NodeSet {
    NodeSet::Named(nodes.iter().map(ToString::to_string).collect())
}

fn speaker(source: DesignSource<'_>, metallb: &Written, node: &Name) -> Speaker {
    let design = source.design;
    let machine = design.machine.get(node);
    // kubeadm puts the label on control-plane nodes; it is taken off where these announce too.
    let excluded =
        machine.map(|machine| machine.role == Role::ControlPlane && metallb.announcers == Announcers::Workers);
    let filtered = machine.map(|machine| {
        let in_front = |network: &Name| facing(design, metallb, network);
        machine.nic.iter().filter(|(network, _)| in_front(network)).any(|(network, nic)| {
            nic.ipfilter || design.network.get(network).is_some_and(|it| it.anti_spoofing == Some(true))
        })
    });
    Speaker {
        node: node.to_string(),
        place: source.place(format!("machine/{node}")),
        host: source.maybe(format!("machine/{node}/host"), source.host_of(node).map(ToString::to_string)),
        excluded: source.maybe("metallb/announcers", excluded),
        filtered: source.maybe(format!("machine/{node}/nic"), filtered),
    }
}

/// Whether answers of services leave by a network: it holds a router of a session, or addresses of a pool, or the way
/// out.
fn facing(design: &Design, metallb: &Written, network: &Name) -> bool {
    let Some(it) = design.network.get(network) else { return false };
    let holds = |address: std::net::IpAddr| match address {
        std::net::IpAddr::V4(address) => it.ipv4.contains(&address),
        std::net::IpAddr::V6(address) => it.ipv6.is_some_and(|prefix| prefix.contains(&address)),
    };
    metallb.peer.values().any(|peer| holds(peer.address))
        || metallb.pool.values().flat_map(|pool| &pool.ranges).any(|range| holds(range.first()))
}

fn peer(source: DesignSource<'_>, metallb: &Written, name: &Name, it: &BgpPeer) -> Peer {
    let design = source.design;
    let at = |field: &str| format!("metallb/peer/{name}/{field}");
    let router = design.external.get(&it.router);
    let of_router = |field: &str| format!("external/{}/{field}", it.router);
    let on_link = it.nodes.iter().all(|node| {
        design.machine.get(node).is_some_and(|machine| {
            machine.nic.values().any(|nic| {
                nic.address.contains(&it.address) || nic.address6.is_some_and(|prefix| prefix.contains(&it.address))
            })
        })
    });
    let bfd = it.bfd.as_ref().map(ToString::to_string);
    Peer {
        name: name.to_string(),
        place: source.place(format!("metallb/peer/{name}")),
        address: source.fact(at("address"), it.address.to_string()),
        port: source.fact(at("port"), it.port),
        my_asn: source.fact("metallb/asn", metallb.asn),
        peer_asn: source.fact(at("asn"), it.asn),
        router_id: source.fact(at("address"), None),
        vrf: source.fact(at("address"), None),
        source: source.fact(at("address"), None),
        hold_time: source.fact(at("hold_time"), Some(it.hold_time)),
        beyond_native: bfd.iter().map(|_| source.fact(at("bfd"), "bfdProfile".to_owned())).collect(),
        bfd: source.fact(at("bfd"), bfd),
        multihop: source.fact(at("multihop"), it.multihop),
        on_link: source.fact(at("address"), on_link),
        nodes: named(&it.nodes),
        multipath: source.maybe(of_router("multipath"), router.and_then(|router| router.multipath)),
        resilient: source.maybe(of_router("resilient_hashing"), router.and_then(|router| router.resilient_hashing)),
        router_bfd: source.maybe(of_router("bfd"), router.and_then(|router| router.bfd)),
    }
}
