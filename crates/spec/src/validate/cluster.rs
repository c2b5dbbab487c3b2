//! Hosts, machines, and what refers to them.

use std::collections::BTreeMap;

use plimsoll_diagnostics::{Diagnostic, Span, Spanned};

use super::site::{addresses, placed, routers};
use super::{Checker, Kind};
use crate::Spec;
use crate::hardware::{Host, Machine, Nic, Role};
use crate::scalars::{Name, Names};

pub(super) fn check(spec: &Spec, checker: &mut Checker<'_>) {
    for (names, host) in &spec.hosts {
        check_host(spec, checker, names, host);
    }
    for (names, machine) in &spec.machines {
        check_machine(spec, checker, names, machine);
    }
    let renamed = spec.hosts.iter().map(|(names, host)| (names, &host.renamed_from));
    former_names(Kind::Host, renamed.collect(), checker);
    let renamed = spec.machines.iter().map(|(names, machine)| (names, &machine.renamed_from));
    former_names(Kind::Machine, renamed.collect(), checker);
    devices(spec, checker);
    local(spec, checker);
    references(spec, checker);
    zone(spec, checker);
    numbers(spec, checker);
    promises(spec, checker);
    super::assume::assumptions(spec, checker);
    prices(spec, checker);
}

fn check_host(spec: &Spec, checker: &mut Checker<'_>, names: &Spanned<Names>, host: &Host) {
    placed(spec, checker, names, host.rack.as_ref(), &host.power);
    addresses(spec, checker, names, &host.addresses);
    if let Some(bmc) = &host.bmc
        && checker.need_all(&[Kind::Switch], &bmc.switch)
    {
        checker.pairs_in_blocks(names, &bmc.switch);
    }
    if let Some(qdevice) = host.platform.as_ref().and_then(|platform| platform.qdevice.as_ref()) {
        checker.need_one(Kind::External, qdevice);
    }
    positive(checker, "cpu", host.cpu.value.into(), host.cpu.span);
    positive(checker, "memory", host.memory.value.0, host.memory.span);
    gpus(checker, &host.gpus);
    for (_, nic) in &host.nics {
        checker.once("networks", nic.networks.iter());
        for port in &nic.ports {
            if checker.need_all(&[Kind::Switch], port) {
                checker.pairs_in_blocks(names, port);
            }
        }
        for network in nic.networks.iter().chain(&nic.untagged) {
            checker.need_one(Kind::Network, network);
        }
        for (what, count) in [("links", nic.links.len()), ("cards", nic.cards.len())] {
            if count != 0 && count != nic.ports.len() {
                let span =
                    nic.links.first().and_then(|link| link.span).or(nic.cards.first().and_then(|card| card.span));
                let message = format!("`{what}` are {count}, but `ports` are {}", nic.ports.len());
                checker.error("range-length", message, span);
            }
        }
        if nic.ports.len() > 1 && nic.mode.is_none() && !checker.partial {
            let message = "several ports need a bond mode";
            let problem = Diagnostic::error(message).code("missing-key").at(nic.ports[1].span, "the second port");
            checker.say(problem.help("`mode: lacp` for switches that are one MLAG pair, else `mode: active-backup`"));
        }
    }
    for (_, bridge) in &host.bridges {
        check_bridge(spec, checker, host, &bridge.over);
    }
}

/// A bridge stands on a bond, or on a VLAN of one that carries it.
fn check_bridge(spec: &Spec, checker: &mut Checker<'_>, host: &Host, over: &Spanned<crate::scalars::NetworkName>) {
    let (base, vlan) = match over.value.0.rsplit_once('.') {
        Some((base, vlan)) if vlan.bytes().all(|byte| byte.is_ascii_digit()) => (base, Some(vlan)),
        _ => (over.value.0.as_str(), None),
    };
    if checker.partial {
        return;
    }
    let Some(nic): Option<&Nic> = host.nics.get(base) else {
        let known: Vec<&str> = host.nics.keys().map(|name| name.value.0.as_str()).collect();
        let problem = Diagnostic::error(format!("there is no interface `{base}` on this host")).code("undefined");
        checker.say(match super::near(base, known.iter().copied()) {
            Some(near) => problem.at(over.span, format!("did you mean `{near}`?")),
            None => problem.at(over.span, "").help(format!("it has: {}", known.join(", "))),
        });
        return;
    };
    let Some(vlan) = vlan else { return };
    let carried = |name: &Spanned<Name>| {
        spec.networks.get(name.value.0.as_str()).is_some_and(|network| network.vlan.value.0.to_string() == vlan)
    };
    if !nic.networks.iter().any(carried) {
        let problem = Diagnostic::error(format!("`{base}` carries no network with VLAN {vlan}")).code("undefined");
        let problem =
            problem.at(over.span, "").context(nic.networks.first().and_then(|name| name.span), "it carries these");
        checker.say(problem);
    }
}

