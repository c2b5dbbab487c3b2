//! PVE-001 to 004, 006, 007 and 021: corosync, its votes and its links.

use std::collections::{BTreeMap, BTreeSet};

use plimsoll_diagnostics::Severity;
use plimsoll_model::Name;
use plimsoll_model::design::{BondMode, Design, Host, PlatformKind, Purpose, State};
use plimsoll_views::domains::ports_below;
use plimsoll_views::host_network::{Bond, HostNetwork};
use plimsoll_views::hypervisor::MemberPath;
use plimsoll_views::{Place, Scope, World};

use crate::words::{list, verb};
use crate::{Evidence, Finding, Manual, Reads, Rule, Verdicts};

pub(super) const PVE_001: Rule = Rule {
    id: "PVE-001",
    severity: Severity::Error,
    summary: "a cluster with high availability has three votes",
    reads: Reads::Both,
    silent_behind: &[],
    manual: Manual {
        checks: "A guest is under the high-availability manager, and fewer than three hosts vote without a \
                 QDevice.",
        breaks: "The loss of one host takes the quorum: the other one fences itself, and everything stops.",
        remedy: "A third host, or a QDevice on a third machine.",
        before: "two hosts, ha-manager add vm:2001",
        after: "pvecm qdevice setup 10.30.1.90",
        source: "Proxmox VE pvecm, ha-manager",
        evidence: Evidence::Seen,
    },
    check: votes,
};

pub(super) const PVE_002: Rule = Rule {
    id: "PVE-002",
    severity: Severity::Warning,
    summary: "a QDevice is for an even number of hosts",
    reads: Reads::Both,
    silent_behind: &[],
    manual: Manual {
        checks: "There is a QDevice and an odd number of hosts.",
        breaks: "It has as many votes as hosts less one: with it gone, the loss of any one host takes the \
                 quorum.",
        remedy: "Remove it, or add a host.",
        before: "3 hosts and a QDevice",
        after: "3 hosts without one, or 4 with it",
        source: "Proxmox VE pvecm, QDevice",
        evidence: Evidence::Seen,
    },
    check: odd,
};

pub(super) const PVE_003: Rule = Rule {
    id: "PVE-003",
    severity: Severity::Error,
    summary: "corosync has two links",
    reads: Reads::Both,
    silent_behind: &[],
    manual: Manual {
        checks: "There is one link of cluster membership: an error when it stands on one port, guests are \
                 under the high-availability manager and the loss of any one switch, cable or port must be \
                 survived; else a warning. A bond is no second link: even active-backup may not change over \
                 in time.",
        breaks: "The link fails: hosts with managed guests fence themselves after about 60 s; without them \
                 /etc/pve cannot be written and nothing starts.",
        remedy: "A second link on another physical network.",
        before: "ring0_addr: 10.30.13.11",
        after: "ring0_addr: 10.30.13.11\nring1_addr: 10.30.11.11",
        source: "Proxmox VE pvecm, redundancy; ha-manager, fencing",
        evidence: Evidence::Seen,
    },
    check: one_link,
};

pub(super) const PVE_004: Rule = Rule {
    id: "PVE-004",
    severity: Severity::Warning,
    summary: "the first link of corosync has ports of its own",
    reads: Reads::Design,
    silent_behind: &[],
    manual: Manual {
        checks: "The link with the highest priority stands on ports that also carry storage, migration, \
                 backup or guests.",
        breaks: "A full link delays corosync: hosts lose the quorum, and with high availability they all \
                 restart.",
        remedy: "A port of 1 Gbit/s for the first link; a lower link may share.",
        before: "networks: { storage: { for: [corosync, ceph-public] } }",
        after: "networks: { oob: { for: [corosync, bmc] } }",
        source: "Proxmox VE pvecm, network requirements; pveceph",
        evidence: Evidence::Seen,
    },
    check: shared,
};

