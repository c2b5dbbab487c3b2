//! One sentence about each shape.

use plimsoll_model::design::{Host, Machine, State, Switch};
use plimsoll_model::{Design, Name};

fn list(names: impl IntoIterator<Item = String>) -> String {
    let names: Vec<String> = names.into_iter().collect();
    match names.split_last() {
        None => "nothing".to_owned(),
        Some((last, [])) => last.clone(),
        Some((last, before)) => format!("{} and {last}", before.join(", ")),
    }
}

fn power(psus: &plimsoll_model::Map<plimsoll_model::design::Psu>) -> String {
    if psus.is_empty() {
        return "power not stated".to_owned();
    }
    let from = psus.values().map(|psu| format!("PDU {} of rack {}", psu.pdu.pdu, psu.pdu.rack));
    format!("power from {}", list(from))
}

pub(super) fn host(name: &Name, host: &Host) -> String {
    let state = match host.state {
        State::Active => "",
        State::Planned => ", planned",
        State::Retiring => ", retiring",
    };
    let mut switches: Vec<String> = host.nic.values().map(|nic| nic.switch.to_string()).collect();
    switches.sort();
    switches.dedup();
    format!(
        "host {name}{state}: rack {}, {} threads, {}, {}, linked to {}",
        host.rack,
        host.cpu.threads,
        host.memory,
        power(&host.psu),
        list(switches)
    )
}

pub(super) fn machine(name: &Name, machine: &Machine) -> String {
    format!(
        "machine {name}: {} on host {}, {} CPU, {}",
        machine.role.as_str(),
        machine.host,
        machine.cpu,
        machine.memory
    )
}

pub(super) fn switch(name: &Name, switch: &Switch) -> String {
    let role = match switch.role {
        plimsoll_model::design::SwitchRole::Leaf => "leaf",
        plimsoll_model::design::SwitchRole::Spine => "spine",
        plimsoll_model::design::SwitchRole::OutOfBand => "out of band",
    };
    format!("switch {name}: {role}, rack {}, {}", switch.rack, power(&switch.psu))
}

pub(super) fn feed(design: &Design, name: &Name) -> String {
    let Some(feed) = design.feed.get(name) else { return format!("feed {name}") };
    match (&feed.from, feed.runtime) {
        (Some(from), Some(runtime)) => format!("feed {name}: bridges {runtime} when {from} is away"),
        (Some(from), None) => format!("feed {name}: fed from {from}"),
        (None, _) => format!("feed {name}"),
    }
}
