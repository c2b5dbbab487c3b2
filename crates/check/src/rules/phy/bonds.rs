//! PHY-006, 007, 010, 011, 012 and 021: what a bond does with its ports.

use std::collections::{BTreeMap, BTreeSet};

use plimsoll_diagnostics::Severity;
use plimsoll_model::Name;
use plimsoll_model::design::{Bond, BondMode, Design, Host, LagMode};
use plimsoll_model::units::Millis;
use plimsoll_views::{Fact, World};

use super::hosts;
use crate::words::list;
use crate::{Evidence, Finding, Manual, Reads, Rule, Verdicts};

pub(super) const PHY_006: Rule = Rule {
    id: "PHY-006",
    severity: Severity::Error,
    summary: "a bond that needs one switch ends on switches that act as one",
    reads: Reads::Design,
    silent_behind: &[],
    manual: Manual {
        checks: "A bond of mode balance-xor or balance-rr over two or more switches that are joined but are no MLAG, EVPN \
                 or stack group: an error. LACP over such switches: a warning. Switches without any connection to each \
                 other may be used with balance-rr and balance-xor.",
        breaks: "Without a protocol the host's addresses flap between the switches. With LACP two aggregates form, one \
                 carries all traffic, and half of the bandwidth is idle.",
        remedy: "Make the switches a pair (MLAG, EVPN multihoming), or use active-backup.",
        before: "leaf-1..2: {}\nbond0: { ports: [leaf-1, leaf-2], mode: balance-xor }",
        after: "leaf-1..2: { mlag: { group: fabric, peer_links: 2 } }\nbond0: { ports: [leaf-1, leaf-2], mode: lacp }",
        source: "NVIDIA Onyx, server configuration; Linux bonding.rst, switch configuration; Proxmox VE pve-network",
        evidence: Evidence::SeenPrinciple,
    },
    check: no_pair,
};

pub(super) const PHY_007: Rule = Rule {
    id: "PHY-007",
    severity: Severity::Error,
    summary: "a bond without LACP has no aggregate on its switch ports",
    reads: Reads::Design,
    silent_behind: &[],
    manual: Manual {
        checks: "A bond of mode active-backup, balance-tlb or balance-alb whose switch ports form an aggregate: an error \
                 for a static one and for LACP without fallback, advice for LACP that falls back to single ports.",
        breaks: "The switch spreads flows over the ports, and those that reach the waiting port are dropped: a share of \
                 all flows is dead, all the time. With LACP the ports stay out of service.",
        remedy: "Remove the aggregate from the switch, or use LACP on the host.",
        before: "bond-mode active-backup    # switch: channel-group 1 mode on",
        after: "bond-mode 802.3ad    # switch: channel-group 1 mode active",
        source: "NVIDIA Onyx, server configuration; Linux bonding.rst",
        evidence: Evidence::SeenPrinciple,
    },
    check: foreign_aggregate,
};

pub(super) const PHY_010: Rule = Rule {
    id: "PHY-010",
    severity: Severity::Warning,
    summary: "the ports of an LACP bond have one speed",
    reads: Reads::Design,
    silent_behind: &[],
    manual: Manual {
        checks: "Ports of an 802.3ad bond differ in speed.",
        breaks: "They form different aggregates of which one is used: redundancy remains, but part of the bandwidth is \
                 idle and nobody sees it.",
        remedy: "Ports of one speed.",
        before: "bond0 over a port of 25G and one of 10G",
        after: "bond0 over two ports of 25G",
        source: "Linux bonding.rst, 802.3ad; IBM documentation of 802.3ad mode",
        evidence: Evidence::Seen,
    },
    check: speeds,
};

pub(super) const PHY_011: Rule = Rule {
    id: "PHY-011",
    severity: Severity::Error,
    summary: "a bond looks at the carrier of its ports",
    reads: Reads::Both,
    silent_behind: &[],
    manual: Manual {
        checks: "A bond of mode active-backup, balance-rr, balance-xor or broadcast with `miimon` 0: an error; advice \
                 where a file does not state it, since the driver, ifupdown2 and systemd-networkd leave it at 0 by \
                 themselves. Asking by ARP (`arp_interval`) will do. The driver forces 100 ms for 802.3ad, \
                 balance-tlb and balance-alb.",
        breaks: "A dead link is never noticed: the bond goes on sending into it.",
        remedy: "`bond-miimon 100`.",
        before: "bond-mode active-backup\nbond-miimon 0",
        after: "bond-mode active-backup\nbond-miimon 100",
        source: "Linux bond_main.c, bond_check_params; Proxmox VE pve-network",
        evidence: Evidence::Seen,
    },
    check: blind,
};

