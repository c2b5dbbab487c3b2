//! How much more its hosts may send than a leaf can carry away.

use plimsoll_views::uplinks::leaves;

use super::{code, table};
use crate::gather::Facts;

pub(crate) fn uplinks(facts: &Facts<'_>) -> String {
    let design = facts.design;
    let most = design.threshold.oversubscription;
    let degraded = design.threshold.oversubscription_degraded;
    let rows: Vec<Vec<String>> = leaves(design)
        .into_iter()
        .map(|leaf| {
            vec![
                code(leaf.name.as_str()),
                format!("{} G", giga(leaf.hosts)),
                format!("{} G", giga(leaf.uplinks)),
                ratio(leaf.ratio(), most),
                ratio(leaf.ratio_degraded(), degraded),
            ]
        })
        .collect();
    if rows.is_empty() {
        return "<p>No leaf has hosts on it.</p>\n".to_owned();
    }
    let head = ["Leaf", "To hosts", "Upward", "Ratio", "Ratio with its fastest uplink down"];
    table("Oversubscription", &head, &rows)
        + &format!(
            "<p class=\"muted\">At most {most} to 1 is taken as good, {degraded} to 1 with an uplink down.</p>\n"
        )
}

fn giga(bits: u64) -> String {
    let value = bits as f64 / 1e9;
    if value.fract() == 0.0 { format!("{value:.0}") } else { format!("{value:.1}") }
}

fn ratio(ratio: Option<f64>, most: f64) -> String {
    let Some(ratio) = ratio else { return "<span class=\"muted\">no uplink left</span>".to_owned() };
    let (class, mark) = if ratio > most { ("warn", "! ") } else { ("good", "✓ ") };
    format!("<span class=\"{class}\">{mark}{ratio:.1} to 1</span>")
}
