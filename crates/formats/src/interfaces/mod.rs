//! `/etc/network/interfaces`: ports, bonds, VLANs and bridges of Debian and Proxmox VE hosts.
//!
//! Follows ifupdown2 3.2 (Proxmox VE 9), whose syntax contains that of Debian's ifupdown: stanzas that start with `auto`,
//! `allow-…`, `iface`, `source` and the like, a comment only on a line of its own, `\` at the end of a line continues
//! it. Bond, bridge and VLAN options are the same with `_` and `-`, `slaves` and `bond-slaves` too. Open vSwitch
//! options, `mapping` and other add-ons are kept.

mod read;
#[cfg(test)]
mod tests;
mod values;
mod write;

use std::fmt;
use std::net::IpAddr;

use plimsoll_diagnostics::{Span, Spanned};

use crate::{Kept, Setting};

pub use read::read;

/// One file.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Conf {
    /// `auto`: brought up at boot, in this order.
    pub auto: Vec<Setting<String>>,
    /// `allow-hotplug`: brought up when it appears.
    pub hotplug: Vec<Setting<String>>,
    /// `iface`. An interface may have several, one for each family or address.
    pub stanzas: Vec<Stanza>,
    /// `source` and `source-directory`.
    pub includes: Vec<Include>,
    /// Stanzas that are not modelled, with their options.
    pub unknown: Vec<Kept>,
    /// Lines that belong to no stanza.
    pub stray: Vec<Kept>,
}

/// `source PATTERN`
#[derive(Clone, Debug, PartialEq)]
pub struct Include {
    /// `source` or `source-directory`.
    pub keyword: String,
    /// Files or directory.
    pub pattern: Spanned<String>,
}

/// Where a stanza starts; equal to any other place, since a written file has none.
#[derive(Clone, Copy, Debug, Default)]
pub struct Place(pub Option<Span>);

impl PartialEq for Place {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

/// Address family of a stanza.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Family {
    /// `inet`
    Inet,
    /// `inet6`
    Inet6,
}

impl fmt::Display for Family {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Family::Inet => "inet",
            Family::Inet6 => "inet6",
        })
    }
}

/// `iface NAME [FAMILY METHOD]`
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Stanza {
    /// The interface.
    pub name: Setting<String>,
    /// Where it starts.
    pub place: Place,
    /// `inet` or `inet6`; ifupdown2 does without.
    pub family: Setting<Family>,
    /// `static`, `manual`, `dhcp`, `loopback`, `auto` …
    pub method: Setting<String>,
    /// Further words of its first line (`inherits …`).
    pub modifiers: Vec<Spanned<String>>,
    /// `address`: with its prefix length, or without when `netmask` gives it.
    pub addresses: Vec<Setting<Address>>,
    /// `netmask`, as a prefix length.
    pub netmask: Setting<u8>,
    /// `gateway`
    pub gateway: Setting<IpAddr>,
    /// `mtu`
    pub mtu: Setting<u32>,
    /// `hwaddress`, without `ether`.
    pub hwaddress: Setting<String>,
    /// `vlan-raw-device`
    pub vlan_raw_device: Setting<String>,
    /// `vlan-id`: 1 to 4094.
    pub vlan_id: Setting<u16>,
    /// `bond-…`
    pub bond: Bond,
    /// `bridge-…`
    pub bridge: Bridge,
    /// `pre-up`, `up`, `post-up`, `down` and the like, in their order.
    pub commands: Vec<Command>,
    /// Everything else.
    pub unknown: Vec<Kept>,
}

/// An address with or without a prefix length.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Address {
    /// The address.
    pub ip: IpAddr,
    /// The prefix length, when it stands there.
    pub prefix: Option<u8>,
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.prefix {
            Some(prefix) => write!(f, "{}/{prefix}", self.ip),
            None => self.ip.fmt(f),
        }
    }
}

/// Names of interfaces; none is written `none`.
pub type Names = Vec<Spanned<String>>;

/// How a bond uses its ports.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BondMode {
    /// 0, `balance-rr`
    BalanceRr,
    /// 1, `active-backup`
    ActiveBackup,
    /// 2, `balance-xor`
    BalanceXor,
    /// 3, `broadcast`
    Broadcast,
    /// 4, `802.3ad`
    Lacp,
    /// 5, `balance-tlb`
    BalanceTlb,
    /// 6, `balance-alb`
    BalanceAlb,
}

impl BondMode {
    /// Words in the order of the kernel's numbers (Documentation/networking/bonding.rst).
    const WORDS: [(&'static str, BondMode); 7] = [
        ("balance-rr", BondMode::BalanceRr),
        ("active-backup", BondMode::ActiveBackup),
        ("balance-xor", BondMode::BalanceXor),
        ("broadcast", BondMode::Broadcast),
        ("802.3ad", BondMode::Lacp),
        ("balance-tlb", BondMode::BalanceTlb),
        ("balance-alb", BondMode::BalanceAlb),
    ];

    /// The kernel's word.
    pub fn word(self) -> &'static str {
        Self::WORDS.iter().find(|(_, mode)| *mode == self).map_or("", |(word, _)| word)
    }

