//! How often things fail and how long that lasts, where nobody measured it.
//!
//! Each number is a range: what decides a year's lost time is known to a factor, not to a digit. The sources speak of
//! other fleets than yours; where none was found, the number is an estimate and says so.

use std::collections::BTreeMap;

use plimsoll_model::range::TimeRange;
use plimsoll_model::{Design, Map};

use crate::component::Kind;

/// Hours of a year.
pub const HOURS_A_YEAR: f64 = 8766.0;

/// A number between bounds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Range {
    /// Least that is plausible.
    pub low: f64,
    /// Most likely.
    pub typical: f64,
    /// Most that is plausible.
    pub high: f64,
}

impl Range {
    /// Three numbers in order.
    pub const fn new(low: f64, typical: f64, high: f64) -> Self {
        Range { low, typical, high }
    }

    /// The same number three times.
    pub const fn exactly(value: f64) -> Self {
        Range { low: value, typical: value, high: value }
    }

    /// What lies between two bounds, most likely at their geometric mean, since what is known of it is a factor; at the
    /// arithmetic one where the lower bound is nothing.
    pub fn between(low: f64, high: f64) -> Self {
        let typical = if low > 0.0 { (low * high).sqrt().clamp(low, high) } else { f64::midpoint(low, high) };
        Range { low, typical, high }
    }

    /// The number at one corner.
    pub const fn at(self, corner: Corner) -> f64 {
        match corner {
            Corner::Low => self.low,
            Corner::Typical => self.typical,
            Corner::High => self.high,
        }
    }
}

/// Which end of every range a calculation takes. More frequent and longer failures never make a promise safer, so the
/// ends of the inputs give the ends of the result.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Corner {
    /// Everything fails as seldom and as short as is plausible.
    Low,
    /// What is most likely.
    Typical,
    /// Everything fails as often and as long as is plausible.
    High,
}

/// Where a rate was taken from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Source {
    /// Fleet statistics of disks.
    Backblaze,
    /// A study of data-centre switches.
    Switches,
    /// Interruptions of the public supply.
    Utility,
    /// A large cluster's first year.
    Cluster,
    /// How often batteries are tested.
    Batteries,
    /// Nobody published a number that fits: ours.
    Estimate,
    /// The cluster file.
    File,
    /// It follows from another component.
    Follows,
}

impl Source {
    /// What to cite.
    pub const fn as_str(self) -> &'static str {
        match self {
            Source::Backblaze => "Backblaze drive statistics 2022 to 2025: SSD 0.9 to 1.05 %, HDD 1.4 to 1.7 % a year",
            Source::Switches => {
                "Singh et al., CCR 2021: 2 % of switches in 3 months; Gill et al., SIGCOMM 2011: about 5 % a year"
            }
            Source::Utility => "EIA 2017 and 2022: 1.0 to 1.4 interruptions a year of 2 to 5.6 h",
            Source::Cluster => {
                "Dean 2008: a PDU and some racks in a cluster's year; Service Express 2020: boards to 0.2 %"
            }
            Source::Batteries => {
                "how often batteries are tested: IEEE 1188, discharge tests at a quarter of their life or every two years; \
                 UPS manuals, by themselves every month to three months; how often they fail is an estimate"
            }
            Source::Estimate => "an estimate: no published number was found",
            Source::File => "the cluster file",
            Source::Follows => "follows from another component",
        }
    }
}

/// How often a component fails, and for how long.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rate {
    /// Failures a year.
    pub a_year: Range,
    /// Mean time from failure to repair, in hours; for what follows from another component
    /// ([`Source::Follows`]) the probability that it does, 0 to 1.
    pub hours: Range,
    /// How far apart the tests are that find a fault which shows in no other way, in hours; 0 where a fault is noticed when
    /// it happens.
    pub unseen: Range,
    /// Where the first two were taken from.
    pub source: Source,
}

/// How long repairs take and how far tests are apart, in hours, where the file says so (`assume: { repair: …, tested: … }`).
#[derive(Clone, Debug, Default)]
pub(crate) struct Upkeep {
    repair: BTreeMap<String, Range>,
    tested: BTreeMap<String, Range>,
}

