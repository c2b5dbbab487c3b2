//! Balancers in front of API servers.

mod from_files;
mod machine;
mod open;

use std::net::IpAddr;

use plimsoll_model::Name;
use plimsoll_model::design::{Balancer as Kind, Haproxy, VrrpCheckKind};
use plimsoll_model::units::Millis;

use crate::{DesignSource, Fact, Place};

pub use from_files::from_files;

/// One balancer program on one machine, as far as it serves the API.
#[derive(Clone, Debug)]
pub struct Balancer {
    /// The machine, or the folder or file it was read from.
    pub name: String,
    /// What a finding about the whole balancer points at.
    pub place: Place,
    /// Whether an API server runs on the same machine.
    pub stacked: Fact<bool>,
    /// Addresses and ports it listens on, as far as they are known.
    pub binds: Vec<Bind>,
    /// Whether these are all: a file may state names or variables.
    pub binds_known: bool,
    /// Addresses of the endpoint it should answer on.
    pub endpoint: Fact<Vec<IpAddr>>,
    /// Port of the API server on the same machine.
    pub apiserver_port: Fact<u16>,
    /// Whether that API server listens on all addresses; unknown without its flags.
    pub apiserver_wildcard: Fact<bool>,
    /// Whether it may bind addresses that the machine does not have: `net.ipv4.ip_nonlocal_bind`, then that of IPv6.
    pub nonlocal_bind: [Fact<bool>; 2],
    /// Whether keepalived starts it when the VIP arrives (`notify_master`).
    pub started_with_vip: bool,
    /// Whether bytes are passed on as they are (`mode tcp`); false ends TLS here.
    pub passthrough: Fact<bool>,
    /// Connections it takes at a time; `None` when the limit of open files decides.
    pub maxconn: Fact<Option<u32>>,
    /// Which server gets a new connection.
    pub balance: Fact<String>,
    /// Time over which a returning server gets its share; zero for none.
    pub slowstart: Fact<Millis>,
    /// Whether connections to a server that went down are closed.
    pub shutdown_sessions: Fact<bool>,
    /// Silence of a client.
    pub timeout_client: Fact<Millis>,
    /// Silence of a server.
    pub timeout_server: Fact<Millis>,
    /// Silence of both; `None` when the two above count.
    pub timeout_tunnel: Fact<Option<Millis>>,
    /// Time of a check once connected; `None` when its interval counts.
    pub timeout_check: Fact<Option<Millis>>,
    /// How servers are checked.
    pub check: HttpCheck,
    /// Servers.
    pub servers: Vec<Server>,
    /// Names of the machines whose API servers should be among the servers; unknown for files.
    pub expected: Fact<Vec<String>>,
    /// Whether the API servers answer `/readyz` without credentials; unknown without their flags.
    pub anonymous_health: Fact<bool>,
    /// Whether the holder of the VIP loses it when its own API server fails.
    pub vrrp_tracks_local: Fact<bool>,
}

/// An address and port a balancer listens on.
#[derive(Clone, Debug)]
pub struct Bind {
    /// What a finding about it points at.
    pub place: Place,
    /// The address; `None` for all of IPv4 (`*`), unspecified IPv6 for `::`.
    pub address: Option<IpAddr>,
    /// The port.
    pub port: u16,
    /// Whether `::` takes IPv4 too.
    pub v4v6: bool,
    /// Whether it may bind a foreign address by itself.
    pub transparent: bool,
}

/// How servers are asked whether they live.
#[derive(Clone, Debug)]
pub struct HttpCheck {
    /// What a finding about it points at.
    pub place: Place,
    /// Whether servers are checked at all.
    pub enabled: Fact<bool>,
    /// Whether HTTP is asked (`option httpchk`).
    pub http: Fact<bool>,
    /// Whether there are `http-check` rules.
    pub rules: Fact<bool>,
    /// Path that is asked for.
    pub uri: Fact<String>,
    /// `HTTP/1.0`, `HTTP/1.1` or `HTTP/2`.
    pub version: Fact<String>,
    /// Whether a Host header is sent.
    pub host_header: Fact<bool>,
    /// Whether status 200 is expected.
    pub expects_200: Fact<bool>,
    /// Whether it shows a client certificate or a token.
    pub credentials: Fact<bool>,
}

/// A server behind a balancer.
#[derive(Clone, Debug)]
pub struct Server {
    /// Its name.
    pub name: String,
    /// What a finding about it points at.
    pub place: Place,
    /// The machine behind it, when its address belongs to a known one.
    pub machine: Option<String>,
    /// Address or name.
    pub address: Fact<String>,
    /// Port.
    pub port: Fact<u16>,
    /// Whether the check speaks TLS; unknown when it goes to a port of its own.
    pub check_ssl: Fact<bool>,
    /// Whether connections of clients are encrypted on the way to it (`ssl`).
    pub ssl: Fact<bool>,
    /// `verify none`, `verify required`, or `None` when not stated.
    pub verify: Fact<Option<String>>,
    /// File of the authority.
    pub ca_file: Fact<Option<String>>,
    /// Time between checks.
    pub inter: Fact<Millis>,
    /// Time between checks once one has failed; `inter` when nobody states it.
    pub fastinter: Fact<Millis>,
    /// Failures in a row that take it out.
    pub fall: Fact<u32>,
    /// Connections it is given at a time; `None` for no limit.
    pub maxconn: Fact<Option<u32>>,
    /// `init-addr`, when stated.
    pub init_addr: Fact<Option<String>>,
    /// Whether its address needs no names: a socket, or a name in the hosts file of the balancer's machine.
    pub nameless: bool,
}