fn positive(checker: &mut Checker<'_>, what: &str, value: u64, span: Option<plimsoll_diagnostics::Span>) {
    if value == 0 {
        checker.error("wrong-value", format!("`{what}` cannot be 0"), span);
    }
}

/// Graphics processors: their models become parts of paths and names.
fn gpus(checker: &mut Checker<'_>, gpus: &plimsoll_yaml::Map<String, Spanned<u8>>) {
    for (model, count) in gpus {
        let letter = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
        if model.value.is_empty() || !model.value.bytes().all(letter) {
            let message = format!("`{}` is no model of a graphics processor", model.value);
            let problem = Diagnostic::error(message).code("wrong-value").at(model.span, "");
            checker.say(problem.help("letters, digits, `-`, `_` and `.`, as in `A100`"));
        }
        positive(checker, "gpus", u64::from(count.value), count.span);
    }
}

fn check_machine(spec: &Spec, checker: &mut Checker<'_>, names: &Spanned<Names>, machine: &Machine) {
    for network in &machine.networks {
        checker.need_one(Kind::Network, network);
    }
    if machine.networks.is_empty() && !checker.partial {
        checker.error("missing-key", format!("`{}` stands in no network", names.value), names.span);
    }
    checker.once("networks", machine.networks.iter());
    checker.once("pass", machine.pass.iter());
    addresses(spec, checker, names, &machine.addresses);
    if let Some(cpu) = &machine.cpu {
        positive(checker, "cpu", cpu.value.into(), cpu.span);
    }
    gpus(checker, &machine.gpus);
    if !checker.need_all(&[Kind::Host], &machine.host) || !checker.pairs(names, &machine.host) {
        return;
    }
    if checker.partial {
        return;
    }
    // Which of the host's disks: said once for a range, at its first host without them.
    let uses = machine.disks.iter().map(|(_, part)| (part.value.disks.as_str(), part.span));
    let passes = machine.pass.iter().map(|name| (name.value.0.as_str(), name.span));
    for (disks, span) in uses.chain(passes) {
        for index in 0..names.count() {
            let Some(name) = machine.host.paired(index, names.count()) else { continue };
            let host = spec.hosts.iter().find(|(known, _)| known.list().contains(name));
            let Some((_, host)) = host.filter(|(_, host)| host.disks.get(disks).is_none()) else { continue };
            no_disks(checker, Some(host), name, disks, span);
            break;
        }
    }
}

/// Former names pair up, belong to one thing each, and to nothing that is still there: it would lose what it has.
fn former_names(kind: Kind, renamed: Vec<(&Spanned<Names>, &crate::Opt<Names>)>, checker: &mut Checker<'_>) {
    let mut seen: BTreeMap<&Name, (&Spanned<Names>, Option<Span>)> = BTreeMap::new();
    for (names, former) in renamed {
        let Some(former) = former.as_ref() else { continue };
        if former.count() != names.count() {
            let (many, few) = (names.count(), former.count());
            let message = format!("`{}` had {many} former names, not {few}", names.value);
            let problem = Diagnostic::error(message).code("range-length").at(former.span, "one for each");
            checker.say(problem.context(names.span, "for these"));
            continue;
        }
        for name in former.list() {
            if checker.knows(kind, &name.0) {
                let problem = Diagnostic::error(format!("the {kind} `{name}` is still there")).code("renamed");
                let problem = problem.at(former.span, format!("so `{}` cannot have been it", names.value));
                checker.say(problem.help(
                    "leave `renamed_from` out once the lock knows the new name; two that swap names need a third for a while",
                ));
                break;
            }
            if let Some((other, span)) = seen.insert(name, (names, former.span)) {
                let message = format!("the {kind} `{name}` got two new names");
                let problem = Diagnostic::error(message).code("renamed").at(former.span, format!("`{}`", names.value));
                checker.say(problem.context(span, format!("`{}`", other.value)));
                break;
            }
        }
    }
}