pub(super) const PVE_006: Rule = Rule {
    id: "PVE-006",
    severity: Severity::Warning,
    summary: "corosync avoids bonds that spread without a protocol",
    reads: Reads::Both,
    silent_behind: &[],
    manual: Manual {
        checks: "A link stands on a bond of mode balance-rr, balance-xor, balance-tlb or balance-alb: a \
                 warning when it is the only link, advice else.",
        breaks: "Hosts see each other in one direction only; healthy ones may fence themselves.",
        remedy: "A port of its own for the first link; LACP with fast rate, or active-backup, below an \
                 additional one.",
        before: "bond-mode balance-alb",
        after: "bond-mode 802.3ad\nbond-lacp-rate fast",
        source: "Proxmox VE pvecm, corosync over bonds",
        evidence: Evidence::Seen,
    },
    check: bond_mode,
};

pub(super) const PVE_007: Rule = Rule {
    id: "PVE-007",
    severity: Severity::Warning,
    summary: "LACP below corosync is fast at both ends",
    reads: Reads::Both,
    silent_behind: &[],
    manual: Manual {
        checks: "A link stands on an 802.3ad bond, and the host or the switch speaks every 30 s only.",
        breaks: "A silent partner is noticed after 90 s, and hosts fence themselves after 60 s.",
        remedy: "`bond-lacp-rate fast` and the same on the switch.",
        before: "bond-mode 802.3ad",
        after: "bond-mode 802.3ad\nbond-lacp-rate fast",
        source: "Proxmox VE pvecm, corosync over bonds",
        evidence: Evidence::Seen,
    },
    check: slow,
};

pub(super) const PVE_021: Rule = Rule {
    id: "PVE-021",
    severity: Severity::Advice,
    summary: "hosts that fence have a hardware watchdog",
    reads: Reads::Design,
    silent_behind: &[],
    manual: Manual {
        checks: "Guests are under the high-availability manager, hosts have a management controller, and \
                 their watchdog is stated to be software.",
        breaks: "A kernel that hangs is not restarted, and its guests run nowhere else.",
        remedy: "The watchdog of the management controller (`WATCHDOG_MODULE=ipmi_watchdog`).",
        before: "hardware_watchdog: false",
        after: "hardware_watchdog: true",
        source: "Proxmox VE ha-manager, fencing",
        evidence: Evidence::Seen,
    },
    check: watchdog,
};

fn votes(world: &World<'_>, verdicts: &mut Verdicts) {
    for all in &world.hypervisors {
        if all.managed().next().is_none() {
            verdicts.holds();
            continue;
        }
        let (Some(nodes), Some(device)) = (all.nodes.get(), all.qdevice.get()) else {
            verdicts.cannot_judge(&all.place, "corosync.conf");
            continue;
        };
        let bad = nodes.len() < 3 && device.is_none();
        verdicts.verdict(bad.then(|| {
            Finding::new(
                Severity::Error,
                all.nodes.place(),
                format!(
                    "{} {} without a QDevice, and guests under high availability",
                    nodes.len(),
                    if nodes.len() == 1 { "host votes" } else { "hosts vote" }
                ),
            )
            .at(&all.nodes, "")
            .breaks("the loss of one host takes the quorum, and the other one restarts itself")
            .help("add a third host, or a QDevice on a third machine")
        }));
    }
}

fn odd(world: &World<'_>, verdicts: &mut Verdicts) {
    for all in &world.hypervisors {
        let (Some(nodes), Some(device)) = (all.nodes.get(), all.qdevice.get()) else { continue };
        let bad = device.is_some() && !nodes.len().is_multiple_of(2);
        verdicts.verdict(bad.then(|| {
            let votes = nodes.len() - 1;
            Finding::new(
                Severity::Warning,
                all.qdevice.place(),
                format!("a QDevice has {votes} votes beside {} hosts", nodes.len()),
            )
            .at(&all.qdevice, "")
            .breaks("with it gone, the loss of any one host takes the quorum")
            .help("remove it, or make the number of hosts even")
        }));
    }
}

/// Hosts of the cluster of hypervisors.
fn hosts(design: &Design) -> impl Iterator<Item = (&Name, &Host)> {
    design.host.iter().filter(|(_, host)| host.platform.kind == PlatformKind::Proxmox && host.state != State::Planned)
}

