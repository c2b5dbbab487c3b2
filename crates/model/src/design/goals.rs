//! What must survive, what is accepted, and the numbers that rules compare with.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::range::{NumberRange, TimeRange};
use crate::units::Millis;
use crate::{Map, Name};

/// Components that fail together in a goal.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Failure {
    /// How many.
    pub count: u32,
    /// Of which kind: a word of [`Failure::KINDS`].
    pub kind: Name,
}

impl Failure {
    /// The words for what fails, each with its meaning: those of the file, of rules and of the proof.
    pub const KINDS: [(&str, &str); 15] = [
        ("any", "any one component"),
        ("feed", "a source of power: the utility, a generator, or an uninterruptible supply"),
        ("ups", "an uninterruptible supply: a feed that hangs on another"),
        ("pdu", "a power strip"),
        ("psu", "a power supply of a host or a switch"),
        ("rack", "all that stands in a rack"),
        ("switch", "a switch"),
        ("router", "a router of others"),
        ("resolver", "a server of others that is asked for outside names"),
        ("cable", "a cable with the optics and the switch ports at its ends"),
        ("nic", "a network port of a host"),
        ("host", "a physical machine"),
        ("disk", "a disk"),
        ("machine", "a virtual machine, or on bare metal the system"),
        ("daemon", "a program, or a service of others such as a file server"),
    ];

    /// The loss of all power, which `cold-start` alone survives.
    pub const SITE: &str = "site";

    /// Words for parts that fail as something else, each with what to write.
    pub const ELSEWHERE: [(&str, &str); 3] = [
        ("port", "a port fails as `nic` at a host, and as `cable` at a switch"),
        ("bond", "a bond is lost by its ports: write `nic`"),
        ("zone-server", "a zone server is lost as `machine`, and its program as `daemon`"),
    ];
}

/// One line of `survive:`: a promise holds although all of these fail together.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Goal {
    /// The promise (`api`, `capacity/alice`), a family of them (`capacity/*`, see [`Goal::names`]), or `all`.
    pub promise: String,
    /// What fails together.
    pub failures: Vec<Failure>,
    /// Whether one host is drained at the time.
    pub while_drained: bool,
}

impl Goal {
    /// Promises that there are several of, by what they are about.
    pub const FAMILIES: [&str; 3] = ["ingress", "storage", "capacity"];

    /// Whether the name of a promise in a line means the promise `id`, step by step: `capacity/*`, `storage/*/recovered`. A
    /// family alone (`capacity`) means all of it. What `all` means is not said here.
    pub fn names(pattern: &str, id: &str) -> bool {
        let whole = if Self::FAMILIES.contains(&pattern) { format!("{pattern}/*") } else { pattern.to_owned() };
        whole.split('/').count() == id.split('/').count()
            && whole.split('/').zip(id.split('/')).all(|(pattern, step)| crate::glob(pattern, step))
    }
}

/// A component whose loss is accepted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Excluded {
    /// Why.
    pub reason: String,
    /// Last day on which it is accepted.
    pub until: Option<Date>,
}

/// A finding that is accepted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Accepted {
    /// The rule (`VRRP-021`).
    pub rule: String,
    /// Path of the component; `None` for every component.
    pub component: Option<String>,
    /// Why.
    pub reason: String,
    /// Last day on which it is accepted.
    pub until: Option<Date>,
}

/// How long things may take and how much may be lost, as far as it was said and is no part of something else
/// (`api/recovery_time`, `backup/etcd/rpo`).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Objectives {
    /// How long services may be away when a part fails.
    pub ingress: Option<Millis>,
    /// How much of the volumes' content may be lost in a disaster, as a time.
    pub volume_loss: Option<Millis>,
    /// How long a restore may take.
    pub restore: Option<Millis>,
}

/// When each host is taken down on purpose.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MaintenanceWindows {
    /// Windows a year for each host.
    pub a_year: NumberRange,
    /// How long each lasts.
    pub lasts: TimeRange,
}

