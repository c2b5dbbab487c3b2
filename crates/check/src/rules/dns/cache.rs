//! DNS-010 and 011: the resolver cache on each node.

use plimsoll_diagnostics::Severity;
use plimsoll_model::design::KubeProxyMode;
use plimsoll_views::{Fact, World};

use crate::{Evidence, Finding, Manual, Reads, Rule, Verdicts};

pub(super) const DNS_010: Rule = Rule {
    id: "DNS-010",
    severity: Severity::Advice,
    summary: "many nodes keep answers themselves",
    reads: Reads::Both,
    silent_behind: &[],
    manual: Manual {
        checks: "More than 20 nodes (threshold `nodelocal_nodes`) and no node-local-dns.",
        breaks: "Queries by UDP through connection tracking are now and then lost, and each loss is 5 s for a user.",
        remedy: "node-local-dns on every node. In namespaces that deny by default, allow port 53 to its address.",
        before: "dns: { nodelocal: { enabled: false } }",
        after: "dns: { zone: k8s.example.edu }   # the cache is on by default",
        source: "Kubernetes documentation, Using NodeLocal DNSCache; kubernetes/kubernetes issue 98758",
        evidence: Evidence::Seen,
    },
    check: none,
};

pub(super) const DNS_011: Rule = Rule {
    id: "DNS-011",
    severity: Severity::Error,
    summary: "pods are given the address of the cache on their node",
    reads: Reads::Both,
    silent_behind: &[],
    manual: Manual {
        checks: "node-local-dns runs and `clusterDNS` of the kubelets does not have its address. Error with kube-proxy in \
                 ipvs mode, where the cache cannot listen on the service's address; warning with nftables; no finding with iptables, where the cache takes over the service's address. Another address \
                 than the service's is for ADDR-023.",
        breaks: "Pods ask the service's address, and the cache is never asked.",
        remedy: "`clusterDNS: [169.254.20.10]` (Kubespray: 169.254.25.10); kubeadm's warning about it is harmless.",
        before: "clusterDNS: [10.96.0.10]",
        after: "clusterDNS: [169.254.20.10]",
        source: "Kubernetes documentation, Using NodeLocal DNSCache; kubernetes/dns issue 682",
        evidence: Evidence::Seen,
    },
    check: bypassed,
};

fn none(world: &World<'_>, verdicts: &mut Verdicts) {
    let Some(nodes) = &world.dns.nodes else { return };
    let Some(count) = nodes.copied() else { return };
    let most = world.thresholds.nodelocal_nodes as usize;
    let bad = count > most && world.dns.nodelocal.is_none();
    verdicts.verdict(bad.then(|| {
        Finding::new(Severity::Advice, nodes.place(), format!("{count} nodes and no resolver cache on them"))
            .at(nodes, "")
            .breaks("queries by UDP get lost in connection tracking now and then: 5 s for a user each time")
            .help("node-local-dns on every node")
    }));
}

fn bypassed(world: &World<'_>, verdicts: &mut Verdicts) {
    let Some(cache) = &world.dns.nodelocal else { return };
    let Some(address) = cache.address.copied() else {
        verdicts.cannot_judge(&cache.place, "the address of the cache on nodes");
        return;
    };
    for kubelet in &world.dns.kubelets {
        let Some(servers) = kubelet.cluster_dns.get() else {
            verdicts.cannot_judge(kubelet.cluster_dns.place(), "`clusterDNS`");
            continue;
        };
        if servers.contains(&address) {
            verdicts.holds();
            continue;
        }
        let service = world.dns.service_ip.as_ref().and_then(Fact::copied);
        // An address that is neither is nobody's, whatever the cache does: ADDR-023.
        if service.is_some_and(|service| !servers.contains(&service)) {
            continue;
        }
        let (severity, why) = match cache.proxy.copied() {
            Some(KubeProxyMode::Ipvs) => {
                (Severity::Error, "with ipvs the cache cannot listen on the service's address")
            }
            Some(KubeProxyMode::Nftables) => {
                (Severity::Warning, "nothing takes queries to the service over with nftables")
            }
            Some(KubeProxyMode::Iptables) => {
                verdicts.holds();
                continue;
            }
            None => {
                verdicts.cannot_judge(&cache.place, "how kube-proxy programs addresses");
                continue;
            }
        };
        let list: Vec<String> = servers.iter().map(ToString::to_string).collect();
        verdicts.broken(
            Finding::new(
                severity,
                kubelet.cluster_dns.place(),
                format!("pods ask {} and not the cache on their node, {address}", list.join(", ")),
            )
            .at(&kubelet.cluster_dns, why)
            .context(&cache.address, "the cache listens here")
            .breaks("the cache is never asked: queries go through connection tracking and get lost now and then")
            .help(format!("`clusterDNS: [{address}]`")),
        );
    }
}
