//! More members of etcd, more monitors of Ceph, the check that moves the API's address, faster timers.

use plimsoll_model::design::Role;
use plimsoll_yaml::Node;

use super::{Change, File, moves};
use crate::names;
use crate::step::{Step, put};

pub(super) fn control(file: &File<'_>) -> Vec<Change> {
    let mut changes = Vec::new();
    changes.extend(members(file));
    changes.extend(monitors(file));
    changes.extend(check(file));
    changes.extend(faster(file));
    changes
}

/// The first and the last of what there is to choose from: near and far from what is in use.
pub(super) fn ends(from: &[String], count: usize) -> Vec<Vec<String>> {
    if from.len() < count || count == 0 {
        return Vec::new();
    }
    let (first, last) = (from[..count].to_vec(), from[from.len() - count..].to_vec());
    if first == last { vec![first] } else { vec![first, last] }
}

fn and(names: &[String]) -> String {
    match names.split_last() {
        Some((last, rest)) if !rest.is_empty() => format!("{} and {last}", rest.join(", ")),
        _ => names.join(""),
    }
}

/// An odd number of members: one or two more control-plane machines.
fn members(file: &File<'_>) -> Vec<Change> {
    let mut machines: Vec<String> =
        file.design.machines(Role::ControlPlane).map(|(name, _)| name.to_string()).collect();
    names::sort(&mut machines);
    let count = machines.len();
    let Some(last) = machines.last().filter(|_| (1..5).contains(&count)) else { return Vec::new() };
    let wanted = if count.is_multiple_of(2) { 1 } else { 2 };
    let used: Vec<String> =
        file.design.machines(Role::ControlPlane).map(|(_, machine)| machine.host.to_string()).collect();
    let free: Vec<String> = file.hosts().into_iter().filter(|host| !used.contains(host)).collect();
    let Some((key, _)) = file.entry_of(last) else { return Vec::new() };
    let Some(new) = names::next(last, wanted, &|name| file.taken(name)) else { return Vec::new() };
    let variants = ends(&free, wanted).into_iter().filter_map(|hosts| {
        let steps = moves::more(file, &key, &new, &hosts)?;
        let of = count + wanted;
        let what = format!("run {of} members of etcd instead of {count}: {} on {}", and(&new), and(&hosts));
        Some(Change::new("members of etcd", what, steps).adds_machines())
    });
    variants.collect()
}

/// An odd number of monitors, on hosts that have none.
fn monitors(file: &File<'_>) -> Vec<Change> {
    let Some(ceph) = &file.design.ceph else { return Vec::new() };
    let mut now: Vec<String> = ceph.mon.keys().map(ToString::to_string).collect();
    names::sort(&mut now);
    let count = now.len();
    if !(1..5).contains(&count) {
        return Vec::new();
    }
    let wanted = if count.is_multiple_of(2) { 1 } else { 2 };
    let used: Vec<String> = ceph.mon.values().map(|mon| mon.host.to_string()).collect();
    let mut free: Vec<String> = Vec::new();
    let mut hosts: Vec<String> = used;
    let mut workers: Vec<(String, String)> =
        ceph.osd.values().map(|osd| (osd.machine.to_string(), osd.host.to_string())).collect();
    workers.sort();
    workers.dedup();
    for (machine, host) in workers {
        if !hosts.contains(&host) {
            hosts.push(host);
            free.push(machine);
        }
    }
    names::sort(&mut free);
    let variants = ends(&free, wanted).into_iter().filter_map(|more| {
        let mut all: Vec<String> = now.iter().chain(&more).cloned().collect();
        names::sort(&mut all);
        let words = names::collapse(&all);
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

/// Faster timers make an outage shorter; what breaks stays the same.
fn faster(file: &File<'_>) -> Option<Change> {
    use plimsoll_spec::cluster::Failover;
    let spec = &file.spec.api;
    if file.design.api.vrrp.is_none() || spec.failover.as_ref().is_some_and(|kind| kind.value == Failover::Fast) {
        return None;
    }
    let step = put(file.root, &["api", "failover"], Node::text("fast"))?;
    let what = "fail over as fast as can be had";
    let change = Change { timing: true, ..Change::new("timers", what, vec![step]) };
    Some(change.note("shorter outages of the API, and more readily moved for nothing: seconds, not what breaks"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ends_are_first_and_last() {
        let from: Vec<String> = ["a", "b", "c"].map(str::to_owned).to_vec();
        assert_eq!(ends(&from, 2), [["a", "b"], ["b", "c"]]);
        assert_eq!(ends(&from, 3).len(), 1);
        assert!(ends(&from, 4).is_empty());
        assert_eq!(and(&from), "a, b and c");
    }
}
