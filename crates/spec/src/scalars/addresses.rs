//! Addresses, and numbers of the network.

use std::fmt;
use std::net::IpAddr;

use ipnet::IpNet;

use super::{Name, bounded, scalar};

/// A network prefix without host bits: `10.30.12.0/24`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Prefix(pub IpNet);

impl Prefix {
    fn parse_text(text: &str) -> Result<Self, String> {
        let net: IpNet = text
            .parse()
            .map_err(|_| format!("`{text}` is not a prefix: write address and length, as in `10.30.12.0/24`"))?;
        if net.trunc() == net {
            Ok(Prefix(net))
        } else {
            Err(format!("`{text}` has host bits set: the prefix is `{}`", net.trunc()))
        }
    }
}
impl fmt::Display for Prefix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
scalar!(Prefix, "a prefix", Text, Some("^[0-9a-fA-F.:]+/[0-9]{1,3}$"), &["10.30.12.0/24", "2001:db8:1::/64"]);

/// The other side of a tenant's connections: `any`, `internet`, a prefix, or the name of a namespace.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Reach {
    /// Everybody.
    Any,
    /// Every public address that is not the cluster's own.
    Internet,
    /// Addresses of a prefix.
    Prefix(Prefix),
    /// Pods of a namespace.
    Namespace(Name),
}

impl Reach {
    fn parse_text(text: &str) -> Result<Self, String> {
        match text {
            "any" => Ok(Reach::Any),
            "internet" => Ok(Reach::Internet),
            _ if text.contains(['/', '.', ':']) => Prefix::parse_text(text).map(Reach::Prefix),
            _ => <Name as plimsoll_yaml::Scalar>::parse(text).map(Reach::Namespace),
        }
    }
}
impl fmt::Display for Reach {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Reach::Any => f.write_str("any"),
            Reach::Internet => f.write_str("internet"),
            Reach::Prefix(prefix) => prefix.fmt(f),
            Reach::Namespace(name) => name.fmt(f),
        }
    }
}
scalar!(
    Reach,
    "`any`, `internet`, a prefix or a namespace",
    Text,
    Some("^([0-9a-fA-F.:]+/[0-9]{1,3}|[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?)$"),
    &["any", "internet", "10.30.0.0/16", "ingress"]
);

/// One address or several that follow each other: `10.30.11.2-3`, `10.0.0.250-10.0.1.5`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AddressRange {
    /// The first address.
    pub first: IpAddr,
    /// The last address; not before the first, of the same family.
    pub last: IpAddr,
}

fn number(address: IpAddr) -> u128 {
    match address {
        IpAddr::V4(address) => u128::from(u32::from(address)),
        IpAddr::V6(address) => u128::from(address),
    }
}

impl AddressRange {
    fn parse_text(text: &str) -> Result<Self, String> {
        let wanted =
            || format!("`{text}` is not an address or a range of them, such as `10.30.11.2` or `10.30.11.2-3`");
        let (first, last) = text.split_once('-').unwrap_or((text, ""));
        let first: IpAddr = first.parse().map_err(|_| wanted())?;
        let last = match last {
            "" if text.contains('-') => return Err(wanted()),
            "" => first,
            // Only the last part: the rest is as in the first.
            last if !last.contains(['.', ':']) => {
                let shown = first.to_string();
                let end = shown.rfind(['.', ':']).map_or(0, |at| at + 1);
                format!("{}{last}", &shown[..end]).parse().map_err(|_| wanted())?
            }
            last => last.parse().map_err(|_| wanted())?,
        };
        if first.is_ipv4() != last.is_ipv4() {
            return Err(wanted());
        }
        if last < first {
            return Err(format!("`{text}` runs backwards"));
        }
        Ok(AddressRange { first, last })
    }

    /// How many addresses there are.
    pub fn count(&self) -> u128 {
        (number(self.last) - number(self.first)).saturating_add(1)
    }

    /// The address at a place, from 0.
    pub fn nth(&self, index: usize) -> Option<IpAddr> {
        let value = number(self.first).checked_add(index as u128).filter(|value| *value <= number(self.last))?;
        Some(match self.first {
            IpAddr::V4(_) => IpAddr::V4(u32::try_from(value).ok()?.into()),
            IpAddr::V6(_) => IpAddr::V6(value.into()),
        })
    }

    /// Whether an address lies in it.
    pub fn contains(&self, address: IpAddr) -> bool {
        address.is_ipv4() == self.first.is_ipv4() && (self.first..=self.last).contains(&address)
    }
}

