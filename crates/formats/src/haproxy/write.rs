//! From types to text: one section after the other, four spaces before each statement.

use std::fmt::{self, Display, Formatter};
use std::time::Duration;

use super::server::Slot;
use super::syntax::{Time, quote};
use super::{Bind, CheckRule, Conf, Endpoint, Flag, Host, Ports, Proxy, Section, Server, ServerOptions};
use crate::text::{self, Piece};
use crate::{Kept, Setting};

impl Display for Conf {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let mut out = String::new();
        for line in &self.unknown {
            out.extend([line.as_str(), "\n"]);
        }
        for section in &self.sections {
            if !out.is_empty() {
                out.push('\n');
            }
            match section {
                Section::Global(global) => {
                    out.push_str("global\n");
                    let mut lines = Lines(&mut out);
                    lines.setting("maxconn", &global.maxconn);
                    lines.setting("ssl-server-verify", &global.ssl_server_verify);
                    lines.setting("ca-base", &global.ca_base);
                    lines.kept(&global.unknown);
                }
                Section::Proxy(proxy) => write_proxy(&mut out, proxy),
                Section::Other(other) => {
                    out.extend([other.head.as_str(), "\n"]);
                    Lines(&mut out).kept(&other.statements);
                }
            }
        }
        f.write_str(&out)
    }
}

struct Lines<'a>(&'a mut String);

impl Lines<'_> {
    fn line(&mut self, words: &[String]) {
        self.0.extend(["    ", words.join(" ").trim_end(), "\n"]);
    }

    fn setting<T: Display>(&mut self, keyword: &str, setting: &Setting<T>) {
        if !setting.is_absent() {
            self.line(&[keyword.to_owned(), word(setting)]);
        }
    }

    fn timeout(&mut self, name: &str, setting: &Setting<Duration>) {
        self.setting(&format!("timeout {name}"), &setting.clone().map(Time));
    }

    fn kept(&mut self, kept: &[Kept]) {
        for statement in kept {
            self.line(std::slice::from_ref(&statement.value));
        }
    }

    fn checks(&mut self, keyword: &str, rules: &[CheckRule]) {
        for rule in rules {
            let mut words = vec![keyword.to_owned(), word(&rule.action)];
            words.extend(rule.arguments.iter().map(word));
            self.line(&words);
        }
    }
}

fn write_proxy(out: &mut String, proxy: &Proxy) {
    out.push_str(proxy.kind.keyword());
    if !proxy.name.is_absent() {
        out.extend([" ", &word(&proxy.name)]);
    }
    if !proxy.from.is_absent() {
        out.extend([" from ", &word(&proxy.from)]);
    }
    out.push('\n');
    let mut lines = Lines(out);
    for bind in &proxy.binds {
        lines.line(&bind_words(bind));
    }
    lines.setting("mode", &proxy.mode);
    if !proxy.balance.is_absent() {
        let text = proxy.balance.to_string();
        let mut words = vec!["balance".to_owned()];
        words.extend(text::words(Piece::new(&text, 0)).iter().map(|word| quote(word.text)));
        if words.len() == 1 {
            words.push(quote(""));
        }
        lines.line(&words);
    }
    lines.setting("maxconn", &proxy.maxconn);
    lines.setting("retries", &proxy.retries);
    let timeouts = &proxy.timeouts;
    lines.timeout("connect", &timeouts.connect);
    lines.timeout("client", &timeouts.client);
    lines.timeout("server", &timeouts.server);
    lines.timeout("tunnel", &timeouts.tunnel);
    lines.timeout("check", &timeouts.check);
    lines.timeout("client-fin", &timeouts.client_fin);
    lines.timeout("server-fin", &timeouts.server_fin);
    lines.timeout("queue", &timeouts.queue);
    lines.timeout("http-request", &timeouts.http_request);
    lines.timeout("http-keep-alive", &timeouts.http_keep_alive);
    if let Some(check) = &proxy.httpchk {
        let mut words = vec!["option httpchk".to_owned()];
        // With one argument it is the path: a method needs its path and a version both.
        let (method, version) = (!check.method.is_absent(), !check.version.is_absent());
        if method || version {
            words.push(if method { word(&check.method) } else { "OPTIONS".to_owned() });
        }
        if method || version || !check.uri.is_absent() {
            words.push(if check.uri.is_absent() { "/".to_owned() } else { word(&check.uri) });
        }
        if version {
            words.push(word(&check.version));
        }
        lines.line(&words);
    }
    for option in &proxy.options {
        let mut words = vec![if option.off { "no option" } else { "option" }.to_owned(), word(&option.name)];
        words.extend(option.arguments.iter().map(word));
        lines.line(&words);
    }
    lines.checks("http-check", &proxy.http_checks);
    lines.checks("tcp-check", &proxy.tcp_checks);
    for used in &proxy.use_backends {
        let mut words = vec!["use_backend".to_owned(), word(&used.backend)];
        words.extend(used.condition.iter().map(word));
        lines.line(&words);
    }
    lines.setting("default_backend", &proxy.default_backend);
    if proxy.default_server != ServerOptions::default() {
        let mut words = vec!["default-server".to_owned()];
        option_words(&proxy.default_server, &mut words);
        lines.line(&words);
    }
    for server in &proxy.servers {
        lines.line(&server_words(server));
    }
    lines.kept(&proxy.unknown);
}

