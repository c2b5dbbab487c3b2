//! DNS-009 and 022: zones that somebody answers for.

use std::collections::BTreeSet;

use plimsoll_diagnostics::Severity;
use plimsoll_views::dns::{Zone, lies_in};
use plimsoll_views::{Fact, Scope, World};

use crate::{Evidence, Finding, Manual, Reads, Rule, Verdicts};

pub(super) const DNS_009: Rule = Rule {
    id: "DNS-009",
    severity: Severity::Warning,
    summary: "a server outside of the cluster does not forward to a service address",
    reads: Reads::Files,
    silent_behind: &[],
    manual: Manual {
        checks: "A forward zone of BIND names a server inside the prefix of services (kubeadm's `serviceSubnet`), and no \
                 BGPConfiguration of Calico announces that prefix.",
        breaks: "Service addresses exist only on nodes: queries from outside go nowhere and time out.",
        remedy: "A service of type LoadBalancer for CoreDNS, or addresses of nodes.",
        before: "zone \"cluster.local\" { type forward; forwarders { 10.96.0.10; }; };",
        after: "zone \"cluster.local\" { type forward; forwarders { 10.30.14.10; }; };",
        source: "Calico documentation, Advertise Kubernetes service IP addresses",
        evidence: Evidence::SeenPrinciple,
    },
    check: to_service,
};

pub(super) const DNS_022: Rule = Rule {
    id: "DNS-022",
    severity: Severity::Error,
    summary: "a zone has two servers on different hosts",
    reads: Reads::Both,
    silent_behind: &["PHY-003"],
    manual: Manual {
        checks: "A zone of names has one server, or all its servers are on one physical host. Error when the loss of a \
                 host is a declared goal for names asked from outside, else warning. For files the NS records of the \
                 zone's own file count.",
        breaks: "While that server is away, nobody finds the API or the services by name.",
        remedy: "A secondary on another host.",
        before: "dns: { zone: k8s.example.edu, primary: ns-1 }",
        after: "dns: { zone: k8s.example.edu, primary: ns-1, secondaries: [ns-2] }",
        source: "RFC 2182 section 3; general expertise",
        evidence: Evidence::Expertise,
    },
    check: one_server,
};

fn to_service(world: &World<'_>, verdicts: &mut Verdicts) {
    for zone in &world.dns.forward_zones {
        for forwarder in &zone.forwarders {
            let Some(address) = forwarder.copied() else { continue };
            let Some(services) = zone.services.get() else {
                verdicts.cannot_judge(&zone.place, "the prefix of services");
                continue;
            };
            let broken = services.iter().any(|net| net.contains(&address))
                && !zone.announced.iter().any(|net| net.contains(&address));
            verdicts.verdict(broken.then(|| {
                Finding::new(
                    Severity::Warning,
                    forwarder.place(),
                    format!("{} is forwarded to {address}, a service address", zone.name),
                )
                .at(forwarder, "only nodes of the cluster know this address")
                .breaks("clients outside of the cluster wait in vain for names in this zone")
                .help("a service of type LoadBalancer for CoreDNS, or Calico's `serviceClusterIPs` towards the routers")
            }));
        }
    }
}

fn one_server(world: &World<'_>, verdicts: &mut Verdicts) {
    let names: Vec<&Zone> = world.dns.zones.iter().filter(|zone| zone.primary && zone.forward).collect();
    for zone in &names {
        // A zone below another of ours with the same servers has the same cause.
        let above =
            |other: &&&Zone| other.name != zone.name && lies_in(&zone.name, &other.name) && other.server == zone.server;
        let cause = names.iter().filter(above).map(|other| &other.name).min_by_key(|name| name.len());
        if cause.is_some() && world.design.is_some() {
            continue;
        }
        let Some(servers) = zone.servers.copied() else {
            verdicts.cannot_judge(&zone.place, "the NS records of the zone");
            continue;
        };
        let severity =
            if world.goals.one("host", Scope::Promise("zone")) { Severity::Error } else { Severity::Warning };
        let hosts: Option<BTreeSet<&String>> = zone.hosts.get().map(|hosts| hosts.iter().collect());
        let endpoint = world.dns.endpoint.as_ref().and_then(|endpoint| endpoint.name.get());
        let api = endpoint.is_some_and(|name| lies_in(name, &zone.name));
        let what = if api { "the API and the services" } else { "the services" };
        let finding = match hosts {
            _ if servers < 2 => Some(
                Finding::new(severity, zone.servers.place(), format!("{} has {}", zone.name, counted(servers)))
                    .at(&zone.servers, "")
                    .cause(if api { "endpoint/name".to_owned() } else { format!("zone/{}", zone.name) }),
            ),
            Some(hosts) if hosts.len() == 1 => hosts.first().map(|host| {
                Finding::new(severity, zone.hosts.place(), format!("all servers of {} are on {host}", zone.name))
                    .at(&zone.hosts, "")
                    .cause(format!("host/{host}"))
            }),
            _ => None,
        };
        verdicts.verdict(finding.map(|finding| {
            finding
                .breaks(format!("while it is away, nobody outside finds {what} by name"))
                .help("a secondary on another host")
        }));
    }
}

fn counted(servers: usize) -> &'static str {
    if servers == 0 { "no server" } else { "one server" }
}

/// Whether a fact is known to be false.
pub(super) fn denied(fact: &Fact<bool>) -> bool {
    fact.is(&false)
}
