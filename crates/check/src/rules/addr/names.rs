//! ADDR-020 to 023: what must be unique, and which address is meant.

use std::collections::BTreeMap;
use std::net::IpAddr;

use plimsoll_diagnostics::Severity;
use plimsoll_views::World;

use crate::{Evidence, Finding, Manual, Reads, Rule, Verdicts};

pub(super) const ADDR_020: Rule = Rule {
    id: "ADDR-020",
    severity: Severity::Error,
    summary: "host names and hardware addresses are unique",
    reads: Reads::Both,
    silent_behind: &[],
    manual: Manual {
        checks: "Two machines have one hardware address, or one host name (the first label of their full \
                 name). In files: network interfaces of Proxmox VE machines.",
        breaks: "Two machines answer for one address or get one DHCP lease; with one name the second node \
                 takes the place of the first.",
        remedy: "Let the hypervisor make the addresses; do not copy the files of a machine.",
        before: "net0: virtio=BC:24:11:00:00:01,bridge=vmbr0   # in 2001.conf and in 2002.conf",
        after: "net0: virtio=BC:24:11:00:00:02,bridge=vmbr0",
        source: "Kubernetes documentation, installing kubeadm; kubeadm issue 31",
        evidence: Evidence::Seen,
    },
    check: unique,
};

pub(super) const ADDR_021: Rule = Rule {
    id: "ADDR-021",
    severity: Severity::Warning,
    summary: "nodes with several networks say which address is theirs",
    reads: Reads::Design,
    silent_behind: &[],
    manual: Manual {
        checks: "The address of a node is left to the kubelet's guess (`pin_node_ip` is off), and a node is \
                 in several networks.",
        breaks: "A node registers with the address of its storage or management network, and others cannot \
                 reach it.",
        remedy: "`node-ip` among the extra arguments of the kubelet.",
        before: "kubeletExtraArgs: []",
        after: "kubeletExtraArgs: [{ name: node-ip, value: 10.30.12.10 }]",
        source: "general practice",
        evidence: Evidence::Expertise,
    },
    check: pinned,
};

pub(super) const ADDR_022: Rule = Rule {
    id: "ADDR-022",
    severity: Severity::Error,
    summary: "the resolver cache of nodes listens on an address of its own",
    reads: Reads::Design,
    silent_behind: &[],
    manual: Manual {
        checks: "NodeLocal DNS listens on an address that lies in a declared network, in the prefix of pods \
                 or of services, or that somebody has. The address of the DNS service itself, which it takes \
                 over with iptables, is meant to be.",
        breaks: "Queries of pods for the real owner of the address end at the cache.",
        remedy: "A link-local address that nothing else uses: 169.254.20.10.",
        before: "nodelocal: 10.30.12.53",
        after: "nodelocal: 169.254.20.10",
        source: "Kubernetes documentation, NodeLocal DNSCache",
        evidence: Evidence::Seen,
    },
    check: cache,
};

pub(super) const ADDR_023: Rule = Rule {
    id: "ADDR-023",
    severity: Severity::Error,
    summary: "kubelets give pods the address of the DNS service",
    reads: Reads::Both,
    silent_behind: &[],
    manual: Manual {
        checks: "The kubelet's clusterDNS is neither the address of the DNS service (the tenth of the first \
                 prefix of services, as kubeadm takes it, unless the design states another) nor that of the \
                 resolver cache. On files, an address outside the prefix of services that is link-local is \
                 taken for a resolver cache, and the third of the prefix, which Kubespray takes, is not judged.",
        breaks: "Pods have no DNS.",
        remedy: "Derive both from one value.",
        before: "serviceSubnet: 10.96.0.0/20\n---\nclusterDNS: [10.96.1.10]",
        after: "serviceSubnet: 10.96.0.0/20\n---\nclusterDNS: [10.96.0.10]",
        source: "Kubespray defaults (skydns_server); Kubernetes documentation, NodeLocal DNSCache",
        evidence: Evidence::SeenPrinciple,
    },
    check: resolver,
};

fn unique(world: &World<'_>, verdicts: &mut Verdicts) {
    for all in &world.addresses {
        let mut seen = BTreeMap::new();
        for identity in &all.identities {
            let Some(value) = identity.value.get() else {
                verdicts.cannot_judge(identity.value.place(), format!("its {}", identity.kind));
                continue;
            };
            let Some(first) = seen.insert((identity.kind, value), identity) else {
                verdicts.holds();
                continue;
            };
            verdicts.broken(
                Finding::new(
                    Severity::Error,
                    identity.value.place(),
                    format!("{} and {} have one {}", first.of, identity.of, identity.kind),
                )
                .at(&identity.value, value)
                .context(&first.value, "the same")
                .breaks("each takes the other's place in the network, on and off")
                .help("give each its own"),
            );
        }
    }
}

