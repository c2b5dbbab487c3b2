//! Balancers of HAProxy files.

use std::net::IpAddr;
use std::time::Duration;

use plimsoll_diagnostics::Span;
use plimsoll_formats::Setting;
use plimsoll_formats::haproxy::{self, Conf, Host, HttpCheck as OptionHttpchk, Mode, Proxy, ProxyKind, Verify};
use plimsoll_model::units::Millis;

use super::machine::Machine;
use super::open;
use super::{Balancer, Bind, HttpCheck, Server};
use crate::files::{Content, Files};
use crate::{Fact, Place};

/// The balancers of HAProxy files that have API servers behind them: servers on a port of API servers, or sections that
/// are named after the API. `k8s` alone says nothing: an ingress is named so as well; nor does `masters`, which databases
/// have too, unless a port of API servers is near.
pub fn from_files(files: &Files) -> Vec<Balancer> {
    let mut found = Vec::new();
    for file in &files.list {
        let Content::Haproxy(conf) = &file.content else { continue };
        let owner = if file.owner.is_empty() { file.path.as_str() } else { file.owner.as_str() };
        let mut taken: Vec<Option<Span>> = Vec::new();
        for (at, proxy) in conf.proxies() {
            if proxy.kind == ProxyKind::Backend {
                continue;
            }
            let Some(front) = conf.effective_at(at) else { continue };
            let back = match front.default_backend.get() {
                Some(name) if front.kind == ProxyKind::Frontend => conf.effective(name),
                _ => None,
            };
            let back = back.unwrap_or_else(|| front.clone());
            if serves_api(&front, &back) {
                taken.push(back.place.0);
                let machine = Machine::of(files, &file.owner);
                let mut balancer = Projection { conf, front: &front, back: &back, owner, machine: &machine }.balancer();
                if open::is_open(conf, &front, &back) {
                    open::doubt(&mut balancer);
                }
                found.push(balancer);
            }
        }
        found.extend(without_front(files, conf, &file.owner, owner, &taken));
    }
    found
}

/// Backends with API servers that no section judged so far leads to: it is chosen by a condition, named wrongly, or in
/// another file. What a section in front would say is unknown.
fn without_front(files: &Files, conf: &Conf, machine: &str, owner: &str, taken: &[Option<Span>]) -> Vec<Balancer> {
    let mut found = Vec::new();
    let known = std::cell::OnceCell::new();
    let has_defaults = conf.with_defaults().any(|proxy| proxy.kind == ProxyKind::Defaults);
    for (at, proxy) in conf.proxies().filter(|(_, proxy)| proxy.kind == ProxyKind::Backend) {
        let Some(back) = conf.effective_at(at).filter(|back| !taken.contains(&proxy.place.0) && serves_api(back, back))
        else {
            continue;
        };
        let machine = known.get_or_init(|| Machine::of(files, machine));
        let mut balancer = Projection { conf, front: &back, back: &back, owner, machine }.balancer();
        // Another file may have the defaults as well.
        if !has_defaults || open::is_open(conf, &back, &back) {
            open::doubt(&mut balancer);
        }
        open::doubt_front(&mut balancer);
        found.push(balancer);
    }
    found
}

fn serves_api(front: &Proxy, back: &Proxy) -> bool {
    let listens = front.binds.iter().flat_map(|line| &line.addresses).map(|address| &address.port);
    let answers = back.servers.iter().map(|server| &server.address.port);
    // A port that cannot be read may be one of these.
    let near = listens.chain(answers).any(|port| {
        port.get().is_none_or(|port| [443, 6443, 6444, 7443, 8443, 9443, 16443].iter().any(|own| port.contains(*own)))
    });
    let named = |proxy: &Proxy| {
        let name = proxy.name.get().map(|name| name.to_ascii_lowercase()).unwrap_or_default();
        let plain: String = name.chars().filter(char::is_ascii_alphanumeric).collect();
        let strong = ["apiserver", "kubeapi", "k8sapi", "kubernetesapi", "kubemaster", "k8smaster"];
        let weak = ["masters", "controlplane"];
        strong.iter().any(|word| plain.contains(word)) || (near && weak.iter().any(|word| plain.contains(word)))
    };
    // 6443 is kubeadm's; 6444 and 16443 are what people take beside a balancer, and MicroK8s.
    let api_port = |server: &haproxy::Server| {
        server.address.port.get().is_some_and(|port| [6443, 6444, 16443].iter().any(|own| port.contains(*own)))
    };
    !back.servers.is_empty() && (back.servers.iter().any(api_port) || named(front) || named(back))
}

