//! A layout as SVG: alone, or as part of the page.

use std::fmt::Write as _;

use crate::escape;
use crate::layout::{Layout, Shape, Tier, Wire};

/// The style sheet; up to this line it is about the drawing too.
const STYLE: &str = include_str!("../page/report.css");
const END_OF_DRAWING: &str = "/* page */";

/// A drawing by itself, which needs nothing else.
pub(crate) fn alone(layout: &Layout, title: &str) -> String {
    let style = STYLE.split(END_OF_DRAWING).next().unwrap_or_default();
    let mut out = String::new();
    let _ = write!(
        out,
        "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"topology\" role=\"img\" aria-labelledby=\"title\" \
         width=\"{w}\" height=\"{h}\" viewBox=\"0 0 {w} {h}\">\n<title id=\"title\">{}</title>\n<style>{style}</style>\n\
         <rect class=\"paper\" width=\"{w}\" height=\"{h}\"/>\n",
        escape::text(title),
        w = layout.width,
        h = layout.height,
    );
    draw(&mut out, layout, &|_| false);
    out.push_str("</svg>\n");
    out
}

/// A drawing in the page: shapes whose path `can_fail` are buttons.
pub(crate) fn in_page(layout: &Layout, can_fail: &dyn Fn(&str) -> bool) -> String {
    let mut out = String::new();
    let _ = writeln!(
        out,
        "<svg class=\"topology\" id=\"topology\" role=\"group\" aria-label=\"Topology\" style=\"--width: {w}px\" width=\"{w}\" height=\"{h}\" viewBox=\"0 0 {w} {h}\">",
        w = layout.width,
        h = layout.height,
    );
    draw(&mut out, layout, can_fail);
    out.push_str("</svg>\n");
    out
}

fn draw(out: &mut String, layout: &Layout, can_fail: &dyn Fn(&str) -> bool) {
    for frame in layout.shapes.iter().filter(|shape| shape.tier == Tier::Frame) {
        let rect = frame.rect;
        let _ = writeln!(
            out,
            "<rect class=\"frame\" data-path=\"{}\" x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" rx=\"10\"/>",
            escape::text(&frame.path),
            rect.x,
            rect.y,
            rect.w,
            rect.h
        );
    }
    for wire in &layout.wires {
        draw_wire(out, wire);
    }
    for shape in layout.shapes.iter().filter(|shape| shape.tier != Tier::Frame) {
        draw_shape(out, shape, can_fail(&shape.path) && shape.tier != Tier::Elsewhere);
    }
}

fn draw_wire(out: &mut String, wire: &Wire) {
    let mut d = String::new();
    for (at, (x, y)) in wire.points.iter().enumerate() {
        let _ = write!(d, "{}{x} {y}", if at == 0 { "M" } else { "L" });
    }
    let class = if wire.power { "power" } else { "network" };
    let _ = write!(out, "<g class=\"wire {class}\" data-from=\"{}\"", escape::text(&wire.from));
    if !wire.parts.is_empty() {
        let _ = write!(out, " data-parts=\"{}\"", escape::text(&wire.parts.join("\n")));
    }
    let _ = write!(out, "><path d=\"{d}\"/>");
    for (x, y) in &wire.dots {
        let _ = write!(out, "<circle cx=\"{x}\" cy=\"{y}\" r=\"2.5\"/>");
    }
    out.push_str("</g>\n");
}

fn draw_shape(out: &mut String, shape: &Shape, button: bool) {
    let (rect, tier) = (shape.rect, shape.tier.as_str());
    let about = escape::text(&shape.about);
    if button {
        let path = escape::text(&shape.path);
        let _ = write!(
            out,
            "<g class=\"part {tier}\" role=\"button\" tabindex=\"0\" aria-pressed=\"false\" aria-label=\"{about}\" \
             data-path=\"{path}\" data-about=\"{about}\">"
        );
    } else {
        let _ = write!(out, "<g class=\"part {tier}\">");
    }
    let _ = write!(out, "<title>{about}</title>");
    let radius = if shape.tier == Tier::Machine { rect.h / 2 } else { 6 };
    let _ = write!(
        out,
        "<rect x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" rx=\"{radius}\"/>",
        rect.x, rect.y, rect.w, rect.h
    );
    let left = shape.tier == Tier::Host;
    let (x, anchor) = if left { (rect.x + 12, "start") } else { (rect.middle(), "middle") };
    // A host has its name on the first lines, however many machines it has.
    let middle = rect.y + rect.h / 2;
    let (first, second) = if shape.note.is_empty() { (middle + 4, 0) } else { (middle - 2, middle + 12) };
    let _ = write!(out, "<text x=\"{x}\" y=\"{first}\" text-anchor=\"{anchor}\">{}</text>", escape::text(&shape.label));
    if !shape.note.is_empty() {
        let _ = write!(
            out,
            "<text class=\"note\" x=\"{x}\" y=\"{second}\" text-anchor=\"{anchor}\">{}</text>",
            escape::text(&shape.note)
        );
    }
    if button {
        // A cross on its corner when it has failed: colour alone would not say it.
        let (x, y) = (rect.right() - 3, rect.y + 3);
        let _ = write!(
            out,
            "<g class=\"cross\" aria-hidden=\"true\"><circle cx=\"{x}\" cy=\"{y}\" r=\"8\"/><path d=\"M{} {}l6 6m0 -6l-6 6\"/></g>",
            x - 3,
            y - 3
        );
    }
    out.push_str("</g>\n");
}
