//! VRRP-018 and 019: the group as a whole.

use std::collections::BTreeSet;

use plimsoll_diagnostics::Severity;
use plimsoll_views::{Scope, World};

use crate::{Evidence, Finding, Manual, Reads, Rule, Verdicts};

pub(super) const VRRP_018: Rule = Rule {
    id: "VRRP-018",
    severity: Severity::Advice,
    summary: "the holder repeats its gratuitous ARP",
    reads: Reads::Both,
    silent_behind: &[],
    manual: Manual {
        checks: "No `vrrp_garp_master_refresh` (or garp_master_refresh of the instance).",
        breaks: "A switch or router that missed the announcement of a failover sends to the old holder until its entry \
                 ages out, which can take minutes to hours.",
        remedy: "vrrp_garp_master_refresh 60.",
        before: "global_defs { }",
        after: "global_defs { vrrp_garp_master_refresh 60 }",
        source: "keepalived.conf(5), vrrp_garp_master_refresh",
        evidence: Evidence::SeenPrinciple,
    },
    check: refresh,
};

pub(super) const VRRP_019: Rule = Rule {
    id: "VRRP-019",
    severity: Severity::Error,
    summary: "two or more members on different hosts can hold the address",
    reads: Reads::Design,
    silent_behind: &["PHY-003"],
    manual: Manual {
        checks: "A group with fewer than two members; or with all members on one physical host. An error when the API must \
                 survive the loss of any one machine or host and the loss of this one is not accepted, else a warning.",
        breaks: "The address is gone with that one machine or host.",
        remedy: "A member on each control-plane machine, each on a host of its own.",
        before: "vrrp_instance api on cp-1 alone",
        after: "vrrp_instance api on cp-1, cp-2 and cp-3",
        source: "kubeadm ha-considerations.md",
        evidence: Evidence::Seen,
    },
    check: members,
};

fn refresh(world: &World<'_>, verdicts: &mut Verdicts) {
    for member in world.vrrp.iter().flat_map(|group| &group.members) {
        match member.garp_refresh.get() {
            Some(Some(_)) => verdicts.holds(),
            Some(None) => verdicts.broken(
                Finding::new(
                    Severity::Advice,
                    member.garp_refresh.place(),
                    format!("{} announces the VIP once and never again", member.name),
                )
                .at(&member.garp_refresh, "")
                .breaks("a switch that missed the announcement sends to the old holder until its entry ages out")
                .help("set vrrp_garp_master_refresh 60"),
            ),
            None => verdicts.cannot_judge(&member.place, "how often it repeats its gratuitous ARP"),
        }
    }
}

fn members(world: &World<'_>, verdicts: &mut Verdicts) {
    for group in &world.vrrp {
        let names: Vec<&str> = group.members.iter().map(|member| member.name.as_str()).collect();
        if let [only] = names[..] {
            // Files of one machine do not say that there are no others.
            let alone = !world.is_files()
                || group.members[0]
                    .peers
                    .get()
                    .is_some_and(|peers| peers.is_empty() && group.members[0].unicast.is(&true));
            if alone {
                // Whoever accepts the loss of that machine, or of its host, does not ask the VIP to survive it.
                let host = group.members[0].host.get();
                let accepted = world.goals.excluded(&format!("machine/{only}"))
                    || host.is_some_and(|host| world.goals.excluded(&format!("host/{host}")));
                let goal = world.goals.highly_available_api() && !accepted;
                verdicts.broken(
                    Finding::new(
                        if goal { Severity::Error } else { Severity::Warning },
                        &group.place,
                        format!("only {only} can hold the VIP of {}", group.name),
                    )
                    .at_place(&group.place, "")
                    .breaks(format!("the VIP is gone with {only}"))
                    .help("add a member on each control-plane machine"),
                );
            } else {
                verdicts.cannot_judge(&group.place, "the files of the other members");
            }
            continue;
        }
        let hosts: Option<BTreeSet<&String>> = group.members.iter().map(|member| member.host.get()).collect();
        match hosts {
            Some(hosts) if hosts.len() == 1 => {
                let host = hosts.first().map_or("", |host| host.as_str());
                let goal =
                    world.goals.one("host", Scope::Promise("api")) && !world.goals.excluded(&format!("host/{host}"));
                let severity = if goal { Severity::Error } else { Severity::Warning };
                verdicts.broken(
                    Finding::new(
                        severity,
                        &group.place,
                        format!("every member that can hold the VIP of {} is on {host}", group.name),
                    )
                    .at(&group.members[1].host, "")
                    .context(&group.members[0].host, "the same host")
                    .breaks(format!("the VIP is gone with {host}"))
                    .help("put the members on different hosts")
                    .cause(format!("host/{host}")),
                );
            }
            Some(_) => verdicts.holds(),
            None => verdicts.cannot_judge(&group.place, "the physical hosts below its members"),
        }
    }
}
