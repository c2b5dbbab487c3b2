//! The pod network and the addresses of services.

use plimsoll_diagnostics::{Diagnostic, Span};
use plimsoll_model::design::{
    Announce, Announcers, BfdProfile, BgpPeer, Calico, CalicoDataplane, CalicoPeer, Encapsulation, External,
    KubeProxyMode, LoadBalancerPool, Machine, MetalLb, MetalLbMode, Network, Purpose, Role,
};
use plimsoll_model::{Map, Name};
use plimsoll_spec::cluster::{self, Announce as SpecAnnounce, Dataplane, Encapsulation as SpecEncapsulation, Mesh};

use crate::cx::{At, Cx, error, map, sorted};
use crate::expand::{all_names, name};

/// Bytes that an encapsulation of IPv4 adds to a packet (Calico's table of MTUs). The eBPF data plane passes packets for
/// node ports on in VXLAN where pods themselves need no overlay.
pub(crate) const fn overhead(encapsulation: Encapsulation, wireguard: bool, bpf: bool) -> u32 {
    let encapsulated = match encapsulation {
        Encapsulation::None | Encapsulation::IPIPCrossSubnet if bpf => 50,
        Encapsulation::None => 0,
        Encapsulation::IPIP | Encapsulation::IPIPCrossSubnet => 20,
        Encapsulation::VXLAN | Encapsulation::VXLANCrossSubnet => 50,
    };
    if wireguard && encapsulated < 60 { 60 } else { encapsulated }
}

pub(crate) struct Parts<'a> {
    pub(crate) networks: &'a Map<Network>,
    pub(crate) externals: &'a Map<External>,
    pub(crate) machines: &'a Map<Machine>,
    pub(crate) proxy: KubeProxyMode,
}

