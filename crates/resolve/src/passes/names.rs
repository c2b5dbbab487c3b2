//! Names: CoreDNS, the cache on each node, our zones with their records, and what writes to them.

use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr};

use ipnet::IpNet;
use plimsoll_model::design::{CoreDns, Machine, NodeLocalDns, Site};
use plimsoll_model::{Map, Name};
use plimsoll_spec::services;

use crate::cx::{At, Cx, map};

/// The domain of machines: our zone, else what the API's name lies in, else one that no public DNS will ever have.
pub(crate) fn domain(cx: &Cx<'_>) -> String {
    if let Some(zone) = cx.spec.dns.as_ref().and_then(|dns| dns.zone.as_ref()) {
        return zone.0.clone();
    }
    let parent = cx.spec.api.name.as_ref().and_then(|name| name.0.split_once('.')).map(|(_, parent)| parent);
    match parent.filter(|parent| parent.contains('.')) {
        Some(parent) => parent.to_owned(),
        None => format!("{}.internal", cx.spec.cluster.value),
    }
}

/// The address that caches on nodes listen on; `None` when there are none.
pub(crate) fn nodelocal_address(cx: &Cx<'_>) -> Option<IpAddr> {
    let spec = cx.spec.dns.as_ref().and_then(|dns| dns.nodelocal.as_ref());
    if spec.and_then(|spec| spec.enabled.as_ref()).is_some_and(|enabled| !enabled.value) {
        return None;
    }
    let written = spec.and_then(|spec| spec.address.as_ref()).map(|range| range.first);
    Some(written.unwrap_or(IpAddr::V4(Ipv4Addr::new(169, 254, 20, 10))))
}

/// The tenth address of the first range of services: kubeadm's place for DNS.
pub(crate) fn service_ip(services: &[IpNet]) -> IpAddr {
    match services.first() {
        Some(IpNet::V4(net)) => Ipv4Addr::from(u32::from(net.network()).saturating_add(10)).into(),
        Some(IpNet::V6(net)) => std::net::Ipv6Addr::from(u128::from(net.network()).saturating_add(10)).into(),
        None => IpAddr::V4(Ipv4Addr::new(10, 96, 0, 10)),
    }
}

pub(crate) fn nodelocal(cx: &Cx<'_>) -> Option<NodeLocalDns> {
    let at = cx.at("nodelocal");
    let spec = cx.spec.dns.as_ref().and_then(|dns| dns.nodelocal.as_ref());
    match spec.and_then(|spec| spec.enabled.as_ref()) {
        Some(enabled) => at.here(enabled.span, false),
        None => at.chosen("", (), "a lost packet to CoreDNS costs a pod five seconds"),
    }
    let address = nodelocal_address(cx)?;
    let written = spec.and_then(|spec| spec.address.as_ref());
    Some(NodeLocalDns {
        address: match written {
            Some(range) => at.expanded("address", address, range.span),
            None => at.chosen("address", address, "the project's; nothing routes link-local addresses"),
        },
        cache: at.fixed("cache", &cx.edition.nodelocal_cache),
        memory: at.fixed("memory", &cx.edition.nodelocal_memory),
    })
}

pub(crate) fn coredns(cx: &Cx<'_>, services: &[IpNet], site: &Site, machines: &Map<Machine>) -> CoreDns {
    let at = cx.at("coredns");
    let nothing = services::CoreDns::default();
    let spec = cx.spec.dns.as_ref().and_then(|dns| dns.coredns.as_ref()).unwrap_or(&nothing);
    let edition = cx.edition;
    let hosts: BTreeSet<&Name> =
        machines.values().filter(|machine| machine.role.is_node()).map(|machine| &machine.host).collect();
    let replicas = map(&spec.replicas, |replicas| u32::from(*replicas));
    let copies = if hosts.len() >= 3 { 3 } else { 2 };
    let budget = spec.disruption_budget.as_ref();
    let max_unavailable = budget.is_none_or(|budget| budget.value).then_some(1);
    let upstreams = if spec.upstreams.is_empty() {
        at.derived("upstreams", site.resolvers.clone(), &["site/resolvers"])
    } else {
        expand(&at, "upstreams", &spec.upstreams)
    };
    let mut stub = Map::new();
    for (domain, servers) in &spec.forward {
        at.here_at(&format!("stub/{domain}"), domain.span);
        stub.insert(Name::from(domain.0.as_str()), expand(&at, &format!("stub/{domain}"), servers));
    }
    at.chosen_unless("stub", stub.is_empty(), "none were written");
    CoreDns {
        service_ip: at.derived("service_ip", service_ip(services), &["kubernetes/services"]),
        replicas: at.or_chosen("replicas", replicas.as_ref(), copies, "one may be away while another fails"),
        max_unavailable: match budget {
            Some(budget) => at.expanded("max_unavailable", max_unavailable, budget.span),
            None => at.chosen("max_unavailable", max_unavailable, "a drain must not take two"),
        },
        spread_hosts: at.chosen("spread_hosts", hosts.len() > 1, "one server must not take two copies"),
        upstreams,
        stub,
        policy: at.chosen("policy", "sequential".into(), "the nearest first"),
        max_concurrent: at.fixed("max_concurrent", &edition.coredns_concurrent),
        cache: at.or("cache", spec.cache.as_ref(), &edition.coredns_cache),
        lameduck: at.fixed("lameduck", &edition.coredns_lameduck),
        ttl: at.fixed("ttl", &edition.coredns_ttl),
        memory: at.or("memory", spec.memory.as_ref(), &edition.coredns_memory),
    }
}

/// Every address of a list of ranges.
fn expand(
    at: &At<'_, '_>,
    field: &str,
    list: &[plimsoll_diagnostics::Spanned<plimsoll_spec::scalars::AddressRange>],
) -> Vec<IpAddr> {
    let mut all = Vec::new();
    for range in list {
        for index in 0..usize::try_from(range.count().min(64)).unwrap_or(64) {
            let Some(address) = range.nth(index) else { break };
            all.push(at.expanded(&format!("{field}/{}", all.len()), address, range.span));
        }
    }
    all
}
