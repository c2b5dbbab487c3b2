//! Where a new machine could go: one try for each class of alike hosts, not for each host.

use std::collections::{BTreeMap, BTreeSet};

use plimsoll_model::Name;
use plimsoll_model::design::{Host, Rack};

use super::File;

/// Placements of one idea that are tried.
const MOST: usize = 8;

/// Hosts for `count` machines of a kind, one list for each way in which it could matter; `free` are the hosts without such a
/// machine, `used` those with one. Those that spread the kind over most racks come first. Also: how many were left out.
pub(super) fn places(file: &File<'_>, free: &[String], used: &[String], count: usize) -> (Vec<Vec<String>>, usize) {
    let racks = RackClasses::of(file, used);
    // The first host of each class stands for it, in the order of the hosts.
    let mut classes: Vec<(String, Vec<&String>)> = Vec::new();
    for host in free {
        let Some(class) = class(file, &racks, host) else { continue };
        match classes.iter_mut().find(|(known, _)| *known == class) {
            Some((_, hosts)) => hosts.push(host),
            None => classes.push((class, vec![host])),
        }
    }
    let mut found: Vec<Vec<String>> = Vec::new();
    for choice in choices(classes.len(), count) {
        let mut picked: Vec<String> = Vec::new();
        for class in choice {
            let left = || classes[class].1.iter().filter(|host| !picked.contains(host));
            // Of hosts of one class, one in a rack that has none of the kind yet.
            let taken: BTreeSet<&str> = picked.iter().chain(used).filter_map(|host| rack_of(file, host)).collect();
            let elsewhere = left().find(|host| rack_of(file, host).is_some_and(|rack| !taken.contains(rack)));
            let Some(next) = elsewhere.or_else(|| left().next()) else { break };
            picked.push((*next).clone());
        }
        plimsoll_model::series::sort(&mut picked);
        if picked.len() == count && !found.contains(&picked) {
            found.push(picked);
        }
    }
    found.sort_by_key(|picked| crowd(file, picked.iter().chain(used)));
    let cut = found.len().saturating_sub(MOST);
    found.truncate(MOST);
    (found, cut)
}

/// Ways to choose so many of some classes, where one class may be chosen more than once.
fn choices(classes: usize, count: usize) -> Vec<Vec<usize>> {
    let mut all: Vec<Vec<usize>> = vec![Vec::new()];
    for _ in 0..count {
        all = all
            .into_iter()
            .flat_map(|chosen| {
                let from = chosen.last().copied().unwrap_or(0);
                (from..classes).map(move |next| chosen.iter().copied().chain([next]).collect())
            })
            .collect();
    }
    all
}

fn rack_of<'a>(file: &'a File<'_>, host: &str) -> Option<&'a str> {
    file.design.host.get(&Name::from(host)).map(|host| host.rack.as_str())
}

/// How many of a kind stand in the rack with the most.
fn crowd<'a>(file: &File<'_>, hosts: impl Iterator<Item = &'a String>) -> usize {
    let mut by_rack: BTreeMap<&str, usize> = BTreeMap::new();
    for rack in hosts.filter_map(|host| rack_of(file, host)) {
        *by_rack.entry(rack).or_default() += 1;
    }
    by_rack.into_values().max().unwrap_or_default()
}

/// What is the same of racks that are alike: what feeds them, and how many machines of the kind stand in them.
struct RackClasses<'a> {
    of: BTreeMap<&'a Name, String>,
}

impl<'a> RackClasses<'a> {
    fn of(file: &File<'a>, used: &[String]) -> Self {
        let class = |name: &Name, rack: &Rack| {
            let feeds: Vec<String> = rack.pdu.iter().map(|(pdu, of)| format!("{pdu}={}", of.feed)).collect();
            let there = used.iter().filter(|host| rack_of(file, host) == Some(name.as_str())).count();
            let switches = file.design.switch.values().filter(|switch| switch.rack == *name).count();
            format!("{} {there} {switches}", feeds.join(","))
        };
        RackClasses { of: file.design.rack.iter().map(|(name, rack)| (name, class(name, rack))).collect() }
    }
}

/// What is the same of hosts that are alike: the class of their rack, their size, their parts, and what runs on them.
fn class(file: &File<'_>, racks: &RackClasses<'_>, host: &str) -> Option<String> {
    let name = Name::from(host);
    let of = file.design.host.get(&name)?;
    let rack = racks.of.get(&of.rack)?;
    let mut runs: Vec<&str> = file
        .design
        .machine
        .values()
        .filter(|machine| machine.host == name)
        .map(|machine| machine.role.as_str())
        .collect();
    runs.sort_unstable();
    Some(format!("{rack} | {} | {}", parts(of), runs.join(",")))
}

fn parts(host: &Host) -> String {
    let supplies: Vec<&str> = host.psu.values().map(|psu| psu.pdu.pdu.as_str()).collect();
    let nics: Vec<&str> = host.nic.keys().map(Name::as_str).collect();
    let disks: Vec<String> = host.disk.iter().map(|(name, disk)| format!("{name}x{}", disk.count)).collect();
    format!("{} {} {supplies:?} {nics:?} {disks:?}", host.cpu.threads, host.memory.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_class_may_be_chosen_twice() {
        assert_eq!(choices(2, 2), [[0, 0], [0, 1], [1, 1]]);
        assert_eq!(choices(3, 1), [[0], [1], [2]]);
        assert!(choices(0, 1).is_empty());
    }
}
