//! Addresses of somebody's files: kubeadm, kubelet, Calico, MetalLB, keepalived, Proxmox VE.

use std::net::IpAddr;

use ipnet::IpNet;
use plimsoll_diagnostics::Spanned;
use plimsoll_formats::Setting;
use plimsoll_formats::kubeadm::{ClusterConfiguration, InitConfiguration, JoinConfiguration, KubeletConfiguration};
use plimsoll_formats::kubernetes::calico::{Installation, IpPool, IpamConfiguration};
use plimsoll_formats::kubernetes::metallb::{BgpAdvertisement, IpAddressPool, L2Advertisement};
use plimsoll_model::design::AddressRange;

use super::{Addresses, Identity, LbPool, PodPool, Use, UseKind};
use crate::files::{Content, Files};
use crate::{Fact, Place};

/// Every address that files state; nothing when they state none.
pub fn from_files(files: &Files) -> Vec<Addresses> {
    let nowhere = Place::File { span: None, component: "the files".to_owned() };
    let mut all = Addresses {
        place: nowhere.clone(),
        pods: Vec::new(),
        services: Vec::new(),
        pod_pools: Vec::new(),
        lb_pools: Vec::new(),
        uses: Vec::new(),
        node_mask: [Fact::unknown(nowhere.clone()), Fact::unknown(nowhere.clone())],
        nodes_max: Fact::unknown(nowhere.clone()),
        max_pods: Fact::unknown(nowhere.clone()),
        strict_affinity: Fact::unknown(nowhere.clone()),
        advertised: Vec::new(),
        cluster_dns: Vec::new(),
        nodelocal: Fact::unknown(nowhere.clone()),
        dns_service: Fact::unknown(nowhere.clone()),
        identities: Vec::new(),
    };
    kubeadm(files, &mut all);
    calico(files, &mut all);
    metallb(files, &mut all);
    keepalived(files, &mut all);
    guests(files, &mut all);
    let nothing = all.pods.is_empty()
        && all.services.is_empty()
        && all.pod_pools.is_empty()
        && all.lb_pools.is_empty()
        && all.uses.is_empty()
        && all.identities.is_empty()
        && all.cluster_dns.is_empty();
    if nothing { Vec::new() } else { vec![all] }
}

fn place(span: Option<plimsoll_diagnostics::Span>, component: &str) -> Place {
    Place::File { span, component: component.to_owned() }
}

/// A setting read as something; what is no value stays unknown, what is absent too.
fn parsed<T>(setting: &Setting<String>, component: &str, parse: impl Fn(&str) -> Option<T>) -> Fact<T> {
    Fact::maybe(setting.get().and_then(|text| parse(text.trim())), place(setting.span(), component))
}

/// A list separated by commas, as kubeadm writes prefixes.
fn list(setting: &Setting<String>, component: &str) -> Vec<Fact<IpNet>> {
    let Some(text) = setting.known() else {
        return if setting.is_unknown() { vec![Fact::unknown(place(setting.span(), component))] } else { Vec::new() };
    };
    let at = place(text.span, component);
    text.value.split(',').map(|part| Fact::maybe(part.trim().parse().ok(), at.clone())).collect()
}

