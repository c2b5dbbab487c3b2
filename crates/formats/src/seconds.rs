//! Times in seconds with a fraction, as keepalived and chrony write them.

use std::fmt;
use std::time::Duration;

/// Reads `3`, `0.25` or `.5`; no sign, no exponent, at most nine decimals.
pub(crate) fn parse(text: &str) -> Option<Duration> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if (whole.is_empty() && fraction.is_empty()) || !digits(whole) || !digits(fraction) || fraction.len() > 9 {
        return None;
    }
    let seconds: u64 = if whole.is_empty() { 0 } else { whole.parse().ok()? };
    let nanos: u32 = if fraction.is_empty() { 0 } else { format!("{fraction:0<9}").parse().ok()? };
    Some(Duration::new(seconds, nanos))
}

/// Writes a time as [`parse`] reads it, without needless zeros.
pub(crate) struct Seconds(pub(crate) Duration);

impl fmt::Display for Seconds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0.as_secs())?;
        if self.0.subsec_nanos() > 0 {
            let fraction = format!("{:09}", self.0.subsec_nanos());
            write!(f, ".{}", fraction.trim_end_matches('0'))?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_reads_back() {
        for (text, millis) in [("3", 3000), ("0.25", 250), (".5", 500), ("1.000", 1000)] {
            let time = parse(text).expect("a time");
            assert_eq!(time, Duration::from_millis(millis));
            assert_eq!(parse(&Seconds(time).to_string()), Some(time));
        }
        for text in ["", ".", "1s", "-1", "1e3", "1.1.1"] {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
