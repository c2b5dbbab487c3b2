//! Quantities with their units, so that nobody compares GB with GiB or seconds with milliseconds.
//!
//! Each is written and read as people write it (`256GiB`, `25G`, `3s`), in the cluster file and in JSON alike.

use std::fmt;
use std::ops::{Add, Mul, Sub};
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// A text that is not a quantity of the wanted kind. Display says what was expected, with an example.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnitError(String);

impl fmt::Display for UnitError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
impl std::error::Error for UnitError {}

/// Splits `12.5GiB` into number and unit.
fn split(text: &str) -> (&str, &str) {
    let text = text.trim();
    let end = text.find(|letter: char| !letter.is_ascii_digit() && letter != '.').unwrap_or(text.len());
    (&text[..end], text[end..].trim())
}

/// `number * factor` exactly for whole numbers, rounded for fractions; `None` on overflow or when it is no number.
fn scaled(number: &str, factor: u64) -> Option<u64> {
    if let Ok(whole) = number.parse::<u64>() {
        return whole.checked_mul(factor);
    }
    let value = number.parse::<f64>().ok()? * factor as f64;
    (0.0..9.0e18).contains(&value).then_some(value.round() as u64)
}

macro_rules! text_serde {
    ($type:ty) => {
        impl Serialize for $type {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }
        impl<'de> Deserialize<'de> for $type {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
            }
        }
    };
}

/// An amount of data in bytes. Memory is sold in GiB, disks in GB: both are read, each is shown in the unit that
/// gives a whole number.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Bytes(pub u64);

/// Units of [`Bytes`] with their factors, largest first.
const BYTE_UNITS: [(&str, u64); 9] = [
    ("TiB", 1 << 40),
    ("TB", 1_000_000_000_000),
    ("GiB", 1 << 30),
    ("GB", 1_000_000_000),
    ("MiB", 1 << 20),
    ("MB", 1_000_000),
    ("KiB", 1 << 10),
    ("kB", 1_000),
    ("B", 1),
];

impl Bytes {
    /// `n` GiB.
    pub const fn gib(n: u64) -> Self {
        Bytes(n << 30)
    }
    /// `n` MiB.
    pub const fn mib(n: u64) -> Self {
        Bytes(n << 20)
    }
    /// `n` GB.
    pub const fn gb(n: u64) -> Self {
        Bytes(n * 1_000_000_000)
    }
    /// As GiB, with fraction.
    pub fn as_gib(self) -> f64 {
        self.0 as f64 / (1u64 << 30) as f64
    }
    /// Whole MiB, rounded down: what `qm --memory` takes.
    pub const fn whole_mib(self) -> u64 {
        self.0 >> 20
    }
    /// Whole GiB, rounded down: what Proxmox takes for a disk.
    pub const fn whole_gib(self) -> u64 {
        self.0 >> 30
    }
    /// As a Kubernetes quantity (`8Gi`, `512Mi`).
    pub fn kubernetes(self) -> String {
        for (suffix, shift) in [("Ti", 40), ("Gi", 30), ("Mi", 20), ("Ki", 10)] {
            if self.0 != 0 && self.0.is_multiple_of(1 << shift) {
                return format!("{}{suffix}", self.0 >> shift);
            }
        }
        self.0.to_string()
    }
    /// Subtraction that stops at zero.
    #[must_use]
    pub const fn saturating_sub(self, other: Bytes) -> Bytes {
        Bytes(self.0.saturating_sub(other.0))
    }
}

impl FromStr for Bytes {
    type Err = UnitError;
    fn from_str(text: &str) -> Result<Self, UnitError> {
        let (number, unit) = split(text);
        let wanted = || {
            UnitError(format!("`{text}` is not a size: write a number with GiB, GB, TiB, TB, MiB or MB, as in `16GiB`"))
        };
        let factor = BYTE_UNITS.iter().find(|(name, _)| *name == unit).map(|(_, factor)| *factor);
        factor.and_then(|factor| scaled(number, factor)).map(Bytes).ok_or_else(wanted)
    }
}

impl fmt::Display for Bytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0 == 0 {
            return f.write_str("0B");
        }
        let whole = |(_, factor): &&(&str, u64)| self.0.is_multiple_of(*factor);
        let (unit, factor) = BYTE_UNITS.iter().find(whole).unwrap_or(&("B", 1));
        // 1024 GiB reads better as 1TiB, yet 1000GB is a disk of 1TB: the largest whole unit wins in both cases.
        write!(f, "{}{unit}", self.0 / factor)
    }
}
text_serde!(Bytes);

