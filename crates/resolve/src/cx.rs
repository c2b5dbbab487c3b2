//! What every pass has at hand: the file, the edition, the lock, and where to note origins and problems.

use std::cell::RefCell;
use std::fmt::Display;

use plimsoll_diagnostics::{Diagnostic, Diagnostics, Span, Spanned};
use plimsoll_model::{Origin, Origins};
use plimsoll_spec::{Opt, Spec};

use crate::edition::{Edition, Fixed};
use crate::lock::Keeper;

/// What every pass has at hand. Notes are collected behind shared references, so that a pass can hold several places of
/// the Design at once.
pub(crate) struct Cx<'s> {
    pub(crate) spec: &'s Spec,
    pub(crate) edition: &'static Edition,
    pub(crate) keeper: RefCell<Keeper>,
    origins: RefCell<Origins>,
    diagnostics: RefCell<Diagnostics>,
}

impl<'s> Cx<'s> {
    pub(crate) fn new(spec: &'s Spec, edition: &'static Edition, keeper: Keeper) -> Self {
        Cx { spec, edition, keeper: RefCell::new(keeper), origins: RefCell::default(), diagnostics: RefCell::default() }
    }

    pub(crate) fn say(&self, diagnostic: Diagnostic) {
        self.diagnostics.borrow_mut().push(diagnostic);
    }

    /// Whether the next phase must not run.
    pub(crate) fn failed(&self) -> bool {
        self.diagnostics.borrow().has_errors()
    }

    /// A place in the Design.
    pub(crate) fn at(&self, path: impl Into<String>) -> At<'_, 's> {
        At { cx: self, path: path.into() }
    }

    pub(crate) fn finish(self) -> (Origins, Diagnostics, Keeper) {
        let mut diagnostics = self.diagnostics.into_inner();
        diagnostics.sort();
        (self.origins.into_inner(), diagnostics, self.keeper.into_inner())
    }
}

/// A place in the Design whose fields are being filled. Each method gives back the value of a field and notes where it
/// came from, so that neither can be had without the other.
#[derive(Clone)]
pub(crate) struct At<'c, 's> {
    cx: &'c Cx<'s>,
    path: String,
}

impl<'c, 's> At<'c, 's> {
    pub(crate) fn path(&self) -> &str {
        &self.path
    }

    /// The place of something below.
    pub(crate) fn child(&self, step: impl Display) -> At<'c, 's> {
        let path = if self.path.is_empty() { step.to_string() } else { format!("{}/{step}", self.path) };
        At { cx: self.cx, path }
    }

    fn note(&self, field: &str, origin: Origin) {
        let path = match (self.path.as_str(), field) {
            (path, "") => path.to_owned(),
            ("", field) => field.to_owned(),
            (path, field) => format!("{path}/{field}"),
        };
        self.cx.origins.borrow_mut().note(path, origin);
    }

    fn default_origin(&self, why: &str) -> Origin {
        Origin::Default { edition: self.cx.edition.name.to_owned(), why: why.to_owned() }
    }

    /// Notes that this component as a whole was written, or follows from a range written here.
    pub(crate) fn here(&self, span: Option<Span>, ranged: bool) {
        if let Some(span) = span {
            self.note("", if ranged { Origin::Expanded(span) } else { Origin::Written(span) });
        }
    }

    /// Notes that something below was written here.
    pub(crate) fn here_at(&self, field: &str, span: Option<Span>) {
        self.expanded(field, (), span);
    }

    /// What a person wrote.
    pub(crate) fn written<T: Clone>(&self, field: &str, value: &Spanned<T>) -> T {
        if let Some(span) = value.span {
            self.note(field, Origin::Written(span));
        }
        value.value.clone()
    }

    /// What follows from a range or shorthand that a person wrote.
    pub(crate) fn expanded<T>(&self, field: &str, value: T, span: Option<Span>) -> T {
        if let Some(span) = span {
            self.note(field, Origin::Expanded(span));
        }
        value
    }

    /// What a person may have written; otherwise it is not known.
    #[expect(clippy::ref_option, reason = "the optional facts of the file are what every caller has")]
    pub(crate) fn stated<T: Clone>(&self, field: &str, value: &Opt<T>) -> Option<T> {
        match value {
            Some(value) => Some(self.written(field, value)),
            None => self.chosen(field, None, "not stated"),
        }
    }

    /// What a person wrote, or else the edition's default.
    pub(crate) fn or<T: Clone>(&self, field: &str, value: Option<&Spanned<T>>, default: &Fixed<T>) -> T {
        match value {
            Some(value) => self.written(field, value),
            None => self.fixed(field, default),
        }
    }

    /// What a person wrote, or else a default that the edition computes from the rest.
    pub(crate) fn or_chosen<T: Clone>(&self, field: &str, value: Option<&Spanned<T>>, default: T, why: &str) -> T {
        match value {
            Some(value) => self.written(field, value),
            None => self.chosen(field, default, why),
        }
    }

    /// The edition's default, which the file has no word for.
    pub(crate) fn fixed<T: Clone>(&self, field: &str, default: &Fixed<T>) -> T {
        self.note(field, self.default_origin(default.why));
        default.value.clone()
    }

    /// A default that the edition computes from the rest.
    pub(crate) fn chosen<T>(&self, field: &str, value: T, why: &str) -> T {
        self.note(field, self.default_origin(why));
        value
    }

    /// Notes that a field is empty because nothing was said; a list that was written notes its items instead.
    pub(crate) fn chosen_unless(&self, field: &str, empty: bool, why: &str) {
        if empty {
            self.chosen(field, (), why);
        }
    }

    /// What follows from other facts, which are named by their paths.
    pub(crate) fn derived<T>(&self, field: &str, value: T, from: &[&str]) -> T {
        self.note(field, Origin::Derived { from: from.iter().map(|path| (*path).to_owned()).collect() });
        value
    }

    /// What was allocated.
    pub(crate) fn allocated<T>(&self, field: &str, value: T, from: &str) -> T {
        self.note(field, Origin::Allocated { from: from.to_owned() });
        value
    }
}

/// The items of a list whose order has no meaning, sorted, so that two ways to write it are one.
pub(crate) fn sorted<T: Ord + Clone>(list: &[Spanned<T>]) -> Vec<Spanned<T>> {
    let mut list = list.to_vec();
    list.sort_by(|a, b| a.value.cmp(&b.value));
    list
}

/// The same place with another value.
#[expect(clippy::ref_option, reason = "the optional facts of the file are what every caller has")]
pub(crate) fn map<T, U>(value: &Opt<T>, f: impl FnOnce(&T) -> U) -> Opt<U> {
    value.as_ref().map(|value| Spanned { value: f(&value.value), span: value.span })
}

/// An error about the design, with its place.
pub(crate) fn error(
    code: &str,
    message: impl Into<String>,
    span: Option<Span>,
    label: impl Into<String>,
) -> Diagnostic {
    Diagnostic::error(message).code(code).at(span, label)
}
