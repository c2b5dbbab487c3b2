//! Scalars as Kubernetes writes them: quantities, shares, lengths of time.

use std::fmt;

use plimsoll_model::units::{Bytes, MilliCpu, Millis};
use plimsoll_yaml::{FromNode, Kind, Node, Reader, Scalar, ScalarShape, Shape, ToNode};

/// A resource quantity (`500m`, `8Gi`, `1e3`): its text, and its value in thousandths.
#[derive(Clone, Debug)]
pub struct Quantity {
    text: String,
    milli: i128,
}

/// Suffixes of quantities with their factors in thousandths (Kubernetes `resource.Quantity`).
const SUFFIXES: [(&str, i128); 13] = [
    ("Ki", 1000 << 10),
    ("Mi", 1000 << 20),
    ("Gi", 1000 << 30),
    ("Ti", 1000 << 40),
    ("Pi", 1000 << 50),
    ("Ei", 1000 << 60),
    ("m", 1),
    ("k", 1_000_000),
    ("M", 1_000_000_000),
    ("G", 1_000_000_000_000),
    ("T", 1_000_000_000_000_000),
    ("P", 1_000_000_000_000_000_000),
    ("E", 1_000_000_000_000_000_000_000),
];

impl Quantity {
    /// Bytes, rounded down; for memory and storage.
    pub fn bytes(&self) -> Bytes {
        Bytes(u64::try_from(self.milli / 1000).unwrap_or(u64::MAX))
    }

    /// Thousandths of a processor; for `cpu`.
    pub fn cpu(&self) -> MilliCpu {
        MilliCpu(u64::try_from(self.milli).unwrap_or(u64::MAX))
    }

    /// A count, rounded down; for pods and services.
    pub fn count(&self) -> u64 {
        u64::try_from(self.milli / 1000).unwrap_or(u64::MAX)
    }

    /// The text as it was written.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Reads a quantity; `None` when it is none, is negative or too large.
    fn new(text: &str) -> Option<Self> {
        let end =
            text.find(|letter: char| !letter.is_ascii_digit() && !matches!(letter, '.' | '+')).unwrap_or(text.len());
        let (number, suffix) = text.split_at(end);
        let factor = match suffix {
            "" => 1000,
            _ if suffix.starts_with(['e', 'E']) && suffix.len() > 1 => {
                let power: u32 = suffix[1..].trim_start_matches('+').parse().ok().filter(|power| *power <= 18)?;
                10_i128.pow(power) * 1000
            }
            _ => SUFFIXES.iter().find(|(name, _)| *name == suffix)?.1,
        };
        let (whole, fraction) = number.trim_start_matches('+').split_once('.').unwrap_or((number, ""));
        if whole.len() + fraction.len() == 0 || whole.len() > 16 || fraction.len() > 9 {
            return None;
        }
        let whole: i128 = if whole.is_empty() { 0 } else { whole.parse().ok()? };
        let scale = 10_i128.pow(fraction.len() as u32);
        let part: i128 = if fraction.is_empty() { 0 } else { fraction.parse().ok()? };
        let milli = (whole.checked_mul(scale)?.checked_add(part)?).checked_mul(factor)?.checked_div(scale)?;
        Some(Quantity { text: text.to_owned(), milli })
    }
}

/// Quantities are equal when they mean the same amount.
impl PartialEq for Quantity {
    fn eq(&self, other: &Self) -> bool {
        self.milli == other.milli
    }
}
impl Eq for Quantity {}
impl PartialOrd for Quantity {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}
impl Ord for Quantity {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.milli.cmp(&other.milli)
    }
}

impl fmt::Display for Quantity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl From<Bytes> for Quantity {
    fn from(bytes: Bytes) -> Self {
        Quantity { text: bytes.kubernetes(), milli: i128::from(bytes.0) * 1000 }
    }
}
impl From<MilliCpu> for Quantity {
    fn from(cpu: MilliCpu) -> Self {
        Quantity { text: cpu.to_string(), milli: i128::from(cpu.0) }
    }
}
impl From<u32> for Quantity {
    fn from(count: u32) -> Self {
        Quantity { text: count.to_string(), milli: i128::from(count) * 1000 }
    }
}

// Not a scalar of the tree's own kind: written in quotes, since the API's type is a string and `4` without them fails
// strict checks, yet read without quotes, since the API server takes numbers too.
impl FromNode for Quantity {
    fn from_node(node: &Node, reader: &mut Reader) -> Option<Self> {
        let Some(text) = node.as_str().filter(|_| !node.is_null()) else { return reader.expected(node, "a quantity") };
        let quantity = Quantity::new(text);
        if quantity.is_none() {
            let problem = reader.problem("wrong-value", format!("`{text}` is not a quantity, such as `500m` or `8Gi`"));
            reader.push(problem.at(node.span, ""));
        }
        quantity
    }
    fn shape() -> Shape {
        Shape::Scalar(ScalarShape::new("a quantity", Kind::Either))
    }
}

impl ToNode for Quantity {
    fn to_node(&self) -> Node {
        Node::text(self.text.as_str())
    }
}

/// A number or a share of all (`1`, `25%`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IntOrPercent {
    /// A number.
    Int(u32),
    /// A share in percent.
    Percent(u32),
}

impl IntOrPercent {
    /// How many of `total`, a share rounded up, as disruption budgets count.
    pub fn of_rounded_up(self, total: u32) -> u32 {
        match self {
            IntOrPercent::Int(number) => number,
            IntOrPercent::Percent(share) => {
                u32::try_from((u64::from(total) * u64::from(share)).div_ceil(100)).unwrap_or(u32::MAX)
            }
        }
    }

