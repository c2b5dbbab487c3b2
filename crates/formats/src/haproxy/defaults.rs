//! What a proxy takes from `defaults`, and what HAProxy makes of what nobody says.

use std::time::Duration;

use super::{Conf, Global, Proxy, ProxyKind, Section, ServerOptions, Timeouts, Verify};
use crate::Setting;

/// A server as it is checked. `None` where the file states something unreadable.
///
/// Defaults of HAProxy 2.6 to 3.0: configuration manual, section 5.2 (`inter`, `fall`, `rise`, `weight`, `init-addr`),
/// and `verify`, which is on unless `ssl-server-verify none` is global.
#[derive(Clone, Debug, PartialEq)]
pub struct EffectiveServer {
    /// Default: not checked.
    pub check: Option<bool>,
    /// Default: off.
    pub check_ssl: Option<bool>,
    /// Default: required.
    pub verify: Option<Verify>,
    /// Default: 2 s.
    pub inter: Option<Duration>,
    /// Default: `inter`.
    pub fastinter: Option<Duration>,
    /// Default: `inter`.
    pub downinter: Option<Duration>,
    /// Default: 3.
    pub fall: Option<u32>,
    /// Default: 2.
    pub rise: Option<u32>,
    /// Default: 1.
    pub weight: Option<u32>,
}

impl ServerOptions {
    /// The options, after `default-server` was inherited, with HAProxy's own defaults.
    pub fn effective(&self, global: Option<&Global>) -> EffectiveServer {
        let inter = self.inter.or(Duration::from_secs(2));
        let like_inter = |own: &Setting<Duration>| if own.is_absent() { inter } else { own.get().copied() };
        let verify = global.map_or(Setting::Absent, |global| global.ssl_server_verify.clone());
        EffectiveServer {
            check: self.check.or(false),
            check_ssl: self.check_ssl.or(false),
            verify: self.verify.inherit(&verify).or(Verify::Required),
            inter,
            fastinter: like_inter(&self.fastinter),
            downinter: like_inter(&self.downinter),
            fall: self.fall.or(3),
            rise: self.rise.or(2),
            weight: self.weight.or(1),
        }
    }
}

/// How long a quiet connection lives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TunnelLimit {
    /// For this long.
    After(Duration),
    /// For ever.
    Never,
    /// The file states something unreadable.
    Unknown,
}

impl Timeouts {
    /// The idle limit of a connection in mode tcp: `timeout tunnel` if it is set, else the shorter of client and
    /// server (configuration manual, `timeout tunnel`). No timeout is no limit.
    pub fn idle_limit(&self) -> TunnelLimit {
        if self.tunnel.is_unknown() {
            return TunnelLimit::Unknown;
        }
        if let Some(tunnel) = self.tunnel.get() {
            return TunnelLimit::After(*tunnel);
        }
        if self.client.is_unknown() || self.server.is_unknown() {
            return TunnelLimit::Unknown;
        }
        let shorter = [self.client.get(), self.server.get()].into_iter().flatten().min();
        shorter.map_or(TunnelLimit::Never, |limit| TunnelLimit::After(*limit))
    }

    fn inherit(&self, from: &Timeouts) -> Timeouts {
        Timeouts {
            connect: self.connect.inherit(&from.connect),
            client: self.client.inherit(&from.client),
            server: self.server.inherit(&from.server),
            tunnel: self.tunnel.inherit(&from.tunnel),
            check: self.check.inherit(&from.check),
            client_fin: self.client_fin.inherit(&from.client_fin),
            server_fin: self.server_fin.inherit(&from.server_fin),
            queue: self.queue.inherit(&from.queue),
            http_request: self.http_request.inherit(&from.http_request),
            http_keep_alive: self.http_keep_alive.inherit(&from.http_keep_alive),
        }
    }
}

impl Conf {
    /// The `global` section; the last one counts when there are several.
    pub fn global(&self) -> Option<&Global> {
        self.sections.iter().rev().find_map(|section| match section {
            Section::Global(global) => Some(global),
            _ => None,
        })
    }