impl Upkeep {
    pub(crate) fn of(design: &Design) -> Self {
        let hours = |time: &TimeRange| Range::between(time.least.as_secs() / 3600.0, time.most.as_secs() / 3600.0);
        let all = |stated: &Map<TimeRange>| stated.iter().map(|(kind, time)| (kind.to_string(), hours(time))).collect();
        Upkeep { repair: all(&design.assume.repair), tested: all(&design.assume.tested) }
    }

    /// How long a fault may go unseen, in hours. Where the file says nothing: supplies and ports report their faults, to
    /// somebody who looks at once, once a week, or at the yearly round. Batteries are tested at the discharge tests of
    /// [`Source::Batteries`].
    pub(crate) fn test_interval(&self, word: &str) -> Range {
        self.tested.get(word).copied().unwrap_or(match word {
            "battery" => Range::new(30.0 * 24.0, 90.0 * 24.0, 2.0 * HOURS_A_YEAR),
            _ => Range::new(1.0, 7.0 * 24.0, HOURS_A_YEAR),
        })
    }

    /// The rate of a component of that kind, with the repair time that the file states instead of the default. How often it
    /// fails stays as it was. `word` is that of the file, which knows a UPS apart from the public supply.
    pub(crate) fn apply(&self, word: &str, mut rate: Rate) -> Rate {
        if rate.source == Source::Follows {
            return rate;
        }
        if let Some(own) = self.repair.get(word) {
            rate.hours = *own;
        } else if let Some(parts) = self.repair.get("parts") {
            match word {
                "pdu" | "psu" | "switch" | "cable" | "nic" | "disk" | "ups" | "battery" => rate.hours = *parts,
                // Boards are replaced, resets are not: at worst each failure is a broken board.
                "host" => rate.hours.high = rate.hours.high.max(parts.high),
                _ => {}
            }
        }
        rate
    }
}

/// The word of `assume: { repair: … }` for a kind; nothing is said there of what others own.
pub(crate) fn repair_word(kind: Kind, path: &str) -> &'static str {
    match kind {
        Kind::Router | Kind::Resolver => "",
        Kind::Daemon if path.starts_with("external") => "",
        Kind::Daemon => "program",
        kind => kind.as_str(),
    }
}

impl Rate {
    /// The rate of a kind of component, where the file says nothing.
    pub fn default_of(kind: Kind, path: &str) -> Self {
        let r = Range::new;
        let (a_year, hours, source) = match kind {
            Kind::Feed => (r(0.5, 1.2, 2.0), r(1.0, 2.0, 5.6), Source::Utility),
            Kind::Pdu => (r(0.001, 0.005, 0.02), r(4.0, 8.0, 48.0), Source::Cluster),
            Kind::Psu | Kind::Nic => (r(0.005, 0.02, 0.05), r(8.0, 24.0, 168.0), Source::Estimate),
            Kind::Rack => (r(0.003, 0.01, 0.03), r(1.0, 4.0, 48.0), Source::Cluster),
            // Seldom, and found late: Cloudflare's of 2020-11-02 lasted for 6.5 hours.
            Kind::Switch if path.ends_with("/silent") => (r(0.001, 0.006, 0.02), r(0.2, 2.0, 24.0), Source::Estimate),
            Kind::Switch => (r(0.03, 0.06, 0.10), r(0.1, 4.0, 72.0), Source::Switches),
            Kind::Router => (r(0.03, 0.06, 0.10), r(0.1, 2.0, 24.0), Source::Switches),
            // A tenth of a cable's failures, as with switches, and as hard to find.
            Kind::Cable if path.ends_with("/silent") => (r(0.0003, 0.003, 0.02), r(0.5, 8.0, 72.0), Source::Estimate),
            Kind::Cable => (r(0.01, 0.03, 0.05), r(2.0, 8.0, 72.0), Source::Estimate),
            // Boards and memory seldom and for long; crashes and resets more often and for minutes: taken together.
            Kind::Host => (r(0.3, 1.0, 3.0), r(0.3, 1.0, 4.0), Source::Estimate),
            Kind::Disk => (r(0.005, 0.0105, 0.02), r(4.0, 48.0, 336.0), Source::Backblaze),
            Kind::Machine => (r(0.5, 2.0, 6.0), r(0.05, 0.1, 0.5), Source::Estimate),
            Kind::Resolver => (r(0.1, 0.5, 2.0), r(0.1, 0.5, 4.0), Source::Estimate),
            Kind::Daemon if path.starts_with("external") => (r(0.1, 0.5, 2.0), r(0.1, 0.5, 4.0), Source::Estimate),
            Kind::Daemon => (r(0.2, 1.0, 4.0), r(0.01, 0.05, 0.5), Source::Estimate),
            Kind::Battery => (r(0.02, 0.05, 0.2), r(24.0, 72.0, 336.0), Source::Batteries),
            Kind::Outlasted => (r(0.0, 0.0, 0.0), r(0.0, 0.0, 0.0), Source::Follows),
        };
        Rate { a_year, hours, unseen: Range::exactly(0.0), source }
    }