pub(crate) fn calico(cx: &Cx<'_>, parts: &Parts<'_>) -> Calico {
    let at = cx.at("calico");
    let nothing = cluster::Calico::default();
    let spec = cx.spec.calico.as_ref().unwrap_or(&nothing);
    let edition = cx.edition;
    let encapsulation = map(&spec.encapsulation, |word| match word {
        SpecEncapsulation::None => Encapsulation::None,
        SpecEncapsulation::Vxlan => Encapsulation::VXLAN,
        SpecEncapsulation::VxlanCrossSubnet => Encapsulation::VXLANCrossSubnet,
        SpecEncapsulation::Ipip => Encapsulation::IPIP,
        SpecEncapsulation::IpipCrossSubnet => Encapsulation::IPIPCrossSubnet,
    });
    let why = "nodes stand in one network and reach each other directly";
    let encapsulation = at.or_chosen("encapsulation", encapsulation.as_ref(), Encapsulation::None, why);
    let wireguard =
        at.or_chosen("wireguard", spec.wireguard.as_ref(), false, "nobody asked for encryption between nodes");
    let nodes: Vec<(&Name, &Network)> =
        parts.networks.iter().filter(|(_, network)| network.purposes.contains(&Purpose::Nodes)).collect();
    let underlay = parts
        .machines
        .values()
        .filter(|machine| machine.role.is_node())
        .filter_map(|machine| nodes.iter().find_map(|(network, _)| machine.nic.get(*network)))
        .map(|nic| nic.mtu)
        .min()
        .unwrap_or(edition.network_mtu.value);
    let from: Vec<String> = nodes.iter().map(|(network, _)| format!("network/{network}/mtu")).collect();
    let mut from: Vec<&str> = from.iter().map(String::as_str).collect();
    from.push("calico/encapsulation");
    let bpf = spec.dataplane.as_ref().is_some_and(|word| word.value == Dataplane::Bpf);
    if bpf {
        from.push("calico/dataplane");
    }
    let mtu = match &spec.mtu {
        Some(mtu) => u32::from(at.written("mtu", mtu).0),
        None => at.derived("mtu", underlay.saturating_sub(overhead(encapsulation, wireguard, bpf)), &from),
    };
    let mesh = map(&spec.mesh, |mesh| *mesh == Mesh::Full);
    let bgp = !matches!(encapsulation, Encapsulation::VXLAN | Encapsulation::VXLANCrossSubnet)
        || spec.mesh.as_ref().is_some_and(|mesh| mesh.value == Mesh::Full)
        || !spec.peers.is_empty();
    let asn = map(&spec.asn, |asn| asn.0);
    let mut peer = Map::new();
    for (router, span) in routers(spec.peers.iter()) {
        if let Some((address, asn)) = reach(cx, parts, &router, span) {
            let at = at.child(format!("peer/{router}"));
            at.here(span, true);
            let path = format!("external/{router}");
            let design = CalicoPeer {
                address: at.derived("address", address, &[&path]),
                asn: at.derived("asn", asn, &[&format!("{path}/asn")]),
                nodes: at.chosen("nodes", Vec::new(), "all of them"),
                password: at.chosen("password", None, "nobody agreed on one"),
            };
            peer.insert(router, design);
        }
    }
    at.chosen_unless("peer", peer.is_empty(), "nodes speak to each other alone");
    let autodetection = if let Some(word) = &spec.autodetect {
        let network = parts.networks.get(&name(word)).map(|network| network.ipv4.into());
        at.expanded("autodetection", network.into_iter().collect(), word.span)
    } else {
        let prefixes = nodes.iter().map(|(_, network)| network.ipv4.into()).collect();
        at.derived("autodetection", prefixes, &from)
    };
    Calico {
        encapsulation,
        bgp: at.derived("bgp", bgp, &["calico/encapsulation", "calico/mesh"]),
        mesh: at.or_chosen("mesh", mesh.as_ref(), bgp, "up to 100 nodes need no reflector"),
        asn: at.or("asn", asn.as_ref(), &edition.calico_asn),
        mtu,
        block_size: at.or("block_size", spec.block_size.as_ref(), &edition.calico_block),
        nat_outgoing: at.or_chosen("nat_outgoing", spec.nat_outgoing.as_ref(), true, "the site knows no way to pods"),
        strict_affinity: at.or_chosen("strict_affinity", spec.strict_affinity.as_ref(), false, "Calico"),
        autodetection,
        dataplane: match spec.dataplane.as_ref().map(|word| at.written("dataplane", word)) {
            Some(Dataplane::Nftables) => CalicoDataplane::Nftables,
            Some(Dataplane::Iptables) => CalicoDataplane::Iptables,
            Some(Dataplane::Bpf) => CalicoDataplane::BPF,
            None => {
                let like = match parts.proxy {
                    KubeProxyMode::Nftables => CalicoDataplane::Nftables,
                    KubeProxyMode::Iptables | KubeProxyMode::Ipvs => CalicoDataplane::Iptables,
                };
                at.derived("dataplane", like, &["kubernetes/kube_proxy/mode"])
            }
        },
        peer,
        service_load_balancer_ips: at.chosen("service_load_balancer_ips", Vec::new(), "MetalLB announces them"),
        wireguard,
        route_reflectors: {
            at.chosen_unless("route_reflectors", spec.route_reflectors.is_empty(), "none with a full mesh");
            let reflectors = all_names(&spec.route_reflectors);
            for (index, _) in reflectors.iter().enumerate() {
                let span = spec.route_reflectors.first().and_then(|names| names.span);
                at.expanded(&format!("route_reflectors/{index}"), (), span);
            }
            reflectors
        },
    }
}

/// Routers by name, each once, with the place where it was written.
fn routers<'n>(
    ranges: impl IntoIterator<Item = &'n plimsoll_diagnostics::Spanned<plimsoll_spec::scalars::Names>>,
) -> Map<Option<Span>> {
    ranges.into_iter().flat_map(|range| range.list().iter().map(|word| (name(word), range.span))).collect()
}

