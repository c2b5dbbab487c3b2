//! etcd's settings, wherever they stand: flags of a unit or a static pod, `ETCD_*` variables, or `etcd.conf.yml`.
//!
//! All forms are read into one list of settings under the flag's name; each knows how it was given. etcd takes a flag
//! before a variable, and with `--config-file` neither of them but the file alone ("other command-line flags and
//! environment variables will be ignored", etcd's configuration guide).

mod read;
#[cfg(test)]
mod tests;

use std::fmt;

use plimsoll_diagnostics::Spanned;

use crate::Setting;
use crate::corefile::milliseconds;

pub use read::{from_flags, from_unit, read, read_yaml};

/// The settings of one member, in the order in which they stand.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EtcdConf {
    /// All settings, repeated ones too.
    pub settings: Vec<Entry>,
    /// What is no setting of etcd: other variables of the file, words of the command. As written.
    pub other: Vec<Spanned<String>>,
}

/// One setting.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The flag's name without dashes: `listen-client-urls`.
    pub name: Spanned<String>,
    /// Its value; `true` for a flag without one.
    pub value: Spanned<String>,
    /// How it was given.
    pub via: Via,
}

/// How a setting was given.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Via {
    /// By a variable, `ETCD_NAME`.
    Environment,
    /// By a flag, `--name`.
    Flag,
    /// In the file named by `--config-file`.
    File,
}

/// Where one member listens to or is reached by others: scheme, host and port of a URL.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Url {
    /// `https`, `http` or `unix`.
    pub scheme: String,
    /// Host without brackets.
    pub host: String,
    /// Port, when given.
    pub port: Option<u16>,
}

impl EtcdConf {
    /// Milliseconds between heartbeats where nothing is stated (etcd's tuning guide).
    pub const DEFAULT_HEARTBEAT_INTERVAL: u64 = 100;
    /// Milliseconds without a heartbeat before an election where nothing is stated (etcd's tuning guide).
    pub const DEFAULT_ELECTION_TIMEOUT: u64 = 1000;
    /// Bytes the database may take where nothing, or 0, is stated: 2 GiB (etcd's maintenance guide).
    pub const DEFAULT_QUOTA: u64 = 2 << 30;

    /// The setting that etcd takes: the file's when there is one, else the last flag, else the last variable.
    pub fn get(&self, name: &str) -> Option<&Entry> {
        let from_file = self.settings.iter().any(|setting| setting.via == Via::File);
        let usable = |setting: &&Entry| setting.name.value == name && (!from_file || setting.via == Via::File);
        // Of equals `max_by_key` takes the last, as etcd does.
        self.settings.iter().filter(usable).max_by_key(|setting| setting.via)
    }

    /// A setting's value read by `parse`; what it does not take is unknown.
    pub fn value<T>(&self, name: &str, parse: impl Fn(&str) -> Option<T>) -> Setting<T> {
        match self.get(name) {
            None => Setting::Absent,
            Some(setting) => match parse(setting.value.trim()) {
                Some(value) => Setting::Known(Spanned { value, span: setting.value.span }),
                None => Setting::Unknown(setting.value.clone()),
            },
        }
    }

    /// `heartbeat-interval` in milliseconds.
    pub fn heartbeat_interval(&self) -> Setting<u64> {
        self.value("heartbeat-interval", |text| text.parse().ok())
    }

    /// `election-timeout` in milliseconds.
    pub fn election_timeout(&self) -> Setting<u64> {
        self.value("election-timeout", |text| text.parse().ok())
    }

    /// `quota-backend-bytes`; 0 stands for [`EtcdConf::DEFAULT_QUOTA`].
    pub fn quota(&self) -> Setting<u64> {
        self.value("quota-backend-bytes", |text| text.parse().ok())
    }

    /// `initial-cluster`: member names with their peer URLs. A name may come with several URLs.
    pub fn initial_cluster(&self) -> Setting<Vec<(String, Url)>> {
        self.value("initial-cluster", |text| {
            text.split(',')
                .map(|member| {
                    member.split_once('=').and_then(|(name, at)| Some((name.trim().to_owned(), url(at.trim())?)))
                })
                .collect()
        })
    }

    /// A setting that is a list of URLs, such as `advertise-client-urls`.
    pub fn urls(&self, name: &str) -> Setting<Vec<Url>> {
        self.value(name, |text| text.split(',').map(|one| url(one.trim())).collect())
    }

    /// A setting that is yes or no, such as `client-cert-auth`, in Go's spelling.
    pub fn flag(&self, name: &str) -> Setting<bool> {
        self.value(name, |text| match text {
            "1" | "t" | "T" | "true" | "TRUE" | "True" => Some(true),
            "0" | "f" | "F" | "false" | "FALSE" | "False" => Some(false),
            _ => None,
        })
    }

    /// A setting that is a duration in Go's spelling, in milliseconds.
    pub fn duration(&self, name: &str) -> Setting<u64> {
        self.value(name, milliseconds)
    }

    /// `feature-gates`: names with on or off.
    pub fn feature_gates(&self) -> Setting<Vec<(String, bool)>> {
        self.value("feature-gates", |text| {
            text.split(',')
                .filter(|gate| !gate.trim().is_empty())
                .map(|gate| {
                    let (name, on) = gate.split_once('=')?;
                    Some((name.trim().to_owned(), on.trim().parse().ok()?))
                })
                .collect()
        })
    }

    /// Settings that etcd 3.7 no longer knows: all whose names start with `experimental-`.
    pub fn experimental(&self) -> impl Iterator<Item = &Entry> {
        self.settings.iter().filter(|setting| setting.name.value.starts_with("experimental-"))
    }

    /// The settings as flags, `--name=value`.
    pub fn to_flags(&self) -> Vec<String> {
        self.settings.iter().map(|setting| format!("--{}={}", setting.name, setting.value)).collect()
    }
}

/// Takes a URL apart; `None` for what is none.
pub fn url(text: &str) -> Option<Url> {
    if crate::placeholder::find(text).is_some() {
        return None;
    }
    let (scheme, rest) = text.split_once("://")?;
    let authority = rest.split('/').next().unwrap_or_default();
    let (host, port) = if let Some(v6) = authority.strip_prefix('[') {
        let (host, after) = v6.split_once(']')?;
        (host, after.strip_prefix(':'))
    } else {
        match authority.split_once(':') {
            Some((host, port)) => (host, Some(port)),
            None => (authority, None),
        }
    };
    let port = match port {
        Some(port) => Some(port.parse().ok()?),
        None => None,
    };
    (!host.is_empty()).then(|| Url { scheme: scheme.to_owned(), host: host.to_owned(), port })
}

/// As a file of variables (`/etc/default/etcd`), whatever form it was read from.
impl fmt::Display for EtcdConf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let variables = self.settings.iter().map(|setting| {
            let name = format!("ETCD_{}", setting.name.value.to_ascii_uppercase().replace('-', "_"));
            crate::env::Line::Variable { name: name.into(), value: setting.value.clone() }
        });
        let other = self.other.iter().map(|line| crate::env::Line::Other(line.clone()));
        crate::env::Conf { lines: variables.chain(other).collect() }.fmt(f)
    }
}
