//! MLB-002, 009, 010, 011 and 013: sessions with routers.

use plimsoll_diagnostics::Severity;
use plimsoll_model::design::{Announce, MetalLbMode};
use plimsoll_model::units::Millis;
use plimsoll_views::World;
use plimsoll_views::services::Peer;

use super::metallb;
use crate::{Evidence, Finding, Manual, Reads, Rule, Verdicts};

pub(super) const MLB_002: Rule = Rule {
    id: "MLB-002",
    severity: Severity::Error,
    summary: "Calico and MetalLB do not both peer with one router from one node",
    reads: Reads::Both,
    silent_behind: &[],
    manual: Manual {
        checks: "A BGPPeer of MetalLB and a BGPPeer of Calico with the same address and port, on a node that both select, \
                 in the main routing domain, while Calico speaks BGP, and with no source address of MetalLB's own. The \
                 node-to-node mesh of Calico does not conflict.",
        breaks: "A router takes one session from one address. The second is refused: no routes to services, or none to \
                 pods.",
        remedy: "Let Calico announce the pools (serviceLoadBalancerIPs) and run MetalLB's controller without \
                 advertisements; or peer with different routers; or from different nodes.",
        before: "calico: { peers: [gw-1..2] }\ningress: { by: metallb, announce: bgp, peers: gw-1..2 }",
        after: "calico: { mesh: full }\ningress: { by: metallb, announce: bgp, peers: gw-1..2 }",
        source: "MetalLB, configuration, \"Issues with Calico\"",
        evidence: Evidence::Tested(
            "FRR 10.3 as the router: while one session from an address is up, a second from it stays Idle and its routes are \
             missing",
        ),
    },
    check: one_router,
};

pub(super) const MLB_009: Rule = Rule {
    id: "MLB-009",
    severity: Severity::Warning,
    summary: "routers use the paths to all nodes",
    reads: Reads::Design,
    silent_behind: &[],
    manual: Manual {
        checks: "A router of a session does not install several equal paths.",
        breaks: "All traffic of a service enters through one node.",
        remedy: "ECMP on the router (`maximum-paths` in FRR).",
        before: "external: { gw-1: { kind: router, multipath: false } }",
        after: "external: { gw-1: { kind: router, multipath: true } }",
        source: "MetalLB, concepts, BGP; Calico, advertise service IPs",
        evidence: Evidence::Seen,
    },
    check: multipath,
};

pub(super) const MLB_010: Rule = Rule {
    id: "MLB-010",
    severity: Severity::Warning,
    summary: "flows keep their path when a node comes or goes",
    reads: Reads::Design,
    silent_behind: &["MLB-009"],
    manual: Manual {
        checks: "A router of a session hashes flows over several paths, and the hashing is not resilient.",
        breaks: "Any change of nodes moves most flows to another node, which resets their connections.",
        remedy: "Resilient hashing on the router; otherwise an ingress layer that bears resets, and maintenance in windows.",
        before: "external: { gw-1: { kind: router, multipath: true, resilient_hashing: false } }",
        after: "external: { gw-1: { kind: router, multipath: true, resilient_hashing: true } }",
        source: "MetalLB, concepts, BGP, \"Limitations\"",
        evidence: Evidence::Seen,
    },
    check: resilient,
};

pub(super) const MLB_011: Rule = Rule {
    id: "MLB-011",
    severity: Severity::Warning,
    summary: "a dead node is noticed within 30 seconds",
    reads: Reads::Both,
    silent_behind: &[],
    manual: Manual {
        checks: "A session without a BFD profile whose holdTime is left out or over 30 s. Left out it is 180 s where FRR \
                 speaks (FRR's default since MetalLB 0.14.9) and 90 s in native mode.",
        breaks: "The router sends packets to the dead node for that long.",
        remedy: "A BFDProfile (FRR modes, and the router must run BFD too); or holdTime 9 s with keepaliveTime 3 s.",
        before: "spec: { peerAddress: 10.30.12.2 }",
        after: "spec: { peerAddress: 10.30.12.2, holdTime: 9s, keepaliveTime: 3s }",
        source: "MetalLB v0.16.1 sources, release notes, configuration and concepts",
        evidence: Evidence::Seen,
    },
    check: hold_time,
};

pub(super) const MLB_013: Rule = Rule {
    id: "MLB-013",
    severity: Severity::Error,
    summary: "a router beyond the next hop is declared to be so",
    reads: Reads::Design,
    silent_behind: &[],
    manual: Manual {
        checks: "An external session (different numbers) with a router that is in no network of some node that has the \
                 session, without ebgpMultiHop.",
        breaks: "Packets of the session carry a time to live of one: it is never up.",
        remedy: "`ebgpMultiHop: true`, or a router on the same network.",
        before: "spec: { peerAddress: 10.30.1.2 }",
        after: "spec: { peerAddress: 10.30.1.2, ebgpMultiHop: true }",
        source: "MetalLB, concepts, BGP",
        evidence: Evidence::Tested(
            "FRR 10.3, two hops: an external session stays Active (\"no path to specified neighbor\") and comes up with \
             ebgp-multihop; an internal one needs nothing",
        ),
    },
    check: multihop,
};

fn peers<'a>(world: &'a World<'_>) -> impl Iterator<Item = &'a Peer> {
    metallb(world).into_iter().flat_map(|metallb| &metallb.peers)
}