fn pinned(world: &World<'_>, verdicts: &mut Verdicts) {
    let Some(source) = world.design else { return };
    let design = source.design;
    let several = design.nodes().find(|(_, machine)| machine.nic.len() > 1);
    let place = source.place("kubernetes/kubelet/pin_node_ip");
    verdicts.verdict(several.filter(|_| !design.kubernetes.kubelet.pin_node_ip).map(|(name, machine)| {
        Finding::new(Severity::Warning, &place, "nodes guess which of their addresses is theirs")
            .at_place(&place, format!("{name} is in {} networks", machine.nic.len()))
            .breaks("a node registers with the address of another network, and others cannot reach it")
            .help("fix the address: `node-ip` among the arguments of the kubelet")
    }));
}

fn cache(world: &World<'_>, verdicts: &mut Verdicts) {
    for all in &world.addresses {
        let address = match all.nodelocal.copied() {
            Some(Some(address)) => address,
            Some(None) => {
                verdicts.holds();
                continue;
            }
            None => continue,
        };
        let prefixes = [(&all.pods, "the prefix of pods"), (&all.services, "the prefix of services")];
        let prefix = prefixes.into_iter().find_map(|(list, name)| {
            let hit = list.iter().find(|fact| fact.get().is_some_and(|net| net.contains(&address)))?;
            Some((name.to_owned(), hit.place()))
        });
        let used = || all.uses.iter().find(|it| it.range.contains(address)).map(|it| (it.name.clone(), &it.place));
        let service = all.dns_service.is(&address);
        verdicts.verdict(prefix.or_else(used).filter(|_| !service).map(|(name, place)| {
            Finding::new(
                Severity::Error,
                all.nodelocal.place(),
                format!("the resolver cache of nodes listens on {address}, which belongs to {name}"),
            )
            .at(&all.nodelocal, "")
            .context_place(place, "here")
            .breaks("what pods send to the real owner of the address ends at the cache")
            .help("use a link-local address: 169.254.20.10")
        }));
    }
}

/// The tenth address of a prefix, which kubeadm gives to the DNS service.
fn tenth(net: &ipnet::IpNet) -> Option<IpAddr> {
    nth(net, 10)
}

/// An address of a prefix by its number.
fn nth(net: &ipnet::IpNet, number: u8) -> Option<IpAddr> {
    match net {
        ipnet::IpNet::V4(net) => u32::from(net.network()).checked_add(number.into()).map(|it| IpAddr::V4(it.into())),
        ipnet::IpNet::V6(net) => u128::from(net.network()).checked_add(number.into()).map(|it| IpAddr::V6(it.into())),
    }
    .filter(|address| net.contains(address))
}

fn resolver(world: &World<'_>, verdicts: &mut Verdicts) {
    for all in &world.addresses {
        for fact in &all.cluster_dns {
            let Some(address) = fact.copied() else {
                verdicts.cannot_judge(fact.place(), "the address of clusterDNS");
                continue;
            };
            let services: Option<Vec<_>> = all.services.iter().map(|net| net.get().copied()).collect();
            let stated = all.dns_service.copied();
            let service = services.as_deref().and_then(|list| list.first()).and_then(tenth);
            let local = match address {
                IpAddr::V4(address) => address.is_link_local(),
                IpAddr::V6(address) => address.is_unicast_link_local(),
            };
            let cache = match all.nodelocal.copied() {
                Some(cache) => cache == Some(address),
                None => local,
            };
            // With two families the second address is the tenth of the second prefix.
            let any = services.iter().flatten().filter_map(tenth).any(|it| it == address);
            let Some(expected) = stated.or(service) else {
                verdicts.cannot_judge(fact.place(), "the prefix of services");
                continue;
            };
            // Others than kubeadm take another address of the prefix (Kubespray the third): only the Service tells.
            let third = services.iter().flatten().filter_map(|net| nth(net, 3)).any(|it| it == address);
            if stated.is_none() && third {
                verdicts
                    .cannot_judge(fact.place(), "the Service of the cluster's DNS: kubeadm takes the tenth address");
                continue;
            }
            let good = cache || address == expected || (stated.is_none() && any);
            verdicts.verdict((!good).then(|| {
                Finding::new(
                    Severity::Error,
                    fact.place(),
                    format!("kubelets give pods the resolver {address}, where nobody answers"),
                )
                .at(fact, format!("the DNS service is {expected}"))
                .breaks("pods have no DNS")
                .help(format!("`clusterDNS: [{expected}]`, or the address of the resolver cache"))
            }));
        }
    }
}