struct Projection<'a> {
    conf: &'a Conf,
    front: &'a Proxy,
    back: &'a Proxy,
    owner: &'a str,
    machine: &'a Machine,
}

impl Projection<'_> {
    fn place(&self, span: Option<Span>) -> Place {
        let name = self.front.name.get().map_or("", String::as_str);
        Place::File { span: span.or(self.front.place.0), component: format!("{} haproxy {name}", self.owner) }
    }

    fn balancer(&self) -> Balancer {
        let here = self.place(None);
        let back = self.place(self.back.place.0);
        let timeouts = &self.back.timeouts;
        let own_server = self.back.servers.iter().find(|server| self.is_own(server));
        let stacked = if own_server.is_some() || self.machine.has_api_server {
            Fact::known(true, here.clone())
        } else {
            Fact::unknown(here.clone())
        };
        let server_options: Vec<_> = self.back.servers.iter().map(|server| &server.options).collect();
        let all_marked = server_options
            .iter()
            .all(|options| options.on_marked_down.get().is_some_and(|action| action == "shutdown-sessions"));
        let slowstart = server_options.iter().filter_map(|options| options.slowstart.get().copied()).min();
        let optional = |setting: &Setting<Duration>, owner: &Place| match setting {
            Setting::Absent => Fact::default(None, owner.clone()),
            Setting::Known(_) | Setting::Unknown(_) => {
                Fact::setting(&setting.clone().map(|time| Some(millis(time))), owner)
            }
        };
        // No timeout is no limit, which zero stands for here as in HAProxy's own notation.
        let limit =
            |own: &Setting<Duration>, owner: &Place| Fact::setting_or(&own.clone().map(millis), Millis(0), owner);
        Balancer {
            name: self.owner.to_owned(),
            binds: self.binds(),
            binds_known: self.binds_known(),
            endpoint: match &self.machine.vips {
                Some((vips, span)) => Fact::known(
                    vips.iter().filter(|vip| !self.others_take(**vip)).copied().collect(),
                    self.place(*span),
                ),
                None => Fact::unknown(here.clone()),
            },
            apiserver_port: match own_server.and_then(|server| server.address.port.known()) {
                Some(port) => Fact::known(port.value.first, self.place(port.span)),
                None if self.machine.has_api_server => Fact::default(6443, here.clone()),
                None => Fact::unknown(here.clone()),
            },
            apiserver_wildcard: match &self.machine.api_bind {
                Some(Setting::Absent) => Fact::default(true, here.clone()),
                Some(address) => Fact::setting(
                    &address.clone().map(|text| text.parse().is_ok_and(|it: IpAddr| it.is_unspecified())),
                    &here,
                ),
                None => Fact::unknown(here.clone()),
            },
            nonlocal_bind: self.machine.nonlocal_bind.each_ref().map(|own| Fact::setting(own, &here)),
            started_with_vip: self.machine.starts_haproxy,
            passthrough: self.passthrough(&here),
            maxconn: self.maxconn(&here),
            balance: Fact::setting_or(&self.back.balance.clone().map(first_word), "roundrobin".to_owned(), &back),
            slowstart: Fact::known(slowstart.map_or(Millis(0), millis), back.clone()),
            shutdown_sessions: Fact::known(all_marked, back.clone()),
            timeout_client: limit(&self.front.timeouts.client, &here),
            timeout_server: limit(&timeouts.server, &back),
            timeout_tunnel: optional(&timeouts.tunnel, &back),
            timeout_check: optional(&timeouts.check, &back),
            check: self.check(&back),
            servers: self.back.servers.iter().map(|server| self.server(server)).collect(),
            expected: Fact::unknown(back.clone()),
            anonymous_health: match &self.machine.anonymous {
                Some(anonymous) => Fact::known(anonymous.value, self.place(anonymous.span)),
                None => Fact::unknown(here.clone()),
            },
            vrrp_tracks_local: Fact::maybe(self.tracks_local(), here.clone()),
            stacked,
            place: here,
        }
    }

    /// Whether another section with servers listens on a VIP: it is meant for that one.
    fn others_take(&self, vip: IpAddr) -> bool {
        let others = self.conf.proxies().map(|(_, proxy)| proxy).filter(|proxy| proxy.place.0 != self.front.place.0);
        let serving = others.filter(|proxy| {
            !proxy.servers.is_empty() || !proxy.default_backend.is_absent() || !proxy.use_backends.is_empty()
        });
        serving.flat_map(|proxy| &proxy.binds).flat_map(|line| &line.addresses).any(|endpoint| {
            match endpoint.host.get() {
                Some(Host::Ip(address)) => {
                    *address == vip || (vip.is_ipv6() && address.is_ipv6() && address.is_unspecified())
                }
                _ => false,
            }
        })
    }

    fn is_own(&self, server: &haproxy::Server) -> bool {
        match server.address.host.get() {
            Some(Host::Ip(address)) => address.is_loopback() || self.machine.own_addresses.contains(address),
            Some(Host::Name(name)) => name == "localhost" || name == self.owner,
            _ => false,
        }
    }

    /// Whether a check asks the API server of its own machine: at its port, or through this balancer when no other
    /// server stands behind it.
    fn tracks_local(&self) -> Option<bool> {
        let checks = self.machine.checks.as_ref()?;
        let own_servers = self.back.servers.iter().filter(|server| self.is_own(server));
        let mut ports: Vec<u16> = own_servers.filter_map(|server| Some(server.address.port.get()?.first)).collect();
        ports.push(6443);
        if self.back.servers.len() == 1 {
            ports.extend(self.binds().iter().map(|bind| bind.port));
        }
        let mut hosts = vec!["localhost".to_owned(), "127.0.0.1".to_owned(), "[::1]".to_owned()];
        hosts.extend(self.machine.own_addresses.iter().map(|address| match address {
            IpAddr::V4(address) => address.to_string(),
            IpAddr::V6(address) => format!("[{address}]"),
        }));
        let asks =
            |text: &String| hosts.iter().any(|host| ports.iter().any(|port| text.contains(&format!("{host}:{port}"))));
        // A script that is missing here, or one that fills its address in, may ask it.
        let open = |check: &Option<String>| {
            check
                .as_ref()
                .is_none_or(|text| text.contains("://$") || hosts.iter().any(|it| text.contains(&format!("{it}:$"))))
        };
        if checks.iter().flatten().any(asks) {
            Some(true)
        } else if checks.iter().any(open) {
            None
        } else {
            Some(false)
        }
    }

    /// Whether every address it listens on could be read: a name or a variable may be any address.
    fn binds_known(&self) -> bool {
        self.front.binds.iter().flat_map(|line| &line.addresses).all(|endpoint| {
            let host = endpoint.host.get();
            let socket = matches!(host, Some(Host::Socket(_)));
            socket || (matches!(host, Some(Host::Ip(_) | Host::AnyIpv4)) && endpoint.port.get().is_some())
        })
    }

    fn binds(&self) -> Vec<Bind> {
        let mut binds = Vec::new();
        for line in &self.front.binds {
            for endpoint in &line.addresses {
                let Some(port) = endpoint.port.get() else { continue };
                let address = match endpoint.host.get() {
                    Some(Host::Ip(address)) => Some(*address),
                    Some(Host::AnyIpv4) => None,
                    _ => continue,
                };
                binds.push(Bind {
                    place: self.place(endpoint.host.span().or(line.place.0)),
                    address,
                    port: port.first,
                    v4v6: line.v4v6.value,
                    transparent: line.transparent.value,
                });
            }
        }
        binds
    }

    fn passthrough(&self, here: &Place) -> Fact<bool> {
        let ends_tls = self.front.binds.iter().find(|bind| bind.ssl.value);
        if let Some(bind) = ends_tls {
            return Fact::known(false, self.place(bind.ssl.span.or(bind.place.0)));
        }
        Fact::setting_or(&self.front.mode.clone().map(|mode| mode != Mode::Http), true, here)
    }

    fn maxconn(&self, here: &Place) -> Fact<Option<u32>> {
        let global = self.conf.global().map(|global| &global.maxconn);
        let own = &self.front.maxconn;
        let smaller = match (global.and_then(Setting::known), own.known()) {
            (Some(global), Some(own)) if global.value <= own.value => Some(global),
            (_, Some(own)) => Some(own),
            (global, None) => global,
        };
        match smaller {
            Some(limit) => Fact::known(u32::try_from(limit.value).ok().or(Some(u32::MAX)), self.place(limit.span)),
            None if own.is_unknown() || global.is_some_and(Setting::is_unknown) => Fact::unknown(here.clone()),
            None => Fact::default(None, here.clone()),
        }
    }

    fn check(&self, back: &Place) -> HttpCheck {
        let option = self.back.httpchk.as_ref();
        let rules = &self.back.http_checks;
        let send = rules.iter().find(|rule| rule.action.get().is_some_and(|action| action == "send"));
        let first_rule = rules.first().and_then(|rule| rule.action.span());
        let at_option = self.place(option.and_then(|option| option.place.0).or(self.back.place.0));
        let uri = send
            .and_then(|send| send.after("uri"))
            .cloned()
            .or_else(|| option.map(|option| option.uri.clone()))
            .unwrap_or_default();
        let (version, old_host) = version(send.and_then(|send| send.after("ver")), option);
        let expects = rules.iter().find(|rule| rule.action.get().is_some_and(|action| action == "expect"));
        let unchecked = self.back.servers.iter().find(|server| server.options.check.or(false) != Some(true));
        HttpCheck {
            enabled: Fact::known(
                unchecked.is_none(),
                self.place(unchecked.or(self.back.servers.first()).and_then(|server| server.place.0)),
            ),
            // `tcp-check` can send the request by hand, and a program may ask anything: that is not known.
            http: if option.is_none() && (self.back.tcp_checks.iter().any(sends) || self.asks_otherwise()) {
                Fact::unknown(at_option.clone())
            } else {
                Fact::known(option.is_some(), at_option.clone())
            },
            rules: Fact::known(!rules.is_empty(), self.place(first_rule)),
            uri: Fact::setting_or(&uri, "/".to_owned(), &at_option),
            version: Fact::setting_or(&version, "HTTP/1.0".to_owned(), &at_option),
            host_header: Fact::known(
                old_host || send.is_some_and(|send| send.header("host").is_some()),
                at_option.clone(),
            ),
            // Without a rule HAProxy takes any status of 2xx and 3xx, which 400 is not either.
            expects_200: Fact::known(
                expects.is_none_or(|rule| {
                    !rule.has("!")
                        && rule
                            .after("status")
                            .is_none_or(|status| status.get().is_none_or(|status| !status.contains("400")))
                }),
                at_option.clone(),
            ),
            credentials: Fact::known(
                send.is_some_and(|send| send.header("authorization").is_some())
                    || self.back.servers.iter().all(|server| !server.options.crt.is_absent()),
                at_option.clone(),
            ),
            place: if option.is_some() { at_option } else { back.clone() },
        }
    }

    /// Whether the check is left to a program or to an agent on the servers.
    fn asks_otherwise(&self) -> bool {
        let program = |option: &haproxy::ProxyOption| {
            !option.off && option.name.get().is_some_and(|name| name == "external-check")
        };
        let agent = |server: &haproxy::Server| {
            server.options.other.iter().any(|flag| flag.name.get().is_some_and(|name| name == "agent-check"))
        };
        self.back.options.iter().any(program) || self.back.servers.iter().any(agent)
    }

    fn server(&self, server: &haproxy::Server) -> Server {
        let here = self.place(server.place.0);
        let options = &server.options;
        let effective = options.effective(self.conf.global());
        let own_port = !options.port.is_absent() || !options.addr.is_absent();
        let connect_ssl = self
            .back
            .http_checks
            .iter()
            .any(|rule| rule.action.get().is_some_and(|action| action == "connect") && rule.has("ssl"));
        let verify =
            options.verify.inherit(&self.conf.global().map_or(Setting::Absent, |it| it.ssl_server_verify.clone()));
        let optional = |setting: &Setting<String>| match setting {
            Setting::Absent => Fact::default(None, here.clone()),
            other => Fact::setting(&other.clone().map(Some), &here),
        };
        Server {
            name: server.name.get().cloned().unwrap_or_default(),
            machine: self.is_own(server).then(|| self.owner.to_owned()),
            address: Fact::setting(
                &server.address.host.clone().map(|host| match host {
                    Host::Ip(address) => address.to_string(),
                    Host::Name(name) | Host::Socket(name) => name,
                    Host::AnyIpv4 => "*".to_owned(),
                }),
                &here,
            ),
            port: Fact::setting(&server.address.port.clone().map(|port| port.first), &here),
            check_ssl: match effective.check_ssl.zip(options.ssl.or(false)) {
                // A port of its own may be a health page in clear.
                Some((false, _)) if !connect_ssl && own_port => Fact::unknown(here.clone()),
                // `ssl` makes the check speak TLS as well (haproxy 3.0.11).
                Some((on, ssl)) => {
                    Fact::known(on || ssl || connect_ssl, self.place(options.check_ssl.span().or(server.place.0)))
                }
                None => Fact::unknown(here.clone()),
            },
            ssl: Fact::setting_or(&options.ssl, false, &here),
            verify: match &verify {
                Setting::Absent => Fact::default(None, here.clone()),
                stated => Fact::setting(
                    &stated
                        .clone()
                        .map(|verify| Some(if verify == Verify::None { "none" } else { "required" }.to_owned())),
                    &here,
                ),
            },
            ca_file: optional(&options.ca_file),
            inter: Fact::setting_or(&options.inter.clone().map(millis), Millis::secs(2), &here),
            fastinter: match effective.fastinter {
                Some(time) => Fact::known(millis(time), self.place(options.fastinter.span().or(server.place.0))),
                None => Fact::unknown(here.clone()),
            },
            fall: Fact::setting_or(&options.fall, 3, &here),
            maxconn: match &options.maxconn {
                Setting::Absent => Fact::default(None, here.clone()),
                stated => Fact::setting(&stated.clone().map(|max| u32::try_from(max).ok()), &here),
            },
            init_addr: optional(&options.init_addr),
            nameless: match server.address.host.get() {
                Some(Host::Socket(_)) => true,
                Some(Host::Name(name)) => self.machine.names.contains(name),
                _ => false,
            },
            place: here,
        }
    }
}

/// Whether a rule of `tcp-check` sends something.
fn sends(rule: &haproxy::CheckRule) -> bool {
    rule.action.get().is_none_or(|action| action.starts_with("send"))
}

/// The version a check asks by, and whether the old form of `option httpchk` brings a Host header with it.
fn version(sent: Option<&Setting<String>>, option: Option<&OptionHttpchk>) -> (Setting<String>, bool) {
    if let Some(sent) = sent {
        return (sent.clone(), false);
    }
    let stated = option.map(|option| option.version.clone()).unwrap_or_default();
    let host = stated.get().is_some_and(|text| text.to_ascii_lowercase().contains("host:"));
    (stated.map(|text| text.split(['\\', '\r', ' ']).next().unwrap_or_default().to_owned()), host)
}

fn first_word(text: String) -> String {
    text.split_whitespace().next().unwrap_or_default().to_owned()
}

fn millis(duration: Duration) -> Millis {
    Millis(u64::try_from(duration.as_millis()).unwrap_or(u64::MAX))
}
