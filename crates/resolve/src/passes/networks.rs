//! Layer-2 domains: what they carry, their ways out, their packet sizes.

use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr};

use ipnet::Ipv4Net;
use plimsoll_diagnostics::{Diagnostic, Span};
use plimsoll_model::design::{External, Gateway, Network, Purpose};
use plimsoll_model::{Map, Name};
use plimsoll_spec::cluster::Announce;
use plimsoll_spec::hardware::Role;
use plimsoll_spec::site::NetworkUse;

use crate::cx::{At, Cx, error, sorted};
use crate::expand::{Things, name};

use super::site::range;

pub(crate) fn networks(cx: &Cx<'_>, things: &Things<'_>, externals: &Map<External>) -> Map<Network> {
    let mut networks = Map::new();
    if cx.spec.networks.is_empty() {
        let problem = Diagnostic::error("there is no network").code("missing-key").at(cx.spec.cluster.span, "");
        cx.say(problem.help("`networks: { kube: { vlan: 2001, ipv4: 10.30.12.0/24, gateway: 10.30.12.1 } }`"));
    }
    for (word, spec) in &cx.spec.networks {
        let at = cx.at(format!("network/{word}"));
        at.here(word.span, false);
        let ipv4 = spec.ipv4.as_ref().and_then(|prefix| match prefix.value.0 {
            ipnet::IpNet::V4(net) => Some(net),
            ipnet::IpNet::V6(_) => None,
        });
        let Some(ipv4) = ipv4 else {
            let message = format!("network `{word}` has no IPv4 prefix");
            let span = spec.ipv4.as_ref().map_or(word.span, |prefix| prefix.span);
            cx.say(error("missing-key", message, span, "").help("`ipv4: 10.30.12.0/24`"));
            continue;
        };
        if let Some(prefix) = &spec.ipv4 {
            at.written("ipv4", prefix);
        }
        let mut uses: Vec<(Purpose, Option<Span>)> =
            spec.r#for.iter().map(|word| (purpose(word.value), word.span)).collect();
        uses.sort_unstable();
        uses.dedup_by_key(|(purpose, _)| *purpose);
        let each = uses.into_iter().enumerate();
        let purposes =
            each.map(|(index, (purpose, span))| at.expanded(&format!("purposes/{index}"), purpose, span)).collect();
        let (from, to) = allocation(cx, &at, word, spec, ipv4);
        let network = Network {
            vlan: at.written("vlan", &spec.vlan).0,
            ipv4,
            ipv6: None,
            mtu: at.or("mtu", crate::cx::map(&spec.mtu, |mtu| u32::from(mtu.0)).as_ref(), &cx.edition.network_mtu),
            gateway: gateway(cx, &at, name(word), spec, ipv4, externals),
            purposes,
            racks: Vec::new(),
            dhcp: sorted(&spec.dhcp)
                .iter()
                .enumerate()
                .map(|(index, block)| range(&at.written(&format!("dhcp/{index}"), block)))
                .collect(),
            anti_spoofing: None,
            multicast: at.stated("multicast", &spec.multicast),
            allocate_from: from,
            allocate_to: to,
        };
        networks.insert(name(word), network);
    }
    assign_purposes(cx, things, &mut networks);
    networks
}

fn purpose(word: NetworkUse) -> Purpose {
    match word {
        NetworkUse::Bmc => Purpose::Bmc,
        NetworkUse::Corosync => Purpose::Corosync,
        NetworkUse::Proxmox => Purpose::Proxmox,
        NetworkUse::Migration => Purpose::Migration,
        NetworkUse::Zone => Purpose::Zone,
        NetworkUse::CephPublic => Purpose::CephPublic,
        NetworkUse::CephCluster => Purpose::CephCluster,
        NetworkUse::Nodes => Purpose::Nodes,
        NetworkUse::Api => Purpose::Api,
        NetworkUse::Bgp => Purpose::Bgp,
        NetworkUse::Backup => Purpose::Backup,
    }
}

/// First and last address to give out.
fn allocation(
    cx: &Cx<'_>,
    at: &At<'_, '_>,
    word: &plimsoll_spec::scalars::Name,
    spec: &plimsoll_spec::Network,
    ipv4: Ipv4Net,
) -> (Ipv4Addr, Ipv4Addr) {
    let (network, broadcast) = (u32::from(ipv4.network()), u32::from(ipv4.broadcast()));
    let least = network.saturating_add(1).min(broadcast);
    let most = broadcast.saturating_sub(1).max(network);
    if let Some(range) = &spec.allocate {
        let (first, last) = match (range.first, range.last) {
            (IpAddr::V4(first), IpAddr::V4(last)) if ipv4.contains(&first) && ipv4.contains(&last) => (first, last),
            _ => {
                let message = format!("`allocate` lies outside of network `{word}`");
                let problem = error("outside-network", message, range.span, format!("not in {ipv4}"));
                cx.say(problem.context(spec.ipv4.as_ref().and_then(|prefix| prefix.span), ""));
                (Ipv4Addr::from(least), Ipv4Addr::from(most))
            }
        };
        let last = if range.first == range.last { Ipv4Addr::from(most) } else { last };
        at.expanded("allocate_to", (), range.span);
        return (at.expanded("allocate_from", first, range.span), last);
    }
    let from = network.saturating_add(cx.edition.allocate_offset).min(most).max(least);
    let to = at.chosen("allocate_to", Ipv4Addr::from(most), "the last address of the network");
    (at.chosen("allocate_from", Ipv4Addr::from(from), "below are gateways and what people give by hand"), to)
}