    /// How many of `total`, a share rounded down, as `maxUnavailable` of a rolling update counts.
    pub fn of_rounded_down(self, total: u32) -> u32 {
        match self {
            IntOrPercent::Int(number) => number,
            IntOrPercent::Percent(share) => {
                u32::try_from(u64::from(total) * u64::from(share) / 100).unwrap_or(u32::MAX)
            }
        }
    }
}

impl fmt::Display for IntOrPercent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            IntOrPercent::Int(number) => write!(f, "{number}"),
            IntOrPercent::Percent(share) => write!(f, "{share}%"),
        }
    }
}

impl Scalar for IntOrPercent {
    const NAME: &'static str = "a number or a percentage";
    const KIND: Kind = Kind::Either;
    fn parse(text: &str) -> Result<Self, String> {
        let number = |text: &str| text.parse::<u32>().ok();
        match text.strip_suffix('%') {
            Some(share) => number(share).map(IntOrPercent::Percent),
            None => number(text).map(IntOrPercent::Int),
        }
        .ok_or_else(|| format!("`{text}` is neither a number nor a percentage, such as `25%`"))
    }
    fn write(&self) -> String {
        self.to_string()
    }
}

/// The number of an autonomous system, also as Calico reads it with a dot (`1.10`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct AsNumber(pub u32);

impl fmt::Display for AsNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl Scalar for AsNumber {
    const NAME: &'static str = "an AS number";
    const KIND: Kind = Kind::Either;
    fn parse(text: &str) -> Result<Self, String> {
        let number = match text.split_once('.') {
            Some((high, low)) => match (high.parse::<u16>(), low.parse::<u16>()) {
                (Ok(high), Ok(low)) => Some(u32::from(high) << 16 | u32::from(low)),
                _ => None,
            },
            None => text.parse().ok(),
        };
        number.map(AsNumber).ok_or_else(|| format!("`{text}` is not an AS number, such as `64512`"))
    }
    fn write(&self) -> String {
        self.0.to_string()
    }
}

/// A length of time in Go's form (`4m0s`, `1h30m`, `100ms`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Duration(pub Millis);

impl From<Millis> for Duration {
    fn from(time: Millis) -> Self {
        Duration(time)
    }
}

impl fmt::Display for Duration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.go())
    }
}

/// Go's units in microseconds.
const GO_UNITS: [(&str, f64); 7] =
    [("h", 3.6e9), ("ms", 1e3), ("m", 6e7), ("s", 1e6), ("us", 1.0), ("µs", 1.0), ("ns", 1e-3)];

impl Duration {
    /// Reads Go's form; `None` when it is not, or negative. Parts below a millisecond are cut off.
    pub fn from_go(text: &str) -> Option<Self> {
        let mut rest = text.strip_prefix('+').unwrap_or(text);
        if rest == "0" {
            return Some(Duration(Millis(0)));
        }
        let mut micros = 0.0;
        while !rest.is_empty() || text.is_empty() {
            let end = rest.find(|letter: char| !letter.is_ascii_digit() && letter != '.')?;
            let (number, tail) = rest.split_at(end);
            let unit_end = tail.find(|letter: char| letter.is_ascii_digit() || letter == '.').unwrap_or(tail.len());
            let (unit, tail) = tail.split_at(unit_end);
            let factor = GO_UNITS.iter().find(|(name, _)| *name == unit)?.1;
            micros += number.parse::<f64>().ok()? * factor;
            rest = tail;
        }
        (micros < 9.0e18).then_some(Duration(Millis((micros / 1e3) as u64)))
    }
}

impl Scalar for Duration {
    const NAME: &'static str = "a length of time";
    const KIND: Kind = Kind::Either;
    fn parse(text: &str) -> Result<Self, String> {
        Duration::from_go(text).ok_or_else(|| format!("`{text}` is not a length of time, such as `10s` or `4m0s`"))
    }
    fn write(&self) -> String {
        self.0.go()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantities_mean_amounts() {
        for (text, milli) in [("500m", 500), ("4", 4000), ("0.5", 500), ("1e3", 1_000_000), ("2k", 2_000_000)] {
            assert_eq!(Quantity::new(text).expect(text).milli, milli);
        }
        assert_eq!(Quantity::new("8Gi").expect("memory").bytes(), Bytes::gib(8));
        assert_eq!(Quantity::new("1024Mi"), Quantity::new("1Gi"));
        for text in ["", "Gi", "-1", "1.2.3", "12GiB", "1e999", "99999999999999999999", "ß"] {
            assert!(Quantity::new(text).is_none(), "{text}");
        }
    }

    #[test]
    fn times_are_read_as_go_writes_them() {
        for (text, millis) in [("4m0s", 240_000), ("1h30m", 5_400_000), ("100ms", 100), ("0", 0), ("1.5s", 1500)] {
            assert_eq!(Duration::from_go(text), Some(Duration(Millis(millis))), "{text}");
        }
        for text in ["", "5", "5 s", "1d", "s", "-1s"] {
            assert_eq!(Duration::from_go(text), None, "{text}");
        }
    }

    #[test]
    fn shares_are_rounded_as_their_reader_rounds() {
        assert_eq!(IntOrPercent::Percent(25).of_rounded_up(3), 1);
        assert_eq!(IntOrPercent::Percent(25).of_rounded_down(3), 0);
        assert!(IntOrPercent::parse("many").is_err());
    }
}
