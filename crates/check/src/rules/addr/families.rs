//! ADDR-010, 011 and 012: one family or two.

use std::net::IpAddr;

use plimsoll_diagnostics::Severity;
use plimsoll_views::World;
use plimsoll_views::addresses::UseKind;

use crate::words::list;
use crate::{Evidence, Finding, Manual, Reads, Rule, Verdicts};

pub(super) const ADDR_010: Rule = Rule {
    id: "ADDR-010",
    severity: Severity::Error,
    summary: "pods, services and API servers agree in their families",
    reads: Reads::Both,
    silent_behind: &[],
    manual: Manual {
        checks: "The first prefix of services is of another family than the address that an API server \
                 announces: an error. Services have both families and pods one: an error. Pods have both and \
                 services one: a warning, since it is a legal choice. The order of families differs between \
                 pods and services: advice.",
        breaks: "The API server refuses to start, or the second family does not exist for services.",
        remedy: "The same families in the same order everywhere.",
        before: "podSubnet: 10.244.0.0/16\nserviceSubnet: 10.96.0.0/16,fd00:96::/112",
        after: "podSubnet: 10.244.0.0/16,fd00:244::/56\nserviceSubnet: 10.96.0.0/16,fd00:96::/112",
        source: "kube-apiserver options/validation.go; Kubernetes documentation, dual-stack",
        evidence: Evidence::Seen,
    },
    check: agree,
};

pub(super) const ADDR_011: Rule = Rule {
    id: "ADDR-011",
    severity: Severity::Error,
    summary: "with two families every node has an address of both",
    reads: Reads::Design,
    silent_behind: &[],
    manual: Manual {
        checks: "Pods have IPv4 and IPv6, and a node has no IPv6 address.",
        breaks: "Pods of that node cannot be reached by IPv6, and kubelet does not register the second \
                 family.",
        remedy: "A second prefix on the network of the nodes.",
        before: "kubernetes: { pods: [10.244.0.0/16, fd00:244::/56] }\nnetworks: { kube: { ipv4: 10.30.12.0/24 } }",
        after: "networks: { kube: { ipv4: 10.30.12.0/24, ipv6: fd00:12::/64 } }",
        source: "Calico documentation, IPv6; Kubernetes documentation, dual-stack support with kubeadm",
        evidence: Evidence::Seen,
    },
    check: both,
};

pub(super) const ADDR_012: Rule = Rule {
    id: "ADDR-012",
    severity: Severity::Advice,
    summary: "a second family is used by something",
    reads: Reads::Design,
    silent_behind: &[],
    manual: Manual {
        checks: "Pods and services have two families, but neither a pool of service addresses nor the VIP \
                 has IPv6.",
        breaks: "Nobody outside gains from the second family, and everything can fail in one of two ways.",
        remedy: "One family for a small cluster, or addresses of both towards users.",
        before: "kubernetes: { services: [10.96.0.0/20, fd00:96::/112] }",
        after: "kubernetes: { services: 10.96.0.0/20 }",
        source: "the cluster article behind this project",
        evidence: Evidence::Seen,
    },
    check: unused,
};