fn gateway(
    cx: &Cx<'_>,
    at: &At<'_, '_>,
    network: Name,
    spec: &plimsoll_spec::Network,
    ipv4: Ipv4Net,
    externals: &Map<External>,
) -> Option<Gateway> {
    let Some(gateway) = &spec.gateway else { return at.chosen("gateway", None, "none was written: it leads nowhere") };
    let at = at.child("gateway");
    let address = at.written("address", &gateway.vip);
    if !matches!(address, IpAddr::V4(address) if ipv4.contains(&address)) {
        let message = format!("the gateway of network `{network}` lies outside of it");
        let problem = error("outside-network", message, gateway.vip.span, format!("not in {ipv4}"));
        cx.say(problem.context(spec.ipv4.as_ref().and_then(|prefix| prefix.span), "the network"));
    }
    if let Some(vip6) = &gateway.vip6 {
        let problem = error("not-yet", "`vip6` is understood but not built yet", vip6.span, "");
        cx.say(problem.help("leave it out: the network has IPv4 alone"));
    }
    let mut by = Vec::new();
    let mut router = Map::new();
    for (index, word) in gateway.by.iter().flat_map(|names| names.list()).enumerate() {
        let span = gateway.by.as_ref().and_then(|names| names.span);
        let word = at.expanded(&format!("by/{index}"), name(word), span);
        if let Some(address) = externals.get(&word).and_then(|external| external.address.get(&network)) {
            let from = format!("external/{word}/address/{network}");
            router.insert(word.clone(), at.derived(&format!("router/{word}"), *address, &[&from]));
        }
        by.push(word);
    }
    let vrid = at.stated("vrid", &gateway.vrid).map(|vrid| vrid.0);
    Some(Gateway { address, by, vrid, router })
}

/// Gives every purpose that this cluster has a network: the one that nodes stand in, when the file does not say.
fn assign_purposes(cx: &Cx<'_>, things: &Things<'_>, networks: &mut Map<Network>) {
    let stated = |networks: &Map<Network>, purpose| {
        networks.iter().find(|(_, network)| network.purposes.contains(&purpose)).map(|(name, _)| name.clone())
    };
    let of_control_plane = || {
        let (_, machine) = things.role(Role::ControlPlane).next()?;
        machine.spec.networks.first().map(|network| name(network)).filter(|name| networks.contains_key(name))
    };
    let Some(nodes) = stated(networks, Purpose::Nodes).or_else(of_control_plane) else { return };
    let spec = cx.spec;
    let mut wanted = vec![(Purpose::Nodes, None), (Purpose::Api, None)];
    if !things.hosts.is_empty() {
        wanted.extend([(Purpose::Proxmox, None), (Purpose::Corosync, Some(Purpose::Proxmox))]);
    }
    if things.hosts.values().any(|host| host.spec.bmc.is_some()) {
        wanted.push((Purpose::Bmc, Some(Purpose::Proxmox)));
    }
    if spec.dns.as_ref().is_some_and(|dns| dns.zone.is_some()) {
        wanted.push((Purpose::Zone, Some(Purpose::Proxmox)));
    }
    let l2 =
        |ingress: &plimsoll_spec::Ingress| ingress.announce.as_ref().is_some_and(|word| word.value == Announce::L2);
    if spec.ingress.as_ref().is_some_and(|ingress| !l2(ingress)) {
        wanted.push((Purpose::Bgp, None));
    }
    if spec.storage.as_ref().is_some_and(|storage| storage.ceph.is_some()) {
        wanted.extend([(Purpose::CephPublic, None), (Purpose::CephCluster, Some(Purpose::CephPublic))]);
    }
    let mut told = BTreeSet::new();
    for (purpose, like) in wanted {
        if stated(networks, purpose).is_some() {
            continue;
        }
        let target = like.and_then(|like| stated(networks, like)).unwrap_or_else(|| nodes.clone());
        if let Some(network) = networks.get_mut(&target) {
            let at = cx.at(format!("network/{target}"));
            if network.purposes.is_empty() {
                told.insert(target.clone());
            }
            if told.contains(&target) {
                at.chosen("purposes", (), "no network was said to carry it");
            }
            let index = network.purposes.len();
            at.chosen(&format!("purposes/{index}"), (), "no network was said to carry it");
            network.purposes.push(purpose);
        }
    }
}

/// The network in which an address lies.
pub(crate) fn containing(networks: &Map<Network>, address: IpAddr) -> Option<(&Name, &Network)> {
    networks.iter().find(|(_, network)| matches!(address, IpAddr::V4(address) if network.ipv4.contains(&address)))
}
