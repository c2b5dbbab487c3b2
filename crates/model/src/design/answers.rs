//! Who answers at an address that the cluster asks, and where that is.

use std::collections::BTreeSet;
use std::net::IpAddr;

use super::{Design, Network};
use crate::Name;

/// Who answers at an address, as far as the design says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answers<'d> {
    /// A machine of the cluster.
    Machine(&'d Name),
    /// CoreDNS of the cluster itself.
    CoreDns,
    /// A service that has an address of this pool.
    Pool(&'d Name),
    /// The routers of this network's gateway.
    Gateway(&'d Name),
    /// Something of others that the design describes.
    External(&'d Name),
    /// Something of others of which only the address is known.
    Unknown,
}

/// Names that pods ask of somebody outside, with the servers that are asked, in order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OutsideNames<'d> {
    /// The domain that has servers of its own; `None` for all other names.
    pub domain: Option<&'d Name>,
    /// Who is asked.
    pub servers: &'d [IpAddr],
}

impl OutsideNames<'_> {
    /// The promise that they are answered: `dns/outside`, or `dns/DOMAIN`.
    pub fn promise(&self) -> String {
        self.domain.map_or_else(|| "dns/outside".to_owned(), |domain| format!("dns/{domain}"))
    }
}

impl Design {
    /// Who answers at an address.
    pub fn who_answers(&self, address: IpAddr) -> Answers<'_> {
        let has =
            |(_, machine): &(&Name, &super::Machine)| machine.nic.values().any(|nic| nic.address.addr() == address);
        if let Some((machine, _)) = self.machine.iter().find(has) {
            return Answers::Machine(machine);
        }
        if self.coredns.service_ip == address {
            return Answers::CoreDns;
        }
        let mut pools = self.metallb.iter().flat_map(|metallb| &metallb.pool);
        if let Some((pool, _)) = pools.find(|(_, pool)| pool.ranges.iter().any(|range| range.contains(address))) {
            return Answers::Pool(pool);
        }
        let mut externals = self.external.iter();
        let its =
            |(_, of): &(&Name, &super::External)| of.address.values().chain(&of.addresses).any(|own| *own == address);
        if let Some((external, _)) = externals.find(its) {
            return Answers::External(external);
        }
        let mut gateways = self.network.iter();
        let held = |(_, of): &(&Name, &Network)| of.gateway.as_ref().is_some_and(|gateway| gateway.address == address);
        gateways.find(held).map_or(Answers::Unknown, |(network, _)| Answers::Gateway(network))
    }

    /// The network of the cluster that an address lies in; `None` for one outside.
    pub fn network_of(&self, address: IpAddr) -> Option<(&Name, &Network)> {
        self.network.iter().find(|(_, network)| match address {
            IpAddr::V4(four) => network.ipv4.contains(&four),
            IpAddr::V6(six) => network.ipv6.is_some_and(|prefix| prefix.contains(&six)),
        })
    }

    /// Servers for outside names of which only the address is known, each once. They are components: `external/ADDRESS`.
    pub fn unnamed_servers(&self) -> BTreeSet<IpAddr> {
        let names = self.outside_names();
        let asked = names.iter().flat_map(|names| names.servers).copied();
        asked.filter(|address| self.who_answers(*address) == Answers::Unknown).collect()
    }

    /// What pods ask of servers outside of the cluster's own names: all other names first, if anybody is asked for them,
    /// then each domain that has servers of its own.
    pub fn outside_names(&self) -> Vec<OutsideNames<'_>> {
        let dns = &self.coredns;
        let all = OutsideNames { domain: None, servers: &dns.upstreams };
        let domains = dns.stub.iter().map(|(domain, servers)| OutsideNames { domain: Some(domain), servers });
        std::iter::once(all).chain(domains).filter(|names| !names.servers.is_empty()).collect()
    }
}
