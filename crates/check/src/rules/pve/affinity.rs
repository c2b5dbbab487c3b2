//! PVE-008, 009, 010 and 026: what the high-availability manager does with guests.

use std::collections::{BTreeMap, BTreeSet};

use plimsoll_diagnostics::Severity;
use plimsoll_views::hypervisor::{Guest, GuestDisk, HaRule, HaRuleKind, Hypervisors, Job};
use plimsoll_views::{Scope, World};

use crate::words::{list, verb};
use crate::{Evidence, Finding, Manual, Reads, Rule, Verdicts};

pub(super) const PVE_008: Rule = Rule {
    id: "PVE-008",
    severity: Severity::Error,
    summary: "the high-availability manager keeps members of etcd apart",
    reads: Reads::Both,
    silent_behind: &[],
    manual: Manual {
        checks: "Members of etcd are under the high-availability manager, and after the loss of some host it \
                 may start one beside another, so that one host has more members than the cluster can lose. \
                 An error when a second loss before repair must be survived, else a warning. Rules of \
                 negative affinity and strict rules for different hosts are taken into account.",
        breaks: "The first loss is survived; the next takes the quorum, since nothing moves the members \
                 apart again.",
        remedy: "`ha-manager rules add resource-affinity etcd --affinity negative --resources \
                 vm:2001,vm:2002,vm:2003`; or do not manage them at all.",
        before: "ha-manager add vm:2001",
        after: "no high availability for members of etcd",
        source: "Proxmox VE ha-manager, rules",
        evidence: Evidence::SeenPrinciple,
    },
    check: stacked,
};

pub(super) const PVE_009: Rule = Rule {
    id: "PVE-009",
    severity: Severity::Error,
    summary: "rules of the high-availability manager are in force",
    reads: Reads::Both,
    silent_behind: &[],
    manual: Manual {
        checks: "Proxmox VE disables a rule: negative affinity with more guests than hosts; guests that must \
                 be apart, of which those in rules about hosts (strict or not) are more than the hosts these \
                 rules name together; a guest in two rules about hosts; guests that must be together in \
                 several rules about hosts; a member of an affinity whose rule about hosts has several \
                 priorities; a pair in a positive and a negative rule; an affinity with fewer than two guests. \
                 The rules about hosts that take part are disabled with it. As many guests as hosts is advice: \
                 after the loss of a host one of them waits, which is right for etcd.",
        breaks: "The rule is disabled, and nothing keeps the guests apart.",
        remedy: "Rules that do not contradict each other.",
        before: "resource-affinity: etcd\n	resources vm:2001\n	affinity negative",
        after: "resource-affinity: etcd\n	resources vm:2001,vm:2002,vm:2003\n	affinity negative",
        source: "Proxmox VE ha-manager, rule conflicts and errors; pve-ha-manager, PVE/HA/Rules.pm, feasibility checks",
        evidence: Evidence::Seen,
    },
    check: in_force,
};

pub(super) const PVE_010: Rule = Rule {
    id: "PVE-010",
    severity: Severity::Error,
    summary: "a managed guest finds its disks on every host",
    reads: Reads::Both,
    silent_behind: &[],
    manual: Manual {
        checks: "A guest is under the high-availability manager and may move, and one of its disks lies on \
                 storage that other hosts do not reach and that is not replicated. Strictly bound to one host \
                 it is exempt.",
        breaks: "It is moved to a host without its disk and does not start there.",
        remedy: "No high availability for it, or shared storage.",
        before: "vm: 2001    # scsi0: local-zfs:…",
        after: "no entry in ha/resources.cfg, onboot: 1",
        source: "Proxmox VE ha-manager, requirements; pvesr",
        evidence: Evidence::Seen,
    },
    check: disks,
};

