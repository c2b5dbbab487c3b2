//! One rack: strips and switches on top, hosts with their machines below, rails beside them.

use std::collections::BTreeMap;

use plimsoll_model::design::Host;
use plimsoll_model::{Design, Name};

use super::heads::{self, Head, strip, strips, switches};
use super::{Layout, Rect, Shape, Tier, Wire, short, supply, text_width, words};

const PAD: i32 = 16;
const RAIL: i32 = 12;
const HEAD: i32 = heads::HEIGHT;
const CHIP: i32 = 24;
const BETWEEN: i32 = 6;
const PLATE: i32 = 28;
/// Pixels of machines in one line of a host, before a second line begins.
const LINE: i32 = 300;
/// Lowest host: a name and a note.
const LOWEST: i32 = 44;
/// Between strips and switches.
const MIDDLE: i32 = 28;

/// A host with what hangs beside it.
struct Row {
    name: Name,
    rect: Rect,
    note: String,
    about: String,
    /// Its machines: name, sentence, and place in it.
    chips: Vec<(Name, String, Rect)>,
    /// Supplies: the strip, and the component.
    power: Vec<(String, String)>,
    /// Ports, that of the management controller last: the switch, and the components.
    links: Vec<(String, Vec<String>)>,
}

/// A rack, at the origin.
pub(super) struct Rack {
    name: Name,
    width: i32,
    height: i32,
    strips: Vec<Head>,
    switches: Vec<Head>,
    rows: Vec<Row>,
    /// Lines between switches of this rack: the two by path, and the cables.
    peers: BTreeMap<(String, String), Vec<String>>,
}

impl Rack {
    pub(super) fn of(design: &Design, name: &Name) -> Self {
        let hosts: Vec<(&Name, &Host)> = design.host.iter().filter(|(_, host)| host.rack == *name).collect();
        let mut rack = Rack {
            name: name.clone(),
            width: 0,
            height: 0,
            strips: strips(design, name, &hosts),
            switches: switches(design, name, &hosts),
            rows: hosts.iter().map(|(name, host)| row(design, name, host)).collect(),
            peers: BTreeMap::new(),
        };
        for (cable, ends) in &design.cable {
            let mut pair = [ends.a.device.clone(), ends.b.device.clone()];
            pair.sort();
            let [one, other] = pair;
            let own = rack.own_switches();
            if own.contains(&one.as_str()) && own.contains(&other.as_str()) {
                rack.peers.entry((one, other)).or_default().push(format!("cable/{cable}"));
            }
        }
        let names = rack.rows.iter().map(Row::name_width).max().unwrap_or(0);
        let chips = rack.rows.iter().map(Row::chips_width).max().unwrap_or(0);
        let hosts = names + chips + rack.left() + rack.right();
        let head = |list: &[Head]| list.iter().map(|head| head.rect.w + BETWEEN).sum::<i32>();
        let plate = text_width(&rack.label()) + 40;
        rack.width = hosts.max(head(&rack.strips) + MIDDLE + head(&rack.switches) + 2 * PAD).max(plate);
        rack
    }

    fn label(&self) -> String {
        format!("Rack {}", short(self.name.as_str()))
    }

    /// From the frame to the hosts.
    fn left(&self) -> i32 {
        PAD + self.strips.len() as i32 * RAIL + 4
    }

    fn right(&self) -> i32 {
        PAD + self.switches.len() as i32 * RAIL + 4
    }

    pub(super) fn width(&self) -> i32 {
        self.width
    }

    pub(super) fn height(&self) -> i32 {
        self.height
    }

    /// Paths of the switches that stand here and not in a tier above.
    pub(super) fn own_switches(&self) -> Vec<&str> {
        self.switches.iter().filter(|head| head.tier == Tier::Switch).map(|head| head.path.as_str()).collect()
    }

    /// What the rails take below the heads before they turn down.
    fn elbows(&self) -> i32 {
        self.strips.len().max(self.switches.len()) as i32 * BETWEEN
    }

    /// Gives the rack its final width, and everything in it its place.
    pub(super) fn widen(&mut self, width: i32) {
        self.width = width;
        let mut x = PAD;
        for head in &mut self.strips {
            head.rect = Rect { x, y: PAD, w: head.rect.w, h: HEAD };
            x += head.rect.w + BETWEEN;
        }
        let mut x = width - PAD;
        for head in self.switches.iter_mut().rev() {
            x -= head.rect.w;
            head.rect = Rect { x, y: PAD, w: head.rect.w, h: HEAD };
            x -= BETWEEN;
        }
        let names = self.rows.iter().map(Row::name_width).max().unwrap_or(0);
        let (left, right) = (self.left(), self.right());
        let elbows = self.elbows() + supply::height(&self.strips, &self.switches);
        let mut y = PAD + HEAD + elbows + 14;
        for row in &mut self.rows {
            row.arrange(left, y, width - left - right, names);
            y = row.rect.bottom() + 8;
        }
        self.height = y + 4 + PLATE + 12;
    }

