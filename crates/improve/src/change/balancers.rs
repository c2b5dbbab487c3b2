//! Balancers on machines of their own: a pair instead of the control plane, or a second one beside the only one.

use plimsoll_model::Name;
use plimsoll_model::design::{Balancer, Role};
use plimsoll_spec::cluster::Backends;
use plimsoll_yaml::{Key, Node};

use super::control::and;
use super::{Change, File, moves};
use crate::step::{Step, path, put};
use plimsoll_model::series;

pub(super) fn balancers(file: &File<'_>, cut: &mut Vec<String>) -> Vec<Change> {
    match file.design.api.balancer {
        Balancer::Stacked => pair(file, cut),
        Balancer::Dedicated => second(file, cut),
        Balancer::External => Vec::new(),
    }
}

/// Hosts whose guests can stand in the network of the API's address.
fn hosts(file: &File<'_>) -> Vec<String> {
    let network = &file.design.api.network;
    let carries = |name: &String| {
        let host = file.design.host.get(&Name::from(name.as_str()));
        host.is_some_and(|host| host.bridge.values().any(|bridge| bridge.networks.contains(network)))
    };
    file.hosts().into_iter().filter(carries).collect()
}

/// Two machines that balance, and the control plane no more.
fn pair(file: &File<'_>, cut: &mut Vec<String>) -> Vec<Change> {
    let control = file.design.machines(Role::ControlPlane).map(|(name, _)| name.to_string()).next();
    let Some((behind, _)) = control.and_then(|name| file.entry_of(&name)) else { return Vec::new() };
    let Some(new) = series::next("lb-0", 2, &|name| file.taken(name)) else { return Vec::new() };
    let Some(settings) = settings(file) else { return Vec::new() };
    let add = |name: String, host: &str| Step::Add {
        to: path(&["machines"]),
        after: Some(behind.clone()),
        key: name,
        value: Node::mapping(vec![
            (Key::new("role"), Node::text("balancer")),
            (Key::new("host"), Node::text(host)),
            (Key::new("networks"), Node::sequence(vec![Node::text(file.design.api.network.as_str())])),
        ]),
    };
    let variants = file.places("a pair of balancers", &hosts(file), &[], 2, cut).into_iter().map(|on| {
        let mut steps = match (series::word(&new), series::word(&on)) {
            (Some(range), Some(on)) => vec![add(range, &on)],
            _ => new.iter().zip(&on).map(|(name, host)| add(name.clone(), host)).collect(),
        };
        steps.extend(settings.clone());
        let what = format!("balance the API on two machines of their own, {} on {}", and(&new), and(&on));
        let change = Change::new("balancers of their own", what, steps).adds_machines();
        // With unicast neither group hears the other: both would hold the address.
        change.note(
            "the address moves: start HAProxy on the new balancers, then stop keepalived on the control plane, and only then \
             start it on them; the two groups do not hear each other, and both would hold the address",
        )
    });
    variants.collect()
}

/// The settings under `api:` with which a pair balances: what was written for one member on each control plane must fit
/// two, that have no API server beside them.
fn settings(file: &File<'_>) -> Option<Vec<Step>> {
    let mut steps = vec![put(file.root, &["api", "balancer"], Node::text("dedicated"))?];
    let api = &file.spec.api;
    let backends = api.haproxy.as_ref().and_then(|haproxy| haproxy.backends.as_ref());
    if backends.is_some_and(|word| word.value == Backends::Local) {
        steps.push(put(file.root, &["api", "haproxy", "backends"], Node::text("all"))?);
    }
    let priorities = api.vrrp.as_ref().map(|vrrp| vrrp.priorities.as_slice()).unwrap_or_default();
    match priorities {
        [] => {}
        [first, second, ..] => {
            let both = [first, second].map(|priority| Node::plain(priority.value.to_string()));
            steps.push(put(file.root, &["api", "vrrp", "priorities"], Node::sequence(both.to_vec()))?);
        }
        [_] => return None,
    }
    Some(steps)
}

/// A second balancer beside the only one.
fn second(file: &File<'_>, cut: &mut Vec<String>) -> Vec<Change> {
    let now: Vec<(String, String)> = file
        .design
        .machines(Role::Balancer)
        .map(|(name, machine)| (name.to_string(), machine.host.to_string()))
        .collect();
    let [(only, host)] = &now[..] else { return Vec::new() };
    let Some((key, _)) = file.entry_of(only) else { return Vec::new() };
    let Some(new) = series::next(only, 1, &|name| file.taken(name)) else { return Vec::new() };
    let free: Vec<String> = hosts(file).into_iter().filter(|other| other != host).collect();
    let used = [host.clone()];
    let variants = file.places("a second balancer", &free, &used, 1, cut).into_iter().filter_map(|on| {
        let steps = moves::more(file, &key, &new, &on)?;
        let what = format!("add a second balancer of the API beside {only}: {} on {}", and(&new), and(&on));
        Some(Change::new("second balancer", what, steps).adds_machines())
    });
    variants.collect()
}
