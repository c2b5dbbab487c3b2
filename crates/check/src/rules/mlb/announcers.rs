//! MLB-001, 005, 007, 008 and 017: who answers for a service address.

use std::collections::BTreeSet;

use plimsoll_diagnostics::Severity;
use plimsoll_model::design::{Announce, Protocol};
use plimsoll_views::World;
use plimsoll_views::services::Speaker;

use super::{INGRESS, metallb};
use crate::{Evidence, Finding, Manual, Reads, Rule, Verdicts};

pub(super) const MLB_001: Rule = Rule {
    id: "MLB-001",
    severity: Severity::Error,
    summary: "with IPVS and announcement by ARP, nodes keep quiet about addresses that are not theirs",
    reads: Reads::Both,
    silent_behind: &[],
    manual: Manual {
        checks: "A pool is announced by layer 2, kube-proxy is in mode `ipvs`, and strictARP is false or left out, which \
                 means false.",
        breaks: "IPVS binds every service address on every node, and every node answers ARP for it: clients reach whichever \
                 answered first.",
        remedy: "`strictARP: true`, or the mode nftables.",
        before: "mode: ipvs",
        after: "mode: ipvs\nipvs: { strictARP: true }",
        source: "MetalLB, installation, \"Preparation\"; kubermatic issue 7309",
        evidence: Evidence::Seen,
    },
    check: strict_arp,
};

pub(super) const MLB_005: Rule = Rule {
    id: "MLB-005",
    severity: Severity::Error,
    summary: "some node that may announce is not excluded from announcing",
    reads: Reads::Both,
    silent_behind: &[],
    manual: Manual {
        checks: "Every node that may announce carries `node.kubernetes.io/exclude-from-external-load-balancers` and the \
                 speakers obey it. kubeadm puts it on control-plane nodes.",
        breaks: "Service addresses are assigned and nobody announces them. In layer-2 mode only a debug log says so.",
        remedy: "Announce from workers, take the label off, or run speakers with `--ignore-exclude-lb`.",
        before: "ingress: { from: cp-1..3 }     # labelled by kubeadm",
        after: "ingress: { from: worker-1..3 }",
        source: "MetalLB, troubleshooting; its speaker; metallb issues 2274 and 2285; kind issue 3506; cozystack issue 4043",
        evidence: Evidence::Seen,
    },
    check: excluded,
};

pub(super) const MLB_007: Rule = Rule {
    id: "MLB-007",
    severity: Severity::Error,
    summary: "two nodes on different hosts may announce a service address by layer 2",
    reads: Reads::Design,
    silent_behind: &["MLB-005"],
    manual: Manual {
        checks: "A pool is announced by layer 2, and the nodes that may announce are fewer than two or all on one physical \
                 host: an error when the loss of a host is among the goals of ingress, else a warning.",
        breaks: "With that node or host every service address is gone.",
        remedy: "Two nodes on two hosts.",
        before: "ingress: { announce: l2, from: worker-1 }",
        after: "ingress: { announce: l2, from: worker-1..3 }",
        source: "MetalLB, concepts, layer 2",
        evidence: Evidence::SeenPrinciple,
    },
    check: lone_announcer,
};

pub(super) const MLB_008: Rule = Rule {
    id: "MLB-008",
    severity: Severity::Error,
    summary: "speakers that announce by layer 2 hear each other",
    reads: Reads::Design,
    silent_behind: &[],
    manual: Manual {
        checks: "A pool is announced by layer 2: an error when memberlist runs and the packet filter of the nodes does not \
                 let in TCP and UDP 7946, a warning when memberlist is off. From where it is let in is not judged. With BGP \
                 alone it is not needed.",
        breaks: "Speakers that hear nobody each think they are alone: several announce one address, or none. Without \
                 memberlist an address moves only when Kubernetes calls the node unreachable.",
        remedy: "TCP and UDP 7946 between nodes.",
        before: "access: { firewall: { close: [tcp/7946] } }",
        after: "access: { firewall: true }",
        source: "MetalLB, requirements (ports); concepts, layer 2; its speaker",
        evidence: Evidence::Seen,
    },
    check: memberlist,
};

