//! Quantities that are known between two bounds only: `30m`, `20m-2h`; `6`, `4-12`.
//!
//! Written and read as people write them, in the cluster file and in JSON alike. One value alone stands for both bounds.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::units::Millis;

/// A text that is not a range. Display says what was expected, with an example.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RangeError(String);

impl fmt::Display for RangeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
impl std::error::Error for RangeError {}

/// A length of time, or two between which it lies: `30m`, `20m-2h`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TimeRange {
    /// At least.
    pub least: Millis,
    /// At most; the same as `least` where one value was given.
    pub most: Millis,
}

/// A number that is not negative, or two between which it lies: `6`, `0.5-12`.
#[derive(Clone, Copy, Debug, Default, PartialEq, PartialOrd)]
pub struct NumberRange {
    /// At least.
    pub least: f64,
    /// At most; the same as `least` where one value was given.
    pub most: f64,
}

/// Splits `a-b`, reads both, and sees that they are in order.
fn read<T: PartialOrd + Copy>(text: &str, one: impl Fn(&str) -> Option<T>, wanted: &str) -> Result<(T, T), RangeError> {
    let wanted = || RangeError(format!("`{text}` is not {wanted}"));
    let Some((least, most)) = text.split_once('-') else {
        let value = one(text).ok_or_else(wanted)?;
        return Ok((value, value));
    };
    let (least, most) = (one(least).ok_or_else(wanted)?, one(most).ok_or_else(wanted)?);
    if least > most {
        return Err(RangeError(format!("`{text}` ends before it begins: write the smaller one first")));
    }
    Ok((least, most))
}

impl FromStr for TimeRange {
    type Err = RangeError;
    fn from_str(text: &str) -> Result<Self, RangeError> {
        let wanted = "a length of time or a range of it: write one as `30m`, or two as `20m-2h`";
        let (least, most) = read(text, |part| part.parse::<Millis>().ok(), wanted)?;
        Ok(TimeRange { least, most })
    }
}

impl FromStr for NumberRange {
    type Err = RangeError;
    fn from_str(text: &str) -> Result<Self, RangeError> {
        let wanted = "a number or a range of numbers: write one as `6`, or two as `4-12`";
        let number = |part: &str| {
            let part = part.trim();
            let plain = !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
            part.parse::<f64>().ok().filter(|value| plain && value.is_finite())
        };
        let (least, most) = read(text, number, wanted)?;
        Ok(NumberRange { least, most })
    }
}

impl fmt::Display for TimeRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.least == self.most { self.least.fmt(f) } else { write!(f, "{}-{}", self.least, self.most) }
    }
}

impl fmt::Display for NumberRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let one = self.least.to_bits() == self.most.to_bits();
        if one { self.least.fmt(f) } else { write!(f, "{}-{}", self.least, self.most) }
    }
}

macro_rules! as_text {
    ($($type:ty),*) => { $(
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
    )* };
}
as_text!(TimeRange, NumberRange);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_read_as_they_are_written() {
        for text in ["30m", "20m-2h", "90s-1d", "1h-1h"] {
            let range: TimeRange = text.parse().expect(text);
            let written = if text == "1h-1h" { "1h" } else { text };
            assert_eq!(range.to_string(), written);
        }
        let range: TimeRange = "1h30m-2h".parse().expect("two lengths");
        assert_eq!((range.least, range.most), (Millis::minutes(90), Millis::hours(2)));
        for text in ["6", "0.5-12", "0"] {
            assert_eq!(text.parse::<NumberRange>().expect(text).to_string(), text);
        }
    }

    #[test]
    fn what_is_no_range_is_refused() {
        for text in ["", "-", "2h-", "-2h", "2h-1h", "1h-2h-3h", "2-3", "soon"] {
            assert!(text.parse::<TimeRange>().is_err(), "{text}");
        }
        for text in ["", "-", "6-", "-6", "6-4", "1-2-3", "1e9", "inf", "nan", "1h"] {
            assert!(text.parse::<NumberRange>().is_err(), "{text}");
        }
        assert_eq!(
            "2h-1h".parse::<TimeRange>().expect_err("turned round").to_string(),
            "`2h-1h` ends before it begins: write the smaller one first"
        );
    }
}
