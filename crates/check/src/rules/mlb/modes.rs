//! MLB-012, 016 and 018: what MetalLB refuses or passes over.

use plimsoll_diagnostics::Severity;
use plimsoll_model::design::MetalLbMode;
use plimsoll_views::services::Peer;
use plimsoll_views::{Place, World};

use super::{metallb, version};
use crate::{Evidence, Finding, Manual, Reads, Rule, Verdicts};

pub(super) const MLB_012: Rule = Rule {
    id: "MLB-012",
    severity: Severity::Error,
    summary: "the mode `native` is asked for nothing that it cannot do",
    reads: Reads::Both,
    silent_behind: &[],
    manual: Manual {
        checks: "MetalLB's own BGP (`native`; its manifests set no METALLB_BGP_TYPE) together with a BFDProfile, IPv6 by \
                 BGP, a large community, or a BGPPeer with bfdProfile, keepaliveTime, connectTime, vrf, \
                 enableGracefulRestart, disableMP, dualStackAddressFamily, dynamicASN, interface or localASN.",
        breaks: "The whole configuration is refused and the last valid one stays: whatever is added from then on is not \
                 announced.",
        remedy: "The mode frr-k8s, which is the default since 0.16.",
        before: "kind: BFDProfile        # beside metallb-native.yaml",
        after: "kind: BFDProfile        # beside metallb-frr-k8s.yaml",
        source: "MetalLB, internal/config/validation.go (DiscardFRROnly); installation; release notes",
        evidence: Evidence::Seen,
    },
    check: native,
};

pub(super) const MLB_016: Rule = Rule {
    id: "MLB-016",
    severity: Severity::Error,
    summary: "services speak to MetalLB by annotations that it reads",
    reads: Reads::Files,
    silent_behind: &[],
    manual: Manual {
        checks: "An annotation `metallb.io/…` on a service and MetalLB before 0.14.9: an error. An annotation \
                 `metallb.universe.tf/…` and 0.14.9 or later: advice, it is deprecated and still works in 0.16.",
        breaks: "The annotation is passed over without a word: another address, or another pool.",
        remedy: "`metallb.io/…` from 0.14.9 on.",
        before: "annotations: { metallb.universe.tf/address-pool: public }",
        after: "annotations: { metallb.io/address-pool: public }",
        source: "MetalLB, release notes, 0.14.9",
        evidence: Evidence::Seen,
    },
    check: annotations,
};

pub(super) const MLB_018: Rule = Rule {
    id: "MLB-018",
    severity: Severity::Error,
    summary: "sessions agree on the speakers' number and router id, and none is there twice",
    reads: Reads::Files,
    silent_behind: &[],
    manual: Manual {
        checks: "Where FRR speaks (or the mode is not known): two BGPPeers with different routerID (one of them left out \
                 counts), with different myASN in the same vrf, whatever nodes they select, or with the same address (or \
                 interface) and vrf on a common node, whatever their ports. Before 0.16 the last is refused on different \
                 nodes too; that is judged when the version is known. With the mode unknown it is a warning, as MetalLB's \
                 own BGP takes all of these.",
        breaks: "The webhook refuses the object, or the whole configuration is refused and the last valid one stays.",
        remedy: "One myASN in each vrf, one routerID or none; localASN (from 0.16) for a router that expects another number.",
        before: "spec: { myASN: 64513, peerAddress: 10.30.12.2 }\nspec: { myASN: 64514, peerAddress: 10.30.12.3 }",
        after: "spec: { myASN: 64513, peerAddress: 10.30.12.2 }\nspec: { myASN: 64513, peerAddress: 10.30.12.3 }",
        source: "MetalLB, internal/config/validation.go (DiscardNativeOnly); metallb issues 1560, 2367 and 3094, pull \
                 request 2980",
        evidence: Evidence::Seen,
    },
    check: agree,
};

fn native(world: &World<'_>, verdicts: &mut Verdicts) {
    let Some(metallb) = metallb(world) else { return };
    let profile = metallb.bfd.first();
    let of_peers =
        metallb.peers.iter().flat_map(|peer| peer.beyond_native.iter().map(move |it| (it, peer.name.as_str())));
    let first = of_peers.map(|(it, peer)| (it, format!("{} of session {peer}", it.get().map_or("", String::as_str))));
    let first = first
        .chain(metallb.beyond_native.iter().map(|it| (it, it.get().cloned().unwrap_or_default())))
        .chain(profile.map(|it| (it, format!("BFD profile {}", it.get().map_or("", String::as_str)))))
        .next();
    let Some((fact, what)) = first else {
        verdicts.holds();
        return;
    };
    match metallb.mode.copied() {
        Some(MetalLbMode::Native) => verdicts.broken(
            Finding::new(Severity::Error, fact.place(), format!("MetalLB's own BGP does not know {what}"))
                .at(fact, "")
                .context(
                    &metallb.mode,
                    if metallb.mode.is_default() { "no METALLB_BGP_TYPE: native" } else { "native" },
                )
                .breaks("the whole configuration is refused, and the last valid one stays")
                .help("use the mode frr-k8s"),
        ),
        Some(_) => verdicts.holds(),
        None => verdicts.cannot_judge(&metallb.place, "the mode of MetalLB"),
    }
}

