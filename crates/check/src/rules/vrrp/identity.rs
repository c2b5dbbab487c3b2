//! VRRP-001 and 002: one virtual router id, one group.

use std::collections::BTreeSet;
use std::net::IpAddr;

use plimsoll_diagnostics::Severity;
use plimsoll_views::World;
use plimsoll_views::vrrp::{VrrpGroup, VrrpMember};

use crate::{Evidence, Finding, Manual, Reads, Rule, Verdicts};

const SOURCE: &str = "kubeadm ha-considerations.md; keepalived.conf(5), virtual_router_id; keepalived vrrp.c; \
                      openshift/installer issue 2966";

pub(super) const VRRP_001: Rule = Rule {
    id: "VRRP-001",
    severity: Severity::Error,
    summary: "a virtual router id is used by one group of its layer-2 domain",
    reads: Reads::Both,
    silent_behind: &["VRRP-002"],
    manual: Manual {
        checks: "Two groups of one address family in one layer-2 domain with the same id, both by multicast to one group \
                 address: an error (keepalived 2.3.3 refuses two on one interface). \
                 An id that the site lists as reserved, or that the routers of the network use: an error by multicast, a \
                 warning when our group is unicast. An IPv4 and an IPv6 group may share an id.",
        breaks: "keepalived up to 2.2 drops the foreign advertisements and logs every one; later versions accept one \
                 with foreign addresses when the authentication agrees, and the lower group loses its address. With \
                 routers or `use_vmac` both groups claim the hardware address 00-00-5E-00-01-ID.",
        remedy: "Use an id of its own, 1 to 255, for each group; list those of others under `site.reserved.vrids`.",
        before: "vrrp: { vrid: 51 }       # site.reserved.vrids: [51]",
        after: "vrrp: { vrid: 52 }",
        source: SOURCE,
        evidence: Evidence::Tested("keepalived 2.2.7 in two network namespaces"),
    },
    check: shared_id,
};

pub(super) const VRRP_002: Rule = Rule {
    id: "VRRP-002",
    severity: Severity::Error,
    summary: "groups with one virtual router id do not send to the same peers",
    reads: Reads::Files,
    silent_behind: &[],
    manual: Manual {
        checks: "Two unicast groups of one address family with the same id whose members are each other's peers.",
        breaks: "Each group takes the other's advertisements for its own: one of the two addresses disappears, or both \
                 groups stay master and log every packet.",
        remedy: "Give each group an id of its own.",
        before: "vrrp_instance api { virtual_router_id 52 … }\nvrrp_instance web { virtual_router_id 52 … }",
        after: "vrrp_instance api { virtual_router_id 52 … }\nvrrp_instance web { virtual_router_id 53 … }",
        source: "keepalived.conf(5), unicast_peer",
        evidence: Evidence::Seen,
    },
    check: shared_peers,
};

/// What the files of one group in two would need: they were taken for files of one machine.
const SAME_GROUP: &str =
    "which machine each file is of, since they hold one address: a folder for each machine's files";

/// Two groups by their names, with a machine where these are equal.
fn both(a: &VrrpGroup, b: &VrrpGroup) -> String {
    let of = |group: &VrrpGroup| match group.members.first() {
        Some(member) if a.name == b.name => format!("{} of {}", group.name, member.name),
        _ => group.name.clone(),
    };
    match (of(a), of(b)) {
        (a, b) if a == b => format!("two groups {a}"),
        (a, b) => format!("groups {a} and {b}"),
    }
}

/// Every address that a group holds.
fn held(group: &VrrpGroup) -> BTreeSet<IpAddr> {
    let addresses = group.members.iter().filter_map(|member| member.addresses.get()).flatten();
    addresses.map(|address| address.address).collect()
}

fn is_v4(group: &VrrpGroup) -> Option<bool> {
    let addresses = group.members.iter().find_map(|member| member.addresses.get())?;
    addresses.first().map(|address| address.address.is_ipv4())
}

