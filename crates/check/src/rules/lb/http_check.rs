//! LB-004, 006, 007, 020 and 024: what the check asks.

use plimsoll_diagnostics::Severity;
use plimsoll_views::World;
use plimsoll_views::balancer::Balancer;

use crate::{Evidence, Finding, Manual, Reads, Rule, Verdicts};

pub(super) const LB_004: Rule = Rule {
    id: "LB-004",
    severity: Severity::Warning,
    summary: "servers are asked for /readyz, not just for a connection",
    reads: Reads::Both,
    silent_behind: &["LB-024"],
    manual: Manual {
        checks: "Servers are not checked, or only by opening a connection.",
        breaks: "An API server that lost its etcd takes connections and gets its share of the traffic.",
        remedy: "option httpchk with `http-check send meth GET uri /readyz` over TLS, status 200.",
        before: "backend api\n    server cp-1 10.30.12.10:6443 check",
        after: "backend api\n    option httpchk\n    http-check send meth GET uri /readyz\n    http-check expect status 200\n    \
                server cp-1 10.30.12.10:6443 check check-ssl verify required ca-file /etc/kubernetes/pki/ca.crt",
        source: "kubernetes.io, API health endpoints; kubeadm ha-considerations.md",
        evidence: Evidence::Seen,
    },
    check: plain_tcp,
};

pub(super) const LB_006: Rule = Rule {
    id: "LB-006",
    severity: Severity::Advice,
    summary: "the check asks for /readyz, not for /healthz",
    reads: Reads::Both,
    silent_behind: &[],
    manual: Manual {
        checks: "The path of the check is /healthz, which a much-read article recommends.",
        breaks: "/healthz is deprecated since Kubernetes 1.16 and does not fail while an API server shuts down: requests \
                 are cut instead of drained.",
        remedy: "/readyz.",
        before: "http-check send meth GET uri /healthz",
        after: "http-check send meth GET uri /readyz",
        source: "kubernetes.io, API health endpoints; karmada-io/karmada issue 6277",
        evidence: Evidence::Seen,
    },
    check: healthz,
};

pub(super) const LB_007: Rule = Rule {
    id: "LB-007",
    severity: Severity::Error,
    summary: "the health paths answer without credentials when the check has none",
    reads: Reads::Both,
    silent_behind: &[],
    manual: Manual {
        checks: "HAProxy asks over HTTP without a client certificate or a token, and the API server refuses requests without credentials \
                 (`--anonymous-auth=false` without an AuthenticationConfiguration that lets the health paths through).",
        breaks: "Every server answers 401 and counts as down; the probes of kubeadm's own static pods fail as well.",
        remedy: "An AuthenticationConfiguration that allows /livez, /readyz and /healthz without credentials.",
        before: "- { name: anonymous-auth, value: \"false\" }",
        after: "anonymous: { enabled: true, conditions: [{ path: /livez }, { path: /readyz }, { path: /healthz }] }",
        source: "k3s-io/k3s issue 3576; kubernetes.io, anonymous requests",
        evidence: Evidence::SeenPrinciple,
    },
    check: anonymous,
};

pub(super) const LB_020: Rule = Rule {
    id: "LB-020",
    severity: Severity::Error,
    summary: "an HTTP/1.1 check sends a Host header",
    reads: Reads::Files,
    silent_behind: &[],
    manual: Manual {
        checks: "The check asks by HTTP/1.1 or later, sends no Host header, and expects 200 (the default version is \
                 HTTP/1.0, which needs none).",
        breaks: "HAProxy adds no Host, and Go answers 400: every server is down, and `haproxy -c` says nothing.",
        remedy: "`http-check send meth GET uri /readyz ver HTTP/1.1 hdr host api`.",
        before: "http-check send meth GET uri /readyz ver HTTP/1.1",
        after: "http-check send meth GET uri /readyz ver HTTP/1.1 hdr host api.k8s.example.edu",
        source: "haproxy configuration.txt, http-check send; haproxy tcpcheck.c; Go net/http server.go",
        evidence: Evidence::Tested("haproxy 2.6.12"),
    },
    check: host_header,
};

pub(super) const LB_024: Rule = Rule {
    id: "LB-024",
    severity: Severity::Warning,
    summary: "http-check rules come with option httpchk",
    reads: Reads::Files,
    silent_behind: &[],
    manual: Manual {
        checks: "`http-check` rules in a backend without `option httpchk`.",
        breaks: "The rules are ignored with a mere warning at the start: a plain connection counts as healthy.",
        remedy: "Add `option httpchk`.",
        before: "http-check send meth GET uri /readyz",
        after: "option httpchk\nhttp-check send meth GET uri /readyz",
        source: "haproxy configuration.txt, option httpchk",
        evidence: Evidence::Tested("haproxy 2.6.12 and 3.0.11"),
    },
    check: rules_without_option,
};

