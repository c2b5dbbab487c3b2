//! VRRP-010: one instance, one address family.

use plimsoll_diagnostics::Severity;
use plimsoll_views::World;

use crate::{Evidence, Finding, Manual, Reads, Rule, Verdicts};

pub(super) const VRRP_010: Rule = Rule {
    id: "VRRP-010",
    severity: Severity::Error,
    summary: "the addresses of an instance are of one family",
    reads: Reads::Files,
    silent_behind: &[],
    manual: Manual {
        checks: "Both families in one `virtual_ipaddress` block: an error. IPv6 addresses in the \
                 `virtual_ipaddress_excluded` of an IPv4 instance (they move with it and are not announced by their own \
                 family), or `version 2` on an IPv6 instance (which speaks version 3): a warning.",
        breaks: "The first address decides the family; those of the other are ignored and are nowhere.",
        remedy: "Two instances, one for each family.",
        before: "virtual_ipaddress {\n    10.30.12.100/24\n    fd00::100/64\n}",
        after: "vrrp_instance api4 { virtual_ipaddress { 10.30.12.100/24 } }\n\
                vrrp_instance api6 { virtual_ipaddress { fd00::100/64 } }",
        source: "keepalived.conf(5), virtual_ipaddress",
        evidence: Evidence::Tested("keepalived 2.2.7 and 2.3.3: keepalived -t"),
    },
    check,
};

fn check(world: &World<'_>, verdicts: &mut Verdicts) {
    for member in world.vrrp.iter().flat_map(|group| &group.members) {
        let Some(addresses) = member.addresses.get() else {
            verdicts.cannot_judge(&member.place, "its virtual addresses");
            continue;
        };
        let v4 = addresses.first().is_some_and(|address| address.address.is_ipv4());
        let v6 = addresses.iter().find(|address| address.address.is_ipv6());
        // The first address decides the family of the instance.
        let ignored = addresses.iter().find(|address| address.address.is_ipv4() != v4);
        let excluded_v6 =
            member.excluded_addresses.get().and_then(|list| list.iter().find(|address| address.address.is_ipv6()));
        verdicts.verdict(match (v4, v6, excluded_v6) {
            _ if let Some(ignored) = ignored => Some(
                Finding::new(
                    Severity::Error,
                    member.addresses.place(),
                    format!("{} has addresses of both families in one instance", member.name),
                )
                .at(&member.addresses, format!("{} is ignored", ignored.address))
                .breaks(format!("{} is nowhere", ignored.address))
                .help("make a second instance for the other family"),
            ),
            (true, None, Some(v6)) => Some(
                Finding::new(
                    Severity::Warning,
                    member.excluded_addresses.place(),
                    format!("{} moves an IPv6 address without announcing it", member.name),
                )
                .at(&member.excluded_addresses, format!("{} moves with IPv4", v6.address))
                .breaks("a failure of IPv6 alone moves nothing")
                .help("make a second instance for IPv6"),
            ),
            (false, Some(_), _) if member.version.is(&2) && !member.version.is_default() => Some(
                Finding::new(
                    Severity::Warning,
                    member.version.place(),
                    format!("{} asks for version 2, which IPv6 does not have", member.name),
                )
                .at(&member.version, "IPv6 speaks version 3")
                .help("leave `version` out"),
            ),
            _ => None,
        });
    }
}