    fn parse(text: &str) -> Option<BondMode> {
        let numbered = text.parse::<usize>().ok().and_then(|number| Self::WORDS.get(number));
        numbered.or_else(|| Self::WORDS.iter().find(|(word, _)| *word == text)).map(|(_, mode)| *mode)
    }
}

impl fmt::Display for BondMode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

/// `bond-…`
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Bond {
    /// `bond-slaves`
    pub slaves: Setting<Names>,
    /// `bond-master`: the other way to say it, on the port.
    pub master: Setting<String>,
    /// `bond-mode`
    pub mode: Setting<BondMode>,
    /// `bond-miimon`, in milliseconds; 0 is never.
    pub miimon: Setting<u32>,
    /// `bond-updelay`, in milliseconds.
    pub updelay: Setting<u32>,
    /// `bond-downdelay`, in milliseconds.
    pub downdelay: Setting<u32>,
    /// `bond-arp-interval`, in milliseconds.
    pub arp_interval: Setting<u32>,
    /// `bond-lacp-rate`: true is fast.
    pub lacp_fast: Setting<bool>,
    /// `bond-xmit-hash-policy`
    pub xmit_hash_policy: Setting<String>,
    /// `bond-primary`
    pub primary: Setting<String>,
    /// `bond-min-links`
    pub min_links: Setting<u32>,
}

/// `bridge-…`
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Bridge {
    /// `bridge-ports`
    pub ports: Setting<Names>,
    /// `bridge-stp`
    pub stp: Setting<bool>,
    /// `bridge-fd`, in seconds.
    pub fd: Setting<u32>,
    /// `bridge-vlan-aware`
    pub vlan_aware: Setting<bool>,
    /// `bridge-vids`: on the bridge for all its ports, on a port for itself.
    pub vids: Setting<Vids>,
    /// `bridge-pvid`
    pub pvid: Setting<u16>,
    /// `bridge-access`
    pub access: Setting<u16>,
}

/// VLANs, as ranges.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Vids(pub Vec<(u16, u16)>);

impl Vids {
    /// Whether it has a VLAN.
    pub fn contains(&self, vlan: u16) -> bool {
        self.0.iter().any(|(first, last)| (*first..=*last).contains(&vlan))
    }
}

impl fmt::Display for Vids {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, (first, last)) in self.0.iter().enumerate() {
            let space = if at == 0 { "" } else { " " };
            if first == last { write!(f, "{space}{first}")? } else { write!(f, "{space}{first}-{last}")? }
        }
        Ok(())
    }
}

/// A command that is run on the way up or down.
#[derive(Clone, Debug, PartialEq)]
pub struct Command {
    /// `pre-up`, `up`, `post-up`, `pre-down`, `down` or `post-down`.
    pub hook: String,
    /// The command line.
    pub command: Setting<String>,
}

impl Stanza {
    /// The VLAN: `vlan-id`, or the number behind the dot of `bond0.2000` or in `vlan2000`.
    pub fn vlan(&self) -> Option<u16> {
        if !self.vlan_id.is_absent() {
            return self.vlan_id.get().copied();
        }
        let name = self.name.get()?;
        let number = match name.rsplit_once('.') {
            Some((_, number)) => number,
            None => name.strip_prefix("vlan").filter(|_| !self.vlan_raw_device.is_absent())?,
        };
        number.parse().ok().filter(|vlan| (1..=4094).contains(vlan))
    }

    /// The interface that a VLAN lies on: `vlan-raw-device`, or what stands before the dot.
    pub fn raw_device(&self) -> Option<&str> {
        if !self.vlan_raw_device.is_absent() {
            return self.vlan_raw_device.get().map(String::as_str);
        }
        self.vlan()?;
        self.name.get()?.rsplit_once('.').map(|(device, _)| device)
    }

    /// Whether it is a bond.
    pub fn is_bond(&self) -> bool {
        !self.bond.slaves.is_absent() || !self.bond.mode.is_absent()
    }

    /// Whether it is a bridge.
    pub fn is_bridge(&self) -> bool {
        !self.bridge.ports.is_absent() || !self.bridge.vlan_aware.is_absent() || !self.bridge.stp.is_absent()
    }

    /// How often the links of a bond are looked at, in milliseconds. The kernel forces 100 where the mode needs it
    /// (`bond_check_params()` for 802.3ad, balance-tlb and balance-alb); elsewhere an absent one is 0, which is never.
    pub fn effective_miimon(&self) -> Option<u32> {
        let forced = matches!(self.bond.mode.get(), Some(BondMode::Lacp | BondMode::BalanceTlb | BondMode::BalanceAlb));
        self.bond.miimon.or(0).map(|miimon| if forced && miimon == 0 { 100 } else { miimon })
    }
}

impl Conf {
    /// All stanzas of an interface.
    pub fn of<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Stanza> {
        self.stanzas.iter().filter(move |stanza| stanza.name.get().is_some_and(|own| own == name))
    }
}
