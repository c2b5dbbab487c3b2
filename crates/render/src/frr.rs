//! The routers' side of BGP: what they accept from whom, in words and in the language of FRR.

use std::collections::BTreeMap;
use std::net::IpAddr;

use ipnet::IpNet;
use plimsoll_formats::frr::{Conf, Line};
use plimsoll_model::design::{AddressRange, BfdProfile, Machine, SecretRef};
use plimsoll_model::units::Millis;
use plimsoll_model::{Design, Name};

use crate::text::{dash, header, list, table};
use crate::{File, Hole};

/// The sessions of one router with one set of speakers.
pub(crate) struct Sessions<'a> {
    /// What they are called in FRR.
    pub(crate) id: &'static str,
    /// What they are called in words.
    pub(crate) title: &'static str,
    /// Their autonomous system.
    pub(crate) asn: u32,
    /// Machines with the addresses from which they speak.
    pub(crate) speakers: Vec<(&'a Name, IpAddr)>,
    /// Silence after which a session is dropped, and time between signs of life; `None` leaves the router's own.
    pub(crate) timers: Option<(Millis, Millis)>,
    /// Fast detection of a dead speaker, with the name of its profile.
    pub(crate) bfd: Option<(&'a Name, &'a BfdProfile)>,
    /// Password of the sessions.
    pub(crate) password: Option<&'a SecretRef>,
    /// What may be announced: prefixes, and everything inside them.
    pub(crate) accept: Vec<IpNet>,
}

/// The address from which a machine speaks to `router`: the one in a network that holds the router's address.
fn source(machine: &Machine, router: IpAddr) -> Option<IpAddr> {
    let addresses = || machine.nic.values().flat_map(|nic| [Some(nic.address), nic.address6]).flatten();
    let near = addresses().find(|address| address.contains(&router));
    near.or_else(|| addresses().find(|address| address.addr().is_ipv4() == router.is_ipv4())).map(|net| net.addr())
}

/// The fewest prefixes that cover exactly a range.
pub(crate) fn prefixes(range: &AddressRange) -> Vec<IpNet> {
    match (range.first(), range.last()) {
        (IpAddr::V4(first), IpAddr::V4(last)) => ipnet::Ipv4Subnets::new(first, last, 0).map(IpNet::V4).collect(),
        (IpAddr::V6(first), IpAddr::V6(last)) => ipnet::Ipv6Subnets::new(first, last, 0).map(IpNet::V6).collect(),
        _ => Vec::new(),
    }
}

/// Every set of speakers that peers with a router.
pub(crate) fn sessions<'a>(design: &'a Design, router: &Name) -> Vec<Sessions<'a>> {
    let mut found = Vec::new();
    let speakers = |nodes: &'a [Name], router: IpAddr| -> Vec<(&'a Name, IpAddr)> {
        let chosen = |name: &&Name| nodes.is_empty() || nodes.contains(name);
        let mut list: Vec<_> = design
            .nodes()
            .filter(|(name, _)| chosen(name))
            .filter_map(|(name, machine)| Some((name, source(machine, router)?)))
            .collect();
        list.sort();
        list
    };
    if let Some(metallb) = &design.metallb {
        for peer in metallb.peer.values().filter(|peer| peer.router == *router) {
            let ranges = metallb.pool.values().filter(|pool| !pool.announce.is_empty()).flat_map(|pool| &pool.ranges);
            found.push(Sessions {
                id: "metallb",
                title: "the speakers of MetalLB",
                asn: metallb.asn,
                speakers: speakers(&peer.nodes, peer.address),
                timers: Some((peer.hold_time, peer.keepalive_time)),
                bfd: peer.bfd.as_ref().and_then(|name| metallb.bfd.get_key_value(name)),
                password: peer.password.as_ref(),
                accept: ranges.flat_map(prefixes).collect(),
            });
        }
    }
    let own = design.external.get(router);
    let is_own = |address: &IpAddr| {
        own.is_some_and(|own| own.address.values().chain(&own.addresses).any(|known| known == address))
    };
    for peer in design.calico.peer.values().filter(|peer| is_own(&peer.address)) {
        let mut accept = design.kubernetes.pods.clone();
        accept.extend(&design.calico.service_load_balancer_ips);
        found.push(Sessions {
            id: "calico",
            title: "Calico",
            asn: design.calico.asn,
            speakers: speakers(&peer.nodes, peer.address),
            timers: None,
            bfd: None,
            password: peer.password.as_ref(),
            accept,
        });
    }
    found
}