pub(super) const PVE_026: Rule = Rule {
    id: "PVE-026",
    severity: Severity::Error,
    summary: "members of a quorum never start from an older copy",
    reads: Reads::Both,
    silent_behind: &[],
    manual: Manual {
        checks: "A member of etcd or a monitor is under the high-availability manager, and a disk of it is \
                 on storage that is replicated asynchronously.",
        breaks: "It starts elsewhere from a copy that is minutes old: it has forgotten what it acknowledged, \
                 and committed data can be lost.",
        remedy: "No high availability and no replication for members; replace a dead member by removing and \
                 adding it.",
        before: "local: 2001-0\n	target pve-2",
        after: "no replication for 2001",
        source: "Proxmox VE pvesr; etcd recovery",
        evidence: Evidence::SeenPrinciple,
    },
    check: old_copy,
};

/// Hosts to which strict rules bind a guest; `None` when it may go anywhere.
fn bound<'a>(all: &'a Hypervisors, id: &str) -> Option<BTreeSet<&'a str>> {
    all.rules.iter().find_map(|rule| match &rule.kind {
        HaRuleKind::Nodes { nodes, strict: true } if rule.resources.iter().any(|it| it == id) => {
            Some(nodes.iter().map(|(name, _)| name.as_str()).collect())
        }
        _ => None,
    })
}

/// Whether a rule keeps two guests apart.
fn apart(all: &Hypervisors, a: &str, b: &str) -> bool {
    let both = |rule: &HaRule| rule.resources.iter().any(|it| it == a) && rule.resources.iter().any(|it| it == b);
    all.rules.iter().any(|rule| rule.kind == HaRuleKind::Apart && both(rule))
}

fn stacked(world: &World<'_>, verdicts: &mut Verdicts) {
    for all in &world.hypervisors {
        let member = |guest: &&Guest| match world.design {
            Some(source) => source.design.etcd.member.contains_key(&guest.name.as_str().into()),
            None => guest.job.is(&Job::Vote),
        };
        let members: Vec<&Guest> = all.guests.iter().filter(member).collect();
        if !members.iter().any(|guest| guest.ha.is(&true)) || members.len() < 3 {
            verdicts.holds();
            continue;
        }
        let Some(seats) = members.iter().map(|guest| Some((*guest, guest.host.get()?))).collect::<Option<Vec<_>>>()
        else {
            verdicts.cannot_judge(&members[0].place, "the hosts of the members of etcd");
            continue;
        };
        let Some(hosts) = all.nodes.get() else {
            verdicts.cannot_judge(&all.place, "corosync.conf");
            continue;
        };
        let most = members.len() - (members.len() / 2 + 1);
        let worst = hosts
            .iter()
            .flat_map(|lost| hosts.iter().filter(move |to| *to != lost).map(move |to| (lost, to)))
            .find_map(|(lost, to)| {
                let there: Vec<&Guest> =
                    seats.iter().filter(|(_, host)| *host == to).map(|(guest, _)| *guest).collect();
                let mut after = there.clone();
                for (guest, _) in seats.iter().filter(|(guest, host)| *host == lost && guest.ha.is(&true)) {
                    let free = bound(all, &guest.id).is_none_or(|nodes| nodes.contains(to.as_str()));
                    // Affinity counts managed guests only.
                    if free && !after.iter().any(|other| other.ha.is(&true) && apart(all, &guest.id, &other.id)) {
                        after.push(guest);
                    }
                }
                (after.len() > most && after.len() > there.len()).then_some((lost, to, after))
            });
        verdicts.verdict(worst.map(|(lost, to, after)| {
            let severity =
                if world.goals.second("host", Scope::Promise("api")) { Severity::Error } else { Severity::Warning };
            let names: Vec<&str> = after.iter().map(|guest| guest.name.as_str()).collect();
            let moved = after[after.len() - 1];
            Finding::new(
                severity,
                moved.ha.place(),
                format!("after the loss of {lost}, {} may all run on {to}", list(&names)),
            )
            .at(&moved.ha, format!("{} is restarted anywhere", moved.name))
            .breaks(format!("the loss of {to} then takes the quorum of etcd"))
            .help("leave members of etcd out of high availability, or keep them apart by a rule of negative affinity")
        }));
    }
}

