//! `haproxy.cfg`: who listens where, and which servers are asked how whether they live.
//!
//! Follows HAProxy 3.0 (Debian trixie). What differs between versions: `option httpchk` with a header in its version
//! argument is the old form (deprecated since 2.2, warned about, still accepted); `http-check send`, `connect` and
//! named `defaults` need 2.2, 2.2 and 2.4; the default of `balance` is `roundrobin` up to 3.2.

mod defaults;
mod keywords;
mod read;
mod server;
mod syntax;
#[cfg(test)]
mod tests;
mod values;
mod write;

use std::fmt;
use std::net::IpAddr;
use std::time::Duration;

use plimsoll_diagnostics::{Span, Spanned};

use crate::{Kept, Setting};

pub use defaults::{EffectiveServer, TunnelLimit};
pub use read::read;
pub use server::{Server, ServerOptions, Verify};

/// One file.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Conf {
    /// Sections in their order, which counts: a proxy takes its defaults from the nearest `defaults` before it.
    pub sections: Vec<Section>,
    /// What stands before the first section.
    pub unknown: Vec<Kept>,
}

/// A section.
#[derive(Clone, Debug, PartialEq)]
pub enum Section {
    /// `global`
    Global(Global),
    /// `defaults`, `frontend`, `backend` or `listen`
    Proxy(Box<Proxy>),
    /// `resolvers`, `peers`, `userlist` and the like.
    Other(Other),
}

/// `global`
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Global {
    /// Where it stands.
    pub place: Place,
    /// `maxconn`
    pub maxconn: Setting<u64>,
    /// `ssl-server-verify`: the default of `verify` on servers.
    pub ssl_server_verify: Setting<Verify>,
    /// `ca-base`
    pub ca_base: Setting<String>,
    /// Everything else.
    pub unknown: Vec<Kept>,
}

/// A section that is not modelled.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Other {
    /// Its first line.
    pub head: Spanned<String>,
    /// Its statements.
    pub statements: Vec<Kept>,
}

/// What a section with traffic is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ProxyKind {
    /// `defaults`
    Defaults,
    /// `frontend`
    Frontend,
    /// `backend`
    #[default]
    Backend,
    /// `listen`: frontend and backend in one.
    Listen,
}

impl ProxyKind {
    const ALL: [(&'static str, ProxyKind); 4] = [
        ("defaults", ProxyKind::Defaults),
        ("frontend", ProxyKind::Frontend),
        ("backend", ProxyKind::Backend),
        ("listen", ProxyKind::Listen),
    ];

    /// The keyword.
    pub fn keyword(self) -> &'static str {
        Self::ALL.iter().find(|(_, kind)| *kind == self).map_or("backend", |(word, _)| word)
    }

    fn from_keyword(word: &str) -> Option<ProxyKind> {
        Self::ALL.iter().find(|(known, _)| *known == word).map(|(_, kind)| *kind)
    }
}

/// `mode`
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// `tcp`
    Tcp,
    /// `http`
    Http,
    /// `log`
    Log,
}

impl fmt::Display for Mode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Mode::Tcp => "tcp",
            Mode::Http => "http",
            Mode::Log => "log",
        })
    }
}

/// `defaults`, `frontend`, `backend` or `listen`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Proxy {
    /// Which of them.
    pub kind: ProxyKind,
    /// Its name; `defaults` may have none.
    pub name: Setting<String>,
    /// `from NAME`: the `defaults` it takes, instead of the nearest one before it.
    pub from: Setting<String>,
    /// Where it stands.
    pub place: Place,
    /// `mode`
    pub mode: Setting<Mode>,
    /// `bind`
    pub binds: Vec<Bind>,
    /// `timeout …`
    pub timeouts: Timeouts,
    /// `balance` with its arguments.
    pub balance: Setting<String>,
    /// `maxconn`
    pub maxconn: Setting<u64>,
    /// `retries`
    pub retries: Setting<u32>,
    /// `option httpchk`
    pub httpchk: Option<HttpCheck>,
    /// `option …` and `no option …`, but for `httpchk`.
    pub options: Vec<ProxyOption>,
    /// `http-check …`
    pub http_checks: Vec<CheckRule>,
    /// `tcp-check …`
    pub tcp_checks: Vec<CheckRule>,
    /// All `default-server` lines together.
    pub default_server: ServerOptions,
    /// `server`
    pub servers: Vec<Server>,
    /// `default_backend`
    pub default_backend: Setting<String>,
    /// `use_backend`
    pub use_backends: Vec<UseBackend>,
    /// Everything else.
    pub unknown: Vec<Kept>,
}

/// Where a section stands; equal to any other place, since a written file has none.
#[derive(Clone, Copy, Debug, Default)]
pub struct Place(pub Option<Span>);