/// Address and autonomous system of a router, in the network where BGP is spoken.
fn reach(cx: &Cx<'_>, parts: &Parts<'_>, router: &Name, span: Option<Span>) -> Option<(std::net::IpAddr, u32)> {
    let external = parts.externals.get(router)?;
    let bgp = parts.networks.iter().filter(|(_, network)| network.purposes.contains(&Purpose::Bgp));
    let mut networks: Vec<&Name> = bgp.map(|(name, _)| name).collect();
    networks.sort();
    let address = networks.iter().find_map(|network| external.address.get(*network));
    let address = address.or_else(|| external.addresses.first());
    let asks = |message: String, help: String| {
        let item = cx.spec.external.iter().find(|(names, _)| names.list().iter().any(|word| name(word) == *router));
        let problem = error("router-unknown", message, span, "peers with it");
        cx.say(problem.context(item.and_then(|(names, _)| names.span), "the router").help(help));
    };
    if address.is_none() {
        let network = networks.first().map_or("kube", |network| network.as_str());
        let help = format!("add `addresses: {{ {network}: … }}` to it");
        asks(format!("router `{router}` has no address in the network of the BGP sessions"), help);
    }
    if external.asn.is_none() {
        asks(format!("router `{router}` has no AS number"), "add `asn:` to it".into());
    }
    Some((*address?, external.asn?))
}

pub(crate) fn metallb(cx: &Cx<'_>, parts: &Parts<'_>) -> Option<MetalLb> {
    let spec = cx.spec.ingress.as_ref()?;
    let at = cx.at("metallb");
    let edition = cx.edition;
    let announce = match spec.announce.as_ref().map(|word| word.value) {
        Some(SpecAnnounce::L2) => Announce::L2,
        None if spec.peers.is_empty() => Announce::L2,
        Some(SpecAnnounce::Bgp) | None => Announce::Bgp,
    };
    let from = all_names(spec.from.iter());
    let nodes = if from.is_empty() {
        let workers = parts.machines.iter().filter(|(_, machine)| machine.role == Role::Worker);
        at.chosen("nodes", workers.map(|(name, _)| name.clone()).collect(), "all workers")
    } else {
        at.expanded("nodes", from, spec.from.first().and_then(|names| names.span))
    };
    let control_plane =
        |name: &Name| parts.machines.get(name).is_some_and(|machine| machine.role == Role::ControlPlane);
    let announcers = if nodes.iter().any(control_plane) { Announcers::All } else { Announcers::Workers };
    let bfd_wanted = spec.bfd.as_ref();
    let enabled = bfd_wanted.and_then(|bfd| bfd.enabled.as_ref());
    let mut bfd = Map::new();
    let asked = bfd_wanted.is_some() && enabled.is_none_or(|enabled| enabled.value);
    if announce == Announce::Bgp && asked {
        let at = at.child("bfd/default");
        at.here(enabled.and_then(|enabled| enabled.span), false);
        let interval = bfd_wanted.and_then(|bfd| bfd.interval.as_ref());
        let profile = BfdProfile {
            receive_interval: at.or("receive_interval", interval, &edition.bfd_interval),
            transmit_interval: at.or("transmit_interval", interval, &edition.bfd_interval),
            detect_multiplier: at.or(
                "detect_multiplier",
                bfd_wanted.and_then(|bfd| bfd.multiplier.as_ref()),
                &edition.bfd_multiplier,
            ),
        };
        bfd.insert("default".into(), profile);
    }
    if announce == Announce::Bgp && spec.peers.is_empty() {
        let span = spec.announce.as_ref().and_then(|word| word.span);
        let problem = Diagnostic::error("service addresses are announced by BGP to nobody").code("missing-key");
        cx.say(problem.at(span, "").help("name the routers under `peers`, or write `announce: l2`"));
    }
    let mut peer = Map::new();
    if announce == Announce::Bgp {
        for (router, span) in routers(spec.peers.iter()) {
            if let Some(design) = bgp_peer(cx, &at, parts, spec, (&router, span), &nodes, !bfd.is_empty()) {
                peer.insert(router, design);
            }
        }
    }
    let asn = map(&spec.asn, |asn| asn.0);
    Some(MetalLb {
        mode: at.chosen("mode", MetalLbMode::FrrK8s, "MetalLB's default since 0.16"),
        asn: at.or("asn", asn.as_ref(), &edition.metallb_asn),
        announcers: at.derived("announcers", announcers, &["metallb/nodes"]),
        memberlist: at.chosen("memberlist", announce == Announce::L2, "only announcements by ARP need it"),
        pool: pools(cx, &at, spec, announce),
        nodes,
        peer,
        bfd,
    })
}