fn in_force(world: &World<'_>, verdicts: &mut Verdicts) {
    for all in &world.hypervisors {
        for rule in &all.rules {
            let why = conflict(all, rule);
            let (severity, label) = match why {
                Some((true, why)) => (Severity::Error, why),
                Some((false, why)) => (Severity::Advice, why),
                None => {
                    verdicts.holds();
                    continue;
                }
            };
            let error = severity == Severity::Error;
            verdicts.broken(
                Finding::new(
                    severity,
                    &rule.place,
                    if error {
                        format!("rule {} is disabled by Proxmox VE", rule.name)
                    } else {
                        format!("rule {} leaves no host to spare", rule.name)
                    },
                )
                .at_place(&rule.place, label)
                .breaks(if error {
                    "nothing keeps its guests where they belong"
                } else {
                    "after the loss of a host one guest waits, which is right for members of etcd"
                })
                .help(if error {
                    "make the rules agree"
                } else {
                    "add a host, or accept it for members of a quorum"
                }),
            );
        }
    }
}

/// A rule about hosts with these and their priorities.
type OfHosts<'w> = (&'w HaRule, &'w Vec<(String, Option<u32>)>);

/// Why a rule is not in force (`true`), or what it costs (`false`).
fn conflict(all: &Hypervisors, rule: &HaRule) -> Option<(bool, String)> {
    let affinity = matches!(rule.kind, HaRuleKind::Apart | HaRuleKind::Together);
    let count = rule.resources.len();
    if affinity && count < 2 {
        return Some((true, "fewer than two guests".to_owned()));
    }
    let of_nodes = |resource: &str| -> Vec<OfHosts<'_>> {
        let rules = all.rules.iter().filter(|rule| rule.resources.iter().any(|it| it == resource));
        rules
            .filter_map(|rule| match &rule.kind {
                HaRuleKind::Nodes { nodes, .. } => Some((rule, nodes)),
                _ => None,
            })
            .collect()
    };
    if matches!(rule.kind, HaRuleKind::Nodes { .. }) {
        if let Some(twice) = rule.resources.iter().find(|resource| of_nodes(resource).len() > 1) {
            return Some((true, format!("{twice} is in two rules about hosts")));
        }
        // What it has against an affinity is told there.
        return None;
    }
    if affinity {
        let several = rule.resources.iter().find_map(|resource| {
            let (other, nodes) = *of_nodes(resource).first()?;
            let priorities: BTreeSet<_> = nodes.iter().map(|(_, priority)| priority).collect();
            (priorities.len() > 1).then_some((resource, other))
        });
        if let Some((resource, other)) = several {
            return Some((true, format!("{resource} is in {}, which has several priorities", other.name)));
        }
    }
    if rule.kind == HaRuleKind::Together || rule.kind == HaRuleKind::Apart {
        let opposite = if rule.kind == HaRuleKind::Apart { HaRuleKind::Together } else { HaRuleKind::Apart };
        let clash = all
            .rules
            .iter()
            .filter(|other| other.kind == opposite)
            .find(|other| other.resources.iter().filter(|it| rule.resources.contains(it)).count() >= 2);
        if let Some(other) = clash {
            return Some((true, format!("{} asks for the opposite", other.name)));
        }
    }
    if rule.kind == HaRuleKind::Together {
        // Proxmox VE does not merge rules about hosts, so that one for all members is all that it takes.
        let about: BTreeSet<&str> =
            rule.resources.iter().flat_map(|it| of_nodes(it)).map(|it| it.0.name.as_str()).collect();
        return (about.len() > 1).then(|| {
            let names: Vec<&str> = about.into_iter().collect();
            (true, format!("its guests are in several rules about hosts: {}", list(&names)))
        });
    }
    if rule.kind != HaRuleKind::Apart {
        return None;
    }
    if let Some((guests, hosts)) = crowded(&rule.resources, &all.rules) {
        let (are, on) = (verb(guests, "guest is", "guests are"), verb(hosts, "host", "hosts"));
        return Some((true, format!("{guests} {are} restricted to {hosts} {on}")));
    }
    match all.nodes.get()?.len() {
        hosts if hosts < count => Some((true, format!("{count} guests on {hosts} hosts"))),
        hosts if hosts == count => Some((false, format!("{count} guests on {hosts} hosts"))),
        _ => None,
    }
}