pub(super) const MLB_017: Rule = Rule {
    id: "MLB-017",
    severity: Severity::Error,
    summary: "nobody drops packets that carry a service address",
    reads: Reads::Design,
    silent_behind: &[],
    manual: Manual {
        checks: "A node that announces stands in a network towards clients or routers whose packets are filtered by \
                 address: `ipfilter` of the machine, or such a filter of the network.",
        breaks: "Answers carry the service address as their source, which the filter does not know: they are dropped, and \
                 every connection hangs.",
        remedy: "Turn the filter off there, or add the pool to its set.",
        before: "machines: { worker-1..6: { role: worker, ipfilter: true } }",
        after: "machines: { worker-1..6: { role: worker, ipfilter: false } }",
        source: "Proxmox VE, pve-firewall (IP filter) and pve-network; MetalLB, FAQ",
        evidence: Evidence::SeenPrinciple,
    },
    check: filtered,
};

fn strict_arp(world: &World<'_>, verdicts: &mut Verdicts) {
    let Some(metallb) = metallb(world).filter(|metallb| metallb.announces(Announce::L2)) else { return };
    let Some(proxy) = &world.pod_network.proxy else {
        verdicts.cannot_judge(&metallb.place, "the mode of kube-proxy");
        return;
    };
    let (Some(mode), Some(strict)) = (proxy.mode.get(), proxy.strict_arp.copied()) else {
        verdicts.cannot_judge(&proxy.place, "its mode and strictARP");
        return;
    };
    verdicts.verdict((mode == "ipvs" && !strict).then(|| {
        let label = if proxy.strict_arp.is_default() { "strictARP is left out, which means false" } else { "" };
        Finding::new(Severity::Error, proxy.strict_arp.place(), "every node answers ARP for service addresses")
            .at(&proxy.strict_arp, label)
            .context(&proxy.mode, "binds service addresses on every node")
            .breaks("clients reach whichever node answered first, and fail-over does not move them")
            .help("set `strictARP: true`, or use the mode nftables")
    }));
}

/// Nodes that may announce and are not excluded; `None` when that is not known of all.
fn eligible<'a>(world: &'a World<'_>) -> Option<Vec<&'a Speaker>> {
    let metallb = metallb(world)?;
    let obeys = metallb.obeys_exclude.copied()?;
    let mut eligible = Vec::new();
    for speaker in &metallb.speakers {
        if !obeys || !speaker.excluded.copied()? {
            eligible.push(speaker);
        }
    }
    Some(eligible)
}

fn excluded(world: &World<'_>, verdicts: &mut Verdicts) {
    let Some(metallb) = metallb(world).filter(|metallb| !metallb.advertisements.is_empty()) else { return };
    let Some(eligible) = eligible(world).filter(|_| !metallb.speakers.is_empty()) else {
        verdicts.cannot_judge(&metallb.place, "the labels of the nodes");
        return;
    };
    if !eligible.is_empty() {
        verdicts.holds();
        return;
    }
    let names: Vec<&str> = metallb.speakers.iter().map(|speaker| speaker.node.as_str()).collect();
    let first = &metallb.speakers[0];
    let finding = |severity| {
        Finding::new(severity, first.excluded.place(), "nobody announces the service addresses")
            .at(&first.excluded, format!("excluded by label: {}", names.join(", ")))
            .breaks("addresses are assigned and reach nobody; in layer-2 mode only a debug log says so")
            .help("announce from workers, or take the label off")
            .cause("metallb/announcers")
    };
    // Files may show some nodes and not others.
    let severity = if metallb.speakers_whole { Severity::Error } else { Severity::Warning };
    verdicts.broken(finding(severity));
}

