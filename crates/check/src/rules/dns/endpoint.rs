//! DNS-006 and 007: the name of the API is found without the cluster.

use plimsoll_diagnostics::Severity;
use plimsoll_views::dns::{EndpointName, lies_in};
use plimsoll_views::{Fact, World};

use crate::{Evidence, Finding, Manual, Reads, Rule, Verdicts};

pub(super) const DNS_006: Rule = Rule {
    id: "DNS-006",
    severity: Severity::Error,
    summary: "the name of the API does not lie in the cluster's own domain",
    reads: Reads::Both,
    silent_behind: &[],
    manual: Manual {
        checks: "The name of the API's endpoint lies in `dnsDomain` (`api.cluster.local` in `cluster.local`): error when \
                 some node has no entry in its hosts file, else warning. Warning too for any other name in `.local`, \
                 which belongs to multicast DNS.",
        breaks: "CoreDNS is authoritative for that domain and answers that there is no such name, so pods never find the \
                 API by it, nor do machines whose resolver asks CoreDNS. Resolvers with multicast DNS ask the local \
                 network for `.local` and no server at all.",
        remedy: "A name in a zone of your organisation that servers outside of the cluster answer: api.k8s.example.edu.",
        before: "controlPlaneEndpoint: api.cluster.local:8443",
        after: "controlPlaneEndpoint: api.k8s.example.edu:8443",
        source: "CoreDNS plugin/kubernetes README; RFC 6762 section 3",
        evidence: Evidence::SeenPrinciple,
    },
    check: inside,
};

pub(super) const DNS_007: Rule = Rule {
    id: "DNS-007",
    severity: Severity::Error,
    summary: "nodes find the API when a DNS server is away",
    reads: Reads::Design,
    silent_behind: &["DNS-006", "DNS-022"],
    manual: Manual {
        checks: "The endpoint is a name, nodes have no hosts-file entry for it, and one resolver (or none) is stated for \
                 nodes. No finding with an entry on every node.",
        breaks: "A node that boots while that server is away does not find the API and stays NotReady.",
        remedy: "The name in every node's hosts file, where Plimsoll writes it, or a second resolver.",
        before: "site: { resolvers: [10.30.1.53] }    # and no entry in the hosts files of nodes",
        after: "site: { resolvers: [10.30.1.53, 10.30.1.54] }",
        source: "Kubespray docs/operations/ha-mode.md, which writes the name into hosts files",
        evidence: Evidence::SeenPrinciple,
    },
    check: one_server,
};

/// The endpoint's name, unless it is an address.
fn name(endpoint: &EndpointName) -> Option<&String> {
    endpoint.name.get().filter(|name| name.parse::<std::net::IpAddr>().is_err())
}

fn inside(world: &World<'_>, verdicts: &mut Verdicts) {
    let Some(endpoint) = &world.dns.endpoint else { return };
    let Some(name) = name(endpoint) else {
        verdicts.holds();
        return;
    };
    let Some(domain) = world.dns.domain.as_ref().and_then(Fact::get) else {
        verdicts.cannot_judge(endpoint.name.place(), "the domain of cluster names");
        return;
    };
    if lies_in(name, domain) {
        let everywhere = endpoint.hosts_entry.is(&true);
        let severity =
            if everywhere || endpoint.hosts_entry.get().is_none() { Severity::Warning } else { Severity::Error };
        let finding = Finding::new(
            severity,
            endpoint.name.place(),
            format!("the API is called {name}, a name in the cluster's own domain {domain}"),
        )
        .at(&endpoint.name, "CoreDNS answers for this domain by itself: there is no such name")
        .breaks("pods, and machines whose resolver asks CoreDNS, never find the API by its name")
        .help("a name in a zone of your organisation, such as api.k8s.example.edu")
        .cause("endpoint/name");
        verdicts.broken(if everywhere {
            finding.note("nodes have it in their hosts files; pods do not read these")
        } else {
            finding
        });
    } else if lies_in(name, "local") {
        verdicts.broken(
            Finding::new(
                Severity::Warning,
                endpoint.name.place(),
                format!("{name} lies in `.local`, the domain of multicast DNS"),
            )
            .at(&endpoint.name, "")
            .breaks("machines with avahi or systemd-resolved ask the local network for it, and no server")
            .help("a name in a zone of your organisation, such as api.k8s.example.edu")
            .cause("endpoint/name"),
        );
    } else {
        verdicts.holds();
    }
}

fn one_server(world: &World<'_>, verdicts: &mut Verdicts) {
    let Some(endpoint) = &world.dns.endpoint else { return };
    if name(endpoint).is_none() || endpoint.hosts_entry.is(&true) {
        verdicts.holds();
        return;
    }
    let (Some(resolvers), Some(_)) = (&world.dns.site_resolvers, endpoint.hosts_entry.get()) else { return };
    let count = resolvers.get().map_or(0, Vec::len);
    verdicts.verdict((count < 2).then(|| {
        let (severity, message) = match count {
            0 => (Severity::Error, "no resolver is stated for nodes, which find the API by its name"),
            // The resolver belongs to others, so its loss is never among the goals.
            _ => (Severity::Warning, "nodes find the API only while one resolver answers"),
        };
        Finding::new(severity, endpoint.hosts_entry.place(), message)
            .at(&endpoint.hosts_entry, "nodes do not have the name in their hosts files")
            .context(resolvers, "")
            .breaks("a node that boots while it is away does not find the API, and stays NotReady")
            .help("`hosts_entry: true`, or a second resolver")
            .cause("endpoint/name")
    }));
}
