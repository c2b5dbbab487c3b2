//! Names as a Design states them.

use std::net::IpAddr;

use plimsoll_model::design::{ExternalDnsPolicy, ZoneKind};

use super::{Copies, Dns, EndpointName, Grant, KubeletNames, NodeLocal, Policy, Resolver, Stub, Updater, Zone, plain};
use crate::{DesignSource, Fact};

/// Names of a Design.
pub fn from_design(source: DesignSource<'_>) -> Dns {
    let design = source.design;
    let dns = &design.coredns;
    let kubelet = &design.kubernetes.kubelet;
    let texts = |list: &[IpAddr]| list.iter().map(ToString::to_string).collect::<Vec<_>>();
    let resolver = Resolver {
        name: "CoreDNS".into(),
        place: source.place("coredns"),
        node_local: false,
        own: std::iter::once(dns.service_ip).chain(design.nodelocal.as_ref().map(|cache| cache.address)).collect(),
        upstreams: source.fact("coredns/upstreams", texts(&dns.upstreams)),
        stubs: dns
            .stub
            .iter()
            .map(|(zone, servers)| Stub {
                zone: plain(zone.as_str()),
                servers: source.fact(format!("coredns/stub/{zone}"), texts(servers)),
            })
            .collect(),
        // The writer always writes the others.
        plugins: vec![("cache", source.fact("coredns/cache", dns.cache.0 > 0))],
        lameduck: source.fact("coredns/lameduck", dns.lameduck),
    };
    Dns {
        copies: Some(Copies {
            place: source.place("coredns"),
            replicas: source.fact("coredns/replicas", dns.replicas),
            budget: source.fact("coredns/max_unavailable", dns.max_unavailable),
            spread: source.fact("coredns/spread_hosts", dns.spread_hosts),
            overwritten_by_upgrade: source.fact("coredns", false),
        }),
        resolvers: vec![resolver],
        kubelets: vec![KubeletNames {
            name: "every node".into(),
            cluster_dns: source.fact("kubernetes/kubelet/cluster_dns", kubelet.cluster_dns.clone()),
            resolv_conf: source.fact("kubernetes/kubelet/resolv_conf", kubelet.resolv_conf.clone()),
            // Machines are given their resolvers through systemd-resolved, whose stub is what libc's file names.
            resolv_servers: source.fact(
                "kubernetes/kubelet/resolv_conf",
                match kubelet.resolv_conf.as_deref() {
                    Some("/etc/resolv.conf" | "/run/systemd/resolve/stub-resolv.conf") => {
                        vec![IpAddr::from([127, 0, 0, 53])]
                    }
                    _ => design.site.resolvers.clone(),
                },
            ),
        }],
        nodelocal: design.nodelocal.as_ref().map(|cache| NodeLocal {
            place: source.place("nodelocal"),
            address: source.fact("nodelocal/address", cache.address),
            proxy: source.fact("kubernetes/kube_proxy/mode", design.kubernetes.kube_proxy.mode),
        }),
        nodes: design.nodes().last().map(|(name, _)| source.fact(format!("machine/{name}"), design.nodes().count())),
        endpoint: Some(EndpointName {
            name: source.fact("api/name", design.api.name.clone()),
            hosts_entry: source.fact("api/hosts_entry", design.api.hosts_entry),
        }),
        domain: Some(source.fact("kubernetes/dns_domain", plain(&design.kubernetes.dns_domain))),
        service_ip: Some(source.fact("coredns/service_ip", dns.service_ip)),
        site_resolvers: Some(source.fact("site/resolvers", design.site.resolvers.clone())),
        zones: zones(source),
        updaters: updater(source).into_iter().collect(),
        ..Dns::default()
    }
}

fn zones(source: DesignSource<'_>) -> Vec<Zone> {
    let design = source.design;
    let zone = |(name, zone): (&plimsoll_model::Name, &plimsoll_model::design::Zone)| {
        let at = |field: &str| format!("zone/{name}/{field}");
        let servers: Vec<_> = std::iter::once(&zone.primary).chain(&zone.secondaries).collect();
        let hosts = servers.iter().map(|server| source.host_of(server).map(ToString::to_string)).collect::<Option<_>>();
        let key = zone.update_key.as_ref();
        // ExternalDNS gets its copies by the key with which it updates.
        let keys = [Some(&zone.transfer_key), key].into_iter().flatten().map(|key| plain(key.as_str())).collect();
        Zone {
            name: plain(name.as_str()),
            server: String::new(),
            view: None,
            place: source.place(format!("zone/{name}")),
            primary: true,
            forward: zone.kind == ZoneKind::Forward,
            servers: source.fact(at("secondaries"), servers.len()),
            hosts: source.maybe(at("secondaries"), hosts),
            transfer_keys: source.fact(at("transfer_key"), keys),
            transfer_stated: source.fact(at("transfer_key"), true),
            file: None,
            dynamic: key.is_some(),
            grants: key
                .map(|key| Grant {
                    place: source.place(at("update_types")),
                    key: plain(key.as_str()),
                    algorithm: source
                        .maybe(format!("tsig/{key}"), design.tsig.get(key).map(|key| key.algorithm.clone())),
                    secret: None,
                    defined: source.fact(at("update_key"), design.tsig.contains_key(key)),
                    whole_zone: true,
                    types: zone.update_types.iter().map(|kind| format!("{kind:?}").to_ascii_uppercase()).collect(),
                })
                .into_iter()
                .collect(),
            open_updates: Vec::new(),
        }
    };
    design.zone.iter().map(zone).collect()
}

fn updater(source: DesignSource<'_>) -> Option<Updater> {
    let design = source.design;
    let dns = design.external_dns.as_ref()?;
    let at = |field: &str| format!("external_dns/{field}");
    let version = design.version.get(&plimsoll_model::Name::from("external-dns"));
    let key = design.tsig.get(&dns.key);
    Some(Updater {
        name: "ExternalDNS".into(),
        place: source.place("external_dns"),
        version: Fact::maybe(
            version.and_then(|version| super::updaters::version(version)),
            source.place("version/external-dns"),
        ),
        rfc2136: source.fact("external_dns", true),
        policy: source.fact(
            at("policy"),
            match dns.policy {
                ExternalDnsPolicy::Sync => Policy::Sync,
                ExternalDnsPolicy::UpsertOnly => Policy::UpsertOnly,
                ExternalDnsPolicy::CreateOnly => Policy::CreateOnly,
            },
        ),
        registry: source.fact("external_dns", "txt".to_owned()),
        owner: source.fact(at("owner_id"), dns.owner_id.clone()),
        zones: source.fact(at("zones"), dns.zones.iter().map(|zone| plain(zone.as_str())).collect()),
        axfr: source.fact(at("axfr"), dns.axfr),
        unknown_flags: Vec::new(),
        unsigned: source.fact(at("key"), false),
        key: source.fact(at("key"), plain(dns.key.as_str())),
        algorithm: source.maybe(at("key"), key.map(|key| key.algorithm.clone())),
        secret: None,
        min_ttl: source.fact(at("min_ttl"), dns.min_ttl.whole_secs()),
        txt_prefix: source.fact(at("txt_prefix"), dns.txt_prefix.clone()),
        txt_suffix: source.fact(at("txt_prefix"), String::new()),
        annotation_prefix: source.fact(at("annotation_prefix"), dns.annotation_prefix.clone()),
    })
}
