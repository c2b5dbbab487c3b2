//! The pod network.

use std::net::IpAddr;

use plimsoll_formats::Setting;
use plimsoll_formats::kubernetes::calico::{
    ApiServer, Autodetection, BgpConfiguration, BgpConfigurationSpec, BgpFilter, BgpFilterRule, BgpFilterSpec,
    CalicoBgpPeer, CalicoBgpPeerSpec, CalicoNetwork, CidrRef, FelixConfiguration, FelixConfigurationSpec, Installation,
    InstallationPool, InstallationSpec, IpamConfiguration, IpamConfigurationSpec, Password, SecretKeyRef,
};
use plimsoll_formats::kubernetes::quantity::AsNumber;
use plimsoll_formats::kubernetes::{Metadata, object, text, texts};
use plimsoll_model::Design;
use plimsoll_model::design::CalicoPeer;
use plimsoll_yaml::Node;

use super::{kubernetes, manifest, version};
use crate::Tree;

/// The filter that lets out nothing but pod and service prefixes.
const FILTER: &str = "own-prefixes";
/// The Secret with the passwords of sessions, one key a peer.
pub(crate) const PASSWORDS: &str = "bgp-passwords";

pub(super) fn render(design: &Design, tree: &mut Tree) {
    let reader = format!("kubectl apply (Calico {})", version(design, "calico"));
    let api_server = object(&Metadata::cluster("default"), &ApiServer::default());
    let documents = [object(&Metadata::cluster("default"), &installation(design)), api_server];
    tree.add(
        "cluster/10-calico-installation.yaml",
        manifest(design, "The pod network: what Calico's operator installs", &reader, &documents),
    );
    let mut documents =
        vec![object(&Metadata::cluster("default"), &bgp(design)), object(&Metadata::cluster("default"), &ipam(design))];
    if design.calico.wireguard {
        let dual = design.kubernetes.pods.iter().any(|pods| pods.addr().is_ipv6());
        let spec = FelixConfigurationSpec {
            wireguard_enabled: true.into(),
            wireguard_enabled_v6: if dual { true.into() } else { Setting::Absent },
            ..FelixConfigurationSpec::default()
        };
        documents.push(object(&Metadata::cluster("default"), &FelixConfiguration { spec: spec.into() }));
    }
    if !design.calico.peer.is_empty() {
        documents.push(object(&Metadata::cluster(FILTER), &filter(design)));
    }
    for (name, peer) in &design.calico.peer {
        documents.push(object(&Metadata::cluster(name.as_str()), &bgp_peer(name.as_str(), peer)));
    }
    let file = manifest(design, "How nodes exchange routes", &reader, &documents);
    tree.add("cluster/11-calico-bgp.yaml", file);
    passwords(design, tree);
}

fn installation(design: &Design) -> Installation {
    let calico = &design.calico;
    let pool = |pods: &ipnet::IpNet| InstallationPool {
        cidr: text(pods.to_string()),
        block_size: if pods.addr().is_ipv4() { calico.block_size.into() } else { Setting::Absent },
        encapsulation: text(calico.encapsulation.as_str()),
        nat_outgoing: enabled(calico.nat_outgoing),
        node_selector: text("all()"),
        ..InstallationPool::default()
    };
    let detect = |wanted: fn(&IpAddr) -> bool| {
        let cidrs: Vec<Setting<String>> =
            calico.autodetection.iter().filter(|net| wanted(&net.addr())).map(|net| text(net.to_string())).collect();
        (!cidrs.is_empty()).then(|| Autodetection { cidrs, ..Autodetection::default() })
    };
    let network = CalicoNetwork {
        linux_dataplane: text(calico.dataplane.as_str()),
        bgp: enabled(calico.bgp),
        ip_pools: design.kubernetes.pods.iter().map(pool).collect::<Vec<_>>().into(),
        mtu: calico.mtu.into(),
        node_address_autodetection_v4: detect(IpAddr::is_ipv4),
        node_address_autodetection_v6: detect(IpAddr::is_ipv6),
        ..CalicoNetwork::default()
    };
    let spec =
        InstallationSpec { variant: text("Calico"), calico_network: Some(network), ..InstallationSpec::default() };
    Installation { spec: spec.into() }
}

fn enabled(on: bool) -> Setting<String> {
    text(if on { "Enabled" } else { "Disabled" })
}

