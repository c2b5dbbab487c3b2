//! Machines, and the disks that are their local volumes.

use plimsoll_diagnostics::{Diagnostic, Spanned};

use super::site::addresses;
use super::{Checker, Kind};
use crate::Spec;
use crate::hardware::Machine;
use crate::scalars::{Name, Names};

pub(super) fn check(spec: &Spec, checker: &mut Checker<'_>, names: &Spanned<Names>, machine: &Machine) {
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
        super::positive(checker, "cpu", cpu.value.into(), cpu.span);
    }
    super::hosts::gpus(checker, &machine.gpus);
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
            super::hosts::no_disks(checker, Some(host), name, disks, span);
            break;
        }
    }
}

/// Disks that are local volumes: each machine must have them, apart from its system and from what it gets whole.
pub(super) fn local(spec: &Spec, checker: &mut Checker<'_>) {
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