fn plain_tcp(world: &World<'_>, verdicts: &mut Verdicts) {
    for balancer in &world.balancers {
        let check = &balancer.check;
        let (Some(enabled), Some(http)) = (check.enabled.copied(), check.http.copied()) else {
            verdicts.cannot_judge(&balancer.place, "how it checks servers");
            continue;
        };
        verdicts.verdict((!enabled || !http).then(|| {
            let what = if enabled { "only opens a connection to" } else { "does not check all" };
            let place = if enabled { check.http.place() } else { check.enabled.place() };
            Finding::new(Severity::Warning, place, format!("the balancer of {} {what} its servers", balancer.name))
                .at_place(place, if enabled { "" } else { "no `check`" })
                .breaks("an API server that lost its etcd still gets its share of the requests")
                .help("`option httpchk` with GET /readyz over TLS")
                .cause(format!("{}/http", balancer.name))
        }));
    }
}

fn healthz(world: &World<'_>, verdicts: &mut Verdicts) {
    for balancer in asked_by_http(world) {
        let Some(uri) = balancer.check.uri.get() else {
            verdicts.cannot_judge(&balancer.check.place, "the path of the check");
            continue;
        };
        verdicts.verdict(uri.starts_with("/healthz").then(|| {
            Finding::new(
                Severity::Advice,
                balancer.check.uri.place(),
                format!("the balancer of {} asks for /healthz", balancer.name),
            )
            .at(&balancer.check.uri, "deprecated since Kubernetes 1.16")
            .breaks("it does not fail while a server shuts down, so its requests are cut instead of drained")
            .help("ask for /readyz")
        }));
    }
}

fn anonymous(world: &World<'_>, verdicts: &mut Verdicts) {
    for balancer in asked_by_http(world).filter(|balancer| !balancer.check.credentials.is(&true)) {
        match balancer.anonymous_health.copied() {
            Some(true) => verdicts.holds(),
            Some(false) => verdicts.broken(
                Finding::new(
                    Severity::Error,
                    balancer.anonymous_health.place(),
                    format!("the API server refuses the check of {}", balancer.name),
                )
                .at(&balancer.anonymous_health, "requests without credentials get 401")
                .context_place(&balancer.check.place, "the check has no credentials")
                .breaks("every server counts as down, and kubeadm's own probes fail")
                .help("let /livez, /readyz and /healthz through in an AuthenticationConfiguration"),
            ),
            None => verdicts.cannot_judge(&balancer.place, "the flags of the API servers"),
        }
    }
}

fn host_header(world: &World<'_>, verdicts: &mut Verdicts) {
    for balancer in asked_by_http(world) {
        let check = &balancer.check;
        let (Some(version), Some(host), Some(expects)) =
            (check.version.get(), check.host_header.copied(), check.expects_200.copied())
        else {
            verdicts.cannot_judge(&check.place, "what the check sends and expects");
            continue;
        };
        verdicts.verdict((version != "HTTP/1.0" && !host && expects).then(|| {
            Finding::new(
                Severity::Error,
                check.version.place(),
                format!("the check of {} asks by {version} without a Host header", balancer.name),
            )
            .at(&check.version, "")
            .breaks("Go answers 400, every server counts as down, and `haproxy -c` says nothing")
            .help("add `hdr host NAME`, or leave the version out")
        }));
    }
}

fn rules_without_option(world: &World<'_>, verdicts: &mut Verdicts) {
    for balancer in &world.balancers {
        let check = &balancer.check;
        let (Some(rules), Some(http)) = (check.rules.copied(), check.http.copied()) else { continue };
        verdicts.verdict((rules && !http).then(|| {
            Finding::new(
                Severity::Warning,
                check.rules.place(),
                format!("the http-check rules of {} are ignored", balancer.name),
            )
            .at(&check.rules, "no `option httpchk`")
            .breaks("a plain connection counts as healthy: an API server that lost its etcd gets requests")
            .help("add `option httpchk`")
            .cause(format!("{}/http", balancer.name))
        }));
    }
}

/// Balancers whose check speaks HTTP.
fn asked_by_http<'a>(world: &'a World<'_>) -> impl Iterator<Item = &'a Balancer> {
    world.balancers.iter().filter(|balancer| balancer.check.http.is(&true))
}