pub(super) const PHY_012: Rule = Rule {
    id: "PHY-012",
    severity: Severity::Advice,
    summary: "an LACP bond with routed traffic spreads it by addresses",
    reads: Reads::Both,
    silent_behind: &[],
    manual: Manual {
        checks: "An 802.3ad bond with `xmit_hash_policy` layer2, the driver's default, that carries a network with a \
                 gateway.",
        breaks: "All traffic to the gateway has one pair of hardware addresses and stays on one port.",
        remedy: "`bond-xmit-hash-policy layer2+3`; layer3+4 where overlays (VXLAN, WireGuard) make up the traffic.",
        before: "bond-mode 802.3ad",
        after: "bond-mode 802.3ad\nbond-xmit-hash-policy layer2+3",
        source: "Proxmox VE pve-network; Linux bonding.rst, xmit_hash_policy",
        evidence: Evidence::SeenPrinciple,
    },
    check: hash,
};

pub(super) const PHY_021: Rule = Rule {
    id: "PHY-021",
    severity: Severity::Warning,
    summary: "no balance-alb bond below a bridge",
    reads: Reads::Both,
    silent_behind: &[],
    manual: Manual {
        checks: "A bridge stands on a bond of mode balance-alb.",
        breaks: "The mode balances received traffic by rewriting ARP answers of the host; guests and VIPs behind the \
                 bridge are not covered, and their addresses flap between the ports.",
        remedy: "802.3ad or active-backup.",
        before: "bond-mode balance-alb    # below vmbr0",
        after: "bond-mode 802.3ad",
        source: "Linux bonding.rst, balance-alb; Proxmox VE pve-network",
        evidence: Evidence::SeenPrinciple,
    },
    check: alb_bridge,
};

fn bonds(design: &Design) -> impl Iterator<Item = (&Name, &Host, &Name, &Bond)> {
    hosts(design).flat_map(|(name, host)| host.bond.iter().map(move |(bond, it)| (name, host, bond, it)))
}

fn path(host: &Name, bond: &Name, field: &str) -> String {
    format!("host/{host}/bond/{bond}{field}")
}

fn switches<'h>(host: &'h Host, bond: &Bond) -> BTreeSet<&'h Name> {
    bond.members.iter().filter_map(|nic| host.nic.get(nic)).map(|nic| &nic.switch).collect()
}

/// Whether two switches can send to each other at all.
fn joined(design: &Design, switches: &BTreeSet<&Name>) -> bool {
    let device = |name: &&Name| format!("switch/{name}");
    let touches = |name: &&Name| {
        let own = device(name);
        design.cable.values().any(|cable| {
            let other = if cable.a.device == own {
                &cable.b
            } else if cable.b.device == own {
                &cable.a
            } else {
                return false;
            };
            !other.device.starts_with("host/")
        })
    };
    switches.iter().all(touches)
}

/// Mode, severity and switches of bonds that are broken alike.
type Kind<'d> = (&'static str, Severity, Vec<&'d Name>);

