//! The paths of Proxmox VE's cluster membership.

use plimsoll_model::design::{CorosyncLink, Network, Purpose};
use plimsoll_model::{Map, Name};

use crate::cx::Cx;

use super::hosts::HostPlans;

/// Corosync's paths: the first on the link that carries the least else, the others elsewhere.
pub(crate) fn corosync(cx: &Cx<'_>, networks: &Map<Network>, hosts: &mut HostPlans) {
    // How much else travels on the interface below, for a host that stands for all: link numbers are the cluster's.
    let Some(example) = hosts.plans.values().next() else { return };
    let below = |network: &Name, host: &plimsoll_model::design::Host| -> Option<Name> {
        let interface = &host.address.get(network)?.interface;
        let mut at = interface.clone();
        for _ in 0..4 {
            let next = host.vlan.get(&at).map(|vlan| vlan.parent.clone());
            let next = next.or_else(|| host.bridge.get(&at).and_then(|bridge| bridge.ports.first().cloned()));
            match next {
                Some(next) => at = next,
                None => break,
            }
        }
        Some(at)
    };
    let shared = |network: &Name| {
        let interface = below(network, &example.host)?;
        let bonded = example.host.bond.contains_key(&interface);
        let bridged = example.host.bridge.values().any(|bridge| {
            bridge.ports.iter().any(|port| {
                *port == interface || example.host.vlan.get(port).is_some_and(|vlan| vlan.parent == interface)
            })
        });
        Some((bridged, bonded))
    };
    let mut paths: Vec<(Option<(bool, bool)>, &Name)> = networks
        .iter()
        .filter(|(network_name, network)| {
            network.purposes.contains(&Purpose::Corosync) && example.host.address.contains_key(*network_name)
        })
        .map(|(network_name, _)| (shared(network_name), network_name))
        .collect();
    paths.sort();
    let paths: Vec<Name> = paths.into_iter().map(|(_, network)| network.clone()).collect();
    for (host_name, plan) in &mut hosts.plans {
        // knet takes links 0 to 7.
        for (index, network) in paths.iter().take(8).enumerate() {
            let Some(address) = plan.host.address.get(network) else { continue };
            let Some(interface) = below(network, &plan.host) else { continue };
            let at = cx.at(format!("host/{host_name}/corosync/{index}"));
            let path = format!("host/{host_name}/address/{network}");
            at.derived("", (), &[&path, &format!("network/{network}")]);
            let link = CorosyncLink {
                network: network.clone(),
                address: address.address.addr(),
                interface,
                priority: at.chosen("priority", 20 - index as u8, "the path that carries the least else comes first"),
            };
            plan.host.corosync.insert(index.to_string().into(), link);
        }
    }
}
