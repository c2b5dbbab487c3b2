//! Addresses of a Design.

use std::net::IpAddr;

use ipnet::IpNet;
use plimsoll_model::design::{Announce, Encapsulation};

use super::{Addresses, Identity, LbPool, PodPool, Use, UseKind};
use crate::{DesignSource, Fact};

/// Every address of a Design.
pub fn from_design(source: DesignSource<'_>) -> Vec<Addresses> {
    let design = source.design;
    let kubernetes = &design.kubernetes;
    let prefixes = |field: &str, list: &[IpNet]| -> Vec<Fact<IpNet>> {
        list.iter().enumerate().map(|(index, net)| source.fact(format!("kubernetes/{field}/{index}"), *net)).collect()
    };
    let encapsulation = design.calico.encapsulation;
    let ipip = matches!(encapsulation, Encapsulation::IPIP | Encapsulation::IPIPCrossSubnet);
    let vxlan = matches!(encapsulation, Encapsulation::VXLAN | Encapsulation::VXLANCrossSubnet);
    let always = matches!(encapsulation, Encapsulation::IPIP | Encapsulation::VXLAN);
    let at = "calico/encapsulation";
    let pod_pools = kubernetes
        .pods
        .iter()
        .enumerate()
        .map(|(index, net)| PodPool {
            name: if net.addr().is_ipv4() { "default-ipv4" } else { "default-ipv6" }.to_owned(),
            place: source.place("kubernetes/pods"),
            cidr: source.fact(format!("kubernetes/pods/{index}"), *net),
            // Calico's own default for the second family, which the Design does not choose.
            block_size: if net.addr().is_ipv4() {
                source.fact("calico/block_size", design.calico.block_size)
            } else {
                Fact::default(122, source.place("kubernetes/pods"))
            },
            ipip: source.fact(at, ipip),
            vxlan: source.fact(at, vxlan),
            always: source.fact(at, always),
            for_pods: source.fact("kubernetes/pods", true),
        })
        .collect();
    let lb_pools = design
        .metallb
        .iter()
        .flat_map(|metallb| &metallb.pool)
        .map(|(name, pool)| {
            let own = |field: &str| format!("metallb/pool/{name}/{field}");
            LbPool {
                name: name.to_string(),
                place: source.place(format!("metallb/pool/{name}")),
                ranges: (0..)
                    .zip(&pool.ranges)
                    .map(|(index, range): (usize, _)| source.fact(own(&format!("ranges/{index}")), *range))
                    .collect(),
                auto_assign: source.fact(own("auto_assign"), pool.auto_assign),
                avoid_buggy: source.fact(own("avoid_buggy_ips"), pool.avoid_buggy_ips),
                l2: source.fact(own("announce"), pool.announce.contains(&Announce::L2)),
                bgp: source.fact(own("announce"), pool.announce.contains(&Announce::Bgp)),
                planned: source.fact(own("services_planned"), pool.services_planned),
            }
        })
        .collect();
    // kube-controller-manager's default for IPv6 (--node-cidr-mask-size-ipv6).
    let mask6 = Fact::default(64, source.place("kubernetes/pods"));
    vec![Addresses {
        place: source.place("network"),
        pods: prefixes("pods", &kubernetes.pods),
        services: prefixes("services", &kubernetes.services),
        pod_pools,
        lb_pools,
        uses: uses(source),
        node_mask: [source.fact("kubernetes/node_mask", kubernetes.node_mask), mask6],
        nodes_max: source.fact("kubernetes/nodes_max", kubernetes.nodes_max),
        max_pods: source.fact("kubernetes/kubelet/max_pods", kubernetes.kubelet.max_pods),
        strict_affinity: source.fact("calico/strict_affinity", design.calico.strict_affinity),
        advertised: design
            .machines(plimsoll_model::design::Role::ControlPlane)
            .filter_map(|(name, machine)| {
                let (network, _) = design.network_for(plimsoll_model::design::Purpose::Nodes)?;
                let nic = machine.nic.get(network)?;
                Some(source.fact(format!("machine/{name}/nic/{network}/address"), nic.address.addr()))
            })
            .collect(),
        cluster_dns: kubernetes
            .kubelet
            .cluster_dns
            .iter()
            .map(|address| source.fact("kubernetes/kubelet/cluster_dns", *address))
            .collect(),
        nodelocal: source.fact("nodelocal/address", design.nodelocal.as_ref().map(|cache| cache.address)),
        dns_service: source.fact("coredns/service_ip", design.coredns.service_ip),
        identities: identities(source),
    }]
}