fn no_pair(world: &World<'_>, verdicts: &mut Verdicts) {
    let Some(source) = world.design else { return };
    let design = source.design;
    let mut broken: BTreeMap<Kind<'_>, Vec<(&Name, &Name)>> = BTreeMap::new();
    for (host_name, host, bond, it) in bonds(design) {
        let switches = switches(host, it);
        let one = design.mlag.values().any(|mlag| switches.iter().all(|switch| mlag.members.contains(switch)));
        let severity = match it.mode {
            BondMode::Lacp => Severity::Warning,
            BondMode::BalanceXor | BondMode::BalanceRr if joined(design, &switches) => Severity::Error,
            _ => {
                verdicts.holds();
                continue;
            }
        };
        if switches.len() < 2 || one {
            verdicts.holds();
        } else {
            let key = (it.mode.as_str(), severity, switches.into_iter().collect());
            broken.entry(key).or_default().push((host_name, bond));
        }
    }
    for ((mode, severity, switches), seats) in broken {
        let (host, bond) = seats[0];
        let place = source.place(path(host, bond, "/mode"));
        let hosts: Vec<&str> = seats.iter().map(|(host, _)| host.as_str()).collect();
        let breaks = if severity == Severity::Error {
            "the host's addresses flap between the switches, and packets are lost"
        } else {
            "two aggregates form, one carries all traffic, and the other half of the bandwidth is idle"
        };
        verdicts.broken(
            Finding::new(
                severity,
                &place,
                format!("{bond} of {} needs {} to act as one switch", list(&hosts), list(&switches)),
            )
            .at_place(&place, format!("{mode} over switches that are no pair"))
            .breaks(breaks)
            .help("make the switches a pair with `mlag`, or use `mode: active-backup`"),
        );
    }
}

fn foreign_aggregate(world: &World<'_>, verdicts: &mut Verdicts) {
    let Some(source) = world.design else { return };
    for (host_name, host, bond, it) in bonds(source.design) {
        if !matches!(it.mode, BondMode::ActiveBackup | BondMode::BalanceTlb | BondMode::BalanceAlb) {
            continue;
        }
        let aggregate = it.members.iter().filter_map(|nic| host.nic.get(nic)).find_map(|nic| {
            let switch = source.design.switch.get(&nic.switch)?;
            let lag = switch.port.get(&nic.port)?.lag.as_ref()?;
            Some((&nic.switch, &nic.port, lag, switch.lag.get(lag)?.mode))
        });
        let place = source.place(path(host_name, bond, "/mode"));
        verdicts.verdict(aggregate.map(|(switch, port, lag, mode)| {
            let (severity, word) = match mode {
                LagMode::Static => (Severity::Error, "a static aggregate"),
                LagMode::Lacp => (Severity::Error, "an LACP aggregate"),
                LagMode::LacpFallback => (Severity::Advice, "an LACP aggregate that falls back"),
            };
            Finding::new(
                severity,
                &place,
                format!("{bond} of {host_name} is {} behind {word} of {switch}", it.mode.as_str()),
            )
            .at_place(&place, "speaks no LACP")
            .context_place(&source.place(format!("switch/{switch}/port/{port}")), format!("port {port} is in {lag}"))
            .breaks(match mode {
                LagMode::Static => "flows that the switch sends to the waiting port are dropped, all the time",
                LagMode::Lacp => "the switch keeps the ports out of service, and the host is isolated",
                LagMode::LacpFallback => "nothing, as long as the switch falls back to single ports",
            })
            .help("remove the aggregate from the switch, or `mode: lacp` at the bond")
        }));
    }
}

fn speeds(world: &World<'_>, verdicts: &mut Verdicts) {
    let Some(source) = world.design else { return };
    for (host_name, host, bond, it) in bonds(source.design).filter(|(.., it)| it.mode == BondMode::Lacp) {
        let speeds: BTreeSet<_> = it.members.iter().filter_map(|nic| host.nic.get(nic)).map(|nic| nic.speed).collect();
        let place = source.place(path(host_name, bond, "/members"));
        verdicts.verdict((speeds.len() > 1).then(|| {
            let words: Vec<String> = speeds.iter().map(ToString::to_string).collect();
            Finding::new(Severity::Warning, &place, format!("{bond} of {host_name} has ports of different speed"))
                .at_place(&place, list(&words))
                .breaks("they form separate aggregates, of which one is used: part of the bandwidth is idle")
                .help("use ports of one speed")
        }));
    }
}

/// The fact of the first host that is wrong alike, and all of these hosts.
type Alike<'a, T> = (&'a Fact<T>, Vec<&'a str>);

