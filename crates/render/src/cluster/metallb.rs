//! Addresses of services of type LoadBalancer.

use plimsoll_formats::Setting;
use plimsoll_formats::kubernetes::meta::{LabelExpression, LabelSelector, NameRef};
use plimsoll_formats::kubernetes::metallb::{
    BfdProfile, BfdProfileSpec, BgpAdvertisement, BgpAdvertisementSpec, BgpPeer, BgpPeerSpec, IpAddressPool,
    IpAddressPoolSpec, L2Advertisement, L2AdvertisementSpec,
};
use plimsoll_formats::kubernetes::quantity::Duration;
use plimsoll_formats::kubernetes::{Metadata, object, text, texts};
use plimsoll_model::design::{Announce, Announcers, BgpPeer as Peer, LoadBalancerPool, MetalLb, MetalLbMode};
use plimsoll_model::{Design, Name};
use plimsoll_yaml::Node;
use serde_json::json;

use super::namespaces::METALLB;
use super::{manifest, version};
use crate::{Hole, Tree};

pub(super) fn render(design: &Design, tree: &mut Tree) {
    let Some(metallb) = &design.metallb else { return };
    let reader = format!("kubectl apply (MetalLB {})", version(design, "metallb"));
    let meta = |name: &str| Metadata::namespaced(METALLB, name);

    let documents: Vec<Node> = metallb.pool.iter().map(|(name, it)| object(&meta(name.as_str()), &pool(it))).collect();
    tree.add("cluster/20-metallb-pools.yaml", manifest(design, "Addresses of services", &reader, &documents));

    let mut documents: Vec<Node> = Vec::new();
    let mut holes = Vec::new();
    for (name, profile) in &metallb.bfd {
        let spec = BfdProfileSpec {
            receive_interval: millis(profile.receive_interval),
            transmit_interval: millis(profile.transmit_interval),
            detect_multiplier: u32::from(profile.detect_multiplier).into(),
            ..BfdProfileSpec::default()
        };
        documents.push(object(&meta(name.as_str()), &BfdProfile { spec: spec.into() }));
    }
    for (name, it) in &metallb.peer {
        if let Some(password) = &it.password {
            let hole = Hole::text(password);
            documents.push(super::node::from_json(&json!({
                "apiVersion": "v1", "kind": "Secret", "type": "kubernetes.io/basic-auth",
                "metadata": { "name": secret(name), "namespace": METALLB },
                "stringData": { "password": hole.placeholder() },
            })));
            holes.push(hole);
        }
        documents.push(object(&meta(name.as_str()), &peer(metallb, name, it)));
    }
    for (how, name) in [(Announce::Bgp, "bgp"), (Announce::L2, "l2")] {
        let pools: Vec<&str> = metallb
            .pool
            .iter()
            .filter(|(_, pool)| pool.announce.contains(&how))
            .map(|(name, _)| name.as_str())
            .collect();
        if pools.is_empty() {
            continue;
        }
        let ip_address_pools = texts(pools);
        let node_selectors = nodes(&metallb.nodes);
        documents.push(match how {
            Announce::Bgp => {
                let peers = texts(metallb.peer.keys().map(Name::as_str));
                let spec =
                    BgpAdvertisementSpec { ip_address_pools, node_selectors, peers, ..BgpAdvertisementSpec::default() };
                object(&meta(name), &BgpAdvertisement { spec: spec.into() })
            }
            Announce::L2 => {
                let spec = L2AdvertisementSpec { ip_address_pools, node_selectors, ..L2AdvertisementSpec::default() };
                object(&meta(name), &L2Advertisement { spec: spec.into() })
            }
        });
    }
    if !documents.is_empty() {
        let what = "How addresses of services are announced: peers, failure detection, advertisements";
        tree.add("cluster/21-metallb-announcement.yaml", manifest(design, what, &reader, &documents).holes(&holes));
    }
    tree.add("cluster/values/metallb.yaml", values(design, metallb));
}

fn pool(pool: &LoadBalancerPool) -> IpAddressPool {
    // MetalLB takes prefixes and ranges of two addresses, not single ones.
    let address = |range: &plimsoll_model::design::AddressRange| match range.as_prefix() {
        Some(prefix) => text(prefix.to_string()),
        None => text(range.to_string()),
    };
    let spec = IpAddressPoolSpec {
        addresses: pool.ranges.iter().map(address).collect(),
        auto_assign: pool.auto_assign.into(),
        avoid_buggy_ips: pool.avoid_buggy_ips.into(),
        ..IpAddressPoolSpec::default()
    };
    IpAddressPool { spec: spec.into() }
}

fn peer(metallb: &MetalLb, name: &Name, peer: &Peer) -> BgpPeer {
    let spec = BgpPeerSpec {
        my_asn: metallb.asn.into(),
        peer_asn: peer.asn.into(),
        peer_address: text(peer.address.to_string()),
        peer_port: peer.port.into(),
        hold_time: Duration(peer.hold_time).into(),
        keepalive_time: Duration(peer.keepalive_time).into(),
        ebgp_multi_hop: peer.multihop.into(),
        bfd_profile: peer.bfd.as_ref().map_or(Setting::Absent, |profile| text(profile.as_str())),
        node_selectors: nodes(&peer.nodes),
        password_secret: peer.password.as_ref().map(|_| NameRef {
            name: text(secret(name)),
            namespace: text(METALLB),
            ..NameRef::default()
        }),
        ..BgpPeerSpec::default()
    };
    BgpPeer { spec: spec.into() }
}

/// The Secret with the password of a peer.
fn secret(peer: &Name) -> String {
    format!("bgp-password-{peer}")
}

fn millis(time: plimsoll_model::units::Millis) -> Setting<u32> {
    u32::try_from(time.0).unwrap_or(u32::MAX).into()
}

/// Nodes by name; none named means all.
fn nodes(names: &[Name]) -> Vec<LabelSelector> {
    if names.is_empty() {
        return Vec::new();
    }
    let expression = LabelExpression {
        key: text("kubernetes.io/hostname"),
        operator: text("In"),
        values: texts(names.iter().map(Name::as_str)),
    };
    vec![LabelSelector { match_expressions: vec![expression], ..LabelSelector::default() }]
}

/// Values of MetalLB's chart.
fn values(design: &Design, metallb: &MetalLb) -> crate::File {
    let reader = format!("helm (chart metallb {})", version(design, "metallb"));
    let node = super::node::from_json(&json!({
        "frrk8s": { "enabled": metallb.mode == MetalLbMode::FrrK8s },
        // Services come before tenants: without a class these pods would rank below theirs.
        "controller": { "priorityClassName": "system-cluster-critical" },
        "speaker": {
            "priorityClassName": "system-node-critical",
            "frr": { "enabled": metallb.mode == MetalLbMode::Frr },
            "memberlist": { "enabled": metallb.memberlist },
            "ignoreExcludeLB": metallb.announcers == Announcers::All,
        },
    }));
    manifest(design, "How MetalLB is installed", &reader, &[node])
}
