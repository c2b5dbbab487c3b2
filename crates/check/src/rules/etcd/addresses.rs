//! ETCD-019 and 025: where members are reached.

use std::net::IpAddr;

use plimsoll_diagnostics::Severity;
use plimsoll_views::World;

use crate::rules::in_domain;
use crate::{Evidence, Finding, Manual, Reads, Rule, Verdicts};

pub(super) const ETCD_019: Rule = Rule {
    id: "ETCD-019",
    severity: Severity::Error,
    summary: "members are advertised by addresses that others reach",
    reads: Reads::Both,
    silent_behind: &[],
    manual: Manual {
        checks: "More than one member, and the host of its peer URL is loopback or unspecified, or a name in the domain of \
                 the cluster itself: an error; a warning when that is what clients are told (`advertise-client-urls`), \
                 since API servers go by their own list. Advice for any other name.",
        breaks: "The other members and clients are told an address that leads to themselves or nowhere; after losing all \
                 power a name may not be resolved in time.",
        remedy: "The address of the node.",
        before: "--advertise-client-urls=https://127.0.0.1:2379",
        after: "--advertise-client-urls=https://10.30.12.10:2379",
        source: "etcd FAQ; etcd configuration, advertise-client-urls",
        evidence: Evidence::Tested(
            "etcd 3.5.16: three members that tell clients http://localhost:2379 form a cluster and serve whoever knows them",
        ),
    },
    check: advertised,
};

pub(super) const ETCD_025: Rule = Rule {
    id: "ETCD-025",
    severity: Severity::Error,
    summary: "clients reach etcd by TLS alone",
    reads: Reads::Files,
    silent_behind: &[],
    manual: Manual {
        checks: "`listen-client-urls` with http:// on an address other than loopback.",
        breaks: "Whoever reaches the port reads and writes everything in the cluster, Secrets included: it is root.",
        remedy: "https:// with client-cert-auth.",
        before: "ETCD_LISTEN_CLIENT_URLS=http://0.0.0.0:2379",
        after: "ETCD_LISTEN_CLIENT_URLS=https://10.30.12.10:2379,https://127.0.0.1:2379",
        source: "kubernetes.io, operating etcd clusters, securing etcd; etcd transport security model",
        evidence: Evidence::Seen,
    },
    check: plain,
};

fn advertised(world: &World<'_>, verdicts: &mut Verdicts) {
    let domain = world.design.map_or("cluster.local", |source| source.design.kubernetes.dns_domain.as_str());
    for cluster in &world.etcd {
        let voters = cluster.voters.copied().unwrap_or(cluster.members.len());
        if voters < 2 {
            continue;
        }
        for member in &cluster.members {
            let peers = member.advertised.iter().map(|host| (host, false));
            let clients = member.advertised_to_clients.iter().map(|host| (host, true));
            for (host, to_clients) in peers.chain(clients) {
                let Some(text) = host.get() else {
                    verdicts.cannot_judge(&member.place, "what it advertises");
                    continue;
                };
                let wrong = if to_clients { Severity::Warning } else { Severity::Error };
                let bad = match text.parse::<IpAddr>() {
                    Ok(address) if address.is_loopback() => Some((wrong, "its own loopback")),
                    Ok(address) if address.is_unspecified() => Some((wrong, "no address at all")),
                    Ok(_) => None,
                    Err(_) if text == "localhost" => Some((wrong, "its own loopback")),
                    Err(_) if in_domain(text, domain) => Some((wrong, "a name that the cluster itself resolves")),
                    Err(_) => Some((Severity::Advice, "a name")),
                };
                verdicts.verdict(bad.map(|(severity, what)| {
                    let whom = if to_clients { "clients" } else { "other members" };
                    Finding::new(severity, host.place(), format!("etcd of {} tells {whom} {what}", member.name))
                        .at(host, text.as_str())
                        .breaks(match severity {
                            Severity::Error => "other members cannot reach it",
                            Severity::Warning => {
                                "`etcdctl --cluster` and clients that follow the list of members do not reach it"
                            }
                            _ => "after losing all power it waits for DNS",
                        })
                        .help("advertise the address of the node")
                }));
            }
        }
    }
}

fn plain(world: &World<'_>, verdicts: &mut Verdicts) {
    for member in world.etcd.iter().flat_map(|cluster| &cluster.members) {
        match member.listens_plain.copied() {
            Some(true) => verdicts.broken(
                Finding::new(
                    Severity::Error,
                    member.listens_plain.place(),
                    format!("etcd of {} takes clients without TLS", member.name),
                )
                .at(&member.listens_plain, "")
                .breaks("whoever reaches the port reads and writes everything in the cluster, Secrets included")
                .help("use https:// with client-cert-auth, and http:// on loopback at most"),
            ),
            Some(false) => verdicts.holds(),
            None => verdicts.cannot_judge(&member.place, "what it listens on"),
        }
    }
}
