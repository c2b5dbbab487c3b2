//! What stands above the racks: feeds on the left, routers and spines on the right, each in a column of its own.

use std::collections::BTreeMap;

use plimsoll_model::design::{ExternalKind, SwitchRole};
use plimsoll_model::{Design, Name};

use super::{EDGE, Layout, Rect, Shape, Tier, Wire, short, text_width, words};

const HEIGHT: i32 = 34;
const BETWEEN: i32 = 14;
/// Pixels between levels, without what parallel wires take.
const LEVEL: i32 = 18;
const ELBOW: i32 = 5;

/// A column.
struct Column {
    tier: Tier,
    path: String,
    label: String,
    note: String,
    about: String,
    level: usize,
    /// What it hangs on, by path, with the cables between.
    above: Vec<(String, Vec<String>)>,
}

impl Column {
    fn width(&self) -> i32 {
        text_width(&self.label).max(text_width(&self.note)) + 24
    }
}

/// How many feeds are between a feed and its source.
fn depth(design: &Design, name: &Name) -> usize {
    let (mut at, mut depth) = (name, 0);
    while let Some(from) = design.feed.get(at).and_then(|feed| feed.from.as_ref()) {
        depth += 1;
        at = from;
        if depth > design.feed.len() {
            return 0;
        }
    }
    depth
}

fn feeds(design: &Design) -> Vec<Column> {
    let mut columns: Vec<Column> = design
        .feed
        .iter()
        .map(|(name, feed)| Column {
            tier: Tier::Feed,
            path: format!("feed/{name}"),
            label: short(name.as_str()),
            note: feed.runtime.map(|runtime| format!("bridges {runtime}")).unwrap_or_default(),
            about: words::feed(design, name),
            level: depth(design, name),
            above: feed.from.iter().map(|from| (format!("feed/{from}"), Vec::new())).collect(),
        })
        .collect();
    columns.sort_by(|a, b| a.level.cmp(&b.level).then_with(|| a.path.cmp(&b.path)));
    columns
}

fn upstream(design: &Design) -> Vec<Column> {
    let routers = design.external.iter().filter(|(_, external)| external.kind == ExternalKind::Router);
    let mut columns: Vec<Column> = routers
        .map(|(name, _)| Column {
            tier: Tier::Router,
            path: format!("external/{name}"),
            label: short(name.as_str()),
            note: "external".to_owned(),
            about: format!("router {name}, which others own"),
            level: 0,
            above: Vec::new(),
        })
        .collect();
    let level = usize::from(!columns.is_empty());
    for (name, switch) in design.switch.iter().filter(|(_, switch)| switch.role == SwitchRole::Spine) {
        let path = format!("switch/{name}");
        let mut above: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for (cable, ends) in &design.cable {
            for (here, there) in [(&ends.a, &ends.b), (&ends.b, &ends.a)] {
                if here.device == path && columns.iter().any(|column| column.path == there.device && column.level == 0)
                {
                    above.entry(there.device.clone()).or_default().push(format!("cable/{cable}"));
                }
            }
        }
        columns.push(Column {
            tier: Tier::Switch,
            path,
            label: short(name.as_str()),
            note: "spine".to_owned(),
            about: words::switch(name, switch),
            level,
            above: if level == 0 { Vec::new() } else { above.into_iter().collect() },
        });
    }
    columns
}

fn row_width(columns: &[Column]) -> i32 {
    columns.iter().map(|column| column.width() + BETWEEN).sum::<i32>()
}

/// Pixels that the tiers need.
pub(super) fn width(design: &Design) -> i32 {
    row_width(&feeds(design)) + row_width(&upstream(design)) + 2 * BETWEEN
}

/// Draws the tiers between two margins, and gives where they end.
pub(super) fn place(design: &Design, layout: &mut Layout, left: i32, right: i32) -> i32 {
    let (feeds, upstream) = (feeds(design), upstream(design));
    if feeds.is_empty() && upstream.is_empty() {
        return EDGE;
    }
    let wires = |columns: &[Column]| columns.iter().map(|column| column.above.len() as i32).sum::<i32>();
    let level = HEIGHT + LEVEL + ELBOW * wires(&feeds).max(wires(&upstream).min(upstream.len() as i32));
    let mut deepest = EDGE + HEIGHT;
    for (columns, mut x) in [(&feeds, left), (&upstream, right - row_width(&upstream) + BETWEEN)] {
        let mut rects: BTreeMap<&str, Rect> = BTreeMap::new();
        for column in columns {
            let rect = Rect { x, y: EDGE + column.level as i32 * level, w: column.width(), h: HEIGHT };
            x += rect.w + BETWEEN;
            deepest = deepest.max(rect.bottom());
            rects.insert(&column.path, rect);
            layout.shapes.push(Shape {
                rect,
                tier: column.tier,
                path: column.path.clone(),
                label: column.label.clone(),
                note: column.note.clone(),
                about: column.about.clone(),
            });
        }
        // One height for each source, so that wires of two sources never lie on each other.
        let mut sources: Vec<&str> =
            columns.iter().flat_map(|column| column.above.iter().map(|(path, _)| path.as_str())).collect();
        sources.sort_unstable();
        sources.dedup();
        for column in columns {
            let Some(rect) = rects.get(column.path.as_str()) else { continue };
            let count = column.above.len() as i32;
            for (place, (above, cables)) in column.above.iter().enumerate() {
                let Some(source) = rects.get(above.as_str()) else { continue };
                let order = sources.iter().position(|other| other == above).unwrap_or_default() as i32;
                let (x, y) = (rect.entry(place as i32 + 1, count), rect.y - ELBOW * (order + 1));
                layout.wires.push(Wire {
                    points: vec![(source.exit(), source.bottom()), (source.exit(), y), (x, y), (x, rect.y)],
                    dots: Vec::new(),
                    power: column.tier == Tier::Feed,
                    from: above.clone(),
                    parts: cables.clone(),
                });
            }
        }
    }
    deepest
}