    /// All frontends, backends and listens with their position among the sections.
    pub fn proxies(&self) -> impl Iterator<Item = (usize, &Proxy)> {
        self.sections.iter().enumerate().filter_map(|(at, section)| match section {
            Section::Proxy(proxy) if proxy.kind != ProxyKind::Defaults => Some((at, proxy.as_ref())),
            _ => None,
        })
    }

    /// Every section with traffic, `defaults` too.
    pub fn with_defaults(&self) -> impl Iterator<Item = &Proxy> {
        self.sections.iter().filter_map(|section| match section {
            Section::Proxy(proxy) => Some(proxy.as_ref()),
            _ => None,
        })
    }

    /// The backend or listen of a name with what it inherits; `frontend` only when there is no other.
    pub fn effective(&self, name: &str) -> Option<Proxy> {
        let named = || self.proxies().filter(|(_, proxy)| proxy.name.get().is_some_and(|own| own == name));
        let (at, _) = named().find(|(_, proxy)| proxy.kind != ProxyKind::Frontend).or_else(|| named().next())?;
        self.effective_at(at)
    }

    /// The proxy at a position with what it inherits: settings it does not state, options it does not name, the check
    /// and its rules when it has none, `default-server`. Servers get their `default-server` filled in.
    pub fn effective_at(&self, at: usize) -> Option<Proxy> {
        let Some(Section::Proxy(own)) = self.sections.get(at) else { return None };
        let mut proxy = own.as_ref().clone();
        // A `defaults` may itself name another one; a file cannot be so deep that a bound matters.
        let (mut at, mut from) = (at, proxy.from.clone());
        let mut nearest = own.kind != ProxyKind::Defaults;
        for _ in 0..16 {
            let Some(position) = self.defaults_before(at, &from, nearest) else { break };
            let Some(Section::Proxy(defaults)) = self.sections.get(position) else { break };
            merge(&mut proxy, defaults);
            (at, from, nearest) = (position, defaults.from.clone(), false);
        }
        for server in &mut proxy.servers {
            server.options = server.options.inherit(&proxy.default_server);
        }
        Some(proxy)
    }

    /// The `defaults` that a section takes: the one it names, or the nearest before it.
    fn defaults_before(&self, at: usize, from: &Setting<String>, nearest: bool) -> Option<usize> {
        let wanted = match from {
            Setting::Known(name) => Some(&name.value),
            Setting::Absent if nearest => None,
            _ => return None,
        };
        self.sections[..at].iter().rposition(|section| match section {
            Section::Proxy(proxy) if proxy.kind == ProxyKind::Defaults => {
                wanted.is_none_or(|wanted| proxy.name.get() == Some(wanted))
            }
            _ => false,
        })
    }
}

/// Options that choose the kind of check: one replaces the other.
const CHECKS: &[&str] = &[
    "tcp-check",
    "ssl-hello-chk",
    "smtpchk",
    "mysql-check",
    "pgsql-check",
    "redis-check",
    "ldap-check",
    "external-check",
    "spop-check",
];

fn merge(to: &mut Proxy, defaults: &Proxy) {
    to.mode = to.mode.inherit(&defaults.mode);
    to.timeouts = to.timeouts.inherit(&defaults.timeouts);
    to.balance = to.balance.inherit(&defaults.balance);
    to.maxconn = to.maxconn.inherit(&defaults.maxconn);
    to.retries = to.retries.inherit(&defaults.retries);
    to.default_backend = to.default_backend.inherit(&defaults.default_backend);
    to.default_server = to.default_server.inherit(&defaults.default_server);
    let chooses = |name: &Setting<String>| name.get().is_some_and(|name| CHECKS.contains(&name.as_str()));
    let own_check = to.httpchk.is_some() || to.options.iter().any(|option| chooses(&option.name) && !option.off);
    if !own_check {
        to.httpchk.clone_from(&defaults.httpchk);
    }
    for option in &defaults.options {
        let said = to.options.iter().any(|own| own.name == option.name);
        let replaced = own_check && chooses(&option.name);
        if !said && !replaced {
            to.options.push(option.clone());
        }
    }
    if to.http_checks.is_empty() {
        to.http_checks.clone_from(&defaults.http_checks);
    }
    if to.tcp_checks.is_empty() {
        to.tcp_checks.clone_from(&defaults.tcp_checks);
    }
}
