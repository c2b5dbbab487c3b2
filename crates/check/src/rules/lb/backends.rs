//! LB-003, 015, 017 and 023: what is behind the balancer, and what the balancer is.

use plimsoll_diagnostics::Severity;
use plimsoll_model::design;
use plimsoll_views::{Scope, World};

use crate::rules::in_domain;
use crate::{Evidence, Finding, Manual, Reads, Rule, Verdicts};

pub(super) const LB_003: Rule = Rule {
    id: "LB-003",
    severity: Severity::Error,
    summary: "each balancer reaches every API server",
    reads: Reads::Both,
    silent_behind: &[],
    manual: Manual {
        checks: "The only server behind a balancer on a control-plane machine is that machine's own API server: an error \
                 when the VIP does not leave as that server fails (files without keepalived or its script do not tell); advice when it does (a complete active and passive \
                 design without any spreading of load). In a design, a balancer that lacks one of the control-plane \
                 machines is a warning. A much-read article has HAProxy balance to the local server only.",
        breaks: "The API server of the holder dies, HAProxy and keepalived live on: the API is gone while two servers \
                 are well.",
        remedy: "List every control-plane machine as a server.",
        before: "backend api\n    server cp-1 127.0.0.1:6443 check",
        after: "backend api\n    server cp-1 10.30.12.10:6443 check\n    server cp-2 10.30.12.11:6443 check\n    \
                server cp-3 10.30.12.12:6443 check",
        source: "kubeadm ha-considerations.md",
        evidence: Evidence::Seen,
    },
    check: local_only,
};

pub(super) const LB_015: Rule = Rule {
    id: "LB-015",
    severity: Severity::Error,
    summary: "the balancer in front of the API is not a single machine",
    reads: Reads::Design,
    silent_behind: &["VRRP-019", "PHY-003"],
    manual: Manual {
        checks: "A single dedicated balancer, or an external one with one address that nothing else backs: an error \
                 when any one host must be survived, else a warning.",
        breaks: "The API is gone with that machine.",
        remedy: "A pair with VRRP, or a balancer on each control-plane machine.",
        before: "lb-1: { role: balancer }",
        after: "lb-1..2: { role: balancer }",
        source: "kubeadm ha-considerations.md; kubespray docs/operations/ha-mode.md",
        evidence: Evidence::SeenPrinciple,
    },
    check: single_balancer,
};

pub(super) const LB_017: Rule = Rule {
    id: "LB-017",
    severity: Severity::Error,
    summary: "the balancer passes TLS on as it is",
    reads: Reads::Files,
    silent_behind: &[],
    manual: Manual {
        checks: "The balancer of the control-plane endpoint ends TLS itself (`mode http`, or a certificate on its bind \
                 line), or encrypts what is TLS already (`mode tcp` with `ssl` on a server line).",
        breaks: "Client certificates of kubelets and of kubeadm end at the balancer: they are not authenticated. TLS \
                 within TLS is no request to an API server at all.",
        remedy: "`mode tcp`; a second endpoint for people may end TLS.",
        before: "mode http\nbind *:8443 ssl crt /etc/haproxy/api.pem",
        after: "mode tcp\nbind *:8443",
        source: "kubeadm ha-considerations.md",
        evidence: Evidence::SeenPrinciple,
    },
    check: ends_tls,
};

pub(super) const LB_023: Rule = Rule {
    id: "LB-023",
    severity: Severity::Error,
    summary: "servers are given by address, so that the balancer starts without DNS",
    reads: Reads::Both,
    silent_behind: &[],
    manual: Manual {
        checks: "A server line with a host name that the hosts file of the machine does not have, and no `init-addr …,none`: \
                 an error when the name lies in the domain of the cluster itself, else a warning.",
        breaks: "HAProxy does not start while the name cannot be resolved; after losing all power DNS may come later.",
        remedy: "Addresses on server lines.",
        before: "server cp-1 cp-1.k8s.example.edu:6443 check",
        after: "server cp-1 10.30.12.10:6443 check",
        source: "haproxy configuration.txt, init-addr",
        evidence: Evidence::Tested("haproxy 2.6.12 and 3.0.11: refuses to start"),
    },
    check: names,
};