fn shared_id(world: &World<'_>, verdicts: &mut Verdicts) {
    for (index, group) in world.vrrp.iter().enumerate() {
        let Some(first) = group.members.first() else { continue };
        let Some(vrid) = first.vrid.copied() else {
            verdicts.cannot_judge(&group.place, "its virtual router id");
            continue;
        };
        let multicast = group.members.iter().any(|member| member.unicast.is(&false));
        let severity = if multicast { Severity::Error } else { Severity::Warning };
        if let Some(source) = world.design {
            let network = source.design.network.get(&source.design.api.network);
            let gateway = network.and_then(|network| network.gateway.as_ref()).filter(|gate| gate.vrid == Some(vrid));
            let reserved = source.design.site.reserved.vrids.contains(&vrid);
            let owner = match gateway {
                Some(_) => format!("the gateway of network {}", source.design.api.network),
                None => "others on the site".to_owned(),
            };
            verdicts.verdict((gateway.is_some() || reserved).then(|| {
                let finding =
                    Finding::new(severity, first.vrid.place(), format!("VRRP id {vrid} of the API belongs to {owner}"))
                        .at(&first.vrid, "used for the API")
                        .help("choose an id that nobody uses in this network, or leave it out");
                let reserved_place = source.place("site/reserved/vrids");
                let finding = if gateway.is_some() {
                    let path = format!("network/{}/gateway/vrid", source.design.api.network);
                    finding.context_place(&source.place(path), "used by the routers")
                } else {
                    finding.context_place(&reserved_place, "reserved here")
                };
                finding.breaks(if multicast {
                    "both groups hear each other: one of the two addresses is lost, or every packet is logged"
                } else {
                    "nothing while the group sends to its peers alone; with multicast, one of the two addresses is lost"
                })
            }));
        }
        for other in &world.vrrp[..index] {
            let same =
                other.members.first().is_some_and(|member| member.vrid.is(&vrid)) && is_v4(other) == is_v4(group);
            let both_multicast = multicast && other.members.iter().any(|member| member.unicast.is(&false));
            let address = |group: &VrrpGroup| group.members.first().and_then(|member| member.multicast_group);
            let both_multicast = both_multicast && address(group) == address(other);
            if !same || !both_multicast {
                continue;
            }
            if world.is_files() && !held(group).is_disjoint(&held(other)) {
                verdicts.cannot_judge(&group.place, SAME_GROUP);
                continue;
            }
            match same_segment(group, other) {
                Some(true) => verdicts.broken(
                    Finding::new(
                        Severity::Error,
                        first.vrid.place(),
                        format!("{} share VRRP id {vrid} in one network", both(other, group)),
                    )
                    .at(&first.vrid, "here")
                    .context(&other.members[0].vrid, "and here")
                    .breaks("both groups hear each other: one of the two addresses is lost, or every packet is logged")
                    .help("give one of them another id"),
                ),
                Some(false) => verdicts.holds(),
                None => verdicts.cannot_judge(&group.place, "which networks its interfaces are in"),
            }
        }
    }
}

/// Whether two groups speak in one layer-2 domain: by the Design's network, by an interface that they share, else by the
/// prefix of their addresses.
fn same_segment(a: &VrrpGroup, b: &VrrpGroup) -> Option<bool> {
    let on = |group: &VrrpGroup| -> BTreeSet<(String, String)> {
        let named = |member: &VrrpMember| Some((member.name.clone(), member.interface.get()?.clone()));
        group.members.iter().filter_map(named).collect()
    };
    if !on(a).is_disjoint(&on(b)) {
        return Some(true);
    }
    if let (Some(a), Some(b)) = (a.network.get(), b.network.get()) {
        return Some(a == b);
    }
    let prefix = |group: &VrrpGroup| {
        let address = group.members.iter().find_map(|member| member.addresses.get())?.first()?.clone();
        let host_length = if address.address.is_ipv4() { 32 } else { 128 };
        let length = address.prefix.filter(|length| *length < host_length)?;
        ipnet::IpNet::new(address.address, length).ok().map(|net| net.trunc())
    };
    Some(prefix(a)? == prefix(b)?)
}

fn shared_peers(world: &World<'_>, verdicts: &mut Verdicts) {
    let senders = |group: &VrrpGroup| -> BTreeSet<IpAddr> {
        let unicast = group.members.iter().filter(|member| member.unicast.is(&true));
        unicast.flat_map(|member| member.peers.get().cloned().unwrap_or_default()).collect()
    };
    for (index, group) in world.vrrp.iter().enumerate() {
        for other in &world.vrrp[..index] {
            let (Some(a), Some(b)) = (group.members.first(), other.members.first()) else { continue };
            let same = a.vrid.copied().is_some() && a.vrid.copied() == b.vrid.copied() && is_v4(group) == is_v4(other);
            let common = senders(group).intersection(&senders(other)).next().copied();
            if same && common.is_some() && !held(group).is_disjoint(&held(other)) {
                // Another id for one of them would split a group that works.
                verdicts.cannot_judge(&group.place, SAME_GROUP);
                continue;
            }
            verdicts.verdict(common.filter(|_| same).map(|peer| {
                Finding::new(
                    Severity::Error,
                    a.vrid.place(),
                    format!("{} share a VRRP id and the peer {peer}", both(other, group)),
                )
                .at(&a.vrid, "here")
                .context(&b.vrid, "and here")
                .breaks("each group takes the other's advertisements for its own, and one of the addresses disappears")
                .help("give one of them another id")
            }));
        }
    }
}
