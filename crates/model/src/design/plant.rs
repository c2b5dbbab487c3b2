//! Power, racks, switches, cables, and what others own.

use std::net::IpAddr;

use ipnet::IpNet;
use serde::{Deserialize, Serialize};

use crate::units::{BitRate, Millis};
use crate::{Map, Name};

use super::network::AddressRange;

/// What the cluster finds on its site.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Site {
    /// Where the site is, as an ISO 3166 code (`DE`).
    pub jurisdiction: Option<String>,
    /// Where data may lie; empty when nothing was said.
    pub allowed_jurisdictions: Vec<String>,
    /// Time servers of the network.
    pub ntp: Vec<IpAddr>,
    /// Names that stand for several time servers each, asked beside `ntp`.
    pub ntp_pools: Vec<String>,
    /// Recursive resolvers of the network.
    pub resolvers: Vec<IpAddr>,
    /// What else lives on these networks.
    pub reserved: Reserved,
    /// Networks from which users come.
    pub clients: Vec<IpNet>,
}

/// What else lives on the site's networks and must not be used again.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Reserved {
    /// VRRP ids of others.
    pub vrids: Vec<u8>,
    /// Prefixes and ranges that are taken.
    pub ranges: Vec<AddressRange>,
    /// Ranges handed out by DHCP.
    pub dhcp: Vec<AddressRange>,
    /// Prefixes that the site routes elsewhere.
    pub routes: Vec<IpNet>,
    /// Autonomous system numbers of others.
    pub asns: Vec<u32>,
    /// Public or registered autonomous system numbers that the site owns.
    pub owned_asns: Vec<u32>,
}

/// A source of power: the utility, a UPS, a generator.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Feed {
    /// What feeds it; `None` for what comes from outside.
    pub from: Option<Name>,
    /// How long a battery bridges the loss of `from` at the planned load; `None` when it is no battery.
    pub runtime: Option<Millis>,
}

/// A rack.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rack {
    /// The room or fire compartment.
    pub room: Option<Name>,
    /// Its power strips.
    pub pdu: Map<Pdu>,
}

/// A power strip.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pdu {
    /// The feed it hangs on.
    pub feed: Name,
    /// Rating of its breaker in watts.
    pub breaker_watts: Option<u32>,
    /// What it carries when its twin is lost, in watts; `None` when not stated.
    pub load_watts: Option<u32>,
}

/// A power strip by rack and name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PduRef {
    /// The rack.
    pub rack: Name,
    /// The strip in that rack.
    pub pdu: Name,
}

/// A power supply unit of a host or switch.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Psu {
    /// Where it is plugged in.
    pub pdu: PduRef,
}

/// What kind of thing others own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ExternalKind {
    /// A router that our networks have as gateway or BGP peer.
    Router,
    /// An image registry.
    Registry,
    /// A place for backups.
    Backup,
    /// A DNS server or resolver.
    Dns,
    /// A balancer appliance.
    LoadBalancer,
    /// Anything else.
    Other,
}

/// Something that others own: assumed, never rendered, listed in every proof.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct External {
    /// What it is.
    pub kind: ExternalKind,
    /// Its autonomous system, for routers.
    pub asn: Option<u32>,
    /// Its address in each of our networks, by network.
    pub address: Map<IpAddr>,
    /// Addresses outside our networks.
    pub addresses: Vec<IpAddr>,
    /// Where it is reached, for registries and stores.
    pub url: Option<String>,
    /// Where its data lie, as an ISO 3166 code.
    pub jurisdiction: Option<String>,
    /// Whether it runs BFD towards our peers; `None` when not stated.
    pub bfd: Option<bool>,
    /// Whether it installs several equal paths; `None` when not stated.
    pub multipath: Option<bool>,
    /// Whether flows keep their path when another path goes (resilient hashing); `None` when not stated.
    pub resilient_hashing: Option<bool>,
    /// Whether copies there cannot be changed by whoever writes them; `None` when not stated.
    pub append_only: Option<bool>,
    /// The rack it stands in, when that is one of ours.
    pub rack: Option<Name>,
    /// The power strips it hangs on, when they are ours.
    pub power: Vec<PduRef>,
    /// Networks it stands for, for clients.
    pub networks: Vec<IpNet>,
    /// Whether it runs FRR, so that its configuration can be proposed to its owner.
    pub frr: bool,
}

/// What a switch is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SwitchRole {
    /// Hosts hang on it.
    Leaf,
    /// Leaves hang on it.
    Spine,
    /// Management ports hang on it, apart from production.
    OutOfBand,
}

/// A switch.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Switch {
    /// What it is for.
    pub role: SwitchRole,
    /// Where it stands.
    pub rack: Name,
    /// Its power supplies.
    pub psu: Map<Psu>,
    /// How many host-facing ports it has.
    pub ports: u32,
    /// Speed of these ports.
    pub port_speed: BitRate,
    /// Ports in use.
    pub port: Map<SwitchPort>,
    /// Link aggregates over its ports; one that spans an MLAG group has the same name on each member.
    pub lag: Map<Lag>,
    /// The group it belongs to.
    pub mlag: Option<Name>,
    /// Whether spanning tree (or another loop protection) runs; `None` when not stated.
    pub spanning_tree: Option<bool>,
    /// Largest layer-3 packet it forwards on a port, in bytes.
    pub mtu: u32,
    /// Whether it runs FRR, so that its configuration can be written.
    pub frr: bool,
}

/// A used port of a switch.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SwitchPort {
    /// Speed of the link.
    pub speed: BitRate,
    /// Largest layer-3 packet, in bytes.
    pub mtu: u32,
    /// VLANs that are let through with a tag.
    pub tagged: Vec<u16>,
    /// The VLAN of frames without a tag.
    pub untagged: Option<u16>,
    /// The aggregate it belongs to.
    pub lag: Option<Name>,
    /// Whether it is an edge port, which forwards at once after link-up.
    pub edge: bool,
}

/// How a switch aggregates links.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LagMode {
    /// By LACP; a port whose partner is silent stays out of service.
    Lacp,
    /// By LACP; a port whose partner is silent is used alone.
    LacpFallback,
    /// Without a protocol.
    Static,
}

/// A link aggregate of a switch.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Lag {
    /// How links are added.
    pub mode: LagMode,
    /// Whether LACP packets are asked for every second instead of every 30.
    pub fast: bool,
    /// The device at the other end (`host/pve-1`).
    pub to: String,
}

/// How switches act as one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum MlagKind {
    /// A pair with a peer link (MLAG, vPC, MC-LAG).
    Mlag,
    /// EVPN multihoming by Ethernet segments.
    Esi,
    /// One control plane over several chassis.
    Stack,
}

/// Switches that act as one towards a link aggregate.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mlag {
    /// How.
    pub kind: MlagKind,
    /// The switches.
    pub members: Vec<Name>,
    /// Links between them; `None` when not stated.
    pub peer_links: Option<u32>,
    /// Whether they see each other outside the peer link; `None` when not stated.
    pub keepalive: Option<bool>,
}

/// One end of a cable.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CableEnd {
    /// Path of the device (`host/pve-1`, `switch/leaf-1`, `external/gw-1`).
    pub device: String,
    /// Its port (`ens1f0`, `7`, `bmc`).
    pub port: Name,
}

/// A cable.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cable {
    /// The end at the switch; the upper one between switches.
    pub a: CableEnd,
    /// The other end.
    pub b: CableEnd,
    /// Speed of the link.
    pub speed: BitRate,
}