impl Add for Bytes {
    type Output = Bytes;
    fn add(self, other: Bytes) -> Bytes {
        Bytes(self.0.saturating_add(other.0))
    }
}
impl Sub for Bytes {
    type Output = Bytes;
    fn sub(self, other: Bytes) -> Bytes {
        self.saturating_sub(other)
    }
}
impl Mul<u64> for Bytes {
    type Output = Bytes;
    fn mul(self, times: u64) -> Bytes {
        Bytes(self.0.saturating_mul(times))
    }
}
impl std::iter::Sum for Bytes {
    fn sum<I: Iterator<Item = Bytes>>(iter: I) -> Bytes {
        iter.fold(Bytes(0), Add::add)
    }
}

/// A link speed in bits per second, decimal as links are sold: `25G`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BitRate(pub u64);

impl BitRate {
    /// `n` Gbit/s.
    pub const fn gbit(n: u64) -> Self {
        BitRate(n * 1_000_000_000)
    }
    /// As Gbit/s, with fraction.
    pub fn as_gbit(self) -> f64 {
        self.0 as f64 / 1e9
    }
}

impl FromStr for BitRate {
    type Err = UnitError;
    fn from_str(text: &str) -> Result<Self, UnitError> {
        let (number, unit) = split(text);
        let factor = match unit {
            "G" => Some(1_000_000_000),
            "M" => Some(1_000_000),
            _ => None,
        };
        factor.and_then(|factor| scaled(number, factor)).filter(|rate| *rate > 0).map(BitRate).ok_or_else(|| {
            UnitError(format!("`{text}` is not a link speed: write it in G or M bits a second, as in `25G`"))
        })
    }
}

impl fmt::Display for BitRate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_multiple_of(1_000_000_000) {
            write!(f, "{}G", self.0 / 1_000_000_000)
        } else if self.0 > 1_000_000_000 && self.0.is_multiple_of(100_000_000) {
            write!(f, "{:.1}G", self.0 as f64 / 1e9)
        } else {
            write!(f, "{}M", self.0 / 1_000_000)
        }
    }
}
text_serde!(BitRate);

/// A length of time in whole milliseconds, the finest unit any rendered timer uses.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Millis(pub u64);

/// Units of [`Millis`] with their factors, largest first. A year has 365 days, as certificates count.
const TIME_UNITS: [(&str, u64); 6] =
    [("y", 365 * 86_400_000), ("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1_000), ("ms", 1)];

impl Millis {
    /// `n` seconds.
    pub const fn secs(n: u64) -> Self {
        Millis(n * 1000)
    }
    /// `n` minutes.
    pub const fn minutes(n: u64) -> Self {
        Millis(n * 60_000)
    }
    /// `n` hours.
    pub const fn hours(n: u64) -> Self {
        Millis(n * 3_600_000)
    }
    /// `n` days.
    pub const fn days(n: u64) -> Self {
        Millis(n * 86_400_000)
    }
    /// Whole seconds, rounded down.
    pub const fn whole_secs(self) -> u64 {
        self.0 / 1000
    }
    /// As seconds, with fraction.
    pub fn as_secs(self) -> f64 {
        self.0 as f64 / 1000.0
    }
    /// As a Go duration (`4m0s` is written `4m`, `1.5s` as `1500ms`), which has no days.
    pub fn go(self) -> String {
        let units = [("h", 3_600_000), ("m", 60_000), ("s", 1000)];
        units.iter().find(|(_, factor)| self.0 != 0 && self.0.is_multiple_of(*factor)).map_or_else(
            || if self.0 == 0 { "0s".into() } else { format!("{}ms", self.0) },
            |(unit, factor)| format!("{}{unit}", self.0 / factor),
        )
    }
}

impl FromStr for Millis {
    type Err = UnitError;
    fn from_str(text: &str) -> Result<Self, UnitError> {
        let wanted = || {
            UnitError(format!("`{text}` is not a length of time: write a number with ms, s, m, h, d or y, as in `3s`"))
        };
        let mut rest = text.trim();
        let mut total: u64 = 0;
        if rest.is_empty() {
            return Err(wanted());
        }
        while !rest.is_empty() {
            let (number, tail) = split(rest);
            let unit_end = tail.find(|letter: char| letter.is_ascii_digit()).unwrap_or(tail.len());
            let (unit, tail) = tail.split_at(unit_end);
            let factor = TIME_UNITS.iter().find(|(name, _)| *name == unit.trim()).map(|(_, factor)| *factor);
            let part = factor.and_then(|factor| scaled(number, factor)).ok_or_else(wanted)?;
            total = total.checked_add(part).ok_or_else(wanted)?;
            rest = tail;
        }
        Ok(Millis(total))
    }
}

impl fmt::Display for Millis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0 == 0 {
            return f.write_str("0s");
        }
        let whole = |(_, factor): &&(&str, u64)| self.0.is_multiple_of(*factor);
        let (unit, factor) = TIME_UNITS.iter().find(whole).unwrap_or(&("ms", 1));
        write!(f, "{}{unit}", self.0 / factor)
    }
}
text_serde!(Millis);

