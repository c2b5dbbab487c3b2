//! VRRP-022, 023 and 024: members of one group say the same.

use plimsoll_diagnostics::Severity;
use plimsoll_model::units::Millis;
use plimsoll_views::vrrp::{VrrpGroup, VrrpMember};
use plimsoll_views::{Fact, World};

use crate::{Evidence, Finding, Manual, Reads, Rule, Verdicts};

const TESTED: Evidence = Evidence::Tested("keepalived 2.2.7 and 2.3.3 in two network namespaces");

pub(super) const VRRP_022: Rule = Rule {
    id: "VRRP-022",
    severity: Severity::Error,
    summary: "members of a version 2 group advertise at the same whole-second interval",
    reads: Reads::Both,
    silent_behind: &["VRRP-023"],
    manual: Manual {
        checks: "Version 2 and `advert_int` differs between members, once rounded to whole seconds: an error. A fraction of \
                 a second that all members round alike: a warning.",
        breaks: "Advertisements with another interval are dropped: two masters. A rounded interval makes the failover \
                 slower than the file says.",
        remedy: "One value for all members; whole seconds, or version 3.",
        before: "advert_int 1    # on cp-1\nadvert_int 2    # on cp-2",
        after: "advert_int 1    # on both",
        source: "keepalived.conf(5), advert_int; RFC 3768 section 7.1",
        evidence: TESTED,
    },
    check: interval,
};

pub(super) const VRRP_023: Rule = Rule {
    id: "VRRP-023",
    severity: Severity::Error,
    summary: "members of a group agree on version, authentication, and unicast or multicast",
    reads: Reads::Files,
    silent_behind: &[],
    manual: Manual {
        checks: "Members of one group differ in VRRP version, in authentication type or the first 8 characters of the \
                 password (version 2 alone: version 3 ignores both), or in unicast against multicast.",
        breaks: "They reject each other's advertisements: two masters.",
        remedy: "Write the files of all members from one source.",
        before: "unicast_peer { … }    # on cp-1 only",
        after: "unicast_peer { … }    # on every member",
        source: "keepalived vrrp.c (vrrp_in_chk)",
        evidence: TESTED,
    },
    check: protocol,
};

pub(super) const VRRP_024: Rule = Rule {
    id: "VRRP-024",
    severity: Severity::Error,
    summary: "members of a group hold the same addresses",
    reads: Reads::Files,
    silent_behind: &[],
    manual: Manual {
        checks: "Members of one group have different `virtual_ipaddress` sets (prefix length and device aside).",
        breaks: "Version 2.2 drops the advertisements: two masters. Newer ones log the difference, and after a failover \
                 an address is missing.",
        remedy: "The same list on every member.",
        before: "virtual_ipaddress { 10.30.12.100 }    # on cp-1\nvirtual_ipaddress { 10.30.12.101 }    # on cp-2",
        after: "virtual_ipaddress { 10.30.12.100 }    # on both",
        source: "keepalived vrrp.c (vrrp_in_chk)",
        evidence: TESTED,
    },
    check: addresses,
};