/// What nobody has measured: taken as true, and listed in every proof. `None` when not stated.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Assumptions {
    /// Pods in all.
    pub pods: Option<u32>,
    /// Changes a year that go wrong.
    pub bad_changes: Option<f64>,
    /// How long each of them lasts.
    pub bad_change_lasts: Option<Millis>,
    /// When hosts are taken down on purpose.
    #[serde(default)]
    pub maintenance: Option<MaintenanceWindows>,
    /// How long it takes to replace a broken part, by the word of its kind (`disk`); `parts` for those without a line of
    /// their own.
    #[serde(default)]
    pub repair: Map<TimeRange>,
    /// How many people or crews repair what is broken, one thing at a time each; `None` when nothing waits for another.
    #[serde(default)]
    pub crews: Option<u32>,
    /// How often somebody looks whether what waits for its turn still works, by kind: `psu`, `nic`, `battery`.
    #[serde(default)]
    pub tested: Map<TimeRange>,
    /// What takes many things at once, by the names that the file gives.
    #[serde(default)]
    pub common_cause: Map<CommonCause>,
}

/// What takes many things at once, whatever redundancy they have.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CommonCause {
    /// Kinds of components (`switch`), components (`rack/r1`), and patterns of them (`machine/*/haproxy`).
    pub takes: Vec<String>,
    /// How often a year.
    pub a_year: NumberRange,
    /// How long each time.
    pub lasts: TimeRange,
}

/// How the finding of a rule counts, where the file says otherwise than the rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RuleSeverity {
    /// As an error.
    Error,
    /// As a warning.
    Warning,
    /// As advice.
    Advice,
    /// Not at all.
    Off,
}

/// A day of the Gregorian calendar, written `2027-03-31`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Date {
    /// Year, 1970 to 9999.
    pub year: u16,
    /// Month, 1 to 12.
    pub month: u8,
    /// Day of the month, from 1.
    pub day: u8,
}

impl Date {
    /// The day that begins `days` days after 1970-01-01 (Hinnant's civil calendar formula).
    pub fn from_days(days: u32) -> Self {
        let shifted = days + 719_468;
        let era = shifted / 146_097;
        let of_era = shifted % 146_097;
        let year_of_era = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146_096) / 365;
        let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let month_index = (5 * of_year + 2) / 153;
        let month = if month_index < 10 { month_index + 3 } else { month_index - 9 };
        let year = year_of_era + era * 400 + u32::from(month <= 2);
        let day = of_year - (153 * month_index + 2) / 5 + 1;
        Date { year: year as u16, month: month as u8, day: day as u8 }
    }
}

impl Date {
    /// Days since 1970-01-01: the inverse of [`Date::from_days`].
    pub fn days(self) -> u32 {
        let (year, month, day) = (u32::from(self.year), u32::from(self.month), u32::from(self.day));
        let year = if month <= 2 { year - 1 } else { year };
        let month_index = if month > 2 { month - 3 } else { month + 9 };
        let of_year = (153 * month_index + 2) / 5 + day - 1;
        let (era, of_era) = (year / 400, year % 400);
        (era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year).saturating_sub(719_468)
    }
}

impl FromStr for Date {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("`{text}` is no day: write it as in `2027-03-31`");
        let parts: Vec<&str> = text.split('-').collect();
        let [year, month, day] = parts[..] else { return Err(wrong()) };
        if (year.len(), month.len(), day.len()) != (4, 2, 2) || !text.bytes().all(|b| b == b'-' || b.is_ascii_digit()) {
            return Err(wrong());
        }
        let number = |part: &str| part.parse::<u16>().map_err(|_| wrong());
        let (year, month, day) = (number(year)?, number(month)?, number(day)?);
        let leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
        let days = match month {
            2 => 28 + u16::from(leap),
            4 | 6 | 9 | 11 => 30,
            1..=12 => 31,
            _ => 0,
        };
        if year < 1970 || day == 0 || day > days {
            return Err(wrong());
        }
        Ok(Date { year, month: month as u8, day: day as u8 })
    }
}

impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}-{:02}", self.year, self.month, self.day)
    }
}
impl Serialize for Date {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}
impl<'de> Deserialize<'de> for Date {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

macro_rules! thresholds {
    ($($(#[doc = $doc:literal])+ $name:ident: $type:ty = $default:expr,)+) => {
        /// Numbers that rules compare with and that no standard fixes; each can be set in the file.
        #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
        #[serde(deny_unknown_fields, default)]
        pub struct Thresholds {
            $($(#[doc = $doc])+ pub $name: $type,)+
        }
        impl Default for Thresholds {
            fn default() -> Self {
                Thresholds { $($name: $default,)+ }
            }
        }
        impl Thresholds {
            /// Name, meaning and default of each, for the grammar of the file and the reference.
            pub fn describe() -> Vec<(&'static str, &'static str, String)> {
                vec![$((stringify!($name), concat!($($doc),+).trim_ascii(), format!("{}", $default)),)+]
            }
        }
    };
}

thresholds! {
    /// Share of a breaker's rating that may be used after its twin is lost (PHY-004).
    pdu_load: f64 = 0.8,
    /// Host port speed over uplink speed of a leaf (TOP-001).
    oversubscription: f64 = 3.0,
    /// The same with one uplink or spine down (TOP-002).
    oversubscription_degraded: f64 = 6.0,
    /// The same for leaves with Ceph disks (TOP-003).
    oversubscription_storage: f64 = 2.0,
    /// Seconds until HAProxy takes a hung API server out (LB-011).
    lb_eject_seconds: f64 = 20.0,
    /// Connections HAProxy must take for each node (LB-014).
    lb_connections_per_node: u32 = 10,
    /// Free service addresses over those planned (ADDR-018).
    pool_slack: f64 = 1.2,
    /// Virtual processors for each hardware thread on hosts with etcd (PVE-012).
    vcpu_overcommit: f64 = 2.0,
    /// Largest fill of an OSD over the mean (STO-008, STO-009).
    osd_imbalance: f64 = 1.05,
    /// Share of memory that guests may fill when a host is lost (WKL-003).
    memory_after_loss: f64 = 0.9,
    /// Milliseconds of an fsync at the 99th percentile (ETCD-004).
    fsync_p99_ms: f64 = 10.0,
    /// Threads of a control-plane machine (KADM-016).
    control_plane_cpu: u32 = 4,
    /// GiB of memory of a control-plane machine (KADM-016).
    control_plane_memory_gib: u32 = 8,
    /// Days between restore tests (ETCD-015).
    restore_test_days: u32 = 92,
    /// Days for which snapshots are kept at least (ETCD-012).
    backup_keep_days: u32 = 7,
    /// Network time sources (TIME-002).
    time_sources: u32 = 3,
    /// Nodes above which a resolver cache on each is advised (DNS-010).
    nodelocal_nodes: u32 = 20,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_names_promises_step_by_step() {
        assert!(Goal::names("capacity/*", "capacity/alice") && Goal::names("capacity", "capacity/alice"));
        assert!(Goal::names("capacity/a*", "capacity/alice") && !Goal::names("capacity/b*", "capacity/alice"));
        assert!(Goal::names("dns", "dns") && !Goal::names("dns", "dns/outside") && Goal::names("dns/*", "dns/outside"));
        // How a pool comes back is meant by those alone who say so.
        assert!(!Goal::names("storage/*", "storage/ssd/recovered") && !Goal::names("storage", "storage/ssd/recovered"));
        assert!(Goal::names("storage/*/recovered", "storage/ssd/recovered"));
        assert!(!Goal::names("api", "dns") && !Goal::names("ingress", "ingress"));
    }

    #[test]
    fn days_are_counted_by_the_calendar() {
        for (days, text) in [(0, "1970-01-01"), (11_016, "2000-02-29"), (20_781, "2026-11-24"), (20_454, "2026-01-01")]
        {
            assert_eq!(Date::from_days(days).to_string(), text);
            assert_eq!(text.parse::<Date>(), Ok(Date::from_days(days)));
            assert_eq!(Date::from_days(days).days(), days);
        }
        for wrong in ["2026-02-29", "2026-13-01", "26-01-01", "2026-1-1", "tomorrow", "2026-00-10"] {
            assert!(wrong.parse::<Date>().is_err(), "{wrong}");
        }
    }
}