impl Sessions<'_> {
    /// In Markdown.
    pub(crate) fn describe(&self) -> String {
        let rows = self.speakers.iter().map(|(name, address)| {
            let bfd = self.bfd.map(|(_, bfd)| {
                format!("{} / {} x{}", bfd.receive_interval, bfd.transmit_interval, bfd.detect_multiplier)
            });
            [
                name.to_string(),
                address.to_string(),
                self.asn.to_string(),
                dash(self.timers.map(|(hold, keepalive)| format!("{keepalive} / {hold}"))),
                dash(bfd),
                if self.password.is_some() { "yes" } else { "no" }.into(),
            ]
        });
        let head = ["speaker", "address", "AS", "keepalive / hold", "BFD receive / send", "password"];
        format!(
            "{}\nAccept {} and what lies inside, nothing else; announce nothing back. Up to {} equal \
             paths.\n",
            table(&head, rows),
            list(&self.accept),
            self.speakers.len().max(1),
        )
    }
}

/// What a router's FRR needs for its sessions with the cluster: it takes the announced prefixes and nothing else, and
/// announces nothing. A part of a configuration, to be merged by its owner.
pub(crate) fn config(design: &Design, name: &Name, asn: u32, sessions: &[Sessions<'_>]) -> File {
    let mut lines = Vec::new();
    let profiles: BTreeMap<&Name, &BfdProfile> = sessions.iter().filter_map(|sessions| sessions.bfd).collect();
    if !profiles.is_empty() {
        lines.push(Line::new("bfd").with(profiles.iter().map(|(name, profile)| {
            Line::new(&format!("profile {name}")).with([
                Line::new(&format!("detect-multiplier {}", profile.detect_multiplier)),
                Line::new(&format!("receive-interval {}", profile.receive_interval.0)),
                Line::new(&format!("transmit-interval {}", profile.transmit_interval.0)),
            ])
        })));
    }
    let mut holes = Vec::new();
    let mut router = Line::new(&format!("router bgp {asn}")).with([Line::new("no bgp default ipv4-unicast")]);
    let mut families: BTreeMap<&str, Vec<Line>> = BTreeMap::new();
    for group in sessions {
        let id = group.id;
        let mut commands = vec![format!("neighbor {id} peer-group"), format!("neighbor {id} remote-as {}", group.asn)];
        if let Some((hold, keepalive)) = group.timers {
            commands.push(format!("neighbor {id} timers {} {}", keepalive.whole_secs(), hold.whole_secs()));
        }
        if let Some((profile, _)) = group.bfd {
            commands.push(format!("neighbor {id} bfd"));
            commands.push(format!("neighbor {id} bfd profile {profile}"));
        }
        commands.extend(group.speakers.iter().map(|(_, address)| format!("neighbor {address} peer-group {id}")));
        router = router.with(commands.iter().map(|command| Line::new(command)));
        if let Some(password) = group.password {
            let hole = Hole::text(password);
            // One word, although the placeholder holds a blank.
            let mut line = Line::new(&format!("neighbor {id} password"));
            line.words.push(hole.placeholder().into());
            router = router.with([line]);
            holes.push(hole);
        }
        for (family, list, four) in [("ipv4 unicast", "ip", true), ("ipv6 unicast", "ipv6", false)] {
            let accepted: Vec<&IpNet> = group.accept.iter().filter(|net| net.addr().is_ipv4() == four).collect();
            if accepted.is_empty() {
                continue;
            }
            let width = if four { 32 } else { 128 };
            for (index, net) in accepted.iter().enumerate() {
                let longer = if net.prefix_len() < width { format!(" le {width}") } else { String::new() };
                let number = (index + 1) * 10;
                lines.push(Line::new(&format!("{list} prefix-list {id}-{list} seq {number} permit {net}{longer}")));
            }
            lines.push(
                Line::new(&format!("route-map {id}-{list}-in permit 10"))
                    .with([Line::new(&format!("match {list} address prefix-list {id}-{list}"))]),
            );
            lines.push(Line::new(&format!("route-map {id}-{list}-out deny 10")));
            families.entry(family).or_default().extend([
                Line::new(&format!("neighbor {id} activate")),
                Line::new(&format!("neighbor {id} route-map {id}-{list}-in in")),
                Line::new(&format!("neighbor {id} route-map {id}-{list}-out out")),
                Line::new(&format!("maximum-paths {}", group.speakers.len().max(1))),
            ]);
        }
    }
    for (family, commands) in families {
        router = router.with([Line::new(&format!("address-family {family}")).with(commands)]);
    }
    lines.push(router);
    let head = header(design, "!", format_args!("BGP of router {name} with the cluster"), "FRR (vtysh -b)");
    File::new("BGP of a router, for its owner", format!("{head}!\n{}", Conf { lines })).holes(&holes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_become_the_fewest_prefixes() {
        let range: AddressRange = "10.30.14.10-10.30.14.16".parse().expect("a range");
        let text: Vec<String> = prefixes(&range).iter().map(ToString::to_string).collect();
        assert_eq!(text, ["10.30.14.10/31", "10.30.14.12/30", "10.30.14.16/32"]);
    }
}