/// The first two members whose known values of a fact differ.
fn differ<'a, T: PartialEq + 'a>(
    group: &'a VrrpGroup,
    fact: impl Fn(&'a VrrpMember) -> &'a Fact<T>,
) -> Option<(&'a VrrpMember, &'a VrrpMember)> {
    let mut known = group.members.iter().filter(|member| fact(member).get().is_some());
    let first = known.next()?;
    known.find(|member| fact(member).get() != fact(first).get()).map(|other| (first, other))
}

fn interval(world: &World<'_>, verdicts: &mut Verdicts) {
    for group in &world.vrrp {
        let Some(version) = group.members.iter().find_map(|member| member.version.copied()) else {
            verdicts.cannot_judge(&group.place, "its VRRP version");
            continue;
        };
        let fraction = group
            .members
            .iter()
            .find(|member| member.advert_interval.copied().is_some_and(|interval| interval.0 % 1000 != 0));
        let finding = |member: &VrrpMember, message: String, label: String| {
            Finding::new(Severity::Error, member.advert_interval.place(), message).at(&member.advert_interval, label)
        };
        let rounded = |member: &VrrpMember| member.advert_interval.copied().map(whole_seconds);
        let unequal = || {
            let mut known = group.members.iter().filter(|member| rounded(member).is_some());
            let first = known.next()?;
            known.find(|member| rounded(member) != rounded(first)).map(|other| (first, other))
        };
        verdicts.verdict(if version != 2 {
            None
        } else if let Some((a, b)) = unequal() {
            let interval = |member: &VrrpMember| member.advert_interval.copied().unwrap_or(Millis(0));
            Some(
                finding(
                    b,
                    format!("{} and {} advertise at different intervals", a.name, b.name),
                    format!("every {}", interval(b)),
                )
                .context(&a.advert_interval, format!("every {}", interval(a)))
                .breaks("they drop each other's advertisements, and both hold the VIP")
                .help("use one interval on every member"),
            )
        } else {
            fraction.map(|member| {
                let interval = rounded(member).unwrap_or_default();
                Finding::new(
                    Severity::Warning,
                    member.advert_interval.place(),
                    format!("VRRP version 2 cannot advertise at fractions of a second on {}", member.name),
                )
                .at(&member.advert_interval, format!("rounded to {interval}"))
                .breaks("the VIP of a dead member moves at another time than the file says")
                .help("use whole seconds, or version 3 on every member")
            })
        });
    }
}

/// What version 2 makes of an interval (keepalived 2.3.3: 0.5 s is 1 s, 1.4 s is 1 s, 1.5 s is 2 s).
fn whole_seconds(interval: Millis) -> Millis {
    Millis::secs(((interval.0 + 500) / 1000).max(1))
}

fn protocol(world: &World<'_>, verdicts: &mut Verdicts) {
    for group in &world.vrrp {
        let finding =
            |a: &VrrpMember, b: &VrrpMember, what: &str, place: (&plimsoll_views::Place, &plimsoll_views::Place)| {
                Finding::new(
                    Severity::Error,
                    place.1,
                    format!("{} and {} of group {} differ in {what}", a.name, b.name, group.name),
                )
                .at_place(place.1, "here")
                .context_place(place.0, "and here")
                .breaks("they reject each other's advertisements, and both hold the VIP")
                .help("write the files of all members from one source")
                .cause(group.place.component())
            };
        verdicts.verdict(
            differ(group, |member| &member.version)
                .map(|(a, b)| finding(a, b, "VRRP version", (a.version.place(), b.version.place())))
                .or_else(|| {
                    let authenticates = !group.members.iter().any(|member| member.version.is(&3));
                    differ(group, |member| &member.authentication).filter(|_| authenticates).map(|(a, b)| {
                        finding(a, b, "authentication", (a.authentication.place(), b.authentication.place()))
                    })
                })
                .or_else(|| {
                    differ(group, |member| &member.unicast).map(|(a, b)| {
                        finding(a, b, "unicast against multicast", (a.unicast.place(), b.unicast.place()))
                    })
                }),
        );
    }
}

fn addresses(world: &World<'_>, verdicts: &mut Verdicts) {
    for group in &world.vrrp {
        let set = |member: &VrrpMember| {
            member.addresses.get().map(|list| {
                let mut set: Vec<_> = list.iter().map(|address| address.address).collect();
                set.sort();
                set
            })
        };
        let mut known = group.members.iter().filter_map(|member| set(member).map(|set| (member, set)));
        let Some((first, wanted)) = known.next() else {
            verdicts.cannot_judge(&group.place, "its virtual addresses");
            continue;
        };
        verdicts.verdict(known.find(|(_, set)| *set != wanted).map(|(other, _)| {
            Finding::new(
                Severity::Error,
                other.addresses.place(),
                format!("{} and {} of group {} hold different addresses", first.name, other.name, group.name),
            )
            .at(&other.addresses, "")
            .context(&first.addresses, "differs from this")
            .breaks("both are master, or an address is missing after a failover, depending on the version")
            .help("write the same list on every member")
        }));
    }
}