/// Paths of membership with the bond each stands on.
fn bonded<'w>(world: &'w World<'_>) -> impl Iterator<Item = (&'w MemberPath, &'w HostNetwork, &'w str, &'w Bond)> {
    world.hypervisors.iter().flat_map(|all| &all.paths).filter_map(|path| {
        let network = world.host_networks.iter().find(|network| network.host == path.host)?;
        let interface = path.interface.as_deref().or_else(|| network.with_address(path.address?))?;
        let below = network.down_from(interface);
        let (name, _, bond) = network.bonds().find(|(name, ..)| below.contains(name))?;
        Some((path, network, name, bond))
    })
}

fn one_link(world: &World<'_>, verdicts: &mut Verdicts) {
    for all in &world.hypervisors {
        let Some(links) = all.links.copied() else {
            verdicts.cannot_judge(&all.place, "the addresses of corosync.conf");
            continue;
        };
        if links > 1 {
            verdicts.holds();
            continue;
        }
        let managed = all.managed().next().is_some();
        let goal = ["switch", "cable", "nic"].iter().any(|kind| world.goals.one(kind, Scope::Any));
        let bond = bonded(world).next().is_some();
        let severity = if managed && goal && !bond { Severity::Error } else { Severity::Warning };
        verdicts.broken(
            Finding::new(severity, all.links.place(), "corosync has a single link")
                .at(&all.links, if bond { "over a bond, which may not change over in time" } else { "" })
                .breaks(if managed {
                    "the link fails, and hosts with managed guests restart themselves after 60 s"
                } else {
                    "the link fails, /etc/pve cannot be written, and no guest starts"
                })
                .help(if world.is_files() {
                    "add a link on another physical network: `ring1_addr`"
                } else {
                    "two networks on different ports with `corosync` in the `for` of both, such as `for: [bmc, corosync]` \
                     and `for: [proxmox, corosync]`"
                }),
        );
    }
}

fn shared(world: &World<'_>, verdicts: &mut Verdicts) {
    let Some(source) = world.design else { return };
    let design = source.design;
    let heavy = [Purpose::CephPublic, Purpose::CephCluster, Purpose::Migration, Purpose::Backup];
    let mut broken: BTreeMap<(&Name, &Name), Vec<&str>> = BTreeMap::new();
    for (name, host) in hosts(design) {
        // The lowest number wins among equal priorities.
        let first =
            host.corosync.iter().max_by_key(|(number, link)| (link.priority, std::cmp::Reverse((*number).clone())));
        let Some((number, link)) = first else { continue };
        let own = ports_below(host, &link.interface);
        if own.iter().any(|nic| source.assumed(&format!("host/{name}/nic/{nic}"))) {
            verdicts.cannot_judge(&source.place(format!("host/{name}/nic")), "its ports: `nics`");
            continue;
        }
        let on = |interface: &Name| !own.is_disjoint(&ports_below(host, interface));
        let guests = design
            .machine
            .values()
            .filter(|machine| machine.host == *name)
            .flat_map(|machine| machine.nic.values())
            .any(|nic| on(&nic.bridge));
        let heavy = host.address.iter().any(|(network, address)| {
            on(&address.interface)
                && design.network.get(network).is_some_and(|it| it.purposes.iter().any(|it| heavy.contains(it)))
        });
        if guests || heavy {
            broken.entry((number, &link.interface)).or_default().push(name.as_str());
        } else {
            verdicts.holds();
        }
    }
    for ((number, interface), names) in broken {
        let place = source.place(format!("host/{}/corosync/{number}", names[0]));
        verdicts.broken(
            Finding::new(
                Severity::Warning,
                &place,
                format!("the first link of corosync on {} shares {interface} with guests or storage", list(&names)),
            )
            .at_place(&place, format!("link {number}"))
            .breaks("a full link delays corosync, and hosts lose the quorum")
            .help("give the first link a port of its own, in a network with `for: [corosync]`"),
        );
    }
}

