//! Spreading machines otherwise: no two of a kind on one host where there is another.

use std::collections::BTreeSet;

use plimsoll_model::Name;
use plimsoll_model::design::{Role, State};
use plimsoll_yaml::{Key, Node};

use super::{Change, File};
use crate::step::{Step, find, path};
use plimsoll_model::series;

/// What belongs to one machine alone, so that it is not copied.
const OWN: [&str; 3] = ["vmid", "addresses", "renamed_from"];

pub(super) fn moves(file: &File<'_>, cut: &mut Vec<String>) -> Vec<Change> {
    let mut changes = Vec::new();
    for role in [Role::ControlPlane, Role::Balancer, Role::ZoneServer, Role::Worker] {
        let mut machines: Vec<(String, String)> = file
            .design
            .machines(role)
            .filter(|(_, machine)| machine.state == State::Active)
            .map(|(name, machine)| (name.to_string(), machine.host.to_string()))
            .collect();
        machines.sort_by_key(|(name, _)| series::split(name).map(|(stem, number)| (stem.to_owned(), number)));
        let used: BTreeSet<String> = machines.iter().map(|(_, host)| host.clone()).collect();
        let mut seen = BTreeSet::new();
        for (machine, host) in &machines {
            if seen.insert(host.clone()) {
                continue;
            }
            // Another of its kind is on its host.
            let free: Vec<String> = file.hosts().into_iter().filter(|target| !used.contains(target)).collect();
            let others: Vec<String> = used.iter().cloned().collect();
            for target in file.places(machine, &free, &others, 1, cut).into_iter().flatten() {
                if let Some(steps) = moved(file, machine, &target) {
                    let what = format!("move {machine} from {host} to {target}");
                    let change = Change::new(format!("where {machine} is"), what, steps);
                    changes.push(change.about(&[machine, host, &target]));
                }
            }
        }
    }
    changes
}

/// The steps that put a machine on another host. `None` where the file's ranges would have to be taken apart in a way
/// that loses something.
fn moved(file: &File<'_>, machine: &str, target: &str) -> Option<Vec<Step>> {
    let (key, all) = file.entry_of(machine)?;
    let host_at = path(&["machines", &key, "host"]);
    let set = |hosts: &str| Step::Set { at: host_at.clone(), to: Node::text(hosts) };
    if all.len() == 1 {
        return Some(vec![set(target)]);
    }
    let mut hosts: Vec<String> = all
        .iter()
        .map(|name| file.design.machine.get(&Name::from(name.as_str())).map(|of| of.host.to_string()))
        .collect::<Option<_>>()?;
    let at = all.iter().position(|name| name == machine)?;
    target.clone_into(&mut hosts[at]);
    if let Some(word) = series::word(&hosts) {
        return Some(vec![set(&word)]);
    }
    // The machine gets an entry of its own, if it is at an end of the range.
    if at != 0 && at + 1 != all.len() {
        return None;
    }
    let node = find(file.root, &path(&["machines", &key]))?;
    if OWN.iter().any(|own| node.get(own).is_some()) {
        return None;
    }
    let (mut rest, mut rest_hosts) = (all.clone(), hosts.clone());
    rest.remove(at);
    rest_hosts.remove(at);
    let (rest, rest_hosts) = (series::word(&rest)?, series::word(&rest_hosts)?);
    Some(vec![
        set(&rest_hosts),
        Step::Add {
            to: path(&["machines"]),
            after: Some(key.clone()),
            key: machine.to_owned(),
            value: like(node, target)?,
        },
        Step::Rename { at: path(&["machines", &key]), key: rest },
    ])
}

/// A machine like another, elsewhere.
fn like(node: &Node, host: &str) -> Option<Node> {
    let entries = node.as_mapping()?.iter().filter(|(key, _)| !OWN.contains(&key.text.as_str()));
    let entries = entries.map(|(key, value)| {
        let value = if key.text == "host" { Node::text(host) } else { value.clone() };
        (Key::new(key.text.clone()), value)
    });
    Some(Node::mapping(entries.collect()))
}

/// The steps that add machines like those of an entry, one on each of these hosts; as one range where that can be said.
pub(super) fn more(file: &File<'_>, key: &str, machines: &[String], hosts: &[String]) -> Option<Vec<Step>> {
    let node = find(file.root, &path(&["machines", key]))?;
    let add = |name: String, host: &str| {
        let value = like(node, host)?;
        Some(Step::Add { to: path(&["machines"]), after: Some(key.to_owned()), key: name, value })
    };
    if let (Some(range), Some(on)) = (series::word(machines), series::word(hosts)) {
        return Some(vec![add(range, &on)?]);
    }
    machines.iter().zip(hosts).map(|(name, host)| add(name.clone(), host)).collect()
}
