//! KADM-011 and 019: certificates that end, Secrets in clear.

use plimsoll_diagnostics::Severity;
use plimsoll_model::units::Millis;
use plimsoll_views::World;

use crate::{Evidence, Finding, Manual, Reads, Rule, Verdicts};

pub(super) const KADM_011: Rule = Rule {
    id: "KADM-011",
    severity: Severity::Warning,
    summary: "certificates are renewed before they end",
    reads: Reads::Design,
    silent_behind: &[],
    manual: Manual {
        checks: "Nobody plans to renew the certificates that kubeadm made, or the interval exceeds their life less 30 \
                 days. Client certificates of kubelets rotate by themselves.",
        breaks: "On the anniversary of the installation the API servers, controller managers and schedulers stop \
                 talking to each other, and the cluster with them.",
        remedy: "`kubeadm upgrade` at least once a year (it renews), or `kubeadm certs renew all` and a restart of the \
                 static pods. Neither renews the authorities, which live for 10 years.",
        before: "certificates: { renew_every: 1y }",
        after: "certificates: { renew_every: 180d }",
        source: "kubernetes.io, certificate management with kubeadm",
        evidence: Evidence::Seen,
    },
    check: renewal,
};

pub(super) const KADM_019: Rule = Rule {
    id: "KADM-019",
    severity: Severity::Advice,
    summary: "Secrets are encrypted at rest",
    reads: Reads::Both,
    silent_behind: &[],
    manual: Manual {
        checks: "The API server has no encryption provider configuration.",
        breaks: "Whoever gets a snapshot of etcd reads every Secret.",
        remedy: "An EncryptionConfiguration with secretbox; keep its key with the backups, apart from the snapshots.",
        before: "kubernetes: { encryption: none }",
        after: "kubernetes: { encryption: secretbox }",
        source: "kubernetes.io, encrypting confidential data at rest",
        evidence: Evidence::Seen,
    },
    check: clear_secrets,
};

fn renewal(world: &World<'_>, verdicts: &mut Verdicts) {
    for plane in &world.control_planes {
        let (Some(life), Some(renewal)) = (plane.certificate_life.copied(), plane.renewal.copied()) else {
            verdicts.cannot_judge(&plane.place, "when certificates are renewed");
            continue;
        };
        let latest = Millis(life.0.saturating_sub(Millis::days(30).0));
        verdicts.verdict(match renewal {
            None => Some(
                Finding::new(Severity::Warning, plane.renewal.place(), "nobody plans to renew the certificates")
                    .at(&plane.renewal, "")
                    .context(&plane.certificate_life, format!("they live for {life}"))
                    .breaks("on the anniversary of the installation the control plane stops")
                    .help("plan a renewal every 180d"),
            ),
            Some(every) if every > latest => Some(
                Finding::new(
                    Severity::Warning,
                    plane.renewal.place(),
                    format!("certificates that live for {life} are renewed every {every}"),
                )
                .at(&plane.renewal, "less than 30 days before they end")
                .breaks("one late renewal stops the control plane")
                .help("renew them every 180d"),
            ),
            Some(_) => None,
        });
    }
}

fn clear_secrets(world: &World<'_>, verdicts: &mut Verdicts) {
    for plane in &world.control_planes {
        match plane.encrypted.copied() {
            Some(true) => verdicts.holds(),
            Some(false) => verdicts.broken(
                Finding::new(Severity::Advice, plane.encrypted.place(), "Secrets lie in etcd in clear")
                    .at(&plane.encrypted, "")
                    .breaks("whoever gets a snapshot reads every Secret")
                    .help("encrypt them at rest by an EncryptionConfiguration"),
            ),
            None => verdicts.cannot_judge(&plane.place, "the flags of the API servers"),
        }
    }
}