fn lone_announcer(world: &World<'_>, verdicts: &mut Verdicts) {
    let Some(metallb) = metallb(world).filter(|metallb| metallb.announces(Announce::L2)) else { return };
    if world.is_files() {
        return;
    }
    let hosts = eligible(world).and_then(|speakers| {
        let hosts: Option<BTreeSet<&str>> =
            speakers.iter().map(|speaker| speaker.host.get().map(String::as_str)).collect();
        Some((speakers, hosts?))
    });
    let Some((speakers, hosts)) = hosts else {
        verdicts.cannot_judge(&metallb.place, "the physical hosts of the nodes that announce");
        return;
    };
    if hosts.len() >= 2 {
        verdicts.holds();
        return;
    }
    let severity = if world.goals.one("host", INGRESS) { Severity::Error } else { Severity::Warning };
    let names: Vec<&str> = speakers.iter().map(|speaker| speaker.node.as_str()).collect();
    let message = match (&names[..], hosts.first()) {
        ([], _) | (_, None) => "no node announces service addresses by layer 2".to_owned(),
        ([one], _) => format!("{one} alone announces service addresses"),
        (_, Some(host)) => format!("{} announce service addresses, and all are on {host}", names.join(", ")),
    };
    let place = speakers.first().map_or(&metallb.place, |speaker| speaker.host.place());
    verdicts.broken(
        Finding::new(severity, &metallb.place, message)
            .at_place(place, "")
            .breaks("with it every service address is gone")
            .help("announce from nodes on two hosts or more")
            .cause("metallb/announcers"),
    );
}

fn memberlist(world: &World<'_>, verdicts: &mut Verdicts) {
    let (Some(source), Some(metallb)) = (world.design, metallb(world)) else { return };
    if !metallb.announces(Announce::L2) {
        return;
    }
    let Some(runs) = metallb.memberlist.copied() else {
        verdicts.cannot_judge(&metallb.place, "whether memberlist runs");
        return;
    };
    if !runs {
        verdicts.broken(
            Finding::new(Severity::Warning, metallb.memberlist.place(), "speakers do not hear each other")
                .at(&metallb.memberlist, "")
                .breaks(
                    "an address moves only when Kubernetes calls its node unreachable, which takes most of a minute",
                )
                .help("let memberlist run"),
        );
        return;
    }
    let roles: BTreeSet<&str> = metallb
        .speakers
        .iter()
        .filter_map(|speaker| source.design.machine(&speaker.node).map(|machine| machine.role.as_str()))
        .collect();
    for role in roles {
        let closed: Vec<&str> = [("TCP", Protocol::Tcp), ("UDP", Protocol::Udp)]
            .into_iter()
            .filter(|(_, protocol)| !super::super::lets_in(source.design, role, *protocol, 7946))
            .map(|(word, _)| word)
            .collect();
        verdicts.verdict((!closed.is_empty()).then(|| {
            let place = source.place(format!("firewall/{role}"));
            Finding::new(Severity::Error, &place, format!("the packet filter of {role}s closes memberlist"))
                .at_place(&place, format!("{} 7946", closed.join(" and ")))
                .breaks("each speaker thinks it is alone: several announce one address")
                .help("let in TCP and UDP 7946 from nodes")
        }));
    }
}

fn filtered(world: &World<'_>, verdicts: &mut Verdicts) {
    let Some(metallb) = metallb(world).filter(|metallb| !metallb.advertisements.is_empty()) else { return };
    if world.is_files() {
        return;
    }
    let Some(eligible) = eligible(world) else {
        verdicts.cannot_judge(&metallb.place, "which nodes announce");
        return;
    };
    let known: Vec<&&Speaker> = eligible.iter().filter(|speaker| speaker.filtered.get().is_some()).collect();
    for speaker in eligible.iter().filter(|speaker| speaker.filtered.get().is_none()) {
        verdicts.cannot_judge(&speaker.place, "whether its packets are filtered by address");
    }
    let dropped: Vec<&&&Speaker> = known.iter().filter(|speaker| speaker.filtered.is(&true)).collect();
    let Some(first) = dropped.first() else {
        for _ in &known {
            verdicts.holds();
        }
        return;
    };
    let names: Vec<&str> = dropped.iter().map(|speaker| speaker.node.as_str()).collect();
    verdicts.broken(
        Finding::new(
            Severity::Error,
            first.filtered.place(),
            format!("packets with a service address are dropped on their way out of {}", names.join(", ")),
        )
        .at(&first.filtered, "filtered by address")
        .breaks("answers of services carry the service address as their source: every connection hangs")
        .help("turn the filter off (`ipfilter: false` at the machines, where that is it), or add the pool to its set"),
    );
}