fn agree(world: &World<'_>, verdicts: &mut Verdicts) {
    for all in &world.addresses {
        let families = |facts: &[plimsoll_views::Fact<ipnet::IpNet>]| -> Option<Vec<bool>> {
            facts.iter().map(|fact| fact.get().map(|net| net.addr().is_ipv4())).collect()
        };
        let (Some(pods), Some(services)) = (families(&all.pods), families(&all.services)) else {
            verdicts.cannot_judge(&all.place, "the prefixes of pods and services");
            continue;
        };
        let (Some(first), Some(service)) = (services.first(), all.services.first()) else { continue };
        let name = |v4: bool| if v4 { "IPv4" } else { "IPv6" };
        let other =
            all.advertised.iter().find(|fact| fact.get().is_some_and(|address: &IpAddr| address.is_ipv4() != *first));
        let both = |list: &[bool]| list.contains(&true) && list.contains(&false);
        let finding = if let Some(other) = other {
            Some(
                Finding::new(
                    Severity::Error,
                    service.place(),
                    format!("services begin with {} and API servers announce {}", name(*first), name(!*first)),
                )
                .at(service, "")
                .context(other, "announced by an API server")
                .breaks("the API server refuses to start")
                .help("put the family of the API servers first"),
            )
        } else if both(&services) && !both(&pods) && !pods.is_empty() {
            Some(
                Finding::new(Severity::Error, service.place(), "services have two families and pods one")
                    .at(service, "two families")
                    .context(&all.pods[0], "one family")
                    .breaks("services of the other family have no endpoints")
                    .help("give pods a prefix of each family, or services one"),
            )
        } else if both(&pods) && !both(&services) {
            Some(
                Finding::new(Severity::Warning, service.place(), "pods have two families and services one")
                    .at(service, "one family")
                    .context(&all.pods[0], "two families")
                    .breaks("no service can be reached by the other family")
                    .help("give services a prefix of each family, or accept it"),
            )
        } else if both(&pods) && pods.first() != Some(first) {
            Some(
                Finding::new(
                    Severity::Advice,
                    service.place(),
                    "pods and services have their families in different order",
                )
                .at(service, format!("{} first", name(*first)))
                .context(&all.pods[0], format!("{} first", name(!*first)))
                .breaks("the preferred address of a pod and of its service differ in family")
                .help("write both in one order"),
            )
        } else {
            None
        };
        verdicts.verdict(finding);
    }
}

fn both(world: &World<'_>, verdicts: &mut Verdicts) {
    let Some(source) = world.design else { return };
    let design = source.design;
    if !design.kubernetes.pods.iter().any(|net| net.addr().is_ipv6())
        || !design.kubernetes.pods.iter().any(|net| net.addr().is_ipv4())
    {
        verdicts.holds();
        return;
    }
    let lacking: Vec<&str> = design
        .nodes()
        .filter(|(_, machine)| machine.nic.values().all(|nic| nic.address6.is_none() && nic.address.addr().is_ipv4()))
        .map(|(name, _)| name.as_str())
        .collect();
    let place = source.place("kubernetes/pods");
    verdicts.verdict((!lacking.is_empty()).then(|| {
        Finding::new(Severity::Error, &place, format!("pods have IPv6 and {} no address of it", list(&lacking)))
            .at_place(&place, "two families")
            .breaks("pods of these nodes cannot be reached by IPv6")
            .help("give the network of the nodes an IPv6 prefix")
    }));
}

fn unused(world: &World<'_>, verdicts: &mut Verdicts) {
    for all in &world.addresses {
        let v6 = |fact: &plimsoll_views::Fact<ipnet::IpNet>| fact.get().is_some_and(|net| net.addr().is_ipv6());
        let v4 = |fact: &plimsoll_views::Fact<ipnet::IpNet>| fact.get().is_some_and(|net| net.addr().is_ipv4());
        if world.is_files() || !(all.services.iter().any(v6) && all.services.iter().any(v4)) {
            continue;
        }
        let pool = all
            .lb_pools
            .iter()
            .flat_map(|pool| &pool.ranges)
            .any(|range| range.get().is_some_and(|it| it.first().is_ipv6()));
        let vip = all.of(UseKind::Vip).any(|it| it.range.first().is_ipv6());
        let service = &all.services[0];
        verdicts.verdict((!pool && !vip).then(|| {
            Finding::new(Severity::Advice, service.place(), "IPv6 is on, and nothing outside has an address of it")
                .at(service, "two families")
                .breaks("everything can fail in one of two ways, and no user gains")
                .help("use one family, or give a pool or the VIP an IPv6 address")
        }));
    }
}
