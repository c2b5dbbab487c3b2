//! VRRP-011: every member sends to every other.

use std::net::IpAddr;

use plimsoll_diagnostics::Severity;
use plimsoll_views::World;
use plimsoll_views::vrrp::{VrrpGroup, VrrpMember};

use crate::{Evidence, Finding, Manual, Reads, Rule, Verdicts};

pub(super) const VRRP_011: Rule = Rule {
    id: "VRRP-011",
    severity: Severity::Error,
    summary: "unicast members list all other members, and send from an address they have",
    reads: Reads::Both,
    silent_behind: &["VRRP-023"],
    manual: Manual {
        checks: "An error when the peers of a member lack another member of the group; a warning when unicast_src_ip \
                 is no address of its machine, or when the list names the member itself. `unicast_peer { a b }` on one \
                 line keeps only the first peer, which is how it is judged.",
        breaks: "A master that does not send to a peer is not heard there: two machines hold the address. \
                 keepalived sends from a foreign address all the same, and it is heard unless something filters sources.",
        remedy: "List every other member, one a line, on each member.",
        before: "unicast_peer {\n    10.30.12.11\n}                # and 10.30.12.12?",
        after: "unicast_peer {\n    10.30.12.11\n    10.30.12.12\n}",
        source: "keepalived.conf(5), unicast_peer and unicast_src_ip",
        evidence: Evidence::Tested("keepalived 2.2.7 and 2.3.3 in two network namespaces"),
    },
    check,
};

fn check(world: &World<'_>, verdicts: &mut Verdicts) {
    for group in &world.vrrp {
        for member in group.members.iter().filter(|member| member.unicast.is(&true)) {
            let Some(peers) = member.peers.get() else {
                verdicts.cannot_judge(&member.place, "its unicast peers");
                continue;
            };
            verdicts.verdict(
                missing(group, member, peers).or_else(|| foreign_source(member)).or_else(|| itself(member, peers)),
            );
        }
    }
}

fn missing(group: &VrrpGroup, member: &VrrpMember, peers: &[IpAddr]) -> Option<Finding> {
    let others = group.members.iter().filter(|other| other.name != member.name);
    // Without source addresses the number still tells.
    let wanted = others.clone().count();
    let nameless = others.clone().all(|other| other.unicast_source.get().is_none());
    if nameless && peers.len() < wanted {
        return Some(
            Finding::new(
                Severity::Error,
                member.peers.place(),
                format!("{} sends to {} of {wanted} other members", member.name, peers.len()),
            )
            .at(&member.peers, "a peer is missing")
            .breaks("a member that hears nothing takes the VIP too")
            .help("list every other member, one a line"),
        );
    }
    let missing = others
        .filter_map(|other| other.unicast_source.copied().map(|source| (other, source)))
        .find(|(_, source)| !peers.contains(source));
    missing.map(|(other, source)| {
        Finding::new(Severity::Error, member.peers.place(), format!("{} does not send to {}", member.name, other.name))
            .at(&member.peers, format!("{source} is missing"))
            .context(&other.unicast_source, format!("the address of {}", other.name))
            .breaks(format!("when {} is master, {} hears nothing and takes the VIP too", member.name, other.name))
            .help(format!("add {source} on a line of its own"))
    })
}

fn foreign_source(member: &VrrpMember) -> Option<Finding> {
    let own = member.own_addresses.get()?;
    let source = member.unicast_source.copied()?;
    (!own.contains(&source)).then(|| {
        Finding::new(
            Severity::Warning,
            member.unicast_source.place(),
            format!("{} sends from {source}, which it does not have", member.name),
        )
        .at(&member.unicast_source, "")
        .context(&member.own_addresses, "its addresses")
        .breaks("a filter of source addresses (rp_filter, ipfilter of Proxmox) drops its advertisements: two masters")
        .help("use the machine's own address")
    })
}

fn itself(member: &VrrpMember, peers: &[IpAddr]) -> Option<Finding> {
    let source = member.unicast_source.copied()?;
    peers.contains(&source).then(|| {
        Finding::new(Severity::Warning, member.peers.place(), format!("{} lists itself as a peer", member.name))
            .at(&member.peers, format!("{source} is its own address"))
            .breaks("nothing; its log fills with its own advertisements")
            .help("leave its own address out")
    })
}