/// Names of disks: of a host and of disks that are there, no more than there are, and each once.
fn devices(spec: &Spec, checker: &mut Checker<'_>) {
    let mut seen = BTreeMap::new();
    for (host_name, groups) in &spec.devices {
        if !checker.need_one(Kind::Host, host_name) {
            continue;
        }
        let host = spec.hosts.iter().find(|(names, _)| names.list().contains(host_name)).map(|(_, host)| host);
        for (group, ids) in groups {
            match host.map(|host| host.disks.get(group.value.0.as_str())) {
                Some(None) if !checker.partial => no_disks(checker, host, &host_name.value, &group.value.0, group.span),
                Some(Some(disks)) if ids.len() > usize::from(disks.count) => {
                    let (count, most) = (ids.len(), disks.count);
                    let message = format!(
                        "`{}` of host `{}` is {most} disks, but {count} are named",
                        group.value, host_name.value
                    );
                    let problem = Diagnostic::error(message).code("range-length");
                    let first = ids.get(usize::from(most)).and_then(|id| id.span);
                    checker.say(problem.at(first, "one too many").context(disks.span, "so many there are"));
                }
                _ => {}
            }
            for id in ids {
                if let Some(first) = seen.insert(&id.value, id.span) {
                    let problem =
                        Diagnostic::error(format!("the disk `{}` is named twice", id.value)).code("duplicate");
                    checker.say(problem.at(id.span, "again here").context(first, "first here"));
                }
            }
        }
    }
}

/// Disks that are local volumes: each machine must have them, apart from its system and from what it gets whole.
fn local(spec: &Spec, checker: &mut Checker<'_>) {
    let Some(local) = spec.storage.as_ref().and_then(|storage| storage.local.as_ref()) else { return };
    if checker.partial {
        return;
    }
    let from: Vec<&Name> = local.from.iter().flat_map(|names| names.list()).collect();
    if let (Some(first), true) = (local.from.first(), local.disks.is_empty()) {
        let problem =
            Diagnostic::error("local volumes need disks").code("missing-key").at(first.span, "on these machines");
        checker.say(problem.help("add `disks: scratch` here, and `disks: { scratch: fast 200GiB }` to these machines"));
    }
    for disk in local.disks.iter() {
        let name = disk.value.0.as_str();
        let has = |machine: &Machine| name != "os" && machine.disks.get(name).is_some();
        let mut without = spec
            .machines
            .iter()
            .filter(|(names, machine)| !has(machine) && names.list().iter().any(|name| from.contains(&name)));
        let nobody = from.is_empty() && !spec.machines.values().any(has);
        let lacking = without.next();
        if lacking.is_none() && !nobody {
            continue;
        }
        let whole = lacking.is_some_and(|(_, machine)| machine.pass.iter().any(|pass| pass.value == disk.value));
        let message = match lacking {
            Some((names, _)) => format!("`{}` has no disk `{name}` for local volumes", names.value),
            None => format!("no machine has a disk `{name}` for local volumes"),
        };
        let label = match (name, whole) {
            ("os", _) => "that of the system holds no volumes",
            (_, true) => "it gets these whole, without a file system",
            _ => "",
        };
        let problem = Diagnostic::error(message).code("undefined").at(disk.span, label);
        checker.say(problem.help(format!(
            "give it one: `disks: {{ {}: fast 200GiB }}`",
            if label.is_empty() { name } else { "scratch" }
        )));
    }
}

fn no_disks(checker: &mut Checker<'_>, host: Option<&Host>, name: &Name, disks: &str, span: Option<Span>) {
    let known: Vec<&str> = host.iter().flat_map(|host| host.disks.keys()).map(|name| name.value.0.as_str()).collect();
    let problem = Diagnostic::error(format!("there are no disks `{disks}` in host `{name}`")).code("undefined");
    checker.say(match super::near(disks, known.iter().copied()) {
        Some(near) => problem.at(span, format!("did you mean `{near}`?")),
        None if known.is_empty() => problem.at(span, "it has none"),
        None => problem.at(span, "").help(format!("it has: {}", known.join(", "))),
    });
}

