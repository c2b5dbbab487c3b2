//! WKL-015 and 016: programs in the way of every request.

use plimsoll_diagnostics::Severity;
use plimsoll_views::World;

use crate::{Evidence, Finding, Manual, Reads, Rule, Verdicts};

pub(super) const WKL_015: Rule = Rule {
    id: "WKL-015",
    severity: Severity::Warning,
    summary: "a webhook that must answer has two copies",
    reads: Reads::Files,
    silent_behind: &[],
    manual: Manual {
        checks: "A validating or mutating webhook with failurePolicy Fail (the default) whose service leads to a workload \
                 of fewer than 2 copies.",
        breaks: "While its pod is away, the API stores none of the objects that it is asked about: its own pod may be \
                 among them, and then it never comes back.",
        remedy: "Two copies, and kube-system and its own namespace left out by `namespaceSelector`.",
        before: "failurePolicy: Fail\n# Deployment: replicas: 1",
        after: "failurePolicy: Fail\n# Deployment: replicas: 2",
        source: "Kubernetes documentation, Dynamic Admission Control, Failure policy; general expertise",
        evidence: Evidence::Expertise,
    },
    check: single,
};

pub(super) const WKL_016: Rule = Rule {
    id: "WKL-016",
    severity: Severity::Warning,
    summary: "ingress is not served by a retired project",
    reads: Reads::Files,
    silent_behind: &[],
    manual: Manual {
        checks: "An image `ingress-nginx/controller` or an IngressClass with the controller `k8s.io/ingress-nginx`. F5's \
                 NGINX Ingress Controller is another program.",
        breaks: "The project was retired in March 2026: holes in the door to all services are not mended any more.",
        remedy: "A Gateway API implementation, or another controller.",
        before: "- image: registry.k8s.io/ingress-nginx/controller:v1.13.3",
        after: "# Gateway API",
        source: "Amazon EKS, notes on Kubernetes 1.35; Kubernetes blog on the retirement",
        evidence: Evidence::Seen,
    },
    check: retired,
};

fn single(world: &World<'_>, verdicts: &mut Verdicts) {
    for webhook in &world.workloads.webhooks {
        match (webhook.fails.copied(), webhook.replicas.copied()) {
            (Some(false), _) => verdicts.holds(),
            (Some(true), Some(replicas)) => verdicts.verdict((replicas < 2).then(|| {
                Finding::new(
                    Severity::Warning,
                    &webhook.place,
                    format!("nothing is stored while the only copy behind {} is away", webhook.name),
                )
                .at_place(&webhook.place, "`failurePolicy: Fail`")
                .context(&webhook.replicas, "one copy")
                .breaks("the API refuses the objects it is asked about, its own pod perhaps among them")
                .help("two copies, and kube-system left out by `namespaceSelector`")
            })),
            _ => verdicts.cannot_judge(&webhook.place, "the workload behind its service"),
        }
    }
}

fn retired(world: &World<'_>, verdicts: &mut Verdicts) {
    let Some(first) = world.workloads.ingress_nginx.first() else { return };
    verdicts.broken(
        Finding::new(Severity::Warning, first.place(), "ingress-nginx was retired in March 2026")
            .at(first, "")
            .breaks("holes in the door to all services are not mended any more")
            .help("a Gateway API implementation, or another controller"),
    );
}
