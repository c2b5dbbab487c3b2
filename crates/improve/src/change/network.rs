//! Leaves, links, cards.

use plimsoll_model::design::{ExternalKind, SwitchRole as DesignRole};
use plimsoll_spec::Part;
use plimsoll_spec::site::SwitchRole;
use plimsoll_yaml::{Key, Node};

use super::{Change, File};
use crate::step::{Step, path, put};
use plimsoll_model::series;

pub(super) fn network(file: &File<'_>) -> Vec<Change> {
    let mut changes = Vec::new();
    changes.extend(second_leaf(file));
    changes.extend(second_link(file));
    changes.extend(peer_links(file));
    changes.extend(uplinks(file));
    changes
}

/// Links of hosts that hang on one switch alone: the host's key, how many hosts, the interface.
fn single_links(file: &File<'_>, switch: &str) -> Vec<(String, usize, String)> {
    let mut links = Vec::new();
    for (hosts, host) in &file.spec.hosts {
        for (nic, of) in &host.nics {
            if let [only] = &of.ports[..]
                && only.value.to_string() == switch
                && of.links.is_empty()
                && of.cards.is_empty()
            {
                links.push((hosts.value.to_string(), hosts.count(), nic.value.0.clone()));
            }
        }
    }
    links
}

/// What turns a single link into a bond over two switches. By hand where the interface is no bond by its name, since the
/// bridges above it would have to be renamed too.
fn bonded(
    file: &File<'_>,
    links: &[(String, usize, String)],
    second: &str,
) -> Option<(Vec<Step>, Option<String>, u32)> {
    let mut steps = Vec::new();
    let mut by_hand = None;
    let mut count = 0;
    for (hosts, number, nic) in links {
        let base = ["hosts", hosts.as_str(), "nics", nic.as_str()];
        let at: Vec<&str> = base.iter().copied().chain(["ports"]).collect();
        steps.push(Step::Push { to: path(&at), item: Node::text(second) });
        let at: Vec<&str> = base.iter().copied().chain(["mode"]).collect();
        steps.push(put(file.root, &at, Node::text("lacp"))?);
        if !nic.starts_with("bond") {
            by_hand = Some(format!(
                "make a bond of {nic} and a second port of {hosts}, one to each switch, and let the bridges stand on it"
            ));
        }
        count += *number as u32;
    }
    Some((steps, by_hand, count))
}

/// A second leaf beside the only one, as a pair, with a second link from every host.
fn second_leaf(file: &File<'_>) -> Option<Change> {
    let mut leaves = file
        .spec
        .switches
        .iter()
        .filter(|(_, switch)| switch.role.as_ref().is_none_or(|role| role.value == SwitchRole::Leaf));
    let ((key, switch), None) = (leaves.next()?, leaves.next()) else { return None };
    if key.count() != 1 || switch.mlag.is_some() {
        return None;
    }
    let first = key.value.to_string();
    let second = series::next(&first, 1, &|name| file.taken(name))?.pop()?;
    let range = series::word(&[first.clone(), second.clone()])?;
    let pair = Node::mapping(vec![
        (Key::new("group"), Node::text("fabric")),
        (Key::new("peer_links"), Node::plain("2")),
        (Key::new("keepalive"), Node::plain("true")),
    ]);
    let links = single_links(file, &first);
    let (mut steps, by_hand, count) = bonded(file, &links, &second)?;
    steps.insert(0, Step::Rename { at: path(&["switches", &first]), key: range });
    steps.push(put(file.root, &["switches", &first, "mlag"], pair)?);
    let what =
        format!("put a second leaf {second} beside {first}, as an MLAG pair, with a link from every host to each");
    let uplinks = switch.uplinks.as_ref().map_or(0, |uplinks| uplinks.to.count() as u32);
    let change = Change { by_hand, ..Change::new("a second leaf", what, steps) };
    Some(change.buys(&[(Part::Switch, 1), (Part::Nic, count), (Part::Cable, count + uplinks + 2)]))
}

/// A second link of hosts that hang on one switch of a pair.
fn second_link(file: &File<'_>) -> Vec<Change> {
    let mut changes = Vec::new();
    for mlag in file.design.mlag.values() {
        for member in &mlag.members {
            let Some(other) = mlag.members.iter().find(|other| *other != member) else { continue };
            for link in single_links(file, member.as_str()) {
                let Some((steps, by_hand, count)) = bonded(file, std::slice::from_ref(&link), other.as_str()) else {
                    continue;
                };
                let what = format!("give {} a second link beside {}, to {other}", link.0, link.2);
                let change = Change { by_hand, ..Change::new(format!("second link of {}", link.0), what, steps) };
                let change = change.about(&[&link.0, &link.2, other.as_str()]);
                changes.push(change.buys(&[(Part::Nic, count), (Part::Cable, count)]));
            }
        }
    }
    changes
}

/// A second cable between the switches of a pair.
fn peer_links(file: &File<'_>) -> Vec<Change> {
    let mut changes = Vec::new();
    for (key, switch) in &file.spec.switches {
        let links = switch.mlag.as_ref().and_then(|mlag| mlag.peer_links.as_ref()).map(|links| links.value);
        if let Some(1) = links {
            let key = key.value.to_string();
            let at = path(&["switches", &key, "mlag", "peer_links"]);
            let what = format!("join {key} by two peer links instead of one");
            let change =
                Change::new(format!("peer links of {key}"), what, vec![Step::Set { at, to: Node::plain("2") }]);
            changes.push(change.about(&[&key]).buys(&[(Part::Cable, 1)]));
        }
    }
    changes
}

/// One more uplink of switches that hang on one router or spine alone, to the next of its kind.
fn uplinks(file: &File<'_>) -> Vec<Change> {
    let design = file.design;
    let spines = design.switch.iter().filter(|(_, switch)| switch.role == DesignRole::Spine).map(|(name, _)| name);
    let routers = design.external.iter().filter(|(_, part)| part.kind == ExternalKind::Router).map(|(name, _)| name);
    let [spines, routers]: [Vec<String>; 2] =
        [spines.map(ToString::to_string).collect(), routers.map(ToString::to_string).collect()];
    let mut changes = Vec::new();
    for (key, switch) in &file.spec.switches {
        let Some(uplinks) = &switch.uplinks else { continue };
        let [only] = uplinks.to.list() else { continue };
        let Some(kind) = [&spines, &routers].into_iter().find(|kind| kind.contains(&only.0)) else { continue };
        let switches: Vec<&str> = key.list().iter().map(|name| name.0.as_str()).collect();
        let mut others = kind.iter().filter(|other| **other != only.0 && !switches.contains(&other.as_str()));
        let Some(other) = others.next() else { continue };
        let mut both = vec![only.0.clone(), other.clone()];
        series::sort(&mut both);
        let Some(word) = series::word(&both) else { continue };
        let key_word = key.value.to_string();
        let step = put(file.root, &["switches", &key_word, "uplinks", "to"], Node::text(word));
        let what = format!("give {key_word} a second uplink, to {other}");
        let change = Change::new(format!("uplinks of {key_word}"), what, step.into_iter().collect());
        changes.push(change.about(&[&key_word, other]).buys(&[(Part::Cable, key.count() as u32)]));
    }
    changes
}
