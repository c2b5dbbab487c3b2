//! GOV-001 to 003: where data lie, and who sees them.

use std::net::IpAddr;

use plimsoll_diagnostics::Severity;
use plimsoll_views::World;
use plimsoll_views::dns::address;

use crate::{Evidence, Finding, Manual, Reads, Rule, Verdicts};

/// Resolvers for everybody: Google, Cloudflare, Quad9, OpenDNS.
const PUBLIC: [[u8; 4]; 8] = [
    [8, 8, 8, 8],
    [8, 8, 4, 4],
    [1, 1, 1, 1],
    [1, 0, 0, 1],
    [9, 9, 9, 9],
    [149, 112, 112, 112],
    [208, 67, 222, 222],
    [208, 67, 220, 220],
];
/// The same by their IPv6 prefixes of 32 bits.
const PUBLIC_V6: [(u16, u16); 4] = [(0x2001, 0x4860), (0x2606, 0x4700), (0x2620, 0x00fe), (0x2620, 0x0119)];

pub(super) const GOV_001: Rule = Rule {
    id: "GOV-001",
    severity: Severity::Error,
    summary: "data go only where they may lie",
    reads: Reads::Design,
    silent_behind: &[],
    manual: Manual {
        checks: "A backup store, registry or DNS server of others has a stated jurisdiction that is not among those in \
                 which data may lie. Where data may lie in the EU, its members are within it; a store that says no more \
                 than EU is not judged where only some are allowed. One without a stated jurisdiction is not judged.",
        breaks: "Personal data leave the jurisdiction, which law or contract forbids.",
        remedy: "A store in an allowed jurisdiction.",
        before: "vault: { kind: backup, address: 192.0.2.80, jurisdiction: US }",
        after: "vault: { kind: backup, address: 10.30.1.80, jurisdiction: DE }",
        source: "the article this project implements, Data residency",
        evidence: Evidence::SeenPrinciple,
    },
    check: elsewhere,
};

pub(super) const GOV_002: Rule = Rule {
    id: "GOV-002",
    severity: Severity::Warning,
    summary: "data that law protects are encrypted where they lie",
    reads: Reads::Design,
    silent_behind: &[],
    manual: Manual {
        checks: "A tenant is marked as regulated and has storage, and Ceph's disks, or the copies of volumes, are not \
                 encrypted. Copies about which nothing is said are not judged.",
        breaks: "A disk that is replaced, or a stolen copy, is a breach that must be reported.",
        remedy: "`encrypted: true` for Ceph and for the copies.",
        before: "storage: { ceph: { by: rook, encrypted: false } }",
        after: "storage: { ceph: { by: rook, encrypted: true } }",
        source: "Rook CephCluster CRD, encryptedDevice; Kubernetes documentation, Operating etcd clusters",
        evidence: Evidence::Seen,
    },
    check: clear,
};

pub(super) const GOV_003: Rule = Rule {
    id: "GOV-003",
    severity: Severity::Advice,
    summary: "names are not asked of public resolvers",
    reads: Reads::Both,
    silent_behind: &[],
    manual: Manual {
        checks: "A server that CoreDNS or the cache on nodes asks for outside names is one of Google, Cloudflare, Quad9 or \
                 OpenDNS.",
        breaks: "Internal names, and who asks for what, are known to others; and internal names are not found there.",
        remedy: "The resolvers of your organisation.",
        before: "forward . 8.8.8.8 1.1.1.1",
        after: "forward . 10.30.1.53 10.30.1.54",
        source: "CoreDNS plugin/forward README; the rule is ours",
        evidence: Evidence::SeenPrinciple,
    },
    check: public,
};

/// Members of the European Union (Treaty on European Union, article 52, and the accession treaties; since 2020).
const UNION: [&str; 27] = [
    "AT", "BE", "BG", "CY", "CZ", "DE", "DK", "EE", "ES", "FI", "FR", "GR", "HR", "HU", "IE", "IT", "LT", "LU", "LV",
    "MT", "NL", "PL", "PT", "RO", "SE", "SI", "SK",
];

