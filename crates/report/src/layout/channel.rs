//! Wires that serve several racks: a horizontal line for each source in the channel above each row of racks, and a trunk
//! in the margin that joins the lines of one source.

use std::collections::{BTreeMap, BTreeSet};

use plimsoll_model::Design;
use plimsoll_model::design::SwitchRole;

use super::rack::Rack;
use super::{EDGE, Layout, Rect, STEP, Wire};

/// Pixels of a channel beside its lines.
const ROOM: i32 = 24;

/// A source with all that hangs on it in racks.
pub(super) struct Bus {
    /// Path of the source.
    from: String,
    pub(super) power: bool,
    /// What hangs on it: the path of the box, and the components on the way.
    taps: BTreeMap<String, Vec<String>>,
}

/// All sources, feeds first.
pub(super) fn buses(design: &Design, racks: &[Rack]) -> Vec<Bus> {
    let mut buses: Vec<Bus> = Vec::new();
    for feed in design.feed.keys() {
        let strips = design.rack.iter().flat_map(|(rack, of)| {
            let fed = of.pdu.iter().filter(|(_, pdu)| pdu.feed == *feed);
            fed.map(move |(pdu, _)| (format!("rack/{rack}/pdu/{pdu}"), Vec::new()))
        });
        let taps: BTreeMap<String, Vec<String>> = strips.collect();
        if !taps.is_empty() {
            buses.push(Bus { from: format!("feed/{feed}"), power: true, taps });
        }
    }
    let mut network: BTreeMap<String, BTreeMap<String, Vec<String>>> = BTreeMap::new();
    let standing: BTreeMap<&str, usize> = racks
        .iter()
        .enumerate()
        .flat_map(|(rack, of)| of.own_switches().into_iter().map(move |path| (path, rack)))
        .collect();
    for (name, cable) in &design.cable {
        let (a, b) = (cable.a.device.as_str(), cable.b.device.as_str());
        // Sources stand above: what others own, then spines; of two in racks the first by name.
        let (from, to) = match (rank(design, a), rank(design, b)) {
            (Some(one), Some(other)) if (one, a) <= (other, b) => (a, b),
            (Some(_), Some(_)) => (b, a),
            _ => continue,
        };
        let same_rack = standing.get(from).is_some_and(|rack| standing.get(to) == Some(rack));
        if same_rack || !standing.contains_key(to) {
            continue;
        }
        let taps = network.entry(from.to_owned()).or_default();
        taps.entry(to.to_owned()).or_default().push(format!("cable/{name}"));
        if standing.contains_key(from) {
            taps.entry(from.to_owned()).or_default();
        }
    }
    buses.extend(network.into_iter().map(|(from, taps)| Bus { from, power: false, taps }));
    buses
}

/// How far above a device of the network stands; nothing else has wires in a channel.
fn rank(design: &Design, device: &str) -> Option<u8> {
    if device.starts_with("external/") {
        return Some(0);
    }
    let name = device.strip_prefix("switch/")?;
    let switch = design.switch.iter().find(|(other, _)| other.as_str() == name)?.1;
    Some(if switch.role == SwitchRole::Spine { 1 } else { 2 })
}

/// Pixels of a channel.
pub(super) fn height(buses: &[Bus]) -> i32 {
    ROOM + buses.len() as i32 * STEP
}

/// Draws all lines: `places` has the boxes with their rows, `channels` where the channel of each row begins.
pub(super) fn draw(
    buses: &[Bus],
    places: &BTreeMap<String, (Rect, usize)>,
    channels: &[i32],
    layout: &mut Layout,
    left: i32,
) {
    let mut tapped: BTreeMap<&str, i32> = BTreeMap::new();
    let mut trunks = [0, 0];
    for (index, bus) in buses.iter().enumerate() {
        let line = |row: usize| channels[row] + ROOM / 2 + index as i32 * STEP;
        let rows: BTreeSet<usize> = bus.taps.keys().filter_map(|path| places.get(path)).map(|(_, row)| *row).collect();
        let source = places.get(&bus.from).filter(|_| !bus.taps.contains_key(&bus.from)).map(|(rect, _)| *rect);
        let mut all = rows.clone();
        all.extend(source.map(|_| 0));
        let trunk = (all.len() > 1).then(|| {
            let order = &mut trunks[usize::from(!bus.power)];
            *order += 1;
            if bus.power { left - *order * STEP } else { layout.width - EDGE - *order * STEP }
        });
        let wire = |points: Vec<(i32, i32)>, dots: Vec<(i32, i32)>, parts: Vec<String>| Wire {
            points,
            dots,
            power: bus.power,
            from: bus.from.clone(),
            parts,
        };
        for row in &all {
            let y = line(*row);
            let mut ends: Vec<i32> = trunk.into_iter().collect();
            if let (0, Some(source)) = (*row, source) {
                ends.push(source.exit());
                layout.wires.push(wire(vec![(source.exit(), source.bottom()), (source.exit(), y)], vec![], vec![]));
            }
            for (path, parts) in &bus.taps {
                let Some((rect, _)) = places.get(path).filter(|(_, of)| of == row) else { continue };
                // Several lines to one box end beside each other.
                let count = buses.iter().filter(|bus| bus.taps.contains_key(path)).count() as i32;
                let order = tapped.entry(path).or_default();
                *order += 1;
                let x = rect.entry(*order, count);
                ends.push(x);
                layout.wires.push(wire(vec![(x, y), (x, rect.y)], vec![(x, y)], parts.clone()));
            }
            let (Some(&first), Some(&last)) = (ends.iter().min(), ends.iter().max()) else { continue };
            if first < last {
                layout.wires.push(wire(vec![(first, y), (last, y)], vec![], vec![]));
            }
        }
        if let (Some(x), Some(first), Some(last)) = (trunk, all.first(), all.last()) {
            let corners = all.iter().map(|row| (x, line(*row))).collect();
            layout.wires.push(wire(vec![(x, line(*first)), (x, line(*last))], corners, vec![]));
        }
    }
}