impl Add for Millis {
    type Output = Millis;
    fn add(self, other: Millis) -> Millis {
        Millis(self.0.saturating_add(other.0))
    }
}
impl Mul<u64> for Millis {
    type Output = Millis;
    fn mul(self, times: u64) -> Millis {
        Millis(self.0.saturating_mul(times))
    }
}

/// An amount of processor time in thousandths of a thread, as Kubernetes counts it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MilliCpu(pub u64);

impl MilliCpu {
    /// `n` threads.
    pub const fn threads(n: u64) -> Self {
        MilliCpu(n * 1000)
    }
}

impl FromStr for MilliCpu {
    type Err = UnitError;
    fn from_str(text: &str) -> Result<Self, UnitError> {
        let (number, unit) = split(text);
        match unit {
            "" => scaled(number, 1000),
            "m" => scaled(number, 1),
            _ => None,
        }
        .map(MilliCpu)
        .ok_or_else(|| {
            UnitError(format!("`{text}` is not an amount of CPU: write threads, as in `4`, `0.5` or `500m`"))
        })
    }
}

impl fmt::Display for MilliCpu {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_multiple_of(1000) { write!(f, "{}", self.0 / 1000) } else { write!(f, "{}m", self.0) }
    }
}
text_serde!(MilliCpu);

impl Add for MilliCpu {
    type Output = MilliCpu;
    fn add(self, other: MilliCpu) -> MilliCpu {
        MilliCpu(self.0.saturating_add(other.0))
    }
}
impl std::iter::Sum for MilliCpu {
    fn sum<I: Iterator<Item = MilliCpu>>(iter: I) -> MilliCpu {
        iter.fold(MilliCpu(0), Add::add)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_keep_the_unit_they_are_sold_in() {
        for text in ["256GiB", "480GB", "3840GB", "2TiB", "512MiB", "1TB", "0B"] {
            assert_eq!(text.parse::<Bytes>().expect(text).to_string(), text);
        }
        assert_eq!("1.5GiB".parse::<Bytes>().expect("a size"), Bytes::mib(1536));
        assert_eq!(Bytes::gib(8).kubernetes(), "8Gi");
        assert_eq!(
            "16".parse::<Bytes>().expect_err("no unit").to_string(),
            "`16` is not a size: write a number with GiB, GB, TiB, TB, MiB or MB, as in `16GiB`"
        );
        assert!("99999999999TiB".parse::<Bytes>().is_err());
    }

    #[test]
    fn times_and_speeds_read_back_as_written() {
        for text in ["3s", "500ms", "20m", "6h", "1d", "0s"] {
            assert_eq!(text.parse::<Millis>().expect(text).to_string(), text);
        }
        assert_eq!("1m30s".parse::<Millis>().expect("a time"), Millis::secs(90));
        assert_eq!(Millis::days(365).go(), "8760h");
        assert_eq!(Millis(1500).go(), "1500ms");
        for text in ["25G", "1G", "2.5G", "100M"] {
            assert_eq!(text.parse::<BitRate>().expect(text).to_string(), text);
        }
        assert_eq!("500m".parse::<MilliCpu>().expect("cpu"), MilliCpu(500));
        assert!("-1s".parse::<Millis>().is_err() && "".parse::<Millis>().is_err() && "s".parse::<Millis>().is_err());
    }
}