fn kubeadm(files: &Files, all: &mut Addresses) {
    for (_, object, cluster) in files.objects::<ClusterConfiguration>() {
        let component = "ClusterConfiguration";
        let networking = cluster.networking.clone().unwrap_or_default();
        if !all.services.is_empty() {
            continue;
        }
        all.place = place(object.span, component);
        all.pods = list(&networking.pod_subnet, component);
        all.services = if networking.service_subnet.is_absent() {
            let default = IpNet::V4(ipnet::Ipv4Net::new_assert([10, 96, 0, 0].into(), 12));
            vec![Fact::default(default, place(object.span, component))]
        } else {
            list(&networking.service_subnet, component)
        };
        let manager = cluster.controller_manager.clone().unwrap_or_default();
        let single = manager.extra_args.get("node-cidr-mask-size");
        for (index, (name, default)) in
            [("node-cidr-mask-size-ipv4", 24), ("node-cidr-mask-size-ipv6", 64)].iter().enumerate()
        {
            let own = manager.extra_args.get(name);
            let setting = if own.is_absent() && index == 0 { single } else { own };
            all.node_mask[index] = if setting.is_absent() {
                Fact::default(*default, place(object.span, component))
            } else {
                parsed(setting, component, |text| text.parse().ok())
            };
        }
    }
    let endpoints =
        files.objects::<InitConfiguration>().filter_map(|(_, _, init)| init.local_api_endpoint.clone()).chain(
            files
                .objects::<JoinConfiguration>()
                .filter_map(|(_, _, join)| join.control_plane.clone()?.local_api_endpoint),
        );
    for endpoint in endpoints.filter(|endpoint| !endpoint.advertise_address.is_absent()) {
        let component = "localAPIEndpoint";
        let address: Fact<IpAddr> = parsed(&endpoint.advertise_address, component, |text| text.parse().ok());
        if let Some(known) = address.copied() {
            let at = address.place().clone();
            all.uses.push(Use {
                name: format!("the API server at {known}"),
                place: at,
                kind: UseKind::Machine,
                range: known.into(),
            });
        }
        all.advertised.push(address);
    }
    for (file, object, kubelet) in files.objects::<KubeletConfiguration>() {
        let component = if file.owner.is_empty() { "KubeletConfiguration" } else { file.owner.as_str() };
        let at = place(object.span, component);
        all.max_pods = Fact::setting_or(&kubelet.max_pods, 110, &at);
        for text in kubelet.cluster_dns.get().into_iter().flatten() {
            let address = text.value.trim().parse().ok();
            all.cluster_dns.push(Fact::maybe(address, place(text.span, component)));
        }
    }
}

fn calico(files: &Files, all: &mut Addresses) {
    let on = |mode: &str| !mode.eq_ignore_ascii_case("never") && !mode.is_empty();
    let blocks = |setting: &Setting<u8>, cidr: &Fact<IpNet>, at: &Place| match cidr.get() {
        // Calico's own defaults: /26 and /122.
        Some(net) => Fact::setting_or(setting, if net.addr().is_ipv4() { 26 } else { 122 }, at),
        None => Fact::setting(setting, at),
    };
    for (_, object, pool) in files.objects::<IpPool>() {
        let name = object.shown_name().to_owned();
        let component = format!("IPPool {name}");
        let at = place(object.span, &component);
        let cidr = parsed(&pool.spec.cidr, &component, |text| text.parse().ok());
        let mode = |setting: &Setting<String>| Fact::setting_or(setting, "Never".to_owned(), &at);
        let (ipip, vxlan) = (mode(&pool.spec.ipip_mode), mode(&pool.spec.vxlan_mode));
        let always = |fact: &Fact<String>| fact.get().is_some_and(|mode| mode.eq_ignore_ascii_case("always"));
        let uses = pool.spec.allowed_uses.get();
        all.pod_pools.push(PodPool {
            block_size: blocks(&pool.spec.block_size, &cidr, &at),
            ipip: ipip.map(|mode| on(mode)),
            vxlan: vxlan.map(|mode| on(mode)),
            always: ipip.map(|_| always(&ipip) || always(&vxlan)),
            for_pods: Fact::known(
                uses.is_none_or(|uses| uses.is_empty() || uses.iter().any(|it| it.value == "Workload")),
                at.clone(),
            ),
            name,
            place: at,
            cidr,
        });
    }
    for (_, object, installation) in files.objects::<Installation>() {
        let pools = installation.spec.calico_network.clone().and_then(|network| network.ip_pools.get().cloned());
        for pool in pools.into_iter().flatten() {
            let name = pool.name.get().cloned().unwrap_or_else(|| "of the Installation".to_owned());
            let component = format!("pool {name}");
            let at = place(pool.cidr.span().or(object.span), &component);
            let cidr: Fact<IpNet> = parsed(&pool.cidr, &component, |text| text.parse().ok());
            // The operator's default is IPIP for IPv4 and none for IPv6.
            let default = if cidr.get().is_some_and(|net| net.addr().is_ipv6()) { "None" } else { "IPIP" };
            let encapsulation = Fact::setting_or(&pool.encapsulation, default.to_owned(), &at);
            let uses = &pool.allowed_uses;
            all.pod_pools.push(PodPool {
                block_size: blocks(&pool.block_size, &cidr, &at),
                ipip: encapsulation.map(|word| word.starts_with("IPIP")),
                vxlan: encapsulation.map(|word| word.starts_with("VXLAN")),
                always: encapsulation.map(|word| matches!(word.as_str(), "IPIP" | "VXLAN")),
                for_pods: Fact::known(uses.is_empty() || uses.iter().any(|it| it.value == "Workload"), at.clone()),
                name,
                place: at,
                cidr,
            });
        }
    }
    for (_, object, ipam) in files.objects::<IpamConfiguration>() {
        all.strict_affinity =
            Fact::setting_or(&ipam.spec.strict_affinity, false, &place(object.span, "IPAMConfiguration"));
    }
}

