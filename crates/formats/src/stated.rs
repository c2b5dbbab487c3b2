//! What a file says about one thing: nothing, a value, or something that is not a value.

use plimsoll_diagnostics::{Span, Spanned};

/// One field of a file that somebody else wrote.
///
/// Not stated is not the same as stated false, and a place that a template left open is neither: rules judge a known
/// value, resolve the product's default for an absent one, and cannot judge an unknown one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Stated<T> {
    /// The file does not mention it.
    #[default]
    Absent,
    /// The file gives this value.
    Known(Spanned<T>),
    /// The file gives something that is no value of this kind: a place left open, or a mistake. Kept as written.
    Unknown(Spanned<String>),
}

impl<T> Stated<T> {
    /// The value, when there is one.
    pub fn known(&self) -> Option<&T> {
        match self {
            Stated::Known(value) => Some(&value.value),
            Stated::Absent | Stated::Unknown(_) => None,
        }
    }

    /// Where it is stated, when it is and was read from a file.
    pub fn span(&self) -> Option<Span> {
        match self {
            Stated::Known(value) => value.span,
            Stated::Unknown(raw) => raw.span,
            Stated::Absent => None,
        }
    }

    /// True when the file does not mention it.
    pub fn is_absent(&self) -> bool {
        matches!(self, Stated::Absent)
    }

    /// The value in effect: the stated one, `default` when nothing is stated, `None` when it cannot be known.
    pub fn or_default(&self, default: T) -> Option<T>
    where
        T: Clone,
    {
        match self {
            Stated::Absent => Some(default),
            Stated::Known(value) => Some(value.value.clone()),
            Stated::Unknown(_) => None,
        }
    }

    /// The text a writer gives it; `None` when it is absent.
    pub fn written(&self) -> Option<String>
    where
        T: std::fmt::Display,
    {
        match self {
            Stated::Absent => None,
            Stated::Known(value) => Some(value.value.to_string()),
            Stated::Unknown(raw) => Some(raw.value.clone()),
        }
    }
}

impl<T> From<T> for Stated<T> {
    fn from(value: T) -> Self {
        Stated::Known(Spanned::from(value))
    }
}