fn bgp_peer(
    cx: &Cx<'_>,
    at: &At<'_, '_>,
    parts: &Parts<'_>,
    spec: &plimsoll_spec::Ingress,
    (router, span): (&Name, Option<Span>),
    nodes: &[Name],
    bfd: bool,
) -> Option<BgpPeer> {
    let (address, asn) = reach(cx, parts, router, span)?;
    let at = at.child(format!("peer/{router}"));
    at.here(span, true);
    let path = format!("external/{router}");
    let on_link = parts.machines.iter().filter(|(name, _)| nodes.contains(name)).all(|(_, machine)| {
        machine.nic.keys().filter_map(|network| parts.networks.get(network)).any(|network| match address {
            std::net::IpAddr::V4(address) => network.ipv4.contains(&address),
            std::net::IpAddr::V6(_) => false,
        })
    });
    Some(BgpPeer {
        router: at.derived("router", router.clone(), &[&path]),
        address: at.derived("address", address, &[&format!("{path}/address")]),
        asn: at.derived("asn", asn, &[&format!("{path}/asn")]),
        port: at.chosen("port", 179, "BGP"),
        hold_time: at.or("hold_time", spec.hold_time.as_ref(), &cx.edition.hold_time),
        keepalive_time: at.or("keepalive_time", spec.keepalive_time.as_ref(), &cx.edition.keepalive_time),
        multihop: at.derived("multihop", !on_link, &[at.path(), "metallb/nodes"]),
        bfd: at.derived("bfd", bfd.then(|| "default".into()), &["metallb/bfd/default"]),
        nodes: at.derived("nodes", nodes.to_vec(), &["metallb/nodes"]),
        password: at.chosen("password", None, "nobody agreed on one"),
    })
}

fn pools(cx: &Cx<'_>, at: &At<'_, '_>, spec: &plimsoll_spec::Ingress, announce: Announce) -> Map<LoadBalancerPool> {
    let mut pools = Map::new();
    let planned = cx.spec.assume.as_ref().and_then(|assume| assume.load_balancers.as_ref());
    let of_tenants: u32 = cx
        .spec
        .tenants
        .values()
        .map(|tenant| {
            tenant.load_balancers.as_ref().map_or(cx.edition.tenant_load_balancers.value, |count| count.value)
        })
        .fold(0, u32::saturating_add);
    let only = spec.pools.len() == 1;
    for (word, pool) in &spec.pools {
        let at = at.child(format!("pool/{word}"));
        at.here(word.span, false);
        if pool.addresses.is_empty() {
            cx.say(error("missing-key", format!("pool `{word}` has no addresses"), word.span, ""));
        }
        let ranges = sorted(&pool.addresses);
        let services = at.stated("services_planned", &pool.services).or_else(|| match planned {
            Some(planned) if only => Some(at.written("services_planned", planned)),
            _ if only && !cx.spec.tenants.is_empty() => Some(at.derived("services_planned", of_tenants, &["tenant"])),
            _ => at.chosen("services_planned", None, "not stated"),
        });
        let design = LoadBalancerPool {
            ranges: ranges
                .iter()
                .enumerate()
                .map(|(index, block)| super::site::range(&at.written(&format!("ranges/{index}"), block)))
                .collect(),
            auto_assign: at.or_chosen("auto_assign", pool.auto_assign.as_ref(), true, "MetalLB"),
            avoid_buggy_ips: at.or_chosen(
                "avoid_buggy_ips",
                pool.avoid_buggy_ips.as_ref(),
                true,
                "some old devices drop .0 and .255",
            ),
            announce: match &spec.announce {
                Some(word) => at.expanded("announce", vec![announce], word.span),
                None => at.chosen("announce", vec![announce], "by BGP where routers were named, else by ARP"),
            },
            services_planned: services,
            anycast: at.or_chosen("anycast", pool.anycast.as_ref(), false, "no other cluster announces them"),
        };
        pools.insert(name(word), design);
    }
    pools
}