fn bond_mode(world: &World<'_>, verdicts: &mut Verdicts) {
    type Alike<'a> = (&'a Place, &'a Bond, Vec<&'a str>);
    let mut broken: BTreeMap<(bool, String, String, &'static str), Alike<'_>> = BTreeMap::new();
    for (path, _, name, bond) in bonded(world) {
        let Some(mode) = bond.mode.copied() else { continue };
        let blind =
            matches!(mode, BondMode::BalanceRr | BondMode::BalanceXor | BondMode::BalanceTlb | BondMode::BalanceAlb);
        if blind {
            let key = (path.only, path.number.clone(), name.to_owned(), mode.as_str());
            broken.entry(key).or_insert_with(|| (&path.place, bond, Vec::new())).2.push(&path.host);
        } else {
            verdicts.holds();
        }
    }
    for ((only, number, _, mode), (place, bond, names)) in broken {
        verdicts.broken(
            Finding::new(
                if only { Severity::Warning } else { Severity::Advice },
                place,
                format!("link {number} of corosync on {} stands on a bond of mode {mode}", list(&names)),
            )
            .at(&bond.mode, if only { "its only link" } else { "" })
            .breaks("hosts see each other in one direction only, and healthy ones may restart themselves")
            .help(if world.is_files() {
                "use a port of its own, or LACP with fast rate"
            } else {
                "give it a port of its own, or `mode: lacp` with `lacp_rate: fast`"
            }),
        );
    }
}

fn slow(world: &World<'_>, verdicts: &mut Verdicts) {
    let mut broken: BTreeMap<(&str, &'static str), (Place, BTreeSet<&str>)> = BTreeMap::new();
    for (path, _, name, bond) in bonded(world).filter(|(.., bond)| bond.mode.is(&BondMode::Lacp)) {
        let (place, side) = if bond.fast.is(&false) {
            (bond.fast.place().clone(), "the host")
        } else if let Some(place) = slow_switch(world, path, name) {
            (place, "the switch")
        } else {
            verdicts.holds();
            continue;
        };
        broken.entry((name, side)).or_insert_with(|| (place, BTreeSet::new())).1.insert(&path.host);
    }
    for ((bond, side), (place, names)) in broken {
        let names: Vec<&str> = names.into_iter().collect();
        verdicts.broken(
            Finding::new(
                Severity::Warning,
                &place,
                format!("LACP of {bond} below corosync is slow on {}", list(&names)),
            )
            .at_place(&place, format!("{side} speaks every 30 s"))
            .breaks("a silent partner is noticed after 90 s, and hosts restart themselves after 60 s")
            .help(if world.is_files() {
                "`bond-lacp-rate fast`, and the same on the switch"
            } else {
                "`lacp_rate: fast` at the bond, and the same on the switch"
            }),
        );
    }
}

/// The slow aggregate of a switch at the other end of a bond; files say nothing about switches.
fn slow_switch(world: &World<'_>, path: &MemberPath, bond: &str) -> Option<Place> {
    let source = world.design?;
    let design = source.design;
    let host = design.host.get(&path.host.as_str().into())?;
    let members = &host.bond.get(&bond.into())?.members;
    members.iter().filter_map(|nic| host.nic.get(nic)).find_map(|nic| {
        let switch = design.switch.get(&nic.switch)?;
        let lag = switch.port.get(&nic.port)?.lag.as_ref()?;
        (!switch.lag.get(lag)?.fast).then(|| source.place(format!("switch/{}/lag/{lag}/fast", nic.switch)))
    })
}

fn watchdog(world: &World<'_>, verdicts: &mut Verdicts) {
    let Some(source) = world.design else { return };
    if !world.hypervisors.iter().any(|all| all.managed().next().is_some()) {
        return;
    }
    let mut soft: Vec<&str> = Vec::new();
    for (name, host) in hosts(source.design).filter(|(_, host)| host.bmc.is_some()) {
        let place = source.place(format!("host/{name}/platform/hardware_watchdog"));
        match host.platform.hardware_watchdog {
            None => verdicts.cannot_judge(&place, "whether its watchdog is hardware"),
            Some(true) => verdicts.holds(),
            Some(false) => soft.push(name.as_str()),
        }
    }
    if let [first, ..] = soft[..] {
        let place = source.place(format!("host/{first}/platform/hardware_watchdog"));
        let (fence, them) = (verb(soft.len(), "fences itself", "fence themselves"), list(&soft));
        verdicts.broken(
            Finding::new(Severity::Advice, &place, format!("{them} {fence} by software only"))
                .at_place(&place, "")
                .breaks("a kernel that hangs is not restarted, and its guests run nowhere else")
                .help("use the watchdog of the management controller, and `hardware_watchdog: true`"),
        );
    }
}
