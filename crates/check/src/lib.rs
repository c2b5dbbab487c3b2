//! Design rules, one file each, with their manuals.
//!
//! [`judge`] runs every rule over a [`World`] of views and gives a [`Report`]: what is broken, what is accepted, what
//! could not be judged. A rule is a [`Rule`] constant in a file of its own below [`rules`]; see the one of VRRP-003 for
//! the shape.

mod cut;
mod judge;
mod known;
mod manual;
mod reference;
mod report;
mod rule;
pub mod rules;
mod words;

pub use judge::judge;
pub use known::unknown_rules;
pub use reference::reference_markdown;
pub use report::{AcceptedFinding, Report, Unjudged};
pub use rule::{Evidence, Finding, Manual, Reads, Rule, Verdicts};
