//! `haproxy.cfg` in front of the API servers.

use std::net::{IpAddr, Ipv6Addr};
use std::time::Duration;

use plimsoll_formats::Setting;
use plimsoll_formats::haproxy::{
    Bind, CheckRule, Conf, Endpoint, Global, Host, HttpCheck, Mode, Ports, Proxy, ProxyKind, ProxyOption, Section,
    Server, ServerOptions, Timeouts, Verify,
};
use plimsoll_model::design::Haproxy;
use plimsoll_model::units::Millis;
use plimsoll_model::{Design, Name};

use crate::File;
use crate::text::header;

fn time(millis: Millis) -> Setting<Duration> {
    Duration::from_millis(millis.0).into()
}

fn maybe(millis: Option<Millis>) -> Setting<Duration> {
    millis.map(time).unwrap_or_default()
}

/// Statements that the typed writer passes through.
fn kept(lines: &[&str]) -> Vec<plimsoll_formats::Kept> {
    lines.iter().map(|line| (*line).to_owned().into()).collect()
}

fn option(name: &str) -> ProxyOption {
    ProxyOption { name: name.to_owned().into(), ..ProxyOption::default() }
}

fn rule(action: &str, arguments: &[&str]) -> CheckRule {
    let arguments = arguments.iter().map(|word| (*word).to_owned().into()).collect();
    CheckRule { action: action.to_owned().into(), arguments }
}

/// The configuration on one machine.
pub(crate) fn config(design: &Design, machine: &Name, stated: &Haproxy) -> File {
    let global = Global {
        maxconn: stated.maxconn.map(|count| u64::from(count).into()).unwrap_or_default(),
        unknown: kept(&[
            "log /dev/log local0",
            "user haproxy",
            "group haproxy",
            "stats socket /run/haproxy/admin.sock mode 660 level admin",
        ]),
        ..Global::default()
    };
    let sections = vec![
        Section::Global(global),
        Section::Proxy(Box::new(frontend(design, stated))),
        Section::Proxy(Box::new(backend(design, machine, stated))),
    ];
    let head =
        header(design, "#", format_args!("Balancer in front of the API servers; this is {machine}"), "haproxy.service");
    let conf = Conf { sections, unknown: Vec::new() };
    File::new("balancer of the API", format!("{head}{conf}"))
}

fn frontend(design: &Design, stated: &Haproxy) -> Proxy {
    let bind = |host: Host| {
        let any_v6 = host == Host::Ip(Ipv6Addr::UNSPECIFIED.into());
        Bind {
            addresses: vec![Endpoint { host: host.into(), port: Ports::one(design.api.port).into() }],
            v6only: any_v6.into(),
            ..Bind::default()
        }
    };
    let binds = if stated.bind.is_empty() {
        // `*` is every IPv4 address and no IPv6 one.
        let six = design.api.vip.iter().any(IpAddr::is_ipv6).then(|| Host::Ip(Ipv6Addr::UNSPECIFIED.into()));
        std::iter::once(Host::AnyIpv4).chain(six).map(bind).collect()
    } else {
        stated.bind.iter().map(|address| bind(Host::Ip(*address))).collect()
    };
    Proxy {
        kind: ProxyKind::Frontend,
        name: "api".to_owned().into(),
        mode: Mode::Tcp.into(),
        binds,
        timeouts: Timeouts {
            client: time(stated.timeout.client),
            client_fin: maybe(stated.timeout.client_fin),
            ..Timeouts::default()
        },
        options: vec![option("tcplog"), option("dontlognull")],
        default_backend: "apiservers".to_owned().into(),
        unknown: kept(&["log global"]),
        ..Proxy::default()
    }
}

fn backend(design: &Design, machine: &Name, stated: &Haproxy) -> Proxy {
    let check = &stated.check;
    let timeout = &stated.timeout;
    let known = stated.server.iter().filter(|(name, _)| !stated.local_only || *name == machine);
    let servers = known.map(|(name, server)| Server {
        name: name.to_string().into(),
        address: Endpoint {
            host: server.address.parse().map_or_else(|_| Host::Name(server.address.clone()), Host::Ip).into(),
            port: Ports::one(server.port).into(),
        },
        ..Server::default()
    });
    let tls = check.http && check.tls;
    Proxy {
        kind: ProxyKind::Backend,
        name: "apiservers".to_owned().into(),
        mode: Mode::Tcp.into(),
        balance: stated.balance.clone().into(),
        timeouts: Timeouts {
            connect: time(timeout.connect),
            server: time(timeout.server),
            tunnel: maybe(timeout.tunnel),
            check: maybe(timeout.check),
            queue: time(timeout.queue),
            ..Timeouts::default()
        },
        // A connection that a server refuses goes to another one instead of back to the client.
        options: vec![option("redispatch")],
        httpchk: check.http.then(HttpCheck::default),
        http_checks: if check.http {
            vec![
                rule("send", &["meth", "GET", "uri", &check.uri, "ver", "HTTP/1.1", "hdr", "Host", &design.api.name]),
                rule("expect", &["status", "200"]),
            ]
        } else {
            Vec::new()
        },
        default_server: ServerOptions {
            check: true.into(),
            check_ssl: if tls { true.into() } else { Setting::Absent },
            verify: match (tls, &check.ca_file) {
                (true, Some(_)) => Verify::Required.into(),
                (true, None) => Verify::None.into(),
                (false, _) => Setting::Absent,
            },
            ca_file: check.ca_file.clone().filter(|_| tls).map(Setting::from).unwrap_or_default(),
            inter: time(check.interval),
            fastinter: maybe(check.fast_interval),
            downinter: maybe(check.down_interval),
            fall: check.fall.into(),
            rise: check.rise.into(),
            slowstart: maybe(stated.slowstart),
            maxconn: stated.server_maxconn.map(|count| u64::from(count).into()).unwrap_or_default(),
            on_marked_down: if stated.shutdown_sessions {
                "shutdown-sessions".to_owned().into()
            } else {
                Setting::Absent
            },
            ..ServerOptions::default()
        },
        servers: servers.collect(),
        unknown: kept(&["log global"]),
        ..Proxy::default()
    }
}
