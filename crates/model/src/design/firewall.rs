//! What each role lets in, derived from what runs on it.

use ipnet::IpNet;
use serde::{Deserialize, Serialize};

use crate::Name;

/// A protocol above IP.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Protocol {
    /// TCP.
    Tcp,
    /// UDP.
    Udp,
    /// VRRP, protocol 112.
    Vrrp,
    /// IP in IP, protocol 4.
    Ipip,
    /// ICMP of either family.
    Icmp,
}

/// Who may send.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Peer {
    /// Machines of a role, by their addresses.
    Role(String),
    /// Every node.
    Nodes,
    /// A network of the design.
    Network(Name),
    /// Something that others own.
    External(Name),
    /// A prefix.
    Prefix(IpNet),
    /// Anybody.
    Any,
}

/// Ports `first..=last`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PortRange {
    /// First port.
    pub first: u16,
    /// Last port.
    pub last: u16,
}

impl From<u16> for PortRange {
    fn from(port: u16) -> Self {
        PortRange { first: port, last: port }
    }
}

/// One thing that is let in.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Allow {
    /// What it is for (`etcd peers`), which is also the comment in the rendered rule.
    pub purpose: String,
    /// Protocol.
    pub protocol: Protocol,
    /// Ports, for TCP and UDP.
    pub ports: Vec<PortRange>,
    /// Who may send.
    pub from: Vec<Peer>,
}
