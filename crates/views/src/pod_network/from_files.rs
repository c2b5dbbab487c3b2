//! The pod network of the objects of Calico and of kube-proxy's settings.

use ipnet::IpNet;
use plimsoll_diagnostics::Span;
use plimsoll_formats::Setting;
use plimsoll_formats::kubeadm::{ClusterConfiguration, KubeProxyConfiguration};
use plimsoll_formats::kubernetes::Object;
use plimsoll_formats::kubernetes::calico::{
    BgpConfiguration, CalicoBgpPeer, CalicoNetwork as Network, FelixConfiguration, Installation, InstallationPool,
    IpPool as PoolObject, KubeControllersConfiguration,
};
use plimsoll_formats::kubernetes::workload::DaemonSet;

use super::{CalicoNetwork, CalicoPeer, IpPool, KubeProxy, PodNetwork};
use crate::files::Files;
use crate::{Fact, NodeSet, Place};

/// Calico's own number where nobody states one (BGPConfiguration, asNumber).
const ASN: u32 = 64512;
/// BGP's port.
const BGP_PORT: u16 = 179;

/// The pod network of the objects of Calico and of kube-proxy's settings.
pub fn from_files(files: &Files) -> PodNetwork {
    PodNetwork { calico: calico(files), proxy: proxy(files) }
}

fn at(object: &Object) -> Place {
    Place::File { span: object.span, component: object.title() }
}

fn place(object: &Object, span: Option<Span>) -> Place {
    Place::File { span: span.or(object.span), component: object.title() }
}

/// An absent text counts as `None`, which is the product's default.
fn optional(setting: &Setting<String>, here: &Place) -> Fact<Option<String>> {
    match setting {
        Setting::Absent => Fact::default(None, here.clone()),
        stated => Fact::setting(&stated.clone().map(Some), here),
    }
}

fn calico(files: &Files) -> Option<CalicoNetwork> {
    let installation = files.objects::<Installation>().next().map(|(_, object, it)| (object, it));
    let bgp = files
        .objects::<BgpConfiguration>()
        .find(|(_, object, _)| object.name() == Some("default"))
        .map(|(_, object, it)| (object, it));
    let felix = files
        .objects::<FelixConfiguration>()
        .find(|(_, object, _)| object.name() == Some("default"))
        .map(|(_, object, it)| (object, it));
    let mut pools: Vec<IpPool> = files.objects::<PoolObject>().map(|(_, object, it)| pool(object, it)).collect();
    if let Some((object, it)) = installation {
        let written = it.spec.calico_network.as_ref().and_then(|network| network.ip_pools.get());
        pools.extend(written.into_iter().flatten().map(|it| installed_pool(object, it)));
    }
    let peers: Vec<CalicoPeer> = files.objects::<CalicoBgpPeer>().map(|(_, object, it)| peer(object, it)).collect();
    let here = installation
        .map(|(object, _)| at(object))
        .or_else(|| bgp.map(|(object, _)| at(object)))
        .or_else(|| felix.map(|(object, _)| at(object)))
        .or_else(|| pools.first().map(|pool| pool.place.clone()))
        .or_else(|| peers.first().map(|peer| peer.place.clone()))?;
    let network = installation.and_then(|(_, it)| it.spec.calico_network.as_ref());
    let (bgp_place, bgp_spec) = (bgp.map_or(here.clone(), |(object, _)| at(object)), bgp.map(|(_, it)| &it.spec));
    let controllers = files.objects::<KubeControllersConfiguration>().next();
    let assigns = controllers.as_ref().and_then(|(_, _, it)| it.spec.controllers.as_ref()?.load_balancer.as_ref());
    Some(CalicoNetwork {
        version: version(files, &here),
        dataplane: match (installation, network.map(|network| &network.linux_dataplane)) {
            (None, _) => manifest_dataplane(felix, &here),
            // The operator's default (Installation, linuxDataplane).
            (Some(_), None) => Fact::default("Iptables".to_owned(), here.clone()),
            (Some(_), Some(stated)) => Fact::setting_or(stated, "Iptables".to_owned(), &here),
        },
        bgp: match network.map(|network| &network.bgp) {
            // The operator turns it on for Calico's own network.
            Some(stated) => Fact::setting_or(stated, "Enabled".to_owned(), &here).map(|word| word == "Enabled"),
            None => Fact::unknown(here.clone()),
        },
        mesh: match bgp_spec {
            Some(spec) => Fact::setting_or(&spec.node_to_node_mesh_enabled, true, &bgp_place),
            // Without the object, which may be elsewhere, nobody can tell.
            None => Fact::unknown(here.clone()),
        },
        asn: match bgp_spec {
            Some(spec) => Fact::setting_or(&spec.as_number.clone().map(|asn| asn.0), ASN, &bgp_place),
            None => Fact::unknown(here.clone()),
        },
        pools,
        peers,
        reflectors: Vec::new(),
        announced: match (bgp, bgp_spec) {
            (Some((object, _)), Some(spec)) => {
                let list = &spec.service_load_balancer_ips;
                let prefixes: Option<Vec<IpNet>> = list.iter().map(|it| it.cidr.get()?.parse().ok()).collect();
                Fact::maybe(prefixes, place(object, list.first().and_then(|it| it.cidr.span())))
            }
            _ => Fact::unknown(here.clone()),
        },
        assigns: match (&controllers, assigns) {
            (Some((_, object, _)), Some(it)) => Fact::setting_or(&it.assign_ips, "AllServices".to_owned(), &at(object)),
            _ => Fact::default("AllServices".to_owned(), here.clone()),
        },
        felix_routes: match felix.filter(|(_, it)| !it.spec.program_cluster_routes.is_absent()) {
            Some((object, it)) => optional(&it.spec.program_cluster_routes, &at(object)),
            None => routing_mode(network, &here)
                .map(|[felix, _]| felix)
                .or_else(|| felix.map(|(object, _)| Fact::default(None, at(object))))
                .unwrap_or_else(|| Fact::unknown(here.clone())),
        },
        bird_routes: match bgp_spec.filter(|spec| !spec.program_cluster_routes.is_absent()) {
            Some(spec) => optional(&spec.program_cluster_routes, &bgp_place),
            None => routing_mode(network, &here)
                .map(|[_, bird]| bird)
                .or_else(|| bgp_spec.map(|_| Fact::default(None, bgp_place.clone())))
                .unwrap_or_else(|| Fact::unknown(here.clone())),
        },
        systems: Vec::new(),
        place: here,
    })
}