fn one_router(world: &World<'_>, verdicts: &mut Verdicts) {
    let Some(calico) = &world.pod_network.calico else { return };
    // Peers that are configured are meant to be used, unless BGP is known to be off.
    if calico.bgp.is(&false) {
        return;
    }
    for peer in peers(world) {
        let (Some(address), Some(port)) = (peer.address.get(), peer.port.copied()) else {
            verdicts.cannot_judge(&peer.place, "the address of its router");
            continue;
        };
        // A routing domain of its own, or a source address that is not the node's, makes it another session.
        let apart = !peer.vrf.is(&None) || !peer.source.is(&None);
        let same = calico
            .peers
            .iter()
            .filter(|other| other.address.is(&Some(address.clone())) && other.port.copied() == Some(port));
        let mut said = false;
        for other in same {
            let (finding, known) = match (apart, peer.nodes.meets(&other.nodes)) {
                (false, Some(true)) => (Some(conflict(world, peer, other, address)), true),
                (_, Some(false)) => (None, true),
                _ => (None, false),
            };
            said = true;
            match finding {
                Some(finding) => verdicts.broken(finding),
                None if known => verdicts.holds(),
                None => {
                    verdicts.cannot_judge(&peer.place, "whether it shares a node and an address with Calico's session");
                }
            }
        }
        if !said {
            verdicts.holds();
        }
    }
}

fn conflict(world: &World<'_>, peer: &Peer, other: &plimsoll_views::pod_network::CalicoPeer, address: &str) -> Finding {
    let both = if peer.name == other.name {
        format!("Calico and MetalLB both peer with {address}")
    } else {
        format!("Calico's {} and MetalLB's {} both peer with {address}", other.name, peer.name)
    };
    Finding::new(Severity::Error, &peer.place, both)
        .at(&peer.address, "MetalLB's session")
        .context(&other.address, "Calico's session")
        .breaks("the router takes one session from each node and refuses the other: routes to services or to pods are missing")
        .help(if world.is_files() {
            "let Calico announce the pools and MetalLB only give out addresses, or peer with different routers"
        } else {
            "leave Calico its mesh (`calico: { mesh: full }`), or let the two peer with different routers"
        })
}

fn multipath(world: &World<'_>, verdicts: &mut Verdicts) {
    for peer in peers(world).filter(|_| !world.is_files()) {
        match peer.multipath.copied() {
            Some(multipath) => verdicts.verdict((!multipath).then(|| {
                Finding::new(
                    Severity::Warning,
                    peer.multipath.place(),
                    format!("{} uses one path to services", peer.name),
                )
                .at(&peer.multipath, "")
                .breaks("all traffic of a service enters through one node")
                .help("turn on ECMP for its sessions")
                .cause(format!("router/{}", peer.name))
            })),
            None => verdicts.cannot_judge(peer.multipath.place(), "whether the router installs several paths"),
        }
    }
}

fn resilient(world: &World<'_>, verdicts: &mut Verdicts) {
    for peer in peers(world).filter(|peer| peer.multipath.is(&true)) {
        match peer.resilient.copied() {
            Some(resilient) => verdicts.verdict((!resilient).then(|| {
                Finding::new(
                    Severity::Warning,
                    peer.resilient.place(),
                    format!("{} hashes flows anew when a node comes or goes", peer.name),
                )
                .at(&peer.resilient, "")
                .breaks("most long-lived connections to services are reset with every change of nodes")
                .help("turn on resilient hashing, or take nodes out in maintenance windows only")
                .cause(format!("router/{}", peer.name))
            })),
            None => verdicts.cannot_judge(peer.resilient.place(), "whether the router's hashing is resilient"),
        }
    }
}

fn hold_time(world: &World<'_>, verdicts: &mut Verdicts) {
    let Some(metallb) = metallb(world) else { return };
    for peer in peers(world) {
        let (Some(bfd), Some(hold)) = (peer.bfd.get(), peer.hold_time.get()) else {
            verdicts.cannot_judge(&peer.place, "its holdTime and its BFD profile");
            continue;
        };
        let slow = bfd.is_none() && hold.is_none_or(|hold| hold > Millis::secs(30) || hold == Millis(0));
        verdicts.verdict(slow.then(|| {
            let label = match hold {
                Some(Millis(0)) => "0 never ends the session".to_owned(),
                Some(hold) => format!("{hold} without BFD"),
                None => match metallb.mode.copied() {
                    Some(MetalLbMode::Native) => "holdTime is left out, which means 90 s".to_owned(),
                    Some(_) => "holdTime is left out, which means 180 s".to_owned(),
                    None => "holdTime is left out, which means 90 s or 180 s by mode".to_owned(),
                },
            };
            Finding::new(
                Severity::Warning,
                peer.hold_time.place(),
                format!("session {} notices a dead node late", peer.name),
            )
            .at(&peer.hold_time, label)
            .breaks("the router sends packets to a dead node for that long")
            .help("use a BFD profile, or `holdTime: 9s` and `keepaliveTime: 3s`")
        }));
    }
}

fn multihop(world: &World<'_>, verdicts: &mut Verdicts) {
    let Some(metallb) = metallb(world).filter(|it| !world.is_files() && it.announces(Announce::Bgp)) else { return };
    for peer in &metallb.peers {
        let all = (peer.on_link.copied(), peer.multihop.copied(), peer.my_asn.copied(), peer.peer_asn.copied());
        let (Some(on_link), Some(multihop), Some(mine), Some(theirs)) = all else {
            verdicts.cannot_judge(&peer.place, "the networks of the nodes and both numbers");
            continue;
        };
        verdicts.verdict((!on_link && !multihop && mine != theirs).then(|| {
            let address = peer.address.get().map_or("", String::as_str);
            Finding::new(
                Severity::Error,
                &peer.place,
                format!("{address} is in no network of the nodes that peer with it"),
            )
            .at(&peer.address, "more than one hop away")
            .context(&peer.multihop, "not declared")
            .breaks("the session is never up")
            .help("set `ebgpMultiHop: true`, or peer with a router on the same network")
        }));
    }
}
