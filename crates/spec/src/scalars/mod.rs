//! Values written as one word or one short phrase, each with its unit and its bounds.

mod addresses;
mod money;
mod names;
mod parts;
mod terms;

pub use addresses::{AddressBlock, AddressRange, Asn, Mtu, Port, Prefix, Reach, VlanId, VmIds, Vrid};
pub use money::Money;
pub use names::{DomainName, Name, Names, NetworkName};
pub use parts::{DiskClass, DiskId, DiskLayout, DiskUse, Disks, Ports};
pub use terms::{ComponentPath, Date, Edition, Goal, Jurisdiction, PromisePattern, RuleId, Setting, Version};

/// Implements [`plimsoll_yaml::Scalar`] for a type with `parse_text` and `Display`.
macro_rules! scalar {
    ($type:ty, $name:literal, $kind:ident, $pattern:expr, $examples:expr) => {
        impl plimsoll_yaml::Scalar for $type {
            const NAME: &'static str = $name;
            const KIND: plimsoll_yaml::Kind = plimsoll_yaml::Kind::$kind;
            fn parse(text: &str) -> Result<Self, String> {
                Self::parse_text(text)
            }
            fn write(&self) -> String {
                self.to_string()
            }
            fn scalar_shape() -> plimsoll_yaml::ScalarShape {
                let shape = plimsoll_yaml::ScalarShape::new(Self::NAME, Self::KIND);
                plimsoll_yaml::ScalarShape { pattern: $pattern, examples: $examples, ..shape }
            }
        }
    };
}
pub(crate) use scalar;

/// A whole number within bounds, shown in the error.
macro_rules! bounded {
    ($(#[$doc:meta])* $type:ident($inner:ty), $name:literal, $least:literal, $most:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $type(pub $inner);

        impl plimsoll_yaml::Scalar for $type {
            const NAME: &'static str = $name;
            const KIND: plimsoll_yaml::Kind = plimsoll_yaml::Kind::Literal;
            fn parse(text: &str) -> Result<Self, String> {
                const BOUNDS: std::ops::RangeInclusive<i64> = $least..=$most;
                let number: i64 = <i64 as plimsoll_yaml::Scalar>::parse(text)?;
                let inside = <$inner>::try_from(number).ok().filter(|_| BOUNDS.contains(&number));
                inside.map($type).ok_or_else(|| {
                    let (least, most) = (BOUNDS.start(), BOUNDS.end());
                    format!(concat!("`{}` is not ", $name, ": from {} to {} is possible"), text, least, most)
                })
            }
            fn write(&self) -> String {
                self.0.to_string()
            }
            fn scalar_shape() -> plimsoll_yaml::ScalarShape {
                plimsoll_yaml::ScalarShape {
                    json_type: "integer",
                    minimum: Some($least),
                    maximum: Some($most),
                    ..plimsoll_yaml::ScalarShape::new(Self::NAME, Self::KIND)
                }
            }
        }
        impl std::fmt::Display for $type {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                self.0.fmt(f)
            }
        }
    };
}
pub(crate) use bounded;
