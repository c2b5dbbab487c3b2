//! OS-005 and UPG-005: versions that somebody still mends.

use plimsoll_diagnostics::Severity;
use plimsoll_model::design::Date;
use plimsoll_views::World;

use crate::{Evidence, Finding, Manual, Reads, Rule, Verdicts};

/// Last days of the minors of Kubernetes 1 (kubernetes.io/releases, one page a minor, as of November 2026).
const ENDS: [(u32, Date); 7] = [
    (31, Date { year: 2025, month: 10, day: 28 }),
    (32, Date { year: 2026, month: 2, day: 28 }),
    (33, Date { year: 2026, month: 6, day: 28 }),
    (34, Date { year: 2026, month: 10, day: 27 }),
    (35, Date { year: 2027, month: 2, day: 28 }),
    (36, Date { year: 2027, month: 6, day: 28 }),
    (37, Date { year: 2027, month: 10, day: 28 }),
];

pub(super) const OS_005: Rule = Rule {
    id: "OS-005",
    severity: Severity::Error,
    summary: "the container runtime is one that the kubelet works with",
    reads: Reads::Design,
    silent_behind: &[],
    manual: Manual {
        checks: "containerd 1.x: error with Kubernetes 1.38 or later, warning with 1.34 to 1.37.",
        breaks: "The kubelet asks the runtime for its settings, which 1.x does not know. What it does instead is gone from \
                 1.38 on, and the kubelet does not run; and nobody mends 1.7 since September 2026.",
        remedy: "containerd 2.",
        before: "kubernetes: { containerd: \"1.7.28\" }",
        after: "kubernetes: { containerd: \"2.3.4\" }",
        source: "kubernetes/kubernetes pull requests 136731 and 139121; Amazon EKS, notes on Kubernetes 1.35",
        evidence: Evidence::Seen,
    },
    check: old_runtime,
};

pub(super) const UPG_005: Rule = Rule {
    id: "UPG-005",
    severity: Severity::Warning,
    summary: "the version of Kubernetes is still mended",
    reads: Reads::Both,
    silent_behind: &[],
    manual: Manual {
        checks: "The last day of the minor version (kubernetes.io/releases, as of November 2026) is past. Versions that are \
                 not in the table are not judged. Distributions may mend longer.",
        breaks: "Holes that are found from then on stay open.",
        remedy: "One minor after the other, up to a version that is mended.",
        before: "kubernetesVersion: v1.33.4",
        after: "kubernetesVersion: v1.36.4",
        source: "kubernetes.io/releases, End Of Life Date of each minor",
        evidence: Evidence::Seen,
    },
    check: ended,
};

fn old_runtime(world: &World<'_>, verdicts: &mut Verdicts) {
    let Some(node) = &world.site.node else { return };
    let (Some(kubernetes), Some(containerd)) = (node.kubernetes.copied(), node.containerd.copied()) else { return };
    let old = containerd.0 < 2 && kubernetes >= (1, 34);
    verdicts.verdict(old.then(|| {
        let (severity, breaks) = if kubernetes >= (1, 38) {
            (Severity::Error, "no kubelet starts")
        } else {
            (Severity::Warning, "nobody mends it any more, and the kubelet of 1.38 does not start with it")
        };
        Finding::new(
            severity,
            node.containerd.place(),
            format!("containerd {}.{} under Kubernetes {}.{}", containerd.0, containerd.1, kubernetes.0, kubernetes.1),
        )
        .at(&node.containerd, "")
        .context(&node.kubernetes, "")
        .breaks(breaks)
        .help("`kubernetes: { containerd: \"2.3\" }`, or leave it out")
    }));
}

fn ended(world: &World<'_>, verdicts: &mut Verdicts) {
    let Some(today) = world.today else { return };
    for plane in &world.control_planes {
        let Some(version) = plane.version.get() else { continue };
        let mut parts = version.split('.');
        let minor = (parts.next() == Some("1")).then(|| parts.next()?.parse::<u32>().ok()).flatten();
        let Some((minor, end)) = ENDS.into_iter().find(|(known, _)| Some(*known) == minor) else { continue };
        verdicts.verdict((today > end).then(|| {
            Finding::new(
                Severity::Warning,
                plane.version.place(),
                format!("Kubernetes 1.{minor} has not been mended since {end}"),
            )
            .at(&plane.version, "")
            .breaks("holes that are found from then on stay open")
            .help("one minor after the other, up to a version that is mended")
            .note("by the table of November 2026; distributions may mend longer")
        }));
    }
}
