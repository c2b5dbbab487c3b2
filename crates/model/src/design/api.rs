//! The endpoint of the Kubernetes API: its address, who holds it, who balances behind it.

use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use crate::units::Millis;
use crate::{Map, Name};

use super::SecretRef;

/// Who balances over the API servers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Balancer {
    /// HAProxy on each control-plane machine.
    Stacked,
    /// HAProxy on machines of its own.
    Dedicated,
    /// An appliance that others own.
    External,
}

/// The endpoint of the Kubernetes API.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Api {
    /// Its name.
    pub name: String,
    /// Its addresses, one per family.
    pub vip: Vec<IpAddr>,
    /// The network they are in.
    pub network: Name,
    /// The port clients use.
    pub port: u16,
    /// Who balances.
    pub balancer: Balancer,
    /// Longest outage that is acceptable when its holder fails.
    pub recovery_time: Millis,
    /// Whether every node has the name in its hosts file, so that it does not need DNS to start.
    pub hosts_entry: bool,
    /// Who holds the address.
    pub vrrp: Option<Vrrp>,
    /// Who balances behind it.
    pub haproxy: Option<Haproxy>,
}

/// What a VRRP member is before the first election.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum VrrpState {
    /// Holds the address from the start.
    Master,
    /// Waits for the others first.
    Backup,
}

/// keepalived on every machine that may hold the address.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Vrrp {
    /// Virtual router id, 1 to 255, unique in its layer-2 domain.
    pub vrid: u8,
    /// 2 or 3.
    pub version: u8,
    /// Time between advertisements.
    pub advert_interval: Millis,
    /// Missed advertisements after which a backup takes over.
    pub down_timer_adverts: u8,
    /// Whether a member with a higher priority takes the address back when it returns.
    pub preempt: bool,
    /// How long it waits before it does.
    pub preempt_delay: Millis,
    /// How often the holder repeats its gratuitous ARP.
    pub garp_master_refresh: Option<Millis>,
    /// Whether members send to each other instead of to the multicast group.
    pub unicast: bool,
    /// Whether keepalived refuses scripts that others than root may change.
    pub script_security: bool,
    /// User that the check runs as.
    pub script_user: Option<String>,
    /// `strict` RFC behaviour.
    pub strict: bool,
    /// Password of the authentication that version 2 had; `None` renders none.
    pub auth_pass: Option<SecretRef>,
    /// The check that moves the address.
    pub check: Option<VrrpCheck>,
    /// Members, by machine.
    pub member: Map<VrrpMember>,
}

/// What the check of a VRRP member asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum VrrpCheckKind {
    /// The health of the API through the balancer of its own machine: the whole path.
    Path,
    /// Whether the process of the balancer runs.
    Process,
    /// Whether the port of the balancer takes connections.
    Port,
}

/// The check that decides whether a member may hold the address.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct VrrpCheck {
    /// What it asks.
    pub kind: VrrpCheckKind,
    /// The file that is run.
    pub script: String,
    /// What it asks for, through the balancer of its own machine; empty unless it checks the path.
    pub url: String,
    /// How long the request may take.
    pub max_time: Millis,
    /// Time between runs.
    pub interval: Millis,
    /// Time after which keepalived ends a run.
    pub timeout: Millis,
    /// Failures in a row that count.
    pub fall: u32,
    /// Successes in a row that count.
    pub rise: u32,
    /// Added to (or taken from) the priority; `None` or 0 takes the member out of the election.
    pub weight: Option<i32>,
}

/// A member of the VRRP group.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct VrrpMember {
    /// 1 to 254; 255 is the owner of the address.
    pub priority: u8,
    /// Before the first election.
    pub state: VrrpState,
    /// Interface that carries the address.
    pub interface: Name,
    /// Its own address.
    pub source: IpAddr,
    /// Addresses of the other members.
    pub peers: Vec<IpAddr>,
}

/// HAProxy in front of the API servers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Haproxy {
    /// Addresses it listens on; empty for all of the machine's.
    pub bind: Vec<IpAddr>,
    /// Whether it may bind addresses that the machine does not have (a sysctl).
    pub nonlocal_bind: bool,
    /// Whether each balancer knows only the server of its own machine instead of all in `server`.
    pub local_only: bool,
    /// Connections it takes at a time; `None` leaves it to the limit of open files.
    pub maxconn: Option<u32>,
    /// Connections a server is given at a time.
    pub server_maxconn: Option<u32>,
    /// Which server gets a new connection (`leastconn`).
    pub balance: String,
    /// Time over which a returning server gets its share.
    pub slowstart: Option<Millis>,
    /// Whether connections to a server that went down are closed.
    pub shutdown_sessions: bool,
    /// Timeouts.
    pub timeout: HaproxyTimeouts,
    /// How servers are checked.
    pub check: HaproxyCheck,
    /// The API servers that each balancer knows, by machine.
    pub server: Map<HaproxyServer>,
}

/// Timeouts of HAProxy.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HaproxyTimeouts {
    /// To reach a server.
    pub connect: Millis,
    /// Silence of a client.
    pub client: Millis,
    /// Silence of a server.
    pub server: Millis,
    /// Silence of both, once data have flowed; supersedes the two above.
    pub tunnel: Option<Millis>,
    /// After a client has closed its half.
    pub client_fin: Option<Millis>,
    /// Of a check, once connected; `None` uses the check's interval.
    pub check: Option<Millis>,
    /// Waiting for a free place at a server.
    pub queue: Millis,
}

/// How HAProxy checks a server.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HaproxyCheck {
    /// Whether HTTP is asked, not just a connection made.
    pub http: bool,
    /// Path that is asked for.
    pub uri: String,
    /// Whether over TLS.
    pub tls: bool,
    /// File of the authority the server's certificate must be signed by; `None` does not verify.
    pub ca_file: Option<String>,
    /// Time between checks.
    pub interval: Millis,
    /// Time between checks of a server that is down.
    pub down_interval: Option<Millis>,
    /// Time between checks of a server that is changing.
    pub fast_interval: Option<Millis>,
    /// Failures in a row that take a server out.
    pub fall: u32,
    /// Successes in a row that bring it back.
    pub rise: u32,
}

/// A server behind HAProxy.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HaproxyServer {
    /// Address or name.
    pub address: String,
    /// Port.
    pub port: u16,
}