    /// What is no failure of its own, but a share of the failures of something else.
    pub(crate) fn of_share(share: Range) -> Self {
        Rate { a_year: Range::exactly(0.0), hours: share, unseen: Range::exactly(0.0), source: Source::Follows }
    }

    /// The share of time in which it has failed and nobody knows yet, with tests `t` apart and `x = t / u` for the mean time
    /// up `u`: `1 - (1 - exp(-x)) / x`, about `x / 2` (IEC 61508-6, annex B; Rausand, Reliability of Safety-Critical
    /// Systems, 2014). At the upper end it is that of the moment before the test, `1 - exp(-x)`: things that are tested on
    /// the same day are old together, and the product of their means would be less than the mean of their product.
    pub fn hidden(&self, corner: Corner) -> f64 {
        let x = self.unseen.at(corner) * self.a_year.at(corner) / HOURS_A_YEAR;
        if x <= 0.0 || self.source == Source::Follows {
            return 0.0;
        }
        let failed = -(-x).exp_m1();
        match corner {
            Corner::High => failed,
            // The difference of two like numbers is taken as a series where it would be lost.
            Corner::Low | Corner::Typical if x < 1e-4 => x / 2.0 - x * x / 6.0,
            Corner::Low | Corner::Typical => 1.0 - failed / x,
        }
    }

    /// Whether it is away for longer before somebody notices than after.
    pub fn is_mostly_hidden(&self) -> bool {
        let hidden = self.hidden(Corner::Typical);
        hidden > 0.0 && hidden > self.unavailability(Corner::Typical) / 2.0
    }

    /// The share of time in which it is away: unknown to all (see [`Rate::hidden`]), or known, `d / (u + d)` with the mean
    /// times up and down.
    pub fn unavailability(&self, corner: Corner) -> f64 {
        let (a_year, hours) = (self.a_year.at(corner), self.hours.at(corner));
        if self.source == Source::Follows {
            return hours.clamp(0.0, 1.0);
        }
        if a_year <= 0.0 || hours <= 0.0 {
            return 0.0;
        }
        let up = HOURS_A_YEAR / a_year;
        let (known, hidden) = (hours / (up + hours), self.hidden(corner));
        known + hidden - known * hidden
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_down_each_year_is_a_share_of_a_year() {
        // One failure in 8766 h of being up, 24 h each: 24 / 8790.
        let rate = Rate {
            a_year: Range::exactly(1.0),
            hours: Range::exactly(24.0),
            unseen: Range::exactly(0.0),
            source: Source::Estimate,
        };
        assert!((rate.unavailability(Corner::Typical) - 24.0 / 8790.0).abs() < 1e-15);
    }

    #[test]
    fn ranges_are_in_order() {
        for kind in [Kind::Feed, Kind::Pdu, Kind::Psu, Kind::Rack, Kind::Switch, Kind::Router, Kind::Cable, Kind::Nic] {
            let rate = Rate::default_of(kind, "");
            for range in [rate.a_year, rate.hours] {
                assert!(range.low <= range.typical && range.typical <= range.high, "{kind:?}");
            }
            assert!(rate.unavailability(Corner::Low) <= rate.unavailability(Corner::High), "{kind:?}");
        }
    }
}
