//! How often hosts are taken down on purpose.

use plimsoll_model::Design;
use plimsoll_model::units::Millis;

use crate::rate::Range;

/// How often each host is taken down on purpose, and for how long.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Maintenance {
    /// Windows a year for each host.
    pub a_year: Range,
    /// Hours of each.
    pub hours: Range,
    /// Whether the file says so; otherwise it is what was taken for want of it.
    pub declared: bool,
}

impl Default for Maintenance {
    /// A monthly update that reboots, more or less: an estimate.
    fn default() -> Self {
        Maintenance { a_year: Range::new(2.0, 6.0, 12.0), hours: Range::new(0.2, 0.5, 2.0), declared: false }
    }
}

impl Maintenance {
    /// What the file declares (`assume: { maintenance: … }`), or the default.
    pub fn of(design: &Design) -> Self {
        let Some(windows) = design.assume.maintenance else { return Maintenance::default() };
        let hours = |length: Millis| length.as_secs() / 3600.0;
        Maintenance {
            a_year: Range::between(windows.a_year.least, windows.a_year.most),
            hours: Range::between(hours(windows.lasts.least), hours(windows.lasts.most)),
            declared: true,
        }
    }
}
