//! Where everything is drawn: tiers above, racks below, wires along rails.
//!
//! Feeds and what feeds them stand above on the left, routers and spines above on the right. Each rack is drawn as one
//! looks at it: its power strips and switches on top, its hosts below one another with their machines in them. Power runs
//! down on the left of the hosts, the network on the right, each strip and each switch on a rail of its own; a dot is a
//! connection, a crossing without one is none. The power of a rack's switches runs below them, above its hosts. What serves
//! several racks runs in the channel above them. Racks that do not fit beside each other go into further rows, which trunks
//! in the margins reach.
#![allow(clippy::cast_possible_wrap, reason = "counts of what stands on one site, far below the end of 31 bits")]

mod channel;
mod heads;
mod rack;
mod supply;
mod tiers;
mod words;

use std::collections::{BTreeMap, BTreeSet};

use plimsoll_model::design::SwitchRole;
use plimsoll_model::{Design, Name};

use rack::Rack;

/// Pixels between racks.
const GAP: i32 = 24;
/// Pixels that racks beside each other may take.
const TARGET: i32 = 960;
/// Pixels between parallel wires in a channel.
const STEP: i32 = 8;
/// Pixels around the whole.
const EDGE: i32 = 4;

/// A rectangle, in pixels.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Rect {
    /// Left.
    pub x: i32,
    /// Top.
    pub y: i32,
    /// Width.
    pub w: i32,
    /// Height.
    pub h: i32,
}

impl Rect {
    /// Right edge.
    pub const fn right(self) -> i32 {
        self.x + self.w
    }

    /// Lower edge.
    pub const fn bottom(self) -> i32 {
        self.y + self.h
    }

    /// Middle, from left to right.
    pub const fn middle(self) -> i32 {
        self.x + self.w / 2
    }

    /// Where the wire begins that leaves it downwards. Wires that leave and wires that arrive stand on different
    /// pixels, so that a wire of one source never runs on that of another.
    const fn exit(self) -> i32 {
        let x = self.middle();
        x - x.rem_euclid(4)
    }

    /// Where one of some wires arrives from above, counted from 1.
    const fn entry(self, order: i32, count: i32) -> i32 {
        let x = self.x + self.w * order / (count + 1);
        x - x.rem_euclid(4) + 2
    }

    const fn moved(self, x: i32, y: i32) -> Rect {
        Rect { x: self.x + x, y: self.y + y, w: self.w, h: self.h }
    }
}

/// What a shape stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Tier {
    /// The frame around a rack; not a thing by itself.
    Frame,
    /// A source of power.
    Feed,
    /// A power strip.
    Pdu,
    /// A router that others own.
    Router,
    /// A switch.
    Switch,
    /// The name plate of a rack.
    Rack,
    /// A physical machine; its virtual machines lie in it.
    Host,
    /// A virtual machine.
    Machine,
    /// A strip or a switch that stands in another rack.
    Elsewhere,
}

impl Tier {
    /// The word for people and style sheets.
    pub const fn as_str(self) -> &'static str {
        match self {
            Tier::Frame => "frame",
            Tier::Feed => "feed",
            Tier::Pdu => "pdu",
            Tier::Router => "router",
            Tier::Switch => "switch",
            Tier::Rack => "rack",
            Tier::Host => "host",
            Tier::Machine => "machine",
            Tier::Elsewhere => "elsewhere",
        }
    }
}

/// A box.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shape {
    /// Where.
    pub rect: Rect,
    /// What it stands for.
    pub tier: Tier,
    /// Path of the component (`host/pve-1`).
    pub path: String,
    /// The name in it.
    pub label: String,
    /// A second, smaller line; may be empty.
    pub note: String,
    /// All about it in one sentence, for those who cannot see where it stands.
    pub about: String,
}

/// A line with right angles.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wire {
    /// Its corners.
    pub points: Vec<(i32, i32)>,
    /// Where it is connected to others.
    pub dots: Vec<(i32, i32)>,
    /// Whether it carries power, or else packets.
    pub power: bool,
    /// Path of what is at its source: without that it carries nothing.
    pub from: String,
    /// Paths of the components that it is made of; without one of them it carries nothing either.
    pub parts: Vec<String>,
}

/// A drawing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Layout {
    /// Width in pixels.
    pub width: i32,
    /// Height in pixels.
    pub height: i32,
    /// Boxes, those that contain others first.
    pub shapes: Vec<Shape>,
    /// Wires.
    pub wires: Vec<Wire>,
}

impl Layout {
    /// Lays out a Design.
    pub fn of(design: &Design) -> Self {
        let mut racks: Vec<Rack> = rack_names(design).iter().map(|name| Rack::of(design, name)).collect();
        let width = racks.iter().map(Rack::width).max().unwrap_or_default();
        for rack in &mut racks {
            rack.widen(width);
        }
        let buses = channel::buses(design, &racks);
        let fits = ((TARGET + GAP) / (width + GAP).max(1)).max(1) as usize;
        let rows = racks.len().div_ceil(fits).max(1);
        let each = racks.len().div_ceil(rows).max(1);
        let margin = |power: bool| {
            let count = buses.iter().filter(|bus| bus.power == power).count() as i32;
            if rows > 1 { EDGE + count * STEP + STEP } else { EDGE }
        };
        let (left, right) = (margin(true), margin(false));
        let beside = each.min(racks.len()) as i32;
        let inner = (beside * (width + GAP) - GAP).max(tiers::width(design));
        let mut layout = Layout { width: left + inner + right, ..Layout::default() };
        let mut below = tiers::place(design, &mut layout, left, left + inner);

        let mut places: BTreeMap<String, (Rect, usize)> = BTreeMap::new();
        for shape in &layout.shapes {
            places.insert(shape.path.clone(), (shape.rect, 0));
        }
        let mut channels = Vec::new();
        for (row, of_row) in racks.chunks(each).enumerate() {
            channels.push(below);
            below += channel::height(&buses);
            // A row that is not full stands in the middle.
            let used = of_row.len() as i32 * (width + GAP) - GAP;
            let mut x = left + (inner - used) / 2;
            let mut deepest = below;
            for rack in of_row {
                rack.place(&mut layout, x, below);
                for (path, rect) in rack.ports() {
                    places.insert(path, (rect.moved(x, below), row));
                }
                deepest = deepest.max(below + rack.height());
                x += width + GAP;
            }
            below = deepest;
        }
        channel::draw(&buses, &places, &channels, &mut layout, left);
        layout.height = below + EDGE;
        layout.shapes.sort_by_key(|shape| (shape.tier != Tier::Frame, shape.tier == Tier::Machine));
        layout
    }
}

/// Racks that are declared, and those that only something stands in.
fn rack_names(design: &Design) -> Vec<Name> {
    let mut names: BTreeSet<Name> = design.rack.keys().cloned().collect();
    names.extend(design.host.values().map(|host| host.rack.clone()));
    let switches = design.switch.values().filter(|switch| switch.role != SwitchRole::Spine);
    names.extend(switches.map(|switch| switch.rack.clone()));
    names.into_iter().collect()
}

/// Pixels that a text takes at most, at a size of 12.
pub(crate) fn text_width(text: &str) -> i32 {
    (text.chars().count() as i32 * 15).div_euclid(2)
}

/// A name that fits: what is longer ends in an ellipsis, and is whole in the sentence about the shape.
fn short(name: &str) -> String {
    const MOST: usize = 22;
    if name.chars().count() <= MOST {
        return name.to_owned();
    }
    let mut cut: String = name.chars().take(MOST - 1).collect();
    cut.push('…');
    cut
}
