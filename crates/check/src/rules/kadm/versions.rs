//! KADM-014 and 015: versions that belong together.

use plimsoll_diagnostics::Severity;
use plimsoll_views::World;

use crate::{Evidence, Finding, Manual, Reads, Rule, Verdicts};

pub(super) const KADM_014: Rule = Rule {
    id: "KADM-014",
    severity: Severity::Warning,
    summary: "operators and network plugin were tested with this version of Kubernetes",
    reads: Reads::Design,
    silent_behind: &[],
    manual: Manual {
        checks: "The minor of Kubernetes is outside the range that the project tested with: Calico 3.31: 1.32 to 1.35; \
                 Calico 3.32: 1.34 to 1.36; Rook 1.20: 1.31 to 1.36 (as of November 2026). A version that the table \
                 does not know cannot be judged.",
        breaks: "It may work; nobody has tried, and nobody will help.",
        remedy: "Choose versions from the same row.",
        before: "kubernetes: { version: \"1.37\" }    # with Calico 3.32",
        after: "kubernetes: { version: \"1.36\" }",
        source: "Calico system requirements; Rook prerequisites",
        evidence: Evidence::Seen,
    },
    check: tested_together,
};

pub(super) const KADM_015: Rule = Rule {
    id: "KADM-015",
    severity: Severity::Error,
    summary: "kubeadm's files have the form that its version reads",
    reads: Reads::Files,
    silent_behind: &[],
    manual: Manual {
        checks: "v1beta4 with extra arguments as a map (it wants a list of name and value), or v1beta3 with a list; v1beta4 \
                 for kubeadm before 1.31; v1beta3 for kubeadm 1.37 or later; v1beta2 for 1.27 or later: errors. v1beta3 for 1.31 to 1.36: a warning.",
        breaks: "kubeadm refuses the file.",
        remedy: "`kubeadm config migrate`, or write the list: `- { name: audit-log-path, value: /var/log/audit.log }`.",
        before: "apiVersion: kubeadm.k8s.io/v1beta4\napiServer:\n  extraArgs:\n    goaway-chance: \"0.001\"",
        after: "apiVersion: kubeadm.k8s.io/v1beta4\napiServer:\n  extraArgs:\n    - { name: goaway-chance, value: \"0.001\" }",
        source: "kubernetes.io, kubeadm configuration v1beta4; kubernetes/kubernetes pulls 114540 and 125029 (the end of v1beta3 in \
                 1.37 is inferred)",
        evidence: Evidence::Tested("kubeadm 1.36.4, config validate: map, list, v1beta2, v1beta3 and v1"),
    },
    check: form,
};

/// Program, its version prefix, and the minors of Kubernetes 1.x that it was tested with.
const TESTED: [(&str, &str, u32, u32); 4] =
    [("calico", "3.31.", 32, 35), ("calico", "3.32.", 34, 36), ("rook", "1.20.", 31, 36), ("rook", "1.19.", 30, 35)];

fn minor(version: &str) -> Option<u32> {
    version.trim_start_matches('v').split('.').nth(1)?.parse().ok()
}

fn tested_together(world: &World<'_>, verdicts: &mut Verdicts) {
    for plane in &world.control_planes {
        let Some(minor) = plane.version.get().and_then(|version| minor(version)) else {
            verdicts.cannot_judge(&plane.place, "the version of Kubernetes");
            continue;
        };
        for (name, version) in &plane.programs {
            if !TESTED.iter().any(|(program, ..)| *program == name.as_str()) {
                continue;
            }
            let Some(text) = version.get() else { continue };
            let row = TESTED.iter().find(|(program, prefix, ..)| *program == name.as_str() && text.starts_with(prefix));
            let Some((_, _, from, to)) = row else {
                verdicts.cannot_judge(version.place(), format!("which versions {name} {text} was tested with"));
                continue;
            };
            verdicts.verdict((minor < *from || minor > *to).then(|| {
                Finding::new(
                    Severity::Warning,
                    version.place(),
                    format!("{name} {text} was not tested with Kubernetes 1.{minor}"),
                )
                .at(&plane.version, format!("tested with 1.{from} to 1.{to}"))
                .context(version, "")
                .breaks("it may work; nobody has tried")
                .help(format!("use Kubernetes 1.{from} to 1.{to}, or another version of {name}"))
            }));
        }
    }
}

fn form(world: &World<'_>, verdicts: &mut Verdicts) {
    for plane in &world.control_planes {
        let Some(api) = plane.kubeadm_api.get() else {
            verdicts.cannot_judge(&plane.place, "the version of kubeadm's form");
            continue;
        };
        let form = api.rsplit('/').next().unwrap_or_default();
        for args in &plane.args_as_list {
            let list = &args.as_list;
            let form = args.api.get().and_then(|api| api.rsplit('/').next()).unwrap_or_default();
            let wants_list = match form {
                "v1beta4" => Some(true),
                "v1beta3" | "v1beta2" => Some(false),
                _ => None,
            };
            let wrong = wants_list.zip(list.copied()).filter(|(wanted, given)| wanted != given);
            verdicts.verdict(wrong.map(|(wanted, _)| {
                let (given, wanted) = if wanted { ("a map", "a list of name and value") } else { ("a list", "a map") };
                Finding::new(Severity::Error, list.place(), format!("kubeadm {form} wants extra arguments as {wanted}"))
                    .at(list, given)
                    .context(&args.api, "")
                    .breaks("kubeadm refuses the file")
                    .help("write `- { name: FLAG, value: \"VALUE\" }`, or run `kubeadm config migrate`")
            }));
        }
        let Some(minor) = plane.version.get().and_then(|version| minor(version)) else {
            verdicts.cannot_judge(&plane.place, "the version of Kubernetes");
            continue;
        };
        let unread = match form {
            "v1beta4" if minor < 31 => Some((Severity::Error, "is not known before kubeadm 1.31")),
            "v1beta3" if minor >= 37 => Some((Severity::Error, "is gone from kubeadm 1.37")),
            "v1beta3" if minor >= 31 => Some((Severity::Warning, "is deprecated since kubeadm 1.31")),
            "v1beta2" if minor >= 27 => Some((Severity::Error, "is gone from kubeadm 1.27")),
            "v1" => Some((Severity::Error, "is not served by any kubeadm")),
            _ => None,
        };
        verdicts.verdict(unread.map(|(severity, why)| {
            Finding::new(severity, plane.kubeadm_api.place(), format!("{form} {why}"))
                .at(&plane.kubeadm_api, "")
                .context(&plane.version, "")
                .breaks(if severity == Severity::Error {
                    "kubeadm refuses the file"
                } else {
                    "the upgrade to Kubernetes 1.37 stops at this file"
                })
                .help("`kubeadm config migrate` writes the newer form")
        }));
    }
}
