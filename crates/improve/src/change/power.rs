//! Feeds, batteries, strips, power supplies.

use plimsoll_model::Name;
use plimsoll_spec::Part;
use plimsoll_yaml::Node;

use super::{Change, File};
use crate::step::{Step, path, put};

pub(super) fn power(file: &File<'_>) -> Vec<Change> {
    let mut changes = Vec::new();
    changes.extend(feeds(file));
    changes.extend(batteries(file));
    changes.extend(strips(file));
    changes.extend(supplies(file));
    changes
}

/// A name for a new feed.
fn fresh(file: &File<'_>, stem: &str) -> String {
    let free = |name: &String| !file.design.feed.contains_key(&Name::from(name.as_str()));
    (1..100).map(|number| format!("{stem}-{number}")).find(free).unwrap_or_else(|| format!("{stem}-new"))
}

/// For each strip: what else it could hang on.
fn feeds(file: &File<'_>) -> Vec<Change> {
    let mut changes = Vec::new();
    let Some(site) = &file.spec.site else { return changes };
    for (racks, rack) in &site.racks {
        let rack_key = racks.value.to_string();
        for (pdu, of) in &rack.pdus {
            let (pdu, feed) = (pdu.value.0.as_str(), of.feed.value.0.as_str());
            let base = ["site", "racks", rack_key.as_str(), "pdus", pdu];
            // Written short (`a: utility`) or long (`a: { feed: utility }`).
            let short = crate::step::find(file.root, &path(&base)).is_some_and(|node| node.as_str().is_some());
            let at: Vec<&str> = base.iter().copied().chain((!short).then_some("feed")).collect();
            let hang = |on: &str| Step::Set { at: path(&at), to: Node::text(on) };
            let strip = format!("{rack_key}/{pdu}");
            let count = racks.count() as u32;
            for other in site.feeds.keys().filter(|other| other.value.0 != feed) {
                let what = format!("hang PDU {strip} on {} instead of {feed}", other.value);
                let group = format!("feed of {strip}, of those there are");
                let change = Change::new(group, what, vec![hang(&other.value.0)]);
                changes.push(change.about(&[&strip, &other.value.0, feed]));
            }
            let own = file.design.feed.get(&Name::from(feed));
            let root = own.and_then(|feed| feed.from.as_ref()).map_or(feed, Name::as_str);
            if own.is_some_and(|feed| feed.runtime.is_none()) {
                let name = fresh(file, "ups");
                let ups = Node::mapping(vec![
                    (plimsoll_yaml::Key::new("from"), Node::text(root)),
                    (plimsoll_yaml::Key::new("runtime"), Node::text("20m")),
                ]);
                if let Some(add) = put(file.root, &["site", "feeds", &name], ups) {
                    let what = format!("put a UPS of 20 minutes between {root} and PDU {strip}");
                    let change = Change::new("a UPS", what, vec![add, hang(&name)]);
                    changes.push(change.buys(&[(Part::Ups, count)]));
                }
            }
            let name = fresh(file, "feed");
            if let Some(add) = put(file.root, &["site", "feeds", &name], Node::mapping(Vec::new())) {
                let what = format!("hang PDU {strip} on a feed that does not depend on {root}");
                let change = Change::new("an independent feed", what, vec![add, hang(&name)]);
                changes.push(change.buys(&[(Part::Feed, 1)]));
            }
        }
    }
    changes
}

/// Batteries, or a generator, that carry through most power cuts.
fn batteries(file: &File<'_>) -> Vec<Change> {
    let mut changes = Vec::new();
    let Some(site) = &file.spec.site else { return changes };
    for (name, feed) in &site.feeds {
        let two_hours = 2 * 3600;
        if feed.runtime.as_ref().is_some_and(|runtime| runtime.value.as_secs() < f64::from(two_hours)) {
            let at = path(&["site", "feeds", &name.value.0, "runtime"]);
            let what = format!("give {} batteries, or a generator, for 2 hours", name.value);
            let change =
                Change::new(format!("runtime of {}", name.value), what, vec![Step::Set { at, to: Node::text("2h") }]);
            changes.push(change.about(&[&name.value.0]).buys(&[(Part::Ups, 1)]));
        }
    }
    changes
}