fn references(spec: &Spec, checker: &mut Checker<'_>) {
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
            checker.need_one(Kind::External, &nfs.server);
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

fn zone(spec: &Spec, checker: &mut Checker<'_>) {
    let Some(dns) = &spec.dns else { return };
    let primary = dns.primary.iter().map(|name| (vec![&name.value], name.span));
    let secondaries = dns.secondaries.iter().map(|names| (names.list().iter().collect(), names.span));
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

fn numbers(spec: &Spec, checker: &mut Checker<'_>) {
    if let Some(vrrp) = &spec.api.vrrp {
        for priority in vrrp.priorities.iter().filter(|priority| priority.value == 0) {
            checker.error(
                "wrong-value",
                "a VRRP priority of 0 means giving up: from 1 to 255 is possible",
                priority.span,
            );
        }
        if let Some(version) = vrrp.version.as_ref().filter(|version| !matches!(version.value, 2 | 3)) {
            checker.error(
                "wrong-value",
                format!("there is no VRRP version {}: 2 or 3 is possible", version.value),
                version.span,
            );
        }
    }
    if let Some(kubernetes) = &spec.kubernetes {
        if let Some(mask) = kubernetes.node_mask.as_ref().filter(|mask| mask.value > 128) {
            checker.error("wrong-value", format!("`{}` is not a prefix length", mask.value), mask.span);
        }
        for (key, ranges) in [("pods", &kubernetes.pods), ("services", &kubernetes.services)] {
            if let Some(third) = ranges.get(2) {
                checker.error("wrong-value", format!("`{key}` takes one range of each family"), third.span);
            }
        }
    }
    let ceph = spec.storage.as_ref().and_then(|storage| storage.ceph.as_ref());
    for (_, pool) in ceph.iter().flat_map(|ceph| ceph.pools.iter()) {
        if let Some(replicas) = &pool.replicas {
            positive(checker, "replicas", replicas.value.into(), replicas.span);
            if let Some(min) = pool.min.as_ref().filter(|min| min.value > replicas.value) {
                let message = format!("`min` is {}, more than the {} replicas there are", min.value, replicas.value);
                checker.error("wrong-value", message, min.span);
            }
            if let Some(erasure) = &pool.erasure {
                let problem = Diagnostic::error("a pool has either `replicas` or `erasure`").code("conflict");
                checker.say(problem.at(erasure.data.span, "").context(replicas.span, "given too"));
            }
        }
    }
    if let Some(ceph) = ceph {
        for (what, share) in [("near_full", &ceph.near_full), ("full", &ceph.full)] {
            if let Some(share) = share.as_ref().filter(|share| !(0.0..=1.0).contains(&share.value)) {
                checker.error("wrong-value", format!("`{what}` is a share of 1, such as 0.85"), share.span);
            }
        }
    }
}

fn promises(spec: &Spec, checker: &mut Checker<'_>) {
    for (map, while_drained) in [(&spec.survive.always, false), (&spec.survive.while_drained, true)] {
        for (promise, goals) in map {
            if goals.is_empty() && !checker.partial {
                checker.error("missing-value", format!("`{}` names no failure", promise.value), promise.span);
            }
            cold_start(checker, promise, goals, while_drained);
            let Some((kind, of)) = promise.value.0.split_once('/') else { continue };
            let kind = match kind {
                "ingress" => Kind::IngressPool,
                "storage" => Kind::StoragePool,
                _ => Kind::Tenant,
            };
            if !of.contains('*') {
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
        for path in accept.components.iter() {
            component(checker, path);
        }
        if accept.reason.value.trim().is_empty() {
            checker.error("missing-value", "an accepted finding needs a reason", accept.reason.span);
        }
    }
}

/// A cold start is one after the loss of all power, and of nothing else.
fn cold_start(
    checker: &mut Checker<'_>,
    promise: &Spanned<crate::scalars::PromisePattern>,
    goals: &[Spanned<crate::scalars::Goal>],
    while_drained: bool,
) {
    let wanted = promise.value.0 == "cold-start";
    if wanted && while_drained {
        let message = "a cold start is one of the whole site: it is not asked for while a host is drained";
        return checker.error("wrong-value", message, promise.span);
    }
    for goal in goals.iter().filter(|goal| (goal.value.0 == ["site"]) != wanted) {
        if wanted {
            let message = "a cold start follows the loss of all power: write `cold-start: [site]`";
            checker.error("wrong-value", message, goal.span);
        } else if goal.value.0.iter().any(|kind| kind == "site") {
            let message =
                "only `cold-start` survives the loss of the whole `site`: what is on it is away until power is back";
            checker.error("wrong-value", message, goal.span);
        }
    }
}

/// Whether a component's first name is known; parts of it (`host/pve-1/psu/a`) are the design's to know.
fn component(checker: &mut Checker<'_>, path: &Spanned<crate::scalars::ComponentPath>) {
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
    if !name.contains('*') {
        checker.need(kinds, name, path.span);
    }
}

/// Sums over several currencies would mean nothing.
fn prices(spec: &Spec, checker: &mut Checker<'_>) {
    let Some((_, first)) = spec.prices.iter().next() else { return };
    for (_, price) in &spec.prices {
        if price.currency != first.currency {
            let message = format!("prices are in `{}` and in `{}`", first.currency, price.currency);
            let problem = Diagnostic::error(message).code("currencies").at(price.span, "another currency");
            return checker.say(problem.context(first.span, "the first").help("write all in one currency"));
        }
    }
}
