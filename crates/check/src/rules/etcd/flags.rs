//! ETCD-018 and 023: flags that take something away.

use plimsoll_diagnostics::Severity;
use plimsoll_views::World;

use crate::{Evidence, Finding, Manual, Reads, Rule, Verdicts};

pub(super) const ETCD_018: Rule = Rule {
    id: "ETCD-018",
    severity: Severity::Warning,
    summary: "members compare their data before they serve",
    reads: Reads::Both,
    silent_behind: &[],
    manual: Manual {
        checks: "etcd outside kubeadm without an initial corruption check; or extra arguments of kubeadm's etcd that \
                 replace a default of the same name and lose it: `feature-gates` without InitialCorruptCheck=true, \
                 `listen-metrics-urls` without http://127.0.0.1:2381 (which its probes ask), \
                 `experimental-initial-corrupt-check=false`.",
        breaks: "A member whose data differ serves them without a word; without its metrics URL the static pod fails its \
                 probes and restarts.",
        remedy: "Leave kubeadm's defaults, or repeat them in your own value.",
        before: "- { name: feature-gates, value: \"StopGRPCServiceOnDefrag=true\" }",
        after: "- { name: feature-gates, value: \"InitialCorruptCheck=true,StopGRPCServiceOnDefrag=true\" }",
        source: "kubeadm phases/etcd/local.go (getEtcdCommand)",
        evidence: Evidence::Seen,
    },
    check: corruption,
};

pub(super) const ETCD_023: Rule = Rule {
    id: "ETCD-023",
    severity: Severity::Error,
    summary: "no experimental flags with etcd 3.7",
    reads: Reads::Both,
    silent_behind: &[],
    manual: Manual {
        checks: "A flag `experimental-…` or a variable ETCD_EXPERIMENTAL_…: an error with etcd 3.7 or later (the default \
                 of kubeadm from Kubernetes 1.37 on), advice with a version before or unknown.",
        breaks: "etcd 3.7 does not know these flags and does not start.",
        remedy: "The 3.6 name without `experimental-`, or an entry of feature-gates, before the upgrade.",
        before: "--experimental-initial-corrupt-check=true",
        after: "--feature-gates=InitialCorruptCheck=true",
        source: "etcd upgrade guide 3.6 to 3.7",
        evidence: Evidence::Seen,
    },
    check: experimental,
};

fn corruption(world: &World<'_>, verdicts: &mut Verdicts) {
    for member in world.etcd.iter().flat_map(|cluster| &cluster.members) {
        if let Some(lost) = member.lost_defaults.first() {
            let name = lost.get().map_or("", String::as_str);
            let breaks = match name {
                "listen-metrics-urls" => "the probes of the static pod fail, and it restarts for ever",
                _ => "a member whose data differ from the others' serves them without a word",
            };
            verdicts.broken(
                Finding::new(
                    Severity::Warning,
                    lost.place(),
                    format!("`{name}` of {} replaces a default of kubeadm and loses it", member.name),
                )
                .at(lost, "")
                .breaks(breaks)
                .help("repeat the default in your own value, or leave the flag out")
                .cause(lost.place().component()),
            );
            continue;
        }
        match member.corrupt_check.copied() {
            Some(true) => verdicts.holds(),
            Some(false) => verdicts.broken(
                Finding::new(
                    Severity::Warning,
                    member.corrupt_check.place(),
                    format!("etcd of {} serves without comparing its data", member.name),
                )
                .at(&member.corrupt_check, "no initial corruption check")
                .breaks("a member whose data differ from the others' serves them without a word")
                .help("--feature-gates=InitialCorruptCheck=true (3.5: --experimental-initial-corrupt-check=true)"),
            ),
            None => verdicts.cannot_judge(&member.place, "its feature gates"),
        }
    }
}

fn experimental(world: &World<'_>, verdicts: &mut Verdicts) {
    for member in world.etcd.iter().flat_map(|cluster| &cluster.members) {
        let Some(flag) = member.experimental.first() else {
            verdicts.holds();
            continue;
        };
        let minor = member.version.get().and_then(|version| {
            let mut parts = version.trim_start_matches('v').split('.').map(|part| part.parse::<u32>().ok());
            Some((parts.next()??, parts.next()??))
        });
        let gone = minor.is_some_and(|minor| minor >= (3, 7));
        let name = flag.get().map_or("", String::as_str);
        verdicts.broken(
            Finding::new(
                if gone { Severity::Error } else { Severity::Advice },
                flag.place(),
                format!("etcd of {} is given `{name}`, which version 3.7 does not know", member.name),
            )
            .at(flag, "")
            .breaks(if gone {
                "etcd does not start"
            } else {
                "etcd does not start after the upgrade to 3.7, which comes with Kubernetes 1.37"
            })
            .help("use the name without `experimental-`, or an entry of feature-gates"),
        );
    }
}
