//! ETCD-001: how many members.

use plimsoll_diagnostics::Severity;
use plimsoll_views::World;

use super::quorum;
use crate::{Evidence, Finding, Manual, Reads, Rule, Verdicts};

pub(super) const ETCD_001: Rule = Rule {
    id: "ETCD-001",
    severity: Severity::Error,
    summary: "etcd has three or five members",
    reads: Reads::Both,
    silent_behind: &["KADM-004"],
    manual: Manual {
        checks: "n voting members. n = 1 or 2: an error when high availability is claimed (a survival goal, or an endpoint \
                 apart from the machines), else a warning. n even from 4 on, or above 7: a warning. n = 7: advice. A \
                 much-read article says that two nodes tolerate one failure, which etcd does not.",
        breaks: "One or two members tolerate no loss: with two, the loss of either stops all writes, which is worse than \
                 one. An even number tolerates no more than the odd one below it and has more to fail. Above seven every \
                 write waits for many.",
        remedy: "Three members, or five to survive a second loss.",
        before: "cp-1..2: { role: control-plane }",
        after: "cp-1..3: { role: control-plane }",
        source: "etcd FAQ, \"What is failure tolerance?\"; kubernetes.io, operating etcd clusters",
        evidence: Evidence::Seen,
    },
    check,
};

fn check(world: &World<'_>, verdicts: &mut Verdicts) {
    for cluster in &world.etcd {
        let Some(voters) = cluster.voters.copied() else {
            verdicts.cannot_judge(&cluster.place, "the list of all members");
            continue;
        };
        let claims = cluster.claims_ha.copied();
        let severity = match voters {
            1 | 2 if claims == Some(true) => Some(Severity::Error),
            1 | 2 => Some(Severity::Warning),
            n if n > 7 || (n >= 4 && n % 2 == 0) => Some(Severity::Warning),
            7 => Some(Severity::Advice),
            _ => None,
        };
        verdicts.verdict(severity.map(|severity| {
            let tolerated = voters.saturating_sub(quorum(voters));
            let breaks = match voters {
                1 => "the API takes no writes when that member is down".to_owned(),
                2 => "the API takes no writes when either member is down: less safe than a single one".to_owned(),
                n if n % 2 == 0 => {
                    format!(
                        "it tolerates {tolerated} {}, as {} would, and has one more to fail",
                        if tolerated == 1 { "loss" } else { "losses" },
                        n - 1
                    )
                }
                _ => "every write waits for many members".to_owned(),
            };
            let members = if voters == 1 { "member" } else { "members" };
            Finding::new(severity, &cluster.place, format!("etcd has {voters} {members}"))
                .at(&cluster.voters, "")
                .breaks(breaks)
                .help("use three members, or five to survive a second loss")
                .cause("etcd/members")
        }));
    }
}
