//! Words of the file's own language: versions, editions, rules, promises.

use std::fmt;

use plimsoll_model::design::Failure;

use super::scalar;

/// Gives `Display` by the written text.
macro_rules! shown_as_written {
    ($($type:ident),*) => { $(
        impl fmt::Display for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    )* };
}

/// A version in quotes, since `1.30` is a number to YAML: `"1.36"`, `"1.36.2"`.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Version {
    /// First number.
    pub major: u32,
    /// Second number.
    pub minor: u32,
    /// Third number, if given.
    pub patch: Option<u32>,
}

impl Version {
    fn parse_text(text: &str) -> Result<Self, String> {
        let wanted = || format!("`{text}` is not a version: write two or three numbers in quotes, as in `\"1.36\"`");
        let parts: Option<Vec<u32>> = text
            .split('.')
            .map(|part| part.parse().ok().filter(|_| part.bytes().all(|byte| byte.is_ascii_digit())))
            .collect();
        match parts.ok_or_else(wanted)?[..] {
            [major, minor] => Ok(Version { major, minor, patch: None }),
            [major, minor, patch] => Ok(Version { major, minor, patch: Some(patch) }),
            _ => Err(wanted()),
        }
    }
}
impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.major, self.minor)?;
        self.patch.map_or(Ok(()), |patch| write!(f, ".{patch}"))
    }
}
scalar!(Version, "a version", Text, Some(r"^[0-9]+\.[0-9]+(\.[0-9]+)?$"), &["1.36", "1.36.2"]);

/// The year and month of a set of defaults: `2026-11`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Edition {
    /// Year.
    pub year: u16,
    /// Month, 1 to 12.
    pub month: u8,
}

impl Edition {
    fn parse_text(text: &str) -> Result<Self, String> {
        let wanted = || format!("`{text}` is not an edition: write year and month, as in `2026-11`");
        let (year, month) =
            text.split_once('-').filter(|(year, month)| year.len() == 4 && month.len() == 2).ok_or_else(wanted)?;
        let month = month.parse().ok().filter(|month| (1..=12).contains(month)).ok_or_else(wanted)?;
        Ok(Edition { year: year.parse().map_err(|_| wanted())?, month })
    }
}
impl fmt::Display for Edition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}", self.year, self.month)
    }
}
scalar!(Edition, "an edition", Text, Some("^[0-9]{4}-(0[1-9]|1[0-2])$"), &["2026-11"]);

/// A day in quotes, since YAML 1.1 has dates: `"2027-01-31"`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Date {
    /// Year.
    pub year: u16,
    /// Month, 1 to 12.
    pub month: u8,
    /// Day of the month.
    pub day: u8,
}

impl Date {
    fn parse_text(text: &str) -> Result<Self, String> {
        let wanted = || format!("`{text}` is not a day: write year, month and day in quotes, as in `\"2027-01-31\"`");
        let parts: Vec<&str> = text.split('-').collect();
        let [year, month, day] = parts[..] else { return Err(wanted()) };
        if (year.len(), month.len(), day.len()) != (4, 2, 2) {
            return Err(wanted());
        }
        let number = |text: &str| text.parse::<u16>().ok().filter(|_| text.bytes().all(|byte| byte.is_ascii_digit()));
        let (Some(year), Some(month), Some(day)) = (number(year), number(month), number(day)) else {
            return Err(wanted());
        };
        let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
        let days = match month {
            2 if leap => 29,
            2 => 28,
            4 | 6 | 9 | 11 => 30,
            1..=12 => 31,
            _ => 0,
        };
        if !(1..=days).contains(&day) {
            return Err(format!("there is no day `{text}`"));
        }
        Ok(Date { year, month: month as u8, day: day as u8 })
    }
}
impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}-{:02}", self.year, self.month, self.day)
    }
}
scalar!(Date, "a day", Text, Some("^[0-9]{4}-[0-9]{2}-[0-9]{2}$"), &["2027-01-31"]);

/// The id of a rule: `VRRP-003`.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RuleId(pub String);

