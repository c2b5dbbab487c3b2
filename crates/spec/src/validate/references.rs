//! What refers to other things by name: services, the zone, promises, what is accepted.

use plimsoll_diagnostics::{Diagnostic, Spanned};

use super::site::routers;
use super::{Checker, Kind};
use crate::Spec;
use crate::hardware::Role;
use crate::scalars::{ComponentPath, Names};
use crate::services::Nfs;
use crate::site::ExternalKind;

pub(super) fn references(spec: &Spec, checker: &mut Checker<'_>) {
    if let Some(from) = spec.image.as_ref().and_then(|image| image.from.as_ref()) {
        checker.need_one(Kind::External, from);
    }
    if let Some(calico) = &spec.calico {
        for names in &calico.route_reflectors {
            checker.need_all(&[Kind::Machine], names);
        }
        for names in &calico.peers {
            routers(spec, checker, names);
        }
        if let Some(network) = &calico.autodetect {
            checker.need_one(Kind::Network, network);
        }
    }
    if let Some(by) = &spec.api.by {
        checker.need_all(&[Kind::External, Kind::Machine], by);
    }
    if let Some(ingress) = &spec.ingress {
        for names in ingress.from.iter() {
            checker.need_all(&[Kind::Machine], names);
        }
        for names in ingress.peers.iter() {
            routers(spec, checker, names);
        }
    }
    if let Some(storage) = &spec.storage {
        let ceph = storage.ceph.as_ref();
        let machines = ceph.iter().flat_map(|ceph| ceph.osds.iter().chain(ceph.mons.iter()));
        for names in machines.chain(storage.local.iter().flat_map(|local| local.from.iter())) {
            checker.need_all(&[Kind::Machine], names);
        }
        if let Some(default) = storage.default.as_ref().filter(|name| name.value.0 != "local") {
            checker.need_one(Kind::StoragePool, default);
        }
        if let Some(nfs) = &storage.nfs {
            file_server(spec, checker, nfs);
        }
    }
    let monitoring = spec.monitoring.as_ref().and_then(|monitoring| monitoring.storage.as_ref());
    if let Some(storage) = monitoring.filter(|name| name.value.0 != "local") {
        checker.need_one(Kind::StoragePool, storage);
    }
    if let Some(backups) = &spec.backups {
        if let Some(etcd) = &backups.etcd {
            checker.need_one(Kind::External, &etcd.to);
        }
        if let Some(volumes) = &backups.volumes {
            checker.need_one(Kind::External, &volumes.to);
            for pool in &volumes.pools {
                checker.need_one(Kind::StoragePool, pool);
            }
        }
    }
    for (_, tenant) in &spec.tenants {
        for (pool, _) in &tenant.storage {
            checker.need_one(Kind::StoragePool, pool);
        }
    }
}

/// A file server is one of others, and exports a directory.
fn file_server(spec: &Spec, checker: &mut Checker<'_>, nfs: &Nfs) {
    if !nfs.path.value.starts_with('/') {
        let message = format!("`{}` is no path of a file server: it begins with `/`", nfs.path.value);
        checker.error("wrong-value", message, nfs.path.span);
    }
    if !checker.need(&[Kind::External], &nfs.server.value.0, nfs.server.span) {
        return;
    }
    let is_it = |names: &Names| names.list().contains(&nfs.server.value);
    let found = spec.external.iter().find(|(names, _)| is_it(names));
    if let Some((_, external)) = found.filter(|(_, external)| external.kind.value != ExternalKind::Nfs) {
        let message = format!("`{}` is no file server", nfs.server.value);
        let problem = Diagnostic::error(message).code("wrong-kind").at(nfs.server.span, "");
        checker.say(problem.context(external.kind.span, "its kind; write `kind: nfs`"));
    }
}

pub(super) fn zone(spec: &Spec, checker: &mut Checker<'_>) {
    let Some(dns) = &spec.dns else { return };
    let primary = dns.primary.iter().map(|name| (vec![&name.value], name.span));
    let secondaries = dns.secondaries.iter().flatten().map(|names| (names.list().iter().collect(), names.span));
    for (names, span) in primary.chain(secondaries) {
        for name in names {
            if !checker.need(&[Kind::Machine], &name.0, span) {
                continue;
            }
            let machine = spec.machines.iter().find(|(known, _)| known.list().contains(name));
            if let Some((_, machine)) = machine.filter(|(_, machine)| machine.role.value != Role::ZoneServer) {
                let problem = Diagnostic::error(format!("`{name}` is no zone server")).code("wrong-kind").at(span, "");
                checker.say(problem.context(machine.role.span, "its role"));
            }
        }
    }
}

pub(super) fn promises(spec: &Spec, checker: &mut Checker<'_>) {
    for (map, while_drained) in [(&spec.survive.always, false), (&spec.survive.while_drained, true)] {
        for (promise, goals) in map {
            if goals.is_empty() && !checker.partial {
                checker.error("missing-value", format!("`{}` names no failure", promise.value), promise.span);
            }
            super::assume::cold_start(checker, promise, goals, while_drained);
            let Some((kind, of)) = promise.value.0.split_once('/') else { continue };
            let kind = match kind {
                // The address of the API is the one that is judged.
                "one-holder" if of == "api" || of.contains('*') => continue,
                "one-holder" => {
                    let message = format!("`{}` is not a promise: write `one-holder/api`", promise.value);
                    checker.error("undefined", message, promise.span);
                    continue;
                }
                "ingress" => Kind::IngressPool,
                "storage" => Kind::StoragePool,
                "dns" => Kind::Domain,
                _ => Kind::Tenant,
            };
            let of = of.strip_suffix("/recovered").unwrap_or(of);
            if !of.contains('*') && promise.value.0 != "dns/outside" {
                checker.need(&[kind], of, promise.span);
            }
        }
    }
    for (key, accept) in &spec.accept {
        if key.value.as_rule().is_none() {
            component(checker, key);
        } else if let Some(rule) = accept.rules.first() {
            let message = "`rules` narrows a component, and this is a rule; write `components`";
            checker.error("conflict", message, rule.span);
        }
        // One word may also be a part of the design as a whole, such as `backup`: which of them a rule speaks of is the
        // rule's to know.
        for path in accept.components.iter().filter(|path| path.value.0.contains('/')) {
            component(checker, path);
        }
        if accept.reason.value.trim().is_empty() {
            checker.error("missing-value", "an accepted finding needs a reason", accept.reason.span);
        }
    }
}

/// Whether a component's first name is known; parts of it (`host/pve-1/psu/a`) are the design's to know.
fn component(checker: &mut Checker<'_>, path: &Spanned<ComponentPath>) {
    const ALL: [Kind; 7] =
        [Kind::Feed, Kind::Rack, Kind::External, Kind::Switch, Kind::Network, Kind::Host, Kind::Machine];
    let mut parts = path.value.0.split('/');
    let first = parts.next().unwrap_or_default();
    let name = parts.next();
    let kinds: &[Kind] = match (first, name) {
        (_, None) => &ALL,
        ("feed" | "ups", _) => &[Kind::Feed],
        ("rack", _) => &[Kind::Rack],
        ("external" | "router", _) => &[Kind::External],
        ("switch", _) => &[Kind::Switch],
        ("network", _) => &[Kind::Network],
        ("host", _) => &[Kind::Host],
        ("machine", _) => &[Kind::Machine],
        _ => return,
    };
    let name = name.unwrap_or(first);
    // Of a resolver only the address may be known; which there are is the design's to know.
    if !name.contains('*') && name.parse::<std::net::IpAddr>().is_err() {
        checker.need(kinds, name, path.span);
    }
}