fn blind(world: &World<'_>, verdicts: &mut Verdicts) {
    let mut broken: BTreeMap<(&str, &'static str), Alike<'_, Millis>> = BTreeMap::new();
    for network in &world.host_networks {
        for (name, _, bond) in network.bonds() {
            let Some(mode) = bond.mode.copied() else {
                verdicts.cannot_judge(bond.mode.place(), "the mode of its bond");
                continue;
            };
            let forced = matches!(mode, BondMode::Lacp | BondMode::BalanceTlb | BondMode::BalanceAlb);
            match bond.miimon.copied().filter(|_| !forced) {
                None if forced => verdicts.holds(),
                None => verdicts.cannot_judge(bond.miimon.place(), "how often its bond looks at its ports"),
                Some(miimon) if miimon.0 == 0 && !bond.by_arp.is(&true) => {
                    let alike = broken.entry((name, mode.as_str())).or_insert_with(|| (&bond.miimon, Vec::new()));
                    alike.1.push(&network.host);
                }
                Some(_) => verdicts.holds(),
            }
        }
    }
    for ((bond, mode), (miimon, names)) in broken {
        // A policy of ifupdown2, or a script, may set what no file here states.
        let severity = if miimon.is_default() { Severity::Advice } else { Severity::Error };
        verdicts.broken(
            Finding::new(
                severity,
                miimon.place(),
                format!("{bond} of {} never looks at the carrier of its ports", list(&names)),
            )
            .at(miimon, format!("{mode} without `miimon`"))
            .breaks("a link dies, and the bond goes on sending into it")
            .help(if world.is_files() {
                "`bond-miimon 100`; in netplan `mii-monitor-interval: 100`"
            } else {
                "`miimon: 100ms` at the bond, or leave it out"
            }),
        );
    }
}

fn hash(world: &World<'_>, verdicts: &mut Verdicts) {
    let mut broken: BTreeMap<&str, (&plimsoll_views::Place, Vec<&str>)> = BTreeMap::new();
    for network in &world.host_networks {
        let routed = network.interfaces.iter().filter(|(_, it)| it.routed.is(&true));
        let routed = network.first_on_each(routed.map(|(name, _)| name.as_str()));
        for (name, _, bond) in network.bonds().filter(|(.., bond)| bond.mode.is(&BondMode::Lacp)) {
            let Some(policy) = bond.hash.get() else { continue };
            if policy != "layer2" {
                verdicts.holds();
            } else if routed.contains_key(name) {
                broken.entry(name).or_insert_with(|| (bond.hash.place(), Vec::new())).1.push(&network.host);
            } else if world.is_files() {
                // Guests behind its bridges may have a gateway that no file of the host names.
                verdicts.cannot_judge(bond.hash.place(), "whether routed traffic uses it");
            } else {
                verdicts.holds();
            }
        }
    }
    for (bond, (place, names)) in broken {
        verdicts.broken(
            Finding::new(
                Severity::Advice,
                place,
                format!("{bond} of {} sends all routed traffic over one port", list(&names)),
            )
            .at_place(place, "spreads by hardware addresses, and the gateway has one")
            .breaks("half of the bandwidth towards the gateway is idle")
            .help(if world.is_files() {
                "`bond-xmit-hash-policy layer2+3`, or layer3+4 with an overlay"
            } else {
                "`hash: layer2+3` at the bond, or `layer3+4` with an overlay"
            }),
        );
    }
}

fn alb_bridge(world: &World<'_>, verdicts: &mut Verdicts) {
    let mut broken: BTreeMap<(&str, &str), Alike<'_, BondMode>> = BTreeMap::new();
    for network in &world.host_networks {
        let bridges = network.first_on_each(network.bridges().map(|(name, ..)| name));
        for (name, _, bond) in network.bonds().filter(|(.., bond)| bond.mode.is(&BondMode::BalanceAlb)) {
            match bridges.get(name) {
                Some(bridge) => {
                    broken.entry((*bridge, name)).or_insert_with(|| (&bond.mode, Vec::new())).1.push(&network.host);
                }
                None => verdicts.holds(),
            }
        }
    }
    for ((bridge, _), (mode, names)) in broken {
        verdicts.broken(
            Finding::new(
                Severity::Warning,
                mode.place(),
                format!("bridge {bridge} of {} stands on a balance-alb bond", list(&names)),
            )
            .at(mode, "rewrites ARP answers of the host only")
            .breaks("addresses of guests and of the VIP flap between the ports")
            .help(if world.is_files() {
                "use 802.3ad or active-backup"
            } else {
                "use `mode: lacp` or `mode: active-backup`"
            }),
        );
    }
}
