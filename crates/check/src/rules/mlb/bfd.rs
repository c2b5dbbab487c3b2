//! MLB-019: BFD at both ends, and its packets.

use std::collections::BTreeSet;

use plimsoll_diagnostics::Severity;
use plimsoll_model::design::Protocol;
use plimsoll_views::World;

use super::metallb;
use crate::{Evidence, Finding, Manual, Reads, Rule, Verdicts};

pub(super) const MLB_019: Rule = Rule {
    id: "MLB-019",
    severity: Severity::Error,
    summary: "BFD runs at both ends of a session and gets through",
    reads: Reads::Design,
    silent_behind: &[],
    manual: Manual {
        checks: "A session with a BFD profile. Warning: the router does not run BFD. Error: it does, or nobody says, and the \
                 packet filter of a node that has the session does not let in UDP 3784 (one hop) or 4784 (several hops). From \
                 where it is let in is not judged. TCP 179 is opened by the node, and needs no rule there.",
        breaks: "Where the router runs no BFD the session comes up without it, and a dead node is noticed as late as its hold \
                 time says. Where both run it and packets are dropped, the session does not come up, or goes down and stays \
                 down.",
        remedy: "BFD on the router for these neighbours; the port.",
        before: "external: { gw-1: { kind: router, bfd: false } }\ningress: { peers: gw-1, bfd: true }",
        after: "external: { gw-1: { kind: router, bfd: true } }\ningress: { peers: gw-1, bfd: true }",
        source: "MetalLB v0.16.1 sources; RFC 5881 and RFC 5883 (ports)",
        evidence: Evidence::Tested(
            "FRR 10.3: with BFD at one end the session comes up and BFD stays down; with both and UDP 3784 dropped at one \
             end it never comes up, and ends when it was up",
        ),
    },
    check: both_ends,
};

fn both_ends(world: &World<'_>, verdicts: &mut Verdicts) {
    let (Some(source), Some(metallb)) = (world.design, metallb(world)) else { return };
    for peer in metallb.peers.iter().filter(|peer| peer.bfd.get().is_some_and(Option::is_some)) {
        match peer.router_bfd.copied() {
            Some(runs) => verdicts.verdict((!runs).then(|| {
                let hold =
                    peer.hold_time.copied().flatten().map_or("its hold time".to_owned(), |hold| hold.to_string());
                Finding::new(
                    Severity::Warning,
                    &peer.place,
                    format!("{} does not run BFD, and its session asks for it", peer.name),
                )
                .at(&peer.router_bfd, "")
                .context(&peer.bfd, "asks for it")
                .breaks(format!("the session comes up without it, and a dead node is noticed only after {hold}"))
                .help("turn BFD on at the router for these neighbours, or write `bfd: false`")
            })),
            None => verdicts.cannot_judge(peer.router_bfd.place(), "whether the router runs BFD"),
        }
    }
    // Nothing is lost by a closed port where the router sends nothing to it.
    let asks = |multihop: bool| {
        metallb.peers.iter().any(|peer| {
            peer.bfd.get().is_some_and(Option::is_some) && peer.multihop.is(&multihop) && !peer.router_bfd.is(&false)
        })
    };
    let roles: BTreeSet<&str> = metallb
        .speakers
        .iter()
        .filter_map(|speaker| source.design.machine(&speaker.node).map(|machine| machine.role.as_str()))
        .collect();
    for role in roles {
        for port in
            [(false, 3784), (true, 4784)].into_iter().filter(|(multihop, _)| asks(*multihop)).map(|(_, port)| port)
        {
            let closed = !super::super::lets_in(source.design, role, Protocol::Udp, port);
            verdicts.verdict(closed.then(|| {
                let place = source.place(format!("firewall/{role}"));
                Finding::new(Severity::Error, &place, format!("the packet filter of {role}s closes BFD"))
                    .at_place(&place, format!("UDP {port}"))
                    .breaks("sessions with BFD do not come up, or go down and stay down")
                    .help(format!("let in UDP {port} from the routers"))
            }));
        }
    }
}
