//! More members of etcd, more monitors of Ceph, the check that moves the API's address.

use plimsoll_model::design::Role;
use plimsoll_yaml::Node;

use super::{Change, File, moves};
use crate::step::{Step, put};
use plimsoll_model::series;

pub(super) fn control(file: &File<'_>, cut: &mut Vec<String>) -> Vec<Change> {
    let mut changes = members(file, cut);
    changes.extend(monitors(file, cut));
    changes.extend(check(file));
    changes
}

pub(super) fn and(names: &[String]) -> String {
    match names.split_last() {
        Some((last, rest)) if !rest.is_empty() => format!("{} and {last}", rest.join(", ")),
        _ => names.join(""),
    }
}

/// An odd number of members: one or two more control-plane machines.
fn members(file: &File<'_>, cut: &mut Vec<String>) -> Vec<Change> {
    let mut machines: Vec<String> =
        file.design.machines(Role::ControlPlane).map(|(name, _)| name.to_string()).collect();
    series::sort(&mut machines);
    let count = machines.len();
    let Some(last) = machines.last().filter(|_| (1..5).contains(&count)) else { return Vec::new() };
    let wanted = if count.is_multiple_of(2) { 1 } else { 2 };
    let used: Vec<String> =
        file.design.machines(Role::ControlPlane).map(|(_, machine)| machine.host.to_string()).collect();
    let free: Vec<String> = file.hosts().into_iter().filter(|host| !used.contains(host)).collect();
    let Some((key, _)) = file.entry_of(last) else { return Vec::new() };
    let Some(new) = series::next(last, wanted, &|name| file.taken(name)) else { return Vec::new() };
    let variants = file.places("members of etcd", &free, &used, wanted, cut).into_iter().filter_map(|hosts| {
        let steps = moves::more(file, &key, &new, &hosts)?;
        let of = count + wanted;
        let what = format!("run {of} members of etcd instead of {count}: {} on {}", and(&new), and(&hosts));
        Some(Change::new("members of etcd", what, steps).adds_machines())
    });
    variants.collect()
}

/// An odd number of monitors, on hosts that have none.
fn monitors(file: &File<'_>, cut: &mut Vec<String>) -> Vec<Change> {
    let Some(ceph) = &file.design.ceph else { return Vec::new() };
    let mut now: Vec<String> = ceph.mon.keys().map(ToString::to_string).collect();
    series::sort(&mut now);
    let count = now.len();
    if !(1..5).contains(&count) {
        return Vec::new();
    }
    let wanted = if count.is_multiple_of(2) { 1 } else { 2 };
    let used: Vec<String> = ceph.mon.values().map(|mon| mon.host.to_string()).collect();
    // The first worker of each host without one.
    let mut free: Vec<(String, String)> = Vec::new();
    let mut workers: Vec<(String, String)> =
        ceph.osd.values().map(|osd| (osd.machine.to_string(), osd.host.to_string())).collect();
    workers.sort();
    workers.dedup();
    for (machine, host) in workers {
        if !used.contains(&host) && !free.iter().any(|(_, known)| *known == host) {
            free.push((machine, host));
        }
    }
    let mut hosts: Vec<String> = free.iter().map(|(_, host)| host.clone()).collect();
    series::sort(&mut hosts);
    let places = file.places("monitors of Ceph", &hosts, &used, wanted, cut);
    let variants = places.into_iter().filter_map(|on| {
        let on = free.iter().filter(|(_, host)| on.contains(host));
        let mut more: Vec<String> = on.map(|(machine, _)| machine.clone()).collect();
        series::sort(&mut more);
        let mut all: Vec<String> = now.iter().chain(&more).cloned().collect();
        series::sort(&mut all);
        let words = series::collapse(&all);
        let value = match &words[..] {
            [one] => Node::text(one.as_str()),
            many => Node::sequence(many.iter().map(|word| Node::text(word.as_str())).collect()),
        };
        let step = put(file.root, &["storage", "ceph", "mons"], value)?;
        let of = count + wanted;
        let what = format!("run {of} monitors of Ceph instead of {count}: also on {}", and(&more));
        Some(Change::new("monitors of Ceph", what, vec![step]).adds_machines())
    });
    variants.collect()
}

/// A check that notices whatever lies between the address and an API server, and moves the address for it.
fn check(file: &File<'_>) -> Vec<Change> {
    use plimsoll_model::design::VrrpCheckKind;
    let mut changes = Vec::new();
    let Some(vrrp) = &file.design.api.vrrp else { return changes };
    if vrrp.check.as_ref().is_some_and(|check| check.kind != VrrpCheckKind::Path) {
        changes.extend(put(file.root, &["api", "vrrp", "check"], Node::text("path")).map(|step| {
            let what = "let keepalived check the whole path to an API server, not only its balancer";
            Change::new("check of the address", what, vec![step])
        }));
    }
    let weight = vrrp.check.as_ref().and_then(|check| check.weight).filter(|weight| *weight != 0);
    let priorities = || vrrp.member.values().map(|member| i32::from(member.priority));
    if let (Some(weight), Some(least), Some(most)) = (weight, priorities().min(), priorities().max())
        && most - least < 253
    {
        // Enough to fall below every other, whichever member fails.
        let enough = -(most - least + 1);
        let mut steps: Vec<Step> =
            put(file.root, &["api", "vrrp", "check_weight"], Node::plain(enough.to_string())).into_iter().collect();
        let mut what = format!("let a failed check weigh {enough} instead of {weight}, so that the address moves");
        if !vrrp.preempt {
            steps.extend(put(file.root, &["api", "vrrp", "preempt"], Node::plain("true")));
            what.push_str(", with preemption");
        }
        if weight > enough || !vrrp.preempt {
            changes.push(Change::new("weight of the check", what, steps));
        }
    }
    changes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_listed_as_people_do() {
        let from: Vec<String> = ["a", "b", "c"].map(str::to_owned).to_vec();
        assert_eq!(and(&from), "a, b and c");
    }
}
