//! `dns`: names asked in pods; `zone`: our names asked from outside.

use std::collections::BTreeMap;

use plimsoll_circuit::Node;
use plimsoll_model::Name;
use plimsoll_model::design::{Machine, State, Taint};

use crate::build::Build;

use super::{Promise, node_network, unusable};

/// Copies of CoreDNS are where the scheduler put them. Where they must be on different hosts, as many hosts must be lost as
/// there are copies; else one may carry them all.
pub(super) fn dns(build: &mut Build<'_>) -> Option<Promise> {
    let design = build.design;
    let dns = &design.coredns;
    let network = node_network(build);
    let mut hosts: BTreeMap<Name, Vec<Node>> = BTreeMap::new();
    let mut may_start: Vec<Node> = Vec::new();
    // A copy may still be on a node that is on its way out.
    let there: Vec<(Name, Name)> = design
        .machine
        .iter()
        .filter(|(name, machine)| machine.role.is_node() && build.exists(name))
        .map(|(name, machine)| (name.clone(), machine.host.clone()))
        .collect();
    for (node, host) in there {
        let down = unusable(build, &node, &host, network.as_ref());
        if design.machine.get(&node).is_some_and(|of| starts_coredns(of) && of.state == State::Active) {
            may_start.push(down);
        }
        hosts.entry(host).or_default().push(down);
    }
    if hosts.is_empty() {
        return None;
    }
    let mut each = Vec::new();
    for (host, nodes) in hosts {
        let any = build.or(nodes);
        each.push(build.label(any, format!("a node on {host} is down or cut off")));
    }
    let copies = if dns.spread_hosts { u64::from(dns.replicas.max(1)).min(each.len() as u64) } else { 1 };
    let broken = build.circuit.at_least(copies, each);
    // Copies are started elsewhere as soon as their nodes are given up, for as long as there is an elsewhere.
    let nowhere = build.and(may_start);
    let stays = build.and([broken, nowhere]);
    Some(Promise {
        id: "dns".into(),
        observer: "a pod on a node that is left, before anything is started elsewhere",
        words: format!(
            "one of {} copies of CoreDNS answers for names of the cluster, wherever they were put",
            dns.replicas
        ),
        broken: build.label(broken, "the hosts of all copies of CoreDNS may be gone"),
        origin: "coredns".into(),
        meant_by_all: true,
        from_start: None,
        stays: Some(stays),
    })
}

/// Whether CoreDNS is put on a node: kubeadm's Deployment bears the taint of control planes and no other.
fn starts_coredns(node: &Machine) -> bool {
    let borne =
        |taint: &Taint| taint.effect == "PreferNoSchedule" || taint.key == "node-role.kubernetes.io/control-plane";
    node.taints.iter().all(borne)
}

/// Any server of a zone answers for it.
pub(super) fn zone(build: &mut Build<'_>) -> Option<Promise> {
    let design = build.design;
    if design.zone.is_empty() {
        return None;
    }
    let mut zones = Vec::new();
    for (name, zone) in &design.zone {
        let mut servers = Vec::new();
        for server in std::iter::once(&zone.primary).chain(&zone.secondaries) {
            let Some(machine) = design.machine.get(server).filter(|_| build.exists(server)) else { continue };
            let path = format!("dns_server/{server}");
            let down = build.daemon(&path, &path, server);
            let address = design.dns_server.get(server).map(|server| server.address);
            let network = machine.nic.iter().find(|(_, nic)| Some(nic.address.addr()) == address).map(|(name, _)| name);
            let cut = network.map_or(Node::FALSE, |network| build.cut_off(&machine.host, network));
            let silent = build.or([down, cut]);
            servers.push(build.label(silent, format!("{server} does not answer")));
        }
        let silent = build.and(servers);
        zones.push(build.label(silent, format!("nobody answers for {name}")));
    }
    let broken = build.or(zones);
    Some(Promise {
        id: "zone".into(),
        observer: "a resolver behind the gateway that asks another server when one is silent",
        words: "a server answers for each of our zones".into(),
        broken: build.label(broken, "a zone is not answered for"),
        origin: "zone".into(),
        meant_by_all: true,
        from_start: None,
        stays: None,
    })
}
