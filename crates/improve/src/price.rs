//! What a change costs, by the prices of the file.

use plimsoll_spec::{Part, Spec};

/// What a change costs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Price {
    /// Nothing is bought.
    Free,
    /// So many hundredths of the file's currency.
    Hundredths(u64),
    /// The file has no price for these parts.
    Unknown(Vec<Part>),
}

impl Price {
    /// The price of parts.
    pub(crate) fn of(spec: &Spec, parts: &[(Part, u32)]) -> Self {
        let mut sum: u64 = 0;
        let mut missing = Vec::new();
        for (part, count) in parts {
            match spec.prices.get(part) {
                Some(price) => sum = sum.saturating_add(price.hundredths.saturating_mul(u64::from(*count))),
                None => missing.push(*part),
            }
        }
        if parts.is_empty() {
            Price::Free
        } else if missing.is_empty() {
            Price::Hundredths(sum)
        } else {
            Price::Unknown(missing)
        }
    }
}

/// The currency of the file's prices.
pub(crate) fn currency(spec: &Spec) -> Option<String> {
    spec.prices.values().next().map(|price| price.currency.clone())
}