    /// Boxes that wires from above end at.
    pub(super) fn ports(&self) -> Vec<(String, Rect)> {
        let own = self.strips.iter().chain(&self.switches).filter(|head| head.tier != Tier::Elsewhere);
        own.map(|head| (head.path.clone(), head.rect)).collect()
    }

    /// Draws it.
    pub(super) fn place(&self, layout: &mut Layout, x: i32, y: i32) {
        let path = format!("rack/{}", self.name);
        let shape = |rect: Rect, tier, path: &str, label: String, note: String, about: String| Shape {
            rect: rect.moved(x, y),
            tier,
            path: path.to_owned(),
            label,
            note,
            about,
        };
        let frame = Rect { x: 0, y: 0, w: self.width, h: self.height };
        layout.shapes.push(shape(frame, Tier::Frame, &path, String::new(), String::new(), String::new()));
        let plate = Rect { x: PAD, y: self.height - PLATE - 12, w: self.width - 2 * PAD, h: PLATE };
        let about = format!("rack {} with all that stands in it", self.name);
        layout.shapes.push(shape(plate, Tier::Rack, &path, self.label(), String::new(), about));
        for head in self.strips.iter().chain(&self.switches) {
            let about = head.about.clone();
            layout.shapes.push(shape(head.rect, head.tier, &head.path, head.label.clone(), String::new(), about));
        }
        for row in &self.rows {
            let path = format!("host/{}", row.name);
            let label = short(row.name.as_str());
            layout.shapes.push(shape(row.rect, Tier::Host, &path, label, row.note.clone(), row.about.clone()));
            for (machine, about, rect) in &row.chips {
                let path = format!("machine/{machine}");
                let label = short(machine.as_str());
                layout.shapes.push(shape(*rect, Tier::Machine, &path, label, String::new(), about.clone()));
            }
        }
        let moved = |mut wire: Wire| {
            for point in wire.points.iter_mut().chain(&mut wire.dots) {
                *point = (point.0 + x, point.1 + y);
            }
            wire
        };
        layout.wires.extend(self.rails().into_iter().map(moved));
        layout.wires.extend(self.supplies().into_iter().map(moved));
        layout.wires.extend(self.peer_wires().into_iter().map(moved));
    }

    fn rails(&self) -> Vec<Wire> {
        let below = PAD + HEAD;
        let mut wires = Vec::new();
        for (order, head) in self.strips.iter().enumerate() {
            let x = rail_of_strip(order as i32);
            let stubs = self.rows.iter().flat_map(|row| {
                let of: Vec<_> = row.power.iter().collect();
                let count = of.len() as i32;
                of.into_iter().enumerate().filter(|(_, (strip, _))| *strip == head.path).map(
                    move |(place, (_, part))| {
                        let y = row.rect.y + row.rect.h * (place as i32 + 1) / (count + 1);
                        ((row.rect.x, y), vec![part.clone()])
                    },
                )
            });
            let elbow = below + BETWEEN * (order as i32 + 1);
            rail(&mut wires, head, x, elbow, true, stubs.collect());
        }
        let last = self.switches.len() as i32 - 1;
        for (order, head) in self.switches.iter().enumerate() {
            let from_right = last - order as i32;
            let x = self.rail_of_switch(from_right);
            let stubs = self.rows.iter().flat_map(|row| {
                let count = row.links.len() as i32;
                row.links.iter().enumerate().filter(|(_, (switch, _))| *switch == head.path).map(
                    move |(place, (_, parts))| {
                        let y = row.rect.y + row.rect.h * (place as i32 + 1) / (count + 1);
                        ((row.rect.right(), y), parts.clone())
                    },
                )
            });
            let elbow = below + BETWEEN * (from_right + 1);
            rail(&mut wires, head, x, elbow, false, stubs.collect());
        }
        wires
    }

    /// Where the rail of a switch runs, counted from the right.
    fn rail_of_switch(&self, from_right: i32) -> i32 {
        self.width - PAD - from_right * RAIL - RAIL / 2
    }

    fn supplies(&self) -> Vec<Wire> {
        let of_switches = (0..self.switches.len() as i32).map(|order| self.rail_of_switch(order));
        let of_strips = (0..self.strips.len() as i32).map(rail_of_strip);
        let heads = self.strips.iter().chain(&self.switches).map(|head| head.rect.middle());
        let taken: Vec<i32> = of_switches.chain(of_strips).chain(heads).collect();
        supply::wires(&self.strips, &self.switches, PAD + HEAD + self.elbows(), &taken)
    }