fn uses(source: DesignSource<'_>) -> Vec<Use> {
    let design = source.design;
    let mut uses = Vec::new();
    let mut add = |kind, name: String, path: String, range| {
        uses.push(Use { name, place: source.place(path), kind, range });
    };
    for (name, network) in &design.network {
        add(UseKind::Network, format!("network {name}"), format!("network/{name}/ipv4"), network.ipv4.into());
        if let Some(ipv6) = network.ipv6 {
            add(UseKind::Network, format!("network {name}"), format!("network/{name}/ipv6"), IpNet::V6(ipv6).into());
        }
        if let Some(gateway) = &network.gateway {
            let path = |field: &str| format!("network/{name}/gateway/{field}");
            add(UseKind::Gateway, format!("the gateway of {name}"), path("address"), gateway.address.into());
            for (router, address) in &gateway.router {
                // A router alone has the gateway's address itself.
                if *address != gateway.address {
                    add(UseKind::External, router.to_string(), path("router"), (*address).into());
                }
            }
        }
        for range in &network.dhcp {
            add(UseKind::Dhcp, format!("DHCP of {name}"), format!("network/{name}/dhcp"), *range);
        }
    }
    for (name, machine) in &design.machine {
        for (network, nic) in &machine.nic {
            let path = format!("machine/{name}/nic/{network}/address");
            for address in [Some(nic.address), nic.address6].into_iter().flatten() {
                add(UseKind::Machine, name.to_string(), path.clone(), address.addr().into());
            }
        }
    }
    for (name, host) in &design.host {
        for (network, address) in &host.address {
            let path = format!("host/{name}/address/{network}");
            // On bare metal the host's address is that of its machine.
            let machine = design.machine.values().any(|machine| {
                machine.host == *name && machine.nic.values().any(|nic| nic.address.addr() == address.address.addr())
            });
            if !machine {
                add(UseKind::Host, name.to_string(), path, address.address.addr().into());
            }
        }
        if let Some(bmc) = &host.bmc {
            add(UseKind::Host, format!("the controller of {name}"), format!("host/{name}/bmc"), bmc.address.into());
        }
    }
    for (index, address) in design.api.vip.iter().enumerate() {
        add(UseKind::Vip, "the VIP of the API".to_owned(), format!("api/vip/{index}"), (*address).into());
    }
    for (name, external) in &design.external {
        let gateways = design.network.values().filter_map(|network| network.gateway.as_ref());
        let routers: Vec<IpAddr> = gateways.flat_map(|gateway| gateway.router.values().copied()).collect();
        for address in external.address.values().chain(&external.addresses) {
            if !routers.contains(address) {
                add(UseKind::External, name.to_string(), format!("external/{name}"), (*address).into());
            }
        }
    }
    let site = &design.site;
    for (list, what) in [(&site.ntp, "ntp"), (&site.resolvers, "resolvers")] {
        for (index, address) in list.iter().enumerate() {
            add(UseKind::External, format!("{address} of {what}"), format!("site/{what}/{index}"), (*address).into());
        }
    }
    let reserved = |list: &str, index: usize| format!("site/reserved/{list}/{index}");
    for (index, range) in site.reserved.ranges.iter().enumerate() {
        add(UseKind::Reserved, "what the site reserves".to_owned(), reserved("ranges", index), *range);
    }
    for (index, range) in site.reserved.dhcp.iter().enumerate() {
        add(UseKind::Dhcp, "DHCP of the site".to_owned(), reserved("dhcp", index), *range);
    }
    for (index, route) in site.reserved.routes.iter().enumerate() {
        add(UseKind::Route, format!("the site's route to {route}"), reserved("routes", index), (*route).into());
    }
    uses
}

fn identities(source: DesignSource<'_>) -> Vec<Identity> {
    let machines = source.design.machine.iter();
    machines
        .flat_map(|(name, machine)| {
            let host_name = machine.fqdn.split('.').next().unwrap_or_default().to_ascii_lowercase();
            let fqdn = Identity {
                kind: "host name",
                of: name.to_string(),
                value: source.fact(format!("machine/{name}/fqdn"), host_name),
            };
            let macs = machine.nic.iter().map(move |(network, nic)| Identity {
                kind: "hardware address",
                of: format!("{name} in {network}"),
                value: source.fact(format!("machine/{name}/nic/{network}/mac"), nic.mac.to_ascii_lowercase()),
            });
            std::iter::once(fqdn).chain(macs)
        })
        .collect()
}
