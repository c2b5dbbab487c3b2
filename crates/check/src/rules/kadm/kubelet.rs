//! KADM-018 and 020: how API servers leave, and who signs what kubelets serve with.

use plimsoll_diagnostics::Severity;
use plimsoll_model::units::Millis;
use plimsoll_views::World;

use crate::{Evidence, Finding, Manual, Reads, Rule, Verdicts};

pub(super) const KADM_018: Rule = Rule {
    id: "KADM-018",
    severity: Severity::Warning,
    summary: "an API server that stops goes on serving until the balancer has noticed, and no longer",
    reads: Reads::Design,
    silent_behind: &[],
    manual: Manual {
        checks: "Advice when shutdown-delay-duration is shorter than the balancer needs to take a server out (inter × \
                 fall); a warning when it is 25 s or more, 5 s below the grace period of the static pod (30 s).",
        breaks: "Shorter: requests are cut during each upgrade. Longer: the kubelet kills the API server before the delay \
                 has ended.",
        remedy: "10 s with inter 3s and fall 3.",
        before: "kubernetes: { apiserver: { shutdown_delay: 0s } }",
        after: "kubernetes: { apiserver: { shutdown_delay: 10s } }",
        source: "kube-apiserver reference, shutdown-delay-duration; kubernetes.io, API health endpoints",
        evidence: Evidence::SeenPrinciple,
    },
    check: shutdown,
};

pub(super) const KADM_020: Rule = Rule {
    id: "KADM-020",
    severity: Severity::Error,
    summary: "serving certificates that kubelets ask for are approved by somebody",
    reads: Reads::Design,
    silent_behind: &[],
    manual: Manual {
        checks: "KubeletConfiguration has serverTLSBootstrap and nothing approves the requests.",
        breaks: "Serving certificates are not approved by themselves: logs, exec and metrics of every node fail, again at \
                 each rotation.",
        remedy: "Install an approver for kubelet serving certificates, or leave serverTLSBootstrap false.",
        before: "serverTLSBootstrap: true",
        after: "serverTLSBootstrap: false",
        source: "kubernetes.io, certificate management with kubeadm, signed kubelet serving certificates",
        evidence: Evidence::SeenPrinciple,
    },
    check: approver,
};

/// Grace period of a static pod (kubeadm leaves the default of a pod), less a margin for the shutdown itself.
const LATEST: Millis = Millis::secs(25);

fn shutdown(world: &World<'_>, verdicts: &mut Verdicts) {
    for plane in &world.control_planes {
        let (Some(delay), Some(notices)) = (plane.shutdown_delay.copied(), plane.balancer_notices.copied()) else {
            verdicts.cannot_judge(&plane.place, "its shutdown delay and the checks of its balancer");
            continue;
        };
        verdicts.verdict(if delay >= LATEST {
            Some(
                Finding::new(
                    Severity::Warning,
                    plane.shutdown_delay.place(),
                    format!("an API server that stops waits {delay} and is killed after 30s"),
                )
                .at(&plane.shutdown_delay, "")
                .breaks("requests that it took late are cut")
                .help("keep it below 25s"),
            )
        } else if delay < notices {
            Some(
                Finding::new(
                    Severity::Advice,
                    plane.shutdown_delay.place(),
                    format!("an API server that stops leaves after {delay}, before the balancer has noticed"),
                )
                .at(&plane.shutdown_delay, "")
                .context(&plane.balancer_notices, format!("the balancer needs {notices}"))
                .breaks("requests are cut during each upgrade")
                .help(format!("set it to {notices} or a little more")),
            )
        } else {
            None
        });
    }
}

fn approver(world: &World<'_>, verdicts: &mut Verdicts) {
    for plane in &world.control_planes {
        match plane.server_tls_bootstrap.copied() {
            Some(false) => verdicts.holds(),
            Some(true) if plane.csr_approver.is(&true) => verdicts.holds(),
            // Files do not tell what else is installed.
            Some(true) if plane.csr_approver.get().is_none() => {
                verdicts
                    .cannot_judge(plane.server_tls_bootstrap.place(), "who approves serving certificates of kubelets");
            }
            Some(true) => verdicts.broken(
                Finding::new(
                    Severity::Error,
                    plane.server_tls_bootstrap.place(),
                    "kubelets ask for serving certificates that nobody approves",
                )
                .at(&plane.server_tls_bootstrap, "")
                .breaks("logs, exec and metrics of every node fail, again at each rotation")
                .help("install an approver, or set serverTLSBootstrap to false"),
            ),
            None => verdicts.cannot_judge(&plane.place, "the configuration of its kubelets"),
        }
    }
}