/// Equal devices, as they are written: hosts or switches.
struct Devices {
    section: &'static str,
    key: String,
    count: u32,
    /// The racks they stand in.
    racks: Vec<String>,
    /// The strips they hang on.
    power: Vec<String>,
}

fn devices(file: &File<'_>) -> Vec<Devices> {
    let switches = file.spec.switches.iter().map(|(key, of)| ("switches", key, &of.rack, &of.power));
    let hosts = file.spec.hosts.iter().map(|(key, of)| ("hosts", key, &of.rack, &of.power));
    let all = switches.chain(hosts).map(|(section, key, racks, power)| Devices {
        section,
        key: key.value.to_string(),
        count: key.count() as u32,
        racks: racks.iter().flat_map(|names| names.list()).map(|name| name.0.clone()).collect(),
        power: power.iter().map(|pdu| pdu.value.0.clone()).collect(),
    });
    all.collect()
}

/// A second strip in racks that have one, with a second power supply in all that stands there.
fn strips(file: &File<'_>) -> Vec<Change> {
    let mut changes = Vec::new();
    let Some(site) = &file.spec.site else { return changes };
    for (racks, rack) in site.racks.iter().filter(|(_, rack)| rack.pdus.len() == 1) {
        let rack_key = racks.value.to_string();
        let Some((only, of)) = rack.pdus.iter().next() else { continue };
        let second = if only.value.0 == "b" { "a" } else { "b" };
        let feed = of.feed.value.0.clone();
        let mut supplies = Vec::new();
        let mut count = 0;
        for of in devices(file) {
            let here = of.racks.iter().all(|rack| racks.list().iter().any(|name| name.0 == *rack));
            if here && !of.racks.is_empty() && of.power == [only.value.0.clone()] {
                supplies.push(Step::Push { to: path(&[of.section, &of.key, "power"]), item: Node::text(second) });
                count += of.count;
            }
        }
        let others = site.feeds.keys().map(|feed| feed.value.0.clone()).filter(|other| *other != feed);
        for on in std::iter::once(feed.clone()).chain(others) {
            let at = ["site", "racks", rack_key.as_str(), "pdus", second];
            let Some(add) = put(file.root, &at, Node::text(on.as_str())) else { continue };
            let what = format!(
                "add PDU {second} on {on} to rack {rack_key}, and a second power supply to all that stands there"
            );
            let steps = std::iter::once(add).chain(supplies.clone()).collect();
            let change = Change::new(format!("second PDU in {rack_key}"), what, steps).about(&[second, &on, &rack_key]);
            changes.push(change.buys(&[(Part::Pdu, racks.count() as u32), (Part::Psu, count)]));
        }
    }
    changes
}

/// A second power supply where there are strips for it.
fn supplies(file: &File<'_>) -> Vec<Change> {
    let mut changes = Vec::new();
    let Some(site) = &file.spec.site else { return changes };
    for of in devices(file) {
        let ([only], Some(rack)) = (&of.power[..], of.racks.first()) else { continue };
        let strips = site.racks.iter().find(|(racks, _)| racks.list().iter().any(|name| name.0 == *rack));
        let strips = strips.iter().flat_map(|(_, rack)| rack.pdus.keys()).map(|pdu| pdu.value.0.as_str());
        for other in strips.filter(|pdu| pdu != only) {
            let what = format!("give {} a second power supply, on PDU {other}", of.key);
            let push = Step::Push { to: path(&[of.section, &of.key, "power"]), item: Node::text(other) };
            let change = Change::new(format!("second power supply of {}", of.key), what, vec![push]);
            changes.push(change.about(&[&of.key, other]).buys(&[(Part::Psu, of.count)]));
        }
    }
    changes
}
