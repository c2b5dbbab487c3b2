//! The routers' side of BGP: what they accept from whom.

use std::net::IpAddr;

use ipnet::IpNet;
use plimsoll_model::design::{AddressRange, BfdProfile, Machine, SecretRef};
use plimsoll_model::units::Millis;
use plimsoll_model::{Design, Name};

use crate::text::{dash, list, table};

/// The sessions of one router with one set of speakers.
pub(crate) struct Sessions<'a> {
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

/// Every set of speakers that peers with a router, with what they are called.
pub(crate) fn sessions<'a>(design: &'a Design, router: &Name) -> Vec<(&'static str, Sessions<'a>)> {
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
            found.push((
                "the speakers of MetalLB",
                Sessions {
                    asn: metallb.asn,
                    speakers: speakers(&peer.nodes, peer.address),
                    timers: Some((peer.hold_time, peer.keepalive_time)),
                    bfd: peer.bfd.as_ref().and_then(|name| metallb.bfd.get_key_value(name)),
                    password: peer.password.as_ref(),
                    accept: ranges.flat_map(prefixes).collect(),
                },
            ));
        }
    }
    let own = design.external.get(router);
    let is_own = |address: &IpAddr| {
        own.is_some_and(|own| own.address.values().chain(&own.addresses).any(|known| known == address))
    };
    for peer in design.calico.peer.values().filter(|peer| is_own(&peer.address)) {
        let mut accept = design.kubernetes.pods.clone();
        accept.extend(&design.calico.service_load_balancer_ips);
        found.push((
            "Calico",
            Sessions {
                asn: design.calico.asn,
                speakers: speakers(&peer.nodes, peer.address),
                timers: None,
                bfd: None,
                password: peer.password.as_ref(),
                accept,
            },
        ));
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
            "{}\nAccept {} and what lies inside, nothing else; announce nothing back but what they need. Up to {} equal \
             paths.\n",
            table(&head, rows),
            list(&self.accept),
            self.speakers.len().max(1),
        )
    }
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