/// The balancers of a Design.
pub fn from_design(source: DesignSource<'_>) -> Vec<Balancer> {
    let Some(haproxy) = &source.design.api.haproxy else { return Vec::new() };
    balancer_machines(source).into_iter().map(|name| balancer(source, haproxy, name)).collect()
}

fn balancer_machines(source: DesignSource<'_>) -> Vec<&Name> {
    let role = match source.design.api.balancer {
        Kind::Stacked => plimsoll_model::design::Role::ControlPlane,
        Kind::Dedicated => plimsoll_model::design::Role::Balancer,
        Kind::External => return Vec::new(),
    };
    source.design.machines(role).map(|(name, _)| name).collect()
}

fn balancer(source: DesignSource<'_>, haproxy: &Haproxy, name: &Name) -> Balancer {
    let design = source.design;
    let at = |field: &str| format!("api/haproxy/{field}");
    let stacked = design.api.balancer == Kind::Stacked;
    let port = design.api.port;
    let bind = |address: Option<IpAddr>| Bind {
        place: source.place(at("bind")),
        address,
        port,
        v4v6: address.is_some_and(|address| address.is_unspecified()),
        transparent: false,
    };
    // Without a list, the writer binds every IPv4 address, and with an IPv6 endpoint `::` with v4v6.
    let v6 = design.api.vip.iter().any(IpAddr::is_ipv6);
    let binds = if haproxy.bind.is_empty() {
        vec![bind(v6.then_some(IpAddr::V6(std::net::Ipv6Addr::UNSPECIFIED)))]
    } else {
        haproxy.bind.iter().map(|address| bind(Some(*address))).collect()
    };
    let control_plane: Vec<String> =
        design.machines(plimsoll_model::design::Role::ControlPlane).map(|(name, _)| name.to_string()).collect();
    let check = &haproxy.check;
    Balancer {
        name: name.to_string(),
        place: source.place("api/haproxy"),
        stacked: source.fact("api/balancer", stacked),
        binds,
        binds_known: true,
        endpoint: source.fact("api/vip", design.api.vip.clone()),
        apiserver_port: source.fact("kubernetes/apiserver/bind_port", design.kubernetes.apiserver.bind_port),
        apiserver_wildcard: source.fact("kubernetes/apiserver/bind_port", true),
        nonlocal_bind: [(); 2].map(|()| source.fact(at("nonlocal_bind"), haproxy.nonlocal_bind)),
        started_with_vip: false,
        passthrough: source.fact(at("balance"), true),
        maxconn: source.fact(at("maxconn"), haproxy.maxconn),
        balance: source.fact(at("balance"), haproxy.balance.clone()),
        slowstart: source.fact(at("slowstart"), haproxy.slowstart.unwrap_or_default()),
        shutdown_sessions: source.fact(at("shutdown_sessions"), haproxy.shutdown_sessions),
        timeout_client: source.fact(at("timeout/client"), haproxy.timeout.client),
        timeout_server: source.fact(at("timeout/server"), haproxy.timeout.server),
        timeout_tunnel: source.fact(at("timeout/tunnel"), haproxy.timeout.tunnel),
        timeout_check: source.fact(at("timeout/check"), haproxy.timeout.check),
        check: HttpCheck {
            place: source.place(at("check")),
            enabled: source.fact(at("check"), true),
            http: source.fact(at("check/http"), check.http),
            rules: source.fact(at("check/http"), check.http),
            uri: source.fact(at("check/uri"), check.uri.clone()),
            // The writer sends the endpoint's name as Host, which HTTP/1.1 asks for.
            version: source.fact(at("check/http"), "HTTP/1.1".to_owned()),
            host_header: source.fact(at("check/http"), true),
            expects_200: source.fact(at("check/http"), true),
            credentials: source.fact(at("check/http"), false),
        },
        servers: haproxy
            .server
            .iter()
            .filter(|(machine, _)| !haproxy.local_only || *machine == name)
            .map(|(machine, server)| {
                let own = |field: &str| format!("api/haproxy/server/{machine}/{field}");
                Server {
                    name: machine.to_string(),
                    place: source.place(format!("api/haproxy/server/{machine}")),
                    machine: Some(machine.to_string()),
                    address: source.fact(own("address"), server.address.clone()),
                    port: source.fact(own("port"), server.port),
                    check_ssl: source.fact(at("check/tls"), check.tls),
                    ssl: source.fact(at("check/tls"), false),
                    verify: source.fact(
                        at("check/ca_file"),
                        Some(if check.ca_file.is_some() { "required" } else { "none" }.to_owned()),
                    ),
                    ca_file: source.fact(at("check/ca_file"), check.ca_file.clone()),
                    inter: source.fact(at("check/interval"), check.interval),
                    fastinter: source.fact(at("check/interval"), check.interval),
                    fall: source.fact(at("check/fall"), check.fall),
                    maxconn: source.fact(at("server_maxconn"), haproxy.server_maxconn),
                    init_addr: source.fact(own("address"), None),
                    nameless: false,
                }
            })
            .collect(),
        expected: source
            .fact(if haproxy.local_only { "api/haproxy/local_only" } else { "api/haproxy/server" }, control_plane),
        anonymous_health: source
            .fact("kubernetes/apiserver/anonymous_health", design.kubernetes.apiserver.anonymous_health),
        vrrp_tracks_local: source
            // A check of the process or the port succeeds while no API server answers.
            .fact("api/vrrp/check", {
                let check = design.api.vrrp.as_ref().and_then(|vrrp| vrrp.check.as_ref());
                check.is_some_and(|check| check.kind == VrrpCheckKind::Path)
            }),
    }
}