impl RuleId {
    fn parse_text(text: &str) -> Result<Self, String> {
        let good = text.split_once('-').is_some_and(|(area, number)| {
            (2..=6).contains(&area.len())
                && area.bytes().all(|byte| byte.is_ascii_uppercase())
                && number.len() == 3
                && number.bytes().all(|byte| byte.is_ascii_digit())
        });
        if good {
            Ok(RuleId(text.to_owned()))
        } else {
            Err(format!("`{text}` is not the id of a rule, such as `VRRP-003`"))
        }
    }
}
scalar!(RuleId, "the id of a rule", Text, Some("^[A-Z]{2,6}-[0-9]{3}$"), &["VRRP-003"]);

/// A component by its typed path (`rack/r1`, `machine/cp-2`) or its bare name (`ups-1`); `*` stands for any run of
/// letters.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ComponentPath(pub String);

impl ComponentPath {
    fn parse_text(text: &str) -> Result<Self, String> {
        let good = |part: &str| {
            !part.is_empty()
                && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'*'))
        };
        if text.split('/').all(good) {
            Ok(ComponentPath(text.to_owned()))
        } else {
            Err(format!("`{text}` is not a component, such as `rack/r1` or `machine/cp-*`"))
        }
    }

    /// Whether it is the id of a rule.
    pub fn as_rule(&self) -> Option<RuleId> {
        RuleId::parse_text(&self.0).ok()
    }

    /// Whether a typed path is meant: as a whole, or, for one without `/`, by its last part.
    pub fn matches(&self, path: &str) -> bool {
        plimsoll_model::means(&self.0, path)
    }
}

scalar!(
    ComponentPath,
    "a component or a rule",
    Text,
    Some("^[A-Za-z0-9._*-]+(/[A-Za-z0-9._*-]+)*$"),
    &["rack/r1", "ups-1", "STO-008"]
);

/// Promises by name: `api`, `ingress/public`, `capacity/*`, `all`.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PromisePattern(pub String);

impl PromisePattern {
    /// The kinds of promises.
    pub const KINDS: [&str; 11] = [
        "all",
        "api",
        "one-holder",
        "dns",
        "zone",
        "ingress",
        "storage",
        "capacity",
        "egress",
        "management",
        "cold-start",
    ];

    fn parse_text(text: &str) -> Result<Self, String> {
        let (kind, of) = text.split_once('/').unwrap_or((text, "*"));
        if !Self::KINDS.contains(&kind) {
            let near = plimsoll_diagnostics::nearest(kind, Self::KINDS);
            let hint = near.map_or_else(
                || format!(": possible are {}", Self::KINDS.join(", ")),
                |near| format!("; did you mean `{near}`?"),
            );
            return Err(format!("`{text}` is not a promise{hint}"));
        }
        let takes = matches!(kind, "one-holder" | "dns" | "ingress" | "storage" | "capacity");
        if !takes && text.contains('/') {
            return Err(format!("`{text}` is not a promise: write `{kind}`"));
        }
        let good = match of.split('/').collect::<Vec<_>>()[..] {
            [one] => !one.is_empty(),
            [one, "recovered"] => kind == "storage" && !one.is_empty(),
            _ => false,
        };
        if !good {
            let also = if kind == "storage" { ", or `storage/POOL/recovered`" } else { "" };
            return Err(format!("`{text}` is not a promise: write `{kind}/` and one name{also}"));
        }
        Ok(PromisePattern(text.to_owned()))
    }
}
scalar!(
    PromisePattern,
    "a promise",
    Text,
    Some(
        r"^(all|api|zone|egress|management|cold-start|dns(/[a-z0-9.*-]+)?|(one-holder|ingress|capacity)(/[a-z0-9*-]+)?|storage(/[a-z0-9*-]+(/recovered)?)?)$"
    ),
    &["all", "api", "dns/outside", "ingress/public", "capacity/*"]
);

/// What may fail at the same time without breaking a promise: `any`, `host`, `host + switch`.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Goal(
    /// The kinds that fail together, as written.
    pub Vec<String>,
);

