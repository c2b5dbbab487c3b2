//! Whether what was placed on hosts fits there: memory, disks, processors, and room for what is meant to move.

use std::collections::BTreeSet;

use plimsoll_diagnostics::{Diagnostic, Span};
use plimsoll_model::design::{Drain, Machine, State};
use plimsoll_model::units::Bytes;
use plimsoll_model::{Map, Name};

use crate::cx::{Cx, error};
use crate::expand::Things;

use super::hosts::{HostPlan, HostPlans};

pub(crate) fn capacity(cx: &Cx<'_>, things: &Things<'_>, hosts: &HostPlans, machines: &Map<Machine>) {
    let on = |host: &Name| {
        let host = host.clone();
        machines.iter().filter(move |(_, machine)| machine.host == host && machine.state != State::Planned)
    };
    let mut told = BTreeSet::new();
    for (host_name, plan) in &hosts.plans {
        let host = &plan.host;
        memory(cx, things, plan, host_name, on(host_name).collect());
        for (group, disk) in &host.disk {
            let parts: Vec<(&Name, Bytes)> = on(host_name)
                .flat_map(|(name, machine)| {
                    machine.disk.values().filter(|part| part.on == *group).map(move |part| (name, part.size))
                })
                .collect();
            let sum: Bytes = parts.iter().map(|(_, size)| *size).sum();
            if sum > disk.usable() {
                let message = format!("the disks `{group}` of host `{host_name}` are too small for what lies on them");
                let span = things
                    .hosts
                    .get(host_name)
                    .and_then(|item| item.spec.disks.get(group.as_str()))
                    .and_then(|disks| disks.span);
                let label = format!("{} can be used, {} are needed", gib(disk.usable()), gib(sum));
                let uses: Vec<String> = parts.iter().map(|(name, size)| format!("{name} {size}")).collect();
                cx.say(error("disk-too-small", message, span, label).note(format!("on it: {}", uses.join(", "))));
            }
            let passed: Vec<&Name> = on(host_name)
                .filter(|(_, machine)| machine.passthrough.contains(group))
                .map(|(name, _)| name)
                .collect();
            if let [first, second, ..] = passed.as_slice() {
                let message = format!("the disks `{group}` of host `{host_name}` are passed to two machines");
                let span = |machine: &Name| {
                    let item = things.machines.get(machine)?;
                    item.spec.pass.iter().find(|name| name.value.0 == group.as_str())?.span
                };
                let problem = error("passed-twice", message, span(second), format!("to `{second}`"));
                cx.say(problem.context(span(first), format!("to `{first}`")));
            }
            if !passed.is_empty() && !parts.is_empty() {
                let message =
                    format!("the disks `{group}` of host `{host_name}` are passed through and hold disks of guests");
                let span = things
                    .machines
                    .get(passed[0])
                    .and_then(|item| item.spec.pass.iter().next())
                    .and_then(|name| name.span);
                cx.say(error("passed-twice", message, span, "passed through whole"));
            }
        }
        gpus(cx, things, plan, host_name, &on(host_name).collect::<Vec<_>>(), &mut told);
        for (name, machine) in on(host_name) {
            if machine.cpu > host.cpu.threads {
                let message = format!(
                    "`{name}` has {} processors, its host `{host_name}` {} threads",
                    machine.cpu, host.cpu.threads
                );
                let span = things.machines.get(name).and_then(|item| item.spec.cpu.as_ref()).and_then(|cpu| cpu.span);
                cx.say(error("cpu-too-small", message, span.or(plan.span), ""));
            }
        }
    }
    for (name, machine) in machines.iter().filter(|(_, machine)| machine.drain == Drain::Migrate) {
        let fits = hosts.plans.iter().any(|(other, plan)| {
            let used: Bytes = on(other).map(|(_, guest)| guest.memory).sum();
            *other != machine.host
                && plan.host.state == State::Active
                && used + machine.memory + plan.host.reserved_memory <= plan.host.memory
                && machine.passthrough.is_empty()
                && machine.gpu.is_empty()
                && machine.disk.values().all(|part| {
                    let held = on(other).flat_map(|(_, guest)| guest.disk.values()).filter(|disk| disk.on == part.on);
                    let held: Bytes = held.map(|disk| disk.size).sum();
                    plan.host.disk.get(&part.on).is_some_and(|disk| held + part.size <= disk.usable())
                })
        });
        if !fits {
            let span = things.machines.get(name).and_then(|item| item.spec.drain.as_ref()).and_then(|drain| drain.span);
            let message = if machine.gpu.is_empty() {
                format!("no other host has room for `{name}`, which is to migrate")
            } else {
                format!("`{name}` has graphics processors of its host, and is to migrate")
            };
            let problem = error("nowhere-to-go", message, span, "");
            let problem = problem.breaks("its host cannot be drained without stopping it");
            cx.say(problem.help("write `drain: stop`, or leave memory and disk space for it on another host"));
        }
    }
}

fn memory(
    cx: &Cx<'_>,
    things: &Things<'_>,
    plan: &super::hosts::HostPlan,
    host_name: &Name,
    guests: Vec<(&Name, &Machine)>,
) {
    let host = &plan.host;
    let sum: Bytes = guests.iter().map(|(_, machine)| machine.memory).sum();
    if sum + host.reserved_memory <= host.memory {
        return;
    }
    let label = format!(
        "{} are left beside the {} of the hypervisor, {} are needed",
        gib(host.memory.saturating_sub(host.reserved_memory)),
        gib(host.reserved_memory),
        gib(sum)
    );
    let span = things.hosts.get(host_name).and_then(|item| item.spec.memory.span);
    let list: Vec<String> = guests.iter().map(|(name, machine)| format!("{name} {}", machine.memory)).collect();
    let problem: Diagnostic =
        error("memory-too-small", format!("host `{host_name}` has too little memory for its guests"), span, label);
    cx.say(
        problem.note(format!("on it: {}", list.join(", "))).breaks("the kernel ends guests, etcd members among them"),
    );
}

/// In GiB with at most one decimal, for messages.
fn gib(bytes: Bytes) -> String {
    let value = bytes.as_gib();
    if (value - value.round()).abs() < 0.05 { format!("{value:.0} GiB") } else { format!("{value:.1} GiB") }
}

/// Graphics processors are passed through whole: each goes to one machine. Said once for a range of machines.
fn gpus(
    cx: &Cx<'_>,
    things: &Things<'_>,
    plan: &HostPlan,
    host_name: &Name,
    on: &[(&Name, &Machine)],
    told: &mut BTreeSet<Option<Span>>,
) {
    let models: BTreeSet<&Name> = on.iter().flat_map(|(_, machine)| machine.gpu.keys()).collect();
    for model in models {
        let uses: Vec<(&Name, u32)> =
            on.iter().filter_map(|(name, machine)| Some((*name, *machine.gpu.get(model)?))).collect();
        let have = plan.host.gpu.get(model).copied().unwrap_or(0);
        let want: u32 = uses.iter().map(|(_, count)| count).sum();
        let last = uses.last().and_then(|(name, _)| things.machines.get(*name));
        let span = last.and_then(|item| item.spec.gpus.get(model.as_str())).and_then(|count| count.span);
        if want <= have || !told.insert(span) {
            continue;
        }
        let message = format!("host `{host_name}` has {have} graphics processors `{model}`, its machines get {want}");
        let uses: Vec<String> = uses.iter().map(|(name, count)| format!("{name} {count}")).collect();
        cx.say(error("gpus-too-few", message, span.or(plan.span), "").note(format!("on it: {}", uses.join(", "))));
    }
}
