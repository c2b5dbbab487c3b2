//! One setting of a foreign file: absent, known, or stated in a way that nobody can read.

use std::fmt;

use plimsoll_diagnostics::{Span, Spanned};

/// A setting as it stands in a file.
///
/// Absent is not the same as unknown: an absent setting has the product's default, an unknown one (`{{ vip }}`, or a
/// word where a number belongs) has a value that cannot be told, and no rule may judge it.
#[derive(Clone, Default, PartialEq, Eq)]
pub enum Setting<T> {
    /// The file does not say it.
    #[default]
    Absent,
    /// The file says it.
    Known(Spanned<T>),
    /// The file says something that is no value; its text is kept.
    Unknown(Spanned<String>),
}

impl<T> Setting<T> {
    /// The value with its place, when it is known.
    pub fn known(&self) -> Option<&Spanned<T>> {
        match self {
            Setting::Known(value) => Some(value),
            _ => None,
        }
    }

    /// The value, when it is known.
    pub fn get(&self) -> Option<&T> {
        self.known().map(|value| &value.value)
    }

    /// The value, or `default` when the file does not say it; nothing when it says something unreadable.
    pub fn or(&self, default: T) -> Option<T>
    where
        T: Clone,
    {
        match self {
            Setting::Absent => Some(default),
            Setting::Known(value) => Some(value.value.clone()),
            Setting::Unknown(_) => None,
        }
    }

    /// Whether the file says nothing.
    pub fn is_absent(&self) -> bool {
        matches!(self, Setting::Absent)
    }

    /// Whether the file says something that is no value.
    pub fn is_unknown(&self) -> bool {
        matches!(self, Setting::Unknown(_))
    }

    /// Where it is said, known or not.
    pub fn span(&self) -> Option<Span> {
        match self {
            Setting::Absent => None,
            Setting::Known(value) => value.span,
            Setting::Unknown(text) => text.span,
        }
    }

    /// The same setting seen otherwise.
    pub fn map<U>(self, f: impl FnOnce(T) -> U) -> Setting<U> {
        match self {
            Setting::Absent => Setting::Absent,
            Setting::Known(value) => Setting::Known(value.map(f)),
            Setting::Unknown(text) => Setting::Unknown(text),
        }
    }

    /// This setting when it is stated, else the other: how a `defaults` section is inherited.
    #[must_use]
    pub fn inherit(&self, other: &Setting<T>) -> Setting<T>
    where
        T: Clone,
    {
        if self.is_absent() { other.clone() } else { self.clone() }
    }
}

impl<T> From<T> for Setting<T> {
    fn from(value: T) -> Self {
        Setting::Known(Spanned::from(value))
    }
}

impl<T> From<Spanned<T>> for Setting<T> {
    fn from(value: Spanned<T>) -> Self {
        Setting::Known(value)
    }
}

impl<T: fmt::Debug> fmt::Debug for Setting<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Setting::Absent => f.write_str("-"),
            Setting::Known(value) => value.fmt(f),
            Setting::Unknown(text) => write!(f, "unknown({text:?})"),
        }
    }
}

/// Writes the value, or the text that could not be read; nothing when absent.
impl<T: fmt::Display> fmt::Display for Setting<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Setting::Absent => Ok(()),
            Setting::Known(value) => value.fmt(f),
            Setting::Unknown(text) => text.fmt(f),
        }
    }
}