fn metallb(files: &Files, all: &mut Addresses) {
    let names = |list: &[Spanned<String>], pool: &str| list.is_empty() || list.iter().any(|name| name.value == pool);
    for (_, object, pool) in files.objects::<IpAddressPool>() {
        let name = object.shown_name().to_owned();
        let component = format!("IPAddressPool {name}");
        let at = place(object.span, &component);
        // A selector by labels may match too; what it selects is looked up where it is stated, not guessed here.
        let l2 = files
            .objects::<L2Advertisement>()
            .any(|(_, _, it)| it.spec.ip_address_pool_selectors.is_empty() && names(&it.spec.ip_address_pools, &name));
        let bgp = files
            .objects::<BgpAdvertisement>()
            .any(|(_, _, it)| it.spec.ip_address_pool_selectors.is_empty() && names(&it.spec.ip_address_pools, &name));
        let selected =
            files.objects::<L2Advertisement>().any(|(_, _, it)| !it.spec.ip_address_pool_selectors.is_empty())
                || files.objects::<BgpAdvertisement>().any(|(_, _, it)| !it.spec.ip_address_pool_selectors.is_empty());
        let restricted = pool.spec.service_allocation.is_some();
        let auto = Fact::setting_or(&pool.spec.auto_assign, true, &at).map(|auto| *auto && !restricted);
        let known = |value: bool| if value || !selected { Some(value) } else { None };
        all.lb_pools.push(LbPool {
            ranges: pool
                .spec
                .addresses
                .iter()
                .map(|range| parsed(range, &component, |text| text.parse().ok()))
                .collect(),
            auto_assign: auto,
            avoid_buggy: Fact::setting_or(&pool.spec.avoid_buggy_ips, false, &at),
            l2: Fact::maybe(known(l2), at.clone()),
            bgp: Fact::maybe(known(bgp), at.clone()),
            planned: Fact::unknown(at.clone()),
            name,
            place: at,
        });
    }
}

fn keepalived(files: &Files, all: &mut Addresses) {
    for group in crate::vrrp::from_files(files) {
        let mut seen = Vec::new();
        for member in &group.members {
            for address in member.addresses.get().into_iter().flatten().map(|address| address.address) {
                if !seen.contains(&address) {
                    seen.push(address);
                    let name = format!("the VIP of {}", group.name);
                    let at = member.addresses.place().clone();
                    all.uses.push(Use { name, place: at, kind: UseKind::Vip, range: AddressRange::from(address) });
                }
            }
            if let Some(own) = member.unicast_source.copied() {
                let at = member.unicast_source.place().clone();
                all.uses.push(Use { name: member.name.clone(), place: at, kind: UseKind::Machine, range: own.into() });
            }
        }
    }
}

fn guests(files: &Files, all: &mut Addresses) {
    for file in &files.list {
        let Content::PveVm(vm) = &file.content else { continue };
        let component = file.path.clone();
        for net in vm.nets() {
            let mac = net.mac.as_ref().map(|mac| mac.value.to_ascii_lowercase());
            let at = place(net.mac.as_ref().and_then(|mac| mac.span), &component);
            // `virtio=…` without an address lets Proxmox VE make one.
            if let Some(mac) = mac.filter(|mac| mac.contains(':')) {
                all.identities.push(Identity {
                    kind: "hardware address",
                    of: format!("{} of {component}", net.slot.value),
                    value: Fact::known(mac, at),
                });
            }
        }
    }
}
