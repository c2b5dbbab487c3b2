//! The site as a Design states it.

use std::net::IpAddr;

use plimsoll_model::design::{ExternalKind, Purpose};

use super::doors::{doors, own_addresses};
use super::{Clock, Durable, NodeSoftware, OF_A_POOL, Regulated, SharedNetwork, Sink, Site, Store};
use crate::{DesignSource, Fact};

/// The site of a Design.
pub fn from_design(source: DesignSource<'_>) -> Site {
    let design = source.design;
    let own = own_addresses(source);
    let kubelet = &design.kubernetes.kubelet;
    let version = |name: &str| {
        let text = design.version.get(&plimsoll_model::Name::from(name));
        source.maybe(format!("version/{name}"), text.and_then(|text| major_minor(text)))
    };
    // A name of time servers is worth nothing to machines that have nobody to ask for its addresses.
    let pools = if design.site.resolvers.is_empty() { 0 } else { design.site.ntp_pools.len() };
    let ntp = if design.site.ntp.is_empty() && pools != 0 { "site/ntp_pools" } else { "site/ntp" };
    Site {
        clocks: vec![Clock {
            name: "every machine".into(),
            place: source.place(ntp),
            sources: source.fact(ntp, design.site.ntp.len() + OF_A_POOL * pools),
            hardware: false,
            own: design.site.ntp.iter().filter_map(|address| own.get(address).cloned()).collect(),
        }],
        doors: doors(source),
        shared_networks: shared_networks(source),
        sinks: sinks(source),
        allowed: design.site.allowed_jurisdictions.clone(),
        regulated: regulated(source),
        durable: durable(source),
        stores: stores(source),
        node: Some(NodeSoftware {
            kubernetes: source.maybe("kubernetes/version", major_minor(&design.kubernetes.version)),
            containerd: version("containerd"),
            swap: source.fact("kubernetes/kubelet/swap", kubelet.swap),
            fail_swap_on: source.fact("kubernetes/kubelet/fail_swap_on", kubelet.fail_swap_on),
        }),
        ..Site::default()
    }
}

/// Major and minor of `2.3.4`.
pub(super) fn major_minor(text: &str) -> Option<(u32, u32)> {
    let mut parts = text.trim_start_matches('v').split(['.', '-', '+']);
    Some((parts.next()?.parse().ok()?, parts.next()?.parse().ok()?))
}

fn shared_networks(source: DesignSource<'_>) -> Vec<SharedNetwork> {
    source
        .design
        .network
        .iter()
        .filter(|(_, network)| network.purposes.contains(&Purpose::Nodes))
        .filter_map(|(name, network)| {
            let management =
                match (network.purposes.contains(&Purpose::Bmc), network.purposes.contains(&Purpose::Proxmox)) {
                    (true, _) => "management controllers",
                    (false, true) => "hypervisors",
                    (false, false) => return None,
                };
            Some(SharedNetwork { name: name.to_string(), place: source.place(format!("network/{name}")), management })
        })
        .collect()
}

fn sinks(source: DesignSource<'_>) -> Vec<Sink> {
    let design = source.design;
    let sink = |(name, external): (&plimsoll_model::Name, &plimsoll_model::design::External)| {
        let what = match external.kind {
            ExternalKind::Backup => "backups",
            ExternalKind::Registry => "images",
            ExternalKind::Dns => "names",
            ExternalKind::Router | ExternalKind::LoadBalancer | ExternalKind::Other => return None,
        };
        let jurisdiction = source.maybe(format!("external/{name}/jurisdiction"), external.jurisdiction.clone());
        Some(Sink { name: name.to_string(), what, jurisdiction })
    };
    design.external.iter().filter_map(sink).collect()
}

fn regulated(source: DesignSource<'_>) -> Vec<Regulated> {
    let design = source.design;
    design
        .tenant
        .iter()
        .filter(|(_, tenant)| tenant.regulated && !tenant.storage.is_empty())
        .map(|(name, _)| Regulated {
            tenant: name.to_string(),
            place: source.place(format!("tenant/{name}")),
            disks: source.maybe("ceph/encrypted", design.ceph.as_ref().map(|ceph| ceph.encrypted)),
            copies: design
                .backup
                .volume
                .iter()
                .map(|(job, backup)| {
                    (job.to_string(), source.maybe(format!("backup/volume/{job}/encrypted"), backup.encrypted))
                })
                .collect(),
        })
        .collect()
}

/// Pools that are not scratch, with whether a job copies them to a store of backups.
fn durable(source: DesignSource<'_>) -> Vec<Durable> {
    let design = source.design;
    let Some(ceph) = &design.ceph else { return Vec::new() };
    let copied = |name: &plimsoll_model::Name| {
        design.backup.volume.values().any(|job| {
            job.pools.contains(name)
                && design.external.get(&job.to).is_some_and(|external| external.kind == ExternalKind::Backup)
        })
    };
    ceph.pool
        .iter()
        .filter(|(_, pool)| !pool.scratch)
        .map(|(name, _)| Durable {
            name: format!("pool {name}"),
            place: source.place(format!("ceph/pool/{name}")),
            copied: copied(name),
        })
        .collect()
}

fn stores(source: DesignSource<'_>) -> Vec<Store> {
    let design = source.design;
    let own = own_addresses(source);
    let pools = || design.metallb.iter().flat_map(|metallb| metallb.pool.iter());
    let belongs = |address: &IpAddr| {
        own.get(address).cloned().or_else(|| {
            let pool = pools().find(|(_, pool)| pool.ranges.iter().any(|range| range.contains(*address)));
            pool.map(|(name, _)| format!("the pool {name} of services"))
        })
    };
    design
        .external
        .iter()
        .filter(|(_, external)| external.kind == ExternalKind::Backup)
        .map(|(name, external)| {
            let host = external.url.as_deref().and_then(host_of_url).and_then(|host| host.parse().ok());
            let addresses = external.addresses.iter().chain(external.address.values()).copied().chain(host);
            Store {
                name: name.to_string(),
                place: source.place(format!("external/{name}")),
                append_only: Fact::maybe(external.append_only, source.place(format!("external/{name}/append_only"))),
                inside: addresses.filter_map(|address| Some((address, belongs(&address)?))).collect(),
            }
        })
        .collect()
}

/// The host of `sftp://user@host:22/directory`.
fn host_of_url(url: &str) -> Option<&str> {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let authority = rest.split('/').next()?;
    let host = authority.rsplit('@').next()?;
    Some(crate::control_plane::host_of(host))
}
