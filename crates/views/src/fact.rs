//! Facts: values that are known or unknown, with the place that states them.

use plimsoll_diagnostics::{Span, Spanned};
use plimsoll_formats::Setting;

/// Where a fact is stated.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// In a Design, at this path (`api/vrrp/check/weight`); its origin gives the line of the cluster file.
    Design(String),
    /// In a file, here; `None` when the file should say it and does not.
    File {
        /// The text that states it.
        span: Option<Span>,
        /// What it belongs to, for people: `cp-1 vrrp_instance api`.
        component: String,
    },
}

impl Place {
    /// The component or field, for people and for accepting a finding.
    pub fn component(&self) -> &str {
        match self {
            Place::Design(path) => path,
            Place::File { component, .. } => component,
        }
    }
}

/// A value that is known or unknown.
///
/// Absent is not false: a rule that needs an unknown value says so instead of guessing. Where a product has a known
/// default, the projection fills it in and marks it, so that the rule judges what really runs.
#[derive(Clone, Debug)]
pub struct Fact<T> {
    value: Option<T>,
    place: Place,
    default: bool,
}

impl<T> Fact<T> {
    /// A value stated at `place`.
    pub fn known(value: T, place: Place) -> Self {
        Fact { value: Some(value), place, default: false }
    }

    /// A value nobody stated: that of the product's default.
    pub fn default(value: T, place: Place) -> Self {
        Fact { value: Some(value), place, default: true }
    }

    /// Nobody stated it, and there is no default to go by. `place` is what it belongs to.
    pub fn unknown(place: Place) -> Self {
        Fact { value: None, place, default: false }
    }

    /// Known when `value` is.
    pub fn maybe(value: Option<T>, place: Place) -> Self {
        Fact { value, place, default: false }
    }

    /// The value a reader found in a file, with its place; unknown when it found none.
    pub fn read(found: Option<&Spanned<T>>, component: &str) -> Self
    where
        T: Clone,
    {
        let span = found.and_then(|found| found.span);
        Fact::maybe(found.map(|found| found.value.clone()), Place::File { span, component: component.to_owned() })
    }

    /// A setting of a foreign file: known with its place, unknown when it is absent or stands for something that nobody
    /// filled in. `owner` is what an absent one belongs to.
    pub fn setting(setting: &Setting<T>, owner: &Place) -> Self
    where
        T: Clone,
    {
        let place = Place::File {
            span: setting.span().or(match owner {
                Place::File { span, .. } => *span,
                Place::Design(_) => None,
            }),
            component: owner.component().to_owned(),
        };
        Fact { value: setting.get().cloned(), place, default: false }
    }

    /// The same, with the product's default where the file says nothing. What is stated unreadably stays unknown.
    pub fn setting_or(setting: &Setting<T>, default: T, owner: &Place) -> Self
    where
        T: Clone,
    {
        let fact = Fact::setting(setting, owner);
        if setting.is_absent() { Fact { value: Some(default), default: true, ..fact } } else { fact }
    }

    /// This fact, or the product's default when it is unknown.
    #[must_use]
    pub fn or_default(self, value: T) -> Self {
        match self.value {
            Some(_) => self,
            None => Fact { value: Some(value), place: self.place, default: true },
        }
    }

    /// Unknown when the product's default was filled in: something that nobody can read may state it.
    pub fn doubt_default(&mut self) {
        if self.default {
            self.value = None;
            self.default = false;
        }
    }

    /// Unknown when the value stands for something that was not found, which may stand where nobody can read it.
    pub fn doubt(&mut self, absent: impl FnOnce(&T) -> bool) {
        if self.value.as_ref().is_some_and(absent) {
            self.value = None;
            self.default = false;
        }
    }

    /// The value, when it is known.
    pub fn get(&self) -> Option<&T> {
        self.value.as_ref()
    }

    /// The value, when it is known and cheap to copy.
    pub fn copied(&self) -> Option<T>
    where
        T: Copy,
    {
        self.value
    }

    /// Whether it is known to equal `other`.
    pub fn is(&self, other: &T) -> bool
    where
        T: PartialEq,
    {
        self.value.as_ref() == Some(other)
    }

    /// Where it is stated, or what it belongs to.
    pub fn place(&self) -> &Place {
        &self.place
    }

    /// Whether nobody stated it and the product's default was filled in.
    pub fn is_default(&self) -> bool {
        self.default
    }

    /// The same fact seen otherwise.
    pub fn map<U>(&self, f: impl FnOnce(&T) -> U) -> Fact<U> {
        Fact { value: self.value.as_ref().map(f), place: self.place.clone(), default: self.default }
    }
}

impl<T> Fact<Option<T>> {
    /// Unknown when the value inside is missing.
    pub fn flatten(self) -> Fact<T> {
        Fact { value: self.value.flatten(), place: self.place, default: self.default }
    }
}