fn bgp(design: &Design) -> BgpConfiguration {
    let calico = &design.calico;
    let cidr = |net: &ipnet::IpNet| CidrRef { cidr: text(net.to_string()) };
    let spec = BgpConfigurationSpec {
        node_to_node_mesh_enabled: calico.mesh.into(),
        as_number: AsNumber(calico.asn).into(),
        service_load_balancer_ips: calico.service_load_balancer_ips.iter().map(cidr).collect(),
        ..BgpConfigurationSpec::default()
    };
    BgpConfiguration { spec: spec.into() }
}

fn ipam(design: &Design) -> IpamConfiguration {
    let spec = IpamConfigurationSpec {
        auto_allocate_blocks: true.into(),
        strict_affinity: design.calico.strict_affinity.into(),
        ..IpamConfigurationSpec::default()
    };
    IpamConfiguration { spec: spec.into() }
}

/// Routers hear the prefixes of pods and of announced services and nothing else.
fn filter(design: &Design) -> BgpFilter {
    let own: Vec<&ipnet::IpNet> =
        design.kubernetes.pods.iter().chain(&design.calico.service_load_balancer_ips).collect();
    let rule = |cidr: Option<&ipnet::IpNet>, action: &str| BgpFilterRule {
        cidr: cidr.map_or(Setting::Absent, |net| text(net.to_string())),
        match_operator: cidr.map_or(Setting::Absent, |_| text("In")),
        action: text(action),
        ..BgpFilterRule::default()
    };
    let rules = |wanted: fn(&IpAddr) -> bool| {
        let mut rules: Vec<BgpFilterRule> =
            own.iter().filter(|net| wanted(&net.addr())).map(|net| rule(Some(net), "Accept")).collect();
        rules.push(rule(None, "Reject"));
        rules
    };
    let spec = BgpFilterSpec {
        export_v4: rules(IpAddr::is_ipv4),
        export_v6: rules(IpAddr::is_ipv6),
        ..BgpFilterSpec::default()
    };
    BgpFilter { spec: spec.into() }
}

fn bgp_peer(name: &str, peer: &CalicoPeer) -> CalicoBgpPeer {
    let selector = if peer.nodes.is_empty() {
        "all()".to_owned()
    } else {
        let names: Vec<String> = peer.nodes.iter().map(|node| format!("'{node}'")).collect();
        format!("kubernetes.io/hostname in {{ {} }}", names.join(", "))
    };
    let password = peer.password.as_ref().map(|_| Password {
        secret_key_ref: Some(SecretKeyRef { name: text(PASSWORDS), key: text(name), ..SecretKeyRef::default() }),
    });
    let spec = CalicoBgpPeerSpec {
        peer_ip: text(peer.address.to_string()),
        as_number: AsNumber(peer.asn).into(),
        node_selector: text(selector),
        password,
        filters: texts([FILTER]),
        ..CalicoBgpPeerSpec::default()
    };
    CalicoBgpPeer { spec: spec.into() }
}

/// The Secret with passwords, and the right of Calico's nodes to read it.
fn passwords(design: &Design, tree: &mut Tree) {
    use serde_json::json;

    let holes: Vec<(String, crate::Hole)> = design
        .calico
        .peer
        .iter()
        .filter_map(|(name, peer)| Some((name.to_string(), crate::Hole::text(peer.password.as_ref()?))))
        .collect();
    if holes.is_empty() {
        return;
    }
    let data: serde_json::Map<String, serde_json::Value> =
        holes.iter().map(|(name, hole)| (name.clone(), hole.placeholder().into())).collect();
    let documents: Vec<Node> = [
        json!({ "apiVersion": "v1", "kind": "Secret", "metadata": { "name": PASSWORDS, "namespace": "calico-system" },
            "type": "Opaque", "stringData": data }),
        json!({ "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "Role",
            "metadata": { "name": "bgp-passwords-reader", "namespace": "calico-system" },
            "rules": [{ "apiGroups": [""], "resources": ["secrets"], "resourceNames": [PASSWORDS],
                "verbs": ["get", "list", "watch"] }] }),
        json!({ "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "RoleBinding",
            "metadata": { "name": "bgp-passwords-reader", "namespace": "calico-system" },
            "roleRef": { "apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "bgp-passwords-reader" },
            "subjects": [{ "kind": "ServiceAccount", "name": "calico-node", "namespace": "calico-system" }] }),
    ]
    .iter()
    .map(super::node::from_json)
    .collect();
    let file = manifest(design, "Passwords of Calico's BGP sessions", &kubernetes(design), &documents);
    tree.add("cluster/12-calico-passwords.yaml", file.holes(holes.iter().map(|(_, hole)| hole)));
}
