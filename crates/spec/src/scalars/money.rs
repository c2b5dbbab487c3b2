//! Amounts of money.

use std::fmt;

use super::scalar;

/// An amount with its currency: `8000 EUR`, `49.90 EUR`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Money {
    /// Hundredths of the currency's unit.
    pub hundredths: u64,
    /// The currency, by its three letters (ISO 4217).
    pub currency: String,
}

impl Money {
    /// More than any part costs, and small enough that sums never overflow.
    const MOST: u64 = 1_000_000_000;

    fn parse_text(text: &str) -> Result<Self, String> {
        let wanted = || format!("`{text}` is not an amount of money: write it with its currency, as in `8000 EUR`");
        let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        let (amount, currency) = text.split_once(' ').ok_or_else(wanted)?;
        if currency.len() != 3 || !currency.bytes().all(|byte| byte.is_ascii_uppercase()) {
            return Err(wanted());
        }
        let (whole, part) = amount.split_once('.').unwrap_or((amount, "00"));
        if !digits(whole) || !digits(part) || part.len() != 2 {
            return Err(wanted());
        }
        let whole = whole.parse::<u64>().ok().filter(|whole| *whole <= Self::MOST);
        let whole = whole.ok_or_else(|| format!("`{text}` is too much: at most {} is possible", Self::MOST))?;
        Ok(Money {
            hundredths: whole * 100 + part.parse::<u64>().map_err(|_| wanted())?,
            currency: currency.to_owned(),
        })
    }
}
impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (whole, part) = (self.hundredths / 100, self.hundredths % 100);
        if part == 0 {
            write!(f, "{whole} {}", self.currency)
        } else {
            write!(f, "{whole}.{part:02} {}", self.currency)
        }
    }
}
scalar!(Money, "an amount of money", Text, Some(r"^[0-9]+(\.[0-9]{2})? [A-Z]{3}$"), &["8000 EUR", "49.90 EUR"]);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_have_a_currency() {
        for text in ["8000 EUR", "49.90 EUR", "0 USD"] {
            assert_eq!(Money::parse_text(text).map(|money| money.to_string()), Ok(text.to_owned()));
        }
        assert_eq!(Money::parse_text("49.90 EUR").map(|money| money.hundredths), Ok(4990));
        for text in ["8000", "8000EUR", "8000 eur", "8,000 EUR", "49.9 EUR", "-1 EUR", ". EUR", "99999999999 EUR", ""] {
            assert!(Money::parse_text(text).is_err(), "{text}");
        }
    }
}
