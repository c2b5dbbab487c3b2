//! DNS-004, 005, 008 and 014: whom CoreDNS asks, and what it must not do while it does.

use std::collections::BTreeSet;
use std::net::IpAddr;

use plimsoll_diagnostics::Severity;
use plimsoll_model::units::Millis;
use plimsoll_views::dns::{Resolver, address, lies_in};
use plimsoll_views::{Fact, World};

use crate::{Evidence, Finding, Manual, Reads, Rule, Verdicts};

/// Most upstreams that the forward plugin takes (CoreDNS plugin/forward README).
const MOST_UPSTREAMS: usize = 15;

pub(super) const DNS_004: Rule = Rule {
    id: "DNS-004",
    severity: Severity::Error,
    summary: "the resolvers that the kubelet hands to CoreDNS are not the node itself",
    reads: Reads::Both,
    silent_behind: &[],
    manual: Manual {
        checks: "The kubelet's `resolvConf` is stated and the file it names has a loopback address as resolver. A Design \
                 gives machines their resolvers through systemd-resolved, so /etc/resolv.conf is its stub there. Not \
                 stated is fine with kubeadm, which finds systemd-resolved by itself.",
        breaks: "CoreDNS asks 127.0.0.53 for outside names, which in its pod is CoreDNS; the loop plugin notices and ends \
                 the process, again and again.",
        remedy: "Leave `resolvConf` out, or name the file with the real servers: /run/systemd/resolve/resolv.conf.",
        before: "resolvConf: /etc/resolv.conf        # nameserver 127.0.0.53",
        after: "resolvConf: /run/systemd/resolve/resolv.conf",
        source: "CoreDNS plugin/loop README; kubeadm componentconfigs/kubelet.go; kubernetes/kubeadm issue 1162; \
                 coredns/coredns issue 6586",
        evidence: Evidence::Seen,
    },
    check: loopback,
};

pub(super) const DNS_005: Rule = Rule {
    id: "DNS-005",
    severity: Severity::Error,
    summary: "forwarding does not go in a circle",
    reads: Reads::Both,
    silent_behind: &[],
    manual: Manual {
        checks: "CoreDNS forwards (all names, or a domain) to an address on which the cluster's own resolvers answer: its \
                 service or the cache on the nodes. Or it forwards a domain to a BIND that forwards the same domain back \
                 to it.",
        breaks: "One query becomes hundreds until the servers run out of memory. The loop plugin sees only the simplest \
                 circle, once, at start.",
        remedy: "Forward to servers that know the domain or ask the outside.",
        before: "forward . 10.96.0.10",
        after: "forward . 10.30.1.53 10.30.1.54",
        source: "CoreDNS plugin/loop README",
        evidence: Evidence::Seen,
    },
    check: circles,
};

pub(super) const DNS_008: Rule = Rule {
    id: "DNS-008",
    severity: Severity::Error,
    summary: "outside names are asked of two to fifteen servers",
    reads: Reads::Both,
    silent_behind: &["DNS-005"],
    manual: Manual {
        checks: "Error: `forward .` names more than 15 servers. Warning: it names fewer than two different ones; none at \
                 all is fine only for a cluster without outside names, so it warns too.",
        breaks: "With more than 15 CoreDNS does not start. With one, outside names end with that server.",
        remedy: "2 or 3 resolvers.",
        before: "forward . 10.30.1.53",
        after: "forward . 10.30.1.53 10.30.1.54 {\n    policy sequential\n}",
        source: "CoreDNS plugin/forward README",
        evidence: Evidence::Seen,
    },
    check: count,
};

pub(super) const DNS_014: Rule = Rule {
    id: "DNS-014",
    severity: Severity::Warning,
    summary: "CoreDNS stops gently, says when it is ready, keeps answers and shows mistakes",
    reads: Reads::Both,
    silent_behind: &[],
    manual: Manual {
        checks: "The block for all names lacks one of `errors`, `health`, `ready`, `cache`, `loop`, `reload`, or `health` \
                 has no `lameduck`. A cache on the nodes needs no `ready` and no `lameduck`: nothing balances over it.",
        breaks: "Without lameduck and ready, each restart loses queries that are under way; without cache every query goes \
                 on; without reload a changed Corefile is not read.",
        remedy: "kubeadm's own Corefile with `lameduck 5s`.",
        before: ".:53 {\n    health\n    forward . /etc/resolv.conf\n}",
        after: ".:53 {\n    errors\n    health {\n        lameduck 5s\n    }\n    ready\n    forward . /etc/resolv.conf\n    cache 30\n    loop\n    reload\n}",
        source: "CoreDNS plugin/health README; Kubespray's CoreDNS template",
        evidence: Evidence::Seen,
    },
    check: gentle,
};

fn loopback(world: &World<'_>, verdicts: &mut Verdicts) {
    for kubelet in &world.dns.kubelets {
        let path = match kubelet.resolv_conf.get() {
            // kubeadm finds the right file.
            Some(None) => {
                verdicts.holds();
                continue;
            }
            Some(Some(path)) => path,
            None => {
                verdicts.cannot_judge(kubelet.resolv_conf.place(), "`resolvConf`");
                continue;
            }
        };
        let Some(servers) = kubelet.resolv_servers.get() else {
            verdicts.cannot_judge(kubelet.resolv_conf.place(), format!("the resolvers in {path}"));
            continue;
        };
        verdicts.verdict(servers.iter().find(|server| server.is_loopback()).map(|server| {
            Finding::new(
                Severity::Error,
                kubelet.resolv_conf.place(),
                format!("the kubelet hands CoreDNS the resolver {server}, which is CoreDNS itself"),
            )
            .at(&kubelet.resolv_conf, format!("names {path}"))
            .context(&kubelet.resolv_servers, "a loopback address means another thing in a pod")
            .breaks("CoreDNS sees the loop, ends, and is restarted for ever: no names in the cluster")
            .help("leave `resolvConf` out, or name /run/systemd/resolve/resolv.conf")
        }));
    }
}

