//! Nothing lies on anything that it is not part of, for the example and for designs up to fifty hosts in five racks.
#![allow(clippy::cast_possible_wrap, reason = "lengths of names")]

mod common;

use common::{Case, made_up};
use plimsoll_model::Design;
use plimsoll_report::layout::{Layout, Rect, Shape, Tier};

fn overlap(a: Rect, b: Rect) -> bool {
    a.x < b.right() && b.x < a.right() && a.y < b.bottom() && b.y < a.bottom()
}

fn within(inner: Rect, outer: Rect) -> bool {
    inner.x >= outer.x && inner.y >= outer.y && inner.right() <= outer.right() && inner.bottom() <= outer.bottom()
}

fn contains(outer: &Shape, inner: &Shape) -> bool {
    let may = matches!((outer.tier, inner.tier), (Tier::Host, Tier::Machine))
        || (outer.tier == Tier::Frame && inner.tier != Tier::Frame);
    may && within(inner.rect, outer.rect)
}

fn check(design: &Design, what: &str) {
    let layout = Layout::of(design);
    let whole = Rect { x: 0, y: 0, w: layout.width, h: layout.height };
    for (at, one) in layout.shapes.iter().enumerate() {
        assert!(within(one.rect, whole), "{what}: {one:?} is outside");
        // 7.5 pixels are more than a letter takes on average at this size.
        let needs = one.label.chars().count() as i32 * 15 / 2;
        assert!(one.tier == Tier::Frame || needs <= one.rect.w, "{what}: {} does not fit", one.label);
        for other in &layout.shapes[at + 1..] {
            let nested = contains(one, other) || contains(other, one);
            assert!(nested || !overlap(one.rect, other.rect), "{what}: {one:?} and {other:?}");
        }
    }
    for machine in design.machine.keys() {
        let path = format!("machine/{machine}");
        assert_eq!(layout.shapes.iter().filter(|shape| shape.path == path).count(), 1, "{what}: {path}");
    }
    wires(&layout, what);
}

fn wires(layout: &Layout, what: &str) {
    let segment = |points: &[(i32, i32)]| {
        let (a, b) = (points[0], points[1]);
        assert!(a.0 == b.0 || a.1 == b.1, "{what}: {a:?} to {b:?} is askew");
        Rect { x: a.0.min(b.0), y: a.1.min(b.1), w: (a.0 - b.0).abs(), h: (a.1 - b.1).abs() }
    };
    let mut segments: Vec<(&str, Rect)> = Vec::new();
    for wire in &layout.wires {
        for points in wire.points.windows(2) {
            let line = segment(points);
            for shape in layout.shapes.iter().filter(|shape| shape.tier != Tier::Frame) {
                let inside =
                    Rect { x: shape.rect.x + 1, y: shape.rect.y + 1, w: shape.rect.w - 2, h: shape.rect.h - 2 };
                let crosses = line.x < inside.right()
                    && inside.x < line.right().max(line.x + 1)
                    && line.y < inside.bottom()
                    && inside.y < line.bottom().max(line.y + 1);
                assert!(!crosses, "{what}: a wire from {} runs through {}", wire.from, shape.path);
            }
            segments.push((&wire.from, line));
        }
        for dot in &wire.dots {
            let on = wire
                .points
                .windows(2)
                .map(segment)
                .any(|line| line.x <= dot.0 && dot.0 <= line.right() && line.y <= dot.1 && dot.1 <= line.bottom());
            assert!(on, "{what}: a dot of {} lies beside its wire", wire.from);
        }
    }
    // Wires of two sources may cross, and never run on each other: nobody could tell them apart.
    for (at, (from, a)) in segments.iter().enumerate() {
        for (other, b) in segments[at + 1..].iter().filter(|(other, _)| other != from) {
            let along_x = a.h == 0 && b.h == 0 && a.y == b.y && a.x < b.right() && b.x < a.right();
            let along_y = a.w == 0 && b.w == 0 && a.x == b.x && a.y < b.bottom() && b.y < a.bottom();
            assert!(!along_x && !along_y, "{what}: wires of {from} and {other} lie on each other: {a:?} {b:?}");
        }
    }
}

#[test]
fn the_example() {
    check(&Case::campus().design, "campus");
}

#[test]
fn designs_up_to_fifty_hosts_in_five_racks() {
    for racks in 1..=5 {
        for (hosts, machines) in [(0, 0), (1, 1), (3, 2), (6, 7), (10, 3)] {
            for (spines, feeds) in [(0, 1), (2, 2), (4, 5)] {
                let what = format!("{racks} racks of {hosts} with {machines}, {spines} spines, {feeds} feeds");
                check(&made_up(racks, hosts, machines, spines, feeds), &what);
            }
        }
    }
}

#[test]
fn switches_have_their_power_and_hosts_their_controllers() {
    let design = Case::campus().design;
    let layout = Layout::of(&design);
    let drawn = |from: &str, part: &str, power: bool| {
        let of = |wire: &&plimsoll_report::layout::Wire| {
            wire.from == from && wire.power == power && wire.parts.iter().any(|other| other == part)
        };
        layout.wires.iter().filter(of).count()
    };
    let mut supplies = 0;
    for (name, switch) in &design.switch {
        for (psu, on) in &switch.psu {
            let strip = format!("rack/{}/pdu/{}", on.pdu.rack, on.pdu.pdu);
            assert_eq!(drawn(&strip, &format!("switch/{name}/psu/{psu}"), true), 1, "{name} {psu}");
            supplies += 1;
        }
    }
    assert_eq!(supplies, 6);
    for (name, host) in &design.host {
        let bmc = host.bmc.as_ref().expect("a management controller");
        let cable = format!("cable/{}:{}", bmc.switch, bmc.port);
        assert_eq!(drawn(&format!("switch/{}", bmc.switch), &cable, false), 1, "{name}");
    }
}

#[test]
fn the_same_design_gives_the_same_drawing() {
    let design = made_up(3, 4, 2, 2, 3);
    assert_eq!(Layout::of(&design), Layout::of(&design.clone()));
    let drawing = plimsoll_report::svg(&design);
    assert_eq!(drawing, plimsoll_report::svg(&design));
    assert!(!drawing.contains("http://www.w3.org/1999") && drawing.matches("http").count() == 1, "only its name space");
}

#[test]
fn mermaid_names_everything_once() {
    let case = Case::campus();
    let chart = plimsoll_report::mermaid(&case.design);
    assert!(chart.starts_with("flowchart TB\n"));
    for path in ["utility", "ups-1", "PDU a", "leaf-1", "gw-1", "pve-6", "worker-6", "ns-1"] {
        assert_eq!(chart.matches(&format!("\"{path}\"")).count(), 1, "{path} in\n{chart}");
    }
    let id = |label: &str| {
        let line = chart.lines().find(|line| line.contains(&format!("\"{label}\""))).expect(label);
        line.trim().split(['[', '(']).next().expect("an id").to_owned()
    };
    for (from, kind, to) in [
        ("utility", "-.->", "ups-1"),
        ("ups-1", "-.->", "PDU b"),
        ("PDU a", "-.->", "pve-1"),
        ("gw-2", "---", "leaf-1"),
        ("leaf-2", "---", "pve-3"),
        ("pve-1", "---", "cp-1"),
    ] {
        let edge = format!("  {} {kind} {}\n", id(from), id(to));
        assert!(chart.contains(&edge), "{from} {kind} {to}: {edge} in\n{chart}");
    }
}
