//! CAL-008 and 013: numbers of autonomous systems, and passwords of sessions.

use plimsoll_diagnostics::Severity;
use plimsoll_views::{Fact, World};

use super::calico;
use crate::{Evidence, Finding, Manual, Reads, Rule, Verdicts};

pub(super) const CAL_008: Rule = Rule {
    id: "CAL-008",
    severity: Severity::Error,
    summary: "AS numbers are private or owned, and not reserved",
    reads: Reads::Both,
    silent_behind: &[],
    manual: Manual {
        checks: "Numbers of Calico, MetalLB and their peers. 0 and 23456 (AS_TRANS): an error. 65535 and 4294967295, the last \
                 of their ranges: a warning. Our own numbers outside 64512 to 65534 and 4200000000 to 4294967294 that the \
                 site does not declare as owned (`reserved: { owned_asns }`): a warning on a design. 64496 to 64511 and \
                 65536 to 65551, which are for documentation: advice. Numbers of routers of others may be public.",
        breaks: "With 0 or 23456 there is no session. The last numbers are refused or filtered by some routers; numbers for \
                 documentation by networks that filter what nobody owns. A number of somebody else, once it leaks, draws \
                 their traffic or is dropped as a loop.",
        remedy: "A private number.",
        before: "calico: { asn: 65535 }",
        after: "calico: { asn: 64512 }",
        source: "RFC 7607 (0), RFC 6793 (23456), RFC 7300 (last numbers), RFC 5398 (documentation), RFC 6996 (private); \
                 Calico, L3 interconnect fabric",
        evidence: Evidence::Tested(
            "FRR 10.3: 0 is no number to it; with 23456 no session comes up; 65535 and 4294967295 get a warning in the log, \
             and numbers for documentation nothing: sessions and routes come up",
        ),
    },
    check: reserved,
};

pub(super) const CAL_013: Rule = Rule {
    id: "CAL-013",
    severity: Severity::Advice,
    summary: "sessions of Calico with routers have a password",
    reads: Reads::Both,
    silent_behind: &[],
    manual: Manual {
        checks: "A BGPPeer of Calico with an address and without password.",
        breaks: "Whoever is in that network can end the session, or offer routes to pods.",
        remedy: "`password` with a Secret, the same at the router.",
        before: "spec: { peerIP: 10.30.12.2, asNumber: 64520 }",
        after: "spec: { peerIP: 10.30.12.2, asNumber: 64520, password: { secretKeyRef: { name: bgp, key: gw } } }",
        source: "Calico, BGPPeer",
        evidence: Evidence::Seen,
    },
    check: password,
};

/// What is known of a number by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// No session comes up with it.
    Unusable,
    /// The last of its range, which nobody is to use.
    Last,
    /// For examples in texts.
    Documentation,
    /// For whoever wants it.
    Private,
    /// Given to somebody, or not yet.
    Public,
}

fn kind(asn: u32) -> Kind {
    match asn {
        0 | 23_456 => Kind::Unusable,
        65_535 | u32::MAX => Kind::Last,
        64_496..=64_511 | 65_536..=65_551 => Kind::Documentation,
        64_512..=65_534 | 4_200_000_000..=4_294_967_294 => Kind::Private,
        _ => Kind::Public,
    }
}

/// Each number once, with whose it is and whether it is ours.
fn numbers(world: &World<'_>) -> Vec<(Fact<u32>, String, bool)> {
    let mut numbers: Vec<(Fact<u32>, String, bool)> = Vec::new();
    let mut take = |fact: Fact<u32>, whose: String, ours: bool| {
        // One cause, one finding: a number is stated again by every session.
        let again =
            |known: &Fact<u32>, of: &str| known.place() == fact.place() || (known.get() == fact.get() && of == whose);
        if fact.get().is_some() && !numbers.iter().any(|(known, of, _)| again(known, of)) {
            numbers.push((fact, whose, ours));
        }
    };
    if let Some(calico) = calico(world) {
        take(calico.asn.clone(), "Calico".to_owned(), true);
        for peer in &calico.peers {
            take(peer.asn.map(|asn| *asn).flatten(), peer.name.clone(), false);
        }
    }
    if let Some(metallb) = &world.services.metallb {
        for peer in &metallb.peers {
            take(peer.my_asn.clone(), "MetalLB".to_owned(), true);
            take(peer.peer_asn.clone(), peer.name.clone(), false);
        }
    }
    numbers
}

fn reserved(world: &World<'_>, verdicts: &mut Verdicts) {
    for (fact, whose, ours) in numbers(world) {
        let Some(asn) = fact.copied() else { continue };
        let owned = world.design.is_some_and(|source| source.design.site.reserved.owned_asns.contains(&asn));
        let finding = |severity, message: String| Finding::new(severity, fact.place(), message).at(&fact, "");
        verdicts.verdict(match kind(asn) {
            Kind::Unusable => Some(
                finding(Severity::Error, format!("AS number {asn} of {whose} can have no session"))
                    .breaks("the session never comes up")
                    .help("use a private number, 64512 to 65534"),
            ),
            Kind::Last => Some(
                finding(Severity::Warning, format!("AS number {asn} of {whose} is reserved"))
                    .breaks("some routers refuse the session or drop its routes; others take it with a warning")
                    .help("use a private number, 64512 to 65534"),
            ),
            Kind::Documentation => Some(
                finding(Severity::Advice, format!("AS number {asn} of {whose} is for documentation"))
                    .breaks("nothing by itself; networks that filter what nobody owns drop routes with it")
                    .help("use a private number, 64512 to 65534"),
            ),
            // Files state no ownership.
            Kind::Public if ours && !owned && !world.is_files() => Some(
                finding(Severity::Warning, format!("AS number {asn} of {whose} is a public one"))
                    .breaks("if a route leaks, it draws the traffic of whoever owns the number")
                    .help("use a private number, or declare it under `reserved: { owned_asns }`"),
            ),
            Kind::Public | Kind::Private => None,
        });
    }
}

fn password(world: &World<'_>, verdicts: &mut Verdicts) {
    let Some(calico) = calico(world) else { return };
    for peer in calico.peers.iter().filter(|peer| peer.address.get().is_some_and(Option::is_some)) {
        match peer.password.copied() {
            Some(has) => verdicts.verdict((!has).then(|| {
                Finding::new(Severity::Advice, &peer.place, format!("the session with {} has no password", peer.name))
                    .at(&peer.address, "")
                    .breaks("whoever is in that network can end it, or offer routes to pods")
                    .help("agree on one with the owner of the router")
            })),
            None => verdicts.cannot_judge(&peer.place, "whether it has a password"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_at_the_edges() {
        for (asn, expected) in [
            (0, Kind::Unusable),
            (1, Kind::Public),
            (23_456, Kind::Unusable),
            (64_495, Kind::Public),
            (64_496, Kind::Documentation),
            (64_511, Kind::Documentation),
            (64_512, Kind::Private),
            (65_534, Kind::Private),
            (65_535, Kind::Last),
            (65_536, Kind::Documentation),
            (65_551, Kind::Documentation),
            (65_552, Kind::Public),
            (4_199_999_999, Kind::Public),
            (4_200_000_000, Kind::Private),
            (4_294_967_294, Kind::Private),
            (u32::MAX, Kind::Last),
        ] {
            assert_eq!(kind(asn), expected, "{asn}");
        }
    }
}
