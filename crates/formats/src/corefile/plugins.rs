//! What rules judge of CoreDNS's plugins.
//!
//! Defaults are those of CoreDNS 1.14's plugin pages; the readers fill in none of them.

use plimsoll_diagnostics::{Span, Spanned};

use crate::{Setting, placeholder};

use super::Plugin;

/// `forward FROM TO… { … }`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Forward {
    /// Whose queries are forwarded: `.` for all.
    pub from: Option<Spanned<String>>,
    /// Upstreams as written: addresses with ports, `tls://…`, or a resolv.conf.
    pub to: Vec<Spanned<String>>,
    /// `max_concurrent`; without it there is no limit.
    pub max_concurrent: Setting<u32>,
    /// `policy`: see [`Forward::DEFAULT_POLICY`].
    pub policy: Option<Spanned<String>>,
    /// Zones that are not forwarded.
    pub except: Vec<Spanned<String>>,
    /// `prefer_udp` is given.
    pub prefer_udp: bool,
    /// `force_tcp` is given.
    pub force_tcp: bool,
    /// Its place.
    pub span: Option<Span>,
}

impl Forward {
    /// The policy where none is stated.
    pub const DEFAULT_POLICY: &'static str = "random";
    /// How many upstreams the plugin takes; with more CoreDNS does not start.
    pub const MOST_UPSTREAMS: usize = 15;
}

/// `kubernetes ZONES… { … }`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kubernetes {
    /// Its zones; without any it has those of the server block.
    pub zones: Vec<Spanned<String>>,
    /// `pods`: `disabled` (the default), `insecure` or `verified`.
    pub pods: Option<Spanned<String>>,
    /// `ttl` in seconds; see [`Kubernetes::DEFAULT_TTL`].
    pub ttl: Setting<u32>,
    /// `fallthrough` with its zones; `None` when it is not given.
    pub fallthrough: Option<Vec<Spanned<String>>>,
    /// Its place.
    pub span: Option<Span>,
}

impl Kubernetes {
    /// Seconds that answers are kept when no `ttl` is stated (kubeadm states 30).
    pub const DEFAULT_TTL: u32 = 5;
}

/// `health [ADDRESS] { lameduck DURATION }`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Health {
    /// Where it listens; `:8080` when not given.
    pub address: Option<Spanned<String>>,
    /// How long it answers on after it was told to stop, in milliseconds; 0 when not given.
    pub lameduck: Setting<u64>,
    /// Its place.
    pub span: Option<Span>,
}

/// `cache [TTL] [ZONES…] { … }`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cache {
    /// Longest time in the cache, in seconds; 3600 when not given (1800 for denials).
    pub ttl: Setting<u32>,
    /// `serve_stale` with its words; `None` when it is not given.
    pub serve_stale: Option<Vec<Spanned<String>>>,
    /// Its place.
    pub span: Option<Span>,
}

/// Reads a `forward`; `None` for another plugin.
pub fn forward(plugin: &Plugin) -> Option<Forward> {
    if plugin.name.value != "forward" {
        return None;
    }
    let has = |name: &str| plugin.properties().iter().any(|property| property.name.value == name);
    Some(Forward {
        from: plugin.args.first().cloned(),
        to: plugin.args.iter().skip(1).cloned().collect(),
        max_concurrent: number(plugin, "max_concurrent"),
        policy: argument(plugin, "policy"),
        except: property(plugin, "except").map(|property| property.args.clone()).unwrap_or_default(),
        prefer_udp: has("prefer_udp"),
        force_tcp: has("force_tcp"),
        span: plugin.name.span,
    })
}

/// Reads a `kubernetes`; `None` for another plugin.
pub fn kubernetes(plugin: &Plugin) -> Option<Kubernetes> {
    (plugin.name.value == "kubernetes").then(|| Kubernetes {
        zones: plugin.args.clone(),
        pods: argument(plugin, "pods"),
        ttl: number(plugin, "ttl"),
        fallthrough: property(plugin, "fallthrough").map(|property| property.args.clone()),
        span: plugin.name.span,
    })
}

/// Reads a `health`; `None` for another plugin.
pub fn health(plugin: &Plugin) -> Option<Health> {
    (plugin.name.value == "health").then(|| Health {
        address: plugin.args.first().cloned(),
        lameduck: stated(argument(plugin, "lameduck"), milliseconds),
        span: plugin.name.span,
    })
}

/// Reads a `cache`; `None` for another plugin.
pub fn cache(plugin: &Plugin) -> Option<Cache> {
    if plugin.name.value != "cache" {
        return None;
    }
    // The first word is a TTL only when it is a number; otherwise it is a zone.
    let first = plugin.args.first().filter(|word| {
        placeholder::find(word).is_some()
            || word.value.starts_with(|letter: char| letter.is_ascii_digit() || letter == '{')
    });
    Some(Cache {
        ttl: stated(first.cloned(), |text| text.parse().ok()),
        serve_stale: property(plugin, "serve_stale").map(|property| property.args.clone()),
        span: plugin.name.span,
    })
}

fn property<'p>(plugin: &'p Plugin, name: &str) -> Option<&'p Plugin> {
    plugin.properties().iter().find(|property| property.name.value == name)
}

fn argument(plugin: &Plugin, name: &str) -> Option<Spanned<String>> {
    property(plugin, name).and_then(|property| property.args.first().cloned())
}

fn number(plugin: &Plugin, name: &str) -> Setting<u32> {
    stated(argument(plugin, name), |text| text.parse().ok())
}

fn stated<T>(word: Option<Spanned<String>>, parse: impl Fn(&str) -> Option<T>) -> Setting<T> {
    match word {
        None => Setting::Absent,
        Some(word) => match parse(&word) {
            Some(value) => Setting::Known(Spanned { value, span: word.span }),
            None => Setting::Unknown(word),
        },
    }
}

/// A duration as Go's programs take it (`1m30s`, `500ms`, `0`), in whole milliseconds rounded down; `None` for what is
/// none.
pub fn milliseconds(text: &str) -> Option<u64> {
    if text == "0" {
        return Some(0);
    }
    let mut rest = text;
    let mut total = 0_f64;
    if rest.is_empty() {
        return None;
    }
    while !rest.is_empty() {
        let digits = rest.find(|letter: char| !letter.is_ascii_digit() && letter != '.')?;
        let number: f64 = rest[..digits].parse().ok()?;
        rest = &rest[digits..];
        let unit = rest.find(|letter: char| letter.is_ascii_digit() || letter == '.').unwrap_or(rest.len());
        total += number
            * match &rest[..unit] {
                "h" => 3_600_000.0,
                "m" => 60_000.0,
                "s" => 1000.0,
                "ms" => 1.0,
                "us" | "µs" => 0.001,
                "ns" => 0.000_001,
                _ => return None,
            };
        rest = &rest[unit..];
    }
    (total < 9e15).then_some(total as u64)
}