fn bind_words(bind: &Bind) -> Vec<String> {
    let addresses: Vec<String> = bind.addresses.iter().map(ToString::to_string).collect();
    let mut words = vec!["bind".to_owned(), quote(&addresses.join(","))];
    for (flag, name) in [
        (&bind.ssl, "ssl"),
        (&bind.transparent, "transparent"),
        (&bind.v4v6, "v4v6"),
        (&bind.v6only, "v6only"),
        (&bind.accept_proxy, "accept-proxy"),
    ] {
        if flag.value {
            words.push(name.to_owned());
        }
    }
    if !bind.interface.is_absent() {
        words.extend(["interface".to_owned(), word(&bind.interface)]);
    }
    flags(&bind.options, &mut words);
    words
}

fn server_words(server: &Server) -> Vec<String> {
    let mut words = vec!["server".to_owned(), word(&server.name), quote(&server.address.to_string())];
    option_words(&server.options, &mut words);
    words
}

fn option_words(options: &ServerOptions, words: &mut Vec<String>) {
    // The table of options hands out places to write to; a copy lets one table serve both directions.
    let mut options = options.clone();
    for name in ServerOptions::WORDS {
        let value = match options.slot(name) {
            Some(Slot::Flag(flag, _)) => {
                match flag.get() {
                    Some(true) => words.push((*name).to_owned()),
                    Some(false) if *name == "disabled" => words.push("enabled".to_owned()),
                    Some(false) => words.push(format!("no-{name}")),
                    None => {}
                }
                continue;
            }
            Some(Slot::Verify(value)) => stated(value),
            Some(Slot::Text(value)) => stated(value),
            Some(Slot::Time(value)) => stated(&value.clone().map(Time)),
            Some(Slot::Count(value)) => stated(value),
            Some(Slot::Connections(value)) => stated(value),
            Some(Slot::Port(value)) => stated(value),
            None => None,
        };
        if let Some(value) = value {
            words.extend([(*name).to_owned(), value]);
        }
    }
    flags(&options.other, words);
}

fn flags(flags: &[Flag], words: &mut Vec<String>) {
    for flag in flags {
        words.push(word(&flag.name));
        words.extend(stated(&flag.argument));
    }
}

fn stated<T: Display>(setting: &Setting<T>) -> Option<String> {
    (!setting.is_absent()).then(|| word(setting))
}

fn word<T: Display>(setting: &Setting<T>) -> String {
    quote(&setting.to_string())
}

impl Display for Endpoint {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        self.host.fmt(f)?;
        if self.port.is_absent() { Ok(()) } else { write!(f, ":{}", self.port) }
    }
}

impl Display for Host {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Host::AnyIpv4 => f.write_str("*"),
            Host::Ip(ip) if ip.is_ipv6() => write!(f, "[{ip}]"),
            Host::Ip(ip) => ip.fmt(f),
            Host::Name(text) | Host::Socket(text) => f.write_str(text),
        }
    }
}

impl Display for Ports {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        if self.first == self.last { self.first.fmt(f) } else { write!(f, "{}-{}", self.first, self.last) }
    }
}