    fn peer_wires(&self) -> Vec<Wire> {
        let mut wires = Vec::new();
        let at = |path: &str| self.switches.iter().position(|head| head.path == path);
        for (order, ((one, other), cables)) in self.peers.iter().enumerate() {
            let (Some(a), Some(b)) = (at(one), at(other)) else { continue };
            let (a, b) = (a.min(b), a.max(b));
            let (near, far) = (self.switches[a].rect, self.switches[b].rect);
            for (line, cable) in cables.iter().take(3).enumerate() {
                let points = if b == a + 1 {
                    let y = near.y + HEAD * (line as i32 + 1) / (cables.len().min(3) as i32 + 1);
                    vec![(near.right(), y), (far.x, y)]
                } else {
                    // Over the boxes between.
                    let y = near.y - 4 - 2 * (order as i32 + line as i32).min(4);
                    vec![(near.right() - 6, near.y), (near.right() - 6, y), (far.x + 6, y), (far.x + 6, far.y)]
                };
                let from = self.switches[a].path.clone();
                wires.push(Wire { points, dots: vec![], power: false, from, parts: vec![cable.clone()] });
            }
        }
        wires
    }
}

/// Where the rail of a strip runs, counted from the left.
fn rail_of_strip(order: i32) -> i32 {
    PAD + order * RAIL + RAIL / 2
}

/// A rail from its box down along the hosts, and a stub to each.
fn rail(wires: &mut Vec<Wire>, head: &Head, x: i32, elbow: i32, power: bool, stubs: Vec<((i32, i32), Vec<String>)>) {
    let Some(lowest) = stubs.iter().map(|(end, _)| end.1).max() else { return };
    let from = (head.rect.middle(), head.rect.bottom());
    wires.push(Wire {
        points: vec![from, (from.0, elbow), (x, elbow), (x, lowest)],
        dots: Vec::new(),
        power,
        from: head.path.clone(),
        parts: Vec::new(),
    });
    for (end, parts) in stubs {
        wires.push(Wire {
            points: vec![(x, end.1), end],
            dots: vec![(x, end.1)],
            power,
            from: head.path.clone(),
            parts,
        });
    }
}

impl Row {
    fn name_width(&self) -> i32 {
        let note = text_width(&self.note) * 9 / 10;
        text_width(&short(self.name.as_str())).max(note) + 22
    }

    /// Of its machines in one line, or in as many as [`LINE`] makes necessary.
    fn chips_width(&self) -> i32 {
        let all: i32 = self.chips.iter().map(|(_, _, rect)| rect.w + BETWEEN).sum();
        let widest = self.chips.iter().map(|(_, _, rect)| rect.w + BETWEEN).max().unwrap_or(0);
        all.min(LINE.max(widest)) + BETWEEN
    }

    fn arrange(&mut self, x: i32, y: i32, width: i32, names: i32) {
        let start = x + names;
        let end = x + width - BETWEEN;
        let (mut at, mut line) = (start, 0);
        let mut lines = Vec::new();
        for (_, _, rect) in &self.chips {
            if at > start && at + rect.w > end {
                (at, line) = (start, line + 1);
            }
            lines.push((at, line));
            at += rect.w + BETWEEN;
        }
        let used = (line + 1) * (CHIP + BETWEEN) - BETWEEN;
        let stubs = (self.power.len().max(self.links.len()) as i32 + 1) * 9;
        let height = (used + 2 * 8).max(LOWEST).max(stubs);
        self.rect = Rect { x, y, w: width, h: height };
        let top = y + (height - used) / 2;
        for ((_, _, rect), (x, line)) in self.chips.iter_mut().zip(lines) {
            *rect = Rect { x, y: top + line * (CHIP + BETWEEN), w: rect.w, h: CHIP };
        }
    }
}

fn row(design: &Design, name: &Name, host: &Host) -> Row {
    let machines = design.machine.iter().filter(|(_, machine)| machine.host == *name);
    let chips = machines
        .map(|(machine, of)| {
            let rect = Rect { w: text_width(&short(machine.as_str())) + 18, h: CHIP, ..Rect::default() };
            (machine.clone(), words::machine(machine, of), rect)
        })
        .collect();
    let power = host.psu.iter().map(|(psu, of)| (strip(of), format!("host/{name}/psu/{psu}")));
    let links = host.nic.iter().map(|(nic, of)| {
        let parts = vec![format!("host/{name}/nic/{nic}"), format!("cable/{}:{}", of.switch, of.port)];
        (format!("switch/{}", of.switch), parts)
    });
    let controller = host.bmc.iter().map(|bmc| {
        let parts = vec![format!("cable/{}:{}", bmc.switch, bmc.port)];
        (format!("switch/{}", bmc.switch), parts)
    });
    Row {
        name: name.clone(),
        rect: Rect::default(),
        note: format!("{} threads, {}", host.cpu.threads, host.memory),
        about: words::host(name, host),
        chips,
        power: power.collect(),
        links: links.chain(controller).collect(),
    }
}
