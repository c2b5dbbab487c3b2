//! Values that are written as one scalar.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::{IpNet, Ipv4Net, Ipv6Net};
use plimsoll_model::range::{NumberRange, TimeRange};
use plimsoll_model::units::{BitRate, Bytes, MilliCpu, Millis};

use crate::node::Style;
use crate::shape::ScalarShape;

/// Which scalars a type reads and writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Text: a plain scalar that some reader takes for a number or a boolean must be quoted.
    Text,
    /// A number or a boolean without quotes.
    Literal,
    /// A number or a text, as with quantities: `4` and `500m`.
    Either,
}

/// A type written as one scalar. It thereby has [`FromNode`](crate::FromNode) and [`ToNode`](crate::ToNode).
pub trait Scalar: Sized {
    /// What it is, with its article, as messages and the reference have it: `a size`.
    const NAME: &'static str;
    /// Which scalars it reads and writes.
    const KIND: Kind = Kind::Text;

    /// Reads the text. The error is one clause that says what was expected, with an example.
    fn parse(text: &str) -> Result<Self, String>;

    /// Reads a scalar of somebody else's file, where YAML 1.1 rules.
    fn parse_lenient(text: &str, style: Style) -> Result<Self, String> {
        let _ = style;
        Self::parse(text)
    }

    /// Writes the text that [`Scalar::parse`] reads.
    fn write(&self) -> String;

    /// Its description.
    fn scalar_shape() -> ScalarShape {
        ScalarShape::new(Self::NAME, Self::KIND)
    }
}

impl Scalar for String {
    const NAME: &'static str = "a text";
    fn parse(text: &str) -> Result<Self, String> {
        Ok(text.to_owned())
    }
    fn write(&self) -> String {
        self.clone()
    }
}

impl Scalar for bool {
    const NAME: &'static str = "`true` or `false`";
    const KIND: Kind = Kind::Literal;
    fn parse(text: &str) -> Result<Self, String> {
        match text {
            "true" => Ok(true),
            "false" => Ok(false),
            _ => Err(format!("`{text}` is neither `true` nor `false`")),
        }
    }
    fn parse_lenient(text: &str, _: Style) -> Result<Self, String> {
        match crate::resolve_1_1(text) {
            crate::Resolved::Bool(value) => Ok(value),
            _ => Self::parse(text),
        }
    }
    fn write(&self) -> String {
        self.to_string()
    }
    fn scalar_shape() -> ScalarShape {
        ScalarShape { json_type: "boolean", ..ScalarShape::new(Self::NAME, Self::KIND) }
    }
}

macro_rules! integer {
    ($($type:ty),*) => { $(
        impl Scalar for $type {
            const NAME: &'static str = "a whole number";
            const KIND: Kind = Kind::Literal;
            fn parse(text: &str) -> Result<Self, String> {
                let body = text.strip_prefix(['-', '+']).unwrap_or(text);
                let whole = !body.is_empty() && body.bytes().all(|byte| byte.is_ascii_digit());
                if whole && body.len() > 1 && body.starts_with('0') {
                    return Err(format!("`{text}` has a leading zero, which some readers take for octal"));
                }
                if !whole {
                    return Err(format!("`{text}` is not a whole number"));
                }
                text.parse().map_err(|_| {
                    format!("`{text}` is out of range: from {} to {} is possible", <$type>::MIN, <$type>::MAX)
                })
            }
            fn parse_lenient(text: &str, _: Style) -> Result<Self, String> {
                let (sign, body) = match text.strip_prefix('-') {
                    Some(body) => ("-", body),
                    None => ("", text.strip_prefix('+').unwrap_or(text)),
                };
                let body = body.replace('_', "");
                let radix = [("0x", 16), ("0X", 16), ("0o", 8), ("0O", 8), ("0b", 2), ("0B", 2), ("0", 8)];
                let found = radix.iter().find_map(|(prefix, radix)| Some((body.strip_prefix(prefix)?, *radix)));
                let value = match found {
                    Some((rest, radix)) if !rest.is_empty() => <$type>::from_str_radix(&format!("{sign}{rest}"), radix),
                    _ => format!("{sign}{body}").parse(),
                };
                value.or_else(|_| Self::parse(text))
            }
            fn write(&self) -> String {
                self.to_string()
            }
            fn scalar_shape() -> ScalarShape {
                let (minimum, maximum) = (i64::try_from(<$type>::MIN).ok(), i64::try_from(<$type>::MAX).ok());
                ScalarShape { json_type: "integer", minimum, maximum, ..ScalarShape::new(Self::NAME, Self::KIND) }
            }
        }
    )* };
}
integer!(u8, u16, u32, u64, i32, i64, usize);

