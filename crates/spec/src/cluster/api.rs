//! The way to the API: name, address, holder, balancer.

use std::net::IpAddr;

use plimsoll_diagnostics::Spanned;
use plimsoll_model::units::Millis;
use plimsoll_yaml::{choice, record};

use crate::Opt;
use crate::scalars::{DomainName, Names, Port, Vrid};

choice! {
    /// Who balances the API.
    pub enum BalancerLayout: "a place for the balancer" {
        /// HAProxy and keepalived on each control-plane machine.
        Stacked = "stacked",
        /// HAProxy and keepalived on machines of their own.
        Dedicated = "dedicated",
        /// Somebody else's.
        External = "external",
    }

    /// What a failover should be.
    pub enum Failover: "a kind of failover" {
        /// Slow enough never to move for nothing.
        Safe = "safe",
        /// As fast as can be had.
        Fast = "fast",
    }
}

record! {
    /// The way to the API: its name, its address, who holds and balances it.
    pub struct Api {
        /// The name clients use.
        pub name: Opt<DomainName>,
        /// The address that moves.
        pub vip: Spanned<IpAddr>,
        /// The IPv6 address that moves with it.
        pub vip6: Opt<std::net::Ipv6Addr>,
        /// The port clients use.
        pub port: Opt<Port>,
        /// Who balances.
        pub balancer: Opt<BalancerLayout>,
        /// The external part that balances, where it is somebody else's.
        pub by: Opt<Names>,
        /// What a failover should be.
        pub failover: Opt<Failover>,
        /// Numbers of keepalived, where the edition's should not hold.
        pub vrrp: Option<Vrrp>,
        /// Numbers of HAProxy, where the edition's should not hold.
        pub haproxy: Option<Haproxy>,
    }
}

choice! {
    /// What keepalived's check asks.
    pub enum CheckPath: "a check" {
        /// `/readyz` of the API through the local balancer: the whole path.
        Path = "path",
        /// Whether the process runs.
        Process = "process",
        /// Whether the port takes connections.
        Port = "port",
    }

    /// How peers hear of each other.
    pub enum VrrpCast: "a way to reach peers" {
        /// To each by its address.
        Unicast = "unicast",
        /// To 224.0.0.18.
        Multicast = "multicast",
    }

    /// Which servers a balancer sends to.
    pub enum Backends: "a set of servers" {
        /// All API servers.
        All = "all",
        /// The one beside it.
        Local = "local",
    }

    /// What a balancer binds to.
    pub enum BindTo: "an address to bind to" {
        /// Every address of the machine.
        Any = "any",
        /// The moving address alone.
        Vip = "vip",
    }

    /// How a balancer spreads connections.
    pub enum Balance: "a way to balance" {
        /// To the one with the fewest.
        Leastconn = "leastconn",
        /// In turn.
        Roundrobin = "roundrobin",
        /// By the client's address.
        Source = "source",
    }

    /// What a balancer asks its servers.
    pub enum ServerCheck: "a check of servers" {
        /// An HTTP request over TLS.
        Https = "https",
        /// An HTTP request without TLS.
        Http = "http",
        /// A connection.
        Tcp = "tcp",
    }
}

record! {
    /// Numbers of keepalived.
    pub struct Vrrp: Default {
        /// The virtual router id.
        pub vrid: Opt<Vrid>,
        /// The version of VRRP.
        pub version: Opt<u8>,
        /// How often the holder shows itself.
        pub advert_interval: Opt<Millis>,
        /// Priorities of the machines in order, the holder's first.
        pub priorities: Vec<Spanned<u8>>,
        /// Whether a machine with more priority takes the address back.
        pub preempt: Opt<bool>,
        /// How long it waits before it does.
        pub preempt_delay: Opt<Millis>,
        /// How peers hear of each other.
        pub cast: Opt<VrrpCast>,
        /// What the check asks.
        pub check: Opt<CheckPath>,
        /// How often it asks.
        pub check_interval: Opt<Millis>,
        /// How long it waits for an answer.
        pub check_timeout: Opt<Millis>,
        /// How long its request may take; less than the interval.
        pub check_max_time: Opt<Millis>,
        /// Failures until it counts as failed.
        pub check_fall: Opt<u32>,
        /// Successes until it counts as good again.
        pub check_rise: Opt<u32>,
        /// What a failed check does to the priority; without it, the machine gives the address up.
        pub check_weight: Opt<i32>,
        /// How often the holder repeats its ARP announcement.
        pub garp_refresh: Opt<Millis>,
        /// The shared word of the group; eight letters count.
        pub auth: Opt<String>,
        /// Whether the standard is kept to the letter.
        pub strict: Opt<bool>,
        /// Whether machines start as holder or as backup: `MASTER` or `BACKUP`.
        pub state: Opt<String>,
        /// The user that runs the check.
        pub script_user: Opt<String>,
    }

    /// Numbers of HAProxy.
    pub struct Haproxy: Default {
        /// Which servers it sends to.
        pub backends: Opt<Backends>,
        /// What it binds to.
        pub bind: Opt<BindTo>,
        /// How it spreads connections.
        pub balance: Opt<Balance>,
        /// How long it waits for a server to take a connection.
        pub timeout_connect: Opt<Millis>,
        /// How long a client may be silent.
        pub timeout_client: Opt<Millis>,
        /// How long a server may be silent.
        pub timeout_server: Opt<Millis>,
        /// How long both may be silent once connected; counts instead of the two above.
        pub timeout_tunnel: Opt<Millis>,
        /// How long a check may take.
        pub timeout_check: Opt<Millis>,
        /// What it asks its servers.
        pub check: Opt<ServerCheck>,
        /// What path it asks for.
        pub check_path: Opt<String>,
        /// How often it asks.
        pub check_interval: Opt<Millis>,
        /// Failures until a server counts as down.
        pub check_fall: Opt<u32>,
        /// Successes until it counts as up again.
        pub check_rise: Opt<u32>,
        /// Whether the server's certificate is checked.
        pub check_verify: Opt<bool>,
        /// Whether connections to a server that goes down are closed.
        pub shutdown_sessions: Opt<bool>,
        /// Connections at most.
        pub maxconn: Opt<u32>,
        /// Connections to one server at most.
        pub server_maxconn: Opt<u32>,
    }
}