impl Goal {
    /// Words for what fails: kinds of components, and `site`.
    pub fn kinds() -> impl Iterator<Item = &'static str> {
        Failure::KINDS.iter().map(|(word, _)| *word).chain([Failure::SITE])
    }

    fn parse_text(text: &str) -> Result<Self, String> {
        let kinds: Vec<String> = text.split('+').map(|kind| kind.trim().to_owned()).collect();
        if kinds.len() > 4 {
            return Err(format!("`{text}` asks for {} failures at once; at most 4 are proved", kinds.len()));
        }
        for kind in &kinds {
            if Self::kinds().any(|known| known == kind) {
                continue;
            }
            let elsewhere = Failure::ELSEWHERE.iter().find(|(word, _)| word == kind);
            let hint = match (elsewhere, plimsoll_diagnostics::nearest(kind, Self::kinds())) {
                (Some((_, instead)), _) => format!(": {instead}"),
                (None, Some(near)) => format!("; did you mean `{near}`?"),
                (None, None) => format!(": possible are {}", Self::kinds().collect::<Vec<_>>().join(", ")),
            };
            return Err(format!("`{kind}` is not a kind of component{hint}"));
        }
        Ok(Goal(kinds))
    }
}
impl fmt::Display for Goal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.join(" + "))
    }
}
scalar!(Goal, "failures to survive", Text, Some(r"^[a-z]+( \+ [a-z]+){0,3}$"), &["any", "host", "host + host"]);

/// A country by its two letters (ISO 3166), or a union of them: `DE`, `EU`.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Jurisdiction(pub String);

impl Jurisdiction {
    fn parse_text(text: &str) -> Result<Self, String> {
        if text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_uppercase()) {
            Ok(Jurisdiction(text.to_owned()))
        } else {
            Err(format!("`{text}` is not a jurisdiction: write two capital letters, as in `DE`"))
        }
    }
}
scalar!(Jurisdiction, "a jurisdiction", Text, Some("^[A-Z]{2}$"), &["DE", "EU"]);

/// A rule's threshold: a number, a quantity or a word, judged by the rule.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Setting(pub String);

impl plimsoll_yaml::Scalar for Setting {
    const NAME: &'static str = "a number, a quantity or a word";
    const KIND: plimsoll_yaml::Kind = plimsoll_yaml::Kind::Either;
    fn parse(text: &str) -> Result<Self, String> {
        Ok(Setting(text.to_owned()))
    }
    fn write(&self) -> String {
        self.0.clone()
    }
}
shown_as_written!(RuleId, ComponentPath, PromisePattern, Jurisdiction, Setting);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_match_what_they_name() {
        let component = |text: &str| ComponentPath::parse_text(text).expect(text);
        assert!(component("machine/cp-*").matches("machine/cp-2"));
        assert!(component("ups-1").matches("feed/ups-1"));
        assert!(!component("ups-1").matches("feed/ups-12"));
        assert!(!component("rack/r1").matches("host/r1"));
        assert_eq!(component("STO-008").as_rule(), Some(RuleId("STO-008".into())));
        for text in ["dns/outside", "dns/*", "storage/ssd/recovered", "storage/*/recovered", "capacity"] {
            assert_eq!(PromisePattern::parse_text(text), Ok(PromisePattern(text.into())));
        }
        for text in ["ingress/public/recovered", "storage/ssd/lost", "storage//recovered", "dns/"] {
            assert!(PromisePattern::parse_text(text).is_err(), "{text}");
        }
        assert_eq!(
            Goal::parse_text("any + port").expect_err("no component"),
            "`port` is not a kind of component: a port fails as `nic` at a host, and as `cable` at a switch"
        );
        assert!(PromisePattern::parse_text("api/x").is_err());
        assert_eq!(
            Goal::parse_text("hosts + rack").expect_err("a typo"),
            "`hosts` is not a kind of component; did you mean `host`?"
        );
    }

    #[test]
    fn days_exist() {
        assert!(Date::parse_text("2028-02-29").is_ok());
        assert_eq!(Date::parse_text("2027-02-29").expect_err("no"), "there is no day `2027-02-29`");
    }
}
