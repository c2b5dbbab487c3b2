//! VRRP-013 and 026: passwords that do not protect.

use plimsoll_diagnostics::Severity;
use plimsoll_views::World;

use crate::{Evidence, Finding, Manual, Reads, Rule, Verdicts};

pub(super) const VRRP_013: Rule = Rule {
    id: "VRRP-013",
    severity: Severity::Warning,
    summary: "VRRP passwords are short tags, not protection",
    reads: Reads::Both,
    silent_behind: &["VRRP-026", "VRRP-009"],
    manual: Manual {
        checks: "An authentication password of more than 8 characters, of which only 8 are used; in a design, any \
                 authentication at all, since it goes over the wire in clear and left the standard with RFC 3768.",
        breaks: "Two passwords that differ after the eighth character are one; whoever hears the network knows it.",
        remedy: "Unicast peers and a firewall that takes protocol 112 from them alone; keep PASS, if at all, as a tag \
                 against mistakes.",
        before: "authentication { auth_type PASS auth_pass correct-horse }",
        after: "# no authentication; nftables: ip protocol vrrp ip saddr { 10.30.12.11, 10.30.12.12 } accept",
        source: "keepalived.conf(5), authentication; RFC 3768 section 10",
        evidence: Evidence::Tested("keepalived 2.3.3: keepalived -t"),
    },
    check: password,
};

pub(super) const VRRP_026: Rule = Rule {
    id: "VRRP-026",
    severity: Severity::Warning,
    summary: "version 3 is not relied on for authentication, which it does not have",
    reads: Reads::Both,
    silent_behind: &[],
    manual: Manual {
        checks: "An `authentication` block in an instance of version 3, which is what every IPv6 instance speaks.",
        breaks: "keepalived ignores the block: a foreign group with the same id is not told apart.",
        remedy: "Unicast peers, an id of its own, and a firewall that takes protocol 112 from the peers alone.",
        before: "version 3\nauthentication { auth_type PASS auth_pass k8s-vip }",
        after: "version 3\nunicast_peer {\n    10.30.12.11\n}",
        source: "keepalived vrrp.c; RFC 9568 section 9",
        evidence: Evidence::Tested("keepalived 2.3.3: keepalived -t"),
    },
    check: version3,
};

fn password(world: &World<'_>, verdicts: &mut Verdicts) {
    for member in world.vrrp.iter().flat_map(|group| &group.members) {
        let Some(authentication) = member.authentication.get() else {
            verdicts.cannot_judge(&member.place, "whether it authenticates");
            continue;
        };
        let length = member.auth_length.copied().unwrap_or(0);
        let relied_on = !world.is_files() && authentication.is_some();
        verdicts.verdict((length > 8 || relied_on).then(|| {
            let label = if length > 8 { "only the first 8 characters are used" } else { "sent in clear" };
            Finding::new(
                Severity::Warning,
                member.authentication.place(),
                format!("the VRRP password of {} does not protect", member.name),
            )
            .at(&member.authentication, label)
            .breaks("whoever hears the network can take the VIP")
            .help("use unicast peers and let protocol 112 in from them alone")
            .cause(member.place.component())
        }));
    }
}

fn version3(world: &World<'_>, verdicts: &mut Verdicts) {
    for member in world.vrrp.iter().flat_map(|group| &group.members) {
        let (Some(version), Some(authentication)) = (member.version.copied(), member.authentication.get()) else {
            verdicts.cannot_judge(&member.place, "its version and authentication");
            continue;
        };
        verdicts.verdict((version == 3 && authentication.is_some()).then(|| {
            Finding::new(
                Severity::Warning,
                member.authentication.place(),
                format!("{} speaks VRRP version 3, which has no authentication", member.name),
            )
            .at(&member.authentication, "ignored")
            .context(&member.version, "version 3")
            .breaks("a foreign group with the same id is not told apart")
            .help("leave the block out; use unicast peers and let protocol 112 in from them alone")
            .cause(member.place.component())
        }));
    }
}