/// What the operator writes as programClusterRoutes of Felix and of BIRD when clusterRoutingMode is stated.
fn routing_mode(network: Option<&Network>, here: &Place) -> Option<[Fact<Option<String>>; 2]> {
    let stated = network.map(|network| &network.cluster_routing_mode).filter(|mode| !mode.is_absent())?;
    let mode = Fact::setting(stated, here);
    let of = |felix: bool| {
        mode.map(|mode| {
            let (of_felix, of_bird) = match mode.as_str() {
                "BIRD" => ("Disabled", "Enabled"),
                "Felix" => ("Enabled", "Disabled"),
                "FelixIPIPOnly" => ("EnabledIPIPOnly", "EnabledNoEncapOnly"),
                _ => return None,
            };
            Some(Some(if felix { of_felix } else { of_bird }.to_owned()))
        })
        .flatten()
    };
    Some([of(true), of(false)])
}

/// What programs packets where the manifests are applied without the operator.
fn manifest_dataplane(felix: Option<(&Object, &FelixConfiguration)>, here: &Place) -> Fact<String> {
    let Some((object, felix)) = felix else { return Fact::unknown(here.clone()) };
    let here = at(object);
    if felix.spec.bpf_enabled.get() == Some(&true) {
        return Fact::setting(&felix.spec.bpf_enabled, &here).map(|_| "BPF".to_owned());
    }
    // Left out it is `Disabled` up to 3.31 and `Auto` from 3.32.
    Fact::setting(&felix.spec.nftables_mode, &here)
        .map(|mode| match mode.as_str() {
            "Enabled" => Some("Nftables".to_owned()),
            "Disabled" => Some("Iptables".to_owned()),
            _ => None,
        })
        .flatten()
}

/// The version in the tag of the image of the agent.
fn version(files: &Files, here: &Place) -> Fact<String> {
    let found = files.objects::<DaemonSet>().find_map(|(_, object, set)| {
        let containers = &set.spec.template.spec.containers;
        let image = containers.iter().map(|it| &it.image).find(|image| {
            image.get().is_some_and(|image| image.rsplit('/').next().is_some_and(|name| name.starts_with("node:")))
                && image.get().is_some_and(|image| image.contains("calico/"))
        })?;
        let tag = image.get()?.rsplit(':').next()?.trim_start_matches('v').to_owned();
        Some(Fact::known(tag, place(object, image.span())))
    });
    found.unwrap_or_else(|| Fact::unknown(here.clone()))
}