impl PartialEq for Place {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

/// `timeout …`
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Timeouts {
    /// `timeout connect`
    pub connect: Setting<Duration>,
    /// `timeout client`
    pub client: Setting<Duration>,
    /// `timeout server`
    pub server: Setting<Duration>,
    /// `timeout tunnel`: supersedes client and server once both sides have spoken.
    pub tunnel: Setting<Duration>,
    /// `timeout check`
    pub check: Setting<Duration>,
    /// `timeout client-fin`
    pub client_fin: Setting<Duration>,
    /// `timeout server-fin`
    pub server_fin: Setting<Duration>,
    /// `timeout queue`
    pub queue: Setting<Duration>,
    /// `timeout http-request`
    pub http_request: Setting<Duration>,
    /// `timeout http-keep-alive`
    pub http_keep_alive: Setting<Duration>,
}

/// `bind`
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Bind {
    /// Where it stands.
    pub place: Place,
    /// The addresses before the options, one for each part between commas.
    pub addresses: Vec<Endpoint>,
    /// `ssl`
    pub ssl: Spanned<bool>,
    /// `transparent`: may bind an address that the machine does not have.
    pub transparent: Spanned<bool>,
    /// `v4v6`: an IPv6 wildcard takes IPv4 as well.
    pub v4v6: Spanned<bool>,
    /// `v6only`
    pub v6only: Spanned<bool>,
    /// `accept-proxy`
    pub accept_proxy: Spanned<bool>,
    /// `interface`
    pub interface: Setting<String>,
    /// Other options, each with its argument.
    pub options: Vec<Flag>,
}

/// An option of `bind` or `server` that is not modelled.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Flag {
    /// Its name.
    pub name: Setting<String>,
    /// Its argument, when it takes one.
    pub argument: Setting<String>,
}

/// Where something listens or is reached.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Endpoint {
    /// The address.
    pub host: Setting<Host>,
    /// The port; absent for a socket, or for a server that takes the client's.
    pub port: Setting<Ports>,
}

/// An address before its port.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Host {
    /// `*` or nothing: all IPv4 addresses, and no IPv6 address.
    AnyIpv4,
    /// An address; `::` is all IPv6 addresses, and with `v4v6` all IPv4 addresses too.
    Ip(IpAddr),
    /// A name that is resolved.
    Name(String),
    /// A socket or an inherited descriptor, as written: `unix@/run/x.sock`, `/run/x.sock`, `fd@3`.
    Socket(String),
}

/// One port or a range.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ports {
    /// First.
    pub first: u16,
    /// Last; equal to the first for one port.
    pub last: u16,
}

impl Ports {
    /// One port.
    pub const fn one(port: u16) -> Self {
        Ports { first: port, last: port }
    }

    /// Whether it contains a port.
    pub const fn contains(self, port: u16) -> bool {
        self.first <= port && port <= self.last
    }
}

/// `option httpchk` in any of its forms.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct HttpCheck {
    /// Where it stands.
    pub place: Place,
    /// Method; the daemon's is `OPTIONS`.
    pub method: Setting<String>,
    /// Path; the daemon's is `/`.
    pub uri: Setting<String>,
    /// Version with what old files put behind it, `HTTP/1.1\r\nHost:\ x`; the daemon's is `HTTP/1.0`.
    pub version: Setting<String>,
}

/// `option …`
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ProxyOption {
    /// Its name.
    pub name: Setting<String>,
    /// Its arguments.
    pub arguments: Vec<Setting<String>>,
    /// `no option …`
    pub off: bool,
}

/// `http-check …` or `tcp-check …`: `connect`, `send`, `expect` and the like with their words.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct CheckRule {
    /// The first word.
    pub action: Setting<String>,
    /// The words behind it.
    pub arguments: Vec<Setting<String>>,
}

impl CheckRule {
    /// Whether a word stands among the arguments: `http-check connect ssl`.
    pub fn has(&self, word: &str) -> bool {
        self.arguments.iter().any(|argument| argument.get().is_some_and(|text| text == word))
    }

    /// The word behind `word`: that of `uri` in `send meth GET uri /readyz`.
    pub fn after(&self, word: &str) -> Option<&Setting<String>> {
        let at = self.arguments.iter().position(|argument| argument.get().is_some_and(|text| text == word))?;
        self.arguments.get(at + 1)
    }

    /// The value of a header that `send` sets by `hdr NAME VALUE`.
    pub fn header(&self, name: &str) -> Option<&Setting<String>> {
        self.arguments.windows(3).find_map(|three| {
            let word = |at: usize| three[at].get().map_or("", String::as_str);
            (word(0) == "hdr" && word(1).eq_ignore_ascii_case(name)).then_some(&three[2])
        })
    }
}

/// `use_backend`
#[derive(Clone, Debug, Default, PartialEq)]
pub struct UseBackend {
    /// The backend.
    pub backend: Setting<String>,
    /// `if …` or `unless …`, word by word.
    pub condition: Vec<Setting<String>>,
}
