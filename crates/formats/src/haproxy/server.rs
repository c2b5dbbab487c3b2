//! `server` and `default-server`.

use std::time::Duration;

use super::{Endpoint, Flag, Place};
use crate::Setting;

/// `server NAME ADDRESS …`
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Server {
    /// Its name.
    pub name: Setting<String>,
    /// Where the line stands.
    pub place: Place,
    /// Where it is reached.
    pub address: Endpoint,
    /// Its options.
    pub options: ServerOptions,
}

/// `verify`
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verify {
    /// `none`
    None,
    /// `required`
    Required,
}

impl std::fmt::Display for Verify {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Verify::None => "none",
            Verify::Required => "required",
        })
    }
}

/// Options of a server. A flag is true by its word (`check`) and false by its opposite (`no-check`).
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ServerOptions {
    /// `check`
    pub check: Setting<bool>,
    /// `check-ssl`
    pub check_ssl: Setting<bool>,
    /// `ssl`
    pub ssl: Setting<bool>,
    /// `backup`
    pub backup: Setting<bool>,
    /// `disabled` (true) or `enabled` (false)
    pub disabled: Setting<bool>,
    /// `send-proxy`
    pub send_proxy: Setting<bool>,
    /// `send-proxy-v2`
    pub send_proxy_v2: Setting<bool>,
    /// `verify`
    pub verify: Setting<Verify>,
    /// `ca-file`
    pub ca_file: Setting<String>,
    /// `crt`: the client certificate.
    pub crt: Setting<String>,
    /// `verifyhost`
    pub verifyhost: Setting<String>,
    /// `sni`
    pub sni: Setting<String>,
    /// `check-sni`
    pub check_sni: Setting<String>,
    /// `check-alpn`
    pub check_alpn: Setting<String>,
    /// `inter`: time between checks of a server in good state.
    pub inter: Setting<Duration>,
    /// `fastinter`: between checks while it changes.
    pub fastinter: Setting<Duration>,
    /// `downinter`: between checks while it is down.
    pub downinter: Setting<Duration>,
    /// `slowstart`
    pub slowstart: Setting<Duration>,
    /// `fall`: failures in a row that count.
    pub fall: Setting<u32>,
    /// `rise`: successes in a row that count.
    pub rise: Setting<u32>,
    /// `weight`: 0 to 256.
    pub weight: Setting<u32>,
    /// `maxconn`
    pub maxconn: Setting<u64>,
    /// `port`: where it is checked.
    pub port: Setting<u16>,
    /// `addr`: where it is checked.
    pub addr: Setting<String>,
    /// `init-addr`
    pub init_addr: Setting<String>,
    /// `resolvers`
    pub resolvers: Setting<String>,
    /// `on-marked-down`
    pub on_marked_down: Setting<String>,
    /// `on-marked-up`
    pub on_marked_up: Setting<String>,
    /// Other options, each with its argument.
    pub other: Vec<Flag>,
}

/// A setting of [`ServerOptions`] by its word.
pub(super) enum Slot<'a> {
    Flag(&'a mut Setting<bool>, bool),
    Verify(&'a mut Setting<Verify>),
    Text(&'a mut Setting<String>),
    Time(&'a mut Setting<Duration>),
    Count(&'a mut Setting<u32>),
    Connections(&'a mut Setting<u64>),
    Port(&'a mut Setting<u16>),
}

impl ServerOptions {
    /// Every option that is modelled, in the order in which it is written, with the word that sets it.
    pub(super) const WORDS: &'static [&'static str] = &[
        "check",
        "check-ssl",
        "ssl",
        "verify",
        "ca-file",
        "crt",
        "verifyhost",
        "sni",
        "check-sni",
        "check-alpn",
        "port",
        "addr",
        "inter",
        "fastinter",
        "downinter",
        "fall",
        "rise",
        "weight",
        "maxconn",
        "slowstart",
        "backup",
        "disabled",
        "init-addr",
        "resolvers",
        "on-marked-down",
        "on-marked-up",
        "send-proxy",
        "send-proxy-v2",
    ];

    /// The setting that a word sets.
    pub(super) fn slot(&mut self, word: &str) -> Option<Slot<'_>> {
        if word == "enabled" {
            return Some(Slot::Flag(&mut self.disabled, false));
        }
        let (plain, on) = word.strip_prefix("no-").map_or((word, true), |plain| (plain, false));
        let flag = match plain {
            "check" => Some(&mut self.check),
            "check-ssl" => Some(&mut self.check_ssl),
            "ssl" => Some(&mut self.ssl),
            "backup" => Some(&mut self.backup),
            "disabled" if on => Some(&mut self.disabled),
            "send-proxy" => Some(&mut self.send_proxy),
            "send-proxy-v2" => Some(&mut self.send_proxy_v2),
            _ => None,
        };
        if let Some(flag) = flag {
            return Some(Slot::Flag(flag, on));
        }
        Some(match word {
            "verify" => Slot::Verify(&mut self.verify),
            "ca-file" => Slot::Text(&mut self.ca_file),
            "crt" => Slot::Text(&mut self.crt),
            "verifyhost" => Slot::Text(&mut self.verifyhost),
            "sni" => Slot::Text(&mut self.sni),
            "check-sni" => Slot::Text(&mut self.check_sni),
            "check-alpn" => Slot::Text(&mut self.check_alpn),
            "inter" => Slot::Time(&mut self.inter),
            "fastinter" => Slot::Time(&mut self.fastinter),
            "downinter" => Slot::Time(&mut self.downinter),
            "slowstart" => Slot::Time(&mut self.slowstart),
            "fall" => Slot::Count(&mut self.fall),
            "rise" => Slot::Count(&mut self.rise),
            "weight" => Slot::Count(&mut self.weight),
            "maxconn" => Slot::Connections(&mut self.maxconn),
            "port" => Slot::Port(&mut self.port),
            "addr" => Slot::Text(&mut self.addr),
            "init-addr" => Slot::Text(&mut self.init_addr),
            "resolvers" => Slot::Text(&mut self.resolvers),
            "on-marked-down" => Slot::Text(&mut self.on_marked_down),
            "on-marked-up" => Slot::Text(&mut self.on_marked_up),
            _ => return None,
        })
    }

    /// These options over those of `default-server`.
    #[must_use]
    pub fn inherit(&self, defaults: &ServerOptions) -> ServerOptions {
        let mut merged = self.clone();
        let mut defaults = defaults.clone();
        for word in Self::WORDS {
            match (merged.slot(word), defaults.slot(word)) {
                (Some(Slot::Flag(to, _)), Some(Slot::Flag(from, _))) => *to = to.inherit(from),
                (Some(Slot::Verify(to)), Some(Slot::Verify(from))) => *to = to.inherit(from),
                (Some(Slot::Text(to)), Some(Slot::Text(from))) => *to = to.inherit(from),
                (Some(Slot::Time(to)), Some(Slot::Time(from))) => *to = to.inherit(from),
                (Some(Slot::Count(to)), Some(Slot::Count(from))) => *to = to.inherit(from),
                (Some(Slot::Connections(to)), Some(Slot::Connections(from))) => *to = to.inherit(from),
                (Some(Slot::Port(to)), Some(Slot::Port(from))) => *to = to.inherit(from),
                _ => {}
            }
        }
        for flag in defaults.other {
            if !merged.other.iter().any(|own| own.name == flag.name) {
                merged.other.push(flag);
            }
        }
        merged
    }
}
