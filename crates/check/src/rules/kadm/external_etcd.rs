//! KADM-009 and 010: etcd on machines of its own.

use plimsoll_diagnostics::Severity;
use plimsoll_views::World;

use crate::{Evidence, Finding, Manual, Reads, Rule, Verdicts};

pub(super) const KADM_009: Rule = Rule {
    id: "KADM-009",
    severity: Severity::Error,
    summary: "external etcd is reached by mutual TLS",
    reads: Reads::Files,
    silent_behind: &[],
    manual: Manual {
        checks: "An endpoint of `etcd.external` that is not https, or a missing caFile, certFile or keyFile.",
        breaks: "Whoever reaches the port reads and writes everything in the cluster: it is root.",
        remedy: "https endpoints and the three files.",
        before: "etcd: { external: { endpoints: [\"http://10.30.12.20:2379\"] } }",
        after: "etcd: { external: { endpoints: [\"https://10.30.12.20:2379\"], caFile: …, certFile: …, keyFile: … } }",
        source: "kubernetes.io, operating etcd clusters, securing etcd",
        evidence: Evidence::Seen,
    },
    check: mutual_tls,
};

pub(super) const KADM_010: Rule = Rule {
    id: "KADM-010",
    severity: Severity::Warning,
    summary: "external etcd is listed member by member",
    reads: Reads::Files,
    silent_behind: &[],
    manual: Manual {
        checks: "`etcd.external` has a single endpoint.",
        breaks: "A balancer hides the failure of a member and is one more thing to fail; a single member is no quorum.",
        remedy: "List every member: API servers balance and fail over by themselves.",
        before: "endpoints: [\"https://etcd.example.edu:2379\"]",
        after: "endpoints: [\"https://10.30.12.20:2379\", \"https://10.30.12.21:2379\", \"https://10.30.12.22:2379\"]",
        source: "kubespray docs/operations/ha-mode.md",
        evidence: Evidence::SeenPrinciple,
    },
    check: listed,
};

fn mutual_tls(world: &World<'_>, verdicts: &mut Verdicts) {
    for plane in world.control_planes.iter().filter(|plane| plane.etcd_stacked.is(&false)) {
        let plain: Vec<_> = plane
            .external_etcd
            .iter()
            .filter(|endpoint| endpoint.get().is_some_and(|url| !url.starts_with("https://")))
            .collect();
        let finding = if let [first, others @ ..] = &plain[..] {
            let finding =
                Finding::new(Severity::Error, first.place(), "external etcd is reached without TLS").at(first, "");
            let finding = others.iter().fold(finding, |finding, other| finding.context(other, ""));
            Some(
                finding
                    .breaks("whoever reaches the port reads and writes everything in the cluster")
                    .help("use https and client certificates"),
            )
        } else if let [first, ..] = &plane.external_etcd_lacks[..] {
            let names: Vec<String> =
                plane.external_etcd_lacks.iter().filter_map(|file| Some(format!("`{}`", file.get()?))).collect();
            Some(
                Finding::new(Severity::Error, first.place(), format!("external etcd has no {}", names.join(", ")))
                    .at(first, "")
                    .breaks("API servers do not authenticate to etcd, or cannot connect")
                    .help("name caFile, certFile and keyFile"),
            )
        } else {
            None
        };
        verdicts.verdict(finding);
    }
}

fn listed(world: &World<'_>, verdicts: &mut Verdicts) {
    for plane in world.control_planes.iter().filter(|plane| plane.etcd_stacked.is(&false)) {
        verdicts.verdict(match &plane.external_etcd[..] {
            [only] => Some(
                Finding::new(Severity::Warning, only.place(), "external etcd has a single endpoint")
                    .at(only, "")
                    .breaks("the API is gone with that endpoint, or a balancer hides that members have failed")
                    .help("list every member"),
            ),
            _ => None,
        });
    }
}
