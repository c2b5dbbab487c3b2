//! MLB-012, 016 and 018: what MetalLB refuses or passes over.

use plimsoll_diagnostics::Severity;
use plimsoll_model::design::MetalLbMode;
use plimsoll_views::World;
use plimsoll_views::services::Peer;

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
    summary: "sessions of one node agree on its number and its router id",
    reads: Reads::Files,
    silent_behind: &[],
    manual: Manual {
        checks: "Where FRR speaks (or the mode is not known): two BGPPeers that select a common node with different \
                 routerID (one of them left out counts), with different myASN in the same vrf, or with the same address, \
                 port and vrf.",
        breaks: "The whole configuration is refused and the last valid one stays. Nothing on the objects says so.",
        remedy: "One myASN and routerID for each node and vrf, or nodeSelectors without a common node; localASN for a router \
                 that expects another number.",
        before: "spec: { myASN: 64513, peerAddress: 10.30.12.2 }\nspec: { myASN: 64514, peerAddress: 10.30.12.3 }",
        after: "spec: { myASN: 64513, peerAddress: 10.30.12.2 }\nspec: { myASN: 64513, peerAddress: 10.30.12.3 }",
        source: "MetalLB, internal/config/validation.go (DiscardNativeOnly)",
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
    for (index, peer) in metallb.peers.iter().enumerate() {
        for other in &metallb.peers[index + 1..] {
            let Some((why, a, b)) = disagreement(peer, other) else {
                verdicts.holds();
                continue;
            };
            match peer.nodes.meets(&other.nodes) {
                Some(false) => verdicts.holds(),
                Some(true) => verdicts.broken(
                    Finding::new(
                        Severity::Error,
                        &other.place,
                        format!("sessions {} and {} of one node {why}", peer.name, other.name),
                    )
                    .at_place(b, "")
                    .context_place(a, "")
                    .breaks("the whole configuration is refused, the last valid one stays, and nothing on the objects says so")
                    .help("make them agree, or let their nodeSelectors choose different nodes"),
                ),
                None => verdicts.cannot_judge(&other.place, format!("whether it shares a node with {}", peer.name)),
            }
        }
    }
}

/// How two sessions of one node would disagree, and where each says so; unknown values disagree with nothing.
fn disagreement<'a>(
    a: &'a Peer,
    b: &'a Peer,
) -> Option<(&'static str, &'a plimsoll_views::Place, &'a plimsoll_views::Place)> {
    let differ =
        |a: Option<&Option<String>>, b: Option<&Option<String>>| matches!((a, b), (Some(a), Some(b)) if a != b);
    let same_vrf = matches!((a.vrf.get(), b.vrf.get()), (Some(a), Some(b)) if a == b);
    if differ(a.router_id.get(), b.router_id.get()) {
        return Some(("have different router ids", a.router_id.place(), b.router_id.place()));
    }
    if same_vrf && matches!((a.my_asn.copied(), b.my_asn.copied()), (Some(a), Some(b)) if a != b) {
        return Some(("have different AS numbers", a.my_asn.place(), b.my_asn.place()));
    }
    let same_address = matches!((a.address.get(), b.address.get()), (Some(a), Some(b)) if a == b);
    if same_vrf && same_address && a.port.copied().is_some() && a.port.copied() == b.port.copied() {
        return Some(("lead to the same router", a.address.place(), b.address.place()));
    }
    None
}
