//! LB-005 and 021: the check speaks TLS, and says how far it trusts.

use plimsoll_diagnostics::Severity;
use plimsoll_views::World;

use crate::{Evidence, Finding, Manual, Reads, Rule, Verdicts};

pub(super) const LB_005: Rule = Rule {
    id: "LB-005",
    severity: Severity::Error,
    summary: "an HTTP check of an API server speaks TLS",
    reads: Reads::Both,
    silent_behind: &[],
    manual: Manual {
        checks: "`option httpchk` towards API servers without `check-ssl` (or `http-check connect ssl`). `ssl` on the \
                 server line is no substitute: the check then speaks TLS, and so do the clients' connections once more \
                 (LB-017). A check to a port of its own cannot be judged.",
        breaks: "Plain HTTP to a TLS port answers 400: every server is down.",
        remedy: "Add check-ssl with an authority.",
        before: "server cp-1 10.30.12.10:6443 check",
        after: "server cp-1 10.30.12.10:6443 check check-ssl verify required ca-file /etc/kubernetes/pki/ca.crt",
        source: "kubeadm ha-considerations.md; haproxy configuration.txt, check-ssl",
        evidence: Evidence::Tested("haproxy 3.0.11 before a TLS port: without check-ssl down, with it or with ssl up"),
    },
    check: plain_http,
};

pub(super) const LB_021: Rule = Rule {
    id: "LB-021",
    severity: Severity::Error,
    summary: "a TLS check names an authority, or says that it verifies nothing",
    reads: Reads::Files,
    silent_behind: &[],
    manual: Manual {
        checks: "A server line with check-ssl (or `http-check connect ssl`) and neither `verify none` nor `ca-file`, nor \
                 a global `ssl-server-verify none`.",
        breaks: "HAProxy does not start: verification is on by default, and no authority is given.",
        remedy: "`verify required ca-file …`, or `verify none`.",
        before: "server cp-1 10.30.12.10:6443 check check-ssl",
        after: "server cp-1 10.30.12.10:6443 check check-ssl verify required ca-file /etc/kubernetes/pki/ca.crt",
        source: "haproxy configuration.txt, verify and ssl-server-verify",
        evidence: Evidence::Tested("haproxy 2.6.12 and 3.0.11: refuse to start"),
    },
    check: no_authority,
};

fn plain_http(world: &World<'_>, verdicts: &mut Verdicts) {
    for balancer in world.balancers.iter().filter(|balancer| balancer.check.http.is(&true)) {
        let Some(server) = balancer.servers.iter().find(|server| server.check_ssl.is(&false)) else {
            match balancer.servers.iter().find(|server| server.check_ssl.get().is_none()) {
                Some(server) => verdicts.cannot_judge(&server.place, "what answers at the port of its check"),
                None => verdicts.holds(),
            }
            continue;
        };
        verdicts.broken(
            Finding::new(
                Severity::Error,
                server.check_ssl.place(),
                format!("the balancer of {} asks a TLS port by plain HTTP", balancer.name),
            )
            .at(&server.check_ssl, "no check-ssl")
            .breaks("every API server answers 400 and counts as down")
            .help("add `check-ssl verify required ca-file /etc/kubernetes/pki/ca.crt`"),
        );
    }
}

fn no_authority(world: &World<'_>, verdicts: &mut Verdicts) {
    for balancer in &world.balancers {
        for server in balancer.servers.iter().filter(|server| server.check_ssl.is(&true)) {
            let (Some(verify), Some(ca_file)) = (server.verify.get(), server.ca_file.get()) else {
                verdicts.cannot_judge(&server.place, "how it verifies");
                continue;
            };
            let open = verify.as_deref() == Some("none");
            verdicts.verdict((!open && ca_file.is_none()).then(|| {
                Finding::new(
                    Severity::Error,
                    server.check_ssl.place(),
                    format!("the check of {} verifies against no authority", server.name),
                )
                .at(&server.check_ssl, "neither `verify none` nor `ca-file`")
                .breaks("HAProxy does not start")
                .help("add `verify required ca-file /etc/kubernetes/pki/ca.crt`")
            }));
        }
    }
}
