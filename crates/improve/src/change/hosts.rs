//! One more host, with a worker on it.

use plimsoll_spec::Part;
use plimsoll_spec::hardware::Role;
use plimsoll_yaml::Node;

use super::{Change, File};
use crate::step::{Path, Step, find, path};
use plimsoll_model::series;

/// Lists of machines that a worker is named in, because of the disks it has or the addresses it announces.
const LISTS: [&[&str]; 3] = [&["ingress", "from"], &["storage", "ceph", "osds"], &["storage", "local", "from"]];

pub(super) fn hosts(file: &File<'_>) -> Vec<Change> {
    file.spec
        .hosts
        .iter()
        .filter_map(|(key, host)| {
            let names: Vec<String> = key.list().iter().map(|name| name.0.clone()).collect();
            let (range, new) = longer(file, &names)?;
            let written = key.value.to_string();
            let mut steps = vec![Step::Rename { at: path(&["hosts", &written]), key: range.clone() }];
            let mut workers = Vec::new();
            for (machines, machine) in &file.spec.machines {
                let ends_here = machine.host.list().last().map(|name| &name.0) == names.last();
                if machine.role.value != Role::Worker || !ends_here || machine.host.count() != machines.count() {
                    continue;
                }
                let all: Vec<String> = machines.list().iter().map(|name| name.0.clone()).collect();
                let (longer_machines, worker) = longer(file, &all)?;
                let on: Vec<String> =
                    machine.host.list().iter().map(|name| name.0.clone()).chain([new.clone()]).collect();
                let old = machines.value.to_string();
                steps.push(Step::Set { at: path(&["machines", &old, "host"]), to: Node::text(series::word(&on)?) });
                steps.push(Step::Rename { at: path(&["machines", &old]), key: longer_machines.clone() });
                for list in LISTS {
                    steps.extend(named(file, &path(list), &old, &longer_machines));
                }
                workers.push(worker);
            }
            if workers.is_empty() {
                return None;
            }
            let links: usize = host.nics.values().map(|nic| nic.ports.len()).sum();
            let what = format!("add a host {new} like the others, with {}", workers.join(" and "));
            let change = Change::new(format!("one more host like {written}"), what, steps).adds_machines();
            let change = change.about(&[&new, &workers.join(" and ")]);
            Some(change.buys(&[(Part::Host, 1), (Part::Cable, links as u32)]))
        })
        .collect()
}

/// The range with one more name, and that name. `None` where the next one is taken or no range can say it.
fn longer(file: &File<'_>, names: &[String]) -> Option<(String, String)> {
    let new = series::next(names.last()?, 1, &|name| file.taken(name))?.pop()?;
    let all: Vec<String> = names.iter().cloned().chain([new.clone()]).collect();
    Some((series::word(&all)?, new))
}

/// Where a list names exactly the old range, it names the longer one.
fn named(file: &File<'_>, at: &Path, old: &str, new: &str) -> Vec<Step> {
    let Some(node) = find(file.root, at) else { return Vec::new() };
    if node.as_str() == Some(old) {
        return vec![Step::Set { at: at.clone(), to: Node::text(new) }];
    }
    let items = node.as_sequence().unwrap_or_default().iter().enumerate();
    let items = items.filter(|(_, item)| item.as_str() == Some(old));
    items
        .map(|(index, _)| {
            let at = at.iter().cloned().chain([index.to_string()]).collect();
            Step::Set { at, to: Node::text(new) }
        })
        .collect()
}