/// Guests of a rule of negative affinity that rules about hosts locate, strict or not, and the hosts that these rules
/// name together, when the hosts are fewer (`check_negative_resource_affinity_node_affinity_consistency`).
fn crowded(resources: &[String], rules: &[HaRule]) -> Option<(usize, usize)> {
    let mut guests: BTreeSet<&str> = BTreeSet::new();
    let mut hosts: BTreeSet<&str> = BTreeSet::new();
    for rule in rules {
        let HaRuleKind::Nodes { nodes, .. } = &rule.kind else { continue };
        let common: Vec<&str> = rule.resources.iter().filter(|it| resources.contains(it)).map(String::as_str).collect();
        if !common.is_empty() {
            guests.extend(common);
            hosts.extend(nodes.iter().map(|(name, _)| name.as_str()));
        }
    }
    (hosts.len() < guests.len()).then_some((guests.len(), hosts.len()))
}

fn disks(world: &World<'_>, verdicts: &mut Verdicts) {
    let mut broken: BTreeMap<_, Vec<(&Guest, &GuestDisk)>> = BTreeMap::new();
    for all in &world.hypervisors {
        for guest in all.managed() {
            // A guest that strict rules keep on one host cannot be moved off its disk.
            if bound(all, &guest.id).is_some_and(|nodes| nodes.len() == 1) {
                verdicts.holds();
                continue;
            }
            let unknown = guest.disks.iter().find(|disk| disk.shared.get().is_none() && disk.replicated.is(&false));
            let local = guest.disks.iter().find(|disk| disk.shared.is(&false) && disk.replicated.is(&false));
            match (local, unknown) {
                (Some(disk), _) => {
                    let own = world.is_files().then_some(guest.name.as_str());
                    broken.entry((disk.name.as_str(), own)).or_default().push((guest, disk));
                }
                (None, Some(disk)) => verdicts.cannot_judge(&disk.place, "the type of its storage in `storage.cfg`"),
                (None, None) => verdicts.holds(),
            }
        }
    }
    for ((name, _), seats) in broken {
        let (guest, disk) = seats[0];
        let names: Vec<&str> = seats.iter().map(|(guest, _)| guest.name.as_str()).collect();
        let (moves, its) = (verb(names.len(), "moves", "move"), verb(names.len(), "its disk", "their disks"));
        let (does, it) = (verb(names.len(), "does", "do"), verb(names.len(), "it is", "they are"));
        verdicts.broken(
            Finding::new(
                Severity::Error,
                &disk.place,
                format!("{} {moves} to other hosts, and {its} {name} {does} not", list(&names)),
            )
            .at_place(&disk.place, "on one host only")
            .context(&guest.ha, "under high availability")
            .breaks(format!("after the loss of a host {it} started elsewhere, without the disk"))
            .help(if world.is_files() {
                "take it out of high availability and let it start with its host (`onboot: 1`), or use shared storage"
            } else {
                "leave `ha` out: a guest without it starts with its host"
            }),
        );
    }
}

fn old_copy(world: &World<'_>, verdicts: &mut Verdicts) {
    for all in &world.hypervisors {
        for guest in all.managed().filter(|guest| guest.job.is(&Job::Vote)) {
            let copied = guest.disks.iter().find(|disk| disk.replicated.is(&true));
            verdicts.verdict(copied.map(|disk| {
                Finding::new(
                    Severity::Error,
                    &disk.place,
                    format!("{} may start from an old copy of its disk {}", guest.name, disk.name),
                )
                .at(&disk.replicated, "replicated every few minutes")
                .context(&guest.ha, "restarted elsewhere")
                .breaks("a member of a quorum forgets what it acknowledged, and committed data can be lost")
                .help("no replication and no high availability for it; replace a dead member by removing and adding it")
            }));
        }
    }
}