/// Addresses on which resolvers of this cluster answer.
fn own(world: &World<'_>) -> BTreeSet<IpAddr> {
    let service = world.dns.service_ip.iter().filter_map(Fact::copied);
    let cache = world.dns.nodelocal.iter().filter_map(|cache| cache.address.copied());
    service.chain(cache).collect()
}

fn circles(world: &World<'_>, verdicts: &mut Verdicts) {
    let own = own(world);
    for resolver in world.dns.resolvers.iter().filter(|resolver| !resolver.node_local) {
        let mut told = false;
        let all = std::iter::once(("", &resolver.upstreams));
        let stubs = resolver.stubs.iter().map(|stub| (stub.zone.as_str(), &stub.servers));
        for (zone, servers) in all.chain(stubs) {
            let Some(list) = servers.get() else { continue };
            let hits = list.iter().filter_map(|server| address(server)).find(|address| {
                own.contains(address) || resolver.own.contains(address) || returns(world, zone, *address, &own)
            });
            if let Some(hit) = hits {
                told = true;
                let what = if zone.is_empty() { "outside names".to_owned() } else { format!("names in {zone}") };
                verdicts.broken(
                    Finding::new(
                        Severity::Error,
                        servers.place(),
                        format!("for {what} CoreDNS asks {hit}, which asks CoreDNS again"),
                    )
                    .at(servers, "leads back here")
                    .breaks("one query becomes hundreds, until CoreDNS runs out of memory")
                    .help("name servers that answer by themselves")
                    .cause("coredns/forward"),
                );
            }
        }
        if !told {
            verdicts.holds();
        }
    }
}

/// Whether the BIND at `address` forwards `zone`, or what it lies in, back into the cluster.
fn returns(world: &World<'_>, zone: &str, address: IpAddr, own: &BTreeSet<IpAddr>) -> bool {
    world.dns.forward_zones.iter().any(|forward| {
        let same = if zone.is_empty() { forward.name.is_empty() } else { lies_in(zone, &forward.name) };
        same && forward.listens.contains(&address)
            && forward.forwarders.iter().any(|to| to.copied().is_some_and(|to| own.contains(&to)))
    })
}

fn count(world: &World<'_>, verdicts: &mut Verdicts) {
    for resolver in &world.dns.resolvers {
        let Some(servers) = resolver.upstreams.get() else {
            verdicts.cannot_judge(resolver.upstreams.place(), "the servers asked for outside names");
            continue;
        };
        let different: BTreeSet<&String> = servers.iter().collect();
        verdicts.verdict(count_of(resolver, servers.len(), different.len(), world.is_files()));
    }
}

fn count_of(resolver: &Resolver, written: usize, different: usize, files: bool) -> Option<Finding> {
    let fact = &resolver.upstreams;
    if written > MOST_UPSTREAMS {
        let message = format!("`forward` has {written} servers, and takes {MOST_UPSTREAMS}");
        return Some(
            Finding::new(Severity::Error, fact.place(), message)
                .at(fact, "")
                .breaks("CoreDNS does not start: no names in the cluster")
                .help("2 or 3 of them suffice"),
        );
    }
    (different < 2).then(|| {
        let (message, breaks) = match different {
            0 => ("CoreDNS asks nobody for outside names", "pods find no name but those of the cluster"),
            _ => (
                "CoreDNS asks a single server for outside names",
                "outside names end with that server: users' programs find nothing",
            ),
        };
        Finding::new(Severity::Warning, fact.place(), message)
            .at(fact, "")
            .breaks(breaks)
            .help(if files {
                "name two servers in `forward`"
            } else {
                "name two: `site: { resolvers: [ADDRESS, ADDRESS] }`, or `upstreams` under `dns: { coredns: … }`"
            })
            .cause("coredns/forward")
    })
}

fn gentle(world: &World<'_>, verdicts: &mut Verdicts) {
    for resolver in &world.dns.resolvers {
        let needed = |name: &str| !(resolver.node_local && name == "ready");
        let missing: Vec<&str> = resolver
            .plugins
            .iter()
            .filter(|(name, there)| needed(name) && there.is(&false))
            .map(|(name, _)| *name)
            .collect();
        let sudden = !resolver.node_local && resolver.lameduck.is(&Millis(0)) && !missing.contains(&"health");
        if missing.is_empty() && !sudden {
            verdicts.holds();
            continue;
        }
        let mut lacks: Vec<String> = missing.iter().map(|name| format!("`{name}`")).collect();
        if sudden {
            lacks.push("`lameduck`".into());
        }
        let place = if missing.is_empty() { resolver.lameduck.place() } else { &resolver.place };
        verdicts.broken(
            Finding::new(Severity::Warning, place, format!("{} has no {}", resolver.name, lacks.join(", ")))
                .at_place(place, "")
                .breaks("queries that are under way are lost at each restart, or mistakes and changes go unseen")
                .help("`health { lameduck 5s }`, `ready`, `cache 30`, `errors`, `loop` and `reload`"),
        );
    }
}
