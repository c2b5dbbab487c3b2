//! Hosts, and the names of their disks.

use std::collections::BTreeMap;

use plimsoll_diagnostics::{Diagnostic, Span, Spanned};

use super::site::{addresses, placed};
use super::{Checker, Kind};
use crate::Spec;
use crate::hardware::{Host, Nic};
use crate::scalars::{Name, Names, NetworkName};

pub(super) fn check(spec: &Spec, checker: &mut Checker<'_>, names: &Spanned<Names>, host: &Host) {
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
    super::positive(checker, "cpu", host.cpu.value.into(), host.cpu.span);
    super::positive(checker, "memory", host.memory.value.0, host.memory.span);
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
        stands(spec, checker, host, &bridge.over);
    }
}

/// A bridge stands on a bond, or on a VLAN of one that carries it.
fn stands(spec: &Spec, checker: &mut Checker<'_>, host: &Host, over: &Spanned<NetworkName>) {
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

/// Graphics processors: their models become parts of paths and names.
pub(super) fn gpus(checker: &mut Checker<'_>, gpus: &plimsoll_yaml::Map<String, Spanned<u8>>) {
    for (model, count) in gpus {
        let letter = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
        if model.value.is_empty() || !model.value.bytes().all(letter) {
            let message = format!("`{}` is no model of a graphics processor", model.value);
            let problem = Diagnostic::error(message).code("wrong-value").at(model.span, "");
            checker.say(problem.help("letters, digits, `-`, `_` and `.`, as in `A100`"));
        }
        super::positive(checker, "gpus", u64::from(count.value), count.span);
    }
}

/// Names of disks: of a host and of disks that are there, no more than there are, and each once.
pub(super) fn devices(spec: &Spec, checker: &mut Checker<'_>) {
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

pub(super) fn no_disks(checker: &mut Checker<'_>, host: Option<&Host>, name: &Name, disks: &str, span: Option<Span>) {
    let known: Vec<&str> = host.iter().flat_map(|host| host.disks.keys()).map(|name| name.value.0.as_str()).collect();
    let problem = Diagnostic::error(format!("there are no disks `{disks}` in host `{name}`")).code("undefined");
    checker.say(match super::near(disks, known.iter().copied()) {
        Some(near) => problem.at(span, format!("did you mean `{near}`?")),
        None if known.is_empty() => problem.at(span, "it has none"),
        None => problem.at(span, "").help(format!("it has: {}", known.join(", "))),
    });
}
