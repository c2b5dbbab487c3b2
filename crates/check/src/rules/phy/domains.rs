//! PHY-003: no single domain takes a quorum or a whole group.

use plimsoll_diagnostics::Severity;
use plimsoll_views::domains::{Domain, Group, Losses};
use plimsoll_views::{Scope, World};

use crate::words::list;
use crate::{Evidence, Finding, Manual, Reads, Rule, Verdicts};

pub(super) const PHY_003: Rule = Rule {
    id: "PHY-003",
    severity: Severity::Error,
    summary: "no single host, rack, strip, feed or switch takes a quorum or a whole group",
    reads: Reads::Design,
    silent_behind: &[],
    manual: Manual {
        checks: "For each host, rack, power strip, feed and switch: what is lost with it, once second power supplies, \
                 bonds and switch pairs have done their part (a UPS with a runtime bridges the feed before it). An \
                 error when any one of that kind must be survived and less than a majority of the votes of etcd, of \
                 corosync (with those of a QDevice) or of Ceph's monitors is left together, or no member of the group \
                 that holds the VIP, of the DNS servers or of the routers behind a gateway. Members in exactly two domains of a kind \
                 always fail, for any number of them. Advice when the kind is no goal but there are three domains to \
                 spread over. Nothing where that loss is accepted. Groups without redundancy are judged by others \
                 (KADM-004, ETCD-001, LB-015, DNS-001). Racks and switches that nobody described are not judged.",
        breaks: "A single shared component takes a quorum or a whole group.",
        remedy: "Spread members over three domains of that kind, the third of which may be a witness; or drop the claim.",
        before: "cp-1..3: { host: pve-1..3 }   # all three in rack r1, and survive: { all: [rack] }",
        after: "cp-1..3: { host: [pve-1, pve-3, pve-5] }   # racks r1, r2, r3",
        source: "etcd FAQ on failure tolerance; Mirantis reference architecture, physical networks; \
                 Proxmox VE pvecm on votes",
        evidence: Evidence::SeenPrinciple,
    },
    check,
};

/// Domains of a kind over which a majority can be spread.
const ENOUGH: usize = 3;

fn check(world: &World<'_>, verdicts: &mut Verdicts) {
    let Some(source) = world.design else { return };
    let healthy = Losses::of(source.design, &[]);
    let whole = Group::all(source.design).into_iter().filter(|group| group.survives(&healthy));
    let groups: Vec<Group<'_>> = whole.collect();
    let domains = Domain::all(source.design);
    for domain in &domains {
        let path = domain.to_string();
        if world.goals.excluded(&path) {
            verdicts.holds();
            continue;
        }
        let kind = domain.kind();
        let losses = Losses::of(source.design, std::slice::from_ref(domain));
        let goal = |group: &&Group<'_>| world.goals.one(kind, Scope::Promise(group.promise));
        let hit: Vec<&Group<'_>> = groups.iter().filter(|group| !group.survives(&losses)).collect();
        let promised: Vec<&Group<'_>> = hit.iter().copied().filter(goal).collect();
        let spread = domains.iter().filter(|other| other.kind() == kind).count() >= ENOUGH;
        let (severity, hit) = match (promised.is_empty(), hit.is_empty()) {
            (false, _) => (Severity::Error, promised),
            (true, false) if spread => (Severity::Advice, hit),
            _ => {
                verdicts.holds();
                continue;
            }
        };
        if source.assumed(&path) {
            let needs = match domain {
                Domain::Rack(_) => "the racks: `site: { racks: … }`, and `rack` of each host",
                _ => "the switches: `switches`, and `nics` of each host with the switch at the end of each port",
            };
            verdicts.cannot_judge(&source.place(path.as_str()), needs);
            continue;
        }
        let (_, name) = path.rsplit_once('/').unwrap_or(("", &path));
        let names: Vec<&str> = hit.iter().map(|group| group.name).collect();
        let place = source.place(path.as_str());
        let first = hit[0];
        let left = first.votes_left(&losses);
        let lost: Vec<String> = first.lost(&losses).map(ToString::to_string).collect();
        let label = if lost.is_empty() {
            format!("parts the members of {}", first.name)
        } else {
            format!("takes {} with it", list(&lost))
        };
        let (word, many) = match domain {
            Domain::Pdu(_) => ("power strip", "power strips"),
            Domain::Switch(_) => ("switch", "switches"),
            Domain::Host(_) => ("host", "hosts"),
            Domain::Rack(_) => ("rack", "racks"),
            Domain::Feed(_) => ("feed", "feeds"),
        };
        let of = if let Domain::Pdu(pdu) = domain { format!(" of rack {}", pdu.rack) } else { String::new() };
        // A quorum needs a third place for its majority, a group only a second one.
        let enough = if hit.iter().any(|group| group.needed > 1) { "three" } else { "two" };
        let mut finding =
            Finding::new(severity, &place, format!("the loss of {word} {name}{of} takes {}", list(&names)))
                .at_place(&place, label)
                .help(match domain {
                    Domain::Pdu(_) => format!(
                        "give each device a second supply on another strip, or spread the members over {enough} {many}"
                    ),
                    Domain::Switch(_) => {
                        format!("bond ports of two switches, or spread the members over {enough} {many}")
                    }
                    Domain::Feed(_) => {
                        "put the second strip on another feed, or behind a UPS with `runtime`".to_owned()
                    }
                    Domain::Host(_) | Domain::Rack(_) => format!("spread the members over {enough} {many} or more"),
                });
        if severity == Severity::Error {
            finding =
                finding.help(format!("or promise less in `survive:`, or accept the loss of {path} with a reason"));
        }
        finding = if first.needed > 1 {
            finding.breaks(format!(
                "{left} of {} votes of {} are left together, and {} are needed",
                first.members.iter().map(|member| member.votes).sum::<u32>(),
                first.name,
                first.needed
            ))
        } else {
            finding.breaks(format!("none of {} is left", first.name))
        };
        verdicts.broken(finding.cause(path));
    }
}