impl Scalar for f64 {
    const NAME: &'static str = "a number";
    const KIND: Kind = Kind::Literal;
    fn parse(text: &str) -> Result<Self, String> {
        let number = text.bytes().all(|byte| byte.is_ascii_digit() || b"+-.eE".contains(&byte));
        let value = text.parse().ok().filter(|value: &f64| number && value.is_finite());
        value.ok_or_else(|| format!("`{text}` is not a number"))
    }
    fn write(&self) -> String {
        self.to_string()
    }
    fn scalar_shape() -> ScalarShape {
        ScalarShape { json_type: "number", ..ScalarShape::new(Self::NAME, Self::KIND) }
    }
}

/// Gives [`Scalar`] to a type with `FromStr` and `Display`; its error says what was expected.
macro_rules! unit {
    ($type:ty, $name:literal, $kind:ident, $pattern:literal, $examples:expr) => {
        impl Scalar for $type {
            const NAME: &'static str = $name;
            const KIND: Kind = Kind::$kind;
            fn parse(text: &str) -> Result<Self, String> {
                text.parse().map_err(|error| format!("{error}"))
            }
            fn write(&self) -> String {
                self.to_string()
            }
            fn scalar_shape() -> ScalarShape {
                let shape = ScalarShape::new(Self::NAME, Self::KIND);
                ScalarShape { pattern: Some($pattern), examples: $examples, ..shape }
            }
        }
    };
}

unit!(Bytes, "a size", Text, r"^[0-9]+(\.[0-9]+)? ?([kMGT]B|[KMGT]iB|B)$", &["16GiB", "480GB"]);
unit!(BitRate, "a link speed", Text, r"^[0-9]+(\.[0-9]+)? ?[GM]$", &["25G", "1G"]);
unit!(Millis, "a length of time", Text, r"^([0-9]+(\.[0-9]+)? ?(ms|s|m|h|d|y))+$", &["3s", "20m", "6h"]);
unit!(
    TimeRange,
    "a length of time or a range of it",
    Text,
    r"^([0-9]+(\.[0-9]+)? ?(ms|s|m|h|d|y))+(-([0-9]+(\.[0-9]+)? ?(ms|s|m|h|d|y))+)?$",
    &["30m", "20m-2h"]
);
unit!(
    NumberRange,
    "a number or a range of numbers",
    Either,
    r"^[0-9]+(\.[0-9]+)?(-[0-9]+(\.[0-9]+)?)?$",
    &["6", "4-12"]
);
unit!(MilliCpu, "an amount of CPU", Either, r"^[0-9]+(\.[0-9]+)?m?$", &["4", "500m"]);

/// Gives [`Scalar`] to a type whose own errors do not say what was expected.
macro_rules! address {
    ($type:ty, $name:literal, $example:literal) => {
        impl Scalar for $type {
            const NAME: &'static str = $name;
            fn parse(text: &str) -> Result<Self, String> {
                text.parse().map_err(|_| format!(concat!("`{}` is not ", $name, ", such as `", $example, "`"), text))
            }
            fn write(&self) -> String {
                self.to_string()
            }
            fn scalar_shape() -> ScalarShape {
                ScalarShape { examples: &[$example], ..ScalarShape::new(Self::NAME, Self::KIND) }
            }
        }
    };
}

address!(IpAddr, "an IP address", "10.30.12.100");
address!(Ipv4Addr, "an IPv4 address", "10.30.12.100");
address!(Ipv6Addr, "an IPv6 address", "2001:db8::1");
address!(IpNet, "an address with prefix length", "10.30.12.0/24");
address!(Ipv4Net, "an IPv4 address with prefix length", "10.30.12.0/24");
address!(Ipv6Net, "an IPv6 address with prefix length", "2001:db8::/64");
