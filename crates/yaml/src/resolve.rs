//! What a plain scalar stands for, in YAML 1.2's core schema and in YAML 1.1 as its common readers have it.
//!
//! The two differ just where people get hurt: `on`, `no`, `0644`, `12:30`. So our own file may hold no such scalar,
//! and what we write quotes them.

/// What a plain scalar stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Resolved {
    /// Nothing.
    Null,
    /// A boolean.
    Bool(bool),
    /// A whole number.
    Int,
    /// A number with fraction or exponent, infinity or not-a-number.
    Float,
    /// A date or time (1.1 only), or a merge or default key.
    Other,
    /// Text.
    Text,
}

fn digits(text: &str, allowed: impl Fn(char) -> bool) -> bool {
    !text.is_empty() && text.chars().all(allowed)
}

fn unsigned(text: &str) -> &str {
    text.strip_prefix(['-', '+']).unwrap_or(text)
}

fn special_float(text: &str) -> bool {
    matches!(unsigned(text), ".inf" | ".Inf" | ".INF") || matches!(text, ".nan" | ".NaN" | ".NAN")
}

/// `12`, `12.`, `.5`, `1.5e3`; underscores as digits when `underscores`.
fn decimal_float(text: &str, underscores: bool) -> bool {
    let digit = |letter: char| letter.is_ascii_digit() || underscores && letter == '_';
    let body = unsigned(text);
    let (mantissa, exponent) = match body.find(['e', 'E']) {
        Some(at) => (&body[..at], Some(&body[at + 1..])),
        None => (body, None),
    };
    if exponent.is_some_and(|exponent| !digits(unsigned(exponent), |letter| letter.is_ascii_digit())) {
        return false;
    }
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    whole.chars().all(digit)
        && fraction.chars().all(digit)
        && (whole.starts_with(|letter: char| letter.is_ascii_digit())
            || whole.is_empty() && fraction.starts_with(|letter: char| letter.is_ascii_digit()))
}

/// `12:30`, `1:30:00.5`: numbers of base 60 in YAML 1.1.
fn sexagesimal(text: &str) -> bool {
    let mut parts = unsigned(text).split(':');
    let first = parts.next().unwrap_or_default();
    let mut rest = parts.peekable();
    if rest.peek().is_none() || !digits(first, |letter| letter.is_ascii_digit() || letter == '_') {
        return false;
    }
    rest.all(|part| {
        let whole = part.split('.').next().unwrap_or_default();
        whole.len() <= 2
            && digits(whole, |letter| letter.is_ascii_digit())
            && part.chars().all(|letter| letter.is_ascii_digit() || letter == '.' || letter == '_')
    })
}

/// `2026-11-23`, with or without a time of day.
fn timestamp(text: &str) -> bool {
    let bytes = text.as_bytes();
    bytes.len() >= 8 && bytes[..4].iter().all(u8::is_ascii_digit) && bytes[4] == b'-' && {
        let mut parts = text[5..].splitn(2, '-');
        let month = parts.next().unwrap_or_default();
        let day: String = parts.next().unwrap_or_default().chars().take_while(char::is_ascii_digit).collect();
        (1..=2).contains(&month.len())
            && digits(month, |letter| letter.is_ascii_digit())
            && (1..=2).contains(&day.len())
    }
}

/// Letters of the longest word that is no text.
const LONGEST_WORD: usize = "false".len();

/// Whether it begins as numbers and times of either version do. Most texts do not, which is all that has to be asked of them.
fn begins_as_a_number(text: &str) -> bool {
    text.starts_with(|letter: char| letter.is_ascii_digit() || matches!(letter, '-' | '+' | '.' | '_'))
}

/// By YAML 1.2's core schema.
pub fn resolve_1_2(text: &str) -> Resolved {
    if text.len() <= LONGEST_WORD {
        match text {
            "" | "~" | "null" | "Null" | "NULL" => return Resolved::Null,
            "true" | "True" | "TRUE" => return Resolved::Bool(true),
            "false" | "False" | "FALSE" => return Resolved::Bool(false),
            _ => {}
        }
    }
    if begins_as_a_number(text) { number_1_2(text) } else { Resolved::Text }
}