fn local_only(world: &World<'_>, verdicts: &mut Verdicts) {
    for balancer in &world.balancers {
        let own = |server: &&plimsoll_views::balancer::Server| {
            server.machine.as_deref() == Some(balancer.name.as_str())
                || server
                    .address
                    .get()
                    .is_some_and(|address| matches!(address.as_str(), "127.0.0.1" | "localhost" | "::1"))
        };
        // With a single control-plane machine there is nothing else to list: KADM-004 speaks.
        let others = balancer.expected.get().is_none_or(|expected| expected.len() > 1);
        if let [only] = &balancer.servers[..]
            && own(&only)
            && others
        {
            let tracked = balancer.vrrp_tracks_local.copied();
            if tracked.is_none() {
                verdicts.cannot_judge(&balancer.place, "whether the VIP leaves when its own API server fails");
                continue;
            }
            let severity = if tracked == Some(true) { Severity::Advice } else { Severity::Error };
            let breaks = if tracked == Some(true) {
                "load is never spread, and each failure of an API server costs a failover of the VIP"
            } else {
                "the API server of the holder dies, the VIP stays, and the API is gone although the others are well"
            };
            // A design says it once for all machines.
            let (place, label) = match balancer.expected.get() {
                Some(_) => (balancer.expected.place(), ""),
                None => (&only.place, "the only server"),
            };
            verdicts.broken(
                Finding::new(
                    severity,
                    place,
                    format!("the balancer of {} reaches only its own API server", balancer.name),
                )
                .at_place(place, label)
                .breaks(breaks)
                .help("list every control-plane machine as a server"),
            );
            continue;
        }
        let Some(expected) = balancer.expected.get() else {
            if balancer.servers.is_empty() {
                verdicts.cannot_judge(&balancer.place, "the servers behind it");
            } else {
                verdicts.holds();
            }
            continue;
        };
        let known = |name: &&String| balancer.servers.iter().any(|server| server.machine.as_ref() == Some(*name));
        let missing: Vec<&str> = expected.iter().filter(|name| !known(name)).map(String::as_str).collect();
        verdicts.verdict((!missing.is_empty()).then(|| {
            Finding::new(
                Severity::Warning,
                &balancer.place,
                format!("the balancer of {} does not know {}", balancer.name, missing.join(", ")),
            )
            .at(&balancer.expected, "")
            .breaks("when the servers it knows are down, the API is gone although others are well")
            .help("list every control-plane machine as a server")
        }));
    }
}

fn single_balancer(world: &World<'_>, verdicts: &mut Verdicts) {
    let Some(source) = world.design else { return };
    let place = source.place("api/balancer");
    let single = match source.design.api.balancer {
        design::Balancer::Stacked => None,
        design::Balancer::Dedicated => {
            let mut machines = source.design.machines(design::Role::Balancer).map(|(name, _)| name);
            match (machines.next(), machines.next()) {
                (Some(only), None) => Some(format!("machine/{only}")),
                _ => None,
            }
        }
        design::Balancer::External => {
            let balancers: Vec<_> = source
                .design
                .external
                .iter()
                .filter(|(_, external)| external.kind == design::ExternalKind::LoadBalancer)
                .collect();
            match balancers[..] {
                [(only, _)] => Some(format!("external/{only}")),
                _ => None,
            }
        }
    };
    verdicts.verdict(single.map(|only| {
        let goal = world.goals.one("host", Scope::Promise("api"));
        let severity = if goal { Severity::Error } else { Severity::Warning };
        let name = only.rsplit('/').next().unwrap_or_default().to_owned();
        Finding::new(severity, &source.place(only.as_str()), format!("{name} alone balances the API"))
            .at_place(&source.place(only.as_str()), "")
            .context_place(&place, "every client comes through it")
            .breaks(format!("the API is gone with {name}"))
            .help("make it a pair with VRRP, or balance on each control-plane machine")
    }));
}

fn ends_tls(world: &World<'_>, verdicts: &mut Verdicts) {
    for balancer in &world.balancers {
        let twice = balancer.servers.iter().find(|server| server.ssl.is(&true));
        match balancer.passthrough.copied() {
            Some(true) if let Some(server) = twice => verdicts.broken(
                Finding::new(
                    Severity::Error,
                    server.ssl.place(),
                    format!("the balancer of {} encrypts the TLS of clients once more", balancer.name),
                )
                .at(&server.ssl, "`ssl` in mode tcp")
                .breaks("API servers get TLS within TLS: every request fails, while the check says that all is well")
                .help("write `check-ssl` instead of `ssl`"),
            ),
            Some(true) => verdicts.holds(),
            Some(false) => verdicts.broken(
                Finding::new(
                    Severity::Error,
                    balancer.passthrough.place(),
                    format!("the balancer of {} ends TLS in front of the API", balancer.name),
                )
                .at(&balancer.passthrough, "")
                .breaks("client certificates of kubelets and kubeadm end here and are not authenticated")
                .help("`mode tcp`, without a certificate on the bind line"),
            ),
            None => verdicts.cannot_judge(&balancer.place, "its mode"),
        }
    }
}

fn names(world: &World<'_>, verdicts: &mut Verdicts) {
    for balancer in &world.balancers {
        for server in &balancer.servers {
            let Some(address) = server.address.get() else {
                verdicts.cannot_judge(&server.place, "its address");
                continue;
            };
            let literal = address.parse::<std::net::IpAddr>().is_ok() || address == "localhost" || server.nameless;
            let starts_anyway =
                matches!(server.init_addr.get(), Some(Some(methods)) if methods.split(',').any(|it| it == "none"));
            let domain = world.design.map_or("cluster.local", |source| source.design.kubernetes.dns_domain.as_str());
            verdicts.verdict((!literal && !starts_anyway).then(|| {
                let inside = in_domain(address, domain);
                let severity = if inside { Severity::Error } else { Severity::Warning };
                Finding::new(
                    severity,
                    server.address.place(),
                    format!("the balancer of {} needs DNS to find {}", balancer.name, server.name),
                )
                .at(
                    &server.address,
                    match (inside, world.is_files()) {
                        (true, _) => "a name that the cluster itself resolves",
                        (false, true) => "a name, and no hosts file has it",
                        (false, false) => "a name",
                    },
                )
                .breaks("it does not start while the name cannot be resolved, as after losing all power")
                .help("use the address")
            }));
        }
    }
}
