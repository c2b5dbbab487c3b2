//! Corefiles of CoreDNS and of caches on nodes.

use std::net::{IpAddr, SocketAddr};

use plimsoll_diagnostics::Spanned;
use plimsoll_formats::corefile::{self, Conf, Plugin, Server};
use plimsoll_model::units::Millis;

use super::{Dns, Resolver, Stub, plain};
use crate::files::{Content, File, Files};
use crate::{Fact, Place};

/// Plugins without which a restart loses queries or a mistake stays unseen.
const WANTED: [&str; 6] = ["errors", "health", "ready", "cache", "loop", "reload"];

/// What every Corefile says.
pub(super) fn collect(files: &Files, dns: &mut Dns) {
    for file in &files.list {
        if let Content::Corefile(conf) = &file.content {
            dns.resolvers.extend(resolver(file, conf));
        }
    }
}

fn resolver(file: &File, conf: &Conf) -> Option<Resolver> {
    let component = file.path.clone();
    let first = conf.servers().next()?;
    let span = first.keys.first().and_then(|key| key.span);
    let place = Place::File { span, component: component.clone() };
    let at = |span: Option<plimsoll_diagnostics::Span>| Place::File {
        span: span.or(match &place {
            Place::File { span, .. } => *span,
            Place::Design(_) => None,
        }),
        component: component.clone(),
    };
    let root = conf.servers().find(|server| zones(server).iter().any(|zone| zone.value.is_empty()));
    let main = root.unwrap_or(first);
    let plugins = conf.plugins(main);
    // An imported file may hold whatever seems to be missing.
    let open = plugins.iter().any(|plugin| plugin.name.value == "import" || is_open(&plugin.name));
    // One block that has them serves the whole process: the READMEs of plugin/health, plugin/ready and plugin/reload.
    let everywhere: Vec<_> = conf.all_plugins().flat_map(|(_, plugins)| plugins).collect();
    let of_process = |name: &str| matches!(name, "health" | "ready" | "reload");
    let named = |name: &str| {
        let list = if of_process(name) { &everywhere } else { &plugins };
        list.iter().find(|plugin| plugin.name.value == name)
    };
    let present = |name: &'static str| {
        let fact = match named(name) {
            Some(plugin) => Fact::known(true, at(plugin.name.span)),
            None if open => Fact::unknown(place.clone()),
            None => Fact::known(false, place.clone()),
        };
        (name, fact)
    };
    let health = everywhere.iter().find_map(|plugin| corefile::health(plugin));
    let own = own(conf);
    let node_local =
        own.iter().any(is_link_local) || file.path.contains("node-local") || file.path.contains("nodelocal");
    Some(Resolver {
        name: component.clone(),
        node_local,
        own,
        upstreams: if root.is_some() { upstreams(&plugins, open, &place, &at) } else { Fact::unknown(place.clone()) },
        stubs: stubs(conf, main, &place, &at),
        plugins: WANTED.into_iter().map(present).collect(),
        lameduck: match health {
            Some(health) => {
                let owner = at(health.span);
                Fact::setting_or(&health.lameduck.map(Millis), Millis(0), &owner)
            }
            None if open => Fact::unknown(place.clone()),
            None => Fact::default(Millis(0), place.clone()),
        },
        place,
    })
}

type At<'a> = &'a dyn Fn(Option<plimsoll_diagnostics::Span>) -> Place;

fn zones(server: &Server) -> Vec<Spanned<String>> {
    server.zones().into_iter().map(|(zone, _)| Spanned { value: plain(&zone.value), span: zone.span }).collect()
}

/// Servers of `forward .`; none when nothing is forwarded.
fn upstreams(plugins: &[&Plugin], open: bool, place: &Place, at: At<'_>) -> Fact<Vec<String>> {
    let forwards: Vec<_> = plugins.iter().filter_map(|plugin| corefile::forward(plugin)).collect();
    let all = |forward: &&corefile::Forward| forward.from.as_ref().is_some_and(|from| from.value == ".");
    let Some(forward) = forwards.iter().find(all) else {
        return if open { Fact::unknown(place.clone()) } else { Fact::known(Vec::new(), place.clone()) };
    };
    let to: Vec<String> = forward.to.iter().map(|server| server.value.clone()).collect();
    if to.iter().any(|server| is_open(server) || server.contains('{') || server.starts_with('/')) {
        // A resolv.conf or a place that a template fills: how many servers that is is not known here.
        return Fact::unknown(at(forward.span));
    }
    Fact::known(to, at(forward.span))
}

fn stubs(conf: &Conf, main: &Server, place: &Place, at: At<'_>) -> Vec<Stub> {
    let mut stubs = Vec::new();
    for (server, plugins) in conf.all_plugins() {
        let is_main = std::ptr::eq(server, main);
        for forward in plugins.into_iter().filter_map(corefile::forward) {
            let from = forward.from.as_ref().map(|from| plain(&from.value)).unwrap_or_default();
            let servers: Vec<String> = forward.to.iter().map(|server| server.value.clone()).collect();
            let fact = if servers.iter().any(|server| is_open(server) || server.starts_with('/')) {
                Fact::unknown(at(forward.span))
            } else {
                Fact::known(servers, at(forward.span))
            };
            if !from.is_empty() {
                stubs.push(Stub { zone: from, servers: fact });
            } else if !is_main {
                let zones = zones(server).into_iter().map(|zone| zone.value).filter(|zone| !zone.is_empty());
                stubs.extend(zones.map(|zone| Stub { zone, servers: fact.clone() }));
            }
        }
    }
    let _ = place;
    stubs
}

/// Addresses of `bind`.
fn own(conf: &Conf) -> Vec<IpAddr> {
    let mut list: Vec<IpAddr> = conf
        .all_plugins()
        .flat_map(|(_, plugins)| plugins)
        .filter(|plugin| plugin.name.value == "bind")
        .flat_map(|plugin| &plugin.args)
        .filter_map(|word| word.value.parse().ok())
        .collect();
    list.sort_unstable();
    list.dedup();
    list
}

fn is_link_local(address: &IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => address.is_link_local(),
        IpAddr::V6(address) => address.segments()[0] & 0xffc0 == 0xfe80,
    }
}

fn is_open(text: &str) -> bool {
    text.contains("{{") || text.contains("{%") || text.contains("{$") || text.contains("__PILLAR__")
}

/// The address of a server as a Corefile writes it: `10.0.0.1`, `10.0.0.1:53`, `[fd00::1]:53`, `tls://10.0.0.1`.
pub fn address(server: &str) -> Option<IpAddr> {
    let server = server.split_once("://").map_or(server, |(_, rest)| rest);
    let server = server.split('%').next().unwrap_or(server);
    server
        .parse()
        .ok()
        .or_else(|| server.parse::<SocketAddr>().ok().map(|socket| socket.ip()))
        .or_else(|| server.trim_start_matches('[').trim_end_matches(']').parse().ok())
}