/// Whether what lies `there` lies in `allowed`: the same place, or a member of the Union where the Union is allowed.
/// `EU` itself does not say in which member, so it is not within one of them.
fn within(there: &str, allowed: &str) -> bool {
    let member = || UNION.iter().any(|member| member.eq_ignore_ascii_case(there));
    allowed.eq_ignore_ascii_case(there) || (allowed.eq_ignore_ascii_case("EU") && member())
}

fn elsewhere(world: &World<'_>, verdicts: &mut Verdicts) {
    if world.site.allowed.is_empty() {
        return;
    }
    for sink in &world.site.sinks {
        let Some(there) = sink.jurisdiction.get() else {
            verdicts.cannot_judge(sink.jurisdiction.place(), "its jurisdiction");
            continue;
        };
        let allowed = world.site.allowed.iter().any(|allowed| within(there, allowed));
        let somewhere =
            there.eq_ignore_ascii_case("EU") && world.site.allowed.iter().any(|allowed| within(allowed, "EU"));
        if somewhere && !allowed {
            verdicts.cannot_judge(sink.jurisdiction.place(), "in which member of the EU it is");
            continue;
        }
        verdicts.verdict((!allowed).then(|| {
            Finding::new(
                Severity::Error,
                sink.jurisdiction.place(),
                format!("{} go to {}, which is in {there}", sink.what, sink.name),
            )
            .at(&sink.jurisdiction, format!("data may lie in {}", world.site.allowed.join(", ")))
            .breaks("data leave the jurisdiction in which they must stay")
            .help("a store in an allowed jurisdiction")
        }));
    }
}

fn clear(world: &World<'_>, verdicts: &mut Verdicts) {
    for tenant in &world.site.regulated {
        let copies = tenant.copies.iter().map(|(job, fact)| (format!("the copies of {job}"), fact));
        for (what, fact) in std::iter::once(("the disks below its volumes".to_owned(), &tenant.disks)).chain(copies) {
            let Some(encrypted) = fact.copied() else {
                verdicts.cannot_judge(fact.place(), format!("whether {what} are encrypted"));
                continue;
            };
            verdicts.verdict((!encrypted).then(|| {
                Finding::new(
                    Severity::Warning,
                    &tenant.place,
                    format!("law protects the data of {}, and {what} are not encrypted", tenant.tenant),
                )
                .at_place(&tenant.place, "")
                .context(fact, "in clear")
                .breaks("a replaced disk or a stolen copy is a breach that must be reported")
                .help("`encrypted: true`")
            }));
        }
    }
}

fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => PUBLIC.contains(&address.octets()),
        IpAddr::V6(address) => PUBLIC_V6.contains(&(address.segments()[0], address.segments()[1])),
    }
}

fn public(world: &World<'_>, verdicts: &mut Verdicts) {
    for resolver in &world.dns.resolvers {
        let Some(servers) = resolver.upstreams.get() else { continue };
        let public: Vec<String> = servers
            .iter()
            .filter_map(|server| address(server))
            .filter(|address| is_public(*address))
            .map(|address| address.to_string())
            .collect();
        verdicts.verdict((!public.is_empty()).then(|| {
            Finding::new(
                Severity::Advice,
                resolver.upstreams.place(),
                format!("names are asked of {}, which everybody uses", public.join(" and ")),
            )
            .at(&resolver.upstreams, "")
            .breaks("internal names become known to others, and are not found there")
            .help("the resolvers of your organisation")
        }));
    }
}

#[cfg(test)]
mod tests {
    use super::within;

    #[test]
    fn a_member_lies_in_the_union_and_the_union_in_no_member() {
        assert!(within("DE", "DE") && within("de", "DE") && within("DE", "EU") && within("EU", "EU"));
        assert!(!within("EU", "DE") && !within("CH", "EU") && !within("GB", "EU") && !within("FR", "DE"));
    }
}