impl fmt::Display for AddressRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.first == self.last { write!(f, "{}", self.first) } else { write!(f, "{}-{}", self.first, self.last) }
    }
}
scalar!(
    AddressRange,
    "an address or a range of them",
    Text,
    Some("^[0-9a-fA-F.:]+(-[0-9a-fA-F.:]+)?$"),
    &["10.30.11.2", "10.30.11.2-3"]
);

/// Addresses as a prefix or as a range: `10.30.14.0/26`, `10.30.14.1-50`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum AddressBlock {
    /// All addresses of a prefix.
    Prefix(Prefix),
    /// A range.
    Range(AddressRange),
}

impl AddressBlock {
    fn parse_text(text: &str) -> Result<Self, String> {
        if text.contains('/') {
            return Prefix::parse_text(text).map(AddressBlock::Prefix);
        }
        AddressRange::parse_text(text).map(AddressBlock::Range)
    }

    /// First and last address.
    pub fn range(&self) -> AddressRange {
        match self {
            AddressBlock::Prefix(prefix) => AddressRange { first: prefix.0.network(), last: prefix.0.broadcast() },
            AddressBlock::Range(range) => *range,
        }
    }
}

impl fmt::Display for AddressBlock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            AddressBlock::Prefix(prefix) => prefix.fmt(f),
            AddressBlock::Range(range) => range.fmt(f),
        }
    }
}
scalar!(
    AddressBlock,
    "a prefix or a range of addresses",
    Text,
    Some("^[0-9a-fA-F.:]+([-/][0-9a-fA-F.:]+)?$"),
    &["10.30.14.0/26", "10.30.14.1-50"]
);

bounded!(
    /// An 802.1Q VLAN id; 0 and 4095 are reserved by the standard.
    VlanId(u16), "a VLAN id", 1, 4094
);
bounded!(
    /// A VRRP virtual router id (RFC 5798).
    Vrid(u8), "a VRRP id", 1, 255
);
bounded!(
    /// A TCP or UDP port.
    Port(u16), "a port number", 1, 65535
);
bounded!(
    /// The largest IP packet of a link in bytes; 1280 is IPv6's least, 9216 what switches commonly carry.
    Mtu(u16), "an MTU", 1280, 9216
);
bounded!(
    /// An autonomous system number of 32 bits; 0 is reserved (RFC 7607).
    Asn(u32), "an AS number", 1, 4_294_967_295
);

/// Proxmox guest ids from first to last: `2000-2099`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct VmIds {
    /// The first id.
    pub first: u32,
    /// The last id.
    pub last: u32,
}

impl VmIds {
    fn parse_text(text: &str) -> Result<Self, String> {
        let (first, last) = text.split_once('-').unwrap_or((text, text));
        // Ids below 100 are Proxmox's own; the API takes at most 999999999.
        let id = |text: &str| text.parse::<u32>().ok().filter(|id| (100..=999_999_999).contains(id));
        match (id(first), id(last)) {
            (Some(first), Some(last)) if first <= last => Ok(VmIds { first, last }),
            _ => Err(format!("`{text}` is not a range of guest ids from 100 on, such as `2000-2099`")),
        }
    }
}
impl fmt::Display for VmIds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.first, self.last)
    }
}
scalar!(VmIds, "a range of guest ids", Either, Some("^[0-9]{3,9}(-[0-9]{3,9})?$"), &["2000-2099"]);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_of_addresses() {
        let range = AddressRange::parse_text("10.30.11.2-3").expect("a range");
        assert_eq!((range.count(), range.nth(1), range.nth(2)), (2, "10.30.11.3".parse().ok(), None));
        assert_eq!(AddressRange::parse_text("2001:db8::1-f").expect("a range").count(), 15);
        for text in ["10.0.0.3-2", "10.0.0.1-", "10.0.0.1-::1", "10.0.0.1-300", "x", "-", "10.0.0.1-1-2"] {
            assert!(AddressRange::parse_text(text).is_err(), "{text}");
        }
        assert_eq!(
            Prefix::parse_text("10.30.12.5/24").expect_err("host bits"),
            "`10.30.12.5/24` has host bits set: the prefix is `10.30.12.0/24`"
        );
        assert_eq!(
            AddressRange::parse_text("::-ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff").expect("all").count(),
            u128::MAX
        );
    }
}