/// What is no word.
fn number_1_2(text: &str) -> Resolved {
    let int = digits(unsigned(text), |letter| letter.is_ascii_digit())
        || text.strip_prefix("0o").is_some_and(|rest| digits(rest, |letter| letter.is_digit(8)))
        || text.strip_prefix("0x").is_some_and(|rest| digits(rest, |letter| letter.is_ascii_hexdigit()));
    if int {
        Resolved::Int
    } else if special_float(text) || decimal_float(text, false) {
        Resolved::Float
    } else {
        Resolved::Text
    }
}

/// By YAML 1.1, as PyYAML and the Go reader behind kubectl have it; the wider of the two where they differ.
pub fn resolve_1_1(text: &str) -> Resolved {
    if text.len() <= LONGEST_WORD {
        match text {
            "" | "~" | "null" | "Null" | "NULL" => return Resolved::Null,
            "y" | "Y" | "yes" | "Yes" | "YES" | "true" | "True" | "TRUE" | "on" | "On" | "ON" => {
                return Resolved::Bool(true);
            }
            "n" | "N" | "no" | "No" | "NO" | "false" | "False" | "FALSE" | "off" | "Off" | "OFF" => {
                return Resolved::Bool(false);
            }
            "<<" | "=" => return Resolved::Other,
            _ => {}
        }
    }
    if begins_as_a_number(text) { number_1_1(text) } else { Resolved::Text }
}

/// What is no word.
fn number_1_1(text: &str) -> Resolved {
    let body = unsigned(text);
    let based = |prefixes: [&str; 2], radix: u32| {
        prefixes.iter().any(|prefix| {
            body.strip_prefix(prefix).is_some_and(|rest| digits(rest, |letter| letter.is_digit(radix) || letter == '_'))
        })
    };
    let decimal = body.starts_with(|letter: char| letter.is_ascii_digit())
        && digits(body, |letter| letter.is_ascii_digit() || letter == '_');
    if decimal || based(["0x", "0X"], 16) || based(["0b", "0B"], 2) || based(["0o", "0O"], 8) {
        Resolved::Int
    } else if special_float(text) || decimal_float(text, true) || sexagesimal(text) {
        Resolved::Float
    } else if timestamp(text) {
        Resolved::Other
    } else {
        Resolved::Text
    }
}

/// Whether readers of both versions take the plain scalar for text.
pub fn resolves_to_text(text: &str) -> bool {
    resolve_1_2(text) == Resolved::Text && resolve_1_1(text) == Resolved::Text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn traps_are_not_text() {
        for text in [
            "",
            "~",
            "null",
            "yes",
            "no",
            "on",
            "Off",
            "y",
            "N",
            "true",
            "1",
            "-1",
            "0644",
            "0o17",
            "0x1F",
            "0b1",
            "1_000",
            "1.30",
            "1.",
            ".5",
            "1e3",
            "6.02e+23",
            ".inf",
            "-.INF",
            ".nan",
            "12:30",
            "1:20:30",
            "2026-11-23",
            "<<",
            "=",
            "00:11:22:33:44:55",
        ] {
            assert!(!resolves_to_text(text), "{text:?}");
        }
    }

    #[test]
    fn no_number_begins_as_none() {
        let letters: Vec<char> = "017-+._:eExXobBOainfNF ~".chars().collect();
        let mut texts = vec![String::new()];
        let mut numbers = 0;
        for _ in 0..4 {
            texts = texts.iter().flat_map(|text| letters.iter().map(move |letter| format!("{text}{letter}"))).collect();
            for text in &texts {
                let number = number_1_2(text) != Resolved::Text || number_1_1(text) != Resolved::Text;
                assert!(!number || begins_as_a_number(text), "{text:?}");
                numbers += usize::from(number);
            }
        }
        assert!(numbers > 1000, "{numbers} numbers");
        assert!(number_1_1("2026-11-23") == Resolved::Other && begins_as_a_number("2026-11-23"));
    }

    #[test]
    fn ordinary_words_are_text() {
        for text in [
            "a",
            "10.30.12.100",
            "10.0.0.0/8",
            "256GiB",
            "pve-1..6",
            "v1.36",
            "1.36.1",
            "52:54:00:ab:cd:ef",
            "yes!",
            "e5",
            "-",
            "+",
            ".",
            "..",
            "10.0.0.2-3",
            "0xg",
            "2001:db8::1",
            "48x25G",
            "2000-2099",
        ] {
            assert!(resolves_to_text(text), "{text:?}");
        }
    }
}
