//! ETCD-018 and 023: flags that take something away.

use plimsoll_diagnostics::Severity;
use plimsoll_views::World;
use plimsoll_views::etcd::EtcdMember;

use crate::{Evidence, Finding, Manual, Reads, Rule, Verdicts};

pub(super) const ETCD_017: Rule = Rule {
    id: "ETCD-017",
    severity: Severity::Error,
    summary: "nobody sets enable-v2",
    reads: Reads::Both,
    silent_behind: &[],
    manual: Manual {
        checks: "The flag `enable-v2` is stated: an error with etcd 3.6 or later, which does not know it, whatever its \
                 value. With an older or unknown version, or as a variable, a warning when it is true.",
        breaks: "etcd 3.6 does not start. Data of the v2 store, which the flag let in, stop the upgrade: `etcdutl check \
                 v2store` (3.5.32 and later) must find none on any member.",
        remedy: "Remove the flag, once the v2 store was found clean.",
        before: "ETCD_ENABLE_V2=true",
        after: "# not set",
        source: "etcd upgrade guide 3.5 to 3.6; etcd-io/website pull 1179",
        evidence: Evidence::Seen,
    },
    check: v2,
};

pub(super) const ETCD_018: Rule = Rule {
    id: "ETCD-018",
    severity: Severity::Warning,
    summary: "members compare their data before they serve",
    reads: Reads::Both,
    silent_behind: &[],
    manual: Manual {
        checks: "etcd outside kubeadm without an initial corruption check; or extra arguments of kubeadm's etcd that \
                 replace a default of the same name and lose it: `feature-gates` without InitialCorruptCheck=true, \
                 `experimental-initial-corrupt-check=false`; or whose first `listen-metrics-urls` is https. kubeadm \
                 takes host, port and scheme of the probes from that first URL, so that any http address serves.",
        breaks: "A member whose data differ serves them without a word. By https etcd asks for a client certificate, which \
                 probes have not: they fail, and the static pod restarts for ever.",
        remedy: "Leave kubeadm's defaults, or repeat them in your own value.",
        before: "- { name: feature-gates, value: \"StopGRPCServiceOnDefrag=true\" }",
        after: "- { name: feature-gates, value: \"InitialCorruptCheck=true,StopGRPCServiceOnDefrag=true\" }",
        source: "kubeadm phases/etcd/local.go (getEtcdCommand) and util/staticpod/utils.go (GetEtcdProbeEndpoint); etcd \
                 embed/etcd.go (serveMetrics)",
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
        checks: "A flag `experimental-…`: an error with etcd 3.7 or later (the default of kubeadm from Kubernetes 1.37 on); \
                 a variable ETCD_EXPERIMENTAL_… or such a key of etcd's file: a warning then. Advice with a version before \
                 or unknown.",
        breaks: "etcd does not start with a flag that it does not know; a variable or a key of its file it leaves out, so \
                 that what was set is lost.",
        remedy: "The 3.6 name without `experimental-`, or an entry of feature-gates, before the upgrade.",
        before: "--experimental-initial-corrupt-check=true",
        after: "--feature-gates=InitialCorruptCheck=true",
        source: "etcd upgrade guide 3.6 to 3.7",
        evidence: Evidence::Tested("etcd 3.5.16: an unknown flag, variable and key of the file"),
    },
    check: experimental,
};

fn corruption(world: &World<'_>, verdicts: &mut Verdicts) {
    for member in world.etcd.iter().flat_map(|cluster| &cluster.members) {
        if let Some(lost) = member.lost_defaults.first() {
            let name = lost.get().map_or("", String::as_str);
            let (message, breaks, help) = if name == "listen-metrics-urls" {
                (
                    format!("the probes of {} ask etcd by https, and have no certificate to show", member.name),
                    "the probes of the static pod fail, and it restarts for ever",
                    "name an http address first, such as http://127.0.0.1:2381",
                )
            } else {
                (
                    format!("`{name}` of {} replaces a default of kubeadm and loses it", member.name),
                    "a member whose data differ from the others' serves them without a word",
                    "repeat the default in your own value, or leave the flag out",
                )
            };
            verdicts.broken(
                Finding::new(Severity::Warning, lost.place(), message)
                    .at(lost, "")
                    .breaks(breaks)
                    .help(help)
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

fn v2(world: &World<'_>, verdicts: &mut Verdicts) {
    for member in world.etcd.iter().flat_map(|cluster| &cluster.members) {
        let Some(stated) = member.enable_v2.copied() else {
            verdicts.cannot_judge(&member.place, "its enable-v2");
            continue;
        };
        let gone = member.enable_v2_by_flag && minor(member).is_some_and(|minor| minor >= (3, 6));
        let severity = match stated {
            Some(_) if gone => Some(Severity::Error),
            Some(true) => Some(Severity::Warning),
            _ => None,
        };
        verdicts.verdict(severity.map(|severity| {
            Finding::new(
                severity,
                member.enable_v2.place(),
                format!("etcd of {} is given `enable-v2`, which version 3.6 does not know", member.name),
            )
            .at(&member.enable_v2, "")
            .breaks(if gone {
                "etcd does not start"
            } else {
                "what lies in the v2 store stops the upgrade to 3.6, which comes with Kubernetes 1.34"
            })
            .help("let `etcdutl check v2store` find the store clean on every member, and remove the flag")
        }));
    }
}

/// Major and minor version of a member, when it is known.
fn minor(member: &EtcdMember) -> Option<(u32, u32)> {
    let version = member.version.get()?;
    let mut parts = version.trim_start_matches('v').split('.').map(|part| part.parse::<u32>().ok());
    Some((parts.next()??, parts.next()??))
}

fn experimental(world: &World<'_>, verdicts: &mut Verdicts) {
    for member in world.etcd.iter().flat_map(|cluster| &cluster.members) {
        let Some(stated) = member.experimental.first() else {
            verdicts.holds();
            continue;
        };
        let flag = &stated.name;
        let gone = minor(member).is_some_and(|minor| minor >= (3, 7));
        let name = flag.get().map_or("", String::as_str);
        let (severity, breaks) = match (gone, stated.by_flag) {
            (true, true) => (Severity::Error, "etcd does not start"),
            (true, false) => (Severity::Warning, "etcd leaves it out with a line in its log at most"),
            (false, true) => {
                (Severity::Advice, "etcd does not start after the upgrade to 3.7, which comes with Kubernetes 1.37")
            }
            (false, false) => {
                (Severity::Advice, "etcd leaves it out after the upgrade to 3.7, with a line in its log at most")
            }
        };
        verdicts.broken(
            Finding::new(
                severity,
                flag.place(),
                format!("etcd of {} is given `{name}`, which version 3.7 does not know", member.name),
            )
            .at(flag, "")
            .breaks(breaks)
            .help("use the name without `experimental-`, or an entry of feature-gates"),
        );
    }
}