fn pool(object: &Object, it: &PoolObject) -> IpPool {
    let here = at(object);
    let spec = &it.spec;
    let mode = |setting: &Setting<String>| setting.or("Never".to_owned());
    let word = |name: &str, mode: &str| match mode {
        "Always" => Some(name.to_owned()),
        "CrossSubnet" => Some(format!("{name}CrossSubnet")),
        _ => None,
    };
    let encapsulation = match (mode(&spec.ipip_mode), mode(&spec.vxlan_mode)) {
        (Some(ipip), Some(vxlan)) => {
            let stated = if spec.ipip_mode.is_absent() { &spec.vxlan_mode } else { &spec.ipip_mode };
            let value = word("IPIP", &ipip).or_else(|| word("VXLAN", &vxlan)).unwrap_or_else(|| "None".to_owned());
            Fact::known(value, place(object, stated.span()))
        }
        _ => Fact::unknown(here.clone()),
    };
    IpPool {
        name: object.shown_name().to_owned(),
        cidr: Fact::setting(&spec.cidr, &here).map(|text| text.parse().ok()).flatten(),
        encapsulation,
        uses: Fact::setting_or(&spec.allowed_uses, Vec::new(), &here)
            .map(|uses| uses.iter().map(|it| it.value.clone()).collect()),
        assignment: Fact::setting_or(&spec.assignment_mode, "Automatic".to_owned(), &here),
        nodes: Fact::setting_or(&spec.node_selector, "all()".to_owned(), &here)
            .map(|text| NodeSet::of_expression(text)),
        export_disabled: Fact::setting_or(&spec.disable_bgp_export, false, &here),
        disabled: Fact::setting_or(&spec.disabled, false, &here),
        place: here,
    }
}

fn installed_pool(object: &Object, it: &InstallationPool) -> IpPool {
    let here = place(object, it.cidr.span());
    let uses = it.allowed_uses.iter().map(|it| it.value.clone()).collect();
    IpPool {
        name: it.name.get().or(it.cidr.get()).map_or("(without name)", String::as_str).to_owned(),
        cidr: Fact::setting(&it.cidr, &here).map(|text| text.parse().ok()).flatten(),
        // The operator's default (Installation, ipPools).
        encapsulation: Fact::setting_or(&it.encapsulation, "IPIP".to_owned(), &here),
        uses: Fact::known(uses, place(object, it.allowed_uses.first().and_then(|it| it.span))),
        assignment: Fact::setting_or(&it.assignment_mode, "Automatic".to_owned(), &here),
        nodes: Fact::setting_or(&it.node_selector, "all()".to_owned(), &here).map(|text| NodeSet::of_expression(text)),
        export_disabled: Fact::setting_or(&it.disable_bgp_export, false, &here),
        disabled: Fact::default(false, here.clone()),
        place: here,
    }
}

/// Address and port of `10.0.0.1`, `10.0.0.1:1179`, `fd00::1` and `[fd00::1]:1179`.
fn address_and_port(text: &str) -> (String, u16) {
    if let Some((address, rest)) = text.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        return (address.to_owned(), rest.strip_prefix(':').and_then(|port| port.parse().ok()).unwrap_or(BGP_PORT));
    }
    match text.rsplit_once(':') {
        Some((address, port)) if !address.contains(':') => (address.to_owned(), port.parse().unwrap_or(BGP_PORT)),
        _ => (text.to_owned(), BGP_PORT),
    }
}

fn peer(object: &Object, it: &CalicoBgpPeer) -> CalicoPeer {
    let here = at(object);
    let spec = &it.spec;
    let written = optional(&spec.peer_ip, &here);
    let nodes = match (spec.node.get(), spec.node_selector.get()) {
        (Some(node), _) => NodeSet::Named([node.clone()].into()),
        (None, Some(selector)) => NodeSet::of_expression(selector),
        (None, None) => NodeSet::All,
    };
    CalicoPeer {
        name: object.shown_name().to_owned(),
        port: written.map(|text| text.as_ref().map_or(BGP_PORT, |text| address_and_port(text).1)),
        address: written.map(|text| text.as_ref().map(|text| address_and_port(text).0)),
        asn: match &spec.as_number {
            Setting::Absent => Fact::default(None, here.clone()),
            stated => Fact::setting(&stated.clone().map(|asn| Some(asn.0)), &here),
        },
        nodes,
        password: Fact::known(spec.password.is_some(), here.clone()),
        place: here,
    }
}

fn proxy(files: &Files) -> Option<KubeProxy> {
    let (_, object, proxy) = files.objects::<KubeProxyConfiguration>().next()?;
    let here = at(object);
    let absent = Setting::Absent;
    let cluster = files.objects::<ClusterConfiguration>().next();
    Some(KubeProxy {
        mode: Fact::setting_or(&proxy.mode, String::new(), &here),
        strict_arp: Fact::setting_or(proxy.ipvs.as_ref().map_or(&absent, |ipvs| &ipvs.strict_arp), false, &here),
        kubernetes: match cluster {
            Some((_, object, cluster)) => Fact::setting(
                &cluster.kubernetes_version.clone().map(|text| text.trim_start_matches('v').to_owned()),
                &at(object),
            ),
            None => Fact::unknown(here.clone()),
        },
        ipvs_gate: match proxy.feature_gates.get("KubeProxyIPVS") {
            Some(gate) => Fact::setting(gate, &here),
            None => Fact::default(false, here.clone()),
        },
        place: here,
    })
}
