//! A design and its proof to look at: one page that needs nothing else, or the topology alone.
//!
//! [`html`] writes the page, [`svg`] and [`mermaid`] the drawing for wikis. All are pure: the same input gives the same
//! bytes. In the page a script evaluates the circuit of the proof itself, so that what it says of any set of failures is
//! what [`plimsoll_prove::Question`] says.

mod data;
mod escape;
mod gather;
pub mod layout;
mod mermaid;
mod page;
mod pairs;
mod sections;
mod singles;
mod svg;

use plimsoll_model::Design;

pub use gather::{Input, Outage, Outages, Proof};

/// The whole page.
pub fn html(input: &Input<'_>) -> String {
    page::html(input, None)
}

/// The whole page, which asks the address `poll` every second and loads itself anew when the answer is no longer `stamp`.
pub fn html_that_reloads(input: &Input<'_>, poll: &str, stamp: &str) -> String {
    page::html(input, Some((poll, stamp)))
}

/// The topology as SVG.
pub fn svg(design: &Design) -> String {
    svg::alone(&layout::Layout::of(design), &format!("Topology of {}", design.cluster))
}

/// The topology as a Mermaid flowchart.
pub fn mermaid(design: &Design) -> String {
    mermaid::flowchart(design, &layout::Layout::of(design))
}
