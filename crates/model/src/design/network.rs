//! Layer-2 domains with their prefixes.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr};
use std::str::FromStr;

use ipnet::{IpNet, Ipv4Net, Ipv6Net};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::{Map, Name};

/// What a network carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Purpose {
    /// Management controllers of the hosts.
    Bmc,
    /// Cluster membership of Proxmox VE.
    Corosync,
    /// The hypervisors' own addresses.
    Proxmox,
    /// The DNS servers of our zone.
    Zone,
    /// Ceph clients.
    CephPublic,
    /// Ceph replication.
    CephCluster,
    /// Kubernetes nodes.
    Nodes,
    /// The address of the API.
    Api,
    /// BGP sessions with the routers.
    Bgp,
    /// Guests that move between hypervisors.
    Migration,
    /// Copies to the backup.
    Backup,
}

/// A layer-2 domain with its prefixes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Network {
    /// VLAN id, 1 to 4094.
    pub vlan: u16,
    /// IPv4 prefix.
    pub ipv4: Ipv4Net,
    /// IPv6 prefix, for dual stack.
    pub ipv6: Option<Ipv6Net>,
    /// Largest layer-3 packet from end to end, in bytes.
    pub mtu: u32,
    /// The way out; `None` for a network that goes nowhere.
    pub gateway: Option<Gateway>,
    /// What it carries.
    pub purposes: Vec<Purpose>,
    /// Racks over which the layer-2 domain is stretched.
    pub racks: Vec<Name>,
    /// Ranges that a DHCP server hands out on it.
    pub dhcp: Vec<AddressRange>,
    /// Whether the fabric drops packets with addresses it did not expect (port security, ipfilter); `None` when not
    /// stated.
    pub anti_spoofing: Option<bool>,
    /// Whether multicast passes; `None` when not stated.
    pub multicast: Option<bool>,
    /// First address that is given out; below are gateways and what the site keeps.
    pub allocate_from: Ipv4Addr,
    /// Last address that is given out.
    pub allocate_to: Ipv4Addr,
}

/// The way out of a network.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Gateway {
    /// The address that hosts use.
    pub address: IpAddr,
    /// The routers behind it, by name in `external`.
    pub by: Vec<Name>,
    /// VRRP id of these routers; `None` when they use something else or are one.
    pub vrid: Option<u8>,
    /// Address of each router, by router.
    pub router: Map<IpAddr>,
}

/// Addresses `first..=last` of one family, written as a prefix (`10.30.14.0/26`), a range (`10.30.12.2-10.30.12.9`,
/// short `10.30.12.2-9`) or one address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AddressRange {
    first: IpAddr,
    last: IpAddr,
}

impl AddressRange {
    /// `first..=last`; `None` when they are of different families or in the wrong order.
    pub fn new(first: IpAddr, last: IpAddr) -> Option<Self> {
        (first.is_ipv4() == last.is_ipv4() && first <= last).then_some(AddressRange { first, last })
    }
    /// First address.
    pub fn first(&self) -> IpAddr {
        self.first
    }
    /// Last address.
    pub fn last(&self) -> IpAddr {
        self.last
    }
    /// Whether the address lies in it.
    pub fn contains(&self, address: IpAddr) -> bool {
        self.first.is_ipv4() == address.is_ipv4() && self.first <= address && address <= self.last
    }
    /// Whether the two share an address.
    pub fn overlaps(&self, other: &AddressRange) -> bool {
        self.first.is_ipv4() == other.first.is_ipv4() && self.first <= other.last && other.first <= self.last
    }
    /// Whether all of `other` lies in it.
    pub fn covers(&self, other: &AddressRange) -> bool {
        self.contains(other.first) && self.contains(other.last)
    }
    /// How many addresses, at most `u128::MAX`.
    pub fn size(&self) -> u128 {
        let number = |address: IpAddr| match address {
            IpAddr::V4(address) => u128::from(u32::from(address)),
            IpAddr::V6(address) => u128::from(address),
        };
        (number(self.last) - number(self.first)).saturating_add(1)
    }
    /// As a prefix, when it is exactly one.
    pub fn as_prefix(&self) -> Option<IpNet> {
        let width: u8 = if self.first.is_ipv4() { 32 } else { 128 };
        let bits = u8::try_from(128 - self.size().leading_zeros() - 1).ok()?;
        let net = IpNet::new(self.first, width.checked_sub(bits)?).ok()?;
        (net.network() == self.first && net.broadcast() == self.last).then_some(net)
    }
}

impl From<IpNet> for AddressRange {
    fn from(net: IpNet) -> Self {
        AddressRange { first: net.network(), last: net.broadcast() }
    }
}
impl From<Ipv4Net> for AddressRange {
    fn from(net: Ipv4Net) -> Self {
        IpNet::V4(net).into()
    }
}
impl From<IpAddr> for AddressRange {
    fn from(address: IpAddr) -> Self {
        AddressRange { first: address, last: address }
    }
}

impl FromStr for AddressRange {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || {
            format!(
                "`{text}` is no address range: write a prefix, `10.30.14.0/26`, or a range, `10.30.14.10-10.30.14.20`"
            )
        };
        if let Ok(net) = text.parse::<IpNet>() {
            return Ok(net.into());
        }
        if let Ok(address) = text.parse::<IpAddr>() {
            return Ok(address.into());
        }
        let (first, last) = text.split_once('-').ok_or_else(wrong)?;
        let (first, last) = (first.trim(), last.trim());
        let first: IpAddr = first.parse().map_err(|_| wrong())?;
        let last: IpAddr = match (last.parse(), first) {
            (Ok(last), _) => last,
            (Err(_), IpAddr::V4(first)) => {
                let [a, b, c, _] = first.octets();
                Ipv4Addr::new(a, b, c, last.parse().map_err(|_| wrong())?).into()
            }
            (Err(_), IpAddr::V6(_)) => return Err(wrong()),
        };
        AddressRange::new(first, last).ok_or_else(wrong)
    }
}

impl fmt::Display for AddressRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.as_prefix() {
            _ if self.first == self.last => write!(f, "{}", self.first),
            Some(net) => write!(f, "{net}"),
            None => write!(f, "{}-{}", self.first, self.last),
        }
    }
}
impl Serialize for AddressRange {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}
impl<'de> Deserialize<'de> for AddressRange {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_read_back_in_their_shortest_form() {
        for (written, shown, size) in [
            ("10.30.14.0/26", "10.30.14.0/26", 64),
            ("10.30.12.2-3", "10.30.12.2/31", 2),
            ("10.30.12.3-10.30.12.5", "10.30.12.3-10.30.12.5", 3),
            ("10.30.12.100", "10.30.12.100", 1),
            ("fd00::/120", "fd00::/120", 256),
        ] {
            let range: AddressRange = written.parse().expect(written);
            assert_eq!((range.to_string().as_str(), range.size()), (shown, size));
        }
        for wrong in ["10.30.12.5-10.30.12.3", "10.30.12.5-fd00::1", "x", "10.30.12.1-300", "10.0.0.0/33"] {
            assert!(wrong.parse::<AddressRange>().is_err(), "{wrong}");
        }
        let all: AddressRange = "::/0".parse().expect("everything");
        assert_eq!(all.size(), u128::MAX);
    }
}
