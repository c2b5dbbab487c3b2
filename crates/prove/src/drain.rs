//! A host that is drained: machines that are to migrate are elsewhere then, all others are stopped with it.

use std::collections::BTreeSet;

use plimsoll_circuit::Var;
use plimsoll_model::design::{Drain, Host, Machine, PlatformKind, State};
use plimsoll_model::units::Bytes;
use plimsoll_model::{Design, Name};

use crate::model::Model;

/// The model of the Design as it is while `host` is drained; `None` when nothing on it moves, so that it is as if the host
/// were stopped. Its components and promises are those of `model`, by number.
pub(crate) fn drained(model: &Model, design: &Design, host: Var) -> Option<Model> {
    let name = Name::from(model.components.get(host).path.strip_prefix("host/")?);
    let moved = moved(design, &name)?;
    let other = model.again(&moved);
    let ids = |model: &Model| model.promises.iter().map(|promise| promise.id.clone()).collect::<Vec<_>>();
    (model.components.len() == other.components.len() && ids(model) == ids(&other)).then_some(other)
}

/// The Design with the machines of a host that migrate on other hosts; `None` when none can.
fn moved(design: &Design, host: &Name) -> Option<Design> {
    let mut moved = design.clone();
    let leaving = design.machine.iter().filter(|(_, machine)| machine.host == *host && may_move(design, machine));
    let mut any = false;
    for (name, machine) in leaving {
        let Some(target) = target(&moved, name, machine) else { continue };
        if let Some(machine) = moved.machine.get_mut(name) {
            machine.host = target;
            any = true;
        }
    }
    any.then_some(moved)
}

/// Whether it is to migrate and nothing ties it to its host. Disks of the host are copied while it runs (`qm migrate
/// --online --with-local-disks`, which the high-availability manager asks for too); whole devices of the host are not.
fn may_move(design: &Design, machine: &Machine) -> bool {
    let virtual_host = design.host.get(&machine.host).is_some_and(|host| host.platform.kind == PlatformKind::Proxmox);
    virtual_host
        && machine.state != State::Planned
        && machine.drain == Drain::Migrate
        && machine.passthrough.is_empty()
        && machine.gpus == 0
        && machine.gpu.is_empty()
}

/// Where a machine goes: of the active hosts that can run it ([`can_run`]), with room in memory and on their disks, and
/// without a machine that it is kept apart from, the one with the most memory left.
fn target(design: &Design, name: &Name, machine: &Machine) -> Option<Name> {
    let apart: BTreeSet<&Name> = design
        .placement
        .values()
        .filter(|rule| rule.machines.contains(name))
        .flat_map(|rule| &rule.machines)
        .filter(|other| *other != name)
        .filter_map(|other| design.machine.get(other))
        .map(|other| &other.host)
        .collect();
    let mut best: Option<(Bytes, &Name)> = None;
    for (host, of) in &design.host {
        let there = || design.machine.values().filter(|guest| guest.host == *host && guest.state != State::Planned);
        let used: Bytes = there().map(|guest| guest.memory).sum();
        let left = of.memory.saturating_sub(of.reserved_memory).saturating_sub(used);
        let fits = *host != machine.host
            && of.state == State::Active
            && of.platform.kind == PlatformKind::Proxmox
            && !apart.contains(host)
            && left >= machine.memory
            && can_run(design, machine, of)
            && machine.disk.values().all(|part| {
                let own: Bytes = machine.disk.values().filter(|disk| disk.on == part.on).map(|disk| disk.size).sum();
                let held: Bytes = there()
                    .flat_map(|guest| guest.disk.values())
                    .filter(|disk| disk.on == part.on)
                    .map(|disk| disk.size)
                    .sum();
                of.disk.get(&part.on).is_some_and(|group| group.shared.is_some() || held + own <= group.usable())
            });
        if fits && best.is_none_or(|(most, _)| left > most) {
            best = Some((left, host));
        }
    }
    best.map(|(_, host)| host.clone())
}

/// Whether a host can run a machine that comes from another. Proxmox VE starts none with more processors than the host has
/// threads ("MAX 4 vcpus allowed per VM on this node"), asks for a storage of the same name, and hands a guest of CPU type
/// `host` what only the same processor has.
fn can_run(design: &Design, machine: &Machine, host: &Host) -> bool {
    let from = design.host.get(&machine.host);
    let store = |of: &Host, group: &Name| of.disk.get(group).and_then(|group| group.storage.clone());
    machine.cpu <= host.cpu.threads
        && (machine.cpu_type != "host" || from.is_some_and(|from| from.cpu.model == host.cpu.model))
        && machine.nic.values().all(|nic| host.bridge.contains_key(&nic.bridge))
        && machine.disk.values().all(|disk| {
            let there = store(host, &disk.on);
            there.is_some() && there == from.and_then(|from| store(from, &disk.on))
        })
}