fn annotations(world: &World<'_>, verdicts: &mut Verdicts) {
    if !world.is_files() {
        return;
    }
    for service in world.services.services.iter().filter(|service| !service.annotations.is_empty()) {
        let version = metallb(world).and_then(|metallb| Some((&metallb.version, version(metallb.version.get()?)?)));
        let Some((stated, version)) = version else {
            verdicts.cannot_judge(&service.place, "the version of MetalLB");
            continue;
        };
        let reads_new = version >= (0, 14, 9);
        for annotation in &service.annotations {
            let Some(key) = annotation.get() else { continue };
            let new = key.starts_with("metallb.io/");
            let text = stated.get().map_or("", String::as_str);
            verdicts.verdict(match (new, reads_new) {
                (true, false) => Some(
                    Finding::new(Severity::Error, &service.place, format!("MetalLB {text} does not read {key}"))
                        .at(annotation, "")
                        .context(stated, "reads it from 0.14.9")
                        .breaks(format!("{} gets another address or pool than it asks for", service.name))
                        .help("write `metallb.universe.tf/…`, or upgrade"),
                ),
                (false, true) => Some(
                    Finding::new(Severity::Advice, &service.place, format!("{key} is deprecated"))
                        .at(annotation, "")
                        .breaks("a later MetalLB passes it over without a word")
                        .help(key.replace("metallb.universe.tf/", "write `metallb.io/") + "`"),
                ),
                _ => None,
            });
        }
    }
}

fn agree(world: &World<'_>, verdicts: &mut Verdicts) {
    let Some(metallb) = metallb(world) else { return };
    if metallb.mode.is(&MetalLbMode::Native) || !world.is_files() {
        return;
    }
    // The mode `native` takes every one of these pairs.
    let severity = if metallb.mode.get().is_some() { Severity::Error } else { Severity::Warning };
    let per_node = metallb.version.get().and_then(|text| version(text)).map(|version| version >= (0, 16, 0));
    for (index, peer) in metallb.peers.iter().enumerate() {
        for other in &metallb.peers[index + 1..] {
            let Some(it) = disagreement(peer, other) else {
                verdicts.holds();
                continue;
            };
            let refused = match (it.everywhere, peer.nodes.meets(&other.nodes)) {
                (true, _) | (false, Some(true)) => Some(true),
                // On different nodes it is refused before 0.16 only.
                (false, Some(false)) => per_node.map(|per_node| !per_node),
                (false, None) => (per_node == Some(false)).then_some(true),
            };
            match refused {
                Some(false) => verdicts.holds(),
                Some(true) => verdicts.broken(
                    Finding::new(
                        severity,
                        &other.place,
                        format!("sessions {} and {} {}", peer.name, other.name, it.what),
                    )
                    .at_place(it.second, "")
                    .context_place(it.first, "")
                    .breaks("FRR modes refuse the whole configuration, also for different nodes, and the last valid one stays")
                    .help(it.help),
                ),
                None => verdicts.cannot_judge(
                    &other.place,
                    format!("the version of MetalLB, and whether it shares a node with {}", peer.name),
                ),
            }
        }
    }
}

/// How two sessions disagree.
struct Disagreement<'a> {
    /// In words.
    what: &'static str,
    /// Where the first says so.
    first: &'a Place,
    /// Where the second says so.
    second: &'a Place,
    /// Whether it is refused whatever nodes they are for.
    everywhere: bool,
    /// What to do.
    help: &'static str,
}

/// How two sessions disagree; unknown values disagree with nothing. The port is no part of a session's identity.
fn disagreement<'a>(a: &'a Peer, b: &'a Peer) -> Option<Disagreement<'a>> {
    let same_vrf = matches!((a.vrf.get(), b.vrf.get()), (Some(a), Some(b)) if a == b);
    if matches!((a.router_id.get(), b.router_id.get()), (Some(a), Some(b)) if a != b) {
        return Some(Disagreement {
            what: "have different router ids",
            first: a.router_id.place(),
            second: b.router_id.place(),
            everywhere: true,
            help: "give all sessions the same routerID, or none, so that each node takes its own address",
        });
    }
    if same_vrf && matches!((a.my_asn.copied(), b.my_asn.copied()), (Some(a), Some(b)) if a != b) {
        return Some(Disagreement {
            what: "have different AS numbers",
            first: a.my_asn.place(),
            second: b.my_asn.place(),
            everywhere: true,
            help: "use one myASN, and `localASN` (from 0.16) for a router that expects another",
        });
    }
    let same_address = matches!((a.address.get(), b.address.get()), (Some(a), Some(b)) if a == b);
    (same_vrf && same_address).then(|| Disagreement {
        what: "lead to the same router",
        first: a.address.place(),
        second: b.address.place(),
        everywhere: false,
        help: "leave one of them, or (from 0.16) let their nodeSelectors choose different nodes",
    })
}
